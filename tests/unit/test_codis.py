"""CODIS CMF files: what they hold is read, what they cannot hold is said, and no entity is ever followed."""

import random
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from unittest.mock import patch
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.formats.codis import (
    ROLES,
    Allele,
    CmfFile,
    Locus,
    Role,
    Specimen,
    cmf_text,
    locus_of,
    looks_like_cmf,
    marker_of,
    read_cmf,
    role_of,
    specimens_of,
    write_cmf,
)
from antigone.formats.codis.vocabulary import LOCI
from antigone.formats.errors import InputError
from antigone.formats.genemapper import GenemapperToml, looks_like_genemapper, read_genemapper
from antigone.genetics.alleles import Repeat
from antigone.genetics.markers import marker
from antigone.genetics.observation import Reading, Reads
from examples import examples

CORPUS = Path(__file__).resolve().parents[1] / "corpus" / "codis"
GOOD = sorted((CORPUS / "good").iterdir())
BAD = sorted((CORPUS / "bad").iterdir())
DAY = "2025-06-11T09:30:00"


def shown(cmf):
    """A file as the corpus keeps it."""
    laboratory = cmf.laboratory()
    lines = [cmf.describe(), ""]
    lines += [f"left out: {one.what} {one.id}: {one.reason}" for one in laboratory.left_out]
    lines += [f"note: {note}" for note in cmf.notes]
    return "\n".join([*lines, "", laboratory.profiles_csv()])


def locus(name, *values, **more):
    return Locus(name, tuple(Allele(value) for value in values), "reader1", DAY, **more)


def cmf(*specimens, **more):
    return CmfFile("BUREAU1", "LAB1", "reader1", DAY, specimens, **more)


BODY = Specimen("B1", "Unidentified Person", (locus("TH01", "6", "9.3"),))

# The corpus


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_a_good_file_is_read_as_frozen(folder):
    read = read_cmf(folder / "file.xml", file="file.xml")
    assert shown(read) == (folder / "expected.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("folder", BAD, ids=lambda folder: folder.name)
def test_a_bad_file_is_refused_in_the_frozen_words(folder):
    with pytest.raises(InputError) as caught:
        read_cmf(folder / "file.xml", file="file.xml")
    assert f"{caught.value}\n" == (folder / "expected.txt").read_text(encoding="utf-8")


def test_the_corpus_is_there():
    assert len(GOOD) >= 16
    assert len(BAD) >= 23


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_a_good_file_is_known_by_its_beginning(folder):
    head = (folder / "file.xml").read_bytes()[:4096]
    assert looks_like_cmf(head)
    assert not looks_like_genemapper(head)


@pytest.mark.parametrize("head", [b"", b"<html>", b"Sample Name\tMarker\n", b"see <CODISImportFile>", b"<CODISRapid/>"])
def test_other_files_are_not_taken_for_cmf(head):
    assert not looks_like_cmf(head)


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_a_file_that_can_be_written_reads_back_as_the_same(folder):
    read = read_cmf(folder / "file.xml", file="file.xml")
    try:
        text = cmf_text(read)
    except ValueError as error:
        refused = str(error)
    else:
        again = read_cmf(text.encode(), file="file.xml")
        assert again == read
        assert again.laboratory().profiles() == read.laboratory().profiles()
        return
    # Only what the format has no place for is refused, and by name.
    why = {
        "without_header": "version",
        "another_namespace": "namespace",
        "unknown_locus": "D99S1",
        "old_spellings": "PENTA E",
    }
    assert why[folder.name] in refused


# By hand


def test_one_allele_alone_is_not_homozygous():
    read = read_cmf(cmf_text(cmf(replace(BODY, loci=(locus("TH01", "6"), locus("vWA", "16", "16"))))).encode())
    readings = read.laboratory().profiles()["B1"].readings
    assert readings["TH01"] == (Reading((Repeat(6),), Reads.OTHER_UNSEEN),)
    assert readings["vWA"] == (Reading((Repeat(16),), Reads.HOMOZYGOUS),)


def test_nobody_but_the_dead_the_missing_and_their_relatives_is_compared():
    specimens = [Specimen(f"S{n}", category, (locus("TH01", "6", "7"),)) for n, category in enumerate(ROLES)]
    laboratory = read_cmf(cmf_text(cmf(*specimens)).encode()).laboratory()
    compared = {specimens[int(name[1:])].category for name in laboratory.samples}
    assert compared == {
        "Unidentified Person", "Missing Person", "Biological Mother", "Biological Father", "Biological Sibling",
        "Biological Child", "Maternal Relative", "Paternal Relative", "Spouse",
    }  # fmt: skip
    assert len(laboratory.left_out) == len(ROLES) - len(compared)


@given(
    st.lists(
        st.lists(
            st.tuples(st.sampled_from(["TH01", "THO1", "DYS391", "nonsense"]), st.sampled_from(["6", "9.3", "x"])),
            max_size=4,
        ),
        min_size=1,
        max_size=3,
    )
)
def test_loci_that_say_the_same_are_read_as_if_each_were_alone(specimens):
    own = [
        Specimen(f"B{k}", "Unidentified Person", tuple(locus(name, *values) for name, *values in loci))
        for k, loci in enumerate(specimens)
    ]
    root = ET.Element("CODISImportFile")
    for one in own:
        element = ET.SubElement(root, "SPECIMEN")
        ET.SubElement(element, "SPECIMENID").text = one.id
        ET.SubElement(element, "SPECIMENCATEGORY").text = one.category
        for each in one.loci:
            within = ET.SubElement(element, "LOCUS")
            ET.SubElement(within, "LOCUSNAME").text = each.name
            for allele in each.alleles:
                ET.SubElement(ET.SubElement(within, "ALLELE"), "ALLELEVALUE").text = allele.value
    data = ET.tostring(root)

    def outcome():
        try:
            read = read_cmf(data, file="file.xml")
        except InputError as error:
            return error.problems
        return read, read.notes, read.laboratory()

    shared = outcome()
    with patch("antigone.formats.codis.reader._MOST_KNOWN", 0):
        assert outcome() == shared


def test_an_unknown_category_is_left_out_until_somebody_says_what_it_is():
    own = cmf(replace(BODY, category="Skeleton, part"))
    assert not own.laboratory().samples
    assert "nobody said what it is" in own.laboratory().left_out[0].reason
    assert set(own.laboratory(declared={"Skeleton, part": Role.REMAINS}).samples) == {"B1"}
    assert role_of("unidentified person") is Role.REMAINS


def test_roles_are_taken_one_by_one():
    own = cmf(BODY, Specimen("M1", "Biological Mother", (locus("TH01", "6", "7"),)))
    assert set(own.laboratory((Role.REMAINS,)).samples) == {"B1"}
    assert set(own.laboratory((Role.RELATIVE,)).samples) == {"M1"}


def test_elements_stand_in_the_order_of_the_schema():
    specimen = replace(BODY, comment="femur", source_id="LAB1", case_id="C1", is_partial=True)
    text = cmf_text(cmf(specimen, batch_id="7", kit="GlobalFiler"))
    root = ET.fromstring(text)  # noqa: S314 - written above
    bare = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert bare == [
        "CODISImportFile", "HEADERVERSION", "MESSAGETYPE", "DESTINATIONORI", "SOURCELAB", "SUBMITBYUSERID",
        "SUBMITDATETIME", "BATCHID", "KIT", "SPECIMEN", "SPECIMENID", "SPECIMENCATEGORY", "SPECIMENCOMMENT", "LOCUS",
        "LOCUSNAME", "READINGBY", "READINGDATETIME", "ALLELE", "ALLELEVALUE", "ALLELE", "ALLELEVALUE",
    ]  # fmt: skip
    assert root.tag == "{urn:CODISImportFile-schema}CODISImportFile"
    assert root.find("{*}SPECIMEN").attrib == {"SOURCEID": "LAB1", "CASEID": "C1", "PARTIAL": "true"}


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (cmf(replace(BODY, id="B" * 25)), "SPECIMENID ‘BBBBBBBBBBBBBBBBBBBBBBBBB’ has 25 characters; CMF takes 24"),
        (cmf(replace(BODY, category="")), "specimen ‘B1’: SPECIMENCATEGORY is empty"),
        (cmf(replace(BODY, loci=(locus("D1S1656", "12"),))), "locus ‘D1S1656’: CMF 3.2 has no such locus"),
        (cmf(replace(BODY, loci=(locus("vwa", "12"),))), "CMF 3.2 calls it ‘vWA’"),
        (cmf(replace(BODY, loci=(locus("TH01", *"123456789"),))), "9 alleles; CMF holds 8 at most"),
        (cmf(replace(BODY, loci=(replace(locus("TH01", "6"), reading_by=""),))), "READINGBY is empty"),
        (cmf(replace(BODY, comment="two\nlines")), "SPECIMENCOMMENT"),
        (cmf(replace(BODY, loci=(locus("TH01", "6,3"),))), "locus ‘TH01’: found ‘6,3’; expected a decimal point: 6.3"),
        (cmf(BODY, BODY), "two specimens are called ‘B1’"),
        (cmf(), "no specimen"),
        (replace(cmf(BODY), submit_datetime="11 June"), "the header: ‘11 June’ is no day and time"),
        (replace(cmf(BODY), version="1.0"), "version ‘1.0’"),
        (replace(cmf(BODY), source_lab="A LABORATORY"), "SOURCELAB"),
    ],
)
def test_what_the_format_cannot_hold_is_refused_and_never_cut(own, told, tmp_path):
    with pytest.raises(ValueError, match=re.escape(told)):
        write_cmf(own, tmp_path / "file.xml")
    assert not list(tmp_path.iterdir())


def test_signs_of_xml_in_names_are_kept():
    own = cmf(replace(BODY, id="B<1>&\"2'", comment="left & right", case_id='"C"'))
    assert read_cmf(cmf_text(own).encode()) == own


def test_loci_have_one_name_in_each_version():
    for version, loci in LOCI.items():
        assert all(locus_of(marker_of(name), version) == name for name in loci)
    assert locus_of("D1S1656", "3.2") is None
    assert locus_of("D1S1656", "3.3") == "D1S1656"


def test_no_entity_is_followed_and_no_file_is_read(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET", encoding="utf-8")
    bomb = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    for declaration in (
        f'<!DOCTYPE c [<!ENTITY a SYSTEM "{secret.as_uri()}">]>',
        f'<!DOCTYPE c SYSTEM "{secret.as_uri()}">',
        f'<!DOCTYPE c [<!ENTITY a0 "x">{bomb}]>',
        f'<!DOCTYPE c [<!ENTITY % p SYSTEM "{secret.as_uri()}">%p;]>',
        "<!DOCTYPE c>",
    ):
        with pytest.raises(InputError) as caught:
            read_cmf(f"{declaration}<CODISImportFile>&a;</CODISImportFile>".encode())
        assert "a document type (DOCTYPE)" in str(caught.value)
        assert "SECRET" not in str(caught.value)


def test_what_only_begins_like_an_off_ladder_allele_is_none():
    text = cmf_text(cmf(replace(BODY, loci=(locus("FGA", "20", "22", "<24"),)))).replace("&lt;24", "&lt;b&gt;")
    with pytest.raises(InputError, match="found ‘<b>’ at FGA"):
        read_cmf(text.encode())


def test_a_long_list_of_mistakes_ends():
    specimens = "".join(f"<SPECIMEN><NAME>{n}</NAME></SPECIMEN>" for n in range(1000))
    with pytest.raises(InputError) as caught:
        read_cmf(f"<CODISImportFile>{specimens}</CODISImportFile>".encode())
    assert len(caught.value.problems) == 200
    assert "more problems" in str(caught.value.problems[-1])


# From a laboratory's table to CMF


def test_specimens_are_made_of_a_table_and_what_is_lost_is_said():
    header = "Sample Name\tSample File\tMarker\tAllele 1\tAllele 2\tHeight 1\tHeight 2\n"
    rows = [
        "B1\ta\tTH01\t6\t9.3\t810\t790", "B1\tb\tTH01\t6\t\t120\t", "B1\tc\tTH01\t6\t9.3\t300\t280",
        "B1\ta\tvWA\t16\t16\t900\t", "B1\ta\tD1S1656\t12\t13\t500\t480", "B1\ta\tFGA\t20\tOL\t400\t90",
        "B2\td\tTH01\t7\t\t150\t",
    ]  # fmt: skip
    table = read_genemapper((header + "\n".join(rows) + "\n").encode(), declared=GenemapperToml())
    made = specimens_of(table, "Unidentified Person", reading_by="reader1", reading_datetime=DAY)
    assert {one.name: [allele.value for allele in one.alleles] for one in made.specimens[0].loci} == {
        "TH01": ["6", "9.3"],
        "vWA": ["16", "16"],
        "FGA": ["20"],
    }
    assert [allele.value for allele in made.specimens[1].loci[0].alleles] == ["7"]
    assert [f"{one.what} {one.id}: {one.reason}" for one in made.left_out] == [
        "reading B1 TH01: 3 runs, summed up by majority",
        "reading B1 FGA: off-ladder alleles (20, OL), which are not written",
        "reading B1: heights, which CMF does not hold",
        "reading B2: heights, which CMF does not hold",
        "marker D1S1656: CMF 3.2 has no such locus; read in 1 samples",
    ]
    again = read_cmf(cmf_text(cmf(*made.specimens)).encode()).laboratory().profiles()
    assert again["B2"].readings == table.profiles()["B2"].readings
    assert again["B1"].readings["vWA"] == table.profiles()["B1"].readings["vWA"]


def test_y_markers_pass_through_version_33():
    header = "Sample Name\tMarker\tAllele 1\tAllele 2\n"
    rows = "B1\tDYS385\t11\t14\nB1\tDYS391\t10\t\nB1\tDYS389I\tsilent\t\n"
    table = read_genemapper((header + rows).encode(), declared=GenemapperToml())
    made = specimens_of(
        table, {"B1": "Unidentified Person"}, reading_by="r", reading_datetime=DAY, version="3.3"
    )  # fmt: skip
    assert [one.name for one in made.specimens[0].loci] == ["DYS385", "DYS391"]
    assert "a silent allele" in made.left_out[0].reason
    again = read_cmf(cmf_text(cmf(*made.specimens, version="3.3")).encode()).laboratory()
    assert again.y() == {"B1": {marker: table.y()["B1"][marker] for marker in ("DYS385", "DYS391")}}


# Round trips

words = st.text("ABCxyzЇєё №<>&\"'0129-_/", min_size=1, max_size=10).map(lambda text: f"a{text}z")
days = st.datetimes(min_value=datetime(1990, 1, 1)).map(lambda day: day.replace(microsecond=0).isoformat())
values = st.sampled_from(["5", "6", "9.3", "12", "13", "14", "17", "21", "OL", ">40", "<4"])


@st.composite
def cmf_files(draw):
    version = draw(st.sampled_from(["3.2", "3.3"]))
    loci = [name for name in LOCI[version] if marker(marker_of(name)).repeat_length == 4]  # where 9.3 can be
    loci = [name for name in loci if name not in ("DYS385", "DYF387S1")]
    specimens = []
    for name in draw(st.lists(words, min_size=1, max_size=3, unique=True)):
        own = []
        for locus_name in draw(st.lists(st.sampled_from(loci), max_size=4, unique=True)):
            alleles = draw(st.lists(values, max_size=4, unique=True))
            if (
                len(alleles) == 1
                and not locus_name.startswith("DY")
                and alleles[0][0].isdigit()
                and draw(st.booleans())
            ):
                alleles *= 2
            made = tuple(Allele(value, draw(st.booleans())) for value in alleles)
            optional = draw(st.just("") | words), draw(st.just("") | words)
            own.append(Locus(locus_name, made, draw(words), draw(days), *optional))
        specimens.append(
            Specimen(
                name,
                draw(st.sampled_from(list(ROLES)) | words),
                tuple(own),
                comment=draw(st.just("") | words),
                source_id=draw(st.just("") | words.filter(lambda word: len(word) <= 10)),
                case_id=draw(st.just("") | words),
                is_partial=draw(st.booleans()),
            )
        )
    short = words.filter(lambda word: len(word) <= 10)
    return CmfFile(
        draw(short), draw(short), draw(words), draw(days), tuple(specimens), version,
        batch_id=draw(st.just("") | words), kit=draw(st.just("") | words),
        namespace=draw(st.sampled_from(["", "urn:CODISImportFile-schema"])),
    )  # fmt: skip


@given(cmf_files())
@examples(60)
def test_what_is_written_is_read_back(own):
    assert read_cmf(cmf_text(own).encode()) == own


# Any bytes


def read_or_refuse(data):
    problems = []
    try:
        read = read_cmf(data)
    except InputError as error:
        problems = error.problems
    else:
        assert read.describe()
        read.laboratory(Role).profiles_csv()
        return
    assert problems
    assert all(problem.found and problem.expected for problem in problems)


def mutated(data, rng):
    """Some bytes changed, lost, doubled, or put in from elsewhere."""
    data = bytearray(data)
    signs = [b"<", b">", b"&", b'"', b"/", b"&#0;", b"&lt;", b"\xff", b"\0", b"<ALLELE>", b"</LOCUS>", b"<!--", b"]]>"]
    for _ in range(rng.randint(1, 5)):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            data[at:at] = rng.choice(signs)
        elif kind == 1:
            del data[at : at + rng.randint(1, 30)]
        elif kind == 2 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 3:
            start = rng.randrange(len(data) + 1)
            data[at:at] = data[start : start + rng.randint(1, 120)]
        else:
            words_there = re.findall(rb"[A-Z]{4,}|[0-9.]+", bytes(data)) or [b"x"]
            data = bytearray(bytes(data).replace(rng.choice(words_there), rng.choice(words_there), 1))
    return bytes(data)


def test_mutated_files_are_read_or_refused():
    rng = random.Random(6)  # noqa: S311 - no secret
    seeds = [(folder / "file.xml").read_bytes() for folder in (*GOOD, *BAD)]
    for _ in range(2000):
        data = mutated(rng.choice(seeds), rng)
        read_or_refuse(data)
        looks_like_cmf(data[:4096])


@given(st.binary(max_size=300))
@examples(100)
def test_any_bytes_are_read_or_refused(data):
    read_or_refuse(data)
    read_or_refuse(b"<CODISImportFile>" + data + b"</CODISImportFile>")
    looks_like_cmf(data)
