"""The verifier finds and locates whatever was done to a bundle, alone and on hostile input."""

import base64
import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from antigone.ledger import verifier
from antigone.ledger.approvals import sign_approval
from antigone.ledger.bundle import OWN_FILES, BundleError, write_bundle
from antigone.ledger.canonical import canonical_bytes, parsed
from antigone.ledger.checkpoint import Checkpoint, NoteError, SigningKey, signed, signed_note
from antigone.ledger.merkle import MemoryNodes, Tree, leaf_hash
from examples import WHOLE
from work import calls_of

ORIGIN = "office.example/journal"
LOG = SigningKey(ORIGIN, hashlib.sha256(b"log").digest())
KEYS = {
    name: Ed25519PrivateKey.from_private_bytes(hashlib.sha256(name.encode()).digest())
    for name in ("first", "second", "third")
}
FILES = {"tally.csv": b"series,quantity\nreceived,1200\n"}


def public(name: str) -> str:
    return base64.b64encode(KEYS[name].public_key().public_bytes_raw()).decode()


def entry_id(number: int) -> str:
    return f"0197a3b2-0000-7000-8000-{number:012x}"


class Log:
    """A small log under construction, as an office would write it."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self.act(action="office.found", keys=[{"actor": name, "key": public(name)} for name in ("first", "second")])

    def act(self, **fields: Any) -> dict[str, Any]:
        entry = {
            "v": 1, "seq": len(self.entries), "id": entry_id(len(self.entries)), "kind": "action",
            "action": "remains.count", "version": 1, "actor": "first", "device": "d1",
            "at": "2025-06-13T10:00:00Z", "outcome": "applied", "payload": {}, "personal": {},
        } | fields  # fmt: skip
        self.entries.append(entry)
        return entry

    def propose(self, **fields: Any) -> dict[str, Any]:
        return self.act(**({"kind": "proposal", "outcome": "proposed"} | fields))

    def approve(self, proposal: dict[str, Any], by: str = "second", **fields: Any) -> dict[str, Any]:
        digest = leaf_hash(canonical_bytes(proposal)).hex()
        payload = {
            "proposal": proposal["id"],
            "digest": digest,
            "signature": sign_approval(KEYS[by], digest, by, ORIGIN),
        }
        return self.act(**({"kind": "approval", "actor": by, "payload": payload} | fields))

    def lines(self) -> list[bytes]:
        return [canonical_bytes(entry) for entry in self.entries]


def small_log(size: int = 30) -> Log:
    log = Log()
    log.approve(log.propose(payload={"authors": ["third"], "ratio": 0.25}))
    log.act(kind="refusal", actor="second", payload={"proposal": log.propose()["id"]})
    log.approve(log.propose(), keys=[{"actor": "third", "key": public("third")}], revoked=["second"])
    log.approve(log.propose(), by="third")
    while len(log.entries) < size:
        log.act(personal={"p1": hashlib.sha256(b"%d" % len(log.entries)).hexdigest()}, payload={"seal": "Ї-7"})
    return log


def checkpoint_of(lines: list[bytes], key: SigningKey = LOG) -> str:
    tree = Tree(MemoryNodes())
    tree.append_many([leaf_hash(line) for line in lines])
    return signed(Checkpoint(key.name, tree.size, tree.root()), key)


def bundle_of(folder: Path, lines: list[bytes], key: SigningKey = LOG) -> Path:
    """As the holder of the key would write it, whatever the lines are."""
    if folder.exists():
        shutil.rmtree(folder)
    write_bundle(folder, lines, checkpoint_of(lines, key), key, FILES)
    return folder


def verify(folder: Path, *options: str) -> dict[str, Any]:
    """The answer of the command, and that its exit status goes with it."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        status = verifier.main([str(folder), "--json", *options])
    answer: dict[str, Any] = json.loads(out.getvalue())
    assert status == (1 if answer["problems"] else 0)
    return answer


def problems(folder: Path, *options: str) -> list[tuple[str, int, str]]:
    return [(p["file"], p["line"], p["what"]) for p in verify(folder, *options)["problems"]]


def places(folder: Path, *options: str) -> list[tuple[str, int]]:
    return [problem[:2] for problem in problems(folder, *options)]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return bundle_of(tmp_path / "bundle", small_log().lines())


def test_a_true_bundle_is_verified_and_says_what_cannot_be_excluded(bundle: Path) -> None:
    answer = verify(bundle)
    assert answer["problems"] == []
    assert answer["verified"][0].startswith("30 entries with root ")
    assert answer["verified"][1].startswith("3 approvals")
    assert answer["not_excluded"] == [
        "a rollback or a fork by the holder of the key",
        f"that {LOG.name}+{LOG.verifier.key_id.hex()} is a stranger's key",
    ]


def test_against_a_kept_checkpoint_less_remains_open(bundle: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(checkpoint_of(small_log().lines()[:20]))
    answer = verify(bundle, "--against", str(kept))
    assert answer["verified"][-1] == f"the first 20 entries are those of {kept}"
    assert answer["not_excluded"] == ["a rollback or a fork, by the holder of the key, behind the first 20 entries"]
    kept.write_text(LOG.verifier.text + "\n" + checkpoint_of(small_log().lines()[:20]))
    assert verify(bundle, "--against", str(kept))["problems"] == []
    kept.write_text(LOG.verifier.text + "\n")
    assert verify(bundle, "--against", str(kept))["problems"] == []


def test_an_empty_log_is_a_bundle_too(tmp_path: Path) -> None:
    assert problems(bundle_of(tmp_path / "empty", [])) == []


# --- every single bit -------------------------------------------------------------------------------------------------


def bits_of(folder: Path, names: list[str]) -> Iterator[tuple[str, bytes, int]]:
    for name in names:
        content = (folder / name).read_bytes()
        for bit in range(len(content) * 8):
            yield name, content, bit


def found_by(folder: Path) -> list[tuple[str, int]]:
    """The command without the reading of arguments, which would be half of the time."""
    check = verifier.Verifier(folder)
    try:
        check.verify(None)
    except OSError as error:
        pytest.fail(f"stopped: {error}")
    return [(file, line) for file, line, _ in check.problems]


def assert_located(name: str, content: bytes, bit: int, found: list[tuple[str, int]]) -> None:
    files = {file for file, _ in found}
    assert name in files, (name, bit, found)
    if name not in ("entries.jsonl", "leaves"):
        assert files == {name}, (name, bit, found)
        return
    line = content.count(b"\n", 0, bit // 8) + 1
    # A broken newline makes one line of two, so that the two files differ in length.
    named = [at for file, at in found if file == name and at]
    assert min(named) == line, (name, bit, found)
    assert files == {name}, (name, bit, found)


def flip_all(folder: Path, names: list[str], step: int = 1, start: int = 0) -> int:
    flips = 0
    for number, (name, content, bit) in enumerate(bits_of(folder, names)):
        if number % step != start:
            continue
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        (folder / name).write_bytes(changed)
        try:
            assert_located(name, content, bit, found_by(folder))
        finally:
            (folder / name).write_bytes(content)
        flips += 1
    assert found_by(folder) == []
    return flips


@pytest.mark.long
def test_every_bit_of_the_signed_files_is_found_and_located(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path / "bundle", Log().lines())
    names = ["MANIFEST", "checkpoint", "log.vkey", "tally.csv", "leaves"]
    assert flip_all(folder, names) == sum((folder / name).stat().st_size for name in names) * 8


@pytest.mark.long
def test_every_bit_of_a_proposal_and_its_approval_is_found_and_located(tmp_path: Path) -> None:
    folder = bundle_of(tmp_path / "bundle", small_log(3).lines()[:3])
    assert flip_all(folder, ["entries.jsonl"]) == (folder / "entries.jsonl").stat().st_size * 8


@pytest.mark.long
@pytest.mark.parametrize("part", range(8) if WHOLE else (0, 7))
def test_every_bit_of_thirty_entries_is_found_and_located(bundle: Path, part: int) -> None:
    assert flip_all(bundle, sorted(path.name for path in bundle.iterdir()), step=8, start=part) > 10_000


def test_a_sample_of_bits_of_thirty_entries_is_found_and_located(bundle: Path) -> None:
    assert flip_all(bundle, sorted(path.name for path in bundle.iterdir()), step=97, start=5) > 1000


# --- lines lost, added, exchanged -------------------------------------------------------------------------------------


def rewrite(folder: Path, change: Callable[[list[bytes]], list[bytes]], *, leaves_too: bool) -> None:
    """Change the lines of the entries, and those of the leaves alike; nothing is signed again."""
    for name in ("entries.jsonl", "leaves") if leaves_too else ("entries.jsonl",):
        lines = (folder / name).read_bytes().splitlines(keepends=True)
        (folder / name).write_bytes(b"".join(change(lines)))


@pytest.mark.parametrize("leaves_too", [False, True])
@pytest.mark.parametrize("at", range(30))
def test_every_deletion_duplication_and_swap_is_found_where_it_is(bundle: Path, at: int, leaves_too: bool) -> None:
    original = {name: (bundle / name).read_bytes() for name in ("entries.jsonl", "leaves")}
    changes: list[tuple[int, Callable[[list[bytes]], list[bytes]]]] = [
        (at, lambda lines: lines[:at] + lines[at + 1 :]),
        (at + 1, lambda lines: lines[: at + 1] + lines[at:]),
    ]
    for other in {(at + 1) % 30, (at + 7) % 30, (at + 19) % 30}:
        low, high = sorted((at, other))
        changes.append(
            (low, lambda x, low=low, high=high: [*x[:low], x[high], *x[low + 1 : high], x[low], *x[high + 1 :]])
        )
    for line, change in changes:
        rewrite(bundle, change, leaves_too=leaves_too)
        found = [place for file, place in places(bundle) if file == "entries.jsonl" and place]
        assert min(found) == line + 1
        for name, content in original.items():
            (bundle / name).write_bytes(content)


@pytest.mark.parametrize("leaves_too", [False, True])
@pytest.mark.parametrize("kept_lines", range(30))
def test_truncation_at_every_line_is_found_where_it_is(bundle: Path, kept_lines: int, leaves_too: bool) -> None:
    rewrite(bundle, lambda lines: lines[:kept_lines], leaves_too=leaves_too)
    assert ("entries.jsonl", kept_lines + 1) in places(bundle)


def test_an_entry_exchanged_in_both_files_is_found_by_the_checkpoint(bundle: Path) -> None:
    entry = parsed((bundle / "entries.jsonl").read_bytes().splitlines()[20])
    changed = canonical_bytes(entry | {"payload": {"seal": "B-7"}})
    new = {"entries.jsonl": changed, "leaves": leaf_hash(changed).hex().encode()}
    for name, line in new.items():
        lines = (bundle / name).read_bytes().splitlines(keepends=True)
        (bundle / name).write_bytes(b"".join([*lines[:20], line + b"\n", *lines[21:]]))
    assert set(places(bundle)) == {("entries.jsonl", 0), ("leaves", 0)}


@pytest.mark.parametrize("name", [*OWN_FILES, "tally.csv"])
def test_a_missing_or_further_file_is_named(bundle: Path, name: str) -> None:
    (bundle / name).rename(bundle.parent / "away")
    assert name in dict(places(bundle))
    (bundle.parent / "away").rename(bundle / name)
    (bundle / "more.csv").write_text("x")
    assert places(bundle) == [("more.csv", 0)]


# --- by the holder of the key -----------------------------------------------------------------------------------------


def test_a_resigned_fork_a_rollback_and_a_foreign_key_show_against_what_was_kept(tmp_path: Path) -> None:
    lines = small_log().lines()
    kept = tmp_path / "kept"
    kept.write_text(checkpoint_of(lines[:25]))
    changed = [*lines]
    changed[12] = canonical_bytes(parsed(lines[12]) | {"at": "2025-06-13T10:00:01Z"})
    fork, rolled_back = bundle_of(tmp_path / "fork", changed), bundle_of(tmp_path / "old", lines[:24])
    same_size = bundle_of(tmp_path / "same", changed[:25])
    other_key = SigningKey(ORIGIN, bytes(32))
    foreign = bundle_of(tmp_path / "foreign", lines, other_key)
    for folder in (fork, rolled_back, same_size, foreign):
        assert problems(folder) == []  # Nobody can tell from the bundle alone.
    against = ("--against", str(kept))
    assert problems(fork, *against)[0][2].startswith("rewritten or forked: its first 25 entries")
    assert problems(same_size, *against)[0][2].startswith("rewritten or forked")
    assert problems(rolled_back, *against)[0][1:] == (25, f"rolled back: {kept} has 25 entries, the bundle 24")
    assert "no valid signature by the log's key" in problems(foreign, *against)[0][2]
    kept.write_text(LOG.verifier.text + "\n\n" + checkpoint_of(lines[:25]))
    assert ("log.vkey", 1, f"not the key that {kept} holds") in problems(foreign, *against)


def test_a_kept_checkpoint_of_another_log_is_no_witness(bundle: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    kept.write_text(checkpoint_of(small_log().lines(), SigningKey("other.example/journal", LOG.seed)))
    assert (str(kept), 1) in places(bundle, "--against", str(kept))


# --- approvals --------------------------------------------------------------------------------------------------------


def only_problem(tmp_path: Path, log: Log) -> tuple[int, str]:
    found = problems(bundle_of(tmp_path / "b", log.lines()))
    assert len(found) == 1, found
    assert found[0][0] == "entries.jsonl"
    return found[0][1:]


def test_the_proposer_may_not_approve(tmp_path: Path) -> None:
    log = Log()
    log.approve(log.propose(actor="second"), by="second")
    assert only_problem(tmp_path, log) == (3, "the approver is the proposer or an author")


def test_an_author_may_not_approve(tmp_path: Path) -> None:
    log = Log()
    log.approve(log.propose(payload={"authors": ["third", "second"]}))
    assert only_problem(tmp_path, log) == (3, "the approver is the proposer or an author")


def test_an_approval_needs_the_digest_of_its_proposal(tmp_path: Path) -> None:
    log = Log()
    proposal = log.propose()
    log.approve(proposal | {"at": "2025-06-13T11:00:00Z"})
    assert only_problem(tmp_path, log) == (3, "its digest is not that of the proposal's entry")


def test_an_approval_of_another_log_is_none(tmp_path: Path) -> None:
    log = Log()
    entry = log.approve(log.propose())
    entry["payload"]["signature"] = sign_approval(KEYS["second"], entry["payload"]["digest"], "second", "other.example")
    assert only_problem(tmp_path, log) == (3, "the approver's key did not sign this")


@pytest.mark.parametrize("signature", [None, "", "x", 7, ["a"], base64.b64encode(bytes(64)).decode()])
def test_a_false_signature_is_found(tmp_path: Path, signature: object) -> None:
    log = Log()
    log.approve(log.propose())["payload"]["signature"] = signature
    assert only_problem(tmp_path, log) == (3, "the approver's key did not sign this")


def test_a_key_is_valid_only_from_the_entry_that_makes_it(tmp_path: Path) -> None:
    log = Log()
    log.approve(log.propose(), by="third", keys=[{"actor": "third", "key": public("third")}])
    assert only_problem(tmp_path, log) == (3, "the approver has no valid key here")


def test_a_revoked_key_approves_nothing(tmp_path: Path) -> None:
    log = Log()
    log.approve(log.propose(), revoked=["second"])
    log.approve(log.propose())
    assert only_problem(tmp_path, log) == (5, "the approver has no valid key here")


def test_a_replaced_key_approves_nothing(tmp_path: Path) -> None:
    log = Log()
    log.approve(log.propose(), keys=[{"actor": "second", "key": public("third")}])
    log.approve(log.propose())
    assert only_problem(tmp_path, log) == (5, "the approver's key did not sign this")


def test_keys_made_outside_an_approval_are_found(tmp_path: Path) -> None:
    log = Log()
    log.act(keys=[{"actor": "third", "key": public("third")}])
    assert only_problem(tmp_path, log)[0] == 2
    log = Log()
    log.propose(revoked=["second"])
    assert only_problem(tmp_path, log)[0] == 2
    log = Log()
    log.approve(log.propose(), outcome="contested", revoked=["second"])
    assert only_problem(tmp_path, log)[0] == 3


@pytest.mark.parametrize("first", ["approval", "refusal"])
@pytest.mark.parametrize("second", ["approval", "refusal"])
def test_a_proposal_is_decided_once(tmp_path: Path, first: str, second: str) -> None:
    log = Log()
    proposal = log.propose()
    for kind in (first, second):
        if kind == "approval":
            log.approve(proposal)
        else:
            log.act(kind="refusal", actor="second", payload={"proposal": proposal["id"]})
    assert only_problem(tmp_path, log) == (
        4,
        "its proposal is no earlier entry of kind proposal, or was decided before",
    )


def test_only_an_earlier_proposal_can_be_approved(tmp_path: Path) -> None:
    log = Log()
    log.approve(log.act())
    assert only_problem(tmp_path, log)[0] == 3
    log = Log()
    log.entries[1:] = [log.propose(), log.approve(log.entries[-1])][::-1]
    for seq, entry in enumerate(log.entries):
        entry["seq"] = seq
    assert places(bundle_of(tmp_path / "b", log.lines()))[0] == ("entries.jsonl", 2)


# --- entries that are none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"v": 2}, {"seq": 2}, {"seq": 1.5}, {"seq": True}, {"id": "x"}, {"id": entry_id(0)}, {"kind": "else"},
        {"action": ""}, {"action": None}, {"version": "1"}, {"actor": 7}, {"device": 'a"b'}, {"at": "yesterday"},
        {"at": "2025-06-13 10:00:00Z"}, {"outcome": "done"}, {"payload": []}, {"payload": None}, {"personal": []},
        {"personal": {"p1": "ab"}}, {"personal": {"p1": "A" * 64}}, {"more": 1}, {"peek": {}}, {"keys": {}},
        {"keys": [{"actor": "x", "key": "AAAA"}]}, {"revoked": "second"}, {"revoked": [7]},
    ],
)  # fmt: skip
def test_an_entry_of_another_form_is_found_on_its_line(tmp_path: Path, fields: dict[str, Any]) -> None:
    log = Log()
    log.act(**fields)
    log.act()
    found = places(bundle_of(tmp_path / "b", log.lines()))
    assert found[0] == ("entries.jsonl", 2)
    assert {file for file, _ in found} == {"entries.jsonl"}


@pytest.mark.parametrize("missing", ["v", "seq", "id", "payload", "personal", "version", "device"])
def test_a_missing_field_is_found(tmp_path: Path, missing: str) -> None:
    log = Log()
    del log.act(payload={"personal": {}, "payload": {}, "v": 1, "version": 1})[missing]
    assert only_problem(tmp_path, log) == (2, "not an entry: a field is missing, unknown, or not of its form")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line + b"\r",
        lambda line: line + b" ",
        lambda line: b" " + line,
        lambda line: b"\xef\xbb\xbf" + line,
        lambda line: line.replace(b"d1", b"d\xff"),
        lambda line: line.replace(b"d1", b"d\xed\xa0\x80"),
        lambda line: line.replace(b"d1", b"d\x00"),
        lambda line: line.replace(b"d1", b"\\u0064\\u0031"),
        lambda line: line.replace(b'"payload":{}', b'"payload":{},"payload":{}'),
        lambda line: line.replace(b'"payload":{}', b'"payload":{"a":1.0}'),
        lambda line: line.replace(b'"payload":{}', b'"payload":{"a":-0}'),
        lambda line: line.replace(b'"payload":{}', b'"payload":{"a":1e400}'),
        lambda line: line.replace(b'"payload":{}', b'"payload":{"a":NaN}'),
        lambda line: line.replace(b'"payload":{}', b'"payload":{"a":9007199254740993}'),
        lambda line: line.replace(b'"payload":{}', b'"payload":{"a":' + b"9" * 400 + b"}"),
        lambda line: line.replace(b'"payload":{}', b'"payload":{"a":' + b"9" * 9000 + b"}"),
        lambda line: line.replace(b'"payload":{}', b'"payload":' + b"[" * 100_000),
        lambda line: line.replace(b'"payload":{}', b'"payload":{"\xef\xac\xb3":1,"\xf0\x9f\x98\x80":2}'),
        lambda line: line[:-1],
        lambda _: b"",
        lambda _: b"null",
        lambda _: b"[]",
        lambda _: bytes(range(11, 256)),
    ],
)
def test_a_line_that_is_not_canonical_is_found_although_all_is_signed(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    lines = small_log(12).lines()
    lines[10] = spoil(lines[10].replace(b'"payload":{"seal":"\xd0\x87-7"}', b'"payload":{}'))
    assert problems(bundle_of(tmp_path / "b", lines))[0][:2] == ("entries.jsonl", 11)


def test_what_is_canonical_the_slow_way_is_accepted(tmp_path: Path) -> None:
    log = Log()
    log.act(payload={"\U0001f600": 1, "\ufb33": 2, "n": [1e21, 1e-7, 0.1, -2.5e-9, 123456789012345, 2.0**53, 100.0]})
    assert problems(bundle_of(tmp_path / "b", log.lines())) == []


# --- hostile folders --------------------------------------------------------------------------------------------------


def resign_manifest(folder: Path, text: str) -> None:
    (folder / "MANIFEST").write_bytes(signed_note(text, LOG).encode())


def put_a_pipe(folder: Path) -> None:
    (folder / "leaves").unlink()
    os.mkfifo(folder / "leaves")


def put_a_link(folder: Path) -> None:
    (folder / "entries.jsonl").rename(folder.parent / "elsewhere")
    (folder / "entries.jsonl").symlink_to(folder.parent / "elsewhere")


def put_bytes(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


def with_crlf(folder: Path) -> None:
    (folder / "checkpoint").write_bytes((folder / "checkpoint").read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("entries.jsonl", put_a_link),
        ("leaves", put_a_pipe),
        ("dir", lambda b: (b / "dir").mkdir()),
        ("loop", lambda b: (b / "loop").symlink_to("loop")),
        ("\\udcff", lambda b: Path(os.fsdecode(os.fsencode(b) + b"/\xff")).write_text("x")),
        ("a\\x1b[31m\\n", lambda b: (b / "a\x1b[31m\n").write_text("x")),
        ("log.vkey", lambda b: (b / "log.vkey").write_bytes(b"\xff\x00")),
        ("log.vkey", lambda b: (b / "log.vkey").write_bytes(b"")),
        ("log.vkey", put_bytes("log.vkey", b"\xff+00000000+" + b"A" * 44 + b"\n")),
        ("checkpoint", lambda b: (b / "checkpoint").write_bytes(b"\xff" * 1000)),
        ("checkpoint", with_crlf),
        ("checkpoint", lambda b: (b / "checkpoint").write_bytes((b / "checkpoint").read_bytes()[:-1])),
        ("checkpoint", lambda b: (b / "checkpoint").write_bytes(b"\n" * 1000)),
        ("checkpoint", lambda b: os.truncate(b / "checkpoint", 1 << 40)),
        ("entries.jsonl", lambda b: (b / "entries.jsonl").write_bytes(b"\x00" * (1 << 24) + b"{")),
        ("leaves", lambda b: (b / "leaves").write_bytes(b"\n" * 50_000)),
        ("leaves", lambda b: (b / "leaves").write_bytes((b / "leaves").read_bytes().upper())),
        ("MANIFEST", lambda b: resign_manifest(b, "x\n")),
        ("MANIFEST", lambda b: resign_manifest(b, f"{'0' * 64} 1 ../../etc\n")),
        ("MANIFEST", lambda b: resign_manifest(b, f"{'0' * 64} 1 a\n{'0' * 64} 1 a\n")),
        ("gone.csv", lambda b: resign_manifest(b, f"{'0' * 64} 1 gone.csv\n")),
    ],
)  # fmt: skip
def test_a_hostile_bundle_gives_problems_and_no_traceback(
    bundle: Path, name: str, spoil: Callable[[Path], object]
) -> None:
    spoil(bundle)
    assert name in dict(places(bundle))


def test_problems_are_told_up_to_a_limit(bundle: Path) -> None:
    (bundle / "entries.jsonl").write_bytes(b"{}\n" * 5000)
    found = problems(bundle)
    assert len(found) == 1001
    assert found[-1][2] == "1000 problems; no more was read"


@pytest.mark.parametrize("content", [b"", b"\xff", b"\n\n", b"x\n1\n\n", b"a+b\n", b"\x00" * 100])
def test_a_kept_file_that_is_no_checkpoint_is_a_problem(bundle: Path, tmp_path: Path, content: bytes) -> None:
    kept = tmp_path / "kept"
    kept.write_bytes(content)
    assert str(kept) in {file for file, _ in places(bundle, "--against", str(kept))}


# --- alone ------------------------------------------------------------------------------------------------------------


def test_the_verifier_is_one_short_file_that_needs_nothing_of_antigone() -> None:
    lines = Path(verifier.__file__).read_text("utf-8").splitlines()
    assert len(lines) <= 300
    assert max(map(len, lines)) <= 120
    imports = [line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))]
    assert {name for name in imports if name not in sys.stdlib_module_names} == {"cryptography"}


def test_the_verifier_runs_alone(bundle: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(verifier.__file__, alone / "verifier.py")
    command = [sys.executable, "-I", "verifier.py", str(bundle)]
    good = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)  # noqa: S603
    assert (good.returncode, good.stderr) == (0, "")
    assert "Verified: 30 entries" in good.stdout
    assert "Not excluded: a rollback" in good.stdout
    rewrite(bundle, lambda lines: [*lines[:4], *lines[5:]], leaves_too=False)
    bad = subprocess.run(command, cwd=alone, capture_output=True, text=True, check=False)  # noqa: S603
    assert (bad.returncode, bad.stderr) == (1, "")
    assert "entries.jsonl:5: " in bad.stdout
    assert "Verified" not in bad.stdout


def test_the_command_of_the_package_calls_it(bundle: Path) -> None:
    run = [sys.executable, "-m", "antigone.ledger"]
    for arguments, status in (
        (["verify", str(bundle)], 0),
        (["verify", str(bundle), "--json"], 0),
        (["verify", str(bundle / "nowhere")], 2),
        (["verify", str(bundle), "--against", "nowhere"], 2),
        (["verify"], 2),
        ([], 2),
    ):
        done = subprocess.run([*run, *arguments], capture_output=True, text=True, check=False)  # noqa: S603
        assert done.returncode == status, done
        assert "Traceback" not in done.stderr


def test_four_times_the_entries_are_four_times_the_work(tmp_path: Path) -> None:
    # How long a million takes is measured by `antigone bench office-long`.
    log, calls = Log(), []
    for count in (500, 2000):
        while len(log.entries) < count:
            log.approve(log.propose())
            for _ in range(98):
                log.act(payload={"transfer": "T-1", "bags": [{"seal": f"A{len(log.entries):06}", "count": 1}]})
        folder = bundle_of(tmp_path / str(count), log.lines())
        assert problems(folder) == []
        calls.append(calls_of(lambda folder=folder: problems(folder)))  # type: ignore[misc]
    assert calls[1] < 4.4 * calls[0]


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_bundle_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    lines = small_log().lines()

    def breaking() -> Iterator[bytes]:
        yield from lines[:10]
        raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="the disk is full"):
        write_bundle(tmp_path / "b", breaking(), checkpoint_of(lines), LOG)
    for entries in (lines[:-1], [*lines, lines[-1]], lines[::-1], [*lines[:-1], lines[-1] + b"\n"]):
        with pytest.raises(BundleError):
            write_bundle(tmp_path / "b", entries, checkpoint_of(lines), LOG)
    with pytest.raises(NoteError, match="no signature by the key"):
        write_bundle(tmp_path / "b", lines, checkpoint_of(lines), SigningKey(ORIGIN, bytes(32)))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "Ї.csv", "a b", "manifest", "LEAVES", "x" * 201])
def test_a_further_file_has_a_plain_name_of_its_own(tmp_path: Path, name: str) -> None:
    lines = small_log().lines()
    with pytest.raises(BundleError):
        write_bundle(tmp_path / "b", lines, checkpoint_of(lines), LOG, {name: b""})


def test_a_folder_that_is_there_is_not_written_over(bundle: Path) -> None:
    lines = small_log().lines()
    with pytest.raises(FileExistsError):
        write_bundle(bundle, lines, checkpoint_of(lines), LOG)
    assert problems(bundle) == []
