"""Familias projects as operations, and back."""

import math
from dataclasses import replace

import numpy as np
import pytest

from antigone.formats.errors import InputError
from antigone.formats.familias import project as fam
from antigone.formats.familias import read_familias, read_text, to_text
from antigone.formats.familias_case import familias_from_operation, operation_from_familias
from antigone.genetics.alleles import Repeat
from antigone.genetics.mutation import Equal, RepeatsOnly, Stepwise
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching.operation import DropOut, SampleErrors
from antigone.matching.search import search
from small_operation import small_operation

MARKER = fam.Marker(
    "TH01", tuple(fam.Allele(str(a), fam.Number.of(p)) for a, p in ((6, 0.2), (7, 0.3), (8, 0.5))),
    fam.Mutation(fam.MutationModel.EQUAL, fam.Number.of(0.001)),
    fam.Mutation(fam.MutationModel.EQUAL, fam.Number.of(0.002)),
)  # fmt: skip


NO_MUTATION = fam.Mutation(fam.MutationModel.EQUAL, fam.ZERO)


def person(name: str, gender: str | None = None, *alleles: int) -> fam.DviPerson:
    dna = (fam.Genotype("TH01", *map(str, alleles)),) if alleles else ()
    return fam.DviPerson(name, gender, dna)


def pedigree(name: str, *relations: tuple[str, str]) -> fam.FamilyPedigree:
    return fam.FamilyPedigree(tuple(fam.Relation(*relation) for relation in relations), name=name)


def project(*families: fam.Family, victims=None, markers=(MARKER,)) -> fam.FamiliasProject:
    dead = tuple(victims or [person("V1", "Male", 6, 7)])
    return fam.FamiliasProject(
        frequencies=fam.FrequencyDatabase("db", markers), dvi=fam.Dvi(dead, families), comment="test"
    )


ONE = fam.Family(
    "F1", (person("Mother", "Female", 6, 6),),
    (pedigree("Reference pedigree"), pedigree("PED", ("Mother", "Missing person"))),
)  # fmt: skip


def test_the_pedigree_that_is_not_the_reference_counts():
    operation = operation_from_familias(project(ONE), "x.fam")
    (family,) = operation.families
    assert (family.name, family.missing) == ("F1", ("Missing person",))
    assert family.pedigree["Missing person"].mother == "Mother"
    assert family.donors() == ("Mother",)


def test_a_second_parent_is_added_as_the_peers_do():
    (family,) = operation_from_familias(project(ONE), "x.fam").families
    assert family.pedigree["Missing person"].father == "added_1"
    assert family.pedigree["added_1"].sex is Sex.MALE


def test_the_likelihood_ratio_is_that_of_the_pedigree_by_hand():
    found = search(operation_from_familias(project(ONE), "x.fam"), all_pairs=True)
    # Without mutation ½/p would be 0.5/0.2 · … ; here the mother passes 6 or mutates, the added father passes q = pM.
    female = Equal(0.001).matrix([None] * 3, np.array([0.2, 0.3, 0.5]))
    male = Equal(0.002).matrix([None] * 3, np.array([0.2, 0.3, 0.5]))
    p = np.array([0.2, 0.3, 0.5])
    q = p @ male
    numerator = female[0, 0] * q[1] + female[0, 1] * q[0]
    assert math.isclose(10 ** found.pairs[0].log10_lr, numerator / (2 * p[0] * p[1]), rel_tol=1e-12)


def test_several_hypotheses_of_a_family_are_searched_each_by_itself():
    two = replace(ONE, pedigrees=(*ONE.pedigrees, pedigree("As aunt", ("Mother", "X"), ("X", "Missing person"))))
    operation = operation_from_familias(project(two), "x.fam")
    assert [family.name for family in operation.families] == ["F1 [PED]", "F1 [As aunt]"]
    assert any("several pedigrees (PED, As aunt)" in warning for warning in operation.warnings)


def test_equal_pedigrees_count_once_and_the_reference_where_it_is_alone():
    same = replace(ONE, pedigrees=(pedigree("Reference pedigree", ("Mother", "Missing person")),))
    assert [family.name for family in operation_from_familias(project(same), "x.fam").families] == ["F1"]


def test_a_family_that_misses_nobody_is_left_out_with_the_reason():
    nobody = replace(ONE, pedigrees=(pedigree("PED", ("Mother", "Child")),))
    (left_out,) = operation_from_familias(project(nobody), "x.fam").left_out
    assert (left_out.what, left_out.id) == ("family", "F1")


def test_people_of_one_name_with_two_profiles_are_not_guessed_at():
    twice = replace(ONE, persons=(person("Mother", "Female", 6, 6), person("Mother", "Female", 7, 7)))
    (left_out,) = operation_from_familias(project(twice), "x.fam").left_out
    assert "two people are called Mother and differ" in left_out.reason


def test_people_listed_twice_alike_are_one():
    twice = replace(ONE, persons=ONE.persons * 2)
    assert operation_from_familias(project(twice), "x.fam").families[0].donors() == ("Mother",)


def test_a_direct_reference_is_the_missing_persons_own():
    direct = fam.FamilyPedigree((fam.Relation("Razor", "Missing person", "(Direct)"),), name="PED")
    family = fam.Family("F1", (person("Razor", "Male", 6, 7),), (direct,))
    found = search(operation_from_familias(project(family), "x.fam"), all_pairs=True)
    assert math.isclose(10 ** found.pairs[0].log10_lr, 1 / (2 * 0.2 * 0.3), rel_tol=1e-12)


def test_a_half_typed_genotype_leaves_the_other_allele_open():
    half = fam.DviPerson("V1", "Male", (fam.Genotype("TH01", "6", ""),))
    (individual,) = operation_from_familias(project(ONE, victims=[half]), "x.fam").individuals
    assert str(individual.profile.readings["TH01"][0]) == "6/?"


def test_a_rest_allele_stays_out_of_steps_and_is_told():
    rest = replace(
        MARKER, alleles=(*MARKER.alleles[:2], fam.Allele("Rest allele", fam.Number.of(0.5))),
        female=fam.Mutation(fam.MutationModel.STEPWISE, fam.Number.of(0.001), fam.Number.of(0.1)),
    )  # fmt: skip
    operation = operation_from_familias(project(ONE, markers=[rest]), "x.fam")
    assert operation.settings.mutation_of("TH01").female == RepeatsOnly(Stepwise(0.001, 0.1))
    assert any("take no part in its stepwise mutation" in warning for warning in operation.warnings)
    search(operation)


def test_silent_alleles_and_theta_carry_over():
    silent = replace(MARKER, has_silent_allele=True, silent_frequency=fam.Number.of(0.05))
    base = project(ONE, markers=[silent])
    with_theta = replace(base, frequencies=replace(base.frequencies, theta=fam.Number.of(0.02)))
    operation = operation_from_familias(with_theta, "x.fam")
    assert operation.settings.theta == 0.02
    assert [str(a) for a in operation.frequencies.markers["TH01"].alleles][-1] == "silent"
    search(operation)


def test_a_project_without_a_dvi_section_says_so():
    with pytest.raises(InputError, match="without a DVI section"):
        operation_from_familias(fam.FamiliasProject(), "x.fam")


def test_the_real_projects_are_read_and_searched(shared):
    counts = {"dvi-example": (3, 3), "KETPex498": (3, 3), "exclusionExample": (16, 15)}
    for name, (individuals, missing) in counts.items():
        path = shared / "cases" / "familias" / f"{name}.fam"
        operation = operation_from_familias(read_familias(path), str(path))
        found = search(operation, all_pairs=True)
        assert (len(operation.individuals), len(found.missing)) == (individuals, missing)
        assert found.compared == individuals * missing


def test_people_of_the_real_projects_whom_no_relation_places_are_told(shared):
    families = {"dvi-example": 1, "KETPex498": 1, "exclusionExample": 15}
    for name, number in families.items():
        operation = operation_from_familias(read_familias(shared / "cases" / "familias" / f"{name}.fam"), name)
        assert {one.what for one in operation.left_out} == {"missing person"}
        assert len(operation.left_out) == number
        assert all(one.reason.startswith("no relation in any pedigree") for one in operation.left_out)
        assert any(text.startswith("[Prior] (UseList= ") for text in operation.warnings)
        assert any("[Advanced] [[DVI]] (QuickSearch= Enabled" in text for text in operation.warnings)


def test_somebody_missing_without_relation_is_told_once():
    listed = replace(ONE, persons=(*ONE.persons, person("Missing male 1", "Male", 6, 6)))
    (left_out,) = operation_from_familias(project(listed), "x.fam").left_out
    assert (left_out.what, left_out.id) == ("missing person", "Missing male 1, family F1")
    assert left_out.reason.endswith("so nothing says whose relative this is; their profile is not used")
    placed = pedigree("PED 2", ("Mother", "Missing male 1"), ("Mother", "Missing person"))
    several = replace(listed, pedigrees=(*listed.pedigrees, placed))
    (left_out,) = operation_from_familias(project(several), "x.fam").left_out
    assert left_out.reason.startswith("no relation in pedigree PED,")


def test_settings_of_a_project_that_no_search_uses_are_told():
    sized = replace(MARKER, database_size=fam.Number("2500"), minor_allele_frequency=fam.Number("0.001"))
    sections = (
        fam.Section.of("Prior", {"UseList": "Yes", "Size": "3"}),
        fam.Section.of("Advanced", {}, [
            fam.Section.of("Direct/Identity", {"Dropin": "0.05", "Dropout": "0", "Error": "0"}),
            fam.Section.of("Simulation", {"ForceMAF": "Disabled"}),
        ]),
    )  # fmt: skip
    base = project(ONE, markers=[sized])
    noted = replace(base.dvi, notes=("A note",), notes_declared=1)
    operation = operation_from_familias(replace(base, sections=sections, dvi=noted), "x.fam")
    assert operation.warnings == (
        "DatabaseSize (2500) is not used and not kept",
        "Minor allele frequency (0.001) is not used and not kept",
        "[Prior] (UseList= Yes, Size= 3) is not used and not kept: the prior is 0.5, the default",
        "[Advanced] [[Direct/Identity]] (Dropin= 0.05, Dropout= 0, Error= 0) is not used and not kept",
        "[Advanced] [[Simulation]] (ForceMAF= Disabled) is not used and not kept",
        "[[Notes]] (lines: 1) are not read",
    )
    assert operation.undeclared == ("threshold", "prior")


def test_a_case_beside_the_dvi_section_is_told():
    both = replace(project(ONE), persons=(fam.Person("Father", male=True),))
    assert operation_from_familias(both, "x.fam").warnings == (
        "the case outside the DVI section (persons: 1, pedigrees: 0) is not read",
    )


def test_a_direct_reference_is_not_counted_as_one_more_person():
    own = person("Comb", "Male", 6, 7)
    direct = fam.FamilyPedigree((fam.Relation("Missing person", "Comb", " (Direct)"),), name="PED")
    (family,) = operation_from_familias(project(fam.Family("F1", (own,), (direct,))), "x.fam").families
    assert [one.id for one in family.pedigree.persons] == ["Missing person"]
    assert list(family.profiles) == ["Missing person"]


def test_relatives_of_a_direct_reference_are_those_of_the_missing_person():
    # The toothbrush has no result; its child is 6/7, the victim 7/8: ¼ · 1/p₇.
    direct = fam.FamilyPedigree(
        (fam.Relation("Toothbrush", "Missing person", "(Direct)"), fam.Relation("Toothbrush", "Kid")), name="PED"
    )
    family = fam.Family("F1", (person("Toothbrush", "Male"), person("Kid", "Male", 6, 7)), (direct,))
    markers = (replace(MARKER, female=NO_MUTATION, male=NO_MUTATION),)
    operation = operation_from_familias(project(family, victims=[person("V1", "Male", 7, 8)], markers=markers), "x.fam")
    assert operation.families[0].pedigree["Kid"].father == "Missing person"
    (found,) = search(operation, all_pairs=True).pairs
    assert 10**found.log10_lr == pytest.approx(1 / (4 * 0.3))


def test_two_samples_of_a_missing_person_are_replicates():
    links = (fam.Relation("Razor", "Missing person", "(Direct)"), fam.Relation("Comb", "Razor", "(Direct)"))
    samples = (person("Razor", "Male", 6, 7), person("Comb", None, 6, 7))
    family = fam.Family("F1", samples, (fam.FamilyPedigree(links, name="PED"),))
    (read,) = operation_from_familias(project(family), "x.fam").families
    assert [one.id for one in read.pedigree.persons] == ["Missing person"]
    assert read.profiles["Missing person"].sample == "Razor, Comb"
    assert len(read.profiles["Missing person"].readings["TH01"]) == 2
    assert read.pedigree["Missing person"].sex is Sex.MALE


@pytest.mark.parametrize(
    ("links", "persons", "reason"),
    [
        (
            [("Missing male 1", "Missing male 2", "(Direct)")],
            [],
            "Missing male 1 and Missing male 2 are looked for, and are one person by “Direct”; name one of them",
        ),
        (
            [("Razor", "Missing male 1", "(Direct)")],
            [person("Missing male 1", "Male"), person("Razor", "Female", 6, 7)],
            "Missing male 1 and Razor are one person by “Direct”, and differ in sex; correct one of them",
        ),
        (
            [("Razor", "Missing person", "(Direct)"), ("A", "Missing person"), ("B", "Missing person"), ("C", "Razor")],
            [person("A", "Male"), person("B", "Female"), person("C", "Male")],
            "Missing person has more than two parents: A, B, C",
        ),
    ],
)
def test_a_direct_reference_that_cannot_be_is_left_out_with_the_reason(links, persons, reason):
    relations = tuple(fam.Relation(*link) for link in links)
    family = fam.Family("F1", tuple(persons), (fam.FamilyPedigree(relations, name="PED"),))
    operation = operation_from_familias(project(family), "x.fam")
    assert operation.families == ()
    assert ("F1", reason) in [(one.id, one.reason) for one in operation.left_out]


@pytest.mark.parametrize("grandmother", ["Granny", "added_1"])
def test_a_parent_who_is_added_takes_nobodys_name(grandmother):
    # Dad 6/7, his mother 6/8, victim 6/6: the granny changes nothing, whatever she is called.
    persons = (person("Dad", "Male", 6, 7), person(grandmother, "Female", 6, 8))
    related = pedigree("PED", ("Dad", "Missing person"), (grandmother, "Dad"))
    markers = (replace(MARKER, female=NO_MUTATION, male=NO_MUTATION),)
    victims = [person("V1", "Male", 6, 6)]
    operation = operation_from_familias(
        project(fam.Family("F1", persons, (related,)), victims=victims, markers=markers), "x.fam"
    )
    assert operation.families[0].pedigree["Dad"].mother == grandmother
    (found,) = search(operation, all_pairs=True).pairs
    assert 10**found.log10_lr == pytest.approx(0.5 / 0.2)


def test_a_parent_who_is_added_takes_no_name_of_somebody_outside_the_pedigree():
    persons = (person("Dad", "Male", 6, 7), person("added_1", "Female", 6, 8))
    family = fam.Family("F1", persons, (pedigree("PED", ("Dad", "Missing person")),))
    (read,) = operation_from_familias(project(family), "x.fam").families
    assert read.pedigree["Missing person"].mother == "added_2"


def test_drop_out_comes_back_and_drop_in_is_said_to_be_lost():
    operation = small_operation()
    rates = SampleErrors(DropOut(0.1, {"FGA": 0.3}), drop_in=0.02)
    written, lost = familias_from_operation(replace(operation, settings=replace(operation.settings, remains=rates)))
    again = operation_from_familias(read_text(to_text(written)), "again.fam")
    back = again.settings.remains
    assert [back.drop_out.by_marker[name] for name in ("D3S1358", "TH01", "FGA")] == [0.1, 0.1, 0.3]
    assert back.drop_in == 0.0
    assert "drop-in 0.02: a project has one for direct comparisons alone, not read back" in lost
    by_length = replace(rates.drop_out, per_100_bases=1.0, flanks=dict.fromkeys(("D3S1358", "TH01", "FGA"), 50.0))
    settings = replace(operation.settings, remains=SampleErrors(by_length))
    _, lost = familias_from_operation(replace(operation, settings=settings))
    assert "drop-out that depends on length: written as the rate of each marker" in lost


def test_a_family_that_would_not_be_read_back_is_told():
    operation = small_operation()
    alone = Pedigree.build([Person("N", sex=Sex.MALE), Person("P", sex=Sex.MALE)])
    (first, second) = operation.families
    lone = replace(second, pedigree=alone, missing=("N",), profiles={"N": second.profiles["F2-S1"]})
    _, lost = familias_from_operation(replace(operation, families=(first, lone)))
    assert "family F2: nobody missing has a relation, so it will not be read back as a search" in lost
    both = Pedigree.build([*second.pedigree.persons, Person("N", sex=Sex.MALE)])
    _, lost = familias_from_operation(
        replace(operation, families=(first, replace(second, pedigree=both, missing=("F2-M1", "N"))))
    )
    assert "family F2: N has no relation and will not be read back as missing" in lost


def test_there_and_back_leaves_every_likelihood_ratio(shared):
    path = shared / "cases" / "familias" / "exclusionExample.fam"
    operation = operation_from_familias(read_familias(path), str(path))
    written, lost = familias_from_operation(operation)
    again = operation_from_familias(read_text(to_text(written)), "again.fam")
    before, after = (search(one, all_pairs=True).pairs for one in (operation, again))
    assert [pair.log10_lr for pair in before] == [pair.log10_lr for pair in after]
    assert all("linkage" in text or "prior" in text for text in lost)


def test_what_familias_cannot_hold_is_said():
    written, lost = familias_from_operation(small_operation())
    assert written.dvi is not None
    assert [person.name for person in written.dvi.unidentified] == ["R1", "R2", "=R3"]
    for part in (
        "bags, transfers, ages and stature", "years of birth", "linkage", "the names of missing persons",
        "what was read at AMEL", "the names of samples", "since when people are missing",
        "the sex of those who are written as “Missing person”",
    ):  # fmt: skip
        assert any(part in text for text in lost), part


def test_one_allele_seen_is_not_written_as_a_homozygote():
    operation = small_operation()
    unseen = operation.individuals[0].profile.readings["TH01"][0]
    half = replace(unseen, alleles=(Repeat(6),), reads=type(unseen.reads).OTHER_UNSEEN)
    profile = replace(operation.individuals[0].profile, readings={"TH01": (half,)})
    changed = replace(operation, individuals=(replace(operation.individuals[0], profile=profile),))
    written, lost = familias_from_operation(changed)
    assert written.dvi.unidentified[0].dna == ()
    assert any("Familias would read a homozygote" in text for text in lost)
