"""What a laboratory reads from a genotype, by listing every event that can happen.

The model. The distinct alleles of a genotype that are not the silent allele are its signals. A signal t drops out with
probability d[t] if it is there once, d[t]² if it is there twice. A signal that stays is read as itself with probability
1 - e, and with probability e as an allele drawn from the frequency table without the silent allele (it may be t again).
With probability c one more allele, drawn in the same way, is read besides (drop-in). The reading is the set of labels.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from math import fsum, prod
from typing import Literal

Kind = Literal["seen", "homozygous", "other_unseen"]
Genotype = tuple[int, ...]
Observation = Callable[[Genotype], float]
Outcomes = list[tuple[int | None, float]]


def reading_probability(
    seen: frozenset[int],
    genotype: Genotype,
    p: Sequence[float],
    drop_out: Sequence[float],
    drop_in: float,
    typing_error: float,
    silent: int | None,
    kind: Kind,
) -> float:
    """P(reading | true genotype).

    `kind` says what the laboratory concluded. "seen": exactly these labels. "homozygous": one label, its peak above the
    stochastic threshold, so that nothing can have dropped out. "other_unseen": one label, and whether there is another
    is open; where nothing can drop out, this means any reading with that label.

    >>> p, d = [0.2, 0.3, 0.5], [0.1, 0.1, 0.1]
    >>> one = frozenset({0})
    >>> round(reading_probability(one, (0, 1), p, d, 0.0, 0.0, None, "other_unseen"), 12)    # 0 stays, 1 drops out
    0.09
    >>> reading_probability(one, (0, 1), p, d, 0.0, 0.0, None, "homozygous")
    0.0
    >>> reading_probability(one, (0, 1), p, [0, 0, 0], 0.0, 0.0, None, "other_unseen")
    1.0
    """
    _check_reading(seen, p, silent, kind)
    if kind == "homozygous":
        drop_out = [0.0] * len(p)
    counts_anything_with_it = kind == "other_unseen" and not any(drop_out)
    return fsum(
        probability
        for reading, probability in enumerate_readings(genotype, p, drop_out, drop_in, typing_error, silent)
        if reading == seen or (counts_anything_with_it and seen <= reading)
    )


def enumerate_readings(
    genotype: Genotype,
    p: Sequence[float],
    drop_out: Sequence[float],
    drop_in: float,
    typing_error: float,
    silent: int | None,
) -> Iterator[tuple[frozenset[int], float]]:
    """Every reading that a genotype can give, each once, with its probability; they sum to 1."""
    _check_rates(p, drop_out, drop_in, typing_error)
    draw = _population_draw(p, silent, needed=drop_in > 0 or typing_error > 0)
    parts = [_signal(t, genotype.count(t), drop_out[t], typing_error, draw) for t in sorted({*genotype} - {silent})]
    parts.append([(None, 1 - drop_in)] + [(label, drop_in * q) for label, q in draw])
    by_reading: dict[frozenset[int], list[float]] = {}
    for events in product(*parts):
        probability = prod(q for _, q in events)
        if probability > 0:
            reading = frozenset(label for label, _ in events if label is not None)
            by_reading.setdefault(reading, []).append(probability)
    for reading, probabilities in by_reading.items():
        yield reading, fsum(probabilities)


@dataclass(frozen=True)
class Reading:
    """One reading of one person at one marker, with its profile's rates; called with a genotype, P(reading | it)."""

    seen: frozenset[int]
    kind: Kind
    p: tuple[float, ...]
    drop_out: tuple[float, ...]
    drop_in: float = 0.0
    typing_error: float = 0.0
    silent: int | None = None

    def __call__(self, genotype: Genotype) -> float:
        return _cached_probability(self, tuple(sorted(genotype)))


def typed(alleles: Sequence[int], p: Sequence[float], silent: int | None = None) -> Reading:
    """A reading without any error: these alleles and no others (with a silent allele, a/a may be a/silent)."""
    return Reading(frozenset(alleles), "seen", tuple(p), (0.0,) * len(p), silent=silent)


def one_allele(allele: int, p: Sequence[float], silent: int | None = None) -> Reading:
    """A partial genotype "-/b": b is there, nothing is known about the other allele."""
    return Reading(frozenset({allele}), "other_unseen", tuple(p), (0.0,) * len(p), silent=silent)


def replicates(*readings: Observation) -> Observation:
    """Several readings of the same person: independent given the genotype."""
    return lambda genotype: prod(reading(genotype) for reading in readings)


def exactly(genotype: Sequence[int]) -> Observation:
    """The genotype itself, the silent allele included, in either order."""
    wanted = sorted(genotype)
    return lambda other: 1.0 if sorted(other) == wanted else 0.0


@lru_cache(maxsize=100_000)
def _cached_probability(reading: Reading, genotype: Genotype) -> float:
    return reading_probability(
        reading.seen,
        genotype,
        reading.p,
        reading.drop_out,
        reading.drop_in,
        reading.typing_error,
        reading.silent,
        reading.kind,
    )


def _signal(t: int, copies: int, d: float, e: float, draw: list[tuple[int, float]]) -> Outcomes:
    gone = d**copies
    misread: Outcomes = [(label, (1 - gone) * e * q) for label, q in draw]
    return [(None, gone), (t, (1 - gone) * (1 - e)), *misread]


def _population_draw(p: Sequence[float], silent: int | None, *, needed: bool) -> list[tuple[int, float]]:
    if not needed:
        return []
    visible = [(a, q) for a, q in enumerate(p) if a != silent]
    total = fsum(q for _, q in visible)
    if total <= 0:
        raise ValueError("drop-in or typing error, but every allele of the table is silent")
    return [(a, q / total) for a, q in visible]


def _check_reading(seen: frozenset[int], p: Sequence[float], silent: int | None, kind: Kind) -> None:
    if kind not in {"seen", "homozygous", "other_unseen"}:
        raise ValueError(f"kind of reading {kind!r}; seen, homozygous or other_unseen")
    if kind != "seen" and len(seen) != 1:
        raise ValueError(f"{len(seen)} alleles in a reading of kind {kind}; one")
    if silent in seen:
        raise ValueError("the silent allele cannot be seen")
    if not all(0 <= a < len(p) for a in seen):
        raise ValueError(f"alleles {sorted(seen)} read; the table has 0 to {len(p) - 1}")


def _check_rates(p: Sequence[float], drop_out: Sequence[float], drop_in: float, typing_error: float) -> None:
    if len(drop_out) != len(p):
        raise ValueError(f"{len(drop_out)} drop-out probabilities for {len(p)} alleles; one for each")
    if not all(0 <= x <= 1 for x in (*drop_out, drop_in, typing_error)):
        raise ValueError("drop-out, drop-in and typing error are probabilities: between 0 and 1")
