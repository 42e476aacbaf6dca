"""Problems side by side have the numbers that each has by itself, digit by digit."""

from unittest.mock import patch

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from antigone.genetics import lanes, likelihood
from antigone.genetics.likelihood import Options, typed_log_likelihoods
from antigone.genetics.pedigrees import Sex
from examples import examples
from families import model as marker_model
from families import pedigree as engine_pedigree
from oracles.strategies import frequencies, mutation_pairs, pedigrees


@given(data=st.data(), x_linked=st.booleans(), seed=st.integers(0, 2**32 - 1))
@examples(12)
def test_side_by_side_and_one_by_one_agree_in_every_digit(data: st.DataObject, x_linked: bool, seed: int) -> None:
    people = engine_pedigree(data.draw(pedigrees(6, one_parent=True, unknown_sex=False)))
    tables = [list(data.draw(frequencies(2, 5))) for _ in range(3)]
    mutations = [data.draw(mutation_pairs(p)) for p in tables]
    models = [
        marker_model(p, mutation.male, mutation.female, x_linked=x_linked)
        for p, mutation in zip(tables, mutations, strict=True)
    ]
    assume(len(people) > 0)
    rng = np.random.default_rng(seed)
    sizes = np.array([len(model) for model in models])[None, :, None, None]
    codes = rng.integers(0, sizes, (60, 3, len(people), 2))
    if x_linked:
        men = [k for k, person in enumerate(people.persons) if person.sex is Sex.MALE]
        codes[:, :, men, 1] = codes[:, :, men, 0]
    codes[np.broadcast_to(rng.random(codes.shape[:3]) < 0.2, codes.shape[:3])] = -1
    options = Options(lump=False)
    with patch.object(lanes, "FEWEST", 1), patch.object(likelihood, "evaluate_alike", lanes.evaluate_alike):
        together = typed_log_likelihoods(people, models, codes, options)
    with patch.object(likelihood, "evaluate_alike", likelihood.evaluate):
        alone = typed_log_likelihoods(people, models, codes, options)
    np.testing.assert_array_equal(together, alone)
