"""What a worker process does: compute tile after tile, and say that it lives while it does.

It knows its scheduler by a pipe. Where that is closed the scheduler is gone, however it went, and the worker goes too.
"""

import os
import pickle
import signal
import threading
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

ALIVE, DONE, FAILED = "alive", "done", "failed"


def serve(connection: Connection, heartbeat: float) -> None:
    """Take the work, then tiles until there are no more; `heartbeat` is in seconds.

    In: the pickled `Work`; then pairs of a number and a task. Out: `(ALIVE,)`, `(DONE, number, result)`, `(FAILED,
    error)`.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the scheduler, which closes the pipe
    speaking = _Speaking(connection)
    threading.Thread(target=_live, args=(speaking, heartbeat), daemon=True).start()
    try:
        work = _heard(connection.recv_bytes)
        compute = None if work is None else pickle.loads(work).begin()  # noqa: S301  # from the process that started us
        while compute is not None and (asked := _heard(connection.recv)) is not None:
            number, task = asked
            speaking.say(DONE, number, compute(task))
    except Exception as error:  # noqa: BLE001  # it is raised where the tile was asked for
        speaking.say(FAILED, _portable(error))


def _heard(receive: Callable[[], Any]) -> Any:
    """What the scheduler says; None where it is gone."""
    try:
        return receive()
    except (EOFError, OSError):
        return None


class _Speaking:
    """Two threads speak; what one says is not cut in two by the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection, self._lock = connection, threading.Lock()

    def say(self, *message: Any) -> None:
        try:
            with self._lock:
                self._connection.send(message)
        except OSError:  # nobody listens any more
            os._exit(1)


def _live(speaking: _Speaking, heartbeat: float) -> None:
    while True:
        speaking.say(ALIVE)
        time.sleep(heartbeat)


def _portable(error: Exception) -> Exception:
    """The error, if it survives being pickled; else what it said."""
    try:
        copy: Exception = pickle.loads(pickle.dumps(error))  # noqa: S301  # our own
    except Exception:  # noqa: BLE001  # whatever is wrong with it
        return RuntimeError("".join(traceback.format_exception(error)))
    return copy
