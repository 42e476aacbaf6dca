"""Triggers: what the journal holds is not changed or deleted, on either database, whoever asks.

Whoever drops them is found by `antigone verify`: the tree, and approvals, which are signatures by keys kept elsewhere.
"""

from typing import Any

from django.db import migrations

# Personal parts may go once, and only once, their person was withdrawn.
_FIXED = ("journal_entry", "journal_node", "journal_signedcheckpoint", "journal_erasure")
_PART = "journal_part"
_TAKEN = {
    "journal_entry": ("seq = NEW.seq", "id = NEW.id"),
    "journal_node": ("place = NEW.place",),
    "journal_signedcheckpoint": ("size = NEW.size",),
    "journal_erasure": ("subject = NEW.subject",),
    "journal_part": ("id = NEW.id", "(entry = NEW.entry AND subject = NEW.subject)"),
}
_ALLOWED = "EXISTS (SELECT 1 FROM journal_erasure WHERE subject = OLD.subject)"


def _sqlite() -> list[str]:
    said = "the journal is not changed: {table}"
    found = []
    for table in (*_FIXED, _PART):
        message = said.format(table=table)
        # INSERT OR REPLACE deletes what stands in its way without asking the trigger on deletion.
        taken = f"EXISTS (SELECT 1 FROM {table} WHERE {' OR '.join(_TAKEN[table])})"  # noqa: S608  names of our own
        found.append(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} "
            f"WHEN {taken} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        found.append(
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        condition = f" WHEN NOT {_ALLOWED}" if table == _PART else ""
        found.append(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table}{condition} "
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
    return found


def _postgresql() -> list[str]:
    found = [
        "CREATE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ "
        "BEGIN RAISE EXCEPTION 'the journal is not changed: %', TG_TABLE_NAME; END $$"
    ]
    for table in (*_FIXED, _PART):
        condition = ""
        if table == _PART:
            # A trigger's condition may not ask another table, so the function asks.
            found.append(
                "CREATE FUNCTION journal_refuse_part() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN IF {_ALLOWED} THEN RETURN OLD; END IF; "
                "RAISE EXCEPTION 'the journal is not changed: %', TG_TABLE_NAME; END $$"
            )
        on_delete = "journal_refuse_part" if table == _PART else "journal_refuse"
        found += [
            f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} FOR EACH ROW{condition} "
            "EXECUTE FUNCTION journal_refuse()",
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} FOR EACH ROW EXECUTE FUNCTION {on_delete}()",
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT "
            "EXECUTE FUNCTION journal_refuse()",
        ]
    return found


def forbid(apps: Any, schema_editor: Any) -> None:
    """Create the triggers."""
    statements = {"sqlite": _sqlite, "postgresql": _postgresql}[schema_editor.connection.vendor]()
    for statement in statements:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    """Once, and never back."""

    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunPython(forbid, migrations.RunPython.noop)]
