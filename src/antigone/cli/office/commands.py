"""What each command of the office takes; what it does stands in the modules beside this one."""

from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

OfficeFolder = Annotated[
    Path, typer.Option("--office", envvar="ANTIGONE_OFFICE", metavar="DIR", help="The office’s folder.")
]
As = Annotated[
    str | None,
    typer.Option("--as", envvar="ANTIGONE_AS", metavar="USER", help="A key file, or a name in the office’s keys."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
HERE = Path()


class Shown(StrEnum):
    """What a tally shows."""

    SAID = "said"
    RECORDED = "recorded"


def add_to(app: typer.Typer) -> None:
    """Put the commands of the office beside the others."""
    for name, function in _COMMANDS.items():
        app.command(name)(function)
    export = typer.Typer(help="Write what the office knows into files that others can check.", no_args_is_help=True)
    export.command("ledger")(export_ledger)
    app.add_typer(export, name="export")


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for the office.")],
    practice: Annotated[
        bool, typer.Option("--practice", help="For learning and tests; it never becomes real.")
    ] = False,
    origin: Annotated[
        str | None, typer.Option(help="The office’s name in its checkpoints, as example.org/bureau.")
    ] = None,
    actor: Annotated[
        list[str] | None, typer.Option("--actor", metavar="NAME[=KEYFILE]", help="The first actors, at least two.")
    ] = None,
    database: Annotated[str, typer.Option(help="sqlite, or postgresql://user@host/name.")] = "sqlite",
) -> None:
    """Found an office: its database, its keys and its first two actors."""
    from antigone.cli.office.founding import run

    run(directory, practice=practice, origin=origin, actors=actor or [], database=database)


def keygen(
    name: Annotated[str, typer.Argument(help="The actor’s name.")],
    out: Annotated[Path, typer.Option(help="The new key file.")],
) -> None:
    """Make a key for somebody; the public half is printed, the file is theirs alone."""
    from antigone.cli.office.founding import make_key

    make_key(name, out)


def verify(
    office: OfficeFolder = HERE,
    who: As = None,
    against: Annotated[Path | None, typer.Option(help="A checkpoint that somebody else kept.")] = None,
    json: Json = False,
) -> None:
    """Check the whole record: tree, checkpoints, commitments, approvals, tables. Exit status 1 if anything is wrong."""
    from antigone.cli.office.checking import verify as run

    raise typer.Exit(run(office, who, against=against, as_json=json))


def rebuild(
    office: OfficeFolder = HERE,
    who: As = None,
    check: Annotated[bool, typer.Option("--check", help="Into a scratch database; say what differs.")] = False,
    json: Json = False,
) -> None:
    """Replay the whole journal: make the tables anew, or with --check compare them row by row."""
    from antigone.cli.office.checking import rebuild as run

    raise typer.Exit(run(office, who, check=check, as_json=json))


def prove(
    entry: Annotated[str, typer.Argument(help="An entry’s number or identifier.")],
    out: Annotated[Path | None, typer.Option(help="Write the proof and the entry beside each other.")] = None,
    office: OfficeFolder = HERE,
    who: As = None,
) -> None:
    """Prove that an entry stands in the journal (a C2SP tlog-proof)."""
    from antigone.cli.office.checking import prove as run

    run(office, who, entry, out)


def backup(
    file: Annotated[Path, typer.Argument(help="The new backup; its keys go into FILE.keys.")],
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="AGE1…", help="An age recipient; at least two.")
    ] = None,
    drill: Annotated[
        bool, typer.Option("--drill", help="Restore it into a scratch office and prove its root.")
    ] = False,
    identity: Annotated[Path | None, typer.Option(help="For the drill: an age identity of a recipient.")] = None,
    office: OfficeFolder = HERE,
    who: As = None,
) -> None:
    """Back the journal up, encrypted to at least two recipients."""
    from antigone.cli.office.backing_up import backup as run

    run(office, who, file, to or [], drill=drill, identity=identity)


def restore(
    file: Annotated[Path, typer.Argument(help="A backup.")],
    directory: Annotated[Path, typer.Option("--office", metavar="DIR", help="A new folder for the office.")],
    identity: Annotated[Path, typer.Option(help="An age identity of a recipient.")],
    keys: Annotated[Path | None, typer.Option(help="The newest file of keys; FILE.keys where it lies beside.")] = None,
    database: Annotated[str, typer.Option(help="sqlite, or postgresql://user@host/name.")] = "sqlite",
    who: As = None,
) -> None:
    """Make an office from a backup: entries are proved, tables replayed."""
    from antigone.cli.office.backing_up import restore as run

    run(directory, file, identity, keys, database=database, who=who)


def upgrade(
    to: Annotated[
        list[str] | None, typer.Option("--to", metavar="AGE1…", help="An age recipient; at least two.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--backup", help="Where the backup goes.")] = None,
    office: OfficeFolder = HERE,
    who: As = None,
) -> None:
    """Bring an office of an earlier version up to date: back up, migrate, rebuild, compare."""
    from antigone.cli.office.backing_up import upgrade as run

    raise typer.Exit(run(office, who, to or [], file))


def import_(
    kind: Annotated[str, typer.Argument(help="claims or prisoners.")],
    file: Annotated[Path, typer.Argument(help="The file.")],
    office: OfficeFolder = HERE,
    who: As = None,
    json: Json = False,
) -> None:
    """Read a file into quarantine and say what it would change; a second person accepts it."""
    from antigone.cli.office.importing import run

    raise typer.Exit(run(office, who, kind, file, as_json=json))


def accept(
    identifier: Annotated[UUID, typer.Argument(metavar="ID", help="The import.")],
    office: OfficeFolder = HERE,
    who: As = None,
    json: Json = False,
) -> None:
    """Accept what another person imported."""
    from antigone.cli.office.importing import accept as run

    run(office, who, identifier, as_json=json)


def perform(
    name: Annotated[str, typer.Argument(help="An action; ‘antigone actions’ lists them.")],
    fields: Annotated[Path, typer.Argument(metavar="FILE", help="Its fields as JSON; - reads standard input.")],
    office: OfficeFolder = HERE,
    who: As = None,
    identifier: Annotated[
        UUID | None, typer.Option("--id", help="The identifier made where the action was made.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(metavar="KEYFILE", help="The key of the device that it comes from, if not the office.")
    ] = None,
    late: Annotated[
        bool, typer.Option("--late", help="From a device that was offline: contested, not refused.")
    ] = False,
    json: Json = False,
) -> None:
    """Do one action, or propose it where it takes two people."""
    from antigone.cli.office.acting import perform as run

    run(office, who, name, fields, identifier=identifier, device=device, late=late, as_json=json)


def actions(
    name: Annotated[str | None, typer.Argument(help="One action: its fields as JSON Schema.")] = None,
    json: Json = False,
) -> None:
    """List the actions: who may do them, and which take two people."""
    from antigone.cli.office.acting import list_actions

    list_actions(name, as_json=json)


def proposals(office: OfficeFolder = HERE, who: As = None, json: Json = False) -> None:
    """What waits for a second person."""
    from antigone.cli.office.acting import proposals as run

    run(office, who, as_json=json)


def approve(
    identifier: Annotated[UUID, typer.Argument(metavar="ID", help="The proposal.")],
    office: OfficeFolder = HERE,
    who: As = None,
    json: Json = False,
) -> None:
    """Approve what another person proposed."""
    from antigone.cli.office.acting import approve as run

    run(office, who, identifier, as_json=json)


def refuse(
    identifier: Annotated[UUID, typer.Argument(metavar="ID", help="The proposal or the import.")],
    why: Annotated[str, typer.Option(help="Why; it stands in the journal.")],
    office: OfficeFolder = HERE,
    who: As = None,
    json: Json = False,
) -> None:
    """Refuse what another person proposed, or take one’s own proposal back."""
    from antigone.cli.office.acting import refuse as run

    run(office, who, identifier, why, as_json=json)


def withdraw(
    subject: Annotated[str, typer.Argument(help="The person’s identifier in the record.")],
    ground: Annotated[str, typer.Option(help="Why, without anything personal.")],
    office: OfficeFolder = HERE,
    who: As = None,
    json: Json = False,
) -> None:
    """Propose to withdraw a person: when a second person approves, key, salt and personal fields are destroyed."""
    from antigone.cli.office.acting import withdraw as run

    run(office, who, subject, ground, as_json=json)


def sweep(office: OfficeFolder = HERE, who: As = None) -> None:
    """Empty the write-ahead logs of what was withdrawn."""
    from antigone.cli.office.acting import sweep as run

    run(office, who)


def tally(
    office: OfficeFolder = HERE,
    who: As = None,
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As it was known on that day.")] = None,
    by: Annotated[Shown | None, typer.Option(help="Only what was said, or only our own record.")] = None,
    json: Json = False,
) -> None:
    """What was promised, said and received, by agreement and transfer, with every contradiction."""
    from antigone.cli.office.tallying import run

    day: date | None = as_of.date() if as_of else None
    run(office, who, as_of=day, by=by.value if by else None, as_json=json)


def show(
    what: Annotated[
        str, typer.Argument(help="agreement, transfer, claim, statement, prisoner, entry or contradictions.")
    ],
    identifier: Annotated[str, typer.Argument(metavar="ID")] = "",
    purpose: Annotated[str | None, typer.Option(help="Why personal fields are read; it is logged and signed.")] = None,
    office: OfficeFolder = HERE,
    who: As = None,
    json: Json = False,
) -> None:
    """Show one agreement, transfer, claim, statement, listed prisoner or entry, with where it comes from."""
    from antigone.cli.office.showing import run

    run(office, who, what, identifier, purpose=purpose, as_json=json)


def export_ledger(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder.")],
    office: OfficeFolder = HERE,
    who: As = None,
) -> None:
    """Everything that is not personal, as CSV and JSON, with the journal and proofs that a stranger can verify."""
    from antigone.cli.office.exporting import run

    run(office, who, directory)


def report(
    agreement: Annotated[str, typer.Argument(help="An agreement.")],
    out: Annotated[Path, typer.Option(help="A folder for the pictures.")],
    as_of: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As it was known on that day.")] = None,
    office: OfficeFolder = HERE,
    who: As = None,
) -> None:
    """Draw promise against said and received, by day: SVG and PNG."""
    from antigone.cli.office.tallying import draw

    draw(office, who, agreement, out, as_of=as_of.date() if as_of else None)


_COMMANDS: dict[str, Callable[..., None]] = {
    "init": init,
    "keygen": keygen,
    "verify": verify,
    "rebuild": rebuild,
    "prove": prove,
    "backup": backup,
    "restore": restore,
    "upgrade": upgrade,
    "import": import_,
    "accept": accept,
    "perform": perform,
    "actions": actions,
    "proposals": proposals,
    "approve": approve,
    "refuse": refuse,
    "withdraw": withdraw,
    "sweep": sweep,
    "tally": tally,
    "show": show,
    "report": report,
}
NAMES = (*_COMMANDS, "export")
