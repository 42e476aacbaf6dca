"""What two linked markers say together: search, power and coincidences against the likelihood of the whole family."""

import math
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.likelihood import known_from_readings, linked_log_likelihood, log_likelihoods
from antigone.genetics.markers import LinkedPair
from antigone.genetics.mutation import Equal, Mutation
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import linkage, preparation
from antigone.matching.batched_tables import TableBatches
from antigone.matching.classes import marker_classes
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.patterns import Patterns
from antigone.matching.plain_search import search_plainly
from antigone.matching.power import entries_of
from antigone.matching.preparation import prepare
from antigone.matching.rivals import log10_probability
from antigone.matching.search import search
from antigone.matching.sparse import Sparse
from antigone.matching.tables import conditional_table, what_is_known
from examples import examples
from families import pedigree
from oracles.strategies import pedigrees

AUTOSOMAL, X_LINKED = ("A", "B"), ("DXS10079", "DXS7132")


def linked(names, recombination):
    return lambda _: (LinkedPair(*names, recombination, "test"),)


def brothers(count: int) -> Pedigree:
    people = [Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE), Person("M", "F", "O", Sex.MALE)]
    return Pedigree.build([*people, *(Person(f"B{k}", "F", "O", Sex.MALE) for k in range(count))])


def operation_of(people, person, typed, dead, names=AUTOSOMAL, p=(0.2, 0.3, 0.5), **settings):
    table = {
        name: MarkerFrequencies.from_frequencies(name, {Repeat(10 + i): float(q) for i, q in enumerate(p)})
        for name in names
    }
    asked = Settings(tuple(names), rare_alleles=Refuse(), threshold=-300.0, **settings)
    profiles = {one: Profile(one, readings) for one, readings in typed.items()}
    family = Family("family", people, (person,), profiles)
    return Operation("test", tuple(dead), (family,), FrequencyTable("t", "t", table), asked)


def log10_of_whole(operation: Operation, recombination: float) -> float:
    """[the family with the body as the missing person] − [the family] − [the body], both markers at once."""
    prepared = prepare(operation)
    ((family, person),), (body,) = operation.missing_persons(), operation.individuals
    known = what_is_known(family, prepared.models, operation.settings)
    haploid = prepared.models[0].x_linked and family.pedigree[person].sex is Sex.MALE
    read = [
        known_from_readings(
            body.profile.readings[one.name], one, operation.settings.remains.rates(one), haploid=haploid
        )
        for one in prepared.models
    ]
    together = [{**these, person: own} for these, own in zip(known, read, strict=True)]
    alone = Pedigree.build([Person(person, sex=family.pedigree[person].sex)])
    logs = (
        linked_log_likelihood(family.pedigree, prepared.models, together, [recombination])
        - linked_log_likelihood(family.pedigree, prepared.models, known, [recombination])
        - log_likelihoods(alone, prepared.models, [{person: own} for own in read]).sum()
    )
    return float(logs) / math.log(10)


def drawn(data, names) -> Operation:
    """A missing person with one to four typed relatives, whatever was read of them and of one body."""
    size = data.draw(st.integers(2, 4))
    p = np.array(data.draw(st.lists(st.sampled_from([1, 2, 5]), min_size=size, max_size=size)), dtype=float)
    people = (
        brothers(data.draw(st.integers(2, 4)))
        if data.draw(st.booleans())
        else pedigree(data.draw(pedigrees(max_people=6, min_people=3)))
    )
    person = data.draw(st.sampled_from([one.id for one in people.persons if one.sex is not Sex.UNKNOWN]))
    others = [one.id for one in people.persons if one.id != person]
    typed = data.draw(st.lists(st.sampled_from(others), min_size=1, max_size=4, unique=True))
    rates = st.sampled_from([SampleErrors(), SampleErrors(DropOut(0.1), 0.02, 0.005), SampleErrors(DropOut(0.2))])

    def readings(one: str) -> dict[str, tuple[Reading, ...]]:
        return {name: (reading(one),) for name in names}

    def reading(one: str) -> Reading:
        haploid = names == X_LINKED and people[one].sex is Sex.MALE
        seen = data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=1 if haploid else 2))
        single = data.draw(st.sampled_from([Reads.HOMOZYGOUS, Reads.OTHER_UNSEEN]))
        return Reading(tuple(Repeat(10 + i) for i in sorted(seen)), Reads.ALLELES if len(seen) == 2 else single)

    equal = Equal(0.02)
    return operation_of(
        people, person, {one: readings(one) for one in typed},
        [Individual("R", Profile("R", readings(person)), people[person].sex)], names, p / p.sum(),
        mutation=Mutation(equal, equal), remains=data.draw(rates), donors=data.draw(rates),
    )  # fmt: skip


@pytest.mark.parametrize("names", [AUTOSOMAL, X_LINKED])
@given(st.data())
@examples(40)
def test_the_total_of_a_linked_pair_is_that_of_the_whole_family(names, data):
    operation = drawn(data, names)
    recombination = data.draw(st.sampled_from([0.01, 0.05, 0.2, 0.45]))
    meioses = data.draw(st.sampled_from([linkage.MOST_MEIOSES, 0]))  # by inheritances, or by genotypes at both
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparation, "disjoint_linked_pairs", linked(names, recombination))
        patch.setattr(linkage, "MOST_MEIOSES", meioses)
        expected = log10_of_whole(operation, recombination)
        for one in (search, search_plainly):
            (found,) = one(operation, all_pairs=True).pairs
            assert found.log10_lr == pytest.approx(expected, abs=1e-9)


def two_brothers(dead=(), **settings) -> Operation:
    """Their alleles say of phase what neither marker says alone."""
    reading = Reading.of
    a, b, c = (Repeat(10 + i) for i in range(3))
    typed = {
        "B0": {"A": (reading(a, b),), "B": (reading(a, c),)},
        "B1": {"A": (reading(a, c),), "B": (reading(b, c),)},
    }
    return operation_of(brothers(2), "M", typed, dead, **settings)


def everybody() -> list[Individual]:
    """A body of each genotype at both markers."""
    genotypes = list(combinations_with_replacement([Repeat(10 + i) for i in range(3)], 2))
    return [
        Individual(f"R{k}", Profile(f"R{k}", {"A": (Reading.of(*a),), "B": (Reading.of(*b),)}), Sex.MALE)
        for k, (a, b) in enumerate(product(genotypes, repeat=2))
    ]


def of_everybody() -> np.ndarray:
    p = (0.2, 0.3, 0.5)
    one = np.array([p[a] * p[b] * (2 - (a == b)) for a, b in combinations_with_replacement(range(3), 2)])
    return np.outer(one, one).ravel()


def lrs_by_individual(found) -> np.ndarray:
    lrs = np.zeros(len(found.operation.individuals))
    lrs[[pair.individual for pair in found.pairs]] = [10.0**pair.log10_lr for pair in found.pairs]
    return lrs


@pytest.mark.parametrize("one", [search, search_plainly])
def test_over_unrelated_people_a_linked_pair_averages_one(monkeypatch, one):
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", linked(AUTOSOMAL, 0.05))
    found = one(two_brothers(everybody()), all_pairs=True)
    assert lrs_by_individual(found) @ of_everybody() == pytest.approx(1.0, abs=1e-12)


def test_what_is_counted_and_foretold_of_a_linked_pair_is_what_is_found(monkeypatch):
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", linked(AUTOSOMAL, 0.05))
    operation = two_brothers(everybody())
    lrs = np.sort(lrs_by_individual(search(operation, all_pairs=True)))
    prepared = prepare(operation)
    ((family, person),) = operation.missing_persons()
    table = conditional_table(family, person, prepared, operation.settings)
    classes = marker_classes(operation.individuals, prepared.models, operation.settings)
    patterns = Patterns.of_classes(classes, prepared.models, operation.settings)
    ((counted, probability),) = patterns.listed(0, table)
    assert np.sort(counted[probability > 0]) == pytest.approx(lrs)
    assert probability @ counted == pytest.approx(1.0)
    _, ((cells,),) = patterns.only(0).units(table, 0.01)
    assert cells.mean == pytest.approx(1.0)
    (entry,) = entries_of(table, prepared, operation.settings)
    assert np.sort(10.0 ** entry.log10[entry.unrelated > 0]) == pytest.approx(lrs)
    assert entry.unrelated @ 10.0**entry.log10 == pytest.approx(1.0)
    assert entry.related == pytest.approx(entry.unrelated * 10.0**entry.log10)


def test_with_theta_the_factor_of_a_linked_pair_is_that_of_theta_0(monkeypatch):
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", linked(AUTOSOMAL, 0.05))
    dead = everybody()
    with_theta, without = two_brothers(dead, theta=0.03), two_brothers(dead)
    expected = {pair.individual: dict(pair.linkage)["A–B"] for pair in search(without, all_pairs=True).pairs}
    assert max(expected.values()) > 0.1
    for one in (search, search_plainly):
        for pair in one(with_theta, all_pairs=True).pairs:
            assert dict(pair.linkage)["A–B"] == pytest.approx(expected[pair.individual], abs=1e-9)
            assert pair.log10_lr == pytest.approx(sum(pair.by_marker) + expected[pair.individual], abs=1e-9)
    # Power, coincidences and rivals put the same factor on top.
    prepared = prepare(with_theta)
    ((family, person),) = with_theta.missing_persons()
    table = conditional_table(family, person, prepared, with_theta.settings)
    classes = marker_classes(dead, prepared.models, with_theta.settings)
    patterns = Patterns.of_classes(classes, prepared.models, with_theta.settings)
    lrs = np.sort(lrs_by_individual(search(with_theta, all_pairs=True)))
    ((counted, probability),) = patterns.listed(0, table)
    assert np.sort(counted[probability > 0]) == pytest.approx(lrs)
    (entry,) = entries_of(table, prepared, with_theta.settings)
    assert np.sort(10.0 ** entry.log10[entry.unrelated > 0]) == pytest.approx(lrs)
    for k, individual in enumerate(dead[:5]):
        found = log10_probability(individual, table, prepared, with_theta.settings)
        rows = [table.markers[m].related[np.flatnonzero(classes[m].diploid_rows.likelihood[classes[m].of[k]])].sum()
                for m in (0, 1)]  # fmt: skip
        assert found == pytest.approx(np.log10(rows).sum() + expected[k], abs=1e-9)


@given(st.data())
@examples(20)
def test_tables_of_both_genotypes_summed_over_inheritances_are_those_of_each_family(data):
    operation = drawn(data, AUTOSOMAL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparation, "disjoint_linked_pairs", linked(AUTOSOMAL, 0.1))
        prepared = prepare(operation)
    missing = operation.missing_persons()
    batches = TableBatches(missing, prepared, operation.settings)
    expected = conditional_table(*missing[0], prepared, operation.settings).linkage
    found = linkage.joint_tables(batches.block(np.array([0])), batches, [0])[0]
    assert found.keys() == expected.keys()
    for where, joint in found.items():
        assert joint.shape == expected[where].shape
        np.testing.assert_allclose(joint.table(), expected[where].table(), rtol=1e-9, atol=1e-15)


@given(st.data())
@examples(20)
def test_products_without_zeros_are_those_of_the_whole_matrices(data):
    rows, columns, width = (data.draw(st.integers(low, 70)) for low in (1, 1, 0))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    matrix = rng.random((rows, columns)) * (rng.random((rows, columns)) < data.draw(st.sampled_from([0.0, 0.3, 1.0])))
    other = rng.random((columns, 2 * width + 1))
    np.testing.assert_allclose(Sparse.of(matrix).times(other), matrix @ other, rtol=1e-12)


def test_pruning_of_untyped_founders_changes_no_linked_pair_without_mutation(monkeypatch):
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", linked(AUTOSOMAL, 0.05))
    dead = everybody()[:5]
    pruned, kept = (search(two_brothers(dead, prune_untyped_founders=prune), all_pairs=True) for prune in (True, False))
    assert lrs_by_individual(pruned) == pytest.approx(lrs_by_individual(kept))
