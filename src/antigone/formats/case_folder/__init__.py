"""The open case folder: `case.toml` and tables of profiles, remains, families and frequencies, in CSV or Excel.

    operation = read_case_folder("case")
    operation.left_out                              # what is not searched, and why
    write_case_folder(operation, "copy")            # read back, it is the same

The format is described in `docs/formats/case-folder.md`, each table by a JSON Schema in `schemas/`.
"""

from antigone.formats.case_folder.folder import TRUE_SETTINGS_FILE
from antigone.formats.case_folder.reader import read_case_folder
from antigone.formats.case_folder.truth import EXCHANGED, FamilyTruthRow, TruthRow, read_family_truth, read_truth
from antigone.formats.case_folder.writer import NotWritableError, write_case_folder

__all__ = [
    "EXCHANGED",
    "TRUE_SETTINGS_FILE",
    "FamilyTruthRow",
    "NotWritableError",
    "TruthRow",
    "read_case_folder",
    "read_family_truth",
    "read_truth",
    "write_case_folder",
]
