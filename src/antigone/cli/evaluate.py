"""`antigone evaluate`: how right the conclusions of a case are whose truth is known."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from antigone.cli.cases import read_case
from antigone.formats.case_folder import (
    EXCHANGED,
    TRUE_SETTINGS_FILE,
    FamilyTruthRow,
    TruthRow,
    read_case_folder,
    read_family_truth,
    read_truth,
)
from antigone.formats.errors import InputError
from antigone.formats.tables import Problems
from antigone.matching.calibration import Evaluation, PolicyScore, Truth, evaluate_conclusions
from antigone.matching.chance import ChancePasses, chance_passes
from antigone.matching.conclusions import Conclusions, conclude
from antigone.matching.operation import Operation


def run(case: Path, *, as_json: bool, quiet: bool, true_parameters: bool = False) -> None:
    """Conclude as `identify` does, compare with truth.csv, and print."""
    started = time.perf_counter()
    if not case.is_dir():
        raise InputError.at(case, None, None, found="no folder", expected="a case folder with truth.csv")
    rows = read_truth(case)
    if not rows:
        expected = "truth.csv with a row for each remains: who it really is"
        raise InputError.at(case / "truth.csv", None, None, found="no truth", expected=expected)
    operation = read_case(case)
    _refuse_other_truth(rows, operation, case / "truth.csv")
    drawn = _as_drawn(case) if true_parameters else None
    truth = truth_of(rows, operation, read_family_truth(case))
    best = None
    with _stages(quiet=quiet or as_json) as stages:
        conclusions = conclude(operation, stages=stages)
        if drawn is not None:
            again = conclude(drawn, stages=lambda name, *of: stages(f"{name} (as drawn)", *of))
            best = evaluate_conclusions(again, truth)
    evaluation = evaluate_conclusions(conclusions, truth)
    passes = chance_passes(conclusions)
    seconds = time.perf_counter() - started
    if as_json:
        plain = as_plain(evaluation, passes, seconds, best)
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        _say(conclusions, evaluation, passes, seconds)
        if best is not None:
            _say_as_drawn(evaluation, best)


def _refuse_other_truth(rows: Sequence[TruthRow], operation: Operation, file: Path) -> None:
    """A truth of another case would make right identifications false. Raises `InputError`."""
    problems = Problems()
    remains = {one.id for these in (operation.individuals, operation.mixtures, operation.left_out) for one in these}
    reports = _reports(operation)
    somebody = "a missing person of this case, or an empty cell"
    for row in rows:
        if row.remains not in remains:
            problems.add(file.name, row.line, "remains", found=f"‘{row.remains}’", expected="remains of this case")
        person = row.missing_person
        if person is not None and not _is_sought(reports, row.family, person):
            whom = f"‘{person}’" + (f" of family ‘{row.family}’" if row.family else "")
            problems.add(file.name, row.line, "missing_person", found=whom, expected=somebody)
        if row.reported_again is not None and row.reported_again not in reports:
            problems.add(file.name, row.line, "reported_again", found=f"‘{row.reported_again}’", expected=somebody)
    told = {row.remains for row in rows}
    for one in operation.individuals:
        if one.id not in told:
            expected = "a row for each remains: who it really is"
            problems.add(file.name, None, "remains", found=f"no row of ‘{one.id}’", expected=expected)
    problems.stop_if_any()


def _reports(operation: Operation) -> dict[str, set[tuple[str, str]]]:
    """Every report of a missing person: as FAMILY/PERSON, and by the person's name, which others may have too."""
    reports: dict[str, set[tuple[str, str]]] = {}
    for family, person in operation.missing_persons():
        for name in (person, f"{family.name}/{person}"):
            reports.setdefault(name, set()).add((family.name, person))
    return reports


def _is_sought(reports: Mapping[str, set[tuple[str, str]]], family: str | None, person: str) -> bool:
    these = reports.get(person, set())
    return (family, person) in these if family else bool(these)


def _as_drawn(case: Path) -> Operation:
    """The case under the settings as its world was drawn."""
    if not (case / TRUE_SETTINGS_FILE).is_file():
        expected = "the settings as the world was drawn, which `antigone simulate` writes"
        raise InputError.at(case / TRUE_SETTINGS_FILE, None, None, found="no such file", expected=expected)
    return read_case_folder(case, TRUE_SETTINGS_FILE)


def truth_of(rows: Sequence[TruthRow], operation: Operation, of_families: Sequence[FamilyTruthRow] = ()) -> Truth:
    """The truth of a case, with every report of a missing person under the names of family and person."""
    reports = _reports(operation)
    individual_of: dict[str, str] = {}
    sought: dict[str, set[tuple[str, str]]] = {}
    why: dict[str, str] = {}
    for row in rows:
        individual_of[row.remains] = row.individual
        own = sought.setdefault(row.individual, set())
        if row.missing_person is not None:
            own |= {(row.family, row.missing_person)} if row.family else reports.get(row.missing_person, set())
        if row.reported_again is not None:
            own |= reports.get(row.reported_again, set())
        reason = _why(row)
        if reason:
            why[row.remains] = reason
    exchanged = {row.family: "exchanged label" for row in of_families if row.what.startswith(EXCHANGED)}
    return Truth(individual_of, {who: frozenset(these) for who, these in sought.items()}, why, exchanged)


def _why(row: TruthRow) -> str:
    """What would make an identification of these remains false, but for chance."""
    if row.sample_swapped_with:
        return "exchanged label"
    if row.contaminated_by:
        return "contaminated sample"
    return row.kin.split(" of ")[0] + " of somebody listed" if row.kin else ""


@contextmanager
def _stages(*, quiet: bool) -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar that names what is being done."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda stage, done, total: progress.update(task, description=stage, completed=done, total=total)


def as_plain(
    evaluation: Evaluation, passes: ChancePasses, seconds: float, best: Evaluation | None = None
) -> dict[str, Any]:
    """As `antigone evaluate --json` prints it: plain values, null where there is nothing to say.

    `best` is the same case concluded with the settings as its world was drawn.
    """
    score = evaluation.reassociation
    calibration = evaluation.calibration
    return {
        "individuals": evaluation.individuals,
        "findable": evaluation.findable,
        "policies": {
            name: _policy(one) | ({} if best is None else {"true_parameters": _beside(one, best.policies[name])})
            for name, one in evaluation.policies.items()
        },
        "reassociation": None if score is None else {"precision": score.precision, "recall": score.recall},
        "symmetry": {
            "families_without_deciding_sample": evaluation.symmetry.families,
            "reported": evaluation.symmetry.reported,
            "individuals_told_to_be_among_both": evaluation.symmetry.sets,
            "told_apart": evaluation.symmetry.told_apart,
        },
        "calibration": {
            "slope": calibration.slope,
            "slope_error": calibration.slope_error,
            "intercept": calibration.intercept,
            "pairs": calibration.pairs,
            "bins": [
                {"low": one.low, "high": one.high, "pairs": one.pairs, "expected": one.expected, "right": one.right}
                for one in calibration.bins
            ],
        },
        "chance": {
            "log10_lr": passes.log10_lr,
            "expected": list(passes.expected),
            "by_drawing": passes.drawn,
            "by_drawing_error": passes.drawn_error,
        },
        "components_exact_share": evaluation.exact_share,
        "seconds": round(seconds, 3),
    }


def _policy(score: PolicyScore) -> dict[str, Any]:
    return {
        "identified": score.identified,
        "false_identifications": score.false,
        "expected_false": score.expected_false,
        "expected_false_by_labels": score.expected_by_labels,
        "expected_false_by_unlisted_siblings": score.expected_by_siblings,
        "poisson_interval": list(score.poisson_interval),
        "false_because": dict(score.false_because),
        "missed": score.missed,
        "symmetric": score.symmetric,
        "yield_by_reference": {kind: dict(counts) for kind, counts in score.yield_by_reference.items()},
        "refused_by": dict(score.refused_by),
        "false_refused_by": dict(score.false_refused_by),
    }


def _beside(score: PolicyScore, best: PolicyScore) -> dict[str, Any]:
    """What the policy identifies with the settings as drawn, and the share of it that it does with those declared."""
    return {
        "identified": best.identified,
        "false_identifications": best.false,
        "missed": best.missed,
        "yield_share": _share(score.identified - score.false, best.identified - best.false),
        "yield_by_reference": {
            kind: {**counts, "yield_share": _share(_right(score, kind), counts["identified"])}
            for kind, counts in best.yield_by_reference.items()
        },
    }


def _right(score: PolicyScore, kind: str) -> int:
    return score.yield_by_reference[kind]["identified"] if kind in score.yield_by_reference else 0


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _say_as_drawn(evaluation: Evaluation, best: Evaluation) -> None:
    for name, score in evaluation.policies.items():
        beside = _beside(score, best.policies[name])
        share = "–" if beside["yield_share"] is None else f"{beside['yield_share']:.1%}"
        typer.echo(
            f"{name} with the settings as drawn: {beside['identified']:,} identified, "
            f"{beside['false_identifications']} of them falsely; with those declared {share} of the right ones."
        )
        for kind, counts in beside["yield_by_reference"].items():
            of_kind = "–" if counts["yield_share"] is None else f"{counts['yield_share']:.1%}"
            typer.echo(
                f"  {kind}: {counts['identified']} of {counts['findable']}; with those declared {of_kind} of them"
            )


def _say(conclusions: Conclusions, evaluation: Evaluation, passes: ChancePasses, seconds: float) -> None:
    standings = Counter(str(case.answer.standing) for case in conclusions.cases)
    typer.echo(
        f"{evaluation.individuals:,} individuals, {evaluation.findable:,} of them looked for by a family with usable "
        f"references; {', '.join(f'{count:,} {name}' for name, count in sorted(standings.items()))}."
    )
    for name, score in evaluation.policies.items():
        low, high = score.poisson_interval
        typer.echo(
            f"{name}: {score.identified:,} identified, {score.false} of them falsely (expected "
            f"{score.expected_false:.3g}, {score.expected_by_labels:.3g} of it by wrong labels, "
            f"{score.expected_by_siblings:.3g} by siblings whom nobody listed; 95 % of counts between "
            f"{low:g} and {high:g}), {score.missed:,} missed."
        )
        if score.false_because:
            typer.echo("  false: " + ", ".join(f"{count} {why}" for why, count in sorted(score.false_because.items())))
        alone = {clause: count for clause, count in score.refused_by.items() if count}
        if alone:
            typer.echo("  right pairs refused by one clause alone: " + _counts(alone))
        for kind, counts in score.yield_by_reference.items():
            share = f"{counts['identified'] / counts['findable']:.1%}" if counts["findable"] else "–"
            typer.echo(f"  {kind}: {counts['identified']} of {counts['findable']} ({share}), {counts['false']} falsely")
    if evaluation.reassociation is not None:
        pairs = evaluation.reassociation
        typer.echo(f"Reassociation: precision {pairs.precision:.4f}, recall {pairs.recall:.4f}.")
    symmetry = evaluation.symmetry
    typer.echo(
        f"Two missing siblings whom no sample tells apart, one of them among the dead: {symmetry.families} families, "
        f"{symmetry.reported} reported so; in {symmetry.sets} families it is said that the body is one of the two, in "
        f"{symmetry.told_apart} one of the two is named alone, which may never be."
    )
    slope = evaluation.calibration.slope
    if slope is None:
        typer.echo("Calibration: too few pairs in doubt for a slope.")
    else:
        error = evaluation.calibration.slope_error
        typer.echo(
            f"Calibration: slope {slope:.3f} ± {error:.3f} over {evaluation.calibration.pairs:,} pairs in doubt."
        )
    for one in evaluation.calibration.bins:
        if one.pairs:
            typer.echo(
                f"  {one.low:g}–{one.high:g}: {one.pairs:,} pairs, {one.expected:.2f} expected, {one.right} right"
            )
    low, high = passes.expected
    typer.echo(
        f"Unrelated pairs expected at log10 LR {passes.log10_lr:.2f}, the least that passed strict: {low:.2g} to "
        f"{high:.2g}; by drawing {passes.drawn:.2g} ± {passes.drawn_error:.1g}."
    )
    typer.echo(f"Components summed exactly: {evaluation.exact_share:.2%}. {seconds:.1f} s.")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
