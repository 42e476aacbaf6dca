"""Canonical bytes, the Merkle tree, checkpoints, proofs, bundles, and a verifier that runs without the rest.

Formats are RFC 8785 (canonical JSON), RFC 9162 (tree), and C2SP signed-note, tlog-checkpoint and tlog-proof.
"""
