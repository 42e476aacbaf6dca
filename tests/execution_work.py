"""Work for the tests of `antigone.execution`: what worker processes are asked to do, the deadly things too."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from antigone.execution.tiles import Compute, Tile


@dataclass(frozen=True)
class Task:
    """`once` is done by the first who tries (a file in `folder` says that somebody did), `always` by everybody."""

    name: str
    folder: Path
    once: str = ""
    always: str = ""


@dataclass(frozen=True)
class Deadly:
    """Answers with the name of the task, unless something happens first."""

    def begin(self) -> Compute:
        return _answer


def _answer(task: Task) -> bytes:
    tried = task.folder / f"{task.name}.tried"
    what = task.always or ("" if tried.exists() else task.once)
    with tried.open("a") as file:
        file.write(f"{os.getpid()}\n")
    if what == "raise":
        raise ValueError(f"{task.name} cannot be computed")
    if what:
        os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[what])
    return task.name.encode()


def tiles_of(folder: Path, **tasks: tuple[str, str]) -> list[Tile]:
    """A tile for each name, with what happens once and always."""
    return [
        Tile(f"{k:064x}", name, Task(name, folder, once, always))
        for k, (name, (once, always)) in enumerate(tasks.items())
    ]


def tried(folder: Path, name: str) -> list[int]:
    """The processes that tried it."""
    return [int(line) for line in (folder / f"{name}.tried").read_text().split()]
