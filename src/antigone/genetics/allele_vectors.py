"""Somebody's genotype in families of the common shapes, by vectors over alleles instead of matrices over genotypes.

What a parent passes on is a vector over alleles; two parents are independent but for who of their common children got
which allele from whom. So P(x from the father, y from the mother, relatives) is a short sum of products u(x) v(y), one
for each way in which the typed brothers and sisters may have got their alleles: one for parents, grandparents and half-
siblings alone, 2ᵏ for k full siblings. `network` and `elimination` compute any pedigree; this computes the same (the
tests compare the two) for

- parents, each typed, untyped or not in the pedigree, an untyped one with parents of their own, typed or not;
- full siblings; half-siblings of either side; children of the person, with or without their other parent;
- full siblings of an untyped parent, typed, or untyped with one typed child: the grandparents' gametes are then a sum
  too, over who of the uncles got which allele from whom, or which of an untyped one's alleles the cousin has,

where all who are typed have exact genotypes, nobody is inbred, and the marker is not X-linked. An allele that an
untyped founder passes on has passed a mutation before it is seen: where mutation is not stationary, the plain
frequencies would be wrong there.
"""

from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb

import numpy as np
from numba import njit
from numpy.typing import NDArray

from antigone.genetics.family_shapes import Child, Giver, Kin, Kind, Parent
from antigone.genetics.models import MarkerModel

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# Siblings for whom what a founder passes on is tabulated, and the numbers in such a table at most.
MOST_TABULATED = 3
MOST_NUMBERS = 2**18

# Families side by side in the compiled code.
_LANES = 64


def allele_vector_rows(kin: Kin, model: MarkerModel, genotypes: Integers) -> Floats:
    """P(genotype of the person | relatives) in many families of one shape; shape (genotypes, families).

    `genotypes` has shape (families, persons, 2): indices of alleles, of whoever is typed. Unordered genotypes stand in
    the order of `numpy.triu_indices`. A column is 0 where what is known is impossible.

    >>> from antigone.genetics.alleles import Repeat
    >>> from antigone.genetics.family_shapes import kin_of
    >>> from antigone.genetics.pedigrees import Pedigree, Person
    >>> pair = Pedigree.build([Person("F"), Person("C", "F")])
    >>> th01 = MarkerModel.build("TH01", [Repeat(6), Repeat(7)], [0.2, 0.8])
    >>> rows = allele_vector_rows(kin_of(pair, 1, frozenset({0})), th01, np.array([[[0, 0], [-1, -1]]]))
    >>> [round(float(q), 9) for q in rows[:, 0]]  # 6/6, 6/7, 7/7: the mother is anybody
    [0.2, 0.8, 0.0]
    """
    families = len(genotypes)
    columns = AlleleVectorColumns(kin, model, genotypes)
    out = np.empty((columns.genotypes, -(-max(1, families) // _LANES) * _LANES))
    columns.columns(0, families, out)
    return out[:, :families]


class AlleleVectorColumns:
    """The same, some families at a time, into room that is there already."""

    def __init__(self, kin: Kin, model: MarkerModel, genotypes: Integers) -> None:
        """`genotypes` has shape (families, persons, 2)."""
        n = len(model)
        self.families, self.genotypes = len(genotypes), n * (n + 1) // 2
        matrices, transposed, passed, same = _laid_out(model)
        siblings = len(kin.siblings)
        plain = [_is_plain(parent) and siblings <= MOST_TABULATED for parent in kin.parents]
        tables = [_founder_table(model, side, siblings) if one else np.zeros((0, n)) for side, one in enumerate(plain)]
        laid = np.ascontiguousarray(np.asarray(genotypes, dtype=np.int64).transpose(1, 2, 0))
        self._kin = (*_encoded(kin), all(plain) and same, *tables)
        self._model = (model.frequencies, matrices, transposed, passed, laid, _LANES)

    def __len__(self) -> int:
        return self.families

    def columns(self, start: int, stop: int, out: Floats) -> None:
        """Of families `start` to `stop` into `out`, shape (genotypes, a multiple of 64 that is large enough)."""
        if stop > start:
            _rows(*self._kin, *self._model, start, stop, out)  # type: ignore[call-arg]  # Numba's has no types


@lru_cache(maxsize=512)
def _laid_out(model: MarkerModel) -> tuple[Floats, Floats, Floats, bool]:
    """Matrices of fathers and mothers, transposed, and what untyped founders pass on; whether both are the same."""
    matrices = np.stack([model.male, model.female])
    transposed = np.ascontiguousarray(matrices.transpose(0, 2, 1))
    passed = np.einsum("a,sax->sx", model.frequencies, matrices)
    return matrices, transposed, passed, bool(np.array_equal(model.male, model.female))


def _is_plain(parent: Parent) -> bool:
    """An untyped founder who has no other children than the person and the full siblings."""
    anybody = Giver(Kind.ANYBODY)
    return parent.giver.kind is Kind.UNTYPED and parent.origins == (anybody, anybody) and not parent.half_siblings


@lru_cache(maxsize=512)
def _founder_table(model: MarkerModel, side: int, siblings: int) -> Floats:
    """P(alleles of the siblings, allele of the person) that an untyped founder passed on, for all they can have.

    Shape (combinations, alleles): combinations a ≤ b ≤ c … of the siblings' alleles in the order of their ranks
    a + b(b + 1)/2 + c(c + 1)(c + 2)/6; empty where that would be too large.
    """
    n = len(model)
    if comb(n + siblings - 1, siblings) * n > MOST_NUMBERS:
        return np.zeros((0, n))
    matrix = (model.male, model.female)[side]
    ascending = combinations_with_replacement(range(n), siblings)
    ranked = sorted(ascending, key=lambda one: one[::-1])
    got = np.array(ranked, dtype=np.int64).reshape(len(ranked), siblings)
    gathered = np.zeros((len(got), n))
    for subset in range(1 << siblings):
        # The founder's first allele went to the subset and to the person, the second to the others; or the reverse.
        mine, rest = np.tile(model.frequencies, (len(got), 1)), np.tile(model.frequencies, (len(got), 1))
        for k in range(siblings):
            np.multiply(one := mine if subset >> k & 1 else rest, matrix.T[got[:, k]], out=one)
        gathered += mine * rest.sum(axis=1, keepdims=True)
    return np.einsum("cz,zx->cx", gathered, matrix) * 0.5**siblings


@lru_cache(maxsize=4096)
def _encoded(kin: Kin) -> tuple[Integers, Integers, Integers, Integers, Integers, Integers, Integers, int]:
    """The shape as arrays.

    Parents (2, 6), half-siblings (2, most, 3) and how many, uncles (2, most, 5) and how many, siblings, children, and
    on which side they have the person's allele.
    """
    parents = np.array(
        [
            [one for giver in (parent.giver, *parent.origins) for one in (giver.kind, giver.person)]
            for parent in kin.parents
        ],
        dtype=np.int64,
    )
    counts = np.array([len(parent.half_siblings) for parent in kin.parents], dtype=np.int64)
    half_siblings = np.full((2, max(1, int(counts.max())), 3), -1, dtype=np.int64)
    for side, parent in enumerate(kin.parents):
        for k, child in enumerate(parent.half_siblings):
            half_siblings[side, k] = _encoded_child(child)
    uncle_counts = np.array([len(parent.uncles) for parent in kin.parents], dtype=np.int64)
    uncles = np.full((2, int(uncle_counts.max()), 5), -1, dtype=np.int64)
    for side, parent in enumerate(kin.parents):
        for k, uncle in enumerate(parent.uncles):
            cousin = (-1, 0, -1) if uncle.child is None else _encoded_child(uncle.child)
            uncles[side, k] = uncle.person, *cousin, uncle.gives
    children = np.array([_encoded_child(child) for child in kin.children], dtype=np.int64).reshape(-1, 3)
    siblings = np.array(kin.siblings, dtype=np.int64)
    return parents, half_siblings, counts, uncles, uncle_counts, siblings, children, kin.gives


def _encoded_child(child: Child) -> tuple[int, int, int]:
    return child.person, int(child.other.kind), child.other.person


@njit(cache=True, nogil=True)
def _gamete(kind, person, matrix, passed, frequencies, genotypes, start, last, lanes, out):  # type: ignore[no-untyped-def]
    """P(the allele that somebody passes on); `out` is (alleles, lanes)."""
    n = len(frequencies)
    if kind == 0:
        for x in range(n):
            for lane in range(lanes):
                out[x, lane] = frequencies[x]
    elif kind == 1:
        for x in range(n):
            for lane in range(lanes):
                out[x, lane] = passed[x]
    else:
        for lane in range(lanes):
            family = min(start + lane, last)
            a, b = genotypes[person, 0, family], genotypes[person, 1, family]
            for x in range(n):
                out[x, lane] = 0.5 * (matrix[a, x] + matrix[b, x])


@njit(cache=True, nogil=True)
def _child(person, other, transposed, genotypes, start, last, lanes, out):  # type: ignore[no-untyped-def]
    """P(a typed child | the allele that a parent passed on): a sum over which allele came from the `other` parent."""
    n = out.shape[0]
    for lane in range(lanes):
        family = min(start + lane, last)
        s, t = genotypes[person, 0, family], genotypes[person, 1, family]
        second = 0.0 if s == t else other[s, lane]
        for x in range(n):
            out[x, lane] = transposed[s, x] * other[t, lane] + transposed[t, x] * second


@njit(cache=True, nogil=True)
def _through_untyped(  # type: ignore[no-untyped-def]
    vectors, which, count, first, second, same, transposed, product, rest, total, gathered, lanes, out
):
    """P(the allele passed to the person, other children) of an untyped parent whose own alleles are `first`, `second`.

    Each child got one of the two, with one half: a sum over who got which.
    """
    n = out.shape[0]
    for x in range(n):
        for lane in range(lanes):
            gathered[x, lane] = 0.0
    half = 0.5 ** (count + 1)
    for subset in range(1 << count):
        for turn in range(1 if same else 2):
            mine, others = (first, second) if turn == 0 else (second, first)
            for x in range(n):
                for lane in range(lanes):
                    product[x, lane] = mine[x, lane]
                    rest[x, lane] = others[x, lane]
            for k in range(count):
                vector = vectors[which[k]]
                if subset >> k & 1:
                    for x in range(n):
                        for lane in range(lanes):
                            product[x, lane] *= vector[x, lane]
                else:
                    for x in range(n):
                        for lane in range(lanes):
                            rest[x, lane] *= vector[x, lane]
            for lane in range(lanes):
                total[lane] = 0.0
            for x in range(n):
                for lane in range(lanes):
                    total[lane] += rest[x, lane]
            factor = half * (2.0 if same else 1.0)
            for lane in range(lanes):
                total[lane] *= factor
            for x in range(n):
                for lane in range(lanes):
                    gathered[x, lane] += product[x, lane] * total[lane]
    for x in range(n):
        for lane in range(lanes):
            out[x, lane] = 0.0
        for z in range(n):
            moved = transposed[x, z]
            if moved != 0.0:
                for lane in range(lanes):
                    out[x, lane] += moved * gathered[z, lane]


@njit(cache=True, nogil=True)
def _given_typed(  # type: ignore[no-untyped-def]
    person, matrix, passed, frequencies, vectors, which, count, genotypes, start, last, total, first, lanes, out
):
    """P(the allele passed to the person, other children) of a typed parent, given whom the children are independent."""
    _gamete(2, person, matrix, passed, frequencies, genotypes, start, last, lanes, first)
    for lane in range(lanes):
        family = min(start + lane, last)
        a, b = genotypes[person, 0, family], genotypes[person, 1, family]
        total[lane] = 1.0
        for k in range(count):
            total[lane] *= 0.5 * (vectors[which[k], a, lane] + vectors[which[k], b, lane])
    for x in range(len(frequencies)):
        for lane in range(lanes):
            out[x, lane] = first[x, lane] * total[lane]


@njit(cache=True, nogil=True)
def _grandparent(  # type: ignore[no-untyped-def]
    side, kind, person, uncles, count, orders, frequencies, matrices, transposed, passed, genotypes, start, last, lanes,
    vectors, plain, other, factor, product, rest, gathered, total, first, ways
):  # fmt: skip
    """P(the allele passed to the parent, what uncles and cousins have), for each way of the uncles to have theirs.

    Of an untyped uncle's two alleles the cousin has one: of the way that says it is the other grandparent's, this one
    knows nothing.
    """
    n, matrix, turned = len(frequencies), matrices[side], transposed[side]
    for k in range(count):
        if uncles[k, 0] >= 0:
            for way in range(2):
                for lane in range(lanes):
                    allele = genotypes[uncles[k, 0], way, min(start + lane, last)]
                    for x in range(n):
                        vectors[2 * k + way, x, lane] = turned[allele, x]
            continue
        gives = uncles[k, 4]
        _gamete(
            uncles[k, 2], uncles[k, 3], matrices[1 - gives], passed[1 - gives], frequencies, genotypes, start, last,
            lanes, other,
        )  # fmt: skip
        _child(uncles[k, 1], other, transposed[gives], genotypes, start, last, lanes, factor)
        for x in range(n):
            for lane in range(lanes):
                vectors[2 * k, x, lane], vectors[2 * k + 1, x, lane] = 0.0, 1.0
            for z in range(n):
                moved = matrix[x, z]
                if moved != 0.0:
                    for lane in range(lanes):
                        vectors[2 * k, x, lane] += moved * factor[z, lane]
    which = np.empty(count, dtype=np.int64)
    for order in range(orders):
        for k in range(count):
            which[k] = 2 * k + ((order >> k & 1) ^ side)
        if kind == 1:
            _through_untyped(
                vectors, which, count, plain, plain, True, turned, product, rest, total, gathered, lanes, ways[order]
            )
        else:
            _given_typed(
                person, matrix, passed[side], frequencies, vectors, which, count, genotypes, start, last, total, first,
                lanes, ways[order],
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _looked_up(table, siblings, order, flipped, genotypes, start, last, lanes, out):  # type: ignore[no-untyped-def]
    """The vectors of a founder's table (`_founder_table`) for what the siblings got from this parent."""
    count = len(siblings)
    got = np.empty(count, dtype=np.int64)
    for lane in range(lanes):
        family = min(start + lane, last)
        for k in range(count):
            allele = genotypes[siblings[k], (order >> k & 1) ^ flipped, family]
            at = k
            while at > 0 and got[at - 1] > allele:
                got[at] = got[at - 1]
                at -= 1
            got[at] = allele
        place = 0
        for k in range(count):
            ways = 1
            for j in range(k + 1):
                ways = ways * (got[k] + j) // (j + 1)
            place += ways
        for x in range(out.shape[0]):
            out[x, lane] = table[place, x]


@njit(cache=True, nogil=True)
def _one_side(  # type: ignore[no-untyped-def]
    side, parent, half_siblings, half_count, uncles, uncle_count, siblings, orders, table, frequencies, matrices,
    transposed, passed, genotypes, start, last, lanes, vectors, uncle_vectors, plain, first, second, other, factor,
    product, rest, gathered, total, grand, ways
):  # fmt: skip
    """P(the allele that one parent passed on, children of that parent), for each way of the siblings to get theirs."""
    n, k_siblings = len(frequencies), len(siblings)
    kind, person = parent[0], parent[1]
    if len(table):
        for order in range(orders):
            _looked_up(table, siblings, order, side, genotypes, start, last, lanes, ways[order])
        return
    turned = transposed[side]
    for k in range(k_siblings):
        for way in range(2):
            for lane in range(lanes):
                allele = genotypes[siblings[k], way, min(start + lane, last)]
                for x in range(n):
                    vectors[2 * k + way, x, lane] = turned[allele, x]
    for k in range(half_count):
        its_kind, its_other = half_siblings[k, 1], half_siblings[k, 2]
        _gamete(
            its_kind, its_other, matrices[1 - side], passed[1 - side], frequencies, genotypes, start, last, lanes, other
        )
        _child(half_siblings[k, 0], other, turned, genotypes, start, last, lanes, vectors[2 * k_siblings + k])
    # How many pairs of vectors the two grandparents' gametes are.
    turns = 1 << uncle_count
    if kind == 1 and uncle_count:
        for of in range(2):
            _grandparent(
                of, parent[2 + 2 * of], parent[3 + 2 * of], uncles, uncle_count, turns, frequencies, matrices,
                transposed, passed, genotypes, start, last, lanes, uncle_vectors, plain, other, factor, product, rest,
                gathered, total, first, grand[of],
            )  # fmt: skip
    elif kind == 1:
        _gamete(parent[2], parent[3], matrices[0], passed[0], frequencies, genotypes, start, last, lanes, first)
        _gamete(parent[4], parent[5], matrices[1], passed[1], frequencies, genotypes, start, last, lanes, second)
    else:
        _gamete(kind, person, matrices[side], passed[side], frequencies, genotypes, start, last, lanes, first)
    same = parent[2] == 0 and parent[4] == 0
    count = k_siblings + half_count
    which = np.empty(count, dtype=np.int64)
    for k in range(half_count):
        which[k_siblings + k] = 2 * k_siblings + k
    for order in range(orders):
        for k in range(k_siblings):
            which[k] = 2 * k + ((order >> k & 1) ^ side)
        if kind == 1 and uncle_count:
            for x in range(n):
                for lane in range(lanes):
                    ways[order, x, lane] = 0.0
            for turn in range(turns):
                _through_untyped(
                    vectors, which, count, grand[0, turn], grand[1, turn], False, turned, product, rest, total,
                    gathered, lanes, other,
                )  # fmt: skip
                for x in range(n):
                    for lane in range(lanes):
                        ways[order, x, lane] += other[x, lane]
        elif kind == 1:
            _through_untyped(
                vectors, which, count, first, second, same, turned, product, rest, total, gathered, lanes, ways[order]
            )
        elif kind == 2:
            _given_typed(
                person, matrices[side], passed[side], frequencies, vectors, which, count, genotypes, start, last, total,
                first, lanes, ways[order],
            )  # fmt: skip
        else:
            for x in range(n):
                for lane in range(lanes):
                    ways[order, x, lane] = first[x, lane]


@njit(cache=True, nogil=True)
def _rows(  # type: ignore[no-untyped-def]
    parents, half_siblings, half_counts, uncles, uncle_counts, siblings, children, gives, alike, father_table,
    mother_table, frequencies, matrices, transposed, passed, genotypes, lanes, begin, end, out
):  # fmt: skip
    """So many families at a time; all inner loops run over these. `begin` is the family of the first column."""
    n, last = len(frequencies), end - 1
    orders = 1 << len(siblings)
    most = 2 * len(siblings) + half_siblings.shape[1]
    vectors, ways = np.empty((most, n, lanes)), np.empty((2, orders, n, lanes))
    first, second, other = np.empty((n, lanes)), np.empty((n, lanes)), np.empty((n, lanes))
    product, rest, gathered = np.empty((n, lanes)), np.empty((n, lanes)), np.empty((n, lanes))
    factor = np.empty((n, lanes))
    total, row, scale = np.empty(lanes), np.empty(lanes), np.empty(lanes)
    most_uncles = uncles.shape[1]
    with_uncles = n if most_uncles else 0
    uncle_vectors = np.empty((2 * most_uncles, n, lanes))
    grand, plain = np.empty((2, 1 << most_uncles, with_uncles, lanes)), np.empty((with_uncles, lanes))
    for x in range(with_uncles):
        plain[x] = frequencies[x]
    # A way and the one with all alleles exchanged are alike where the parents are: half of them say everything. That a
    # homozygous sibling's two ways are one is a factor common to all.
    summed = max(1, orders // 2) if alike else orders
    for start in range(begin, end, lanes):
        _one_side(
            0, parents[0], half_siblings[0], half_counts[0], uncles[0], uncle_counts[0], siblings, orders, father_table,
            frequencies, matrices, transposed, passed, genotypes, start, last, lanes, vectors, uncle_vectors, plain,
            first, second, other, factor, product, rest, gathered, total, grand, ways[0],
        )  # fmt: skip
        if alike:
            for order in range(orders):
                for x in range(n):
                    for lane in range(lanes):
                        ways[1, order, x, lane] = ways[0, orders - 1 - order, x, lane]
        else:
            _one_side(
                1, parents[1], half_siblings[1], half_counts[1], uncles[1], uncle_counts[1], siblings, orders,
                mother_table, frequencies, matrices, transposed, passed, genotypes, start, last, lanes, vectors,
                uncle_vectors, plain, first, second, other, factor, product, rest, gathered, total, grand, ways[1],
            )  # fmt: skip
        for lane in range(lanes):
            scale[lane] = 0.0
        for order in range(summed):
            for lane in range(lanes):
                total[lane] = row[lane] = 0.0
            for x in range(n):
                for lane in range(lanes):
                    total[lane] += ways[0, order, x, lane]
                    row[lane] += ways[1, order, x, lane]
            for lane in range(lanes):
                scale[lane] += total[lane] * row[lane]
        for lane in range(lanes):
            scale[lane] = 1.0 / scale[lane] if scale[lane] > 0.0 else 0.0
        for order in range(summed):
            for x in range(n):
                for lane in range(lanes):
                    ways[0, order, x, lane] *= scale[lane]
        place = 0
        for x in range(n):
            for y in range(x, n):
                here = out[place, start - begin : start - begin + lanes]
                place += 1
                if x == y:
                    for lane in range(lanes):
                        here[lane] = ways[0, 0, x, lane] * ways[1, 0, x, lane]
                    for order in range(1, summed):
                        for lane in range(lanes):
                            here[lane] += ways[0, order, x, lane] * ways[1, order, x, lane]
                    continue
                for lane in range(lanes):
                    here[lane] = ways[0, 0, x, lane] * ways[1, 0, y, lane] + ways[0, 0, y, lane] * ways[1, 0, x, lane]
                for order in range(1, summed):
                    for lane in range(lanes):
                        here[lane] += (
                            ways[0, order, x, lane] * ways[1, order, y, lane]
                            + ways[0, order, y, lane] * ways[1, order, x, lane]
                        )
        if len(children):
            for c in range(len(children)):
                side = 1 - gives
                _gamete(
                    children[c, 1], children[c, 2], matrices[side], passed[side], frequencies, genotypes, start, last,
                    lanes, other,
                )  # fmt: skip
                _child(children[c, 0], other, transposed[gives], genotypes, start, last, lanes, factor)
                place = 0
                for x in range(n):
                    for y in range(x, n):
                        here = out[place, start - begin : start - begin + lanes]
                        place += 1
                        for lane in range(lanes):
                            here[lane] *= 0.5 * (factor[x, lane] + factor[y, lane])
            for lane in range(lanes):
                total[lane] = 0.0
            for g in range(out.shape[0]):
                for lane in range(lanes):
                    total[lane] += out[g, start - begin + lane]
            for lane in range(lanes):
                total[lane] = 1.0 / total[lane] if total[lane] > 0.0 else 0.0
            for g in range(out.shape[0]):
                for lane in range(lanes):
                    out[g, start - begin + lane] *= total[lane]
