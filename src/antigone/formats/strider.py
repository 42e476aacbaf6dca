"""Allele frequencies as STRidER hands them out: all populations in one file, in XML or in CSV.

The XML is read with expat, event by event; a document type, and with it every entity, is refused before it is read.
What is known of both forms stands in `docs/formats/strider.md`.
"""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn
from xml.parsers import expat

from antigone.formats.errors import InputError, quoted
from antigone.formats.frequency_figures import FrequencyFigures, MarkerFigures, SampleSize, pointed, read_allele
from antigone.formats.plain_text import lines_of, read_bytes
from antigone.formats.tables import Problems, near
from antigone.genetics.alleles import Allele, OffLadder, Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies

MAX_BYTES = 20_000_000
_MAX_DEPTH = 10
_LONGEST_TEXT = 100_000
_ALLELE = "an allele such as 12 or 9.3"
# STRidER writes all alleles shorter than those listed as 1, and all longer ones as 99.
_RARE_SHORT, _RARE_LONG = Repeat(1), Repeat(99)
_COUNTS = "n counts "
_SIZE_ROWS = ("n", "2n", "")


def read_strider(path: Path | str, *, sample_size: SampleSize | None = None) -> dict[str, FrequencyTable]:
    """The populations of a STRidER file, by name; each table says where it comes from.

    `sample_size` is what the `n` of the file counts, which it does not say. Without it, what the frequencies of a
    population prove, else chromosomes: the reading that makes no figure look more certain than it is.

    Raises `InputError` with all problems of the file.
    """
    path = Path(path)
    return strider_of(read_bytes(path, path.name, MAX_BYTES), path.name, sample_size=sample_size)


def what_n_counts(table: FrequencyTable) -> str:
    """What the sample sizes of a table of `read_strider` were taken to count, as its source says."""
    return table.source.rpartition(_COUNTS)[2]


def strider_of(data: bytes, file: str, *, sample_size: SampleSize | None = None) -> dict[str, FrequencyTable]:
    """The populations in the bytes of a STRidER file, XML or CSV. `file` is the name that errors use."""
    problems = Problems()
    figures = FrequencyFigures(file, problems)
    if is_xml(data):
        _read_xml(data, file, figures, sample_size)
    else:
        _read_csv(data, file, figures, sample_size)
    tables: dict[str, FrequencyTable] = {}
    for name in figures.populations():
        counted = figures.explain_sizes(name)
        entries = {marker: _with_classes(entry) for marker, entry in figures.entries(name).items()}
        if entries:
            source = f"STRidER, {name}, from {file}; {_COUNTS}{sample_size or counted or 'chromosomes'}"
            tables[name] = FrequencyTable(f"STRidER {name}", source, entries)
    if not tables and not len(problems):
        problems.add(file, None, None, found="no frequencies", expected="one population with a marker at least")
    problems.stop_if_any()
    return tables


def population(tables: Mapping[str, FrequencyTable], name: str, file: str) -> FrequencyTable:
    """One of the populations of a file, in whatever case; raises `InputError` with those that are there."""
    found = {known.casefold(): table for known, table in tables.items()}.get(name.casefold())
    if found is None:
        expected = f"one of {', '.join(tables)}{near(name, tables)}"
        raise InputError.at(file, None, None, found=f"no population {quoted(name)}", expected=expected)
    return found


def is_xml(data: bytes) -> bool:
    """Whether bytes begin as XML does."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _with_classes(entry: MarkerFrequencies) -> MarkerFrequencies:
    """The rare alleles that STRidER puts together, 1 and 99, as shorter and longer than all those listed."""
    repeats = [one for one in entry.alleles if isinstance(one, Repeat) and one not in (_RARE_SHORT, _RARE_LONG)]
    if not repeats:
        return entry
    classes = {_RARE_SHORT: OffLadder(f"<{repeats[0]}"), _RARE_LONG: OffLadder(f">{repeats[-1]}")}
    summed: dict[Allele, float] = {}
    for allele, value in zip(entry.alleles, entry.frequencies, strict=True):
        named = classes.get(allele, allele) if isinstance(allele, Repeat) else allele
        summed[named] = summed.get(named, 0.0) + value
    return MarkerFrequencies.from_frequencies(entry.marker, summed, chromosomes=entry.chromosomes)


# XML


class _XmlReader:
    """Takes the events of expat: `marker` with a `name`, `origin` elements with `frequency` elements in them."""

    def __init__(
        self, parser: expat.XMLParserType, file: str, figures: FrequencyFigures, sample_size: SampleSize | None
    ) -> None:
        self._parser, self._file, self._figures, self._counts = parser, file, figures, sample_size
        self._path: list[str] = []
        self._text: list[str] = []
        self._size = 0
        self._name: str | None = None
        self._marker: MarkerFigures | None = None
        self._allele: str | None = None
        self.saw_marker = False

    @property
    def _line(self) -> int:
        return int(self._parser.CurrentLineNumber)

    @property
    def _column(self) -> int:
        return int(self._parser.CurrentColumnNumber) + 1

    def refuse_document_type(self, name: str, *_: object) -> NoReturn:
        """Entities are declared in a document type, and could stand for anything."""
        expected = "XML without a document type, and so without entities"
        raise InputError.at(
            self._file, self._line, self._column, found=f"a document type {quoted(name)}", expected=expected
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        name = name.rpartition(":")[2]
        self._path.append(name)
        if len(self._path) > _MAX_DEPTH:
            found = f"elements nested deeper than {_MAX_DEPTH}"
            raise InputError.at(self._file, self._line, self._column, found=found, expected="a file of STRidER")
        self._text = []
        self._size = 0
        if name == "marker":
            self.saw_marker, self._name = True, None
        elif name == "origin":
            self._begin_origin(attributes)
        elif name == "frequency":
            self._allele = attributes.get("allele")
            if self._allele is None:
                if self._marker is not None:
                    self._marker.is_broken = True
                self._complain(found="a frequency without an attribute ‘allele’", expected=_ALLELE)

    def _begin_origin(self, attributes: dict[str, str]) -> None:
        self._marker = None
        population = attributes.get("name", "").strip()
        if self._name is None:
            self._complain(found="an origin before the name of its marker", expected="<marker><name>…</name> first")
        elif not population:
            self._complain(found="an origin without an attribute ‘name’", expected="the name of a population")
        else:
            self._marker = self._figures.marker(population, self._name, self._line, self._column)
            size = attributes.get("n", "").strip()
            explained = self._counts is not None
            counts = self._counts or "chromosomes"
            self._figures.size(self._marker, size, self._line, self._column, counts, is_explained=explained)

    def text(self, text: str) -> None:
        """Some of the text within an element."""
        self._size += len(text)
        if self._size > _LONGEST_TEXT:
            found = f"a text of more than {_LONGEST_TEXT} characters"
            raise InputError.at(self._file, self._line, self._column, found=found, expected="a file of STRidER")
        self._text.append(text)

    def end(self, name: str) -> None:
        """An element ends."""
        name = name.rpartition(":")[2]
        text = "".join(self._text).strip()
        self._path.pop()
        self._text = []
        if name == "name" and self._path[-1:] == ["marker"]:
            self._name = text or None
            if not text:
                self._complain(found="a marker without a name", expected="the name of a marker")
        elif name == "frequency" and self._marker is not None and self._allele is not None:
            self._figures.frequency(self._marker, self._allele.strip(), text, self._line, self._column)
        elif name == "origin":
            self._marker = None

    def _complain(self, *, found: str, expected: str) -> None:
        self._figures.complain(self._line, self._column, found=found, expected=expected)


def _read_xml(data: bytes, file: str, figures: FrequencyFigures, sample_size: SampleSize | None) -> None:
    parser = expat.ParserCreate()
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    reader = _XmlReader(parser, file, figures, sample_size)
    parser.StartDoctypeDeclHandler = reader.refuse_document_type
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        line, column = (error.lineno, error.offset + 1) if isinstance(error, expat.ExpatError) else (1, 1)
        raise InputError.at(file, line, column, found=f"no sound XML ({error})", expected="XML") from None
    if not reader.saw_marker:
        figures.complain(1, None, found="XML without an element ‘marker’", expected="a file of STRidER")


# CSV


def _read_csv(data: bytes, file: str, figures: FrequencyFigures, sample_size: SampleSize | None) -> None:
    """Blocks: a line with the name of a marker, a header `Allele,POPULATION,…`, perhaps a row of n, and the alleles."""
    marker: str | None = None
    markers: list[MarkerFigures] | None = None
    header: list[str] = []
    for line, cells in _csv_rows(data, file, figures):
        named = [cell for cell in cells if cell]
        if len(named) == 1 and cells[0] == named[0] and _begins_block(named[0], header):
            marker, markers, header = named[0], None, []
        elif cells[0].casefold() == "allele":
            if marker is None:
                figures.complain(line, 1, found="a header before the name of its marker", expected="a marker before it")
                continue
            header = cells
            markers = _begin_block(marker, header, line, figures)
        elif markers is None:
            expected = "the name of a marker on a line of its own, then a header that begins with ‘Allele’"
            figures.complain(line, 1, found=quoted(cells[0]), expected=expected)
        else:
            _take_row(cells, header, markers, line, figures, sample_size)


def _begins_block(text: str, header: list[str]) -> bool:
    """Whether a cell alone on its line names a marker; below a header it may be an allele that nobody has."""
    is_allele = isinstance(read_allele(pointed(text)), Repeat | OffLadder)
    return not header or (text.casefold() not in _SIZE_ROWS and not is_allele)


def _csv_rows(data: bytes, file: str, figures: FrequencyFigures) -> Iterator[tuple[int, list[str]]]:
    lines = lines_of(data, file)
    separator = next(
        (sign for sign in ";\t" if any(line.casefold().startswith(f"allele{sign}") for line in lines)), ","
    )
    for number, line in enumerate(lines, 1):
        try:
            cells = [cell.strip() for cell in next(csv.reader([line], delimiter=separator, strict=True), [])]
        except csv.Error:
            found = "a quotation mark that does not pair, or a cell beyond measure"
            figures.complain(number, None, found=found, expected="cells between commas")
            continue
        if any(cells):
            yield number, cells


def _begin_block(marker: str, header: list[str], line: int, figures: FrequencyFigures) -> list[MarkerFigures]:
    for place, text in enumerate(header[1:], 2):
        if not text:
            figures.complain(line, place, found="a column without a name", expected="the name of a population")
    return [
        figures.marker(text or f"column {place}", marker, line, text or place)
        for place, text in enumerate(header[1:], 2)
    ]


def _take_row(
    cells: list[str],
    header: list[str],
    markers: list[MarkerFigures],
    line: int,
    figures: FrequencyFigures,
    sample_size: SampleSize | None,
) -> None:
    if any(cells[len(header) :]):
        found = f"{len(cells)} cells"
        figures.complain(line, len(header) + 1, found=found, expected=f"{len(header)}, as the header has")
        return
    label = cells[0].casefold()
    # STRidER's own row of sample sizes has no name; it stands above the alleles.
    is_size = label in _SIZE_ROWS and (label or not any(marker.values for marker in markers))
    for marker, text, column in zip(markers, cells[1:], header[1:], strict=False):
        if text and is_size:
            counts = "chromosomes" if label == "2n" else sample_size
            explained = counts is not None
            figures.size(marker, text, line, column, counts or "chromosomes", is_explained=explained)
        elif text:
            figures.frequency(marker, pointed(cells[0]), pointed(text), line, column)
