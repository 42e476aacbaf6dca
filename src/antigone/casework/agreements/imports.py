"""Files that bring claims and prisoner lists: rows become actions, and what they would change is said."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from antigone.casework.agreements.actions import ClaimMade, Days, Publication, RecordStatement
from antigone.casework.agreements.models import Claim, Statement
from antigone.casework.journal.office import Office
from antigone.casework.journal.quarantine import Difference, Incoming
from antigone.formats.claims import ClaimRow, read_claims


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


KINDS = {"claims": claims_file}


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
