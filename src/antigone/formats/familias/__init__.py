"""Project files (`.fam`) of the program Familias 3, read and written without loss.

    project = read_familias(Path("operation.fam"))
    project.frequencies.markers[0].alleles          # Allele(label, text, value), …
    project.dvi.families[0].pedigrees[0].relations  # (parent, child), …
    write_familias(project, Path("copy.fam"))       # the same bytes

What is known of the format and what was inferred stands in `docs/formats/familias.md`.
"""

from antigone.formats.familias.components import Component, Member, components
from antigone.formats.familias.limits import (
    MAX_ALLELES,
    MAX_BYTES,
    MAX_EXTRAS,
    MAX_FAMILIES,
    MAX_MARKERS,
    MAX_MEMBERS,
    MAX_PEDIGREES,
    MAX_PERSONS,
    MAX_RELATIONS,
)
from antigone.formats.familias.lines import Encoding
from antigone.formats.familias.project import (
    MISSING_PERSON,
    REFERENCE_PEDIGREE,
    Allele,
    Dvi,
    DviPerson,
    FamiliasProject,
    Family,
    FamilyPedigree,
    FrequencyDatabase,
    Genotype,
    KnownRelations,
    Marker,
    Mutation,
    MutationModel,
    MutationParameters,
    Number,
    Pedigree,
    Person,
    Relation,
    Section,
    Sex,
    infer_sexes,
)
from antigone.formats.familias.reader import read_familias, read_text
from antigone.formats.familias.writer import to_text, write_familias

__all__ = [
    "MAX_ALLELES",
    "MAX_BYTES",
    "MAX_EXTRAS",
    "MAX_FAMILIES",
    "MAX_MARKERS",
    "MAX_MEMBERS",
    "MAX_PEDIGREES",
    "MAX_PERSONS",
    "MAX_RELATIONS",
    "MISSING_PERSON",
    "REFERENCE_PEDIGREE",
    "Allele",
    "Component",
    "Dvi",
    "DviPerson",
    "Encoding",
    "FamiliasProject",
    "Family",
    "FamilyPedigree",
    "FrequencyDatabase",
    "Genotype",
    "KnownRelations",
    "Marker",
    "Member",
    "Mutation",
    "MutationModel",
    "MutationParameters",
    "Number",
    "Pedigree",
    "Person",
    "Relation",
    "Section",
    "Sex",
    "components",
    "infer_sexes",
    "read_familias",
    "read_text",
    "to_text",
    "write_familias",
]
