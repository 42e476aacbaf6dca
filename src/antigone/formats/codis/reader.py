"""Reads CODIS CMF files: XML without document types and entities, walked through once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.parsers import expat

from antigone.formats.case_folder.markers import is_y
from antigone.formats.case_folder.readings import CellError
from antigone.formats.codis.file import NAMESPACE, Allele, CmfFile, Locus, Specimen
from antigone.formats.codis.vocabulary import LOCI, ROLES, marker_of, role_of
from antigone.formats.collecting import uncollected
from antigone.formats.errors import InputError, quoted
from antigone.formats.laboratory import bytes_of, call_of
from antigone.formats.tables import MAX_FIELD, Problems, near

MAX_SPECIMENS = 1_000_000
MAX_LOCI = 500
"""Loci of one specimen."""
MAX_ALLELES = 50
"""Alleles of one locus."""
MAX_DEPTH = 12

_ROOT = "CODISImportFile"
_RAPID = "CODISRapidImportFile"
_BLOCK = 1 << 18
_MOST_KNOWN = 100_000
_HEADER = (
    "HEADERVERSION", "MESSAGETYPE", "DESTINATIONORI", "SOURCELAB", "SUBMITBYUSERID", "SUBMITDATETIME", "BATCHID", "KIT",
)  # fmt: skip
_CHILDREN = {
    _ROOT: (*_HEADER, "SPECIMEN"),
    "SPECIMEN": ("SPECIMENID", "SPECIMENCATEGORY", "SPECIMENCOMMENT", "LOCUS"),
    "LOCUS": ("LOCUSNAME", "READINGBY", "READINGDATETIME", "KIT", "BATCHID", "ALLELE"),
    "ALLELE": ("ALLELEVALUE",),
}
_ATTRIBUTES = {
    _ROOT: (),
    "SPECIMEN": ("SOURCEID", "CASEID", "PARTIAL"),
    "LOCUS": ("KIT", "BATCHID"),
    "ALLELE": ("ALLELEREQUIRED",),
}
_REPEATED = frozenset(("SPECIMEN", "LOCUS", "ALLELE"))
_ENCODINGS = ("utf-8", "utf-16", "us-ascii", "iso-8859-1", "windows-1251", "windows-1252")
_TRUE, _FALSE = ("true", "1", "yes", "y"), ("false", "0", "no", "n", "")


def read_cmf(source: Path | str | bytes, *, file: str | None = None) -> CmfFile:
    """Read a CODIS CMF file (versions 3.2 and 3.3), with its namespace, another one or none.

    `file` is the name that errors use. Raises `InputError`, with line and column, where the file is no such XML, holds
    a document type or an entity, an element that CMF does not have, or an allele that cannot be one.
    """
    data, name = bytes_of(source, file)
    with uncollected():
        return _Reader(name).read(data)


def looks_like_cmf(head: bytes) -> bool:
    """Whether these first bytes of a file (some kilobytes) begin a CMF file.

    >>> looks_like_cmf(b'<?xml version="1.0"?><CODISImportFile xmlns="urn:CODISImportFile-schema">')
    True
    """
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return text.startswith(b"<") and re.search(rb"<(?:[\w.-]+:)?CODISImportFile[\s>/]", text) is not None


class _Reader:
    """The handlers of the parser, and what they have gathered."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems = Problems()
        self._path: list[str] = []
        self._skipped = 0  # how deep within an element that is passed over
        self._depth = 0
        self._text: list[str] | None = None
        self._length = 0
        self._place = (1, 1)
        self._namespace: str | None = None
        self._header: dict[str, str] = {}
        self._specimens: list[Specimen] = []
        self._ids: dict[str, tuple[int, int]] = {}
        self._specimen: dict[str, Any] = {}
        self._loci: list[Locus] = []
        self._loci_by_marker: dict[str, Locus] = {}
        self._locus: dict[str, Any] = {}
        self._alleles: list[tuple[Allele, tuple[int, int]]] = []
        self._allele: dict[str, Any] = {}
        self._known: dict[tuple[str | bool, ...], Locus] = {}
        self._sound: dict[tuple[str, tuple[str, ...]], tuple[int, str, str] | None] = {}
        self._passed_over: dict[str, int] = {}
        self._unknown_loci: dict[str, int] = {}
        self._repeated_loci = 0
        self._single = 0

    def read(self, data: bytes) -> CmfFile:
        """The whole file."""
        parser = self._parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.XmlDeclHandler = self._declaration
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse("a document type (DOCTYPE)")
        parser.EntityDeclHandler = self._refuse("an entity")
        parser.ExternalEntityRefHandler = self._refuse("an entity of another file")
        try:
            for start in range(0, len(data), _BLOCK):
                parser.Parse(data[start : start + _BLOCK], False)
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            found = f"XML that breaks off or is not well-formed ({expat.ErrorString(error.code)})"
            self._problems.add(self._file, error.lineno, error.offset + 1, found=found, expected="a whole CMF file")
        self._problems.stop_if_any()
        return self._file_read()

    def _refuse(self, what: str) -> Callable[..., int]:
        def refuse(*_: object) -> int:
            line, column = self._here()
            raise InputError.at(
                self._file, line, column, found=what, expected="plain elements: such files may hold none"
            )

        return refuse

    def _declaration(self, _version: str, encoding: str | None, _standalone: int) -> None:
        """Refuse an encoding before the parser asks for it."""
        if encoding is not None and encoding.casefold() not in _ENCODINGS:
            line, column = self._here()
            expected = f"one of {', '.join(_ENCODINGS)}"
            raise InputError.at(self._file, line, column, found=f"the encoding {quoted(encoding)}", expected=expected)

    # The walk

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            line, column = self._here()
            found = f"elements within elements, {self._depth} deep"
            raise InputError.at(self._file, line, column, found=found, expected=f"at most {MAX_DEPTH}")
        if self._skipped:
            self._skipped += 1
            return
        namespace, _, tag = name.rpartition(" ")
        if not self._path:
            self._begin(namespace, tag)
        elif namespace and namespace != self._namespace:
            self._passed_over[tag] = self._passed_over.get(tag, 0) + 1
            self._skipped = 1
            return
        elif not self._may_stand(tag):
            self._skipped = 1
            return
        self._path.append(tag)
        self._text = [] if tag not in _CHILDREN else None
        self._length = 0
        self._place = self._here()
        if tag in _CHILDREN:
            self._open(tag, self._known_attributes(tag, attributes))

    def _begin(self, namespace: str, tag: str) -> None:
        self._namespace = namespace
        if tag != _ROOT:
            expected = f"<{_ROOT}>, the root of a CMF file"
            if tag == _RAPID:
                expected += "; files of Rapid DNA instruments hold arrestees and are not read"
            line, column = self._here()
            raise InputError.at(self._file, line, column, found=f"<{quoted(tag)[1:-1]}>", expected=expected)

    def _may_stand(self, tag: str) -> bool:
        """Whether an element may stand here, once or again."""
        parent = self._path[-1]
        allowed = _CHILDREN.get(parent, ())
        if tag not in allowed:
            expected = f"in <{parent}> one of {', '.join(allowed)}{near(tag, allowed)}" if allowed else "text alone"
            self._complain(found=f"<{quoted(tag)[1:-1]}>", expected=expected)
            return False
        if tag not in _REPEATED and tag in self._holder(parent):
            self._complain(found=f"a second <{tag}>", expected=f"one in each <{parent}>")
            return False
        return True

    def _holder(self, parent: str) -> dict[str, Any]:
        return {_ROOT: self._header, "SPECIMEN": self._specimen, "LOCUS": self._locus, "ALLELE": self._allele}[parent]

    def _known_attributes(self, tag: str, attributes: dict[str, str]) -> dict[str, str]:
        known = {}
        for name, value in attributes.items():
            if name in _ATTRIBUTES[tag] and len(value) <= MAX_FIELD:
                known[name] = value.strip()
            elif name in _ATTRIBUTES[tag]:
                self._complain(found=f"{name} of {len(value)} characters", expected=f"at most {MAX_FIELD}")
            elif " " not in name:  # those of other namespaces say nothing of CMF
                self._passed_over[f"{tag}/@{name}"] = self._passed_over.get(f"{tag}/@{name}", 0) + 1
        return known

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "SPECIMEN":
            self._specimen = {f"@{name}": value for name, value in attributes.items()}
            self._specimen["place"] = self._place
            self._loci, self._loci_by_marker = [], {}
        elif tag == "LOCUS":
            self._locus = {f"@{name}": value for name, value in attributes.items()}
            self._locus["place"] = self._place
            self._alleles = []
        elif tag == "ALLELE":
            self._allele = {f"@{name}": value for name, value in attributes.items()}
            self._allele["place"] = self._place

    def _characters(self, text: str) -> None:
        if self._skipped:
            return
        if self._text is None:
            if not text.isspace():
                self._complain(found=quoted(text.strip()), expected=f"elements alone in <{self._path[-1]}>")
            return
        self._length += len(text)
        if self._length <= MAX_FIELD:
            self._text.append(text)

    def _end(self, _name: str) -> None:
        self._depth -= 1
        if self._skipped:
            self._skipped -= 1
            return
        tag = self._path.pop()
        if self._text is not None:
            self._close_text(tag)
        elif tag == "ALLELE":
            self._close_allele()
        elif tag == "LOCUS":
            self._close_locus()
        elif tag == "SPECIMEN":
            self._close_specimen()
        self._text = None

    def _close_text(self, tag: str) -> None:
        text = "".join(self._text or ()).strip()
        if self._length > MAX_FIELD:
            self._complain(self._place, found=f"{self._length} characters in <{tag}>", expected=f"at most {MAX_FIELD}")
        elif any(not letter.isprintable() for letter in text):
            self._complain(self._place, found=f"{quoted(text)} in <{tag}>", expected="text on one line")
            text = ""
        holder = self._holder(self._path[-1])
        holder[tag] = text
        if tag == "ALLELEVALUE":
            holder["place"] = self._place

    def _close_allele(self) -> None:
        value = self._allele.get("ALLELEVALUE", "")
        place = self._allele["place"]
        required = self._flag(self._allele.get("@ALLELEREQUIRED", ""), "ALLELEREQUIRED", place)
        if not value:
            self._complain(place, found="an <ALLELE> without value", expected="an <ALLELEVALUE>, or no <ALLELE>")
        elif len(self._alleles) >= MAX_ALLELES:
            self._complain(place, found=f"more than {MAX_ALLELES} alleles", expected="at most that many at a locus")
        else:
            self._alleles.append((Allele(value, required), place))

    def _close_locus(self) -> None:
        name, place = self._locus.get("LOCUSNAME", ""), self._locus["place"]
        if not name:
            self._complain(place, found="a <LOCUS> without name", expected="a <LOCUSNAME>")
            return
        if len(self._loci) >= MAX_LOCI:
            self._complain(place, found=f"more than {MAX_LOCI} loci", expected="at most that many of a specimen")
            return
        locus = self._shared(
            name,
            self._locus.get("READINGBY", ""),
            self._locus.get("READINGDATETIME", ""),
            self._locus.get("KIT") or self._locus.get("@KIT", ""),
            self._locus.get("BATCHID") or self._locus.get("@BATCHID", ""),
        )
        marker = marker_of(name)
        if marker is None:
            self._unknown_loci.setdefault(name, place[0])
            self._loci.append(locus)
        elif self._is_sound(marker, locus):
            self._keep_locus(marker, locus, place)

    def _shared(self, *words: str) -> Locus:
        """The locus of these words and of the alleles read last; those that say the same are one object."""
        alleles = tuple([allele for allele, _ in self._alleles])
        key = (*words, *[word for allele in alleles for word in (allele.value, allele.is_required)])
        known = self._known.get(key)
        if known is None:
            name, *others = words
            known = Locus(name, alleles, *others)
            if len(self._known) < _MOST_KNOWN:
                self._known[key] = known
        return known

    def _keep_locus(self, marker: str, locus: Locus, place: tuple[int, int]) -> None:
        before = self._loci_by_marker.get(marker)
        if before is None:
            self._loci_by_marker[marker] = locus
            self._single += len(locus.alleles) == 1 and not is_y(marker)
        else:
            if sorted(one.value for one in before.alleles) != sorted(one.value for one in locus.alleles):
                expected = "the same alleles as in the first, or one <LOCUS> of each name in a specimen"
                self._complain(place, found=f"a second <LOCUS> {quoted(locus.name)}", expected=expected)
            self._repeated_loci += 1
        self._loci.append(locus)

    def _is_sound(self, marker: str, locus: Locus) -> bool:
        key = (marker, tuple(allele.value for allele in locus.alleles))
        if key not in self._sound:
            self._sound[key] = _what_is_wrong(*key)
        wrong = self._sound[key]
        if wrong is not None:
            cell, found, expected = wrong
            place = self._alleles[cell][1] if cell < len(self._alleles) else self._locus["place"]
            self._complain(place, found=f"{found} at {locus.name}", expected=expected)
        return wrong is None

    def _close_specimen(self) -> None:
        own, place = self._specimen, self._specimen["place"]
        for tag in ("SPECIMENID", "SPECIMENCATEGORY"):
            if not own.get(tag):
                self._complain(place, found=f"a <SPECIMEN> without {tag}", expected=f"a <{tag}>")
        name = own.get("SPECIMENID", "")
        first = self._ids.setdefault(name, place)
        if name and first != place:
            expected = f"another SPECIMENID: the specimen of line {first[0]}, column {first[1]} has this one"
            self._complain(place, found=quoted(name), expected=expected)
        if len(self._specimens) >= MAX_SPECIMENS:
            line, column = place
            found = f"more than {MAX_SPECIMENS} specimens"
            raise InputError.at(self._file, line, column, found=found, expected="at most that many")
        self._specimens.append(
            Specimen(
                name,
                own.get("SPECIMENCATEGORY", ""),
                tuple(self._loci),
                own.get("SPECIMENCOMMENT", ""),
                own.get("@SOURCEID", ""),
                own.get("@CASEID", ""),
                self._flag(own.get("@PARTIAL", ""), "PARTIAL", place),
                place[0],
            )
        )

    def _flag(self, text: str, name: str, place: tuple[int, int]) -> bool:
        if text.casefold() not in _TRUE + _FALSE:
            self._complain(place, found=f"{name}={quoted(text)}", expected="true or false")
        return text.casefold() in _TRUE

    # The sum

    def _file_read(self) -> CmfFile:
        header = self._header
        return CmfFile(
            destination_ori=header.get("DESTINATIONORI", ""),
            source_lab=header.get("SOURCELAB", ""),
            submit_by=header.get("SUBMITBYUSERID", ""),
            submit_datetime=header.get("SUBMITDATETIME", ""),
            specimens=tuple(self._specimens),
            version=header.get("HEADERVERSION", ""),
            message_type=header.get("MESSAGETYPE", ""),
            batch_id=header.get("BATCHID", ""),
            kit=header.get("KIT", ""),
            namespace=self._namespace or "",
            file=self._file,
            notes=tuple(self._notes()),
        )

    def _notes(self) -> list[str]:
        notes = []
        version = self._header.get("HEADERVERSION", "")
        if version not in LOCI:
            notes.append(f"HEADERVERSION {quoted(version) if version else 'is absent'}; known are {' and '.join(LOCI)}")
        absent = [tag for tag in _HEADER[1:6] if not self._header.get(tag)]
        if absent:
            notes.append(f"the header lacks {', '.join(absent)}")
        if self._namespace not in (NAMESPACE, ""):
            notes.append(f"the namespace is {quoted(self._namespace)}; that of CMF is {NAMESPACE}")
        strangers = dict.fromkeys(one.category for one in self._specimens if role_of(one.category) is None)
        notes += [f"category {quoted(one)} is not one of CMF{near(one, ROLES)}" for one in list(strangers)[:20]]
        notes += [f"locus {quoted(name)}, first in line {line}, is no known marker" for name, line in self._unknowns()]
        if self._passed_over:
            shown = ", ".join(f"{name} ({number}×)" for name, number in list(self._passed_over.items())[:20])
            notes.append(f"passed over, not being of CMF: {shown}")
        if self._repeated_loci:
            notes.append(
                f"stand twice in a specimen, with the same alleles, and count once: {self._repeated_loci} loci"
            )
        if self._single:
            notes.append(
                "one allele alone counts as one that was seen, and as homozygous only where the file has it twice: "
                f"so at {self._single} of all loci"
            )
        if partial := sum(specimen.is_partial for specimen in self._specimens):
            notes.append(f"specimens that are marked as partial: {partial}")
        return [f"{self._file}: {note}" for note in notes]

    def _unknowns(self) -> list[tuple[str, int]]:
        return list(self._unknown_loci.items())[:20]

    def _here(self) -> tuple[int, int]:
        return self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1

    def _complain(self, place: tuple[int, int] | None = None, *, found: str, expected: str) -> None:
        line, column = place or self._here()
        self._problems.add(self._file, line, column, found=found, expected=expected)


def _what_is_wrong(marker: str, values: tuple[str, ...]) -> tuple[int, str, str] | None:
    """Which of the alleles cannot be one, what it is, and what would be right."""
    try:
        call_of(marker, values or ("",))
    except CellError as error:
        return error.cell, error.found, error.expected
    return None
