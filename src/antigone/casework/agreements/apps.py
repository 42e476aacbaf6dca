"""Django's name for this room."""

from django.apps import AppConfig


class AgreementsConfig(AppConfig):
    """Agreements, statements, transfers as announced, prisoner exchanges."""

    name = "antigone.casework.agreements"
    label = "agreements"
