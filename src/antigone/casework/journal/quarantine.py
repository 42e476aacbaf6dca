"""Quarantine: what a file would bring in waits outside the record until a second person has accepted it.

The file of the quarantine holds the actions, with their personal fields, readable by the office's own account alone. In
the journal stands a proposal with their digest, keyed with a number that is destroyed with the quarantine: a digest of
personal fields alone could be guessed.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import transaction

from antigone.casework.action import Action, ActionRefusedError, Written, action_class
from antigone.casework.identifiers import new_identifier
from antigone.casework.journal.actions import AcceptImport
from antigone.casework.journal.models import Proposal
from antigone.casework.journal.office import Office
from antigone.casework.journal.performing import Done, Request, approve, perform, proposed_action
from antigone.ledger.canonical import canonical_bytes, parsed


@dataclass(frozen=True, slots=True)
class Incoming:
    """An action that a row of a file asks for, and where the row stands."""

    action: Action
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What accepting would change: a row that is new, or that says something else than the record."""

    line: int
    what: str  # the record's word: claim, prisoner
    id: str
    change: str  # new, corrected
    fields: dict[str, tuple[Any, Any]]  # field → here, in the file

    def to_json(self) -> dict[str, Any]:
        """As `antigone import --json` prints it."""
        fields = {name: {"here": here, "file": there} for name, (here, there) in self.fields.items()}
        return {"line": self.line, "what": self.what, "id": self.id, "change": self.change, "fields": fields}


@dataclass(frozen=True, slots=True)
class RowRefused:
    """A row that does not hold: file, line and why."""

    file: str
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.why}"


def rehearse(office: Office, incoming: Sequence[Incoming], *, by: str) -> list[RowRefused]:
    """Perform everything and undo it; returns every row that would be refused."""
    refused: list[RowRefused] = []
    tables = office.tables
    try:
        with transaction.atomic(using=office.using):
            for k, one in enumerate(incoming):
                try:
                    one.action.check(tables)
                except ActionRefusedError as error:
                    refused.append(RowRefused(one.file, one.line, str(error)))
                    continue
                one.action.apply(tables, Written(k, new_identifier(), by, office.clock()))
            tables.flush()
            transaction.set_rollback(True, using=office.using)
    finally:
        tables.forget()
    return refused


def put(office: Office, kind: str, file: Path, incoming: Sequence[Incoming], *, by: str) -> UUID:
    """Propose an import and keep its actions aside; returns the import's identifier."""
    identifier = new_identifier()
    nonce = secrets.token_bytes(32)
    actions = [_as_json(Request(one.action, new_identifier())) for one in incoming]
    content = {"v": 1, "id": str(identifier), "kind": kind, "by": by, "nonce": nonce.hex(), "actions": actions}
    path = _path(office, identifier)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(canonical_bytes(content))
        out.flush()
        os.fsync(out.fileno())
    action = AcceptImport(
        import_id=identifier,
        kind=kind,
        rows=len(incoming),
        file_digest=hmac.new(nonce, file.read_bytes(), hashlib.sha256).hexdigest(),
        actions_digest=_digest(nonce, actions),
        uploaded_by=by,
    )
    try:
        perform(office, action, by=by, id=identifier)
    except BaseException:
        path.unlink()
        raise
    return identifier


def accept(office: Office, identifier: UUID, *, by: str, key: Ed25519PrivateKey) -> Done:
    """A second person agrees: every row becomes an action, or none. Raises `ActionRefusedError`."""
    path = _path(office, identifier)
    if not path.is_file():
        raise ActionRefusedError(f"no import {identifier} waits in quarantine")
    content = parsed(path.read_bytes())
    proposed = _proposed(office, identifier)
    if _digest(bytes.fromhex(content["nonce"]), content["actions"]) != proposed.actions_digest:
        raise ActionRefusedError(f"what waits in quarantine is not what was imported: {path} was changed")
    requests = [_request(one) for one in content["actions"]]
    done = approve(office, identifier, by=by, key=key, then=requests)
    path.unlink()
    return done


def waiting(office: Office) -> list[UUID]:
    """Imports that nobody has accepted yet."""
    return sorted(UUID(path.stem) for path in (office.directory / "quarantine").glob("*.json"))


def discard(office: Office, identifier: UUID) -> None:
    """Drop what waits; the refusal stands in the journal."""
    _path(office, identifier).unlink(missing_ok=True)


def _proposed(office: Office, identifier: UUID) -> AcceptImport:
    row = Proposal.objects.using(office.using).filter(id=identifier).first()
    action = proposed_action(office, row.seq) if row is not None else None
    if not isinstance(action, AcceptImport):
        raise ActionRefusedError(f"the journal holds no proposal to accept import {identifier}")
    return action


def _path(office: Office, identifier: UUID) -> Path:
    return office.directory / "quarantine" / f"{identifier}.json"


def _as_json(request: Request) -> dict[str, Any]:
    action = request.action
    return {
        "id": str(request.id),
        "action": action.name,
        "version": action.version,
        "fields": action.model_dump(mode="json", exclude_none=True),
    }


def _request(content: dict[str, Any]) -> Request:
    cls = action_class(content["action"], content["version"])
    return Request(cls.model_validate(content["fields"]), UUID(content["id"]))


def _digest(nonce: bytes, actions: Sequence[dict[str, Any]]) -> str:
    return hmac.new(nonce, canonical_bytes(list(actions)), hashlib.sha256).hexdigest()
