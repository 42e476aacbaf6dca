"""How long a file of many profiles takes to be read, with every check, in each form that can hold so many.

A form is written as people hand it over, then read in a process of its own: so the peak of memory is that reader's.
What is timed goes from the file to profiles; `seconds` are of all threads. CODIS CMF is measured on fewer profiles: a
file holds no more than some 70,000.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from antigone.bench.machine import peak_bytes
from antigone.formats.case_folder import read_case_folder
from antigone.formats.codis import CmfFile, Locus, Specimen, cmf_text, locus_of, read_cmf
from antigone.formats.genemapper import read_genemapper
from antigone.formats.linkage import operation_from_ped, read_ped

PROFILES = 200_000
MOST_SECONDS = 10.0
MOST_MEBIBYTES = 1024.0
"""What 200,000 profiles may take."""

MARKERS = (
    "D3S1358", "vWA", "D16S539", "CSF1PO", "TPOX", "D8S1179", "D21S11", "D18S51", "D2S441", "D19S433", "TH01", "FGA",
    "D5S818", "D13S317", "D7S820", "SE33", "D10S1248", "D1S1656", "D12S391", "D2S1338", "Penta D", "Penta E", "D6S1043",
    "AMEL",
)  # fmt: skip
_ALLELES = np.array([str(number) for number in range(7, 20)])
_SEXES = np.array(["X", "Y"])
_AT_A_TIME = 5_000
_MOST_IN_CMF = 10_000
"""Specimens: the 512 MB that are read of a CMF file hold some 70,000, which would take minutes."""
_IN_A_FAMILY = 400

Genotypes = list[list[tuple[str, str]]]
"""Two cells of each marker, of some samples."""


@dataclass(frozen=True, slots=True)
class ReadingFigure:
    """What one form took: seconds by the clock and of all threads, and mebibytes at the peak of its process."""

    form: str
    profiles: int
    markers: int
    file_bytes: int
    clock_seconds: float
    seconds: float
    peak_mebibytes: float
    load: float

    @property
    def reached(self) -> bool | None:
        """Whether it kept within what `PROFILES` profiles may take; None where so many were not read."""
        if self.profiles < PROFILES:
            return None
        return self.seconds < MOST_SECONDS and self.peak_mebibytes < MOST_MEBIBYTES

    def as_row(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self) | {"reached": self.reached}


# The forms


def _samples(number: int) -> Iterator[tuple[int, Genotypes]]:
    """The first sample of some and their genotypes, the same for the same number."""
    rng = np.random.default_rng(1)
    for start in range(0, number, _AT_A_TIME):
        count = min(_AT_A_TIME, number - start)
        cells = _ALLELES[rng.integers(0, len(_ALLELES), (count, len(MARKERS), 2))]
        cells[:, -1, 0] = "X"
        cells[:, -1, 1] = _SEXES[rng.integers(0, 2, count)]
        yield start, [[(one, other) for one, other in sample] for sample in cells.tolist()]


def _lines(number: int, of_a_sample: Callable[[int, list[tuple[str, str]]], str]) -> Iterator[str]:
    for start, genotypes in _samples(number):
        yield "".join([of_a_sample(start + k, own) for k, own in enumerate(genotypes)])


def _write(path: Path, header: str, lines: Iterator[str]) -> Path:
    with path.open("w", encoding="utf-8") as file:
        file.write(header + "\n")
        file.writelines(lines)
    return path


def _case_folder(folder: Path, number: int, header: str, lines: Iterator[str], settings: str = "") -> Path:
    (folder / "case.toml").write_text(f'format = "antigone-case"\nversion = 1\n{settings}', encoding="utf-8")
    _write(folder / "remains.csv", "remains,sample,bag", (f"R{k},B{k},\n" for k in range(number)))
    family = "F1,child,father,,M,missing,\nF1,father,,,M,other,\n"
    _write(folder / "families.csv", "family,person,father,mother,sex,role,sample", iter([family]))
    _write(folder / "profiles.csv", header, lines)
    return folder


def _wide_folder(folder: Path, number: int) -> Path:
    header = "sample," + ",".join(f"{marker}_1,{marker}_2" for marker in MARKERS)
    return _case_folder(folder, number, header, _lines(number, lambda k, own: f"B{k},{_joined(own, ',')}\n"))


def _wide_folder_with_replicates(folder: Path, number: int) -> Path:
    def twice(k: int, own: list[tuple[str, str]]) -> str:
        rows = range(k, min(k + 2, number)) if k % 2 == 0 else ()
        return "".join([f"B{k // 2},{row % 2 + 1},{_joined(own, ',')}\n" for row in rows])

    header = "sample,replicate," + ",".join(f"{marker}_1,{marker}_2" for marker in MARKERS)
    return _case_folder(folder, (number + 1) // 2, header, _lines(number, twice))


def _long_folder(folder: Path, number: int) -> Path:
    lines = _lines(number, _of_each_marker(lambda k, marker, pair: f"B{k},{marker},{pair[0]},{pair[1]}\n"))
    return _case_folder(folder, number, "sample,marker,allele1,allele2", lines)


def _long_folder_with_heights(folder: Path, number: int) -> Path:
    lines = _lines(
        number,
        _of_each_marker(lambda k, marker, pair: f"B{k},{marker},{pair[0]},{pair[1]},{_height(k, pair)}\n"),
    )
    header = "sample,marker,allele1,allele2,height1,height2"
    return _case_folder(folder, number, header, lines, "stochastic_threshold = 500\n")


def _wide_genemapper(folder: Path, number: int) -> Path:
    header = "Sample Name\t" + "\t".join(f"{marker} 1\t{marker} 2" for marker in MARKERS)
    lines = _lines(number, lambda k, own: f"B{k}\t" + _joined(own, "\t") + "\n")
    return _write(folder / "table.txt", header, lines)


def _long_genemapper(folder: Path, number: int) -> Path:
    lines = _lines(number, _of_each_marker(lambda k, marker, pair: f"B{k}\t{marker}\t{pair[0]}\t{pair[1]}\n"))
    return _write(folder / "table.txt", "Sample Name\tMarker\tAllele 1\tAllele 2", lines)


def _long_genemapper_with_heights(folder: Path, number: int) -> Path:
    def row(k: int, marker: str, pair: tuple[str, str]) -> str:
        return f"B{k}.hid\tB{k}\t{marker}\t{pair[0]}\t{pair[1]}\t{_height(k, pair, separator=chr(9))}\n"

    header = "Sample File\tSample Name\tMarker\tAllele 1\tAllele 2\tHeight 1\tHeight 2"
    return _write(folder / "table.txt", header, _lines(number, _of_each_marker(row)))


def _ped(folder: Path, number: int) -> Path:
    markers = "".join(f"M {marker}\n" for marker in MARKERS)
    (folder / "people.dat").write_text(f"A affection\n{markers}", encoding="utf-8")

    def person(k: int, own: list[tuple[str, str]]) -> str:
        return f"F{k // _IN_A_FAMILY} B{k} 0 0 0 0 {_joined(own, ' ')}\n"

    return _write(folder / "people.ped", "# made up", _lines(number, person))


def _cmf(folder: Path, number: int) -> Path:
    header = CmfFile("XX0000000", "XX0000001", "lab", "2025-06-06T12:00:00", (_SPECIMEN,), version="3.3")
    before, after = cmf_text(header).split(_OF_THE_SPECIMEN)
    loci = [locus_of(marker, "3.3") for marker in MARKERS]

    def specimen(k: int, own: list[tuple[str, str]]) -> str:
        read = "".join([_LOCUS.format(locus, *pair) for locus, pair in zip(loci, own, strict=True)])
        return _OF_THE_SPECIMEN.replace("B0", f"B{k}") + read + "  </SPECIMEN>\n"

    lines = _lines(number, specimen)
    end = after.partition("  </SPECIMEN>\n")[2]
    return _write(folder / "specimens.xml", before.rstrip("\n"), chain(lines, [end]))


def _joined(own: list[tuple[str, str]], separator: str) -> str:
    return separator.join([cell for pair in own for cell in pair])


def _of_each_marker(row: Callable[[int, str, tuple[str, str]], str]) -> Callable[[int, list[tuple[str, str]]], str]:
    return lambda k, own: "".join([row(k, marker, pair) for marker, pair in zip(MARKERS, own, strict=True)])


def _height(k: int, pair: tuple[str, str], separator: str = ",") -> str:
    """Heights of two peaks, or of one where both alleles are the same."""
    first, second = 50 + k * 37 % 2951, 50 + k * 53 % 2999
    return f"{first}{separator}{first if pair[0] == pair[1] else second}"


_SPECIMEN = Specimen("B0", "Unidentified Person", (Locus("TH01", (), "lab", "2025-06-06T12:00:00"),))
_OF_THE_SPECIMEN = (
    "  <SPECIMEN>\n    <SPECIMENID>B0</SPECIMENID>\n    <SPECIMENCATEGORY>Unidentified Person</SPECIMENCATEGORY>\n"
)
_LOCUS = (
    "    <LOCUS>\n      <LOCUSNAME>{}</LOCUSNAME>\n      <READINGBY>lab</READINGBY>\n"
    "      <READINGDATETIME>2025-06-06T12:00:00</READINGDATETIME>\n"
    "      <ALLELE>\n        <ALLELEVALUE>{}</ALLELEVALUE>\n      </ALLELE>\n"
    "      <ALLELE>\n        <ALLELEVALUE>{}</ALLELEVALUE>\n      </ALLELE>\n    </LOCUS>\n"
)
"""As `cmf_text` writes them, which a test compares."""


# What is timed


def _profiles_of_folder(path: Path) -> int:
    operation = read_case_folder(path)
    return sum(len(readings) for one in operation.individuals for readings in [one.profile.readings["D3S1358"]])


def _profiles_of_genemapper(path: Path) -> int:
    return len(read_genemapper(path).profiles())


def _profiles_of_ped(path: Path) -> int:
    pedigrees = read_ped(path)
    remains = {person.family for person in pedigrees.persons} - {"F0"}
    operation = operation_from_ped(pedigrees, path.name, missing=["F0:B0"], remains=remains)
    return len(operation.individuals) + sum(len(family.profiles) for family in operation.families)


def _profiles_of_cmf(path: Path) -> int:
    return len(read_cmf(path).laboratory().profiles())


@dataclass(frozen=True, slots=True)
class Form:
    """Something to read: how it is written, how it is read (to a number of profiles), how many it can hold."""

    write: Callable[[Path, int], Path]
    read: Callable[[Path], int]
    most: int | None = None


FORMS: Mapping[str, Form] = {
    "case folder, wide": Form(_wide_folder, _profiles_of_folder),
    "case folder, wide, two replicates": Form(_wide_folder_with_replicates, _profiles_of_folder),
    "case folder, long": Form(_long_folder, _profiles_of_folder),
    "case folder, long, with heights": Form(_long_folder_with_heights, _profiles_of_folder),
    "GeneMapper, wide": Form(_wide_genemapper, _profiles_of_genemapper),
    "GeneMapper, long": Form(_long_genemapper, _profiles_of_genemapper),
    "GeneMapper, long, with heights": Form(_long_genemapper_with_heights, _profiles_of_genemapper),
    "PED": Form(_ped, _profiles_of_ped),
    "CODIS CMF": Form(_cmf, _profiles_of_cmf, _MOST_IN_CMF),
}


def reading_figures(number: int = PROFILES, forms: Mapping[str, Form] = FORMS) -> Iterator[ReadingFigure]:
    """Measure one form after the other."""
    for name, form in forms.items():
        with TemporaryDirectory() as folder:
            count = number if form.most is None else min(number, form.most)
            path = form.write(Path(folder), count)
            yield read_elsewhere(name, path, count)


def read_elsewhere(form: str, path: Path, number: int) -> ReadingFigure:
    """Read a file or folder in another process. Raises `ValueError` where it does not hold so many profiles."""
    done = subprocess.run(  # noqa: S603  # our own module
        [sys.executable, "-m", __name__, form, str(path)], check=True, capture_output=True, text=True
    )
    found = json.loads(done.stdout)
    if found.pop("profiles") != number:
        raise ValueError(f"{form}: not all of {number} profiles were read")
    files = path.iterdir() if path.is_dir() else [path]
    size = sum(file.stat().st_size for file in files)
    return ReadingFigure(form, number, len(MARKERS), size, load=os.getloadavg()[0], **found)


def read_here(form: str, path: Path) -> dict[str, float]:
    """Read it in this process: seconds, and its peak of memory."""
    clock, core = time.perf_counter(), time.process_time()
    profiles = FORMS[form].read(path)
    return {
        "profiles": profiles,
        "clock_seconds": time.perf_counter() - clock,
        "seconds": time.process_time() - core,
        "peak_mebibytes": peak_bytes() / 2**20,
    }


if __name__ == "__main__":
    print(json.dumps(read_here(sys.argv[1], Path(sys.argv[2]))))
