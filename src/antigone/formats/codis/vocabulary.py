"""The words of CMF: specimen categories, and what loci are called.

The names are those of the schema of CMF 3.2 (Appendix B) and of the loci of CMF 3.3, as the public programs that write
such files have them; which, `docs/formats/codis.md` says.
"""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache

from antigone.genetics.markers import canonical_name


class Role(StrEnum):
    """What a specimen is to the search for missing persons."""

    REMAINS = "remains"
    MISSING = "missing person"
    """A sample of the missing person: a toothbrush, a blood card of the army."""
    RELATIVE = "relative"
    OTHER = "other"
    """Of an investigation or an office: never compared here."""


MISSING_PERSONS_ROLES = (Role.REMAINS, Role.MISSING, Role.RELATIVE)

ROLES: Mapping[str, Role] = {
    "Unidentified Person": Role.REMAINS,
    "Missing Person": Role.MISSING,
    "Biological Mother": Role.RELATIVE,
    "Biological Father": Role.RELATIVE,
    "Biological Sibling": Role.RELATIVE,
    "Biological Child": Role.RELATIVE,
    "Maternal Relative": Role.RELATIVE,
    "Paternal Relative": Role.RELATIVE,
    "Spouse": Role.RELATIVE,
    "Alleged Mother": Role.OTHER,
    "Alleged Father": Role.OTHER,
    "Forensic, Unknown": Role.OTHER,
    "Forensic Mixture": Role.OTHER,
    "Suspect, Known": Role.OTHER,
    "Deduced Suspect": Role.OTHER,
    "Victim, Known": Role.OTHER,
    "Deduced Victim Known": Role.OTHER,
    "Convicted Offender": Role.OTHER,
    "CO Duplicate": Role.OTHER,
    "Arrestee": Role.OTHER,
    "Deceased": Role.OTHER,
    "Elimination, Known": Role.OTHER,
    "Staff": Role.OTHER,
    "Proficiency": Role.OTHER,
    "Population": Role.OTHER,
    "Juvenile": Role.OTHER,
    "Volunteer": Role.OTHER,
    "Legal": Role.OTHER,
    "Other": Role.OTHER,
}
_ROLES_BY_SPELLING = {category.casefold(): role for category, role in ROLES.items()}

LOCI_32 = (
    "Amelogenin", "CSF1PO", "D13S317", "D16S539", "D18S51", "D19S433", "D21S11", "D2S1338", "D3S1358", "D5S818",
    "D7S820", "D8S1179", "FGA", "Penta D", "Penta E", "TH01", "TPOX", "vWA",
)  # fmt: skip
LOCI_33 = (
    *LOCI_32, "D10S1248", "D12S391", "D1S1656", "D22S1045", "D2S441", "D6S1043", "SE33",
    "DYF387S1", "DYS19", "DYS385", "DYS389 I", "DYS389 II", "DYS390", "DYS391", "DYS392", "DYS393", "DYS437", "DYS438",
    "DYS439", "DYS448", "DYS449", "DYS456", "DYS458", "DYS460", "DYS481", "DYS518", "DYS533", "DYS549", "DYS570",
    "DYS576", "DYS627", "DYS635", "DYS643", "YGATAH4", "Yindel",
)  # fmt: skip
ALSO_IN_32 = ("AMEL", "THO1", "TP0X")
"""Second spellings that the schema of 3.2 has too."""
LOCI: Mapping[str, tuple[str, ...]] = {"3.2": LOCI_32, "3.3": LOCI_33}
_SPELLINGS = {"TP0X": "TPOX"}  # with a zero: so the schema of 3.2 has it beside TPOX


def role_of(category: str, declared: Mapping[str, Role] | None = None) -> Role | None:
    """What a specimen of this category is; None where nobody knows it.

    >>> role_of("Unidentified Person"), role_of("Arrestee"), role_of("Cousin")
    (<Role.REMAINS: 'remains'>, <Role.OTHER: 'other'>, None)
    """
    if declared is not None and category in declared:
        return declared[category]
    return _ROLES_BY_SPELLING.get(category.casefold())


@lru_cache(maxsize=1000)
def marker_of(locus: str) -> str | None:
    """The canonical name of a locus; None where nobody knows it.

    >>> marker_of("Amelogenin"), marker_of("TP0X"), marker_of("DYS389 I"), marker_of("D99S1")
    ('AMEL', 'TPOX', 'DYS389I', None)
    """
    return canonical_name(_SPELLINGS.get(locus.upper(), locus))


def locus_of(marker: str, version: str) -> str | None:
    """What a version of CMF calls a marker, given by its canonical name; None where it has no such locus.

    >>> locus_of("AMEL", "3.2"), locus_of("DYS389II", "3.3"), locus_of("D1S1656", "3.2")
    ('Amelogenin', 'DYS389 II', None)
    """
    return next((locus for locus in LOCI[version] if marker_of(locus) == marker), None)
