"""Proof files: that one entry stands in the log, on one page, to be checked offline (https://c2sp.org/tlog-proof)."""

import base64
from dataclasses import dataclass
from typing import Self

from antigone.ledger.checkpoint import (
    Checkpoint,
    NoteError,
    SignedCheckpoint,
    VerifierKey,
    decimal,
    parse,
    strict_base64,
    utf8_text,
)
from antigone.ledger.merkle import HASH_BYTES, Tree, leaf_hash, verify_inclusion

_HEADER = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True)
class Proof:
    """What a `.tlog-proof` file holds.

    Parameters
    ----------
    index
        Where the entry stands, from 0.
    hashes
        The inclusion proof, from the leaf's sibling up.
    checkpoint
        The signed checkpoint, as it was issued.
    extra
        Bytes that nothing authenticates; None if there are none.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes | None = None

    @classmethod
    def of(cls, tree: Tree, index: int, checkpoint: str, extra: bytes | None = None) -> Self:
        """Prove an entry of the tree to the signed checkpoint, which must be one of this tree."""
        head = parse(checkpoint).checkpoint
        if tree.root(head.size) != head.root:
            raise NoteError(f"the checkpoint's root is not that of this tree at {head.size}", 3)
        return cls(index, tuple(tree.inclusion_proof(index, head.size)), checkpoint, extra)

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Read a proof file, strictly; any deviation is a NoteError with its line."""
        head, separator, checkpoint = utf8_text(text).partition("\n\n")
        lines = head.split("\n")
        if lines[0] != _HEADER:
            raise NoteError(f"{_HEADER!r} must stand here", 1)
        at, extra = 1, None
        if lines[at:] and lines[at].startswith("extra "):
            extra = strict_base64(lines[at].removeprefix("extra "), at + 1, "the extra data")
            at += 1
        if not lines[at:] or not lines[at].startswith("index "):
            raise NoteError("'index' and a number must stand here", at + 1)
        index = decimal(lines[at].removeprefix("index "), at + 1)
        hashes = tuple(_hash(line, number) for number, line in enumerate(lines[at + 1 :], at + 2))
        if not separator:
            raise NoteError("an empty line and the checkpoint must follow", len(lines) + 1)
        _parsed_checkpoint(checkpoint, len(lines) + 1)
        return cls(index, hashes, checkpoint, extra)

    @property
    def text(self) -> str:
        """The file."""
        lines = [_HEADER]
        if self.extra is not None:
            lines.append(f"extra {_base64(self.extra)}")
        lines += [f"index {self.index}", *map(_base64, self.hashes)]
        return "".join(f"{line}\n" for line in (*lines, "")) + self.checkpoint

    def verify(self, entry: bytes, key: VerifierKey) -> Checkpoint:
        """The checkpoint under which these very bytes stand in the log of this key.

        Raises
        ------
        NoteError
            The checkpoint is not one of this key's log.
        ProofError
            The entry is not proved.
        """
        checkpoint = parse(self.checkpoint).verify(key)
        verify_inclusion(self.index, checkpoint.size, leaf_hash(entry), self.hashes, checkpoint.root)
        return checkpoint


def _parsed_checkpoint(text: str, lines_before: int) -> SignedCheckpoint:
    try:
        return parse(text)
    except NoteError as error:
        raise NoteError(f"in the checkpoint: {error.what}", lines_before + error.line) from None


def _hash(line: str, number: int) -> bytes:
    data = strict_base64(line, number, "the hash")
    if len(data) != HASH_BYTES:
        raise NoteError(f"a hash has {HASH_BYTES} bytes, this one {len(data)}", number)
    return data


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
