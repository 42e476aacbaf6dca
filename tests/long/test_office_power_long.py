"""Power cuts, ten thousand of them."""

import pytest

from crash_vfs import power_cuts, replayed
from office_power import Judge, recorded_day

pytestmark = pytest.mark.long


@pytest.mark.parametrize("lazy", [False, True], ids=["as SQLite syncs folders", "folders synced by deletions only"])
@pytest.mark.parametrize("seed", range(2, 7))
def test_nothing_acknowledged_is_lost_in_ten_thousand_states(tmp_path, seed, lazy):
    day = recorded_day(tmp_path / "office", tmp_path / "statements.csv")
    (tmp_path / "replayed").mkdir()
    events = replayed(day.steps, tmp_path / "replayed")
    seen = Judge(day, tmp_path / "cut", verify_every=100).judge(power_cuts(events, 1000, seed=seed, lazy=lazy))
    assert seen.pop("verified") >= 8
    assert seen == {"whole": 1000}
