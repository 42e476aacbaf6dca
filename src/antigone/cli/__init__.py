"""The command `antigone`."""

from antigone.cli.app import main

__all__ = ["main"]
