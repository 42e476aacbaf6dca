"""`certificate.json`: written beside a report, read again to be checked. The format: docs/formats/results.md."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from antigone.formats.errors import InputError, quoted
from antigone.ledger.canonical import CanonicalError
from antigone.matching.certificate import FORMAT, VERSION, Certificate, digest_of_statement
from antigone.matching.country_certificate import COUNTRY_FORMAT, CountryCertificate
from antigone.report.indented_json import indented

NAME = "certificate.json"

_A_CERTIFICATE = "a certificate.json that `antigone identify` or `antigone search` wrote"


def certificate_text(certificate: Certificate | CountryCertificate) -> str:
    """The content of the file."""
    return statement_text(certificate.statement())


def statement_text(statement: Mapping[str, Any]) -> str:
    """The content of the file, from what a certificate states."""
    return indented(statement) + "\n"


def read_certificate(path: Path) -> dict[str, Any]:
    """What a certificate states.

    Raises `InputError` where the file is none, is of a version that is not known here, or was changed since it was
    written. That nobody wrote another in its place, only who kept its `digest` can tell.
    """
    statement = _parsed(path)
    if statement.get("format") not in (FORMAT, COUNTRY_FORMAT):
        raise _wrong(path, "format", statement.get("format"), f"{quoted(FORMAT)} or {quoted(COUNTRY_FORMAT)}")
    # True == 1, and a version is a number.
    if type(statement.get("version")) is not int or statement["version"] != VERSION:
        raise _wrong(path, "version", statement.get("version"), f"{VERSION}, the version known here")
    if type(statement.get("reassociation")) is not bool:
        raise _wrong(path, "reassociation", statement.get("reassociation"), "true or false")
    # True is a number to Python; NaN and infinity have no canonical bytes, and are refused there.
    if statement["format"] == COUNTRY_FORMAT and type(statement.get("threshold")) not in (int, float):
        raise _wrong(path, "threshold", statement.get("threshold"), "a log10 LR")
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
