"""`certificate.json`: written beside a report, read again to be checked. The format: docs/formats/results.md."""

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from importlib.metadata import version
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from antigone import __version__
from antigone.formats.errors import InputError, quoted
from antigone.ledger.canonical import CanonicalError
from antigone.matching.certificate import FORMAT, VERSION, Certificate, digest_of_statement

NAME = "certificate.json"

# What computes an LR: code and tables of these packages.
_COMPUTES = ("antigone.genetics", "antigone.matching")
_A_CERTIFICATE = "a certificate.json that `antigone identify` wrote"


@cache
def engine() -> Mapping[str, str]:
    """What computes here: versions, and the SHA-256 of the code and tables that a result rests on."""
    return {
        "antigone": __version__,
        "code": _digest_of_code(),
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "numba")},
    }


def _digest_of_code() -> str:
    digest = hashlib.sha256()
    for package in _COMPUTES:
        for name, file in sorted(_files(resources.files(package), package)):
            content = file.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _files(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry, f"{above}/{entry.name}")
        elif entry.name.endswith((".py", ".csv")):
            yield f"{above}/{entry.name}", entry


def certificate_text(certificate: Certificate) -> str:
    """The content of the file."""
    return json.dumps(certificate.statement(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_certificate(path: Path) -> dict[str, Any]:
    """What a certificate states.

    Raises `InputError` where the file is none, is of a version that is not known here, or was changed since it was
    written. That nobody wrote another in its place, only who kept its `digest` can tell.
    """
    statement = _parsed(path)
    if statement.get("format") != FORMAT:
        raise _wrong(path, "format", statement.get("format"), quoted(FORMAT))
    # True == 1, and a version is a number.
    if type(statement.get("version")) is not int or statement["version"] != VERSION:
        raise _wrong(path, "version", statement.get("version"), f"{VERSION}, the version known here")
    if type(statement.get("reassociation")) is not bool:
        raise _wrong(path, "reassociation", statement.get("reassociation"), "true or false")
    try:
        digest = digest_of_statement(statement)
    except CanonicalError as error:
        raise InputError.at(path.name, None, None, found=str(error), expected=_A_CERTIFICATE) from None
    if statement.get("digest") != digest:
        raise _wrong(path, "digest", statement.get("digest"), f"{digest}: the file was changed since it was written")
    return statement


def _parsed(path: Path) -> dict[str, Any]:
    try:
        statement = json.loads(path.read_bytes())
    except json.JSONDecodeError as error:
        raise InputError.at(path.name, error.lineno, error.colno, found=error.msg, expected=_A_CERTIFICATE) from None
    except (UnicodeDecodeError, RecursionError) as error:
        raise InputError.at(path.name, None, None, found=str(error), expected=_A_CERTIFICATE) from None
    if not isinstance(statement, dict):
        raise InputError.at(path.name, 1, None, found=quoted(statement), expected=_A_CERTIFICATE)
    return statement


def _wrong(path: Path, name: str, found: object, expected: str) -> InputError:
    shown = f"no {quoted(name)}" if found is None else quoted(found, 80)
    return InputError.at(path.name, None, name, found=shown, expected=expected)
