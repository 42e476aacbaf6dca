import dataclasses

import pytest

from antigone.matching.policy import (
    CLAUSES,
    COINCIDENCES,
    CONTAMINATED,
    FAMILY,
    LINES,
    POLICIES,
    POSTERIOR,
    POSTERIOR_ALONE,
    SIBLING,
    STRICT,
    TWO_LINES,
    PairEvidence,
    evaluate,
)

ENOUGH = PairEvidence(posterior=0.9996, coincidences=0.005, relatives=2, word_of_no_sibling=True)


def but(**changes):
    return dataclasses.replace(ENOUGH, **changes)


def test_what_is_enough_passes_and_acts_remain():
    judgement = evaluate(STRICT, ENOUGH)
    assert judgement.passed
    assert (judgement.policy, judgement.version) == ("strict", 1)
    assert any("two people" in act for act in judgement.acts)
    assert any("written word" in act for act in judgement.acts)


@pytest.mark.parametrize(
    ("evidence", "clause"),
    [
        (but(posterior=0.9994999), POSTERIOR),
        (but(coincidences=0.0100001), COINCIDENCES),
        (but(relatives=1), LINES),
        (but(word_of_no_sibling=False), SIBLING),
        (but(consistent=False), FAMILY),
    ],
)
def test_each_clause_alone_refuses(evidence, clause):
    assert evaluate(STRICT, evidence).refused_by == (clause,)


@pytest.mark.parametrize("policy", POLICIES)
def test_remains_that_match_the_elimination_list_pass_no_policy(policy):
    assert evaluate(policy, ENOUGH).passed
    judgement = evaluate(policy, but(contaminated=True))
    assert judgement.refused_by == (CONTAMINATED,)
    assert CONTAMINATED in CLAUSES


def test_the_ends_of_the_clauses_belong_to_what_passes():
    assert evaluate(STRICT, but(posterior=0.9995, coincidences=0.01)).passed


def test_a_second_method_stands_in_for_a_second_relative():
    assert evaluate(STRICT, but(relatives=1, methods=1)).passed
    assert not evaluate(STRICT, but(relatives=0, methods=1)).passed


def test_a_direct_reference_needs_no_second_line_and_no_word_but_a_second_sample():
    judgement = evaluate(STRICT, but(relatives=0, direct=True, word_of_no_sibling=False))
    assert judgement.passed
    assert any("second sample of the body" in act for act in judgement.acts)
    assert any("verified" in act for act in judgement.acts)


def test_evidence_that_is_not_kinship_speaks_against_a_sibling_from_a_thousand_on():
    assert evaluate(STRICT, but(word_of_no_sibling=False, not_kinship=3.0)).passed
    assert not evaluate(STRICT, but(word_of_no_sibling=False, not_kinship=2.99)).passed


def test_a_symmetric_pair_says_so():
    clause = evaluate(STRICT, but(posterior=0.5, symmetric=True)).clauses[0]
    assert not clause.met
    assert "symmetric" in clause.words


def test_policies_ask_for_less_and_less():
    for evidence in (ENOUGH, but(word_of_no_sibling=False), but(relatives=1), but(coincidences=5.0)):
        passed = [evaluate(policy, evidence).passed for policy in (STRICT, TWO_LINES, POSTERIOR_ALONE)]
        assert passed == sorted(passed)


def test_a_policy_is_data_with_a_version():
    assert STRICT.describe()["posterior"] == 0.9995
    assert len({(policy.name, policy.version) for policy in POLICIES}) == len(POLICIES)
    with pytest.raises(dataclasses.FrozenInstanceError):
        STRICT.posterior = 0.9
