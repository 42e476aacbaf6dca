"""Remains whose profile is that of somebody who handled them: staff, a laboratory, a control.

Each of the remains and each mixture is compared with each entry of the elimination list, as one person, with the errors
of remains on one side and those of reference samples on the other. An entry is compared with nothing else: not with
families, not with other entries. What matches is an alarm and is not dropped: it is searched like all others, and no
policy passes it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.frequencies import FrequencyTable
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Sex
from antigone.matching.classes import MarkerClasses, marker_classes, sex_by_amelogenin
from antigone.matching.mixture_leads import mixture_leads
from antigone.matching.operation import EliminationEntry, Individual, Operation, Settings
from antigone.matching.preparation import prepare
from antigone.matching.tables import hardy_weinberg

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class EliminationMatch:
    """Remains that may be contaminated: one profile with somebody of the elimination list, or a mixture with them.

    `log10_lr` is that of one person against two unrelated people; of a mixture, that it holds this person and one
    unknown against two unknown. `expected` is at most how many such comparisons of unrelated people would reach it.
    """

    remains: str
    entry: str
    role: str
    log10_lr: float
    markers: int
    mixture: bool
    expected: float


@dataclass(frozen=True)
class EliminationMatches:
    """What the elimination list says: matches, best first, and how many comparisons were made."""

    entries: int
    compared: int
    matches: tuple[EliminationMatch, ...] = ()

    def remains(self) -> frozenset[str]:
        """The names of the remains that may be contaminated."""
        return frozenset(match.remains for match in self.matches)


def compare_with_elimination_list(
    remains: Sequence[Individual],
    mixtures: Sequence[Individual],
    entries: Sequence[EliminationEntry],
    frequencies: FrequencyTable,
    settings: Settings,
) -> EliminationMatches:
    """Compare remains and mixtures with the elimination list, from the settings' threshold on.

    Alleles that the list alone shows get a frequency by the declared rule here, and in no search. Raises `TypeError`
    for a person of a family: living donors are on no elimination list.
    """
    for one in entries:
        if not isinstance(one, EliminationEntry):
            raise TypeError(f"the dead are compared with an elimination list, not with a {type(one).__name__}")
    people = [_as_individual(one) for one in entries]
    dead = Operation("", (*remains, *mixtures, *people), (), frequencies, settings)
    compared = (len(remains) + len(mixtures)) * len(entries)
    if not compared:
        return EliminationMatches(len(entries), 0)
    models = prepare(dead).models
    matches = [
        *_alike(remains, people, entries, models, settings),
        *_in_mixtures(replace(dead, individuals=(), mixtures=tuple(mixtures)), people, entries, models),
    ]
    matches = [replace(match, expected=min(1.0, 10.0**-match.log10_lr) * compared) for match in matches]
    matches.sort(key=lambda match: (-match.log10_lr, match.remains, match.entry))
    return EliminationMatches(len(entries), compared, tuple(matches))


def _as_individual(entry: EliminationEntry) -> Individual:
    sex = sex_by_amelogenin(entry.profile)
    return Individual(entry.id, entry.profile, entry.sex if entry.sex is not Sex.UNKNOWN else sex)


def _alike(
    remains: Sequence[Individual],
    people: Sequence[Individual],
    entries: Sequence[EliminationEntry],
    models: Sequence[MarkerModel],
    settings: Settings,
) -> Iterator[EliminationMatch]:
    mine = marker_classes(remains, models, settings)
    # Entries are reference samples, and marker_classes knows the rates of one kind of sample.
    theirs = marker_classes(people, models, replace(settings, remains=settings.donors))
    total = np.zeros((len(people), len(remains)))
    used = np.zeros((len(people), len(remains)), dtype=np.int64)
    for model, left, right in zip(models, mine, theirs, strict=True):
        logs = _log10_lrs(model, left, right)
        for k, of in enumerate(right.of.tolist()):
            if of >= 0:
                read = np.flatnonzero(left.of >= 0)
                here = logs[of, left.of[read]]
                total[k, read] += np.where(np.isnan(here), 0.0, here)
                used[k, read] += ~np.isnan(here)
    for k, i in np.argwhere(total >= settings.threshold).tolist():
        lr = float(total[k, i])
        yield EliminationMatch(remains[i].id, entries[k].id, entries[k].role, lr, int(used[k, i]), False, 0.0)


def _log10_lrs(model: MarkerModel, left: MarkerClasses, right: MarkerClasses) -> Floats:
    """One person against two, shape (entries' classes, remains' classes); nan for two sexes at an X-linked marker."""
    logs = np.full((len(right.readings), len(left.readings)), np.nan)
    for haploid in (False, True):
        mine, theirs = left.rows(haploid=haploid), right.rows(haploid=haploid)
        genotypes = hardy_weinberg(model, haploid=haploid)
        with np.errstate(divide="ignore", invalid="ignore"):
            together = (theirs.likelihood * genotypes) @ mine.likelihood.T
            ratios = together / np.outer(theirs.under(genotypes), mine.under(genotypes)) * genotypes.sum()
            logs[np.ix_(theirs.which, mine.which)] = np.log10(ratios)
    return logs


def _in_mixtures(
    mixtures: Operation,
    people: Sequence[Individual],
    entries: Sequence[EliminationEntry],
    models: Sequence[MarkerModel],
) -> Iterator[EliminationMatch]:
    role = {entry.id: entry.role for entry in entries}
    for lead in mixture_leads(mixtures, people, models, log10_lr=mixtures.settings.threshold):
        yield EliminationMatch(lead.remains, lead.who, role[lead.who], lead.log10_lr, lead.markers, True, 0.0)
