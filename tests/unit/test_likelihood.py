"""The engine against the enumeration of every genotype, on random families."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics import likelihood, theta
from antigone.genetics.alleles import Repeat
from antigone.genetics.likelihood import (
    LikelihoodError,
    Options,
    Typed,
    genotype_distribution,
    linked_log_likelihood,
    log_likelihoods,
    pruned_untyped_founders,
    typed_log_likelihoods,
)
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.theta import split_founders
from examples import examples
from families import alleles, known, model, pedigree
from oracles import pedigree as oracle
from oracles.observation import exactly
from oracles.strategies import frequencies, mutation_pairs, observations, pedigrees

CLOSE = 1e-10


def close(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=CLOSE, abs_tol=1e-300)


def engine(people, marker, knowledge, **options) -> float:
    return float(np.exp(log_likelihoods(people, [marker], [knowledge], Options(**options))[0]))


@given(st.data())
@examples(150)
def test_elimination_agrees_with_listing_every_genotype(data):
    family = data.draw(pedigrees(one_parent=True, twins=True))
    p = data.draw(frequencies())
    male, female, _ = data.draw(mutation_pairs(p))
    read = data.draw(observations(family, p))
    people, marker = pedigree(family), model(p, male, female)
    expected = oracle.likelihood(family.members, p, read, male=male, female=female, twins=family.twins)
    assert close(engine(people, marker, known(read, marker, people)), expected)


@given(st.data())
@examples(80)
def test_elimination_agrees_with_listing_every_genotype_on_x(data):
    family = data.draw(pedigrees(one_parent=True, twins=True, unknown_sex=False))
    p = data.draw(frequencies())
    male, female, _ = data.draw(mutation_pairs(p))
    read = data.draw(observations(family, p, x_linked=True))
    people, marker = pedigree(family), model(p, male, female, x_linked=True)
    expected = oracle.likelihood(family.members, p, read, male=male, female=female, twins=family.twins, x_linked=True)
    assert close(engine(people, marker, known(read, marker, people)), expected)


@given(st.data())
@examples(80)
def test_theta_agrees_with_sampling_every_founder_allele_in_turn(data):
    x_linked = data.draw(st.booleans())
    family = data.draw(pedigrees(max_people=5, one_parent=True, twins=True, unknown_sex=not x_linked))
    p = data.draw(frequencies(max_alleles=3))
    male, female, _ = data.draw(mutation_pairs(p))
    read = data.draw(observations(family, p, x_linked=x_linked))
    theta = data.draw(st.sampled_from([0.001, 0.01, 0.03, 0.3]))
    people, marker = pedigree(family), model(p, male, female, x_linked=x_linked)
    expected = oracle.likelihood(
        family.members, p, read, male=male, female=female, twins=family.twins, x_linked=x_linked, theta=theta
    )
    assert close(engine(people, marker, known(read, marker, people), theta=theta), expected)


@given(st.data())
@examples(60)
def test_silent_alleles_agree_with_listing_every_genotype(data):
    family = data.draw(pedigrees(max_people=5))
    p = data.draw(frequencies(min_alleles=3))
    silent = len(p) - 1
    male, female, _ = data.draw(mutation_pairs(p, silent))
    read = data.draw(observations(family, p, silent=silent))
    people, marker = pedigree(family), model(p, male, female, silent=silent)
    expected = oracle.likelihood(family.members, p, read, male=male, female=female)
    assert close(engine(people, marker, known(read, marker, people)), expected)


@given(st.data())
@examples(40)
def test_inbred_founders_agree_with_listing_every_genotype(data):
    family = data.draw(pedigrees())
    p = data.draw(frequencies())
    read = data.draw(observations(family, p))
    founders = [m.id for m in family.members if m.father is None and m.mother is None]
    inbreeding = {name: data.draw(st.sampled_from([0.0, 0.0625, 0.5, 1.0])) for name in founders}
    people, marker = pedigree(family, inbreeding), model(p)
    expected = oracle.likelihood(family.members, p, read, founder_inbreeding=inbreeding)
    assert close(engine(people, marker, known(read, marker, people)), expected)


@given(st.data())
@examples(60)
def test_a_genotype_given_all_others_agrees_with_listing(data):
    x_linked = data.draw(st.booleans())
    family = data.draw(pedigrees(max_people=5, one_parent=True, unknown_sex=not x_linked))
    p = data.draw(frequencies(max_alleles=3))
    male, female, _ = data.draw(mutation_pairs(p))
    read = data.draw(observations(family, p, x_linked=x_linked))
    theta = data.draw(st.sampled_from([0.0, 0.0, 0.02]))
    target = data.draw(st.sampled_from([m.id for m in family.members]))
    people, marker = pedigree(family), model(p, male, female, x_linked=x_linked)
    found = genotype_distribution(target, people, marker, known(read, marker, people), Options(theta=theta))
    expected = oracle.genotype_distribution(
        target, family.members, p, read, male=male, female=female, x_linked=x_linked, theta=theta
    )
    for genotype, probability in expected.items():
        assert close(np.ldexp(found.joint[genotype], found.exponent), probability)


@given(st.data())
@examples(40)
def test_two_people_together_agree_with_listing(data):
    family = data.draw(pedigrees(max_people=4, min_people=2))
    p = data.draw(frequencies(max_alleles=3))
    read = data.draw(observations(family, p))
    theta = data.draw(st.sampled_from([0.0, 0.05]))
    first, second = data.draw(st.permutations([m.id for m in family.members]))[:2]
    people, marker = pedigree(family), model(p)
    joint = genotype_distribution((first, second), people, marker, known(read, marker, people), Options(theta=theta))
    for g in ((0, 0), (0, 1), (1, 1)):
        fixed = {**read, first: lambda h, g=g: exactly(g)(h) * (read[first](h) if first in read else 1.0)}
        expected = oracle.genotype_distribution(second, family.members, p, fixed, theta=theta)
        for h, probability in expected.items():
            assert close(np.ldexp(joint.joint[g + h], joint.exponent), probability)


@given(st.data())
@examples(60)
def test_two_linked_markers_agree_with_listing_every_haplotype(data):
    x_linked = data.draw(st.booleans())
    family = data.draw(pedigrees(max_people=4, one_parent=not x_linked, unknown_sex=not x_linked))
    people = pedigree(family)
    rho = data.draw(st.sampled_from([0.0, 0.1, 0.5]))
    loci, models, knowledge = [], [], []
    for _ in range(2):
        p = data.draw(frequencies(max_alleles=2))
        male, female, _ = data.draw(mutation_pairs(p))
        read = data.draw(observations(family, p, x_linked=x_linked))
        loci.append((p, read, male, female))
        models.append(model(p, male, female, x_linked=x_linked))
        knowledge.append(known(read, models[-1], people))
    expected = oracle.linked_likelihood(family.members, loci, rho, x_linked)
    assert close(math.exp(linked_log_likelihood(people, models, knowledge, [rho])), expected)


@pytest.mark.long
@given(st.data())
@examples(6)
def test_telling_founders_as_two_changes_nothing(data):
    """Two untyped couples with two children each and a grandchild: four founders of two children, on X as well."""
    x_linked = data.draw(st.booleans())
    p = data.draw(frequencies(max_alleles=3))
    male, female, _ = data.draw(mutation_pairs(p))
    people = Pedigree.build(
        [
            Person("PGF", sex=Sex.MALE),
            Person("PGM", sex=Sex.FEMALE),
            Person("MGF", sex=Sex.MALE),
            Person("MGM", sex=Sex.FEMALE),
            Person("F", "PGF", "PGM", Sex.MALE),
            Person("M", "MGF", "MGM", Sex.FEMALE),
            Person("uncle", "PGF", "PGM", Sex.MALE),
            Person("aunt", "MGF", "MGM", Sex.FEMALE),
            Person("child", "F", "M", Sex.FEMALE),
            Person("sibling", "F", "M", Sex.MALE),
        ]
    )
    marker = model(p, male, female, x_linked=x_linked)
    one = st.sampled_from(marker.alleles)
    knowledge = {"aunt": Typed((data.draw(one), data.draw(one)))}
    knowledge["uncle"] = Typed((data.draw(one),) if x_linked else (data.draw(one), data.draw(one)))
    split = split_founders(_shape_of(people, marker, knowledge))
    assert len(split.same_founder) >= 2
    options = Options(theta=0.03)
    told = genotype_distribution("child", people, marker, knowledge, options)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(theta, "MOST_ALLELES_TO_SPLIT", 0)
        split_founders.cache_clear()
        whole = genotype_distribution("child", people, marker, knowledge, options)
    split_founders.cache_clear()
    assert np.allclose(told.joint * 2.0**told.exponent, whole.joint * 2.0**whole.exponent, rtol=1e-11, atol=0)


def _shape_of(people, marker, knowledge):
    frame = likelihood._Frame(people, marker.x_linked, ("child",), Options(theta=0.03))
    return likelihood._prepare(frame, marker, knowledge, Options(theta=0.03, lump=False)).shape


@given(st.data())
@examples(40)
def test_plain_numpy_and_compiled_steps_agree(data):
    family = data.draw(pedigrees(max_people=8))
    p = data.draw(frequencies())
    male, female, _ = data.draw(mutation_pairs(p))
    read = data.draw(observations(family, p))
    theta = data.draw(st.sampled_from([0.0, 0.02])) if len(family.members) < 5 else 0.0
    people, marker = pedigree(family), model(p, male, female)
    knowledge = known(read, marker, people)
    compiled = engine(people, marker, knowledge, theta=theta)
    plain = engine(people, marker, knowledge, theta=theta, compiled=False)
    assert math.isclose(compiled, plain, rel_tol=1e-12, abs_tol=1e-300)


@given(st.data())
@examples(60)
def test_lumping_changes_no_likelihood(data):
    family = data.draw(pedigrees())
    p = data.draw(frequencies(min_alleles=4, max_alleles=6))
    male, female, _ = data.draw(mutation_pairs(p))
    read = data.draw(observations(family, p))
    people, marker = pedigree(family), model(p, male, female)
    knowledge = known(read, marker, people)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(likelihood, "_worth_lumping", lambda *_: True)  # ordinarily so small a sum is not worth it
        with_lumping = engine(people, marker, knowledge, lump=True)
    assert close(with_lumping, engine(people, marker, knowledge, lump=False))


@given(st.data())
@examples(30)
def test_arrays_of_codes_give_what_single_cases_give(data):
    x_linked = data.draw(st.booleans())
    family = data.draw(pedigrees(unknown_sex=False))
    people = pedigree(family)
    markers = []
    for _ in range(2):
        p = data.draw(frequencies())
        male, female, _ = data.draw(mutation_pairs(p))
        markers.append(model(p, male, female, x_linked=x_linked))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    codes = np.full((3, 2, len(people), 2), -1)
    for case in range(3):
        for m, marker in enumerate(markers):
            for i, person in enumerate(people.persons):
                if rng.random() < 0.6:
                    codes[case, m, i] = rng.integers(0, len(marker), 2)
                    if x_linked and person.sex is Sex.MALE:
                        codes[case, m, i, 1] = codes[case, m, i, 0]
    together = typed_log_likelihoods(people, markers, codes)
    for case in range(3):
        knowledge = [
            {
                person.id: Typed(tuple(marker.alleles[a] for a in codes[case, m, i]))
                for i, person in enumerate(people.persons)
                if codes[case, m, i, 0] >= 0
            }
            for m, marker in enumerate(markers)
        ]
        single = log_likelihoods(people, markers, knowledge)
        assert np.allclose(np.exp(together[case]), np.exp(single), rtol=1e-12, atol=0)


def test_pruning_follows_familias_until_nobody_is_left_to_prune():
    grandparents = [Person("GF"), Person("GM")]
    parents = [Person("F", "GF", "GM"), Person("M")]
    people = Pedigree.build([*grandparents, *parents, Person("C", "F", "M"), Person("leaf", "F", "M")])
    pruned = pruned_untyped_founders(people, {"C"})
    assert [(person.id, person.father, person.mother) for person in pruned.persons] == [("C", None, None)]


def test_untyped_grandparents_pass_their_alleles_through_mutations():
    # SEMANTICS 17: founders follow p, grandchildren do not: 0.14032, where 2·0.2·0.3 = 0.12 would be the founder's.
    people = Pedigree.build([Person("GF"), Person("GM"), Person("F", "GF", "GM"), Person("M"), Person("C", "F", "M")])
    equal = np.full((3, 3), 0.05) + 0.85 * np.eye(3)
    marker = model((0.2, 0.3, 0.5), equal, equal)
    knowledge = {"C": Typed((Repeat(10), Repeat(11)))}
    members = [oracle.Member(p.id, p.father, p.mother, "U") for p in people.persons]
    sexes = {"GF": "M", "GM": "F", "F": "M", "M": "F"}
    members = [member._replace(sex=sexes.get(member.id, "U")) for member in members]
    by_listing = oracle.likelihood(members, (0.2, 0.3, 0.5), {"C": exactly((0, 1))}, male=equal, female=equal)
    assert close(engine(people, marker, knowledge), by_listing)
    assert close(engine(people, marker, knowledge, prune_untyped_founders=True), 0.12)


def test_an_x_trio_with_theta_is_the_closed_form():
    # SEMANTICS 23: father 1, mother 1/2, daughter 1/1, p = (0.2, 0.3, 0.5), theta 0.02; a peer answers 0.0028256.
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", sex=Sex.FEMALE), Person("D", "F", "M", Sex.FEMALE)])
    marker = model((0.2, 0.3, 0.5), x_linked=True)
    a, b = Repeat(10), Repeat(11)
    knowledge = {"F": Typed((a,)), "M": Typed((a, b)), "D": Typed((a, a))}
    assert close(engine(people, marker, knowledge, theta=0.02), 0.2 * 0.216 * (0.98 * 0.3 / 1.02))


def test_balding_nichols_match_probability_by_hand():
    # Two unrelated people, both a/a: the second given the first, (2θ + (1−θ)p)(3θ + (1−θ)p) / ((1+θ)(1+2θ)).
    theta, p = 0.03, 0.1
    people = Pedigree.build([Person("one"), Person("two")])
    marker = model((p, 1 - p))
    a = Repeat(10)
    both = engine(people, marker, {"one": Typed((a, a)), "two": Typed((a, a))}, theta=theta)
    alone = engine(people, marker, {"one": Typed((a, a))}, theta=theta)
    by_hand = (2 * theta + (1 - theta) * p) * (3 * theta + (1 - theta) * p) / ((1 + theta) * (1 + 2 * theta))
    assert close(both / alone, by_hand)


def test_a_long_pedigree_does_not_underflow():
    # Eight hundred generations of typed only children: 10^-400 and less per marker.
    people = Pedigree.build([Person("0"), *(Person(str(i), str(i - 1)) for i in range(1, 800))])
    marker = model((0.25, 0.75))
    knowledge = {str(i): Typed((Repeat(10), Repeat(10))) for i in range(800)}
    answer = log_likelihoods(people, [marker], [knowledge])[0]
    assert math.isclose(answer, 801 * math.log(0.25), rel_tol=1e-12)


def test_nobody_typed_is_certain():
    people = Pedigree.build([Person("a"), Person("b", "a")])
    assert engine(people, model((0.5, 0.5)), {}) == 1.0


def test_impossible_families_have_likelihood_zero():
    people = Pedigree.build([Person("a"), Person("b", "a")])
    marker = model((0.5, 0.5))
    assert engine(people, marker, {"a": Typed(alleles(2)[:1] * 2), "b": Typed(alleles(2)[1:] * 2)}) == 0.0


def test_identical_twins_with_different_genotypes_are_impossible():
    people = Pedigree.build([Person("a"), Person("b")], twins=[["a", "b"]])
    one, two = alleles(2)
    assert engine(people, model((0.5, 0.5)), {"a": Typed((one, one)), "b": Typed((one, two))}) == 0.0


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ({"a": Typed((Repeat(99), Repeat(10)))}, "a carries allele 99 of marker, which is not in the frequency table"),
        ({"nobody": Typed((Repeat(10), Repeat(10)))}, "nobody, who is typed at marker, is not in this pedigree"),
        ({"a": Typed((Repeat(10),))}, "a is typed 10 at marker; expected two alleles"),
    ],
)
def test_what_cannot_be_computed_says_why(typed, message):
    with pytest.raises(LikelihoodError, match=message):
        log_likelihoods(Pedigree.build([Person("a")]), [model((0.5, 0.5))], [typed])


def test_a_heterozygous_male_on_x_is_refused():
    with pytest.raises(LikelihoodError, match="he is male and the marker is on X"):
        log_likelihoods(
            Pedigree.build([Person("a", sex=Sex.MALE)]), [model((0.5, 0.5), x_linked=True)], [{"a": Typed(alleles(2))}]
        )


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("count", [153, 154, 161, 170, 600])
def test_no_number_of_people_is_too_many_for_the_range_of_numbers(compiled, count):
    marker = model((0.1, 0.9))
    a = marker.alleles[0]
    people = Pedigree.build([Person(f"p{i}") for i in range(count)])
    known = {f"p{i}": Typed((a, a)) for i in range(count)}
    (found,) = log_likelihoods(people, [marker], [known], Options(compiled=compiled))
    assert math.isclose(found, 2 * count * math.log(0.1), rel_tol=1e-12)


@pytest.mark.parametrize("compiled", [True, False])
@pytest.mark.parametrize("count", [30, 77, 300])
def test_a_father_of_hundreds_of_half_siblings(compiled, count):
    """Everybody homozygous for an allele of frequency p: the father has it twice, or once and passed it each time."""
    p = 1e-4
    marker = model((p, 1 - p))
    a = marker.alleles[0]
    people = Pedigree.build([Person("f", sex=Sex.MALE), *(Person(f"p{i}", "f") for i in range(count))])
    known = {f"p{i}": Typed((a, a)) for i in range(count)}
    (found,) = log_likelihoods(people, [marker], [known], Options(compiled=compiled))
    father = np.logaddexp(2 * math.log(p), math.log(2 * p * (1 - p)) - count * math.log(2))
    assert math.isclose(found, father + count * math.log(p), rel_tol=1e-12)


def test_pruning_takes_identical_twins_as_one_person():
    """One twin is typed and the other has the child: that is a typed father, not an untyped founder."""
    twins = [Person("t1", sex=Sex.MALE), Person("t2", sex=Sex.MALE)]
    people = Pedigree.build([*twins, Person("c", "t2")], twins=[("t1", "t2")])
    alone = Pedigree.build([Person("t", sex=Sex.MALE), Person("c", "t")])
    marker = model((0.2, 0.8))
    a, b = marker.alleles
    options = Options(prune_untyped_founders=True)
    told = log_likelihoods(people, [marker], [{"t1": Typed((a, a)), "c": Typed((a, b))}], options)
    assert told == pytest.approx(log_likelihoods(alone, [marker], [{"t": Typed((a, a)), "c": Typed((a, b))}]))
    untyped = pruned_untyped_founders(people, {"c"})
    assert [person.id for person in untyped.persons] == ["c"]


def test_the_sex_of_one_twin_is_that_of_the_other():
    marker = model((0.2, 0.8), x_linked=True)
    a = marker.alleles[0]
    for sexes in ((Sex.UNKNOWN, Sex.MALE), (Sex.MALE, Sex.UNKNOWN)):
        people = Pedigree.build([Person("t1", sex=sexes[0]), Person("t2", sex=sexes[1])], twins=[("t1", "t2")])
        typed = "t1" if sexes[0] is Sex.MALE else "t2"
        (found,) = log_likelihoods(people, [marker], [{typed: Typed((a,))}])
        assert math.isclose(math.exp(found), 0.2)


@pytest.mark.parametrize("code", [[0, -1], [-2, -2], [0, 2], [5, 5]])
def test_codes_that_are_no_genotype_are_refused(code):
    people = Pedigree.build([Person("p")])
    with pytest.raises(LikelihoodError, match=r"case 0, marker, p: found"):
        typed_log_likelihoods(people, [model((0.2, 0.8))], np.array([[[code]]]))


def test_a_heterozygous_male_on_x_is_refused_and_no_markers_give_no_numbers():
    people = Pedigree.build([Person("p", sex=Sex.MALE)])
    with pytest.raises(LikelihoodError, match="one allele, twice, for a male on X"):
        typed_log_likelihoods(people, [model((0.2, 0.8), x_linked=True)], np.array([[[[0, 1]]]]))
    assert typed_log_likelihoods(people, [], np.zeros((3, 0, 1, 2), dtype=int)).shape == (3, 0)
