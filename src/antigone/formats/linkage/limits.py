"""How much a PED file may hold before it is refused: far above any real one, and below what exhausts a machine."""

MAX_BYTES = 100_000_000
MAX_MARKERS = 10_000
MAX_PERSONS = 200_000
MAX_FAMILY = 500
"""Persons of one family, as in a case folder."""
