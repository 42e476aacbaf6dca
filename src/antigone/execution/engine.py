"""What computes: a result of one engine is never taken for that of another."""

import hashlib
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable

from antigone import __version__

# What computes an LR: code and tables of these packages.
_COMPUTES = ("antigone.genetics", "antigone.matching")


@cache
def engine() -> Mapping[str, str]:
    """What computes here: versions, and the SHA-256 of the code and tables that a result rests on."""
    return {
        "antigone": __version__,
        "code": _digest_of_code(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "numba")},
    }


def _digest_of_code() -> str:
    digest = hashlib.sha256()
    for package in _COMPUTES:
        for name, file in sorted(_files(resources.files(package), package)):
            content = file.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _files(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry, f"{above}/{entry.name}")
        elif entry.name.endswith((".py", ".csv")):
            yield f"{above}/{entry.name}", entry
