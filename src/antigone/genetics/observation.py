"""What a laboratory read, and how likely that is given the true genotype: degraded bone as it is.

The model of one reading. The distinct alleles of the genotype that are not silent are its signals. A signal drops out
with its drop-out probability where it is there in one copy and with the square of it in two. A signal that did not
drop out is read as what it is, or, with the typing-error probability, as an allele drawn from the frequency table.
Then, with the drop-in probability, one more allele drawn from the table is read. The reading is the set of all
alleles read; these probabilities sum to 1 over all sets. Replicates are independent given one genotype, so their
likelihood is the product.

The form follows Balding & Buckleton, FSI Genetics 4 (2009) 1, with the two copies of a homozygote dropping out
independently; their drop-in, which has no proper distribution over sets, is replaced by at most one allele.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, Named, OffLadder, Repeat, Unknown, allele_order
from antigone.genetics.models import MarkerModel

Array = NDArray[np.float64]


class ReadingError(ValueError):
    """A reading that cannot be one."""


class Reads(StrEnum):
    """What a reading claims."""

    ALLELES = "alleles"  # exactly these alleles were seen
    HOMOZYGOUS = "homozygous"  # one, above the stochastic threshold: the laboratory excludes drop-out
    OTHER_UNSEEN = "other unseen"  # one; whether there is another is not known


@dataclass(frozen=True, slots=True)
class Reading:
    """One replicate's result at one marker: distinct alleles in order. A replicate without result has no reading."""

    alleles: tuple[Allele, ...]
    reads: Reads = Reads.ALLELES

    @classmethod
    def of(cls, *alleles: Allele) -> "Reading":
        """From the alleles as reported: `of(a, b)` and `of(a, a)` are typed, `of(a, Unknown())` has one unseen.

        An off-ladder reading is an allele that was there and cannot be named; it reads as one that was not seen.

        >>> Reading.of(Repeat(12), Repeat(12)).reads, Reading.of(Repeat(12), Unknown()).reads
        (<Reads.HOMOZYGOUS: 'homozygous'>, <Reads.OTHER_UNSEEN: 'other unseen'>)
        """
        named = tuple(sorted({a for a in alleles if isinstance(a, Repeat | Named)}, key=allele_order))
        unnamed = [a for a in alleles if isinstance(a, OffLadder | Unknown)]
        if not named:
            raise ReadingError("a reading names at least one allele; leave the marker out where nothing was read")
        if len(named) == 1 and unnamed:
            return cls(named, Reads.OTHER_UNSEEN)
        if unnamed:
            raise ReadingError("a reading of two or more named alleles and an unnamed one")
        if len(named) == 1:
            return cls(named, Reads.HOMOZYGOUS)
        return cls(named, Reads.ALLELES)

    def __str__(self) -> str:
        names = [str(allele) for allele in self.alleles]
        if len(names) == 1:
            names.append("?" if self.reads is Reads.OTHER_UNSEEN else names[0])
        return "/".join(names)


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """The rates of one sample at one marker.

    `drop_out` is one number, or one for each allele of the table where it depends on length.
    """

    drop_out: float | tuple[float, ...] = 0.0
    drop_in: float = 0.0
    typing_error: float = 0.0

    def __post_init__(self) -> None:
        rates = self.drop_out if isinstance(self.drop_out, tuple) else (self.drop_out,)
        for name, values in (("drop-out", rates), ("drop-in", (self.drop_in,)), ("typing error", (self.typing_error,))):
            if any(not 0 <= value < 1 for value in values):
                raise ReadingError(f"the {name} rate is a probability below 1, got {values}")


NO_ERRORS = ErrorRates()


def genotype_likelihood(
    readings: Sequence[Reading], model: MarkerModel, rates: ErrorRates = NO_ERRORS, *, haploid: bool = False
) -> Array:
    """P(readings | genotype), the product over replicates.

    Shape (alleles, alleles), symmetric; with `haploid` (a male at an X marker) shape (alleles,).
    Raises `ReadingError` for an allele that the model does not hold.
    """
    shape = (len(model),) if haploid else (len(model), len(model))
    total = np.ones(shape)
    for reading in readings:
        total = total * _one_reading(reading, model, rates, haploid)
    return total


@dataclass(frozen=True, slots=True, eq=False)
class ReadingTable:
    """P(reading | genotype) of every reading of one or two alleles at once.

    Rows of `singles`, shape (alleles, genotypes): exactly that allele was read. Rows of `pairs`, shape (pairs,
    genotypes): exactly these two, in the order of `numpy.triu_indices(alleles, 1)`. Columns are unordered genotypes in
    the order of `numpy.triu_indices(alleles)`, or alleles for a male at an X-linked marker, whose `pairs` are empty.
    """

    singles: Array
    pairs: Array


def reading_table(model: MarkerModel, rates: ErrorRates, *, haploid: bool = False) -> ReadingTable:
    """All of `genotype_likelihood` for single readings, in a few array operations."""
    drop, shown = _with_silent(_drop_out(rates, model), model), _shown(model)
    label = rates.typing_error * np.tile(shown, (len(model), 1))  # (true allele, label read)
    label[np.diag_indices(len(model))] += 1 - rates.typing_error
    drop_in = rates.drop_in * shown
    inside = 1 - rates.drop_in + drop_in
    if haploid:
        read = (1 - drop)[:, None] * label
        return ReadingTable((read * inside + drop[:, None] * drop_in).T, np.zeros((0, len(model))))
    a, b = np.triu_indices(len(model))
    first, second = np.triu_indices(len(model), 1)
    read = (1 - drop)[:, None] * label
    same = (a == b)[:, None]
    nothing = (drop[a] * drop[b])[:, None]
    one = np.where(
        same,
        (1 - drop[a] ** 2)[:, None] * label[a],
        read[a] * read[b] + read[a] * drop[b, None] + drop[a, None] * read[b],
    )
    singles = (one * inside + nothing * drop_in).T
    two = np.where(same, 0.0, read[a][:, first] * read[b][:, second] + read[a][:, second] * read[b][:, first])
    pairs = two * (1 - rates.drop_in + drop_in[first] + drop_in[second])
    pairs += one[:, first] * drop_in[second] + one[:, second] * drop_in[first]
    return ReadingTable(np.ascontiguousarray(singles), np.ascontiguousarray(pairs.T))


def _one_reading(reading: Reading, model: MarkerModel, rates: ErrorRates, haploid: bool) -> Array:
    seen = [_index(model, allele) for allele in reading.alleles]
    drop, shown = _drop_out(rates, model), _shown(model)
    if reading.reads is Reads.HOMOZYGOUS:
        drop = np.zeros(len(model))
    declared = bool(np.any(drop > 0))
    drop = _with_silent(drop, model)
    label = rates.typing_error * shown[seen][None, :] * np.ones((len(model), 1))  # (true allele, label read)
    label[seen, range(len(seen))] += 1 - rates.typing_error
    drop_in = rates.drop_in * shown[seen]
    if reading.reads is Reads.OTHER_UNSEEN and not declared:
        return _allele_is_seen(drop, label[:, 0], float(drop_in[0]), haploid)
    return _set_is_seen(drop, label, drop_in, 1 - rates.drop_in, haploid)


def _set_is_seen(drop: Array, label: Array, drop_in: Array, no_drop_in: float, haploid: bool) -> Array:
    """P(the set of alleles read is exactly the set of labels | genotype): all terms positive, nothing cancels."""
    n, size = label.shape
    if haploid:
        return _combine(_Signals.one(drop, label), drop_in, no_drop_in, size)
    pairs = _combine(_Signals.two(drop, label), drop_in, no_drop_in, size)
    homozygous = _combine(_Signals.one(drop**2, label), drop_in, no_drop_in, size)
    pairs[np.diag_indices(n)] = homozygous
    return pairs


@dataclass(frozen=True, slots=True)
class _Signals:
    """P(the labels read from the genotype's own signals are exactly a set), for sets of size 0, 1 and 2."""

    nothing: Array
    single: list[Array]
    pair: dict[tuple[int, int], Array]

    @classmethod
    def one(cls, drop: Array, label: Array) -> "_Signals":
        read = (1 - drop)[:, None] * label
        return cls(drop, [read[:, r] for r in range(label.shape[1])], {})

    @classmethod
    def two(cls, drop: Array, label: Array) -> "_Signals":
        size = label.shape[1]
        read = (1 - drop)[:, None] * label
        single = [
            np.outer(read[:, r], read[:, r]) + np.outer(read[:, r], drop) + np.outer(drop, read[:, r])
            for r in range(size)
        ]
        pair = {
            (r, s): np.outer(read[:, r], read[:, s]) + np.outer(read[:, s], read[:, r])
            for r in range(size)
            for s in range(r + 1, size)
        }
        return cls(np.outer(drop, drop), single, pair)


def _combine(signals: _Signals, drop_in: Array, no_drop_in: float, size: int) -> Array:
    """Own signals together with at most one drop-in make up the set."""
    inside = no_drop_in + float(drop_in.sum())  # no drop-in, or one that hides behind an allele seen anyway
    if size == 1:
        return signals.single[0] * inside + signals.nothing * drop_in[0]
    if size == 2:
        own = signals.pair.get((0, 1), np.zeros_like(signals.nothing)) * inside
        return own + signals.single[0] * drop_in[1] + signals.single[1] * drop_in[0]
    total = np.zeros_like(signals.nothing)
    if size == 3:
        for extra, rest in ((2, (0, 1)), (1, (0, 2)), (0, (1, 2))):
            total = total + signals.pair.get(rest, np.zeros_like(total)) * drop_in[extra]
    return total


def _allele_is_seen(drop: Array, label: Array, drop_in: float, haploid: bool) -> Array:
    """P(the allele is among those read | genotype), whatever else was there."""
    read = (1 - drop) * label
    one = drop_in + (1 - drop_in) * read
    if haploid:
        return one
    both = one[:, None] + (1 - one[:, None]) * read[None, :]
    both[np.diag_indices(len(drop))] = drop_in + (1 - drop_in) * (1 - drop**2) * label
    return both


def _drop_out(rates: ErrorRates, model: MarkerModel) -> Array:
    if isinstance(rates.drop_out, tuple):
        if len(rates.drop_out) != len(model):
            raise ReadingError(f"{model.name}: {len(rates.drop_out)} drop-out rates for {len(model)} alleles")
        return np.array(rates.drop_out)
    return np.full(len(model), rates.drop_out)


def _shown(model: MarkerModel) -> Array:
    """What a drop-in or an error is drawn from: the frequencies of the alleles that can show."""
    shown = model.frequencies.copy()
    if model.silent is not None:
        shown[model.silent] = 0.0
    return np.asarray(shown / shown.sum())


def _with_silent(drop: Array, model: MarkerModel) -> Array:
    """A silent allele always drops out."""
    if model.silent is not None:
        drop = drop.copy()
        drop[model.silent] = 1.0
    return drop


def _index(model: MarkerModel, allele: Allele) -> int:
    try:
        return model.index[allele]
    except KeyError:
        raise ReadingError(f"{model.name}: allele {allele} is not among the alleles of the table") from None
