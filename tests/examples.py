"""How many examples a property is tried on: the long run multiplies all of them."""

import os

from hypothesis import settings

FACTOR = int(os.environ.get("ANTIGONE_EXAMPLES", "1"))

# `make test-whole`: what takes hours is tried as often as was promised once; the long run takes a share of it.
WHOLE = bool(os.environ.get("ANTIGONE_WHOLE"))


def share(whole: int, part: int) -> int:
    """All of it in the whole run, else a part."""
    return whole if WHOLE else part


def examples(count: int) -> settings:
    """That many examples, or as many times more as the long run asks for."""
    return settings(max_examples=count * FACTOR)
