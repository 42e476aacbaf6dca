"""Actors and devices, as the actions left them."""

from django.db import models


class Actor(models.Model):
    """Somebody who acts, under a name of the office; who that is in life stands nowhere here."""

    projection = True

    id = models.TextField(primary_key=True)
    roles = models.JSONField()
    key = models.TextField()  # base64 of the raw Ed25519 public key; the private one is never here
    active = models.BooleanField(default=True)
    since = models.BigIntegerField()  # entry

    class Meta:
        """Ordered for reading."""

        ordering = ("id",)


class ActorKey(models.Model):
    """A key that an actor has or had. Nobody is given it again: whoever holds it would be two people."""

    projection = True

    key = models.TextField(primary_key=True)
    actor = models.TextField()
    entry = models.BigIntegerField()


class Device(models.Model):
    """A machine that acts for people: the office's own, a tablet at the border."""

    projection = True

    id = models.TextField(primary_key=True)
    title = models.TextField()
    key = models.TextField(
        default="", db_default=""
    )  # base64; empty: the office takes nothing in its name from outside
    active = models.BooleanField(default=True)

    class Meta:
        """Ordered for reading."""

        ordering = ("id",)
