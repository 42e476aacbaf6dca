"""The tree against the RFC's recursive definition, against an independent program, and against forgers."""

import random
from functools import cache

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.bench.ledger import Forger, forge_proofs, forged_proofs_accepted
from antigone.ledger.merkle import (
    EMPTY_ROOT,
    MemoryNodes,
    ProofError,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from antigone.ledger.verifier import root_of

# The test leaves of Certificate Transparency, and the roots over the first 0 … 8 of them (RFC 6962 test data).
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def data(index: int) -> bytes:
    return b"entry %d" % index


@cache
def oracle_root(low: int, high: int) -> bytes:
    """MTH(D[low:high]), word for word RFC 9162 §2.1.1."""
    if high == low:
        return EMPTY_ROOT
    if high - low == 1:
        return leaf_hash(data(low))
    k = split(high - low)
    return node_hash(oracle_root(low, low + k), oracle_root(low + k, high))


def oracle_path(index: int, low: int, high: int) -> list[bytes]:
    """PATH(m, D[low:high]), RFC 9162 §2.1.3.1."""
    if high - low == 1:
        return []
    k = split(high - low)
    if index < k:
        return [*oracle_path(index, low, low + k), oracle_root(low + k, high)]
    return [*oracle_path(index - k, low + k, high), oracle_root(low, low + k)]


def oracle_subproof(m: int, low: int, high: int, *, known: bool) -> list[bytes]:
    """SUBPROOF(m, D[low:high], b), RFC 9162 §2.1.4.1."""
    if m == high - low:
        return [] if known else [oracle_root(low, high)]
    k = split(high - low)
    if m <= k:
        return [*oracle_subproof(m, low, low + k, known=known), oracle_root(low + k, high)]
    return [*oracle_subproof(m - k, low + k, high, known=False), oracle_root(low, low + k)]


def split(width: int) -> int:
    k = 1
    while 2 * k < width:
        k *= 2
    return k


def tree_of(size: int) -> Tree:
    tree = Tree(MemoryNodes())
    tree.append_many([leaf_hash(data(index)) for index in range(size)])
    return tree


def test_frozen_roots_of_the_test_data_of_rfc_6962() -> None:
    tree = Tree(MemoryNodes())
    leaves = []
    for leaf, root in zip([None, *CT_LEAVES], CT_ROOTS, strict=True):
        if leaf is not None:
            leaves.append(leaf_hash(bytes.fromhex(leaf)))
            assert tree.append(leaves[-1]) == len(leaves) - 1
        assert tree.root().hex() == root
        assert root_of(leaves).hex() == root  # the verifier's own hand
    assert [tree.root(size).hex() for size in range(9)] == CT_ROOTS


def test_frozen_proofs_of_the_test_data_of_rfc_6962() -> None:
    tree = Tree(MemoryNodes())
    tree.append_many([leaf_hash(bytes.fromhex(leaf)) for leaf in CT_LEAVES])
    assert [node.hex() for node in tree.inclusion_proof(5, 8)] == [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [node.hex() for node in tree.consistency_proof(6, 8)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


def test_roots_and_proofs_are_those_of_the_definition_for_all_sizes_to_70() -> None:
    tree = tree_of(70)
    for size in range(71):
        root = tree.root(size)
        assert root == oracle_root(0, size)
        assert root == root_of([leaf_hash(data(index)) for index in range(size)])
        for index in range(size):
            proof = tree.inclusion_proof(index, size)
            assert proof == oracle_path(index, 0, size)
            verify_inclusion(index, size, leaf_hash(data(index)), proof, root)
        for first in range(size + 1):
            proof = tree.consistency_proof(first, size)
            assert proof == (oracle_subproof(first, 0, size, known=True) if first else [])
            verify_consistency(first, size, proof, tree.root(first), root)


def test_a_large_tree_agrees_with_the_definition_at_random_places() -> None:
    tree, chance = tree_of(5000), random.Random(1)  # noqa: S311 — places, not secrets.
    for _ in range(150):
        size = chance.randint(1, 5000)
        index, first = chance.randrange(size), chance.randint(1, size)
        assert tree.root(size) == oracle_root(0, size)
        assert tree.inclusion_proof(index, size) == oracle_path(index, 0, size)
        assert tree.consistency_proof(first, size) == oracle_subproof(first, 0, size, known=True)


def test_an_independent_program_computes_the_same_roots_and_accepts_the_proofs() -> None:
    """pymerkle hashes as RFC 9162 does; its proofs hold the leaf or left roots too, so ours are put into its form."""
    theirs, ours = pymerkle.InmemoryTree("sha256"), tree_of(70)
    for index in range(70):
        theirs.append_entry(data(index))
    for size in range(1, 71):
        assert theirs.get_root(size) == ours.root(size)
        for index in range(size):
            their_proof = theirs.prove_inclusion(index + 1, size)
            assert their_proof.path == [leaf_hash(data(index)), *ours.inclusion_proof(index, size)]
        for first in range(1, size + 1):
            pymerkle.verify_consistency(ours.root(first), ours.root(size), theirs.prove_consistency(first, size))


@given(st.lists(st.integers(0, 40), max_size=8))
def test_it_does_not_matter_in_which_portions_leaves_are_appended(portions: list[int]) -> None:
    tree, size = Tree(MemoryNodes()), 0
    for portion in portions:
        tree.append_many(leaf_hash(data(index)) for index in range(size, size + portion))
        size += portion
    assert tree.size == size
    assert tree.root() == oracle_root(0, size)


class CountedNodes(MemoryNodes):
    """Counts what is read."""

    reads = 0

    def get(self, level: int, index: int) -> bytes:
        self.reads += 1
        return super().get(level, index)


def test_appending_and_proving_read_a_logarithm_of_nodes() -> None:
    nodes = CountedNodes()
    tree = Tree(nodes)
    tree.append_many([leaf_hash(data(index)) for index in range(50_000)])
    for act in (
        lambda: tree.append(bytes(32)),
        tree.root,
        lambda: tree.inclusion_proof(12_345),
        lambda: tree.inclusion_proof(49_999),
        lambda: tree.consistency_proof(33_333),
    ):
        nodes.reads = 0
        act()
        assert nodes.reads <= 2 * 17


def test_a_tree_goes_on_where_its_nodes_end() -> None:
    nodes = MemoryNodes()
    Tree(nodes).append_many([leaf_hash(data(index)) for index in range(37)])
    again = Tree(nodes, size=37)
    again.append_many([leaf_hash(data(index)) for index in range(37, 61)])
    assert again.root() == oracle_root(0, 61)


class BrokenNodes(MemoryNodes):
    """A disk that is full."""

    def put(self, items: object) -> None:  # noqa: ARG002
        raise OSError


def test_a_failure_to_keep_nodes_leaves_the_tree_as_it_was() -> None:
    tree = Tree(BrokenNodes())
    with pytest.raises(OSError):  # noqa: PT011 — it has no text.
        tree.append(bytes(32))
    assert (tree.size, tree.root()) == (0, EMPTY_ROOT)


def test_what_is_not_there_is_an_error() -> None:
    tree = tree_of(5)
    for call in (
        lambda: tree.root(6),
        lambda: tree.root(-1),
        lambda: tree.inclusion_proof(5),
        lambda: tree.inclusion_proof(-1),
        lambda: tree.consistency_proof(4, 3),
        lambda: tree.consistency_proof(-1),
        lambda: tree.append(b"short"),
        lambda: MemoryNodes().put([(0, 1, bytes(32))]),
    ):
        with pytest.raises(ValueError, match=r"."):
            call()


@pytest.mark.parametrize(
    ("claim", "why"),
    [
        ((0, 0, [], EMPTY_ROOT, EMPTY_ROOT), None),
        ((0, 3, [], EMPTY_ROOT, oracle_root(0, 3)), None),
        ((3, 3, [], oracle_root(0, 3), oracle_root(0, 3)), None),
        ((0, 3, [bytes(32)], EMPTY_ROOT, oracle_root(0, 3)), "too long"),
        ((0, 3, [], bytes(32), oracle_root(0, 3)), "an empty tree has another root"),
        ((3, 3, [], oracle_root(0, 3), oracle_root(0, 2)), "two trees of one size"),
        ((3, 3, [bytes(32)], oracle_root(0, 3), oracle_root(0, 3)), "too long"),
        ((4, 3, [], oracle_root(0, 4), oracle_root(0, 3)), "no beginning"),
        ((2, 3, [], oracle_root(0, 2), oracle_root(0, 3)), "is empty"),
        ((-1, 3, [], oracle_root(0, 2), oracle_root(0, 3)), "no size"),
        ((True, 3, [], oracle_root(0, 1), oracle_root(0, 3)), "no size"),
        ((2, 2**63, [bytes(32)], oracle_root(0, 2), oracle_root(0, 3)), "no size"),
        ((2, 3, [bytes(31)], oracle_root(0, 2), oracle_root(0, 3)), "32 bytes"),
    ],
)
def test_the_edges_of_consistency(claim: tuple[int, int, list[bytes], bytes, bytes], why: str | None) -> None:
    if why is None:
        verify_consistency(*claim)
    else:
        with pytest.raises(ProofError, match=why):
            verify_consistency(*claim)


def test_the_forger_begins_with_claims_that_hold() -> None:
    forger = Forger(7)
    for _ in range(300):
        forger.true_claim().verify()


def test_no_forged_proof_is_accepted() -> None:
    told: list[int] = []
    assert forged_proofs_accepted(20_000, seed=11, progress=told.append) == 0
    assert told == [10_000, 20_000]


def test_forgeries_are_many_and_repeatable() -> None:
    claims = list(forge_proofs(500, seed=4))
    assert claims == list(forge_proofs(500, seed=4))
    assert len(set(claims)) > 450
