"""Mixtures: profiles in which more than one person is read. A lead for the laboratory, never a hit.

A mixture does not enter the search for single people: it waits for resampling. What can be said of it is how many
people it shows at least, and, of a given person, how much better it is explained by that person and one unknown than by
two unknown people.

The model of one reading is that of `antigone.genetics.observation` with two people's alleles together: each distinct
allele is a signal, which drops out with its drop-out probability to the power of its copies; at most one more allele
drops in. Peak heights, typing errors, theta, relatedness of the two and X-linked markers are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Silent
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading, Reads, genotype_likelihood
from antigone.genetics.profiles import Profile
from antigone.matching.operation import SampleErrors

Floats = NDArray[np.float64]
State = tuple[int, ...]  # which of the alleles read somebody has; what was not read is not told apart

ONLY_A_LEAD = "a lead for resampling only: two contributors are assumed, peak heights are not used"


@dataclass(frozen=True)
class Inclusion:
    """How much better a mixture is explained by a person and one unknown than by two unknown people.

    `unused` says of markers that both have, and that were not used, why.
    """

    mixture: str
    person: str
    log10_lr: float
    by_marker: Mapping[str, float]
    unused: Mapping[str, str]
    note: str = ONLY_A_LEAD


def minimum_contributors(profile: Profile, *, markers: int = 2) -> int:
    """A profile is of at least so many people: the greatest number that `markers` markers each need.

    Two alleles at most are one person's; an allele too many at a single marker can be a drop-in or a rare genotype, so
    that two markers are asked for. Each replicate counts by itself. 0 where nothing was read.

    >>> from antigone.genetics.alleles import Repeat
    >>> five, three = (Reading(tuple(Repeat(9 + k) for k in range(count))) for count in (5, 3))
    >>> minimum_contributors(Profile("S", {"FGA": (five,), "TH01": (three,)}))  # 3 people at FGA, 2 at both
    2
    """
    needed = sorted(
        (
            max((len(reading.alleles) + 1) // 2 for reading in readings)
            for name, readings in profile.readings.items()
            if readings and name != "AMEL"
        ),
        reverse=True,
    )
    if not needed:
        return 0
    return needed[markers - 1] if len(needed) >= markers else 1


def includes_person(
    mixture: Profile,
    person: Profile,
    models: Sequence[MarkerModel],
    *,
    mixture_errors: SampleErrors,
    person_errors: SampleErrors,
) -> Inclusion:
    """The LR that a mixture of two people holds a given person's DNA; log10, −∞ where it cannot."""
    by_marker: dict[str, float] = {}
    unused: dict[str, str] = {}
    for model in models:
        mixed, own = mixture.readings.get(model.name, ()), person.readings.get(model.name, ())
        if not mixed or not own:
            continue
        at = MixtureAtMarker.of(mixed, model, mixture_errors)
        if isinstance(at, str):
            unused[model.name] = at
        else:
            by_marker[model.name] = at.log10_lr(genotypes_of(own, model, person_errors))
    return Inclusion(mixture.sample, person.sample, sum(by_marker.values()), by_marker, unused)


def _why_unusable(mixed: Sequence[Reading], model: MarkerModel, errors: SampleErrors) -> str:
    if model.x_linked:
        return "X-linked: not computed for mixtures"
    foreign = next((allele for reading in mixed for allele in reading.alleles if allele not in model.index), None)
    if foreign is not None:
        return f"the frequency table has no allele {foreign}"
    unseen = any(reading.reads is Reads.OTHER_UNSEEN for reading in mixed)
    if unseen and not np.any(np.asarray(errors.drop_out.rates(model)) > 0):
        return "one allele was read, others may be unseen, and no drop-out is declared"
    return ""


def genotypes_of(own: Sequence[Reading], model: MarkerModel, errors: SampleErrors) -> Floats | None:
    """P(ordered genotype | what was read of a person); None where no genotype shows it: nothing is known then."""
    weighted = _population(model) * genotype_likelihood(own, model, errors.rates(model))
    total = weighted.sum()
    return np.asarray(weighted / total) if total > 0 else None


def _population(model: MarkerModel) -> Floats:
    population = np.outer(model.frequencies, model.frequencies)
    return np.asarray(population / population.sum())


class MixtureAtMarker:
    """What a mixture of two says at one marker, ready to be asked about many people.

    The likelihood is linear in what the person passes to it: `_with` holds, for each set of the alleles read that a
    person may have, P(mixture | that person and one unknown).
    """

    def __init__(self, read: "_Read", unknown: Mapping[State, float]) -> None:
        self._read = read
        self._with = {state: read.mixture({state: 1.0}, unknown) for state in read.possible_states()}
        self._without = sum(weight * self._with[state] for state, weight in unknown.items())

    @classmethod
    def of(cls, mixed: Sequence[Reading], model: MarkerModel, errors: SampleErrors) -> "MixtureAtMarker | str":
        """Or the words that say why the marker is not used."""
        why = _why_unusable(mixed, model, errors)
        if why:
            return why
        read = _Read(mixed, model, errors)
        found = cls(read, read.states(_population(model)))
        return found if found._without > 0 else "two people cannot show it under the declared error rates"

    def log10_lr(self, genotypes: Floats | None) -> float:
        """The person and an unknown against two unknown; `genotypes` as `genotypes_of` gives them."""
        if genotypes is None:
            return 0.0
        probability = sum(weight * self._with[state] for state, weight in self._read.states(genotypes).items())
        return float(np.log10(probability / self._without)) if probability > 0 else -np.inf


class _Read:
    """The replicates of a mixture at one marker."""

    def __init__(self, mixed: Sequence[Reading], model: MarkerModel, errors: SampleErrors) -> None:
        self._shown = sorted({model.index[allele] for reading in mixed for allele in reading.alleles})
        place = {allele: k for k, allele in enumerate(self._shown)}
        self._sets = [frozenset(place[model.index[allele]] for allele in reading.alleles) for reading in mixed]
        self._drop = [_drop_out(reading, model, errors) for reading in mixed]
        visible = np.array([0.0 if isinstance(allele, Silent) else 1.0 for allele in model.alleles])
        frequencies = model.frequencies * visible
        self._comes_in = errors.drop_in * frequencies[self._shown] / frequencies.sum()
        self._drop_in = errors.drop_in

    def states(self, genotypes: Floats) -> dict[State, float]:
        """Which of the alleles read somebody has, times the probability that their other alleles all drop out.

        Nothing that was not read can have been seen, and copies drop out one by one: so the others need not be told
        apart.
        """
        unread = np.ones(len(genotypes))
        unread[self._shown] = 0.0
        for drop in self._drop:
            unread = unread * drop
        found: dict[State, float] = {(): float(unread @ genotypes @ unread)}
        for k, allele in enumerate(self._shown):
            found[(k,)] = float(genotypes[allele] @ unread + unread @ genotypes[:, allele])
        for k, m in combinations_with_replacement(range(len(self._shown)), 2):
            a, b = self._shown[k], self._shown[m]
            found[k, m] = float(genotypes[a, b] if a == b else genotypes[a, b] + genotypes[b, a])
        return {state: weight for state, weight in found.items() if weight > 0}

    def possible_states(self) -> list[State]:
        """Every set of at most two of the alleles read."""
        count = range(len(self._shown))
        return [(), *((k,) for k in count), *combinations_with_replacement(count, 2)]

    def mixture(self, first: Mapping[State, float], second: Mapping[State, float]) -> float:
        """P(all replicates | two people)."""
        return float(
            sum(w1 * w2 * self._replicates((*one, *other)) for one, w1 in first.items() for other, w2 in second.items())
        )

    def _replicates(self, copies: State) -> float:
        product = 1.0
        for seen, drop in zip(self._sets, self._drop, strict=True):
            product *= self._one(seen, copies, drop[self._shown])
        return product

    def _one(self, seen: frozenset[int], copies: State, drop: Floats) -> float:
        """Exactly these are read: all by themselves and no foreign one, or all but one, which drops in."""

        def by_themselves(alleles: frozenset[int]) -> float:
            probability = 1.0
            for k in range(len(self._shown)):
                count = copies.count(k)
                gone = float(drop[k]) ** count  # 1 where it is not there
                probability *= 1 - gone if k in alleles else gone
            return probability

        # A drop-in that hides behind an allele seen anyway leaves the set as it is.
        inside = 1 - self._drop_in + sum(self._comes_in[k] for k in seen)
        return float(by_themselves(seen) * inside + sum(by_themselves(seen - {k}) * self._comes_in[k] for k in seen))


def _drop_out(reading: Reading, model: MarkerModel, errors: SampleErrors) -> Floats:
    """By allele; a silent allele always drops out, and where the laboratory excludes drop-out no other one does."""
    rates = np.broadcast_to(np.asarray(errors.drop_out.rates(model), dtype=np.float64), (len(model),)).copy()
    if reading.reads is Reads.HOMOZYGOUS:
        rates[:] = 0.0
    if model.silent is not None:
        rates[model.silent] = 1.0
    return rates
