"""What is known beside DNA: what families tell of the missing, and what is found with the dead.

Statures, colours of hair, marks and documents are drawn by the very model with which they are compared
(`matching/nongenetic_rates.py`) at the declared rates; where the world departs from these (`document_own` and its
like), the case is not told. What is true of a person is drawn once, so that the parts of one person and two reports of
one person agree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, gammainc, gammaincinv, ndtri

from antigone.genetics.pedigrees import Sex
from antigone.matching.description import HAIR_COLOURS, MARK_KINDS, MARKS, NO_MARKS, NOTHING_RECORDED, Description
from antigone.matching.nongenetic_rates import (
    AgeRates,
    DocumentRates,
    HairRates,
    MarkRates,
    NonGeneticRates,
    PlaceRates,
    SexRates,
    StatureRates,
)
from antigone.scenarios.presets import Preset
from antigone.scenarios.records import Happening

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

ADULT = 18
MEASURED_RANGE = 4
"""Centimetres by which a measured stature is told to either side."""
_PLACES = len(MARKS) // len(MARK_KINDS)
_NEIGHBOURS = tuple(step for step in range(-5, 6) if step)
# The invented operation lies around the crossing of the equator and the first meridian, where it is water.
_KM_OF_A_DEGREE = 111.2
_LAST_SEEN_WITHIN_KM = 50.0


def declared_evidence(preset: Preset) -> NonGeneticRates:
    """The rates of a case: the population of the preset, and the error rates by which descriptions are drawn."""
    default = NonGeneticRates()
    women = preset.civilian_share * 0.5 + (1 - preset.civilian_share) * preset.woman_soldier_share
    return NonGeneticRates(
        sex=SexRates(women, default.sex.error),
        age=AgeRates(_ages(preset), default.age.error),
        stature=StatureRates(error=preset.stature_error),
        hair=HairRates(preset.hair_colours, default.hair.confusion),
        documents=DocumentRates(preset.document_own, default.documents.told, len(_NEIGHBOURS)),
        place=PlaceRates(anywhere=preset.found_anywhere),
    )


def _ages(preset: Preset) -> tuple[tuple[int, int, float], ...]:
    """The shares of decades among soldiers and civilians together, as they are drawn."""
    edges = np.arange(0, 110, 10)
    below = np.zeros(len(edges))
    for share, (youngest, oldest) in (
        (preset.civilian_share, preset.civilian_age),
        (1 - preset.civilian_share, preset.soldier_age),
    ):
        part = np.clip((edges - youngest) / (oldest + 1 - youngest), 0, 1)
        below += share * betainc(*preset.age_shape, part)
    below[-1] = 1.0
    rounded = np.diff(np.round(below, 6))
    return tuple((int(a), int(a) + 9, round(float(s), 6)) for a, s in zip(edges, rounded, strict=False) if s > 0)


@dataclass(frozen=True)
class Described:
    """Descriptions of remains in their order, and of missing persons by their place in the world."""

    remains: tuple[Description, ...]
    missing: Mapping[int, Description]


class _Draws:
    """Uniform numbers, a row for each subject, taken in turn: the first subjects have the same however many follow."""

    def __init__(self, rng: np.random.Generator, subjects: int, each: int) -> None:
        self._numbers, self._used = rng.random((subjects, each)), 0

    def one(self) -> Floats:
        """The next number of each subject."""
        return self.several(1)[:, 0]

    def several(self, count: int) -> Floats:
        """The next few numbers of each subject."""
        self._used += count
        return self._numbers[:, self._used - count : self._used]

    def normal(self) -> Floats:
        """A standard normal number for each subject."""
        return np.asarray(ndtri(np.clip(self.one(), 1e-12, 1 - 1e-12)))


def describe(preset: Preset, happening: Happening, chance: Mapping[str, np.random.Generator]) -> Described:
    """Draw what is true of everybody, then what is told, then what is found."""
    listed = list(happening.register.reports_of())
    dead = [one.person for one in happening.dead]
    known = set(listed)
    people = _People(preset, happening, [*listed, *(one for one in dead if one not in known)], chance)
    return Described(
        _found(preset, happening, people, chance["found"]), _told(preset, people, len(listed), chance["told"])
    )


class _People:
    """What is true of each of these people, as columns."""

    def __init__(
        self, preset: Preset, happening: Happening, who: Sequence[int], chance: Mapping[str, np.random.Generator]
    ) -> None:
        world, rates = happening.register.world, declared_evidence(preset)
        self.rates = rates
        self.who = who
        self.place_of = {person: place for place, person in enumerate(who)}
        draws = _Draws(chance["people"], len(who), 16 + len(MARK_KINDS) + len(MARKS))
        women = np.array([world.sex[person] is Sex.FEMALE for person in who], dtype=bool)
        gone = [world.gone[person] for person in who]
        self.adult: Flags = np.array([world.gone[p] - world.born[p] >= ADULT for p in who], dtype=bool)
        self.stature = _stature(rates.stature, women, draws.normal())
        self.another_stature = _stature(rates.stature, women, draws.normal())
        self.hair = _pick(np.tile(preset.hair_colours, (len(who), 1)), draws.one())
        self.marks = _marks(rates.marks, draws)
        self.document, self.document_at_home = _numbers(draws.one()), _numbers(draws.one())
        first_transfer = date.fromisoformat(preset.transfers[0].day)
        self.last_seen = [_day_of(year, u, first_transfer) for year, u in zip(gone, draws.one().tolist(), strict=True)]
        wait, early, days_early = draws.one().tolist(), draws.one() < rates.dates.error, draws.one().tolist()
        self.found_day = [
            seen - timedelta(days=1 + int(199 * before)) if wrong else seen + (first_transfer - seen) * u
            for seen, u, wrong, before in zip(self.last_seen, wait, early.tolist(), days_early, strict=True)
        ]
        self.seen_at = _in_a_disc(_LAST_SEEN_WITHIN_KM * np.sqrt(draws.one()), draws.one())
        years = np.array([max((f - s).days, 0) for f, s in zip(self.found_day, self.last_seen, strict=True)]) / 365.25
        distance = _distance(preset, rates.place, years, draws.one(), draws.one())
        self.found_at = self.seen_at + _in_a_disc(distance, draws.one())


def _stature(rates: StatureRates, women: Flags, z: Floats) -> Floats:
    mean = np.where(women, rates.women_mean, rates.men_mean)
    return np.asarray(mean + np.where(women, rates.women_deviation, rates.men_deviation) * z)


def _pick(shares: Floats, u: Floats) -> NDArray[np.int64]:
    """A column by its share, for each row."""
    edges = np.cumsum(shares, axis=1)
    return np.asarray(np.minimum((u[:, None] * edges[:, -1:] >= edges).sum(axis=1), shares.shape[1] - 1))


def _marks(rates: Mapping[str, MarkRates], draws: _Draws) -> Flags:
    """Marks that are there, by kind and place; in the order of `MARKS`."""
    carriers = draws.several(len(MARK_KINDS)) < _by_kind(rates, "carriers")
    at_place = draws.several(len(MARKS)) < np.repeat(_by_kind(rates, "at_place"), _PLACES)
    return np.asarray(np.repeat(carriers, _PLACES, axis=1) & at_place)


def _by_kind(rates: Mapping[str, MarkRates], figure: str) -> Floats:
    return np.array([getattr(rates[kind], figure) for kind in MARK_KINDS])


def _seen(marks: Flags, passed_over: Floats, mistaken: Floats, u: Floats) -> list[tuple[str, ...]]:
    """Codes of marks as somebody tells or finds them, each kind with its own rates."""
    shown = np.where(marks, u >= np.repeat(passed_over, _PLACES), u < np.repeat(mistaken, _PLACES))
    return [tuple(MARKS[k] for k in np.flatnonzero(row).tolist()) or (NO_MARKS,) for row in shown]


def _numbers(u: Floats) -> list[str]:
    return [f"{int(one * 10**12):012d}" for one in u.tolist()]


def _day_of(year: int, u: float, before: date) -> date:
    """A day of this year, and before the first transfer."""
    first = date(year, 1, 1)
    last = max(min(date(year, 12, 31), before - timedelta(days=1)), first)
    return first + timedelta(days=int(u * ((last - first).days + 1)))


def _in_a_disc(distance: Floats, u: Floats) -> Floats:
    """Latitudes and longitudes around the centre, at these distances in any direction."""
    angle = 2 * np.pi * u
    return np.stack([distance * np.cos(angle), distance * np.sin(angle)], axis=1) / _KM_OF_A_DEGREE


def _distance(preset: Preset, rates: PlaceRates, years: Floats, u: Floats, which: Floats) -> Floats:
    """Kilometres from where somebody was last seen: near, with a density that falls as exp(−r/scale), or anywhere."""
    scale = rates.scale_km + rates.growth_km * years
    near = scale * gammaincinv(2, u * gammainc(2, rates.reach_km / scale))
    return np.asarray(np.where(which < preset.found_anywhere, rates.reach_km * np.sqrt(u), near))


def _told(preset: Preset, people: _People, listed: int, rng: np.random.Generator) -> dict[int, Description]:
    """What the families of the first `listed` people tell."""
    rates, draws = people.rates, _Draws(rng, listed, 8 + len(MARKS))
    tells = draws.one() < preset.described_share
    stature = np.rint(people.stature[:listed] + rates.stature.told_deviation * draws.normal())
    marks = _seen(
        people.marks[:listed],
        _by_kind(rates.marks, "not_told"),
        _by_kind(rates.marks, "told_wrongly"),
        draws.several(len(MARKS)),
    )
    carried = (draws.one() < rates.documents.told).tolist()
    found = {}
    for k in np.flatnonzero(tells).tolist():
        found[people.who[k]] = Description(
            stature=(float(stature[k]),) * 2 if people.adult[k] else (None, None),
            hair=HAIR_COLOURS[people.hair[k]],
            marks=marks[k],
            documents=(people.document[k] if carried[k] else people.document_at_home[k],),
            place=_place(people.seen_at[k]),
            date=people.last_seen[k].isoformat(),
        )
    return found


def _found(preset: Preset, happening: Happening, people: _People, rng: np.random.Generator) -> tuple[Description, ...]:
    """What is found with each remains. Stature, hair and marks are those of bodies in one piece."""
    rates, remains = people.rates, happening.arrival.remains
    draws = _Draws(rng, len(remains), 12 + len(MARKS))
    owner = [people.place_of[happening.dead[one.individual].person] for one in remains]
    whole = ~np.array([one.part for one in remains], dtype=bool)
    measured = whole & people.adult[owner]
    stature = np.where(draws.one() < preset.stature_error, people.another_stature[owner], people.stature[owner])
    # A range counts by its middle, whose error is that of the figure and the width of the range together.
    error = np.hypot(rates.stature.measured_deviation, 2 * MEASURED_RANGE / np.sqrt(12))
    middle = np.rint(stature + error * draws.normal()).tolist()
    has_hair, confusion = whole & (draws.one() < preset.hair_found_share), np.array(rates.hair.confusion)
    confused = draws.one() < preset.hair_confused
    hair = _pick(np.where(confused[:, None], 1 / len(HAIR_COLOURS), confusion[people.hair[owner]]), draws.one())
    looked = whole & (draws.one() < preset.marks_looked_share)
    marks = _seen(
        people.marks[owner],
        _by_kind(rates.marks, "overlooked"),
        _by_kind(rates.marks, "found_wrongly"),
        draws.several(len(MARKS)),
    )
    has_document = draws.one() < preset.document_found_share
    documents = _documents(preset, happening, people, draws)
    known = draws.one() < preset.recovery_known_share
    return tuple(
        Description(
            stature=(middle[k] - MEASURED_RANGE, middle[k] + MEASURED_RANGE) if measured[k] else (None, None),
            hair=HAIR_COLOURS[hair[k]] if has_hair[k] else "",
            marks=marks[k] if looked[k] else (),
            documents=(documents[k],) if has_document[k] else (),
            place=_place(people.found_at[owner[k]]) if known[k] else None,
            date=people.found_day[owner[k]].isoformat() if known[k] else "",
        )
        for k in range(len(remains))
    )


def _documents(preset: Preset, happening: Happening, people: _People, draws: _Draws) -> list[str]:
    """The number of a document that may lie with each remains: its own, or that of one of its nearest."""
    own, other = draws.one() < preset.document_own, (draws.one() * len(_NEIGHBOURS)).astype(np.int64)
    remains, found = happening.arrival.remains, []
    for k, one in enumerate(remains):
        step = 0 if own[k] else _NEIGHBOURS[int(other[k])]
        holder = one if step == 0 else remains[(k + step) % len(remains)]
        found.append(people.document[people.place_of[happening.dead[holder.individual].person]])
    return found


def _place(at: Floats) -> tuple[float, float]:
    return round(float(at[0]), 4), round(float(at[1]), 4)


def or_nothing(description: Description) -> Description | None:
    """None where nothing was recorded, as readers have it."""
    return None if description == NOTHING_RECORDED else description
