"""One process that answers others on the same machine, one after another, through a socket of its owner alone.

A request is a line of JSON, and so is the answer; then the line is closed. The socket is a file that only its owner can
open. Nothing is reached from another machine.
"""

import errno
import json
import os
import socket
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

Request = Mapping[str, Any]
Reply = Mapping[str, Any]

# Bytes of a request: it names files, and holds none.
MOST_ASKED = 65_536
# Seconds until somebody who has connected must have asked.
PATIENCE = 10.0
# Bytes of an answer that are read.
MOST_ANSWERED = 1 << 30
# What the name of a socket may take at most, in bytes (Linux and the BSDs).
_LONGEST = 103


class DoorstepError(Exception):
    """The socket cannot be used as it was asked for."""


def answer_at(
    path: Path, answer: Callable[[Request], Reply], *, ready: Callable[[], None] | None = None, most: int | None = None
) -> None:
    """Answer at a socket until stopped (or `most` were answered); `ready` is called when anybody may ask.

    A request that cannot be read gets an answer that says so; what `answer` raises ends the service. Raises
    `DoorstepError` where the socket cannot be made, or somebody answers there already.
    """
    with _listening(path) as door:
        if ready is not None:
            ready()
        answered = 0
        while most is None or answered < most:
            line, _ = door.accept()
            with line:
                line.settimeout(PATIENCE)
                # Who hangs up early, or says nothing, is no reason to stop.
                with suppress(OSError):
                    request = _read_request(line)
                    reply = {"error": request} if isinstance(request, str) else answer(request)
                    line.sendall(json.dumps(reply, ensure_ascii=False, allow_nan=False).encode() + b"\n")
            answered += 1


def ask_at(path: Path, request: Request) -> Reply:
    """What the process at a socket answers. Raises `DoorstepError` where nobody does."""
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with line:
        try:
            line.connect(_name(path))
            line.sendall(json.dumps(request, ensure_ascii=False).encode() + b"\n")
            content = _read_line(line, MOST_ANSWERED)
        except OSError as error:
            raise DoorstepError(f"{path}: nobody answers there ({error.strerror or error})") from error
    if not content.endswith(b"\n"):
        raise DoorstepError(f"{path}: the answer was cut off")
    reply: Reply = json.loads(content)
    return reply


def _read_request(line: socket.socket) -> Request | str:
    """A request, or what is wrong with it."""
    content = _read_line(line, MOST_ASKED)
    if not content.endswith(b"\n"):
        return f"found {len(content)} bytes without an end of line; expected a line of JSON of up to {MOST_ASKED} bytes"
    try:
        request = json.loads(content)
    except (ValueError, RecursionError):
        return "found a line that is no JSON; expected an object"
    return request if isinstance(request, dict) else "found JSON that is no object; expected an object"


def _read_line(line: socket.socket, most: int) -> bytes:
    content = bytearray()
    while not content.endswith(b"\n") and len(content) <= most:
        piece = line.recv(min(1 << 16, most + 1 - len(content)))
        if not piece:
            break
        content += piece
    return bytes(content)


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    _make_room(path)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with door:
        before = os.umask(0o177)  # from its first moment on nobody else's
        try:
            door.bind(_name(path))
        except OSError as error:
            raise DoorstepError(f"{path}: no socket can be made there ({error.strerror or error})") from error
        finally:
            os.umask(before)
        made = path.stat()
        door.listen()
        try:
            yield door
        finally:
            with suppress(FileNotFoundError):
                # Not one that somebody else has made there meanwhile.
                now = path.stat()
                if (now.st_dev, now.st_ino) == (made.st_dev, made.st_ino):
                    path.unlink()


def _make_room(path: Path) -> None:
    """Take away a socket at which nobody answers any more."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise DoorstepError(f"{path}: found something that is no socket; expected a name that is free")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        try:
            line.connect(_name(path))
        except OSError as error:
            if error.errno != errno.ECONNREFUSED:
                raise DoorstepError(f"{path}: found a socket of somebody else ({error.strerror or error})") from error
            path.unlink()
            return
    raise DoorstepError(f"{path}: somebody answers there already")


def _name(path: Path) -> str:
    name = str(path)
    if len(os.fsencode(name)) > _LONGEST:
        raise DoorstepError(f"{path}: the name of a socket has {_LONGEST} bytes at most; take a shorter one")
    return name
