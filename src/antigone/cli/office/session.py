"""An open office for one command: who acts, and what has to be said."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antigone.ledger.checkpoint import SigningKey
from antigone.office.configuration import OfficeError
from antigone.office.keys import key_of
from antigone.office.opening import open_office

if TYPE_CHECKING:
    from antigone.casework.journal.office import Office

PRACTICE = "PRACTICE OFFICE: nothing here is real."


@dataclass(frozen=True)
class Session:
    """An office, and the actor whose key was shown."""

    office: "Office"
    actor: str
    signing: SigningKey | None

    @property
    def key(self) -> Ed25519PrivateKey:
        """The actor's key. Raises `OfficeError` without one."""
        if self.signing is None:
            raise OfficeError("this command acts for somebody: --as USER, a key file or a name in the office’s keys")
        return Ed25519PrivateKey.from_private_bytes(self.signing.seed)


@contextmanager
def session(directory: Path, who: str | None, *, acts: bool) -> Iterator[Session]:
    """Open the office; afterwards the newest checkpoint stands in its folder."""
    from antigone.office.database import disconnect

    office = open_office(directory)
    if office.practice:
        typer.echo(PRACTICE, err=True)
    try:
        from antigone.casework.journal.quarantine import discard_decided
        from antigone.casework.journal.withdrawing import finish_withdrawals

        signing = key_of(directory, who) if who else None
        actor = _actor(office, signing) if signing else ""
        if acts and signing is None:
            raise OfficeError("this command acts for somebody: --as USER, a key file or a name in the office’s keys")
        finish_withdrawals(office)
        discard_decided(office)
        yield Session(office, actor, signing)
        finish_withdrawals(office)
        _keep_checkpoint(office)
    finally:
        disconnect("default")


def _actor(office: "Office", signing: SigningKey) -> str:
    import base64

    from antigone.casework.accounts.models import Actor

    public = base64.b64encode(signing.verifier.public).decode()
    actor = Actor.objects.using(office.using).filter(key=public, active=True).first()
    if actor is None:
        raise OfficeError("this key belongs to no active actor of the office")
    return str(actor.id)


def device_of(office: "Office", who: str) -> str:
    """The active device whose key is in this file. Raises `OfficeError`."""
    import base64

    from antigone.casework.accounts.models import Device

    public = base64.b64encode(key_of(office.directory, who).verifier.public).decode()
    device = Device.objects.using(office.using).filter(key=public, active=True).first()
    if device is None:
        raise OfficeError("this key belongs to no active device of the office")
    return str(device.id)


def _keep_checkpoint(office: "Office") -> None:
    from antigone.casework.journal.models import SignedCheckpoint

    row = SignedCheckpoint.objects.using(office.using).order_by("-size").first()
    path = office.directory / "checkpoint"
    if row is not None and (not path.is_file() or path.read_text(encoding="utf-8") != row.text):
        beside = office.directory / ".checkpoint.part"
        beside.write_text(row.text, encoding="utf-8")
        beside.rename(path)


def print_json(value: Any) -> None:
    """On standard output, alone."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))
