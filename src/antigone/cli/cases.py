"""A case, whatever it is written as."""

from pathlib import Path

from antigone.formats.case_folder import read_case_folder
from antigone.formats.errors import InputError
from antigone.formats.familias import read_familias
from antigone.formats.familias_case import operation_from_familias
from antigone.matching.operation import Operation


def read_case(path: Path) -> Operation:
    """Read a case folder or a Familias project. Raises `InputError`."""
    if path.is_dir():
        return read_case_folder(path)
    if not path.exists():
        raise InputError.at(path, None, None, found="nothing", expected="a case folder or a Familias project (.fam)")
    return operation_from_familias(read_familias(path), str(path), name=path.stem)
