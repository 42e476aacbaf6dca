"""Families that are alike are looked at together, and every digit is that of one family looked at by itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.bench.register import KINDS
from antigone.genetics.alleles import Named, Repeat
from antigone.genetics.likelihood import Options
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import consistency
from antigone.matching.consistency import ConsistencySettings, FamilyReport, check_families
from antigone.matching.operation import Family, Settings
from antigone.matching.parentage import FamilyDetails, ParentageFinding
from antigone.matching.preparation import Prepared
from antigone.matching.quick_looks import QuickLooks
from examples import examples

Rows = tuple[tuple[str, str, str, str], ...]

GRANDPARENTS: Rows = (("G", "", "", "M"), ("H", "", "", "F"))
LARGER: dict[str, tuple[Rows, str]] = {
    "grandmother, uncle, father's sister's son": (
        (*GRANDPARENTS, ("F", "G", "H", "M"), ("U", "G", "H", "M"), ("T", "G", "H", "F"), ("E", "", "T", "M"),
         ("O", "", "", "F"), ("M", "F", "O", "M")), "HUE"),
    "both parents, a brother and a half-sister": (
        (("F", "", "", "M"), ("O", "", "", "F"), ("P", "", "", "F"), ("M", "F", "O", "M"), ("A", "F", "O", "M"),
         ("B", "F", "P", "F")), "FOAB"),
    "cousins who had a child": (
        (*GRANDPARENTS, ("F", "G", "H", "M"), ("T", "G", "H", "F"), ("M", "F", "", "M"), ("S", "", "T", "F"),
         ("C", "M", "S", "F"), ("D", "M", "S", "M")), "SCD"),
    "somebody of unknown sex and her child": ((("M", "", "", "M"), ("S", "", "", "U"), ("C", "M", "S", "U")), "CS"),
    "four siblings": (
        (("F", "", "", "M"), ("O", "", "", "F"),
         *((name, "F", "O", sex) for name, sex in zip("MABCD", "MFMFM", strict=True))), "ABCD"),
}  # fmt: skip
EVERY_KIND = KINDS | LARGER

STEPWISE = Mutation(Stepwise(0.002, 0.1), Stepwise(0.01, 0.1))


def marker(name: str, alleles: int, mutation: Mutation | None = None, *, x_linked: bool = False) -> MarkerModel:
    frequencies = np.arange(1.0, alleles + 1) / np.arange(1.0, alleles + 1).sum()
    names = [Repeat(5 + a) for a in range(alleles)]
    return MarkerModel.build(name, names, frequencies, *([mutation] if mutation else []), x_linked=x_linked)


AUTOSOMAL = (marker("D1", 4, STEPWISE), marker("D2", 9, STEPWISE), marker("D3", 5), marker("D4", 21))
ON_X = marker("DX", 5, STEPWISE, x_linked=True)
SEXES = {"F": Sex.FEMALE, "M": Sex.MALE, "U": Sex.UNKNOWN}


def prepared_of(models: Sequence[MarkerModel]) -> Prepared:
    return Prepared(tuple(models), cast("Any", None), (), Options(), ())


def passed_on(rows: Rows, model: MarkerModel, rng: np.random.Generator) -> dict[str, tuple[int, ...]]:
    """A genotype of everybody; one allele of a male at an X-linked marker."""
    genotypes: dict[str, tuple[int, ...]] = {}
    for person, father, mother, sex in rows:
        anew = tuple(int(a) for a in rng.choice(len(model), 2, p=model.frequencies))
        paternal = genotypes[father][int(rng.integers(len(genotypes[father])))] if father else anew[0]
        maternal = genotypes[mother][int(rng.integers(len(genotypes[mother])))] if mother else anew[1]
        genotypes[person] = (maternal,) if model.x_linked and sex == "M" else (paternal, maternal)
    return genotypes


def readings_of(alleles: Sequence[Any], rng: np.random.Generator) -> tuple[Reading, ...]:
    """Mostly what is there; at times nothing, replicates that agree or do not, or one allele beside an unseen one."""
    read = Reading.of(*(alleles if len(alleles) == 2 else [*alleles, *alleles]))
    chance = rng.random()
    if chance < 0.1:
        return ()
    if chance < 0.15:
        return (read, read)
    if chance < 0.2:
        return (read, Reading.of(alleles[0], alleles[0]))
    return (Reading((alleles[0],), Reads.OTHER_UNSEEN),) if chance < 0.25 else (read,)


def drawn_family(number: int, kind: str, models: Sequence[MarkerModel], rng: np.random.Generator) -> Family:
    """A family of that kind: own names and years for some, samples exchanged, of a stranger or of a twin in others."""
    rows, typed = EVERY_KIND[kind]
    own = f"{number} " if rng.random() < 0.5 else ""
    born = int(rng.integers(1900, 1950)) if rng.random() < 0.5 else None
    persons = [
        Person(own + name, own + father if father else None, own + mother if mother else None, SEXES[sex],
               None if born is None or (father or mother) else born)
        for name, father, mother, sex in rows
    ]  # fmt: skip
    sources = {person: person for person in typed}
    chance, (a, b) = rng.random(), rng.choice(list(typed), 2)
    if chance < 0.15:
        sources[a], sources[b] = sources[b], sources[a]
    elif chance < 0.3:
        sources[a] = b
    truth = [passed_on(rows, model, rng) for model in models]
    strange = [passed_on(rows, model, rng) for model in models]
    stranger = str(a) if 0.3 <= chance < 0.5 else ""
    sex = {name: sex for name, _, _, sex in rows}
    profiles = {}
    for person in typed:
        source = strange if person == stranger else truth
        readings = {
            model.name: readings_of([model.alleles[k] for k in genotypes[sources[person]]], rng)
            for model, genotypes in zip(models, source, strict=True)
        }
        if rng.random() < 0.5:
            shown = sex[sources[person]] if rng.random() < 0.9 else "M"
            readings["AMEL"] = (Reading.of(Named("X"), Named("Y" if shown == "M" else "X")),)
        profiles[own + person] = Profile(f"{number} {person}", readings)
    twins = [[own + "A", own + "B"]] if kind == "two siblings" and sex["A"] == sex["B"] and rng.random() < 0.3 else []
    pedigree = Pedigree.build(persons, family=f"F{number}", twins=twins)
    return Family(f"F{number}", pedigree, (own + "M",), profiles)


def by_itself(families: Sequence[Family], *arguments: Any, **options: Any) -> tuple[FamilyReport, ...]:
    """The slow twin: each family planned by itself."""
    with patch.object(consistency, "_looks", lambda *_: {}):
        return check_families(families, *arguments, **options)


def everything(report: FamilyReport) -> str:
    """All of a report, opened, with every digit."""
    return f"{report!r} {report.finding.details()!r}"


@pytest.mark.parametrize("x_linked", [False, True])
@given(seed=st.integers(0, 2**32 - 1), marker_error=st.sampled_from([0.001, 0.02, 0.0]))
@examples(3)
def test_families_of_every_kind_are_found_what_they_are_found_by_themselves(
    x_linked: bool, seed: int, marker_error: float
) -> None:
    rng = np.random.default_rng(seed)
    models = (*AUTOSOMAL, ON_X) if x_linked else AUTOSOMAL
    families = [drawn_family(k, kind, models, rng) for k, kind in enumerate(list(EVERY_KIND) * 2)]
    # A quick look alone, however odd it finds them.
    rates = ConsistencySettings(marker_error=marker_error, doubtful_below=1e-300, screen_from=1e-299)
    with np.errstate(all="ignore"), patch.object(consistency, "QUICK_LOOK_USES", 0.0):
        # Without a marker error what is impossible is compared with what is impossible.
        together = check_families(families, prepared_of(models), Settings(()), rates)
        alone = by_itself(families, prepared_of(models), Settings(()), rates)
        assert [everything(one) for one in together] == [everything(one) for one in alone]


def test_odd_families_and_claims_are_what_they_are_without_looking_at_several_together() -> None:
    rng = np.random.default_rng(5)
    families = [drawn_family(k, kind, AUTOSOMAL, rng) for k, kind in enumerate(list(KINDS) * 3)]
    settings = Settings(tuple(model.name for model in AUTOSOMAL))
    together = check_families(families, prepared_of(AUTOSOMAL), settings, every_claim=True)
    assert len({report.finding.details().in_full for report in together if report.finding.details().claims}) == 2
    alone = by_itself(families, prepared_of(AUTOSOMAL), settings, every_claim=True)
    assert [everything(one) for one in together] == [everything(one) for one in alone]


def test_all_families_but_twins_and_large_ones_are_looked_at_together() -> None:
    rng = np.random.default_rng(1)
    families = [drawn_family(k, kind, AUTOSOMAL, rng) for k, kind in enumerate(list(KINDS) * 20)]
    found = sorted(k for alike in QuickLooks(AUTOSOMAL).look(families) for k in alike.members.tolist())
    assert found == [k for k, one in enumerate(families) if len(one.profiles) > 1 and not one.pedigree.twins]


def test_what_is_found_of_a_family_does_not_depend_on_the_others() -> None:
    rng = np.random.default_rng(2)
    families = [drawn_family(k, kind, AUTOSOMAL, rng) for k, kind in enumerate(list(EVERY_KIND) * 2)]
    settings = Settings(tuple(model.name for model in AUTOSOMAL))
    together = check_families(families, prepared_of(AUTOSOMAL), settings)
    fewer = check_families(families[::-3], prepared_of(AUTOSOMAL), settings)
    assert [everything(one) for one in fewer] == [everything(one) for one in together[::-3]]


def test_names_that_the_program_gives_itself_are_looked_at_by_themselves() -> None:
    family = drawn_family(1, "both parents", AUTOSOMAL, np.random.default_rng(3))
    names = {one.id: f"unnamed {k}" for k, one in enumerate(family.pedigree.persons, 1)}
    profiles = {names[person]: profile for person, profile in family.profiles.items()}
    renamed = replace(family, pedigree=family.pedigree.renamed(names), profiles=profiles)
    assert [alike.members.tolist() for alike in QuickLooks(AUTOSOMAL).look([renamed, family])] == [[1]]


def test_a_finding_is_worked_out_once_and_by_whoever_opens_it() -> None:
    family = drawn_family(1, "two siblings", AUTOSOMAL, np.random.default_rng(4))
    details = check_families([family], prepared_of(AUTOSOMAL), Settings(("D1",)))[0].finding.details()
    opened: list[int] = []

    def open_it() -> FamilyDetails:
        opened.append(1)
        return details

    finding = ParentageFinding.later("F1", open_it)
    assert "sealed" in f"{finding!r} {finding} {finding.sealed!r}"
    assert not opened
    assert finding.details() is finding.details()
    assert finding == ParentageFinding.of(details)
    assert opened == [1]
