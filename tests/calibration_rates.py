"""How right the conclusions are over several simulated operations: the figures of docs/methods/policy.md, repeated.

    cd tests; ../.venv/bin/python calibration_rates.py --scale 0.2 --seeds 10 [--hostile] [--out FILE]

Prints one line a seed as it is done, then the sums: false identifications against what was expected, with the interval
that holds 95 % of Poisson counts, the slope over all seeds together, and the yield by kind of reference.
"""

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from antigone.cli.cases import read_case
from antigone.cli.evaluate import as_plain, truth_of
from antigone.formats.case_folder import read_family_truth, read_truth, write_case_folder
from antigone.matching.calibration import (
    Evaluation,
    calibration,
    evaluate_conclusions,
    poisson_interval,
    posteriors,
    upper_bound,
)
from antigone.matching.chance import chance_passes
from antigone.matching.conclusions import conclude
from antigone.scenarios import parse_overrides, simulate


def one_seed(seed, scale, hostile, overrides):
    scenario = simulate("june-2025", scale=scale, seed=seed, hostile=hostile, overrides=parse_overrides(overrides))
    with tempfile.TemporaryDirectory() as folder:
        case = Path(folder) / "case"
        write_case_folder(scenario.operation, case, truth=scenario.truth, family_truth=scenario.family_truth)
        operation, rows, of_families = read_case(case), read_truth(case), read_family_truth(case)
    conclusions = conclude(operation)
    truth = truth_of(rows, operation, of_families)
    return evaluate_conclusions(conclusions, truth), chance_passes(conclusions), posteriors(conclusions, truth)


def summed(evaluations: list[Evaluation], policy: str) -> str:
    scores = [one.policies[policy] for one in evaluations]
    false, expected = sum(one.false for one in scores), sum(one.expected_false for one in scores)
    low, high = poisson_interval(expected)
    because = sum((Counter(one.false_because) for one in scores), Counter())
    return (
        f"{policy}: {sum(one.identified for one in scores)} identified, {false} falsely ({dict(because)}), expected "
        f"{expected:.3g} (95 % between {low:g} and {high:g}; with {false} seen the expectation is below "
        f"{upper_bound(false):.2f}), {sum(one.missed for one in scores)} missed"
    )


def yields(evaluations: list[Evaluation], policy: str) -> dict[str, Counter]:
    found: dict[str, Counter] = {}
    for one in evaluations:
        for kind, counts in one.policies[policy].yield_by_reference.items():
            found.setdefault(kind, Counter()).update(counts)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--out", type=Path)
    asked = parser.parse_args()
    overrides = dict(setting.split("=", 1) for setting in asked.set)
    evaluations, answers, plain = [], [], []
    for seed in range(asked.first, asked.first + asked.seeds):
        evaluation, passes, of_pairs = one_seed(seed, asked.scale, asked.hostile, overrides)
        evaluations.append(evaluation)
        answers.append(of_pairs)
        plain.append({"seed": seed, **as_plain(evaluation, passes, 0.0)})
        strict = evaluation.policies["strict"]
        print(
            f"seed {seed}: strict {strict.identified} identified, {strict.false} falsely, expected "
            f"{strict.expected_false:.3g}; slope {evaluation.calibration.slope}; symmetric "
            f"{evaluation.symmetry.reported} of {evaluation.symmetry.families}, {evaluation.symmetry.sets} sets, "
            f"{evaluation.symmetry.told_apart} told apart; exact {evaluation.exact_share:.4f}",
            flush=True,
        )
        if asked.out is not None:
            asked.out.write_text(json.dumps(plain, indent=1))
    for policy in evaluations[0].policies:
        print(summed(evaluations, policy))
        for kind, counts in yields(evaluations, policy).items():
            print(f"  {kind}: {counts['identified']} of {counts['findable']}, {counts['false']} falsely")
    together = calibration(*(np.concatenate(parts) for parts in zip(*answers, strict=True)))
    print(f"slope over all seeds {together.slope:.4f} ± {together.slope_error:.4f}, {together.pairs} pairs in doubt")
    for one in together.bins:
        print(f"  {one.low:g}–{one.high:g}: {one.pairs} pairs, {one.expected:.2f} expected, {one.right} right")
    symmetry = [one.symmetry for one in evaluations]
    print(
        f"symmetric: {sum(one.reported for one in symmetry)} of {sum(one.families for one in symmetry)} reported, in "
        f"{sum(one.sets for one in symmetry)} a set, in {sum(one.told_apart for one in symmetry)} one is named"
    )


if __name__ == "__main__":
    main()
