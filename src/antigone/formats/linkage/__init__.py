"""PED files (LINKAGE before `makeped`, MERLIN, PLINK): pedigrees with genotypes, and the files that name their markers.

    pedigrees = read_ped("family.ped")                 # with family.dat or family.map beside it
    pedigrees.pedigrees()["Oak"]                       # a Pedigree
    operation_from_ped(pedigrees, "family.ped", missing={"Oak:son"})
    write_ped(pedigrees, "copy.ped")                   # and copy.dat

The format is described in `docs/formats/ped.md`.
"""

from antigone.formats.linkage.marker_files import DataColumn, Holds, dat_of, map_of, read_dat, read_map
from antigone.formats.linkage.operation import Genotypes, operation_from_ped, ped_from_operation
from antigone.formats.linkage.pedigree_file import PedFile, PedPerson, by_family, ped_of, read_ped
from antigone.formats.linkage.writer import ped_text, write_ped

__all__ = [
    "DataColumn",
    "Genotypes",
    "Holds",
    "PedFile",
    "PedPerson",
    "by_family",
    "dat_of",
    "map_of",
    "operation_from_ped",
    "ped_from_operation",
    "ped_of",
    "ped_text",
    "read_dat",
    "read_map",
    "read_ped",
    "write_ped",
]
