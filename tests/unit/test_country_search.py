"""The search at the scale of a country says of every hit what the search of all pairs says, and loses none."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_batched_tables import KINDS, Drawn, linked, several_brothers

from antigone.matching import batched_tables
from antigone.matching.country_search import CountryHits, search_country
from antigone.matching.search import search
from examples import examples
from small_operation import small_operation

__all__ = ["linked"]  # a fixture that all tests use


def same_hits(found: CountryHits, operation, threshold: float, *, rel: float = 0.0) -> None:
    """The pairs of the search that computes all of them, and what it sums below the threshold within the bounds."""
    every = search(operation, keep=threshold, coincidences=False)
    assert found.individual.tolist() == every.kept.individual.tolist()
    searched = [j for j in range(len(operation.missing_persons())) if j not in dict(found.refused)]
    assert found.missing.tolist() == [searched[j] for j in every.kept.missing]
    if rel:
        np.testing.assert_allclose(found.log10_lr, every.kept.log10_lr, rtol=rel, atol=rel)
    else:
        np.testing.assert_array_equal(found.log10_lr, every.kept.log10_lr)
    assert found.pairs == every.compared
    assert np.all(found.cut_lr <= every.cut_lr * 1.005 + 1e-300)
    assert np.all(found.most_cut_lr >= every.cut_lr * (1 - 1e-9))
    assert np.all(found.most_cut_lr_of_missing[searched] >= every.cut_lr_of_missing * (1 - 1e-9))
    unreachable = [searched.index(j) for j in found.cannot_reach.tolist() if j in searched]
    assert np.all(every.highest[unreachable] < threshold)


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@examples(12)
def test_hits_are_those_of_the_search_of_all_pairs(kind, data):
    operation = Drawn(data, **KINDS[kind]).operation
    threshold = data.draw(st.sampled_from([-300.0, -1.0137, 0.2537, 1.5137]))
    found = search_country(operation, threshold=threshold)
    same_hits(found, operation, threshold, rel=1e-9)


def test_linked_markers_are_weighed_together_where_they_matter():
    operation = several_brothers()
    found = search_country(operation, threshold=0.5)
    assert len(found) > 10
    same_hits(found, operation, 0.5, rel=1e-9)
    apart = search_country(replace(operation, settings=replace(operation.settings, linkage=False)), threshold=0.5)
    assert len(apart) != len(found)


@pytest.mark.parametrize("linkage", [False, True])
def test_the_number_of_threads_changes_no_byte(monkeypatch, linkage):
    operation = several_brothers()
    operation = replace(operation, settings=replace(operation.settings, linkage=linkage))
    monkeypatch.setattr(batched_tables, "BLOCK", 3)
    one, four = (search_country(operation, threshold=-1.0, threads=threads) for threads in (1, 4))
    for name in ("individual", "missing", "log10_lr", "cut_lr", "cut_lr_of_missing", "most_cut_lr", "cannot_reach"):
        assert getattr(one, name).tobytes() == getattr(four, name).tobytes()
    same_hits(one, operation, -1.0, rel=1e-9)


def test_the_best_of_each_by_hand():
    found = search_country(small_operation(), threshold=-300.0)
    assert len(found) == 6  # R1, R2 and R3 with the son of the first family and the daughter of the second
    by_individual = found.best_by_individual(1)
    assert found.individual[by_individual].tolist() == [0, 1, 2]
    assert found.missing[by_individual].tolist() == [0, 1, 1]
    by_missing = found.best_by_missing(2)
    assert found.missing[by_missing].tolist() == [0, 0, 1, 1]
    assert found.individual[by_missing].tolist() == [0, 1, 1, 2]
    assert np.all(np.diff(found.log10_lr[by_missing])[[0, 2]] < 0)


def test_nobody_dead_or_nobody_missing():
    operation = small_operation()
    for empty in (replace(operation, individuals=()), replace(operation, families=())):
        found = search_country(empty)
        assert len(found) == found.pairs == 0
        assert found.best_by_individual(3).tolist() == []
