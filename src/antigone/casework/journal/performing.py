"""Performing actions: may this actor → does it hold → change the tables → append the entry, in one transaction.

What two people must do becomes a proposal, which changes nothing, and an approval, which applies it. The approval is a
signature over the proposal's digest by a key that the database does not hold. The approver is neither the proposer nor
an author of what is decided.
"""

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antigone.casework.accounts.actions import OFFICE_DEVICE, FoundOffice
from antigone.casework.accounts.models import Actor, Device
from antigone.casework.action import Action, ActionRefusedError, Role, Written, action_class
from antigone.casework.identifiers import new_identifier
from antigone.casework.journal.models import Contested, Entry, Erasure, Part, Proposal, SignedCheckpoint
from antigone.casework.journal.office import Office
from antigone.ledger.approvals import sign_approval
from antigone.ledger.canonical import canonical_bytes, parsed
from antigone.ledger.checkpoint import Checkpoint, signed
from antigone.ledger.commitments import commitment
from antigone.ledger.merkle import leaf_hash


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an action. `again` when the same action had been performed before."""

    seq: int
    id: UUID
    kind: str
    outcome: str
    again: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """An action on its way in, with the identifier made where the action was made."""

    action: Action
    id: UUID


def perform(
    office: Office,
    action: Action,
    *,
    by: str,
    device: str = OFFICE_DEVICE,
    id: UUID | None = None,  # noqa: A002  the field's name everywhere
    late: bool = False,
) -> Done:
    """Perform one action, or propose it where it takes two people.

    With `late` (a device returned) an action that does not hold any more is stored as contested instead of refused.
    Raises `ActionRefusedError`; then nothing is changed.
    """
    return perform_all(office, [Request(action, id or new_identifier())], by=by, device=device, late=late)[0]


def perform_all(
    office: Office, requests: Sequence[Request], *, by: str, device: str = OFFICE_DEVICE, late: bool = False
) -> list[Done]:
    """Perform many actions in one transaction: all, or none and `ActionRefusedError` with the place of the first."""
    with office.writing():
        journal = _Appending(office, by, device)
        done = journal.take_all(requests, late=late)
        journal.close()
    return done


def found(office: Office, action: FoundOffice) -> Done:
    """The first entry of all. Raises `ActionRefusedError` where there is one."""
    with office.writing():
        if Entry.objects.using(office.using).exists():
            raise ActionRefusedError("this office has been founded")
        journal = _Appending(office, action.actors[0].actor, OFFICE_DEVICE, founding=True)
        action.check(office.tables)
        done = journal.append(action, new_identifier(), "action", "applied")
        action.apply(office.tables, journal.written(done))
        journal.close()
    return done


def approve(office: Office, proposal: UUID, *, by: str, key: Ed25519PrivateKey, then: Sequence[Request] = ()) -> Done:
    """The second person agrees: the proposed action is applied. Raises `ActionRefusedError`.

    `then` are actions that follow from the approval and stand or fall with it (the rows of an import); they are the
    proposer's.
    """
    with office.writing():
        row, action = _open_proposal(office, proposal)
        journal = _Appending(office, by, OFFICE_DEVICE)
        journal.require_role(action.approved_by, f"approve {action.name}")
        if by == row.by or by in action.authors():
            raise ActionRefusedError(f"{by} proposed or wrote this; it takes somebody else to approve it")
        if base64.b64encode(key.public_key().public_bytes_raw()).decode() != journal.actor.key:
            raise ActionRefusedError(f"this is not the key of {by}")
        action.check(office.tables)
        digest = leaf_hash(_public_of(office, row.seq)).hex()
        payload = {
            "proposal": str(proposal),
            "digest": digest,
            "signature": sign_approval(key, digest, by, office.origin),
        }
        done = journal.append_decision(action, "approval", "applied", payload)
        written = journal.written(done)
        action.apply(office.tables, written)
        decide(office, proposal, "approved", by, done.seq)
        if then:
            follow = _Appending(office, row.by, OFFICE_DEVICE, after=journal)
            follow.take_all(then, late=False)
            follow.close()
        else:
            journal.close()
    return done


def refuse(office: Office, proposal: UUID, *, by: str, why: str) -> Done:
    """The second person, or the proposer, does not want it. Raises `ActionRefusedError`."""
    with office.writing():
        row, action = _open_proposal(office, proposal)
        journal = _Appending(office, by, OFFICE_DEVICE)
        if by != row.by:
            journal.require_role(action.approved_by, f"refuse {action.name}")
        payload = {
            "proposal": str(proposal),
            "digest": leaf_hash(_public_of(office, row.seq)).hex(),
            "why": why,
        }
        done = journal.append_decision(action, "refusal", "refused", payload)
        decide(office, proposal, "refused", by, done.seq)
        journal.close()
    return done


def decide(office: Any, proposal: UUID, state: str, by: str, seq: int) -> None:
    """What an approval or a refusal leaves behind."""
    office.tables.rows(Proposal).filter(id=proposal).update(state=state, decided_by=by, decided=seq)


def size(office: Office) -> int:
    """How many entries there are."""
    last = Entry.objects.using(office.using).order_by("-seq").values_list("seq", flat=True).first()
    return 0 if last is None else last + 1


def proposed_action(office: Office, seq: int) -> Action:
    """The action of an entry, with its personal fields."""
    return action_of(parsed(_public_of(office, seq)), opened_parts(office, [seq]).get(seq, {}))


def action_of(public: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any] | None]) -> Action:
    """From the envelope and its parts to the action of that version."""
    cls = action_class(public["action"], public["version"])
    return cls.again(public["payload"], {subject: parts.get(subject) for subject in public["personal"]})


def opened_parts(office: Office, entries: Iterable[int]) -> dict[int, dict[str, dict[str, Any]]]:
    """Entry → person → personal fields, of those that were not erased."""
    wanted = list(entries)
    found: dict[int, dict[str, dict[str, Any]]] = {}
    for start in range(0, len(wanted), 500):
        rows = list(Part.objects.using(office.using).filter(entry__in=wanted[start : start + 500]))
        keys = office.subject_keys.get(row.subject for row in rows)
        for row in rows:
            if row.subject in keys:
                context = f"{row.entry}:{row.subject}"
                found.setdefault(row.entry, {})[row.subject] = keys[row.subject].opened(bytes(row.sealed), context)
    return found


def _open_proposal(office: Office, proposal: UUID) -> tuple[Proposal, Action]:
    row = office.tables.rows(Proposal).filter(id=proposal).first()
    if row is None:
        raise ActionRefusedError(f"there is no proposal {proposal}")
    if row.state != "open":
        raise ActionRefusedError(f"proposal {proposal} is {row.state} already, by {row.decided_by}")
    return row, proposed_action(office, row.seq)


def _public_of(office: Office, seq: int) -> bytes:
    return bytes(Entry.objects.using(office.using).values_list("public", flat=True).get(seq=seq))


class _Appending:
    """Appends entries of one actor within one transaction."""

    def __init__(
        self, office: Office, by: str, device: str, *, founding: bool = False, after: "_Appending | None" = None
    ) -> None:
        self.office = office
        self.by = by
        self.device = device
        self.at = office.clock()
        self.next: int = after.next if after else size(office)
        self.start: int = after.start if after else self.next
        self.entries: list[Entry] = after.entries if after else []
        self.leaves: list[bytes] = after.leaves if after else []
        self.ids: dict[UUID, Entry] = after.ids if after else {}
        if not founding:
            self.actor = self._active_actor()

    def _active_actor(self) -> Actor:
        actor: Actor | None = self.office.tables.rows(Actor).filter(id=self.by).first()
        if actor is None or not actor.active:
            raise ActionRefusedError(f"there is no active actor ‘{self.by}’")
        if not self.office.tables.rows(Device).filter(id=self.device, active=True).exists():
            raise ActionRefusedError(f"there is no active device ‘{self.device}’")
        return actor

    def require_role(self, roles: Sequence[Role], what: str) -> None:
        """Raise `ActionRefusedError` where the actor has none of these roles."""
        if not set(roles) & set(self.actor.roles):
            wanted = " or ".join(roles) or "nobody"
            raise ActionRefusedError(f"{self.by} may not {what}: that takes {wanted}")

    def take_all(self, requests: Sequence[Request], *, late: bool) -> list[Done]:
        """Many actions, one after another; identifiers that the journal knows already are asked for together."""
        for start in range(0, len(requests), 500):
            ids = [request.id for request in requests[start : start + 500]]
            for row in Entry.objects.using(self.office.using).filter(id__in=ids):
                self.ids[row.id] = row
        self.office.subject_keys.expect(subject for request in requests for subject in request.action.parts())
        return [self._take(request, late=late) for request in requests]

    def _take(self, request: Request, *, late: bool) -> Done:
        """One action: answered as before, refused, contested, proposed or applied."""
        action = request.action
        self.require_role(action.allowed_to, action.name)
        before = self._before(request)
        if before is not None:
            return before
        why = self._why_not(action, late=late)
        kind = "proposal" if action.needs_two and not why else "action"
        outcome = "contested" if why else "proposed" if action.needs_two else "applied"
        done = self.append(action, request.id, kind, outcome, why)
        entered(self.office.tables, done, action, by=self.by, why=why)
        if outcome == "applied":
            action.apply(self.office.tables, self.written(done))
        return done

    def _why_not(self, action: Action, *, late: bool) -> str | None:
        try:
            action.check(self.office.tables)
        except ActionRefusedError as refusal:
            if not late:
                raise
            return str(refusal)
        return None

    def _before(self, request: Request) -> Done | None:
        """The same identifier with the same bytes is answered as before; with other bytes it is refused."""
        row = self.ids.get(request.id)
        if row is None:
            return None
        public = parsed(bytes(row.public))
        same = (public["action"], public["version"], public["actor"]) == (
            request.action.name,
            request.action.version,
            self.by,
        ) and public["payload"] == request.action.payload()
        parts = request.action.parts()
        same = same and public["personal"].keys() == parts.keys()
        keys = self.office.subject_keys.get(parts)
        for subject, value in parts.items():
            if subject in keys:
                same = same and public["personal"][subject] == commitment(keys[subject].salt, value)
        if not same or public["kind"] not in ("action", "proposal"):
            raise ActionRefusedError(
                f"the identifier {request.id} belongs to entry {row.seq}, which says something else; a new action "
                "needs a new identifier"
            )
        return Done(row.seq, row.id, public["kind"], public["outcome"], again=True)

    def append(self, action: Action, id: UUID, kind: str, outcome: str, why: str | None = None) -> Done:  # noqa: A002
        """An entry with the action's payload and commitments."""
        parts = action.parts()
        personal: dict[str, str] = {}
        if parts:
            self._refuse_erased(parts)
            keys = self.office.subject_keys.prepare(parts)
            for subject, value in parts.items():
                personal[subject] = commitment(keys[subject].salt, value)
                sealed = keys[subject].sealed(value, f"{self.next}:{subject}")
                self.office.tables.add(Part(entry=self.next, subject=subject, sealed=sealed))
        return self._write(action, id, kind, outcome, action.payload(), personal, why)

    def append_decision(self, action: Action, kind: str, outcome: str, payload: Mapping[str, Any]) -> Done:
        """An approval or a refusal of a proposed action."""
        return self._write(action, new_identifier(), kind, outcome, payload, {}, None)

    def _refuse_erased(self, subjects: Iterable[str]) -> None:
        gone = {subject for subject in subjects if self.office.tables.knows(Erasure, subject)}
        if gone:
            raise ActionRefusedError(
                f"{', '.join(sorted(gone))} was withdrawn; nothing personal is recorded under that identifier again"
            )

    def _write(
        self,
        action: Action,
        id: UUID,  # noqa: A002
        kind: str,
        outcome: str,
        payload: Mapping[str, Any],
        personal: Mapping[str, str],
        why: str | None,
    ) -> Done:
        envelope: dict[str, Any] = {
            "v": 1,
            "seq": self.next,
            "id": str(id),
            "kind": kind,
            "action": action.name,
            "version": action.version,
            "actor": self.by,
            "device": self.device,
            "at": self.at,
            "outcome": outcome,
            "payload": dict(payload),
            "personal": dict(personal),
        }
        if why is not None:
            envelope["why"] = why
        if kind == "approval" or self.next == 0:
            keys, revoked = action.new_keys(), action.revoked()
            if keys:
                envelope["keys"] = [{"actor": actor, "key": key} for actor, key in keys.items()]
            if revoked:
                envelope["revoked"] = list(revoked)
        public = canonical_bytes(envelope)
        row = Entry(seq=self.next, id=id, kind=kind, action=action.name, outcome=outcome, public=public)
        self.entries.append(row)
        self.ids[id] = row
        self.leaves.append(leaf_hash(public))
        self.next += 1
        return Done(row.seq, id, kind, outcome)

    def written(self, done: Done) -> Written:
        """What `apply` may know."""
        return Written(done.seq, done.id, self.by, self.at)

    def close(self) -> None:
        """Write the entries, the tree and a signed checkpoint."""
        if not self.entries:
            return
        using = self.office.using
        self.office.subject_keys.keep()
        Entry.objects.using(using).bulk_create(self.entries, batch_size=500)
        tree = self.office.tree(self.start)
        tree.append_many(self.leaves)
        checkpoint = Checkpoint(self.office.origin, tree.size, tree.root())
        if self.office.log_key is None:
            raise ActionRefusedError("the office was opened without the key of its journal, for reading only")
        SignedCheckpoint.objects.using(using).create(size=tree.size, text=signed(checkpoint, self.office.log_key))


def entered(tables: Any, done: Done, action: Action, *, by: str, why: str | None) -> None:
    """What a proposal or a contested action leaves behind, when performed and when replayed."""
    if done.outcome == "contested":
        tables.add(Contested(id=done.id, seq=done.seq, action=action.name, why=why or ""))
    elif done.kind == "proposal":
        tables.add(Proposal(id=done.id, seq=done.seq, action=action.name, by=by))
