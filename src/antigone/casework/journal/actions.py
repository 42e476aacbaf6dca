"""What can be done with the journal itself: accepting an import, resolving what was contested, withdrawing a person."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from antigone.casework.action import Action, ActionRefusedError, Role, Tables, Written
from antigone.casework.journal.models import Contested, Erasure, Import, Part
from antigone.casework.journal.tables import projections


class AcceptImport(Action):
    """A file's rows become actions, once a second person has looked at what they would change.

    The rows stand as entries of their own after the approval; this says which file they came from.
    """

    name: ClassVar[str] = "journal.accept_import"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = tuple(role for role in Role if role is not Role.AUDITOR)
    needs_two: ClassVar[bool] = True
    approved_by: ClassVar[tuple[Role, ...]] = tuple(role for role in Role if role is not Role.AUDITOR)

    import_id: UUID
    kind: str
    rows: int = Field(ge=0)
    file_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    actions_digest: str = Field(pattern=r"^[0-9a-f]{64}$")
    uploaded_by: str

    def authors(self) -> tuple[str, ...]:
        """Whoever brought the file may not accept it."""
        return (self.uploaded_by,)

    def check(self, office: Tables) -> None:
        """Once."""
        if office.knows(Import, self.import_id):
            raise ActionRefusedError(f"import {self.import_id} was accepted already")

    def apply(self, office: Tables, entry: Written) -> None:
        """The import is on record."""
        office.add(
            Import(
                id=self.import_id,
                kind=self.kind,
                rows=self.rows,
                digest=self.file_digest,
                by=self.uploaded_by,
                accepted=entry.seq,
            )
        )


class ResolveContested(Action):
    """Two people say what becomes of an action that did not hold any more when its device returned."""

    name: ClassVar[str] = "journal.resolve_contested"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = tuple(role for role in Role if role is not Role.AUDITOR)
    needs_two: ClassVar[bool] = True

    contested: UUID
    resolution: str = Field(min_length=1)
    instead: UUID | None = None  # the action that was done in its place

    def check(self, office: Tables) -> None:
        """It is contested, and not resolved."""
        row = office.rows(Contested).filter(id=self.contested).first()
        if row is None:
            raise ActionRefusedError(f"nothing contested is called {self.contested}")
        if row.resolved is not None:
            raise ActionRefusedError(f"{self.contested} was resolved in entry {row.resolved}")

    def apply(self, office: Tables, entry: Written) -> None:
        """Resolved; the contested entry stays."""
        office.rows(Contested).filter(id=self.contested).update(resolution=self.resolution, resolved=entry.seq)


class WithdrawPerson(Action):
    """A person's consent is withdrawn: key, salt and personal fields are destroyed. Every proof still verifies."""

    name: ClassVar[str] = "journal.withdraw_person"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = (Role.LIAISON, Role.KEYKEEPER)
    needs_two: ClassVar[bool] = True
    approved_by: ClassVar[tuple[Role, ...]] = (Role.REVIEWER, Role.KEYKEEPER)

    subject: str = Field(min_length=1)
    ground: str = Field(min_length=1)  # why, without anything personal

    def check(self, office: Tables) -> None:
        """Something personal is recorded, and was not withdrawn before."""
        if office.knows(Erasure, self.subject):
            raise ActionRefusedError(f"{self.subject} was withdrawn already")
        if not office.rows(Part).filter(subject=self.subject).exists():
            raise ActionRefusedError(f"nothing personal is recorded of {self.subject}")

    def apply(self, office: Tables, entry: Written) -> None:
        """The erasure stands; then, and only then, the parts may go. References to them become empty."""
        office.add(Erasure(subject=self.subject, entry=entry.seq))
        office.rows(Part).filter(subject=self.subject).delete()
        for table in projections():
            for field, owner in getattr(table, "personal", {}).items():
                office.rows(table).filter(**{owner: self.subject}).update(**{field: None})
