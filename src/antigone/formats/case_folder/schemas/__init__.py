"""JSON Schemas of the case folder, one for each file, made from the definitions by which the files are read.

The files beside this one are what these functions give; `python -m antigone.formats.case_folder.schemas` writes them
anew, and a test compares them. A row of a table is described as an object of texts, as a CSV file holds them.
"""

import json
from pathlib import Path
from typing import Any

from antigone.formats.case_folder import descriptions, elimination, families, profiles, remains, truth
from antigone.formats.case_folder.case_toml import CaseToml
from antigone.formats.case_folder.lineage_databases import MT_FORMAT, Y_CELL, Y_FORMAT
from antigone.formats.case_folder.lineages import FORMAT as MTDNA
from antigone.formats.frequencies import FORMAT as FREQUENCIES
from antigone.formats.tables import Column


def schemas() -> dict[str, dict[str, Any]]:
    """All schemas, by the name of what they describe."""
    kept = (profiles.FORMAT, remains.FORMAT, families.FORMAT, elimination.FORMAT, descriptions.FORMAT, FREQUENCIES)
    tables = (*kept, truth.FORMAT, truth.FAMILIES, MTDNA, MT_FORMAT)
    own = {"case": _case(), "profiles": _profiles(), "y_database": _y_database()}
    return {**{table.name: table.schema() for table in tables}, **own}


def schema_text(schema: dict[str, Any]) -> str:
    """A schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Write each schema into its file."""
    for name, schema in schemas().items():
        (folder / f"{name}.schema.json").write_text(schema_text(schema), encoding="utf-8")


def _case() -> dict[str, Any]:
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **CaseToml.model_json_schema(), "title": "case"}


def _profiles() -> dict[str, Any]:
    """The long form may have further alleles and heights."""
    schema = profiles.FORMAT.schema()
    further = Column("allele3", "a further allele; empty where there is none").schema()
    height = Column("height1", "the height of the peak: a number", pattern=r"|[0-9.eE+]+").schema()
    schema["patternProperties"] = {"^allele[1-9][0-9]?$": further, "^height[1-9][0-9]?$": height}
    return schema


def _y_database() -> dict[str, Any]:
    """One further column for each Y marker, under any spelling of its name."""
    schema = Y_FORMAT.schema()
    schema["additionalProperties"] = Column("marker", Y_CELL).schema()
    return schema
