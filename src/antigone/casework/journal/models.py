"""What the journal keeps. Rows of the first five tables are never changed; triggers on both databases refuse it."""

from typing import ClassVar

from django.db import models

KINDS = ("action", "proposal", "approval", "refusal")
OUTCOMES = ("applied", "contested", "proposed", "refused")


class Entry(models.Model):
    """One line of the journal. `public` is what the tree is built over: canonical JSON, without personal fields."""

    seq = models.BigIntegerField(primary_key=True)
    id = models.UUIDField(unique=True)
    kind = models.TextField()
    action = models.TextField()
    outcome = models.TextField()
    public = models.BinaryField()

    class Meta:
        """What a database may hold, whoever writes to it."""

        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(seq__gte=0), name="entry_seq_from_zero"),
            models.CheckConstraint(condition=models.Q(kind__in=KINDS), name="entry_kind_known"),
            models.CheckConstraint(condition=models.Q(outcome__in=OUTCOMES), name="entry_outcome_known"),
        ]


class Node(models.Model):
    """A stored node of the tree, a perfect subtree that can never change; `place` is level × 2⁴⁸ + index."""

    place = models.BigIntegerField(primary_key=True)
    hash = models.BinaryField()


class Part(models.Model):
    """The personal fields of one entry and one person, encrypted under that person's key."""

    id = models.BigAutoField(primary_key=True)
    entry = models.BigIntegerField(db_index=True)
    subject = models.TextField(db_index=True)
    sealed = models.BinaryField()

    class Meta:
        """One part for each entry and person."""

        constraints: ClassVar = [models.UniqueConstraint(fields=("entry", "subject"), name="part_once")]


class Erasure(models.Model):
    """A person was withdrawn: while this row stands, and only then, the person's parts may be deleted."""

    projection = True

    subject = models.TextField(primary_key=True)
    entry = models.BigIntegerField()


class SignedCheckpoint(models.Model):
    """A signed root, one for each time that something was acknowledged."""

    size = models.BigIntegerField(primary_key=True)
    text = models.TextField()


class Proposal(models.Model):
    """What waits for a second person, or was decided by one."""

    projection = True

    id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField()
    action = models.TextField()
    by = models.TextField()
    state = models.TextField(default="open")  # open, approved, refused
    decided_by = models.TextField(null=True)
    decided = models.BigIntegerField(null=True)  # entry


class Contested(models.Model):
    """An action of a returning device that did not hold any more when it arrived."""

    projection = True

    id = models.UUIDField(primary_key=True)
    seq = models.BigIntegerField()
    action = models.TextField()
    why = models.TextField()
    resolution = models.TextField(null=True)
    resolved = models.BigIntegerField(null=True)  # entry


class Import(models.Model):
    """A file that somebody wants in, by its digest; its rows wait outside the record until a second person agrees."""

    projection = True

    id = models.UUIDField(primary_key=True)
    kind = models.TextField()
    rows = models.BigIntegerField()
    digest = models.TextField()
    by = models.TextField()
    accepted = models.BigIntegerField(null=True)  # entry


class ProjectionDigest(models.Model):
    """The digest of all projections when the journal had that size. Not record: it can always be computed anew."""

    size = models.BigIntegerField(primary_key=True)
    note = models.TextField()  # signed like a checkpoint
