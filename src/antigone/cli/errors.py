"""Errors that are about the input, and how they are said."""

from antigone.execution.doorstep import DoorstepError
from antigone.execution.tiles import TileError
from antigone.formats.case_folder import NotWritableError
from antigone.formats.errors import InputError
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.frequencies import FrequencyError
from antigone.genetics.likelihood import LikelihoodError
from antigone.genetics.markers import UnknownMarkerError, UnknownPanelError
from antigone.genetics.models import ModelError
from antigone.genetics.observation import ReadingError
from antigone.genetics.pedigrees import PedigreeError
from antigone.matching.certificate import IncompleteSearchError
from antigone.matching.operation import SettingsError
from antigone.matching.tables import TableError
from antigone.report.results import OutputError
from antigone.scenarios import ScenarioError

SHOWN = 200

_ABOUT_THE_INPUT = (
    DoorstepError,
    FileExistsError,
    FrequencyError,
    IncompleteSearchError,  # a mistake of ours, but who reads the result has to know what it lacks
    LikelihoodError,
    ModelError,
    NotWritableError,
    OutputError,
    PedigreeError,
    ReadingError,
    ScenarioError,
    SettingsError,
    TableError,
    TileError,
    TooComplexError,
    UnknownMarkerError,
    UnknownPanelError,
)

# Of rooms that are there only where antigone[office] is installed.
_OF_THE_OFFICE = ("ActionRefusedError", "BackupError", "BundleError", "JournalError", "NotSweptError", "OfficeError")


def explained(error: Exception) -> str | None:
    """What to tell the user; None for a mistake of ours, which is not hidden behind words."""
    if isinstance(error, InputError):
        problems = [str(problem) for problem in error.problems]
        more = [f"and {len(problems) - SHOWN} more"] if len(problems) > SHOWN else []
        return "\n".join([*problems[:SHOWN], *more, "Nothing was read."])
    if isinstance(error, _ABOUT_THE_INPUT):
        return str(error)
    if type(error).__name__ in _OF_THE_OFFICE:
        return str(error)
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return None
