"""Lineages in a case folder: Y markers of the profiles, mitochondrial sequences, databases, settings."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.case_folder import NotWritableError, read_case_folder, write_case_folder
from antigone.genetics.alleles import Allele, OffLadder, Repeat, Silent, Unknown
from antigone.genetics.haplotypes import (
    Lineage,
    LineageDatabases,
    LineageSettings,
    MtDatabase,
    MtHaplotype,
    YDatabase,
    YHaplotype,
)
from antigone.genetics.maternal import mt_haplotype
from antigone.matching.operation import LeftOut, Operation
from small_operation import small_operation

TOML = 'format = "antigone-case"\nversion = 1\nkit = ["D3S1358", "TH01", "vWA"]\n'
REMAINS = "remains,sample\nR1,B1\n"
FAMILIES = "family,person,father,mother,sex,role,sample\nOak,son,father,,M,missing,\nOak,father,,,M,donor,D1\n"
PROFILES = "sample,replicate,marker,allele1,allele2\nD1,,TH01,6,7\nB1,,TH01,6,9.3\n"
MTDNA = "sample,ranges,differences\n"


def read(folder: Path, toml: str = "", **tables: str) -> Operation:
    folder.mkdir()
    files = {"profiles": PROFILES, "remains": REMAINS, "families": FAMILIES, **tables}
    (folder / "case.toml").write_text(TOML + toml, encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return read_case_folder(folder)


def read_y(folder: Path, *rows: str, remains: str = REMAINS) -> tuple[Lineage | None, tuple[str, ...]]:
    made = read(folder, profiles=PROFILES + "".join(f"{row}\n" for row in rows), remains=remains)
    return made.individuals[0].lineage, made.warnings


# Y markers


@pytest.mark.parametrize(
    ("cells", "copies"),
    [
        ("DYS391,10,", (Repeat(10),)),
        ("DYS391,10,10", (Repeat(10),)),
        ("DYS391,10,?", (Repeat(10),)),
        ("DYS391,10,11", (Repeat(10), Repeat(11))),
        ("Y-GATA-H4,silent,", (Silent(),)),
        ("DYS385a/b,14,11", (Repeat(11), Repeat(14))),
        ("DYS385,11,11", (Repeat(11), Repeat(11))),
        ("DYS385,11,", (Repeat(11), Unknown())),
        ("DYS385,11,?", (Repeat(11), Unknown())),
        ("DYS385,11,>20", (Repeat(11), OffLadder(">20"))),
        ("DYS385,11,silent", (Repeat(11), Silent())),
    ],
)
def test_what_the_cells_of_a_y_marker_say(cells: str, copies: tuple[Allele, ...], tmp_path: Path) -> None:
    lineage, warnings = read_y(tmp_path / "case", f"B1,,{cells}")
    assert lineage is not None
    assert lineage.y is not None
    assert lineage.y.sample == "B1"
    assert list(lineage.y.alleles.values()) == [copies]
    assert warnings == ()


@pytest.mark.parametrize("cells", ["DYS391,,", "DYS391,?,", "DYS385,OL,OL"])
def test_y_markers_without_result_are_no_haplotype(cells: str, tmp_path: Path) -> None:
    assert read_y(tmp_path / "case", f"B1,,{cells}") == (None, ())


def test_samples_of_one_man_are_joined_and_what_they_disagree_about_is_left_out(tmp_path: Path) -> None:
    rows = ["B2,,TH01,6,9.3", "B1,,DYS391,10,", "B2,,DYS391,11,", "B1,,DYS385,11,", "B2,,DYS385,11,14", "B2,,DYS19,14,"]
    lineage, warnings = read_y(tmp_path / "case", *rows, remains="remains,sample\nR1,B1\nR1,B2\n")
    read_alleles = {"DYS385": (Repeat(11), Repeat(14)), "DYS19": (Repeat(14),)}
    assert lineage == Lineage(y=YHaplotype("B1;B2", read_alleles))
    assert warnings == ("remains ‘R1’: DYS391 read in different ways, and left out of the Y haplotype",)


def test_a_sample_of_which_lineages_alone_were_read_is_no_part_of_the_profile(tmp_path: Path) -> None:
    profiles = PROFILES + "B2,,DYS391,10,\nB2,,TH01,,\n"
    remains = "remains,sample\nR1,B1;B2;B3\n"
    made = read(tmp_path / "case", profiles=profiles, remains=remains, mtdna=MTDNA + "B3,73-340,263G\n")
    [individual] = made.individuals
    assert (individual.profile.sample, individual.samples) == ("B1", ("B1",))
    sequence = mt_haplotype("B3", "73-340", "263G")
    assert individual.lineage == Lineage(YHaplotype("B2", {"DYS391": (Repeat(10),)}), sequence)
    assert made.left_out == ()


def test_somebody_of_whom_lineages_alone_were_read_is_told_as_such(tmp_path: Path) -> None:
    remains = REMAINS + "R2,B2\n"
    families = FAMILIES + "Oak,uncle,,,M,donor,D2\n"
    profiles = PROFILES + "B2,,DYS391,10,\nD2,,DYS391,10,\n"
    made = read(tmp_path / "case", remains=remains, families=families, profiles=profiles)
    reason = "its lineages alone were read, which are compared after a search of other markers"
    assert made.left_out == (LeftOut("individual", "R2", reason),)
    assert made.families[0].lineages == {"uncle": Lineage(y=YHaplotype("D2", {"DYS391": (Repeat(10),)}))}
    assert made.families[0].donors() == ("father",)
    assert made.warnings == ()


def test_a_y_haplotype_of_a_woman_is_told(tmp_path: Path) -> None:
    remains, families = "remains,sample,sex\nR1,B1,F\n", FAMILIES + "Oak,aunt,,,F,donor,D2\n"
    profiles = PROFILES + "B1,,DYS391,10,\nD2,,DYS391,10,\n"
    made = read(tmp_path / "case", remains=remains, families=families, profiles=profiles)
    told = "a Y haplotype was read, and the sex is F; it is not used, and the sex, a label or the reading may be wrong"
    assert made.warnings == (f"remains ‘R1’: {told}", f"person ‘aunt’ of family ‘Oak’: {told}")


# Mitochondrial DNA


def test_the_longest_of_several_sequences_is_used_where_they_agree(tmp_path: Path) -> None:
    rows = "B1,73-340,263G 309.1C\nB2,16024-16365;73-340,263G 16093C\n"
    profiles = PROFILES + "B2,,TH01,6,9.3\n"
    made = read(tmp_path / "a", remains="remains,sample\nR1,B1;B2\n", profiles=profiles, mtdna=MTDNA + rows)
    assert made.individuals[0].lineage == Lineage(mt=mt_haplotype("B2", "16024-16365;73-340", "263G 16093C"))
    [told] = made.warnings
    assert told == "remains ‘R1’: of several mitochondrial sequences that of B2, the longest, is used"
    rows = "B1,73-340,263G 152C\nB2,16024-16365;73-340,263G 16093C\n"
    made = read(tmp_path / "b", remains="remains,sample\nR1,B1;B2\n", profiles=profiles, mtdna=MTDNA + rows)
    assert made.individuals[0].lineage is None
    [told] = made.warnings
    assert told == "remains ‘R1’: the mitochondrial DNA of B2 and B1 differs (152C), and is left out"


# Databases and settings


def test_databases_and_what_is_declared(tmp_path: Path) -> None:
    toml = '[lineage]\nconfidence = 0.99\nown_donors = false\ny_rates = { "dys 391" = 0.004 }\ny_source = "Invented"\n'
    made = read(
        tmp_path / "case",
        toml,
        y_database="haplotype,DYS385a/b,DYS391\na,14;11,10\nb,11;?,\n",
        mt_database="ranges,differences,count\n73-340,263G 150T,3\n73-340,,\n",
    )
    assert made.settings.lineage == LineageSettings(confidence=0.99, own_donors=False, y_rates={"DYS391": 0.004})
    first = {"DYS385": (Repeat(11), Repeat(14)), "DYS391": (Repeat(10),)}
    second = {"DYS385": (Repeat(11), Unknown())}
    assert made.lineage_databases == LineageDatabases(
        YDatabase((YHaplotype("", first), YHaplotype("", second)), (1, 1), "Invented"),
        MtDatabase((mt_haplotype("", "73-340", "150T 263G"), mt_haplotype("", "73-340", "")), (3, 1), "not stated"),
    )


def test_without_databases_there_are_none(tmp_path: Path) -> None:
    made = read(tmp_path / "case")
    assert made.lineage_databases == LineageDatabases()
    assert made.settings.lineage == LineageSettings()


# Writing

SEQUENCE = MtHaplotype("M1", ((73, 340), (16024, 16365)), ("263G", "16093Y"))


def with_lineages(own: Lineage | None, father: Lineage | None, **changed: object) -> Operation:
    small = small_operation()
    individuals = (replace(small.individuals[0], lineage=own), *small.individuals[1:])
    lineages = {} if father is None else {"F1-FA": father}
    families = (replace(small.families[0], lineages=lineages), small.families[1])
    return replace(small, individuals=individuals, families=families, **changed)


def written(operation: Operation, folder: Path) -> Operation:
    write_case_folder(operation, folder)
    return read_case_folder(folder)


@pytest.mark.parametrize("sample", ["S1", "S1Y", "S1;S1Y", "S1Y;S1Z"])
def test_lineages_are_read_back_with_the_names_of_their_samples(sample: str, tmp_path: Path) -> None:
    y = YHaplotype(sample, {"DYS391": (Repeat(10),), "DYS385": (Repeat(11), Unknown()), "DYS448": (Silent(),)})
    own = Lineage(y, replace(SEQUENCE, sample=sample))
    father = Lineage(y=YHaplotype("S4", {"DYF387S1": (Repeat(35), Repeat(36), Repeat(38))}))
    again = written(with_lineages(own, father), tmp_path / "case")
    assert again.individuals[0].lineage == own
    assert again.individuals[0].samples == ("S1",)
    assert again.individuals[0].profile.sample == "S1"
    assert again.families[0].lineages == {"F1-FA": father}
    assert again.left_out == ()


def test_a_joint_profile_and_a_lineage_of_one_of_its_samples(tmp_path: Path) -> None:
    small = with_lineages(Lineage(y=YHaplotype("S1b", {"DYS391": (Repeat(10),)})), None)
    profile = replace(small.individuals[0].profile, sample="S1a;S1b")
    first = replace(small.individuals[0], profile=profile, samples=("S1a", "S1b"))
    again = written(replace(small, individuals=(first, *small.individuals[1:])), tmp_path / "case")
    assert again.individuals[0].samples == ("S1a", "S1b")
    assert again.individuals[0].profile.sample == "S1a;S1b"
    assert again.individuals[0].lineage == first.lineage


def test_replicates_and_a_haplotype_of_one_sample_are_written_together(tmp_path: Path) -> None:
    small = with_lineages(Lineage(y=YHaplotype("S1", {"DYS391": (Repeat(10),)})), None)
    profile = small.individuals[0].profile
    twice = replace(profile, readings={name: readings * 2 for name, readings in profile.readings.items()})
    first = replace(small.individuals[0], profile=twice)
    again = written(replace(small, individuals=(first, *small.individuals[1:])), tmp_path / "case")
    assert again.individuals[0] == first


def test_a_relative_of_whom_lineages_alone_were_read_is_a_donor(tmp_path: Path) -> None:
    small = with_lineages(None, None)
    lineages = {"F2-MO": Lineage(mt=SEQUENCE)}
    families = (small.families[0], replace(small.families[1], lineages=lineages))
    again = written(replace(small, families=families), tmp_path / "case")
    assert again.families[1].lineages == lineages
    assert "F2-MO" not in again.families[1].profiles


def test_databases_and_rates_are_read_back(tmp_path: Path) -> None:
    databases = LineageDatabases(
        YDatabase((YHaplotype("", {"DYS391": (Repeat(10),)}), YHaplotype("", {"DYS19": (Silent(),)})), (5, 1), "here"),
        MtDatabase((replace(SEQUENCE, sample=""),), (7,)),
    )
    made = with_lineages(None, None, lineage_databases=databases)
    declared = LineageSettings(confidence=0.9, y_rates={"DYS391": 0.01}, mt_beyond=1e-6, own_donors=False)
    made = replace(made, settings=replace(made.settings, lineage=declared))
    again = written(made, tmp_path / "case")
    assert again.lineage_databases == databases
    assert again.settings.lineage == declared


@pytest.mark.parametrize(
    ("lineage", "why"),
    [
        (Lineage(y=YHaplotype("", {"DYS391": (Repeat(10),)})), "without a sample"),
        (Lineage(y=YHaplotype("S9", {"DYS385": (Repeat(10),)})), "1 copies of DYS385 cannot be written; it has 2"),
        (Lineage(y=YHaplotype("S4", {"DYS391": (Repeat(10),)})), "would not be read back"),  # S4 is the father's
        (Lineage(mt=MtHaplotype("S9", ((73, 340),), ("750G",))), "would not be read back"),
    ],
)
def test_what_cannot_be_read_back_is_not_written(lineage: Lineage, why: str, tmp_path: Path) -> None:
    with pytest.raises(NotWritableError, match=why):
        write_case_folder(with_lineages(lineage, None), tmp_path / "case")
    assert not (tmp_path / "case").exists()


COPIES = st.one_of(
    st.integers(8, 30).map(lambda n: (Repeat(n),)),
    st.just((Silent(),)),
    st.tuples(st.integers(8, 19), st.integers(20, 30)).map(lambda ab: (Repeat(ab[0]), Repeat(ab[1]))),
)
HAPLOTYPES = st.dictionaries(st.sampled_from(["DYS19", "DYS390", "DYS391", "DYS389I"]), COPIES, min_size=1)


@settings(max_examples=10, deadline=None)
@given(own=HAPLOTYPES, his=HAPLOTYPES, sample=st.sampled_from(["S1", "S9", "S1;S9"]))
def test_any_haplotypes_are_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    own: dict[str, tuple[Allele, ...]],
    his: dict[str, tuple[Allele, ...]],
    sample: str,
) -> None:
    made = with_lineages(Lineage(y=YHaplotype(sample, own)), Lineage(y=YHaplotype("S4", his)))
    again = written(made, tmp_path_factory.mktemp("any") / "case")
    assert again.individuals[0].lineage == made.individuals[0].lineage
    assert again.individuals[0].samples == ("S1",)
    assert again.families[0].lineages == made.families[0].lineages
