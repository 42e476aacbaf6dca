"""From hypotheses to a likelihood ratio that carries its parts, and from a zero to its reason."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone import __version__
from antigone.genetics.frequencies import PreparedFrequencies
from antigone.genetics.likelihood import DEFAULT_OPTIONS, Known, Options, linked_log_likelihood, log_likelihoods
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Pedigree


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a number was computed with: enough to compute it again elsewhere."""

    engine: str
    markers: tuple[str, ...]  # each with its mutation model
    frequencies: str  # table, digest, rule for rare alleles, normalisation
    theta: float
    linked_pairs: tuple[str, ...]
    untyped_founders: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A marker that makes a hypothesis impossible, and the smallest set of people whose samples cannot all be right.

    `relation` says how they are related under the hypothesis. The text does not: a report is read by families, and
    which of label, typing and pedigree is wrong, the samples do not tell.
    """

    marker: str
    hypothesis: str
    persons: tuple[str, ...]
    relation: str

    def __str__(self) -> str:
        return f"{self.marker}: {does_not_fit(self.persons, self.hypothesis)}"


def does_not_fit(samples: Sequence[str], hypothesis: str) -> str:
    """That samples contradict a hypothesis, in words that blame nobody.

    >>> does_not_fit(["F", "M", "C"], "the pedigree given")
    'the samples of F, M and C do not fit the pedigree given; a label, a typing or the pedigree may be wrong'
    >>> does_not_fit(["F"], "the pedigree given")
    'the sample of F shows what no genotype can; the sex recorded, a label or the typing may be wrong'
    """
    if len(samples) == 1:
        alone = f"the sample of {samples[0]} shows what no genotype can"
        return f"{alone}; the sex recorded, a label or the typing may be wrong"
    whose = f"{', '.join(samples[:-1])} and {samples[-1]}"
    return f"the samples of {whose} do not fit {hypothesis}; a label, a typing or the pedigree may be wrong"


@dataclass(frozen=True)
class LikelihoodRatio:
    """How much better one hypothesis explains what was typed than another.

    `by_marker` holds log10 LR for each marker taken by itself; `linkage` what each linked pair adds; `log10` is the sum
    of both. −inf: impossible under the first hypothesis, +inf: under the second, nan: under both.
    """

    hypothesis: str
    reference: str
    log10: float
    by_marker: Mapping[str, float]
    linkage: Mapping[str, float]
    contradictions: tuple[Contradiction, ...]
    provenance: Provenance


def likelihood_ratios(
    hypotheses: Mapping[str, Pedigree],
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    *,
    reference: str | None = None,
    linked: Sequence[LinkedPair] = (),
    frequencies: PreparedFrequencies | None = None,
    options: Options = DEFAULT_OPTIONS,
) -> dict[str, LikelihoodRatio]:
    """Each hypothesis against the reference (the last one unless named).

    People of other hypotheses who are typed and not in a pedigree count there as unrelated: leave nobody out by
    adding them to each pedigree as founders. `linked` pairs must be disjoint.

    >>> from antigone.genetics.alleles import Repeat
    >>> from antigone.genetics.likelihood import Typed
    >>> from antigone.genetics.pedigrees import Person
    >>> model = MarkerModel.build("TH01", [Repeat(6), Repeat(7)], [0.1, 0.9])
    >>> a = Typed((Repeat(6), Repeat(6)))
    >>> related = Pedigree.build([Person("F"), Person("C", "F")])
    >>> unrelated = Pedigree.build([Person("F"), Person("C")])
    >>> ratio = likelihood_ratios({"father": related, "unrelated": unrelated}, [model], [{"F": a, "C": a}])["father"]
    >>> round(10**ratio.log10, 9)  # 1/p, by hand
    10.0
    """
    names = list(hypotheses)
    against = reference if reference is not None else names[-1]
    logs = {name: log_likelihoods(pedigree, models, known, options) for name, pedigree in hypotheses.items()}
    pairs = {
        name: _linkage(pedigree, models, known, linked, logs[name], options) for name, pedigree in hypotheses.items()
    }
    provenance = describe(models, frequencies, linked, options)
    ratios = {}
    for name in names:
        by_marker = {
            model.name: _log10_ratio(float(logs[name][m]), float(logs[against][m])) for m, model in enumerate(models)
        }
        linkage = {pair: pairs[name][pair] - pairs[against][pair] for pair in pairs[name]}
        contradictions = tuple(
            explain_zero(hypothesis, hypotheses[hypothesis], models[m], known[m], options)
            for hypothesis in dict.fromkeys((name, against))
            for m in np.flatnonzero(np.isneginf(logs[hypothesis])).tolist()
        )
        total = sum(by_marker.values()) + (0.0 if contradictions else sum(linkage.values()))
        ratios[name] = LikelihoodRatio(name, against, total, by_marker, linkage, contradictions, provenance)
    return ratios


def describe(
    models: Sequence[MarkerModel],
    frequencies: PreparedFrequencies | None,
    linked: Sequence[LinkedPair],
    options: Options,
) -> Provenance:
    """What these would be computed with."""
    table = "given with the markers"
    if frequencies is not None:
        table = (
            f"{frequencies.table} ({frequencies.table_digest}), rare alleles: {frequencies.rule}, "
            f"normalisation: {frequencies.normalisation}, as used: {frequencies.digest}"
        )
    return Provenance(
        f"antigone {__version__}",
        tuple(f"{model.name}: {model.mutation}" for model in models),
        table,
        options.theta,
        tuple(f"{pair.first}–{pair.second}: {pair.recombination}" for pair in linked),
        "pruned" if options.prune_untyped_founders else "kept",
    )


def explain_zero(
    hypothesis: str,
    pedigree: Pedigree,
    model: MarkerModel,
    known: Mapping[str, Known],
    options: Options = DEFAULT_OPTIONS,
) -> Contradiction:
    """Why a marker is impossible: leave people out one by one for as long as it stays impossible."""
    left = dict(known)
    for person in known:
        without = {name: knowledge for name, knowledge in left.items() if name != person}
        if without and np.isneginf(log_likelihoods(pedigree, [model], [without], options)[0]):
            left = without
    persons = tuple(left)
    return Contradiction(model.name, hypothesis, persons, _relation(pedigree, persons))


def relation(pedigree: Pedigree, first: str, second: str) -> str:
    """How two people of a pedigree are related, in words, as far as there are plain words for it."""
    if second in _parents(pedigree, first):
        first, second = second, first
    if first in _parents(pedigree, second):
        role = "father" if pedigree[second].father == first else "mother"
        return f"{first}, {role} of {second}"
    mine, theirs = _parents(pedigree, first), _parents(pedigree, second)
    shared = mine & theirs
    if len(shared) == 2:
        return f"{first} and {second}, full siblings"
    if len(shared) == 1:
        return f"{first} and {second}, half-siblings"
    for one, other in ((first, second), (second, first)):
        if any(one in _parents(pedigree, parent) for parent in _parents(pedigree, other)):
            return f"{one}, grandparent of {other}"
    for one, other in ((first, second), (second, first)):
        if any(_parents(pedigree, one) & _parents(pedigree, parent) for parent in _parents(pedigree, other)):
            return f"{one}, uncle or aunt of {other}"
    return f"{first} and {second}"


def _relation(pedigree: Pedigree, persons: Sequence[str]) -> str:
    if len(persons) == 2:
        return relation(pedigree, persons[0], persons[1])
    return ", ".join(persons)


def _parents(pedigree: Pedigree, person: str) -> set[str]:
    found = pedigree[person]
    return {parent for parent in (found.father, found.mother) if parent is not None}


def _linkage(
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    linked: Sequence[LinkedPair],
    logs: NDArray[np.float64],
    options: Options,
) -> dict[str, float]:
    """log10 of what the two markers of each pair say together over what they say by themselves."""
    position = {model.name: m for m, model in enumerate(models)}
    found = {}
    for pair in linked:
        if pair.first not in position or pair.second not in position:
            continue
        a, b = position[pair.first], position[pair.second]
        apart = logs[a] + logs[b]
        together = apart
        if math.isfinite(apart):
            together = linked_log_likelihood(
                pedigree, [models[a], models[b]], [known[a], known[b]], [pair.recombination], options
            )
        found[f"{pair.first}–{pair.second}"] = 0.0 if together == apart else (together - apart) / math.log(10)
    return found


def _log10_ratio(one: float, other: float) -> float:
    if math.isinf(one) and math.isinf(other):
        return math.nan
    return (one - other) / math.log(10)
