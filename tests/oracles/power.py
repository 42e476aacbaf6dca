"""Exclusion power, expected likelihood ratios and the distribution of log10 LR, by listing every genotype.

`exclusion_power` and `expected_lr` go through all genotypes of the people to be typed at one marker;
`log10_lr_distribution` through all combinations of values over several markers; `drawn_log10_lrs` draws them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement, product
from math import fsum
from typing import Any

import numpy as np

from .observation import Genotype, exactly
from .pedigree import Member, Observations, likelihood


def exclusion_power(
    claim: Sequence[Member],
    truth: Sequence[Member],
    ids: Sequence[str],
    p: Sequence[float],
    observations: Observations,
    **model: Any,
) -> float | None:
    """P(genotypes that the claim excludes | truth, observations); None where the truth is impossible."""
    known = likelihood(truth, p, observations, **model)
    if known == 0:
        return None
    return fsum(
        likelihood(truth, p, seen, **model) / known
        for seen in _every_genotype(truth, ids, p, observations, model)
        if likelihood(claim, p, seen, **model) == 0
    )


def expected_lr(
    numerator: Sequence[Member],
    denominator: Sequence[Member],
    ids: Sequence[str],
    p: Sequence[float],
    observations: Observations,
    **model: Any,
) -> float | None:
    """E[LR | numerator, observations], None where the observations are impossible under one of the two."""
    known = [likelihood(members, p, observations, **model) for members in (numerator, denominator)]
    if 0 in known:
        return None
    total = 0.0
    for seen in _every_genotype(numerator, ids, p, observations, model):
        one, other = (
            likelihood(members, p, seen, **model) / before
            for members, before in zip((numerator, denominator), known, strict=True)
        )
        if one > 0:
            total += one * one / other if other > 0 else math.inf
    return total


def log10_lr_distribution(
    related: Sequence[Mapping[Genotype, float]], unrelated: Sequence[Mapping[Genotype, float]]
) -> list[tuple[float, float, float]]:
    """Every profile's log10 LR, its probability if it is the person's and if it is a stranger's."""
    rows = []
    for profile in product(*[list(marker) for marker in unrelated]):
        yes = math.prod(marker[genotype] for marker, genotype in zip(related, profile, strict=True))
        no = math.prod(marker[genotype] for marker, genotype in zip(unrelated, profile, strict=True))
        if no > 0:
            rows.append((math.log10(yes / no) if yes > 0 else -math.inf, yes, no))
    return rows


def drawn_log10_lrs(
    related: Sequence[Mapping[Genotype, float]],
    unrelated: Sequence[Mapping[Genotype, float]],
    count: int,
    rng: np.random.Generator,
) -> np.ndarray:
    """log10 LR of that many profiles of the person, drawn by chance."""
    total = np.zeros(count)
    for yes, no in zip(related, unrelated, strict=True):
        genotypes = list(yes)
        chances = np.array([yes[genotype] for genotype in genotypes])
        picked = rng.choice(len(genotypes), size=count, p=chances / chances.sum())
        values = np.array([math.log10(yes[g] / no[g]) if yes[g] > 0 else -math.inf for g in genotypes])
        total += values[picked]
    return total


def _every_genotype(
    members: Sequence[Member],
    ids: Sequence[str],
    p: Sequence[float],
    observations: Observations,
    model: Mapping[str, Any],
) -> Iterator[Observations]:
    sexes = {member.id: member.sex for member in members}
    copies = [1 if model.get("x_linked") and sexes[name] == "M" else 2 for name in ids]
    genotypes = [list(combinations_with_replacement(range(len(p)), c)) for c in copies]
    for combination in product(*genotypes):
        typed = {name: exactly(genotype) for name, genotype in zip(ids, combination, strict=True)}
        yield {**observations, **typed}
