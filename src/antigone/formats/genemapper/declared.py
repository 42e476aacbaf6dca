"""`genemapper.toml`: what a person says of a laboratory's tables where the tables themselves do not say it.

The file travels with the tables, in their folder. All keys but the first two may be absent; what they say is taken
instead of what would be detected.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from antigone.formats.case_folder.toml_text import check_against, parse_toml
from antigone.formats.plain_text import read_bytes
from antigone.formats.tables import Problems, near
from antigone.genetics.markers import all_markers, canonical_name

FILE = "genemapper.toml"
FORMAT = "antigone-genemapper"
_MOST_BYTES = 1_000_000

Kind = Literal["sample", "ladder", "positive control", "negative control", "left out"]
_KINDS = 'one of "sample", "ladder", "positive control", "negative control", "left out"'
Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ColumnsToml(_Strict):
    """Columns that are called otherwise; `#` stands for the number of the allele."""

    sample: Name | None = Field(default=None, description="a text: the header of the column with the sample's name")
    run: Name | None = Field(default=None, description="a text: the header of the column with the run's or file's name")
    type: Name | None = Field(default=None, description="a text: the header of the column with the kind of sample")
    marker: Name | None = Field(default=None, description="a text: the header of the column with the marker")
    allele: Name | None = Field(default=None, description='a text with # for the number, such as "Allele #"')
    height: Name | None = Field(default=None, description='a text with # for the number, such as "Height #"')


class GenemapperToml(_Strict):
    """What is declared of the tables in a folder."""

    format: Literal["antigone-genemapper"] = Field(default="antigone-genemapper", description=f'"{FORMAT}"')
    version: Literal[1] = Field(default=1, description="1, the only version of this format")
    encoding: Literal["utf-8", "utf-16", "cp1251", "cp1252"] | None = Field(
        default=None, description='one of "utf-8", "utf-16", "cp1251", "cp1252"'
    )
    separator: Literal["tab", "comma", "semicolon"] | None = Field(
        default=None, description='one of "tab", "comma", "semicolon"'
    )
    decimal: Literal[".", ","] | None = Field(default=None, description='"." or ","')
    header_line: int | None = Field(default=None, ge=1, le=1000, description="a whole number: the line of the header")
    layout: Literal["long", "wide"] | None = Field(
        default=None, description='"long" (a row for each sample and marker) or "wide" (a row for each sample)'
    )
    columns: ColumnsToml = Field(
        default_factory=ColumnsToml, description="a table: sample, run, type, marker, allele, height"
    )
    ignore_columns: list[Name] = Field(default_factory=list, description="a list of headers between quotes")
    markers: dict[str, str] = Field(
        default_factory=dict, description='a table of name in the file = marker, or "" for one that is left out'
    )
    names: dict[str, Kind] = Field(default_factory=dict, description=f"a table of sample = {_KINDS}")
    no_result: list[Name] = Field(default_factory=list, description='a list of words such as ["INC", "NR"]')
    allele_suffixes: list[Name] = Field(
        default_factory=list, description='a list of endings that say nothing of the allele, such as ["-NB"]'
    )
    alleles_in_cell: Literal["/", ",", "-", " ", ";"] | None = Field(
        default=None, description='what stands between the alleles of one cell: one of "/", ",", "-", " ", ";"'
    )
    replicate_suffixes: list[Name] | None = Field(
        default=None, description='a list of endings with # for the number, such as ["_R#", "-rep#"]; may be empty'
    )
    repeated_rows: Literal["replicates"] | None = Field(
        default=None, description='"replicates": a second row of one sample and marker is another run'
    )
    short_rows: Literal["fill"] | None = Field(
        default=None, description='"fill": cells that are missing at the end of a row are empty'
    )


def read_genemapper_toml(data: bytes, file: str = FILE) -> GenemapperToml:
    """Read what is declared. Raises `InputError` with the line of each mistake."""
    problems = Problems()
    parsed = parse_toml(data, file, problems)
    problems.stop_if_any()
    assert parsed is not None  # noqa: S101 - without one, a problem was noted
    toml, values = parsed
    try:
        declared = GenemapperToml.model_validate(values)
    except ValidationError as error:
        check_against(GenemapperToml, error, toml)
        problems.stop_if_any()
        raise
    for name, marker in declared.markers.items():
        if marker and canonical_name(marker) is None:
            expected = "the name of a marker" + near(marker, [known.name for known in all_markers()])
            toml.complain(("markers", name), found=f'"{marker}"', expected=f'{expected}, or "" to leave it out')
    for key in ("allele", "height"):
        pattern = getattr(declared.columns, key)
        if pattern is not None and pattern.count("#") != 1:
            toml.complain(("columns", key), found=f'"{pattern}"', expected='a text with one #, such as "Allele #"')
    for suffix in declared.replicate_suffixes or ():
        if suffix.count("#") != 1:
            expected = 'endings with one #, such as "_R#"'
            toml.complain(("replicate_suffixes",), found=f'"{suffix}"', expected=expected)
    problems.stop_if_any()
    return declared


def declared_beside(path: Path) -> GenemapperToml:
    """What is declared in the folder of a table; nothing where there is no such file."""
    beside = path.parent / FILE
    if not beside.is_file():
        return GenemapperToml()
    return read_genemapper_toml(read_bytes(beside, str(beside), _MOST_BYTES), str(beside))
