"""Writes CODIS CMF files with the elements and in the order that the public readers accept."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from antigone.formats.case_folder.readings import CellError
from antigone.formats.codis.file import NAMESPACE, Allele, CmfFile, Locus, Specimen
from antigone.formats.codis.vocabulary import ALSO_IN_32, LOCI, locus_of, marker_of
from antigone.formats.errors import quoted
from antigone.formats.laboratory import LaboratoryProfiles, Run
from antigone.formats.tables import write_whole
from antigone.genetics.alleles import Silent
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.profiles import Profile, consensus
from antigone.matching.operation import LeftOut

# The longest texts that the public readers take (NCBI OSIRIS, nwxXmlCMF.cpp).
LONGEST: Mapping[str, int] = {
    "DESTINATIONORI": 10, "SOURCELAB": 10, "SUBMITBYUSERID": 20, "BATCHID": 32, "KIT": 32, "SPECIMENID": 24,
    "SPECIMENCATEGORY": 21, "SPECIMENCOMMENT": 255, "SOURCEID": 10, "CASEID": 32, "READINGBY": 20, "ALLELEVALUE": 10,
}  # fmt: skip
MOST_ALLELES = 8
"""Alleles of one locus."""
_DATETIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})?"
)


def write_cmf(cmf: CmfFile, path: Path | str) -> None:
    """Write a file that appears whole or not at all. Raises `ValueError` as `cmf_text` does."""
    write_whole(Path(path), cmf_text(cmf))


def cmf_text(cmf: CmfFile) -> str:
    """The text of a CMF file that reads back as the same.

    Raises `ValueError`, naming the specimen and the element, for what the format cannot hold: a text too long or
    absent, a locus that its version does not have, more than eight alleles. Nothing is cut to fit.
    """
    if cmf.version not in LOCI:
        raise ValueError(f"version {quoted(cmf.version)}; CMF is written in {' and '.join(LOCI)}")
    if cmf.namespace not in (NAMESPACE, ""):
        raise ValueError(f"the namespace {quoted(cmf.namespace)}; CMF is written in {NAMESPACE}, or without one")
    root = f"CODISImportFile xmlns={quoteattr(cmf.namespace)}" if cmf.namespace else "CODISImportFile"
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', f"<{root}>", *_body(cmf), "</CODISImportFile>", ""))


def _body(cmf: CmfFile) -> Iterator[str]:
    where = "the header"
    yield _element("HEADERVERSION", cmf.version, where, 1)
    yield _element("MESSAGETYPE", cmf.message_type, where, 1)
    yield _element("DESTINATIONORI", cmf.destination_ori, where, 1)
    yield _element("SOURCELAB", cmf.source_lab, where, 1)
    yield _element("SUBMITBYUSERID", cmf.submit_by, where, 1)
    yield _element("SUBMITDATETIME", _datetime(cmf.submit_datetime, where), where, 1)
    if cmf.batch_id:
        yield _element("BATCHID", cmf.batch_id, where, 1)
    if cmf.kit:
        yield _element("KIT", cmf.kit, where, 1)
    if not cmf.specimens:
        raise ValueError("no specimen: the public readers refuse such a file")
    seen: set[str] = set()
    for specimen in cmf.specimens:
        if specimen.id in seen:
            raise ValueError(f"two specimens are called {quoted(specimen.id)}")
        seen.add(specimen.id)
        yield from _specimen(specimen, cmf.version)


def _specimen(specimen: Specimen, version: str) -> Iterator[str]:
    where = f"specimen {quoted(specimen.id)}"
    attributes = _attributes({"SOURCEID": specimen.source_id, "CASEID": specimen.case_id}, where)
    partial = ' PARTIAL="true"' if specimen.is_partial else ""
    yield f"  <SPECIMEN{attributes}{partial}>"
    yield _element("SPECIMENID", specimen.id, where, 2)
    yield _element("SPECIMENCATEGORY", specimen.category, where, 2)
    if specimen.comment:
        yield _element("SPECIMENCOMMENT", specimen.comment, where, 2)
    for locus in specimen.loci:
        yield from _locus(locus, f"{where}, locus {quoted(locus.name)}", version)
    yield "  </SPECIMEN>"


def _locus(locus: Locus, where: str, version: str) -> Iterator[str]:
    _require_locus(locus.name, where, version)
    if len(locus.alleles) > MOST_ALLELES:
        raise ValueError(f"{where}: {len(locus.alleles)} alleles; CMF holds {MOST_ALLELES} at most")
    try:
        locus.call()
    except CellError as error:
        raise ValueError(f"{where}: {error}") from None
    yield f"    <LOCUS{_attributes({'BATCHID': locus.batch_id, 'KIT': locus.kit}, where)}>"
    yield _element("LOCUSNAME", locus.name, where, 3)
    yield _element("READINGBY", locus.reading_by, where, 3)
    yield _element("READINGDATETIME", _datetime(locus.reading_datetime, where), where, 3)
    for allele in locus.alleles:
        required = ' ALLELEREQUIRED="true"' if allele.is_required else ""
        yield f"      <ALLELE{required}>"
        yield _element("ALLELEVALUE", allele.value, where, 4)
        yield "      </ALLELE>"
    yield "    </LOCUS>"


def _require_locus(name: str, where: str, version: str) -> None:
    if name in LOCI[version] or (version == "3.2" and name in ALSO_IN_32):
        return
    marker = marker_of(name)
    known = None if marker is None else locus_of(marker, version)
    raise ValueError(f"{where}: CMF {version} {f'calls it {quoted(known)}' if known else 'has no such locus'}")


def _element(tag: str, text: str, where: str, depth: int) -> str:
    return f"{'  ' * depth}<{tag}>{escape(_checked(tag, text, where))}</{tag}>"


def _attributes(values: Mapping[str, str], where: str) -> str:
    return "".join(f" {name}={quoteattr(_checked(name, text, where))}" for name, text in values.items() if text)


def _checked(tag: str, text: str, where: str) -> str:
    if not text:
        raise ValueError(f"{where}: {tag} is empty, and the public readers ask for it")
    if text != text.strip() or any(not letter.isprintable() for letter in text):
        raise ValueError(f"{where}: {tag} {quoted(text)} has spaces around it or what is not text")
    if len(text) > LONGEST.get(tag, 255):
        raise ValueError(f"{where}: {tag} {quoted(text)} has {len(text)} characters; CMF takes {LONGEST.get(tag, 255)}")
    return text


def _datetime(text: str, where: str) -> str:
    if not _DATETIME.fullmatch(text):
        raise ValueError(f"{where}: {quoted(text)} is no day and time such as 2025-06-11T09:30:00")
    return text


@dataclass(frozen=True)
class Specimens:
    """Specimens made of profiles, and what CMF cannot hold of these."""

    specimens: tuple[Specimen, ...]
    left_out: tuple[LeftOut, ...]


def specimens_of(
    profiles: LaboratoryProfiles,
    category: str | Mapping[str, str],
    *,
    reading_by: str,
    reading_datetime: str,
    version: str = "3.2",
) -> Specimens:
    """Specimens of one category, or of a category by sample, from a laboratory's profiles.

    Homozygous is written as the allele twice, one allele of which the other was not seen as one. CMF holds one reading
    of a locus: several runs are summed up by majority, as `genetics.profiles.consensus` does, and that is said, as are
    the markers that this version of CMF does not have, heights, and off-ladder alleles.
    """
    specimens = []
    left_out: list[LeftOut] = []
    unnamed: dict[str, int] = {}
    for sample, runs in profiles.samples.items():
        loci = []
        for marker, values in _alleles(sample, runs, left_out).items():
            name = locus_of(marker, version)
            if name is None:
                unnamed[marker] = unnamed.get(marker, 0) + 1
            else:
                alleles = tuple(Allele(value) for value in values)
                loci.append(Locus(name, alleles, reading_by, reading_datetime))
        own = category if isinstance(category, str) else category[sample]
        specimens.append(Specimen(sample, own, tuple(loci)))
        if any(run.heights for run in runs):
            left_out.append(LeftOut("reading", sample, "heights, which CMF does not hold"))
    for marker, number in unnamed.items():
        left_out.append(LeftOut("marker", marker, f"CMF {version} has no such locus; read in {number} samples"))
    return Specimens(tuple(specimens), tuple(left_out))


def _alleles(sample: str, runs: tuple[Run, ...], left_out: list[LeftOut]) -> dict[str, tuple[str, ...]]:
    """The alleles by marker, as they are written."""
    found: dict[str, tuple[str, ...]] = {}
    profile: Profile = LaboratoryProfiles("", {sample: runs}).profiles()[sample]
    for marker, readings in profile.readings.items():
        reading = readings[0] if len(readings) == 1 else consensus(readings)
        if reading is None:
            left_out.append(LeftOut("reading", f"{sample} {marker}", f"{len(readings)} runs without a majority"))
            continue
        if len(readings) > 1:
            left_out.append(LeftOut("reading", f"{sample} {marker}", f"{len(readings)} runs, summed up by majority"))
        found[marker] = written_alleles(reading)
    for marker, copies in LaboratoryProfiles("", {sample: runs}).y().get(sample, {}).items():
        if len(set(copies)) > 1 or Silent() in copies[0]:
            reason = f"{len(copies)} runs that differ" if len(set(copies)) > 1 else "a silent allele"
            left_out.append(LeftOut("reading", f"{sample} {marker}", f"{reason}, which CMF does not hold"))
            continue
        found[marker] = tuple(str(one) for one in copies[0] if str(one) != "?")
    for call in (call for run in runs for call in run.calls.values() if call.has_off_ladder):
        reason = f"off-ladder alleles ({', '.join(map(str, call.alleles))}), which are not written"
        left_out.append(LeftOut("reading", f"{sample} {call.marker}", reason))
    return found


def written_alleles(reading: Reading) -> tuple[str, ...]:
    """The alleles as they are written: twice what is homozygous, once what was seen beside something unseen."""
    names = tuple(str(allele) for allele in reading.alleles)
    return names * 2 if reading.reads is Reads.HOMOZYGOUS else names
