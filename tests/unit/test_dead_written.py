"""What is said of the dead among themselves, in the report and its tables."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile
from antigone.matching.among_the_dead import KinAmongTheDead
from antigone.matching.conclusions import Conclusions, conclude
from antigone.matching.operation import EliminationEntry, Individual, LeftOut, Operation
from antigone.matching.preparation import prepare
from antigone.report.exporting import KEPT_BACK
from antigone.report.results import write_results
from antigone.report.supplements import Supplement, supplement
from small_operation import profile, small_operation


def a_daughter_and_an_examiner(threshold: float = 0.5) -> Operation:
    """R2 has a daughter among the dead and shares the profile of E-7, who examined her."""
    given = small_operation(threshold=threshold)
    daughter = Individual("R4", profile("S7", D3S1358=(15, 18), TH01=(8, 9), FGA=(24, 25)), bag="B4", transfer="T2")
    crowd = Profile("S8", {m: (Reading(tuple(sorted({*a, *b}, key=str))),) for m, (a, b) in _mixed(given).items()})
    mixture = Individual("R5", crowd, bag="B4", transfer="T2")
    entry = EliminationEntry("E-7", "mortuary", replace(given.individuals[1].profile, sample="C1"), samples=("C1",))
    waits = LeftOut("individual", "R5", "more than two alleles at 3 markers: a mixture waits for resampling")
    return replace(
        given,
        individuals=(*given.individuals, daughter),
        mixtures=(mixture,),
        elimination=(entry,),
        left_out=(waits,),
    )


def _mixed(given: Operation) -> dict[str, tuple[tuple[object, ...], tuple[object, ...]]]:
    """What two of the dead show together, one of them R2."""
    one, other = given.individuals[1].profile.readings, given.individuals[0].profile.readings
    return {m: (one[m][0].alleles, other[m][0].alleles) for m in one}


@pytest.fixture(scope="module")
def found() -> Conclusions:
    return conclude(a_daughter_and_an_examiner(), reassociation=False)


@pytest.fixture(scope="module")
def beside(found: Conclusions) -> Supplement:
    return supplement(found)


@pytest.fixture(scope="module")
def written(found: Conclusions, beside: Supplement, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dead") / "report"
    write_results(found, out, seconds=dict, beside=beside)
    return out


def rows(written: Path) -> list[dict[str, str]]:
    with (written / "among_the_dead.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def section(written: Path) -> str:
    page = (written / "report.html").read_text(encoding="utf-8")
    start = page.index('<section id="dead">')
    return " ".join(page[start : page.index("</section>", start)].split())


def test_kin_and_matches_stand_in_one_table(written: Path, beside: Supplement, found: Conclusions) -> None:
    table = {(row["first"], row["second"]): row for row in rows(written)}
    kin = table["R2", "R4"]
    assert kin["kind"] == "parent and child"
    assert float(kin["log10_lr"]) == float(kin["log10_lr_parent_and_child"]) > float(kin["log10_lr_full_siblings"])
    assert kin["log10_lr_same_person"] == "-inf"
    assert (kin["role"], kin["markers"]) == ("", "3")
    match = table["R2", "E-7"]
    assert (match["kind"], match["role"], match["log10_lr_full_siblings"]) == ("elimination list", "mortuary", "")
    assert table["R5", "E-7"]["kind"] == "mixture"
    assert found.kin is not None
    assert len(table) == len(found.kin.pairs) + len(found.elimination.matches)


def test_the_report_says_that_kinship_is_a_lead_and_what_became_of_what_staff_touched(written: Path) -> None:
    words = section(written)
    assert "A kinship between the dead is a lead" in words
    assert "which of two is the elder cannot be told" in words
    assert "2 remains may be contaminated by somebody who handled them" in words
    assert "They were searched like all others, and no policy passes their pairs" in words
    page = (written / "report.html").read_text(encoding="utf-8")
    assert "Remains of R2 match the elimination list" in page
    assert '<span class="tag">may be contaminated</span>' in page


def test_no_policy_passes_what_may_be_contaminated(found: Conclusions) -> None:
    of = {found.result.operation.individuals[case.individual].id: case for case in found.cases}
    assert of["R2"].evidence.contaminated
    assert not of["R1"].evidence.contaminated
    assert all("elimination list" in judgement.refused_by for judgement in of["R2"].judgements)
    assert not any("elimination list" in judgement.refused_by for judgement in of["R1"].judgements)


def test_parts_put_together_are_contaminated_where_one_of_them_is() -> None:
    """R1 and R2 as one individual of two remains; R2 alone matches."""
    given = a_daughter_and_an_examiner()
    one = replace(given.individuals[1], id="R1+R2", remains=("R1", "R2"))
    found = conclude(replace(given, individuals=(one,), mixtures=(), left_out=()), reassociation=False)
    assert found.elimination.remains() == {"R1+R2"}
    assert all(case.evidence.contaminated for case in found.cases)


def test_the_summary_counts_them(written: Path) -> None:
    said = json.loads((written / "summary.json").read_text(encoding="utf-8"))
    dead = said["among_the_dead"]
    assert dead["kin"]["pairs_compared"] == 6
    assert dead["kin"]["by_relation"]["parent and child"] >= 1
    assert dead["elimination"] == {
        "entries": 1,
        "comparisons": 5,
        "matches": 2,
        "remains_that_may_be_contaminated": ["R2", "R5"],
    }
    assert "elimination list" in said["digests"]


def test_without_a_list_nothing_is_said_of_it(tmp_path: Path) -> None:
    found = conclude(small_operation(), reassociation=False)
    write_results(found, tmp_path / "report", seconds=dict, beside=supplement(found))
    assert "elimination list" not in section(tmp_path / "report")
    said = json.loads((tmp_path / "report" / "summary.json").read_text(encoding="utf-8"))
    assert "elimination list" not in said["digests"]
    assert said["among_the_dead"]["elimination"]["entries"] == 0


def test_the_list_changes_no_likelihood_ratio(found: Conclusions) -> None:
    without = conclude(replace(found.given, elimination=()), reassociation=False)
    assert [(one.individual, one.missing, one.log10_lr) for one in found.result.pairs] == [
        (one.individual, one.missing, one.log10_lr) for one in without.result.pairs
    ]
    assert prepare(found.given).frequencies.digest == prepare(without.given).frequencies.digest


def test_exports_keep_the_table_back() -> None:
    assert any("among_the_dead" in what for what in KEPT_BACK)


def test_parts_left_apart_are_told_as_such(found: Conclusions, beside: Supplement, tmp_path: Path) -> None:
    twice = replace(found.given.individuals[1], id="R9")
    operation = replace(found.given, individuals=(*found.given.individuals, twice))
    again = conclude(operation, reassociation=False)
    more = supplement(again)
    assert isinstance(again.kin, KinAmongTheDead)
    write_results(again, tmp_path / "report", seconds=dict, beside=more)
    assert "one person better: parts that were left apart above" in section(tmp_path / "report")
    assert {row["kind"] for row in rows(tmp_path / "report") if {row["first"], row["second"]} == {"R2", "R9"}} == {
        "same person"
    }
