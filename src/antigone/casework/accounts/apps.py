"""Django's name for this room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Actors and devices."""

    name = "antigone.casework.accounts"
    label = "accounts"
