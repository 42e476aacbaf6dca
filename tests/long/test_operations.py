"""Whole operations with known truth, larger and crueller than the ordinary tests have time for."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import numpy as np
import pytest

from antigone.formats.case_folder import read_case_folder, write_case_folder
from antigone.matching.hits import hits
from antigone.matching.search import search
from antigone.scenarios import simulate

pytestmark = pytest.mark.long


def searched(tmp_path, **chosen):
    scenario = simulate("june-2025", **chosen)
    write_case_folder(scenario.operation, tmp_path / "case", truth=scenario.truth)
    operation = read_case_folder(tmp_path / "case")
    return scenario, search(operation)


def true_pairs(scenario) -> set[tuple[str, str]]:
    pairs = {(row.remains, row.missing_person) for row in scenario.truth if row.missing_person}
    again = {
        (row.remains, row.reported_again.split("/")[-1])
        for row in scenario.truth
        if row.missing_person and row.reported_again
    }
    return pairs | again


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_chance_brings_no_more_hits_than_expected_to_unrelated_pairs(tmp_path, seed):
    scenario, result = searched(tmp_path, scale=0.05, seed=seed, missing=400)
    truth = true_pairs(scenario)
    related = {row.remains: row.family for row in scenario.truth if row.family}
    strangers = [
        hit
        for hit in hits(result)
        if (hit.individual.id, hit.missing_person) not in truth and related.get(hit.individual.id) != hit.family.name
    ]
    expected = result.coincidences.at_least(result.operation.settings.threshold)[1]
    # Poisson: ten times the expectation and three more would be a wrong count, not bad luck.
    assert len(strangers) <= 10 * expected + 3


def test_the_distribution_of_unrelated_pairs_is_the_expected_one(tmp_path):
    """Nobody found is in the register: every pair is unrelated, and the whole picture must fit."""
    dead = simulate("june-2025", scale=0.05, seed=11, missing=300).operation
    register = simulate("june-2025", scale=0.05, seed=12, missing=300).operation
    from dataclasses import replace

    result = search(replace(dead, families=register.families))
    expected = result.coincidences.histogram(result.edges)
    observed = result.histogram
    for low, high in [(-12.0, -8.0), (-8.0, -5.0), (-5.0, -3.0), (-3.0, -1.0), (-1.0, 0.0), (0.2, 1.0), (1.0, 2.0)]:
        cells = slice(int(np.searchsorted(result.edges, low)) + 1, int(np.searchsorted(result.edges, high)) + 1)
        mine, theirs = observed[cells].sum(), expected[cells].sum()
        # Pairs of one family or one individual are correlated: five standard errors of a Poisson count, and 5 %.
        assert abs(mine - theirs) <= 5 * np.sqrt(theirs) + 0.05 * theirs + 3, (low, high, mine, theirs)


def test_true_pairs_are_found_in_a_hostile_operation(tmp_path):
    scenario, result = searched(tmp_path, scale=0.05, seed=4, missing=400, hostile=True)
    truth = true_pairs(scenario)
    found = {(hit.individual.id, hit.missing_person) for hit in hits(result)}
    assert len(found & truth) > 0.5 * len({remains for remains, _ in truth} & {i for i, _ in found})


def test_theta_lowers_the_weight_of_true_pairs(tmp_path):
    from dataclasses import replace

    scenario = simulate("june-2025", scale=0.01, seed=5, missing=60)
    plain = search(scenario.operation, all_pairs=True)
    with_theta = search(
        replace(scenario.operation, settings=replace(scenario.operation.settings, theta=0.02)), all_pairs=True
    )
    truth = true_pairs(scenario)

    def logs(result):
        found = {}
        for pair in result.pairs:
            individual, (_, person) = result.operation.individuals[pair.individual], result.missing[pair.missing]
            found[individual.id, person] = pair.log10_lr
        return np.array([found[pair] for pair in sorted(truth) if pair in found])

    before, after = logs(plain), logs(with_theta)
    strong = before > 3
    assert strong.sum() >= 10
    assert (after[strong] < before[strong]).mean() > 0.9


def test_killed_searches_leave_nothing_but_their_own_scratch(tmp_path):
    """SIGKILL at random moments: the results are whole or not there."""
    scenario = simulate("june-2025", scale=0.01, seed=6, missing=60)
    write_case_folder(scenario.operation, tmp_path / "case")
    rng = random.Random(6)  # noqa: S311  moments, not secrets
    outcomes = Counter()
    for k in range(20):
        out = tmp_path / f"report{k}"
        command = [sys.executable, "-m", "antigone", "identify", str(tmp_path / "case"), "--out", str(out), "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
        time.sleep(rng.uniform(0.5, 8.0))
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if out.exists():
            assert {path.name for path in out.iterdir()} == {"hits.csv", "hits.parquet", "report.html", "summary.json"}
            outcomes["whole"] += 1
        else:
            outcomes["absent"] += 1
    assert sum(outcomes.values()) == 20
