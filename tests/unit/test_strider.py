"""STRidER files: two forms that say the same, and what cannot be."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.errors import InputError
from antigone.formats.frequencies import read_frequencies, write_frequencies
from antigone.formats.strider import population, read_strider, strider_of
from antigone.genetics.alleles import OffLadder, Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies
from corpus_files import CORPUS, bad_files, check_errors

STRIDER = CORPUS / "strider"


@pytest.mark.parametrize("name", bad_files("strider", ".xml", ".csv"))
def test_a_bad_file_gets_exactly_these_errors(name: str) -> None:
    check_errors(read_strider, STRIDER / name)


def test_populations_have_their_markers_and_how_many_were_typed() -> None:
    tables = read_strider(STRIDER / "two_populations.xml")
    assert list(tables) == ["ARCADIA", "NOWHERE"]
    assert tables["NOWHERE"].markers == {
        "D3S1358": MarkerFrequencies("D3S1358", (Repeat(15), Repeat(16)), (0.75, 0.25), None, 100)
    }
    assert tables["ARCADIA"].markers["TH01"] == MarkerFrequencies(
        "TH01", (Repeat(6), Repeat(9, 3)), (0.25, 0.75), None, 220
    )


def test_rare_long_alleles_are_longer_than_those_listed() -> None:
    entry = read_strider(STRIDER / "two_populations.xml")["ARCADIA"].markers["D3S1358"]
    assert entry.alleles == (Repeat(14), Repeat(15), Repeat(16), OffLadder(">16"))
    assert entry.frequencies == (0.1, 0.5, 0.39, 0.01)


@pytest.mark.parametrize("name", ["two_populations.csv", "namespace.xml", "semicolons.csv"])
def test_other_forms_say_the_same(name: str) -> None:
    usual, other = read_strider(STRIDER / "two_populations.xml"), read_strider(STRIDER / name)
    assert {key: table.markers for key, table in other.items()} == {key: table.markers for key, table in usual.items()}


def test_strider_s_own_form_has_quoted_decimal_commas_and_a_row_of_sizes_without_a_name() -> None:
    tables = read_strider(STRIDER / "own_form.csv")
    assert list(tables) == ["ARCADIA", "ELIS"]
    assert tables["ARCADIA"].markers["D1S1656"] == MarkerFrequencies(
        "D1S1656", (Repeat(11), Repeat(12), Repeat(15, 3), Repeat(17, 3)), (0.0125, 0.4125, 0.25, 0.325), None, 80
    )
    assert tables["ELIS"].markers["TH01"].frequencies == (0.211538, 0.288462, 0.5)


def test_frequencies_prove_that_people_were_counted_where_they_are_odd_parts_of_twice_as_many() -> None:
    """One allele of 80 is 0.0125, which no number of the 40 that `n` says can be; somebody may still say otherwise."""
    tables = read_strider(STRIDER / "own_form.csv")
    assert {name: table.markers["TH01"].chromosomes for name, table in tables.items()} == {"ARCADIA": 80, "ELIS": 52}
    assert tables["ELIS"].source == "STRidER, ELIS, from own_form.csv; n counts people"
    told = read_strider(STRIDER / "own_form.csv", sample_size="chromosomes")
    assert told["ELIS"].markers["TH01"].chromosomes == 26


def test_a_row_without_a_name_below_the_alleles_is_no_sample_size() -> None:
    with pytest.raises(InputError, match="line 4, column ELIS: found ‘’; expected an allele"):
        strider_of(b"TH01,\nAllele,ELIS\n6,1\n,25\n", "x")


def test_what_n_counts_is_for_the_reader_to_say() -> None:
    tables = read_strider(STRIDER / "two_populations.xml", sample_size="people")
    assert tables["ARCADIA"].markers["TH01"].chromosomes == 440
    assert tables["ARCADIA"].source == "STRidER, ARCADIA, from two_populations.xml; n counts people"


def test_a_population_becomes_a_frequency_file(tmp_path) -> None:
    table = population(read_strider(STRIDER / "two_populations.xml"), "arcadia", "x")
    write_frequencies(table, tmp_path / "frequencies.csv")
    assert read_frequencies(tmp_path / "frequencies.csv").markers == table.markers
    with pytest.raises(InputError, match="no population ‘ARCADIE’; expected one of ARCADIA, NOWHERE; near it is ‘ARC"):
        population(read_strider(STRIDER / "two_populations.xml"), "ARCADIE", "x")


def test_a_document_type_is_refused_before_any_entity_is_read() -> None:
    inner = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE s [<!ENTITY e0 "aaaaaaaaaa">{inner}]><s>&e11;</s>'
    with pytest.raises(InputError, match="a document type"):
        strider_of(bomb.encode(), "x")


def test_more_than_it_can_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("antigone.formats.frequency_figures.MAX_FIGURES", 3)
    with pytest.raises(InputError, match="more than 3 frequencies"):
        read_strider(STRIDER / "two_populations.xml")


# Round trips and damage

SHARES = st.lists(st.integers(1, 1000), min_size=1, max_size=5).map(lambda n: [one / sum(n) for one in n])


@st.composite
def tables(draw: st.DrawFn) -> dict[str, dict[str, MarkerFrequencies]]:
    populations = draw(st.lists(st.sampled_from(["ARCADIA", "ELIS", "PHTHIA"]), min_size=1, unique=True))
    markers = draw(st.lists(st.sampled_from(["TH01", "vWA", "FGA"]), min_size=1, unique=True))
    made: dict[str, dict[str, MarkerFrequencies]] = {}
    for name in populations:
        made[name] = {}
        for marker in markers:
            shares = draw(SHARES)
            first = draw(st.integers(2, 40))
            alleles = [Repeat(first + place) for place in range(len(shares))]
            made[name][marker] = MarkerFrequencies(
                marker, tuple(alleles), tuple(shares), None, draw(st.none() | st.integers(1, 9999))
            )
    return made


def as_xml(made: dict[str, dict[str, MarkerFrequencies]]) -> str:
    text = "<strider>"
    for marker in next(iter(made.values())):
        text += f"<marker><name>{marker}</name>"
        for name, markers in made.items():
            entry = markers[marker]
            size = "" if entry.chromosomes is None else f' n="{entry.chromosomes}"'
            text += f'<origin name="{name}"{size}>'
            for allele, value in zip(entry.alleles, entry.frequencies, strict=True):
                text += f'<frequency allele="{allele}">{value!r}</frequency>'
            text += "</origin>"
        text += "</marker>"
    return text + "</strider>"


def as_csv(made: dict[str, dict[str, MarkerFrequencies]]) -> str:
    text = ""
    for marker in next(iter(made.values())):
        entries = [markers[marker] for markers in made.values()]
        text += f"{marker}\nAllele,{','.join(made)}\nN,{','.join(str(one.chromosomes or '') for one in entries)}\n"
        for allele in sorted({allele for one in entries for allele in one.alleles}, key=lambda one: one.repeats):
            shares = [dict(zip(one.alleles, one.frequencies, strict=True)).get(allele) for one in entries]
            text += f"{allele},{','.join('' if one is None else repr(one) for one in shares)}\n"
    return text


@given(tables())
def test_what_is_written_in_either_form_is_read_as_it_is(made: dict[str, dict[str, MarkerFrequencies]]) -> None:
    def markers(read: dict[str, FrequencyTable]) -> dict[str, dict[str, MarkerFrequencies]]:
        return {name: dict(table.markers) for name, table in read.items()}

    assert markers(strider_of(as_xml(made).encode(), "x.xml", sample_size="chromosomes")) == made
    assert markers(strider_of(as_csv(made).encode(), "x.csv", sample_size="chromosomes")) == made


SOUND = [(STRIDER / name).read_bytes() for name in ("two_populations.xml", "two_populations.csv", "namespace.xml")]


@settings(max_examples=200)
@given(data=st.data())
def test_damaged_bytes_give_problems_or_a_result_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SOUND)))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content)))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    with suppress(InputError):
        strider_of(bytes(content), "x")
