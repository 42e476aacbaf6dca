"""`antigone show`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from antigone.cli.office.session import Session, print_json, session
from antigone.office.configuration import OfficeError

if TYPE_CHECKING:
    from antigone.casework.journal.office import Office

KINDS = ("agreement", "transfer", "claim", "statement", "prisoner", "list", "entry", "contradictions")


def run(directory: Path, who: str | None, what: str, identifier: str, *, purpose: str | None, as_json: bool) -> None:
    """Show one thing; what is personal only with a purpose, and then the read is logged first."""
    if what not in KINDS:
        raise OfficeError(f"‘{what}’ cannot be shown; there are {', '.join(KINDS)}")
    with session(directory, who, acts=purpose is not None) as opened:
        found = _found(opened.office, what, identifier)
        if found is None:
            raise OfficeError(f"there is no {what} ‘{identifier}’")
        if purpose is not None and what == "prisoner":
            _reveal(opened, found, purpose)
        practice = opened.office.practice
    if as_json:
        print_json({**found, "practice": practice} if isinstance(found, dict) else found)
    else:
        _print(found)


def _found(office: "Office", what: str, identifier: str) -> Any:
    from antigone.casework.agreements import questions

    if what == "contradictions":
        return questions.contradiction_history(questions.index(office))
    if not identifier:
        raise OfficeError(f"which {what}? antigone show {what} ID")
    ask = {
        "agreement": questions.agreement,
        "transfer": questions.transfer,
        "claim": questions.claim_as_said,
        "statement": questions.statement,
        "prisoner": questions.prisoner,
        "list": questions.prisoner_list,
        "entry": questions.entry,
    }[what]
    return ask(office, identifier)


def _reveal(opened: Session, found: dict[str, Any], purpose: str) -> None:
    from antigone.casework.journal.revealing import reveal

    for row in found["lists"]:
        entry = row["entry"]
        if row["name_entry"] is not None or row["born_entry"] is not None:
            personal = reveal(opened.office, entry, found["alias"], by=opened.actor, purpose=purpose)
            row["name"], row["born"] = personal.get("person_name"), personal.get("born")


def _print(value: Any, indent: int = 0) -> None:
    space = "  " * indent
    if isinstance(value, dict):
        for key, inner in value.items():
            if isinstance(inner, (dict, list)) and inner:
                typer.echo(f"{space}{key.replace('_', ' ')}:")
                _print(inner, indent + 1)
            elif inner not in (None, "", [], {}):
                typer.echo(f"{space}{key.replace('_', ' ')}: {inner}")
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, (dict, list)):
                typer.echo(f"{space}-")
                _print(inner, indent + 1)
            else:
                typer.echo(f"{space}- {inner}")
    else:
        typer.echo(f"{space}{value}")
