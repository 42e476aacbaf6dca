"""How many examples a property is tried on: the long run multiplies all of them."""

import os

from hypothesis import settings

FACTOR = int(os.environ.get("ANTIGONE_EXAMPLES", "1"))


def examples(count: int) -> settings:
    """That many examples, or as many times more as the long run asks for."""
    return settings(max_examples=count * FACTOR)
