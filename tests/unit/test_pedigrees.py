"""Pedigrees: what can be is taken, what cannot be is named with the person and the remedy."""

from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.hypotheses import relation
from antigone.genetics.pedigrees import Pedigree, PedigreeError, Person, Sex, unrelated
from oracles.strategies import pedigrees


@given(pedigrees(one_parent=True, twins=True))
def test_parents_come_before_their_children(family):
    people = Pedigree.build([Person(m.id, m.father, m.mother, Sex(m.sex)) for m in family.members], twins=family.twins)
    for person in people.persons:
        for parent in (person.father, person.mother):
            assert parent is None or people.position(parent) < people.position(person.id)
    assert len(people) == len(family.members)


@pytest.mark.parametrize(
    ("persons", "what"),
    [
        ([Person("a", "a")], "person a: is their own ancestor (a, child of a)"),
        (
            [Person("a", "b"), Person("b", "c"), Person("c", "a")],
            "is their own ancestor (a, child of b, child of c, child of a); mend the parents of one of them",
        ),
        (
            [Person("x", "f"), Person("x", "g"), Person("f"), Person("g")],
            "person x: has two fathers, f and g; keep one",
        ),
        ([Person("x", None, "f"), Person("x", None, "g")], "person x: has two mothers, f and g; keep one"),
        ([Person("x"), Person("x")], "person x: is listed twice"),
        ([Person("x", "f")], "person x: has a father ‘f’ who is not in this family; add a row or mend the name"),
        ([Person("m", sex=Sex.MALE), Person("x", None, "m")], "person x: has a mother, m, who is male"),
        ([Person("f", sex=Sex.FEMALE), Person("x", "f")], "person x: has a father, f, who is female"),
        ([Person("p"), Person("x", "p", "p")], "person x: has p as father and mother"),
        ([Person("p"), Person("x", "p"), Person("y", None, "p")], "person p: is a father in one row and a mother in"),
        (
            [Person("p", birth_year=1990), Person("x", "p", birth_year=1985)],
            "person x: was born in 1985, not after the father p (1990); mend a year or the father",
        ),
        ([Person("")], "person (empty): has no name"),
        ([Person("x", inbreeding=1.5)], "an inbreeding coefficient of 1.5; it lies between 0 and 1"),
        ([Person("f"), Person("x", "f", inbreeding=0.1)], "has parents and an inbreeding coefficient"),
    ],
)
def test_what_cannot_be_names_the_family_the_person_and_what_to_mend(persons, what):
    with pytest.raises(PedigreeError) as error:
        Pedigree.build(persons, family="F7")
    assert what in str(error.value)
    assert str(error.value).startswith("family F7, ")


def test_all_problems_are_told_at_once():
    with pytest.raises(PedigreeError) as error:
        Pedigree.build([Person("a", "nobody"), Person("b", None, "nobody either")])
    assert [problem.person for problem in error.value.problems] == ["a", "b"]


@pytest.mark.parametrize(
    ("twins", "what"),
    [
        ([["a", "zz"]], "person zz: is named as a twin and is not in this family"),
        ([["a", "f"]], "person f: is an identical twin of a but has other parents"),
        ([["a", "b"]], "person b: is an identical twin of a but of another sex"),
        ([["a"]], "person a: is named as a twin of nobody"),
    ],
)
def test_twins_must_be_able_to_be_twins(twins, what):
    people = [Person("f"), Person("a", "f", sex=Sex.MALE), Person("b", "f", sex=Sex.FEMALE)]
    with pytest.raises(PedigreeError) as error:
        Pedigree.build(people, twins=twins)
    assert what in str(error.value)


def test_a_child_of_the_same_year_is_not_older():
    with pytest.raises(PedigreeError):
        Pedigree.build([Person("p", birth_year=1990), Person("x", "p", birth_year=1990)])
    Pedigree.build([Person("p", birth_year=1990), Person("x", "p", birth_year=2010)])


def test_ten_thousand_generations_need_no_recursion():
    people = [Person("0"), *(Person(str(i), str(i - 1)) for i in range(1, 10_000))]
    assert len(Pedigree.build(reversed(people))) == 10_000


def test_unrelated_people_have_no_parents():
    assert [p.father for p in unrelated(Person("a", "f"), Person("b", None, "m")).persons] == [None, None]


def test_joined_and_renamed_pedigrees_are_checked_like_others():
    one = Pedigree.build([Person("a"), Person("b", "a")])
    other = one.renamed({"a": "c", "b": "d"})
    assert [p.id for p in one.joined(other).persons] == ["a", "b", "c", "d"]
    with pytest.raises(PedigreeError, match="listed twice"):
        one.joined(one)


def test_relations_in_words():
    people = Pedigree.build(
        [
            Person("GF"), Person("GM"), Person("F", "GF", "GM"), Person("U", "GF", "GM"), Person("M"), Person("M2"),
            Person("A", "F", "M"), Person("B", "F", "M"), Person("H", "F", "M2"), Person("X"),
        ]
    )  # fmt: skip
    assert relation(people, "A", "F") == "F, father of A"
    assert relation(people, "M", "A") == "M, mother of A"
    assert relation(people, "A", "B") == "A and B, full siblings"
    assert relation(people, "A", "H") == "A and H, half-siblings"
    assert relation(people, "A", "GF") == "GF, grandparent of A"
    assert relation(people, "U", "A") == "U, uncle or aunt of A"
    assert relation(people, "A", "X") == "A and X"


NAMES = st.sampled_from(["a", "b", "c", "d", ""])
PARENTS = st.sampled_from([None, None, "a", "b", "c"])
PERSONS = st.lists(
    st.builds(
        Person,
        NAMES,
        PARENTS,
        PARENTS,
        st.sampled_from(Sex),
        st.sampled_from([None, None, 1950, 1980]),
        st.sampled_from([0.0, 0.0, 0.0, 0.1, 2.0, float("nan")]),
    ),
    max_size=5,
)


def outcome(persons):
    try:
        built = Pedigree.build(persons, family="F7")
    except PedigreeError as error:
        return error.problems
    return built, [built.position(person.id) for person in built.persons]


@given(PERSONS)
def test_a_quick_look_finds_nothing_wrong_where_a_close_one_does_not(persons):
    quickly = outcome(persons)
    with patch("antigone.genetics.pedigrees._plainly_in_order", lambda _: None):
        assert repr(outcome(persons)) == repr(quickly)


def test_persons_of_another_family_are_the_same_persons():
    trio = Pedigree.build([Person("c", "f", "m"), Person("f"), Person("m")], family="F1")
    other = trio.of_family("F2")
    assert other == Pedigree.build(trio.persons, family="F2")
    assert other["c"] is trio["c"]
    assert trio.of_family("F1") is trio
