"""Genotypes by chance, against what they must be on average."""

import numpy as np
import pytest

from antigone.genetics.alleles import Repeat
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.simulation import drifted_frequencies, drop_alleles

P = np.array([0.1, 0.2, 0.3, 0.4])
MUTATION = Mutation(Stepwise(0.02), Stepwise(0.1))


def marker(name: str, *, x_linked: bool = False) -> MarkerModel:
    return MarkerModel.build(name, [Repeat(10 + i) for i in range(4)], P, MUTATION, x_linked=x_linked)


def trios(count: int):
    """Fathers, mothers, children, in that order."""
    none, fathers = np.full(2 * count, -1), np.arange(count)
    return np.concatenate([none, fathers]), np.concatenate([none, fathers + count])


def test_founders_follow_the_frequencies():
    none = np.full(40_000, -1)
    drawn = drop_alleles(none, none, [marker("A")], np.random.default_rng(1))
    share = np.bincount(drawn.ravel(), minlength=4) / drawn.size
    assert np.allclose(share, P, atol=4 * np.sqrt(0.25 / drawn.size))


def test_children_get_one_allele_of_each_parent_but_for_mutation():
    count = 20_000
    father, mother = trios(count)
    drawn = drop_alleles(father, mother, [marker("A")], np.random.default_rng(2))[:, 0]
    fathers, mothers, children = drawn[:count], drawn[count : 2 * count], drawn[2 * count :]
    from_father = (children[:, [0]] == fathers).any(axis=1).mean()
    from_mother = (children[:, [1]] == mothers).any(axis=1).mean()
    # A mutated allele may still be the parent's other one; the rates bound how often it is not.
    assert 0.9 < from_father < 1.0
    assert 0.98 < from_mother < 1.0


def test_linked_markers_stay_together_with_their_recombination_fraction():
    count = 20_000
    father, mother = trios(count)
    models = [MarkerModel.build(name, [Repeat(10 + i) for i in range(4)], P) for name in ("A", "B")]
    drawn = drop_alleles(father, mother, models, np.random.default_rng(3), linked=[LinkedPair("A", "B", 0.1, "t")])
    fathers, children = drawn[:count], drawn[2 * count :]
    informative = (fathers[:, :, 0] != fathers[:, :, 1]).all(axis=1)
    grandfather = children[informative, :, 0] == fathers[informative, :, 0]
    recombined = (grandfather[:, 0] != grandfather[:, 1]).mean()
    assert abs(recombined - 0.1) < 4 * np.sqrt(0.09 / informative.sum())


def test_a_father_gives_his_only_x_to_daughters_and_none_to_sons():
    count = 2_000
    father, mother = trios(count)
    male = np.concatenate([np.ones(count, bool), np.zeros(count, bool), np.arange(count) % 2 == 0])
    plain = MarkerModel.build("DXS1", [Repeat(10 + i) for i in range(4)], P, x_linked=True)
    drawn = drop_alleles(father, mother, [plain], np.random.default_rng(4), male=male)[:, 0]
    children, sons = drawn[2 * count :], male[2 * count :]
    assert (drawn[male, 0] == drawn[male, 1]).all()
    assert (children[~sons, 0] == drawn[:count, 0][~sons]).all()
    assert (children[sons][:, [1]] == drawn[count : 2 * count][sons]).any(axis=1).all()


def test_the_same_seed_gives_the_same_people():
    father, mother = trios(50)
    one, two = (drop_alleles(father, mother, [marker("A")], np.random.default_rng(7)) for _ in range(2))
    assert (one == two).all()


def test_populations_drift_by_fst():
    rng = np.random.default_rng(5)
    drifted = np.array([drifted_frequencies(P, 0.05, rng) for _ in range(4000)])
    assert np.allclose(drifted.mean(axis=0), P, atol=0.01)
    # Var = Fst p (1 − p)
    assert np.allclose(drifted.var(axis=0), 0.05 * P * (1 - P), rtol=0.15)
    assert drifted_frequencies(P, 0.0, rng) is P


def test_a_child_before_its_parent_is_refused():
    with pytest.raises(ValueError, match="person 0 comes before a parent"):
        drop_alleles(np.array([1, -1]), np.array([-1, -1]), [marker("A")], np.random.default_rng(0))


def test_x_linked_markers_need_sexes():
    with pytest.raises(ValueError, match="need everybody's sex"):
        drop_alleles(np.array([-1]), np.array([-1]), [marker("X", x_linked=True)], np.random.default_rng(0))
