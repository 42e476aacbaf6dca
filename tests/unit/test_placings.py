"""Several of one family: every way to place the bodies counts, or a way that was not looked at makes others certain."""

from dataclasses import replace

import numpy as np
import pytest

from antigone.genetics.alleles import Named
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.assignment import Standing, joint_answer
from antigone.matching.assignment.families import indistinguishable_missing
from antigone.matching.conclusions import conclude
from antigone.matching.operation import Family, Individual
from antigone.matching.search import search
from drawn_genotypes import MARKERS, drawn, profile
from small_operation import small_operation


@pytest.fixture(scope="module")
def three_sisters():
    """A mother and her three daughters are missing; the father and the grandmother are typed. All four are received."""
    from antigone.matching.preparation import prepare

    base = small_operation()
    operation = replace(base, settings=replace(base.settings, markers=MARKERS, prior=0.9), individuals=(), families=())
    models = prepare(operation).models
    rng = np.random.default_rng(11)
    grandfather, grandmother, father = (drawn(rng, models) for _ in range(3))
    mother = drawn(rng, models, grandfather, grandmother)
    daughters = [drawn(rng, models, father, mother) for _ in range(3)]
    persons = [
        Person("grandfather", sex=Sex.MALE),
        Person("grandmother", sex=Sex.FEMALE),
        Person("father", sex=Sex.MALE),
        Person("mother", "grandfather", "grandmother", Sex.FEMALE),
        *(Person(f"daughter{k}", "father", "mother", Sex.FEMALE) for k in (1, 2, 3)),
    ]
    missing = ("mother", "daughter1", "daughter2", "daughter3")
    typed = {"father": profile("S1", models, father), "grandmother": profile("S2", models, grandmother)}
    family = Family("F", Pedigree.build(persons), missing, typed)
    dead = [
        Individual(f"R{k}", profile(f"B{k}", models, one), Sex.FEMALE) for k, one in enumerate([mother, *daughters])
    ]
    return replace(operation, individuals=tuple(dead), families=(family,))


def test_three_sisters_are_symmetric_and_their_mother_is_told(three_sisters):
    answer = joint_answer(search(three_sisters, keep=-np.inf))
    (together,) = answer.symmetric
    assert (together.individuals, together.missing) == ((1, 2, 3), (1, 2, 3))
    assert together.posterior > 0.999
    for individual in (1, 2, 3):
        for missing in (1, 2, 3):
            pair = answer.pair(individual, missing)
            assert pair.posterior == pytest.approx((1 / 3, 1 / 3), abs=1e-3)
            assert pair.standing is Standing.SYMMETRIC
    assert answer.pair(0, 0).posterior[0] > 0.999
    assert answer.incomplete == ()


def test_nobody_of_a_symmetric_set_passes_a_policy(three_sisters):
    conclusions = conclude(three_sisters, reassociation=False)
    passed = {case.individual for case in conclusions.cases if case.judged_by("posterior alone").passed}
    assert passed == {0}


def test_where_not_every_way_was_computed_nobody_passes(three_sisters, monkeypatch):
    from antigone.matching.assignment import families

    def give_up(*_):
        yield from ()
        return families._Every(None)

    monkeypatch.setattr(families, "_every_placing", give_up)
    conclusions = conclude(three_sisters, reassociation=False)
    assert conclusions.joint.incomplete == ("F",)
    assert not any(judgement.passed for case in conclusions.cases for judgement in case.judgements)


def test_a_placing_too_large_for_a_table_names_the_family_and_stops_nothing(three_sisters, monkeypatch):
    from antigone.matching.assignment import placed_tables

    ask = placed_tables.PlacedTables.answers

    def refuse(self, questions):
        answers = ask(self, questions)
        return [None if len(q.placed) > 1 else one for q, one in zip(questions, answers, strict=True)]

    monkeypatch.setattr(placed_tables.PlacedTables, "answers", refuse)
    assert joint_answer(search(three_sisters, keep=-np.inf)).incomplete == ("F",)


def test_who_is_alike(three_sisters):
    (family,) = three_sisters.families
    assert indistinguishable_missing(family) == [("daughter1", "daughter2", "daughter3")]
    typed = replace(family, profiles={**family.profiles, "daughter2": family.profiles["father"]})
    assert indistinguishable_missing(typed) == [("daughter1", "daughter3")]


@pytest.fixture(scope="module")
def brother_and_sister():
    """Both are missing, their parents typed; the brother alone was received."""
    from antigone.matching.preparation import prepare

    base = small_operation()
    operation = replace(base, settings=replace(base.settings, markers=MARKERS, prior=0.9), individuals=(), families=())
    models = prepare(operation).models
    rng = np.random.default_rng(3)
    father, mother = drawn(rng, models), drawn(rng, models)
    persons = [
        Person("father", sex=Sex.MALE),
        Person("mother", sex=Sex.FEMALE),
        Person("brother", "father", "mother", Sex.MALE),
        Person("sister", "father", "mother", Sex.FEMALE),
    ]
    typed = {"father": profile("S1", models, father), "mother": profile("S2", models, mother)}
    family = Family("F", Pedigree.build(persons), ("brother", "sister"), typed)
    body = profile("B1", models, drawn(rng, models, father, mother))
    return replace(operation, individuals=(Individual("R1", body),), families=(family,))


def with_amelogenin(operation, *alleles):
    (one,) = operation.individuals
    readings = {**one.profile.readings, "AMEL": (Reading.of(*(Named(allele) for allele in alleles)),)}
    return replace(operation, individuals=(replace(one, profile=Profile("B1", readings)),))


def test_amelogenin_tells_a_brother_from_a_sister(brother_and_sister):
    unknown = joint_answer(search(brother_and_sister, keep=-np.inf))
    assert unknown.pair(0, 0).posterior[0] == pytest.approx(unknown.pair(0, 1).posterior[0])
    for alleles, right, wrong in ((("X", "Y"), 0, 1), (("X", "X"), 1, 0)):
        answer = joint_answer(search(with_amelogenin(brother_and_sister, *alleles), keep=-np.inf))
        known, other = answer.pair(0, right), answer.pair(0, wrong)
        assert other.posterior[0] / known.posterior[0] == pytest.approx(0.002)  # its error rate, and nothing else
        assert known.posterior[0] > 0.99
        assert (other.standing, other.why) == (Standing.EXCLUDED, "amelogenin shows the other sex")
