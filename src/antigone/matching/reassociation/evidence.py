"""What was read of remains, laid out so that any set of them can be asked whether it is one person or two siblings.

At one marker everything read of remains i is a row L_i over genotypes, P(read | genotype), drop-out, drop-in, typing
errors and replicates included; here it is divided by its mean over the population, so that the joint probability of a
set as one person, Σ_g P(g) Π L_i(g), is its likelihood ratio against unrelated people at once. Genotypes have
Hardy–Weinberg frequencies: theta is 0 here, whatever the search declares.

Two full siblings, of whom one is the set A and the other B, share no, one or both alleles identical by descent with ¼,
½ and ¼. The three terms need no sum over pairs of genotypes: with none shared it is LR(A)·LR(B); with both, LR(A ∪ B);
with one, Σ_a p_a u_A(a) u_B(a), where u(a) is the likelihood of somebody who has a and another allele of the
population. Siblings pass alleles without mutation here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Sex
from antigone.matching.classes import MarkerClasses, Rows, marker_classes, sex_by_amelogenin
from antigone.matching.operation import Individual, Settings
from antigone.matching.tables import genotype_pairs, hardy_weinberg

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

# How many alleles two full siblings share identical by descent (none, one, both). At X-linked markers sisters share
# their father's allele, and brothers, who have one allele, share it or not.
_AUTOSOMAL, _SISTERS, _BROTHERS = (0.25, 0.5, 0.25), (0.0, 0.5, 0.5), (0.5, 0.0, 0.5)


@dataclass(frozen=True, eq=False)
class MarkerEvidence:
    """One marker, for those whose alleles it counts in one way: everybody, or at X-linked markers women or men.

    `of` gives the class of each of the remains, and the last class where nothing was read. `likelihood`, shape
    (classes, genotypes), is P(class | genotype) over P(class); `possible` says whether drop-out alone could show the
    class.
    """

    name: str
    of: Integers
    likelihood: Floats
    possible: Flags
    genotypes: Floats  # frequencies
    alleles: Floats  # frequencies
    shared: tuple[float, float, float]

    @property
    def nothing(self) -> int:
        """The class of those of whom nothing was read."""
        return len(self.likelihood) - 1

    def units_read(self, units: Sequence[Sequence[int]]) -> int:
        """How many units have remains of which something was read here."""
        return sum(any(self.of[row] != self.nothing for row in unit) for unit in units)

    def log10_lr_of_classes(self) -> Floats:
        """log10 LR, one person against two unrelated people, of each class with each."""
        with np.errstate(divide="ignore"):
            return np.log10((self.likelihood * self.genotypes) @ self.likelihood.T)

    def excluding_classes(self) -> Flags:
        """Which classes no genotype shows together, if nothing but drop-out had gone wrong."""
        possible = self.possible.astype(np.float32)
        return np.asarray(possible @ possible.T == 0)

    def products(self, units: Sequence[Sequence[int]]) -> Floats:
        """Likelihood of every subset of some units, shape (2^units, genotypes); bit i of a subset is unit i."""
        product = np.ones((1, len(self.genotypes)))
        for unit in units:
            rows = self.likelihood[self.of[list(unit)]]
            product = np.concatenate([product, product * rows.prod(axis=0)])
        return product

    def allele_likelihood(self, products: Floats) -> Floats:
        """Likelihood of subsets, for somebody who has this allele and another of the population."""
        n = len(self.alleles)
        a, b = genotype_pairs(n)
        joined = np.zeros((len(a), n))
        joined[np.arange(len(a)), a] = self.alleles[b]
        joined[np.arange(len(a)), b] = self.alleles[a]  # the same number where both are one allele
        return np.asarray(products @ joined)


@dataclass(frozen=True, eq=False)
class SexEvidence:
    """What was recorded of sex, and what amelogenin shows: P(seen | female, male) over P(seen), by remains."""

    likelihood: Floats  # (remains, 2)
    share: Floats  # (2,), of women and men

    def row(self, i: int) -> Floats:
        """log10 LR of remains i with each of those after it."""
        with np.errstate(divide="ignore"):
            return np.log10(self.likelihood[i + 1 :] @ (self.likelihood[i] * self.share))


@dataclass(frozen=True, eq=False)
class SubsetLikelihoods:
    """Natural log likelihood ratios of all subsets of some units, against unrelated people.

    `one_person` has shape (2^units,). `siblings`, shape (2^units, 2^units), is that one subset is one person, the other
    a full sibling; it means something where the two are disjoint and not empty.
    """

    one_person: Floats
    siblings: Floats


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that was read of some remains."""

    individuals: tuple[Individual, ...]
    markers: tuple[MarkerEvidence, ...]
    linked: tuple[tuple[int, int, float], ...]  # positions of two autosomal markers, recombination
    sex: SexEvidence

    @classmethod
    def of(
        cls,
        individuals: Sequence[Individual],
        models: Sequence[MarkerModel],
        settings: Settings,
        *,
        linked: Sequence[LinkedPair] = (),
        sex_error: float = 0.01,
    ) -> "Evidence":
        """Lay out what was read of remains."""
        markers: list[MarkerEvidence] = []
        for model, classes in zip(models, marker_classes(individuals, models, settings), strict=True):
            markers.extend(_of_marker(model, classes))
        where = {one.name: m for m, one in enumerate(markers) if one.shared == _AUTOSOMAL}
        pairs = tuple(
            (where[pair.first], where[pair.second], pair.recombination)
            for pair in linked
            if pair.first in where and pair.second in where
        )
        return cls(tuple(individuals), tuple(markers), pairs, _sex_evidence(individuals, sex_error))

    def subsets(self, units: Sequence[Sequence[int]]) -> SubsetLikelihoods:
        """Every subset of units; a unit is the remains (by number) that count as one person's already."""
        size = 1 << len(units)
        one_person, siblings = np.zeros(size), np.zeros((size, size))
        terms: dict[int, tuple[Floats, Floats, Floats]] = {}
        with np.errstate(divide="ignore"):
            for m, marker in enumerate(self.markers):
                # Where one unit alone was read, its probability is the same whoever the others are.
                if marker.units_read(units) > 1:
                    products = marker.products(units)
                    joint = products @ marker.genotypes
                    one_person += np.log(joint)
                    terms[m] = _shared_terms(marker, products, joint)
            for a, b, rho in self.linked:
                if a in terms and b in terms:
                    siblings += np.log(_linked_siblings(terms.pop(a), terms.pop(b), rho))
            for m, term in terms.items():
                siblings += np.log(sum(w * t for w, t in zip(self.markers[m].shared, term, strict=True)))
            sex = self._sex_of_subsets(units)
            one_person += np.log(sex)
            # Of the same sex, or else a brother and a sister: whichever speaks more for two siblings.
            apart = sex[:, None] * sex[None, :]
            siblings += np.log(np.maximum(sex[union_table(len(units))], apart))
        return SubsetLikelihoods(one_person, siblings)

    def log10_one_person(self, rows: Sequence[int]) -> float:
        """Joint log10 LR: all of these remains of one person, against all of unrelated people."""
        total = 0.0
        with np.errstate(divide="ignore"):
            for marker in self.markers:
                product = marker.likelihood[marker.of[list(rows)]].prod(axis=0)
                total += float(np.log10(product @ marker.genotypes))
            sex = self.sex.likelihood[list(rows)].prod(axis=0) @ self.sex.share
            return total + float(np.log10(sex))

    def compared(self, rows: Sequence[int]) -> tuple[str, ...]:
        """The markers at which at least two of these remains were read."""
        units = [[row] for row in rows]
        return tuple(marker.name for marker in self.markers if marker.units_read(units) > 1)

    def excluded_at(self, rows: Sequence[int]) -> tuple[str, ...]:
        """The markers at which no genotype shows all of these remains by drop-out alone."""
        return tuple(
            marker.name for marker in self.markers if not marker.possible[marker.of[list(rows)]].all(axis=0).any()
        )

    def _sex_of_subsets(self, units: Sequence[Sequence[int]]) -> Floats:
        product = np.ones((1, 2))
        for unit in units:
            product = np.concatenate([product, product * self.sex.likelihood[list(unit)].prod(axis=0)])
        return np.asarray(product @ self.sex.share)


@lru_cache(maxsize=16)
def union_table(units: int) -> Integers:
    """The union of each subset with each, as bits."""
    subsets = np.arange(1 << units, dtype=np.int64)
    return np.asarray(subsets[:, None] | subsets[None, :])


def _of_marker(model: MarkerModel, classes: MarkerClasses) -> list[MarkerEvidence]:
    if not model.x_linked:
        return [_of_rows(model, classes, classes.diploid_rows, _AUTOSOMAL, haploid=False)]
    both = [
        _of_rows(model, classes, classes.diploid_rows, _SISTERS, haploid=False),
        _of_rows(model, classes, classes.haploid_rows, _BROTHERS, haploid=True),
    ]
    return [one for one in both if one.nothing]


def _of_rows(
    model: MarkerModel, classes: MarkerClasses, rows: Rows, shared: tuple[float, float, float], *, haploid: bool
) -> MarkerEvidence:
    genotypes = hardy_weinberg(model, haploid=haploid)
    genotypes = genotypes / genotypes.sum()
    usable = np.array([k not in classes.impossible for k in rows.which.tolist()], dtype=bool)
    likelihood, possible = rows.likelihood[usable], rows.possible[usable]
    number = np.full(len(classes.readings) + 1, usable.sum(), dtype=np.int64)
    number[rows.which[usable]] = np.arange(usable.sum())
    likelihood = likelihood / (likelihood @ genotypes)[:, None]
    # One more class, of those of whom nothing was read: every genotype fits.
    likelihood = np.concatenate([likelihood, np.ones((1, len(genotypes)))])
    possible = np.concatenate([possible, np.ones((1, len(genotypes)), dtype=bool)])
    of = number[classes.of]  # −1 is the last, which is nothing
    # A reading that drop-out alone cannot explain says nothing of what others exclude.
    possible[~possible.any(axis=1)] = True
    alleles = model.frequencies / model.frequencies.sum()
    return MarkerEvidence(model.name, of, likelihood, possible, genotypes, alleles, shared)


def _shared_terms(marker: MarkerEvidence, products: Floats, joint: Floats) -> tuple[Floats, Floats, Floats]:
    """Likelihood of each subset with each as two people who share no, one or both alleles."""
    units = len(products).bit_length() - 1
    apart = joint[:, None] * joint[None, :]
    both = joint[union_table(units)]
    if marker.shared[1] == 0:
        return apart, np.zeros_like(apart), both
    by_allele = marker.allele_likelihood(products)
    return apart, np.asarray((by_allele * marker.alleles) @ by_allele.T), both


def _linked_siblings(first: Sequence[Floats], second: Sequence[Floats], rho: float) -> Floats:
    """Two linked markers: what siblings share at one, they mostly share at the other.

    Each parent's two meioses agree at a marker with ½, and agree or disagree at the second one too with ψ = ρ² +
    (1−ρ)².
    """
    stay = rho**2 + (1 - rho) ** 2
    one = 0.5 * np.array([[stay, 1 - stay], [1 - stay, stay]])  # one parent: shared at the first, at the second
    both = np.zeros((3, 3))  # of two parents: number shared at the first, at the second
    for a, b, c, d in np.ndindex(2, 2, 2, 2):
        both[a + c, b + d] += one[a, b] * one[c, d]
    return np.asarray(sum(both[i, j] * first[i] * second[j] for i in range(3) for j in range(3)))


def _sex_evidence(individuals: Sequence[Individual], error: float) -> SexEvidence:
    seen = np.array([_sex_seen(individual, error) for individual in individuals]).reshape(-1, 2)
    women = sum(one[0] > one[1] for one in seen.tolist())
    men = sum(one[1] > one[0] for one in seen.tolist())
    share = np.array([women + 1.0, men + 1.0]) / (women + men + 2.0)
    return SexEvidence(seen / (seen @ share)[:, None], share)


def _sex_seen(individual: Individual, error: float) -> tuple[float, float]:
    """P(what was seen | female), P(… | male)."""
    recorded = {Sex.FEMALE: (1 - error, error), Sex.MALE: (error, 1 - error)}.get(individual.sex, (1.0, 1.0))
    shown = {Sex.FEMALE: (1.0, 0.0), Sex.MALE: (0.0, 1.0)}.get(sex_by_amelogenin(individual.profile), (1.0, 1.0))
    both = (recorded[0] * shown[0], recorded[1] * shown[1])
    return both if any(both) else (1.0, 1.0)  # they exclude each other: nothing is known
