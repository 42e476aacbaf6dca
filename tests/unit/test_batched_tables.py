"""The fast search is the plain one on random operations: batched tables, the sweep, linkage, exclusions and sums."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.markers import LinkedPair
from antigone.genetics.mutation import CustomMatrix, Mutation
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import preparation
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.plain_search import search_plainly
from antigone.matching.search import SearchResult, search
from examples import examples
from families import pedigree
from oracles.strategies import frequencies, mutation_pairs, pedigrees

AUTOSOMAL = ("A", "B", "C")
X_LINKED = "DXS7132"
LINKED = LinkedPair("A", "B", 0.08, "test")


@pytest.fixture(autouse=True)
def linked(monkeypatch):
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", lambda names: (LINKED,) if {"A", "B"} <= {*names} else ())


def matrix(rows: np.ndarray | None, size: int) -> CustomMatrix:
    return CustomMatrix(tuple(map(tuple, np.eye(size) if rows is None else rows)))


class Drawn:
    """A random operation: some pedigrees, each in several families, whoever is missing, whatever was read."""

    def __init__(self, data, *, theta: float = 0.0, x_linked: bool = False, twins: bool = False, families: int = 5):
        self.data = data
        self.names = (*AUTOSOMAL[:2], X_LINKED) if x_linked else AUTOSOMAL
        self.sizes, table, mutation = {}, {}, {}
        for name in self.names:
            p = data.draw(frequencies(max_alleles=4))
            male, female, _ = data.draw(mutation_pairs(p))
            self.sizes[name] = len(p)
            table[name] = MarkerFrequencies.from_frequencies(name, {Repeat(10 + i): q for i, q in enumerate(p)})
            mutation[name] = Mutation(matrix(female, len(p)), matrix(male, len(p)))
        self.pedigrees = [self.pedigree(theta, twins) for _ in range(data.draw(st.integers(1, 2)))]
        rates = st.sampled_from([SampleErrors(), SampleErrors(DropOut(0.1), 0.02, 0.005), SampleErrors(DropOut(0.2))])
        settings = Settings(
            self.names, theta=theta, threshold=data.draw(st.sampled_from([-300.0, 0.0, 0.6])),
            mutation_by_marker=mutation, rare_alleles=Refuse(), remains=data.draw(rates), donors=data.draw(rates),
            prune_untyped_founders=data.draw(st.sampled_from([False, False, False, True])),
        )  # fmt: skip
        dead = tuple(
            Individual(f"R{k}", self.profile(f"S{k}", replicates=True), data.draw(st.sampled_from([*Sex])))
            for k in range(data.draw(st.integers(1, 4)))
        )
        searching = tuple(self.family(f"F{k}") for k in range(families))
        self.operation = Operation("test", dead, searching, FrequencyTable("t", "t", table), settings)

    def pedigree(self, theta: float, twins: bool) -> Pedigree:
        people = pedigree(self.data.draw(pedigrees(max_people=5, one_parent=True, twins=twins, min_people=2)))
        if theta or twins or not self.data.draw(st.booleans()):
            return people
        first = people.founders()[0].id
        return Pedigree.build([replace(p, inbreeding=0.1) if p.id == first else p for p in people.persons])

    def family(self, name: str) -> Family:
        people = self.data.draw(st.sampled_from(self.pedigrees))
        people = people.renamed({person.id: f"{name}-{person.id}" for person in people.persons})
        persons = [person.id for person in people.persons]
        missing = self.data.draw(st.lists(st.sampled_from(persons), min_size=1, max_size=2, unique=True))
        typed = self.data.draw(st.lists(st.sampled_from(persons), max_size=3, unique=True))
        return Family(name, people, tuple(missing), {person: self.profile(person) for person in typed})

    def profile(self, sample: str, *, replicates: bool = False) -> Profile:
        readings = {}
        for name in self.names:
            count = self.data.draw(st.sampled_from([0, 1, 1, 1, 2] if replicates else [0, 1, 1, 1]))
            readings[name] = tuple(self.reading(self.sizes[name]) for _ in range(count))
        return Profile(sample, readings)

    def reading(self, size: int) -> Reading:
        seen = self.data.draw(st.sets(st.integers(0, size - 1), min_size=1, max_size=2))
        single = self.data.draw(st.sampled_from([Reads.HOMOZYGOUS, Reads.OTHER_UNSEEN]))
        return Reading(tuple(Repeat(10 + i) for i in sorted(seen)), Reads.ALLELES if len(seen) == 2 else single)


def assert_alike(fast: SearchResult, plain: SearchResult, rel: float = 1e-9) -> None:
    """Two searches of one operation that say the same."""
    assert fast.missing == plain.missing
    assert fast.contradictions == plain.contradictions
    assert fast.left_out == plain.left_out
    assert fast.kept.floor == plain.kept.floor
    for name in ("total_lr", "total_lr_of_missing", "cut_lr", "cut_lr_of_missing"):
        np.testing.assert_allclose(getattr(fast, name), getattr(plain, name), rtol=rel, atol=1e-300)
    np.testing.assert_allclose(fast.highest, plain.highest, rtol=rel, atol=rel)
    for mine, theirs in ((one, {(p.individual, p.missing): p for p in other.pairs}) for one, other in [(fast, plain)]):
        assert {(p.individual, p.missing) for p in mine.pairs} == set(theirs)
        for pair in mine.pairs:
            other = theirs[pair.individual, pair.missing]
            np.testing.assert_allclose(pair.log10_lr, other.log10_lr, rtol=rel, atol=rel)
            np.testing.assert_allclose(pair.by_marker, other.by_marker, rtol=rel, atol=rel)
            assert [name for name, _ in pair.linkage] == [name for name, _ in other.linkage]
            np.testing.assert_allclose([x for _, x in pair.linkage], [x for _, x in other.linkage], rtol=rel, atol=rel)
            assert pair.exclusions == other.exclusions
    assert fast.kept.individual.tolist() == plain.kept.individual.tolist()
    assert fast.kept.missing.tolist() == plain.kept.missing.tolist()
    np.testing.assert_allclose(fast.kept.log10_lr, plain.kept.log10_lr, rtol=rel, atol=rel)
    assert fast.coincidences.pairs == plain.coincidences.pairs
    np.testing.assert_allclose(fast.coincidences.total_lr, plain.coincidences.total_lr, rtol=rel)


KINDS = {"plain": {}, "X": {"x_linked": True}, "twins": {"twins": True}, "theta": {"theta": 0.03, "families": 2}}


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@examples(25)
def test_the_fast_search_is_the_plain_one(kind, data):
    operation = Drawn(data, **KINDS[kind]).operation
    asked = {"all_pairs": data.draw(st.booleans()), "keep": data.draw(st.sampled_from([None, -1.0, 0.25]))}
    assert_alike(search(operation, **asked), search_plainly(operation, **asked))
