"""What can be recorded of agreements and of what was said about them."""

from datetime import date
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from antigone.casework.action import Action, ActionRefusedError, Erased, Personal, Role, Tables, Written
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
from antigone.ledger.canonical import LARGEST_INTEGER

ClaimKind = Literal[
    "promise", "declared", "handed over", "received", "cumulative", "provenance", "characterisation", "accusation",
    "denial", "assessment", "observation", "forecast",
]  # fmt: skip
_NAME = r'[^\s/:"\\\x00-\x1f\x7f][^/:"\\\x00-\x1f\x7f]{0,119}'
Name = Annotated[str, Field(pattern=f"^{_NAME}$")]
About = Annotated[str, Field(pattern=f"^(transfer|agreement):{_NAME}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Quantity = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Words = Annotated[str, Field(min_length=1, max_length=4000)]


class Days(BaseModel):
    """A day, or a range of days within which it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: date
    last: date

    @model_validator(mode="after")
    def forwards(self) -> Self:
        """A range does not run backwards."""
        if self.last < self.first:
            raise ValueError(f"the range {self.first}/{self.last} runs backwards")
        return self


class Publication(BaseModel):
    """Who published a statement, and when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    publisher: Words
    on: date


class _Recorded(Action):
    allowed_to: ClassVar[tuple[Role, ...]] = (Role.RECORDER,)


class RecordAgreement(_Recorded):
    """An agreement is on record."""

    name: ClassVar[str] = "agreements.record_agreement"
    version: ClassVar[int] = 1

    agreement: Name
    title: Words
    days: Days | None = None
    place: str = ""

    def check(self, office: Tables) -> None:
        """A name that was not given before."""
        if office.knows(Agreement, self.agreement):
            raise ActionRefusedError(f"there is an agreement ‘{self.agreement}’ already")

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row."""
        first, last = (self.days.first, self.days.last) if self.days else (None, None)
        office.add(
            Agreement(
                id=self.agreement, title=self.title, first_day=first, last_day=last, place=self.place, entry=entry.seq
            )
        )


class RecordObligation(_Recorded):
    """One promise of an agreement, with what one side calls it."""

    name: ClassVar[str] = "agreements.record_obligation"
    version: ClassVar[int] = 1

    agreement: Name
    kind: Literal["remains", "prisoners"]
    giver: Words
    receiver: Words
    quantity: Quantity | None = None
    unit: str = ""
    term: str = ""
    called: Literal["", "unilateral", "exchange"] = ""
    called_by: str = ""

    def check(self, office: Tables) -> None:
        """Of an agreement on record, from one party to another."""
        _known_agreement(office, self.agreement)
        if self.giver == self.receiver:
            raise ActionRefusedError(f"giver and receiver are both ‘{self.giver}’")
        if self.quantity is not None and not self.unit:
            raise ActionRefusedError("a quantity needs the unit in which it was promised")
        if bool(self.called) != bool(self.called_by):
            raise ActionRefusedError("what it is called and which side calls it so go together")

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row."""
        office.add(
            Obligation(
                id=entry.id,
                agreement=self.agreement,
                kind=self.kind,
                giver=self.giver,
                receiver=self.receiver,
                quantity=self.quantity,
                unit=self.unit,
                term=self.term,
                called=self.called,
                called_by=self.called_by,
                entry=entry.seq,
            )
        )


class RecordTalks(_Recorded):
    """A round of talks was held."""

    name: ClassVar[str] = "agreements.record_talks"
    version: ClassVar[int] = 1

    round: int = Field(ge=1, le=10_000)
    days: Days
    place: str = ""
    parties: tuple[Words, ...] = Field(min_length=2)
    agreement: Name | None = None

    def check(self, office: Tables) -> None:
        """If it led to an agreement, to one on record."""
        if self.agreement is not None:
            _known_agreement(office, self.agreement)

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row."""
        office.add(
            Talks(
                id=entry.id,
                agreement=self.agreement or "",
                round=self.round,
                first_day=self.days.first,
                last_day=self.days.last,
                place=self.place,
                parties=list(self.parties),
                entry=entry.seq,
            )
        )


class AnnounceTransfer(_Recorded):
    """A transfer was announced or held; what was said of it are claims."""

    name: ClassVar[str] = "agreements.announce_transfer"
    version: ClassVar[int] = 1

    transfer: Name
    days: Days | None = None
    place: str = ""

    def check(self, office: Tables) -> None:
        """A name that was not given before."""
        if office.knows(Transfer, self.transfer):
            raise ActionRefusedError(f"there is a transfer ‘{self.transfer}’ already")

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row."""
        first, last = (self.days.first, self.days.last) if self.days else (None, None)
        office.add(Transfer(id=self.transfer, first_day=first, last_day=last, place=self.place, entry=entry.seq))


class LinkTransfer(_Recorded):
    """A person says that a transfer was made under an agreement, and on what ground."""

    name: ClassVar[str] = "agreements.link_transfer"
    version: ClassVar[int] = 1

    transfer: Name
    agreement: Name
    ground: Words

    def check(self, office: Tables) -> None:
        """Both are on record."""
        _known_agreement(office, self.agreement)
        if not office.knows(Transfer, self.transfer):
            raise ActionRefusedError(f"there is no transfer ‘{self.transfer}’")

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row, with who said so."""
        office.add(
            TransferLink(
                id=entry.id,
                transfer=self.transfer,
                agreement=self.agreement,
                ground=self.ground,
                by=entry.actor,
                entry=entry.seq,
            )
        )


class ClaimMade(BaseModel):
    """One figure or accusation in a statement."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    claim: Name
    about: About
    agreement: Name | None = None
    kind: ClaimKind
    quantity: Quantity | None = None
    unit: str = ""
    direction: str = ""
    wording: str = Field(max_length=4000)
    supersedes: Name | None = None

    @model_validator(mode="after")
    def with_unit(self) -> Self:
        """A quantity says what it counts."""
        if self.quantity is not None and not self.unit:
            raise ValueError(f"claim {self.claim}: a quantity needs the unit in which it was said")
        return self


class RecordStatement(_Recorded):
    """Somebody said something in public. Agreements and transfers that it names come on record with it."""

    name: ClassVar[str] = "agreements.record_statement"
    version: ClassVar[int] = 1

    statement: Name
    days: Days
    speaker: Words
    quoting: str = ""
    side: Words
    publications: tuple[Publication, ...] = Field(min_length=1)
    digest: Digest | None = None
    claims: tuple[ClaimMade, ...] = Field(min_length=1)

    def check(self, office: Tables) -> None:
        """New names; a corrected claim is there."""
        if office.knows(Statement, self.statement):
            raise ActionRefusedError(f"there is a statement ‘{self.statement}’ already; a correction supersedes it")
        names = [claim.claim for claim in self.claims]
        for claim in self.claims:
            if office.knows(Claim, claim.claim) or names.count(claim.claim) > 1:
                raise ActionRefusedError(f"there is a claim ‘{claim.claim}’ already; a correction supersedes it")
            if claim.supersedes is not None:
                self._check_correction(office, claim.claim, claim.supersedes)

    def _check_correction(self, office: Tables, claim: str, superseded: str) -> None:
        """A side corrects its own claims; what another side says is a rival claim."""
        row = office.rows(Claim).filter(id=superseded).first()
        if row is None:
            raise ActionRefusedError(f"claim {claim} supersedes ‘{superseded}’, which is not on record")
        side = office.rows(Statement).filter(id=row.statement).values_list("side", flat=True).get()
        if side != self.side:
            raise ActionRefusedError(
                f"claim {claim} for {self.side} supersedes ‘{superseded}’ for {side}; a side corrects its own claims"
            )

    def apply(self, office: Tables, entry: Written) -> None:
        """The statement, its claims, and what they name."""
        office.add(
            Statement(
                id=self.statement,
                first_day=self.days.first,
                last_day=self.days.last,
                speaker=self.speaker,
                quoting=self.quoting,
                side=self.side,
                publishers=[[one.publisher, one.on.isoformat()] for one in self.publications],
                digest=self.digest or "",
                entry=entry.seq,
            )
        )
        for claim in self.claims:
            office.add(
                Claim(
                    id=claim.claim,
                    statement=self.statement,
                    about=claim.about,
                    agreement=claim.agreement or "",
                    kind=claim.kind,
                    quantity=claim.quantity,
                    unit=claim.unit,
                    direction=claim.direction,
                    wording=claim.wording,
                    supersedes=claim.supersedes or "",
                    entry=entry.seq,
                )
            )
            kind, _, named = claim.about.partition(":")
            if kind == "transfer" and not office.knows(Transfer, named):
                office.add(Transfer(id=named, entry=entry.seq))
            for agreement in dict.fromkeys((claim.agreement, named if kind == "agreement" else None)):
                if agreement is not None and not office.knows(Agreement, agreement):
                    office.add(Agreement(id=agreement, title=agreement, entry=entry.seq))


class RecordPrisonerList(_Recorded):
    """A list of prisoners was given or published, with the number that it claims."""

    name: ClassVar[str] = "agreements.record_prisoner_list"
    version: ClassVar[int] = 1

    list: Name
    side: Words
    day: date
    direction: str = ""
    agreement: Name | None = None
    claimed: Quantity | None = None
    publisher: str = ""

    def check(self, office: Tables) -> None:
        """A name that was not given before."""
        if office.knows(PrisonerList, self.list):
            raise ActionRefusedError(f"there is a prisoner list ‘{self.list}’ already")

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row."""
        office.add(
            PrisonerList(
                id=self.list,
                side=self.side,
                day=self.day,
                agreement=self.agreement or "",
                direction=self.direction,
                claimed=self.claimed,
                publisher=self.publisher,
                entry=entry.seq,
            )
        )


class ListPrisoner(_Recorded):
    """A person stands on a prisoner list, under an alias of the office. Name and birth are personal."""

    name: ClassVar[str] = "agreements.list_prisoner"
    version: ClassVar[int] = 1

    list: Name
    alias: Name
    captured: Days | None = None
    person_name: Annotated[str | Erased | None, Personal(of="alias")] = None
    born: Annotated[date | Erased | None, Personal(of="alias")] = None

    def check(self, office: Tables) -> None:
        """On a list that is there, once."""
        if not office.knows(PrisonerList, self.list):
            raise ActionRefusedError(f"there is no prisoner list ‘{self.list}’")
        if office.knows(ListedPrisoner, f"{self.list}/{self.alias}"):
            raise ActionRefusedError(f"{self.alias} stands on the list ‘{self.list}’ already")

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row that says where the personal fields are kept."""
        office.add(
            ListedPrisoner(
                id=f"{self.list}/{self.alias}",
                list=self.list,
                alias=self.alias,
                captured_first=self.captured.first if self.captured else None,
                captured_last=self.captured.last if self.captured else None,
                name_entry=_kept(self.person_name, entry),
                born_entry=_kept(self.born, entry),
                entry=entry.seq,
            )
        )


class RecordReturn(_Recorded):
    """Somebody on a list was returned, and who verified it."""

    name: ClassVar[str] = "agreements.record_return"
    version: ClassVar[int] = 1

    list: Name
    alias: Name
    returned_on: date
    verified_by: Words

    def check(self, office: Tables) -> None:
        """The person stands on that list and was not returned before."""
        row = office.rows(ListedPrisoner).filter(id=f"{self.list}/{self.alias}").first()
        if row is None:
            raise ActionRefusedError(f"{self.alias} does not stand on the list ‘{self.list}’")
        if row.returned_on is not None:
            raise ActionRefusedError(f"{self.alias} was returned on {row.returned_on} already")

    def apply(self, office: Tables, entry: Written) -> None:
        """The day, and who verified it."""
        office.rows(ListedPrisoner).filter(id=f"{self.list}/{self.alias}").update(
            returned_on=self.returned_on, verified_by=self.verified_by
        )


def _known_agreement(office: Tables, agreement: UUID | str) -> None:
    if not office.knows(Agreement, agreement):
        raise ActionRefusedError(f"there is no agreement ‘{agreement}’")


def _kept(value: object, entry: Written) -> int | None:
    """Where a personal field is kept; nothing where none was given, or it is gone."""
    return None if value is None or isinstance(value, Erased) else entry.seq
