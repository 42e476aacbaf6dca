"""The commands of the office, as two people would type them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pyrage import x25519

from antigone.cli import app
from antigone.office.database import disconnect

NAME = "Kalliste Invented-Surname"
CLAIMS = """\
claim_id,said_on,speaker,quoting,side,about,agreement,kind,quantity,unit,direction,wording,publisher,published_on
K1,2031-03-01,Envoy,,Aria,transfer:2031-03-01,accord,handed over,40,bodies,to Boria,handed over,Gazette,2031-03-01
K2,2031-03-01,Ministry,,Boria,transfer:2031-03-01,accord,received,38,bodies,to Boria,received,Courier,2031-03-02
"""
PRISONERS = f"""\
list,side,day,direction,agreement,claimed,publisher,alias,captured_on,returned_on,verified_by,name,born
L1,Aria,2031-02-01,to Boria,accord,3,Gazette,A-1,2030-12-24,,,{NAME},1990-05-17
L1,Aria,2031-02-01,to Boria,accord,3,Gazette,A-2,,2031-02-05,a doctor of the Red Cross,,
"""


@pytest.fixture
def antigone(capsys, monkeypatch):
    """Run a command; gives exit status, what was printed, and what was said as errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["antigone", *map(str, arguments)])
        try:
            app.main()
            status = 0
        except SystemExit as stop:
            status = int(stop.code or 0)
        finally:
            disconnect("default")
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run


@pytest.fixture
def office(antigone, tmp_path) -> Path:
    status, _, _ = antigone("init", tmp_path / "office", "--practice")
    assert status == 0
    return tmp_path / "office"


def as_json(answer):
    status, out, err = answer
    assert status == 0, err
    return json.loads(out)


def imported(antigone, office, kind, file) -> str:
    found = as_json(antigone("import", kind, file, "--office", office, "--as", "first", "--json"))
    assert found["errors"] == []
    as_json(antigone("accept", found["id"], "--office", office, "--as", "second", "--json"))
    return found["id"]


@pytest.fixture
def claims(tmp_path) -> Path:
    (tmp_path / "claims.csv").write_text(CLAIMS)
    return tmp_path / "claims.csv"


@pytest.fixture
def prisoners(tmp_path) -> Path:
    (tmp_path / "prisoners.csv").write_text(PRISONERS)
    return tmp_path / "prisoners.csv"


def test_a_practice_office_says_so_with_everything_it_prints(antigone, office):
    for command in (["tally"], ["verify"], ["rebuild", "--check"], ["proposals"]):
        _, _, err = antigone(*command, "--office", office)
        assert "PRACTICE OFFICE" in err
    assert as_json(antigone("verify", "--office", office, "--json"))["practice"] is True
    assert sorted(path.name for path in (office / "keys").iterdir()) == ["first.key", "log.key", "second.key"]


def test_an_import_waits_for_somebody_else_and_is_then_the_record(antigone, office, claims):
    found = as_json(antigone("import", "claims", claims, "--office", office, "--as", "first", "--json"))
    assert (found["rows"], len(found["differences"]), found["errors"]) == (2, 2, [])
    assert as_json(antigone("tally", "--office", office, "--json"))["agreements"] == []
    status, _, err = antigone("accept", found["id"], "--office", office, "--as", "first")
    assert (status, "somebody else" in err) == (2, True)
    as_json(antigone("accept", found["id"], "--office", office, "--as", "second", "--json"))
    (accord,) = as_json(antigone("tally", "--office", office, "--json"))["agreements"]
    said = [(row["series"], row["quantity"]) for row in accord["series"] if row["about"] == "transfer:2031-03-01"]
    assert said == [("handed over", 40), ("received", 38)]
    status, _, err = antigone("accept", found["id"], "--office", office, "--as", "second")
    assert (status, "waits in quarantine" in err) == (2, True)
    assert as_json(antigone("verify", "--office", office, "--json"))["problems"] == []


def test_a_bad_row_names_its_line_and_column_and_nothing_is_imported(antigone, office, claims):
    claims.write_text(CLAIMS.replace(",38,", ",thirty-eight,"))
    status, out, _ = antigone("import", "claims", claims, "--office", office, "--as", "first", "--json")
    found = json.loads(out)
    assert (status, found["id"], found["differences"]) == (1, None, [])
    (error,) = found["errors"]
    assert "claims.csv, line 3, column quantity" in error
    assert "thirty-eight" in error
    assert as_json(antigone("verify", "--office", office, "--json"))["entries"] == 1


def test_a_row_that_does_not_hold_names_its_line(antigone, office, claims):
    text = CLAIMS.replace("published_on\n", "published_on,supersedes\n")
    text = text.replace("2031-03-01\nK2", "2031-03-01,\nK2").replace("2031-03-02\n", "2031-03-02,K9\n")
    claims.write_text(text)
    status, out, _ = antigone("import", "claims", claims, "--office", office, "--as", "first", "--json")
    assert status == 1
    assert json.loads(out)["errors"] == ["claims.csv, line 3: claim K2 supersedes ‘K9’, which is not on record"]


def test_the_same_file_again_changes_nothing_and_a_changed_one_corrects(antigone, office, claims):
    imported(antigone, office, "claims", claims)
    again = as_json(antigone("import", "claims", claims, "--office", office, "--as", "first", "--json"))
    assert (again["id"], again["rows"], again["differences"]) == (None, 2, [])
    claims.write_text(CLAIMS.replace(",38,", ",39,"))
    changed = as_json(antigone("import", "claims", claims, "--office", office, "--as", "first", "--json"))
    (difference,) = changed["differences"]
    assert (difference["change"], difference["fields"]) == ("corrected", {"quantity": {"here": 38, "file": 39}})
    as_json(antigone("accept", changed["id"], "--office", office, "--as", "second", "--json"))
    shown = as_json(antigone("show", "claim", "K2", "--office", office, "--json"))
    assert (shown["quantity"], shown["superseded_by"]) == (38, ["K2~2"])
    (accord,) = as_json(antigone("tally", "--office", office, "--json"))["agreements"]
    assert [row["quantity"] for row in accord["series"] if row["about"] == "transfer:2031-03-01"] == [40, 39]


def test_quarantine_that_was_changed_is_not_accepted(antigone, office, claims):
    found = as_json(antigone("import", "claims", claims, "--office", office, "--as", "first", "--json"))
    waiting = office / "quarantine" / f"{found['id']}.sealed"
    content = bytearray(waiting.read_bytes())
    content[40] ^= 1
    waiting.write_bytes(content)
    status, _, err = antigone("accept", found["id"], "--office", office, "--as", "second")
    assert (status, "not what was imported" in err) == (2, True)


def test_a_name_on_a_prisoner_list_is_read_for_a_purpose_and_gone_after_withdrawal(antigone, office, prisoners):
    as_json(antigone("import", "prisoners", prisoners, "--office", office, "--as", "first", "--json"))
    (waiting,) = (office / "quarantine").iterdir()
    assert NAME.encode() not in waiting.read_bytes()
    as_json(antigone("accept", waiting.stem, "--office", office, "--as", "second", "--json"))
    shown = as_json(antigone("show", "list", "L1", "--office", office, "--json"))
    assert (shown["claimed"], shown["listed"], shown["returned"]) == (3, 2, 1)
    plain = antigone("show", "prisoner", "A-1", "--office", office)
    assert NAME not in plain[1]
    read = as_json(
        antigone("show", "prisoner", "A-1", "--purpose", "appeal", "--office", office, "--as", "first", "--json")
    )
    assert (read["lists"][0]["name"], read["lists"][0]["born"]) == (NAME, "1990-05-17")
    proposed = as_json(
        antigone("withdraw", "A-1", "--ground", "asked to", "--office", office, "--as", "first", "--json")
    )
    as_json(antigone("approve", proposed["id"], "--office", office, "--as", "second", "--json"))
    after = as_json(
        antigone("show", "prisoner", "A-1", "--purpose", "appeal", "--office", office, "--as", "first", "--json")
    )
    assert "name" not in after["lists"][0]
    assert as_json(antigone("rebuild", "--check", "--office", office, "--json"))["same"] is True
    assert as_json(antigone("verify", "--office", office, "--json"))["erased"] == 1
    for path in office.rglob("*"):
        assert not path.is_file() or NAME.encode() not in path.read_bytes()


def test_a_changed_row_is_named_by_rebuild_and_mended_by_it(antigone, office, claims):
    import sqlite3
    from contextlib import closing

    imported(antigone, office, "claims", claims)
    with closing(sqlite3.connect(office / "antigone.db", isolation_level=None)) as database:
        database.execute("UPDATE agreements_claim SET quantity = 40 WHERE id = 'K2'")
    status, out, _ = antigone("verify", "--office", office)
    assert status == 1
    assert "tables: are not what they were" in out
    status, out, _ = antigone("rebuild", "--check", "--office", office)
    assert status == 1
    assert "agreements_claim K2: is" in out
    antigone("rebuild", "--office", office)
    assert antigone("rebuild", "--check", "--office", office)[0] == 0
    assert antigone("verify", "--office", office)[0] == 0


def test_a_proof_is_verified_without_the_office(antigone, office, claims, tmp_path):
    from antigone.ledger.checkpoint import VerifierKey
    from antigone.ledger.proof import Proof

    imported(antigone, office, "claims", claims)
    assert antigone("prove", "3", "--out", tmp_path / "p.tlog-proof", "--office", office)[0] == 0
    key = VerifierKey.parse((office / "log.vkey").read_text().strip())
    entry = (tmp_path / "p.tlog-proof.entry").read_bytes()
    assert json.loads(entry)["payload"]["statement"] == "K1"
    assert Proof.parse((tmp_path / "p.tlog-proof").read_text()).verify(entry, key).size == 5


def test_an_export_is_checked_by_one_file_alone(antigone, office, claims, tmp_path):
    imported(antigone, office, "claims", claims)
    assert antigone("export", "ledger", tmp_path / "out", "--office", office)[0] == 0
    from antigone.ledger import verifier

    shutil.copy(verifier.__file__, tmp_path / "verifier.py")
    command = [sys.executable, "-I", tmp_path / "verifier.py", tmp_path / "out", "--against", office / "checkpoint"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own interpreter
    assert checked.returncode == 0, checked.stdout
    text = (tmp_path / "out" / "claim.csv").read_text()
    assert "K2" in text
    (tmp_path / "out" / "claim.csv").write_text(text.replace("38", "39"))
    checked = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  our own interpreter
    assert (checked.returncode, "claim.csv" in checked.stdout) == (1, True)


def recipient(folder: Path, name: str) -> str:
    identity = x25519.Identity.generate()
    (folder / name).write_text(f"# made for a test\n{identity}\n")
    return str(identity.to_public())


def test_a_backup_restores_to_the_same_root_and_rows(antigone, office, prisoners, tmp_path):
    imported(antigone, office, "prisoners", prisoners)
    to = ["--to", recipient(tmp_path, "one.age"), "--to", recipient(tmp_path, "two.age")]
    before = as_json(antigone("verify", "--office", office, "--json"))
    status, out, err = antigone("backup", tmp_path / "b", *to, "--drill", "--office", office)
    assert (status, "Drill: restored 7 entries" in out) == (0, True), err
    for name in ("b", "b.keys"):
        assert NAME.encode() not in (tmp_path / name).read_bytes()
    back = ["restore", tmp_path / "b", "--identity", tmp_path / "two.age", "--office", tmp_path / "back"]
    assert antigone(*back)[0] == 0
    after = as_json(antigone("verify", "--office", tmp_path / "back", "--json"))
    assert (after["root"], after["problems"]) == (before["root"], [])
    shutil.copy(office / "keys" / "first.key", tmp_path / "back" / "keys")
    shown = ["show", "prisoner", "A-1", "--purpose", "drill", "--as", "first", "--json", "--office"]
    assert as_json(antigone(*shown, tmp_path / "back"))["lists"][0]["name"] == NAME


def test_an_old_backup_does_not_bring_back_who_was_withdrawn_since(antigone, office, prisoners, tmp_path):
    imported(antigone, office, "prisoners", prisoners)
    to = ["--to", recipient(tmp_path, "one.age"), "--to", recipient(tmp_path, "two.age")]
    antigone("backup", tmp_path / "old", *to, "--office", office)
    proposed = as_json(antigone("withdraw", "A-1", "--ground", "asked", "--office", office, "--as", "first", "--json"))
    as_json(antigone("approve", proposed["id"], "--office", office, "--as", "second", "--json"))
    antigone("backup", tmp_path / "new", *to, "--office", office)
    back = ["restore", tmp_path / "old", "--keys", tmp_path / "new.keys", "--identity", tmp_path / "one.age"]
    assert antigone(*back, "--office", tmp_path / "back")[0] == 0
    shutil.copy(office / "keys" / "first.key", tmp_path / "back" / "keys")
    shown = ["show", "prisoner", "A-1", "--purpose", "drill", "--as", "first", "--json", "--office"]
    assert "name" not in as_json(antigone(*shown, tmp_path / "back"))["lists"][0]


@pytest.mark.parametrize("damage", ["flip", "cut"])
def test_a_damaged_backup_is_refused_and_leaves_nothing(antigone, office, claims, tmp_path, damage):
    imported(antigone, office, "claims", claims)
    to = ["--to", recipient(tmp_path, "one.age"), "--to", recipient(tmp_path, "two.age")]
    antigone("backup", tmp_path / "b", *to, "--office", office)
    content = bytearray((tmp_path / "b").read_bytes())
    if damage == "flip":
        content[-100] ^= 1
    else:
        del content[-1000:]
    (tmp_path / "b").write_bytes(content)
    status, _, err = antigone("restore", tmp_path / "b", "--identity", tmp_path / "one.age", "--office", tmp_path / "x")
    assert status == 2
    assert "cannot be decrypted" in err
    assert not list(tmp_path.glob("*x*"))


def test_a_backup_needs_two_recipients(antigone, office, tmp_path):
    one = recipient(tmp_path, "one.age")
    status, _, err = antigone("backup", tmp_path / "b", "--to", one, "--to", one, "--office", office)
    assert (status, "two recipients" in err) == (2, True)


def test_actions_are_performed_from_json_and_refused_in_words(antigone, office, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"agreement": "accord", "title": "The Accord"}))
    done = as_json(
        antigone(
            "perform", "agreements.record_agreement", tmp_path / "a.json", "--office", office, "--as", "first", "--json"
        )
    )
    assert (done["outcome"], done["entry"]) == ("applied", 1)
    again = antigone("perform", "agreements.record_agreement", tmp_path / "a.json", "--office", office, "--as", "first")
    assert again[0] == 2
    assert "there is an agreement ‘accord’ already" in again[2]
    (tmp_path / "a.json").write_text('{"agreement": "accord", "titel": "x"}')
    wrong = antigone("perform", "agreements.record_agreement", tmp_path / "a.json", "--office", office, "--as", "first")
    assert wrong[0] == 2
    assert "titel" in wrong[2]
    assert "Traceback" not in wrong[2]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["verify", "--office", "nowhere"], "nowhere is no office"),
        (["import", "claims", "x.csv", "--office", "{office}"], "--as USER"),
        (["import", "claims", "x.csv", "--office", "{office}", "--as", "first"], "there is no such file"),
        (["import", "weather", "x.csv", "--office", "{office}", "--as", "first"], "cannot be imported"),
        (["tally", "--office", "{office}", "--as", "third"], "there is no key ‘third’"),
        (["show", "claim", "K1", "--office", "{office}"], "there is no claim ‘K1’"),
        (["show", "weather", "K1", "--office", "{office}"], "cannot be shown"),
        (["prove", "77", "--office", "{office}"], "there is no entry 77"),
        (["init", "{office}", "--practice"], "not empty"),
        (["init", "other", "--practice", "--actor", "first"], "two actors"),
    ],
)
def test_mistakes_are_answered_in_words(antigone, office, command, said):
    status, _, err = antigone(*(part.format(office=office) for part in command))
    assert status == 2
    assert said in err


def test_the_published_claims_of_one_article(antigone, office, shared):
    imported(antigone, office, "claims", shared / "data" / "claims-seed.csv")
    found = as_json(antigone("tally", "--office", office, "--json"))
    (part,) = found["agreements"]
    figures = {(row["series"], row["about"]): row["quantity"] for row in part["series"]}
    assert figures == {
        ("promised", "agreement:istanbul-2025-06-02"): 6000,
        ("handed over", "transfer:2025-06-11"): 1212,
        ("received", "transfer:2025-06-13"): 1200,
    }
    assert [one["side"] for one in part["accusations"]] == ["Russia", "Ukraine"]
    assert [sorted(one["claims"]) for one in found["contradictions"]] == [["S3", "S4"]]


def test_the_published_claims_of_nine_months(antigone, office, shared):
    imported(antigone, office, "claims", shared / "data" / "claims.csv")
    (part,) = as_json(antigone("tally", "--office", office, "--json"))["agreements"]
    sums = [row for row in part["series"] if row["series"] == "received" and row["about"].startswith("agreement:")]
    assert [row["quantity"] for row in sums if row["direction"] == "to Ukraine"] == [6057]
    early = as_json(antigone("tally", "--as-of", "2025-06-13", "--office", office, "--json"))["agreements"][0]
    sums = [row for row in early["series"] if row["series"] == "received" and row["about"].startswith("agreement:")]
    assert [row["quantity"] for row in sums if row["direction"] == "to Ukraine"] == [2412]


def test_contested_and_refused_things_are_part_of_an_export_that_verifies(antigone, office, claims, tmp_path):
    from antigone.ledger.verifier import main as check

    imported(antigone, office, "claims", claims)
    (tmp_path / "again.json").write_text(json.dumps({"agreement": "accord", "title": 'again "quoted" \\ and ué'}))
    late = ["perform", "agreements.record_agreement", tmp_path / "again.json", "--late", "--office", office]
    assert as_json(antigone(*late, "--as", "first", "--json"))["outcome"] == "contested"
    (tmp_path / "device.json").write_text(json.dumps({"device": "tablet-1", "title": "a tablet"}))
    add = ["perform", "accounts.add_device", tmp_path / "device.json", "--office", office, "--as", "first", "--json"]
    proposed = as_json(antigone(*add))
    as_json(antigone("refuse", proposed["id"], "--why", "not needed", "--office", office, "--as", "second", "--json"))
    assert antigone("verify", "--office", office)[0] == 0
    assert antigone("export", "ledger", tmp_path / "out", "--office", office)[0] == 0
    assert check([str(tmp_path / "out"), "--against", str(office / "checkpoint")]) == 0


def test_an_office_of_an_earlier_version_is_backed_up_migrated_rebuilt_and_compared(antigone, office, claims, tmp_path):
    """Tables of a room that an earlier version did not have: here they are taken away again."""
    from django.core.management import call_command

    from antigone.office.opening import connect_office

    imported(antigone, office, "claims", claims)
    before = as_json(antigone("rebuild", "--check", "--office", office, "--json"))["digest"]
    connect_office(office)
    call_command("migrate", "agreements", "zero", verbosity=0)
    disconnect("default")
    status, _, err = antigone("verify", "--office", office)
    assert (status, "antigone upgrade" in err) == (2, True)
    status, _, err = antigone("upgrade", "--office", office)
    assert (status, "begins with a backup" in err) == (2, True)
    to = ["--to", recipient(tmp_path, "one.age"), "--to", recipient(tmp_path, "two.age")]
    status, out, err = antigone("upgrade", "--office", office, "--backup", tmp_path / "before", *to)
    assert (status, "The tables are what the journal says." in out) == (0, True), err
    assert (tmp_path / "before.keys").is_file()
    assert as_json(antigone("rebuild", "--check", "--office", office, "--json"))["digest"] == before
    assert "up to date" in antigone("upgrade", "--office", office)[1]


def test_a_real_office_has_a_name_of_its_own_and_says_what_to_do_with_its_keys(antigone, tmp_path):
    origins = set()
    for name in ("one", "two"):
        status, out, err = antigone("init", tmp_path / name)
        assert (status, err) == (0, "")
        assert "keys/first.key and keys/second.key to their owners" in out
        origins.add(as_json(antigone("verify", "--office", tmp_path / name, "--json"))["origin"])
    assert len(origins) == 2
    status, out, _ = antigone(
        "init", tmp_path / "three", "--origin", "example.org/bureau", "--actor", "a", "--actor", "b"
    )
    assert (status, "example.org/bureau, with a and b" in out) == (0, True)


def test_a_device_brings_actions_with_a_key_of_its_own(antigone, office, tmp_path):
    _, public, _ = antigone("keygen", "tablet-1", "--out", tmp_path / "tablet-1.key")
    fields = {"device": "tablet-1", "title": "at the border", "key": public.strip()}
    (tmp_path / "device.json").write_text(json.dumps(fields))
    by = ["--office", office, "--as", "first", "--json"]
    proposed = as_json(antigone("perform", "accounts.add_device", tmp_path / "device.json", *by))
    (tmp_path / "a.json").write_text(json.dumps({"agreement": "accord", "title": "The Accord"}))
    brought = ["perform", "agreements.record_agreement", tmp_path / "a.json", *by, "--device"]
    assert "no active device" in antigone(*brought, tmp_path / "tablet-1.key")[2]
    as_json(antigone("approve", proposed["id"], "--office", office, "--as", "second", "--json"))
    assert "no active device" in antigone(*brought, "first")[2]
    done = as_json(antigone(*brought, tmp_path / "tablet-1.key"))
    assert as_json(antigone("show", "entry", str(done["entry"]), "--office", office, "--json"))["device"] == "tablet-1"
    (tmp_path / "device.json").write_text(json.dumps(fields | {"device": "tablet-2"}))
    status, _, err = antigone("perform", "accounts.add_device", tmp_path / "device.json", *by)
    assert (status, "this key belongs to a device" in err) == (2, True)
