"""Django's name for this room."""

from django.apps import AppConfig


class JournalConfig(AppConfig):
    """Entries, proposals, parts, checkpoints."""

    name = "antigone.casework.journal"
    label = "journal"
