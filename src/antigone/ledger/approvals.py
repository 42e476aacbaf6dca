"""Approvals: the second person's signature over what the first one proposed, by a key that no database holds."""

import base64
import binascii

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from antigone.ledger.canonical import canonical_bytes

_PREFIX = b"antigone-approval-v1\n"  # No other thing that is signed begins so.


class ApprovalError(ValueError):
    """A signature that approves nothing."""


def approval_message(digest: str, actor: str, origin: str) -> bytes:
    """What an approver signs: which entry, by whom, in which log.

    Parameters
    ----------
    digest
        The leaf hash of the proposal's entry, 64 hex digits.
    actor
        The approver's id.
    origin
        The origin of the log's checkpoints, so that no approval can be carried to another log.
    """
    return _PREFIX + canonical_bytes({"approve": digest, "by": actor, "origin": origin})


def sign_approval(private_key: Ed25519PrivateKey, digest: str, actor: str, origin: str) -> str:
    """The signature of an approval's payload, in base64."""
    return base64.b64encode(private_key.sign(approval_message(digest, actor, origin))).decode("ascii")


def verify_approval(public_key: bytes, signature: str, digest: str, actor: str, origin: str) -> None:
    """Check that the holder of the key (32 raw bytes) approved.

    Raises
    ------
    ApprovalError
        The signature is not theirs, or is not base64 in its one spelling.
    """
    try:
        raw = base64.b64decode(signature.encode("ascii"), validate=True)
        if base64.b64encode(raw).decode("ascii") != signature:
            raise ApprovalError("the signature is not the one base64 spelling of its bytes")
        Ed25519PublicKey.from_public_bytes(public_key).verify(raw, approval_message(digest, actor, origin))
    except (binascii.Error, UnicodeEncodeError):
        raise ApprovalError("the signature is not base64") from None
    except InvalidSignature:
        raise ApprovalError("the signature is not by this key over this proposal") from None
