"""Families of common shapes by vectors over alleles, against elimination, whatever the mutation."""

from functools import cache
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antigone.genetics import allele_vectors
from antigone.genetics.allele_vectors import allele_vector_rows
from antigone.genetics.alleles import Repeat
from antigone.genetics.family_shapes import kin_of
from antigone.genetics.genotype_rows import KnownClasses, genotype_rows
from antigone.genetics.likelihood import Typed
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import NO_MUTATION, CustomMatrix, Mutation, Stepwise
from antigone.genetics.pedigrees import Pedigree, Person
from examples import examples
from families import pedigree
from oracles.strategies import frequencies, mutation_pairs, pedigrees

PARENTS = (Person("F"), Person("O"), Person("M", "F", "O"))
BROTHERS = tuple(Person(f"B{k}", "F", "O") for k in range(5))
GRANDPARENTS = (Person("G"), Person("H"), Person("F", "G", "H"), Person("O"), Person("M", "F", "O"))

# Pedigree, and who is typed; M is missing.
SHAPES = {
    "father": (PARENTS, "F"),
    "mother": (PARENTS, "O"),
    "father alone in the pedigree": ((Person("F"), Person("M", "F")), "F"),
    "parents": (PARENTS, "F O"),
    "child": ((Person("M"), Person("O"), Person("C", "M", "O")), "C"),
    "child of a mother": ((Person("M"), Person("F"), Person("C", "F", "M")), "C"),
    "child and nobody else": ((Person("M"), Person("C", "M")), "C"),
    "child and spouse": ((Person("M"), Person("O"), Person("C", "M", "O")), "C O"),
    "two children and spouse": ((Person("M"), Person("O"), Person("C", "M", "O"), Person("D", "M", "O")), "C D O"),
    "children of two": (
        (Person("M"), Person("O"), Person("P"), Person("C", "M", "O"), Person("D", "M", "P")), "C D"),
    "child and mother": ((*PARENTS, Person("S"), Person("C", "M", "S")), "O C"),
    "brother": ((*PARENTS, *BROTHERS[:1]), "B0"),
    "two brothers": ((*PARENTS, *BROTHERS[:2]), "B0 B1"),
    "three brothers": ((*PARENTS, *BROTHERS[:3]), "B0 B1 B2"),
    "four brothers": ((*PARENTS, *BROTHERS[:4]), "B0 B1 B2 B3"),
    "brother and father": ((*PARENTS, *BROTHERS[:1]), "F B0"),
    "three brothers and mother": ((*PARENTS, *BROTHERS[:3]), "O B0 B1 B2"),
    "brother and parents": ((*PARENTS, *BROTHERS[:1]), "F O B0"),
    "brother and child": ((*PARENTS, *BROTHERS[:1], Person("S"), Person("C", "M", "S")), "B0 C"),
    "half-brother": ((*PARENTS, Person("P"), Person("X", "F", "P")), "X"),
    "half-brother of the mother": ((*PARENTS, Person("P"), Person("X", "P", "O")), "X"),
    "half-brother and his mother": ((*PARENTS, Person("P"), Person("X", "F", "P")), "X P"),
    "half-brother and father": ((*PARENTS, Person("P"), Person("X", "F", "P")), "X F"),
    "half-brother of an only parent": ((Person("F"), Person("M", "F"), Person("X", "F")), "X"),
    "half-brothers of both sides": (
        (*PARENTS, Person("P"), Person("X", "F", "P"), Person("Q"), Person("Y", "Q", "O")), "X Y"),
    "brother and half-brothers": (
        (*PARENTS, *BROTHERS[:1], Person("P"), Person("X", "F", "P"), Person("Q"), Person("Y", "F", "Q")), "B0 X Y"),
    "grandfather": (GRANDPARENTS, "G"),
    "grandparents": (GRANDPARENTS, "G H"),
    "grandmother and brother": ((*GRANDPARENTS, *BROTHERS[:1]), "H B0"),
    "a grandfather of whom one knows": ((Person("G"), Person("F", "G"), Person("O"), Person("M", "F", "O")), "G"),
    "uncle": ((*GRANDPARENTS, Person("U", "G", "H")), "U"),
    "three uncles": ((*GRANDPARENTS, *(Person(f"U{k}", "G", "H") for k in range(3))), "U0 U1 U2"),
    "uncle, grandmother, brother and half-brother": (
        (*GRANDPARENTS, Person("U", "G", "H"), *BROTHERS[:1], Person("X", "F")), "U H B0 X"),
    "cousin": ((*GRANDPARENTS, Person("U", "G", "H"), Person("W"), Person("K", "U", "W")), "K"),
    "cousin and his mother": ((*GRANDPARENTS, Person("U", "G", "H"), Person("W"), Person("K", "U", "W")), "K W"),
    "cousin by an aunt, and grandfather": (
        (*GRANDPARENTS, Person("U", "G", "H"), Person("K", None, "U")), "K G"),
    "uncle and cousin": (
        (*GRANDPARENTS, Person("U", "G", "H"), Person("V", "G", "H"), Person("K", "U")), "K V"),
    "two cousins": (
        (*GRANDPARENTS, Person("U", "G", "H"), Person("V", "G", "H"), Person("K", "U"), Person("L", None, "V")),
        "K L"),
    "uncles of both sides": (
        (Person("G"), Person("H"), Person("I"), Person("J"), Person("F", "G", "H"), Person("O", "I", "J"),
         Person("M", "F", "O"), Person("U", "G", "H"), Person("V", "I", "J")), "U V"),
    "cousin, uncle of the mother's side, grandmother, brother and child": (
        (Person("G"), Person("H"), Person("I"), Person("J"), Person("F", "G", "H"), Person("O", "I", "J"),
         Person("M", "F", "O"), Person("U", "G", "H"), Person("K", "U"), Person("V", "I", "J"), *BROTHERS[:1],
         Person("C", "M")), "K V H B0 C"),
    "a typed mother who is the father's sister": (
        (Person("G"), Person("H"), Person("F", "G", "H"), Person("O", "G", "H"), Person("M", "F", "O")), "O G"),
}  # fmt: skip

OTHER_SHAPES = {
    "the person's own sample": (PARENTS, "M F"),
    "four uncles": ((*GRANDPARENTS, *(Person(f"U{k}", "G", "H") for k in range(4))), "U0 U1 U2 U3"),
    "two cousins of one uncle": (
        (*GRANDPARENTS, Person("U", "G", "H"), Person("K", "U"), Person("L", "U")), "K L"),
    "uncle and his child": ((*GRANDPARENTS, Person("U", "G", "H"), Person("K", "U")), "K U"),
    "half-uncle": ((*GRANDPARENTS, Person("U", "G")), "U"),
    "uncle, the father typed": ((*GRANDPARENTS, Person("U", "G", "H")), "U F"),
    "a half-brother whose father is an uncle": (
        (*GRANDPARENTS, Person("U", "G", "H"), Person("X", "U", "O")), "X"),
    "parents who are brother and sister, and an uncle": (
        (Person("G"), Person("H"), Person("F", "G", "H"), Person("O", "G", "H"), Person("M", "F", "O"),
         Person("U", "G", "H")), "U"),
    "a grandfather who is the father, and a cousin": (
        (Person("G"), Person("H"), Person("D", "G", "H"), Person("M", "G", "D"), Person("U", "G", "H"),
         Person("K", "U")), "K"),
    "parents who are half-siblings, with an uncle each": (
        (Person("G"), Person("A"), Person("B"), Person("F", "G", "A"), Person("O", "G", "B"), Person("M", "F", "O"),
         Person("U", "G", "A"), Person("V", "G", "B")), "U V"),
    "cousin of the second degree": (
        (*GRANDPARENTS, Person("U", "G", "H"), Person("K", "U"), Person("N", "K")), "N"),
    "nephew": ((*PARENTS, *BROTHERS[:1], Person("N", "B0")), "N"),
    "five brothers": ((*PARENTS, *BROTHERS), "B0 B1 B2 B3 B4"),
    "two children of an untyped spouse": (
        (Person("M"), Person("O"), Person("C", "M", "O"), Person("D", "M", "O")), "C D"),
    "father's father typed with him": (GRANDPARENTS, "F G"),
    "grandchild": ((Person("M"), Person("C", "M"), Person("N", "C")), "N"),
    "parents who are brother and sister": (
        (Person("G"), Person("H"), Person("F", "G", "H"), Person("O", "G", "H"), Person("M", "F", "O")), "G"),
    "inbred founder": ((Person("F", inbreeding=0.1), Person("M", "F")), "F"),
}  # fmt: skip


def typed_in(people: Pedigree, names: str) -> frozenset[int]:
    return frozenset(people.position(name) for name in names.split())


def both_ways(people: Pedigree, target: str, typed: frozenset[int], model: MarkerModel, genotypes: np.ndarray):
    """Rows by vectors and by elimination; None where the shape is not a common one."""
    kin = kin_of(people, people.position(target), typed)
    if kin is None:
        return None
    known, number = KnownClasses(model), {}
    codes = np.full((len(genotypes), 1, len(people)), -1)
    for person in typed:
        for family, (a, b) in enumerate(genotypes[:, person].tolist()):
            if (a, b) not in number:
                number[a, b] = known.add(Typed((model.alleles[a], model.alleles[b])))
            codes[family, 0, person] = number[a, b]
    (found,) = genotype_rows(target, people, [known], codes)
    return allele_vector_rows(kin, model, genotypes).T, found.rows[found.which]


def drawn_genotypes(rng: np.random.Generator, people: Pedigree, typed: frozenset[int], alleles: int, families: int):
    genotypes = np.full((families, len(people), 2), -1)
    for person in typed:
        genotypes[:, person] = np.sort(rng.integers(0, alleles, (families, 2)), axis=1)
    return genotypes


def drawn_model(data: st.DataObject, *, max_alleles: int) -> tuple[MarkerModel, np.random.Generator]:
    """A marker whose mutation differs by sex and need not be stationary, and what draws genotypes."""
    p = data.draw(frequencies(max_alleles=max_alleles))
    male, female, _ = data.draw(mutation_pairs(p))
    matrices = [CustomMatrix(tuple(map(tuple, np.eye(len(p)) if one is None else one))) for one in (female, male)]
    model = MarkerModel.build("A", [Repeat(8 + i) for i in range(len(p))], list(p), Mutation(*matrices))
    return model, np.random.default_rng(data.draw(st.integers(0, 2**32)))


MUTATION = {
    "none": NO_MUTATION,
    "alike": Mutation.same(Stepwise(0.003, 0.2)),
    "by sex": Mutation(Stepwise(0.001, 0.1), Stepwise(0.006, 0.3)),
}


@pytest.mark.parametrize("mutation", MUTATION)
@pytest.mark.parametrize("shape", SHAPES)
def test_common_shapes_are_computed_as_elimination_does(shape, mutation):
    persons, names = SHAPES[shape]
    people = Pedigree.build(persons)
    rng = np.random.default_rng(len(shape))
    model = MarkerModel.build("A", [Repeat(8 + i) for i in range(5)], rng.dirichlet(np.ones(5)), MUTATION[mutation])
    typed = typed_in(people, names)
    mine, theirs = both_ways(people, "M", typed, model, drawn_genotypes(rng, people, typed, 5, 100))
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-300)
    assert mutation == "none" or np.all(mine.any(axis=1))


@pytest.mark.parametrize("shape", OTHER_SHAPES)
def test_other_shapes_are_left_to_elimination(shape):
    persons, names = OTHER_SHAPES[shape]
    people = Pedigree.build(persons)
    assert kin_of(people, people.position("M"), typed_in(people, names)) is None


@given(st.data())
@examples(60)
def test_whatever_is_taken_for_a_common_shape_is_computed_as_elimination_does(data):
    people = pedigree(data.draw(pedigrees(max_people=6, one_parent=True, min_people=2)))
    places = range(len(people))
    # Chosen among those that are taken: most are not, and too many examples would be thrown away.
    taken = [
        (target, frozenset(typed))
        for target in places
        for count in (1, 2, 3)
        for typed in combinations(places, count)
        if kin_of(people, target, frozenset(typed)) is not None
    ]
    assume(taken)
    target, typed = data.draw(st.sampled_from(taken))
    model, rng = drawn_model(data, max_alleles=4)
    genotypes = drawn_genotypes(rng, people, typed, len(model), 40)
    mine, theirs = both_ways(people, people.persons[target].id, typed, model, genotypes)
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-15)


WIDE = Pedigree.build(
    [
        Person("G"), Person("H"), Person("I"), Person("J"), Person("F", "G", "H"), Person("O", "I", "J"),
        Person("M", "F", "O"), Person("B", "F", "O"), Person("U", "G", "H"), Person("A", "G", "H"),
        Person("V", "I", "J"), Person("W"), Person("K", "U", "W"), Person("L", "V", "A"), Person("X", "F", "W"),
        Person("Y", "U", "O"), Person("C", "M", "A"),
    ]
)  # fmt: skip


@cache
def wide_shapes() -> list[frozenset[int]]:
    """Who may be typed in the wide family, up to four of them: most are not taken, and would be thrown away."""
    target = WIDE.position("M")
    others = [i for i in range(len(WIDE)) if i != target]
    typed = [frozenset(these) for count in (1, 2, 3, 4) for these in combinations(others, count)]
    taken = [these for these in typed if kin_of(WIDE, target, these) is not None]
    assert len(taken) > 400
    return taken


@given(st.data())
@examples(60)
def test_a_wide_family_is_computed_as_elimination_does(data):
    """Uncles who have children with aunts of the other side, with the mother; a child with an uncle."""
    target = WIDE.position("M")
    typed = data.draw(st.sampled_from(wide_shapes()))
    model, rng = drawn_model(data, max_alleles=3)
    genotypes = drawn_genotypes(rng, WIDE, typed, len(model), 20)
    mine, theirs = both_ways(WIDE, "M", typed, model, genotypes)
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-15)
    kin = kin_of(WIDE, target, typed)
    for alike in kin.interchangeable():
        exchanged = genotypes.copy()
        exchanged[:, alike] = genotypes[:, alike[::-1]]
        np.testing.assert_allclose(allele_vector_rows(kin, model, exchanged).T, mine, rtol=1e-9, atol=1e-15)


def test_an_uncle_who_is_a_half_brothers_father_is_like_no_other_uncle():
    people = Pedigree.build([*GRANDPARENTS, Person("U", "G", "H"), Person("V", "G", "H"), Person("X", "U", "O")])
    kin = kin_of(people, people.position("M"), typed_in(people, "U V X"))
    assert [alike for alike in kin.interchangeable() if len(alike) > 1] == []
    plain = kin_of(people, people.position("M"), typed_in(people, "U V"))
    assert (people.position("U"), people.position("V")) in list(plain.interchangeable())
    # A sister with whom the person has a child is like no other sister.
    sisters = Pedigree.build([*PARENTS, Person("S", "F", "O"), Person("T", "F", "O"), Person("C", "M", "S")])
    kin = kin_of(sisters, sisters.position("M"), typed_in(sisters, "S T C"))
    assert [alike for alike in kin.interchangeable() if len(alike) > 1] == []


def test_a_founder_passes_on_alleles_that_have_mutated_by_hand():
    # Father 1/1 of two alleles, p = (0.9, 0.1); an allele turns into the other with 0.2. From him 1 with 0.8; from the
    # untyped mother 1 with 0.9 · 0.8 + 0.1 · 0.2 = 0.74, not with 0.9.
    people = Pedigree.build(PARENTS)
    matrix = CustomMatrix(((0.8, 0.2), (0.2, 0.8)))
    model = MarkerModel.build("A", [Repeat(8), Repeat(9)], [0.9, 0.1], Mutation.same(matrix))
    rows = allele_vector_rows(kin_of(people, 2, frozenset({0})), model, np.array([[[0, 0], [-1, -1], [-1, -1]]]))
    np.testing.assert_allclose(rows[:, 0], [0.8 * 0.74, 0.8 * 0.26 + 0.2 * 0.74, 0.2 * 0.26], rtol=1e-12)


def test_what_a_founder_passes_on_is_looked_up_or_computed_alike(monkeypatch):
    people, rng = Pedigree.build((*PARENTS, *BROTHERS[:3])), np.random.default_rng(2)
    model = MarkerModel.build("A", [Repeat(8 + i) for i in range(9)], rng.dirichlet(np.ones(9)), MUTATION["by sex"])
    kin = kin_of(people, 2, frozenset({3, 4, 5}))
    genotypes = drawn_genotypes(rng, people, frozenset({3, 4, 5}), 9, 200)
    looked_up = allele_vector_rows(kin, model, genotypes)
    monkeypatch.setattr(allele_vectors, "MOST_TABULATED", 0)
    np.testing.assert_allclose(allele_vector_rows(kin, model, genotypes), looked_up, rtol=1e-12)


def test_brothers_are_interchangeable_and_so_are_half_brothers_of_unknown_parents():
    persons, names = SHAPES["brother and half-brothers"]
    people = Pedigree.build(persons)
    kin = kin_of(people, 2, typed_in(people, names))
    assert sorted(kin.interchangeable()) == sorted([(3,), (5, 7)])
    rng = np.random.default_rng(1)
    model = MarkerModel.build("A", [Repeat(8 + i) for i in range(4)], rng.dirichlet(np.ones(4)), MUTATION["by sex"])
    genotypes = drawn_genotypes(rng, people, typed_in(people, names), 4, 30)
    exchanged = genotypes.copy()
    exchanged[:, [5, 7]] = genotypes[:, [7, 5]]
    np.testing.assert_allclose(
        allele_vector_rows(kin, model, genotypes), allele_vector_rows(kin, model, exchanged), rtol=1e-12
    )


def test_any_number_of_families_is_computed():
    people = Pedigree.build(PARENTS)
    kin = kin_of(people, 2, frozenset({0, 1}))
    model = MarkerModel.build("A", [Repeat(8), Repeat(9), Repeat(10)], [0.2, 0.3, 0.5], MUTATION["alike"])
    rng = np.random.default_rng(3)
    genotypes = drawn_genotypes(rng, people, frozenset({0, 1}), 3, 200)
    whole = allele_vector_rows(kin, model, genotypes)
    for few, many in pairwise((0, 1, 63, 64, 65, 200)):
        np.testing.assert_array_equal(allele_vector_rows(kin, model, genotypes[few:many]), whole[:, few:many])
