"""The commands and their options; what they do stands in a module for each."""

import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

# Commands that need the record: they appear where antigone[office] is installed, and say so where it is not.
OFFICE_COMMANDS = (
    "init", "keygen", "up", "verify", "rebuild", "prove", "backup", "restore", "upgrade", "import", "accept", "perform",
    "actions", "proposals", "approve", "refuse", "withdraw", "sweep", "tally", "show", "report", "export",
)  # fmt: skip


def office_is_installed() -> bool:
    """Whether antigone[office] is here."""
    return all(find_spec(needed) is not None for needed in ("django", "pyrage"))


def office_is_missing(arguments: Sequence[str]) -> str | None:
    """What to say to somebody who asks for a command of the office where it is not installed."""
    if not arguments or arguments[0] not in OFFICE_COMMANDS or office_is_installed():
        return None
    return f"‘{arguments[0]}’ is a command of the office. Install it with: pip install 'antigone[office]'"


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Brings home the unidentified dead: from profiles and families to an honest, ranked list of hits.",
)


def _print_version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback()
def _options(
    asked: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What may stand before a command."""


_Case = Annotated[
    Path,
    typer.Argument(help="A case folder, a workbook with its tables, a Familias project (.fam), or a PED file."),
]
_Results = Annotated[Path, typer.Option(help="The folder for the results; it appears whole or not at all.")]
_Replace = Annotated[bool, typer.Option("--replace", help="Replace earlier results in that folder.")]
_Quiet = Annotated[bool, typer.Option("--quiet", help="No progress bar.")]
_MissingInPed = Annotated[
    list[str] | None, typer.Option(metavar="FAMILY:PERSON", help="Who in a PED file is missing; may be repeated.")
]
_DeadInPed = Annotated[
    list[str] | None, typer.Option(metavar="FAMILY", help="A family of a PED file that is unidentified dead.")
]


@app.command()
def identify(
    case: _Case,
    out: _Results,
    all_pairs: Annotated[bool, typer.Option("--all-pairs", help="List every pair, not only hits.")] = False,
    replace: _Replace = False,
    quiet: _Quiet = False,
    no_reassociation: Annotated[
        bool, typer.Option("--no-reassociation", help="Take each remains for an individual.")
    ] = False,
    missing: _MissingInPed = None,
    remains: _DeadInPed = None,
) -> None:
    """Compare all the dead of a case with all its missing persons and write a ranked list and a report."""
    from antigone.cli.identify import run

    try:
        run(
            case,
            out,
            all_pairs=all_pairs,
            replace=replace,
            quiet=quiet,
            reassociation=not no_reassociation,
            missing=missing or (),
            remains=remains or (),
        )
    except KeyboardInterrupt:
        typer.echo("Stopped; nothing was written.", err=True)
        raise typer.Exit(130) from None


@app.command()
def search(
    case: _Case,
    out: _Results,
    threshold: Annotated[float | None, typer.Option(help="A log10 LR; that of the case unless given.")] = None,
    best: Annotated[int, typer.Option(min=1, help="So many of each in the ranked lists.")] = 10,
    cores: Annotated[int | None, typer.Option(min=1, help="Threads; all cores unless given.")] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="So many processes instead of threads.")] = None,
    dask: Annotated[str | None, typer.Option(metavar="ADDRESS", help="A Dask cluster instead of this machine.")] = None,
    tiles: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep what is computed: a search that is stopped goes on there.")
    ] = None,
    replace: _Replace = False,
    quiet: _Quiet = False,
    missing: _MissingInPed = None,
    remains: _DeadInPed = None,
) -> None:
    """Search a whole country: every hit, ranked lists and a certificate, in tiles that others may compute."""
    from antigone.cli.search import Computed, run

    try:
        run(
            case,
            out,
            Computed(cores, processes, dask, tiles),
            threshold=threshold,
            best=best,
            replace=replace,
            quiet=quiet,
            missing=missing or (),
            remains=remains or (),
        )
    except KeyboardInterrupt:
        kept = f"; what was computed is kept in {tiles}, and the same command goes on there" if tiles else ""
        typer.echo(f"Stopped; no results were written{kept}.", err=True)
        raise typer.Exit(130) from None


_At = Annotated[Path, typer.Option(metavar="SOCKET", help="The socket at which it answers, a file of yours alone.")]
_Socket = Path("antigone.sock")


@app.command()
def resident(
    case: _Case,
    at: _At = _Socket,
    threshold: Annotated[float | None, typer.Option(help="A log10 LR; that of the case unless given.")] = None,
    quiet: _Quiet = False,
    missing: _MissingInPed = None,
    remains: _DeadInPed = None,
) -> None:
    """Keep a case in memory and answer, within milliseconds, who somebody new may be; see `ask`."""
    from antigone.cli.newcomers import stay

    try:
        stay(case, at, threshold=threshold, quiet=quiet, missing=missing or (), remains=remains or ())
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        raise typer.Exit(130) from None


@app.command()
def ask(
    new: Annotated[Path, typer.Argument(metavar="NEW", help="A case with the new individuals and families alone.")],
    at: _At = _Socket,
    add: Annotated[bool, typer.Option("--add", help="Keep them: who comes after is compared with them too.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write all hits.")] = None,
    missing: _MissingInPed = None,
    remains: _DeadInPed = None,
) -> None:
    """Compare somebody new with a case that `resident` keeps: each new profile with every family, and the reverse."""
    from antigone.cli.newcomers import ask as run

    run(new, at, add=add, out=out, missing=missing or (), remains=remains or ())


@app.command()
def cluster(
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core unless given.")] = None,
) -> None:
    """Start a Dask cluster on this machine, for a look; it ends with Ctrl-C. Needs the extra ‘cluster’."""
    from antigone.cli.cluster import run

    run(workers)


@app.command()
def evaluate(
    case: Annotated[Path, typer.Argument(help="A case folder with truth.csv.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: _Quiet = False,
    true_parameters: Annotated[
        bool, typer.Option("--true-parameters", help="Conclude again with the settings of truth.toml, to compare.")
    ] = False,
) -> None:
    """Conclude as `identify` does and say how right it was, by policy and kind of reference; needs truth.csv."""
    from antigone.cli.evaluate import run

    run(case, as_json=json, quiet=quiet, true_parameters=true_parameters)


@app.command()
def convert(
    source: Annotated[Path, typer.Argument(help="A file of any kind that `antigone inspect` knows, or a case folder.")],
    target: Annotated[
        Path,
        typer.Argument(
            help="A new case folder, .fam, .ped, .xml (CODIS); of a part of a case the table, as profiles.csv."
        ),
    ],
    missing: _MissingInPed = None,
    remains: _DeadInPed = None,
    population: Annotated[str | None, typer.Option(help="Which population of a STRidER file.")] = None,
    zero: Annotated[str, typer.Option(help="What an allele 0 of a Y haplotype is: silent, or ‘no result’.")] = "refuse",
    kit: Annotated[str | None, typer.Option(help="Of Y haplotypes without a header: in which kit’s order.")] = None,
    sheet: Annotated[str | None, typer.Option(help="Of a table in a workbook: which sheet.")] = None,
    header: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="Of CODIS CMF, as SOURCELAB=…; may be repeated.")
    ] = None,
) -> None:
    """Turn a case, or what a laboratory hands over, into another form, saying what the target cannot hold."""
    from antigone.cli.convert import Said, header_said, run, zero_said

    of_a_case = (tuple(missing or ()), tuple(remains or ()), population)
    run(source, target, Said(*of_a_case, zero_said(zero), kit, sheet, header_said(header or ())))


@app.command()
def inspect(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A file or folder of whatever kind.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    sheet: Annotated[str | None, typer.Option(help="Of a workbook with several tables: which sheet.")] = None,
) -> None:
    """Say in words what a file is, what it holds and what is odd about it; exit status not 0 if it cannot be used."""
    from antigone.cli.inspect import run

    raise typer.Exit(run(path, as_json=json, sheet=sheet))


@app.command()
def tables(
    report: Annotated[Path, typer.Argument(help="A folder that `antigone identify` wrote.")],
    out: Annotated[Path, typer.Argument(help="A new file that ends in .xlsx, or a new folder for CSV and Parquet.")],
) -> None:
    """Write what others may have of a report: hits, cases in short, and the certificate of what was searched."""
    from antigone.cli.tables import run

    run(report, out)


certificate = typer.Typer(help="What a search was given, and that all of it was used.", no_args_is_help=True)
app.add_typer(certificate, name="certificate")


@certificate.command("check")
def certificate_check(
    file: Annotated[Path, typer.Argument(help="A certificate.json that `identify` or `search` wrote.")],
    case: Annotated[
        Path | None, typer.Option(help="What was searched; the one case folder beside the report unless given.")
    ] = None,
    quiet: _Quiet = False,
    missing: _MissingInPed = None,
    remains: _DeadInPed = None,
) -> None:
    """Search a case again and say what its certificate does not account for; exit status 1 if anything differs."""
    from antigone.cli.certificate import check

    raise typer.Exit(check(file, case, quiet=quiet, missing=missing or (), remains=remains or ()))


@app.command()
def template(
    target: Annotated[Path, typer.Argument(metavar="OUT.xlsx", help="A new Excel file.")],
    language: Annotated[str, typer.Option(help="Of its explanations: en, or uk for Ukrainian.")] = "en",
) -> None:
    """Write a workbook to fill in: a sheet a table of a case, with explanations and drop-down lists."""
    from antigone.cli.template import run

    run(target, language=language)


@app.command()
def validate(
    files: Annotated[list[Path], typer.Argument(help="Answers of other programs (docs: formats/answers).")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compute other programs' answers again; exit status 1 if one falls short."""
    from antigone.cli.validate import run

    raise typer.Exit(run(files, as_json=json))


@app.command()
def simulate(
    out: Annotated[Path | None, typer.Option(help="The case folder to make.")] = None,
    preset: Annotated[str, typer.Option(help="june-2025, or an invented conflict; see --list.")] = "june-2025",
    scale: Annotated[float, typer.Option(help="Share of the real counts of bags.")] = 0.02,
    seed: Annotated[int, typer.Option(help="Same seed, same case.")] = 1,
    missing: Annotated[int | None, typer.Option(help="How many missing persons the register holds.")] = None,
    hostile: Annotated[bool, typer.Option("--hostile", help="Draw what the engine is not told.")] = False,
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Another value for a rate; may be repeated.")
    ] = None,
    show: Annotated[bool, typer.Option("--list", help="List the presets and the settings of this one.")] = False,
) -> None:
    """Make a synthetic operation with known truth: bags, remains, families, profiles and truth.csv."""
    from antigone.cli import simulate as command

    if show:
        command.list_presets()
        command.list_settings(preset)
        return
    if out is None:
        raise typer.BadParameter("give a folder for the case", param_hint="--out")
    command.run(out, preset=preset, scale=scale, seed=seed, missing=missing, hostile=hostile, settings=setting or [])


@app.command()
def bench(
    what: Annotated[
        str, typer.Argument(help="all, likelihood, growth, search, reading, office, office-long or parsers.")
    ] = "all",
    out: Annotated[Path | None, typer.Option(help="A folder for figures and pictures.")] = None,
    answers: Annotated[Path | None, typer.Option(help="The folder with the peers' timed inputs.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    inputs: Annotated[int, typer.Option(min=1, help="Of parsers: mutated inputs to each.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, help="Of parsers and search: same seed, same inputs.")] = 1,
    only: Annotated[list[str] | None, typer.Option(help="Of parsers: one of them; may be repeated.")] = None,
    guided: Annotated[bool, typer.Option("--guided", help="Of parsers: coverage guides the mutations.")] = False,
    remains: Annotated[int, typer.Option(min=1, help="Of search: how many remains.")] = 30_000,
    missing: Annotated[int, typer.Option(min=9, help="Of search: how many missing persons.")] = 70_000,
    markers: Annotated[int, typer.Option(min=1, max=99, help="Of search: how many markers.")] = 24,
    cores: Annotated[int, typer.Option(min=1, help="Of search: how many threads.")] = 1,
    keep: Annotated[Path | None, typer.Option(help="Of search: a new folder for its input and result files.")] = None,
) -> None:
    """Measure speed as ratios within one run, with the machine's load beside each figure."""
    if what == "parsers":
        from antigone.cli import bench_parsers

        raise typer.Exit(
            bench_parsers.run(inputs=inputs, seed=seed, only=only or (), out=out, as_json=json, guided=guided)
        )
    from antigone.bench.search import SearchSize
    from antigone.cli.bench import run

    size = SearchSize(remains, missing, markers, seed, cores)
    run(what, out=out, answers=answers, as_json=json, size=size, keep=keep)


@app.command()
def version() -> None:
    """Print the version."""
    from antigone import __version__

    typer.echo(f"antigone {__version__}")


if office_is_installed():
    from antigone.cli.office.commands import add_to

    add_to(app)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Make a request to terminate what Ctrl-C is, so that what was half written is taken away in either case."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    earlier = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, earlier)


def main() -> None:
    """Run the command line: errors of input are said in words, without a trace of the program."""
    try:
        with _terminated_as_interrupted():
            _main()
    except KeyboardInterrupt:
        typer.echo("Stopped.", err=True)
        sys.exit(130)


def _main() -> None:
    from antigone.cli.errors import explained

    missing = office_is_missing(sys.argv[1:])
    if missing is not None:
        typer.echo(missing, err=True)
        sys.exit(2)
    try:
        app()
    except Exception as error:
        text = explained(error)
        if text is None:
            raise
        typer.echo(text, err=True)
        sys.exit(2)
