"""Families are weighed against their pedigrees: by hand, by listing every genotype, and on simulated errors."""

import copy
import dataclasses
import inspect
import math
import pickle
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from scipy.stats import binom

from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.likelihood import Options, log_likelihoods
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import NO_MUTATION
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import arrangements, consistency, parentage, quick_looks
from antigone.matching.arrangements import (
    Arrangement,
    Case,
    Doubt,
    Evidence,
    all_unrelated,
    combined_changes,
    log_likelihoods_of,
    single_changes,
)
from antigone.matching.consistency import (
    ConsistencySettings,
    FamilyReport,
    alternatives,
    check_families,
    claims,
    with_marker_error,
)
from antigone.matching.operation import DropOut, Family, Operation, SampleErrors, Settings, SettingsError
from antigone.matching.parentage import ParentageFinding, Verdict
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.tables import conditional_table, what_is_known
from antigone.scenarios.simulate import simulate
from consistency_rates import (
    ERRORS,
    PREPARED,
    SETTINGS,
    SIBLINGS,
    THREE_GENERATIONS,
    TRIO,
    measure,
    measure_errors,
    simulated,
)
from families import model as marker_model
from families import pedigree as engine_pedigree
from oracles import consistency as oracle
from oracles.pedigree import TooManyCasesError
from oracles.strategies import Family as OracleFamily
from oracles.strategies import frequencies, mutation_pairs, pedigrees

# --- by hand ----------------------------------------------------------------------------------------------------------


def prepared_of(*models: MarkerModel, theta: float = 0.0) -> Prepared:
    return Prepared(models, cast("Any", None), (), Options(theta=theta), ())


def read(sample: str, name: str, *alleles: int) -> Profile:
    return Profile(sample, {name: (Reading.of(*(Repeat(a) for a in alleles)),)})


P, Q = 0.1, 0.9
ONE_MARKER = MarkerModel.build("TH01", [Repeat(6), Repeat(7)], [P, Q])
PLAIN = Settings(("TH01",))


def father_and_child(child: tuple[int, int] = (6, 6)) -> Family:
    pedigree = Pedigree.build([Person("FA", sex=Sex.MALE), Person("C", "FA", sex=Sex.MALE)], family="F1")
    return Family("F1", pedigree, (), {"FA": read("S1", "TH01", 6, 6), "C": read("S2", "TH01", *child)})


def test_father_and_child_by_hand() -> None:
    # Father and child 6/6: P(child | father) = p, of anybody p², so the relation is 1/p = 10 times as probable. Full
    # siblings have two, one or no alleles by descent: ¼ + ½p + ¼p² against p²; the same person: 1 against p².
    [claim] = claims(father_and_child(), prepared_of(ONE_MARKER), PLAIN)
    assert claim.relation == "FA, father of C"
    assert claim.log10_lr == pytest.approx(1.0)
    assert claim.by_marker == {"TH01": pytest.approx(1.0)}
    assert claim.nearest == {
        "same person": pytest.approx(math.log10(1 / P**2)),
        "parent and child": pytest.approx(1.0),
        "full siblings": pytest.approx(math.log10((0.25 + 0.5 * P + 0.25 * P**2) / P**2)),
        "half-siblings": pytest.approx(math.log10((0.5 * P + 0.5 * P**2) / P**2)),
        "uncle or aunt": pytest.approx(math.log10((0.5 * P + 0.5 * P**2) / P**2)),
    }


def test_posterior_by_hand() -> None:
    # Only one thing can go wrong here: the sample of either is of somebody else. It makes 6/6, 6/6 ten times less
    # probable (see above), save that in one of a thousand cases the marker says nothing.
    rates = ConsistencySettings(
        misattributed_paternity=0, other_mother=0, not_of_family=0.2, exchanged=0, same_person=0, sibling_of_parent=0
    )
    [report] = check_families([father_and_child()], prepared_of(ONE_MARKER), PLAIN, rates)
    declared, otherwise = 0.999 * P**3 + 0.001 * P**4, P**4
    odds = 0.2 / 0.8 * otherwise / declared
    assert report.finding.details().posterior_as_declared == pytest.approx(1 / (1 + 2 * odds))
    found = {one.changes[0].persons: one for one in report.finding.details().alternatives if one.posterior > 0}
    assert set(found) == {("FA",), ("C",)}
    assert found["C",].log10_lr == pytest.approx(math.log10(otherwise / declared))
    assert found["C",].posterior == pytest.approx(odds / (1 + 2 * odds))


# --- every genotype listed --------------------------------------------------------------------------------------------


@st.composite
def read_families(draw: st.DrawFn, *, x_linked: bool) -> tuple[OracleFamily, dict[str, tuple[int, ...]], list[float]]:
    people = draw(pedigrees(4, min_people=2, one_parent=True, unknown_sex=False))
    p = list(draw(frequencies(2, 3)))
    allele = st.integers(0, len(p) - 1)
    seen = {}
    for member in people.members:
        if draw(st.integers(0, 3)):
            copies = 1 if x_linked and member.sex == "M" else 2
            seen[member.id] = tuple(draw(allele) for _ in range(copies))
    assume(len(seen) > 1)
    return people, seen, p


def profiles_of(seen: Mapping[str, tuple[int, ...]], marker: MarkerModel) -> dict[str, Profile]:
    """Genotypes of the oracle as readings; one allele on X is read alone."""
    alleles = {who: [marker.alleles[a] for a in what] for who, what in seen.items()}
    return {
        who: Profile(who, {marker.name: (Reading.of(*(these if len(these) == 2 else these * 2)),)})
        for who, these in alleles.items()
    }


@pytest.mark.parametrize("x_linked", [False, True])
@given(st.data())
@hypothesis_settings(max_examples=40)
def test_every_single_change_agrees_with_listing_every_genotype(x_linked: bool, data: st.DataObject) -> None:
    people, seen, p = data.draw(read_families(x_linked=x_linked))
    mutation = data.draw(mutation_pairs(p))
    marker = marker_model(p, mutation.male, mutation.female, x_linked=x_linked)
    family = Family("F", engine_pedigree(people), (), profiles_of(seen, marker))
    try:
        expected = oracle.likelihoods(
            people.members, {who: seen[who] for who in family.profiles}, p,
            male=mutation.male, female=mutation.female, x_linked=x_linked, max_cases=200_000,
        )  # fmt: skip
    except TooManyCasesError:
        assume(False)
    declared = Arrangement.declared(family)
    tried = [declared, all_unrelated(declared), *single_changes(family, x_linked=x_linked)]
    for evidence in (Evidence.exact(family, [marker]), Evidence.full(family, [marker], Settings(("marker",)))):
        logs = log_likelihoods_of([Case(evidence, one) for one in tried], prepared_of(marker), Settings(("marker",)))
        found = {("declared", ()): logs[0, 0], ("unrelated", ()): logs[1, 0]}
        found |= {_name(one): float(log) for one, log in zip(tried[2:], logs[2:, 0], strict=True)}
        assert set(found) == set(expected)
        with np.errstate(divide="ignore"):
            assert found == {name: pytest.approx(float(np.log(value)), abs=1e-9) for name, value in expected.items()}


def _name(arrangement: Arrangement) -> tuple[str, tuple[str, ...]]:
    [change] = arrangement.changes
    return str(change.doubt), change.persons


@given(st.data())
@hypothesis_settings(max_examples=20)
def test_with_theta_every_single_change_agrees_with_listing_every_genotype(data: st.DataObject) -> None:
    people, seen, p = data.draw(read_families(x_linked=False))
    marker = marker_model(p)
    family = Family("F", engine_pedigree(people), (), profiles_of(seen, marker))
    try:
        expected = oracle.likelihoods(people.members, seen, p, theta=0.05, max_cases=100_000)
    except TooManyCasesError:
        assume(False)
    tried = single_changes(family)
    evidence = Evidence.full(family, [marker], Settings(("marker",)))
    prepared = prepared_of(marker, theta=0.05)
    with patch.object(arrangements, "MOST_UNKNOWN_WITH_THETA", 99):  # with theta however long it takes
        logs = log_likelihoods_of([Case(evidence, one) for one in tried], prepared, Settings(("marker",)))[:, 0]
    with np.errstate(divide="ignore"):
        for one, log in zip(tried, logs, strict=True):
            assert log == pytest.approx(float(np.log(expected[_name(one)])), abs=1e-9)


# --- simulated errors -------------------------------------------------------------------------------------------------


def checked(family: Family, rates: ConsistencySettings | None = None) -> FamilyReport:
    return check_families([family], PREPARED, SETTINGS, rates)[0]


@pytest.mark.parametrize("error", ERRORS)
def test_what_went_wrong_is_found_and_named(error: str) -> None:
    true, recorded, typed, change = ERRORS[error]
    rng = np.random.default_rng(1)
    families = [simulated(true, recorded, typed, rng) for _ in range(10)]
    reports = check_families(families, PREPARED, SETTINGS)
    doubtful = [report for report in reports if report.verdict is Verdict.DOUBTFUL]
    # Full and half-siblings overlap, and an uncle may have passed what a father would: see the long test for the rates.
    assert len(doubtful) >= (7 if "half" in error else 8 if "uncle" in error else 10)
    named = 0
    for report in doubtful:
        found = report.finding.details().alternatives
        assert sum(one.posterior for one in found) == pytest.approx(
            1 - report.finding.details().posterior_as_declared, abs=1e-9
        )
        true_one = next(one for one in found if [(c.doubt, c.persons) for c in one.changes] == [change])
        named += true_one.posterior >= found[0].posterior / 10  # others may explain the samples as well
        assert true_one.log10_lr > 0
    assert named >= 0.9 * len(doubtful)


def test_families_in_which_nothing_went_wrong_are_consistent() -> None:
    rng = np.random.default_rng(2)
    trio, pair = {"FA": "FA", "MO": "MO", "M1": "M1"}, {"M1": "M1", "B1": "B1"}
    families = [simulated(SIBLINGS, SIBLINGS, trio, rng) for _ in range(40)]
    families += [simulated(SIBLINGS, SIBLINGS, pair, rng) for _ in range(80)]
    families += [simulated(THREE_GENERATIONS, THREE_GENERATIONS, {"GF": "GF", "M1": "M1"}, rng) for _ in range(40)]
    doubtful = sum(report.verdict is Verdict.DOUBTFUL for report in check_families(families, PREPARED, SETTINGS))
    assert doubtful <= 3  # of 160; 0.2 % of the families of a plain operation: see the long test


@pytest.mark.parametrize("to", [1, 4])
@pytest.mark.parametrize("mutates", [True, False])
def test_one_mismatch_does_not_condemn_a_family(to: int, mutates: bool) -> None:
    # One repeat more is a mutation; four are hardly one, and without a mutation model neither is possible.
    family = simulated(TRIO, TRIO, {"FA": "FA", "MO": "MO", "M1": "M1"}, np.random.default_rng(3))
    mother, child = ({n: r[0].alleles for n, r in family.profiles[who].readings.items()} for who in ("MO", "M1"))
    name, paternal = next(
        (name, paternal)
        for name, pair in child.items()
        for paternal in pair
        if name in family.profiles["FA"].readings
        and len(pair) == 2 and len(set(pair) & set(mother[name])) == 1 and paternal not in mother[name]
        and set(pair) & set(family.profiles["FA"].readings[name][0].alleles) == {paternal}
        and isinstance(paternal, Repeat) and Repeat(paternal.repeats + to) not in (*pair, *mother[name])
        and Repeat(paternal.repeats + to) not in family.profiles["FA"].readings[name][0].alleles
    )  # fmt: skip
    moved = Reading.of(*(Repeat(a.repeats + to) if a == paternal else a for a in child[name]))
    mutated = Profile("S", {**family.profiles["M1"].readings, name: (moved,)})
    family = replace(family, profiles={**family.profiles, "M1": mutated})
    settings = SETTINGS if mutates else replace(SETTINGS, mutation=NO_MUTATION)
    prepared = prepare(Operation("", (), (family,), nist_1036_caucasian(), settings))
    [report] = check_families([family], prepared, settings)
    assert report.verdict is Verdict.CONSISTENT
    [claim] = [one for one in claims(family, prepared, settings) if one.persons == ("FA", "M1")]
    assert claim.by_marker[name] < 0 if mutates else claim.log10_lr == -math.inf


def test_parents_whose_labels_changed_places_are_told_by_amelogenin() -> None:
    family = simulated(TRIO, TRIO, {"FA": "MO", "MO": "FA", "M1": "M1"}, np.random.default_rng(4))
    report = checked(family)
    assert report.verdict is Verdict.DOUBTFUL
    [change] = report.finding.details().alternatives[0].changes
    assert (change.doubt, change.persons) == (Doubt.EXCHANGED, ("FA", "MO"))
    assert report.finding.details().alternatives[0].by_marker["AMEL"] == pytest.approx(2 * math.log10(0.998 / 0.002))


def test_parents_alone_say_nothing_of_their_child_and_one_sample_nothing_at_all() -> None:
    rng = np.random.default_rng(5)
    family = simulated(TRIO, TRIO, {"FA": "FA", "MO": "MO"}, rng)
    parents = checked(family)
    assert parents.verdict is Verdict.CONSISTENT
    for one in parents.finding.details().alternatives:
        if one.changes[0].doubt is Doubt.NOT_OF_FAMILY:  # amelogenin speaks for the sex recorded, nothing else speaks
            assert one.log10_lr == pytest.approx(math.log10(0.5 / 0.998), abs=1e-9)
    assert claims(family, PREPARED, SETTINGS)[0].log10_lr == pytest.approx(0.0, abs=1e-9)
    alone = checked(simulated(TRIO, TRIO, {"MO": "MO"}, rng))
    assert alone.verdict is Verdict.UNTESTED
    assert alone.finding.details().alternatives == ()


def test_identical_twins_are_no_duplicate() -> None:
    family = simulated(SIBLINGS, SIBLINGS, {"M1": "M1", "B1": "M1", "MO": "MO"}, np.random.default_rng(6))
    assert checked(family).verdict is Verdict.DOUBTFUL
    twins = Pedigree.build(family.pedigree.persons, family="F1", twins=[["M1", "B1"]])
    assert checked(replace(family, pedigree=twins)).verdict is Verdict.CONSISTENT


# --- what is searched is what was weighed -----------------------------------------------------------------------------


def odd_family(error: str = "an uncle as father", seed: int = 7) -> Family:
    true, recorded, typed, _ = ERRORS[error]
    return simulated(true, recorded, typed, np.random.default_rng(seed))


@pytest.mark.parametrize("donors", [SampleErrors(), SampleErrors(DropOut(0.02), 0.001, 0.001)])
@pytest.mark.parametrize("error", ["an uncle as father", "two samples exchanged", "one person's sample twice"])
def test_the_family_that_is_searched_has_the_likelihood_that_was_weighed(error: str, donors: SampleErrors) -> None:
    family = odd_family(error)
    prepared = replace(PREPARED, models=PREPARED.models[:3])
    settings = replace(SETTINGS, donors=donors)
    evidence = Evidence.full(family, prepared.models, settings)
    tried = [*single_changes(family), *combined_changes(family)]
    logs = log_likelihoods_of([Case(evidence, one) for one in tried], prepared, settings)
    apart = {
        who: log_likelihoods_of([Case(evidence, all_unrelated(Arrangement.declared(family)))], prepared, settings)
        for who in family.profiles
    }
    assert apart
    for one, expected in zip(tried, logs, strict=True):
        searched = one.family(family)
        known = what_is_known(searched, prepared.models, settings)
        total = log_likelihoods(searched.pedigree, prepared.models, known)
        for change in one.changes:  # samples of strangers are left out of the search: weigh them by themselves
            if change.doubt is Doubt.NOT_OF_FAMILY:
                [who] = change.persons
                alone = replace(family, profiles={who: family.profiles[who]})
                alone_known = what_is_known(alone, prepared.models, settings)
                person = Pedigree.build([Person(who, sex=family.pedigree[who].sex)])
                total = total + log_likelihoods(person, prepared.models, alone_known)
        assert np.exp(total) == pytest.approx(np.exp(expected), rel=1e-9, abs=1e-300)


def test_a_doubtful_family_is_searched_sample_by_sample_and_otherwise() -> None:
    family = odd_family("an uncle as father")
    found = alternatives(family, checked(family))
    labels = [one.label for one in found]
    assert labels[:3] == ["sample of FA alone", "sample of MO alone", "sample of M1 alone"]
    assert labels[3:6] == ["without the sample of FA", "without the sample of MO", "without the sample of M1"]
    assert labels[6] == "alternative 1"
    assert [tuple(one.family.profiles) for one in found[:3]] == [("FA",), ("MO",), ("M1",)]
    for one in found:
        assert one.family.missing == ("M1",)
        table = conditional_table(one.family, "M1", PREPARED, SETTINGS)  # the search can use it as it is
        assert any(marker is not None for marker in table.markers)
    pedigrees_and_samples = [(one.family.pedigree, tuple(one.family.profiles.items())) for one in found]
    assert all(one not in pedigrees_and_samples[:k] for k, one in enumerate(pedigrees_and_samples))


def test_no_more_alternatives_are_searched_than_declared() -> None:
    family = odd_family("half-siblings by the mother as full ones")
    counts = []
    for at_most in (0, 1, 3):
        found = alternatives(family, checked(family, ConsistencySettings(plausible_from=1e-6, at_most=at_most)))
        counts.append(sum(one.label.startswith("alternative") for one in found))
    assert counts == [0, 1, 3]


def test_a_family_that_fits_has_no_alternatives_and_a_report_belongs_to_its_family() -> None:
    family = simulated(TRIO, TRIO, {"FA": "FA", "M1": "M1"}, np.random.default_rng(8))
    assert alternatives(family, checked(family)) == ()
    with pytest.raises(ValueError, match="the report of family F1 was given for family F2"):
        alternatives(replace(family, name="F2"), checked(family))


# --- one family at a time ---------------------------------------------------------------------------------------------


def test_no_function_takes_the_samples_of_two_families() -> None:
    for module in (arrangements, consistency, parentage, quick_looks):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == module.__name__:
                taken = [str(one.annotation) for one in inspect.signature(function).parameters.values()]
                assert sum("Family'" in one or one.endswith(".Family") for one in taken) <= 1, name


def test_one_persons_sample_in_two_families_is_not_noticed() -> None:
    rng = np.random.default_rng(9)
    typed = {"FA": "FA", "MO": "MO", "M1": "M1"}
    first, second = (simulated(TRIO, TRIO, typed, rng, name=name) for name in ("F1", "F2"))
    third = replace(first, name="F3")
    together = check_families([first, second, third], PREPARED, SETTINGS, every_claim=True)
    assert [report.verdict for report in together] == [Verdict.CONSISTENT] * 3
    alone = [check_families([one], PREPARED, SETTINGS, every_claim=True)[0] for one in (first, second, third)]
    for one, other in zip(together, alone, strict=True):
        assert one.finding.details().posterior_as_declared == other.finding.details().posterior_as_declared
        assert one.finding.details().claims == other.finding.details().claims


# --- two sets of words ------------------------------------------------------------------------------------------------

CONFIDENTIAL = (
    "father", "mother", "patern", "matern", "parent", "half", "uncle", "aunt", "sibling", "child", "relat", "adopt",
    "same person", "exchanged", "swap", "duplicate", "stranger", "LR", "posterior",
)  # fmt: skip


@pytest.mark.parametrize("error", ERRORS)
def test_nothing_that_everybody_reads_tells_who_is_whose_child(error: str) -> None:
    family = next(one for one in (odd_family(error, seed) for seed in range(9)) if checked(one).verdict == "doubtful")
    report = checked(family)
    found = alternatives(family, report)
    public = [
        report.for_everyone, report.to_do, str(report), repr(report), f"{report.finding}", repr(report.finding),
        str(dataclasses.asdict(report)), str(vars(report.finding)), *(one.label for one in found), repr(found),
    ]  # fmt: skip
    for text in public:
        for word in CONFIDENTIAL:
            assert word.lower() not in text.lower().replace("parentagefinding", ""), (word, text)
    assert report.for_everyone == (
        "the samples of family F1 do not fit the pedigree given; a label, a typing or the pedigree may be wrong"
    )


def test_public_words_are_the_same_whatever_was_found() -> None:
    reports = []
    for error in ERRORS:
        reports += check_families([odd_family(error, seed) for seed in range(2)], PREPARED, SETTINGS)
    doubtful = [report for report in reports if report.verdict is Verdict.DOUBTFUL]
    assert len({(report.for_everyone, report.to_do) for report in doubtful}) == 1
    assert len({str(report) for report in doubtful}) == 1
    assert len({report.finding.for_geneticists() for report in doubtful}) == len(doubtful)


def test_geneticists_read_what_was_found_by_asking_for_it() -> None:
    report = checked(odd_family("another father"))
    words = report.finding.for_geneticists()
    assert words.startswith("CONFIDENTIAL")
    assert "FA is not the father of M1" in words
    assert "Do not ask the family" in words
    assert "FA, father of M1: log10 LR -" in words


def test_a_sealed_finding_can_be_kept_and_sent() -> None:
    finding = checked(odd_family()).finding
    for same in (pickle.loads(pickle.dumps(finding)), copy.deepcopy(finding)):  # noqa: S301 (its own bytes)
        assert isinstance(same, ParentageFinding)
        assert same.for_geneticists() == finding.for_geneticists()


# --- quick looks ------------------------------------------------------------------------------------------------------


def _families_with_errors(count: int, seed: int) -> list[Family]:
    """As many of each simulated error as of families without one."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        for true, recorded, typed, _ in ERRORS.values():
            found.append(simulated(true, recorded, typed, rng, name=f"F{number}"))
            found.append(simulated(recorded, recorded, {person: person for person in typed}, rng, name=f"F{number}"))
    return found


def test_a_quick_look_loses_no_family_that_the_full_check_doubts() -> None:
    families = _families_with_errors(2, 12)
    quick = check_families(families, PREPARED, SETTINGS)
    full = check_families(families, PREPARED, SETTINGS, ConsistencySettings(screen_from=1.01))
    assert all(report.finding.details().in_full for report in full)
    assert sum(report.finding.details().in_full for report in quick) < 0.75 * len(families)
    assert [report.verdict for report in quick] == [report.verdict for report in full]


@pytest.mark.long
def test_a_quick_look_loses_nothing_where_donors_have_error_rates() -> None:
    settings = replace(SETTINGS, donors=SampleErrors(DropOut(0.02), 0.001, 0.001))
    families = _families_with_errors(4, 13)
    quick = check_families(families, PREPARED, settings)
    full = check_families(families, PREPARED, settings, ConsistencySettings(screen_from=1.01))
    assert [report.verdict for report in quick] == [report.verdict for report in full]


def test_a_family_of_which_a_quick_look_uses_little_is_checked_in_full() -> None:
    family = odd_family("another father")
    replicates = {
        who: Profile(one.sample, {
            name: (*readings, Reading((readings[0].alleles[0],))) if name != "AMEL" else readings
            for name, readings in one.readings.items()
        })
        for who, one in family.profiles.items()
    }  # fmt: skip
    settings = replace(SETTINGS, donors=SampleErrors(DropOut(0.1)))
    models = PREPARED.models[:12]
    family = replace(family, profiles=replicates)
    [report] = check_families([family], replace(PREPARED, models=models), settings)
    assert report.finding.details().in_full
    assert report.verdict is Verdict.DOUBTFUL


@pytest.mark.long
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("seed", [4, 5])
def test_rates_on_a_hostile_and_on_a_plain_operation(seed: int) -> None:
    hostile, plain = (measure(0.1, seed, hostile=cruel) for cruel in (True, False))
    print(hostile, plain)
    assert plain.rate("nothing wrong") <= 0.005
    assert hostile.rate("nothing wrong") <= 0.005
    # Of some 65 such families two are 3.1 %: the rate is 3 % or less unless chance alone would hardly give as many.
    few = hostile.families["typing error only"], hostile.doubtful.get("typing error only", 0)
    assert binom.sf(few[1] - 1, few[0], 0.03) > 0.01
    assert hostile.rate("label swap") >= 0.85
    assert hostile.rate("misattributed paternity, typed pair") >= 0.9
    assert hostile.rate("misattributed paternity, others typed") >= 0.4


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_rates_of_each_error() -> None:
    found = measure_errors(150, seed=1)
    print(found)
    for error in ERRORS:
        assert found.rate(error) >= (0.65 if "half" in error else 0.85 if "uncle" in error else 0.98)
        assert found.rate(f"nothing wrong, as in {error}") <= 0.02


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_a_quick_look_over_an_operation_loses_nothing() -> None:
    scenario = simulate("june-2025", scale=0.1, seed=6, hostile=True, overrides={"misattributed_paternity": 0.1})
    prepared, settings = prepare(scenario.operation), scenario.operation.settings
    quick = check_families(scenario.operation.families, prepared, settings)
    full = check_families(scenario.operation.families, prepared, settings, ConsistencySettings(screen_from=1.01))
    doubted = [k for k, report in enumerate(full) if report.verdict is Verdict.DOUBTFUL]
    lost = [k for k in doubted if quick[k].verdict is not Verdict.DOUBTFUL]
    assert len(doubted) > 50
    assert len(lost) <= 0.01 * len(doubted)


# --- settings ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"exchanged": 0.5}, "exchanged is a rate from 0 to below one half, got 0.5"),
        ({"marker_error": -0.1}, "marker_error is a rate"),
        ({"doubtful_below": 1.0}, "doubtful_below is a posterior between 0 and 1, got 1.0"),
        ({"screen_from": 0.4}, "would pass families that are doubtful below 0.5"),
    ],
)
def test_settings_that_cannot_be_are_refused(changed: dict[str, float], complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint):
        ConsistencySettings(**cast("Any", changed))


def test_marker_error_keeps_a_likelihood_between_what_it_was_and_unrelated() -> None:
    logs, unrelated = np.log([0.5, 1e-9]), np.log([0.1, 0.1])
    with_error = np.exp(with_marker_error(logs, unrelated, 0.01))
    assert with_error == pytest.approx([0.99 * 0.5 + 0.001, 0.99e-9 + 0.001])
    assert with_marker_error(logs, unrelated, 0.0) == pytest.approx(logs)


def test_progress_is_told_of_every_family() -> None:
    told: list[tuple[int, int]] = []
    family = simulated(TRIO, TRIO, {"FA": "FA", "M1": "M1"}, np.random.default_rng(10))
    check_families([family] * 3, PREPARED, SETTINGS, progress=lambda done, of: told.append((done, of)))
    assert told[-1] == (3, 3)


def test_theta_is_left_out_where_too_many_founder_alleles_are_unknown() -> None:
    """Three cousins by three couples and one grandparental couple, all untyped: seven founder alleles are unknown."""
    alleles = [Repeat(k) for k in (6, 7, 8)]
    markers = [MarkerModel.build(name, alleles, [0.2, 0.3, 0.5]) for name in ("D1", "D2")]
    persons = [("GF", None, None), ("GM", None, None)]
    for k in "ABC":
        persons += [(f"F{k}", "GF", "GM"), (f"W{k}", None, None), (f"C{k}", f"F{k}", f"W{k}")]
    pedigree = Pedigree.build(
        [Person(*one, sex=Sex.MALE if one[0][0] in "GFC" and one[0] != "GM" else Sex.FEMALE) for one in persons]
    )
    rng = np.random.default_rng(4)
    typed = {
        f"C{k}": Profile(k, {m.name: (Reading.of(*(m.alleles[a] for a in rng.integers(0, 3, 2))),) for m in markers})
        for k in "ABC"
    }
    family = Family("F", pedigree, ("FA",), typed)
    with_theta, without = prepared_of(*markers, theta=0.03), prepared_of(*markers)
    settings = Settings(tuple(m.name for m in markers))
    evidence = Evidence.full(family, with_theta.models, settings)
    cases = [Case(evidence, Arrangement.declared(family)), Case(evidence, all_unrelated(Arrangement.declared(family)))]
    few = log_likelihoods_of(cases[1:], with_theta, settings)
    assert not np.allclose(few, log_likelihoods_of(cases[1:], without, settings))
    np.testing.assert_array_equal(
        log_likelihoods_of(cases, with_theta, settings), log_likelihoods_of(cases, without, settings)
    )
