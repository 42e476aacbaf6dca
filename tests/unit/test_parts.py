"""Several individuals of one search may be parts of one missing person."""

import math
from dataclasses import replace

import numpy as np
import pytest

from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.assignment import Standing, joint_answer
from antigone.matching.assignment.packing import Option, Packing
from antigone.matching.assignment.parts import PartOdds
from antigone.matching.assignment.plan import make_plan
from antigone.matching.assignment.posterior import Cut, Pairs, posterior
from antigone.matching.operation import Family, Individual
from antigone.matching.preparation import prepare
from antigone.matching.search import search
from small_operation import small_operation

MARKERS = ("D3S1358", "TH01", "FGA", "vWA", "D8S1179", "D21S11", "D18S51", "D5S818")


def drawn(rng, models):
    return [tuple(int(a) for a in rng.choice(len(m), 2, p=m.frequencies / m.frequencies.sum())) for m in models]


def profile(sample, models, genotypes):
    readings = {
        model.name: (Reading.of(model.alleles[a], model.alleles[b]),)
        for model, (a, b) in zip(models, genotypes, strict=True)
    }
    return Profile(sample, readings)


def parts_of_one_man(read_first=slice(0, 8), read_second=slice(0, 8), elements=((), ())):
    """A man with a reference of his own came in two bags, which nobody put together; a stranger came with him."""
    base = small_operation()
    operation = replace(base, settings=replace(base.settings, markers=MARKERS, prior=0.9), individuals=(), families=())
    models = prepare(operation).models
    rng = np.random.default_rng(5)
    man, stranger = drawn(rng, models), drawn(rng, models)
    family = Family("F", Pedigree.build([Person("M", sex=Sex.MALE)]), ("M",), {"M": profile("S", models, man)})
    other = Family(
        "G", Pedigree.build([Person("N", sex=Sex.MALE)]), ("N",), {"N": profile("T", models, drawn(rng, models))}
    )
    dead = [
        Individual("R1", profile("B1", models[read_first], man[read_first]), Sex.MALE, bag="1", transfer="T1"),
        Individual("R2", profile("B2", models[read_second], man[read_second]), Sex.MALE, bag="2", transfer="T1"),
        Individual("R3", profile("B3", models, stranger), Sex.MALE, bag="3", transfer="T1"),
    ]
    dead = [replace(one, elements=these) for one, these in zip(dead, (*elements, ()), strict=True)]
    return replace(operation, individuals=tuple(dead), families=(family, other))


def test_two_parts_of_one_man_are_both_him():
    answer = joint_answer(search(parts_of_one_man(), keep=-np.inf), parts=True)
    for individual in (0, 1):
        assert answer.pair(individual, 0).posterior[0] > 0.999
    assert answer.pair(0, 0).standing is Standing.LEADING
    assert "part of one person with R2" in answer.pair(0, 0).why
    assert answer.pair(2, 0) is None or answer.pair(2, 0).posterior[1] < 1e-6


def test_without_parts_one_of_them_would_be_nobody():
    answer = joint_answer(search(parts_of_one_man(), keep=-np.inf))
    assert answer.pair(0, 0).posterior[0] + answer.pair(1, 0).posterior[0] == pytest.approx(1.0, abs=1e-6)


def test_who_has_one_element_twice_is_two_people():
    operation = parts_of_one_man(elements=(("skull",), ("skull",)))
    answer = joint_answer(search(operation, keep=-np.inf), parts=True)
    assert answer.pair(0, 0).posterior[0] + answer.pair(1, 0).posterior[0] == pytest.approx(1.0, abs=1e-6)


def test_the_odds_of_two_parts_are_those_of_reassociation():
    dead = [
        Individual(f"R{k}", Profile(f"S{k}", {}), sex, bag=bag, transfer=transfer)
        for k, (sex, bag, transfer) in enumerate(
            [
                (Sex.MALE, "1", "T1"),
                (Sex.MALE, "1", "T1"),
                (Sex.MALE, "2", "T1"),
                (Sex.MALE, "3", "T2"),
                (Sex.FEMALE, "1; 9", "T1; T2"),
            ]
        )
    ]
    odds = PartOdds(dead)
    assert 10 ** odds(0, 1) == pytest.approx(0.1)
    assert 10 ** odds(0, 2) == pytest.approx(0.2 / 3)  # three others came with T1
    assert 10 ** odds(0, 3) == pytest.approx(0.1 / 3)  # three lie outside the smaller of both transfers
    assert 10 ** odds(0, 4) == pytest.approx(0.1 * 2 * 0.01)  # of one bag, but a man and a woman
    assert odds(0, 3) == odds(3, 0)


def test_the_posterior_with_parts_is_that_of_every_assignment_listed():
    """Two persons listed, three individuals; person 0 may be 0, 1, or both of them, person 1 is 2 or 0."""
    options = [
        Option(0, ((0, 0),), math.log(50.0)),
        Option(0, ((0, 1),), math.log(8.0)),
        Option(0, ((0, 0), (0, 1)), math.log(50.0 * 30.0 * 0.2)),
        Option(1, ((1, 0),), math.log(3.0)),
        Option(1, ((1, 2),), math.log(20.0)),
    ]
    odds = np.array([0.5, 2.0, 1.5])
    plan = make_plan(Packing.of(options, individuals=3, missing_of=[0, 1]))
    pairs = Pairs.of(plan.packing)
    nothing = np.zeros(3)
    cut = Cut(nothing, nothing, lambda _: np.zeros(2))
    found = posterior(plan, pairs, "p", odds, 2, cut, np.random.default_rng(1))

    # By hand: k persons named weigh (2 - k)!/2!; a further part has no odds of its own, they are in its ratio.
    weights: dict[tuple[int, ...], float] = {}
    for first in (None, 0, 1, 2):
        for second in (None, 3, 4):
            chosen = [o for o in (first, second) if o is not None]
            taken = [i for o in chosen for _, i in options[o].placed]
            if len(set(taken)) < len(taken):
                continue
            weight = {0: 1.0, 1: 1 / 2, 2: 1 / 2}[len(chosen)]
            for o in chosen:
                weight *= math.exp(options[o].log_lr) * odds[options[o].placed[0][1]]
            weights[tuple(chosen)] = weight
    total = sum(weights.values())
    for k, (m, i) in enumerate(zip(pairs.missing.tolist(), pairs.individual.tolist(), strict=True)):
        want = sum(w for chosen, w in weights.items() if any((m, i) in options[o].placed for o in chosen)) / total
        assert found.pair[k] == pytest.approx(want, abs=1e-9)
