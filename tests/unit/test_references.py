"""The kind of reference that a missing person has: families by hand, and blood against labels that descend."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Named, Repeat
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.operation import Family, Operation, Settings
from antigone.matching.references import ReferenceKind, kind_of_reference, kinds_of_references
from antigone.scenarios import simulate
from families import pedigree
from oracles.strategies import Family as DrawnFamily
from oracles.strategies import pedigrees

# Grandparents, two uncles of whom one is the father's twin, a half-brother by the mother, siblings of whom two are
# twins, a wife with two children, a second woman with a third.
PEOPLE = Pedigree.build(
    [
        Person("grandfather", sex=Sex.MALE),
        Person("grandmother", sex=Sex.FEMALE),
        Person("father", "grandfather", "grandmother", Sex.MALE),
        Person("twin of father", "grandfather", "grandmother", Sex.MALE),
        Person("uncle", "grandfather", "grandmother", Sex.MALE),
        Person("mother", sex=Sex.FEMALE),
        Person("stepfather", sex=Sex.MALE),
        Person("half-brother", "stepfather", "mother", Sex.MALE),
        Person("half-brother by an unlisted father", None, "mother", Sex.MALE),
        Person("missing", "father", "mother", Sex.MALE),
        Person("brother", "father", "mother", Sex.MALE),
        Person("sister", "father", "mother", Sex.FEMALE),
        Person("twin of sister", "father", "mother", Sex.FEMALE),
        Person("wife", sex=Sex.FEMALE),
        Person("friend", sex=Sex.FEMALE),
        Person("son", "missing", "wife", Sex.MALE),
        Person("daughter", "missing", "wife", Sex.FEMALE),
        Person("son of friend", "missing", "friend", Sex.MALE),
        Person("grandson", "son", None, Sex.MALE),
        Person("mother-in-law", sex=Sex.FEMALE),
    ],
    twins=[{"father", "twin of father"}, {"sister", "twin of sister"}],
)


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("", "none usable"),
        ("missing, father, mother", "direct reference"),
        ("father, mother, brother, son", "both parents"),
        ("twin of father, mother", "both parents"),
        ("mother, son, brother", "parent and child"),
        ("mother, sister", "parent and sibling"),
        ("father, half-brother, uncle", "one parent"),
        ("twin of father", "one parent"),
        ("son, wife", "children and spouse"),
        ("son of friend, wife", "children without spouse"),
        ("daughter, brother", "children without spouse"),
        ("brother, sister", "several siblings"),
        ("sister, twin of sister", "one sibling"),
        ("brother, grandmother", "one sibling"),
        ("half-brother", "half-sibling"),
        ("half-brother by an unlisted father, uncle", "half-sibling"),
        ("grandmother", "distant"),
        ("uncle, wife", "distant"),
        ("grandson", "distant"),
        ("wife", "none usable"),
        ("wife, mother-in-law, stepfather", "none usable"),
    ],
)
def test_a_family_by_hand(typed: str, kind: str) -> None:
    assert kind_of_reference(PEOPLE, "missing", set(typed.split(", ")) - {""}) == kind


def test_an_identical_twin_is_a_kind_of_their_own() -> None:
    assert kind_of_reference(PEOPLE, "twin of sister", {"sister", "mother"}) is ReferenceKind.IDENTICAL_TWIN


def test_another_missing_person_with_a_sample_counts_and_amelogenin_alone_does_not() -> None:
    people = Pedigree.build([Person("m", sex=Sex.FEMALE), Person("a", None, "m"), Person("b", None, "m")])
    read, sexed = {"TH01": (Reading.of(Repeat(6), Repeat(7)),)}, {"AMEL": (Reading.of(Named("X"), Named("Y")),)}
    family = Family("Oak", people, ("a", "b"), {"a": Profile("S1", read), "m": Profile("S2", sexed)})
    operation = Operation("Some", (), (family,), nist_1036_caucasian(), Settings(markers=("TH01",)))
    assert kinds_of_references(operation) == {
        ("Oak", "a"): ReferenceKind.DIRECT,
        ("Oak", "b"): ReferenceKind.HALF_SIBLING,
    }


@given(family=pedigrees(max_people=8, one_parent=True, twins=True), data=st.data())
def test_there_is_a_reference_exactly_where_an_allele_of_one_origin_may_have_reached_both(
    family: DrawnFamily, data: st.DataObject
) -> None:
    """Every founder has a label, and so has every unlisted parent; each person may carry those of both parents."""
    people = pedigree(family)
    labels: dict[str, frozenset[str]] = {}
    for person in people.persons:
        twin = next((other for group in people.twins if person.id in group for other in group if other in labels), None)
        if twin is not None:
            labels[person.id] = labels[twin]
            continue
        sides = [(person.father, "paternal"), (person.mother, "maternal")]
        labels[person.id] = frozenset[str]().union(
            *(labels[parent] if parent else {f"{side} of {person.id}"} for parent, side in sides)
        )
    names = [person.id for person in people.persons]
    missing, typed = data.draw(st.sampled_from(names)), data.draw(st.sets(st.sampled_from(names)))
    shared = any(labels[missing] & labels[other] for other in typed)
    assert (kind_of_reference(people, missing, typed) is not ReferenceKind.NONE) == shared


WRITTEN = {
    "both parents": "both parents",
    "parent and sibling": "parent and sibling",
    "one parent": "one parent",
    "parent and child": "parent and child",
    "parent and half-sibling": "one parent",
    "children and spouse": "children and spouse",
    "children without spouse": "children without spouse",
    "one sibling": "one sibling",
    "several siblings": "several siblings",
    "half-sibling": "half-sibling",
    "grandparents, uncle or aunt": "distant",
    "no donor": "none usable",
}


def test_simulated_families_are_of_the_kind_that_was_written_down() -> None:
    """The simulation knows how it wrote each family; here only the pedigree and the profiles are looked at."""
    none = {"lifetime_sample_share": 0.0, "personal_item_share": 0.0, "reported_twice_share": 0.0}
    scenario = simulate("june-2025", scale=0.02, seed=7, missing=1500, overrides=none)
    kinds = kinds_of_references(scenario.operation)
    assert len(kinds) == 1500
    alone = [family for family in scenario.operation.families if len(family.missing) == 1]
    found = Counter(str(kinds[family.name, family.missing[0]]) for family in alone)
    expected: Counter[str] = Counter()
    for name, count in scenario.story["counts"]["families_by_kind"].items():
        if name in WRITTEN:
            expected[WRITTEN[name]] += count
    assert found == expected
    assert set(found) == set(WRITTEN.values())
