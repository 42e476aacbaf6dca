"""Quarantine: what a file would bring in waits outside the record until a second person has accepted it.

The file of the quarantine holds the actions with their personal fields, encrypted under a key that follows from the
journal's own. In the journal stands a proposal with their digest, keyed with a number that is destroyed with the
quarantine: a digest of personal fields alone could be guessed.
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

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
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
        out.write(_sealed(office, identifier, canonical_bytes(content)))
        out.flush()
        os.fsync(out.fileno())
    _make_durable(path.parent, office.directory)  # the proposal may not outlive a power cut without its file
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
    proposed = _proposed(office, identifier)
    content = parsed(_opened(office, identifier, path))
    if _digest(bytes.fromhex(content["nonce"]), content["actions"]) != proposed.actions_digest:
        raise ActionRefusedError(f"what waits in quarantine is not what was imported: {path} was changed")
    requests = [_request(one) for one in content["actions"]]
    done = approve(office, identifier, by=by, key=key, then=requests)
    path.unlink()
    return done


def waiting(office: Office) -> list[UUID]:
    """Imports that nobody has accepted yet."""
    return sorted(UUID(path.stem) for path in (office.directory / "quarantine").glob("*.sealed"))


def discard_decided(office: Office) -> int:
    """Drop what still waits of imports that were accepted or refused; returns how many there were.

    Whoever is killed between the entry and the removal of the file leaves it behind, with what is personal in it.
    """
    waits = waiting(office)
    decided = (
        Proposal.objects.using(office.using).filter(id__in=waits).exclude(state="open").values_list("id", flat=True)
    )
    for identifier in decided:
        discard(office, identifier)
    return len(decided)


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
    return office.directory / "quarantine" / f"{identifier}.sealed"


def _make_durable(*directories: Path) -> None:
    for directory in directories:
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _cipher(office: Office) -> AESGCM:
    if office.log_key is None:
        raise ActionRefusedError("the office was opened without the key of its journal, for reading only")
    return AESGCM(hmac.new(office.log_key.seed, b"antigone quarantine v1", hashlib.sha256).digest())


def _sealed(office: Office, identifier: UUID, content: bytes) -> bytes:
    nonce = secrets.token_bytes(12)
    return nonce + _cipher(office).encrypt(nonce, content, identifier.bytes)


def _opened(office: Office, identifier: UUID, path: Path) -> bytes:
    sealed = path.read_bytes()
    try:
        return _cipher(office).decrypt(sealed[:12], sealed[12:], identifier.bytes)
    except InvalidTag:
        raise ActionRefusedError(f"what waits in quarantine is not what was imported: {path} was changed") from None


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
