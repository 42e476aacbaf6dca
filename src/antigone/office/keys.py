"""Key files: one line of text, the format of signed notes, readable by their owner alone."""

import os
from pathlib import Path

from antigone.ledger.checkpoint import NoteError, SigningKey
from antigone.office.configuration import OfficeError


def write_key(path: Path, key: SigningKey) -> None:
    """A new file that only its owner can read. Raises `FileExistsError`."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(key.text + "\n")
        file.flush()
        os.fsync(file.fileno())


def read_key(path: Path) -> SigningKey:
    """The key in a file. Raises `OfficeError`."""
    try:
        return SigningKey.parse(path.read_text(encoding="utf-8").strip())
    except OSError as error:
        raise OfficeError(f"{path}: the key cannot be read: {error.strerror}") from None
    except (NoteError, UnicodeDecodeError):
        raise OfficeError(f"{path} is no key; expected one line that begins with PRIVATE+KEY+") from None


def key_of(directory: Path, who: str) -> SigningKey:
    """The key of ‘--as’: a file, or the name of an actor whose key lies in the office's folder `keys`.

    Raises `OfficeError`.
    """
    beside = directory / "keys" / f"{who}.key"
    if "/" not in who and beside.is_file():
        return read_key(beside)
    path = Path(who)
    if path.is_file():
        return read_key(path)
    raise OfficeError(f"there is no key ‘{who}’: neither a file of that name nor {beside}")
