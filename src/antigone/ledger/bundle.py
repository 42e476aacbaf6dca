"""Bundles: the whole log in a folder, so that a stranger can check every entry with one file of Python.

    entries.jsonl   one canonical JSON entry a line; entry i is leaf i
    leaves          one leaf hash a line, in hex, so that a change can be located
    checkpoint      the signed checkpoint over them
    log.vkey        the log's public key
    …               any further files, such as an export's CSV
    MANIFEST        a signed note: `sha256 size name` of every other file, by name

`antigone.ledger.verifier` checks it and shares no code with this module.
"""

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import BinaryIO

from antigone.ledger.checkpoint import Checkpoint, SigningKey, parse, signed_note
from antigone.ledger.merkle import EMPTY_ROOT, leaf_hash, node_hash

OWN_FILES = ("MANIFEST", "checkpoint", "entries.jsonl", "leaves", "log.vkey")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)


class BundleError(ValueError):
    """Entries, checkpoint and files that make no bundle; nothing was written."""


def write_bundle(
    directory: Path,
    entries: Iterable[bytes],
    checkpoint_text: str,
    signer: SigningKey,
    files: Mapping[str, bytes] | None = None,
) -> None:
    """Write a bundle, whole or not at all. Only its writer can read it (0700): entries are not for everybody.

    Parameters
    ----------
    directory
        The folder to make; it must not be there, its parent must.
    entries
        The canonical bytes of every entry from the first, without newline.
    checkpoint_text
        The signed checkpoint over exactly these entries.
    signer
        The log's key, which signs the manifest.
    files
        Further files by name.

    Raises
    ------
    BundleError
        The entries are not those of the checkpoint, the checkpoint is not one of this key, a name is not plain.
    FileExistsError
        The folder is there.
    """
    checkpoint = parse(checkpoint_text).verify(signer.verifier)
    further = dict(files or {})
    _refuse_bad_names(further)
    if directory.exists() or directory.is_symlink():
        raise FileExistsError(f"{directory} is there")
    beside = Path(tempfile.mkdtemp(prefix=f".{directory.name}.", suffix=".partial", dir=directory.parent))
    try:
        manifest = _write_entries(beside, entries, checkpoint)
        further |= {"checkpoint": checkpoint_text.encode(), "log.vkey": f"{signer.verifier.text}\n".encode()}
        for name, content in further.items():
            (beside / name).write_bytes(content)
            manifest[name] = f"{hashlib.sha256(content).hexdigest()} {len(content)} {name}\n"
        text = "".join(manifest[name] for name in sorted(manifest))
        (beside / "MANIFEST").write_text(signed_note(text, signer), encoding="utf-8", newline="")
        _make_durable(beside)
        beside.rename(directory)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


class _Counted:
    """A file that knows its digest and size."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._size = 0

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self._digest.update(line)
        self._size += len(line)

    def manifest_line(self, name: str) -> str:
        return f"{self._digest.hexdigest()} {self._size} {name}\n"


def _write_entries(folder: Path, entries: Iterable[bytes], checkpoint: Checkpoint) -> dict[str, str]:
    size, peaks = 0, list[bytes]()  # The roots of the whole subtrees so far, one for each bit of the size.
    with (folder / "entries.jsonl").open("wb") as entries_file, (folder / "leaves").open("wb") as leaves_file:
        lines, leaves = _Counted(entries_file), _Counted(leaves_file)
        for entry in entries:
            if b"\n" in entry:
                raise BundleError(f"entry {size} has a newline, so it is not canonical JSON")
            leaf = leaf_hash(entry)
            lines.write(entry + b"\n")
            leaves.write(leaf.hex().encode() + b"\n")
            carry = size
            while carry & 1:
                leaf, carry = node_hash(peaks.pop(), leaf), carry >> 1
            peaks.append(leaf)
            size += 1
    root = peaks.pop() if peaks else EMPTY_ROOT
    while peaks:
        root = node_hash(peaks.pop(), root)
    if (size, root) != (checkpoint.size, checkpoint.root):
        raise BundleError(
            f"{size} entries with root {root.hex()} are not the {checkpoint.size} of the checkpoint, "
            f"whose root is {checkpoint.root.hex()}"
        )
    return {
        "entries.jsonl": lines.manifest_line("entries.jsonl"),
        "leaves": leaves.manifest_line("leaves"),
    }


def _refuse_bad_names(files: Mapping[str, bytes]) -> None:
    # Two names that differ only in case are one file on some disks.
    taken = {name.lower() for name in OWN_FILES}
    for name in files:
        if not _NAME.fullmatch(name):
            raise BundleError(f"{name!a} is no plain file name: letters, digits, '.', '_' and '-', 200 at most")
        if name.lower() in taken:
            raise BundleError(f"there is a file {name!a} already")
        taken.add(name.lower())


def _make_durable(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
