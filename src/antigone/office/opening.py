"""Founding an office in a folder, and opening it."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from antigone.ledger.checkpoint import SigningKey
from antigone.office.configuration import Configuration, OfficeError, read_configuration
from antigone.office.database import connect, disconnect, migrate, pending_migrations, postgresql, sqlite
from antigone.office.keys import read_key, write_key

if TYPE_CHECKING:  # its models can be imported only once Django is set up
    from antigone.casework.journal.office import Office

LOG_KEY = "keys/log.key"
DATABASE = "antigone.db"
PRACTICE_ACTORS = ("first", "second")


def found_office(
    directory: Path, configuration: Configuration, actors: Mapping[str, SigningKey | None] | None = None
) -> "Office":
    """Make an office in a new folder: database, keys, first two actors. It appears whole or not at all.

    An actor without a key gets a new one in `keys/`. Raises `OfficeError`.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise OfficeError(f"{directory} is there already and not empty; an office needs a folder of its own")
    parent = directory.resolve().parent
    if not parent.is_dir():
        raise OfficeError(f"there is no folder {parent}")
    given = dict(actors) if actors else dict.fromkeys(PRACTICE_ACTORS)
    beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=parent))
    try:
        _build(beside, configuration, given)
        disconnect("default")
        for path in (*beside.rglob("*"), beside):
            _synced(path)
        if directory.is_dir():
            directory.rmdir()
        beside.rename(directory)
        _synced(parent)
    except BaseException:
        disconnect("default")
        shutil.rmtree(beside, ignore_errors=True)
        raise
    return open_office(directory)


def _build(directory: Path, configuration: Configuration, actors: Mapping[str, SigningKey | None]) -> None:
    directory.chmod(0o700)
    log_key = SigningKey.new(configuration.origin)
    write_key(directory / LOG_KEY, log_key)
    keys = {}
    for actor, key in actors.items():
        keys[actor] = key or SigningKey.new(actor)
        if key is None:
            write_key(directory / "keys" / f"{actor}.key", keys[actor])
    (directory / "log.vkey").write_text(log_key.verifier.text + "\n", encoding="utf-8")
    configuration.write(directory)
    connect("default", database_of(directory, configuration))
    refuse_used_database(configuration, "default")
    migrate("default")

    from antigone.casework.accounts.actions import FoundOffice, NewActor
    from antigone.casework.action import Role
    from antigone.casework.journal.office import Office
    from antigone.casework.journal.performing import found

    office = Office(directory, origin=configuration.origin, practice=configuration.practice, log_key=log_key)
    office.subject_keys.create()
    first = tuple(NewActor(actor=actor, roles=tuple(Role), key=_public_text(key)) for actor, key in keys.items())
    found(office, FoundOffice(origin=configuration.origin, practice=configuration.practice, actors=first))


def refuse_used_database(configuration: Configuration, alias: str) -> None:
    """Raise `OfficeError` where a database holds an office."""
    from django.db import connections

    if "journal_entry" in connections[alias].introspection.table_names():
        raise OfficeError(f"the database {_shown(configuration.database)} holds an office already")


def open_office(directory: Path, *, reading_only: bool = False) -> "Office":
    """Open an office. Raises `OfficeError` where the folder is none, or its tables are of another version."""
    configuration = connect_office(directory)
    from django.db import OperationalError

    from antigone.casework.journal.office import Office

    try:
        pending = pending_migrations("default")
    except OperationalError as error:
        raise OfficeError(f"the database {_shown(configuration.database)} cannot be opened: {error}") from None
    if pending:
        raise OfficeError(
            f"this office was made by an earlier version ({pending[0]} has not run): "
            f"‘antigone upgrade --office {directory}’ backs it up, brings it up to date and compares"
        )
    log_key = None
    if not reading_only and (directory / LOG_KEY).is_file():
        log_key = read_key(directory / LOG_KEY)
    return Office(directory, origin=configuration.origin, practice=configuration.practice, log_key=log_key)


def connect_office(directory: Path) -> Configuration:
    """Point Django at an office's database. Raises `OfficeError`."""
    configuration = read_configuration(directory)
    connect("default", database_of(directory, configuration))
    return configuration


def database_of(directory: Path, configuration: Configuration) -> dict[str, Any]:
    """Django's settings of an office's database."""
    if configuration.database == "sqlite":
        return sqlite(directory / DATABASE)
    return postgresql(configuration.database)


def _shown(database: str) -> str:
    """An address without its password."""
    return database if "@" not in database else f"{database.split('://')[0]}://…@{database.rsplit('@', 1)[1]}"


def _public_text(key: SigningKey) -> str:
    import base64

    return base64.b64encode(key.verifier.public).decode()


def _synced(path: Path) -> None:
    """A file's content, or the names in a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
