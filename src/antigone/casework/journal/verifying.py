"""Verify: that the record is what it says, from entries and keys alone.

Checked are the order and form of the entries, the tree and its stored nodes, every checkpoint, that what takes two
people was decided by two (approvals are signatures, so whoever drops the database's triggers is found here), that
personal parts are what was committed, that only the withdrawn have none, the log of reads, and the projections against
their last recorded digest.
"""

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidTag
from django.db.models import TextField
from django.db.models.functions import Cast

from antigone.casework.accounts.actions import FoundOffice
from antigone.casework.action import Action, ActionRefusedError, Role, action_class
from antigone.casework.journal.models import Entry, Erasure, Node, Part, ProjectionDigest, SignedCheckpoint
from antigone.casework.journal.office import LEVEL_BITS, Office
from antigone.casework.journal.reading_log import ReadingLog
from antigone.casework.journal.replaying import dump_digest
from antigone.ledger.approvals import ApprovalError, verify_approval
from antigone.ledger.canonical import CanonicalError, parsed
from antigone.ledger.checkpoint import Note, NoteError, VerifierKey, parse, signed_note
from antigone.ledger.commitments import commitment
from antigone.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash

# Above so many checkpoints the older ones are compared by root alone; a root says all that a checkpoint says.
_SIGNATURES = 20_000


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it must be, and where."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


@dataclass
class Verified:
    """What was looked at, what was found, and what cannot be excluded."""

    entries: int = 0
    root: str = ""
    checkpoints: int = 0
    approvals: int = 0
    parts: int = 0
    erased: int = 0
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def problem(self, where: str, what: str) -> None:
        """Note one."""
        self.problems.append(Problem(where, what))


@dataclass(slots=True)
class _Proposed:
    digest: str
    actor: str
    authors: tuple[str, ...]
    action: str
    new_keys: dict[str, str]
    new_roles: dict[str, tuple[Role, ...]]
    revoked: list[str]
    decided: bool = False


def verify(office: Office, *, against: str | None = None, progress: Callable[[int], None] | None = None) -> Verified:
    """Look at everything; `against` is the text of a checkpoint that somebody else kept."""
    found = Verified()
    leaves = _Entries(office, found).read(progress)
    found.entries = len(leaves)
    levels = _stored_nodes(office, leaves, found)
    roots = _Roots(levels)
    found.root = roots.at(len(leaves)).hex()
    key = VerifierKey.parse((office.directory / "log.vkey").read_text(encoding="utf-8").strip())
    _checkpoints(office, roots, key, found)
    _kept(against, roots, key, found)
    _projections(office, key, found)
    for line, what in ReadingLog(office.directory, None).problems(key):
        found.problem(f"reads.jsonl:{line}", what)
    return found


class _Entries:
    """One pass over the entries, in order."""

    def __init__(self, office: Office, found: Verified) -> None:
        self.office = office
        self.found = found
        self.proposals: dict[str, _Proposed] = {}
        self.keys: dict[str, str] = {}
        self.roles: dict[str, set[Role]] = {}
        self.erased = dict(Erasure.objects.using(office.using).values_list("subject", "entry"))
        self.subject_keys = office.subject_keys.all()
        self.committed: set[tuple[int, str]] = set()
        self.withdrawals: dict[str, str] = {}  # proposal → subject
        self.truly_erased: set[str] = set()

    def read(self, progress: Callable[[int], None] | None) -> list[bytes]:
        leaves: list[bytes] = []
        parts = self._parts()
        # As text, however a database writes it: a million UUID objects would take as long as a million digests.
        rows = (
            Entry.objects.using(self.office.using)
            .order_by("seq")
            .values_list("seq", Cast("id", TextField()), "kind", "action", "outcome", "public")
        )
        for seq, identifier, kind, action, outcome, public in rows.iterator(chunk_size=2000):
            raw = bytes(public)
            if seq != len(leaves):
                self.found.problem(f"entry {len(leaves)}", f"missing: the next one is {seq}")
                return leaves
            leaves.append(leaf_hash(raw))
            try:
                envelope = parsed(raw)
            except CanonicalError as error:
                self.found.problem(f"entry {seq}", f"not canonical JSON: {error}")
                continue
            try:
                written = (envelope["seq"], envelope["kind"], envelope["action"], envelope["outcome"])
                same_id = identifier.replace("-", "") == envelope["id"].replace("-", "")
                if not same_id or written != (seq, kind, action, outcome):
                    self.found.problem(f"entry {seq}", "its columns do not say what the entry says")
                self._envelope(seq, envelope, leaves[-1])
                self._personal(seq, envelope, parts)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                # Somebody wrote into the database what no action writes; the rest is looked at all the same.
                self.found.problem(f"entry {seq}", f"is not of the form of an entry: {type(error).__name__}")
            if progress and seq % 10_000 == 0:
                progress(seq)
        for seq, subject in parts:
            self.found.problem(f"entry {seq}", f"holds a personal part of {subject} that it never committed to")
        for subject in self.erased.keys() - self.truly_erased:
            self.found.problem(
                f"journal_erasure {subject}", "says withdrawn; no approved withdrawal stands in the journal"
            )
        return leaves

    def _parts(self) -> dict[tuple[int, str], bytes]:
        rows = Part.objects.using(self.office.using).values_list("entry", "subject", "sealed")
        return {(entry, subject): bytes(sealed) for entry, subject, sealed in rows.iterator(chunk_size=2000)}

    def _envelope(self, seq: int, envelope: dict[str, Any], leaf: bytes) -> None:
        kind = envelope["kind"]
        try:
            cls = action_class(envelope["action"], envelope["version"])
        except ActionRefusedError as error:
            self.found.problem(f"entry {seq}", str(error))
            return
        if kind == "action" and cls.needs_two and envelope["outcome"] == "applied":
            self.found.problem(
                f"entry {seq}", f"{cls.name} takes two people and was applied by {envelope['actor']} alone"
            )
        if seq == 0 and cls is not FoundOffice:
            self.found.problem("entry 0", "the first entry does not found the office")
        if (cls is FoundOffice) != (seq == 0):
            self.found.problem(f"entry {seq}", "an office is founded once, by its first entry")
        if seq == 0:
            self._gave(cls.again(envelope["payload"], {}).new_roles())
        elif kind in ("action", "proposal"):
            self._may(seq, envelope["actor"], cls.allowed_to)
        if kind == "proposal":
            self._proposal(envelope, cls, leaf)
        elif kind in ("approval", "refusal"):
            self._decision(seq, envelope, cls.approved_by)
        elif envelope.get("keys") and seq != 0:
            self.found.problem(f"entry {seq}", "brings keys without an approval")
        if kind == "approval" or seq == 0:
            self.keys |= {one["actor"]: one["key"] for one in envelope.get("keys", ())}
            for actor in envelope.get("revoked", ()):
                self.keys.pop(actor, None)
                self.roles.pop(actor, None)

    def _proposal(self, envelope: dict[str, Any], cls: type[Action], leaf: bytes) -> None:
        again = cls.again(envelope["payload"], dict.fromkeys(envelope["personal"]))
        self.proposals[envelope["id"]] = _Proposed(
            leaf.hex(),
            envelope["actor"],
            again.authors(),
            cls.name,
            dict(again.new_keys()),
            dict(again.new_roles()),
            list(again.revoked()),
        )
        if cls.name == "journal.withdraw_person":
            self.withdrawals[envelope["id"]] = envelope["payload"]["subject"]

    def _gave(self, roles: Mapping[str, Iterable[Role]]) -> None:
        self.roles |= {actor: set(some) for actor, some in roles.items()}

    def _may(self, seq: int, actor: str, roles: Iterable[Role]) -> None:
        held = self.roles.get(actor)
        if held is None:
            self.found.problem(f"entry {seq}", f"there was no active actor ‘{actor}’ then")
        elif held.isdisjoint(roles):
            self.found.problem(f"entry {seq}", f"{actor} had no role that allows it")

    def _decision(self, seq: int, envelope: dict[str, Any], approved_by: Iterable[Role]) -> None:
        payload, where = envelope["payload"], f"entry {seq}"
        proposed = self.proposals.get(payload.get("proposal", ""))
        if proposed is None:
            self.found.problem(where, f"decides {payload.get('proposal')}, which was not proposed before")
            return
        if proposed.decided:
            self.found.problem(where, f"decides {payload['proposal']} a second time")
        proposed.decided = True
        if payload.get("digest") != proposed.digest or proposed.action != envelope["action"]:
            self.found.problem(where, "decides something else than what was proposed")
        actor = envelope["actor"]
        # What somebody proposed, that person may take back in any role.
        self._may(seq, actor, Role if envelope["kind"] == "refusal" and actor == proposed.actor else approved_by)
        if envelope["kind"] == "approval":
            self._approval(where, envelope, proposed)

    def _approval(self, where: str, envelope: dict[str, Any], proposed: _Proposed) -> None:
        payload, actor = envelope["payload"], envelope["actor"]
        self.found.approvals += 1
        self._gave(proposed.new_roles)
        if actor == proposed.actor or actor in proposed.authors:
            self.found.problem(where, f"{actor} approved what {actor} proposed or wrote")
        brought = {one["actor"]: one["key"] for one in envelope.get("keys", ())}
        if brought != proposed.new_keys or envelope.get("revoked", []) != proposed.revoked:
            self.found.problem(where, "changes other keys than were proposed")
        if actor not in self.keys:
            self.found.problem(where, f"{actor} had no key then")
            return
        try:
            verify_approval(
                base64.b64decode(self.keys[actor]),
                payload.get("signature", ""),
                proposed.digest,
                actor,
                self.office.origin,
            )
        except ApprovalError as error:
            self.found.problem(where, f"the approval by {actor} is not valid: {error}")
        else:
            if payload["proposal"] in self.withdrawals:
                self.truly_erased.add(self.withdrawals[payload["proposal"]])

    def _personal(self, seq: int, envelope: dict[str, Any], parts: dict[tuple[int, str], bytes]) -> None:
        for subject, committed in envelope["personal"].items():
            sealed = parts.pop((seq, subject), None)
            if subject in self.erased:
                self.found.erased += 1
                if sealed is not None or subject in self.subject_keys:
                    self.found.problem(f"entry {seq}", f"{subject} was withdrawn, and a part or a key is still there")
                continue
            if sealed is None:
                self.found.problem(f"entry {seq}", f"the personal part of {subject} is gone without a withdrawal")
                continue
            if subject not in self.subject_keys:
                self.found.problem(f"entry {seq}", f"the key of {subject} is gone without a withdrawal")
                continue
            self.found.parts += 1
            key = self.subject_keys[subject]
            try:
                same = commitment(key.salt, key.opened(sealed, f"{seq}:{subject}")) == committed
            except (InvalidTag, CanonicalError, TypeError):
                same = False
            if not same:
                self.found.problem(f"entry {seq}", f"the personal part of {subject} is not what was committed")


class _Roots:
    """Roots at any size, from all stored levels."""

    def __init__(self, levels: list[list[bytes]]) -> None:
        self.levels = levels

    def at(self, size: int) -> bytes:
        root: bytes | None = None
        for level, nodes in enumerate(self.levels):
            if size >> level & 1:
                left = nodes[(size >> level) - 1]
                root = left if root is None else node_hash(left, root)
        return EMPTY_ROOT if root is None else root


def _stored_nodes(office: Office, leaves: list[bytes], found: Verified) -> list[list[bytes]]:
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    expected = _in_order(levels)
    rows = Node.objects.using(office.using).order_by("place").values_list("place", "hash")
    wrong = 0
    for place, value in rows.iterator(chunk_size=5000):
        wanted = next(expected, None)
        if wanted is None or wanted != (place, bytes(value)):
            wrong += 1
            index, level = place & (1 << LEVEL_BITS) - 1, place >> LEVEL_BITS
            found.problem(f"node {level}/{index}", "is not the hash of what stands below it, or is out of place")
            break
    else:
        if next(expected, None) is not None:
            found.problem("nodes", "stored nodes of the tree are missing")
    return levels


def _in_order(levels: list[list[bytes]]) -> Iterator[tuple[int, bytes]]:
    for level, nodes in enumerate(levels):
        for index, value in enumerate(nodes):
            yield level << LEVEL_BITS | index, value


def _checkpoints(office: Office, roots: _Roots, key: VerifierKey, found: Verified) -> None:
    rows = list(SignedCheckpoint.objects.using(office.using).order_by("size").values_list("size", "text"))
    found.checkpoints = len(rows)
    if not rows or rows[-1][0] != found.entries:
        last = rows[-1][0] if rows else 0
        found.problem("checkpoints", f"the last one is over {last} entries; there are {found.entries}")
    for k, (size, text) in enumerate(rows):
        try:
            signed = parse(text)
            checkpoint = signed.checkpoint
            if k >= len(rows) - _SIGNATURES:
                signed.verify(key)
        except NoteError as error:
            found.problem(f"checkpoint {size}", str(error))
            continue
        if checkpoint.size != size or checkpoint.origin != office.origin:
            found.problem(f"checkpoint {size}", "is of another size or another office")
        elif size <= found.entries and checkpoint.root != roots.at(size):
            found.problem(f"checkpoint {size}", "its root is not that of the entries")
    if len(rows) > _SIGNATURES:
        found.remarks.append(
            f"Of {len(rows) - _SIGNATURES} older checkpoints the root was compared, not the signature."
        )


def _kept(against: str | None, roots: _Roots, key: VerifierKey, found: Verified) -> None:
    if against is None:
        found.remarks.append(
            "No checkpoint kept elsewhere was given: that the holder of the journal's key rolled it back or rewrote it "
            "cannot be excluded (--against FILE)."
        )
        return
    try:
        checkpoint = parse(against).verify(key)
    except NoteError as error:
        found.problem("the checkpoint kept elsewhere", str(error))
        return
    if checkpoint.size > found.entries:
        what = f"is over {checkpoint.size} entries; the journal has {found.entries}: it was rolled back"
        found.problem("the checkpoint kept elsewhere", what)
    elif checkpoint.root != roots.at(checkpoint.size):
        what = f"has another root over its {checkpoint.size} entries: history was rewritten"
        found.problem("the checkpoint kept elsewhere", what)
    else:
        found.remarks.append(
            f"The checkpoint kept elsewhere, over {checkpoint.size} entries, is a part of this journal."
        )


def _projections(office: Office, key: VerifierKey, found: Verified) -> None:
    row = ProjectionDigest.objects.using(office.using).order_by("-size").first()
    if row is None or row.size != found.entries:
        since = "none was recorded yet" if row is None else f"the last is of {row.size} entries"
        found.remarks.append(
            f"No digest of the tables stands for {found.entries} entries ({since}): ‘antigone rebuild --check’ "
            "compares them with the journal row by row."
        )
        return
    try:
        note = Note.parse(row.note)
        note.verify(key)
    except NoteError as error:
        found.problem(f"digest of the tables at {row.size} entries", str(error))
        return
    if note.text != digest_text(office.origin, row.size, dump_digest(office.using)):
        found.problem(
            "tables", "are not what they were when their digest was taken; ‘antigone rebuild --check’ says where"
        )


def digest_text(origin: str, size: int, digest: str) -> str:
    """The text of a digest's note."""
    return f"{origin} tables\n{size}\n{digest}\n"


def record_digest(office: Office, size: int) -> str:
    """Sign and keep the digest of the tables as they are now."""
    digest = dump_digest(office.using)
    if office.log_key is not None:
        note = signed_note(digest_text(office.origin, size, digest), office.log_key)
        ProjectionDigest.objects.using(office.using).update_or_create(size=size, defaults={"note": note})
    return digest
