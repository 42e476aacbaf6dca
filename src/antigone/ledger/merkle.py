"""The Merkle tree of RFC 9162, with stored nodes: appending and proving take O(log n) whatever the size.

A node (level, index) is the root of the perfect subtree over leaves index·2**level … (index + 1)·2**level − 1; level 0
holds the leaf hashes. Only whole subtrees are stored, so a stored node never changes, and the tree at every earlier
size is still there. What lies right of the last whole subtree is put together when it is asked for.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Protocol

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
LARGEST_SIZE = 2**63 - 1


class ProofError(ValueError):
    """A proof that proves nothing."""


def leaf_hash(data: bytes) -> bytes:
    """SHA-256 of 0x00 and the entry's bytes (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256 of 0x01 and the two hashes below (RFC 9162 §2.1.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Nodes(Protocol):
    """Where the nodes are kept: in memory, in a table."""

    def get(self, level: int, index: int) -> bytes:
        """The hash of one node that was put before."""
        ...

    def put(self, items: Iterable[tuple[int, int, bytes]]) -> None:
        """Keep nodes: level, index, hash. Lower levels come first, each level in order."""
        ...


class MemoryNodes:
    """Nodes in lists, one for each level."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = []

    def get(self, level: int, index: int) -> bytes:
        """The hash of one node."""
        return self._levels[level][index]

    def put(self, items: Iterable[tuple[int, int, bytes]]) -> None:
        """Keep nodes; each must be the next of its level."""
        for level, index, node in items:
            if level == len(self._levels):
                self._levels.append([])
            if index != len(self._levels[level]):
                raise ValueError(f"node {index} of level {level} comes where {len(self._levels[level])} is the next")
            self._levels[level].append(node)


class Tree:
    """A log's tree over stored nodes.

    Parameters
    ----------
    nodes
        Where the nodes are kept.
    size
        How many leaves they already hold.

    Examples
    --------
    >>> tree = Tree(MemoryNodes())
    >>> tree.append_many([leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")])
    >>> verify_inclusion(2, 3, leaf_hash(b"c"), tree.inclusion_proof(2), tree.root())
    >>> verify_consistency(1, 3, tree.consistency_proof(1), tree.root(1), tree.root())
    """

    def __init__(self, nodes: Nodes, size: int = 0) -> None:
        self._nodes = nodes
        self._size = size

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    def append(self, leaf: bytes) -> int:
        """Add one leaf hash and say its index."""
        self.append_many([leaf])
        return self._size - 1

    def append_many(self, leaves: Iterable[bytes]) -> None:
        """Add leaf hashes in order. The nodes are put in one call; if that fails, nothing was added."""
        hashes = list(leaves)
        if any(len(leaf) != HASH_BYTES for leaf in hashes):
            raise ValueError(f"a leaf hash has {HASH_BYTES} bytes")
        items: list[tuple[int, int, bytes]] = []
        level, start, size = 0, self._size, self._size + len(hashes)
        while hashes:
            items.extend((level, index, node) for index, node in enumerate(hashes, start))
            if start % 2:
                hashes.insert(0, self._nodes.get(level, start - 1))
            pairs = iter(hashes)
            hashes = [node_hash(left, right) for left, right in zip(pairs, pairs, strict=False)]
            level, start = level + 1, start // 2
        self._nodes.put(items)
        self._size = size

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves (of all, if not said)."""
        size = self._checked(size)
        return self._range_root(0, size) if size else EMPTY_ROOT

    def inclusion_proof(self, index: int, size: int | None = None) -> list[bytes]:
        """PATH(index, D[size]) of RFC 9162 §2.1.3.1: the siblings from the leaf up."""
        size = self._checked(size)
        if not 0 <= index < size:
            raise ValueError(f"there is no leaf {index} in a tree of {size}")
        path, low, high = [], 0, size
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range_root(middle, high))
                high = middle
            else:
                path.append(self._range_root(low, middle))
                low = middle
        return path[::-1]

    def consistency_proof(self, first: int, second: int | None = None) -> list[bytes]:
        """PROOF(first, D[second]) of RFC 9162 §2.1.4.1; empty where `first` is 0 or equal to `second`."""
        second = self._checked(second)
        if not 0 <= first <= second:
            raise ValueError(f"a tree of {first} is no beginning of a tree of {second}")
        if first in (0, second):
            return []
        path, low, high = [], 0, second
        while high != first:
            middle = low + _split(high - low)
            if first <= middle:
                path.append(self._range_root(middle, high))
                high = middle
            else:
                path.append(self._range_root(low, middle))
                low = middle
        if low:  # Otherwise the verifier knows this node: it is the first root.
            path.append(self._range_root(low, high))
        return path[::-1]

    def _checked(self, size: int | None) -> int:
        if size is None:
            return self._size
        if not 0 <= size <= self._size:
            raise ValueError(f"the tree has {self._size} leaves, not {size}")
        return size

    def _range_root(self, low: int, high: int) -> bytes:
        """The hash over leaves low … high − 1, where low is a multiple of a power of two that spans them."""
        parts = []
        while low < high:
            level = (high - low).bit_length() - 1
            parts.append(self._nodes.get(level, low >> level))
            low += 1 << level
        root = parts.pop()
        while parts:
            root = node_hash(parts.pop(), root)
        return root


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Check that the leaf hash stands at `index` in the tree of `size` leaves with this root (RFC 9162 §2.1.3.2).

    `size` and `root` must come from one checkpoint: the proof binds the leaf to the root, and the signature the root to
    its size.

    Raises
    ------
    ProofError
        It does not, or the proof is not of the form that RFC 9162 gives for this index and size.
    """
    _refuse_bad_sizes(index, size)
    _refuse_bad_hashes(leaf, root, *proof)
    if index >= size:
        raise ProofError(f"there is no leaf {index} in a tree of {size}")
    place, last, result = index, size - 1, leaf
    for node in proof:
        if last == 0:
            raise ProofError("the inclusion proof is too long")
        if place & 1 or place == last:
            result = node_hash(node, result)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            result = node_hash(result, node)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("the inclusion proof is too short")
    if result != root:
        raise ProofError("the inclusion proof leads to another root")


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    """Check that the tree of `first` leaves is the beginning of the tree of `second` (RFC 9162 §2.1.4.2).

    An empty tree is the beginning of every tree, with an empty proof.

    Raises
    ------
    ProofError
        It is not, or the proof is not of the form that RFC 9162 gives for these sizes.
    """
    _refuse_bad_sizes(first, second)
    _refuse_bad_hashes(first_root, second_root, *proof)
    if first > second:
        raise ProofError(f"a tree of {first} is no beginning of a tree of {second}")
    if first in (0, second):
        _verify_trivial(first, second, proof, first_root, second_root)
        return
    if not proof:
        raise ProofError("the consistency proof is empty")
    path = list(proof) if first & (first - 1) else [first_root, *proof]
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for node in path[1:]:
        if last == 0:
            raise ProofError("the consistency proof is too long")
        if place & 1 or place == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = node_hash(new, node)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofError("the consistency proof is too short")
    if old != first_root:
        raise ProofError("the consistency proof leads to another first root")
    if new != second_root:
        raise ProofError("the consistency proof leads to another second root")


def _verify_trivial(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> None:
    if proof:
        raise ProofError("the consistency proof is too long: it must be empty here")
    if first == second and first_root != second_root:
        raise ProofError("two trees of one size have different roots")
    if (first == 0 and first_root != EMPTY_ROOT) or (second == 0 and second_root != EMPTY_ROOT):
        raise ProofError("an empty tree has another root")


def _refuse_bad_sizes(*sizes: int) -> None:
    for size in sizes:
        if type(size) is not int or not 0 <= size <= LARGEST_SIZE:
            raise ProofError(f"{size!a} is no size or index of a tree")


def _refuse_bad_hashes(*hashes: bytes) -> None:
    for node in hashes:
        if type(node) is not bytes or len(node) != HASH_BYTES:
            raise ProofError(f"a hash is {HASH_BYTES} bytes")


def _split(width: int) -> int:
    """The largest power of two below `width` (at least 2)."""
    return 1 << ((width - 1).bit_length() - 1)
