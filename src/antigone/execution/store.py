"""Results of tiles in a folder, by the digest of what they were computed from."""

import hashlib
import os
import secrets
from pathlib import Path

from antigone.execution.tiles import TileConflictError

# Of a file: this line, the digest of the tile, the SHA-256 of the result, each with a line end; then the result. What
# is written here is never changed: another form is another number.
_FORM = b"antigone tile 1\n"
_HEAD = len(_FORM) + 2 * 65


class TileStore:
    """A folder with a file for each result, `DIGEST.tile`; several searches may use it, at once too.

    A result appears whole or not at all, and is on disk before it counts. One that was damaged since is thrown away,
    and its name goes into `damaged`: it is computed again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damaged: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, digest: str, result: bytes) -> None:
        """Keep a result. Raises `TileConflictError` where another one is kept already."""
        kept = self.get(digest)
        if kept is not None:
            if kept != result:
                raise TileConflictError(f"tile {digest[:12]}", _sha256(kept), _sha256(result))
            return
        partial = self.folder / f".{digest}.{secrets.token_hex(8)}.partial"
        try:
            with partial.open("xb") as file:
                file.write(_FORM + f"{digest}\n{_sha256(result)}\n".encode() + result)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path(digest))
        finally:
            partial.unlink(missing_ok=True)
        self._sync_folder()

    def get(self, digest: str) -> bytes | None:
        """A result, or None where there is none to be believed."""
        path = self._path(digest)
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return None
        result = content[_HEAD:]
        if content[:_HEAD] == _FORM + f"{digest}\n{_sha256(result)}\n".encode():
            return result
        self.damaged.append(path.name)
        path.unlink(missing_ok=True)
        return None

    def _path(self, digest: str) -> Path:
        return self.folder / f"{digest}.tile"

    def _sync_folder(self) -> None:
        """The name of a new file is on disk as well; Windows opens no folders, and sees to it by itself."""
        if os.name == "nt":
            return
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
