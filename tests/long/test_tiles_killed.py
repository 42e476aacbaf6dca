"""Searches in tiles under fire: workers are killed and stopped at random, searches are ended as a whole and go on."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import fields

import numpy as np
import pytest

from antigone.execution.country import search_in_tiles
from antigone.execution.pool import ProcessPool
from antigone.formats.case_folder import read_case_folder, write_case_folder
from antigone.matching import country_search
from antigone.matching.country_search import CountryHits, search_country
from antigone.scenarios import simulate

pytestmark = pytest.mark.long

TILE = 8


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiles") / "case"
    scenario = simulate("june-2025", scale=0.03, missing=200, seed=5)
    write_case_folder(scenario.operation, folder, truth=scenario.truth)
    return folder


def as_bytes(hits: CountryHits) -> dict[str, object]:
    """All that was found, to the last bit."""
    values = {field.name: getattr(hits, field.name) for field in fields(hits)}
    return {
        name: (value.dtype.str, value.shape, value.tobytes()) if isinstance(value, np.ndarray) else repr(value)
        for name, value in values.items()
    }


def test_the_same_bytes_while_workers_are_killed_and_stopped_at_random(case, monkeypatch):
    monkeypatch.setattr(country_search, "TILE", TILE)
    monkeypatch.setattr(country_search, "SLOW_TILE", TILE)
    operation = read_case_folder(case)
    expected = as_bytes(search_country(operation, threads=1))
    # A tile may be unlucky several times; in the field nobody shoots.
    pool = ProcessPool(2, lease=5.0, heartbeat=0.2, attempts=50)
    rng, over, hit = random.Random(1), threading.Event(), []  # noqa: S311  # not a secret

    def shoot() -> None:
        while not over.wait(rng.uniform(0.1, 0.8)):
            pids = pool.pids
            if pids and len(hit) < 12:
                # Who is stopped keeps its tile for a lease, so that the others come too, however fast the machine is.
                hit.append((signal.SIGSTOP, signal.SIGKILL, signal.SIGKILL)[len(hit) % 3])
                with suppress(ProcessLookupError):
                    os.kill(rng.choice(pids), hit[-1])

    shooter = threading.Thread(target=shoot)
    shooter.start()
    try:
        found = search_in_tiles(operation, pool)
    finally:
        over.set()
        shooter.join()
    assert len(found.tiles) > 20
    assert {*hit} == {signal.SIGKILL, signal.SIGSTOP}
    assert as_bytes(found.hits) == expected


# The command as users have it, but for the size of a tile.
COMMAND = f"""
from antigone.matching import country_search
country_search.TILE = country_search.SLOW_TILE = {TILE}
from antigone.cli import main
main()
"""


def test_a_search_that_is_ended_again_and_again_writes_the_same_files(case, tmp_path):
    def command(out: str, *options: object) -> list[str]:
        arguments = ("search", case, "--out", tmp_path / out, "--quiet", *options)
        return [sys.executable, "-c", COMMAND, *map(str, arguments)]

    subprocess.run(command("whole", "--cores", 1), check=True)  # noqa: S603  # our own
    tiles = tmp_path / "tiles"
    for how, status in ((signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130), (signal.SIGTERM, 130)):
        before = len(list(tiles.glob("*.tile")))
        with subprocess.Popen(  # noqa: S603  # our own
            command("ended", "--processes", 2, "--tiles", tiles), start_new_session=True, stderr=subprocess.DEVNULL
        ) as process:
            while process.poll() is None and len(list(tiles.glob("*.tile"))) < before + 2:
                time.sleep(0.005)
            process.send_signal(how)
            assert process.wait(timeout=60) == status
        assert not (tmp_path / "ended").exists()
    assert len(list(tiles.glob("*.tile"))) >= 6
    subprocess.run(command("ended", "--cores", 2, "--tiles", tiles), check=True)  # noqa: S603  # our own
    names = sorted(path.name for path in (tmp_path / "whole").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "ended").iterdir())
    for name in names:
        if name != "summary.json":  # it says how long it took
            assert (tmp_path / "whole" / name).read_bytes() == (tmp_path / "ended" / name).read_bytes(), name
