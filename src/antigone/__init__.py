"""Antigone brings home the unidentified dead."""

__version__ = "0.1.0.dev0"
