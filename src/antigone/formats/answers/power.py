"""The answers `simulated_power`: what typing somebody could exclude, and the likelihood ratio it gives on average."""

from collections.abc import Callable, Collection, Sequence

import numpy as np

from antigone.formats.answers.comparison import Comparison
from antigone.formats.answers.reading import Node, read_genotypes, read_model, read_pedigree
from antigone.formats.errors import quoted
from antigone.genetics.likelihood import Known
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Pedigree
from antigone.genetics.power import (
    ExclusionPower,
    exclusion_power,
    expected_lr,
    missing_person_exclusion_power,
)


def simulated_power(case: Node, comparison: Comparison) -> None:
    """Exclusion power, exclusion power of a missing person, or expected likelihood ratio: `kind.type` says which."""
    kind = case["kind"]["type"]
    if kind.value not in _KINDS:
        expected = " or ".join(_KINDS)
        comparison.not_computed(f"not computed: {kind.path}: found {quoted(str(kind.value))}; expected {expected}")
        return
    _KINDS[kind.text()](case, comparison)


def _exclusion_power(case: Node, comparison: Comparison) -> None:
    claim, truth = (read_pedigree(case[side]["pedigree"]) for side in ("claim", "true"))
    models, known = _markers(case, claim, truth)
    ids = [name.text() for name in case["ids_to_type"].items()]
    power = exclusion_power(claim, truth, ids, models, known, disable_mutations=_disabled(case))
    _compare_power(case, power, models, comparison)


def _missing_person(case: Node, comparison: Comparison) -> None:
    reference = read_pedigree(case["pedigree"])
    models, known = _markers(case, reference)
    missing = case["missing"].text()
    power = missing_person_exclusion_power(reference, missing, models, known, disable_mutations=_disabled(case))
    _compare_power(case, power, models, comparison)


def _expected_lr(case: Node, comparison: Comparison) -> None:
    """The peer's figures are one a marker, or one for all of them: the product."""
    numerator, denominator = (case.at(side, "pedigree") for side in ("numerator", "denominator"))
    if numerator is None or denominator is None:
        comparison.not_computed("not computed: expected the pedigrees ‘numerator’ and ‘denominator’")
        return
    first, second = read_pedigree(numerator), read_pedigree(denominator)
    truth = case.at("true", "pedigree")
    models, known = _markers(case, first, second)
    ids = [name.text() for name in case["ids_to_type"].items()]
    true_pedigree = None if truth is None else read_pedigree(truth)
    expected = expected_lr(first, second, ids, models, known, truth=true_pedigree)
    names = [model.name for model in models]
    for figure, node in case["answer"].pairs():
        if isinstance(node.value, list):
            _each(comparison, figure, names, expected.tolist(), node)
        else:
            comparison.ratio(figure, float(np.prod(expected)), node.optional_number())


def _compare_power(case: Node, power: ExclusionPower, models: Sequence[MarkerModel], comparison: Comparison) -> None:
    answer = case["answer"]
    names = [model.name for model in models]
    by_marker = answer.get("EP_per_marker")
    if by_marker is None:
        comparison.absent.append("EP_per_marker")
    else:
        _each(comparison, "EP", names, power.by_marker.tolist(), by_marker)
    for figure, ours in (("EP_total", power.total), ("expected_mismatches", power.expected_mismatches)):
        theirs = answer.at(figure)
        if theirs is None:
            comparison.absent.append(figure)
        else:
            comparison.ratio(figure, ours, theirs.optional_number())


def _each(comparison: Comparison, figure: str, names: Sequence[str], ours: Sequence[float], theirs: Node) -> None:
    """One figure a marker; a peer's null says that there is none."""
    for name, one, other in zip(names, ours, theirs.items(), strict=True):
        comparison.ratio(f"{figure} at {name}", one, other.optional_number())


def _markers(case: Node, *pedigrees: Pedigree) -> tuple[list[MarkerModel], list[dict[str, Known]]]:
    """The markers, and what is known of anybody in any of the pedigrees."""
    markers = case["markers"].items()
    models = [read_model(marker) for marker in markers]
    known: list[dict[str, Known]] = []
    for marker, model in zip(markers, models, strict=True):
        found: dict[str, Known] = {}
        for pedigree in pedigrees:
            found |= read_genotypes(marker["genotypes"], model, pedigree)
        known.append(found)
    return models, known


def _disabled(case: Node) -> bool | Collection[str] | None:
    """`disableMutations`: null or absent, true, false, or names of markers."""
    node = case.get("disableMutations")
    if node is None:
        return None
    if isinstance(node.value, bool):
        return node.value
    return [name.text() for name in node.items()]


_KINDS: dict[str, Callable[[Node, Comparison], None]] = {
    "exclusionPower": _exclusion_power,
    "missingPersonEP": _missing_person,
    "expectedLR": _expected_lr,
}
