"""The tables that actions see: rows are gathered and written many at once, and flushed before anybody looks."""

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import models

# One question is one small query; whoever asks more often gets all keys of the table into memory at once.
_SINGLE_QUESTIONS = 40


class DatabaseTables:
    """One database, by its Django alias."""

    def __init__(self, using: str = "default") -> None:
        self.using = using
        self._added: dict[type[models.Model], list[models.Model]] = {}
        self._keys: dict[type[models.Model], _Keys] = {}

    def add(self, row: models.Model) -> None:
        """A new row, written at the next `flush`."""
        table = type(row)
        self._added.setdefault(table, []).append(row)
        self._keys_of(table).there.add(row.pk)

    def flush(self) -> None:
        """Write what was added, in the order of the tables' first use."""
        added, self._added = self._added, {}
        for table, rows in added.items():
            table._default_manager.using(self.using).bulk_create(rows, batch_size=500)  # noqa: SLF001  Django's name

    def rows(self, table: type[models.Model]) -> models.QuerySet[Any]:
        """The rows of a table, with everything that was added."""
        self.flush()
        self._keys.clear()  # what the caller changes by this query set is not seen here
        return table._default_manager.using(self.using)  # noqa: SLF001  a manager

    def knows(self, table: type[models.Model], key: Any) -> bool:
        """Whether a row with this primary key is there; after many questions from memory."""
        keys = self._keys_of(table)
        if key in keys.there or keys.complete:
            return key in keys.there
        rows = table._default_manager.using(self.using)  # noqa: SLF001  Django's name
        keys.questions += 1
        if keys.questions > _SINGLE_QUESTIONS:
            keys.there.update(rows.values_list("pk", flat=True))
            keys.complete = True
        elif rows.filter(pk=key).exists():
            keys.there.add(key)
        return key in keys.there

    def forget(self) -> None:
        """Drop what was added and not written: the transaction was rolled back."""
        self._added.clear()
        self._keys.clear()

    def _keys_of(self, table: type[models.Model]) -> "_Keys":
        return self._keys.setdefault(table, _Keys())


@dataclass(slots=True)
class _Keys:
    """Primary keys of one table that are known to be there, written or not; `complete` when there are no others."""

    there: set[Any] = field(default_factory=set)
    complete: bool = False
    questions: int = 0


def projections() -> list[type[models.Model]]:
    """The tables that the actions left behind, by name: what `rebuild` makes and compares."""
    found = [model for model in apps.get_models() if getattr(model, "projection", False)]
    return sorted(found, key=lambda model: model._meta.db_table)  # noqa: SLF001  Django's public name
