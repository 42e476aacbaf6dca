"""Python's collector of garbage, while hundreds of thousands of profiles are read."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# So many new objects are a large file.
MANY = 100_000


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is looked for meanwhile.

    Hundreds of thousands of dictionaries grow and none is thrown away: the collector would go through them in vain,
    again and again, for half of the time.
    """
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            if gc.get_count()[0] > MANY and not gc.get_freeze_count():
                # What was read is there to stay: it joins what is old without being walked through once more. After
                # small files that would keep the old from ever being walked through, and what is garbage among it.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
