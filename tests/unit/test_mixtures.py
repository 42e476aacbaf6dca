"""Mixtures: how many people at least, and whether one of them may be a given person."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import families
from antigone.formats.case_folder import read_case_folder, write_case_folder
from antigone.genetics.alleles import Repeat
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading, Reads, genotype_likelihood
from antigone.genetics.profiles import Profile
from antigone.matching.mixture_leads import mixture_leads
from antigone.matching.mixtures import ONLY_A_LEAD, includes_person, minimum_contributors
from antigone.matching.operation import DropOut, Individual, Operation, SampleErrors
from antigone.matching.preparation import prepare
from oracles import reassociation as oracle
from oracles import strategies
from small_operation import small_operation

NO_ERRORS = SampleErrors()


def marker(name: str, *p: float, x_linked: bool = False) -> MarkerModel:
    return replace(families.model(p, x_linked=x_linked), name=name)


def read(*alleles: int, sure: bool = True) -> Reading:
    named = tuple(Repeat(10 + allele) for allele in sorted(alleles))
    single = Reads.HOMOZYGOUS if sure else Reads.OTHER_UNSEEN
    return Reading(named, single if len(named) == 1 else Reads.ALLELES)


def profile(name: str, **readings: Reading | Sequence[Reading]) -> Profile:
    return Profile(
        name, {marker: (each,) if isinstance(each, Reading) else tuple(each) for marker, each in readings.items()}
    )


def test_the_number_of_people_that_two_markers_need() -> None:
    four, three, two = read(0, 1, 2, 3), read(0, 1, 2), read(0, 1)
    assert minimum_contributors(profile("S", TH01=two, FGA=two)) == 1
    assert minimum_contributors(profile("S", TH01=three, FGA=two)) == 1  # one allele too many can be a drop-in
    assert minimum_contributors(profile("S", TH01=three, FGA=four)) == 2
    assert minimum_contributors(profile("S", TH01=read(0, 1, 2, 3, 4), FGA=read(0, 1, 2, 3, 4, 5), vWA=two)) == 3
    assert minimum_contributors(profile("S", TH01=three, FGA=two), markers=1) == 2
    assert minimum_contributors(Profile("S", {})) == 0


def test_replicates_are_not_added_up() -> None:
    """Two replicates with a drop-in each show three alleles together, and none of them does."""
    both = [read(0, 1), read(0, 2)]
    assert minimum_contributors(profile("S", TH01=both, FGA=both)) == 1


def test_four_alleles_by_hand() -> None:
    """The other must be c/d: 2cd over P(four different alleles of two people) = 24abcd, so 1/(12ab)."""
    a, b, c, d, rest = 0.1, 0.2, 0.15, 0.25, 0.3
    found = includes_person(
        profile("mixture", TH01=read(0, 1, 2, 3)), profile("person", TH01=read(0, 1)),
        [marker("TH01", a, b, c, d, rest)], mixture_errors=NO_ERRORS, person_errors=NO_ERRORS,
    )  # fmt: skip
    assert found.log10_lr == pytest.approx(math.log10(1 / (12 * a * b)))
    assert found.note == ONLY_A_LEAD
    assert (found.mixture, found.person) == ("mixture", "person")


def test_somebody_whose_allele_is_not_there_is_excluded_unless_it_dropped_out() -> None:
    mixture, person = profile("mixture", TH01=read(0, 1, 2)), profile("person", TH01=read(0, 3))
    model = [marker("TH01", 0.25, 0.25, 0.25, 0.25)]
    none = includes_person(mixture, person, model, mixture_errors=NO_ERRORS, person_errors=NO_ERRORS)
    assert none.log10_lr == -math.inf
    errors = SampleErrors(DropOut(0.1))
    some = includes_person(mixture, person, model, mixture_errors=errors, person_errors=NO_ERRORS)
    assert -math.inf < some.log10_lr < 0


@st.composite
def mixtures(draw: st.DrawFn) -> tuple[tuple[float, ...], list[frozenset[int]], Reading, SampleErrors, SampleErrors]:
    p = draw(strategies.frequencies(3, 4))
    alleles = st.integers(0, len(p) - 1)
    reads = draw(st.lists(st.frozensets(alleles, min_size=2, max_size=4), min_size=1, max_size=2))
    person = read(*draw(st.sets(alleles, min_size=1, max_size=2)), sure=draw(st.booleans()))
    rates = st.builds(SampleErrors, st.builds(DropOut, st.sampled_from([0.0, 0.1, 0.5])), st.sampled_from([0.0, 0.02]))
    return p, reads, person, draw(rates), draw(rates)


@settings(max_examples=25)
@given(mixtures())
def test_inclusion_agrees_with_listing_all_genotypes_and_events(
    given: tuple[tuple[float, ...], list[frozenset[int]], Reading, SampleErrors, SampleErrors],
) -> None:
    p, reads, person, mixture_errors, person_errors = given
    model = marker("TH01", *p)
    found = includes_person(
        profile("mixture", TH01=[read(*each) for each in reads]), profile("person", TH01=person), [model],
        mixture_errors=mixture_errors, person_errors=person_errors,
    )  # fmt: skip
    own = genotype_likelihood([person], model, person_errors.rates(model))
    weights = {(a, b): p[a] * p[b] * float(own[a, b]) for a, b in product(range(len(p)), repeat=2)}
    total = sum(weights.values())
    drop_out = (mixture_errors.drop_out.rate,) * len(p)
    try:
        expected = oracle.mixture_lr(
            reads, {g: w / total for g, w in weights.items()}, p, drop_out, mixture_errors.drop_in
        )
    except ZeroDivisionError:
        assert "two people cannot show it" in found.unused["TH01"]
        return
    assert 10**found.log10_lr == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_unlike_drop_out_of_alleles_is_kept_apart() -> None:
    """Drop-out by length: what was not read counts with its own rate."""
    model = replace(marker("TH01", 0.1, 0.2, 0.3, 0.4), name="TH01")
    errors = SampleErrors(DropOut(0.1, per_100_bases=20.0, flanks={"TH01": 150}), drop_in=0.01)
    rates = errors.drop_out.rates(model)
    assert isinstance(rates, tuple)
    assert rates[0] < rates[-1]
    found = includes_person(
        profile("mixture", TH01=read(0, 1)), profile("person", TH01=read(0, 3)), [model],
        mixture_errors=errors, person_errors=NO_ERRORS,
    )  # fmt: skip
    expected = oracle.mixture_lr([frozenset({0, 1})], {(0, 3): 1.0}, (0.1, 0.2, 0.3, 0.4), rates, 0.01)
    assert 10**found.log10_lr == pytest.approx(expected)


def test_the_expected_lr_of_somebody_unrelated_is_one() -> None:
    """Over all readings of two unknown people; a wrong model of either side would miss it."""
    p = (0.2, 0.3, 0.5)
    errors = SampleErrors(DropOut(0.2), drop_in=0.05)
    model = marker("TH01", *p)
    genotypes = list(product(range(3), repeat=2))
    expected = covered = 0.0
    for size in (1, 2, 3):
        for seen in {frozenset(each) for each in product(range(3), repeat=size) if len(set(each)) == size}:
            weight = sum(
                np.prod([p[k] for k in (*a, *b)]) * oracle.mixture(seen, (*a, *b), p, (0.2,) * 3, 0.05)
                for a in genotypes
                for b in genotypes
            )
            found = includes_person(
                profile("mixture", TH01=read(*seen, sure=False)), profile("person", TH01=read(0, 1)), [model],
                mixture_errors=errors, person_errors=NO_ERRORS,
            )  # fmt: skip
            expected += weight * 10**found.log10_lr
            covered += weight
    nothing = [sum(w * oracle.mixture(frozenset(), g, p, (0.2,) * 3, 0.05) for g, w in of) for of in (
        [((0, 1, *b), p[b[0]] * p[b[1]]) for b in genotypes],
        [((*a, *b), float(np.prod([p[k] for k in (*a, *b)]))) for a in genotypes for b in genotypes],
    )]  # fmt: skip
    assert covered + nothing[1] == pytest.approx(1)
    assert expected + nothing[0] == pytest.approx(1)


def test_what_is_not_used_is_said() -> None:
    found = includes_person(
        profile("mixture", DXS8378=read(0, 1), TH01=read(0, sure=False), FGA=read(0, 1), vWA=read(0, 1)),
        profile("person", DXS8378=read(0), TH01=read(0), FGA=read(0)),
        [marker(name, 0.5, 0.5, x_linked=name == "DXS8378") for name in ("DXS8378", "TH01", "FGA", "vWA")],
        mixture_errors=NO_ERRORS,
        person_errors=NO_ERRORS,
    )
    assert set(found.by_marker) == {"FGA"}
    assert set(found.unused) == {"DXS8378", "TH01"}


def mixed_operation() -> tuple[Operation, Individual, Individual]:
    """Two individuals of a small case, and remains in which one of them and a stranger are read."""
    base = small_operation()
    first, second, _ = base.individuals
    stranger = {"D3S1358": (15, 18), "TH01": (8, 9), "FGA": (21, 25)}
    readings = {
        marker: (
            Reading.of(
                *dict.fromkeys([*first.profile.readings[marker][0].alleles, *(Repeat(a) for a in stranger[marker])])
            ),
        )
        for marker in stranger
    }
    mixture = Individual("M1", Profile("S9", readings), bag="B9", transfer="T1")
    return replace(base, mixtures=(mixture,)), first, second


def test_leads_are_the_inclusions_one_by_one() -> None:
    operation, first, second = mixed_operation()
    models = prepare(operation).models
    settings = operation.settings
    leads = mixture_leads(operation, operation.individuals, models, log10_lr=-np.inf)
    assert [lead.remains for lead in leads] == ["M1"] * len(operation.individuals)
    for lead in leads:
        who = next(one for one in operation.individuals if one.id == lead.who)
        want = includes_person(
            operation.mixtures[0].profile,
            who.profile,
            models,
            mixture_errors=settings.remains,
            person_errors=settings.remains,
        )
        assert lead.log10_lr == pytest.approx(want.log10_lr, abs=1e-12)
        assert lead.at_least == 2
    assert leads[0].who == first.id
    assert leads[0].log10_lr > 0
    only = mixture_leads(operation, (first, second), models, log10_lr=0.0)
    assert [lead.who for lead in only] == [first.id]


def test_no_living_donor_is_asked_about() -> None:
    operation, _, _ = mixed_operation()
    models = prepare(operation).models
    donors = {person for family in operation.families for person in family.donors()}
    leads = mixture_leads(operation, operation.individuals, models, log10_lr=-np.inf)
    assert donors
    assert not donors & {lead.who for lead in leads}


def test_a_mixture_is_read_kept_and_written_again(tmp_path: Path) -> None:
    operation, _, _ = mixed_operation()
    clean = replace(operation, individuals=operation.individuals[:2], digests={})
    write_case_folder(clean, tmp_path / "case")
    again = read_case_folder(tmp_path / "case")
    assert [one.id for one in again.individuals] == [one.id for one in clean.individuals]
    assert [one.id for one in again.mixtures] == ["M1"]
    assert again.mixtures[0].profile.readings == clean.mixtures[0].profile.readings
    assert any(one.id == "M1" and "mixture" in one.reason for one in again.left_out)
    write_case_folder(again, tmp_path / "again")
    for name in ("remains.csv", "profiles.csv"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "case" / name).read_bytes()
