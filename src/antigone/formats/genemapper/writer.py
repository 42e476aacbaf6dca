"""Writes a laboratory's profiles as a GeneMapper table: long, tabs, UTF-8."""

import re
from collections.abc import Iterator
from pathlib import Path

from antigone.formats.errors import InputError, quoted
from antigone.formats.genemapper.declared import GenemapperToml
from antigone.formats.genemapper.reader import read_genemapper
from antigone.formats.laboratory import LaboratoryProfiles, Run, height_text
from antigone.formats.tables import write_whole

# What is written is read back by these words alone, so that no name is taken for a control or a suffix.
_PLAIN = GenemapperToml(replicate_suffixes=[])


def write_genemapper(profiles: LaboratoryProfiles, path: Path | str) -> None:
    """Write a table that appears whole or not at all. Raises `ValueError` as `genemapper_text` does."""
    write_whole(Path(path), genemapper_text(profiles))


def genemapper_text(profiles: LaboratoryProfiles) -> str:
    """The text of a table that reads back as the same samples, runs, alleles and heights.

    Raises `ValueError` where it would not: for a name that a cell cannot hold or that would be taken for a control or
    for the suffix of a run, for two runs of one sample under one name, and for a sample without any call.
    """
    runs = [run for own in profiles.samples.values() for run in own]
    alleles = max([2, *(len(call.alleles) for run in runs for call in run.calls.values())])
    heights = max([0, *(len(one) for run in runs for one in run.heights.values())])
    header = ["Sample Name", "Sample File", "Marker", *(f"Allele {number}" for number in range(1, alleles + 1))]
    header += [f"Height {number}" for number in range(1, heights + 1)]
    lines = ["\t".join(header)]
    for sample, own in profiles.samples.items():
        for run in own:
            lines += ["\t".join(cells) for cells in _rows(sample, run, alleles, heights)]
    text = "\n".join(lines) + "\n"
    _check_read_back(text, profiles)
    return text


def _rows(sample: str, run: Run, alleles: int, heights: int) -> Iterator[list[str]]:
    for cell in (sample, run.name):
        if not cell or cell != cell.strip() or any(not letter.isprintable() or letter == '"' for letter in cell):
            raise ValueError(f"{quoted(cell)} cannot be a cell of this table")
    for marker, call in run.calls.items():
        cells = [str(allele) for allele in call.alleles]
        tall = [_height(one) for one in run.heights.get(marker, ())]
        yield [sample, run.name, marker, *cells, *[""] * (alleles - len(cells)), *tall, *[""] * (heights - len(tall))]


def _height(height: float | None) -> str:
    """A height with a decimal point that nobody takes for a sign between thousands, as in 1.250."""
    text = height_text(height)
    return text + "0" if re.fullmatch(r"[0-9]+\.[0-9]{3}", text) else text


def _check_read_back(text: str, profiles: LaboratoryProfiles) -> None:
    try:
        again = read_genemapper(text.encode("utf-8"), declared=_PLAIN)
    except InputError as error:
        raise ValueError(f"the table would not be read back: {error}") from error
    for sample, runs in profiles.samples.items():
        own = [(run.name, run.calls, run.heights) for run in runs]
        other = [(run.name, run.calls, run.heights) for run in again.samples.get(sample, ())]
        if own != other:
            raise ValueError(f"read back, the sample {quoted(sample)} would not be the same")
