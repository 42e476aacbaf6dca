"""An `.xls` file is read in another process first: a damaged one can make calamine's compiled code end its process.

A length that stands in the file is asked of the system as it stands; where that is refused, nothing can be caught.
"""

import os
import select
import struct
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

SECONDS = 120
BROKEN_OFF = "a damaged file: reading it was broken off"
_TOO_SLOW = f"a file that is not read within {SECONDS} seconds"

# Reads everything that will be asked for, within a gigabyte, and says so with a byte: one file after another.
_CHILD = """
import io, struct, sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
except (ImportError, ValueError, OSError):
    pass
from python_calamine import CalamineWorkbook
while len(head := sys.stdin.buffer.read(8)) == 8:
    data = sys.stdin.buffer.read(struct.unpack("<Q", head)[0])
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in workbook.sheet_names:
            workbook.get_sheet_by_name(name).to_python()
    except BaseException:
        pass  # an error, which the reading itself will meet and tell
    sys.stdout.buffer.write(b".")
    sys.stdout.buffer.flush()
"""


class Trial:
    """A process that reads files, one after another; where a file ends it, the next one has a new process."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None

    def what_is_wrong(self, data: bytes) -> str | None:
        """Why the bytes of a file may not be read in this process; None where they may."""
        child = self._child or self._start()
        stdin, stdout = _pipes(child)
        try:
            stdin.write(struct.pack("<Q", len(data)) + data)
            stdin.flush()
        except BrokenPipeError:
            pass  # it ended while it was given the file
        ready, _, _ = select.select([stdout], [], [], SECONDS)
        if not ready:
            self.close()
            return _TOO_SLOW
        if os.read(stdout.fileno(), 1):
            return None
        self.close()
        return BROKEN_OFF

    def _start(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(  # noqa: S603  our own program, which the file is only the input of
            [sys.executable, "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self._child

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            for pipe in _pipes(child):
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
            child.wait()


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert child.stdin is not None  # noqa: S101 - both were asked for
    assert child.stdout is not None  # noqa: S101
    return child.stdin, child.stdout


_kept: Trial | None = None


@contextmanager
def one_process_for_all() -> Iterator[None]:
    """Within it, one process reads all files, as a benchmark of many inputs needs. Not for threads."""
    global _kept
    _kept = Trial()
    try:
        yield
    finally:
        _kept.close()
        _kept = None


def what_is_wrong(data: bytes) -> str | None:
    """Why the bytes of a file may not be read in this process; None where they may."""
    if _kept is not None:
        return _kept.what_is_wrong(data)
    trial = Trial()
    try:
        return trial.what_is_wrong(data)
    finally:
        trial.close()
