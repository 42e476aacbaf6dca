"""A PostgreSQL server of the tests' own: started where its programs are installed, gone with the process."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

OWNER = "antigone"
# PostgreSQL refuses to run as root; Debian's package brings this account.
ACCOUNT = "postgres"
START = 30.0  # seconds
# The server ends when its standard input does: even a test run that is killed leaves none behind.
_TETHERED = '"$@" </dev/null & server=$!; read -r _; kill -INT $server 2>/dev/null; wait $server'
# What a power cut would do is no question here.
_SETTINGS = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "listen_addresses=127.0.0.1")


class ServerError(RuntimeError):
    """The server did not start; the message holds what it wrote."""


@dataclass
class Server:
    """A running server, reached by a socket in `folder` and on a port of 127.0.0.1, that asks for no password."""

    folder: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    def address(self, name: str) -> str:
        """As an office's configuration has it."""
        return f"postgresql://{OWNER}@127.0.0.1:{self.port}/{name}"

    def new_database(self, template: str | None = None) -> str:
        """The name of a fresh database, empty or a copy of another that nobody is connected to."""
        name = f"office_{next(self._numbers)}"
        self._say(f"CREATE DATABASE {name} TEMPLATE {template or 'template0'}")
        return name

    def drop(self, name: str) -> None:
        """A database that is not needed any more."""
        self._say(f"DROP DATABASE {name} WITH (FORCE)")

    def connect(self, name: str = "postgres") -> psycopg.Connection[Any]:
        """By the socket."""
        return psycopg.connect(host=str(self.folder), port=self.port, user=OWNER, dbname=name, autocommit=True)

    def _say(self, sql: str) -> None:
        with closing(self.connect()) as connection:
            connection.execute(sql)


def programs() -> Path | None:
    """The folder of `initdb` and `postgres`; on Debian they are not on the path. The newest version that is there."""
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(found, key=lambda folder: int(folder.parent.name), default=None)


@contextmanager
def running(bin_folder: Path) -> Iterator[Server]:
    """A server with an empty cluster, for as long as the block runs. Raises `ServerError`."""
    as_account = _account()
    folder = Path(tempfile.mkdtemp(prefix="antigone-pg-"))
    try:
        if as_account:
            shutil.chown(folder, ACCOUNT, as_account["group"])
        settings = ("-U", OWNER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        made = subprocess.run(  # noqa: S603
            [bin_folder / "initdb", "-D", folder / "data", *settings],
            capture_output=True, text=True, check=False, cwd=folder, **as_account,
        )  # fmt: skip
        if made.returncode:
            raise ServerError(made.stdout + made.stderr)
        with _started(bin_folder, folder, as_account) as server:
            yield server
    finally:
        shutil.rmtree(folder)


@contextmanager
def _started(bin_folder: Path, folder: Path, as_account: dict[str, Any]) -> Iterator[Server]:
    server = Server(folder, _free_port())
    log = folder / "log"
    settings = [part for setting in _SETTINGS for part in ("-c", setting)]
    command = [bin_folder / "postgres", "-D", folder / "data", "-k", folder, "-p", str(server.port), *settings]
    with (
        log.open("wb") as out,
        subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _TETHERED, "sh", *command],
            stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=folder, **as_account,
        ) as process,
    ):  # fmt: skip
        try:
            _wait(server, process, log)
            yield server
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(START)


def _wait(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START
    while time.monotonic() < until and process.poll() is None:
        try:
            server.connect().close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise ServerError(log.read_text(errors="replace"))


def _account() -> dict[str, Any]:
    """Whose the server's process is: our own account, or Debian's where we are root."""
    if os.geteuid() != 0:
        return {}
    return {"user": ACCOUNT, "group": pwd.getpwnam(ACCOUNT).pw_gid, "extra_groups": []}


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
