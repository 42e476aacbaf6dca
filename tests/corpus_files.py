"""The corpus of small files, good and bad: `bad_NAME.EXT` has its errors beside it, in `bad_NAME.expected`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from antigone.formats.errors import InputError

CORPUS = Path(__file__).parent / "corpus"


def bad_files(kind: str, *suffixes: str) -> list[str]:
    """The names of the bad files of a folder that have one of some suffixes."""
    names = sorted(path.name for path in (CORPUS / kind).iterdir() if path.name.startswith("bad_"))
    return [name for name in names if Path(name).suffix in suffixes]


def check_errors(read: Callable[[Path], object], path: Path) -> None:
    """Reading a bad file raises exactly the errors that stand beside it."""
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value) + "\n" == path.with_suffix(".expected").read_text(encoding="utf-8")
