"""CODIS CMF files (XML, versions 3.2 and 3.3), read with their namespace, another or none, and written.

    cmf = read_cmf("export.xml")                    # InputError says line, column, what stood there, what is right
    cmf.describe(), cmf.notes                       # in words; what a person should know
    cmf.laboratory((Role.REMAINS,)).profiles_csv()  # `profiles.csv` of a case folder; `left_out` names the others
    write_cmf(cmf, "copy.xml")                      # reads back as the same

What is known of the format, and where from, stands in `docs/formats/codis.md`.
"""

from antigone.formats.codis.file import NAMESPACE, Allele, CmfFile, Locus, Specimen
from antigone.formats.codis.from_case import CmfHeader, category_of, cmf_from_operation
from antigone.formats.codis.reader import looks_like_cmf, read_cmf
from antigone.formats.codis.vocabulary import MISSING_PERSONS_ROLES, ROLES, Role, locus_of, marker_of, role_of
from antigone.formats.codis.writer import Specimens, cmf_text, specimens_of, write_cmf

__all__ = [
    "MISSING_PERSONS_ROLES",
    "NAMESPACE",
    "ROLES",
    "Allele",
    "CmfFile",
    "CmfHeader",
    "Locus",
    "Role",
    "Specimen",
    "Specimens",
    "category_of",
    "cmf_from_operation",
    "cmf_text",
    "locus_of",
    "looks_like_cmf",
    "marker_of",
    "read_cmf",
    "role_of",
    "specimens_of",
    "write_cmf",
]
