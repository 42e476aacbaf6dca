"""Mutation matrices, entry by entry: row = parental allele, column = allele that the child gets."""

import re
from collections.abc import Callable, Sequence
from decimal import ROUND_HALF_EVEN, Decimal
from math import fsum

import numpy as np

Labels = Sequence[str]
Frequencies = Sequence[float]

_REPEATS = re.compile(r"\d+(\.\d)?")


def mutation_matrix(
    model: str,
    labels: Labels,
    p: Frequencies,
    *,
    rate: float = 0.0,
    rate2: float = 0.0,
    range_: float = 0.1,
    stabilize: bool = False,
    silent: str | None = None,
) -> np.ndarray:
    """Matrix of a model by its name: none, equal, proportional, stepwise, onestep or dawid.

    A silent allele neither mutates nor arises: the model acts on the other alleles, their frequencies renormalised, and
    the silent row and column are those of the identity (Familias). `stabilize` applies the transform "PM" to the rest.
    """
    others = [i for i, label in enumerate(labels) if label != silent]
    total = fsum(p[i] for i in others) if len(others) < len(labels) else 1.0
    some_labels, some_p = [labels[i] for i in others], [p[i] / total for i in others]
    models: dict[str, Callable[[], np.ndarray]] = {
        "none": lambda: np.eye(len(others)),
        "equal": lambda: equal(some_labels, rate=rate),
        "proportional": lambda: proportional(some_labels, some_p, rate=rate),
        "stepwise": lambda: stepwise(some_labels, rate=rate, rate2=rate2, range_=range_),
        "onestep": lambda: onestep(some_labels, rate=rate),
        "dawid": lambda: dawid(some_labels, some_p, rate=rate, range_=range_),
    }
    if model not in models:
        raise ValueError(f"mutation model {model!r}; known are {', '.join(models)}")
    inner = models[model]()
    if stabilize:
        inner = stationary(inner, some_p)
    matrix = np.eye(len(labels))
    matrix[np.ix_(others, others)] = inner
    return matrix


def equal(labels: Labels, *, rate: float) -> np.ndarray:
    """Every other allele is equally likely.

    >>> equal(["8", "9", "10"], rate=0.1).tolist()
    [[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]]
    """
    _check_rate(rate)
    n = _check_labels(labels)
    return _with_diagonal([[rate / (n - 1) if i != j else 0.0 for j in range(n)] for i in range(n)])


def proportional(labels: Labels, p: Frequencies, *, rate: float) -> np.ndarray:
    """The new allele is drawn from the population; `rate` is the expected rate over all alleles."""
    _check_rate(rate)
    n = _check_labels(labels)
    _check_frequencies(p, n)
    if rate == 0:
        return np.eye(n)
    changes = 1 - fsum(x * x for x in p)
    highest = changes / (1 - min(p)) if min(p) < 1 else 0.0
    if rate > highest * (1 + 1e-12):
        raise ValueError(f"proportional mutation rate {rate} with these frequencies; at most {highest}")
    draw = rate / fsum(x * (1 - x) for x in p)
    return np.array([[(1 - draw) * (i == j) + draw * p[j] for j in range(n)] for i in range(n)])


def stepwise(labels: Labels, *, rate: float, rate2: float = 0.0, range_: float) -> np.ndarray:
    """`rate` to alleles whole repeats away, each further repeat `range_` times rarer; `rate2` across microvariants.

    Rows are normalised over the alleles in the table, so a gap in the ladder gives its share to the others. The
    microvariant group is round((x - round(x)) * 10), halves to even, as in Familias and pedmut: 9.3 and 12.3 are one
    group, but 8.5 and 9.5 are two.
    """
    _check_rate(rate)
    _check_rate(rate2)
    if rate + rate2 > 1:
        raise ValueError(f"stepwise rates {rate} + {rate2}; their sum must not exceed 1")
    _check_range(range_, 1.0)
    n = _check_labels(labels)
    repeats = [_repeats(label) for label in labels]
    groups = [_microvariant(x) for x in repeats]
    rows = []
    for i in range(n):
        same = [k for k in range(n) if k != i and groups[k] == groups[i]]
        other = [k for k in range(n) if groups[k] != groups[i]]
        steps = {k: range_ ** float(abs(repeats[i] - repeats[k])) for k in same}
        row = [0.0] * n
        for k in same:
            row[k] = rate * steps[k] / fsum(steps.values())
        for k in other:
            row[k] = rate2 / len(other)
        rows.append(row)
    return _with_diagonal(rows)


def onestep(labels: Labels, *, rate: float) -> np.ndarray:
    """To the alleles exactly one repeat away, half and half where there are two; others do not mutate."""
    _check_rate(rate)
    n = _check_labels(labels)
    repeats = [_repeats(label) for label in labels]
    if any(x != int(x) for x in repeats):
        raise ValueError(f"onestep mutation among {list(labels)}; whole repeats only")
    neighbours = [[k for k in range(n) if abs(repeats[k] - x) == 1] for x in repeats]
    return _with_diagonal([[rate / len(near) if k in near else 0.0 for k in range(n)] for near in neighbours])


def dawid(labels: Labels, p: Frequencies, *, rate: float, range_: float) -> np.ndarray:
    """Steps along the order of the alleles in the table, reversible and with `p` as its stationary distribution.

    Numbers are ordered as numbers; a table with any other label is ordered as text.
    """
    _check_rate(rate)
    _check_range(range_, 1.0, below=True)
    n = _check_labels(labels)
    _check_frequencies(p, n, positive=True)
    if n == 1 or rate == 0:
        return np.eye(n)
    numeric = all(_REPEATS.fullmatch(label) for label in labels)
    ranked = sorted(labels, key=_repeats) if numeric else sorted(labels)
    rank = [ranked.index(label) for label in labels]
    a = (1 - range_**n) / (1 - range_)
    scale = rate * (1 - range_) / (2 * range_ * (n - a))
    rows = [[scale / p[i] * range_ ** abs(rank[i] - rank[j]) if i != j else 0.0 for j in range(n)] for i in range(n)]
    return _with_diagonal(rows)


def stationary(matrix: Sequence[Sequence[float]] | np.ndarray, p: Frequencies) -> np.ndarray:
    """Transform "PM": rows shrunk or stretched so that `p` stays as it is, with the same expected rate."""
    rows = [[float(x) for x in row] for row in matrix]
    n = len(rows)
    _check_frequencies(p, n, positive=True)
    rate = 1 - fsum(rows[i][i] * p[i] for i in range(n))
    if rate == 0:
        return np.array(rows)
    v = stationary_vector(rows)
    moves = 1 - fsum(rows[i][i] * v[i] for i in range(n))
    factor = [rate * v[i] / (moves * p[i]) for i in range(n)]
    for i in range(n):
        leaving = factor[i] * (1 - rows[i][i])
        if leaving > 1 + 1e-12:
            raise ValueError(f"stationary transform: allele {i} would mutate with probability {leaving}, more than 1")
    return np.array([[(i == j) + factor[i] * (rows[i][j] - (i == j)) for j in range(n)] for i in range(n)])


def stationary_vector(matrix: Sequence[Sequence[float]]) -> list[float]:
    """The distribution that a mutation matrix leaves as it is, by removing one state after another.

    Grassmann, Taksar and Heyman (1985): no subtraction, so no digit is lost. An error where it is not unique.

    >>> [round(x, 12) for x in stationary_vector([[0.9, 0.1], [0.3, 0.7]])]
    [0.75, 0.25]
    """
    m = [list(row) for row in matrix]
    n = len(m)
    for k in range(n - 1, 0, -1):
        out = fsum(m[k][:k])
        if out <= 0 or all(m[i][k] <= 0 for i in range(k)):
            raise ValueError(
                "mutation matrix with alleles that never reach each other: no unique stationary distribution"
            )
        for i in range(k):
            m[i][k] /= out
            for j in range(k):
                m[i][j] += m[i][k] * m[k][j]
    v = [1.0]
    for k in range(1, n):
        v.append(fsum(v[i] * m[i][k] for i in range(k)))
    total = fsum(v)
    return [x / total for x in v]


def _with_diagonal(rows: list[list[float]]) -> np.ndarray:
    """Whatever does not leave stays."""
    for i, row in enumerate(rows):
        row[i] = 0.0
        stays = 1 - fsum(row)
        if stays < -1e-12:
            raise ValueError(f"allele {i} would mutate with probability {fsum(row)}, more than 1")
        row[i] = max(stays, 0.0)
    return np.array(rows)


def _repeats(label: str) -> Decimal:
    if not _REPEATS.fullmatch(label):
        raise ValueError(f"allele {label!r} is not a number of repeats with at most one decimal, as in 9.3")
    return Decimal(label)


def _microvariant(repeats: Decimal) -> int:
    whole = repeats.quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
    return int((repeats - whole) * 10)


def _check_rate(rate: float) -> None:
    if not 0 <= rate <= 1:
        raise ValueError(f"mutation rate {rate}; it must lie between 0 and 1")


def _check_range(range_: float, highest: float, *, below: bool = False) -> None:
    if not 0 < range_ <= highest or (below and range_ == highest):
        raise ValueError(
            f"mutation range {range_}; it must lie above 0 and {'below' if below else 'not above'} {highest}"
        )


def _check_labels(labels: Labels) -> int:
    keys = [Decimal(label) if _REPEATS.fullmatch(label) else label for label in labels]
    if not keys or len(set(keys)) != len(keys):
        raise ValueError(f"alleles {list(labels)}; at least one is needed, each once")
    return len(keys)


def _check_frequencies(p: Frequencies, n: int, *, positive: bool = False) -> None:
    if len(p) != n or any(x < 0 or (positive and x == 0) for x in p) or abs(fsum(p) - 1) > 1e-3:
        raise ValueError(
            f"frequencies {list(p)} for {n} alleles; one for each, {'above' if positive else 'not below'} 0, sum 1"
        )
