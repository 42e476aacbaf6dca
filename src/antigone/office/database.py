"""Django, set up for one office at a time."""

from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connections

from antigone.office import settings as office_settings
from antigone.office.configuration import OfficeError

# EXTRA before WAL: other orders and settings lose acknowledged commits in a power cut (SAFETY §2, measured).
SQLITE_OPENING = (
    "PRAGMA synchronous=EXTRA; PRAGMA journal_mode=WAL; PRAGMA foreign_keys=ON; PRAGMA secure_delete=ON; "
    "PRAGMA temp_store=MEMORY"
)
_DEFAULTS: dict[str, Any] = {
    "ATOMIC_REQUESTS": False,
    "AUTOCOMMIT": True,
    "CONN_MAX_AGE": None,
    "CONN_HEALTH_CHECKS": False,
    "OPTIONS": {},
    "TIME_ZONE": None,
    "USER": "",
    "PASSWORD": "",
    "HOST": "",
    "PORT": "",
    "TEST": {"CHARSET": None, "COLLATION": None, "MIGRATE": True, "MIRROR": None, "NAME": None},
}


def sqlite(path: str | Path) -> dict[str, Any]:
    """Django's settings of an SQLite file, or of `:memory:`."""
    options = {"transaction_mode": "IMMEDIATE", "init_command": SQLITE_OPENING, "timeout": 20}
    return {**_DEFAULTS, "ENGINE": "django.db.backends.sqlite3", "NAME": str(path), "OPTIONS": options}


def postgresql(address: str) -> dict[str, Any]:
    """Django's settings of a `postgresql://user:password@host:port/name?options` address. Raises `OfficeError`."""
    parts = urlsplit(address)
    name = unquote(parts.path.lstrip("/"))
    if parts.scheme not in ("postgresql", "postgres") or not name:
        raise OfficeError(f"‘{address}’ is no address of a database; expected sqlite or postgresql://host/name")
    return {
        **_DEFAULTS,
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or "") or dict(parse_qsl(parts.query)).get("host", ""),
        "PORT": str(parts.port or ""),
    }


def connect(alias: str, database: dict[str, Any]) -> None:
    """Point an alias of Django's at a database; an earlier one is closed."""
    if not settings.configured:
        chosen = {name: getattr(office_settings, name) for name in dir(office_settings) if name.isupper()}
        settings.configure(**chosen | {"DATABASES": {"default": sqlite(":memory:")}})
        django.setup()
        # An action is known once its module is read, and the journal replays the actions of every room.
        for app in office_settings.INSTALLED_APPS:
            import_module(f"{app}.actions")
    disconnect(alias)
    connections.databases[alias] = database  # read when a connection is opened


def disconnect(alias: str) -> None:
    """Close the connection of this thread."""
    if settings.configured and alias in connections.databases:
        wrapper = connections[alias]
        wrapper.close()
        if wrapper.connection is not None:  # a database in memory: Django's own `close` leaves it open
            wrapper.connection.close()
        del connections[alias]


def migrate(alias: str) -> None:
    """Bring the tables of a database to this version."""
    call_command("migrate", database=alias, verbosity=0, interactive=False)


def pending_migrations(alias: str) -> list[str]:
    """Migrations that have not run, by name."""
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections[alias])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label} {migration.name}" for migration, _ in plan]
