"""What takes two people takes two people: every ordered pair of accounts on every such action, and every way around."""
# ruff: noqa: E402  Django's models can be imported only once it is set up; `small_office` does that.

from datetime import date
from uuid import uuid4

import pytest

from antigone.ledger.approvals import sign_approval
from antigone.ledger.canonical import canonical_bytes
from antigone.ledger.merkle import leaf_hash
from antigone.office.configuration import Configuration
from antigone.office.database import connect, disconnect, sqlite
from antigone.office.opening import found_office
from small_office import (
    CAST,
    REVOKED,
    TABLET,
    accepted_import,
    by_two,
    drop_triggers,
    envelopes,
    forge,
    last_checkpoint,
    private,
    problems,
    public,
    rewrite,
    signing_key,
    sql,
    undone,
)

connect("default", sqlite(":memory:"))

from antigone.casework.accounts.actions import AddActor, AddDevice, ChangeKey, RevokeActor, RevokeDevice
from antigone.casework.action import ActionRefusedError, Role, action_classes
from antigone.casework.agreements.actions import AnnounceTransfer, ListPrisoner, RecordPrisonerList
from antigone.casework.journal.actions import ResolveContested, WithdrawPerson
from antigone.casework.journal.models import Contested, Entry, Proposal
from antigone.casework.journal.performing import approve, perform, proposed_action, refuse, size

pytest_plugins = ("office_fixtures",)

EXAMPLES = {
    "accounts.add_actor": lambda: AddActor(actor="newcomer", roles=(Role.RECORDER,), key=public("newcomer")),
    "accounts.change_key": lambda: ChangeKey(actor="third", key=public("third#2")),
    "accounts.revoke_actor": lambda: RevokeActor(actor="third"),
    "accounts.add_device": lambda: AddDevice(device="scanner", title="scanner at the border"),
    "accounts.revoke_device": lambda: RevokeDevice(device=TABLET),
    "journal.accept_import": accepted_import,
    "journal.resolve_contested": lambda: ResolveContested(contested=Contested.objects.get().id, resolution="one bag"),
    "journal.withdraw_person": lambda: WithdrawPerson(subject="P1", ground="consent withdrawn"),
}
# Who may, said out loud and apart from the actions' own words.
WRITERS = {"recorder", "intake", "laboratory", "liaison", "examiner", "reviewer", "keykeeper"}
KEYS = ({"keykeeper"}, {"keykeeper", "reviewer"})
MAY = {  # action → (roles that may propose, roles that may approve)
    "accounts.add_actor": KEYS,
    "accounts.change_key": KEYS,
    "accounts.revoke_actor": KEYS,
    "accounts.add_device": KEYS,
    "accounts.revoke_device": KEYS,
    "journal.accept_import": (WRITERS, WRITERS),
    "journal.resolve_contested": (WRITERS, {"reviewer"}),
    "journal.withdraw_person": ({"liaison", "keykeeper"}, {"keykeeper", "reviewer"}),
}


@pytest.fixture
def busy(office):
    """The small office with a person on a list and something contested, so that every action holds."""
    perform(office, RecordPrisonerList(list="L1", side="A", day=date(2025, 6, 1)), by="first")
    perform(office, ListPrisoner(list="L1", alias="P1", person_name="Invented Name"), by="first")
    perform(office, AnnounceTransfer(transfer="T1"), by="first")
    assert perform(office, AnnounceTransfer(transfer="T1"), by="second", late=True).outcome == "contested"
    return office


def holding(roles):
    return {actor for actor, held in CAST.items() if roles & set(held) and actor not in REVOKED}


def refused(doing, *arguments, **options):
    try:
        doing(*arguments, **options)
    except ActionRefusedError:
        return True
    return False


def test_every_action_that_takes_two_is_tried():
    assert {cls.name for cls in action_classes() if cls.needs_two} == EXAMPLES.keys() == MAY.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_of_all_ordered_pairs_exactly_those_with_two_people_and_their_roles_succeed(busy, name):
    action = EXAMPLES[name]()
    proposers, approvers = (holding(roles) for roles in MAY[name])
    succeeded, tried = set(), 0
    for proposer in CAST:
        with undone(busy):
            if refused(perform, busy, action, by=proposer):
                tried += len(CAST)
                continue
            proposal = Proposal.objects.get(state="open")
            for approver in CAST:
                tried += 1
                with undone(busy):
                    before = size(busy)
                    if refused(approve, busy, proposal.id, by=approver, key=private(approver)):
                        assert size(busy) == before
                        assert Proposal.objects.get(id=proposal.id).state == "open"
                    else:
                        succeeded.add((proposer, approver))
                        assert Proposal.objects.get(id=proposal.id).decided_by == approver
    assert tried == len(CAST) ** 2
    assert succeeded == {(one, other) for one in proposers for other in approvers if one != other}
    assert len(succeeded) >= 9


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_pair_that_may_leaves_a_record_that_verifies(busy, name):
    by_two(busy, EXAMPLES[name](), proposer="third", approver="second")
    left = [one for one in problems(busy) if name != "journal.withdraw_person" or "key is still there" not in one]
    assert left == []


def test_of_all_ordered_pairs_nobody_approves_with_the_key_of_another(busy):
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="only-keykeeper")
    for approver in CAST:
        for owner in CAST:
            if approver != owner:
                with undone(busy):
                    assert refused(approve, busy, proposal.id, by=approver, key=private(owner)), (approver, owner)


def test_of_all_ordered_pairs_nobody_accepts_an_import_that_they_brought(busy):
    for proposer in holding(WRITERS):
        for author in CAST:
            with undone(busy):
                proposal = perform(busy, accepted_import(uploaded_by=author), by=proposer)
                with pytest.raises(ActionRefusedError, match=r"proposed or wrote|no active actor|may not approve"):
                    approve(busy, proposal.id, by=author, key=private(author))


@pytest.mark.parametrize("name", EXAMPLES)
def test_nobody_decides_twice(busy, name):
    action = EXAMPLES[name]()
    approved = perform(busy, action, by="first")
    with undone(busy):
        approve(busy, approved.id, by="second", key=private("second"))
        for actor in CAST:
            assert refused(approve, busy, approved.id, by=actor, key=private(actor))
            assert refused(refuse, busy, approved.id, by=actor, why="too late")
    refuse(busy, approved.id, by="second", why="not this one")
    for actor in CAST:
        assert refused(approve, busy, approved.id, by=actor, key=private(actor))


def test_two_proposals_of_one_thing_become_one_thing(busy):
    first, second = (perform(busy, EXAMPLES["accounts.add_actor"](), by="first") for _ in range(2))
    approve(busy, first.id, by="second", key=private("second"))
    with pytest.raises(ActionRefusedError, match="a name is given once"):
        approve(busy, second.id, by="second", key=private("second"))


def test_whoever_is_revoked_after_the_proposal_does_not_approve_it(busy):
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="first")
    by_two(busy, RevokeActor(actor="third"))
    with pytest.raises(ActionRefusedError, match="no active actor"):
        approve(busy, proposal.id, by="third", key=private("third"))


def test_a_replaced_key_approves_nothing_and_the_new_one_does(busy):
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="first")
    by_two(busy, ChangeKey(actor="third", key=public("third#2")))
    with pytest.raises(ActionRefusedError, match="not the key of third"):
        approve(busy, proposal.id, by="third", key=private("third"))
    assert approve(busy, proposal.id, by="third", key=private("third#2")).outcome == "applied"
    assert problems(busy) == []


def test_a_key_that_was_replaced_is_given_to_nobody_else(busy):
    """Who still has the old key would be two people."""
    by_two(busy, ChangeKey(actor="third", key=public("third#2")))
    with pytest.raises(ActionRefusedError, match="key"):
        perform(busy, AddActor(actor="newcomer", roles=(Role.REVIEWER,), key=public("third")), by="first")


def test_a_proposer_takes_back_what_they_proposed_and_others_need_the_role(busy):
    proposal = perform(busy, EXAMPLES["journal.withdraw_person"](), by="only-liaison")
    for actor in CAST:
        may = actor in holding(MAY["journal.withdraw_person"][1]) | {"only-liaison"}
        with undone(busy):
            assert refused(refuse, busy, proposal.id, by=actor, why="a mistake") != may, actor
    refuse(busy, proposal.id, by="only-liaison", why="a mistake")
    assert problems(busy) == []


# What follows goes around the program: rows are changed in the database, and `verify` must find it.


def test_a_proposer_hidden_in_the_table_is_seen_in_the_journal(busy):
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="first")
    Proposal.objects.filter(id=proposal.id).update(by="second")
    done = approve(busy, proposal.id, by="first", key=private("first"))
    assert f"entry {done.seq}: first approved what first proposed or wrote" in problems(busy)


def test_a_proposal_opened_again_in_the_table_is_seen_in_the_journal(busy):
    proposal = perform(busy, EXAMPLES["accounts.change_key"](), by="first")
    refuse(busy, proposal.id, by="second", why="no")
    Proposal.objects.filter(id=proposal.id).update(state="open")
    done = approve(busy, proposal.id, by="second", key=private("second"))
    assert f"entry {done.seq}: decides {proposal.id} a second time" in problems(busy)


def test_an_actor_made_active_again_in_the_table_is_seen_in_the_journal(busy):
    sql(busy, "UPDATE accounts_actor SET active = %s WHERE id = %s", True, "gone")
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="first")
    done = approve(busy, proposal.id, by="gone", key=private("gone"))
    assert f"entry {done.seq}: gone had no key then" in problems(busy)
    by_gone = perform(busy, AnnounceTransfer(transfer="T2"), by="gone")
    assert f"entry {by_gone.seq}: there was no active actor ‘gone’ then" in problems(busy)


def test_a_role_lent_in_the_table_is_seen_in_the_journal(busy):
    """The row is put back afterwards, so that no comparison of tables finds it."""
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="first")
    sql(busy, "UPDATE accounts_actor SET roles = %s WHERE id = %s", '["reviewer"]', "only-auditor")
    done = approve(busy, proposal.id, by="only-auditor", key=private("only-auditor"))
    sql(busy, "UPDATE accounts_actor SET roles = %s WHERE id = %s", '["auditor"]', "only-auditor")
    assert f"entry {done.seq}: only-auditor had no role that allows it" in problems(busy)


def test_a_key_put_into_the_table_is_seen_in_the_journal(busy):
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="first")
    sql(busy, "UPDATE accounts_actor SET key = %s WHERE id = %s", public("intruder"), "second")
    done = approve(busy, proposal.id, by="second", key=private("intruder"))
    assert [one for one in problems(busy) if f"entry {done.seq}: the approval by second is not valid" in one]


def forged_approval(entries, proposal, actor, signature, digest=None):
    """An approval that nobody performed, at the end of the journal."""
    made = next(one for one in entries if one["id"] == str(proposal))
    payload = {
        "proposal": made["id"],
        "digest": digest or leaf_hash(canonical_bytes(made)).hex(),
        "signature": signature,
    }
    entries.append({
        **made, "seq": len(entries), "id": str(uuid4()), "kind": "approval", "outcome": "applied", "actor": actor,
        "payload": payload,
    })  # fmt: skip
    return payload


def test_a_signature_replayed_for_another_proposal_is_seen_although_the_journal_was_signed_anew(busy):
    approved = by_two(busy, EXAMPLES["accounts.add_device"]())
    other = perform(busy, EXAMPLES["accounts.revoke_device"](), by="first")

    def change(entries):
        forged_approval(entries, other.id, "second", entries[approved.seq]["payload"]["signature"])

    forge(busy, change)
    where = f"entry {other.seq + 1}: the approval by second is not valid"
    assert [one.startswith(where) for one in problems(busy)] == [True]


def test_a_signature_by_another_actor_is_seen_although_the_journal_was_signed_anew(busy):
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="first")

    def change(entries):
        digest = leaf_hash(canonical_bytes(entries[proposal.seq])).hex()
        signature = sign_approval(private("third"), digest, "second", busy.origin)
        forged_approval(entries, proposal.id, "second", signature)

    forge(busy, change)
    assert [one for one in problems(busy) if "the approval by second is not valid" in one]


def test_the_forger_s_tools_make_an_approval_that_holds_where_the_signature_does(busy):
    """Otherwise the tests around this one would prove little."""
    proposal = perform(busy, EXAMPLES["accounts.add_device"](), by="first")

    def change(entries):
        digest = leaf_hash(canonical_bytes(entries[proposal.seq])).hex()
        forged_approval(entries, proposal.id, "second", sign_approval(private("second"), digest, "second", busy.origin))

    forge(busy, change)
    assert problems(busy) == []


def test_approvals_carried_into_another_office_are_seen_there(office, tmp_path):
    by_two(office, EXAMPLES["accounts.add_device"]())
    carried = envelopes(office)
    approvals = [one["seq"] for one in carried if one["kind"] == "approval"]
    carried[0]["payload"]["origin"] = "practice.invalid/other"
    disconnect("default")
    founders = {actor: signing_key(actor) for actor in ("first", "second")}
    other = found_office(tmp_path / "other", Configuration("practice.invalid/other", practice=True), founders)
    drop_triggers(other)
    rewrite(other, carried)
    found = [one for one in problems(other) if "is not valid" in one]
    assert [one.partition(":")[0] for one in found] == [f"entry {seq}" for seq in approvals]
    assert len(found) == 13


def test_a_proposal_changed_before_its_approval_is_seen_in_the_tree(busy):
    proposal = perform(busy, EXAMPLES["accounts.add_actor"](), by="first")
    drop_triggers(busy)
    row = Entry.objects.get(seq=proposal.seq)
    row.public = bytes(row.public).replace(b'"recorder"', b'"reviewer"')
    row.save()
    assert proposed_action(busy, proposal.seq).roles == (Role.REVIEWER,)
    approve(busy, proposal.id, by="second", key=private("second"))
    assert [one for one in problems(busy) if one.startswith(f"node 0/{proposal.seq}")]


def test_a_proposal_changed_after_its_approval_is_seen_although_the_journal_was_signed_anew(busy):
    done = by_two(busy, EXAMPLES["accounts.add_actor"]())
    kept = last_checkpoint(busy)
    forge(busy, lambda entries: entries[done.seq - 1]["payload"].update(roles=["reviewer"]))
    assert f"entry {done.seq}: decides something else than what was proposed" in problems(busy)
    assert [one for one in problems(busy, against=kept) if "history was rewritten" in one]


def test_a_proposal_changed_before_its_approval_and_signed_anew_is_seen_against_a_kept_checkpoint_alone(busy):
    """The approver agreed to what the journal showed; who holds its key and its database can show anything, once."""
    proposal = perform(busy, EXAMPLES["accounts.add_actor"](), by="first")
    kept = last_checkpoint(busy)
    forge(busy, lambda entries: entries[proposal.seq]["payload"].update(roles=["reviewer"]))
    approve(busy, proposal.id, by="second", key=private("second"))
    assert problems(busy) == []
    assert [one for one in problems(busy, against=kept) if "history was rewritten" in one]
