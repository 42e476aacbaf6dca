"""Actions: the one way in. What an action is, without saying how it is performed (`journal.performing`).

An action class says its name and version in the journal, who may do it, and whether it takes two people. `check` looks
whether it holds now; `apply` changes the tables and is replayed by `rebuild`, so it reads no clock, chance or setting
and never branches on a personal field.

Personal fields are marked with `Personal`; they are committed and encrypted apart from the rest, and are `ERASED` for
ever once the person they belong to is withdrawn.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any, ClassVar, Protocol, Self, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, model_validator


class Role(StrEnum):
    """What somebody may do in the office. A person may hold several."""

    RECORDER = "recorder"  # agreements, talks, statements, transfers as announced, prisoner exchanges
    INTAKE = "intake"  # bags and remains
    LABORATORY = "laboratory"
    LIAISON = "liaison"  # families
    EXAMINER = "examiner"  # findings and cases
    REVIEWER = "reviewer"  # the second of two
    KEYKEEPER = "keykeeper"  # actors, devices, keys, erasure
    AUDITOR = "auditor"  # reads, changes nothing


class Erased(Enum):
    """What stands in place of a personal field after a withdrawal."""

    ERASED = "erased"


ERASED = Erased.ERASED


@dataclass(frozen=True, slots=True)
class Personal:
    """Marks a field as personal; `of` names the field that holds the identifier of the person it belongs to."""

    of: str


class ActionRefusedError(ValueError):
    """An action that may not be done, or does not hold now. The message says why, and what would be right."""


RowType = TypeVar("RowType", bound=Any)


class Tables(Protocol):
    """What `check` and `apply` see of the office: its tables, and nothing else."""

    def rows(self, table: type[RowType]) -> Any:
        """The rows of a table, with everything that was added."""

    def add(self, row: Any) -> None:
        """A new row; many are written at once."""

    def knows(self, table: type[RowType], key: Any) -> bool:
        """Whether a row with this primary key is there."""


@dataclass(frozen=True, slots=True)
class Written:
    """What `apply` may know of the entry that it belongs to."""

    seq: int
    id: UUID
    actor: str
    at: str


class Action(BaseModel):
    """One thing done. Subclasses are registered by name and version when they are defined."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64")

    name: ClassVar[str]
    version: ClassVar[int]
    allowed_to: ClassVar[tuple[Role, ...]]
    needs_two: ClassVar[bool] = False
    approved_by: ClassVar[tuple[Role, ...]] = (Role.REVIEWER,)

    @model_validator(mode="after")
    def keepable(self) -> Self:
        """Text is what every database can keep."""
        if any("\0" in text for text in _texts(self)):
            raise ValueError("a text holds the character NUL (U+0000), which PostgreSQL cannot keep; leave it out")
        return self

    def check(self, office: Tables) -> None:
        """Raise `ActionRefusedError` where this does not hold now."""

    def apply(self, office: Tables, entry: Written) -> None:
        """Change the tables."""
        raise NotImplementedError

    def authors(self) -> tuple[str, ...]:
        """Actors who wrote what this action decides on, beside the one who proposes it: they may not approve it."""
        return ()

    def new_keys(self) -> Mapping[str, str]:
        """Public keys that hold from here on: actor → base64 of the raw Ed25519 key."""
        return {}

    def new_roles(self) -> Mapping[str, tuple[Role, ...]]:
        """Roles that hold from here on."""
        return {}

    def revoked(self) -> tuple[str, ...]:
        """Actors whose keys do not hold any more."""
        return ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            other = _ACTIONS.setdefault((cls.name, cls.version), cls)
            if other.__qualname__ != cls.__qualname__:
                raise TypeError(f"two actions are called {cls.name} version {cls.version}: {other} and {cls}")

    @classmethod
    def personal_fields(cls) -> dict[str, str]:
        """Field → the field with the identifier of the person it belongs to."""
        return {
            field: mark.of
            for field, info in cls.model_fields.items()
            for mark in info.metadata
            if isinstance(mark, Personal)
        }

    def payload(self) -> dict[str, Any]:
        """Everything but the personal fields, as JSON values."""
        return self.model_dump(mode="json", exclude=set(self.personal_fields()), exclude_none=True)

    def parts(self) -> dict[str, dict[str, Any]]:
        """Personal fields that were given, by the person they belong to. Raises `ActionRefusedError`."""
        found: dict[str, dict[str, Any]] = {}
        values = None
        for field, owner in self.personal_fields().items():
            if getattr(self, field) is None:
                continue
            if getattr(self, field) is ERASED:
                raise ActionRefusedError(f"{field} cannot be given as erased: only a withdrawal leaves that")
            values = values or self.model_dump(mode="json", include=set(self.personal_fields()))
            found.setdefault(str(getattr(self, owner)), {})[field] = values[field]
        return found

    @classmethod
    def again(cls, payload: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any] | None]) -> "Action":
        """The action as it was, from what the journal kept; a part that is gone (None) arrives as `ERASED`."""
        fields = dict(payload)
        for field, owner in cls.personal_fields().items():
            part = parts.get(str(payload.get(owner)), {})
            if part is None:
                fields[field] = ERASED
            elif field in part:
                fields[field] = part[field]
        return cls.model_validate(fields)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, BaseModel):
        for one in value.__dict__.values():
            yield from _texts(one)
    elif isinstance(value, tuple):
        for one in value:
            yield from _texts(one)


_ACTIONS: dict[tuple[str, int], type[Action]] = {}


def action_class(name: str, version: int | None = None) -> type[Action]:
    """The class of an action; without a version the newest. Raises `ActionRefusedError` for an unknown one."""
    if version is None:
        version = max((v for n, v in _ACTIONS if n == name), default=0)
    if (name, version) not in _ACTIONS:
        known = ", ".join(sorted({n for n, _ in _ACTIONS}))
        raise ActionRefusedError(f"there is no action ‘{name}’ version {version}; there are: {known}")
    return _ACTIONS[name, version]


def action_classes() -> Iterable[type[Action]]:
    """Every action of every version, by name."""
    return [_ACTIONS[key] for key in sorted(_ACTIONS)]
