"""How much a Familias project may hold before it is refused.

Each is far above what the program itself can handle, and low enough that a broken count cannot exhaust the machine.
"""

MAX_BYTES = 50_000_000
MAX_PERSONS = 100_000
"""Unidentified persons of the DVI section."""
MAX_FAMILIES = 100_000
MAX_MEMBERS = 2_000
"""Persons who may be related to each other: of the case section, or of one family."""
MAX_EXTRAS = 1_000
"""Persons whom Familias only counts, of one sex, in one pedigree."""
MAX_RELATIONS = 10_000
"""Relations of one pedigree; each person has two parents at most."""
MAX_PEDIGREES = 1_000
"""Pedigrees of the case section, or of one family."""
MAX_MARKERS = 10_000
MAX_ALLELES = 10_000
"""Alleles of one marker."""
MAX_DEPTH = 12
"""Brackets around a heading."""
