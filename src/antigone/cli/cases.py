"""A case, whatever it is written as: told by its content, not by its name."""

from collections.abc import Sequence
from pathlib import Path

from antigone.formats.case_folder import read_case_folder
from antigone.formats.case_workbook import read_case_workbook
from antigone.formats.errors import InputError
from antigone.formats.familias import read_familias
from antigone.formats.familias_case import operation_from_familias
from antigone.formats.linkage import operation_from_ped, read_ped
from antigone.formats.recognition import Kind, recognise
from antigone.matching.operation import Operation

_A_CASE = "a case folder or a Familias project (.fam), a workbook with the tables of a case, or a PED file"


def read_case(path: Path, *, missing: Sequence[str] = (), remains: Sequence[str] = ()) -> Operation:
    """Read a case folder, a case in a workbook, a Familias project or a PED file.

    `missing` and `remains` say of a PED file who in it is missing, and which families are unidentified dead; see
    `formats.linkage.operation_from_ped`. Raises `InputError`, also for a file of another kind, saying what it is.
    """
    if not path.exists():
        raise InputError.at(path, None, None, found="nothing", expected=_A_CASE)
    kind = recognise(path).kind if path.is_file() else Kind.CASE_FOLDER
    if (missing or remains) and kind is not Kind.PED:
        raise InputError.at(
            path.name, None, None, found=str(kind), expected="a PED file, of which --missing and --remains are said"
        )
    match kind:
        case Kind.CASE_FOLDER:
            return read_case_folder(path)
        case Kind.CASE_WORKBOOK:
            return read_case_workbook(path)
        case Kind.FAMILIAS:
            return operation_from_familias(read_familias(path), str(path), name=path.stem)
        case Kind.PED:
            return operation_from_ped(read_ped(path), path.name, missing=missing, remains=remains, name=path.stem)
    raise InputError.at(path.name, None, None, found=f"{kind}, which is no whole case", expected=_A_CASE)
