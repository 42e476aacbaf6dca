"""Remains that are all but the same as somebody's own sample: one wrong allele, and a brother would get the name."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from antigone.formats.case_folder import write_case_folder
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.conclusions import conclude
from antigone.matching.near_matches import NearMatch, near_matches
from antigone.matching.newcomers import KeptSearch
from antigone.matching.operation import Family, Individual, Operation, Settings
from antigone.matching.policy import CLAUSES, NEAR_ANOTHER, STRICT, PairEvidence, evaluate
from antigone.matching.preparation import prepare
from antigone.report.listed import listed_pairs
from antigone.report.results import write_results
from antigone.report.search_report import render_search_report
from antigone.report.supplements import supplement

MARKERS = (
    "D3S1358", "vWA", "D16S539", "CSF1PO", "TPOX", "D8S1179", "D21S11", "D18S51", "TH01", "FGA", "D5S818", "D13S317",
    "D7S820", "D10S1248", "D12S391",
)  # fmt: skip
BROTHERS = Pedigree.build(
    [
        Person("FA", sex=Sex.MALE), Person("MO", sex=Sex.FEMALE),
        Person("M1", "FA", "MO", Sex.MALE), Person("M2", "FA", "MO", Sex.MALE),
    ]
)  # fmt: skip


def settings():
    return Settings(
        MARKERS, threshold=4.0, mutation=Mutation.same(Stepwise(0.002, 0.1, 1e-6)),
    )  # fmt: skip


@pytest.fixture(scope="module")
def models():
    return prepare(Operation("", (), (), nist_1036_caucasian(), settings())).models


def drawn(models, seed, parents=None):
    """A genotype for each marker: of a stranger, or of a child of two."""
    rng = np.random.default_rng(seed)
    found = {}
    for model in models:
        if parents is None:
            found[model.name] = tuple(rng.choice(len(model), 2, p=model.frequencies / model.frequencies.sum()))
        else:
            found[model.name] = tuple(rng.choice(one[model.name]) for one in parents)
    return found


def typed(models, sample, genotypes, **wrong):
    """A profile; `wrong` gives by marker another second allele."""
    readings = {}
    for model in models:
        a, b = genotypes[model.name]
        b = wrong.get(model.name, b)
        readings[model.name] = (Reading.of(model.alleles[a], model.alleles[b]),)
    return Profile(sample, readings)


def other_allele(models, marker, genotypes):
    """An allele of a marker that a heterozygote of it does not have."""
    model = next(one for one in models if one.name == marker)
    return next(k for k in range(3, len(model)) if k not in genotypes[marker])


@pytest.fixture(scope="module")
def case(models):
    """A mother, two brothers who are missing, M2's own sample with one allele read wrongly, and M2's body."""
    father, mother = drawn(models, 1), drawn(models, 2)
    second = drawn(models, 3, (father, mother))
    marker = next(name for name in MARKERS if len(set(second[name])) == 2)
    own = typed(models, "S2", second, **{marker: other_allele(models, marker, second)})
    family = Family("F1", BROTHERS, ("M1", "M2"), {"MO": typed(models, "S1", mother), "M2": own})
    word = replace(family, no_unlisted_sibling=frozenset({"M1", "M2"}))
    body = Individual("R1", typed(models, "B1", second), Sex.MALE)
    return Operation("near", (body,), (word,), nist_1036_caucasian(), settings()), marker


def test_a_body_with_one_marker_against_its_own_sample_is_no_brother(case, tmp_path):
    operation, marker = case
    found = conclude(operation)
    expected = NearMatch("R1", "F1", "M2", len(MARKERS), (marker,))
    assert found.near == (expected,)
    (brother,) = [one for one in found.cases if found.result.missing[one.missing][1] == "M1"]
    assert brother.log10_lr > 4  # what was taken for an identification
    assert brother.evidence.near_another.startswith("R1 fit the own sample of M2, family F1, at 14 of 15 markers")
    for judgement in brother.judgements:
        assert NEAR_ANOTHER in judgement.refused_by
    beside = supplement(found)
    page = render_search_report(found, listed_pairs(found), beside, {})
    assert "fit the own sample of M2, family F1, at 14 of 15 markers and contradict it at " + marker in page
    write_results(found, tmp_path / "report", seconds=dict, beside=beside)
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert marker in json.dumps(summary)
    assert "fit the own sample of M2" in (tmp_path / "report" / "proposals.csv").read_text()


def test_nobody_is_near_where_nothing_was_read_wrongly(case, models):
    operation, _ = case
    father, mother = drawn(models, 1), drawn(models, 2)
    second, third = drawn(models, 3, (father, mother)), drawn(models, 4, (father, mother))
    (family,) = operation.families
    right = replace(family, profiles={**family.profiles, "M2": typed(models, "S2", second)})
    same = Individual("R1", typed(models, "B1", second), Sex.MALE)
    brother = Individual("R2", typed(models, "B2", third), Sex.MALE)
    stranger = Individual("R3", typed(models, "B3", drawn(models, 9)), Sex.MALE)
    assert near_matches([same, brother, stranger], [right], MARKERS) == ()
    assert near_matches([], [right], MARKERS) == ()
    assert near_matches([same], [replace(right, profiles={})], MARKERS) == ()


def test_what_dropped_out_contradicts_nothing_and_three_markers_are_another_person(case, models):
    operation, _ = case
    second = drawn(models, 3, (drawn(models, 1), drawn(models, 2)))
    (family,) = operation.families
    right = replace(family, profiles={"M2": typed(models, "S2", second)})
    readings = dict(typed(models, "B1", second).readings)
    for name in MARKERS[:3]:
        readings[name] = (Reading(readings[name][0].alleles[:1], Reads.OTHER_UNSEEN),)
    assert near_matches([Individual("R1", Profile("B1", readings))], [right], MARKERS) == ()
    heterozygous = [name for name in MARKERS if len(set(second[name])) == 2]
    for count, near in ((1, 1), (2, 1), (3, 0)):
        wrong = {name: other_allele(models, name, second) for name in heterozygous[:count]}
        body = Individual("R1", typed(models, "B1", second, **wrong))
        found = near_matches([body], [right], MARKERS)
        assert len(found) == near
        assert [one.contradicting for one in found] == [tuple(heterozygous[:count])] * near
    few = Individual("R1", Profile("B1", {name: readings[name] for name in MARKERS[:9]}))
    assert near_matches([few], [right], MARKERS) == ()


def test_no_policy_passes_who_is_nearly_another():
    good = PairEvidence(posterior=1.0, coincidences=0.0, relatives=2, word_of_no_sibling=True)
    assert evaluate(STRICT, good).passed
    assert evaluate(STRICT, replace(good, near_another="R1 fit …")).refused_by == (NEAR_ANOTHER,)
    assert NEAR_ANOTHER in CLAUSES


def test_a_search_of_a_country_tells_it_too(case, antigone, tmp_path):
    operation, marker = case
    write_case_folder(operation, tmp_path / "case")
    status, said, _ = antigone("search", tmp_path / "case", "--out", tmp_path / "lists", "--quiet")
    assert status == 0
    assert "ALARM: 1 individual all but the same as a missing person's own sample" in said
    (row,) = pl.read_csv(tmp_path / "lists" / "nearly_own_samples.csv").to_dicts()
    assert (row["individual"], row["missing_person"], row["markers"]) == ("R1", "M2", len(MARKERS))
    assert row["contradicting"] == marker
    assert json.loads((tmp_path / "lists" / "summary.json").read_text())["nearly_an_own_sample"] == 1


def test_new_remains_are_compared_with_own_samples_that_are_kept_or_new(case, models):
    operation, marker = case
    (family,), (body,) = operation.families, operation.individuals
    stranger = Individual("R3", typed(models, "B3", drawn(models, 9)), Sex.MALE)
    another = Family("F2", BROTHERS, ("M1",), {"MO": typed(models, "S9", drawn(models, 8))})
    near = (NearMatch("R1", "F1", "M2", len(MARKERS), (marker,)),)
    whole = replace(operation, individuals=(stranger, body), families=(another, family))  # one set of models for all
    nobody = replace(whole, individuals=(stranger,), families=(another,))
    search = KeptSearch(replace(whole, individuals=(stranger,)))
    assert search.ask(replace(whole, individuals=(body,), families=())).near == near
    assert search.ask(nobody).near == ()
    search = KeptSearch(nobody)
    assert search.ask(replace(whole, individuals=(body,), families=(family,))).near == near
    assert search.ask(replace(whole, individuals=(body,), families=())).near == ()
    search.add(replace(whole, individuals=(body,), families=()))
    assert search.ask(replace(whole, individuals=(), families=(family,))).near == near  # the body came first
    search = KeptSearch(replace(whole, families=(another,)))
    assert search.ask(replace(whole, individuals=(), families=(family,))).near == near
    search = KeptSearch(nobody)
    search.add(replace(whole, individuals=(), families=(family,)))
    assert search.ask(replace(whole, individuals=(body,), families=())).near == near
