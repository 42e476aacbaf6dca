"""Commitments: what the record may say of a personal field for ever, without saying it.

A commitment binds to a value and tells nothing about it while the salt is secret. When the salt is destroyed nobody can
ever test a guess against it, and every proof over the commitment still verifies.
"""

import hashlib
import hmac
import secrets
from typing import Any

from antigone.ledger.canonical import canonical_bytes

SALT_BYTES = 32


def new_salt() -> bytes:
    """32 bytes from the operating system: one salt for each data subject."""
    return secrets.token_bytes(SALT_BYTES)


def commitment(salt: bytes, value: Any) -> str:
    """HMAC-SHA-256 under the salt of the value's canonical bytes, as 64 hex digits.

    Raises
    ------
    ValueError
        A salt that is not 32 bytes long.
    CanonicalError
        A value that has no canonical bytes.

    Examples
    --------
    >>> commitment(bytes(32), {"name": "A"}) == commitment(bytes(32), {"name": "B"})
    False
    """
    if len(salt) != SALT_BYTES:
        raise ValueError(f"a salt has {SALT_BYTES} bytes, this one {len(salt)}")
    return hmac.new(salt, canonical_bytes(value), hashlib.sha256).hexdigest()
