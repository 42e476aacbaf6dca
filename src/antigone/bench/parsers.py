"""Readers against damaged input: many mutated files to each, none of which may do worse than be refused.

A blind mutation is drawn for each input from the seed and its number, so that any of them can be made again alone; it
knows the words of each format. `antigone.bench.guided` has Atheris choose instead, which keeps what reaches new lines;
its worst inputs are kept as they were. Each reader runs in a process of its own, whose peak of memory is then that
reader's.
"""

import atexit
import base64
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import xlsxwriter

from antigone.bench.machine import peak_bytes
from antigone.formats.codis import read_cmf
from antigone.formats.errors import InputError
from antigone.formats.familias import read_text, to_text
from antigone.formats.familias_case import familias_from_operation
from antigone.formats.genemapper import read_genemapper
from antigone.formats.haplotype_tables_mt import mt_of
from antigone.formats.haplotype_tables_y import y_table_of
from antigone.formats.linkage import dat_of, map_of, operation_from_ped, ped_of
from antigone.formats.loose_rows import rows_of_text
from antigone.formats.recognition import recognise_bytes
from antigone.formats.strider import strider_of
from antigone.formats.tables import Problems, open_csv, open_workbook
from antigone.formats.tables.trial import one_process_for_all
from antigone.formats.wide_frequencies import wide_of

MOST_SECONDS = 2.0
MOST_MEBIBYTES = 512.0
"""What one input may take (SAFETY G14)."""

_KEPT = 5
_LONGEST = 200_000

Read = Callable[[bytes], object]


@dataclass(frozen=True)
class ParserFigure:
    """What many inputs did to one reader.

    `slowest` and those `failed` are numbers of inputs, which `mutated` makes again unless they were `guided`; `failed`
    are those on which the reader raised anything but `InputError`, with what it raised. `worst` are guided inputs by
    number, in base 64: the slowest and those that failed. Memory is the peak of its process and what that had before
    the first input; of a guided one, the inputs that libFuzzer keeps are in it.
    """

    parser: str
    inputs: int
    seed: int
    refused: int
    seconds: float
    slowest_seconds: float
    slowest: int
    peak_mebibytes: float
    mebibytes_before: float
    failed: Mapping[str, str] = field(default_factory=dict)
    guided: bool = False
    worst: Mapping[str, str] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing failed, was slow or took too much memory."""
        grown = self.peak_mebibytes - self.mebibytes_before
        return not self.failed and self.slowest_seconds <= MOST_SECONDS and grown <= MOST_MEBIBYTES


# What is read, and sound files of it to begin with


def _of_file(read: Callable[[Path], object]) -> Read:
    """A reader of files as one of bytes."""
    folder = Path(tempfile.mkdtemp(prefix="antigone-bench-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "input"

    def from_file(data: bytes) -> object:
        path.write_bytes(data)
        return read(path)

    return from_file


def _csv(path: Path) -> int:
    problems = Problems()
    rows = 0
    table = open_csv(path, path.name, problems)
    if table is not None:
        with table:
            rows = sum(1 for _ in table.rows())
    problems.stop_if_any()
    return rows


def _workbook(path: Path) -> int:
    book = open_workbook(path, path.name)
    problems = Problems()
    rows = sum(len(book.grid(sheet, problems)) for sheet in book.sheet_names)
    problems.stop_if_any()
    return rows


_DAT = b"A affection\nM D3S1358\nM TH01\nM AMEL\n"
_PED = (
    (
        b"Oak\tfather\t0\t0\t1\t1\t15\t17\t6\t9.3\tX\tY\nOak\tmother\t0\t0\t2\t1\t16\t18\t7\t7\tX\tX\n"
        b"Oak\tson\tfather\tmother\t1\t2\t0\t0\t0\t0\t0\t0\n"
    ),
    b"# slashes\nOak father 0 0 M 1 15/17 6/9.3 X/Y\r\nOak son father 0 1 0 15/15 0/6 0/0\r\n",
)
_STRIDER = (
    (
        b'<?xml version="1.0"?><strider><marker><name>TH01</name><alleles>6, 9.3</alleles><origin name="ELIS" n="220">'
        b'<frequency allele="6">0.25</frequency><frequency allele="9.3">0.75</frequency></origin></marker></strider>'
    ),
    b"TH01\nAllele,ARCADIA,ELIS\nN,222,100\n6,0.25,1\n9.3,0.75,\n",
)
_WIDE = (
    b"Table S1,,\nAllele,TH01 (n=100),vWA\n6,0.25,\n9.3,0.75,\n17,,1\nN,,200\nPD,0.9,0.8\n",
    b"Locus;6;9,3;17;N\nTH01;0,25;0,75;;100\nvWA;;;1;200\n",
)
_MT = (
    b"# title\n#! 16024-576\nA1\tH1\t2\t263G\t315.1C\nA2\tT2b\t1\t16093Y\t249del\n#! 16024-16365 73-340\nA3\t?\t1\n",
    b"Sample ID,Haplogroup,Range,Polymorphisms\nA1,H1,CR,263G 315.1C\nA2,T2b,HVS-I,16093Y\n",
)
_Y = (
    b'ID\tPopulation\tn\tDYS19\tDYS389I\tDYS385\nH1\tArcadia\t2\t14\t13\t11,14\nH2\tArcadia\t1\t15\t12\t"11,11"\n',
    b"sample,DYS385a,DYS385b,DYS391\nM1,11,14,10\nM2,11,,9.2\n",
)
_CMF = (
    (
        b'<?xml version="1.0" encoding="UTF-8"?>\n<CODISImportFile xmlns="urn:CODISImportFile-schema">\n'
        b"<HEADERVERSION>3.2</HEADERVERSION><MESSAGETYPE>Import</MESSAGETYPE><DESTINATIONORI>XX0000000</DESTINATIONORI>"
        b"<SOURCELAB>XX0000001</SOURCELAB><SUBMITBYUSERID>lab</SUBMITBYUSERID>"
        b"<SUBMITDATETIME>2025-06-06T12:00:00</SUBMITDATETIME>"
        b"<SPECIMEN><SPECIMENID>B1</SPECIMENID><SPECIMENCATEGORY>Unidentified Person</SPECIMENCATEGORY>"
        b"<LOCUS><LOCUSNAME>TH01</LOCUSNAME><ALLELE><ALLELEVALUE>6</ALLELEVALUE></ALLELE>"
        b"<ALLELE><ALLELEVALUE>9.3</ALLELEVALUE></ALLELE></LOCUS></SPECIMEN></CODISImportFile>\n"
    ),
)
_GENEMAPPER = (
    b"Sample Name\tMarker\tAllele 1\tAllele 2\tHeight 1\tHeight 2\nB1\tTH01\t6\t9.3\t900\t800\nB1\tAMEL\tX\tY\t\t\n",
    b"Sample Name;Panel;Marker;Allele 1;Allele 2\nB1;p;TH01;6;9,3\nB2;p;vWA;OL;17\n",
)
_CSV = (b'sample,marker,allele1,allele2\nB1,TH01,6,9.3\n"B2",vWA,17,\n', b"a\xd1\x96,b\n1,'=2\n")


_CONTENT = (
    b'<?xml version="1.0" encoding="UTF-8"?><o:document-content '
    b'xmlns:o="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    b'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    b'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><o:body><o:spreadsheet><table:table table:name="s">'
    b'<table:table-row><table:table-cell o:value-type="string"><text:p>a</text:p></table:table-cell></table:table-row>'
    b'<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="2" '
    b'o:value-type="float" o:value="9.3"/></table:table-row></table:table></o:spreadsheet></o:body>'
    b"</o:document-content>"
)
# A workbook of Excel 97 with one sheet of two rows.
_XLS = zlib.decompress(
    base64.b85decode(
        b"c-"
        b"rliPfEj35XQfGd1=!^O)LJxm3RWZfJi}bErRO`6{Oad){O`75W4dQy45QPdW3qA8ozl>C5nr7BP#O?lb6iAc}d>zO<tZGqucxSSA"
        b"1ay5#F*2N(G<f7N~>qEYr*BsAR^UVocNeMXa5t#WbyXnU>Hhd3}xl$pLyiF0g?;oO2xD67#TvSf*>qj5)=Aam1$&(7|zdj}GQ#5l"
        b")KVGfR%k`<Fp|C)|iqjK|uON<L`6$sM}$BP@NJVg8@-"
        b"UttXoK~jnIsgWK|aEdduF+}yFa`jJ@^KLohro59OTIix5QYHbJ1iB2U=Gr`aw;B|Yvg1pOb9J`bHbb@WyH6RGW^gp<&_z7t5c}Ao"
        b"Gja=b=>j*`%I0p>RAm^3VHk#C7>4otcn2F}<`n"
    )
)
_SHEET = "xl/worksheets/sheet1.xml"
_OPEN_DOCUMENT = {
    "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
    "META-INF/manifest.xml": b'<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
    "content.xml": _CONTENT,
}


def _familias() -> tuple[bytes, ...]:
    operation = operation_from_ped(ped_of(_PED[0], "x", dat_of(_DAT, "x")), "x", missing={"Oak:son"})
    return (to_text(familias_from_operation(operation)[0]).encode(),)


def _xlsx() -> dict[str, bytes]:
    """The parts of a small workbook."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("profiles")
        for row, cells in enumerate((["sample", "marker", "allele1"], ["B1", "TH01", 9.3], ["B2", "vWA", 17])):
            sheet.write_row(row, 0, cells)
    with zipfile.ZipFile(stream) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _packed(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data, zipfile.ZIP_STORED if name == "mimetype" else None)
    return stream.getvalue()


def _within(parts: Mapping[str, bytes], name: str) -> Read:
    """Reads a workbook of which one part is what was mutated: what is packed is hardly ever reached by damage."""
    read = _of_file(_workbook)
    return lambda data: read(_packed({**parts, name: data}))


PARSERS: Mapping[str, tuple[Callable[[], Read], Callable[[], Sequence[bytes]]]] = {
    "ped": (lambda: lambda data: ped_of(data, "x", dat_of(_DAT, "x")), lambda: _PED),
    "dat": (lambda: lambda data: dat_of(data, "x"), lambda: (_DAT,)),
    "map": (lambda: lambda data: map_of(data, "x"), lambda: (b"CHROMOSOME MARKER POSITION\n5 CSF1PO 149.4\n",)),
    "strider": (lambda: lambda data: strider_of(data, "x"), lambda: _STRIDER),
    "frequencies": (lambda: lambda data: wide_of(rows_of_text(data, "x"), "x", name="n", source="s"), lambda: _WIDE),
    "mt": (lambda: lambda data: mt_of(data, "x"), lambda: _MT),
    "y": (lambda: lambda data: y_table_of(rows_of_text(data, "x"), "x"), lambda: _Y),
    "recognition": (lambda: recognise_bytes, lambda: (*_PED, *_STRIDER, *_WIDE, *_MT, *_Y, *_CMF, *_GENEMAPPER)),
    "codis": (lambda: lambda data: read_cmf(data, file="x"), lambda: _CMF),
    "genemapper": (lambda: lambda data: read_genemapper(data, file="x"), lambda: _GENEMAPPER),
    "familias": (lambda: lambda data: read_text(data.decode("utf-8", "replace"), "x"), _familias),
    "csv": (lambda: _of_file(_csv), lambda: _CSV),
    "workbook": (lambda: _of_file(_workbook), lambda: (_packed(_xlsx()), _packed(_OPEN_DOCUMENT))),
    "xlsx-sheet": (lambda: _within(_xlsx(), _SHEET), lambda: (_xlsx()[_SHEET],)),
    "ods-content": (lambda: _within(_OPEN_DOCUMENT, "content.xml"), lambda: (_CONTENT,)),
    "xls": (lambda: _of_file(_workbook), lambda: (_XLS,)),
}

_WORDS = (
    b"0", b"-1", b"99999999999999999999", b"1e308", b"nan", b"\0", b"\xff", b"\xef\xbb\xbf", b"\n", b"\r", b"\t", b",",
    b";", b'"', b"'", b"=", b"#!", b"<", b"</", b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"&#0;", b"]]>", b"N", b"2N",
    b"Allele", b"TH01", b"DYS385", b"AMEL", b"OL", b"?", b"9.3", b"9,3", b"16024-576", b"263G", b"DEL", b"#TRUE#",
    "Й".encode(), "９".encode(), b"\xe2\x80\xae", b"x" * 1001,
)  # fmt: skip


def mutated(seeds: Sequence[bytes], seed: int, number: int) -> bytes:
    """One damaged input: always the same for the same sound files, seed and number."""
    rng = np.random.default_rng([seed, number])
    content = bytearray(seeds[int(rng.integers(len(seeds)))])
    for _ in range(int(rng.integers(1, 7))):
        mutate(content, seeds, rng)
        del content[_LONGEST:]
    return bytes(content)


def mutate(content: bytearray, seeds: Sequence[bytes], rng: np.random.Generator) -> None:
    """Damage an input once more, in place."""
    start = int(rng.integers(len(content) + 1))
    end = min(len(content), start + int(rng.integers(0, 2 ** int(rng.integers(0, 9)))))
    match int(rng.integers(8)):
        case 0:
            content[start:end] = rng.bytes(end - start)
        case 1:
            del content[start:end]
        case 2:
            content[start:start] = content[start:end]
        case 3:
            content[start:start] = bytes(content[start:end]) * int(rng.integers(2, 200))
        case 4:
            content[start:end] = _WORDS[int(rng.integers(len(_WORDS)))]
        case 5:
            content[start:start] = _WORDS[int(rng.integers(len(_WORDS)))]
        case 6:
            other = seeds[int(rng.integers(len(seeds)))]
            content[start:] = other[int(rng.integers(len(other) + 1)) :]
        case _:
            if start < len(content):
                content[start] ^= 1 << int(rng.integers(8))


@dataclass
class Tally:
    """What inputs did to a reader so far, fed one after another."""

    parser: str
    inputs: int
    seed: int
    guided: bool = False
    fed: int = 0
    refused: int = 0
    slowest: int = 0
    slowest_seconds: float = 0.0
    failed: dict[int, str] = field(default_factory=dict)
    worst: dict[int, bytes] = field(default_factory=dict)
    before: float = field(default_factory=lambda: peak_bytes() / 2**20)
    began: float = field(default_factory=time.perf_counter)

    def feed(self, read: Read, data: bytes) -> None:
        """Read one more input, and note how that went."""
        number = self.fed
        start = time.perf_counter()
        try:
            read(data)
        except InputError:
            self.refused += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            if len(self.failed) < _KEPT:
                self.failed[number] = f"{type(error).__name__}: {error}"[:200]
                self.worst[number] = data
        taken = time.perf_counter() - start
        if taken > self.slowest_seconds:
            if self.slowest not in self.failed:
                self.worst.pop(self.slowest, None)
            self.slowest, self.slowest_seconds = number, taken
            self.worst[number] = data
        self.fed += 1

    def figure(self) -> ParserFigure:
        """The figures of all of them."""
        failed = {str(number): what for number, what in self.failed.items()}
        seconds = time.perf_counter() - self.began
        return ParserFigure(
            self.parser, self.inputs, self.seed, self.refused, seconds, self.slowest_seconds, self.slowest,
            peak_bytes() / 2**20, self.before, failed, self.guided,
        )  # fmt: skip


def words_of(seeds: Sequence[bytes]) -> tuple[bytes, ...]:
    """The words that mutations put in."""
    own = {
        word for data in seeds if len(data) < _LONGEST for word in re.findall(rb"[A-Za-z][A-Za-z0-9_:-]{2,30}", data)
    }
    return (*(word for word in _WORDS if word), *sorted(own))


def feed(parser: str, inputs: int, seed: int) -> ParserFigure:
    """Feed inputs to a reader, in this process."""
    made, sound = PARSERS[parser]
    read, seeds = made(), sound()
    tally = Tally(parser, inputs, seed)
    with one_process_for_all():
        for number in range(inputs):
            tally.feed(read, mutated(seeds, seed, number))
        return tally.figure()


def can_be_guided() -> bool:
    """Whether Atheris is installed."""
    return importlib.util.find_spec("atheris") is not None


def feed_apart(parser: str, inputs: int, seed: int, *, guided: bool = False) -> ParserFigure:
    """The same in a process of its own, so that the peak of memory is that of this reader."""
    with tempfile.TemporaryDirectory(prefix="antigone-bench-") as folder:
        module = "antigone.bench.guided" if guided else "antigone.bench.parsers"
        command = [sys.executable, "-m", module, parser, str(inputs), str(seed), *([folder] if guided else [])]
        # What a reader needs a file for lies in the folder, and goes with it whatever becomes of the process.
        done = subprocess.run(  # noqa: S603 - our own module
            command, capture_output=True, check=False, env={**os.environ, "TMPDIR": folder}
        )
        written = Path(folder) / "figures.json"
        if done.returncode != 0 or (guided and not written.exists()):
            told = done.stderr[-150:].decode("utf-8", "replace")
            died = {"?": f"the process ended with {done.returncode}: {told}"}
            inputs_left = {
                path.name: base64.b64encode(path.read_bytes()).decode("ascii")
                for path in sorted(Path(folder).glob("crash-*"))[:_KEPT]
            }
            return ParserFigure(parser, inputs, seed, 0, 0.0, 0.0, 0, 0.0, 0.0, died, guided, inputs_left)
        return ParserFigure(**json.loads(written.read_text("utf-8") if guided else done.stdout))


if __name__ == "__main__":
    _parser, _inputs, _seed = sys.argv[1:4]
    sys.stdout.write(json.dumps(asdict(feed(_parser, int(_inputs), int(_seed)))))
