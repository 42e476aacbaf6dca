"""Files that bring claims and prisoner lists: rows become actions, and what they would change is said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from antigone.casework.agreements.actions import (
    ClaimMade,
    Days,
    ListPrisoner,
    Publication,
    RecordPrisonerList,
    RecordReturn,
    RecordStatement,
)
from antigone.casework.agreements.models import Claim, ListedPrisoner, PrisonerList, Statement
from antigone.casework.journal.office import Office
from antigone.casework.journal.quarantine import Difference, Incoming
from antigone.formats.claims import ClaimRow, read_claims
from antigone.formats.prisoners import PrisonerRow, read_prisoners


@dataclass(frozen=True, slots=True)
class Read:
    """A file, read: the actions that it asks for, and how they differ from the record."""

    rows: int
    incoming: tuple[Incoming, ...]
    differences: tuple[Difference, ...]


def claims_file(office: Office, path: Path) -> Read:
    """Claims (`formats.claims`). A row that says something else than before becomes a correction that supersedes it."""
    rows = read_claims(path)
    record = _claims_on_record(office)
    newest = _newest(record)
    incoming: list[Incoming] = []
    differences: list[Difference] = []
    for row in rows:
        given = _as_fields(row)
        current = newest.get(row.claim_id)
        if current is None:
            name, supersedes, change, fields = row.claim_id, row.supersedes, "new", {}
        else:
            here = record[current]
            fields = {k: (here[k], given[k]) for k in given if here[k] != given[k] and k != "supersedes"}
            if not fields:
                continue
            name, supersedes, change = _revision(current), current, "corrected"
        incoming.append(Incoming(_statement(row, name, supersedes), path.name, row.line))
        differences.append(Difference(row.line, "claim", name, change, fields))
    return Read(len(rows), tuple(incoming), tuple(differences))


def prisoners_file(office: Office, path: Path) -> Read:
    """Prisoner lists (`formats.prisoners`): new lists, new people on them, and returns."""
    rows = read_prisoners(path)
    lists = set(PrisonerList.objects.using(office.using).values_list("id", flat=True))
    people = {row.id: row for row in ListedPrisoner.objects.using(office.using).all()}
    incoming: list[Incoming] = []
    differences: list[Difference] = []
    for row in rows:
        if row.list not in lists:
            lists.add(row.list)
            incoming.append(Incoming(_prisoner_list(row), path.name, row.line))
            differences.append(Difference(row.line, "prisoner list", row.list, "new", {}))
        known = people.get(f"{row.list}/{row.alias}")
        if known is None:
            incoming.append(Incoming(_listed(row), path.name, row.line))
            differences.append(Difference(row.line, "prisoner", f"{row.list}/{row.alias}", "new", {}))
        if row.returned_on is not None and (known is None or known.returned_on is None):
            returned = RecordReturn(
                list=row.list, alias=row.alias, returned_on=row.returned_on, verified_by=row.verified_by
            )
            incoming.append(Incoming(returned, path.name, row.line))
            if known is not None:
                fields = {"returned_on": (None, row.returned_on.isoformat())}
                differences.append(Difference(row.line, "prisoner", known.id, "corrected", fields))
    return Read(len(rows), tuple(incoming), tuple(differences))


KINDS = {"claims": claims_file, "prisoners": prisoners_file}


def _prisoner_list(row: PrisonerRow) -> RecordPrisonerList:
    return RecordPrisonerList(
        list=row.list,
        side=row.side,
        day=row.day,
        direction=row.direction,
        agreement=row.agreement,
        claimed=row.claimed,
        publisher=row.publisher,
    )


def _listed(row: PrisonerRow) -> ListPrisoner:
    captured = Days(first=row.captured[0], last=row.captured[1]) if row.captured else None
    return ListPrisoner(list=row.list, alias=row.alias, captured=captured, person_name=row.name, born=row.born)


def _statement(row: ClaimRow, name: str, supersedes: str | None) -> RecordStatement:
    publications = tuple(
        Publication(publisher=publisher, on=on) for publisher, on in zip(row.publishers, row.published_on, strict=True)
    )
    claim = ClaimMade(
        claim=name,
        about=row.about,
        agreement=row.agreement,
        kind=row.kind.value,
        quantity=row.quantity,
        unit=row.unit,
        direction=row.direction,
        wording=row.wording,
        supersedes=supersedes,
    )
    return RecordStatement(
        statement=name,
        days=Days(first=row.said_on[0], last=row.said_on[1]),
        speaker=row.speaker,
        quoting=row.quoting,
        side=row.side,
        publications=publications,
        digest=row.digest,
        claims=(claim,),
    )


def _as_fields(row: ClaimRow) -> dict[str, Any]:
    return {
        "said_on": _days(*row.said_on),
        "speaker": row.speaker,
        "quoting": row.quoting,
        "side": row.side,
        "about": row.about,
        "agreement": row.agreement or "",
        "kind": row.kind.value,
        "quantity": row.quantity,
        "unit": row.unit,
        "direction": row.direction,
        "wording": row.wording,
        "publishers": [[p, on.isoformat()] for p, on in zip(row.publishers, row.published_on, strict=True)],
        "digest": row.digest or "",
        "supersedes": row.supersedes or "",
    }


def _claims_on_record(office: Office) -> dict[str, dict[str, Any]]:
    statements = {row.id: row for row in Statement.objects.using(office.using).all()}
    found = {}
    for claim in Claim.objects.using(office.using).all():
        said = statements[claim.statement]
        found[claim.id] = {
            "said_on": _days(said.first_day, said.last_day),
            "speaker": said.speaker,
            "quoting": said.quoting,
            "side": said.side,
            "about": claim.about,
            "agreement": claim.agreement,
            "kind": claim.kind,
            "quantity": claim.quantity,
            "unit": claim.unit,
            "direction": claim.direction,
            "wording": claim.wording,
            "publishers": said.publishers,
            "digest": said.digest,
            "supersedes": claim.supersedes,
        }
    return found


def _newest(record: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Name in a file → the last of its revisions on record."""
    found: dict[str, str] = {}
    for name in sorted(record, key=lambda name: (name.partition("~")[0], _number(name))):
        found[name.partition("~")[0]] = name
    return found


def _revision(name: str) -> str:
    return f"{name.partition('~')[0]}~{_number(name) + 1}"


def _number(name: str) -> int:
    _, mark, number = name.partition("~")
    return int(number) if mark else 1


def _days(first: date, last: date) -> str:
    return first.isoformat() if first == last else f"{first}/{last}"


def kinds() -> Sequence[str]:
    """What can be imported."""
    return tuple(KINDS)
