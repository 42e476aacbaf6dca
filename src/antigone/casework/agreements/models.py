"""Agreements, obligations, talks, statements with claims, transfers as announced, prisoner exchanges."""

from typing import ClassVar

from django.db import models


class Agreement(models.Model):
    """What parties agreed. Its figures are Obligations; what was said of it are Claims."""

    projection = True

    id = models.TextField(primary_key=True)
    title = models.TextField()
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    place = models.TextField(default="")
    entry = models.BigIntegerField()


class Obligation(models.Model):
    """One promise within an agreement, as one side calls it."""

    projection = True

    id = models.UUIDField(primary_key=True)
    agreement = models.TextField(db_index=True)
    kind = models.TextField()  # remains, prisoners
    giver = models.TextField()
    receiver = models.TextField()
    quantity = models.BigIntegerField(null=True)
    unit = models.TextField(default="")
    term = models.TextField(default="")
    called = models.TextField(default="")  # unilateral, exchange
    called_by = models.TextField(default="")  # side
    entry = models.BigIntegerField()


class Talks(models.Model):
    """A round of talks."""

    projection = True

    id = models.UUIDField(primary_key=True)
    agreement = models.TextField(default="", db_index=True)
    round = models.IntegerField()
    first_day = models.DateField()
    last_day = models.DateField()
    place = models.TextField(default="")
    parties = models.JSONField()
    entry = models.BigIntegerField()


class Transfer(models.Model):
    """A handover as announced. Which agreement it belongs to stands in a claim, or in a TransferLink by a person."""

    projection = True

    id = models.TextField(primary_key=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    place = models.TextField(default="")
    entry = models.BigIntegerField()


class TransferLink(models.Model):
    """A person says that a transfer belongs to an agreement, and on what ground."""

    projection = True

    id = models.UUIDField(primary_key=True)
    transfer = models.TextField(db_index=True)
    agreement = models.TextField()
    ground = models.TextField()
    by = models.TextField()
    entry = models.BigIntegerField()


class Statement(models.Model):
    """Somebody said something in public."""

    projection = True

    id = models.TextField(primary_key=True)
    first_day = models.DateField()
    last_day = models.DateField()
    speaker = models.TextField()
    quoting = models.TextField(default="")
    side = models.TextField()
    publishers = models.JSONField()  # list of [publisher, day]
    digest = models.TextField(default="")  # SHA-256 of the archived copy
    entry = models.BigIntegerField()


class Claim(models.Model):
    """One figure or accusation in a statement, in the speaker's own unit and words."""

    projection = True

    id = models.TextField(primary_key=True)
    statement = models.TextField(db_index=True)
    about = models.TextField(db_index=True)  # transfer:NAME or agreement:NAME
    agreement = models.TextField(default="", db_index=True)
    kind = models.TextField()
    quantity = models.BigIntegerField(null=True)
    unit = models.TextField(default="")
    direction = models.TextField(default="")
    wording = models.TextField()
    supersedes = models.TextField(default="")
    entry = models.BigIntegerField()


class PrisonerList(models.Model):
    """A list of prisoners, as one side gave or published it, with the number it claims."""

    projection = True

    id = models.TextField(primary_key=True)
    side = models.TextField()  # whose list
    day = models.DateField()
    agreement = models.TextField(default="")
    direction = models.TextField()
    claimed = models.BigIntegerField(null=True)
    publisher = models.TextField(default="")
    entry = models.BigIntegerField()


class ListedPrisoner(models.Model):
    """A person on a list, under an alias of the office; the name is personal and stands in the journal's parts."""

    projection = True
    personal: ClassVar = {"name_entry": "alias", "born_entry": "alias"}

    id = models.TextField(primary_key=True)  # list / alias
    list = models.TextField(db_index=True)
    alias = models.TextField(db_index=True)
    captured_first = models.DateField(null=True)
    captured_last = models.DateField(null=True)
    returned_on = models.DateField(null=True)
    verified_by = models.TextField(default="")
    name_entry = models.BigIntegerField(null=True)  # entry whose part holds the name
    born_entry = models.BigIntegerField(null=True)
    entry = models.BigIntegerField()
