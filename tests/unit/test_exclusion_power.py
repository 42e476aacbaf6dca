"""Exclusion power and expected LR: by hand, against listing every genotype, and the peer's rules on mutation."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import families
from antigone.genetics import power
from antigone.genetics.alleles import Repeat
from antigone.genetics.likelihood import LikelihoodError, Typed
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import NO_MUTATION, Equal, Mutation
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.power import (
    ExclusionPower,
    exclusion_power,
    expected_lr,
    missing_person_exclusion_power,
)
from oracles import power as oracle
from oracles import strategies
from oracles.pedigree import Member

A, B, C = Repeat(10), Repeat(11), Repeat(12)
P = (0.2, 0.3, 0.5)

MAN, WOMAN, CHILD = Member("F", None, None, "M"), Member("M", None, None, "F"), Member("C", "F", "M", "F")
ALONE = CHILD._replace(father=None, mother=None)


def pedigree(*members: Member) -> Pedigree:
    return families.pedigree(strategies.Family(members, ()))


def marker(p=P, rate=0.0, *, x_linked=False) -> MarkerModel:
    mutation = Mutation.same(Equal(rate)) if rate else NO_MUTATION
    return MarkerModel.build("m", [Repeat(10 + i) for i in range(len(p))], p, mutation, x_linked=x_linked)


def test_motherless_duo_by_hand():
    # The child is 10/11: a man without either allele is 12/12, which is 0.5².
    found = exclusion_power(
        pedigree(MAN, WOMAN, CHILD), pedigree(MAN, ALONE), ["F"], [marker()], [{"C": Typed((A, B))}]
    )
    assert found.total == pytest.approx(0.25, rel=1e-12)


def test_motherless_duo_with_nobody_typed_is_the_sum_over_genotypes_that_share_nothing():
    genotypes = [(a, b) for a in range(3) for b in range(a, 3)]
    chance = {(a, b): P[a] * P[b] * (1 if a == b else 2) for a, b in genotypes}
    by_hand = sum(chance[g] * chance[h] for g in genotypes for h in genotypes if not set(g) & set(h))
    found = exclusion_power(pedigree(MAN, WOMAN, CHILD), pedigree(MAN, ALONE), ["F", "C"], [marker()], [{}])
    assert found.total == pytest.approx(by_hand, rel=1e-12)


def test_parent_of_a_missing_person_by_hand():
    # The father is 10/11; a stranger who is 12/12 cannot be his child.
    family = pedigree(MAN, WOMAN, CHILD)
    found = missing_person_exclusion_power(family, "C", [marker()], [{"F": Typed((A, B))}])
    assert found.total == pytest.approx(0.25, rel=1e-12)


def test_father_of_a_missing_son_says_nothing_at_an_x_linked_marker():
    son = CHILD._replace(sex="M")
    found = missing_person_exclusion_power(
        pedigree(MAN, WOMAN, son), "C", [marker(x_linked=True)], [{"F": Typed((A,))}]
    )
    assert found.total == 0
    # A daughter carries his only allele: a stranger without it is (1 − 0.2)².
    daughter = missing_person_exclusion_power(
        pedigree(MAN, WOMAN, CHILD), "C", [marker(x_linked=True)], [{"F": Typed((A,))}]
    )
    assert daughter.total == pytest.approx(0.64, rel=1e-12)


def test_mutation_models_are_taken_away_where_the_known_genotypes_need_none():
    claim, truth = pedigree(MAN, WOMAN, CHILD), pedigree(MAN, WOMAN, ALONE)
    fits, does_not = {"M": Typed((A, B)), "C": Typed((A, C))}, {"M": Typed((A, A)), "C": Typed((C, C))}
    models = [marker(rate=0.01)] * 2

    def powers(disable):
        return exclusion_power(claim, truth, ["F"], models, [fits, does_not], disable_mutations=disable).by_marker

    # The father must have given 12: strangers without it are (1 − 0.5)². With mutation nothing is impossible.
    assert powers(None) == pytest.approx([0.25, 0.0])
    assert powers(False) == pytest.approx([0.0, 0.0])
    assert powers(True) == pytest.approx([0.25, 1.0])  # mother and child exclude each other under the claim
    assert powers(["other"]) == pytest.approx([0.0, 0.0])
    assert powers(["m"]) == pytest.approx([0.25, 1.0])


def test_markers_that_contradict_the_truth_have_no_power_and_are_left_out_of_the_sums():
    family = pedigree(MAN, WOMAN, CHILD, CHILD._replace(id="D"))
    bad, good = {"F": Typed((A, A)), "C": Typed((B, B))}, {"F": Typed((A, B))}
    found = missing_person_exclusion_power(family, "D", [marker(), marker()], [bad, good])
    assert np.isnan(found.by_marker[0])
    assert found.total == pytest.approx(0.25)
    assert found.mismatches == pytest.approx([0.75, 0.25])
    nothing = missing_person_exclusion_power(family, "D", [marker()], [bad])
    assert np.isnan([nothing.total, nothing.expected_mismatches]).all()


def test_number_of_mismatches_sums_to_one_and_has_the_expected_mean():
    found = ExclusionPower.of([0.1, 0.4, 0.0, float("nan"), 0.9])
    assert found.mismatches.sum() == pytest.approx(1)
    assert np.arange(len(found.mismatches)) @ found.mismatches == pytest.approx(found.expected_mismatches)
    assert found.mismatches[0] == pytest.approx(1 - found.total)


def test_who_is_typed_already_or_not_there_is_refused():
    claim, truth = pedigree(MAN, WOMAN, CHILD), pedigree(MAN, ALONE)
    with pytest.raises(LikelihoodError, match="F is to be typed and is known already"):
        exclusion_power(claim, truth, ["F"], [marker()], [{"F": Typed((A, B))}])
    with pytest.raises(LikelihoodError, match="M is to be typed and is not in both pedigrees"):
        exclusion_power(claim, truth, ["M"], [marker()], [{}])


def test_groups_too_large_for_one_table_are_gone_through_by_turns(monkeypatch):
    claim, truth = pedigree(MAN, WOMAN, CHILD), pedigree(MAN, WOMAN, ALONE)
    at_once = exclusion_power(claim, truth, ["F", "M", "C"], [marker()], [{}]).total
    monkeypatch.setattr(power, "LARGEST_TABLE", 1)
    assert exclusion_power(claim, truth, ["F", "M", "C"], [marker()], [{}]).total == pytest.approx(at_once, rel=1e-12)


@st.composite
def claims(draw):
    """A family as claimed, the truth (somebody is not the parents' child), who is to be typed, what was read."""
    x_linked = draw(st.booleans())
    family = draw(strategies.pedigrees(5, min_people=2, unknown_sex=False))
    children = [m.id for m in family.members if m.father]
    assume(children)
    changed = draw(st.sampled_from(children))
    other = [m._replace(father=None, mother=None) if m.id == changed else m for m in family.members]
    p = draw(strategies.frequencies(2, 3))
    seen = draw(strategies.observations(family, p, x_linked=x_linked, errors=False))
    ids = draw(st.lists(st.sampled_from([m.id for m in family.members]), min_size=1, max_size=2, unique=True))
    seen = {name: reading for name, reading in seen.items() if name not in ids}
    sides = [family.members, tuple(other)]
    if draw(st.booleans()):
        sides.reverse()
    return *sides, ids, p, seen, x_linked, draw(strategies.mutation_pairs(p))


@settings(max_examples=60, deadline=None)
@given(claims())
def test_exclusion_power_agrees_with_listing_every_genotype(case):
    claim, truth, ids, p, seen, x_linked, _ = case
    model = families.model(p, x_linked=x_linked)
    people = pedigree(*truth)
    found = exclusion_power(pedigree(*claim), people, ids, [model], [families.known(seen, model, people)])
    slow = oracle.exclusion_power(claim, truth, ids, p, seen, x_linked=x_linked)
    if slow is None:
        assert np.isnan(found.total)
    elif oracle.likelihood(claim, p, seen, x_linked=x_linked) == 0:
        assert found.total == 1
    else:
        assert found.total == pytest.approx(slow, rel=1e-10, abs=1e-14)


@settings(max_examples=40, deadline=None)
@given(claims())
def test_expected_lr_agrees_with_listing_every_genotype(case):
    numerator, denominator, ids, p, seen, x_linked, pair = case
    people = pedigree(*numerator)
    model = families.model(p, pair.male, pair.female, x_linked=x_linked)
    known = [families.known(seen, model, people)]
    (found,) = expected_lr(people, pedigree(*denominator), ids, [model], known)
    mutation = {"male": pair.male, "female": pair.female, "x_linked": x_linked}
    slow = oracle.expected_lr(numerator, denominator, ids, p, seen, **mutation)
    if slow is None:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(slow, rel=1e-10)


def test_expected_lr_under_a_third_truth_is_one_where_that_is_the_denominator():
    trio, strangers = pedigree(MAN, WOMAN, CHILD), pedigree(MAN, WOMAN, ALONE)
    known = [{"F": Typed((A, B)), "M": Typed((B, C))}]
    (found,) = expected_lr(trio, strangers, ["C"], [marker()], known, truth=strangers)
    assert found == pytest.approx(1, rel=1e-12)


def test_every_person_has_a_sex_or_none():
    alone = Pedigree.build([Person("F", sex=Sex.MALE), Person("X", "F")])
    found = missing_person_exclusion_power(alone, "X", [marker()], [{"F": Typed((A, A))}])
    assert found.total == pytest.approx(0.64)
