"""Identifiers are made where the action is made: UUIDv7 (RFC 9562), so that they sort by the time of making."""

import secrets
import time
from uuid import UUID


def new_identifier() -> UUID:
    """A UUIDv7: 48 bits of milliseconds, then chance."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 7 << 76
    return UUID(int=value & ~(0b11 << 62) | 0b10 << 62)
