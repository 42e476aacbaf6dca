"""What typing somebody could show, before anybody is typed: exclusion power and the expected likelihood ratio.

The exclusion power of a marker is the probability, under the true pedigree and given what is known already, of
genotypes that are impossible under the claimed one (Egeland, Pinto & Vigeland, FSI Genetics 9 (2014) 186). Markers
are independent, so the power of several is one minus the product of what each leaves, and the number of markers that
exclude is a sum of independent chances. All values are exact: they sum over every genotype.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.likelihood import (
    Known,
    LikelihoodError,
    Typed,
    genotype_distribution,
    log_likelihoods,
)
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Pedigree, Person, Sex

Floats = NDArray[np.float64]

# So many joint genotypes are laid out at once; of larger groups the first person's genotypes are gone through by turns.
LARGEST_TABLE = 2_000_000

# A name that no family can hold: somebody who is compared with the missing person.
COMPARED = "\N{NULL}compared"


@dataclass(frozen=True, eq=False)
class ExclusionPower:
    """P(a marker excludes the claim | the truth), marker by marker; nan where what is known contradicts the truth.

    `total` is the probability that at least one marker excludes, `expected_mismatches` how many do on average, and
    `mismatches[k]` the probability of exactly k. All are nan where no marker can be used.
    """

    by_marker: Floats
    total: float
    expected_mismatches: float
    mismatches: Floats

    @classmethod
    def of(cls, by_marker: Sequence[float] | Floats) -> "ExclusionPower":
        """From the power of each marker.

        >>> two = ExclusionPower.of([0.5, 0.2])
        >>> round(two.total, 12), round(two.expected_mismatches, 12), two.mismatches.round(12).tolist()
        (0.6, 0.7, [0.4, 0.5, 0.1])
        """
        powers = np.array(by_marker, dtype=np.float64)
        usable = powers[~np.isnan(powers)]
        if len(powers) and not len(usable):
            return cls(powers, np.nan, np.nan, np.array([np.nan]))
        mismatches = np.ones(1)
        for power in usable:
            mismatches = np.convolve(mismatches, [1 - power, power])
        return cls(powers, float(1 - np.prod(1 - usable)), float(usable.sum()), mismatches)


def exclusion_power(
    claim: Pedigree,
    truth: Pedigree,
    ids: Sequence[str],
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    *,
    disable_mutations: bool | Collection[str] | None = None,
) -> ExclusionPower:
    """The power to exclude `claim` where `truth` holds, by typing `ids` beside what is `known`.

    `disable_mutations`: None takes the mutation models away from the markers at which what is known is possible without
    them under both pedigrees, True from all, False from none; names take them from these markers. People of one
    pedigree who are not in the other are left out there. Raises `LikelihoodError` where somebody of `ids` is known
    already or stands in one pedigree only.

    >>> from antigone.genetics.alleles import Repeat
    >>> model = MarkerModel.build("TH01", [Repeat(6), Repeat(7)], [0.1, 0.9])
    >>> duo = Pedigree.build([Person("man"), Person("child", "man")])
    >>> strangers = Pedigree.build([Person("man"), Person("child")])
    >>> seven = {"child": Typed((Repeat(7), Repeat(7)))}
    >>> round(exclusion_power(duo, strangers, ["man"], [model], [seven]).total, 12)  # 6/6 excludes: 0.1², by hand
    0.01
    """
    for name in ids:
        if name not in claim or name not in truth:
            raise LikelihoodError(f"{name} is to be typed and is not in both pedigrees")
        if any(name in knowledge for knowledge in known):
            raise LikelihoodError(f"{name} is to be typed and is known already")
    powers = []
    for model, knowledge in zip(models, known, strict=True):
        sides = _Sides(claim, truth, model, knowledge)
        powers.append(sides.treated(disable_mutations).power(tuple(ids)))
    return ExclusionPower.of(powers)


def missing_person_exclusion_power(
    reference: Pedigree,
    missing: str,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    *,
    disable_mutations: bool | Collection[str] | None = None,
) -> ExclusionPower:
    """The power to exclude somebody unrelated, of the sex of the missing person, from being the missing person."""
    claim = reference.renamed({missing: COMPARED})
    truth = reference.joined(Pedigree.build([Person(COMPARED, sex=reference[missing].sex)]))
    if any(missing in knowledge for knowledge in known):
        raise LikelihoodError(f"{missing} is missing and is known already")
    return exclusion_power(claim, truth, [COMPARED], models, known, disable_mutations=disable_mutations)


def expected_lr(
    numerator: Pedigree,
    denominator: Pedigree,
    ids: Sequence[str],
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    *,
    truth: Pedigree | None = None,
) -> Floats:
    """E[LR | truth, known] of each marker, shape (markers,): how much typing `ids` adds on average.

    The LR compares P(genotypes of `ids` | known) under the two pedigrees; `truth` is the numerator unless given.
    Infinite where something can happen that the denominator excludes, nan where what is known is impossible.

    >>> from antigone.genetics.alleles import Repeat
    >>> model = MarkerModel.build("TH01", [Repeat(6), Repeat(7)], [0.1, 0.9])
    >>> trio = Pedigree.build([Person("father"), Person("mother"), Person("child", "father", "mother")])
    >>> strangers = Pedigree.build([Person("father"), Person("mother"), Person("child")])
    >>> mother = {"mother": Typed((Repeat(6), Repeat(7)))}
    >>> round(float(expected_lr(trio, strangers, ["child"], [model], [mother])[0]), 12)  # 1/(8pq) + 1/2, by hand
    1.888888888889
    """
    answers = np.zeros(len(models))
    for m, (model, knowledge) in enumerate(zip(models, known, strict=True)):
        pedigrees = (numerator, denominator, truth or numerator)
        try:
            one, other, true = (
                genotype_distribution(ids, pedigree, model, _inside(pedigree, knowledge)).conditional
                for pedigree in pedigrees
            )
        except LikelihoodError:
            answers[m] = np.nan
            continue
        happens = true > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = true[happens] * one[happens] / other[happens]
        answers[m] = terms[one[happens] > 0].sum()
    return answers


def _inside(pedigree: Pedigree, knowledge: Mapping[str, Known]) -> dict[str, Known]:
    return {name: one for name, one in knowledge.items() if name in pedigree}


def _possible(pedigree: Pedigree, model: MarkerModel, knowledge: Mapping[str, Known]) -> bool:
    return bool(np.isfinite(log_likelihoods(pedigree, [model], [_inside(pedigree, knowledge)])[0]))


@dataclass(frozen=True, eq=False)
class _Sides:
    """One marker under the claim and under the truth."""

    claim: Pedigree
    truth: Pedigree
    model: MarkerModel
    knowledge: Mapping[str, Known]

    def treated(self, disable_mutations: bool | Collection[str] | None) -> "_Sides":
        """With the mutation model, or without it."""
        plain = _Sides(self.claim, self.truth, self.model.without_mutation(), self.knowledge)
        if disable_mutations is None:
            return plain if plain.possible(self.claim) and plain.possible(self.truth) else self
        if isinstance(disable_mutations, bool):
            return plain if disable_mutations else self
        return plain if self.model.name in disable_mutations else self

    def possible(self, pedigree: Pedigree) -> bool:
        """Whether what is known is possible in a pedigree."""
        return _possible(pedigree, self.model, self.knowledge)

    def power(self, ids: tuple[str, ...]) -> float:
        """P(genotypes of `ids` that the claim excludes | truth, known); nan where the truth is impossible."""
        if not self.possible(self.truth):
            return float("nan")
        return self.excluded(ids)

    def excluded(self, ids: tuple[str, ...]) -> float:
        """The same where the truth is possible."""
        if not self.possible(self.claim):
            return 1.0
        if not ids:
            return 0.0
        axes = sum(self._copies(name) for name in ids)
        if len(ids) > 1 and len(self.model) ** axes > LARGEST_TABLE:
            return sum(chance * step.excluded(ids[1:]) for chance, step in self._each_genotype_of(ids[0]))
        truth, claim = (
            genotype_distribution(ids, pedigree, self.model, _inside(pedigree, self.knowledge))
            for pedigree in (self.truth, self.claim)
        )
        return float(truth.conditional[claim.joint == 0].sum())

    def _each_genotype_of(self, name: str) -> Iterator[tuple[float, "_Sides"]]:
        """Somebody's genotypes, each with its probability and with what is then known."""
        inside = _inside(self.truth, self.knowledge)
        chances = genotype_distribution(name, self.truth, self.model, inside).conditional
        for codes in combinations_with_replacement(range(len(self.model)), self._copies(name)):
            if chances[codes] > 0:
                genotype = Typed(tuple(self.model.alleles[code] for code in codes))
                yield (
                    float(chances[codes]),
                    _Sides(self.claim, self.truth, self.model, {**self.knowledge, name: genotype}),
                )

    def _copies(self, name: str) -> int:
        return 1 if self.model.x_linked and self.truth[name].sex is Sex.MALE else 2
