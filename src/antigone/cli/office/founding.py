"""`antigone init` and `antigone keygen`."""

import re
import secrets
from pathlib import Path

import typer

from antigone.cli.office.session import PRACTICE
from antigone.ledger.checkpoint import SigningKey
from antigone.office.configuration import Configuration, OfficeError
from antigone.office.database import disconnect
from antigone.office.keys import read_key, write_key
from antigone.office.opening import PRACTICE_ACTORS, found_office

_ACTOR = re.compile(r"[a-z][a-z0-9-]{0,39}")


def run(directory: Path, *, practice: bool, origin: str | None, actors: list[str], database: str) -> None:
    """Found an office and say what to do with its keys."""
    given: dict[str, SigningKey | None] = {}
    for text in actors or PRACTICE_ACTORS:
        name, equals, file = text.partition("=")
        if not _ACTOR.fullmatch(name):
            raise OfficeError(
                f"‘{name}’ is no name of an actor; expected small letters, digits and hyphens, as liaison-2"
            )
        if name in given:
            raise OfficeError(f"the actor ‘{name}’ is named twice")
        given[name] = read_key(Path(file)) if equals else None
    if len(given) < 2:
        raise OfficeError("an office begins with two actors: --actor NAME --actor OTHER")
    named = origin is not None
    if origin is None:
        # A checkpoint names its log, and no two logs may share a name.
        kind = "practice" if practice else "office"
        name = re.sub("[^A-Za-z0-9.-]", "-", directory.resolve().name) or "office"
        origin = f"{kind}.invalid/{name}" if practice else f"{kind}.invalid/{name}-{secrets.token_hex(4)}"
    office = found_office(directory, Configuration(origin, practice, database), given)
    (office.directory / "checkpoint").write_text(_checkpoint(), encoding="utf-8")
    disconnect("default")
    if practice:
        typer.echo(PRACTICE, err=True)
    typer.echo(f"Founded {directory}: {origin}, with {' and '.join(given)}.")
    made = [f"keys/{name}.key" for name, key in given.items() if key is None]
    if made and not practice:
        typer.echo(f"Give {' and '.join(made)} to their owners and remove them here: whoever holds both is two people.")
        if not named:
            typer.echo("Its checkpoints bear that name for ever; --origin example.org/bureau would have given another.")
        typer.echo("keys/log.key signs the journal’s checkpoints; keep copies of the file ‘checkpoint’ elsewhere.")


def _checkpoint() -> str:
    from antigone.casework.journal.models import SignedCheckpoint

    return str(SignedCheckpoint.objects.order_by("-size").values_list("text", flat=True).get())


def make_key(name: str, out: Path) -> None:
    """A key file, and its public half."""
    import base64

    if not _ACTOR.fullmatch(name):
        raise OfficeError(f"‘{name}’ is no name of an actor; expected small letters, digits and hyphens, as liaison-2")
    key = SigningKey.new(name)
    write_key(out, key)
    typer.echo(base64.b64encode(key.verifier.public).decode())
