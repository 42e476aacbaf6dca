"""Founding the office, and who may act in it."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from antigone.casework.accounts.models import Actor, ActorKey, Device
from antigone.casework.action import Action, ActionRefusedError, Role, Tables, Written

# The device of the office itself.
OFFICE_DEVICE = "office"


def _public_key(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raw = b""
    if len(raw) != 32:
        raise ValueError("an Ed25519 public key is 32 bytes in base64")
    return text


ActorName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
PublicKey = Annotated[str, AfterValidator(_public_key)]


class NewActor(BaseModel):
    """An actor's name in the office, roles and public key."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    actor: ActorName
    roles: tuple[Role, ...] = Field(min_length=1)
    key: PublicKey


class FoundOffice(Action):
    """The first entry: the office's name in its checkpoints, whether it is for practice, and its first two actors."""

    name: ClassVar[str] = "accounts.found_office"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = ()

    origin: str
    practice: bool
    actors: tuple[NewActor, ...] = Field(min_length=2)

    def check(self, office: Tables) -> None:
        """Two people with two keys."""
        names = [one.actor for one in self.actors]
        keys = [one.key for one in self.actors]
        if len(set(names)) < len(names) or len(set(keys)) < len(keys):
            raise ActionRefusedError("the first actors need different names and different keys")

    def apply(self, office: Tables, entry: Written) -> None:
        """The actors, and the office's own device."""
        for one in self.actors:
            office.add(Actor(id=one.actor, roles=sorted(one.roles), key=one.key, since=entry.seq))
            office.add(ActorKey(key=one.key, actor=one.actor, entry=entry.seq))
        office.add(Device(id=OFFICE_DEVICE, title="the office"))

    def new_keys(self) -> Mapping[str, str]:
        """Of the first actors."""
        return {one.actor: one.key for one in self.actors}

    def new_roles(self) -> Mapping[str, tuple[Role, ...]]:
        """Of the first actors."""
        return {one.actor: one.roles for one in self.actors}


class AddActor(Action):
    """Somebody new may act."""

    name: ClassVar[str] = "accounts.add_actor"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER,)
    needs_two: ClassVar[bool] = True
    approved_by: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER, Role.REVIEWER)

    actor: ActorName
    roles: tuple[Role, ...] = Field(min_length=1)
    key: PublicKey

    def check(self, office: Tables) -> None:
        """A name and a key that nobody had before: one person has one account."""
        if office.knows(Actor, self.actor):
            raise ActionRefusedError(f"there is or was an actor ‘{self.actor}’; a name is given once")
        _unused(office, self.key)

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row."""
        office.add(Actor(id=self.actor, roles=sorted(self.roles), key=self.key, since=entry.seq))
        office.add(ActorKey(key=self.key, actor=self.actor, entry=entry.seq))

    def new_keys(self) -> Mapping[str, str]:
        """The new actor's."""
        return {self.actor: self.key}

    def new_roles(self) -> Mapping[str, tuple[Role, ...]]:
        """The new actor's."""
        return {self.actor: self.roles}


class ChangeKey(Action):
    """An actor's key is replaced, after a loss or on a day that was set."""

    name: ClassVar[str] = "accounts.change_key"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER,)
    needs_two: ClassVar[bool] = True
    approved_by: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER, Role.REVIEWER)

    actor: ActorName
    key: PublicKey

    def check(self, office: Tables) -> None:
        """An active actor, and a key that nobody had before."""
        _active(office, self.actor)
        _unused(office, self.key)

    def apply(self, office: Tables, entry: Written) -> None:
        """The new key."""
        office.rows(Actor).filter(id=self.actor).update(key=self.key, since=entry.seq)
        office.add(ActorKey(key=self.key, actor=self.actor, entry=entry.seq))

    def new_keys(self) -> Mapping[str, str]:
        """The new key."""
        return {self.actor: self.key}


class RevokeActor(Action):
    """Somebody may not act any more. What was done stays done."""

    name: ClassVar[str] = "accounts.revoke_actor"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER,)
    needs_two: ClassVar[bool] = True
    approved_by: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER, Role.REVIEWER)

    actor: ActorName

    def check(self, office: Tables) -> None:
        """Two must remain who can decide about keys."""
        _active(office, self.actor)
        left = [
            actor for actor in office.rows(Actor).filter(active=True).exclude(id=self.actor)
            if Role.KEYKEEPER in actor.roles
        ]  # fmt: skip
        if len(left) < 2:
            raise ActionRefusedError("two active keykeepers must remain, or nobody could ever be added again")

    def apply(self, office: Tables, entry: Written) -> None:
        """Not active any more."""
        office.rows(Actor).filter(id=self.actor).update(active=False, since=entry.seq)

    def revoked(self) -> tuple[str, ...]:
        """The actor."""
        return (self.actor,)


class AddDevice(Action):
    """A device that may bring actions. Its key, like an actor's, is on the device and never here."""

    name: ClassVar[str] = "accounts.add_device"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER,)
    needs_two: ClassVar[bool] = True
    approved_by: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER, Role.REVIEWER)

    device: ActorName
    title: str
    key: PublicKey | None = None

    def check(self, office: Tables) -> None:
        """A name and a key that nobody had before."""
        if office.knows(Device, self.device):
            raise ActionRefusedError(f"there is or was a device ‘{self.device}’; a name is given once")
        if self.key is not None:
            _unused(office, self.key)

    def apply(self, office: Tables, entry: Written) -> None:
        """A new row."""
        office.add(Device(id=self.device, title=self.title, key=self.key or ""))


class RevokeDevice(Action):
    """A device was lost or is retired: nothing that it brings is taken any more."""

    name: ClassVar[str] = "accounts.revoke_device"
    version: ClassVar[int] = 1
    allowed_to: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER,)
    needs_two: ClassVar[bool] = True
    approved_by: ClassVar[tuple[Role, ...]] = (Role.KEYKEEPER, Role.REVIEWER)

    device: ActorName

    def check(self, office: Tables) -> None:
        """A device that is there, and not the office itself."""
        if self.device == OFFICE_DEVICE:
            raise ActionRefusedError("the office's own device cannot be revoked")
        if not office.rows(Device).filter(id=self.device, active=True).exists():
            raise ActionRefusedError(f"there is no active device ‘{self.device}’")

    def apply(self, office: Tables, entry: Written) -> None:
        """Not active any more."""
        office.rows(Device).filter(id=self.device).update(active=False)


def _unused(office: Tables, key: str) -> None:
    if office.knows(ActorKey, key):
        raise ActionRefusedError("this key belongs or belonged to an actor; two accounts with one key are one person")
    if office.rows(Device).filter(key=key).exists():
        raise ActionRefusedError("this key belongs to a device; every actor and every device has a key of its own")


def _active(office: Tables, actor: str) -> None:
    if not office.rows(Actor).filter(id=actor, active=True).exists():
        raise ActionRefusedError(f"there is no active actor ‘{actor}’")
