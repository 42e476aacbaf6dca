"""What typing somebody may show at one marker, by listing every genotype of the people to be typed."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations_with_replacement, product
from math import fsum
from typing import Any

from .observation import Observation, exactly, replicates
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


def after_sample(
    members: Sequence[Member],
    missing: str,
    asked: Sequence[str],
    p: Sequence[float],
    observations: Observations,
    remains: Observation | None = None,
    **model: Any,
) -> list[tuple[float, float]]:
    """(LR, its probability if the remains are the missing person's), one for each genotype of those who are asked.

    `remains` is what was read of an individual; without it the remains' genotype is listed too.
    """
    (sex,) = (member.sex for member in members if member.id == missing)
    stranger = Member("somebody unrelated", None, None, sex)
    outcomes: list[Observation]
    if remains is None:
        copies = 1 if model.get("x_linked") and sex == "M" else 2
        outcomes = [exactly(genotype) for genotype in combinations_with_replacement(range(len(p)), copies)]
    else:
        outcomes = [remains]
    rows = []
    for outcome in outcomes:
        alone = likelihood([stranger], p, {stranger.id: outcome}, **model)
        for seen in _every_genotype(members, asked, p, observations, model):
            family = likelihood(members, p, seen, **model)
            own = [seen[missing]] if missing in seen else []
            together = likelihood(members, p, {**seen, missing: replicates(outcome, *own)}, **model)
            if together > 0:
                rows.append((together / family / alone, together))
    total = fsum(chance for _, chance in rows)
    return [(lr, chance / total) for lr, chance in rows]


def order_after_sample(
    members: Sequence[Member],
    missing: tuple[str, str],
    individuals: tuple[Observation, Observation],
    asked: Sequence[str],
    p: Sequence[float],
    observations: Observations,
    **model: Any,
) -> list[tuple[float, float]]:
    """(P(all | first order), P(all | swapped)) for each genotype of those who are asked."""
    rows = []
    for seen in _every_genotype(members, asked, p, observations, model):
        orders = []
        for one, other in (individuals, individuals[::-1]):
            placed = dict(seen)
            for name, observation in zip(missing, (one, other), strict=True):
                placed[name] = replicates(observation, *([seen[name]] if name in seen else []))
            orders.append(likelihood(members, p, placed, **model))
        rows.append((orders[0], orders[1]))
    return rows
