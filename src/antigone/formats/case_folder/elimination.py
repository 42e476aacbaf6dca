"""`elimination.csv`: those whose own DNA may have come onto remains, and which samples are theirs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from antigone.formats.case_folder.remains import SEXES
from antigone.formats.case_folder.samples import SEPARATOR, Owner, Samples, can_be_searched, check_one_person
from antigone.formats.errors import quoted
from antigone.formats.tables import Column, Row, Table, TableFormat
from antigone.genetics.pedigrees import Sex
from antigone.matching.operation import EliminationEntry, LeftOut, Operation, Settings

FORMAT = TableFormat(
    "elimination",
    "The elimination list: one row for each person who may have left DNA of their own on remains, or each control.",
    (
        Column("entry", "the name of an entry, a code rather than a person's name", required=True, pattern=r".+"),
        Column("role", "who that is, such as mortuary, laboratory, police or control", required=True, pattern=r".+"),
        Column("sample", "the name of a sample in the profiles, several between semicolons", required=True),
        Column("sex", "F, M or U, or an empty cell", pattern=r"[FMUfmu]?"),
    ),
)


@dataclass
class ReadElimination:
    """The entries of a table, and those that are left out."""

    entries: list[EliminationEntry] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_elimination(table: Table, settings: Settings, samples: Samples) -> ReadElimination:
    """The entries, in order. Problems are noted with their lines.

    A sample of remains or of a person of a family is a problem: donors are on no elimination list.
    """
    read = ReadElimination()
    lines: dict[str, int] = {}
    for row in table.named_rows(FORMAT):
        name = row.required("entry")
        if not name:
            table.has_gaps = True
        elif name in lines:
            found = f"a second row of {quoted(name)}, which line {lines[name]} has"
            row.complain("entry", found=found, expected="one row for each entry, its samples between semicolons")
        else:
            lines[name] = row.line
            _take(name, row, settings, samples, read)
    return read


def _take(name: str, row: Row, settings: Settings, samples: Samples, read: ReadElimination) -> None:
    role, sex = row.required("role"), row.choice("sex", SEXES) or Sex.UNKNOWN
    names = _sample_names(row)
    if not names:
        return
    owner = Owner("elimination", name, "", row.file, row.line)
    joined = samples.take(names, row, owner)
    checked = check_one_person(joined, settings.donors, row, owner, samples)
    read.warnings.extend(checked.warnings)
    if joined.lineage is not None:
        read.warnings.append(f"{owner}: Y haplotype and mitochondrial DNA are not compared with the dead")
    profile = checked.profile
    if profile is None or not (samples.is_ordinary(profile.sample) or can_be_searched(profile)):
        nothing = "no profile" if joined.profile is None else "no result at any marker that is used"
        read.left_out.append(checked.left_out or LeftOut("elimination entry", name, nothing))
        return
    read.left_out.extend(LeftOut("sample", absent, f"no profile ({owner})") for absent in joined.absent)
    read.entries.append(EliminationEntry(name, role, profile, sex, joined.samples))


def _sample_names(row: Row) -> Sequence[str]:
    text = row.required("sample")
    names = [one.strip() for one in text.split(SEPARATOR)] if text else []
    if not all(names) or len(set(names)) < len(names):
        row.complain("sample", expected="names of samples between semicolons, each once and none of them empty")
        return ()
    return names


def elimination_rows(operation: Operation) -> Iterator[list[str]]:
    """The rows of a table that reads back as the list of this operation."""
    for one in operation.elimination:
        sex = "" if one.sex is Sex.UNKNOWN else str(one.sex)
        yield [one.id, one.role, one.profile.sample, sex]
