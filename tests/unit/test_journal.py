"""The journal: performed, proposed, approved, withdrawn, rebuilt, proved."""

import shutil
from datetime import date
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antigone.office.configuration import Configuration, OfficeError
from antigone.office.database import connect, disconnect, migrate, sqlite
from antigone.office.keys import key_of
from antigone.office.opening import found_office, open_office

ORIGIN = "practice.invalid/test"
NAME, BORN = "Kalliste Invented-Surname", date(1991, 2, 3)


@pytest.fixture(scope="session")
def founded(tmp_path_factory):
    """An office that was founded once and is copied for every test."""
    folder = tmp_path_factory.mktemp("founded") / "office"
    found_office(folder, Configuration(ORIGIN, practice=True))
    disconnect("default")
    return folder


@pytest.fixture
def office(founded, tmp_path):
    folder = tmp_path / "office"
    shutil.copytree(founded, folder)
    opened = open_office(folder)
    yield opened
    disconnect("default")


def private(office, actor):
    return Ed25519PrivateKey.from_private_bytes(key_of(office.directory, actor).seed)


def said(name, quantity=1200, **fields):
    from antigone.casework.agreements.actions import ClaimMade, Days, Publication, RecordStatement

    day = date(2025, 6, 13)
    claim = {"about": "transfer:T1", "agreement": "accord", "kind": "received", "unit": "bodies", "direction": "to B"}
    claim |= {"claim": name, "quantity": quantity, "wording": "as said"} | fields
    return RecordStatement(
        statement=name,
        days=Days(first=day, last=day),
        speaker="Headquarters",
        side="B",
        publications=(Publication(publisher="Gazette", on=day),),
        claims=(ClaimMade(**claim),),
    )


def listed(office, alias="P1"):
    from antigone.casework.agreements.actions import ListPrisoner, RecordPrisonerList
    from antigone.casework.journal.performing import perform

    perform(office, RecordPrisonerList(list=f"L-{alias}", side="A", day=date(2025, 6, 1)), by="first")
    return perform(office, ListPrisoner(list=f"L-{alias}", alias=alias, person_name=NAME, born=BORN), by="first")


def withdrawn(office, alias="P1"):
    from antigone.casework.journal.actions import WithdrawPerson
    from antigone.casework.journal.performing import approve, perform
    from antigone.casework.journal.withdrawing import finish_withdrawals

    proposed = perform(office, WithdrawPerson(subject=alias, ground="consent withdrawn"), by="first")
    approve(office, proposed.id, by="second", key=private(office, "second"))
    return finish_withdrawals(office)


def replay_differs(office):
    from antigone.casework.journal.replaying import differences, replay
    from antigone.casework.journal.tables import DatabaseTables

    connect("scratch", sqlite(":memory:"))
    migrate("scratch")
    try:
        replay(office, DatabaseTables("scratch"))
        return [str(one) for one in differences("default", "scratch")]
    finally:
        disconnect("scratch")


def problems(office, **options):
    from antigone.casework.journal.verifying import verify

    return [str(problem) for problem in verify(office, **options).problems]


def test_after_an_erasure_the_record_rebuilds_to_the_same_rows_and_every_proof_holds(office):
    from antigone.casework.agreements.models import ListedPrisoner
    from antigone.casework.journal.models import Entry, SignedCheckpoint
    from antigone.casework.journal.performing import opened_parts
    from antigone.ledger.checkpoint import VerifierKey
    from antigone.ledger.proof import Proof

    entry = listed(office).seq
    listed(office, "P2")
    kept = SignedCheckpoint.objects.order_by("-size").values_list("text", flat=True)[0]
    proof = Proof.of(office.tree(int(kept.split("\n")[1])), entry, kept)
    assert opened_parts(office, [entry])[entry]["P1"] == {"person_name": NAME, "born": BORN.isoformat()}

    assert withdrawn(office) == 1

    row = ListedPrisoner.objects.get(alias="P1")
    assert (row.name_entry, row.born_entry) == (None, None)
    assert opened_parts(office, [entry]) == {}
    assert ListedPrisoner.objects.get(alias="P2").name_entry is not None
    assert replay_differs(office) == []
    assert problems(office, against=kept) == []
    public = bytes(Entry.objects.values_list("public", flat=True).get(seq=entry))
    key = VerifierKey.parse((office.directory / "log.vkey").read_text().strip())
    assert proof.verify(public, key).size == int(kept.split("\n")[1])


def test_a_rebuild_in_place_after_an_erasure_gives_the_same_rows(office):
    from antigone.casework.journal.replaying import dump_digest, rebuild_in_place

    listed(office)
    withdrawn(office)
    before = dump_digest("default")
    assert rebuild_in_place(office) == 5
    assert dump_digest("default") == before
    assert problems(office) == []


def test_no_file_of_the_office_ever_holds_a_personal_field_in_the_clear(office):
    listed(office)
    during = {path.name: path.read_bytes() for path in office.directory.rglob("*") if path.is_file()}
    withdrawn(office)
    after = {path.name: path.read_bytes() for path in office.directory.rglob("*") if path.is_file()}
    for content in (*during.values(), *after.values()):
        assert NAME.encode() not in content
        assert BORN.isoformat().encode() not in content


def test_after_a_withdrawal_no_file_holds_the_key_the_salt_or_the_sealed_part(office):
    from antigone.casework.journal.models import Part

    entry = listed(office).seq
    key = office.subject_keys.get(["P1"])["P1"]
    sealed = bytes(Part.objects.get(entry=entry).sealed)
    assert any(key.key in path.read_bytes() for path in office.directory.glob("subjects.db*"))
    withdrawn(office)
    for path in office.directory.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert key.key not in content, path
            assert key.salt not in content, path
            assert sealed not in content, path


def test_a_withdrawal_with_an_open_reader_is_reported_and_finished_later(office):
    import sqlite3
    from contextlib import closing

    from antigone.casework.journal.subject_keys import NotSweptError

    entry = listed(office).seq
    key = office.subject_keys.get(["P1"])["P1"]
    with closing(sqlite3.connect(office.directory / "subjects.db")) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM subject_key").fetchall()
        with pytest.raises(NotSweptError, match="another program is reading"):
            withdrawn(office)
    office.subject_keys.sweep()
    office.sweep()
    assert all(key.key not in path.read_bytes() for path in office.directory.glob("subjects.db*"))
    assert problems(office) == []
    assert entry == 2


def test_nothing_personal_is_recorded_again_of_somebody_withdrawn(office):
    from antigone.casework.action import ActionRefusedError
    from antigone.casework.agreements.actions import ListPrisoner, RecordPrisonerList
    from antigone.casework.journal.performing import perform

    listed(office)
    withdrawn(office)
    perform(office, RecordPrisonerList(list="L2", side="A", day=date(2025, 6, 2)), by="first")
    with pytest.raises(ActionRefusedError, match="P1 was withdrawn"):
        perform(office, ListPrisoner(list="L2", alias="P1", person_name=NAME), by="first")
    perform(office, ListPrisoner(list="L2", alias="P1"), by="first")
    assert replay_differs(office) == []


def test_the_same_action_again_is_answered_as_before_and_another_under_its_name_refused(office):
    from antigone.casework.action import ActionRefusedError
    from antigone.casework.identifiers import new_identifier
    from antigone.casework.journal.performing import perform, size

    identifier = new_identifier()
    once = perform(office, said("C1"), by="first", id=identifier)
    again = perform(office, said("C1"), by="first", id=identifier)
    assert (again.seq, again.again, size(office)) == (once.seq, True, 2)
    with pytest.raises(ActionRefusedError, match="says something else"):
        perform(office, said("C1", quantity=1201), by="first", id=identifier)
    with pytest.raises(ActionRefusedError, match="says something else"):
        perform(office, said("C1"), by="second", id=identifier)


def test_a_refused_action_in_a_batch_leaves_nothing_of_the_batch(office):
    from antigone.casework.action import ActionRefusedError
    from antigone.casework.agreements.models import Claim
    from antigone.casework.identifiers import new_identifier
    from antigone.casework.journal.performing import Request, perform_all, size

    batch = [Request(said(name), new_identifier()) for name in ("C1", "C2", "C1")]
    with pytest.raises(ActionRefusedError, match="C1"):
        perform_all(office, batch, by="first")
    assert (size(office), Claim.objects.count()) == (1, 0)
    assert problems(office) == []


def test_what_a_returning_device_brings_too_late_is_contested_and_resolved_by_two(office):
    from antigone.casework.accounts.actions import AddDevice
    from antigone.casework.action import ActionRefusedError
    from antigone.casework.agreements.models import Claim
    from antigone.casework.journal.actions import ResolveContested
    from antigone.casework.journal.models import Contested
    from antigone.casework.journal.performing import approve, perform

    added = perform(office, AddDevice(device="tablet-1", title="at the border"), by="first")
    approve(office, added.id, by="second", key=private(office, "second"))
    perform(office, said("C1"), by="first")
    late = perform(office, said("C1", quantity=7), by="first", device="tablet-1", late=True)
    assert late.outcome == "contested"
    assert "C1" in Contested.objects.get().why
    assert Claim.objects.get(id="C1").quantity == 1200
    resolved = perform(office, ResolveContested(contested=late.id, resolution="the office’s figure stands"), by="first")
    with pytest.raises(ActionRefusedError, match="somebody else"):
        approve(office, resolved.id, by="first", key=private(office, "first"))
    approve(office, resolved.id, by="second", key=private(office, "second"))
    assert Contested.objects.get().resolution == "the office’s figure stands"
    assert replay_differs(office) == []
    assert problems(office) == []


def test_a_claim_alters_no_row_that_an_earlier_entry_left(office):
    from antigone.casework.agreements.models import Claim
    from antigone.casework.journal.performing import perform

    perform(office, said("C1", quantity=1212), by="first")
    perform(office, said("C2", quantity=1200, supersedes="C1"), by="first")
    assert list(Claim.objects.order_by("id").values_list("id", "quantity", "supersedes")) == [
        ("C1", 1212, ""),
        ("C2", 1200, "C1"),
    ]


def test_personal_reads_are_logged_signed_and_chained(office):
    from antigone.casework.action import ActionRefusedError
    from antigone.casework.journal.reading_log import FILE
    from antigone.casework.journal.revealing import reveal

    entry = listed(office).seq
    assert reveal(office, entry, "P1", by="first", purpose="asked by the family")["person_name"] == NAME
    reveal(office, entry, "P1", by="second", purpose="review")
    with pytest.raises(ActionRefusedError, match="needs a purpose"):
        reveal(office, entry, "P1", by="second", purpose=" ")
    assert problems(office) == []
    log = office.directory / FILE
    lines = log.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    assert NAME.encode() not in log.read_bytes()
    log.write_bytes(lines[1])
    assert problems(office) == ["reads.jsonl:1: does not follow the line before: something was taken out or put in"]
    log.write_bytes(lines[0].replace(b"family", b"enemy!") + lines[1])
    assert problems(office) == ["reads.jsonl:1: is not a line that the journal's key signed"]


def test_an_office_is_founded_whole_or_not_at_all_and_never_over_another(tmp_path):
    occupied = tmp_path / "occupied"
    occupied.mkdir()
    (occupied / "letter.txt").write_text("mine")
    with pytest.raises(OfficeError, match="not empty"):
        found_office(occupied, Configuration(ORIGIN, practice=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["occupied"]
    with pytest.raises(OfficeError, match="is no office"):
        open_office(occupied)


def test_identifiers_are_uuid7_and_sort_by_the_time_of_making():
    from antigone.casework.identifiers import new_identifier

    made = [new_identifier() for _ in range(100)]
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {UUID(int=0x8 << 60).variant}
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)
