"""The files of a search, and the report, on an operation small enough to know by heart."""

import csv
import errno
import json
import math
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from antigone.genetics.mutation import NO_MUTATION
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching import search as searching
from antigone.matching.conclusions import Conclusions, conclude
from antigone.matching.hits import hits
from antigone.matching.power import Requirement
from antigone.matching.rival_chances import rival_chances
from antigone.matching.search import search
from antigone.report import results
from antigone.report.advice import advice
from antigone.report.charts import lr_distribution
from antigone.report.listed import listed_pairs
from antigone.report.results import OutputError, write_results
from antigone.report.search_report import render_search_report
from antigone.report.supplements import Supplement
from small_operation import MARKERS, profile, small_operation

COLUMNS = [
    "individual", "missing_person", "family", "log10_lr", "expected_coincidences", "exclusions", "posterior",
    "expected_coincidences_low", "log10_linkage", "contradictions", "not_used", *(f"lr_{marker}" for marker in MARKERS),
    "posterior_low", "posterior_high", "posterior_lowest_bound", "posterior_highest_bound", "exact", "log10_glr",
    "standing", "why", "symmetric_set", "paternal_line_log10_lr", "maternal_line_log10_lr", "lineages",
    "not_dna_log10_lr", "not_dna", "wrong_label", "sibling_not_listed", "provisional", "policy",
    "policy_numbers_met", "refused_by",
]  # fmt: skip
FILES = [
    "among_the_dead.csv", "certificate.json", "consistency.json", "families.csv", "hits.csv", "hits.parquet",
    "individuals.csv", "joint.csv", "nobody.csv", "proposals.csv", "provisional.csv", "report.html", "summary.json",
]  # fmt: skip
# Nothing beside the conclusions: for tests that look at something else.
NOTHING = Supplement(Requirement(6.0, 2), {}, (), 0, None, frozenset(), {}, {}, {})


@pytest.fixture(scope="module")
def found():
    return conclude(small_operation())


@pytest.fixture(scope="module")
def every():
    return conclude(small_operation(), all_pairs=True, reassociation=False)


def written_to(out: Path, found: Conclusions, **options: object) -> Path:
    write_results(found, out, **{"seconds": dict, "beside": NOTHING, **options})
    return out


def report_of(found: Conclusions, beside: Supplement = NOTHING) -> str:
    return render_search_report(found, listed_pairs(found), beside, {})


@pytest.fixture
def written(found, tmp_path):
    return written_to(tmp_path / "report", found, seconds=lambda: {"total": 1.5})


def test_what_chance_and_relatives_bring_stands_by_what_the_families_gave(found, tmp_path):
    threshold = found.result.operation.settings.threshold
    beside = replace(NOTHING, chances=rival_chances(found.result, (0.0, threshold, 2.0)))
    folder = written_to(tmp_path / "report", found, beside=beside)
    figures = json.loads((folder / "summary.json").read_text())["by_reference"]
    assert sum(one["missing"] for one in figures) == 2
    for one in figures:
        assert one["log10_lr"] == [0.0, threshold, 2.0]
        assert len(one["expected_unrelated_pairs"]) == 3
        assert {len(ends) for ends in one["chance_to_reach"].values()} == {3}
    page = (folder / "report.html").read_text()
    section = page[page.index('<section id="references">') :]
    section = section[: section.index("</section>")]
    assert all(f'<th scope="row">{one["reference"]}</th>' in section for one in figures)
    assert "<svg" in section
    assert "full brother or sister" in section


def test_the_table_has_the_columns_and_rows_of_the_hits(written, found):
    with (written / "hits.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == COLUMNS
    assert [row["individual"] for row in rows] == [
        hit.individual.id.replace("=R3", "'=R3") for hit in hits(found.result)
    ]
    assert [(row["individual"], row["missing_person"], row["family"]) for row in rows[:2]] == [
        ("R2", "F2-M1", "F2"),
        ("R1", "F1-M1", "F1"),
    ]
    best = rows[0]
    parts = sum(math.log10(float(best[f"lr_{marker}"])) for marker in MARKERS)
    assert math.isclose(float(best["log10_lr"]), parts + float(best["log10_linkage"]), rel_tol=1e-12)


def test_parquet_holds_the_same_figures_as_csv(written):
    table, text = pl.read_parquet(written / "hits.parquet"), pl.read_csv(written / "hits.csv")
    assert table.columns == text.columns
    for name in ("log10_lr", "posterior", "expected_coincidences", "lr_FGA"):
        assert table[name].to_list() == text[name].to_list()


def test_every_pair_is_listed_on_request(every, tmp_path):
    written_to(tmp_path / "all", every)
    table = pl.read_parquet(tmp_path / "all" / "hits.parquet")
    assert len(table) == 6
    untyped = table.filter(pl.col("individual") == "=R3")["lr_FGA"].to_list()
    assert untyped == [None, None]
    assert json.loads((tmp_path / "all" / "summary.json").read_text())["hits"] < 6


def test_no_cell_of_any_csv_is_a_formula(every, tmp_path):
    written_to(tmp_path / "all", every)
    tables = sorted((tmp_path / "all").glob("*.csv"))
    assert len(tables) == 8
    told = set()
    for table in tables:
        with table.open(newline="") as file:
            for row in csv.reader(file):
                assert not any(re.match(r"[=+@\t\r]|-[^0-9i]", cell) for cell in row), (table, row)
                told |= {table.stem} if any(cell.startswith("'=R3") for cell in row) else set()
    assert told == {"hits", "joint", "nobody", "individuals"}


def test_the_summary_counts_each_unit_by_itself(written):
    summary = json.loads((written / "summary.json").read_text())
    assert (summary["individuals"], summary["missing_persons"], summary["pairs"]) == (3, 2, 6)
    assert (summary["families"], summary["donors"], summary["bags"], summary["transfers"]) == (2, 3, 2, 2)
    assert summary["seconds"] == {"total": 1.5}
    assert summary["settings"]["threshold"] == 0.5
    assert summary["settings"]["mutation"] == "female equal(rate=0.001), male equal(rate=0.001)"
    assert summary["frequencies"]["rule"] == "5/2N"
    assert re.fullmatch(r"[0-9a-f]{64}", summary["digests"]["profiles of individuals"])
    assert summary["digests"]["file profiles.csv"] == "0" * 64
    assert {"antigone", "python", "numpy", "numba"} <= set(summary["versions"])


def test_the_same_search_gives_the_same_bytes(found, tmp_path):
    for name in ("one", "two"):
        written_to(tmp_path / name, found, seconds=lambda: {"total": 1.0})
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == FILES
    for file in FILES:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_nothing_is_left_behind_when_writing_fails(found, tmp_path, monkeypatch):
    def fail(*_):
        raise RuntimeError("no space left")

    monkeypatch.setattr(results, "render_search_report", fail)
    with pytest.raises(RuntimeError):
        written_to(tmp_path / "report", found)
    assert list(tmp_path.iterdir()) == []


def test_an_occupied_folder_is_refused_and_kept(found, tmp_path):
    out = tmp_path / "report"
    out.mkdir()
    (out / "precious.txt").write_text("mine")
    with pytest.raises(OutputError, match="is there already"):
        written_to(out, found)
    with pytest.raises(OutputError, match="holds no earlier result"):
        written_to(out, found, replace=True)
    assert (out / "precious.txt").read_text() == "mine"


def test_an_earlier_result_is_replaced_as_a_whole_on_request(found, written):
    (written / "hits.csv").write_text("old")
    written_to(written, found, replace=True)
    assert (written / "hits.csv").read_text() != "old"
    assert [path.name for path in written.parent.iterdir()] == ["report"]


def test_a_file_in_the_way_is_refused(found, tmp_path):
    (tmp_path / "report").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        written_to(tmp_path / "report", found)


class Page(HTMLParser):
    """Collects ids, links, texts, and whether every tag is closed."""

    VOID = frozenset({"meta", "br", "link", "img", "hr"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids, self.links, self.open, self.texts, self.outside = [], [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if "id" in values:
            self.ids.append(values["id"])
        if values.get("href", "").startswith("#"):
            self.links.append(values["href"][1:])
        self.outside += [v for k, v in attrs if k in ("src", "href") and v and not v.startswith("#")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def test_the_report_is_one_well_formed_file_without_anything_from_outside(written):
    text = (written / "report.html").read_text()
    page = Page(text)
    assert page.open == []
    assert page.outside == []
    assert "<script" not in text
    assert not re.search(r"url\((?!#)", text)
    assert len(set(page.ids)) == len(page.ids)


def test_links_of_the_report_lead_somewhere(written):
    page = Page((written / "report.html").read_text())
    hit_links = [link for link in page.links if link.startswith("hit-")]
    assert hit_links
    assert set(hit_links) <= set(page.ids)


def test_the_report_says_what_the_hypotheses_are_and_how_chance_would_do(written):
    words = " ".join("".join(Page((written / "report.html").read_text()).texts).split())
    assert "H1: the individual R1 is F1-M1, the person whom family F1 misses" in words
    assert "H2: R1 is somebody unrelated to that family, of the population of the table NIST 1036 Caucasian" in words
    assert "Unrelated pairs expected to do as well" in words
    assert "It is not a match and not an identification" in words
    assert "3 individuals and 2 missing persons were compared, all with all: 6 pairs." in words


def test_no_lone_percentage_is_shown(written):
    shown = "".join(text for text in Page((written / "report.html").read_text()).texts if "{" not in text)
    # Evidence that is not DNA says how often something is recorded; that is a rate, and no probability of anybody.
    assert "%" not in re.sub(r"\(so recorded in \d+ % of the dead\)", "", shown)


def test_contradictions_of_age_are_shown_with_the_hit():
    found = conclude(small_operation(threshold=-300.0))
    text = report_of(found)
    assert "age: the individual was at most 30, the missing person at least" not in text  # F1-M1 fits
    women = [hit for hit in hits(found.result) if hit.individual.id == "R1" and hit.missing_person == "F2-M1"]
    assert women[0].contradictions == ("sex: the individual is male, the missing person female",)


def words_of(found: Conclusions, beside: Supplement = NOTHING) -> str:
    text = report_of(found, beside)
    return " ".join("".join(Page(text).texts).split())


def test_a_marker_that_was_not_used_says_why_in_the_row_and_in_the_table(tmp_path):
    operation = small_operation(threshold=-300.0)
    family = operation.families[0]
    torn = replace(family, profiles={**family.profiles, "F1-M1": profile("S9", D3S1358=(11, 12))})
    settings = replace(operation.settings, mutation=NO_MUTATION)
    found = conclude(replace(operation, families=(torn,), settings=settings))
    words = words_of(found)
    assert "the family contradicts itself here; not used" in words
    assert "direct reference: it differs from the remains at D3S1358" in words
    assert "Nothing was left out" not in words
    written_to(tmp_path / "report", found)
    first = pl.read_csv(tmp_path / "report" / "hits.csv").row(0, named=True)
    assert (first["lr_D3S1358"], first["not_used"]) == (None, "D3S1358: not used for this family")
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert summary["family_contradictions"] == {"families": 1, "markers": 1, "named_in": "consistency.json"}
    assert [(one["id"], one["reason"]) for one in summary["left_out"]] == [
        ("family F1", "at 1 marker its samples do not fit the pedigree given; not used")
    ]
    named = json.loads((tmp_path / "report" / "consistency.json").read_text())
    assert "not for the family, a liaison or an export" in named["for"]
    assert [(one["family"], one["marker"]) for one in named["family_contradictions"]] == [("F1", "D3S1358")]


def test_whose_samples_contradict_each_other_is_named_in_one_file_alone(tmp_path):
    operation = small_operation(threshold=-300.0)
    family = operation.families[0]
    torn = replace(family, profiles={**family.profiles, "F1-M1": profile("S9", D3S1358=(11, 12))})
    settings = replace(operation.settings, mutation=NO_MUTATION)
    found = conclude(replace(operation, families=(torn,), settings=settings))
    (what,) = {one.what for one in found.result.contradictions}
    before = os.umask(0o022)
    try:
        written_to(tmp_path / "report", found)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "report").iterdir()}
    assert {name for name, mode in modes.items() if mode == 0o600} == {"consistency.json"}
    assert modes["summary.json"] == 0o644
    pl.read_parquet(tmp_path / "report" / "hits.parquet").write_csv(tmp_path / "report" / "hits_again.csv")
    (tmp_path / "report" / "hits.parquet").unlink()
    for path in (tmp_path / "report").iterdir():
        assert (what in path.read_text()) == (path.name == "consistency.json"), path.name


def test_every_pair_is_in_the_picture_or_counted_beneath_it(found):
    assert "All pairs are drawn." in words_of(found)
    histogram = found.result.histogram.copy()
    histogram[0], histogram[-1] = 7, 1
    assert "Not drawn: 7 pairs below the left edge and 1 pair beyond the right edge." in words_of(
        replace(found, result=replace(found.result, histogram=histogram))
    )


def test_a_lifetime_sample_of_many_markers_is_in_the_picture():
    # 24 markers of a direct reference reach 10³⁵; the axis goes further.
    assert searching.HISTOGRAM_EDGES[-1] >= 60


def test_the_threshold_is_named_beneath_the_picture_where_it_hides_nothing():
    edges = np.arange(-2.0, 6.5, 0.5)
    pairs = np.ones(len(edges) + 1)
    assert "listed from 5.5" in lr_distribution(edges, pairs, pairs, 5.5, title="t")
    assert "listed from" not in lr_distribution(edges, pairs, pairs, -400.0, title="t")


def test_what_nobody_declared_is_called_a_default():
    operation = small_operation()
    assert "reached the declared threshold" in words_of(conclude(operation))
    words = words_of(conclude(replace(operation, undeclared=("threshold", "prior", "frequencies"))))
    assert "reached the default threshold (nobody declared one), a log10 LR of 0.5." in words
    assert "declared threshold" not in words
    assert "with probability 0.5 (the default, for nobody declared another)" in words
    assert "their defaults were used: threshold (log10 LR 0.5), prior (0.5), frequencies (NIST 1036 Caucasian)" in words


def test_the_pedigree_says_whose_markers_it_shows_and_why(found):
    best = hits(found.result)[0]
    ordered = sorted(best.by_marker, key=best.by_marker.__getitem__)
    assert f"Genotypes are shown at {ordered[-1]}, which speaks most for this pair, and at {ordered[0]}," in words_of(
        found
    )


def test_no_exclusion_is_a_figure_too(found):
    text = report_of(found)
    table = re.search(r'<table class="hits">.*?</table>', text, re.DOTALL)[0]
    exclusions = re.findall(r'<td class="number">(\d*)</td><td>', table)
    assert exclusions == [str(hit.exclusions) for hit in hits(found.result)]
    assert "0" in exclusions


def test_two_brothers_whom_nothing_tells_apart_speak_against_each_other():
    operation = small_operation()
    family = operation.families[0]
    people = Pedigree.build([*family.pedigree.persons, Person("F1-M2", "F1-FA", "F1-MO", Sex.MALE, 2002)])
    found = conclude(replace(operation, families=(replace(family, pedigree=people, missing=("F1-M1", "F1-M2")),)))
    words = words_of(found)
    assert "fits F1-M1 equally well" in words
    assert "fits F1-M2 equally well" in words
    assert "R1 fits F1-M2 (family F1) equally well, log10 LR" in words
    assert "what was typed cannot tell them apart" in words
    assert "better" not in words


def test_bags_that_nobody_recorded_are_not_counted_as_none(tmp_path):
    operation = small_operation()
    some = replace(operation.individuals[0], bag="", transfer="")
    found = conclude(replace(operation, individuals=(some, *operation.individuals[1:])))
    assert "bags they came in2 (1 of the dead: not recorded)" in words_of(found)
    bare = tuple(replace(one, bag="", transfer="") for one in operation.individuals)
    found = conclude(replace(operation, individuals=bare))
    assert "bags they came innot recorded" in words_of(found)
    written_to(tmp_path / "report", found)
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert (summary["bags"], summary["transfers"]) == (None, None)


def test_a_wide_pedigree_is_scaled_to_the_page(written):
    style = re.search(r"<style>(.*?)</style>", (written / "report.html").read_text(), re.DOTALL)[1]
    assert "figure svg { max-width: 100%; height: auto; }" in style
    assert "max-width: none; }" not in style.replace("body { max-width: none; padding", "")


def test_a_marker_that_only_a_mutation_explains_is_said_so():
    found = search(small_operation(threshold=-300.0))
    sentences = [sentence for hit in hits(found) for sentence in advice(hit, MARKERS)]
    assert any("can be explained only by a mutation, an error or a drop-in:" in sentence for sentence in sentences)


def test_seconds_are_asked_for_when_the_report_is_written(found, tmp_path, monkeypatch):
    told = []
    ordinary = results.render_search_report
    monkeypatch.setattr(results, "render_search_report", lambda *parts: told.append("report") or ordinary(*parts))
    written_to(tmp_path / "report", found, seconds=lambda: told.append("seconds") or {})
    assert told == ["report", "seconds"]


def test_an_earlier_result_comes_back_where_its_replacement_was_stopped(found, written, monkeypatch):
    ordinary = Path.rename

    def stopped(path, target):
        if ".partial-" in path.name:
            raise KeyboardInterrupt
        return ordinary(path, target)

    monkeypatch.setattr(Path, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        written_to(written, found, replace=True)
    assert [path.name for path in written.parent.iterdir()] == ["report"]
    assert (written / "hits.csv").is_file()


def test_a_full_disk_is_told_by_the_name_that_was_asked_for(found, tmp_path, monkeypatch):
    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(results, "_write_text", full)
    with pytest.raises(OutputError, match=r"report could not be written: No space left on device"):
        written_to(tmp_path / "report", found)
    assert list(tmp_path.iterdir()) == []


def test_texts_of_the_case_cannot_break_out_of_the_report():
    found = conclude(small_operation(name="<script>alert(1)</script>"))
    text = report_of(found)
    assert "<script>" not in text
    assert "&lt;script&gt;" in text


def test_a_search_without_hits_says_so(tmp_path):
    found = conclude(small_operation(threshold=200.0))
    written_to(tmp_path / "none", found)
    assert "No pair reached the threshold." in (tmp_path / "none" / "report.html").read_text()
    assert pl.read_parquet(tmp_path / "none" / "hits.parquet").columns == COLUMNS


def test_progress_is_told_and_a_stop_is_a_stop():
    told = []
    search(small_operation(), progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search(small_operation(), progress=stop)


def test_the_histogram_counts_every_pair_once(found):
    assert found.result.histogram.sum() == found.result.compared == 6
    assert len(found.result.histogram) == len(searching.HISTOGRAM_EDGES) + 1
