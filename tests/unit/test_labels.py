"""How likely a wrong label is, by hand."""

from dataclasses import replace

import pytest

from antigone.matching.calibration import Truth, evaluate_conclusions, posteriors
from antigone.matching.conclusions import conclude
from antigone.matching.labels import LabelRisks
from antigone.matching.operation import MISLABELLED_SAMPLES, Settings, SettingsError
from antigone.matching.policy import POSTERIOR_ALONE
from antigone.report.hit_views import _labels
from antigone.report.overall_views import policy_view
from small_operation import small_operation

LENIENT = replace(POSTERIOR_ALONE, name="lenient", posterior=0.5)
Q = 0.01


def operation(share=Q):
    one = small_operation()
    return replace(one, settings=replace(one.settings, mislabelled_samples=share))


def pair(given, individual, family):
    """An individual, a family and the first whom it misses."""
    one = next(one for one in given.individuals if one.id == individual)
    of = next(one for one in given.families if one.name == family)
    return one, of, of.missing[0]


def test_one_sample_of_the_remains_and_two_typed_parents():
    given = operation()
    assert LabelRisks.of(given).of_pair(*pair(given, "R1", "F1")) == pytest.approx(Q)


def test_a_sample_that_stands_alone_for_a_missing_person_counts_where_it_would_fit_somebody_else():
    given = operation()
    donors = sum(len(family.profiles) for family in given.families)
    alone = sum(len(family.profiles) == 1 for family in given.families)
    assert alone == 1  # F2 has a sister
    risk = LabelRisks.of(given).of_pair(*pair(given, "R2", "F2"))
    assert risk == pytest.approx(1 - (1 - Q) * (1 - Q * alone / donors))


def test_each_of_several_remains_may_be_mislabelled():
    given = operation()
    one, family, person = pair(given, "R1", "F1")
    together = replace(one, id="R1+R2", remains=("R1", "R2"))
    assert LabelRisks.of(given).of_pair(together, family, person) == pytest.approx(1 - (1 - Q) ** 2)


def test_a_second_sample_of_the_same_remains_would_have_to_be_wrong_too():
    given = operation()
    one, family, person = pair(given, "R1", "F1")
    twice = replace(one, samples=("S1", "S2"))
    given = replace(given, individuals=(twice, *given.individuals[1:]))
    assert LabelRisks.of(given).of_pair(twice, family, person) == pytest.approx(Q**2)


def test_where_no_label_is_wrong_nothing_is_expected_of_labels():
    given = operation(0.0)
    assert LabelRisks.of(given).of_pair(*pair(given, "R2", "F2")) == 0.0


def test_the_share_is_the_published_one_unless_declared():
    assert Settings(("TH01",)).mislabelled_samples == MISLABELLED_SAMPLES == 1 / 165


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_a_share_that_cannot_be_is_refused(share):
    with pytest.raises(SettingsError, match="the share of mislabelled samples"):
        Settings(("TH01",), mislabelled_samples=share)


def test_evaluate_expects_false_identifications_by_labels():
    truth = Truth({"R1": "I1", "R2": "I2"}, {"I1": frozenset({("F1", "F1-M1")}), "I2": frozenset({("F2", "F2-M1")})})
    sure, unsure = (conclude(operation(share), policies=(LENIENT,)) for share in (0.0, Q))
    accepted = [case for case in unsure.cases if case.judged_by("lenient").passed]
    assert accepted
    scores = [evaluate_conclusions(one, truth).policies["lenient"] for one in (sure, unsure)]
    assert scores[0].expected_by_labels == 0.0
    assert scores[1].expected_by_labels == pytest.approx(
        sum(case.answer.by_prior[0] * case.label_risk for case in accepted)
    )
    assert scores[1].expected_false == pytest.approx(scores[0].expected_false + scores[1].expected_by_labels)
    # What is claimed of a pair is that it is right, labels and all.
    before, after = (posteriors(one, truth)[0] for one in (sure, unsure))
    assert max(after) == pytest.approx(max(before) * (1 - Q), rel=2e-3)


def test_the_report_says_of_each_pair_and_of_all_that_pass_what_labels_may_do():
    sure, unsure = (conclude(operation(share), policies=(LENIENT,)) for share in (0.0, Q))
    (case, *_) = unsure.cases
    ((_, words),) = _labels(case)
    assert f"one time in {1 / case.label_risk:.0f} " in words
    by_labels = sum(one.label_risk for one in unsure.cases if one.judgements[0].passed)
    assert f"{by_labels:.2g} are expected to be wrong" in policy_view(unsure).lead
    assert "one sample in 100 does" in policy_view(unsure).lead
    assert _labels(sure.cases[0]) == []
    assert "label" not in policy_view(sure).lead
