"""The commands on PostgreSQL, by one setting: founded, imported, verified, rebuilt, backed up into SQLite."""

import json
import sys

import pytest
from pyrage import x25519

from antigone.cli import app
from antigone.office.database import disconnect

pytest_plugins = ("office_fixtures",)

CLAIMS = """\
claim_id,said_on,speaker,quoting,side,about,agreement,kind,quantity,unit,direction,wording,publisher,published_on
K1,2031-03-01,Envoy,,Aria,transfer:2031-03-01,accord,handed over,40,bodies,to Boria,handed over,Gazette,2031-03-01
"""


def run(monkeypatch, capsys, *arguments: object) -> str:
    monkeypatch.setattr(sys, "argv", ["antigone", *map(str, arguments)])
    try:
        app.main()
    except SystemExit as stop:
        if stop.code:
            raise RuntimeError(capsys.readouterr().err) from None
    finally:
        disconnect("default")
    return capsys.readouterr().out


def test_an_office_on_postgresql_works_as_one_on_sqlite(postgresql, monkeypatch, capsys, tmp_path):
    office, back, claims = tmp_path / "office", tmp_path / "back", tmp_path / "claims.csv"
    claims.write_text(CLAIMS)

    def antigone(*arguments: object) -> str:
        return run(monkeypatch, capsys, *arguments)

    antigone("init", office, "--practice", "--database", postgresql.address(postgresql.new_database()))
    found = json.loads(antigone("import", "claims", claims, "--office", office, "--as", "first", "--json"))
    antigone("accept", found["id"], "--office", office, "--as", "second")
    (accord,) = json.loads(antigone("tally", "--office", office, "--json"))["agreements"]
    assert [row["quantity"] for row in accord["series"] if row["about"] == "transfer:2031-03-01"] == [40]
    for _ in range(2):
        assert json.loads(antigone("rebuild", "--check", "--office", office, "--json"))["same"] is True
        antigone("rebuild", "--office", office)
    before = json.loads(antigone("verify", "--office", office, "--json"))
    assert before["problems"] == []
    keys = [x25519.Identity.generate() for _ in range(2)]
    (tmp_path / "id.age").write_text(f"{keys[0]}\n")
    to = [part for key in keys for part in ("--to", key.to_public())]
    antigone("backup", tmp_path / "b", *to, "--drill", "--identity", tmp_path / "id.age", "--office", office)
    antigone("restore", tmp_path / "b", "--identity", tmp_path / "id.age", "--office", back)
    assert json.loads(antigone("verify", "--office", back, "--json"))["root"] == before["root"]
    with pytest.raises(RuntimeError, match="holds an office already"):
        antigone("init", tmp_path / "x", "--practice", "--database", database_of(office))


def database_of(office) -> str:
    import tomllib

    return str(tomllib.loads((office / "office.toml").read_text())["database"])
