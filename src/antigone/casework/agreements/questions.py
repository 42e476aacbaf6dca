"""What can be asked of agreements: the tally, one thing with all that was said of it, how contradictions came about."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from antigone.casework.agreements.models import (
    Agreement,
    Claim,
    ListedPrisoner,
    Obligation,
    PrisonerList,
    Statement,
    Talks,
    Transfer,
    TransferLink,
)
from antigone.casework.agreements.tallies import AgreementInfo, Index, Link, history
from antigone.casework.agreements.tallies import Claim as Said
from antigone.casework.journal.models import Entry
from antigone.casework.journal.office import Office
from antigone.ledger.canonical import parsed

_SAID_IN = ("first_day", "last_day", "speaker", "quoting", "side", "publishers")
_CLAIMED = ("id", "statement", "about", "agreement", "kind", "quantity", "unit", "direction", "wording", "supersedes")


def index(office: Office) -> Index:
    """All claims on record, ready to be tallied for any day. Plain values: a hundred thousand claims are common."""
    using = office.using
    said_in = {name: rest for name, *rest in Statement.objects.using(using).values_list("id", *_SAID_IN).iterator()}
    rows = Claim.objects.using(using).order_by("entry", "id").values_list(*_CLAIMED)
    claims = [_said(row, said_in[row[1]]) for row in rows.iterator(chunk_size=2000)]
    infos = [AgreementInfo(row.id, since=row.last_day) for row in Agreement.objects.using(using).order_by("id")]
    links = [Link(row.transfer, row.agreement) for row in TransferLink.objects.using(using).order_by("entry")]
    days = {row.id: row.last_day for row in Transfer.objects.using(using).all() if row.last_day is not None}
    return Index(claims, infos, links, transfer_days=days)


def _said(claimed: Sequence[Any], said_in: Sequence[Any]) -> Said:
    name, _, about, agreement, kind, quantity, unit, direction, wording, supersedes = claimed
    first_day, last_day, speaker, quoting, side, publishers = said_in
    return Said(
        id=name,
        said=(first_day, last_day),
        speaker=speaker,
        quoting=quoting,
        side=side,
        about=about,
        agreement=agreement or None,
        kind=kind,
        quantity=quantity,
        unit=unit,
        direction=direction,
        wording=wording,
        publishers=tuple(publisher for publisher, _ in publishers),
        supersedes=supersedes or None,
    )


def contradiction_history(all_claims: Index) -> list[dict[str, Any]]:
    """Every contradiction that ever stood: since which day, and until which it did."""
    whole = all_claims.tally()
    spells = [spell for part in (*whole.agreements, *whole.transfers) for spell in history(all_claims, part.about)]
    spells.sort(key=lambda spell: (spell.since, spell.contradiction.about))
    return [
        {
            **spell.contradiction.to_json(),
            "since": spell.since.isoformat(),
            "until": spell.until.isoformat() if spell.until else None,
        }
        for spell in spells
    ]


def agreement(office: Office, name: str) -> dict[str, Any] | None:
    """An agreement: what it promises, its talks, transfers that belong to it, and what was said."""
    row = Agreement.objects.using(office.using).filter(id=name).first()
    if row is None:
        return None
    using = office.using
    linked = TransferLink.objects.using(using).filter(agreement=name).order_by("entry")
    claims = Claim.objects.using(using).filter(agreement=name).order_by("entry", "id")
    named = sorted({claim.about.partition(":")[2] for claim in claims if claim.about.startswith("transfer:")})
    return {
        **_plain(row),
        "source": _source(office, row.entry),
        "obligations": [
            _plain(one) for one in Obligation.objects.using(using).filter(agreement=name).order_by("entry")
        ],
        "talks": [_plain(one) for one in Talks.objects.using(using).filter(agreement=name).order_by("entry")],
        "transfers_by_claims": named,
        "transfers_by_people": [_plain(one) for one in linked],
        "claims": [claim_as_said(office, claim.id) for claim in claims],
        "prisoner_lists": [
            _prisoner_list(office, one)
            for one in PrisonerList.objects.using(using).filter(agreement=name).order_by("day")
        ],
    }


def transfer(office: Office, name: str) -> dict[str, Any] | None:
    """A transfer as announced, with everything said about it."""
    row = Transfer.objects.using(office.using).filter(id=name).first()
    if row is None:
        return None
    claims = Claim.objects.using(office.using).filter(about=f"transfer:{name}").order_by("entry", "id")
    links = TransferLink.objects.using(office.using).filter(transfer=name).order_by("entry")
    return {
        **_plain(row),
        "source": _source(office, row.entry),
        "agreements_by_claims": sorted({claim.agreement for claim in claims if claim.agreement}),
        "agreements_by_people": [_plain(one) for one in links],
        "claims": [claim_as_said(office, claim.id) for claim in claims],
    }


def claim_as_said(office: Office, name: str) -> dict[str, Any] | None:
    """A claim, the statement it stands in, and what corrects it."""
    row = Claim.objects.using(office.using).filter(id=name).first()
    if row is None:
        return None
    said = Statement.objects.using(office.using).get(id=row.statement)
    later = Claim.objects.using(office.using).filter(supersedes=name).order_by("entry")
    statement = _plain(said)
    del statement["entry"]
    return {
        **_plain(row),
        "statement": statement,
        "superseded_by": [one.id for one in later],
        "source": _source(office, row.entry),
    }


def statement(office: Office, name: str) -> dict[str, Any] | None:
    """A statement and its claims."""
    row = Statement.objects.using(office.using).filter(id=name).first()
    if row is None:
        return None
    claims = Claim.objects.using(office.using).filter(statement=name).order_by("id")
    return {**_plain(row), "claims": [_plain(claim) for claim in claims], "source": _source(office, row.entry)}


def prisoner(office: Office, alias: str) -> dict[str, Any] | None:
    """Somebody on prisoner lists, by alias, without what is personal."""
    rows = list(ListedPrisoner.objects.using(office.using).filter(alias=alias).order_by("list"))
    if not rows:
        return None
    return {"alias": alias, "lists": [{**_plain(row), "source": _source(office, row.entry)} for row in rows]}


def prisoner_list(office: Office, name: str) -> dict[str, Any] | None:
    """A list: the number it claims, and how many stand on it, returned, verified; three different counts."""
    row = PrisonerList.objects.using(office.using).filter(id=name).first()
    return None if row is None else _prisoner_list(office, row)


def _prisoner_list(office: Office, row: PrisonerList) -> dict[str, Any]:
    people = list(ListedPrisoner.objects.using(office.using).filter(list=row.id).order_by("alias"))
    return {
        **_plain(row),
        "listed": len(people),
        "returned": sum(one.returned_on is not None for one in people),
        "people": [_plain(one) for one in people],
        "source": _source(office, row.entry),
    }


def entry(office: Office, text: str) -> dict[str, Any] | None:
    """An entry, by number or identifier."""
    rows = Entry.objects.using(office.using)
    row = rows.filter(seq=int(text)).first() if text.isdecimal() else rows.filter(id=text).first()
    found: dict[str, Any] | None = parsed(bytes(row.public)) if row is not None else None
    return found


def tables(office: Office) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Everything that is not personal, by table, for an export."""
    for table in (
        Agreement, Obligation, Talks, Transfer, TransferLink, Statement, Claim, PrisonerList, ListedPrisoner,
    ):  # fmt: skip
        rows = table._default_manager.using(office.using).order_by("pk")  # noqa: SLF001  Django's name
        name = table._meta.db_table.removeprefix("agreements_")  # noqa: SLF001
        yield name, [_plain(row) for row in rows]


def _source(office: Office, seq: int) -> dict[str, Any]:
    """Which entry says so, by whom and when."""
    public = parsed(bytes(Entry.objects.using(office.using).values_list("public", flat=True).get(seq=seq)))
    return {"entry": seq, "id": public["id"], "actor": public["actor"], "at": public["at"]}


def _plain(row: Any) -> dict[str, Any]:
    found = {}
    for field in row._meta.concrete_fields:  # noqa: SLF001  Django's public name
        value = getattr(row, field.attname)
        if isinstance(value, date):
            value = value.isoformat()
        elif value is not None and not isinstance(value, (str, int, list, dict)):
            value = str(value)
        found[field.attname] = value
    return found
