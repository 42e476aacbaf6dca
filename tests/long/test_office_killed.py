"""Five hundred deaths of the program by SIGKILL, at random moments of everything that it does."""

import shutil
from collections import Counter

import pytest

from office_lives import Watch, killing, template

pytest_plugins = ("office_fixtures",)
pytestmark = pytest.mark.long

_LIVES_OF_ONE_OFFICE = 10
_STEPS = {"start", "single", "person", "batch", "people", "device", "unwanted", "withdrawal", "import_", "backup"}


@pytest.mark.parametrize("seed", range(10))
def test_five_hundred_kills_lose_nothing_that_was_acknowledged(tmp_path, scratch, seed):
    made = template(tmp_path / "template")
    seen: Counter[str] = Counter()
    with killing(seed) as killer:
        for number in range(50 // _LIVES_OF_ONE_OFFICE):
            folder = tmp_path / f"office{number}"
            shutil.copytree(made, folder)
            watch = Watch(folder, scratch.differences, killer.identities[0])
            for _ in range(_LIVES_OF_ONE_OFFICE):
                watch.look(killer.life(folder))
            seen += watch.seen
            assert len(watch.entries) > 0
    assert sum(seen[step] for step in _STEPS) == 50
    assert len(_STEPS & seen.keys()) >= 7  # of ten; which moment falls into which step is chance
