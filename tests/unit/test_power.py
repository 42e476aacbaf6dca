"""Whether a family can identify anybody: by hand, against listing every profile, and against chance."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.kinship import blood_relatives, kinship, same_maternal_line, same_paternal_line
from antigone.genetics.markers import canonical_name
from antigone.genetics.mutation import CustomMatrix, Mutation
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.genetics.simulation import drop_alleles
from antigone.matching.operation import Family, Individual, Operation, Settings
from antigone.matching.power import (
    FULL_PROFILE,
    RemainsQuality,
    Requirement,
    family_power,
    family_powers,
    needed_log10_lr,
)
from antigone.matching.power_distribution import Entry, together
from antigone.matching.preparation import prepare
from antigone.matching.search import search
from examples import examples
from families import pedigree
from oracles import search as oracle
from oracles.observation import Reading as OracleReading
from oracles.strategies import frequencies, mutation_pairs, observations, pedigrees

P = {10: 0.2, 11: 0.3, 12: 0.5}
ANYTHING = Requirement(-300.0)


def table(markers) -> FrequencyTable:
    entries = {
        name: MarkerFrequencies.from_frequencies(name, {Repeat(a): q for a, q in p.items()})
        for name, p in markers.items()
    }
    return FrequencyTable("t", "t", entries)


def operation(family: Family, markers=None, **settings) -> Operation:
    markers = markers or {"A": P}
    chosen = Settings(tuple(markers), rare_alleles=Refuse(), **settings)
    return Operation("test", (), (family,), table(markers), chosen)


def profile(name: str, **genotypes: tuple[int, ...]) -> Profile:
    return Profile(name, {marker: (Reading.of(*map(Repeat, alleles)),) for marker, alleles in genotypes.items()})


def household(**typed: Profile) -> Family:
    """Parents, a missing son and his brother, the son's wife and child."""
    people = [
        Person("FA", sex=Sex.MALE), Person("MO", sex=Sex.FEMALE), Person("WIFE", sex=Sex.FEMALE),
        Person("GONE", "FA", "MO", Sex.MALE), Person("BRO", "FA", "MO", Sex.MALE),
        Person("KID", "GONE", "WIFE", Sex.FEMALE),
    ]  # fmt: skip
    return Family("F1", Pedigree.build(people), ("GONE",), typed)


def power_of(family: Family, requirement=ANYTHING, *, quality=FULL_PROFILE, markers=None, **settings):
    one = operation(family, markers, **settings)
    return family_power(family, "GONE", prepare(one), one.settings, requirement, quality=quality)


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_one_typed_parent_at_one_marker_by_hand():
    found = power_of(household(FA=profile("FA", A=(10, 11))))
    p, q, r = P.values()
    # The son's genotype: one allele of the father's two, the other from the population.
    related = {
        (10, 10): p / 2, (10, 11): (p + q) / 2, (10, 12): r / 2, (11, 11): q / 2, (11, 12): r / 2, (12, 12): 0.0,
    }  # fmt: skip
    unrelated = {(a, b): P[a] * P[b] * (1 if a == b else 2) for a, b in related}
    logs = {g: math.log10(related[g] / unrelated[g]) for g in related if related[g]}
    assert found.related.mean == pytest.approx(sum(related[g] * log for g, log in logs.items()), rel=1e-12)
    assert found.unrelated.mean == -math.inf
    assert found.highest == pytest.approx(math.log10(1 / (2 * p)))
    assert found.exclusion.total == pytest.approx(r**2)
    # LR ≥ 1: 10/10 (2.5), 10/11 (2.08), 11/11 (1.67); 10/12 is 1.25, 11/12 is 0.83.
    assert found.related.at_least(0.0) == pytest.approx(p / 2 + (p + q) / 2 + q / 2 + r / 2)
    assert found.unrelated.at_least(0.0) == pytest.approx(p**2 + 2 * p * q + q**2 + 2 * p * r)
    assert found.related.quantile(1.0) == pytest.approx(math.log10(2.5), abs=0.005)
    assert found.related.quantile(0.2) == pytest.approx(math.log10(r / 2 / (2 * q * r)), abs=0.005)
    assert found.unrelated.quantile(0.2) == -math.inf


def test_a_direct_reference_reaches_the_rarity_of_the_genotype():
    found = power_of(household(GONE=profile("T", A=(10, 11))), Requirement(0.9, lines=2))
    assert found.related.mean == pytest.approx(-math.log10(2 * 0.2 * 0.3))
    assert (found.chance, found.never) == (pytest.approx(1), "")


def test_a_father_says_nothing_of_a_son_and_much_of_a_daughter_at_an_x_linked_marker():
    name = "DXS10103"
    typed = {"FA": profile("FA", **{name: (10,)})}
    son = power_of(household(**typed), markers={name: P})
    assert (son.related.mean, son.exclusion.total) == (pytest.approx(0, abs=1e-12), pytest.approx(0, abs=1e-12))
    people = [Person("FA", sex=Sex.MALE), Person("GONE", "FA", sex=Sex.FEMALE)]
    daughter = power_of(Family("F", Pedigree.build(people), ("GONE",), typed), markers={name: P})
    assert daughter.exclusion.total == pytest.approx(0.64)
    # She has 10 and any other: LR 1/p for 10/10, 1/(2p) else.
    assert daughter.related.mean == pytest.approx(0.2 * math.log10(5) + 0.8 * math.log10(2.5))


def test_needed_lr_refuses_what_is_no_probability():
    assert needed_log10_lr(0.5, 0.01) == pytest.approx(2)
    with pytest.raises(ValueError, match="posterior lies between 0 and 1"):
        needed_log10_lr(1.0, 0.01)


# --- families that can never identify ---------------------------------------------------------------------------------


NEVER = {
    "nobody typed": ({}, ANYTHING, "Nobody of the family of GONE has given a sample yet."),
    "the wife only": (
        {"WIFE": (10, 11)},
        ANYTHING,
        (
            "Only WIFE has given a sample, who has a child with GONE and shares no inherited DNA with them: a sample "
            "of the child is needed too."
        ),
    ),
    "too little": (
        {"FA": (10, 11)},
        Requirement(3.0),
        (
            "The samples given so far can never be enough for GONE: the best possible result is a likelihood ratio of "
            "10^0.4, and 10^3.0 is needed."
        ),
    ),
    "one relative": (
        {"FA": (10, 11)},
        Requirement(0.1, 2),
        "2 relatives, or methods, are needed for GONE, and 1 has given a sample.",
    ),
    "contradicting": (
        {"FA": (10, 11), "BRO": (12, 12)},
        ANYTHING,
        "The samples of the family of GONE cannot be used together at any marker.",
    ),
}


@pytest.mark.parametrize("case", NEVER)
def test_families_that_can_never_identify_are_named_with_why(case):
    typed, requirement, why = NEVER[case]
    family = household(**{name: profile(name, A=genotype) for name, genotype in typed.items()})
    found = power_of(family, requirement)
    assert (found.never, found.chance, found.bracket) == (why, 0.0, (0.0, 0.0))


def test_people_beside_the_tree_are_no_blood_relatives():
    people = [*household().pedigree.persons, Person("COUSIN-IN-LAW")]
    family = Family("F1", Pedigree.build(people), ("GONE",), {"COUSIN-IN-LAW": profile("C", A=(10, 11))})
    assert "nobody of them is a blood relative" in power_of(family).never


def test_wife_and_child_together_say_more_than_the_child():
    child, wife = profile("KID", A=(10, 11)), profile("WIFE", A=(11, 11))
    alone, both = power_of(household(KID=child)), power_of(household(KID=child, WIFE=wife))
    assert both.related.mean > alone.related.mean
    assert both.never == alone.never == ""


def test_every_missing_person_of_an_operation_is_answered():
    family = household(FA=profile("FA", A=(10, 11)))
    empty = Family("F2", Pedigree.build([Person("ALONE")]), ("ALONE",), {})
    two = Operation("test", (), (family, empty), table({"A": P}), Settings(("A",), rare_alleles=Refuse()))
    found = family_powers(two, ANYTHING)
    assert [one.person for one in found.powers] == ["GONE", "ALONE"]
    assert [one.person for one in found.never()] == ["ALONE"]


# --- against the enumeration ------------------------------------------------------------------------------------------


def rows(matrix, size: int) -> CustomMatrix:
    return CustomMatrix(tuple(map(tuple, np.eye(size) if matrix is None else matrix)))


def readings_with_drop_out(p, rate: float) -> list[OracleReading]:
    """Everything that may be read: one allele, two, or nothing."""
    sets = [frozenset(), *(frozenset({a}) for a in range(len(p))), *map(frozenset, combinations(range(len(p)), 2))]
    return [OracleReading(seen, "seen", tuple(p), (rate,) * len(p)) for seen in sets]


@given(st.data())
@examples(40)
def test_power_agrees_with_listing_every_profile(data):
    theta = data.draw(st.sampled_from([0.0, 0.0, 0.02]))
    drop_out = data.draw(st.sampled_from([None, 0.2]))
    family = data.draw(pedigrees(max_people=5, one_parent=True))
    missing = data.draw(st.sampled_from([m.id for m in family.members]))
    markers, listed, mutation, read = {}, [], {}, {}
    for name in ("A", "B"):
        p = data.draw(frequencies(max_alleles=3))
        male, female, _ = data.draw(mutation_pairs(p))
        seen = {
            person: OracleReading(one.seen, "seen", p, (0.0,) * len(p))
            for person, one in data.draw(observations(family, p, errors=False)).items()
        }
        for person, one in seen.items():
            alleles = tuple(Repeat(10 + i) for i in sorted(one.seen))
            kind = Reads.ALLELES if len(alleles) > 1 else Reads.HOMOZYGOUS
            read.setdefault(person, {})[name] = (Reading(alleles, kind),)
        outcomes = None if drop_out is None else readings_with_drop_out(p, drop_out)
        marker = oracle.Marker(p, seen, male, female, theta=theta, outcomes=outcomes)
        if seen and oracle.likelihood(family.members, p, seen, **marker.model) > 0:
            listed.append(marker)
        markers[name] = {10 + i: q for i, q in enumerate(p)}
        mutation[name] = Mutation(rows(female, len(p)), rows(male, len(p)))
    people = Family("F", pedigree(family), (missing,), {name: Profile(name, one) for name, one in read.items()})
    one = operation(people, markers, theta=theta, mutation_by_marker=mutation)
    quality = RemainsQuality(drop_out=drop_out)
    found = family_power(people, missing, prepare(one), one.settings, ANYTHING, quality=quality)
    profiles = oracle.lr_distribution(family.members, missing, listed)
    best = max(lr for lr, _ in profiles)
    assert found.highest == pytest.approx(math.log10(best), abs=1e-9)
    yes = [(math.log10(lr), lr * q) for lr, q in profiles if lr > 0]
    assert found.related.mean == pytest.approx(sum(q * log for log, q in yes), abs=1e-9)
    for share in (0.02, 0.5, 0.98):
        x = (1 - share) * -2.0 + share * math.log10(best)
        _between(found.related, x, sum(q for log, q in yes if log >= x))
        _between(found.unrelated, x, sum(q for lr, q in profiles if lr > 0 and math.log10(lr) >= x))


def _between(distribution, x: float, exact: float) -> None:
    low, high = distribution.bracket(x)
    assert low - 1e-9 <= exact <= high + 1e-9
    assert low <= distribution.at_least(x) <= high


@given(
    st.lists(st.lists(st.tuples(st.floats(-30, 4), st.floats(0.01, 1)), min_size=1, max_size=4), min_size=1, max_size=4)
)
@examples(60)
def test_convolution_agrees_with_listing_every_sum(rows_of_markers):
    entries = []
    for row in rows_of_markers:
        logs, chance = (np.array(column) for column in zip(*row, strict=True))
        unrelated = chance / chance.sum()
        lr = 10.0**logs / (unrelated @ 10.0**logs)  # so that E[LR | unrelated] is 1
        entries.append(Entry(np.log10(lr), unrelated * lr, unrelated))
    found = together(entries)
    sums, yes, no = np.zeros(1), np.ones(1), np.ones(1)
    for entry in entries:
        sums = np.add.outer(sums, entry.log10).ravel()
        yes, no = np.outer(yes, entry.related).ravel(), np.outer(no, entry.unrelated).ravel()
    for x in (-19.5, -3.0, 0.0, 2.0):
        for distribution, chance in ((found.related, yes), (found.unrelated, no)):
            low, high = distribution.bracket(x)
            assert low - 1e-9 <= chance[sums >= x].sum() <= high + 1e-9
    assert found.related.mean == pytest.approx(yes @ sums, abs=1e-8)
    assert found.unrelated.mean == pytest.approx(no @ sums, abs=1e-8)


# --- against chance ---------------------------------------------------------------------------------------------------


def test_sons_dropped_from_the_typed_parents_reach_an_lr_as_often_as_computed():
    """Alleles fall down the pedigree by chance, the search compares them: the power was computed without either."""
    markers = {name: {10 + i: q for i, q in enumerate((0.2, 0.2, 0.3, 0.3))} for name in ("A", "B", "C", "D")}
    parents = {"FA": (10, 13), "BRO": (10, 12)}
    typed = {name: profile(name, **dict.fromkeys(markers, genotype)) for name, genotype in parents.items()}
    family = household(**typed)
    one = operation(family, markers)
    ready = prepare(one)
    found = family_power(family, "GONE", ready, one.settings, ANYTHING)
    draws, rng = 15_000, np.random.default_rng(20)
    # One marker at a time: families whose typed people came out as typed; the mother was never typed.
    sons = np.empty((len(markers), 2000, 2), dtype=int)
    for m in range(len(markers)):
        n = draws
        father, mother = np.full(4 * n, -1), np.full(4 * n, -1)
        father[2 * n :], mother[2 * n :] = np.tile(np.arange(n), 2), np.tile(np.arange(n, 2 * n), 2)
        genotypes = np.sort(drop_alleles(father, mother, [ready.models[m]], rng)[:, 0], axis=1)
        fits = (genotypes[:n] == (0, 3)).all(axis=1) & (genotypes[2 * n : 3 * n] == (0, 2)).all(axis=1)
        assert fits.sum() >= 200
        sons[m] = rng.choice(genotypes[3 * n :][fits], size=2000)
    dead = tuple(
        Individual(f"R{k}", profile(f"S{k}", **{name: tuple(10 + sons[m, k]) for m, name in enumerate(markers)}))
        for k in range(500)
    )
    compared = search(
        Operation(
            "t",
            dead,
            (family,),
            one.frequencies,
            Settings(one.settings.markers, threshold=-300.0, rare_alleles=Refuse()),
        ),
        all_pairs=True,
    )
    logs = np.array([pair.log10_lr for pair in compared.pairs])
    assert len(logs) == 500
    for x in (0.5, 1.0, 1.5, 2.0):
        exact = found.related.at_least(x)
        # Families were drawn anew from a few hundred that fit, so that the error is a little above the binomial one.
        assert np.mean(logs >= x) == pytest.approx(exact, abs=4 * 1.5 * math.sqrt(exact * (1 - exact) / 500))
    assert logs.mean() == pytest.approx(found.related.mean, abs=4 * 1.5 * logs.std() / math.sqrt(500))


# --- linked markers ---------------------------------------------------------------------------------------------------


def test_linkage_counts_as_the_search_counts_it():
    """Over all profiles of two linked markers: what the search says of each, with its probability."""
    markers = {"VWA": {10: 0.3, 11: 0.7}, "D12S391": {10: 0.4, 11: 0.6}}
    names = tuple(canonical_name(name) for name in markers)
    markers = dict(zip(names, markers.values(), strict=True))
    family = household(BRO=profile("B", **{names[0]: (10, 11), names[1]: (10, 11)}))
    one = operation(family, markers)
    ready = prepare(one)
    assert ready.linked
    found = family_power(family, "GONE", ready, one.settings, ANYTHING)
    genotypes = [(10, 10), (10, 11), (11, 11)]
    profiles = [(a, b) for a in genotypes for b in genotypes]
    dead = tuple(
        Individual(f"R{k}", profile(f"S{k}", **dict(zip(names, pair, strict=True)))) for k, pair in enumerate(profiles)
    )
    settings = Settings(names, threshold=-300.0, rare_alleles=Refuse())
    compared = search(Operation("t", dead, (family,), one.frequencies, settings), all_pairs=True)
    logs = {pair.individual: pair.log10_lr for pair in compared.pairs}

    def chance(name, genotype):
        p = markers[name]
        return p[genotype[0]] * p[genotype[1]] * (1 if genotype[0] == genotype[1] else 2)

    unrelated = np.array([chance(names[0], a) * chance(names[1], b) for a, b in profiles])
    values = np.array([logs[k] for k in range(len(profiles))])
    assert found.highest == pytest.approx(values.max(), abs=1e-9)
    assert found.unrelated.mean == pytest.approx(unrelated @ values, abs=1e-9)
    assert found.related.mean == pytest.approx(unrelated * 10.0**values @ values, abs=1e-9)


# --- kinship and lines ------------------------------------------------------------------------------------------------


def test_kinship_of_a_household_by_hand():
    family = household().pedigree
    place = {person.id: i for i, person in enumerate(family.persons)}
    coefficients = kinship(family)
    pairs = {
        ("GONE", "FA"): 1 / 4,
        ("GONE", "BRO"): 1 / 4,
        ("KID", "BRO"): 1 / 8,
        ("WIFE", "GONE"): 0,
        ("KID", "KID"): 1 / 2,
    }
    for (a, b), expected in pairs.items():
        assert coefficients[place[a], place[b]] == coefficients[place[b], place[a]] == expected
    assert blood_relatives(family, "GONE") == {"FA", "MO", "BRO", "KID"}


def test_kinship_of_twins_and_of_an_inbred_child():
    twins = Pedigree.build(
        [Person("F"), Person("M"), Person("A", "F", "M"), Person("B", "F", "M"), Person("C", "A", sex=Sex.MALE)],
        twins=[("A", "B")],
    )
    place = {person.id: i for i, person in enumerate(twins.persons)}
    assert kinship(twins)[place["A"], place["B"]] == 0.5
    assert kinship(twins)[place["C"], place["B"]] == 0.25
    siblings = [
        Person("F", sex=Sex.MALE),
        Person("M", sex=Sex.FEMALE),
        Person("A", "F", "M", Sex.MALE),
        Person("B", "F", "M", Sex.FEMALE),
    ]
    inbred = Pedigree.build([*siblings, Person("C", "A", "B")])
    assert kinship(inbred)[4, 4] == 0.5 * (1 + 0.25)


def test_lines_of_descent():
    family = household().pedigree
    assert same_paternal_line(family, "GONE", "FA")
    assert same_paternal_line(family, "GONE", "BRO")
    assert not same_paternal_line(family, "GONE", "KID")
    assert same_maternal_line(family, "GONE", "BRO")
    assert same_maternal_line(family, "GONE", "MO")
    assert same_maternal_line(family, "KID", "WIFE")
    assert not same_maternal_line(family, "GONE", "KID")
