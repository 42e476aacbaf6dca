"""Answers of other programs: read, computed again, and compared.

The format is described in docs/formats/answers.md. `validate_file` does one file.
"""

from antigone.formats.answers.comparison import Comparison, FileReport
from antigone.formats.answers.validation import validate_file

__all__ = ["Comparison", "FileReport", "validate_file"]
