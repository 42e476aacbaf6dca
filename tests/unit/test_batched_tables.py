"""The fast search is the plain one on random operations: batched tables, the sweep, linkage, exclusions and sums."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.genotype_rows import KnownClasses, distinct_codes, genotype_rows, phased_meioses, phased_rows
from antigone.genetics.likelihood import LikelihoodError, Options, Typed
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import CustomMatrix, Mutation, Stepwise
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import batched_tables, country_search, linkage, preparation
from antigone.matching.batched_tables import TableBatches
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.plain_search import search_plainly
from antigone.matching.preparation import prepare
from antigone.matching.search import SearchResult, search
from antigone.matching.tables import conditional_table
from examples import examples
from families import pedigree
from oracles.strategies import frequencies, mutation_pairs, pedigrees
from small_operation import small_operation

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
            self.names, theta=theta, threshold=data.draw(st.sampled_from([-300.0, 0.0137, 0.6137])),
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
@examples(12)
def test_the_fast_search_is_the_plain_one(kind, data):
    operation = Drawn(data, **KINDS[kind]).operation
    keep = data.draw(st.sampled_from([None, -1.0137, 0.2537]))  # where no LR lies that rounding could push across
    asked = {"all_pairs": data.draw(st.booleans()), "keep": keep}
    assert_alike(search(operation, **asked), search_plainly(operation, **asked))


@pytest.mark.parametrize("x_linked", [False, True])
@given(st.data())
@examples(15)
def test_what_was_read_is_numbered_as_one_after_another(x_linked, data):
    operation = Drawn(data, x_linked=x_linked).operation
    prepared = prepare(operation)
    batches = TableBatches(operation.missing_persons(), prepared, operation.settings)
    number = [{} for _ in prepared.models]
    for family in operation.families:
        expected = []
        for person, profile in family.profiles.items():
            sex, codes = family.pedigree[person].sex, []
            for model, known in zip(prepared.models, number, strict=True):
                readings = profile.readings.get(model.name, ())
                if not readings or (model.x_linked and sex is Sex.UNKNOWN):
                    codes.append(-1)
                else:
                    codes.append(known.setdefault((readings, model.x_linked and sex is Sex.MALE), len(known)))
            expected.append((family.pedigree.position(person), codes))
        assert [(place, codes.tolist()) for place, codes in batches.codes[id(family)]] == expected
    assert [list(known) for known in batches.readings.number] == [list(known) for known in number]


@pytest.mark.parametrize("x_linked", [False, True])
@given(st.data())
@examples(15)
def test_what_a_tile_counts_of_samples_is_what_each_of_them_says(x_linked, data):
    operation = Drawn(data, x_linked=x_linked).operation
    missing, prepared = operation.missing_persons(), prepare(operation)
    batches = TableBatches(missing, prepared, operation.settings)
    if data.draw(st.booleans()):  # what tables are not made from is not counted
        key = id(missing[0][0])
        batches.codes[key] = batches.codes[key][1:]
    read = []
    for family, person in missing:
        says = np.zeros(len(prepared.models), dtype=bool)
        for _, codes in batches.codes[id(family)]:
            says |= codes >= 0
        if family.pedigree[person].sex is Sex.UNKNOWN:
            says &= [not model.x_linked for model in prepared.models]
        read.append(says.tolist())
    assert country_search._read(batches).tolist() == read
    assert country_search._taken(batches) == tuple(
        tuple(person in batches.samples_taken(family) for person in family.profiles) for family, _ in missing
    )


@pytest.mark.parametrize("prune", [False, True])
def test_one_by_one_and_together_are_the_same_search(monkeypatch, prune):
    operation = replace(several_brothers(), settings=replace(several_brothers().settings, prune_untyped_founders=prune))
    together = search(operation, all_pairs=True)

    def too_complex(*_):
        raise TooComplexError("no order of summing fits into memory")

    monkeypatch.setattr(batched_tables, "genotype_rows", too_complex)
    assert_alike(search(operation, all_pairs=True), together)


def brothers(count: int, mother: bool) -> Pedigree:
    """Parents, so many typed brothers and one who is missing."""
    sons = [Person(f"B{k}", "F", "O", Sex.MALE) for k in range(count)]
    children = [Person("N", "B0", None, Sex.MALE)] if mother else []
    return Pedigree.build(
        [Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE), Person("M", "F", "O", Sex.MALE), *sons, *children]
    )


def several_brothers() -> Operation:
    """Families with one, two and three brothers, a nephew or a mother, eight alleles a marker, linked pairs."""
    rng = np.random.default_rng(4)
    names = AUTOSOMAL
    table = {
        name: MarkerFrequencies.from_frequencies(
            name, {Repeat(10 + i): float(q) for i, q in enumerate(rng.dirichlet(np.ones(8)))}
        )
        for name in names
    }
    step = Stepwise(0.01, 0.1)
    settings = Settings(
        names, threshold=0.0, mutation=Mutation(step, step), rare_alleles=Refuse(),
        remains=SampleErrors(DropOut(0.05), 0.001),
    )  # fmt: skip

    def profile(sample: str) -> Profile:
        return Profile(
            sample, {name: (Reading.of(*(Repeat(10 + int(a)) for a in rng.integers(0, 8, 2))),) for name in names}
        )

    families = []
    for k in range(12):
        people = brothers(1 + k % 3, mother=k % 2 == 0)
        typed = [person.id for person in people.persons if person.id.startswith(("B", "N"))] + ["O"] * (k % 4 == 0)
        families.append(Family(f"F{k}", people, ("M",), {name: profile(name) for name in typed}))
    dead = tuple(Individual(f"R{k}", profile(f"S{k}"), Sex.MALE) for k in range(40))
    return Operation("brothers", dead, tuple(families), FrequencyTable("t", "t", table), settings)


def test_linked_pairs_are_summed_over_who_passed_what(monkeypatch):
    operation = several_brothers()
    plain = search_plainly(operation, all_pairs=True)

    def never(*_):
        raise AssertionError("these families are small enough to be computed together")

    monkeypatch.setattr(linkage, "_by_genotypes", never)
    fast = search(operation, all_pairs=True)
    assert_alike(fast, plain)
    assert max(abs(value) for pair in fast.pairs for _, value in pair.linkage) > 0.2

    monkeypatch.undo()
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", lambda _: (LINKED,))
    monkeypatch.setattr(linkage, "MOST_MEIOSES", 5)  # the larger ones one by one
    assert_alike(search(operation, all_pairs=True), plain)


def test_the_number_of_threads_changes_no_byte(monkeypatch):
    operation = several_brothers()
    monkeypatch.setattr(batched_tables, "BLOCK", 3)
    one, four = (search(operation, keep=-1.0, threads=threads) for threads in (1, 4))
    for name in ("total_lr", "total_lr_of_missing", "cut_lr", "cut_lr_of_missing", "highest", "histogram"):
        assert getattr(one, name).tobytes() == getattr(four, name).tobytes()
    for name in ("individual", "missing", "log10_lr"):
        assert getattr(one.kept, name).tobytes() == getattr(four.kept, name).tobytes()
    assert [(pair.individual, pair.missing, pair.log10_lr) for pair in one.pairs] == [
        (pair.individual, pair.missing, pair.log10_lr) for pair in four.pairs
    ]
    assert_alike(one, search_plainly(operation, keep=-1.0))


@given(st.data())
@examples(25)
def test_rows_of_many_families_are_the_distributions_of_each(data):
    drawn = Drawn(data, x_linked=data.draw(st.booleans()), families=6)
    operation = replace(drawn.operation, settings=replace(drawn.operation.settings, prune_untyped_founders=False))
    prepared = prepare(operation)
    batches = TableBatches(operation.missing_persons(), prepared, operation.settings)
    seen = 0
    for members in batches.plan():
        block = batches.block(members)
        assert not block.alone
        for k, (family, person) in enumerate(block.sought):
            one, other = conditional_table(family, person, prepared, operation.settings), batches.table(block, k)
            assert one.contradictions == other.contradictions
            assert set(one.linkage) == set(other.linkage)
            for mine, theirs in zip(other.markers, one.markers, strict=True):
                assert (mine is None) == (theirs is None)
                if mine is not None and theirs is not None:
                    np.testing.assert_allclose(mine.related, theirs.related, rtol=1e-9, atol=1e-15)
                    np.testing.assert_array_equal(mine.unrelated, theirs.unrelated)
                    assert mine.haploid == theirs.haploid
            seen += 1
    assert seen == len(operation.missing_persons())


def test_theta_is_refused_where_families_are_computed_together():
    known = KnownClasses(MarkerModel.build("A", [Repeat(10), Repeat(11)], [0.5, 0.5]))
    child = Pedigree.build([Person("F"), Person("C", "F")])
    with pytest.raises(LikelihoodError, match="one by one"):
        genotype_rows("C", child, [known], np.full((1, 1, 2), -1), Options(theta=0.01))
    with pytest.raises(LikelihoodError, match=r"codes of shape \(1, 1, 3\) for 1 markers and 2 persons"):
        genotype_rows("C", child, [known], np.full((1, 1, 3), -1))


def test_a_small_case_is_searched_alike():
    operation = small_operation()
    assert_alike(search(operation, keep=-2.0), search_plainly(operation, keep=-2.0))


def test_inheritances_are_a_sum_over_who_passed_what_by_hand():
    # A man a/b and his two sons, mothers unknown: the missing son got a or b from him, the brother shows c/a, so that
    # the father passed a to him unless he passed b and the mother a. Without mutation:
    # P(brother | passed a) ∝ p(c), P(brother | passed b) = 0.
    p = {"a": 0.2, "b": 0.3, "c": 0.5}
    a, b, c = (Repeat(10 + k) for k in range(3))
    known = KnownClasses(MarkerModel.build("A", [a, b, c], list(p.values())))
    father, brother = known.add(Typed((a, b))), known.add(Typed((a, c)))
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("B", "F"), Person("M", "F")])
    codes = np.array([[father, brother, -1]])
    meioses = phased_meioses("M", people, known, codes)
    assert meioses == ((1, 0), (2, 0))  # the father's to the brother, and to the missing son
    found = phased_rows("M", people, known, codes, meioses)
    rows = found.rows[found.which[0]] / found.rows.sum()
    # The father is a|b or b|a, each with 1/2: the brother's a is the first or the second of his alleles. Genotypes
    # aa, ab, ac, bb, bc, cc of the missing son who got the same allele, and who got the other one.
    same = np.array([p["a"], p["b"], p["c"], 0, 0, 0]) / 4
    other = np.array([0, p["a"], 0, p["b"], p["c"], 0]) / 4
    np.testing.assert_allclose(rows, [same, other, other, same], rtol=1e-12)


@pytest.mark.parametrize(("columns", "classes"), [(0, 5), (3, 5), (9, 441), (40, 441), (8, 2**20)])
def test_rows_are_told_apart_however_many_columns_there_are(columns, classes):
    rng = np.random.default_rng(columns)
    rows = rng.integers(-1, classes, (60, columns))[rng.integers(0, 60, 200)]
    rows[:, 1:2] = -1  # of nobody anything is known
    distinct, which = distinct_codes(rows, classes)
    expected, places = np.unique(rows, axis=0, return_inverse=True)
    assert distinct.tolist() == expected.tolist()
    assert which.tolist() == places.ravel().tolist()
