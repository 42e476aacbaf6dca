"""Whether a family can identify anybody, before any body is compared.

Everything is conditional on what the typed relatives say (`matching.tables`): the genotype of the missing person is
drawn from P(genotype | relatives), read as remains of a stated quality would be, and compared as the search compares.
Computed are the distributions of log10 LR (`matching.power_distribution`: exact at each marker, convolved over
markers), the probability of reaching what a policy asks, the exclusion power, and the largest log10 LR that can be
reached at all. Families that can never identify are named, with why.

Linked pairs are counted as the search counts them. Outcomes in which an error or a drop-in shows a third allele are
counted as nothing read.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.kinship import blood_relatives
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import ErrorRates, reading_table
from antigone.genetics.pedigrees import Pedigree
from antigone.genetics.power import ExclusionPower
from antigone.matching.conditional_tables import conditional_tables
from antigone.matching.linked_genotypes import LinkedGenotypes
from antigone.matching.lookup import without_errors
from antigone.matching.operation import Family, LeftOut, Operation, Settings
from antigone.matching.power_distribution import Distribution, Entry, together
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.tables import ConditionalTable, MarkerTable, TableError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RemainsQuality:
    """What a laboratory is expected to read of remains.

    `markers` are those that give a result (None: all). With a `drop_out` rate single alleles are left open, as the
    laboratory would leave them; without one every genotype is read whole. Drop-in and typing error are those declared
    for remains.
    """

    name: str = "full profile"
    markers: frozenset[str] | None = None
    drop_out: float | None = None

    def reads(self, marker: str) -> bool:
        """Whether a marker gives a result."""
        return self.markers is None or marker in self.markers

    def rates(self, settings: Settings) -> ErrorRates:
        """The error rates that outcomes are drawn with, and compared with."""
        return ErrorRates(self.drop_out or 0.0, settings.remains.drop_in, settings.remains.typing_error)


FULL_PROFILE = RemainsQuality()

# So many missing persons are looked at together.
TOGETHER = 128


@dataclass(frozen=True)
class Requirement:
    """What a policy asks of one pair, in numbers: the log10 LR needed, and how many lines of evidence.

    A line is a typed blood relative or a method of its own; a direct reference needs no second one.
    """

    log10_lr: float
    lines: int = 1


def needed_log10_lr(posterior: float, prior_odds: float, *, pairs: int = 0, coincidences: float = 0.01) -> float:
    """The log10 LR that reaches a posterior and keeps the expected coincidences of a search down.

    `prior_odds` are those of one pair. Expected coincidences are at most `pairs` / LR (Markov's inequality), so that
    this is enough, and seldom much more than needed.

    >>> round(needed_log10_lr(0.9995, 1 / 1000), 3)  # 1,999 × 1,000
    6.301
    >>> round(needed_log10_lr(0.9995, 1 / 1000, pairs=10**6), 3)  # 10⁶ / 0.01
    8.0
    """
    if not (0 < posterior < 1 and prior_odds > 0 and coincidences > 0):
        raise ValueError("a posterior lies between 0 and 1; prior odds and expected coincidences are above 0")
    by_posterior = math.log10(posterior / (1 - posterior)) - math.log10(prior_odds)
    return max(by_posterior, math.log10(pairs / coincidences)) if pairs else by_posterior


@dataclass(frozen=True, eq=False)
class FamilyPower:
    """What a family can say of a person it misses.

    `related` and `unrelated` are the distributions of log10 LR if the remains are the person's and if they are a
    stranger's; `chance` is P(the policy's numbers are reached | related), between the two of `bracket`. `exclusion` is
    the power to exclude a stranger by genotypes that no relative explains without mutation or error. `highest` is the
    largest log10 LR that any remains of this quality can show. `never` says why the family can never reach what is
    needed; it is empty where it can.
    """

    family: str
    person: str
    quality: RemainsQuality
    requirement: Requirement
    related: Distribution
    unrelated: Distribution
    exclusion: ExclusionPower
    highest: float
    chance: float
    bracket: tuple[float, float]
    never: str


def family_power(
    family: Family,
    person: str,
    prepared: Prepared,
    settings: Settings,
    requirement: Requirement,
    *,
    quality: RemainsQuality = FULL_PROFILE,
) -> FamilyPower:
    """What a family can say of one missing person. Raises `TableError` where its table cannot be computed."""
    (found,) = powers_of([(family, person)], prepared, settings, requirement, quality=quality)
    if isinstance(found, TableError):
        raise found
    return found


def powers_of(
    sought: Sequence[tuple[Family, str]],
    prepared: Prepared,
    settings: Settings,
    requirement: Requirement,
    *,
    quality: RemainsQuality = FULL_PROFILE,
) -> Iterator[FamilyPower | TableError]:
    """`family_power` of many missing persons, or the error it raises; those with like pedigrees computed together."""
    strict, exact = without_errors(prepared, settings)  # as the search counts exclusions
    plain = replace(strict, options=replace(strict.options, theta=0.0))
    for start in range(0, len(sought), TOGETHER):
        some = sought[start : start + TOGETHER]
        both = conditional_tables(some, prepared, settings), conditional_tables(some, plain, exact)
        for (family, person), table, certain in zip(some, *both, strict=True):
            if isinstance(table, TableError):
                yield table
            elif isinstance(certain, TableError):
                yield certain
            else:
                exclusion = ExclusionPower.of(_exclusion_by_marker(certain, plain, quality))
                entries = entries_of(table, prepared, settings, quality)
                yield _power(family, person, table, entries, exclusion, requirement, quality)


def _power(
    family: Family,
    person: str,
    table: ConditionalTable,
    entries: Sequence[Entry],
    exclusion: ExclusionPower,
    requirement: Requirement,
    quality: RemainsQuality,
) -> FamilyPower:
    both = together(entries)
    highest = sum(entry.highest for entry in entries)
    never = _why_never(family, person, table, highest, requirement)
    reached = not never
    low, high = both.related.bracket(requirement.log10_lr)
    return FamilyPower(
        family.name,
        person,
        quality,
        requirement,
        both.related,
        both.unrelated,
        exclusion,
        highest,
        both.related.at_least(requirement.log10_lr) if reached else 0.0,
        (low, high) if reached else (0.0, 0.0),
        never,
    )


@dataclass(frozen=True)
class FamilyPowers:
    """What every family of an operation can say, and whose table could not be computed."""

    powers: tuple[FamilyPower, ...]
    not_computed: tuple[LeftOut, ...]

    def never(self) -> tuple[FamilyPower, ...]:
        """The missing persons whom their families can never identify as they are."""
        return tuple(power for power in self.powers if power.never)


def family_powers(
    operation: Operation,
    requirement: Requirement,
    *,
    quality: RemainsQuality = FULL_PROFILE,
    prepared: Prepared | None = None,
) -> FamilyPowers:
    """`family_power` of every missing person of an operation."""
    ready, missing = prepared or prepare(operation), operation.missing_persons()
    found = powers_of(missing, ready, operation.settings, requirement, quality=quality)
    powers, not_computed = [], []
    for (family, person), one in zip(missing, found, strict=True):
        if isinstance(one, TableError):
            not_computed.append(LeftOut("missing person", f"{person}, family {family.name}", str(one)))
        else:
            powers.append(one)
    return FamilyPowers(tuple(powers), tuple(not_computed))


# --- what may be read, and what it says -------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ReadingRows:
    """P(reading | genotype) of every reading of one marker: shape (readings, genotypes)."""

    likelihood: Floats

    def entry(self, related: Floats, unrelated: Floats) -> Entry:
        """What the marker says, given the two distributions of the genotype; nothing read says nothing."""
        yes, no = self.likelihood @ related, self.likelihood @ unrelated
        return Entry(
            np.append(log10_ratio(yes, no), 0.0),
            np.append(yes, max(0.0, float(related.sum()) - float(yes.sum()))),
            np.append(no, max(0.0, float(unrelated.sum()) - float(no.sum()))),
        )


@lru_cache(maxsize=512)
def reading_rows(model: MarkerModel, rates: ErrorRates, *, haploid: bool) -> ReadingRows:
    """Every reading of one or two alleles."""
    table = reading_table(model, rates, haploid=haploid)
    return ReadingRows(np.vstack([table.singles, table.pairs]))


def log10_ratio(one: Floats, other: Floats) -> Floats:
    """log10 of a quotient; −inf where nothing stands above, and where nothing stands below either."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(one > 0, np.log10(one) - np.log10(other), -np.inf))


def entries_of(
    table: ConditionalTable, prepared: Prepared, settings: Settings, quality: RemainsQuality = FULL_PROFILE
) -> list[Entry]:
    """What each marker and each linked pair may say of remains of a quality."""
    rates = quality.rates(settings)
    rows: dict[int, tuple[MarkerTable, ReadingRows]] = {}
    for m, (model, marker) in enumerate(zip(prepared.models, table.markers, strict=True)):
        if marker is not None and quality.reads(model.name):
            rows[m] = marker, reading_rows(model, rates, haploid=marker.haploid)
    pairs = [where for where in table.linkage if where[0] in rows and where[1] in rows]
    paired = {m for where in pairs for m in where}
    single = [
        readings.entry(marker.related, marker.unrelated) for m, (marker, readings) in rows.items() if m not in paired
    ]
    return single + [_linked_entry(rows[a], rows[b], table.linkage[a, b], table.apart((a, b))) for a, b in pairs]


def _linked_entry(
    first: tuple[MarkerTable, ReadingRows],
    second: tuple[MarkerTable, ReadingRows],
    joint: LinkedGenotypes,
    alone: tuple[Floats, Floats],
) -> Entry:
    """Two linked markers: what they say together over what they say apart is added, as the search does."""
    apart = [readings.entry(marker.related, marker.unrelated) for marker, readings in (first, second)]
    rows = [_with_nothing_read(readings.likelihood) for _, readings in (first, second)]
    linked = joint.under(rows[0], rows[1])
    unlinked = np.outer(rows[0] @ alone[0], rows[1] @ alone[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(unlinked > 0, linked / unlinked, 0.0)
    related = np.outer(apart[0].related, apart[1].related) * factor
    read = np.ones(factor.shape, dtype=bool)
    read[-1, :] = read[:, -1] = False  # the search adds linkage only where both were read
    with np.errstate(divide="ignore"):
        added = np.where(read, np.log10(factor), 0.0)
    logs = apart[0].log10[:, None] + apart[1].log10[None, :] + added
    return Entry(
        logs.ravel(), (related / related.sum()).ravel(), np.outer(apart[0].unrelated, apart[1].unrelated).ravel()
    )


def _with_nothing_read(likelihood: Floats) -> Floats:
    return np.vstack([likelihood, np.maximum(1 - likelihood.sum(axis=0), 0.0)])


# --- exclusion --------------------------------------------------------------------------------------------------------


def _exclusion_by_marker(table: ConditionalTable, plain: Prepared, quality: RemainsQuality) -> list[float]:
    """P(no genotype that the relatives allow could show what is read of a stranger), nan where nothing is compared."""
    rates = ErrorRates(quality.drop_out or 0.0)
    powers = []
    for model, marker in zip(plain.models, table.markers, strict=True):
        if marker is None or not quality.reads(model.name):
            powers.append(np.nan)
            continue
        entry = reading_rows(model, rates, haploid=marker.haploid).entry(marker.related, marker.unrelated)
        powers.append(float(entry.unrelated[np.isneginf(entry.log10)].sum()))
    return powers


# --- in words ---------------------------------------------------------------------------------------------------------


def lines_of_evidence(family: Family, person: str) -> int:
    """How many typed blood relatives there are."""
    return len(blood_relatives(family.pedigree, person) & set(family.donors()))


def _why_never(family: Family, person: str, table: ConditionalTable, highest: float, requirement: Requirement) -> str:
    return next(_reasons(family, person, table, highest, requirement), "")


def _reasons(
    family: Family, person: str, table: ConditionalTable, highest: float, requirement: Requirement
) -> Iterator[str]:
    """Why a family can never identify a person as it is, the plainest reason first."""
    direct = person in family.profiles
    donors = family.donors()
    if not donors and not direct:
        yield f"Nobody of the family of {person} has given a sample yet."
    if not direct and not blood_relatives(family.pedigree, person) & set(donors):
        yield _no_blood_relative(family.pedigree, person, donors)
    if all(marker is None for marker in table.markers):
        yield f"The samples of the family of {person} cannot be used together at any marker."
    if highest < requirement.log10_lr:
        yield (
            f"The samples given so far can never be enough for {person}: the best possible result is a likelihood "
            f"ratio of 10^{highest:.1f}, and 10^{requirement.log10_lr:.1f} is needed."
        )
    lines = lines_of_evidence(family, person)
    if not direct and lines < requirement.lines:
        yield (
            f"{requirement.lines} relatives, or methods, are needed for {person}, and "
            f"{lines} {'has' if lines == 1 else 'have'} given a sample."
        )


def _no_blood_relative(pedigree: Pedigree, person: str, donors: Sequence[str]) -> str:
    who = " and ".join(donors) if len(donors) < 3 else f"{', '.join(donors[:-1])} and {donors[-1]}"
    partners = {
        parent
        for child in pedigree.children(person)
        for parent in (child.father, child.mother)
        if parent not in (None, person)
    }
    if set(donors) <= partners:
        return (
            f"Only {who} has given a sample, who has a child with {person} and shares no inherited DNA with them: "
            "a sample of the child is needed too."
        )
    return f"{who} gave a sample, and nobody of them is a blood relative of {person} in the family tree as given."
