"""How likely a sibling whom nobody listed is, by hand, and over worlds that are enumerated."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from antigone.cli.evaluate import truth_of
from antigone.formats.case_folder import FamilyTruthRow, TruthRow
from antigone.genetics.alleles import Named
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import conclusions
from antigone.matching.assignment import AMELOGENIN_ERROR
from antigone.matching.calibration import Truth, evaluate_conclusions, posteriors
from antigone.matching.conclusions import conclude
from antigone.matching.operation import Settings, SettingsError
from antigone.matching.policy import POSTERIOR_ALONE
from antigone.matching.prior import Prior, Shares
from antigone.matching.rivals import Rival, rival_log10_lrs
from antigone.matching.unlisted_siblings import OF_OTHER_SEX, SiblingRisks, risk
from antigone.report.hit_views import _sibling
from antigone.report.overall_views import policy_view
from small_operation import profile, small_operation

LENIENT = replace(POSTERIOR_ALONE, name="lenient", posterior=0.5)
U, F = 0.02, 0.25
WHO = Truth({"R1": "I1", "R2": "I2"}, {"I1": frozenset({("F1", "F1-M1")}), "I2": frozenset({("F2", "F2-M1")})})


def operation(share=U, false=F, words=("F2",)):
    """Two families of one missing person each; the word was given by those named."""
    one = small_operation()
    families = tuple(
        replace(family, no_unlisted_sibling=frozenset(family.missing if family.name in words else ()))
        for family in one.families
    )
    settings = replace(one.settings, unlisted_siblings=share, false_sibling_words=false)
    return replace(one, families=families, settings=settings)


def odds_of(concluded, *pairs):
    given = concluded.given
    asked = [
        (
            next(one for one in given.individuals if one.id == individual),
            next(one for one in given.families if one.name == family),
            f"{family}-M1",
        )
        for individual, family in pairs
    ]
    return SiblingRisks.of(concluded.result, concluded.joint).odds(asked), asked


def test_two_parents_tell_a_brother_from_nobody():
    # One of two persons is without a word, half of all are listed: u (1 − f) / 1 : s / 2; the LR between the two is 1.
    (odds,), _ = odds_of(conclude(operation()), ("R1", "F1"))
    assert odds == pytest.approx(U * (1 - F) * 2 / 0.5)


def test_a_word_leaves_those_whose_word_is_false():
    concluded = conclude(operation(words=("F1", "F2")))
    (odds,), _ = odds_of(concluded, ("R1", "F1"))
    assert odds == pytest.approx(U * F / 2 * 2 / 0.5)
    nobody_lies = conclude(operation(false=0.0, words=("F1", "F2")))
    assert odds_of(nobody_lies, ("R1", "F1"))[0] == [0.0]


def test_the_odds_are_those_before_by_the_lr_between_the_two():
    concluded = conclude(operation())
    (odds,), ((individual, family, person),) = odds_of(concluded, ("R2", "F2"))
    settings = concluded.given.settings
    against = rival_log10_lrs(individual, family, person, concluded.result.prepared, settings, [Rival.FULL_SIBLING])
    assert odds == pytest.approx(U * F / 1 * 2 / 0.5 / 10 ** against["full sibling"])


@pytest.mark.parametrize("markers", [1, 3])
def test_a_direct_reference_tells_of_a_brother_as_far_as_it_was_read(markers):
    given = operation(words=())
    family = given.families[0]
    read = dict(list({"D3S1358": (14, 17), "TH01": (6, 9), "FGA": (20, 22)}.items())[:markers])
    own = {**family.profiles, "F1-M1": profile("S9", **read)}
    given = replace(given, families=(replace(family, profiles=own), *given.families[1:]))
    concluded = conclude(given)
    (odds,), ((individual, family, person),) = odds_of(concluded, ("R1", "F1"))
    against = rival_log10_lrs(
        individual, family, person, concluded.result.prepared, given.settings, [Rival.FULL_SIBLING]
    )
    assert odds == pytest.approx(U * (1 - F) / 2 * 2 / 0.5 / 10 ** against["full sibling"])
    assert against["full sibling"] > 0.2 * markers


def test_a_sibling_of_several_missing_is_one_of_each():
    given = operation(words=())
    family = given.families[0]
    persons = [*family.pedigree.persons, Person("F1-M2", "F1-FA", "F1-MO", Sex.MALE)]
    both = replace(family, pedigree=Pedigree.build(persons), missing=("F1-M1", "F1-M2"))
    given = replace(given, families=(both, *given.families[1:]))
    concluded = conclude(given)
    (odds,), _ = odds_of(concluded, ("R1", "F1"))
    assert odds == pytest.approx(2 * U * (1 - F) / 3 * 3 / 0.5)


def test_a_sister_needs_no_error_of_amelogenin():
    given = operation(words=())
    (first, *others) = given.individuals
    readings = {**first.profile.readings, "AMEL": (Reading.of(Named("X"), Named("X")),)}
    given = replace(given, individuals=(replace(first, profile=Profile("S1", readings)), *others))
    concluded = conclude(given)
    (odds,), _ = odds_of(concluded, ("R1", "F1"))
    assert odds == pytest.approx(U * (1 - F) / 2 * 2 / 0.5 * OF_OTHER_SEX / AMELOGENIN_ERROR)


@pytest.mark.parametrize("own", [-np.inf, np.inf, -400.0, 3.0])
def test_a_mark_that_is_certain_makes_no_number_that_is_none(own):
    assert risk(1.0, 0.0, own) == 0.0
    assert 0.0 <= risk(0.9, 0.1, own) <= 1.0
    assert risk(1.0, 1e300, -np.inf) == 1.0


def test_the_share_of_a_transfer_is_that_of_its_individuals():
    few = Prior("declared", Shares(0.5, 0, 0.5), {"T1": Shares(0.25, 0, 0.75)})
    given = operation()
    given = replace(given, settings=replace(given.settings, priors=(few,)))
    (odds,), _ = odds_of(conclude(given), ("R1", "F1"))
    assert odds == pytest.approx(U * (1 - F) * 2 / 0.25)


def test_worlds_enumerated():
    """One body, one missing person, their sibling, a stranger: weights of prior and of DNA, one after the other."""
    concluded = conclude(operation(words=()))
    (odds,), ((individual, family, person),) = odds_of(concluded, ("R2", "F2"))
    result, joint = concluded.result, concluded.joint
    i = next(k for k, one in enumerate(result.operation.individuals) if one.id == individual.id)
    m = next(k for k, (one, _) in enumerate(result.missing) if one.name == family.name)
    lr = 10 ** next(p.log10_lr for p in result.pairs if (p.individual, p.missing) == (i, m))
    settings = concluded.given.settings
    against = rival_log10_lrs(individual, family, person, result.prepared, settings, [Rival.FULL_SIBLING])
    # s/2 for each of two persons, of whom the body fits one; u(1−f)/2 for a sibling of each; the rest are strangers.
    weights = {
        "person": 0.25 * lr,
        "sibling": U * (1 - F) / 2 * lr / 10 ** against["full sibling"],
        "stranger": 0.5,
    }
    without = weights["person"] / (weights["person"] + weights["stranger"])
    with_sibling = weights["sibling"] / sum(weights.values())
    assert risk(without, float(odds)) == pytest.approx(with_sibling)
    answer = joint.pair(i, m)
    assert answer is not None
    assert answer.by_prior[0] == pytest.approx(without, rel=0.02)  # the other persons compete a little


def test_evaluate_counts_siblings_among_what_is_expected_to_be_false():
    unsure, sure = (conclude(operation(share), policies=(LENIENT,)) for share in (U, 0.0))
    scores = [evaluate_conclusions(one, WHO).policies["lenient"] for one in (sure, unsure)]
    accepted = [case for case in unsure.cases if case.judged_by("lenient").passed]
    assert accepted
    assert scores[0].expected_by_siblings == 0.0
    wrong = [1 - one.answer.by_prior[0] * (1 - one.label_risk) * (1 - one.sibling_risk) for one in accepted]
    assert scores[1].expected_false == pytest.approx(sum(wrong))
    assert scores[1].expected_by_siblings == pytest.approx(scores[1].expected_false - scores[0].expected_false)
    before, after = (posteriors(one, WHO)[0] for one in (sure, unsure))
    assert (after <= before).all()
    assert after.max() < before.max()


def test_a_mark_of_the_body_speaks_against_a_brother_as_against_a_stranger(monkeypatch):
    def risks():
        return {(one.individual, one.missing): one.sibling_risk for one in conclude(operation()).cases}

    before = risks()
    assert max(before.values()) > 0.01
    monkeypatch.setattr(conclusions, "_not_kinship", lambda _: 3.0)  # a mark that one in a thousand bears
    for pair, after in risks().items():
        assert after / (1 - after) == pytest.approx(before[pair] / (1 - before[pair]) / 1000)


def test_the_report_says_what_a_brother_may_do_and_that_nobody_counted_them():
    unsure, sure = (conclude(operation(share), policies=(LENIENT,)) for share in (U, 0.0))
    case = max(unsure.cases, key=lambda one: one.sibling_risk)
    ((_, words),) = _sibling(case)
    assert f"one time in {1 / case.sibling_risk:,.0f} " in words
    met = [one for one in unsure.cases if one.judgements[0].passed]
    expected = sum((1 - one.label_risk) * one.sibling_risk for one in met)
    assert f"{expected:.2g} more are expected to be full siblings whom nobody listed" in policy_view(unsure).lead
    assert all(not _sibling(one) for one in sure.cases)
    assert "is not declared (unlisted_siblings)" in policy_view(sure).lead


@pytest.mark.parametrize("name", ["unlisted_siblings", "false_sibling_words"])
@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_that_cannot_be_is_refused(name, share):
    with pytest.raises(SettingsError, match="is below 1"):
        Settings(("TH01",), **{name: share})


def test_risks_are_probabilities():
    for posterior, odds in product((0.0, 1e-6, 0.5, 1.0), (0.0, 1e-9, 1.0, 1e300)):
        assert 0 <= risk(posterior, odds) <= 1
    assert np.isclose(risk(1.0, 1.0), 0.5)


def test_a_direct_reference_with_another_label_is_told_as_such():
    rows = [TruthRow("R1", "I9", None, "S1"), TruthRow("R2", "I2", "F2-M1", "S2", "F2")]
    told = [FamilyTruthRow("F1", "F1-FA", "the sample exchanged labels with that of F9-FA")]
    concluded = conclude(operation(), policies=(LENIENT,))
    for of_families, because in ((told, "exchanged label"), ((), "a stranger")):
        score = evaluate_conclusions(concluded, truth_of(rows, operation(), of_families)).policies["lenient"]
        assert score.false_because == {because: 1}
