"""What makes the office fast must not change what it does; and the benchmark of the office runs, on a small scale."""
# ruff: noqa: E402  Django's models can be imported only once it is set up.

from datetime import date

import pytest

from antigone.office.database import connect, disconnect, sqlite

connect("default", sqlite(":memory:"))

from django.db import connections
from django.test.utils import CaptureQueriesContext

from antigone.bench import office as bench
from antigone.casework.action import ActionRefusedError
from antigone.casework.agreements.actions import ListPrisoner, RecordPrisonerList
from antigone.casework.agreements.models import PrisonerList
from antigone.casework.identifiers import new_identifier
from antigone.casework.journal.performing import Request, perform, perform_all
from antigone.casework.journal.tables import DatabaseTables
from antigone.office.configuration import Configuration
from antigone.office.opening import found_office

DAY = date(2025, 6, 16)


@pytest.fixture
def office(tmp_path):
    yield found_office(tmp_path / "office", Configuration("practice.invalid/speed", True, "sqlite"))
    disconnect("default")


def a_list(name: str) -> RecordPrisonerList:
    return RecordPrisonerList(list=name, side="south", day=DAY)


def prisoner(alias: str, on: str = "L-1") -> ListPrisoner:
    return ListPrisoner(list=on, alias=alias, person_name="a name", born=DAY)


def test_a_single_action_asks_as_much_of_a_full_record_as_of_an_empty_one(office):
    def asked(name: str) -> list[str]:
        with CaptureQueriesContext(connections["default"]) as queries:
            perform(office, a_list(name), by="first")
        return [one["sql"] for one in queries.captured_queries]

    few = asked("L-1")
    perform_all(office, [Request(a_list(f"M-{k}"), new_identifier()) for k in range(300)], by="first")
    many = asked("L-2")
    assert len(many) == len(few)
    assert not any("M-17" in sql for sql in many)


def test_whether_a_row_is_known_does_not_depend_on_how_often_one_asks(office):
    perform_all(office, [Request(a_list(f"L-{k}"), new_identifier()) for k in range(100)], by="first")
    tables = DatabaseTables("default")
    for _ in range(2):  # one by one at first, then from memory
        for k in range(120):
            assert tables.knows(PrisonerList, f"L-{k}") == (k < 100)
    tables.add(PrisonerList(id="L-110", side="south", day=DAY, entry=1))
    assert tables.knows(PrisonerList, "L-110")
    tables.forget()
    assert not tables.knows(PrisonerList, "L-110")


def test_a_row_deleted_by_a_query_set_is_not_known_any_more(office):
    perform(office, a_list("L-1"), by="first")
    tables = DatabaseTables("default")
    assert tables.knows(PrisonerList, "L-1")
    tables.rows(PrisonerList).filter(id="L-1").delete()
    assert not tables.knows(PrisonerList, "L-1")


def test_a_refused_batch_leaves_no_keys_of_people_behind(office):
    perform(office, a_list("L-1"), by="first")
    requests = [Request(one, new_identifier()) for one in (prisoner("P-1"), prisoner("P-2"), prisoner("P-1"))]
    with pytest.raises(ActionRefusedError, match="P-1 stands on the list"):
        perform_all(office, requests, by="first")
    assert office.subject_keys.subjects() == set()
    perform_all(office, requests[:2], by="first")
    assert office.subject_keys.subjects() == {"P-1", "P-2"}


def test_one_person_in_two_actions_of_a_batch_has_one_key(office):
    perform_all(office, [Request(a_list(name), new_identifier()) for name in ("L-1", "L-2")], by="first")
    perform_all(office, [Request(prisoner("P-1", on), new_identifier()) for on in ("L-1", "L-2")], by="first")
    assert list(office.subject_keys.all()) == ["P-1"]
    from antigone.casework.journal.verifying import verify

    found = verify(office)
    assert (found.problems, found.parts) == ([], 2)


def test_the_benchmark_measures_every_target_and_gives_right_answers(tmp_path, monkeypatch):
    for name, small in (("CLAIMS", 300), ("BATCH", 100), ("SINGLES", 5), ("FORGERIES", 200), ("LONG", 400)):
        monkeypatch.setattr(bench, name, small)
    rows = {figure.what: figure for figure in bench.office_figures(tmp_path, long=True)}
    assert len(rows) == 12
    assert rows["of 200 forged proofs accepted"].figure == 0
    assert rows["of 200 forged proofs accepted"].reached
    assert all(figure.figure > 0 and figure.unit for what, figure in rows.items() if "forged" not in what)
    assert sum(figure.target != "" for figure in rows.values()) == 8
    assert list(tmp_path.iterdir()) == []
