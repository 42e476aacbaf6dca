"""What follows from the claims: series that are never added to each other, and where they contradict one another.

Pure functions: no database, no clock. What each series and each contradiction means stands in docs/agreements.md.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any, Literal

from antigone.formats.claims import BOTH_WAYS, ClaimRow, Kind

Basis = Literal["claims", "record"]
By = Literal["said", "recorded"]

PRESS, JOINT = "press", "joint"
"""The two words of the column `side` that are no side: nobody's, and everybody's."""

PROMISED, CUMULATIVE = "promised", "cumulative"
HAPPENED = (Kind.DECLARED, Kind.HANDED_OVER, Kind.RECEIVED)
"""The kinds that give a figure for a transfer; each is a series of that name."""

RECORDED = ("opened", "minimum number of individuals", "profiled", "identified", "released", "returned")
"""The series of our own record, in the order in which they come about."""

# These may speak of a transfer that never took place.
_NO_SIGN_OF_A_TRANSFER = frozenset({Kind.PROMISE, Kind.ACCUSATION, Kind.DENIAL, Kind.FORECAST})
_HELD = frozenset({Kind.HANDED_OVER, Kind.RECEIVED})
_SERIES_OF = {Kind.PROMISE: PROMISED, **{kind: str(kind) for kind in HAPPENED}}
_RANK = {PROMISED: 0, "declared": 1, "handed over": 2, "received": 3, CUMULATIVE: 4}
_APART, _RECORD = 5, 6
_ALWAYS = date.max.toordinal() + 1
_KEPT_RESULTS = 16
_ORDER = attrgetter("order")

# One list of words for each way of calling a transfer. English only: a classification by words cannot be free of
# language. Another language gets words of its own here; a claim in none of them is left unclassified.
WORDS: Mapping[str, tuple[str, ...]] = {
    "unilateral": (
        r"unilateral(?:ly)?", r"one-sided(?:ly)?", r"one-way", r"nothing in return", r"without anything in return",
    ),
    "exchange": (
        r"exchang(?:e|es|ed|ing)(?! (?:site|point|place|list|lists)\b)", r"swap(?:s|ped|ping)?", r"reciprocal(?:ly)?",
        r"mutual(?:ly)?", r"[0-9][0-9,. ]* for [0-9][0-9,. ]*", r"all for all",
    ),
}  # fmt: skip
_CALLED = {name: re.compile(rf"\b(?:{'|'.join(words)})(?!\w)") for name, words in WORDS.items()}
_DENIED = re.compile(r"\b(?:not|no|never|neither|nor|isn't|wasn't|without)(?: \w+)?(?: \w+)? $")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One figure, accusation or characterisation, as somebody said it.

    `said` is the first and last day on which it may have been said: it is known from its last day on. `side` is for
    whom it was said, or `joint`, or `press`. `quoting` is empty, or whom the speaker quotes: the claim then is the
    quoted one's. `about` is `transfer:NAME` or `agreement:NAME`.
    """

    id: str
    said: tuple[date, date]
    speaker: str
    side: str
    about: str
    kind: str
    quoting: str = ""
    agreement: str | None = None
    quantity: int | None = None
    unit: str = ""
    direction: str = ""
    wording: str = ""
    publishers: tuple[str, ...] = ()
    supersedes: str | None = None

    @classmethod
    def of_row(cls, row: ClaimRow) -> "Claim":
        """The claim of one row of a file."""
        return cls(
            id=row.claim_id,
            said=row.said_on,
            speaker=row.speaker,
            side=row.side,
            about=row.about,
            kind=row.kind,
            quoting=row.quoting,
            agreement=row.agreement,
            quantity=row.quantity,
            unit=row.unit,
            direction=row.direction,
            wording=row.wording,
            publishers=row.publishers,
            supersedes=row.supersedes,
        )


@dataclass(frozen=True, slots=True)
class AgreementInfo:
    """What a person recorded of an agreement; all but the name may be left out.

    `parties` are the two sides. Without them they follow from the directions and the claims. `speakers` tells for
    which side somebody speaks who is only ever quoted. Before `since` an agreement without claims is not shown.
    """

    name: str
    parties: tuple[str, ...] = ()
    speakers: Mapping[str, str] = field(default_factory=dict)
    since: date | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A person says that a transfer was made under an agreement. Both by name, without `transfer:` and `agreement:`."""

    transfer: str
    agreement: str
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A count of our own record as of the end of a day. It stands beside the claims and is never compared with them."""

    series: str
    about: str
    quantity: int
    unit: str
    day: date
    direction: str = ""
    agreement: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """One row of a tally: what one series says of one thing, in one direction and one unit.

    `quantity` is None where the claims of the series disagree; `quantities` are then all that were said, ascending.
    `is_sum` tells a sum over transfers, whose `claims` are those of the single transfers, from a figure that somebody
    said of the whole agreement.
    """

    series: str
    about: str
    direction: str
    unit: str
    basis: Basis
    quantity: int | None
    quantities: tuple[int, ...]
    claims: tuple[str, ...]
    is_sum: bool = False

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "series": self.series,
            "about": self.about,
            "direction": self.direction or None,
            "unit": self.unit,
            "basis": self.basis,
            "quantity": self.quantity,
            "quantities": list(self.quantities),
            "claims": list(self.claims),
        }


ContradictionKind = Literal["promises", "figures", "totals", "falling total", "sum", "accusation", "characterisation"]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Claims that cannot all be true. Which is, the program does not say."""

    kind: ContradictionKind
    about: str
    direction: str
    unit: str
    quantities: tuple[int, ...]
    claims: tuple[str, ...]
    why: str

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "about": self.about,
            "direction": self.direction or None,
            "unit": self.unit or None,
            "quantities": list(self.quantities),
            "claims": list(self.claims),
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Accusation:
    """What one side accuses another of, listed whether it was denied or not."""

    side: str
    about: str
    direction: str
    claims: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "side": self.side,
            "about": self.about,
            "direction": self.direction or None,
            "claims": list(self.claims),
        }


@dataclass(frozen=True, slots=True)
class Part:
    """The tally of one agreement, or of one transfer that belongs to none."""

    about: str
    series: tuple[Series, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    accusations: tuple[Accusation, ...] = ()

    def to_json(self, basis: Basis | None = None) -> dict[str, Any]:
        """As plain data, of one basis or of both."""
        kind, _, name = self.about.partition(":")
        said = basis != "record"
        return {
            kind: name,
            "series": [row.to_json() for row in self.series if basis is None or row.basis == basis],
            "contradictions": [one.to_json() for one in self.contradictions] if said else [],
            "accusations": [one.to_json() for one in self.accusations] if said else [],
        }


@dataclass(frozen=True)
class Tally:
    """Everything that follows from the claims known on a day (`as_of`; None: from all), and from our own record."""

    as_of: date | None
    agreements: tuple[Part, ...]
    transfers: tuple[Part, ...]

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """All rows of all agreements, then of the transfers that belong to none."""
        return tuple(chain.from_iterable(part.series for part in (*self.agreements, *self.transfers)))

    @cached_property
    def contradictions(self) -> tuple[Contradiction, ...]:
        """All contradictions."""
        return tuple(chain.from_iterable(part.contradictions for part in (*self.agreements, *self.transfers)))

    def to_json(self, by: By | None = None) -> dict[str, Any]:
        """As plain data: what was said, what was recorded, or both.

        Each agreement has its own contradictions; the list beside the agreements has those of all.
        """
        basis: Basis | None = {"said": "claims", "recorded": "record"}[by] if by else None  # type: ignore[assignment]
        return {
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "agreements": [part.to_json(basis) for part in self.agreements],
            "transfers": [part.to_json(basis) for part in self.transfers],
            "contradictions": [one.to_json() for one in self.contradictions] if by != "recorded" else [],
        }


def tally(
    claims: Iterable[Claim],
    agreements_info: Iterable[AgreementInfo] = (),
    links: Iterable[Link] = (),
    as_of: date | None = None,
    record: Iterable[Recorded] = (),
    *,
    transfer_days: Mapping[str, date] | None = None,
) -> Tally:
    """What follows from some claims, as far as they were known at the end of a day.

    `transfer_days` gives the days of transfers whose names are not days. For more than one tally of the same claims
    build an `Index` once. Raises `ValueError` where two claims have the same identifier.
    """
    return Index(claims, agreements_info, links, transfer_days=transfer_days).tally(as_of, record)


def called(wording: str) -> str | None:
    """What some words call a transfer: `unilateral`, `exchange`, or None where they say neither, or both.

    A denied word does not count, and is not taken for the other one: “not an exchange” says neither.

    >>> called("would unilaterally transfer"), called('an "exchange"'), called("6,000 for 6,000")
    ('unilateral', 'exchange', 'exchange')
    >>> called("not an exchange but a unilateral gesture"), called("the bodies were returned")
    ('unilateral', None)
    """
    text = " ".join(re.sub(r"[\"“”„«»‘’]", "", wording.casefold()).split())
    found = [
        name
        for name, pattern in _CALLED.items()
        if any(not _DENIED.search(text[: m.start()]) for m in pattern.finditer(text))
    ]
    return found[0] if len(found) == 1 else None


# ---- The index: what can be known of the claims before anybody asks for a day ----


class Index:
    """Claims grouped by what they are about, with all that was tallied before. Grows by `extend`.

    A part (one agreement, or one transfer that belongs to none) is tallied again only where something new was said
    of it, or where the day asked for lies on the other side of something said.
    """

    def __init__(
        self,
        claims: Iterable[Claim] = (),
        agreements_info: Iterable[AgreementInfo] = (),
        links: Iterable[Link] = (),
        *,
        transfer_days: Mapping[str, date] | None = None,
    ) -> None:
        self._said: dict[str, _Said] = {}
        self._about: dict[str, list[_Said]] = defaultdict(list)
        self._linking: dict[str, dict[str, list[_Said]]] = defaultdict(lambda: defaultdict(list))
        self._linked: dict[str, dict[str, int]] = defaultdict(dict)
        self._corrections: dict[str, list[_Said]] = defaultdict(list)
        self._until: dict[str, int] = {}
        self._infos = {info.name: info for info in agreements_info}
        self._days = {f"transfer:{name}": day.toordinal() for name, day in (transfer_days or {}).items()}
        self._parts: dict[str, _Part] = {}
        for name in self._infos:
            self._part(f"agreement:{name}")
        for link in links:
            since = 0 if link.since is None else link.since.toordinal()
            about = f"transfer:{link.transfer}"
            self._linked[about][link.agreement] = min(since, self._linked[about].get(link.agreement, since))
            self._part(f"agreement:{link.agreement}").members.add(about)
            self._part(about)
        self.extend(claims)

    def __len__(self) -> int:
        return len(self._said)

    def extend(self, claims: Iterable[Claim]) -> None:
        """Take more claims.

        Raises `ValueError`, and takes none of them, for an identifier that is there already or an unknown subject.
        """
        new = [_heard(claim) for claim in claims]
        names = {one.claim.id for one in new}
        if len(names) < len(new) or not names.isdisjoint(self._said):
            raise ValueError("two claims have the same identifier")
        for one in new:
            if not one.about.startswith(("transfer:", "agreement:")):
                raise ValueError(f"claim {one.claim.id} is about ‘{one.about}’, neither a transfer nor an agreement")
        for one in new:
            self._said[one.claim.id] = one
            self._take(one)
        for one in new:
            if one.claim.supersedes is not None:
                self._corrections[one.claim.supersedes].append(one)
        for name in [one.claim.supersedes or one.claim.id for one in new] + [one.claim.id for one in new]:
            self._correct(name)

    def _take(self, one: "_Said") -> None:
        about, agreement = one.about, one.claim.agreement
        self._about[about].append(one)
        part = self._parts.get(about) or self._part(about)
        if part.turns is not None or about in self._linking or about in self._linked:
            self._forget(about)
        # Also a running total, which is its agreement's, may tell that the transfer it came with is.
        if agreement is not None and one.claim.about.startswith("transfer:"):
            self._linking[one.claim.about][agreement].append(one)
            self._part(f"agreement:{agreement}").members.add(one.claim.about)
            self._part(one.claim.about)
            self._forget(one.claim.about)

    def _correct(self, name: str) -> None:
        """Note from which day on a claim no longer stands. Only its own side can correct it."""
        corrected, corrections = self._said.get(name), self._corrections.get(name)
        if corrected is None or corrections is None:
            return
        side = corrected.claim.side
        days = [one.last for one in corrections if one.claim.side == side and one is not corrected]
        if days:
            self._until[name] = min(days)
            self._forget(corrected.claim.about)

    def _part(self, about: str) -> "_Part":
        part = self._parts.get(about)
        if part is None:
            part = self._parts[about] = _Part(about)
        return part

    def _forget(self, about: str) -> None:
        """Something of this subject changed: what was tallied of it is void."""
        self._parts[about].forget()
        for agreement in (*self._linking.get(about, ()), *self._linked.get(about, ())):
            self._parts[f"agreement:{agreement}"].forget()

    def tally(self, as_of: date | None = None, record: Iterable[Recorded] = ()) -> Tally:
        """What follows from the claims, as far as they were known at the end of a day."""
        day = _ALWAYS if as_of is None else as_of.toordinal()
        tallied = {about: found for about, part in self._parts.items() if (found := self._tallied(part, day))}
        tallied = _with_record(tallied, record, day)
        kinds: dict[str, list[Part]] = {"agreement": [], "transfer": []}
        for about in sorted(tallied):
            kinds[about.partition(":")[0]].append(tallied[about])
        return Tally(as_of, tuple(kinds["agreement"]), tuple(kinds["transfer"]))

    def part(self, about: str, as_of: date | None = None) -> Part | None:
        """The tally of one agreement, or of one transfer that belongs to none; None where nothing was said."""
        part = self._parts.get(about)
        return None if part is None else self._tallied(part, _ALWAYS if as_of is None else as_of.toordinal())

    def subjects(self) -> tuple[str, ...]:
        """All agreements and transfers, as `agreement:NAME` and `transfer:NAME`, by name."""
        return tuple(sorted(self._parts))

    def days(self, about: str) -> tuple[date, ...]:
        """The days on which the tally of an agreement or transfer may change."""
        part = self._parts.get(about)
        turns = () if part is None else self._turns(part)
        return tuple(date.fromordinal(day) for day in turns if 0 < day < _ALWAYS)

    def _tallied(self, part: "_Part", day: int) -> Part | None:
        """The tally of one part. Between two days on which something changes it stays the same."""
        place = bisect_right(self._turns(part), day)
        if place not in part.results:
            if len(part.results) >= _KEPT_RESULTS:
                part.results.pop(next(iter(part.results)))
            part.results[place] = self._tally_part(part, day)
        return part.results[place]

    def _turns(self, part: "_Part") -> list[int]:
        if part.turns is None:
            turns = set()
            for about in (part.about, *part.members):
                said = [*self._about.get(about, ()), *chain.from_iterable(self._linking.get(about, {}).values())]
                turns.update([one.last for one in said])
                turns.update([until for one in said if (until := self._until.get(one.claim.id)) is not None])
                turns.update(self._linked.get(about, {}).values())
                turns.add(_stated_day(about, self._days))
            info = self._infos.get(part.about.removeprefix("agreement:"))
            if info is not None and info.since is not None:
                turns.add(info.since.toordinal())
            part.turns = sorted(turns)
        return part.turns

    def _stands(self, one: "_Said", day: int) -> bool:
        return one.last <= day and (one.claim.id not in self._until or day < self._until[one.claim.id])

    def _belongs_to(self, about: str, day: int) -> Iterator[str]:
        """The agreements under which a transfer was made, as far as is known on a day."""
        for agreement, since in self._linked.get(about, {}).items():
            if since <= day:
                yield agreement
        for agreement, linking in self._linking.get(about, {}).items():
            if any(self._stands(one, day) for one in linking):
                yield agreement

    def _tally_part(self, part: "_Part", day: int) -> Part | None:
        if part.about.startswith("transfer:") and next(self._belongs_to(part.about, day), None) is not None:
            return None
        name = part.about.removeprefix("agreement:")
        info = self._infos.get(name)
        said: dict[str, list[_Said]] = {}
        for about in (part.about, *part.members):
            if about == part.about or name in self._belongs_to(about, day):
                said[about] = [one for one in self._about.get(about, ()) if self._stands(one, day)]
        shown = info is not None and (info.since is None or info.since.toordinal() <= day)
        if not shown and not any(said.values()):
            return None
        return _Subject(part.about, said, info or AgreementInfo(name), day, self._days).tallied()


class _Part:
    """What the index keeps of one agreement or transfer."""

    __slots__ = ("about", "members", "results", "turns")

    def __init__(self, about: str) -> None:
        self.about = about
        self.members: set[str] = set()
        self.turns: list[int] | None = None
        self.results: dict[int, Part | None] = {}

    def forget(self) -> None:
        """Void what was tallied."""
        self.turns = None
        self.results.clear()


def _stated_day(about: str, days: Mapping[str, int]) -> int:
    """The day of a transfer as recorded, or as its name says; 0 where neither says one."""
    day = days.get(about)
    if day is None:
        match = re.match(r"transfer:([0-9]{4}-[0-9]{2}-[0-9]{2})", about)
        try:
            day = 0 if match is None else date.fromisoformat(match[1]).toordinal()
        except ValueError:
            day = 0
    return day


# ---- By day ----

_LineKey = tuple[str, str, Basis, bool]


@dataclass(frozen=True, slots=True)
class Spell:
    """A contradiction and how long it stood: from the day on which it was known until it was put right, or None."""

    contradiction: Contradiction
    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Line:
    """One series by day. A point says what held from that day on; None where there was no figure, or rival ones."""

    series: str
    direction: str
    basis: Basis
    is_sum: bool
    points: tuple[tuple[date, int | None], ...]
    claims: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "series": self.series,
            "direction": self.direction or None,
            "basis": self.basis,
            "is_sum": self.is_sum,
            "points": [{"day": day.isoformat(), "quantity": quantity} for day, quantity in self.points],
            "claims": list(self.claims),
        }


@dataclass(frozen=True, slots=True)
class Course:
    """Promise against said by day, for one agreement, direction and unit: what the picture shows."""

    agreement: str
    direction: str
    unit: str
    lines: tuple[Line, ...]
    contradictions: tuple[Spell, ...]

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "agreement": self.agreement,
            "direction": self.direction,
            "unit": self.unit,
            "lines": [line.to_json() for line in self.lines],
            "contradictions": [
                {"day": spell.since.isoformat(), **spell.contradiction.to_json()} for spell in self.contradictions
            ],
        }


def history(index: Index, about: str, as_of: date | None = None) -> tuple[Spell, ...]:
    """All contradictions that ever stood in the tally of an agreement or transfer, those put right among them.

    One that grows by a claim is another one from that day on.
    """
    standing: dict[Contradiction, date] = {}
    spells: list[Spell] = []
    for day in _days_until(index, about, as_of):
        part = index.part(about, day)
        now = dict.fromkeys(part.contradictions if part else ())
        spells += [Spell(one, standing.pop(one), day) for one in list(standing) if one not in now]
        for one in now:
            standing.setdefault(one, day)
    return (*spells, *(Spell(one, since, None) for one, since in standing.items()))


def _days_until(index: Index, about: str, as_of: date | None) -> list[date]:
    return [day for day in index.days(about) if as_of is None or day <= as_of]


def courses(index: Index, agreement: str, as_of: date | None = None) -> tuple[Course, ...]:
    """The course of an agreement in each direction and unit in which something was promised, summed or totalled."""
    about = f"agreement:{agreement}"
    found: dict[tuple[str, str], None] = {}
    for day in _days_until(index, about, as_of):
        part = index.part(about, day)
        found.update({(row.direction, row.unit): None for row in (part.series if part else ()) if row.about == about})
    # What goes both ways is shown with each way, and alone only where no way is named.
    one_way = {unit for direction, unit in found if direction != BOTH_WAYS}
    pairs = [(direction, unit) for direction, unit in found if direction != BOTH_WAYS or unit not in one_way]
    return tuple(course(index, agreement, direction, unit, as_of) for direction, unit in pairs)


def course(index: Index, agreement: str, direction: str, unit: str, as_of: date | None = None) -> Course:
    """What was known of an agreement on each day: promised, sums, totals as each speaker said them.

    A promise made both ways is shown in each direction, as what it is. Contradictions are those that stand at the end
    and have figures in this direction and unit.
    """
    about = f"agreement:{agreement}"
    points: dict[_LineKey, list[tuple[date, int | None]]] = {}
    claims: dict[_LineKey, dict[str, None]] = defaultdict(dict)
    for day in _days_until(index, about, as_of):
        now = _drawn(index.part(about, day), direction, unit)
        for key in dict.fromkeys([*points, *now]):
            found = now.get(key)
            quantity = None if found is None else found.quantity
            so_far = points.setdefault(key, [])
            if not so_far or so_far[-1][1] != quantity:
                so_far.append((day, quantity))
            claims[key].update(dict.fromkeys(found.claims if found else ()))
    lines = [Line(*key, tuple(points[key]), tuple(claims[key])) for key in points]
    lines.sort(key=lambda line: _RANK.get(line.series, _RANK[CUMULATIVE]))
    spells = [spell for spell in history(index, about, as_of) if spell.until is None and spell.contradiction.quantities]
    shown = [s for s in spells if (s.contradiction.direction, s.contradiction.unit) == (direction, unit)]
    return Course(agreement, direction, unit, tuple(lines), tuple(shown))


def _drawn(part: Part | None, direction: str, unit: str) -> dict[_LineKey, Series]:
    """The rows about the agreement itself, in one unit and direction, and promises made both ways."""
    if part is None:
        return {}
    return {
        (row.series, row.direction, row.basis, row.is_sum): row
        for row in part.series
        if row.about == part.about
        and row.unit == unit
        and (row.direction == direction or (row.series == PROMISED and row.direction == BOTH_WAYS))
    }


# ---- One agreement, or one transfer that belongs to none, on one day ----


@dataclass(slots=True)
class _Said:
    """A claim with whose it is, which is not the speaker where somebody is quoted. `side` is None where unknown.

    `order` is the order of claims wherever they are listed: as they became known.
    """

    claim: Claim
    about: str
    receiver: str | None
    speaker: str
    side: str | None
    first: int
    last: int
    order: tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class _Sums:
    """Figures of one side over the transfers in one direction and unit, by day."""

    days: list[int]
    totals: list[int]
    complete_to: int  # how many of the first transfers all have one figure each
    said: list[list[_Said]]
    all_days: list[int]  # of every transfer of the agreement, whatever the direction

    def upto(self, day: int) -> int | None:
        """The sum over the transfers up to a day, or None where there is none."""
        count = bisect_right(self.days, day)
        # One figure among several transfers is that transfer's; it is no sum of what went this way.
        alone = count == 1 and bisect_right(self.all_days, day) > 1
        return None if count == 0 or count > self.complete_to or alone else self.totals[count - 1]

    def said_upto(self, day: int) -> list[_Said]:
        """The claims that make the sum."""
        return list(chain.from_iterable(self.said[: bisect_right(self.days, day)]))


class _Subject:
    """The claims that stand on one day about one agreement (or lone transfer), and what follows from them."""

    def __init__(
        self, about: str, said: Mapping[str, list[_Said]], info: AgreementInfo, day: int, days: Mapping[str, int]
    ) -> None:
        self.about = about
        self.info = info
        self.day = day
        speakers = _sides_of_speakers(chain.from_iterable(said.values()), info)
        self.said = {name: [_attributed(one, speakers) for one in some] for name, some in said.items()}
        self.parties = _parties(chain.from_iterable(self.said.values()), info)
        self.shared_names = {speaker for speaker, sides in _sides_by_speaker(self.said).items() if len(sides) > 1}
        # Figures by series name, subject, direction and unit; and those of one quantity, whoever said them.
        self.figures: dict[tuple[str, str, str, str], list[_Said]] = defaultdict(list)
        self.rivals: dict[tuple[str, str, str], list[_Said]] = defaultdict(list)
        self.promises: dict[tuple[str, str, str], list[_Said]] = defaultdict(list)
        self.totals: dict[tuple[str, str, str], list[_Said]] = defaultdict(list)
        self.ranks: dict[str, int] = {}
        for some in self.said.values():
            for one in some:
                self._sort(one)
        self.transfers = {name: self._transfer_day(name, days) for name in self.said if name.startswith("transfer:")}
        self.known, self.spoken_of = self._known_transfers()

    def tallied(self) -> Part:
        """All rows, contradictions and accusations, in an order that no name decides."""
        sums = dict(self._sums())
        rows = [*self._rows(), *self._sum_rows(sums)]
        rows.sort(key=lambda row: row[0])
        contradictions = [
            *self._promise_contradictions(),
            *self._figure_contradictions(),
            *self._total_contradictions(),
            *self._sum_contradictions(sums),
            *self._denied_accusations(),
            *self._characterisations(),
        ]
        return Part(self.about, tuple(row for _, row in rows), tuple(contradictions), tuple(self._accusations()))

    # -- whose figure it is

    def _sort(self, one: _Said) -> None:
        """Put a figure where it belongs."""
        claim = one.claim
        if claim.quantity is None:
            return
        key = (one.about, claim.direction, claim.unit)
        if claim.kind == Kind.CUMULATIVE:
            self._put(f"{CUMULATIVE} by {self._name(one)}", _RANK[CUMULATIVE], key, one)
            self.totals[key].append(one)
        elif claim.kind in _SERIES_OF:
            series = _SERIES_OF[Kind(claim.kind)]
            if self._is_own(one, series):
                self._put(series, _RANK[series], key, one)
            else:
                self._put(f"said by {self._name(one)}: {series}", _APART, key, one)
            (self.promises if series == PROMISED else self.rivals)[key].append(one)

    def _put(self, series: str, rank: int, key: tuple[str, str, str], one: _Said) -> None:
        self.ranks[series] = rank
        self.figures[(series, *key)].append(one)

    def _name(self, one: _Said) -> str:
        """Whose claim it is; with the side where two sides have a speaker of that name."""
        if one.side is None:
            return f"{one.claim.speaker} quoting {one.speaker}"
        return f"{one.speaker} ({one.side})" if one.speaker in self.shared_names else one.speaker

    def _is_own(self, one: _Said, series: str) -> bool:
        """Whether it is for this speaker to say: the giver what was handed over, the receiver what was received."""
        if one.side == JOINT:
            return True
        if one.side is None or one.side == PRESS:
            return False
        if series == Kind.RECEIVED:
            return one.side == one.receiver
        if series == Kind.HANDED_OVER:
            return one.side == self._giver(one.claim.direction)
        return len(self.parties) < 2 or one.side in self.parties

    def _giver(self, direction: str) -> str | None:
        receiver = _receiver(direction)
        others = [party for party in self.parties if party != receiver]
        return others[0] if receiver is not None and len(others) == 1 else None

    # -- transfers and sums

    def _transfer_day(self, name: str, days: Mapping[str, int]) -> int:
        """The day of a transfer: as stated, else the first on which it was said to have happened, else none yet."""
        stated = _stated_day(name, days)
        if stated:
            return stated
        heard = (one.last for one in self.said[name] if one.claim.kind in _HELD)
        return min(heard, default=_ALWAYS + 1)

    def _known_transfers(self) -> tuple[dict[str, list[str]], set[str]]:
        """By direction, the transfers of which somebody spoke in that direction, by day; and all of them."""
        known: dict[str, set[str]] = defaultdict(set)
        for name in self.transfers:
            for one in self.said[name]:
                if one.claim.kind not in _NO_SIGN_OF_A_TRANSFER:
                    known[one.claim.direction].add(name)
        spoken_of = set().union(*known.values())
        both = known.pop(BOTH_WAYS, set())
        by_direction = {
            direction: sorted(names | both, key=lambda name: (self.transfers[name], name))
            for direction, names in known.items()
            if direction
        }
        return by_direction, spoken_of

    def _sums(self) -> Iterator[tuple[tuple[str, str, str, str], _Sums]]:
        """For each series, side, direction and unit of an agreement: the figures of that side, transfer by transfer."""
        if self.about in self.transfers:
            return
        all_days = sorted(self.transfers[name] for name in self.spoken_of if self._took_place(name))
        units: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for series, about, direction, unit in self.figures:
            if about in self.transfers:
                units[series, direction][unit] = None
        for direction, names in self.known.items():
            for series, side in self._summed(direction):
                required = [name for name in names if self._is_due(name, series, direction)]
                for unit in units.get((series, direction), ()):
                    figures = [self._figure(series, side, name, direction, unit) for name in required]
                    yield (series, side, direction, unit), self._add_up(required, figures, all_days)

    def _summed(self, direction: str) -> Iterator[tuple[str, str]]:
        """The series of which sums are made, and whose figures they are."""
        receiver, giver = _receiver(direction), self._giver(direction)
        for side in (giver, receiver):
            if side is not None:
                yield str(Kind.DECLARED), side
        if giver is not None:
            yield str(Kind.HANDED_OVER), giver
        if receiver is not None:
            yield str(Kind.RECEIVED), receiver

    def _took_place(self, name: str) -> bool:
        """Whether the day of a transfer has come, or somebody says that it happened."""
        return self.transfers[name] <= self.day or any(one.claim.kind in _HELD for one in self.said[name])

    def _is_due(self, name: str, series: str, direction: str) -> bool:
        """Whether a transfer must have a figure: once its day has come, or somebody says that it happened."""
        if series == Kind.DECLARED or self.transfers[name] <= self.day:
            return True
        return any(one.claim.direction == direction and one.claim.kind in _HELD for one in self.said[name])

    def _figure(self, series: str, side: str, name: str, direction: str, unit: str) -> list[_Said]:
        """The claims that give one figure of one side for one transfer; none where there is none, or rival ones."""
        said = [one for one in self.figures.get((series, name, direction, unit), ()) if one.side in (side, JOINT)]
        return said if len({one.claim.quantity for one in said}) == 1 else []

    def _add_up(self, names: Sequence[str], figures: Sequence[list[_Said]], all_days: list[int]) -> _Sums:
        complete = next((place for place, said in enumerate(figures) if not said), len(figures))
        quantities = (said[0].claim.quantity or 0 for said in figures[:complete])
        return _Sums(
            [self.transfers[name] for name in names], list(accumulate(quantities)), complete, list(figures), all_days
        )

    # -- rows

    def _rows(self) -> Iterator[tuple[tuple[Any, ...], Series]]:
        for (series, about, direction, unit), said in self.figures.items():
            rank = self.ranks[series]
            shown = _latest(said) if rank == _RANK[CUMULATIVE] else said
            row = _row(series, about, direction, unit, [one.claim.quantity for one in shown], shown)
            yield self._order(rank, about, shown), row

    def _sum_rows(self, sums: Mapping[tuple[str, str, str, str], _Sums]) -> Iterator[tuple[tuple[Any, ...], Series]]:
        found: dict[tuple[str, str, str], list[tuple[int, list[_Said]]]] = defaultdict(list)
        for (series, _, direction, unit), added in sums.items():
            # A transfer whose day lies ahead is among them only where it was said to have happened, or was declared.
            total = added.upto(_ALWAYS + 1)
            if total is not None:
                found[series, direction, unit].append((total, added.said_upto(_ALWAYS + 1)))
        for (series, direction, unit), some in found.items():
            said = list({one.claim.id: one for _, part in some for one in part}.values())
            row = replace(_row(series, self.about, direction, unit, [total for total, _ in some], said), is_sum=True)
            yield self._order(_RANK[series], self.about, said), row

    def _order(self, rank: int, about: str, said: Iterable[_Said]) -> tuple[Any, ...]:
        """Agreements before transfers, these by day; then by the first claim: a side's name decides nothing."""
        return rank, about in self.transfers, self.transfers.get(about, 0), min(one.order for one in said)

    # -- contradictions

    def _promise_contradictions(self) -> Iterator[Contradiction]:
        found: list[tuple[tuple[Any, ...], Contradiction]] = []
        for key, said in self.promises.items():
            if _differ(said):
                why = f"promises differ: {_told(said)}"
                found.append((self._order(0, key[0], said), _contradiction("promises", key, said, why)))
        yield from _ordered(found)

    def _figure_contradictions(self) -> Iterator[Contradiction]:
        """Declared, handed over and received of one transfer; of an agreement, only what was said on the same days."""
        found: list[tuple[tuple[Any, ...], Contradiction]] = []
        for key, said in self.rivals.items():
            groups: dict[Any, list[_Said]] = defaultdict(list)
            for one in said:
                groups[None if key[0] in self.transfers else one.claim.said].append(one)
            for group in groups.values():
                if _differ(group):
                    why = f"figures for one quantity differ: {_told(group)}"
                    found.append((self._order(0, key[0], group), _contradiction("figures", key, group, why)))
        yield from _ordered(found)

    def _total_contradictions(self) -> Iterator[Contradiction]:
        """Totals of one state of things that differ, and totals that went down."""
        found: list[tuple[tuple[Any, ...], Contradiction]] = []
        # A transfer of which nobody said what went this way may have added to the total all the same.
        last = max((self.transfers[name] for name in self.spoken_of if self._took_place(name)), default=None)
        for key, said in self.totals.items():
            groups = _states(said, last)
            for group in groups:
                if _differ(group):
                    why = f"totals of the same state differ: {_told(group)}"
                    found.append((self._order(0, key[0], group), _contradiction("totals", key, group, why)))
            for fallen in _falls(groups):
                why = f"a total cannot go down: {_told(fallen)}"
                found.append((self._order(1, key[0], fallen), _contradiction("falling total", key, fallen, why)))
        yield from _ordered(found)

    def _sum_contradictions(self, sums: Mapping[tuple[str, str, str, str], _Sums]) -> Iterator[Contradiction]:
        """A side's own figures for the transfers up to a day, against the total that the same side said that day."""
        found: dict[tuple[Any, ...], list[_Said]] = defaultdict(list)
        for (about, direction, unit), said in self.totals.items():
            for one in said if about == self.about else ():
                for series in self._compared(one, direction):
                    key = (series, direction, unit)
                    sides = [side for _, side in self._summed(direction)] if one.side == JOINT else [one.side]
                    for side in dict.fromkeys(sides):
                        added = sums.get((series, str(side), direction, unit))
                        total = None if added is None else _missed(added, one)
                        if total is not None:
                            found[about, *key, side, total, one.claim.quantity, one.last].append(one)
        told: list[tuple[tuple[Any, ...], Contradiction]] = []
        for (about, series, direction, unit, side, total, quantity, last), said in found.items():
            claims = [*sums[series, side, direction, unit].said_upto(last), *said]
            why = f"a sum that does not add up: {series} of each transfer ({side}) make {total:,}, total {quantity:,}"
            quantities = tuple(sorted((total, quantity)))
            one_found = Contradiction("sum", about, direction, unit, quantities, _ids(claims), why)
            told.append((self._order(0, about, said), one_found))
        yield from _ordered(told)

    def _compared(self, one: _Said, direction: str) -> Iterator[str]:
        if one.side in (JOINT, _receiver(direction)) and one.side is not None:
            yield str(Kind.RECEIVED)
        if one.side in (JOINT, self._giver(direction)) and one.side is not None:
            yield str(Kind.HANDED_OVER)

    def _accusations(self) -> Iterator[Accusation]:
        groups: dict[tuple[str, str, str], list[_Said]] = defaultdict(list)
        for one in sorted(self._of_kind(Kind.ACCUSATION), key=_ORDER):
            groups[one.side or self._name(one), one.claim.about, one.claim.direction].append(one)
        for (side, about, direction), said in groups.items():
            yield Accusation(side, about, direction, _ids(said))

    def _denied_accusations(self) -> Iterator[Contradiction]:
        """An accusation and what another side said against it, then or later."""
        accusations: dict[str, list[_Said]] = defaultdict(list)
        denials: dict[str, list[_Said]] = defaultdict(list)
        for kind, by_side in ((Kind.ACCUSATION, accusations), (Kind.DENIAL, denials)):
            for one in sorted(self._of_kind(kind), key=_ORDER):
                if one.side is not None and one.side != JOINT:
                    by_side[one.side].append(one)
        for accuser, accused in accusations.items():
            for denier, denied in denials.items():
                if accuser != denier:
                    yield from self._denied(accuser, accused, denier, denied)

    def _denied(
        self, accuser: str, accused: Sequence[_Said], denier: str, denied: Sequence[_Said]
    ) -> Iterator[Contradiction]:
        directions = dict.fromkeys(one.claim.direction for one in accused)
        for direction in directions:
            answers = [one for one in denied if one.claim.direction in (direction, BOTH_WAYS, "")]
            charges = [one for one in accused if one.claim.direction == direction]
            first_charge = min(one.first for one in charges)
            last_answer = max((one.last for one in answers), default=0)
            charges = [one for one in charges if one.first <= last_answer]
            answers = [one for one in answers if one.last >= first_charge]
            if charges and answers:
                why = f"{accuser} accuses, {denier} denies"
                claims = _ids([*charges, *answers])
                yield Contradiction("accusation", self.about, direction, "", (), claims, why)

    def _characterisations(self) -> Iterator[Contradiction]:
        """What is called unilateral here and an exchange there."""
        groups: dict[str, dict[str, list[_Said]]] = defaultdict(lambda: defaultdict(list))
        for one in self._of_kind(Kind.PROMISE, Kind.CHARACTERISATION):
            name = called(one.claim.wording)
            if name is not None:
                groups[one.claim.about][name].append(one)
        found: list[tuple[tuple[Any, ...], Contradiction]] = []
        for about, by_name in groups.items():
            if len(by_name) > 1:
                said = list(chain.from_iterable(by_name.values()))
                directions = {one.claim.direction for one in said}
                direction = directions.pop() if len(directions) == 1 else ""
                why = "called " + ", and called ".join(
                    f"{name} by {_sides(by_name[name])}" for name in WORDS if name in by_name
                )
                told = Contradiction("characterisation", about, direction, "", (), _ids(said), why)
                found.append((self._order(0, about, said), told))
        yield from _ordered(found)

    def _of_kind(self, *kinds: Kind) -> Iterator[_Said]:
        return (one for some in self.said.values() for one in some if one.claim.kind in kinds)


def _receiver(direction: str) -> str | None:
    return direction[3:] if direction.startswith("to ") else None


def _heard(claim: Claim) -> _Said:
    """A claim as it stands. A running total said with a transfer is one of its agreement."""
    first, last = claim.said[0].toordinal(), claim.said[1].toordinal()
    is_total = claim.kind == Kind.CUMULATIVE and claim.agreement is not None and claim.about.startswith("transfer:")
    about = f"agreement:{claim.agreement}" if is_total else claim.about
    receiver = _receiver(claim.direction)
    return _Said(claim, about, receiver, claim.speaker, claim.side, first, last, (last, first, claim.id))


def _attributed(one: _Said, speakers: Mapping[str, str | None]) -> _Said:
    """A claim that quotes somebody is the quoted one's."""
    quoting = one.claim.quoting
    return replace(one, speaker=quoting, side=speakers.get(quoting)) if quoting else one


def _sides_of_speakers(said: Iterable[_Said], info: AgreementInfo) -> dict[str, str | None]:
    """For which side each speaks, by what they say themselves; None where it is for two. A side speaks for itself."""
    speakers: dict[str, str | None] = {}
    names = set(info.parties)
    for one in said:
        names.add(one.claim.side)
        if one.receiver is not None:
            names.add(one.receiver)
        if not one.claim.quoting and speakers.setdefault(one.speaker, one.side) != one.side:
            speakers[one.speaker] = None
    return {**speakers, **{name: name for name in names}, **info.speakers}


def _sides_by_speaker(said: Mapping[str, Iterable[_Said]]) -> dict[str, set[str | None]]:
    sides: dict[str, set[str | None]] = defaultdict(set)
    for one in chain.from_iterable(said.values()):
        sides[one.speaker].add(one.side)
    return sides


def _parties(said: Iterable[_Said], info: AgreementInfo) -> frozenset[str]:
    """The sides between which things go: as recorded; else those that directions name, and who gives to the one named.

    Where only one side is named as a receiver, the giver is the only other side that speaks, or the only one that
    promises, declares or hands over. Where that leaves several, the giver stays unknown.
    """
    if info.parties:
        return frozenset(info.parties)
    named: set[str] = set()
    others: set[str] = set()
    giving: set[str] = set()
    for one in said:
        if one.receiver is not None:
            named.add(one.receiver)
        if one.side is not None:
            others.add(one.side)
            if one.claim.kind in (Kind.PROMISE, Kind.DECLARED, Kind.HANDED_OVER):
                giving.add(one.side)
    if len(named) >= 2:
        return frozenset(named)
    others -= named | {PRESS, JOINT}
    giving &= others
    for candidates in (others, giving):
        if len(candidates) == 1 or not named:
            return frozenset(named | candidates)
    return frozenset(named)


def _row(
    series: str, about: str, direction: str, unit: str, quantities: Iterable[int | None], said: Iterable[_Said]
) -> Series:
    distinct = tuple(sorted({quantity for quantity in quantities if quantity is not None}))
    quantity = distinct[0] if len(distinct) == 1 else None
    return Series(series, about, direction, unit, "claims", quantity, distinct, _ids(said))


def _ids(said: Iterable[_Said]) -> tuple[str, ...]:
    return tuple([one.claim.id for one in sorted(said, key=_ORDER)])


def _latest(said: Sequence[_Said]) -> list[_Said]:
    """A speaker's running total: the latest, and with it what cannot be true beside it (a greater one said before)."""
    last = max(one.last for one in said)
    latest = [one for one in said if one.last == last]
    least = min(one.claim.quantity or 0 for one in latest)
    return latest + [one for one in said if one.last < last and (one.claim.quantity or 0) > least]


def _states(said: Iterable[_Said], last_transfer: int | None) -> list[list[_Said]]:
    """Totals that speak of the same state: said on the same days, or all after the last transfer."""
    groups: dict[Any, list[_Said]] = defaultdict(list)
    for one in said:
        final = last_transfer is not None and one.first >= last_transfer
        groups["final" if final else one.claim.said].append(one)
    return list(groups.values())


def _falls(groups: Sequence[list[_Said]]) -> Iterator[list[_Said]]:
    """Totals below one that was said before them, each with the greatest such."""
    spans = [(min(one.first for one in group), max(one.last for one in group), group) for group in groups]
    earlier = sorted(spans, key=lambda span: (span[1], span[0]))
    greatest: list[_Said] = []
    place = 0
    for first, last, group in sorted(spans, key=lambda span: (span[0], span[1])):
        while place < len(earlier) and earlier[place][1] <= first and earlier[place][2] is not group:
            greatest = _greatest([*greatest, *earlier[place][2]])
            place += 1
        below = [one for one in group if greatest and (one.claim.quantity or 0) < (greatest[0].claim.quantity or 0)]
        if below:
            yield [*greatest, *below]
        if place < len(earlier) and earlier[place][2] is group and last <= first:
            greatest = _greatest([*greatest, *group])
            place += 1


def _greatest(said: Sequence[_Said]) -> list[_Said]:
    most = max(one.claim.quantity or 0 for one in said)
    return [one for one in said if one.claim.quantity == most]


def _missed(added: _Sums, total: _Said) -> int | None:
    """The sum that a total should be and is not; None where it is, or where there is no sum.

    Of a total said on one of several days it is enough that it is the sum of one of them.
    """
    begin, end = bisect_left(added.days, total.first), bisect_right(added.days, total.last)
    days = [total.first, *added.days[begin:end], total.last]
    sums = [added.upto(day) for day in days]
    if None in sums or total.claim.quantity in sums:
        return None
    return sums[-1]


def _differ(said: Iterable[_Said]) -> bool:
    return len({one.claim.quantity for one in said}) > 1


def _told(said: Iterable[_Said]) -> str:
    """Who said what, short: kind, figure and side.

    An order of the figures, not of the names: with the sides swapped, the same sentence follows.
    """
    parts: dict[str, tuple[int, int, str]] = {}
    for one in sorted(said, key=_ORDER):
        quantity = one.claim.quantity or 0
        text = f"{one.claim.kind} {quantity:,} ({one.side or one.speaker})"
        parts.setdefault(text, one.order)
    shown = list(parts)[:8]
    return ", ".join(shown) + (f" and {len(parts) - len(shown)} more" if len(parts) > len(shown) else "")


def _sides(said: Iterable[_Said]) -> str:
    return " and ".join(dict.fromkeys(one.side or one.speaker for one in sorted(said, key=_ORDER)))


def _contradiction(
    kind: ContradictionKind, key: tuple[str, str, str], said: Sequence[_Said], why: str
) -> Contradiction:
    about, direction, unit = key
    quantities = tuple(sorted({one.claim.quantity for one in said if one.claim.quantity is not None}))
    return Contradiction(kind, about, direction, unit, quantities, _ids(said), why)


def _ordered(found: Iterable[tuple[tuple[Any, ...], Contradiction]]) -> Iterator[Contradiction]:
    return (one for _, one in sorted(found, key=lambda pair: (pair[0], pair[1].claims)))


# ---- Our own record ----


def _with_record(parts: Mapping[str, Part], record: Iterable[Recorded], day: int) -> dict[str, Part]:
    """The same parts with the counts of our own record below the claims."""
    latest: dict[tuple[str, str, str, str, str], list[Recorded]] = defaultdict(list)
    for one in record:
        if one.day.toordinal() <= day:
            home = one.about if one.agreement is None else f"agreement:{one.agreement}"
            latest[home, one.series, one.about, one.direction, one.unit].append(one)
    rows: dict[str, list[Series]] = defaultdict(list)
    for (home, series, about, direction, unit), some in sorted(latest.items(), key=_record_order):
        last = max(one.day for one in some)
        counts = tuple(sorted({one.quantity for one in some if one.day == last}))
        quantity = counts[0] if len(counts) == 1 else None
        rows[home].append(Series(series, about, direction, unit, "record", quantity, counts, ()))
    joined = dict(parts)
    for home, some_rows in rows.items():
        part = parts.get(home, Part(home))
        joined[home] = Part(home, (*part.series, *some_rows), part.contradictions, part.accusations)
    return joined


def _record_order(item: tuple[tuple[str, str, str, str, str], list[Recorded]]) -> tuple[Any, ...]:
    home, series, about, direction, unit = item[0]
    rank = RECORDED.index(series) if series in RECORDED else len(RECORDED)
    return home, rank, series, about, direction, unit
