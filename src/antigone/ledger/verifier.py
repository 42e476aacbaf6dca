"""Verify a bundle of Antigone's journal with this one file, Python 3.11 and `cryptography`.

Copy it and run `python verifier.py BUNDLE [--against FILE] [--json]`. FILE is a checkpoint of the same log that another
one kept; the log's public key may stand on a line before it, or alone. Each problem is printed as `file:line: what`.
Exit status: 0 nothing wrong was found, 1 problems, 2 usage. Formats: RFC 8785 (canonical JSON), RFC 9162 (tree), C2SP
signed-note and tlog-checkpoint. Shares no code with what writes bundles: everything is computed from the entries.
"""

import argparse
import base64
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

LONGEST, MOST_PROBLEMS = 1 << 24, 1000  # bytes of a line or of a small file; problems that are told one by one
ENTRIES, LEAVES, CHECKPOINT, VKEY, MANIFEST = "entries.jsonl", "leaves", "checkpoint", "log.vkey", "MANIFEST"
# The envelope of an entry. Its keys are sorted and all but the payload is flat, so one pattern is the whole form.
ENTRY = re.compile(
    r'(?a)\{"action":TEXT,"actor":TEXT,"at":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)",'
    r'"device":TEXT,"id":"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}",'
    r'(?:"keys":\[(?:\{"actor":TEXT,"key":"[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]="\},?)*\],)?'
    r'"kind":"(?:action|proposal|approval|refusal)","outcome":"(?:applied|contested|proposed|refused)",'
    r'"payload":\{.*\},"personal":\{(?:TEXT:"[0-9a-f]{64}",?)*\},(?:"revoked":\[(?:TEXT,?)*\],)?'
    r'"seq":\d+,"v":1,"version":\d+(?:,"why":"(?:[^"\\]|\\.)+")?\}'.replace("TEXT", r'"[^"\\]+"'),
)
KEY_LINE = re.compile(r"([^\s+\ud800-\udfff]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})\n")
MANIFEST_LINE = re.compile(r"([0-9a-f]{64} (?:0|[1-9][0-9]{0,18})) ([A-Za-z0-9][A-Za-z0-9._-]{0,199})")
NOTE = re.compile(r"([^\x00-\x09\x0b-\x1f\ud800-\udfff]*\n)\n((?:— [^\s+\ud800-\udfff]+ [A-Za-z0-9+/]+={0,2}\n)+)")
encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")).encode
# Where that may differ from RFC 8785: floats, integers of 15 digits and more, keys beyond the basic plane.
UNLIKE = re.compile(r"[:\[,](?<!\d:)[-0-9]\d*(?:[.eE]|(?<=\d{15}))", re.ASCII), re.compile("[\U00010000-\U0010ffff]")


class Verifier:
    """The check of one bundle, and what its entries establish one after another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[tuple[str, int, str]] = []
        self.key: tuple[str, bytes, Ed25519PublicKey, str] | None = None  # the log's: name, id, key, text
        self.keys: dict[str, Ed25519PublicKey] = {}  # by actor, as valid at the entry that is read
        self.proposals: dict[str, tuple[str, str]] = {}  # the open ones, by id: digest, who may not approve
        self.ids, self.approvals, self.origin = set[str](), 0, ""
        self.verified, self.not_excluded = list[str](), list[str]()

    def verify(self, kept: Path | None) -> None:
        """Check everything, and say what was found in `problems`, `verified` and `not_excluded`."""
        self.key = self._read_key(self._text(VKEY))
        self._check_files()
        head, signed = self._read_head(CHECKPOINT, self._text(CHECKPOINT))
        self.origin = self.key[0] if self.key else head[0] if head else ""
        hexes = (line if re.fullmatch("[0-9a-f]{64}", line) else "" for _, line in self._lines(LEAVES))
        leaves, found, follows = [bytes.fromhex(line) for line in hexes], [], 0
        for number, line in self._lines(ENTRIES):
            found.append(hashlib.sha256(b"\0" + line.encode("utf-8", "surrogateescape")).digest())
            try:
                entry = read_entry(line)
                problems = [*self._apply(entry, number, follows, found[-1].hex())]
                follows = entry["seq"]
            except (ValueError, RecursionError, ArithmeticError) as error:
                problems = [f"not an entry: {error}"]
            follows += 1
            for what in problems:
                self._problem(ENTRIES, number, what)
        self._compare(found, leaves, head and head[1:], (CHECKPOINT, 2) if signed is False else None)
        if self.key and head:
            name, root = f"{self.key[0]}+{self.key[1].hex()}", head[2].hex()
            self.verified = [f"{len(found)} entries with root {root}, and all files, as signed by the key {name}"]
            self.verified += [f"{self.approvals} approvals, each by a second person's key, valid where it stands"]
            self.not_excluded = ["a rollback or a fork by the holder of the key", f"that {name} is a stranger's key"]
        if kept:
            self._check_against(str(kept), self._text(str(kept.absolute())), found)

    def _problem(self, file: str, line: int, what: str) -> None:
        self.problems.append((file, line, what))
        if len(self.problems) == MOST_PROBLEMS:
            raise OSError(0, f"{MOST_PROBLEMS} problems", file)

    def _text(self, name: str) -> str:
        if (self.folder / name).stat().st_size > LONGEST:
            raise OSError(0, f"larger than {LONGEST} bytes", name)
        return "".join(f"{line}\n" for _, line in self._lines(name))

    def _lines(self, name: str) -> Iterator[tuple[int, str]]:
        """Number and text of each line; bytes that are not UTF-8 become lone surrogates, which nothing accepts."""
        with (self.folder / name).open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
                if not line.endswith(b"\n"):
                    self._problem(name, number, f"no newline at the end, or longer than {LONGEST} bytes")
                yield number, line.removesuffix(b"\n").decode("utf-8", "surrogateescape")

    def _read_key(self, text: str) -> tuple[str, bytes, Ed25519PublicKey, str] | None:
        match = KEY_LINE.fullmatch(text)
        raw = base64.b64decode(match[3]) if match else b"\0"
        if match and raw[0] == 1 and hashlib.sha256(match[1].encode() + b"\n" + raw).hexdigest()[:8] == match[2]:
            return match[1], bytes.fromhex(match[2]), Ed25519PublicKey.from_public_bytes(raw[1:]), text
        self._problem(VKEY, 1, "not an Ed25519 key as `name+key id+base64`, so no signature was checked")
        return None

    def _read_note(self, name: str, note: str) -> tuple[list[str], bool | None]:
        """The lines of a signed note, and whether the log's key signed them (None: there is no key to ask)."""
        match = NOTE.fullmatch(note)
        if not match:
            self._problem(name, 0, "not a text, an empty line and signatures, without control characters")
            return [], False
        text, first = match[1], match[1].count("\n") + 2
        signatures = [(line.split(" ")[1], _bytes_of(line.split(" ")[2])) for line in match[2][:-1].split("\n")]
        if min(len(raw) for _, raw in signatures) < 5:
            self._problem(name, first, "a signature is not base64 in its one spelling")
        own = [raw[4:] for signer, raw in signatures if self.key and (signer, raw[:4]) == self.key[:2]]
        signed = own != [] and all(_is_signed(self.key[2], raw, text.encode()) for raw in own) if self.key else None
        if signed is False:
            self._problem(name, first, "there is no valid signature by the log's key")
        return text[:-1].split("\n"), signed

    def _read_head(self, name: str, note: str) -> tuple[tuple[str, int, bytes] | None, bool | None]:
        """Origin, size and root of a checkpoint, and whether the log's key signed them."""
        lines, signed = self._read_note(name, note)
        root = _bytes_of(lines[2]) if len(lines) > 2 else b""
        if len(root) != 32 or not all(lines) or not re.fullmatch("0|[1-9][0-9]{0,18}", lines[1]):
            self._problem(name, 0, "not a checkpoint: origin, number of entries, root in base64")
            return None, signed
        if self.key and lines[0] != self.key[0]:
            self._problem(name, 1, f"the origin is {lines[0]!a}, the key's name {self.key[0]!a}")
        return (lines[0], int(lines[1]), root), signed

    def _check_files(self) -> None:
        """Every file is as the signed manifest says, and there is no other. If it is not signed, it is to blame."""
        lines, signed = self._read_note(MANIFEST, self._text(MANIFEST))
        listed: dict[str, tuple[int, str]] = {}
        for number, line in enumerate(lines, 1):
            match = MANIFEST_LINE.fullmatch(line)
            if not match or match[2] == MANIFEST or match[2] <= max(listed, default=""):
                self._problem(MANIFEST, number, "not `sha256 size name`, in the order of the names")
            else:
                listed[match[2]] = number, match[1]
        for name in sorted({path.name for path in self.folder.iterdir()} - {MANIFEST} | listed.keys()):
            number, wanted = listed.get(name, (0, "nothing"))
            path = self.folder / name
            found = f"of size {path.stat().st_size}" if path.is_file() else "missing"
            if wanted.endswith(found.removeprefix("of size")):  # Nobody is made to read what is too large anyway.
                with path.open("rb") as file:
                    found = hashlib.file_digest(file, "sha256").hexdigest() + found.removeprefix("of size")
            if found != wanted:
                place = (MANIFEST, number) if signed is False else (ascii(name)[1:-1], 0)
                self._problem(*place, f"{name!a} is {found}; in the manifest it is {wanted}")

    def _apply(self, entry: dict[str, Any], number: int, follows: int, leaf: str) -> Iterator[str]:  # noqa: C901
        """Say what is wrong with an entry where it stands; keep what it establishes for those after it."""
        kind, actor, payload = entry["kind"], entry["actor"], entry["payload"]
        if entry["seq"] != follows:
            yield f"seq is {entry['seq']}, where {follows} follows"
        if entry["id"] in self.ids:
            yield "an earlier entry has this id"
        self.ids.add(entry["id"])
        if kind == "proposal":
            self.proposals[entry["id"]] = leaf, encoded([actor, payload.get("authors")])
        elif kind != "action":
            digest, barred = self.proposals.pop(str(payload.get("proposal")), ("", ""))
            if not digest:
                yield "its proposal is no earlier entry of kind proposal, or was decided before"
        if kind == "approval":
            self.approvals += 1
            if digest and payload.get("digest") != digest:
                yield "its digest is not that of the proposal's entry"
            if encoded(actor) in barred:
                yield "the approver is the proposer or an author"
            approved = encoded({"approve": payload.get("digest"), "by": actor, "origin": self.origin})
            message = b"antigone-approval-v1\n" + approved.encode()
            if actor not in self.keys:
                yield "the approver has no valid key here"
            elif self.origin and not _is_signed(self.keys[actor], _bytes_of(payload.get("signature")), message):
                yield "the approver's key did not sign this"
        if "keys" in entry or "revoked" in entry:
            if (kind != "approval" and number > 1) or entry["outcome"] != "applied":
                yield "keys are made or revoked here, where only the first entry and applied approvals may"
            for revoked in entry.get("revoked", []):
                self.keys.pop(revoked, None)
            for new in entry.get("keys", []):
                self.keys[new["actor"]] = Ed25519PublicKey.from_public_bytes(_bytes_of(new["key"]))

    def _compare(self, found: list[bytes], leaves: list[bytes], head: Any, bad_head: tuple[str, int] | None) -> None:
        """Entries against leaves, line by line; both against the checkpoint, which says which of the two is wrong."""
        size, root = len(found), root_of(found)
        if found != leaves:
            trees = ((ENTRIES, size, root), (LEAVES, len(leaves), root_of(leaves)))
            wrong = [name for name, *tree in trees if tuple(tree) != head]
            for number, (entry, leaf) in enumerate(zip([*found, b""], [*leaves, b""], strict=False), 1):
                if entry != leaf:
                    for file in wrong:
                        self._problem(file, number, f"leaf hash {entry.hex()} of the entry stands against {leaf.hex()}")
                    if size != len(leaves):  # Lines were lost or added: all that follow would differ too.
                        break
        if head and head != (size, root):
            place = bad_head or (ENTRIES, min(size, head[0]) + 1 if size != head[0] else 0)
            self._problem(*place, f"{size} entries, root {root.hex()}; in the checkpoint {head[0]}, {head[1].hex()}")

    def _check_against(self, name: str, kept: str, found: list[bytes]) -> None:
        """A re-signed fork, a rollback and a rewritten history do not begin with the tree that was kept elsewhere."""
        key_line = KEY_LINE.match(kept)
        if key_line and self.key and key_line[0] != self.key[3]:
            self._problem(VKEY, 1, f"not the key that {name} holds")
        note = kept[key_line.end() :].removeprefix("\n") if key_line else kept
        head = None if key_line and not note else self._read_head(name, note)[0]
        _, size, root = head or ("", 0, root_of([]))
        if size > len(found):
            self._problem(ENTRIES, len(found) + 1, f"rolled back: {name} has {size} entries, the bundle {len(found)}")
        elif root_of(found[:size]) != root:
            self._problem(ENTRIES, 0, f"rewritten or forked: its first {size} entries are not those of {name}")
        self.verified.append(f"the first {size} entries are those of {name}")
        self.not_excluded = [f"a rollback or a fork, by the holder of the key, behind the first {size} entries"]


def _bytes_of(text: Any) -> bytes:  # base64 in its one spelling, or nothing
    with suppress(ValueError, TypeError):
        data = base64.b64decode(text, validate=True)
        return data if base64.b64encode(data).decode() == text else b""
    return b""


def _is_signed(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    with suppress(InvalidSignature):
        key.verify(signature, message)
        return True
    return False


def root_of(level: list[bytes]) -> bytes:
    """The root over leaf hashes, level by level; the last of an odd level goes up as it is."""
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [hashlib.sha256(b"\1" + left + right).digest() for left, right in pairs] + level[len(level) & ~1 :]
    return level[0] if level else hashlib.sha256().digest()


def spelled(value: Any) -> str:
    """RFC 8785, the slow way: keys by UTF-16, numbers as ECMAScript writes them."""
    if type(value) is dict:
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return "{" + ",".join(f"{encoded(key)}:{spelled(value[key])}" for key in keys) + "}"
    if type(value) is list:
        return "[" + ",".join(map(spelled, value)) + "]"
    if type(value) not in (int, float):
        return encoded(value)
    sign, digits, exponent = Decimal(repr(float(value) or 0.0)).normalize().as_tuple()
    text, point = "".join(map(str, digits)), len(digits) + int(exponent)
    if not -6 < point <= 21:
        return "-" * sign + f"{text[0]}.{text[1:]}".rstrip(".") + f"e{point - 1:+d}"
    text = f"0.{'0' * -point}{text}" if point <= 0 else f"{text[:point].ljust(point, '0')}.{text[point:]}".rstrip(".")
    return "-" * sign + text


def read_entry(text: str) -> dict[str, Any]:
    """The entry of a line, or an error that says what is wrong."""
    text.encode()  # A lone surrogate is a byte that was not UTF-8, and an error here.
    entry: dict[str, Any] = json.loads(text)
    if (spelled(entry) if any(pattern.search(text) for pattern in UNLIKE) else encoded(entry)) != text:
        raise ValueError("not canonical JSON (RFC 8785)")
    if not ENTRY.fullmatch(text) or len(entry) != 12 + sum(name in entry for name in ("keys", "revoked", "why")):
        raise ValueError("a field is missing, unknown, or not of its form")
    return entry


def main(arguments: list[str] | None = None, program: str | None = None) -> int:
    """The command; its exit status."""
    parser = argparse.ArgumentParser(program, description="Verify a bundle of Antigone's journal.")
    parser.add_argument("bundle", type=Path, metavar="BUNDLE")
    parser.add_argument("--against", type=Path, metavar="FILE", help="a checkpoint or key that somebody else kept")
    parser.add_argument("--json", action="store_true", help="answer as one JSON object")
    asked = parser.parse_args(arguments)
    if not asked.bundle.is_dir() or (asked.against and not asked.against.is_file()):
        parser.error("BUNDLE must be a folder, and FILE a file")
    check = Verifier(asked.bundle)
    special = [path.name for path in asked.bundle.iterdir() if path.is_symlink() or not path.is_file()]
    check.problems += [(ascii(name)[1:-1], 0, "not a regular file; nothing was read") for name in special]
    try:
        if not check.problems:
            check.verify(asked.against)
    except OSError as error:
        check.problems.append((ascii(Path(error.filename or "").name)[1:-1], 0, f"{error.strerror}; no more was read"))
    verified, not_excluded = ([], ["anything"]) if check.problems else (check.verified, check.not_excluded)
    told = [f"{file}:{line}: {what}" if line else f"{file}: {what}" for file, line, what in check.problems]
    told += [f"Verified: {what}." for what in verified] + [f"Not excluded: {what}." for what in not_excluded]
    problems = [{"file": file, "line": line, "what": what} for file, line, what in check.problems]
    answer = json.dumps({"problems": problems, "verified": verified, "not_excluded": not_excluded})
    print(answer if asked.json else "\n".join(told))
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
