"""Two of the dead who are kin are tried together in families that miss kin, however little the living say of either."""

from dataclasses import replace

import numpy as np
import pytest

from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching import assignment
from antigone.matching.among_the_dead import kin_among_the_dead
from antigone.matching.assignment import Standing, floor_for, joint_answer
from antigone.matching.conclusions import conclude
from antigone.matching.operation import Family, Individual
from antigone.matching.preparation import prepare
from antigone.matching.search import search
from drawn_genotypes import MARKERS, drawn, profile
from small_operation import small_operation

STRANGERS = 12


def brothers_of_an_aunt(rng, base, models, name):
    """Two brothers whose father's sister alone is typed; what is read of them."""
    grandfather, grandmother, mother = (drawn(rng, models) for _ in range(3))
    father, aunt = (drawn(rng, models, grandfather, grandmother) for _ in range(2))
    persons = [
        Person("grandfather", sex=Sex.MALE),
        Person("grandmother", sex=Sex.FEMALE),
        Person("father", "grandfather", "grandmother", Sex.MALE),
        Person("aunt", "grandfather", "grandmother", Sex.FEMALE),
        Person("mother", sex=Sex.FEMALE),
        *(Person(f"{name}{k}", "father", "mother", Sex.MALE) for k in (1, 2)),
    ]
    family = Family(
        name, Pedigree.build(persons), (f"{name}1", f"{name}2"), {"aunt": profile(f"A{name}", models, aunt)}
    )
    return family, [drawn(rng, models, father, mother) for _ in range(2)]


@pytest.fixture(scope="module")
def operation():
    """Two families alike; the sons of the first are among the dead, with strangers."""
    base = small_operation()
    markers = (*MARKERS, "D16S539", "D2S1338", "D19S433", "CSF1PO", "TPOX", "D1S1656", "D12S391")
    settings = replace(base.settings, markers=markers, prior=0.5, threshold=4.0)
    base = replace(base, settings=settings, individuals=(), families=())
    models = prepare(base).models
    rng = np.random.default_rng(4)
    first, sons = brothers_of_an_aunt(rng, base, models, "S")
    second, _ = brothers_of_an_aunt(rng, base, models, "T")
    read = [*sons, *(drawn(rng, models) for _ in range(STRANGERS))]
    dead = [Individual(f"R{k}", profile(f"B{k}", models, one), Sex.MALE) for k, one in enumerate(read)]
    return replace(base, individuals=tuple(dead), families=(first, second))


@pytest.fixture
def large(monkeypatch):
    """Pairs below the floor are not kept, as in a large search."""
    monkeypatch.setattr(assignment.candidates, "SMALL", 0)


def test_brothers_whom_an_aunt_hardly_knows_are_found_together(operation, large):
    result = search(operation, keep=1.5)
    assert not len(result.kept)  # neither pair by itself would have been looked at
    without = joint_answer(result)
    assert without.components == ()
    kin = kin_among_the_dead(operation.individuals, result.prepared, operation.settings)
    assert [(one.first, one.second) for one in kin.pairs] == [("R0", "R1")]
    answer = joint_answer(result, kin=kin)
    (together,) = answer.symmetric
    assert (together.individuals, together.missing) == ((0, 1), (0, 1))
    assert together.posterior > 0.9
    assert {answer.pair(i, m).standing for i in (0, 1) for m in (0, 1)} == {Standing.SYMMETRIC}


def test_what_is_found_is_what_keeping_every_pair_would_have_found(operation, large):
    result = search(operation, keep=1.5)
    kin = kin_among_the_dead(operation.individuals, result.prepared, operation.settings)
    found = joint_answer(result, kin=kin)
    everything = joint_answer(search(operation, keep=-np.inf))
    for i in (0, 1):
        for m in (0, 1):
            mine, all_ = found.pair(i, m), everything.pair(i, m)
            assert mine.lowest - 1e-9 <= all_.posterior[0] <= mine.highest + 1e-9
            assert mine.posterior[0] == pytest.approx(all_.posterior[0], abs=0.02)


def test_conclusions_try_the_kin_among_the_dead(operation, large, monkeypatch):
    monkeypatch.setattr("antigone.matching.conclusions.floor_for", lambda _: 1.5)
    found = conclude(operation, reassociation=False)
    assert {(case.individual, case.missing) for case in found.cases} == {(i, m) for i in (0, 1) for m in (0, 1)}
    # One typed relative who tells neither from the other: a lead, and nobody is named.
    assert not any(judgement.passed for case in found.cases for judgement in case.judgements)


def test_where_every_pair_is_kept_nothing_is_added(operation):
    assert floor_for(operation) == -np.inf
    result = search(operation, keep=-np.inf)
    kin = kin_among_the_dead(operation.individuals, result.prepared, operation.settings)
    one, other = joint_answer(result), joint_answer(result, kin=kin)
    assert one.components == other.components
