"""The benchmark of the search at the scale of a country: its register is a case folder, and its figures are true."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from antigone.bench import large_families
from antigone.bench import scaling as bench_scaling
from antigone.bench import search as bench
from antigone.bench.inputs import find_timed_inputs
from antigone.bench.register import KINDS, make_register, read_register
from antigone.bench.search import SearchSize, compare_with_reference, search_figure, search_folder
from antigone.cli.app import app
from antigone.cli.bench import _panels, _stages
from antigone.formats.case_folder import read_case_folder
from antigone.genetics.genotype_rows import KnownClasses
from antigone.genetics.likelihood import LikelihoodError, Typed
from antigone.matching.classes import marker_classes
from antigone.matching.country_search import search_country, search_groups
from antigone.report.speed_charts import scaling_curves, stage_bars

LARGE = large_families.LargeFamilyFigure("grandparents", 11, 6, 24, 14, True, 14_000.0, 0.5)
SIZE = SearchSize(remains=90, missing=120, markers=11, seed=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("register")
    make_register(made, remains=SIZE.remains, missing=SIZE.missing, markers=SIZE.markers, seed=SIZE.seed)
    return made


def hits_of(register):
    return search_groups(
        register.groups, register.known, register.classes, len(register.individuals), register.prepared,
        threshold=register.settings.threshold, threads=1,
    )  # fmt: skip


def test_the_register_is_a_case_folder_and_is_searched_alike(folder):
    operation, register = read_case_folder(folder), read_register(folder)
    assert operation.settings.threshold == register.settings.threshold
    assert [one.id for one in operation.individuals] == register.individuals.to_list()
    assert [(family.name, person) for family, person in operation.missing_persons()] == register.missing.rows()
    slow, quick = search_country(operation), hits_of(register)
    assert len(quick) > 10
    named = [operation.individuals[i].id for i in slow.individual]
    assert named == [register.individuals[int(i)] for i in quick.individual]
    assert slow.missing.tolist() == quick.missing.tolist()
    np.testing.assert_allclose(slow.log10_lr, quick.log10_lr, rtol=1e-9)


def test_classes_of_the_remains_are_those_of_their_readings(folder):
    operation, register = read_case_folder(folder), read_register(folder)
    slow = marker_classes(operation.individuals, register.prepared.models, operation.settings)
    for mine, theirs in zip(register.classes, slow, strict=True):
        number = {readings: k for k, readings in enumerate(theirs.readings)}
        which = np.array([number[readings] for readings in mine.readings])
        np.testing.assert_array_equal(np.append(which, -1)[mine.of], theirs.of)
        np.testing.assert_allclose(mine.diploid_rows.likelihood, theirs.diploid_rows.likelihood[which], rtol=1e-12)
        np.testing.assert_array_equal(mine.diploid_rows.possible, theirs.diploid_rows.possible[which])


def test_the_register_holds_every_kind_of_family_and_degraded_remains(folder):
    register = read_register(folder)
    found = {
        (len(group.pedigree), int(count)) for group in register.groups for count in (group.codes[:, 0] >= 0).sum(axis=1)
    }
    assert found == {(len(persons), len(typed)) for persons, typed in KINDS.values()}
    assert sum(len(group.members) for group in register.groups) == SIZE.missing
    unread = np.mean([these.of < 0 for these in register.classes])
    assert 0 < unread < 0.1


def test_the_reference_finds_what_is_wrong(folder):
    register = read_register(folder)
    hits = hits_of(register)
    compared, identical, largest = compare_with_reference(register, hits)
    assert compared == SIZE.remains * SIZE.missing
    assert identical
    assert largest < 1e-9
    keep = np.arange(len(hits)) != 5
    lost = replace(hits, individual=hits.individual[keep], missing=hits.missing[keep], log10_lr=hits.log10_lr[keep])
    assert not compare_with_reference(register, lost)[1]
    assert not compare_with_reference(register, replace(hits, log10_lr=hits.log10_lr + 1e-8))[1]
    other = hits.individual.copy()
    other[0] = (other[0] + 1) % SIZE.remains
    assert not compare_with_reference(register, replace(hits, individual=other))[1]


def test_ranked_lists_are_written_and_the_same_whatever_the_cores(folder):
    found = search_folder(folder, 1)
    lists = {name: (folder / f"best_by_{name}.csv").read_bytes() for name in ("individual", "missing")}
    assert found["pairs"] == SIZE.remains * SIZE.missing
    search_folder(folder, 3)
    for name, content in lists.items():
        assert (folder / f"best_by_{name}.csv").read_bytes() == content
        assert content.startswith(b"individual,family,person,log10_lr\n")


def test_figures_hold_what_was_asked_for(tmp_path):
    one = search_figure(SIZE, tmp_path / "kept").as_row()
    asked = (
        "pairs", "seconds_total", "seconds_kernel", "pairs_per_second_per_core", "limit_pairs_per_second_per_core",
        "share_of_limit", "families_per_second_per_core", "peak_rss_bytes", "cores", "load_average",
        "identical_to_reference",
    )  # fmt: skip
    assert set(asked) <= set(one)
    assert one["identical_to_reference"] is True
    assert one["pairs"] == 10_800
    assert one["seconds_total"] > one["seconds_read"] + one["seconds_search"]
    assert one["share_of_limit"] == one["pairs_per_second_per_core"] / one["limit_pairs_per_second_per_core"]
    assert (tmp_path / "kept" / "best_by_missing.csv").is_file()


def test_the_command_takes_sizes_and_keeps_no_old_folder(tmp_path, monkeypatch):
    figure = search_figure(SIZE, tmp_path / "one")
    asked = []

    def stub(size, keep):
        asked.append((size, keep))
        return figure

    monkeypatch.setattr("antigone.cli.bench.search_figure", stub)
    monkeypatch.setattr("antigone.cli.bench.find_timed_inputs", lambda _: None)
    monkeypatch.setattr("antigone.cli.bench.large_families", lambda: [LARGE])
    sizes = ["--remains", "90", "--missing", "120", "--markers", "11", "--seed", "3", "--cores", "2"]
    keep = tmp_path / "new"
    run = CliRunner().invoke(app, ["bench", "search", "--json", "--keep", str(keep), *sizes])
    assert run.exit_code == 0
    assert json.loads(run.stdout)["search"][0]["pairs"] == 10_800
    assert asked == [(replace(SIZE, cores=2), keep)]
    shown = CliRunner().invoke(app, ["bench", "search", *sizes])
    assert "90 remains, 120 missing persons, 11 markers, 10,800 pairs" in shown.stdout
    assert "14,000 a second and core by vectors over alleles" in shown.stdout
    refused = CliRunner().invoke(app, ["bench", "search", "--keep", str(tmp_path / "one"), *sizes])
    assert "is there already" in str(refused.exception)


def test_a_sample_is_taken_from_every_group(folder):
    register = read_register(folder)
    compared, identical, _ = compare_with_reference(register, hits_of(register), sample=SIZE.remains * 20)
    assert identical
    assert SIZE.remains * 20 <= compared <= SIZE.remains * (20 + len(register.groups))
    assert bench.SAMPLE >= 10**8


def test_large_families_are_timed_by_vectors_and_by_elimination(monkeypatch):
    monkeypatch.setattr(large_families, "MARKERS", 2)
    monkeypatch.setattr(large_families, "FAMILIES", 40)
    figures = [figure.as_row() for figure in large_families.large_families()]
    assert [one["people"] for one in figures] == [11, 11, 11]
    assert [one["by_vectors"] for one in figures] == [True, True, False]
    assert all(one["families_per_second_per_core"] > 0 for one in figures)


def test_known_genotypes_at_once_are_those_added_one_by_one(folder):
    (model, *_) = read_register(folder).prepared.models
    pairs = np.stack(np.triu_indices(len(model)), axis=1)
    at_once, one_by_one = KnownClasses.of_genotypes(model, pairs), KnownClasses(model)
    for a, b in pairs.tolist():
        one_by_one.add(Typed((model.alleles[a], model.alleles[b])))
    for name in ("genotypes", "roles", "likelihoods", "likelihood_at"):
        np.testing.assert_array_equal(getattr(at_once.arrays, name), getattr(one_by_one.arrays, name))
    with pytest.raises(LikelihoodError, match=f"alleles 0 to {len(model)} of {len(model)} at B01"):
        KnownClasses.of_genotypes(model, np.array([[0, len(model)]]))


def test_sizes_grow_one_after_the_other(monkeypatch):
    monkeypatch.setattr(bench_scaling, "search_elsewhere", search_folder)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    figures = bench_scaling.scaling(SearchSize(remains=20, missing=30, markers=3), times=(1, 2))
    sizes = [(one.along, one.remains, one.missing, one.cores, one.pairs) for one in figures]
    assert sizes == [
        ("remains", 20, 30, 1, 600), ("remains", 40, 30, 1, 1200), ("missing", 20, 30, 1, 600),
        ("missing", 20, 60, 1, 1200), ("cores", 20, 30, 1, 600), ("cores", 20, 30, 2, 600),
    ]  # fmt: skip
    picture = scaling_curves(_panels([one.as_row() for one in figures]))
    assert "missing persons" in picture
    assert picture.startswith("<svg")


def test_deviation_from_a_straight_line_by_hand():
    def taking(pairs: int, seconds: float) -> bench_scaling.ScalingFigure:
        return bench_scaling.ScalingFigure("remains", 1, 1, 1, pairs, 0, seconds, seconds, seconds, 0, 0.0)

    straight = [taking(pairs, 0.5 + pairs / 100) for pairs in (100, 300, 1000)]
    assert bench_scaling.largest_deviation(straight, "remains") == pytest.approx(0.0, abs=1e-12)
    # Twice as long in the middle: no line through 1.5, 7 and 10.5 is nearer than by some 30 %.
    bent = [straight[0], taking(300, 7.0), straight[2]]
    assert bench_scaling.largest_deviation(bent, "remains") > 0.3


def test_stages_of_a_search_as_bars():
    row = {
        "remains": 90, "missing": 120, "load_average": (0.5, 0.4, 0.3), "pairs": 10_800,
        "limit_pairs_per_second_per_core": 43_200.0, "core_seconds_read": 1.0, "seconds_tables": 0.5,
        "seconds_deficits": 0.25, "seconds_kernel": 0.5, "seconds_rescoring": 0.125, "core_seconds_write": 0.625,
        "core_seconds_total": 4.0,
    }  # fmt: skip
    ((label, stages),) = _stages([row]).items()
    assert label == "90 × 120, load 0.5"
    assert dict(stages)["  of that, loading alone"] == 0.25
    assert dict(stages)["start-up and the rest"] == 1.0
    assert "first pass" in stage_bars({label: stages})


def test_a_wrong_folder_of_the_peers_is_told_before_anything_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("antigone.cli.bench.search_figure", lambda *_: pytest.fail("measured"))
    run = CliRunner().invoke(app, ["bench", "search", "--answers", str(tmp_path)])
    assert "expected a folder with likelihood.json" in str(run.exception)
    (tmp_path / "timed").mkdir()
    (tmp_path / "timed" / "likelihood.json").write_text("[]")
    assert find_timed_inputs(tmp_path) == tmp_path / "timed"
