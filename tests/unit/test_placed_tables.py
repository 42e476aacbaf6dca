"""Many families with bodies in them at once, against one after another."""

from dataclasses import replace

import numpy as np
import pytest

from antigone.genetics.likelihood import log_likelihoods
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.assignment.bodies import Bodies
from antigone.matching.assignment.placed_tables import PlacedTables, Question
from antigone.matching.classes import marker_classes, sex_of
from antigone.matching.operation import DropOut, Family, Individual, SampleErrors
from antigone.matching.preparation import prepare
from small_operation import small_operation

MARKERS = ("D3S1358", "TH01", "FGA", "vWA")
PERSONS = (
    Person("grandfather", sex=Sex.MALE),
    Person("grandmother", sex=Sex.FEMALE),
    Person("father", "grandfather", "grandmother", Sex.MALE),
    Person("mother", sex=Sex.FEMALE),
    Person("A", "father", "mother", Sex.MALE),
    Person("B", "father", "mother", Sex.FEMALE),
    Person("S", "father", "mother", Sex.MALE),
)


def some_profile(rng, models, sample, share=0.8):
    """Genotypes by chance; some markers not read, some with one allele seen and the other left open."""
    readings = {}
    for model in models:
        if rng.random() < share:
            a, b = rng.choice(len(model), 2, p=model.frequencies / model.frequencies.sum())
            reading = Reading.of(model.alleles[a], model.alleles[b])
            if rng.random() < 0.2:
                reading = Reading((model.alleles[a],), Reads.OTHER_UNSEEN)
            readings[model.name] = (reading,)
    return Profile(sample, readings)


def some_bodies(seed, *, theta=0.0):
    rng = np.random.default_rng(seed)
    base = small_operation()
    settings = replace(base.settings, markers=MARKERS, theta=theta, remains=SampleErrors(DropOut(0.05), 0.02))
    operation = replace(base, settings=settings, individuals=(), families=())
    models = prepare(operation).models
    individuals = tuple(
        Individual(f"R{k}", some_profile(rng, models, f"B{k}"), (Sex.MALE, Sex.FEMALE)[k % 2]) for k in range(9)
    )
    families = []
    for f in range(4):
        typed = {name: some_profile(rng, models, f"{f}{name}", 0.9) for name in ("S", "mother", "A")[: 1 + f % 3]}
        families.append(Family(f"F{f}", Pedigree.build(list(PERSONS)), ("father", "A", "B"), typed))
    operation = replace(operation, individuals=individuals, families=tuple(families))
    prepared = prepare(operation)
    classes = marker_classes(individuals, prepared.models, settings)
    sexes = np.array([str(sex_of(one)) for one in individuals])
    return Bodies(individuals, classes, sexes, prepared, settings), families


def questions_of(families, among=tuple(range(9))):
    placed = ((), (("A", 0),), (("A", 3), ("B", 1)), (("father", 2),), (("A", 4), ("father", 0)))
    return [
        Question(family, one, person, among)
        for family in families
        for one in placed
        for person in family.missing
        if person not in dict(one)
    ]


@pytest.mark.parametrize("theta", [0.0, 0.02])
@pytest.mark.parametrize("seed", [1, 2])
def test_together_as_one_by_one(seed, theta):
    bodies, families = some_bodies(seed, theta=theta)
    questions = questions_of(families[: 4 if not theta else 1])
    tables = PlacedTables(bodies, 9, np.full(9, -np.inf))
    for question, answer in zip(questions, tables.answers(questions), strict=True):
        want = bodies.log10_lrs(question.family, dict(question.placed), question.person)
        assert [i for i, _ in answer] == list(range(9))
        np.testing.assert_allclose([log10 for _, log10 in answer], want, rtol=1e-9, atol=1e-9)


def test_of_everybody_the_best_that_reach_their_floor_and_none_twice():
    bodies, families = some_bodies(3)
    floor = np.full(9, -0.5)
    floor[5] = 99.0
    questions = questions_of(families, among=None)
    for question, answer in zip(questions, PlacedTables(bodies, 3, floor).answers(questions), strict=True):
        logs = bodies.log10_lrs(question.family, dict(question.placed), question.person)
        free = [i for i in range(9) if i not in dict(question.placed).values()]
        best = sorted(free, key=lambda i: -logs[i])[:3]
        assert [i for i, _ in answer] == [i for i in best if logs[i] >= floor[i]]


def test_the_number_of_threads_changes_nothing():
    bodies, families = some_bodies(4)
    questions = questions_of(families)
    floor = np.full(9, -np.inf)
    one, four = (PlacedTables(bodies, 9, floor, threads=n).answers(questions) for n in (1, 4))
    assert one == four


def test_the_order_in_which_bodies_are_placed_changes_nothing_and_the_product_is_the_joint_ratio():
    # One of the markers was read of no living relative, and mutation changes the frequencies of alleles there.
    rng = np.random.default_rng(5)
    base = small_operation()
    mutation = Mutation(Stepwise(0.001, 0.1, 1e-4), Stepwise(0.03, 0.1, 1e-4))
    settings = replace(base.settings, markers=MARKERS, mutation=mutation, remains=SampleErrors(DropOut(0.05), 0.02))
    operation = replace(base, settings=settings, individuals=(), families=())
    models = prepare(operation).models
    individuals = tuple(Individual(f"R{k}", some_profile(rng, models, f"B{k}", 1.0), Sex.MALE) for k in range(3))
    typed = some_profile(rng, models[:-1], "S1", 1.0)
    brothers = [replace(one, sex=Sex.MALE) if one.id == "B" else one for one in PERSONS]
    family = Family("F", Pedigree.build(brothers), ("A", "B"), {"mother": typed})
    operation = replace(operation, individuals=individuals, families=(family,))
    prepared = prepare(operation)
    classes = marker_classes(individuals, prepared.models, settings)
    bodies = Bodies(individuals, classes, np.array(["M"] * 3), prepared, settings)
    tables = PlacedTables(bodies, 3, np.full(3, -np.inf))

    def ratio(first, i, second, j):
        (one,), (other,) = tables.answers(
            [Question(family, (), first, (i,)), Question(family, ((first, i),), second, (j,))]
        )
        return one[1] + other[1]

    for i, j in ((0, 1), (1, 2), (0, 2)):
        together, alone = (
            log_likelihoods(family.pedigree, prepared.models, bodies._with_bodies(family, placed)).sum()
            for placed in ({"A": i, "B": j}, {})
        )
        strangers = sum(
            log_likelihoods(stranger, prepared.models, bodies._with_bodies(beside, {"A": k})).sum()
            for k in (i, j)
            for stranger in [Pedigree.build([Person("A", sex=Sex.MALE)])]
            for beside in [Family("nobody", stranger, ("A",), {})]
        )
        joint = (together - alone - strangers) / np.log(10)
        every = [ratio("A", i, "B", j), ratio("B", j, "A", i), ratio("B", i, "A", j), ratio("A", j, "B", i)]
        np.testing.assert_allclose(every, joint, atol=1e-9)
