"""A few deaths of the program at random moments; the long tests have five hundred, and the power cuts."""

import shutil
import sqlite3
from contextlib import closing

import pytest
from pyrage import x25519

from antigone.office.opening import DATABASE
from office_lives import Life, Watch, killing, template

pytest_plugins = ("office_fixtures",)


@pytest.mark.parametrize("seed", [1])
def test_what_was_acknowledged_survives_a_kill(tmp_path, scratch, seed):
    made = template(tmp_path / "template")
    shutil.copytree(made, tmp_path / "office")
    with killing(seed) as killer:
        watch = Watch(tmp_path / "office", scratch.differences, killer.identities[0])
        for _ in range(12):
            watch.look(killer.life(tmp_path / "office"))
    assert len(watch.entries) > 20


@pytest.mark.parametrize(
    "told",
    [
        {"entries": [[10**6, "an entry that is not there"]]},
        {"entries": [[1, "another entry than the one there"]]},
        {"entries": [], "approved": "a proposal that is not there"},
        {"entries": [], "withdrawn": "somebody who was not withdrawn"},
    ],
)
def test_the_watch_notices_what_was_acknowledged_and_is_not_there(tmp_path, scratch, told):
    made = template(tmp_path / "office")
    watch = Watch(made, scratch.differences, x25519.Identity.generate())
    watch.look(Life([], "start"))
    with pytest.raises((AssertionError, KeyError)):
        watch.look(Life([told], "single"))


def test_the_watch_notices_a_row_that_no_entry_made(tmp_path, scratch):
    made = template(tmp_path / "office")
    with closing(sqlite3.connect(made / DATABASE)) as database:
        database.execute("INSERT INTO accounts_device (id, title, active) VALUES ('half', 'applied', 1)")
        database.commit()
    with pytest.raises(AssertionError, match="no entry made it"):
        Watch(made, scratch.differences, x25519.Identity.generate()).look(Life([], "start"))
