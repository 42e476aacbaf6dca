"""Compute every case of an answer file again."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from antigone.formats.allele_labels import read_allele
from antigone.formats.answers.comparison import Comparison, FileReport
from antigone.formats.answers.dvi import DviFamily, victim_logs
from antigone.formats.answers.joint_dvi import compare_joint
from antigone.formats.answers.nongenetic import nongenetic_lr
from antigone.formats.answers.power import simulated_power
from antigone.formats.answers.reading import (
    Node,
    probability_of_log,
    read_cases,
    read_genotypes,
    read_model,
    read_pedigree,
)
from antigone.formats.errors import InputError, quoted
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.likelihood import (
    Known,
    LikelihoodError,
    Options,
    genotype_distribution,
    linked_log_likelihood,
    log_likelihoods,
)
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Pedigree

Floats = NDArray[np.float64]

# Programs compute in double precision and print fifteen digits; the DVI files hold frequencies that sum to 1 ± 1e-9.
TOLERANCE = 1e-9
DVI_TOLERANCE = 1e-8


def validate_file(path: Path) -> FileReport:
    """Compute all cases of a file again and compare.

    Raises `InputError` where the file or a case cannot be read. A case of a family that is not known falls short, and
    so does one whose answer holds nothing to compare; figures that an answer does not hold are named in `absent`.
    """
    cases = read_cases(path)
    families = list(dict.fromkeys(case["family"].text() for case in cases))
    compared = [_compare(case) for case in cases]
    return FileReport(str(path), ", ".join(families), tuple(compared))


def _compare(case: Node) -> Comparison:
    family = case["family"].text()
    comparison = Comparison(case["id"].text(), DVI_TOLERANCE if "dvi" in family else TOLERANCE)
    if family not in _FAMILIES:
        known = ", ".join(_FAMILIES)
        comparison.not_computed(f"not computed: {case.path}.family: found {quoted(family)}; expected one of {known}")
        return comparison
    try:
        _FAMILIES[family](case, comparison)
    except (LikelihoodError, TooComplexError) as error:
        comparison.not_computed(str(error))
    except (KeyError, StopIteration, ValueError) as error:
        expected = f"a whole case of {family}"
        raise InputError.at(
            case.file, None, case.path, found=f"{type(error).__name__}: {error}", expected=expected
        ) from error
    if not comparison.compared and comparison.passed:
        comparison.not_computed(f"the answer holds nothing to compare; it lacks {', '.join(comparison.absent)}")
    return comparison


_Check = Callable[[str, float, float | None], None]


def _check(check: _Check, comparison: Comparison, name: str, ours: float, theirs: Node | None) -> None:
    """Compare one figure where the answer holds it."""
    if theirs is None:
        comparison.absent.append(name)
    else:
        check(name, ours, theirs.optional_number())


def _items(node: Node | None, count: int) -> Sequence[Node | None]:
    """The elements of a list, each absent where the list is."""
    return [None] * count if node is None or node.value is None else node.items()


def _pedigree_likelihood(case: Node, comparison: Comparison) -> None:
    pedigree, (model,), (known,) = _one_pedigree(case)
    theta = _theta(case)
    log = float(log_likelihoods(pedigree, [model], [known], Options(theta=theta))[0])
    answer = case["answer"]
    _check(comparison.number, comparison, "likelihood", probability_of_log(log), answer.at("likelihood"))
    _check(comparison.logarithm, comparison, "log_likelihood", log, answer.at("log_likelihood"))


def _linked_markers(case: Node, comparison: Comparison) -> None:
    pedigree, models, known = _one_pedigree(case)
    log = linked_log_likelihood(pedigree, models, known, [case["rho"].number()])
    unlinked = float(log_likelihoods(pedigree, models, known).sum())
    answer = case["answer"]
    for name, ours in (("likelihood", log), ("likelihood_unlinked", unlinked)):
        _check(comparison.number, comparison, name, probability_of_log(ours), answer.at(name))


def _conditional(case: Node, comparison: Comparison) -> None:
    pedigree, (model,), (known,) = _one_pedigree(case)
    targets = [target.text() for target in case["targets"].items()]
    distribution = genotype_distribution(targets, pedigree, model, known)
    answer = case["answer"]
    marginal = probability_of_log(distribution.log_marginal)
    _check(comparison.number, comparison, "marginal_likelihood", marginal, answer.at("marginal_likelihood"))
    if answer.at("prob") is None:
        comparison.absent.append("prob")
        return
    if len(targets) == 1:
        rows, columns = [genotype.text() for genotype in answer["genotypes"].items()], [""]
        probabilities = [[value.optional_number()] for value in answer["prob"].items()]
    else:
        rows, columns = ([genotype.text() for genotype in answer[axis].items()] for axis in ("rows", "cols"))
        probabilities = [[value.optional_number() for value in row.items()] for row in answer["prob"].items()]
    conditional = distribution.conditional
    for row, values in zip(rows, probabilities, strict=True):
        for column, theirs in zip(columns, values, strict=True):
            where = tuple(i for genotype in (row, column) if genotype for i in _genotype_index(genotype, model))
            comparison.number(f"P({row} {column})".replace(" )", ")"), float(conditional[where]), theirs)


def _genotype_index(genotype: str, model: MarkerModel) -> tuple[int, ...]:
    """`"11/12"` as places in a distribution, `"11"` for a male on X."""
    return tuple(sorted(model.index[read_allele(label)] for label in genotype.split("/")))


def _kinship_lr(case: Node, comparison: Comparison) -> None:
    logs = _logs_by_hypothesis(case, lambda _: Options(theta=_theta(case)))
    reference = case["reference"].text()
    answer = case["answer"]
    names = [marker["name"].text() for marker in case["markers"].items()]
    for name, log in logs.items():
        total, against = float(log.sum()), float(logs[reference].sum())
        of_total, of_ratio = answer.at("log_likelihood", name), answer.at("LR_total", name)
        _check(comparison.logarithm, comparison, f"log_likelihood {name}", total, of_total)
        _check(comparison.ratio, comparison, f"LR_total {name}", _ratio(total, against), of_ratio)
        by_marker = _items(answer.at("LR_per_marker", name), len(names))
        likelihoods = _items(answer.at("likelihood_per_marker", name), len(names))
        parts = zip(names, log.tolist(), logs[reference].tolist(), by_marker, likelihoods, strict=True)
        for marker, one, other, ratio, likelihood in parts:
            _check(comparison.ratio, comparison, f"LR {name} at {marker}", _ratio(one, other), ratio)
            ours = probability_of_log(one)
            _check(comparison.number, comparison, f"likelihood {name} at {marker}", ours, likelihood)


def _familias_other(case: Node, comparison: Comparison) -> None:
    theta = _theta(case)
    # Familias prunes untyped founders with one child where theta is 0 (SEMANTICS 18).
    logs = _logs_by_hypothesis(case, lambda _: Options(theta=theta, prune_untyped_founders=theta == 0))
    likelihoods = {name: probability_of_log(float(log.sum())) for name, log in logs.items()}
    answer = case["answer"]
    for name, likelihood in likelihoods.items():
        _check(comparison.number, comparison, f"likelihood_{name}", likelihood, answer.at(f"likelihood_{name}"))
    total = sum(likelihoods.values())
    if total == 0:
        return  # the peer's ratio and posterior are null: undefined
    ratio = likelihoods["H1"] / likelihoods["H2"] if likelihoods["H2"] else math.inf
    _check(comparison.ratio, comparison, "LR", ratio, answer.at("LR"))
    for name, flat in zip(("H1", "H2"), _items(answer.at("posterior_flat"), 2), strict=True):
        _check(comparison.number, comparison, f"posterior {name}", likelihoods[name] / total, flat)


def _pairwise_dvi(case: Node, comparison: Comparison) -> None:
    dvi = case["dvi"]
    models = [read_model(marker) for marker in dvi["markers"].items()]
    plain = [model.without_mutation() for model in models]
    families = [DviFamily(node, dvi, models) for node in dvi["am"].items()]
    victims = {node["id"].text(): node["sex"].text() for node in dvi["pm"].items()}
    answer = case["answer"]
    logs = {name: victim_logs(name, sex, dvi, models) for name, sex in victims.items()}
    for name, log in logs.items():
        theirs = answer.at("loglik_null", "pm", name)
        _check(comparison.logarithm, comparison, f"loglik_null {name}", float(log.sum()), theirs)
    for family in families:
        theirs, ours = answer.at("loglik_null", "am", family.name), float(family.logs(models).sum())
        _check(comparison.logarithm, comparison, f"loglik_null {family.name}", ours, theirs)
    for table, used in (("LR_matrix", models), ("LR_matrix_mutations_removed", plain)):
        for victim, missing, cell in _cells(answer, table, comparison):
            family = next(family for family in families if missing in family.pedigree)
            ours = family.pair_log(missing, victim, dvi, used, victims[victim]) - float(family.logs(used).sum())
            ours -= float(logs[victim].sum())
            comparison.number(f"{table} {victim} {missing}", probability_of_log(ours), cell.optional_number())
    for victim, missing, cell in _cells(answer, "exclusion_matrix", comparison):
        family = next(family for family in families if missing in family.pedigree)
        excluded = family.exclusions(missing, victim, dvi, plain, victims[victim])
        comparison.count(f"exclusion_matrix {victim} {missing}", excluded, int(cell.number()))


def _cells(answer: Node, name: str, comparison: Comparison) -> list[tuple[str, str, Node]]:
    """The cells of a matrix that the peer filled; it leaves out pairs whose sexes differ."""
    table = answer.get(name)
    if table is None:
        comparison.absent.append(name)
        return []
    columns = [column.text() for column in table["cols"].items()]
    cells = []
    for row, values in zip(table["rows"].items(), table["values"].items(), strict=True):
        for column, value in zip(columns, values.items(), strict=True):
            if value.value is not None:
                cells.append((row.text(), column, value))
    return cells


def _logs_by_hypothesis(case: Node, options: Callable[[str], Options]) -> dict[str, Floats]:
    """Natural logarithms by marker, for each hypothesis."""
    markers = case["markers"].items()
    models = [read_model(marker) for marker in markers]
    logs = {}
    for name, hypothesis in case["hypotheses"].pairs():
        pedigree = read_pedigree(hypothesis["pedigree"])
        known = [
            read_genotypes(marker["genotypes"], model, pedigree) for marker, model in zip(markers, models, strict=True)
        ]
        logs[name] = log_likelihoods(pedigree, models, known, options(name))
    return logs


def _one_pedigree(case: Node) -> tuple[Pedigree, list[MarkerModel], list[dict[str, Known]]]:
    pedigree = read_pedigree(case["pedigree"])
    markers = case["markers"].items()
    models = [read_model(marker) for marker in markers]
    known = [
        read_genotypes(marker["genotypes"], model, pedigree) for marker, model in zip(markers, models, strict=True)
    ]
    return pedigree, models, known


def _theta(case: Node) -> float:
    theta = case.get("theta")
    return 0.0 if theta is None else theta.number()


def _ratio(one: float, other: float) -> float:
    """exp(one − other), also where one of them is −inf."""
    if math.isinf(other):
        return math.nan if math.isinf(one) else math.inf
    return probability_of_log(one - other)


_FAMILIES: dict[str, Callable[[Node, Comparison], None]] = {
    "pedigree_likelihood": _pedigree_likelihood,
    "linked_markers": _linked_markers,
    "conditional": _conditional,
    "kinship_lr": _kinship_lr,
    "familias_other": _familias_other,
    "pairwise_dvi": _pairwise_dvi,
    "joint_dvi": compare_joint,
    "nongenetic_lr": nongenetic_lr,
    "simulated_power": simulated_power,
}
