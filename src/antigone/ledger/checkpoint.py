"""Checkpoints: the signed root of the log, in the formats of the transparency world.

C2SP signed-note (https://c2sp.org/signed-note) with Ed25519 keys (type 0x01), and C2SP tlog-checkpoint
(https://c2sp.org/tlog-checkpoint). Existing witnesses and verifiers read what this module writes.
"""

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from antigone.ledger.merkle import HASH_BYTES, LARGEST_SIZE

_ED25519 = b"\x01"
_DECIMAL = re.compile(r"0|[1-9][0-9]*", re.ASCII)
_KEY_ID = re.compile(r"[0-9a-f]{8}", re.ASCII)
_DASH = "— "
_MOST_SIGNATURES = 100


class NoteError(ValueError):
    """A key, note, checkpoint or proof file that is not what its format says; `line` counts from 1, 0 is the whole."""

    def __init__(self, what: str, line: int = 0) -> None:
        self.line = line
        self.what = what
        super().__init__(f"line {line}: {what}" if line else what)


@dataclass(frozen=True)
class VerifierKey:
    """The public half of a log's key: its name and 32 bytes of Ed25519.

    Its text form is the vkey of the transparency world, `name+key id+base64(0x01 || public key)`.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _refuse_bad_key_name(self.name)
        if len(self.public) != 32:
            raise NoteError(f"an Ed25519 public key has 32 bytes, this one {len(self.public)}")

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name, newline, 0x01, public key)."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def text(self) -> str:
        """The vkey, without a newline."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(_ED25519 + self.public)}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read a vkey (one newline at the end is allowed)."""
        name, key_id, material = _key_parts(text.removesuffix("\n"), "a verifier key is name+key id+base64")
        key = cls(name, material)
        if key.key_id.hex() != key_id:
            raise NoteError(f"the key id is {key_id}, but name and key give {key.key_id.hex()}", 1)
        return key

    def verify(self, signature: bytes, message: bytes) -> None:
        """Raise NoteError unless the signature over the message is this key's."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            raise NoteError(f"the signature is not by the key {self.name}+{self.key_id.hex()}") from None


@dataclass(frozen=True)
class SigningKey:
    """The secret half of a log's key. Its text form is Go's, `PRIVATE+KEY+name+key id+base64(0x01 || seed)`."""

    name: str
    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        _refuse_bad_key_name(self.name)
        if len(self.seed) != 32:
            raise NoteError("an Ed25519 seed has 32 bytes")

    @classmethod
    def new(cls, name: str) -> "SigningKey":
        """A new key from the operating system's randomness."""
        return cls(name, Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Read the secret text form (one newline at the end is allowed). No error shows any of it."""
        form = "a signing key is PRIVATE+KEY+name+key id+base64"
        text = text.removesuffix("\n")
        if not text.startswith("PRIVATE+KEY+"):
            raise NoteError(form, 1)
        name, key_id, seed = _key_parts(text.removeprefix("PRIVATE+KEY+"), form)
        key = cls(name, seed)
        if key.verifier.key_id.hex() != key_id:
            raise NoteError("the key id is not that of this name and key", 1)
        return key

    @property
    def text(self) -> str:
        """The secret text form, without a newline."""
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{_base64(_ED25519 + self.seed)}"

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self._private().public_key().public_bytes_raw())

    def sign(self, message: bytes) -> bytes:
        """The 64 bytes of an Ed25519 signature."""
        return self._private().sign(message)

    def _private(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True)
class Signature:
    """One signature line of a note: who says to have signed, with which key, and the signature."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A text with signatures. The text means nothing before `verify` has passed."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: str | bytes) -> "Note":
        """Read a signed note, strictly; a NoteError names the line."""
        note = utf8_text(note)
        _refuse_control_characters(note)
        text, separator, tail = note.rpartition("\n\n")
        if not separator or not text:
            raise NoteError("a note is a text, an empty line, and signatures")
        text += "\n"
        first = text.count("\n") + 2
        if not tail.endswith("\n"):
            raise NoteError("no newline at the end", note.count("\n") + 1)
        lines = tail[:-1].split("\n")
        if len(lines) > _MOST_SIGNATURES:
            raise NoteError(f"more than {_MOST_SIGNATURES} signatures", first)
        return cls(text, tuple(_signature(line, number) for number, line in enumerate(lines, first)))

    def verify(self, key: VerifierKey) -> None:
        """Raise NoteError unless the key signed this text. Signatures by unknown keys are ignored, as the format asks.

        Every line that bears the key's name and id must verify.
        """
        own = [line for line in self.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
        if not own:
            raise NoteError(f"there is no signature by the key {key.name}+{key.key_id.hex()}")
        for line in own:
            key.verify(line.signature, self.text.encode())


@dataclass(frozen=True)
class Checkpoint:
    """The head of a log: its origin, how many entries it has, and the root over them.

    Extension lines are carried but prove nothing: no monitor audits them.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line, content in ((1, self.origin), *enumerate(self.extensions, 4)):
            if not content or any(character < " " for character in content):
                raise NoteError("an origin or extension is one line with something on it", line)
        if type(self.size) is not int or not 0 <= self.size <= LARGEST_SIZE:
            raise NoteError(f"{self.size!a} is no size of a tree", 2)
        if len(self.root) != HASH_BYTES:
            raise NoteError(f"a root has {HASH_BYTES} bytes, this one {len(self.root)}", 3)

    @property
    def text(self) -> str:
        """What is signed."""
        return "".join(f"{line}\n" for line in (self.origin, self.size, _base64(self.root), *self.extensions))


@dataclass(frozen=True)
class SignedCheckpoint:
    """A checkpoint as it was read. It means nothing before `verify` has passed."""

    checkpoint: Checkpoint
    note: Note

    def verify(self, key: VerifierKey) -> Checkpoint:
        """The checkpoint, if the key of its origin signed it; NoteError otherwise."""
        if self.checkpoint.origin != key.name:
            raise NoteError(f"the origin is {self.checkpoint.origin!a}, the key is that of {key.name!a}", 1)
        self.note.verify(key)
        return self.checkpoint


def signed_note(text: str, signer: SigningKey, *more: SigningKey) -> str:
    """A text with its signatures, as a C2SP signed note. The text ends with a newline."""
    if not text.endswith("\n"):
        raise NoteError("the text of a note ends with a newline")
    _refuse_control_characters(text)
    lines = [f"{_DASH}{key.name} {_base64(key.verifier.key_id + key.sign(_utf8(text)))}\n" for key in (signer, *more)]
    return f"{text}\n{''.join(lines)}"


def signed(checkpoint: Checkpoint, signer: SigningKey, *more: SigningKey) -> str:
    """The checkpoint as a signed note. The first key must bear the log's origin as its name.

    Never sign two checkpoints of one log of which one is not the beginning of the other: whoever calls must know.
    """
    if signer.name != checkpoint.origin:
        raise NoteError(f"the key of {signer.name!a} cannot sign for the origin {checkpoint.origin!a}")
    return signed_note(checkpoint.text, signer, *more)


def parse(text: str | bytes) -> SignedCheckpoint:
    """Read a signed checkpoint, strictly; any deviation is a NoteError with its line."""
    note = Note.parse(text)
    lines = note.text.removesuffix("\n").split("\n")
    if len(lines) < 3:
        raise NoteError("a checkpoint has an origin, a size and a root", len(lines) + 1)
    origin, size, root, *extensions = lines
    checkpoint = Checkpoint(origin, decimal(size, 2), strict_base64(root, 3, "the root"), tuple(extensions))
    return SignedCheckpoint(checkpoint, note)


def utf8_text(given: str | bytes) -> str:
    """The text of bytes that are UTF-8; a text is answered as it is."""
    if isinstance(given, str):
        _utf8(given)
        return given
    try:
        return given.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NoteError("not UTF-8", given.count(b"\n", 0, error.start) + 1) from None


def decimal(text: str, line: int) -> int:
    """A size or index, written without sign or leading zero, below 2**63."""
    if not _DECIMAL.fullmatch(text) or len(text) > 19 or int(text) > LARGEST_SIZE:
        raise NoteError(f"{text[:40]!a} is not a number from 0 to 2**63 − 1 without leading zeros", line)
    return int(text)


def strict_base64(text: str, line: int, what: str) -> bytes:
    """The bytes of standard base64 that has exactly one spelling (RFC 4648 §4, with padding)."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise NoteError(f"{what} is not base64", line) from None
    if _base64(data) != text:
        raise NoteError(f"{what} is not the one base64 spelling of its bytes", line)
    return data


def _signature(line: str, number: int) -> Signature:
    if not line.startswith(_DASH):
        raise NoteError("a signature line begins with an em dash and a space", number)
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    _refuse_bad_key_name(name, number)
    data = strict_base64(encoded, number, "the signature")
    if len(data) <= 4:
        raise NoteError("a signature is a key id of 4 bytes and at least one byte more", number)
    return Signature(name, data[:4], data[4:])


def _refuse_control_characters(text: str) -> None:
    for line, content in enumerate(text.split("\n"), 1):
        if any(character < " " for character in content):
            raise NoteError("a control character", line)


def _refuse_bad_key_name(name: str, line: int = 0) -> None:
    if not name or "+" in name or any(character.isspace() or character < " " for character in name):
        raise NoteError("a key name is not empty and has no space, plus or control character", line)
    _utf8(name)


def _key_parts(text: str, form: str) -> tuple[str, str, bytes]:
    """Name, key id in hex, and the 32 bytes behind the type. The base64 may hold a plus, the name may not."""
    parts = text.split("+", 2)
    if len(parts) != 3 or not _KEY_ID.fullmatch(parts[1]):
        raise NoteError(form, 1)
    _refuse_bad_key_name(parts[0], 1)
    data = strict_base64(parts[2], 1, "the key")
    if data[:1] != _ED25519 or len(data) != 33:
        raise NoteError("a key is the type byte 0x01 (Ed25519) and 32 bytes", 1)
    return parts[0], parts[1], data[1:]


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise NoteError("a lone surrogate has no UTF-8") from None


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
