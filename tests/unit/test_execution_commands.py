"""`antigone search`: from a case to ranked lists and a certificate, whoever computed; what is missing is named."""

import gc
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from test_batched_tables import linked, several_brothers
from test_certificate import doubtful_operation

from antigone.cli.search import SELDOM, _seldom_collected
from antigone.execution import country
from antigone.execution.country import conclude_country
from antigone.execution.here import Here
from antigone.execution.store import TileStore
from antigone.formats.case_folder import write_case_folder
from antigone.genetics.profiles import Profile
from antigone.matching.certificate import IncompleteSearchError, certify
from antigone.matching.country_search import plan_tiles
from antigone.matching.operation import Operation
from antigone.matching.search import search
from antigone.report.certificate import read_certificate
from small_operation import small_operation

__all__ = ["linked"]  # a fixture that all tests use


def rows(path: Path) -> list[dict[str, object]]:
    return pl.read_csv(path).to_dicts()


def test_the_lists_by_hand(antigone, case, tmp_path):
    out = tmp_path / "lists"
    status, said, _ = antigone("search", case, "--out", out, "--threshold", "-300", "--best", "1", "--quiet")
    assert status == 0
    first, second = said.splitlines()[:2]
    assert first == "3 individuals × 2 missing persons: 6 pairs compared, in 1 tile."
    assert second == "6 hits at log10 LR -300 or more; of unrelated pairs alone 5.79 to 6 would be expected."
    assert sorted(path.name for path in out.iterdir()) == [
        "best_by_individual.csv", "best_by_missing_person.csv", "certificate.json", "chance.csv", "chance.svg",
        "hits.csv", "individuals.csv", "left_out.csv", "missing_persons.csv", "nearly_own_samples.csv",
        "provisional.csv", "summary.json",
    ]  # fmt: skip
    assert rows(out / "nearly_own_samples.csv") == []
    best = [(row["individual"], row["missing_person"]) for row in rows(out / "best_by_individual.csv")]
    assert best == [("R1", "F1-M1"), ("R2", "F2-M1"), ("'=R3", "F2-M1")]  # no spreadsheet runs what begins with =
    best = [(row["individual"], row["missing_person"]) for row in rows(out / "best_by_missing_person.csv")]
    assert best == [("R1", "F1-M1"), ("R2", "F2-M1")]
    logs = [row["log10_lr"] for row in rows(out / "hits.csv")]
    assert logs == sorted(logs, reverse=True)
    assert [row["hits"] for row in rows(out / "individuals.csv")] == [2, 2, 2]
    assert [row["hits"] for row in rows(out / "missing_persons.csv")] == [3, 3]
    summary = json.loads((out / "summary.json").read_text())
    assert summary["pairs"] == 6
    low, high = (summary["expected_coincidences_at_threshold"][end] for end in ("low", "high"))
    assert 5.7 < low <= high == 6
    assert summary["coincidences"] == "exact"
    assert (out / "chance.svg").read_text().startswith("<svg")


def test_its_hits_are_those_of_identify(antigone, case, tmp_path):
    assert antigone("search", case, "--out", tmp_path / "lists", "--quiet")[0] == 0
    assert antigone("identify", case, "--out", tmp_path / "report", "--quiet", "--no-reassociation")[0] == 0
    columns = ("individual", "missing_person", "family")
    mine, others = rows(tmp_path / "lists" / "hits.csv"), rows(tmp_path / "report" / "hits.csv")
    assert [[row[name] for name in columns] for row in mine] == [[row[name] for name in columns] for row in others]
    for name in ("log10_lr", "expected_coincidences", "expected_coincidences_low"):
        assert [row[name] for row in mine] == pytest.approx([row[name] for row in others], abs=1e-9)
    assert len(mine) == 2
    first = rows(tmp_path / "lists" / "chance.csv")[0]
    assert first["hits"] == 2
    assert 0 < first["expected_low"] <= first["expected_high"]


def test_what_is_kept_is_used_again_and_what_is_damaged_is_said(antigone, case, tmp_path):
    tiles = tmp_path / "tiles"
    arguments = ("search", case, "--tiles", tiles, "--cores", "1", "--quiet", "--out")
    assert antigone(*arguments, tmp_path / "first")[0] == 0
    (kept,) = tiles.iterdir()
    assert antigone(*arguments, tmp_path / "second")[0] == 0
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")
    status, _, err = antigone(*arguments, tmp_path / "third")
    assert status == 0
    assert f"Damaged, thrown away and computed again: {kept.name}" in err
    for name in ("hits.csv", "individuals.csv", "certificate.json"):
        assert len({(tmp_path / which / name).read_bytes() for which in ("first", "second", "third")}) == 1


def test_ctrl_c_writes_no_results_and_keeps_what_was_computed(antigone, case, tmp_path, monkeypatch):
    tiles, put = tmp_path / "tiles", TileStore.put

    def put_and_stop(store, digest, result):
        put(store, digest, result)
        raise KeyboardInterrupt

    monkeypatch.setattr(TileStore, "put", put_and_stop)
    status, _, err = antigone("search", case, "--out", tmp_path / "lists", "--tiles", tiles, "--quiet")
    assert status == 130
    assert err == (
        f"Stopped; no results were written; what was computed is kept in {tiles}, and the same command goes on there.\n"
    )
    assert not (tmp_path / "lists").exists()
    assert len(list(tiles.glob("*.tile"))) == 1


def test_who_computes_is_one(antigone, case, tmp_path):
    status, _, err = antigone("search", case, "--out", tmp_path / "lists", "--cores", "1", "--processes", "2")
    assert status == 2
    assert "--cores and --processes exclude each other" in err


def test_results_are_replaced_when_asked_for_and_never_lie_in_the_case(antigone, case, tmp_path):
    out = tmp_path / "lists"
    assert antigone("search", case, "--out", out, "--quiet")[0] == 0
    assert antigone("search", case, "--out", out, "--quiet")[0] == 2
    assert antigone("search", case, "--out", out, "--quiet", "--replace")[0] == 0
    status, _, err = antigone("search", case, "--out", case / "lists", "--quiet")
    assert status == 2
    assert "lies in the case folder" in err


# --- certificates -----------------------------------------------------------------------------------------------------


def test_the_certificate_holds_until_the_case_changes(antigone, case, tmp_path):
    certificate = tmp_path / "lists" / "certificate.json"
    assert antigone("search", case, "--out", tmp_path / "lists", "--threshold", "0.25", "--quiet")[0] == 0
    assert read_certificate(certificate)["threshold"] == 0.25
    status, said, _ = antigone("certificate", "check", certificate, "--quiet")
    assert status == 0
    assert said.startswith("The certificate holds: 3 individuals × 2 missing persons = 6 pairs, counted 6;")

    profiles = case / "profiles.csv"
    text = profiles.read_text()
    assert text.count("S6,,TH01,7,8") == 1
    profiles.write_text(text.replace("S6,,TH01,7,8", "S6,,TH01,7,9"))
    status, said, _ = antigone("certificate", "check", certificate, "--quiet")
    assert status == 1
    assert "family F2: the profile of F2-S1 is not the one that was searched" in said.splitlines()
    assert "tiles: 1 of 1 are not those of the certificate" in said.splitlines()


def test_a_certificate_of_a_country_without_its_threshold_is_refused(antigone, case, tmp_path):
    certificate = tmp_path / "lists" / "certificate.json"
    assert antigone("search", case, "--out", tmp_path / "lists", "--quiet")[0] == 0
    certificate.write_text(
        certificate.read_text().replace('"threshold": 0.5,\n  "tiles"', '"threshold": true,\n  "tiles"')
    )
    status, _, err = antigone("certificate", "check", certificate, "--quiet")
    assert status == 2
    assert "certificate.json, column threshold: found" in err


def bare_operation() -> Operation:
    """Of one of the dead and in one family nothing was read."""
    operation = small_operation()
    dead = (replace(operation.individuals[0], profile=Profile("S1", {})), *operation.individuals[1:])
    families = (operation.families[0], replace(operation.families[1], profiles={"F2-S1": Profile("S6", {})}))
    return replace(operation, individuals=dead, families=families)


@pytest.mark.parametrize("made", [small_operation, several_brothers, doubtful_operation, bare_operation])
def test_it_counts_what_the_search_of_all_pairs_counts(made, monkeypatch):
    monkeypatch.setattr("antigone.matching.country_search.TILE", 2)
    operation = made()
    found = conclude_country(operation, Here(1))
    country = found.certificate().statement()
    every = search(operation, coincidences=False)
    all_pairs = certify(operation, every, country["engine"], doubtful=found.doubtful, reassociation=False).statement()
    blocks = country["pairs"].pop("blocks")
    assert len(blocks) == len(country["tiles"]) >= 1
    assert (
        sum(blocks) == sum(all_pairs["pairs"].pop("blocks")) == len(operation.individuals) * len(found.result.missing)
    )
    of_tiles = {"format", "digest", "tiles", "threshold"}
    assert {name: value for name, value in country.items() if name not in of_tiles} == {
        name: value for name, value in all_pairs.items() if name not in of_tiles
    }


def test_a_tile_that_was_left_out_is_an_error_that_names_who_was_not_searched(monkeypatch):
    monkeypatch.setattr("antigone.matching.country_search.TILE", 1)
    monkeypatch.setattr(country, "plan_tiles", lambda *given: plan_tiles(*given)[:-1])
    found = conclude_country(small_operation(), Here(1))
    with pytest.raises(
        IncompleteSearchError, match="missing person F2-M1, family F2, compared with 0 of 3 individuals"
    ):
        found.certificate()


def test_a_family_that_does_not_fit_is_searched_sample_by_sample_and_its_hits_are_provisional(tmp_path, antigone):
    operation = doubtful_operation()
    write_case_folder(operation, tmp_path / "case")
    status, said, _ = antigone(
        "search", tmp_path / "case", "--out", tmp_path / "lists", "--threshold", "-300", "--quiet"
    )
    assert status == 0
    assert "do not fit the pedigree given" in said
    hits = rows(tmp_path / "lists" / "hits.csv")
    doubtful = set(read_certificate(tmp_path / "lists" / "certificate.json")["provisional"])
    assert doubtful
    assert {row["family"] for row in hits if row["provisional"] == "yes"} == doubtful
    apart = rows(tmp_path / "lists" / "provisional.csv")
    assert {row["family"] for row in apart} == doubtful
    assert len({row["searched_as"] for row in apart}) > 1


def test_a_family_that_was_not_searched_sample_by_sample_is_an_error_that_names_it():
    found = conclude_country(doubtful_operation(), Here(1))
    (family,) = found.doubtful
    with pytest.raises(IncompleteSearchError, match=f"family {family}, sample by sample"):
        replace(found, provisional_pairs={}).certificate()


def test_garbage_is_collected_as_before_when_a_search_has_ended_or_failed():
    before, frozen = gc.get_threshold(), gc.get_freeze_count()

    @_seldom_collected()
    def stopped() -> None:
        assert gc.get_threshold() == (*before[:2], before[2] * SELDOM)
        assert gc.get_freeze_count() > frozen
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
