"""`antigone backup`, `restore` and `upgrade`."""

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from antigone.cli.office.checking import compare_with_journal
from antigone.cli.office.session import session
from antigone.ledger.checkpoint import VerifierKey
from antigone.office.configuration import Configuration, OfficeError, read_configuration
from antigone.office.database import connect, disconnect, migrate, pending_migrations
from antigone.office.keys import write_key
from antigone.office.opening import LOG_KEY, connect_office, database_of, refuse_used_database

if TYPE_CHECKING:
    from antigone.casework.journal.backups import Backup, Keys
    from antigone.casework.journal.office import Office


def backup(directory: Path, who: str | None, file: Path, to: list[str], *, drill: bool, identity: Path | None) -> None:
    """Write both files; with `drill` restore them into a scratch office."""
    with session(directory, who, acts=False) as opened:
        from antigone.casework.journal.backups import recipients, write_backup
        from antigone.casework.journal.performing import size
        from antigone.casework.journal.verifying import record_digest

        office = opened.office
        chosen = recipients(to)
        record_digest(office, size(office))
        written = write_backup(office, file, chosen)
        typer.echo(f"{written[0]}: {size(office)} entries. {written[1]}: keys; destroy the file of keys before it.")
        if drill:
            _drill(office, written, identity)


def _drill(office: "Office", written: tuple[Path, Path], identity: Path | None) -> None:
    from pyrage import x25519

    from antigone.casework.journal.backups import identity_in, read_backup, read_keys, write_backup
    from antigone.casework.journal.performing import size
    from antigone.casework.journal.replaying import dump_digest
    from antigone.casework.journal.verifying import verify

    expected = (size(office), dump_digest(office.using))
    with tempfile.TemporaryDirectory(prefix="antigone-drill-") as scratch:
        if identity is None:
            own = x25519.Identity.generate()
            written = write_backup(office, Path(scratch) / "drill", [own.to_public()])
            typer.echo("Drill with a key of its own, for no --identity was given.")
        else:
            own = identity_in(identity)
        folder = Path(scratch) / "office"
        restored = _restored(
            folder, read_backup(written[0], own), read_keys(written[1], own), "sqlite", alias="scratch"
        )
        try:
            found = verify(restored)
            digest = dump_digest("scratch")
        finally:
            disconnect("scratch")
    if found.problems:
        raise OfficeError(f"the drill FAILED: {found.problems[0]}")
    if (found.entries, digest) != expected:
        raise OfficeError("the drill FAILED: the restored tables are not those of the office")
    typer.echo(f"Drill: restored {found.entries} entries, proved root {found.root}, tables the same.")


def restore(directory: Path, file: Path, identity: Path, keys: Path | None, *, database: str, who: str | None) -> None:
    """A new office from a backup, whole or not at all."""
    del who  # nobody acts: nothing is appended
    if directory.exists():
        raise OfficeError(f"{directory} is there already; a backup is restored into a new folder")
    beside = directory.with_name(f".{directory.name}.part")
    if beside.exists():
        raise OfficeError(f"{beside} is there: another restore runs, or one was cut short; remove it")
    _set_up_django()
    from antigone.casework.journal.backups import identity_in, read_backup, read_keys

    own = identity_in(identity)
    keys_file = keys or file.with_name(file.name + ".keys")
    found = read_backup(file, own)
    found_keys = read_keys(keys_file, own) if keys_file.is_file() else None
    try:
        office = _restored(beside, found, found_keys, database, alias="default")
        (beside / "checkpoint").write_text(max(found.checkpoints)[1], encoding="utf-8")
        practice = office.practice
        disconnect("default")
        beside.rename(directory)
    except BaseException:
        disconnect("default")
        shutil.rmtree(beside, ignore_errors=True)
        raise
    typer.echo(f"{directory}: {found.size} entries, proved against the last checkpoint; tables made anew.")
    if practice:
        typer.echo("It is a practice office, and stays one.")
    if found_keys is None:
        typer.echo("Without a file of keys nothing personal can be read, and nothing can be added.")
    typer.echo("The actors’ own keys are in no backup: they bring them.")


def _restored(directory: Path, found: "Backup", keys: "Keys | None", database: str, *, alias: str) -> "Office":
    from antigone.casework.journal.backups import restore_into
    from antigone.casework.journal.office import Office

    directory.mkdir(mode=0o700)
    configuration = Configuration(found.origin, found.practice, database)
    configuration.write(directory)
    (directory / "log.vkey").write_text(found.vkey, encoding="utf-8")
    log_key = None
    if keys is not None:
        if keys.log_key.verifier != VerifierKey.parse(found.vkey.strip()):
            raise OfficeError("the file of keys belongs to another office")
        log_key = keys.log_key
        write_key(directory / LOG_KEY, log_key)
    connect(alias, database_of(directory, configuration))
    refuse_used_database(configuration, alias)
    migrate(alias)
    office = Office(directory, origin=found.origin, practice=found.practice, log_key=log_key, using=alias)
    office.subject_keys.create()
    restore_into(office, found, keys)
    return office


def _set_up_django() -> None:
    from antigone.office.database import sqlite

    connect("default", sqlite(":memory:"))


def upgrade(directory: Path, who: str | None, to: list[str], file: Path | None) -> int:
    """Back up, migrate, rebuild, compare; 1 if the tables are not what the journal says afterwards."""
    connect_office(directory)
    pending = pending_migrations("default")
    if not pending:
        typer.echo("This office is up to date; nothing was changed.")
        return 0
    if file is None:
        raise OfficeError("an upgrade begins with a backup: --backup FILE --to age1… --to age1…")
    from antigone.casework.journal.backups import recipients, write_backup
    from antigone.casework.journal.office import Office
    from antigone.office.keys import read_key

    configuration = read_configuration(directory)
    office = Office(
        directory,
        origin=configuration.origin,
        practice=configuration.practice,
        log_key=read_key(directory / LOG_KEY),
    )
    written = write_backup(office, file, recipients(to))
    typer.echo(f"Backed up: {written[0]}, {written[1]}")
    migrate("default")
    typer.echo(f"Ran {', '.join(pending)}")
    with session(directory, who, acts=False) as opened:
        from antigone.casework.journal.replaying import rebuild_in_place
        from antigone.casework.journal.verifying import record_digest

        entries = rebuild_in_place(opened.office)
        found = compare_with_journal(opened.office)
        record_digest(opened.office, entries)
    for difference in found:
        typer.echo(str(difference))
    typer.echo("The tables are what the journal says." if not found else f"{len(found)} rows differ; keep the backup.")
    return 1 if found else 0
