"""Backups: the journal in one encrypted file, the keys of people in another, each to at least two recipients (age).

The first holds entries, encrypted parts, checkpoints and the log of reads: no table is in it, for tables are replayed.
The second holds the keys and salts of people and the journal's own key. It is small and replaces the one before, which
is to be destroyed: a withdrawn person's key is in no newer one, so what old backups hold of them stays unreadable.
"""

import base64
import io
import json
import os
import tarfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage
from pyrage import x25519

from antigone.casework.journal.errors import JournalError
from antigone.casework.journal.models import Entry, Part, SignedCheckpoint
from antigone.casework.journal.office import Office
from antigone.casework.journal.subject_keys import SubjectKey
from antigone.ledger.canonical import canonical_bytes, parsed
from antigone.ledger.checkpoint import NoteError, SigningKey, VerifierKey, parse
from antigone.ledger.merkle import leaf_hash

FORMAT = "antigone-backup"
_BATCH = 1000


class BackupError(ValueError):
    """A backup that cannot be made or restored; nothing was written. The message says why."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds, decrypted and checked."""

    origin: str
    practice: bool
    vkey: str
    entries: list[bytes]
    parts: list[tuple[int, str, bytes]]
    checkpoints: list[tuple[int, str]]
    reads: bytes

    @property
    def size(self) -> int:
        """How many entries."""
        return len(self.entries)


@dataclass(frozen=True, slots=True)
class Keys:
    """What the second file holds."""

    log_key: SigningKey
    subjects: dict[str, SubjectKey]


def recipients(texts: Sequence[str]) -> list[x25519.Recipient]:
    """At least two different age recipients (`age1…`). Raises `BackupError`."""
    if len(set(texts)) < 2:
        raise BackupError(
            "a backup is encrypted to two recipients or more, so that one lost key loses nothing: --to age1… --to age1…"
        )
    found = []
    for text in texts:
        try:
            found.append(x25519.Recipient.from_str(text))
        except pyrage.RecipientError:
            raise BackupError(f"‘{text}’ is no age recipient; expected age1 and 58 letters and digits") from None
    return found


def write_backup(office: Office, path: Path, to: Sequence[x25519.Recipient]) -> tuple[Path, Path]:
    """Write both files, each whole or not at all; returns their paths. Raises `BackupError`."""
    keys_path = path.with_name(path.name + ".keys")
    for one in (path, keys_path):
        if one.exists():
            raise BackupError(f"{one} is there already; a backup gets a new name")
    _place(path, pyrage.encrypt(_journal_archive(office), list(to)))
    _place(keys_path, pyrage.encrypt(_keys_archive(office), list(to)))
    return path, keys_path


def read_backup(path: Path, identity: x25519.Identity) -> Backup:
    """Decrypt and check a backup: its entries are those of its last signed checkpoint. Raises `BackupError`."""
    return checked_backup(_decrypted(path, identity), path.name)


def read_keys(path: Path, identity: x25519.Identity) -> Keys:
    """Decrypt the file of keys. Raises `BackupError`."""
    try:
        content = parsed(_decrypted(path, identity))
        subjects = {
            subject: SubjectKey(base64.b64decode(key), base64.b64decode(salt))
            for subject, (key, salt) in content["subjects"].items()
        }
        return Keys(SigningKey.parse(content["log_key"]), subjects)
    except (ValueError, KeyError, TypeError) as error:
        raise BackupError(f"{path.name} is no file of keys: {error}") from None


def identity_in(path: Path) -> x25519.Identity:
    """The first age identity (`AGE-SECRET-KEY-1…`) of a file. Raises `BackupError`."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("AGE-SECRET-KEY-1"):
            try:
                return x25519.Identity.from_str(line.strip())
            except pyrage.IdentityError:
                break
    raise BackupError(f"{path} holds no age identity; expected a line that begins with AGE-SECRET-KEY-1")


def checked_backup(archive: bytes, name: str) -> Backup:
    """From the decrypted archive. Raises `BackupError` where it is not whole."""
    try:
        files = _files(archive)
        about = json.loads(files["backup.json"])
        if about.get("format") != FORMAT or about.get("version") != 1:
            raise BackupError(f"{name}: format {about.get('format')} {about.get('version')}; expected {FORMAT} 1")
        backup = Backup(
            origin=about["origin"],
            practice=about["practice"],
            vkey=files["log.vkey"].decode(),
            entries=files["entries.jsonl"].split(b"\n")[:-1],
            parts=[(e, s, base64.b64decode(sealed)) for e, s, sealed in _lines(files["parts.jsonl"])],
            checkpoints=[(size, text) for size, text in _lines(files["checkpoints.jsonl"])],
            reads=files["reads.jsonl"],
        )
    except (tarfile.TarError, KeyError, ValueError, TypeError) as error:
        raise BackupError(f"{name} is no backup, or was cut: {error}") from None
    _prove(backup, name)
    return backup


def _prove(backup: Backup, name: str) -> None:
    from antigone.ledger.merkle import MemoryNodes, Tree

    if not backup.checkpoints:
        raise BackupError(f"{name} holds no checkpoint")
    size, text = max(backup.checkpoints)
    try:
        checkpoint = parse(text).verify(VerifierKey.parse(backup.vkey.strip()))
    except NoteError as error:
        raise BackupError(f"{name}: its last checkpoint: {error}") from None
    tree = Tree(MemoryNodes())
    tree.append_many(map(leaf_hash, backup.entries))
    if (size, checkpoint.size, tree.size) != (tree.size,) * 3 or checkpoint.root != tree.root():
        raise BackupError(f"{name}: its entries are not those of its last checkpoint")


def restore_into(
    office: Office, backup: Backup, keys: Keys | None, progress: Callable[[int], None] | None = None
) -> None:
    """Fill an empty office: entries, parts, checkpoints, tree; tables are replayed. Raises `JournalError`."""
    from antigone.casework.journal.replaying import replay

    using = office.using
    if Entry.objects.using(using).exists():
        raise JournalError("a backup is restored into an empty office only")
    if keys is not None:
        office.subject_keys.put(keys.subjects)
    with office.writing():
        for batch in _chunks([(n, raw) for n, raw in enumerate(backup.entries)]):
            Entry.objects.using(using).bulk_create([_entry(n, raw) for n, raw in batch])
        rows = (Part(entry=entry, subject=subject, sealed=sealed) for entry, subject, sealed in backup.parts)
        Part.objects.using(using).bulk_create(rows, batch_size=500)
        checkpoints = (SignedCheckpoint(size=size, text=text) for size, text in backup.checkpoints)
        SignedCheckpoint.objects.using(using).bulk_create(checkpoints, batch_size=500)
        tree = office.tree(0)
        tree.append_many(map(leaf_hash, backup.entries))
        office.nodes.flush()
        replay(office, office.tables, progress)
    (office.directory / "reads.jsonl").write_bytes(backup.reads)


def _entry(n: int, raw: bytes) -> Entry:
    envelope = parsed(raw)
    if envelope["seq"] != n:
        raise JournalError(f"line {n + 1} of the entries holds entry {envelope['seq']}")
    return Entry(
        seq=n,
        id=envelope["id"],
        kind=envelope["kind"],
        action=envelope["action"],
        outcome=envelope["outcome"],
        public=raw,
    )


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _journal_archive(office: Office) -> bytes:
    using = office.using
    entries = Entry.objects.using(using).order_by("seq").values_list("public", flat=True)
    parts = Part.objects.using(using).order_by("entry", "subject").values_list("entry", "subject", "sealed")
    checkpoints = SignedCheckpoint.objects.using(using).order_by("size").values_list("size", "text")
    reads = office.directory / "reads.jsonl"
    files = {
        "backup.json": canonical_bytes(
            {"format": FORMAT, "version": 1, "origin": office.origin, "practice": office.practice}
        ),
        "log.vkey": (office.directory / "log.vkey").read_bytes(),
        "entries.jsonl": b"".join(bytes(raw) + b"\n" for raw in entries.iterator(chunk_size=2000)),
        "parts.jsonl": _as_lines([e, s, base64.b64encode(bytes(sealed)).decode()] for e, s, sealed in parts.iterator()),
        "checkpoints.jsonl": _as_lines([size, text] for size, text in checkpoints.iterator()),
        "reads.jsonl": reads.read_bytes() if reads.is_file() else b"",
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _keys_archive(office: Office) -> bytes:
    if office.log_key is None:
        raise BackupError("the journal's own key is not here; a backup without it could not go on")
    subjects = {
        subject: [base64.b64encode(key.key).decode(), base64.b64encode(key.salt).decode()]
        for subject, key in office.subject_keys.all().items()
    }
    return canonical_bytes({"log_key": office.log_key.text, "subjects": subjects})


def _files(archive: bytes) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            content = tar.extractfile(member)
            if content is None:
                raise ValueError(f"{member.name} is no file")
            found[member.name] = content.read()
    return found


def _lines(content: bytes) -> list[Any]:
    return [parsed(line) for line in content.split(b"\n")[:-1]]


def _as_lines(rows: Any) -> bytes:
    return b"".join(canonical_bytes(row) + b"\n" for row in rows)


def _decrypted(path: Path, identity: x25519.Identity) -> bytes:
    try:
        plain: bytes = pyrage.decrypt(path.read_bytes(), [identity])
    except pyrage.DecryptError as error:
        raise BackupError(f"{path.name} cannot be decrypted with this identity, or was changed: {error}") from None
    return plain


def _place(path: Path, content: bytes) -> None:
    """Written beside, made durable, then renamed."""
    beside = path.with_name(f".{path.name}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except FileExistsError:
        raise BackupError(f"{beside} is there: another backup is being written, or one was cut short") from None
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    descriptor = os.open(path.resolve().parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
