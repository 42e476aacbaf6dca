"""Reads of personal records: a log beside the journal, for the auditor.

Each line names the one before by its digest, and is signed.
"""

import base64
import fcntl
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from antigone.ledger.canonical import CanonicalError, canonical_bytes, parsed
from antigone.ledger.checkpoint import SigningKey, VerifierKey

FILE = "reads.jsonl"
_START = "0" * 64
_PREFIX = b"antigone-read-v1\n"


class ReadingLog:
    """The file, and the key that signs its lines."""

    def __init__(self, directory: Path, key: SigningKey | None) -> None:
        self.path = directory / FILE
        self.key = key

    def note(self, *, actor: str, at: str, subject: str, entry: int, fields: list[str], purpose: str) -> None:
        """Write that somebody is about to read, before it is shown. Raises `PermissionError` without a key."""
        if self.key is None:
            raise PermissionError(
                "personal records are read only where every read is signed; the journal's key is missing"
            )
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            last = file.read().splitlines()[-1:]
            line = {
                "n": parsed(last[0])["n"] + 1 if last else 0,
                "before": hashlib.sha256(last[0]).hexdigest() if last else _START,
                "actor": actor,
                "at": at,
                "subject": subject,
                "entry": entry,
                "fields": fields,
                "purpose": purpose,
            }
            signature = self.key.sign(_PREFIX + canonical_bytes(line))
            file.write(canonical_bytes({**line, "signature": base64.b64encode(signature).decode()}) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def problems(self, key: VerifierKey) -> Iterator[tuple[int, str]]:
        """Line by line what is wrong. A tail that was cut off shows only against a copy kept elsewhere."""
        if not self.path.is_file():
            return
        before = _START
        for number, raw in enumerate(self.path.read_bytes().splitlines(), start=1):
            try:
                line = parsed(raw)
                signature = base64.b64decode(line.pop("signature"))
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, _PREFIX + canonical_bytes(line))
            except (CanonicalError, InvalidSignature, KeyError, ValueError, AttributeError):
                yield number, "is not a line that the journal's key signed"
                return
            if line["before"] != before or line["n"] != number - 1:
                yield number, "does not follow the line before: something was taken out or put in"
                return
            before = hashlib.sha256(raw).hexdigest()
