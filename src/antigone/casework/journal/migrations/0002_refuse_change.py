"""Triggers: what the journal holds is not changed or deleted, on either database, whoever asks.

Whoever drops them is found by `antigone verify`: the tree, and approvals, which are signatures by keys kept elsewhere.
"""

from typing import Any

from django.db import migrations

# Personal parts may go once, and only once, their person was withdrawn.
_FIXED = ("journal_entry", "journal_node", "journal_signedcheckpoint", "journal_erasure")
_PART = "journal_part"
_ALLOWED = "EXISTS (SELECT 1 FROM journal_erasure WHERE subject = OLD.subject)"


def _sqlite() -> list[str]:
    said = "the journal is not changed: {table}"
    found = []
    for table in (*_FIXED, _PART):
        message = said.format(table=table)
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
