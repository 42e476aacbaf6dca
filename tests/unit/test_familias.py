import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.formats.errors import InputError
from antigone.formats.familias import (
    MAX_BYTES,
    MAX_MARKERS,
    MISSING_PERSON,
    Allele,
    Dvi,
    DviPerson,
    FamiliasProject,
    Family,
    FamilyPedigree,
    FrequencyDatabase,
    Genotype,
    KnownRelations,
    Marker,
    Mutation,
    MutationModel,
    MutationParameters,
    Number,
    Pedigree,
    Person,
    Relation,
    Section,
    Sex,
    components,
    infer_sexes,
    read_familias,
    read_text,
    to_text,
    write_familias,
)

CASES = Path(__file__).resolve().parents[2].parent / "shared" / "cases" / "familias"
CASE_NAMES = ("dvi-example", "KETPex498", "exclusionExample", "paternity", "halfsib", "sibship")

SMALL = """\
"Output from Familias, version 3.3.1"
"DO NOT EDIT!"
3.3.1 (DVI)
""
2
"Father"
#FALSE#
1961 (Consider dropouts)
#FALSE#
#TRUE#
1
0
1
0
"Child"
#TRUE#
-1
#FALSE#
#FALSE#
0
"Known relations"
1
0
1
2
1
1
0
"H1"
0
1
2
0
1
3
2
#FALSE# (#Databases: 1 ;Theta/Kinship/Fst: 0.01 )
2
#TRUE#
"A database"
"M1"
0.001
0.002
4
3
2
0.1
0.2
1e-005
0.0
#FALSE#
0
2\t(DatabaseSize = 2500 , Dropout probability = 0.05 , Minor allele frequency = 0.001 )
"12"
0.25
"Rest allele"
0.75
"M2"
0
0
0
0
3
0.1
0.1
0.0
0.0
#TRUE#
0.01
2
"8"
0.5
"9.3"
0.49

[DVI]
[[Unidentified persons]]
nPersons= 1
[[[Person 1 ]]]
Name= V1
Gender= Male
[[[[DNA data]]]]
nSystems= 2
SystemName= M1
Allele1= 12
Allele2= 12
SystemName= M2
Allele1= 9.3
Allele2= 8
[[Notes]]
nFamilies= 1
a note
[[Reference Families]]
nFamilies= 1
[[[Family 1 ]]]
Name= F1
[[[[Persons]]]]
nPersons= 2
[[[[[Person 1]]]]]
Name= Wife [R1]
Gender= Female
[[[[[[DNA data]]]]]]
nSystems= 0
[[[[[Person 2]]]]]
Name= Son
Gender= Male
[[[[[[DNA data]]]]]]
nSystems= 1
SystemName= M1
Allele1= 12
Allele2= Rest allele
[[[[Pedigrees]]]]
nPedigrees= 2
[[[[[Pedigree 1]]]]]
Name= Reference pedigree
nRelations= 0
[[[[[Pedigree 2]]]]]
Name= PED-F1
nRelations= 2
Parent= Missing person
Child= Son
Parent= Wife [R1]
Child= Son
[Prior]
UseList= No
Size= 36
[Advanced]
[[Simulation]]
SaveGenotypes= Disabled
ForceMAF= Enabled
"""


def changed(old: str, new: str, *, text: str = SMALL) -> str:
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the text"
    return text.replace(old, new)


def problem_of(text: str):
    with pytest.raises(InputError) as caught:
        read_text(text, "small.fam")
    assert all(problem.file == "small.fam" for problem in caught.value.problems)
    return caught.value.problems[0]


def line_of(row: str, text: str = SMALL) -> int:
    return text.split("\n").index(row) + 1


def small() -> FamiliasProject:
    return read_text(SMALL)


# What is read


def test_a_project_says_who_its_persons_are():
    father, child = small().persons
    assert (father.name, father.sex, father.birth_year, father.consider_dropout) == ("Father", Sex.MALE, 1961, True)
    assert (child.name, child.sex, child.birth_year, child.consider_dropout) == ("Child", Sex.FEMALE, None, False)
    assert (child.flag_before_birth_year, child.flag_after_birth_year) == (True, False)


def test_genotypes_by_number_are_read_as_allele_names():
    assert small().persons[0].genotypes == {"M1": ("12", "Rest allele")}


def test_extra_persons_are_numbered_after_the_named_ones():
    project = small()
    (pedigree,) = project.pedigrees
    assert project.pedigree_sexes(pedigree) == {
        "Father": Sex.MALE,
        "Child": Sex.FEMALE,
        "extra_1": Sex.FEMALE,
        "extra_ped1_1": Sex.MALE,
    }
    assert project.known.relations == (("extra_1", "Child"),)
    assert project.pedigree_relations(pedigree) == (
        ("extra_1", "Child"),
        ("Father", "Child"),
        ("extra_ped1_1", "extra_1"),
    )


def test_numbers_keep_their_spelling_beside_their_value():
    marker = small().frequencies.markers[0]
    assert marker.alleles == (Allele("12", Number("0.25")), Allele("Rest allele", Number("0.75")))
    assert (marker.female.rate2.text, marker.female.rate2.value) == ("1e-005", 0.00001)
    assert (marker.database_size.value, marker.dropout_probability.text) == (2500, "0.05")
    assert marker.minor_allele_frequency == Number("0.001")
    assert small().theta == 0.01
    assert small().frequencies.name == "A database"


def test_mothers_and_fathers_may_mutate_by_different_models():
    assert small().frequencies.by_name["M1"].mutation == {
        Sex.FEMALE: MutationParameters("extended stepwise", 0.001, 0.00001, 0.1),
        Sex.MALE: MutationParameters("stepwise stationary", 0.002, 0.0, 0.2),
    }


def test_the_silent_allele_is_counted_but_not_listed():
    marker = small().frequencies.by_name["M2"]
    assert marker.has_silent_allele
    assert marker.silent_frequency.value == 0.01
    assert marker.labels == ("8", "9.3")


def test_the_dvi_section_holds_the_dead_and_the_families():
    dvi = small().dvi
    (victim,) = dvi.unidentified
    assert (victim.name, victim.sex) == ("V1", Sex.MALE)
    assert victim.genotypes == {"M1": ("12", "12"), "M2": ("9.3", "8")}
    assert dvi.notes == ("a note",)
    (family,) = dvi.families
    assert [person.name for person in family.persons] == ["Wife [R1]", "Son"]
    assert [pedigree.name for pedigree in family.pedigrees] == ["Reference pedigree", "PED-F1"]
    assert family.pedigrees[1].relations == ((MISSING_PERSON, "Son"), ("Wife [R1]", "Son"))
    assert [pedigree.mentions_missing_person for pedigree in family.pedigrees] == [False, True]


def test_settings_are_found_by_their_path():
    project = small()
    assert project.setting("Prior", "Size") == "36"
    assert project.setting("Advanced", "Simulation", "ForceMAF") == "Enabled"
    assert project.setting("Advanced", "DVI", "QuickSearch") is None


def test_the_sex_of_the_missing_follows_from_the_other_parent():
    (family,) = small().dvi.families
    assert infer_sexes(family.sexes, family.pedigrees[1].relations)[MISSING_PERSON] is Sex.MALE


def test_the_sex_stays_unknown_where_nothing_tells_it():
    assert infer_sexes({"Son": Sex.MALE}, [(MISSING_PERSON, "Son")])[MISSING_PERSON] is Sex.UNKNOWN
    contrary = [("W", "A"), ("X", "A"), ("M", "B"), ("X", "B")]
    assert infer_sexes({"W": Sex.FEMALE, "M": Sex.MALE}, contrary)["X"] is Sex.UNKNOWN


def test_sexes_are_inferred_along_a_chain_of_partners():
    chain = [("X", "A"), ("Y", "A"), ("W", "B"), ("X", "B")]
    inferred = infer_sexes({"W": Sex.FEMALE}, chain)
    assert (inferred["X"], inferred["Y"]) == (Sex.MALE, Sex.FEMALE)


def test_the_codes_of_the_mutation_models():
    assert [model.label for model in MutationModel] == [
        "equal",
        "proportional",
        "stepwise",
        "stepwise stationary",
        "extended stepwise",
    ]


# What real files hold


def test_a_direct_reference_is_no_parent():
    text = changed("Parent= Wife [R1]\n", "Parent= Wife [R1] (Direct)\n")
    pedigree = read_text(text).dvi.families[0].pedigrees[1]
    assert pedigree.relations == ((MISSING_PERSON, "Son"),)
    assert pedigree.identities == (("Wife [R1]", "Son"),)
    assert to_text(read_text(text)) == text


def test_a_direct_reference_by_number_is_no_parent():
    text = changed("2\n0\n1\n3\n2\n#FALSE# (", "2\n0 (Direct)\n1\n3\n2\n#FALSE# (")
    pedigree = read_text(text).pedigrees[0]
    assert pedigree.identities == (("Father", "Child"),)
    assert to_text(read_text(text)) == text


def test_a_line_that_says_direct_belongs_to_its_relation():
    text = changed("Parent= Wife [R1]\nChild= Son\n", "Parent= Wife [R1]\nChild= Son\nDirect= Yes\n")
    assert read_text(text).dvi.families[0].pedigrees[1].identities == (("Wife [R1]", "Son"),)
    assert to_text(read_text(text)) == text
    switched_off = text.replace("Direct= Yes", "Direct= No")
    assert read_text(switched_off).dvi.families[0].pedigrees[1].identities == ()


@pytest.mark.parametrize(("gender", "data"), [("Female", "the same"), ("Male", "different")])
def test_a_person_listed_twice_in_a_family_is_kept_twice(gender, data):
    person = "Name= Wife [R1]\nGender= Female\n[[[[[[DNA data]]]]]]\nnSystems= 0\n"
    again = person + "[[[[[Person 2]]]]]\n" + person.replace("Female", gender)
    text = changed(person, again).replace("nPersons= 2", "nPersons= 3")
    text = text.replace("[[[[[Person 2]]]]]\nName= Son", "[[[[[Person 3]]]]]\nName= Son")
    project = read_text(text)
    assert [person.name for person in project.dvi.families[0].persons] == ["Wife [R1]", "Wife [R1]", "Son"]
    (warning,) = project.warnings
    assert warning.found == f"‘Wife [R1]’ again in family ‘F1’, with {data} data; both are kept"
    assert warning.line == line_of("Name= Wife [R1]", text) + 5
    assert to_text(project) == text


@pytest.mark.parametrize("gender", ["", "Gender= Unknown\n"])
def test_a_person_without_a_sex_is_read_with_a_warning(gender):
    project = read_text(changed("Gender= Female\n", gender))
    assert project.dvi.families[0].persons[0].sex is Sex.UNKNOWN
    (warning,) = project.warnings
    assert "‘Wife [R1]’" in warning.found
    assert "unknown" in warning.expected


def test_an_allele_that_the_database_lacks_is_kept_with_a_warning():
    project = read_text(changed("Allele1= 9.3", "Allele1= 9.1"))
    assert project.dvi.unidentified[0].genotypes["M2"] == ("9.1", "8")
    (warning,) = project.warnings
    assert warning.found == "allele ‘9.1’ of ‘V1’ at ‘M2’"
    assert warning.line == line_of("SystemName= M2")


def test_decimal_commas_are_read_and_kept():
    text = changed('"12"\n0.25', '"12"\n0,25')
    project = read_text(text)
    assert project.frequencies.markers[0].alleles[0].value == 0.25
    assert [warning.found for warning in project.warnings] == ["‘0,25’"]
    assert to_text(project) == text


def test_sections_and_lines_that_are_not_understood_are_kept():
    text = changed("Size= 36\n", "Size= 36\nLuck= 7\n[[Inner]]\na line\n[Unheard of]\n[[Of]]\nx\n")
    text = changed("Gender= Male\n[[[[DNA", "Gender= Male\nAge= 40\n[[[[DNA", text=text)
    text = changed("Name= F1\n", "Name= F1\nVillage= X\n", text=text)
    text = changed("[Prior]\n", "[[New]]\n[[[Deep]]]\ny\n[Prior]\n", text=text)
    project = read_text(text)
    assert to_text(project) == text
    assert project.warnings == ()
    assert project.setting("Prior", "Luck") == "7"


def test_a_file_without_remarks_between_brackets_is_read():
    text = changed("#FALSE# (#Databases: 1 ;Theta/Kinship/Fst: 0.01 )", "#FALSE#")
    project = read_text(text)
    assert (project.theta, project.warnings) == (None, ())
    assert to_text(project) == text


def test_remarks_that_are_not_understood_are_kept():
    text = changed("Theta/Kinship/Fst: 0.01 )", "Theta/Kinship/Fst: 0.01 ;Weather: fine )")
    text = changed("frequency = 0.001 )", "frequency = 0.001 , Chromosome = 4 )", text=text)
    project = read_text(text)
    assert project.frequencies.more_information == (("Weather", "fine"),)
    assert project.frequencies.markers[0].more_information == (("Chromosome", "4"),)
    assert to_text(project) == text


def test_what_would_not_be_written_back_alike_is_said():
    project = read_text(changed("Name= V1\n", "Name=V1\n"))
    (warning,) = project.warnings
    assert (warning.line, warning.found) == (line_of("Name= V1"), "‘Name=V1’")


def test_frequencies_that_do_not_add_up_are_said():
    (warning,) = read_text(changed('"12"\n0.25', '"12"\n0.20')).warnings
    assert warning.found == "frequencies of ‘M1’ that add up to 0.95"


# Errors

ERRORS = {
    "no Familias project": ('"Output from Familias', '"Output from Excel', "Familias project"),
    "no version": ("3.3.1 (DVI)\n", "three\n", "the version"),
    "no whole number": ('""\n2\n', '""\ntwo\n', "the number of persons, a whole number"),
    "one person fewer": ('""\n2\n', '""\n1\n', "“Known relations” between quotes"),
    "one person more": ('""\n2\n', '""\n3\n', "#TRUE# or #FALSE#"),
    "too many persons": ('""\n2\n', '""\n999999999\n', "at most"),
    "no flag": ("#FALSE#\n1961", "#MAYBE#\n1961", "#TRUE# or #FALSE#"),
    "no year of birth": ("1961 (", "19611 (", "the year of birth of ‘Father’, or -1"),
    "no allele of that number": ("1\n0\n1\n0\n", "1\n0\n2\n0\n", "an allele of ‘Father’ at M1 from 0 to 1"),
    "no allele below 0": ("1\n0\n1\n0\n", "1\n0\n-1\n0\n", "a whole number"),
    "no marker of that number": ("1\n0\n1\n0\n", "1\n0\n1\n2\n", "a marker of ‘Father’ from 0 to 1"),
    "person twice": ('"Child"', '"Father"', "another name: the person of line 6 has this one"),
    "relation with nobody": ("2\n1\n1\n0\n", "7\n1\n1\n0\n", "persons from 0 to 2"),
    "parent with a remark": ("2\n1\n1\n0\n", "2 (Adopted)\n1\n1\n0\n", "nothing after it but “Direct”"),
    "results": ("#FALSE# (#Data", "#TRUE# (#Data", "results are stored in this file"),
    "several databases": ("#Databases: 1", "#Databases: 2", "one database"),
    "theta": ("Fst: 0.01", "Fst: 1.01", "theta, from 0 to 1"),
    "one marker fewer": ("2\n#TRUE#\n", "1\n#TRUE#\n", "after the 1 markers that line 38 says"),
    "one marker more": ("2\n#TRUE#\n", "3\n#TRUE#\n", "the name of a marker, of which line 38 says"),
    "no number": ("0.001\n0.002\n", "0.001\n-1.#IND\n", "the mutation rate of fathers at ‘M1’, a number"),
    "a rate above 1": ("0.001\n0.002\n", "0.001\n2\n", "from 0 to 1"),
    "no mutation model": ("\n4\n3\n2\n", "\n4\n5\n2\n", "the mutation model of fathers at ‘M1’, at most 4"),
    "allele count": ("\n4\n3\n2\n", "\n4\n3\n3\n", "3 alleles, as line 46 says"),
    "one allele fewer": ("2\t(Data", "1\t(Data", "2 alleles, as line 46 says"),
    "allele twice": ('"Rest allele"', '"12"', "another allele of ‘M1’"),
    "a negative frequency": ('"8"\n0.5', '"8"\n-0.5', "from 0 to 1"),
    "marker twice": ('"M2"', '"M1"', "another name: the marker of line"),
    "nothing after the version's (DVI)": (SMALL[SMALL.index("\n[DVI]") :], "", "the section [DVI]"),
    "no unidentified persons": ("[[Unidentified persons]]\nnPersons= 1\n", "", "[[Unidentified persons]]"),
    "one victim fewer": ("persons]]\nnPersons= 1", "persons]]\nnPersons= 0", "no more of these, as nPersons in line"),
    "one victim more": ("persons]]\nnPersons= 1", "persons]]\nnPersons= 2", "[[[Person 2]]], because nPersons in line"),
    "one marker of a victim fewer": ("nSystems= 2", "nSystems= 1", "a heading, because nSystems in line"),
    "one marker of a victim more": ("nSystems= 2", "nSystems= 3", "SystemName= …, because nSystems in line"),
    "one marker of a victim twice": ("SystemName= M2", "SystemName= M1", "another marker of ‘V1’"),
    "one family fewer": ("Families]]\nnFamilies= 1", "Families]]\nnFamilies= 0", "as nFamilies in line"),
    "one family more": ("Families]]\nnFamilies= 1", "Families]]\nnFamilies= 2", "because nFamilies in line"),
    "one relative fewer": ("nPersons= 2", "nPersons= 1", "no more of these, as nPersons in line"),
    "one pedigree fewer": ("nPedigrees= 2", "nPedigrees= 1", "no more of these, as nPedigrees in line"),
    "one relation fewer": ("nRelations= 2", "nRelations= 1", "a heading, because nRelations in line"),
    "one relation more": ("nRelations= 2", "nRelations= 3", "Parent= …, because nRelations in line"),
    "a relation of an unknown person": ("Parent= Wife [R1]", "Parent= Wife", "a person of this family"),
    "somebody their own ancestor": ("Parent= Missing person\nChild= Son\nParent= Wife [R1]\nChild= Son\n",
                    "Parent= Son\nChild= Wife [R1]\nParent= Wife [R1]\nChild= Son\n", "no circle of parents"),
    "one parent twice": ("Parent= Wife [R1]", "Parent= Missing person", "it once, as in line"),
    "a number that is no number": ("nSystems= 2", "nSystems= many", "nSystems, a whole number"),
    "a heading of the wrong depth": ("[[Simulation]]", "[[[Simulation]]]", "a heading within 2 brackets at most"),
    "text where a section should be": ("\n[DVI]", "\nhello\n[DVI]", "a section"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_each_mistake_has_its_own_error(name):
    old, new, expected = ERRORS[name]
    problem = problem_of(changed(old, new))
    assert expected in problem.expected
    assert problem.line is not None


def test_an_error_says_line_column_what_stood_there_and_what_is_expected():
    problem = problem_of(changed("nSystems= 2", "nSystems= many"))
    assert str(problem) == (
        f"small.fam, line {line_of('nSystems= 2')}, column 11: found ‘many’; expected nSystems, a whole number"
    )


def test_two_parents_of_one_sex_are_refused():
    # The third person is the extra female of all pedigrees; the fourth becomes a female too.
    text = changed('"H1"\n0\n1\n2\n0\n1\n3\n2\n', '"H1"\n1\n0\n2\n0\n1\n3\n1\n')
    problem = problem_of(text)
    assert problem.found == "‘extra_ped1_1’ as a parent of ‘Child’"
    assert problem.expected == "two parents at most"
    fewer = changed('"H1"\n0\n1\n2\n0\n1\n3\n2\n', '"H1"\n1\n0\n1\n3\n1\n')
    assert problem_of(fewer).expected == "a parent of another sex than ‘extra_1’ is"


def test_somebody_with_children_by_a_woman_and_by_a_man_is_refused():
    text = changed("nRelations= 2\n", "nRelations= 4\n")
    text = changed("[Prior]", f"Parent= Son\nChild= X\nParent= {MISSING_PERSON}\nChild= X\n[Prior]", text=text)
    third = "[[[[[Person 3]]]]]\nName= X\nGender= Male\n[[[[[[DNA data]]]]]]\nnSystems= 0\n"
    text = changed("[[[[Pedigrees]]]]", third + "[[[[Pedigrees]]]]", text=text).replace("nPersons= 2", "nPersons= 3")
    assert problem_of(text).found == f"‘{MISSING_PERSON}’ with children by a woman and by a man"


def test_all_wrong_names_are_told_at_once():
    text = changed("Parent= Wife [R1]", "Parent= A").replace('"M2"', '"M1"', 1)
    with pytest.raises(InputError) as caught:
        read_text(text)
    assert [problem.found for problem in caught.value.problems] == ["‘M1’", "‘A’"]


@pytest.mark.parametrize("end", range(1, len(SMALL.split("\n")) - 9))
def test_a_file_that_ends_too_early_is_refused(end):
    cut = "\n".join(SMALL.split("\n")[:end]) + "\n"
    problem = problem_of(cut)
    assert problem.line in (end, end + 1)


def test_a_file_that_ends_within_a_line_is_refused():
    problem = problem_of(SMALL[:-4])
    assert problem.expected == "an end of this last line: the file seems to be cut short"


def test_an_empty_file_is_refused():
    assert problem_of("").found == "nothing"


# Bytes


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "small.fam"
    path.write_bytes(data)
    return path


CYRILLIC = changed("Name= V1", "Name= Тіло № 1")


@pytest.mark.parametrize(("data", "asked", "used"), [
    (CYRILLIC.encode("utf-8"), None, "utf-8"),
    (CYRILLIC.encode("utf-8-sig"), None, "utf-8-sig"),
    (CYRILLIC.encode("cp1251"), "cp1251", "cp1251"),
    (SMALL.encode("ascii"), None, "utf-8"),
    (SMALL.replace("\n", "\r\n").encode("ascii"), None, "utf-8"),
    (changed("Name= V1", "Name= Åse").encode("cp1252"), "cp1252", "cp1252"),
])  # fmt: skip
def test_bytes_are_given_back_as_they_were(tmp_path, data, asked, used):
    path = written(tmp_path, data)
    project = read_familias(path, encoding=asked)
    assert project.encoding == used
    write_familias(project, path)
    assert path.read_bytes() == data
    assert [file.name for file in tmp_path.iterdir()] == ["small.fam"]


def test_the_code_page_of_a_file_is_never_guessed(tmp_path):
    path = written(tmp_path, CYRILLIC.encode("cp1251"))
    with pytest.raises(InputError) as caught:
        read_familias(path)
    (problem,) = caught.value.problems
    assert (problem.line, problem.column, problem.found) == (line_of("Name= V1"), 9, "the byte 0xeb")
    assert "cp1251: ‘Name= Тіло № 1’" in problem.expected


def test_letters_without_a_byte_order_mark_are_said_to_be_read_as_utf8(tmp_path):
    (warning,) = read_familias(written(tmp_path, CYRILLIC.encode("utf-8"))).warnings
    assert (warning.line, warning.found) == (
        line_of("Name= V1"),
        "‘Name= Тіло № 1’, read as UTF-8 because all bytes of the file are valid UTF-8",
    )


@pytest.mark.parametrize(("data", "found"), [
    (SMALL.encode("utf-16"), "the mark of UTF-16"),
    (SMALL.replace("V1", "V\0").encode(), "the control character 0x00"),
    (SMALL.replace("\n", "\r\n", 5).encode(), "another line end"),
])  # fmt: skip
def test_other_bytes_are_refused(tmp_path, data, found):
    with pytest.raises(InputError) as caught:
        read_familias(written(tmp_path, data))
    assert caught.value.problems[0].found == found


def test_a_file_that_is_not_there_is_an_input_error(tmp_path):
    with pytest.raises(InputError) as caught:
        read_familias(tmp_path / "none.fam")
    assert caught.value.problems[0].expected == "a readable file"


def test_a_file_beyond_the_limit_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("antigone.formats.familias.reader.MAX_BYTES", 100)
    with pytest.raises(InputError) as caught:
        read_familias(written(tmp_path, SMALL.encode()))
    assert caught.value.problems[0].found == "more than 100 bytes"
    assert MAX_BYTES == 50_000_000


def test_a_count_beyond_the_limit_is_refused_before_anything_is_read():
    problem = problem_of(changed("2\n#TRUE#\n", f"{MAX_MARKERS + 1}\n#TRUE#\n"))
    assert problem.expected == f"the number of markers, at most {MAX_MARKERS}"


# Writing


def scratch(**changes) -> FamiliasProject:
    marker = Marker("M1", (Allele("12", Number.of(0.25)), Allele("13", Number.of(0.75))))
    project = FamiliasProject(
        persons=(Person("P1", male=True, dna=(Genotype("M1", "13", "12"),)), Person("P2", male=False)),
        pedigrees=(Pedigree(name="H1", links=(Relation("P1", "P2"),)),),
        frequencies=FrequencyDatabase("db", (marker,)),
    )
    return replace(project, **changes)


def test_a_project_from_scratch_is_read_back_as_it_was(tmp_path):
    project = scratch(dvi=Dvi((DviPerson("V1", "Male", (Genotype("M1", "12", "12"),)),)))
    write_familias(project, tmp_path / "new.fam")
    assert read_familias(tmp_path / "new.fam") == project
    assert '"P1"\n#FALSE#\n-1\n#FALSE#\n#TRUE#\n1\n1\n0\n0\n' in to_text(project)


def test_a_number_that_is_none_cannot_be_made():
    for text in ("", "x", "nan", "inf", "1e999", "0x1", "1 2", "٣", "1" * 65):
        with pytest.raises(ValueError, match="not a finite number"):
            Number(text)


REFUSED = {
    "a quote": scratch(persons=(Person('Ivan "Vanya"', male=True),), pedigrees=()),
    "a line end": scratch(comment="one\ntwo"),
    "a line end in a DVI name": scratch(dvi=Dvi((DviPerson("V\n1", "Male"),))),
    "an unknown marker": scratch(persons=(Person("P1", male=True, dna=(Genotype("M9", "12", "12"),)),), pedigrees=()),
    "an unknown allele": scratch(persons=(Person("P1", male=True, dna=(Genotype("M1", "9", "12"),)),), pedigrees=()),
    "an unknown person": scratch(known=KnownRelations(links=(Relation("P1", "P9"),))),
    "an unknown relative": scratch(dvi=Dvi((), (Family("F", (), (FamilyPedigree((Relation("A", "B"),)),)),))),
    "one name twice": scratch(persons=(Person("P1", male=True), Person("P1", male=True)), pedigrees=()),
    "a section that is no section": scratch(sections=(Section("A", ("[B]",)),)),
    "a remark that looks like a heading": scratch(dvi=Dvi((DviPerson("V", "Male", (), ("[[[x]]]",)),))),
    "notes that end early": scratch(dvi=Dvi(notes=("[[Reference Families]]",), notes_declared=1)),
    "a version that is none": scratch(version="next"),
    "a child of itself": scratch(pedigrees=(Pedigree(name="H1", links=(Relation("P1", "P1"),)),)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_would_be_read_back_differently_is_not_written(name, tmp_path):
    with pytest.raises(InputError):
        write_familias(REFUSED[name], tmp_path / "new.fam")
    assert list(tmp_path.iterdir()) == []


def test_a_file_with_a_quote_in_a_name_is_read_but_not_written():
    project = read_text(changed('"Child"', '"Ch"ild"'))
    assert project.persons[1].name == 'Ch"ild'
    assert [warning.found for warning in project.warnings] == ['‘Ch"ild’']
    with pytest.raises(InputError, match="without quotes"):
        to_text(project)


def test_letters_that_the_encoding_lacks_are_refused(tmp_path):
    project = scratch(comment="Тіло", encoding="cp1252")
    with pytest.raises(InputError, match="letters that cp1252 has"):
        write_familias(project, tmp_path / "new.fam")


# Compared with what the R package pedFamilias 0.2.5 reads


@pytest.fixture(params=CASE_NAMES)
def case(request) -> Path:
    path = CASES / f"{request.param}.fam"
    if not path.exists():
        pytest.skip(f"no {path.name}: the folder shared/ is not beside the repository")
    return path


def test_real_files_are_given_back_byte_by_byte(case, tmp_path):
    project = read_familias(case)
    write_familias(project, tmp_path / "copy.fam")
    assert (tmp_path / "copy.fam").read_bytes() == case.read_bytes()
    assert project.warnings == ()


def test_real_files_have_the_markers_that_pedfamilias_reads(case):
    peer = json.loads(case.with_suffix(".fam.json").read_text(encoding="utf-8"))
    own = read_familias(case).frequencies
    # Where a family has a rest allele the peer sorts alleles as text, and markers as the first person's: no order then.
    assert {marker.name: {a.label: a.value for a in marker.alleles} for marker in own.markers} == {
        locus["name"]: dict(zip(locus["alleles"], locus["freqs"], strict=True)) for locus in peer["loci"]
    }


def test_real_files_have_the_components_that_pedfamilias_reads(case):
    peer = json.loads(case.with_suffix(".fam.json").read_text(encoding="utf-8"))["components"]
    own = components(read_familias(case))
    code = {Sex.MALE: 1, Sex.FEMALE: 2}
    assert list(own) == list(peer)
    for path, component in own.items():
        assert [
            {"id": member.name, "father": member.father, "mother": member.mother, "sex": code[member.sex]}
            for member in component.members
        ] == peer[path]["members"]
        assert {member.name: member.genotypes for member in component.members} == peer[path]["genotypes"]


def test_the_peer_counts_missing_persons_of_unknown_sex_as_women():
    path = CASES / "exclusionExample.fam"
    if not path.exists():
        pytest.skip(f"no {path.name}: the folder shared/ is not beside the repository")
    own = components(read_familias(path))
    guessed = {key for key, component in own.items() for member in component.members if not member.sex_is_known}
    assert guessed == {"/0461/_comp1", "/1373/_comp1"}


def test_a_child_with_one_parent_gets_the_other_added():
    family = Family(
        "F",
        (DviPerson("Mother", "Female"), DviPerson("Child", "Male"), DviPerson("Uncle", "Male")),
        (FamilyPedigree((Relation("Mother", "Child"),), name="one"),),
    )
    own = components(scratch(dvi=Dvi((), (family,))))
    assert list(own) == ["/F/one/_comp1", "/F/one/_comp2"]
    mother, child, added = own["/F/one/_comp1"].members
    assert (child.father, child.mother) == ("added_1", "Mother")
    assert (added.name, added.sex, added.genotypes) == ("added_1", Sex.MALE, {"M1": "-/-"})
    assert mother.father is None


def test_direct_references_have_no_components():
    with pytest.raises(ValueError, match="Direct"):
        components(scratch(pedigrees=(Pedigree(name="H", links=(Relation("P1", "P2", " (Direct)"),)),)))


# Any project, and any damage

LETTERS = "P1 Оксанаії-'’[]=,.№ÅZ"
names = st.text(LETTERS, min_size=1, max_size=8)
dvi_names = st.text(LETTERS + '"', min_size=1, max_size=8)
probabilities = st.sampled_from(["0", "0.0", "1e-005", "1e-06", "0,05", "0.123456789012", "1"]).map(Number)
mutations = st.builds(Mutation, st.sampled_from(MutationModel), probabilities, probabilities, probabilities)
remarks = st.lists(st.text("ab= c", min_size=1).filter(lambda line: line.strip()), max_size=2).map(tuple)


@st.composite
def marker_lists(draw):
    found = []
    for name in draw(st.lists(names, unique=True, max_size=3)):
        labels = draw(st.lists(names, unique=True, min_size=1, max_size=4))
        size, dropout, minor = draw(st.tuples(*[st.none() | probabilities] * 3))
        found.append(
            Marker(
                name,
                tuple(Allele(label, draw(probabilities)) for label in labels),
                draw(mutations),
                draw(mutations),
                draw(st.booleans()),
                draw(probabilities),
                size,
                dropout,
                minor,
            )
        )
    return tuple(found)


@st.composite
def profiles(draw, markers):
    chosen = [marker for marker in markers if draw(st.booleans())]
    pick = {marker.name: st.sampled_from(marker.labels) for marker in chosen}
    return tuple(Genotype(name, draw(labels), draw(labels)) for name, labels in pick.items())


@st.composite
def relation_lists(draw, sexes):
    """Parents come before their children, and a child has a mother and a father at most."""
    links = []
    people = list(sexes)
    for place, child in enumerate(people):
        for sex in (Sex.FEMALE, Sex.MALE):
            older = [name for name in people[:place] if sexes[name] is sex]
            if older and draw(st.booleans()):
                links.append(
                    Relation(draw(st.sampled_from(older)), child, draw(st.sampled_from(["", "", " (Direct)"])))
                )
    return tuple(links)


@st.composite
def dvi_sections(draw, markers):
    def people(unique):
        return tuple(
            DviPerson(
                name, draw(st.sampled_from(["Male", "Female", None, "?"])), draw(profiles(markers)), draw(remarks)
            )
            for name in draw(st.lists(dvi_names, unique=unique, max_size=4))
        )

    families = []
    for name in draw(st.lists(dvi_names, unique=True, max_size=2)):
        family = Family(name, people(unique=False), (), draw(remarks))
        pedigrees = tuple(
            FamilyPedigree(draw(relation_lists(family.sexes)), draw(dvi_names), draw(remarks))
            for _ in range(draw(st.integers(0, 2)))
        )
        families.append(replace(family, pedigrees=pedigrees))
    notes = draw(st.none() | st.lists(dvi_names, max_size=2).map(tuple))
    return Dvi(people(unique=True), tuple(families), notes, 0 if notes is None else draw(st.integers(0, 3)))


@st.composite
def projects(draw):
    markers = draw(marker_lists())
    persons = tuple(
        Person(
            name,
            draw(st.booleans()),
            draw(profiles(markers)),
            draw(st.none() | st.integers(0, 2025)),
            draw(st.booleans()),
            draw(st.booleans()),
            draw(st.sampled_from(["", "(Consider dropouts)"])),
        )
        for name in draw(st.lists(names, unique=True, max_size=4))
    )
    extras = st.integers(0, 2)
    known = KnownRelations((), draw(extras), draw(extras))
    case = FamiliasProject(persons=persons, known=known)
    pedigrees = []
    for number in range(draw(extras)):
        pedigree = Pedigree((), draw(names), number, draw(extras), draw(extras))
        pedigrees.append(replace(pedigree, links=draw(relation_lists(case.pedigree_sexes(pedigree)))))
    return replace(
        case,
        pedigrees=tuple(pedigrees),
        frequencies=FrequencyDatabase(draw(st.none() | names), markers, draw(st.none() | probabilities)),
        dvi=draw(st.none() | dvi_sections(markers)),
        sections=tuple(Section.of(title, {"a": "1"}) for title in draw(st.lists(st.just("Advanced"), max_size=2))),
        comment=draw(st.none() | names),
        notice=draw(names),
        newline=draw(st.sampled_from(["\n", "\r\n"])),
    )


@settings(max_examples=100, deadline=timedelta(seconds=2))
@given(projects())
def test_any_project_is_read_back_as_it_was_written(project):
    text = to_text(project)
    again = read_text(text)
    assert again == project
    assert to_text(again) == text


def read_or_refused(read: Callable[[Any], FamiliasProject], source: object) -> FamiliasProject | None:
    """The project, or None where it was refused in the one allowed way."""
    try:
        return read(source)
    except InputError:
        return None


def mutated(text: str, kind: str, place: float, letter: str) -> str:
    lines = text.split("\n")
    at = int(place * len(text))
    line = int(place * len(lines))
    match kind:
        case "cut":
            return text[:at]
        case "delete a line":
            return "\n".join(lines[:line] + lines[line + 1 :])
        case "double a line":
            return "\n".join(lines[: line + 1] + lines[line:])
        case "swap lines":
            return "\n".join(lines[:line] + lines[line : line + 2][::-1] + lines[line + 2 :])
        case _:
            return text[:at] + letter + text[at + 1 :]


damages = st.lists(
    st.tuples(
        st.sampled_from(["cut", "delete a line", "double a line", "swap lines", "letter", "letter"]),
        st.floats(0, 1, exclude_max=True),
        st.sampled_from('0123456789-.,#"[]= \t\r\nABТ\0e') | st.characters(codec="utf-8"),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=400, deadline=timedelta(seconds=2))
@given(damages)
def test_a_damaged_file_is_read_or_refused_and_never_more(damage):
    text = SMALL
    for kind, place, letter in damage:
        text = mutated(text, kind, place, letter)
    project = read_or_refused(read_text, text)
    assert project is None or project.warnings or to_text(project) == text


@settings(max_examples=150, deadline=timedelta(seconds=2))
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 7)), min_size=1, max_size=4))
def test_flipped_bits_are_read_or_refused_and_never_more(tmp_path_factory, flips):
    data = bytearray(SMALL.encode())
    for place, bit in flips:
        data[place] ^= 1 << bit
    path = tmp_path_factory.mktemp("flipped") / "flipped.fam"
    path.write_bytes(data)
    project = read_or_refused(read_familias, path)
    assert project is None or project.warnings or to_text(project).encode() == bytes(data)
