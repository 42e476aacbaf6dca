"""Keys, signed notes, checkpoints, proof files and approvals: published vectors, frozen text, strict reading."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from antigone.ledger.approvals import ApprovalError, approval_message, sign_approval, verify_approval
from antigone.ledger.checkpoint import (
    Checkpoint,
    Note,
    NoteError,
    SigningKey,
    VerifierKey,
    parse,
    signed,
    signed_note,
)
from antigone.ledger.merkle import MemoryNodes, ProofError, Tree, leaf_hash
from antigone.ledger.proof import Proof

# The published key and note of Go's golang.org/x/mod/sumdb/note.
GO_SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_NOTE = GO_TEXT + (
    "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)

KEY = SigningKey("office.example/journal", bytes(range(32)))
ENTRIES = [b'{"seq":%d}' % number for number in range(5)]
TREE = Tree(MemoryNodes())
TREE.append_many([leaf_hash(entry) for entry in ENTRIES])
HEAD = Checkpoint(KEY.name, 5, TREE.root())
FROZEN_VKEY = "office.example/journal+90ca9566+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
FROZEN_CHECKPOINT = (
    "office.example/journal\n"
    "5\n"
    "FH3Ed0eaO2miSx/2Abb8YoT98V/VCr/rDPcOqONyLB0=\n"
    "\n"
    "— office.example/journal "
    "kMqVZhbDr45YWO97Y4zpfThplSbQpMMsHZLNt/uXW8bx4EQppxhnjlTbfWA0gwjTXh1i42ShRz+EcgYUt1H225OdhQU=\n"
)
FROZEN_PROOF = (
    "c2sp.org/tlog-proof@v1\n"
    "extra ZXh0cmE=\n"
    "index 3\n"
    "0+CmKo96klbIvrcVr97YPkMm0sRzedJZsXCahArS8R0=\n"
    "/FLXGjaKeY/Zbsflt+5fj5/dEMf/mrFGxOrB5qChsQo=\n"
    "F5V5gnXFBtu/Rv3nMkDrGdUvty+pCgWh/EyLSLSqBqI=\n"
    "\n"
    "office.example/journal\n"
    "5\n"
    "FH3Ed0eaO2miSx/2Abb8YoT98V/VCr/rDPcOqONyLB0=\n"
    "\n"
    "— office.example/journal "
    "kMqVZhbDr45YWO97Y4zpfThplSbQpMMsHZLNt/uXW8bx4EQppxhnjlTbfWA0gwjTXh1i42ShRz+EcgYUt1H225OdhQU=\n"
)


def test_the_published_go_note_is_made_and_verified_byte_for_byte() -> None:
    signer, key = SigningKey.parse(GO_SIGNER), VerifierKey.parse(GO_VERIFIER)
    assert signer.verifier == key
    assert (signer.text, key.text) == (GO_SIGNER, GO_VERIFIER)
    assert signed_note(GO_TEXT, signer) == GO_NOTE
    note = Note.parse(GO_NOTE)
    note.verify(key)
    assert note.text == GO_TEXT


def test_frozen_key_checkpoint_and_proof() -> None:
    """These texts may never change: others keep them, and verify with programs of their own."""
    assert KEY.verifier.text == FROZEN_VKEY
    assert signed(HEAD, KEY) == FROZEN_CHECKPOINT
    assert Proof.of(TREE, 3, signed(HEAD, KEY), extra=b"extra").text == FROZEN_PROOF
    assert Proof.parse(FROZEN_PROOF).verify(ENTRIES[3], KEY.verifier) == HEAD


def test_a_checkpoint_is_read_as_it_was_signed() -> None:
    with_more = Checkpoint(KEY.name, 2**63 - 1, bytes(32), ("an extension", "another"))
    for head in (HEAD, with_more, Checkpoint(KEY.name, 0, hashlib.sha256(b"").digest())):
        assert parse(signed(head, KEY)).verify(KEY.verifier) == head
        assert parse(signed(head, KEY).encode()).verify(KEY.verifier) == head


def test_signatures_of_unknown_keys_are_ignored_and_of_the_known_key_are_not() -> None:
    witness = SigningKey("witness.example", bytes(32))
    text = signed(HEAD, KEY, witness)
    assert parse(text).verify(KEY.verifier) == HEAD
    assert [line.name for line in parse(text).note.signatures] == [KEY.name, "witness.example"]
    body, _, signatures = text.partition("\n\n")
    own, other = signatures.splitlines()
    assert parse(f"{body}\n\n{other}\n{own}\n").verify(KEY.verifier) == HEAD
    with pytest.raises(NoteError, match="there is no signature by the key"):
        parse(f"{body}\n\n{other}\n").verify(KEY.verifier)
    false_line = signed(Checkpoint(KEY.name, 6, bytes(32)), KEY).splitlines()[-1]
    with pytest.raises(NoteError, match="the signature is not by the key"):
        parse(f"{body}\n\n{own}\n{false_line}\n").verify(KEY.verifier)


def test_a_key_signs_only_for_its_own_origin() -> None:
    with pytest.raises(NoteError, match="cannot sign for the origin"):
        signed(Checkpoint("other.example", 5, bytes(32)), KEY)
    foreign = signed_note(Checkpoint("other.example", 5, bytes(32)).text, KEY)
    with pytest.raises(NoteError, match=r"line 1: the origin is 'other\.example'"):
        parse(foreign).verify(KEY.verifier)


def test_every_bit_of_a_checkpoint_counts() -> None:
    text = signed(HEAD, KEY).encode()
    for bit in range(len(text) * 8):
        changed = bytearray(text)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(NoteError):
            parse(bytes(changed)).verify(KEY.verifier)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n5\n", "\n05\n", "line 2: '05' is not a number"),
        ("\n5\n", "\n+5\n", "line 2: "),
        ("\n5\n", "\n٥\n", "line 2: "),
        ("\n5\n", "\n9223372036854775808\n", "line 2: "),
        ("\n5\n", "\n5 \n", "line 2: "),
        ("\n5\n", "\n5\r\n", "line 2: a control character"),
        ("\n5\n", "\n5\x00\n", "line 2: a control character"),
        ("=\n\n", "\n\n", "line 3: the root is not base64"),
        ("=\n\n", "=\n\n\n", "line 4: "),
        ("office.example/journal\n5", "\n5", "line 1: "),
        ("5\n", "", "line 3: a checkpoint has an origin, a size and a root"),
        ("\n\n— ", "\n\n- ", "line 5: a signature line begins with an em dash"),
        ("\n\n— ", "\n\n—  ", "line 5: a key name is not empty"),
        ("\n\n— ", "\n— ", "a note is a text, an empty line, and signatures"),
    ],
)
def test_any_deviation_is_an_error_with_its_line(old: str, new: str, message: str) -> None:
    text = signed(HEAD, KEY)
    assert old in text
    with pytest.raises(NoteError) as caught:
        parse(text.replace(old, new, 1))
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 0),
        ("a\n1\n", 0),
        ("a\n1\n\n— k AAAAAAA=\n", 3),
        ("a\n\n— k AAAA\n", 3),
        ("a\n\n— k AAAAAA==\n", 3),
        ("a\n\n— k AAAAAB==\n", 3),
        ("a\n\n— k AAAA AAAA\n", 3),
        ("a\n\n— a+b AAAAAAA=\n", 3),
        ("a\n\n— a\u00a0b AAAAAAA=\n", 3),
        ("a\n\n— k AAAAAAA=", 3),
        (b"a\n\xff\n", 2),
        ("a\n\n" + "— k AAAAAAA=\n" * 101, 3),
    ],
)
def test_a_broken_note_is_refused(text: str | bytes, line: int) -> None:
    with pytest.raises(NoteError) as caught:
        parse(text)
    assert caught.value.line == line


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_arbitrary_text_is_refused_and_never_more_than_that(text: str | bytes) -> None:
    for reader in (parse, Proof.parse, Note.parse):
        with pytest.raises(NoteError):
            reader(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        GO_VERIFIER[:-1],
        GO_VERIFIER + "=",
        GO_VERIFIER + "\n\n",
        " " + GO_VERIFIER,
        GO_VERIFIER.replace("c74f20a3", "C74F20A3"),
        GO_VERIFIER.replace("c74f20a3", "c74f20a4"),
        GO_VERIFIER.replace("Peter", "peter"),
        GO_VERIFIER.replace("+AR", "+AR\n"),
        # With key ids that fit, but another type, and another length.
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
    ],
)
def test_a_broken_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)
    with pytest.raises(NoteError):
        SigningKey.parse(text)


def test_a_secret_key_is_in_no_error_and_no_picture_of_the_object() -> None:
    secret = base64.b64encode(b"\x01" + KEY.seed).decode()
    assert KEY.text.endswith(secret)
    assert str(KEY.seed) not in repr(KEY)
    with pytest.raises(NoteError) as caught:
        SigningKey.parse(KEY.text.replace("90ca9566", "00000000"))
    assert secret not in str(caught.value)
    assert SigningKey.parse(KEY.text + "\n") == KEY
    assert SigningKey.new("a").seed != SigningKey.new("a").seed


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u2003b"])
def test_a_key_name_has_no_space_and_no_plus(name: str) -> None:
    with pytest.raises(NoteError):
        SigningKey(name, bytes(32))


# --- proof files ------------------------------------------------------------------------------------------------------


def test_every_entry_has_a_proof_at_every_later_checkpoint() -> None:
    for size in range(1, 6):
        text = signed(Checkpoint(KEY.name, size, TREE.root(size)), KEY)
        for index in range(size):
            proof = Proof.parse(Proof.of(TREE, index, text).text)
            assert proof.verify(ENTRIES[index], KEY.verifier).size == size
            with pytest.raises(ProofError):
                proof.verify(ENTRIES[index] + b" ", KEY.verifier)


def test_a_proof_is_only_made_for_a_checkpoint_of_the_tree() -> None:
    with pytest.raises(NoteError, match="not that of this tree"):
        Proof.of(TREE, 3, signed(Checkpoint(KEY.name, 4, bytes(32)), KEY))


def test_a_proof_under_another_key_proves_nothing() -> None:
    other = SigningKey(KEY.name, bytes(32))
    with pytest.raises(NoteError):
        Proof.of(TREE, 3, signed(HEAD, other)).verify(ENTRIES[3], KEY.verifier)


def test_every_bit_of_a_proof_file_counts_but_those_of_the_extra_data() -> None:
    text = Proof.of(TREE, 3, signed(HEAD, KEY)).text.encode()
    for bit in range(len(text) * 8):
        changed = bytearray(text)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises((NoteError, ProofError)):
            Proof.parse(bytes(changed)).verify(ENTRIES[3], KEY.verifier)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("@v1", "@v2", "line 1: "),
        ("@v1\n", "@v1\nextra !\n", "line 2: the extra data is not base64"),
        ("@v1\n", "@v1\nextra AA==\nextra AA==\n", "line 3: 'index' and a number"),
        ("index 3", "index 03", "line 2: "),
        ("index 3\n", "index 3\nAAAA\n", "line 3: a hash has 32 bytes, this one 3"),
        ("index 3\n", "", "line 2: 'index' and a number"),
        ("\n5\n", "\n05\n", "line 8: in the checkpoint: "),
    ],
)
def test_any_deviation_of_a_proof_file_is_an_error_with_its_line(old: str, new: str, message: str) -> None:
    with pytest.raises(NoteError) as caught:
        Proof.parse(Proof.of(TREE, 3, signed(HEAD, KEY)).text.replace(old, new, 1))
    assert str(caught.value).startswith(message)


# --- approvals --------------------------------------------------------------------------------------------------------


def test_frozen_bytes_of_an_approval() -> None:
    """What approvers sign may never change: their signatures stand in the log for ever."""
    assert approval_message("ab" * 32, "second", "office.example") == (
        b"antigone-approval-v1\n"
        b'{"approve":"abababababababababababababababababababababababababababababababab","by":"second",'
        b'"origin":"office.example"}'
    )


def test_an_approval_holds_for_its_entry_approver_and_log_alone() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = private.public_key().public_bytes_raw()
    signature = sign_approval(private, "ab" * 32, "second", "office.example")
    verify_approval(public, signature, "ab" * 32, "second", "office.example")
    for digest, actor, origin in (
        ("cd" * 32, "second", "office.example"),
        ("ab" * 32, "third", "office.example"),
        ("ab" * 32, "second", "other.example"),
    ):
        with pytest.raises(ApprovalError, match="not by this key"):
            verify_approval(public, signature, digest, actor, origin)
    for false in ("", "x", signature + "=", signature.rstrip("="), "é", signature + "\n"):
        with pytest.raises(ApprovalError):
            verify_approval(public, false, "ab" * 32, "second", "office.example")
