"""Lumping: exact or not at all."""

import numpy as np
import pytest

from antigone.genetics.alleles import Repeat
from antigone.genetics.lumping import coarsest_lumping, lumped
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import Equal, Mutation, NoMutation, Proportional, Stepwise
from families import model

P = (0.1, 0.2, 0.3, 0.15, 0.25)
ALLELES = [Repeat(9 + i) for i in range(5)]


def built(female, male) -> MarkerModel:
    return MarkerModel.build("m", ALLELES, P, Mutation(female, male))


@pytest.mark.parametrize("mutation", [NoMutation(), Equal(0.01), Proportional(0.01)])
def test_alleles_that_nobody_carries_become_one(mutation):
    assert coarsest_lumping(built(mutation, mutation), [0, 0, 1, 0, 2]).tolist() == [0, 0, 1, 0, 2]


def test_stepwise_mutation_cannot_be_lumped():
    assert coarsest_lumping(built(Stepwise(0.01), Stepwise(0.01)), [0, 0, 0, 0, 1]).tolist() == [0, 1, 2, 3, 4]


def test_one_lumpable_sex_is_not_enough():
    # A peer lumps where either sex would allow it, and is wrong (SEMANTICS 10).
    for female, male in [(Equal(0.01), Stepwise(0.01)), (Stepwise(0.01), Equal(0.01))]:
        assert coarsest_lumping(built(female, male), [0, 0, 0, 0, 1]).tolist() == [0, 1, 2, 3, 4]


def test_classes_that_step_alike_are_found():
    # Two groups that mutate within themselves alike: neither all together nor all apart.
    matrix = np.array([[0.9, 0.1, 0, 0], [0.1, 0.9, 0, 0], [0, 0, 0.8, 0.2], [0, 0, 0.2, 0.8]])
    assert coarsest_lumping(model((0.25,) * 4, matrix, matrix), [0, 0, 1, 2]).tolist() == [0, 0, 1, 2]


def test_the_silent_allele_stays_by_itself():
    assert coarsest_lumping(model((0.25,) * 4, silent=3), [0, 0, 0, 0]).tolist() == [0, 0, 0, 1]


def test_a_lumped_marker_is_a_marker():
    small = lumped(built(Equal(0.01), Proportional(0.01)), np.array([0, 0, 1, 0, 2]))
    assert small.frequencies.tolist() == pytest.approx([0.45, 0.3, 0.25])
    assert np.allclose(small.female.sum(axis=1), 1)
    assert small.female[0, 1] == pytest.approx(0.0025)
