"""Triggers and CHECKs refuse change on both databases; whoever drops them is found, by `verify` or by `rebuild`."""
# ruff: noqa: E402, S608  Models can be imported only once Django is set up; and tables are named in SQL on purpose.

import re
from datetime import date
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connections, models, transaction

from antigone.ledger.approvals import sign_approval
from antigone.ledger.checkpoint import SigningKey, parse, signed
from antigone.office.database import connect, sqlite
from small_office import (
    drop_triggers,
    forge,
    last_checkpoint,
    private,
    problems,
    sql,
    triggers,
    undone,
)

connect("default", sqlite(":memory:"))

from antigone.casework.agreements.actions import AnnounceTransfer
from antigone.casework.journal.models import Entry, Erasure, Node, Part, SignedCheckpoint
from antigone.casework.journal.performing import perform, size
from antigone.casework.journal.replaying import dump
from antigone.casework.journal.tables import projections
from antigone.casework.journal.verifying import record_digest

pytest_plugins = ("office_fixtures",)

GUARDED = ("journal_entry", "journal_node", "journal_part", "journal_signedcheckpoint", "journal_erasure")


def columns(office, table):
    with connections[office.using].cursor() as cursor:
        return [one.name for one in connections[office.using].introspection.get_table_description(cursor, table)]


def rows(office, table):
    with connections[office.using].cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table}")
        return sorted(
            tuple(bytes(v) if isinstance(v, memoryview) else str(v) for v in row) for row in cursor.fetchall()
        )


def refused(office, statement, *values):
    """Whether the database itself refuses, saying why."""
    try:
        with transaction.atomic(using=office.using):
            sql(office, statement, *values)
    except DatabaseError as error:
        return "the journal is not changed" in str(error)
    return False


# What the databases refuse.


@pytest.mark.parametrize("table", GUARDED)
def test_no_column_of_a_guarded_table_can_be_updated(full, table):
    before = rows(full, table)
    assert before
    for column in columns(full, table):
        assert refused(full, f"UPDATE {table} SET {column} = {column}"), column
    assert rows(full, table) == before


@pytest.mark.parametrize("table", GUARDED)
def test_no_row_of_a_guarded_table_can_be_deleted(full, table):
    before = rows(full, table)
    assert refused(full, f"DELETE FROM {table}")
    key = columns(full, table)[0]
    with connections[full.using].cursor() as cursor:
        cursor.execute(f"SELECT {key} FROM {table}")
        keys = [row[0] for row in cursor.fetchall()]
    for one in keys:
        assert refused(full, f"DELETE FROM {table} WHERE {key} = %s", one)
    assert rows(full, table) == before


@pytest.mark.parametrize("table", GUARDED)
def test_no_guarded_table_can_be_emptied_at_once(full, table):
    if full.on_sqlite:
        assert refused(full, f"DELETE FROM {table}")  # SQLite knows no TRUNCATE; this is what it makes fast instead
    else:
        assert refused(full, f"TRUNCATE {table}")
        assert refused(full, f"TRUNCATE {table} CASCADE")


@pytest.mark.parametrize("table", GUARDED)
def test_no_row_can_be_replaced_by_inserting_it_again(full, table):
    before = rows(full, table)
    if full.on_sqlite:
        assert refused(full, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
        assert refused(full, f"REPLACE INTO {table} SELECT * FROM {table}")
    else:
        key, other = columns(full, table)[:2]
        again = f"INSERT INTO {table} SELECT * FROM {table}"
        assert refused(full, f"{again} ON CONFLICT ({key}) DO UPDATE SET {other} = excluded.{other}")
    assert rows(full, table) == before


def test_an_entry_cannot_be_replaced_by_another_of_its_identifier(full):
    """SQLite deletes whatever row stands in the way of REPLACE, by any unique column."""
    entry = "INTO journal_entry SELECT seq + 1000, id, kind, action, outcome, public FROM journal_entry WHERE seq = 3"
    part = "INTO journal_part SELECT id + 1000, entry, subject, sealed FROM journal_part"
    before = rows(full, "journal_entry") + rows(full, "journal_part")
    if full.on_sqlite:
        assert refused(full, f"INSERT OR REPLACE {entry}")
        assert refused(full, f"INSERT OR REPLACE {part}")
    else:
        assert refused(full, f"INSERT {entry} ON CONFLICT (id) DO UPDATE SET seq = excluded.seq")
        assert refused(full, f"INSERT {part} ON CONFLICT (entry, subject) DO UPDATE SET id = excluded.id")
    assert rows(full, "journal_entry") + rows(full, "journal_part") == before


def test_a_part_may_go_where_an_erasure_stands_and_nowhere_else(full):
    assert refused(full, "DELETE FROM journal_part WHERE subject = %s", "P3")
    with transaction.atomic():
        sql(full, "INSERT INTO journal_erasure (subject, entry) VALUES (%s, %s)", "P3", size(full) - 1)
        assert sql(full, "DELETE FROM journal_part WHERE subject = %s", "P3") == 1
        transaction.set_rollback(True)
    assert refused(full, "UPDATE journal_part SET sealed = sealed WHERE subject = %s", "P3")


@pytest.mark.parametrize(
    "change",
    [{"seq": -1}, {"kind": "rumour"}, {"kind": ""}, {"outcome": "perhaps"}, {"outcome": ""}, {"public": None},
     {"id": None}, {"action": None}],
    ids=lambda change: "=".join(map(str, *change.items())),
)  # fmt: skip
def test_an_entry_of_no_known_form_is_refused(full, change):
    fields = {"seq": size(full), "id": uuid4(), "kind": "action", "action": "x", "outcome": "applied", "public": b"{}"}
    with transaction.atomic():
        Entry.objects.create(**fields)  # so that what is refused below is refused for the one field alone
        transaction.set_rollback(True)
    with pytest.raises(IntegrityError, match=r"entry_|NOT NULL|not-null"), transaction.atomic():
        Entry.objects.create(**fields | change)


def test_an_identifier_stands_once_and_a_person_has_one_part_in_an_entry(full):
    first = Entry.objects.get(seq=1)
    part = Part.objects.first()
    drop_triggers(full)  # they refuse it too, in words of their own
    with pytest.raises(IntegrityError), transaction.atomic():
        Entry.objects.create(
            seq=size(full), id=first.id, kind="action", action="x", outcome="applied", public=first.public
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        Part.objects.create(entry=part.entry, subject=part.subject, sealed=b"other")


def test_every_guarded_table_has_its_triggers(full):
    kinds = {"no_delete", "no_update", "no_replace" if full.on_sqlite else "no_truncate"}
    assert {name for name, _ in triggers(full)} == {f"{table}_{kind}" for table in GUARDED for kind in kinds}


# What is found once they are dropped. Each tampering is one function of the office; `saying` is what `verify` answers.


def bytes_of(seq):
    return bytes(Entry.objects.values_list("public", flat=True).get(seq=seq))


def seq_of(action, kind="action"):
    return Entry.objects.filter(action=action, kind=kind).order_by("seq").first().seq


def change_an_entry(office):
    seq = seq_of("agreements.record_obligation")
    Entry.objects.filter(seq=seq).update(public=bytes_of(seq).replace(b'"quantity":6000', b'"quantity":5000'))


def change_a_column_beside_the_entry(office):
    Entry.objects.filter(seq=seq_of("agreements.record_talks")).update(action="agreements.record_agreement")


def change_an_identifier_beside_the_entry(office):
    Entry.objects.filter(seq=seq_of("agreements.record_talks")).update(id=uuid4())


def delete_a_middle_entry(office):
    Entry.objects.filter(seq=seq_of("agreements.record_talks")).delete()


def delete_the_first_entry(office):
    Entry.objects.filter(seq=0).delete()


def delete_the_last_entry(office):
    Entry.objects.filter(seq=size(office) - 1).delete()


def delete_an_approval(office):
    Entry.objects.filter(seq=seq_of("accounts.add_actor", "approval")).delete()


def swap_two_entries(office):
    one, other = bytes_of(4), bytes_of(6)
    Entry.objects.filter(seq=4).update(public=other)
    Entry.objects.filter(seq=6).update(public=one)


def write_an_entry_that_is_not_canonical(office):
    Entry.objects.filter(seq=3).update(public=bytes_of(3).replace(b'":', b'": ', 1))


def write_an_entry_that_is_no_object(office):
    Entry.objects.filter(seq=3).update(public=b"[]")


def swap_two_parts(office):
    one, other = Part.objects.order_by("entry")
    Part.objects.filter(id=one.id).update(sealed=other.sealed)
    Part.objects.filter(id=other.id).update(sealed=one.sealed)


def move_a_part_to_another_entry(office):
    Part.objects.filter(subject="P1").update(entry=3)


def give_a_part_to_another_person(office):
    Part.objects.filter(subject="P1").update(subject="P9")


def delete_a_part(office):
    Part.objects.filter(subject="P1").delete()


def add_a_part(office):
    Part.objects.create(entry=3, subject="P1", sealed=Part.objects.get(subject="P1").sealed)


def add_a_part_of_an_entry_that_is_not_there(office):
    Part.objects.create(entry=size(office) + 5, subject="P1", sealed=b"anything")


def seal_another_name(office):
    part = Part.objects.get(subject="P1")
    key = office.subject_keys.get(["P1"])["P1"]
    sealed = key.sealed({"person_name": "Somebody Else"}, f"{part.entry}:P1")
    Part.objects.filter(id=part.id).update(sealed=sealed)


def pretend_a_withdrawal(office):
    Erasure.objects.create(subject="P1", entry=size(office) - 1)
    Part.objects.filter(subject="P1").delete()
    office.subject_keys.destroy(["P1"])


def destroy_a_key(office):
    office.subject_keys.destroy(["P1"])


def forget_a_withdrawal(office):
    Erasure.objects.filter(subject="P2").delete()


def change_a_node(office):
    Node.objects.filter(place=1 << 48).update(hash=bytes(32))


def delete_a_node(office):
    Node.objects.filter(place=2).delete()


def delete_the_last_node(office):
    Node.objects.order_by("-place").first().delete()


def add_a_node(office):
    Node.objects.create(place=40 << 48, hash=bytes(32))


def change_a_checkpoint(office):
    row = SignedCheckpoint.objects.order_by("size")[3]
    text = re.sub(r"\n[A-Za-z0-9+/]{43}=\n", "\n" + "A" * 43 + "=\n", row.text)
    SignedCheckpoint.objects.filter(size=row.size).update(text=text)


def sign_a_checkpoint_with_another_key(office):
    row = SignedCheckpoint.objects.order_by("size")[3]
    other = SigningKey.new(office.origin)
    SignedCheckpoint.objects.filter(size=row.size).update(text=signed(parse(row.text).checkpoint, other))


def move_a_checkpoint(office):
    one, other = SignedCheckpoint.objects.order_by("size")[3:5]
    SignedCheckpoint.objects.filter(size=one.size).update(text=other.text)


def delete_the_last_checkpoint(office):
    SignedCheckpoint.objects.order_by("-size").first().delete()


# From here on the forger holds the journal's key too, and signs everything anew.


def forge_that_one_alone_added_an_actor(office):
    def change(entries):
        approval = entries[seq_of("accounts.add_actor", "approval")]
        proposal = entries[approval["seq"] - 1]
        forged = {**proposal, "seq": len(entries), "id": str(uuid4()), "kind": "action", "outcome": "applied"}
        entries.append({**forged, "payload": {**proposal["payload"], "actor": "intruder"}})

    forge(office, change)


def forge_an_approval_s_signature(office):
    def change(entries):
        payload = entries[seq_of("accounts.add_device", "approval")]["payload"]
        payload["signature"] = sign_approval(private("intruder"), payload["digest"], "second", office.origin)

    forge(office, change)


def forge_an_approval_that_brings_another_key(office):
    forge(office, lambda entries: entries[2]["keys"][0].update(key="A" * 43 + "="))


def forge_an_action_that_brings_a_key(office):
    key = {"actor": "second", "key": "A" * 43 + "="}
    forge(office, lambda entries: entries[seq_of("agreements.record_talks")].update(keys=[key]))


def forge_an_entry_by_somebody_who_never_was(office):
    forge(office, lambda entries: entries[seq_of("agreements.record_talks")].update(actor="ghost"))


def forge_an_entry_by_somebody_without_the_role(office):
    forge(office, lambda entries: entries[seq_of("agreements.record_talks")].update(actor="only-auditor"))


def forge_that_an_approval_never_was_and_number_anew(office):
    def change(entries):
        del entries[seq_of("accounts.add_device", "approval")]
        for seq, one in enumerate(entries):
            one["seq"] = seq

    forge(office, change)


def forge_a_decision_on_nothing(office):
    def change(entries):
        del entries[seq_of("accounts.add_device", "proposal")]
        for seq, one in enumerate(entries):
            one["seq"] = seq

    forge(office, change)


def forge_a_second_founding(office):
    forge(office, lambda entries: entries.append({**entries[0], "seq": len(entries), "id": str(uuid4())}))


def forge_an_action_that_nobody_knows(office):
    forge(office, lambda entries: entries[seq_of("agreements.record_talks")].update(version=99))


FOUND_BY_VERIFY = {
    change_an_entry: r"node 0/\d+: is not the hash",
    change_a_column_beside_the_entry: r"entry \d+: its columns do not say what the entry says",
    change_an_identifier_beside_the_entry: r"entry \d+: its columns do not say what the entry says",
    delete_a_middle_entry: r"entry \d+: missing: the next one is \d+",
    delete_the_first_entry: r"entry 0: missing: the next one is 1",
    delete_the_last_entry: r"checkpoints: the last one is over (\d+) entries",
    delete_an_approval: r"entry \d+: missing: the next one is \d+",
    swap_two_entries: r"entry 4: its columns do not say",
    write_an_entry_that_is_not_canonical: r"entry 3: not canonical JSON",
    write_an_entry_that_is_no_object: r"entry 3: is not of the form of an entry",
    swap_two_parts: r"entry \d+: the personal part of P1 is not what was committed",
    move_a_part_to_another_entry: r"entry \d+: the personal part of P1 is gone without a withdrawal",
    give_a_part_to_another_person: r"entry \d+: holds a personal part of P9 that it never committed to",
    delete_a_part: r"entry \d+: the personal part of P1 is gone without a withdrawal",
    add_a_part: r"entry 3: holds a personal part of P1 that it never committed to",
    add_a_part_of_an_entry_that_is_not_there: r"entry \d+: holds a personal part of P1 that it never committed to",
    seal_another_name: r"entry \d+: the personal part of P1 is not what was committed",
    pretend_a_withdrawal: r"journal_erasure P1: says withdrawn; no approved withdrawal stands in the journal",
    destroy_a_key: r"entry \d+: the key of P1 is gone without a withdrawal",
    forget_a_withdrawal: r"entry \d+: the personal part of P2 is gone without a withdrawal",
    change_a_node: r"node 1/0: is not the hash",
    delete_a_node: r"node 0/3: is not the hash of what stands below it, or is out of place",
    delete_the_last_node: r"nodes: stored nodes of the tree are missing",
    add_a_node: r"node 40/0: is not the hash",
    change_a_checkpoint: r"checkpoint \d+: the signature is not by the key",
    sign_a_checkpoint_with_another_key: r"checkpoint \d+: ",
    move_a_checkpoint: r"checkpoint \d+: is of another size or another office",
    delete_the_last_checkpoint: r"checkpoints: the last one is over \d+ entries; there are \d+",
    forge_that_one_alone_added_an_actor: r"accounts.add_actor takes two people and was applied by first alone",
    forge_an_approval_s_signature: r"the approval by second is not valid",
    forge_an_approval_that_brings_another_key: r"entry 2: changes other keys than were proposed",
    forge_an_action_that_brings_a_key: r"entry \d+: brings keys without an approval",
    forge_an_entry_by_somebody_who_never_was: r"entry \d+: there was no active actor ‘ghost’ then",
    forge_an_entry_by_somebody_without_the_role: r"entry \d+: only-auditor had no role that allows it",
    forge_that_an_approval_never_was_and_number_anew: r"entry \d+: decides something else than what was proposed",
    forge_a_decision_on_nothing: r"entry \d+: decides [-0-9a-f]+, which was not proposed before",
    forge_a_second_founding: r"entry \d+: an office is founded once, by its first entry",
    forge_an_action_that_nobody_knows: r"there is no action ‘agreements.record_talks’ version 99",
}


@pytest.mark.parametrize("tampering", FOUND_BY_VERIFY, ids=lambda tampering: tampering.__name__)
def test_verify_finds(full, tampering):
    assert problems(full) == []
    drop_triggers(full)
    tampering(full)
    found = problems(full)
    assert any(re.search(FOUND_BY_VERIFY[tampering], one) for one in found), found


def test_verify_finds_a_changed_byte_anywhere_in_an_entry_and_goes_on(full):
    """Also where what is left is no entry at all: it says so instead of falling over."""
    step = 3 if full.on_sqlite else 30
    drop_triggers(full)
    for seq in (0, seq_of("agreements.list_prisoner"), seq_of("accounts.revoke_device", "approval")):
        before = bytes_of(seq)
        for place in range(seq % step, len(before), step):
            changed = bytearray(before)
            changed[place] ^= 1 << place % 8
            Entry.objects.filter(seq=seq).update(public=bytes(changed))
            assert any(one.startswith(f"node 0/{seq}:") for one in problems(full)), (seq, place)
        Entry.objects.filter(seq=seq).update(public=before)
    assert problems(full) == []


# The journal's key alone rewrites what one person may do; only a checkpoint kept elsewhere excludes it.


def forge_a_quantity(office):
    forge(office, lambda entries: entries[seq_of("agreements.record_obligation")]["payload"].update(quantity=5000))


def forge_away_the_last_approval(office):
    assert Entry.objects.get(seq=size(office) - 1).kind == "approval"
    forge(office, lambda entries: entries.pop())


def forge_away_the_last_two_entries(office):
    forge(office, lambda entries: entries.__delitem__(slice(-2, None)))


FOUND_AGAINST = {
    forge_a_quantity: r"history was rewritten",
    forge_away_the_last_approval: r"it was rolled back",
    forge_away_the_last_two_entries: r"it was rolled back",
}


@pytest.mark.parametrize("tampering", FOUND_AGAINST, ids=lambda tampering: tampering.__name__)
def test_only_a_checkpoint_kept_elsewhere_finds_what_the_key_s_holder_rewrote(full, scratch, tampering):
    kept = last_checkpoint(full)
    assert problems(full, against=kept) == []
    drop_triggers(full)
    tampering(full)
    assert problems(full) == []
    found = problems(full, against=kept)
    assert any(re.search(FOUND_AGAINST[tampering], one) for one in found), found
    assert scratch.differences(full), "the tables were not made by this journal"


def test_a_checkpoint_kept_elsewhere_holds_while_the_journal_grows(full):
    kept = last_checkpoint(full)
    for transfer in ("T7", "T8", "T9"):
        perform(full, AnnounceTransfer(transfer=transfer), by="first")
        assert problems(full, against=kept) == []


# The tables, against their digest and row by row.


def test_no_table_that_actions_leave_is_empty_in_these_tests(full):
    assert {table for table, _, _ in dump(full.using)} == {one._meta.db_table for one in projections()}


def test_a_changed_row_is_found_against_the_last_digest_and_by_the_replay(full, scratch):
    record_digest(full, size(full))
    assert problems(full) == []
    sql(full, "UPDATE agreements_claim SET quantity = 1201 WHERE id = 'C1'")
    assert [one.split(":")[0] for one in problems(full)] == ["tables"]
    (difference,) = scratch.differences(full)
    assert difference.startswith("agreements_claim C1: is {")
    assert '"quantity":1201' in difference.partition("the journal says")[0]
    assert '"quantity":1200' in difference.partition("the journal says")[2]


def test_a_digest_that_somebody_else_signed_is_found(full):
    record_digest(full, size(full))
    sql(full, "UPDATE agreements_claim SET quantity = 1201 WHERE id = 'C1'")
    full.log_key = SigningKey.new(full.origin)
    record_digest(full, size(full))
    assert [one for one in problems(full) if one.startswith("digest of the tables")]


def other_value(field, value):
    """A value of the same type that is not this one."""
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.IntegerField):
        return (value or 0) + 1
    if isinstance(field, models.DateField):
        return date(1999, 1, 1)
    if isinstance(field, models.JSONField):
        return [*value, "more"]
    return f"{value or ''} and more"


@pytest.mark.parametrize("table", projections(), ids=lambda table: table._meta.db_table)
def test_the_replay_names_the_one_row_that_was_changed_deleted_or_added(full, scratch, table):
    drop_triggers(full)
    assert scratch.differences(full) == []
    row = table.objects.first()
    named = f"{table._meta.db_table} {row.pk}: "
    the_row = table.objects.filter(pk=row.pk)
    changes = [
        lambda field=field: the_row.update(**{field.attname: other_value(field, getattr(row, field.attname))})
        for field in table._meta.concrete_fields
        if not field.primary_key
    ]
    for change in changes:
        with undone(full):
            assert change() == 1
            assert [one.startswith(f"{named}is {{") for one in scratch.differences(full)] == [True]
    with undone(full):
        the_row.delete()
        assert [one.startswith(f"{named}missing; the journal says {{") for one in scratch.differences(full)] == [True]
    with undone(full):
        key = uuid4() if isinstance(table._meta.pk, models.UUIDField) else "somebody"
        table.objects.create(**{field.attname: getattr(row, field.attname) for field in table._meta.concrete_fields}
                             | {table._meta.pk.attname: key})  # fmt: skip
        expected = f"{table._meta.db_table} {key}: no entry made it: {{"
        assert [one.startswith(expected) for one in scratch.differences(full)] == [True]
