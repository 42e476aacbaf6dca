"""Lineage evidence: how much better one paternal or maternal line explains a haplotype than chance does.

The likelihood ratio is P(the individual's haplotype | the donor's, one line so many meioses apart) over the upper bound
of the haplotype's frequency, from counting. That bound decides; kappa and discrete Laplace stand beside it. Everybody
on the line fits equally well, so the result is about a line and never about a person.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

import numpy as np

from antigone.genetics.alleles import Allele
from antigone.genetics.discrete_laplace import DiscreteLaplace, fit_database, whole_repeats
from antigone.genetics.haplotype_frequencies import Counted, MtCounts, YCounts
from antigone.genetics.haplotypes import (
    LineageDatabases,
    LineageSettings,
    MtHaplotype,
    YHaplotype,
    is_complete,
)
from antigone.genetics.maternal import MtComparison, compare_mt, size_of, write_ranges
from antigone.genetics.paternal import compare_y
from antigone.genetics.pedigrees import Sex
from antigone.matching.lines import Line, line_founder, meioses_on_line
from antigone.matching.operation import Family, Individual, Operation

SECOND_LINE_LOG10_LR = 3.0
"""What a second line of evidence has to reach by itself: a likelihood ratio of 1,000."""

_SAMPLE_SEPARATOR = ";"

T = TypeVar("T")


class HaplotypeCounts:
    """What haplotypes are counted in: the databases and, where declared, the operation's own lineages, each once."""

    def __init__(
        self, databases: LineageDatabases, own_y: Sequence[YHaplotype] = (), own_mt: Sequence[MtHaplotype] = ()
    ) -> None:
        self.databases = databases
        self.own_y, self.own_mt = len(own_y), len(own_mt)
        y, mt = databases.y, databases.mt
        self.y = YCounts([*(y.haplotypes if y else ()), *own_y], [*(y.counts if y else ()), *[1] * len(own_y)])
        self.mt = MtCounts([*(mt.haplotypes if mt else ()), *own_mt], [*(mt.counts if mt else ()), *[1] * len(own_mt)])

    @cached_property
    def discrete_laplace(self) -> DiscreteLaplace | None:
        """The mixture fitted to the supplied Y database; None without one."""
        return None if self.databases.y is None else fit_database(self.databases.y)


def haplotype_counts(operation: Operation) -> HaplotypeCounts:
    """What the haplotypes of an operation are counted in.

    Of donors who stand on one line of a family, one counts: the one with the most read. That the compared family is
    among them makes the frequency of a haplotype that matches its own greater.
    """
    if not operation.settings.lineage.own_donors:
        return HaplotypeCounts(operation.lineage_databases)
    own_y: list[YHaplotype] = []
    own_mt: list[MtHaplotype] = []
    for family in operation.families:
        y = {person: one.y for person, one in family.lineages.items() if one.y is not None}
        mt = {person: one.mt for person, one in family.lineages.items() if one.mt is not None}
        own_y += _one_of_each_line(family, y, Line.PATERNAL, _markers_read)
        own_mt += _one_of_each_line(family, mt, Line.MATERNAL, _positions_read)
    return HaplotypeCounts(operation.lineage_databases, own_y, own_mt)


def _one_of_each_line(family: Family, read: Mapping[str, T], line: Line, size: Callable[[T], int]) -> list[T]:
    best: dict[str, T] = {}
    for person in family.pedigree.persons:
        if person.id not in read:
            continue
        founder = line_founder(family.pedigree, person.id, line)
        if founder not in best or size(read[person.id]) > size(best[founder]):
            best[founder] = read[person.id]
    return list(best.values())


def _markers_read(haplotype: YHaplotype) -> int:
    return sum(is_complete(copies) for copies in haplotype.alleles.values())


def _positions_read(haplotype: MtHaplotype) -> int:
    return size_of(haplotype.ranges)


@dataclass(frozen=True)
class OtherDonor:
    """Another relative of the line whose haplotype was read: how many differences to that of the donor compared."""

    person: str
    sample: str
    differences: int


@dataclass(frozen=True)
class LineageEvidence:
    """What one lineage of an individual says about one line of a family.

    `log10_lr` is by the upper bound of counting and is the one that counts; `log10_lr_kappa` and
    `log10_lr_discrete_laplace` are beside it, None where they say nothing. `compared` are markers, or ranges of
    positions; `differing` what differs among them. `listed` are the missing persons of the family who are on the line,
    all of whom fit equally well. `words` name nobody.
    """

    line: Line
    individual: str
    own_sample: str
    family: str
    person: str
    donor: str
    donor_sample: str
    meioses: int
    log10_lr: float
    log10_transmission: float
    counted: Counted
    compared: tuple[str, ...]
    differing: tuple[str, ...]
    listed: tuple[str, ...]
    words: str
    log10_lr_kappa: float | None = None
    log10_lr_discrete_laplace: float | None = None
    incomplete: tuple[str, ...] = ()
    other_donors: tuple[OtherDonor, ...] = ()

    @property
    def donor_samples(self) -> tuple[str, ...]:
        """The samples of relatives that it rests on."""
        return (self.donor_sample,)


def lineage_evidence(
    operation: Operation,
    individual: Individual,
    family: Family,
    person: str,
    databases: HaplotypeCounts | None = None,
    settings: LineageSettings | None = None,
) -> tuple[LineageEvidence, ...]:
    """What the lineages of an individual say about the lines of a missing person: none, one or two pieces of evidence.

    Of several donors on a line the nearest is compared, then the one with the most read in common. `databases` are to
    be made once with `haplotype_counts` where many pairs are asked about; `settings` are those of the operation unless
    given.
    """
    own = individual.lineage
    if own is None:
        return ()
    counts = haplotype_counts(operation) if databases is None else databases
    declared = operation.settings.lineage if settings is None else settings
    found = []
    if own.y is not None and individual.sex is not Sex.FEMALE:  # else a sex or a reading is wrong, as the reader says
        found.append(_paternal(own.y, family, person, counts, declared))
    if own.mt is not None:
        found.append(_maternal(own.mt, family, person, counts, declared))
    return tuple(one.evidence(individual, family, person, declared) for one in found if one is not None)


@dataclass(frozen=True)
class _Compared:
    """One line, compared and counted."""

    line: Line
    own_sample: str
    donor: str
    donor_sample: str
    on_line: Mapping[str, int]
    log10_transmission: float
    counted: Counted
    compared: tuple[str, ...]
    what: str
    differing: tuple[str, ...]
    incomplete: tuple[str, ...]
    others: tuple[OtherDonor, ...]
    discrete_laplace: float | None = None

    def evidence(
        self, individual: Individual, family: Family, person: str, declared: LineageSettings
    ) -> LineageEvidence:
        """As it is reported."""
        listed = tuple(name for name in family.missing if name in self.on_line)
        log10_lr = self.log10_transmission - math.log10(self.counted.upper)
        return LineageEvidence(
            line=self.line,
            individual=individual.id,
            own_sample=self.own_sample,
            family=family.name,
            person=person,
            donor=self.donor,
            donor_sample=self.donor_sample,
            meioses=self.on_line[self.donor],
            log10_lr=log10_lr,
            log10_transmission=self.log10_transmission,
            counted=self.counted,
            compared=self.compared,
            differing=self.differing,
            listed=listed,
            words=_words(self, log10_lr, len(listed), declared),
            log10_lr_kappa=_over(self.log10_transmission, self.counted.kappa),
            log10_lr_discrete_laplace=_over(self.log10_transmission, self.discrete_laplace),
            incomplete=self.incomplete,
            other_donors=self.others,
        )


def _paternal(
    haplotype: YHaplotype, family: Family, person: str, counts: HaplotypeCounts, declared: LineageSettings
) -> _Compared | None:
    donors = {name: one.y for name, one in family.lineages.items() if one.y is not None}
    on_line = meioses_on_line(family.pedigree, person, Line.PATERNAL)
    each = {
        name: compare_y(haplotype, donors[name], meioses, declared)
        for name, meioses in on_line.items()
        if name in donors
    }
    each = {name: one for name, one in each.items() if one.compared}
    if not each:
        return None
    donor = min(each, key=lambda name: (on_line[name], -len(each[name].compared)))
    best = each[donor]
    alleles = {marker: haplotype.alleles[marker] for marker in best.compared}
    others = tuple(
        OtherDonor(name, donors[name].sample, len(compare_y(donors[donor], donors[name], 0, declared).differing))
        for name in each
        if name != donor
    )
    return _Compared(
        Line.PATERNAL,
        haplotype.sample,
        donor,
        donors[donor].sample,
        on_line,
        best.log10_transmission,
        counts.y.count(alleles, declared.confidence, kappa=counts.databases.y is not None),
        best.compared,
        _counted(len(best.compared), "marker"),
        best.differing,
        best.incomplete,
        others,
        _discrete_laplace(alleles, counts.discrete_laplace),
    )


def _discrete_laplace(alleles: Mapping[str, tuple[Allele, ...]], model: DiscreteLaplace | None) -> float | None:
    if model is None:
        return None
    repeats = whole_repeats(alleles)
    markers = [marker for marker in model.markers if marker in repeats]
    if not markers:
        return None
    return float(model.probabilities(np.array([[repeats[marker] for marker in markers]]), markers)[0])


def _maternal(
    sequence: MtHaplotype, family: Family, person: str, counts: HaplotypeCounts, declared: LineageSettings
) -> _Compared | None:
    donors = {name: one.mt for name, one in family.lineages.items() if one.mt is not None}
    on_line = meioses_on_line(family.pedigree, person, Line.MATERNAL)
    each = {
        name: compare_mt(donors[name], sequence, meioses, declared)
        for name, meioses in on_line.items()
        if name in donors
    }
    each = {name: one for name, one in each.items() if one.ranges}
    if not each:
        return None
    donor = min(each, key=lambda name: (on_line[name], -size_of(each[name].ranges)))
    best = each[donor]
    others = tuple(
        OtherDonor(name, donors[name].sample, len(compare_mt(donors[donor], donors[name], 0, declared).differences))
        for name in each
        if name != donor
    )
    ranges = tuple(write_ranges((one,)) for one in best.ranges)
    return _Compared(
        Line.MATERNAL,
        sequence.sample,
        donor,
        donors[donor].sample,
        on_line,
        best.log10_transmission,
        _mt_counted(donors[donor], best, counts, declared),
        ranges,
        f"positions {', '.join(ranges)}",
        best.differences,
        (),
        others,
    )


def _mt_counted(
    donor: MtHaplotype, compared: MtComparison, counts: HaplotypeCounts, declared: LineageSettings
) -> Counted:
    """How many of the population are as near to the donor as the individual is; of two differences or more all are.

    The probability within a line is that of so many differences, whichever they are, and what it is divided by has to
    be of the same event.
    """
    apart = len(compared.differences)
    if apart > 1:
        return Counted(0, 0, (), 1.0)
    kappa = apart == 0 and counts.databases.mt is not None
    return counts.mt.count(donor.differences, compared.ranges, declared.confidence, apart=apart, kappa=kappa)


def _over(log10_transmission: float, probability: float | None) -> float | None:
    return None if not probability else log10_transmission - math.log10(probability)


# Words


def _words(compared: _Compared, log10_lr: float, listed: int, declared: LineageSettings) -> str:
    line = compared.line
    who = "man" if line is Line.PATERNAL else "person"
    apart = _counted(compared.on_line[compared.donor], "meiosis", "meioses")
    on_it = f"{_counted(listed, 'missing person')} of this family {'is' if listed == 1 else 'are'} on it"
    sentences = [
        f"{compared.what} compared, {_differences(compared.differing)}, {apart} apart",
        f"what was read is {_ratio(log10_lr, line, who)}",
        _bound(compared.counted, declared),
        f"every {who} of this {line} line fits equally well: {on_it}, and others may be",
    ]
    return ". ".join(sentence[0].upper() + sentence[1:] for sentence in sentences) + "."


def _ratio(log10_lr: float, line: Line, who: str) -> str:
    if log10_lr >= 0:
        return f"{_figure(log10_lr)} times as probable in this {line} line as in an unrelated {who}"
    return f"{_figure(-log10_lr)} times as probable in an unrelated {who} as in this {line} line"


def _figure(log10: float) -> str:
    if log10 >= 6:
        return f"10^{log10:.1f}"
    value = 10**log10
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _bound(counted: Counted, declared: LineageSettings) -> str:
    if counted.size == 0:
        return "nothing was counted, so that the frequency is taken as 1"
    return (
        f"counted {counted.matches} of {counted.size:,}: at most {counted.upper:.3g} of the population, with "
        f"{100 * declared.confidence:g} % confidence"
    )


def _differences(differing: Sequence[str]) -> str:
    if not differing:
        return "no difference"
    return f"{_counted(len(differing), 'difference')} ({', '.join(differing)})"


def _counted(number: int, one: str, several: str = "") -> str:
    return f"{number} {one if number == 1 else several or one + 's'}"


# Whether it counts


class Evidence(Protocol):
    """Evidence that rests on a sample of the individual and on samples of relatives."""

    @property
    def log10_lr(self) -> float:
        """The likelihood ratio that counts."""
        ...

    @property
    def own_sample(self) -> str:
        """The individual's sample; several between semicolons."""
        ...

    @property
    def donor_samples(self) -> tuple[str, ...]:
        """The relatives' samples."""
        ...


def counts_as_second_line(evidence: Evidence, used_samples: Collection[str]) -> tuple[bool, str]:
    """Whether evidence is a second line beside that of `used_samples`, and why.

    It has to reach a likelihood ratio of 1,000 by itself, and to come from another sample of the individual or from
    other donors: two readings of one tube share its label, and a swapped label would mislead both. The samples used are
    those of the individual and of the donors; joint names are taken apart.
    """
    used = _single_names(used_samples)
    own_is_new = _single_names([evidence.own_sample]).isdisjoint(used)
    donors_are_new = bool(evidence.donor_samples) and _single_names(evidence.donor_samples).isdisjoint(used)
    if not (own_is_new or donors_are_new):
        return False, "it comes from the same samples of the individual and of the donors as the first line of evidence"
    if evidence.log10_lr < SECOND_LINE_LOG10_LR:
        return False, f"its likelihood ratio is 10^{evidence.log10_lr:.2f}, and a second line needs 1,000 by itself"
    whence = [
        what
        for what, new in (("another sample of the individual", own_is_new), ("other samples of donors", donors_are_new))
        if new
    ]
    return True, f"it comes from {' and '.join(whence)} and reaches 10^{evidence.log10_lr:.2f} by itself"


def _single_names(samples: Iterable[str]) -> frozenset[str]:
    return frozenset(part.strip() for name in samples for part in name.split(_SAMPLE_SEPARATOR))
