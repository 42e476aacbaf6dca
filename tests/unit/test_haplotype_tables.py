"""Tables of haplotypes as EMPOP and YHRD take them: what their rows mean, and what they cannot be."""

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.case_folder import read_case_folder
from antigone.formats.errors import InputError
from antigone.formats.haplotype_tables_mt import MtRow, MtTable, emp_of, emp_text, mt_of, read_mt_table
from antigone.formats.haplotype_tables_y import YRow, YTable, order_of, read_y_table, y_table_of, y_table_text
from antigone.formats.loose_rows import rows_of_text
from antigone.genetics.alleles import Repeat, Silent, Unknown
from antigone.genetics.haplotypes import MtHaplotype, YHaplotype
from antigone.genetics.maternal import mt_haplotype
from corpus_files import CORPUS, bad_files, check_errors
from workbooks import ods, xls, xlsx

HAPLOTYPES = CORPUS / "haplotypes"
Y_FILES = ("bad_zero.csv", "bad_columns.csv", "bad_alleles.csv", "bad_nobody.csv")
CONTROL_REGION = ((1, 576), (16024, 16569))


@pytest.mark.parametrize("name", bad_files("haplotypes", ".emp", ".csv"))
def test_a_bad_table_gets_exactly_these_errors(name: str) -> None:
    check_errors(read_y_table if name in Y_FILES else read_mt_table, HAPLOTYPES / name)


# Mitochondrial sequences


def test_an_emp_file_names_ranges_for_the_lines_below_them() -> None:
    read = read_mt_table(HAPLOTYPES / "control_region.emp")
    assert read.comments == ("A study of Arcadia, nobody@example.org", "Arcadia, towns", "a comment")
    assert read.rows == (
        MtRow(MtHaplotype("ARC1", CONTROL_REGION, ("263G", "315.1C")), "H1", 2),
        MtRow(MtHaplotype("ARC2", CONTROL_REGION, ("249DEL", "16093Y")), "T2b", 1),
        MtRow(MtHaplotype("ARC3", ((73, 340), (16024, 16365)), ()), "", 1),
        MtRow(MtHaplotype("ARC4", ((73, 340), (16024, 16365)), ("73G", "249DEL", "263G")), "", 1),
    )


def test_a_table_with_a_header_says_the_same() -> None:
    emp, table = read_mt_table(HAPLOTYPES / "control_region.emp"), read_mt_table(HAPLOTYPES / "mt_table.csv")
    assert [one.sequence for one in table.rows] == [one.sequence for one in emp.rows[:2]]
    assert [one.haplogroup for one in table.rows] == ["H1", "T2b"]


@pytest.mark.parametrize("name", ["haplogrep.hsd", "haplogrep_without_header.hsd"])
def test_haplogrep_writes_a_cell_for_each_difference(name: str) -> None:
    emp, hsd = read_mt_table(HAPLOTYPES / "control_region.emp"), read_mt_table(HAPLOTYPES / name)
    assert [one.sequence for one in hsd.rows] == [one.sequence for one in emp.rows[:2]]
    assert [one.haplogroup for one in hsd.rows] == ["H1", "T2b"]


def test_a_header_padded_with_empty_cells_loses_no_difference() -> None:
    read = read_mt_table(HAPLOTYPES / "haplogrep_padded.hsd")
    assert [one.sequence.differences for one in read.rows] == [
        ("263G", "309.1C", "309.2C", "315.1C"),
        ("249DEL", "16093Y"),
        ("524.1A", "524.2C"),
    ]


def test_a_sheet_that_is_wider_than_its_header_loses_no_difference(tmp_path: Path) -> None:
    rows = [["sample", "range", "polymorphisms"], ["M1", "CR", "263G", "315.1C"], ["M2", "CR", "16093C"]]
    (tmp_path / "book").write_bytes(xlsx({"mt": rows}))
    assert [one.sequence.differences for one in read_mt_table(tmp_path / "book").rows] == [
        ("263G", "315.1C"),
        ("16093C",),
    ]


def test_columns_beside_are_named() -> None:
    read = mt_of(b"sample,range,profile,town\nM1,CR,263G,Elis\n", "x")
    assert (read.beside, read.rows[0].sequence.differences) == (("town",), ("263G",))


def test_a_table_between_semicolons_is_read_whatever_its_columns_are_called() -> None:
    (row,) = read_mt_table(HAPLOTYPES / "mt_semicolon_columns.csv").rows
    assert row.sequence == MtHaplotype("ARC1", CONTROL_REGION, ("263G", "315.1C"))


def test_named_ranges_commas_and_the_reference_itself() -> None:
    first, second = read_mt_table(HAPLOTYPES / "mt_semicolons.txt").rows
    assert (first.count, first.sequence) == (3, mt_haplotype("ARC1", "16024-16365;73-340", "263G 315.1C"))
    assert second.sequence == mt_haplotype("ARC2", "16024-16365", "")


def test_overlapping_amplicons_are_one_range() -> None:
    (row,) = emp_of(b"#! 16024-16300 16250-16365\na\tH\t1\n", "x").rows
    assert row.sequence.ranges == ((16024, 16365),)


def test_ranges_without_end_are_refused_at_once() -> None:
    with pytest.raises(InputError, match="found 5000 ranges; expected at most 100"):
        emp_of(b"#! " + b"1-16569 " * 5000, "x")


# Y haplotypes


def test_columns_are_markers_and_counts_and_what_is_beside_is_said() -> None:
    read = read_y_table(HAPLOTYPES / "yfiler.tsv")
    assert read.beside == ("Population",)
    first, second = read.rows
    assert (first.haplotype.sample, first.count) == ("H1", 2)
    assert first.haplotype.alleles["DYS385"] == (Repeat(11), Repeat(14))
    assert second.haplotype.alleles["DYS385"] == (Repeat(11), Repeat(11))
    assert second.haplotype.alleles["DYS389II"] == (Repeat(28), Repeat(29))
    assert "YGATAH4" not in second.haplotype.alleles


def test_two_columns_may_be_the_copies_of_one_marker() -> None:
    first, second = read_y_table(HAPLOTYPES / "two_columns.csv").rows
    assert first.haplotype.alleles["DYS385"] == (Repeat(11), Repeat(14))
    assert second.haplotype.alleles["DYS385"] == (Repeat(11), Unknown())


def test_hyphens_between_copies_and_cyrillic_of_windows() -> None:
    first, second = read_y_table(HAPLOTYPES / "y_hyphens_cp1251.csv").rows
    assert (first.haplotype.sample, second.haplotype.sample) == ("К1", "К2")
    assert first.haplotype.alleles == {"DYS19": (Repeat(15),), "DYS385": (Repeat(11), Repeat(14))}
    assert second.haplotype.alleles["DYS19"] == (Repeat(15), Repeat(16))
    assert second.haplotype.alleles["DYS385"] == (Repeat(12), Repeat(12))


def test_one_name_twice_is_the_two_copies_of_a_marker_that_has_them() -> None:
    header = [(1, ["sample", "DYS385", "DYS385", "DYS391"])]
    (row,) = y_table_of([*header, (2, ["M1", "11", "14", "10"])], "x").rows
    assert row.haplotype.alleles["DYS385"] == (Repeat(11), Repeat(14))
    with pytest.raises(InputError, match="found a second column ‘DYS391’"):
        y_table_of([(1, ["sample", "DYS391", "DYS391"]), (2, ["M1", "10", "10"])], "x")


def test_a_table_of_individuals_may_end_in_empty_columns() -> None:
    read = read_y_table(HAPLOTYPES / "y_individuals.csv")
    assert read.beside == ("pop", "sex")
    first, second = read.rows
    assert (first.haplotype.sample, second.haplotype.sample) == ("M1", "M2")
    assert first.haplotype.alleles["DYS385"] == (Repeat(11), Repeat(14))
    assert "DYS19" not in second.haplotype.alleles
    with pytest.raises(InputError, match="line 2, column 3: found 3 cells; expected 2, as the header has"):
        y_table_of([(1, ["sample", "DYS391", ""]), (2, ["M1", "10", "x"])], "t")


def test_without_a_header_the_order_is_that_of_the_kit_named() -> None:
    (row,) = read_y_table(HAPLOTYPES / "kit_order.csv", kit="yfiler").rows
    assert list(row.haplotype.alleles) == list(order_of("Yfiler"))
    assert row.haplotype.alleles["DYS456"] == (Repeat(15),)
    assert row.haplotype.alleles["DYS385"] == (Repeat(11), Repeat(14))
    assert row.haplotype.alleles["DYS448"] == (Repeat(19),)
    with pytest.raises(InputError, match="found a kit without Y markers"):
        order_of("ESS 12")


def test_what_zero_means_is_for_somebody_to_say() -> None:
    (silent,) = read_y_table(HAPLOTYPES / "silent.csv", zero="silent").rows
    assert silent.haplotype.alleles == {"DYS391": (Silent(),), "DYS385": (Repeat(11), Silent())}
    (unread,) = read_y_table(HAPLOTYPES / "silent.csv", zero="no result").rows
    assert unread.haplotype.alleles == {"DYS385": (Repeat(11), Unknown())}


@pytest.mark.parametrize("make", [xlsx, xls, ods])
def test_a_sheet_says_the_same_as_a_text(make, tmp_path: Path) -> None:
    path = tmp_path / "book"
    path.write_bytes(make({"notes": [["none"]], "Y": [["sample", "DYS391", "DYS385"], ["M1", 10.0, "11,14"]]}))
    (row,) = read_y_table(path).rows
    assert row.haplotype == YHaplotype("M1", {"DYS391": (Repeat(10),), "DYS385": (Repeat(11), Repeat(14))})
    path.write_bytes(make({"mt": [["sample", "range", "profile"], ["M1", "CR", "263G"]]}))
    assert read_mt_table(path).rows[0].sequence == mt_haplotype("M1", "16024-576", "263G")


# As parts of a case folder


def test_both_become_tables_of_a_case_folder(tmp_path: Path) -> None:
    mt, y = read_mt_table(HAPLOTYPES / "control_region.emp"), read_y_table(HAPLOTYPES / "yfiler.tsv")
    files = {
        "case.toml": 'format = "antigone-case"\nversion = 1\nkit = ["TH01"]\n',
        "remains.csv": "remains,sample\nR1,H1;ARC1\n",
        "families.csv": "family,person,father,mother,sex,role,sample\nOak,son,father,,M,missing,\n"
        "Oak,father,,,M,donor,H2\nOak,aunt,,,F,donor,ARC2\n",
        "mtdna.csv": "\n".join(mt.mtdna_csv().splitlines()[:3]) + "\n",
        "y_database.csv": y.database_csv(),
        "mt_database.csv": mt.database_csv(),
        "profiles.csv": y.profiles_csv() + "H1,TH01,6,7\nH2,TH01,6,6\n",
    }
    (tmp_path / "case").mkdir()
    for name, text in files.items():
        (tmp_path / "case" / name).write_text(text, encoding="utf-8")
    operation = read_case_folder(tmp_path / "case")
    lineage = operation.individuals[0].lineage
    assert lineage is not None
    assert lineage.mt == mt.rows[0].sequence
    assert lineage.y == y.rows[0].haplotype
    databases = operation.lineage_databases
    assert databases.y is not None
    assert databases.mt is not None
    assert (databases.y.counts, databases.mt.counts) == ((2, 1), (2, 1, 1, 1))


# Round trips and damage

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"], exclude_characters="#\"'"), min_size=1)
DIFFERENCES = st.lists(st.sampled_from(["73G", "249DEL", "263G", "315.1C", "16093Y"]), unique=True)


@given(st.lists(st.tuples(WORDS, DIFFERENCES, st.sampled_from(["", "H1", "T2b"]), st.integers(1, 99)), min_size=1,
                unique_by=lambda row: row[0]))  # fmt: skip
def test_an_emp_file_written_and_read_is_the_same(rows: list[tuple[str, list[str], str, int]]) -> None:
    made = MtTable(
        tuple(
            MtRow(mt_haplotype(sample, "16024-16365;73-340", " ".join(differences)), haplogroup, count)
            for sample, differences, haplogroup, count in rows
        ),
        ("a title",),
    )
    assert emp_of(emp_text(made).encode(), "x") == made


COPIES = {
    "DYS391": st.sampled_from([(Repeat(10),), (Repeat(10), Repeat(11)), (Silent(),)]),
    "DYS385": st.sampled_from([(Repeat(11), Repeat(14)), (Repeat(11), Repeat(11)), (Repeat(11), Unknown())]),
    "DYS393": st.just((Repeat(13, 2),)),
}


@given(data=st.data())
def test_a_y_table_written_and_read_is_the_same(data: st.DataObject) -> None:
    samples = data.draw(st.lists(WORDS, min_size=1, max_size=4, unique=True))
    markers = data.draw(st.permutations(list(COPIES)))
    rows = [
        YRow(
            YHaplotype(sample, {marker: data.draw(COPIES[marker]) for marker in markers}), data.draw(st.integers(1, 9))
        )
        for sample in samples
    ]
    made = YTable(tuple(rows))
    assert y_table_of(rows_of_text(y_table_text(made).encode(), "x"), "x") == made


SOUND = [path.read_bytes() for path in sorted(HAPLOTYPES.iterdir()) if not path.name.startswith("bad_")]


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_bytes_give_problems_or_a_result_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SOUND)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    for read in (mt_of, lambda content, file: y_table_of(rows_of_text(content, file), file)):
        with suppress(InputError):
            read(bytes(content), "x")
