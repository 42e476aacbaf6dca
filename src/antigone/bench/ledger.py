"""Forged proofs: false claims about a log, or proofs bent out of shape, of which not one may be accepted."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from antigone.ledger.merkle import (
    MemoryNodes,
    ProofError,
    Tree,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)

_LARGEST = 600
_TOLD_EVERY = 10_000


@dataclass(frozen=True)
class Inclusion:
    """That a leaf stands at an index under a root."""

    index: int
    size: int
    leaf: bytes
    proof: tuple[bytes, ...]
    root: bytes

    def verify(self) -> None:
        """Raise ProofError if it does not hold."""
        verify_inclusion(self.index, self.size, self.leaf, self.proof, self.root)


@dataclass(frozen=True)
class Consistency:
    """That one tree is the beginning of another."""

    first: int
    second: int
    proof: tuple[bytes, ...]
    first_root: bytes
    second_root: bytes

    def verify(self) -> None:
        """Raise ProofError if it does not hold."""
        verify_consistency(self.first, self.second, self.proof, self.first_root, self.second_root)


Claim = Inclusion | Consistency


class Forger:
    """Makes false claims out of true ones, about a log and a fork of it that its own key could have signed.

    Sizes always come with the root of that size: the signature binds the two, the proof does not.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 — forgeries are to be repeatable, not secret.
        fork_at = _LARGEST // 3
        self._log = Tree(MemoryNodes())
        self._log.append_many([leaf_hash(b"%d" % i) for i in range(_LARGEST)])
        self._fork = Tree(MemoryNodes())
        self._fork.append_many([leaf_hash(b"%d" % i if i < fork_at else b"other %d" % i) for i in range(_LARGEST)])
        self._roots = [self._log.root(size) for size in range(_LARGEST + 1)]
        self._fork_roots = [self._fork.root(size) for size in range(_LARGEST + 1)]

    def true_claim(self) -> Claim:
        """A claim that holds."""
        size = self._random.randint(2, _LARGEST)
        if self._random.random() < 0.5:
            index = self._random.randrange(size)
            proof = tuple(self._log.inclusion_proof(index, size))
            return Inclusion(index, size, leaf_hash(b"%d" % index), proof, self._roots[size])
        first = self._random.randint(1, size - 1)
        proof = tuple(self._log.consistency_proof(first, size))
        return Consistency(first, size, proof, self._roots[first], self._roots[size])

    def forged_claim(self) -> Claim:
        """A claim that does not hold, or whose proof is not the one proof of it."""
        while True:
            claim = self.true_claim()
            forged = self._random.choice((self._bent, self._resized, self._of_the_fork, self._flipped))(claim)
            if forged != claim:
                return forged

    def _bent(self, claim: Claim) -> Claim:
        """The proof too short, too long, out of order, or with a hash in another's place."""
        proof, choose = list(claim.proof), self._random
        at = choose.randrange(len(proof) + 1)
        match choose.randrange(6):
            case 0:
                proof = proof[:at]
            case 1:
                proof = proof[at:]
            case 2:
                proof.insert(at, choose.choice([*proof, *self._roots]))
            case 3:
                choose.shuffle(proof)
            case 4:
                proof[at : at + 2] = [node_hash(*proof[at : at + 2])] if at + 2 <= len(proof) else [bytes(32)]
            case _:
                proof[at : at + 1] = [choose.choice([b"", bytes(31), bytes(33), bytes(32), *proof])]
        return replace(claim, proof=tuple(proof))

    def _resized(self, claim: Claim) -> Claim:
        """The proof offered for another index, or another tree of the same log."""
        size = self._random.randrange(_LARGEST + 1)
        if isinstance(claim, Inclusion):
            if self._random.random() < 0.5:
                return replace(claim, index=self._random.randint(-2, claim.size + 2))
            return replace(claim, size=size, root=self._roots[size])
        if size and self._random.random() < 0.5:
            return replace(claim, first=size, first_root=self._roots[size])
        if size == claim.first:
            return claim  # True, if the proof were empty, and forged by `_bent` where it is not.
        return replace(claim, second=size, second_root=self._roots[size])

    def _of_the_fork(self, claim: Claim) -> Claim:
        """Roots or leaves of the fork with proofs of the log, and the other way round."""
        if isinstance(claim, Inclusion):
            if self._fork_roots[claim.size] == claim.root:
                return claim
            proof = tuple(self._fork.inclusion_proof(claim.index, claim.size))
            if proof == claim.proof or self._random.random() < 0.5:
                return replace(claim, root=self._fork_roots[claim.size])
            return replace(claim, proof=proof)
        if self._fork_roots[claim.first] != claim.first_root and self._random.random() < 0.5:
            return replace(claim, first_root=self._fork_roots[claim.first])
        if self._fork_roots[claim.second] == claim.second_root:
            return claim
        proof = tuple(self._fork.consistency_proof(claim.first, claim.second))
        if proof != claim.proof and self._random.random() < 0.5:
            return replace(claim, proof=proof)
        return replace(claim, second_root=self._fork_roots[claim.second])

    def _flipped(self, claim: Claim) -> Claim:
        """One bit of one hash."""
        hashes = [*claim.proof]
        at = self._random.randrange(len(hashes) + 2)
        if at < len(hashes):
            hashes[at] = self._flip(hashes[at])
            return replace(claim, proof=tuple(hashes))
        first = at == len(hashes)
        if isinstance(claim, Inclusion):
            if first:
                return replace(claim, leaf=self._flip(claim.leaf))
            return replace(claim, root=self._flip(claim.root))
        if first:
            return replace(claim, first_root=self._flip(claim.first_root))
        return replace(claim, second_root=self._flip(claim.second_root))

    def _flip(self, node: bytes) -> bytes:
        return (int.from_bytes(node) ^ (1 << self._random.randrange(256))).to_bytes(32)


def forge_proofs(count: int, seed: int) -> Iterator[Claim]:
    """So many false claims; the same ones for the same seed."""
    forger = Forger(seed)
    for _ in range(count):
        yield forger.forged_claim()


def forged_proofs_accepted(count: int, seed: int, progress: Callable[[int], None] | None = None) -> int:
    """How many of so many forged proofs are accepted: it must be 0.

    Parameters
    ----------
    count, seed
        How many, and which.
    progress
        Called now and then with how many were tried.
    """
    accepted = 0
    for tried, claim in enumerate(forge_proofs(count, seed), 1):
        try:
            claim.verify()
        except ProofError:
            pass
        else:
            accepted += 1
        if progress and (tried % _TOLD_EVERY == 0 or tried == count):
            progress(tried)
    return accepted
