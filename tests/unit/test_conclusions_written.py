"""Everything that was concluded, as files and report say it; on operations small enough to know by heart."""

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.mutation import Equal, Mutation
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching import conclusions as concluding
from antigone.matching.conclusions import Conclusions, conclude
from antigone.matching.operation import Family, Individual, Operation, Settings
from antigone.matching.reassociation import Alarm, Group, Proposal, ProposalKind, reassociate
from antigone.report import hit_views, supplements
from antigone.report.family_warnings import FOR_WHOM
from antigone.report.listed import listed_pairs
from antigone.report.results import write_results
from antigone.report.search_report import render_search_report
from antigone.report.supplements import Supplement, supplement
from small_operation import profile, small_operation


@pytest.fixture(scope="module")
def found() -> Conclusions:
    return conclude(small_operation())


@pytest.fixture(scope="module")
def beside(found: Conclusions) -> Supplement:
    return supplement(found)


@pytest.fixture(scope="module")
def written(found, beside, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("results") / "report"
    write_results(found, out, seconds=dict, beside=beside)
    return out


def words_of(found: Conclusions, beside: Supplement) -> str:
    return in_words(render_search_report(found, listed_pairs(found), beside, {}))


def in_words(page: str) -> str:
    page = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def rows(folder: Path, name: str) -> list[dict[str, object]]:
    return pl.read_csv(folder / f"{name}.csv", infer_schema_length=None).to_dicts()


# --- tables -----------------------------------------------------------------------------------------------------------


def test_hits_say_what_all_pairs_together_and_the_policy_say(written, found):
    woman, man = rows(written, "hits")
    answer = found.joint.pair(1, 1)
    assert woman["individual"] == "R2"
    assert (woman["posterior_low"], woman["posterior_high"]) == pytest.approx(answer.posterior, rel=1e-12)
    assert woman["posterior_lowest_bound"] <= woman["posterior_low"] <= woman["posterior_highest_bound"]
    assert (woman["exact"], woman["standing"], woman["provisional"]) == ("yes", "leading", "no")
    # One typed sister of hers, and nothing against another sister; his parents are two relatives.
    assert (woman["policy"], woman["policy_numbers_met"]) == ("strict v1", "no")
    assert woman["refused_by"] == "posterior; lines of evidence; unlisted full sibling"
    assert man["refused_by"] == "posterior; unlisted full sibling"
    case = next(one for one in found.cases if (one.individual, one.missing) == (1, 1))
    assert woman["wrong_label"] == pytest.approx(case.label_risk, rel=1e-12)
    assert woman["wrong_label"] > 0 == woman["sibling_not_listed"]


def test_each_individual_is_somebody_or_nobody(written):
    whole = {row["individual"]: row["nobody_low"] for row in rows(written, "nobody")}
    assert set(whole) == {"R1", "R2", "'=R3"}
    for row in rows(written, "joint"):
        whole[row["individual"]] += row["posterior_prior_1"]
    assert all(math.isclose(total, 1.0, abs_tol=1e-9) for total in whole.values())


def test_how_the_prior_shares_out_who_is_nobody_here(written):
    for row in rows(written, "nobody"):
        # The prior of this case knows nobody who is listed without references: all of the rest is not listed.
        assert row["listed_without_references_high"] == 0
        assert row["not_listed_low"] == pytest.approx(row["nobody_low"] - row["below_low"], abs=1e-12)


def test_families_say_whom_they_cannot_identify_and_why(written):
    son, sister = rows(written, "families")
    assert (son["family"], son["samples"], son["samples_and_pedigree"]) == ("F1", 2, "fit the pedigree given")
    assert son["needed_log10_lr"] == pytest.approx(math.log10(0.9995 / 0.0005 / (1.0 / 2)))  # odds 1, two listed
    assert (son["can_identify"], sister["can_identify"]) == ("no", "no")  # three markers are too few
    # The body is what the sister is, marker by marker: nothing fits better.
    assert sister["highest_log10_lr"] == pytest.approx(rows(written, "hits")[0]["log10_lr"])
    assert sister["why_not"] == (
        "The samples given so far can never be enough for F2-M1: the best possible result is a likelihood ratio of "
        "10^2.8, and 10^3.6 is needed."
    )
    assert (sister["chance"], sister["samples_and_pedigree"]) == (0, "not compared")


def test_the_summary_counts_what_was_concluded(written, found):
    summary = json.loads((written / "summary.json").read_text())
    joint = summary["joint"]
    assert (joint["listed"], joint["exact_share"], joint["standings"]["leading"]) == (2, 1.0, 2)
    assert joint["priors"][0]["shares"] == {"listed": 0.5, "listed_without_references": 0.0, "not_listed": 0.5}
    strict = summary["policies"][0]
    assert (strict["name"], strict["version"], strict["pairs_judged"], strict["numbers_met"]) == ("strict", 1, 2, 0)
    assert strict["refused_by"] == {"lines of evidence": 1, "posterior": 2, "unlisted full sibling": 2}
    assert summary["reassociation"]["groups_proposed"] == 0
    assert summary["minimum_number"]["never_summed"] is True
    assert {one["transfer"] for one in summary["minimum_number"]["by_transfer"]} == {"T1", "T2"}
    assert summary["family_checks"]["do_not_fit"] == len(found.doubtful) == 0
    assert (summary["remains"], summary["individuals"], summary["mixtures_waiting_for_resampling"]) == (3, 3, 0)


def test_listing_every_pair_changes_nothing_of_what_is_judged():
    # The threshold lies above the pair of R1, which leads all the same.
    some, every = (
        conclude(small_operation(threshold=2.5), reassociation=False, all_pairs=one) for one in (False, True)
    )
    assert [(case.individual, case.missing, case.hit is None) for case in some.cases] == [(1, 1, False), (0, 0, True)]
    assert [(case.individual, case.missing, case.hit is None) for case in every.cases] == [(1, 1, False), (0, 0, True)]


# --- remains put together ---------------------------------------------------------------------------------------------


@pytest.fixture
def put_together(monkeypatch) -> Conclusions:
    """R1 and a second part of his, R4, are proposed as one person; R2 and R4 bear odd labels."""
    operation = small_operation()
    part = replace(operation.individuals[0], id="R4", bag="B9", samples=("S9",))

    def proposed(operation: Operation):
        group = Group(("R1", "R4"), 5.25, 3.5, 0.9996, 0.9995, ("TH01", "FGA"), ("age: R1 …",), exact=True)
        return replace(
            reassociate(operation),
            groups=(group,),
            proposals=(Proposal(ProposalKind.MERGE, ("R1", "R4"), ("they fit",)),),
            alarms=(Alarm(("R2", "R4"), "labels may have been exchanged"),),
            ambiguous=(),
        )

    monkeypatch.setattr(concluding, "reassociate", proposed)
    return conclude(replace(operation, individuals=(*operation.individuals, part)))


def test_individuals_of_several_remains_are_proposals_with_their_evidence(put_together, beside, tmp_path):
    write_results(put_together, tmp_path / "report", seconds=dict, beside=replace(beside, samples={}, rivals={}))
    first, *others = rows(tmp_path / "report", "individuals")
    assert (first["individual"], first["remains"], first["proposed"], first["bags"]) == (
        "R1+R4", "R1; R4", "yes", "B1; B9",
    )  # fmt: skip
    assert (first["log10_lr"], first["log10_lr_against_siblings"], first["posterior"]) == (5.25, 3.5, 0.9996)
    assert [one["proposed"] for one in others] == ["no", "no"]
    assert all(one["log10_lr"] is None for one in others)
    kinds = [(row["kind"], row["remains"]) for row in rows(tmp_path / "report", "proposals")]
    assert kinds == [("merge", "R1; R4"), ("alarm", "R2; R4")]
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert (summary["remains"], summary["individuals"]) == (4, 3)
    assert summary["reassociation"]["remains_in_groups"] == 2
    words = in_words((tmp_path / "report" / "report.html").read_text())
    assert "4 given remains are searched as 3 individuals: 2 remains are proposed as 1 person in parts." in words
    assert "Each of these is a proposal for a person to accept or refuse" in words
    assert "R1 + R4 1.8 × 10⁵ 3,200 1 − 4.0 × 10⁻⁴ 2 age: R1 …" in words
    assert "R2 + R4 labels may have been exchanged" in words


def test_without_reassociation_nothing_is_proposed(beside):
    words = words_of(conclude(small_operation(), reassociation=False), beside)
    assert "Remains were not put together: each was searched as an individual." in words


# --- the report -------------------------------------------------------------------------------------------------------


def test_an_unlisted_brother_fits_typed_parents_as_well(found, beside):
    # Both parents are typed: whatever the body shows, a brother whom nobody listed shows it as probably.
    assert beside.rivals[0, 0]["full sibling"] == pytest.approx(0.0, abs=1e-9)
    words = words_of(found, beside)
    assert "LR of F1-M1 against a relative of the same sex full sibling, not listed 1 paternal half-sibling" in words


def test_the_policy_is_said_clause_by_clause_with_what_it_cannot_test(found, beside):
    words = words_of(found, beside)
    assert "The numbers of the policy strict, version 1, are met by 0 pairs of 2 that were judged" in words
    assert "lines of evidence not met 1 typed relatives and 0 further methods, 2 are asked for" in words
    assert "consistent family met the samples of the family fit its pedigree" in words
    assert "Not tested here, for people to do: two people decide, neither of whom made the proposal alone." in words


def test_the_best_samples_are_sentences_and_three_at_most(found, beside):
    words = words_of(found, beside)
    for pair in ((0, 0), (1, 1)):
        assert 1 <= len(beside.samples[pair]) <= 3
        assert all(one.sentence in words for one in beside.samples[pair])
    assert "Samples that would help most:" not in words  # the rule of thumb gives way


def test_what_is_not_dna_stands_apart(written, found):
    woman = rows(written, "hits")[0]
    (case,) = [case for case in found.cases if case.individual == 1]
    assert woman["not_dna_log10_lr"] == pytest.approx(math.fsum(item.log10_lr for item in case.non_dna))
    assert woman["not_dna"] == "; ".join(item.words for item in case.non_dna)
    assert "It is not multiplied with the LR above." in in_words((written / "report.html").read_text())


def test_a_large_report_shows_the_first_hits_in_full_and_says_so(found, beside, monkeypatch):
    monkeypatch.setattr(hit_views, "DETAILED", 1)
    monkeypatch.setattr("antigone.report.search_report.DETAILED", 1)
    few = replace(beside, advised=frozenset({(1, 1)}))
    page = render_search_report(found, listed_pairs(found), few, {})
    assert re.findall(r'<section class="hit" id="([\w-]+)">', page) == ["hit-1"]
    assert "#hit-2" not in page
    assert "the likelihood ratios of all are in hits.csv" in in_words(page)
    assert "For 1 hit further down it was not computed which samples would help most" in in_words(page)


def test_only_the_first_pairs_are_asked_about(found, monkeypatch):
    monkeypatch.setattr(supplements, "ADVISED", 1)
    monkeypatch.setattr(supplements, "POWERS", 0)
    told = []
    few = supplement(found, lambda stage, done, total: told.append((stage, done, total)))
    assert (few.advised, set(few.samples), set(few.rivals)) == ({(1, 1)}, {(1, 1)}, {(1, 1)})
    assert set(few.powers) == {("F1", "F1-M1"), ("F2", "F2-M1")}  # both have a hit
    assert told[-1] == ("Asking which samples would help", 1, 1)


# --- two brothers -----------------------------------------------------------------------------------------------------


def brothers() -> Operation:
    """Two missing brothers, their parents typed, and two bodies that fit either way."""
    operation = small_operation()
    family, first = operation.families[0], operation.individuals[0]
    people = Pedigree.build([*family.pedigree.persons, Person("F1-M2", "F1-FA", "F1-MO", Sex.MALE, 2002)])
    second = replace(first, id="R5", profile=profile("S7", D3S1358=(15, 16), TH01=(7, 9), FGA=(21, 23)))
    both = replace(family, pedigree=people, missing=("F1-M1", "F1-M2"), descriptions={})
    settings = replace(operation.settings, threshold=1.0, prior=0.99)
    return replace(operation, individuals=(first, second), families=(both,), settings=settings)


def test_a_symmetric_set_is_said_with_the_samples_that_would_break_it():
    found = conclude(brothers(), reassociation=False)
    (one,) = found.joint.symmetric
    beside = supplement(found)
    words = words_of(found, beside)
    assert "{R1, R5} = {F1-M1, F1-M2}" in words
    assert "which is which, these samples cannot tell" in words
    samples = beside.breakers[one]
    assert 1 <= len(samples) <= 3
    assert all(sample.sentence in words for sample in samples)
    listed = listed_pairs(found)
    assert {pair.symmetric for pair in listed} == {"{R1, R5} = {F1-M1, F1-M2}"}
    page = render_search_report(found, listed, beside, {})
    assert "Component 1: 2 individuals and 2 missing persons" in page
    assert page.count('class="competition"') == 1


def test_brothers_whom_nothing_tells_apart_are_named_though_nobody_was_found(tmp_path):
    two = brothers()
    nobody = replace(two, individuals=two.individuals[:0])
    found = conclude(nobody, reassociation=False)
    assert not found.joint.symmetric
    beside = supplement(found)
    words = words_of(found, beside)
    assert "1 family misses siblings of one sex" in words
    assert "Who cannot be told apart, whoever is found" in words
    assert "F1 F1-M1, F1-M2 nobody in the family tree" in words
    write_results(found, tmp_path / "report", seconds=dict, beside=beside)
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert summary["joint"]["alike"] == [{"family": "F1", "persons": ["F1-M1", "F1-M2"], "deciding": []}]


# --- privacy ----------------------------------------------------------------------------------------------------------

ALLELES = {
    "D3S1358": (15, 17), "vWA": (16, 18), "D16S539": (11, 12), "CSF1PO": (10, 12), "TPOX": (8, 11), "D8S1179": (13, 14),
    "D21S11": (29, 30), "D18S51": (14, 16), "TH01": (6, 9), "FGA": (21, 23), "D5S818": (11, 12), "D13S317": (11, 12),
    "D7S820": (8, 10), "D10S1248": (13, 14), "D12S391": (18, 20),
}  # fmt: skip


def typed(sample: str, which: tuple[int, int]):
    return profile(sample, **{marker: (alleles[which[0]], alleles[which[1]]) for marker, alleles in ALLELES.items()})


@pytest.fixture(scope="module")
def odd_family() -> Conclusions:
    """The son cannot be the father's: at no marker do they share an allele. A body fits the father."""
    people = Pedigree.build(
        [
            Person("FA", sex=Sex.MALE), Person("MO", sex=Sex.FEMALE), Person("SON", "FA", "MO", Sex.MALE),
            Person("M1", "FA", "MO", Sex.MALE),
        ],
        family="F7",
    )  # fmt: skip
    profiles = {"FA": typed("S1", (0, 0)), "MO": typed("S2", (1, 1)), "SON": typed("S3", (1, 1))}
    body = Individual("R1", typed("S4", (0, 1)), Sex.MALE)
    settings = Settings(tuple(ALLELES), threshold=1.0, mutation=Mutation.same(Equal(0.001)))
    family = Family("F7", people, ("M1",), profiles)
    return conclude(Operation("odd", (body,), (family,), nist_1036_caucasian(), settings), reassociation=False)


def test_no_file_says_a_word_of_who_is_whose_child(odd_family, tmp_path):
    (report,) = odd_family.doubtful.values()
    details = report.finding.details()
    assert any("is not the father of" in one.what for one in details.alternatives)  # there is something to hide
    write_results(odd_family, tmp_path / "report", seconds=dict)
    (tmp_path / "report" / "hits.parquet").unlink()
    sealed = tmp_path / "report" / "consistency.json"  # says for whom it is, and nothing of who is whose child either
    sealed.write_text(sealed.read_text().replace(FOR_WHOM, ""))
    hidden = [
        *(one.what for one in details.alternatives),
        *(one.advice for one in details.alternatives),
        "not the father", "not the mother", "patern" + "ity", "CONFIDENTIAL", "geneticist", "misattributed",
        "is not related to the others", "exchanged", "adoption", "biological", "sealed",
    ]  # fmt: skip
    for path in (tmp_path / "report").iterdir():
        said = path.read_text().casefold()
        assert not [one for one in hidden if one.casefold() in said], path.name


def test_what_everybody_may_read_of_it_is_there(odd_family, tmp_path):
    write_results(odd_family, tmp_path / "report", seconds=dict)
    words = in_words((tmp_path / "report" / "report.html").read_text())
    said = "the samples of family F7 do not fit the pedigree given; a label, a typing or the pedigree may be wrong"
    assert said in words
    assert "check the labels and type the samples again" in words
    assert "Provisional hits of these families" in words
    labels = {row["searched_as"] for row in rows(tmp_path / "report", "provisional")}
    assert labels == {one.label for one in odd_family.provisional}
    assert labels
    summary = json.loads((tmp_path / "report" / "summary.json").read_text())
    assert summary["family_checks"]["do_not_fit"] == 1
    assert summary["provisional_hits"] == len(odd_family.provisional) > 0


def test_no_sample_is_advised_before_the_family_fits(odd_family):
    beside = supplement(odd_family)
    assert all(found == () for found in beside.samples.values())
