"""A search that stays in memory says of somebody new what a whole search with them says."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_batched_tables import KINDS, LINKED, Drawn, linked, several_brothers

from antigone.bench.register import make_register, read_register
from antigone.bench.search import Resident
from antigone.genetics.alleles import Repeat
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.profiles import Profile
from antigone.matching import family_groups, resident
from antigone.matching.country_search import CountryHits, search_country, search_groups
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors
from antigone.matching.resident import NewAlleleError, ResidentHits, ResidentSearch, _alike
from antigone.matching.search import search
from antigone.matching.tables import hardy_weinberg
from examples import examples
from small_operation import small_operation

__all__ = ["linked"]  # a fixture that all tests use

THRESHOLDS = [-300.0, -1.0137, 0.2537, 1.5137]

# In which order a sum is taken depends on who is computed together (siblings by the numbers of their readings, products
# of matrices and sums along an axis by their shapes), in whole searches too.
LAST_BITS = 1e-13


def without_last(operation: Operation, *, individuals: int = 0, families: int = 0) -> Operation:
    dead, searching = operation.individuals, operation.families
    return replace(
        operation, individuals=dead[: len(dead) - individuals], families=searching[: len(searching) - families]
    )


def same(found: ResidentHits, whole: CountryHits, wanted: np.ndarray) -> None:
    """Those hits of a whole search that are wanted, and no others."""
    assert found.individual.tolist() == whole.individual[wanted].tolist()
    assert found.missing.tolist() == whole.missing[wanted].tolist()
    np.testing.assert_allclose(found.log10_lr, whole.log10_lr[wanted], rtol=LAST_BITS, atol=LAST_BITS)


def compare_individual(operation: Operation, threshold: float) -> ResidentHits:
    """The last individual against all families, with nobody else known of them."""
    last = len(operation.individuals) - 1
    resident = ResidentSearch.of(without_last(operation, individuals=1), threshold=threshold)
    found = resident.against_families(operation.individuals[last])
    whole = search_country(operation, threshold=threshold)
    same(found, whole, whole.individual == last)
    assert found.refused == whole.refused
    assert found.pairs == len(operation.missing_persons())
    assert found.survived >= len(found)
    every = search(operation, keep=threshold, coincidences=False).kept
    np.testing.assert_allclose(found.log10_lr, every.log10_lr[every.individual == last], rtol=1e-9, atol=1e-9)
    return found


def compare_family(operation: Operation, threshold: float) -> ResidentHits:
    """Whom the last family misses against everybody."""
    before = without_last(operation, families=1)
    found = ResidentSearch.of(before, threshold=threshold).against_individuals(operation.families[-1])
    whole = search_country(operation, threshold=threshold)
    first = len(before.missing_persons())
    same(found, whole, whole.missing >= first)
    assert found.refused == tuple(one for one in whole.refused if one[0] >= first)
    assert found.pairs == len(operation.individuals) * len(operation.families[-1].missing)
    return found


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@examples(8)
def test_a_new_individual_is_compared_as_in_a_whole_search(kind, data):
    operation = Drawn(data, **KINDS[kind]).operation
    compare_individual(operation, data.draw(st.sampled_from(THRESHOLDS)))


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@examples(8)
def test_a_new_family_is_compared_as_in_a_whole_search(kind, data):
    operation = Drawn(data, **KINDS[kind]).operation
    compare_family(operation, data.draw(st.sampled_from(THRESHOLDS)))


@pytest.mark.parametrize("threshold", [-1.0137, 0.5137, 1.2137])
@pytest.mark.parametrize("linkage", [True, False])
def test_linkage_is_weighed_or_left_out_as_in_a_whole_search(linkage, threshold):
    operation = several_brothers()
    operation = replace(operation, settings=replace(operation.settings, linkage=linkage))
    assert compare_individual(operation, threshold).pairs == 12
    assert compare_family(operation, threshold).pairs == 40


@given(st.data())
@examples(8)
def test_whoever_was_added_is_compared_with_whoever_comes_next(data):
    operation = Drawn(data, x_linked=data.draw(st.booleans())).operation
    threshold = data.draw(st.sampled_from(THRESHOLDS))
    dead = [replace(one, id=f"{one.id}-{k}") for k in range(3) for one in operation.individuals][:5]
    settings = replace(operation.settings, linkage=False)
    operation = replace(operation, individuals=tuple(dead), settings=settings)
    resident = ResidentSearch.of(without_last(operation, individuals=len(dead) - 1, families=3), threshold=threshold)
    whole = search_country(operation, threshold=threshold)
    searched: dict[tuple[int, int], float] = {}

    def seen(found: ResidentHits) -> None:
        pairs = zip(found.individual.tolist(), found.missing.tolist(), strict=True)
        searched.update(zip(pairs, found.log10_lr.tolist(), strict=True))

    for family in operation.families[-3:]:  # by turns
        seen(resident.against_individuals(family))
        resident.add_family(family)
        if resident.individuals < len(dead):
            individual = dead[resident.individuals]
            seen(resident.against_families(individual))
            resident.add_individual(individual)
    assert resident.missing == len(operation.missing_persons())
    known = resident.individuals
    before = len(without_last(operation, families=3).missing_persons())
    expected = {
        (i, j): pytest.approx(x, rel=LAST_BITS, abs=LAST_BITS)
        for i, j, x in zip(whole.individual.tolist(), whole.missing.tolist(), whole.log10_lr.tolist(), strict=True)
        if i < known and (i > 0 or j >= before)
    }
    assert searched == expected


def with_drop_out(operation: Operation) -> Operation:
    rates = SampleErrors(DropOut(0.1), 0.01)
    return replace(operation, settings=replace(operation.settings, remains=rates, linkage=False))


def read(**readings: tuple[Reading, ...]) -> Individual:
    return Individual("new", Profile("new", readings))


ONE, TWO = (Reading((Repeat(10),), Reads.OTHER_UNSEEN),), (Reading((Repeat(10), Repeat(11))),)
NEW = {
    "nothing": read(),
    "one marker": read(A=TWO),
    "a degraded marker": read(A=ONE, B=TWO),
    "replicates": read(A=ONE + TWO, B=ONE + ONE, C=TWO + ONE),
    "three alleles": read(A=(Reading((Repeat(10), Repeat(11), Repeat(12))),), B=TWO, C=TWO),
}


@pytest.mark.parametrize("threshold", [-1.0137, 0.0, 0.5137])
@pytest.mark.parametrize("new", NEW)
@pytest.mark.parametrize("others", [0, 2, 40])
def test_what_nobody_had_read_is_compared_too(new, others, threshold):
    """Not even "not read" was read before: every individual of the operation has all markers."""
    operation = with_drop_out(several_brothers())
    operation = replace(operation, individuals=(*operation.individuals[:others], NEW[new]))
    compare_individual(operation, threshold)


@pytest.mark.parametrize("drop_in", [0.0, 0.03])
def test_what_is_nearly_what_somebody_had_takes_its_bytes(drop_in, monkeypatch):
    """Another replicate of readings that are known: their bytes bound it, and nobody's row is computed anew."""
    operation = with_drop_out(several_brothers())
    remains = replace(operation.settings.remains, drop_in=drop_in)
    operation = replace(operation, settings=replace(operation.settings, remains=remains))
    known = operation.individuals[0]
    twice = {marker: (*readings, *readings) for marker, readings in known.profile.readings.items()}
    new = Individual("new", replace(known.profile, sample="new", readings=twice), known.sex)
    operation = replace(operation, individuals=(*operation.individuals, new))
    before = ResidentSearch.of(without_last(operation, individuals=1))
    (shelf,), classes = before._shelves, before._classes_of(new)
    alike = [_alike(model, shelf.classes[m], classes[m]) for m, model in enumerate(before.prepared.models)]
    assert all(one is not None and 0 <= one.above < 1 for one in alike)
    assert all(one.above > 0 for one in alike) == (drop_in > 0)
    monkeypatch.setattr(resident, "MOST_ABOVE", np.inf)
    monkeypatch.setattr(resident._Shelf, "_new", lambda *_: pytest.fail("a row was computed anew"))
    for threshold in THRESHOLDS:
        compare_individual(operation, threshold)


@given(st.randoms(use_true_random=False), st.floats(0.0, 0.1), st.floats(0.01, 0.6))
@examples(60)
def test_no_family_says_more_of_a_new_class_than_its_bound(random, drop_in, drop_out):
    """Whatever a family says of genotypes: against sums over all of them."""
    operation = several_brothers()
    errors = SampleErrors(DropOut(drop_out), drop_in, 0.001)
    settings = replace(operation.settings, remains=errors)
    before = ResidentSearch.of(replace(operation, settings=settings))
    m = random.randrange(len(before.prepared.models))
    model = before.prepared.models[m]
    (known,) = before._shelves[0].classes[m : m + 1]
    alleles = random.choices(model.alleles, k=4)
    readings = (Reading.of(*alleles[:2]), Reading.of(*alleles[2:]))[: random.randint(1, 2)]
    profile = Profile("new", {model.name: readings})
    new = before._classes_of(Individual("new", profile))[m]
    alike = _alike(model, known, new) if int(new.of[0]) >= 0 else None
    if alike is None:
        return
    unrelated = hardy_weinberg(model)
    rng = np.random.default_rng(random.randrange(2**32))
    families = rng.dirichlet(np.full(len(unrelated), 0.05), size=50)  # what families say is often of few genotypes
    mine = new.diploid_rows.likelihood[0]
    theirs = known.diploid_rows.likelihood[known.diploid_rows.which == alike.known][0]
    of_new = families @ mine / (mine @ unrelated)
    of_known = families @ theirs / (theirs @ unrelated)
    assert (of_new <= 10**alike.above * of_known * (1 + 1e-9) + 1e-300).all()


def test_a_new_reading_reaches_whom_no_known_reading_could():
    """The donor's own rare genotype: a copy of it is above all that was read before."""
    operation = with_drop_out(several_brothers())
    family = operation.families[0]
    donor = next(iter(family.profiles.values()))
    new = Individual("new", replace(donor, sample="new"))
    strangers = tuple(
        one for one in operation.individuals
        if all(one.profile.readings[m] != donor.readings[m] for m in donor.readings)
    )[:1]  # fmt: skip
    assert strangers
    before = replace(operation, individuals=strangers)
    every = search_country(replace(before, individuals=(*strangers, new)), threshold=-300.0)
    (of_new,) = every.log10_lr[(every.individual == 1) & (every.missing == 0)]
    threshold = float(of_new) - 0.01
    assert 0 in search_country(before, threshold=threshold).cannot_reach
    found = compare_individual(replace(before, individuals=(*strangers, new)), threshold)
    assert 0 in found.missing


def test_bytes_leave_few_of_those_below_the_threshold():
    operation = replace(with_drop_out(several_brothers()), families=several_brothers().families * 20)
    resident = ResidentSearch.of(operation, threshold=2.0)
    found = resident.against_families(replace(operation.individuals[3], id="again"))
    assert found.pairs == 240
    assert found.survived < 60
    assert resident.size > 240 * 3


def test_families_that_are_too_complex_together_are_computed_one_by_one(monkeypatch):
    operation = with_drop_out(several_brothers())
    whole = search_country(operation, threshold=0.5)

    def too_complex(*_):
        raise TooComplexError("no order of summing fits into memory")

    monkeypatch.setattr(family_groups.GroupTables, "tables", too_complex)
    before = without_last(operation, individuals=1)
    found = ResidentSearch.of(before, threshold=0.5).against_families(operation.individuals[-1])
    same(found, whole, whole.individual == len(before.individuals))


def test_an_allele_that_no_model_holds_is_refused_by_name():
    operation = small_operation()
    resident = ResidentSearch.of(operation)
    profile = Profile("S77", {"TH01": (Reading.of(Repeat(6), Repeat(99)),)})
    family = operation.families[0]
    new = Family("F77", family.pedigree, family.missing, {"F1-FA": profile})
    for ask, somebody in (
        (resident.against_families, Individual("R77", profile)), (resident.add_individual, Individual("R77", profile)),
        (resident.against_individuals, new), (resident.add_family, new),
    ):  # fmt: skip
        with pytest.raises(NewAlleleError, match="S77: allele 99 of TH01 is in no model"):
            ask(somebody)
    assert (resident.individuals, resident.missing) == (3, 2)


def test_nobody_dead_or_nobody_missing():
    operation = small_operation()
    nobody = ResidentSearch.of(replace(operation, individuals=()), threshold=-300.0)
    assert len(nobody.against_individuals(operation.families[0])) == 0
    assert len(nobody.against_families(operation.individuals[0])) == 2
    nobody = ResidentSearch.of(replace(operation, families=()), threshold=-300.0)
    assert len(nobody.against_families(operation.individuals[0])) == 0
    assert len(nobody.against_individuals(operation.families[0])) == 3


def test_a_register_is_kept_from_its_arrays_and_timed(tmp_path):
    make_register(tmp_path, remains=90, missing=120, markers=11, seed=3)
    register = read_register(tmp_path)
    arrays = register.groups, register.known, register.classes, 90, register.prepared
    hits = search_groups(*arrays, threshold=register.settings.threshold, threads=1)
    found = Resident.of(register, hits)
    assert found.identical
    rows = sum(len(these.readings) + 1 for these in register.classes)
    assert rows * 120 < found.size < (rows + 200) * 120
    assert min(found.one_profile, found.one_family) > 0
    assert not Resident.of(register, replace(hits, log10_lr=hits.log10_lr + 1e-8)).identical
    linked_markers = replace(register.prepared, linked=(LINKED,))
    with pytest.raises(ValueError, match="linkage between markers matters; build the search from the operation"):
        ResidentSearch.of_groups(*arrays[:4], linked_markers, register.settings, threshold=2.0)
