"""No reader takes more than it says: bytes, rows, columns, one line, one cell (SAFETY G14), each refused in words."""

from collections.abc import Callable
from pathlib import Path

import pytest

from antigone.formats.codis import read_cmf
from antigone.formats.errors import InputError
from antigone.formats.familias import read_familias
from antigone.formats.genemapper import read_genemapper, read_genemapper_toml
from antigone.formats.haplotype_tables_mt import read_mt_table
from antigone.formats.haplotype_tables_y import read_y_table
from antigone.formats.linkage import read_dat, read_map, read_ped
from antigone.formats.strider import read_strider
from antigone.formats.tables import open_workbook
from antigone.formats.wide_frequencies import read_wide_frequencies
from workbooks import xlsx

Read = Callable[[Path], object]
READERS: dict[str, tuple[Read, str]] = {
    "codis": (read_cmf, "antigone.formats.laboratory.MAX_BYTES"),
    "familias": (read_familias, "antigone.formats.familias.reader.MAX_BYTES"),
    "genemapper": (read_genemapper, "antigone.formats.laboratory.MAX_BYTES"),
    "mt": (read_mt_table, "antigone.formats.haplotype_tables_mt.MAX_BYTES"),
    "y": (read_y_table, "antigone.formats.haplotype_tables_y.MAX_BYTES"),
    "ped": (read_ped, "antigone.formats.linkage.pedigree_file.MAX_BYTES"),
    "dat": (read_dat, "antigone.formats.linkage.marker_files.MAX_BYTES"),
    "map": (read_map, "antigone.formats.linkage.marker_files.MAX_BYTES"),
    "strider": (read_strider, "antigone.formats.strider.MAX_BYTES"),
    "frequencies": (read_wide_frequencies, "antigone.formats.wide_frequencies.MAX_BYTES"),
}


@pytest.mark.parametrize("name", READERS)
def test_a_file_with_more_bytes_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, limit = READERS[name]
    path = tmp_path / "file"
    path.write_bytes(bytes(11))
    monkeypatch.setattr(limit, 10)
    if name == "ped":
        (tmp_path / "file.dat").write_text("M TH01\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"file: found more than 10 bytes; expected a smaller file$"):
        read(path)


def test_a_workbook_with_more_bytes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "book"
    path.write_bytes(xlsx({"s": [["a"]]}))
    monkeypatch.setattr("antigone.formats.tables.excel.MAX_BYTES", path.stat().st_size - 1)
    with pytest.raises(InputError, match=r"^book: found more than [0-9]+ bytes; expected a smaller file$"):
        open_workbook(path, "book")


def rows(count: int, row: str) -> str:
    return "".join(row.format(n) for n in range(count))


MANY: dict[str, tuple[Read, str, int, str, str]] = {
    "genemapper rows": (
        read_genemapper, "antigone.formats.genemapper.by_line.MAX_ROWS", 2,
        "Sample Name\tMarker\tAllele 1\n" + rows(3, "B{}\tTH01\t6\n") + '"B9"\tTH01\t6\n',
        "line 4: found more than 2 rows",
    ),
    "genemapper columns": (
        read_genemapper, "antigone.formats.genemapper.header.MAX_COLUMNS", 3,
        "Sample Name\tMarker\tAllele 1\tAllele 2\nB1\tTH01\t6\t7\n", "line 1: found 4 columns; expected at most 3",
    ),
    "genemapper line": (
        read_genemapper, "antigone.formats.encodings.MAX_LINE", 40,
        "Sample Name\tMarker\tAllele 1\nB1\tTH01\t" + "6" * 40 + "\n", "line 2: found more than 40 characters",
    ),
    "codis specimens": (
        read_cmf, "antigone.formats.codis.reader.MAX_SPECIMENS", 1,
        "<CODISImportFile>" + rows(2, "<SPECIMEN><SPECIMENID>B{}</SPECIMENID>"
        "<SPECIMENCATEGORY>Missing Person</SPECIMENCATEGORY></SPECIMEN>") + "</CODISImportFile>",
        "found more than 1 specimens",
    ),
    "codis loci": (
        read_cmf, "antigone.formats.codis.reader.MAX_LOCI", 1,
        "<CODISImportFile><SPECIMEN><SPECIMENID>B</SPECIMENID><SPECIMENCATEGORY>Missing Person</SPECIMENCATEGORY>"
        + rows(2, "<LOCUS><LOCUSNAME>DYS39{}</LOCUSNAME></LOCUS>") + "</SPECIMEN></CODISImportFile>",
        "found more than 1 loci",
    ),
    "ped persons": (
        read_ped, "antigone.formats.linkage.pedigree_file.MAX_PERSONS", 1,
        rows(2, "Oak p{} 0 0 1 6 7\n"), "line 2: found more than 1 persons",
    ),
    "ped family": (
        read_ped, "antigone.formats.linkage.pedigree_file.MAX_FAMILY", 1,
        rows(2, "Oak p{} 0 0 1 6 7\n"), "line 2, column family: found 2 persons; expected at most 1 in a family",
    ),
    "dat markers": (
        read_dat, "antigone.formats.linkage.marker_files.MAX_MARKERS", 1, "M TH01\nM FGA\n", "found 2 markers",
    ),
    "map markers": (
        read_map, "antigone.formats.linkage.marker_files.MAX_MARKERS", 1, "1 TH01 1\n1 FGA 2\n", "found 2 markers",
    ),
    "frequencies": (
        read_wide_frequencies, "antigone.formats.frequency_figures.MAX_FIGURES", 1,
        "Allele,TH01\n6,0.5\n7,0.5\n", "line 3: found more than 1 frequencies",
    ),
    "mt": (
        read_mt_table, "antigone.formats.haplotype_tables_mt.MAX_ROWS", 1,
        "#! 73-340\n" + rows(2, "s{}\tH\t1\t263G\n"), "line 3: found more than 1 sequences",
    ),
    "y": (
        read_y_table, "antigone.formats.haplotype_tables_y.MAX_ROWS", 1,
        "sample,DYS391,DYS19\n" + rows(2, "s{},10,14\n"), "line 3: found more than 1 haplotypes",
    ),
    "line of others": (
        read_ped, "antigone.formats.plain_text.MAX_LINE", 12, "Oak p1 0 0 1 6 7\n",
        "line 1: found more than 12 characters",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MANY)
def test_more_rows_columns_or_letters_are_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read, limit, most, text, found = MANY[name]
    path = tmp_path / "file"
    path.write_text(text, encoding="utf-8")
    if read is read_ped:
        (tmp_path / "file.dat").write_text("M TH01\n", encoding="utf-8")
    assert read(path) is not None if name != "genemapper line" else True
    monkeypatch.setattr(limit, most)
    with pytest.raises(InputError, match=found):
        read(path)


def test_a_toml_of_a_megabyte_is_refused(tmp_path: Path) -> None:
    (tmp_path / "genemapper.toml").write_bytes(b"#" * 1_000_001)
    (tmp_path / "table.txt").write_text("Sample Name\tMarker\tAllele 1\nB1\tTH01\t6\n", encoding="utf-8")
    with pytest.raises(InputError, match="found more than 1000000 bytes"):
        read_genemapper(tmp_path / "table.txt")
    with pytest.raises(InputError):
        read_genemapper_toml(b"#" * 1_000_001)
