"""The dead against the dead: by hand, by likelihoods of pedigrees, and against every pair in plain double precision."""

import inspect
import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import families
from antigone.genetics.alleles import Named, Repeat
from antigone.genetics.frequencies import Floor, FrequencyTable, MarkerFrequencies, PreparedFrequencies
from antigone.genetics.likelihood import Options
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import among_the_dead
from antigone.matching.among_the_dead import Relation, compare_with_elimination_list, kin_among_the_dead
from antigone.matching.among_the_dead.chance import STEP, ChanceOfKin
from antigone.matching.among_the_dead.kin import _Comparing
from antigone.matching.classes import marker_classes, sex_of
from antigone.matching.lookup import PairLookup
from antigone.matching.operation import (
    DropOut,
    EliminationEntry,
    Family,
    Individual,
    Operation,
    SampleErrors,
    Settings,
)
from antigone.matching.preparation import Prepared, prepare
from antigone.matching.tables import conditional_table
from antigone.scenarios import simulate
from examples import examples
from oracles import strategies

NO_ERRORS = SampleErrors()
DEGRADED = SampleErrors(DropOut(0.1), drop_in=0.01, typing_error=0.002)
KIN = (Relation.PARENT_AND_CHILD, Relation.FULL_SIBLINGS)


def read(*alleles: int, sure: bool = True) -> Reading:
    """Alleles by their number in the table: repeat 10 is allele 0."""
    named = tuple(Repeat(10 + allele) for allele in sorted(set(alleles)))
    if len(named) > 1:
        return Reading(named)
    return Reading(named, Reads.HOMOZYGOUS if sure else Reads.OTHER_UNSEEN)


def body(name: str, sex: Sex = Sex.UNKNOWN, /, **at: Reading | tuple[Reading, ...]) -> Individual:
    readings = {marker: (one,) if isinstance(one, Reading) else one for marker, one in at.items()}
    return Individual(name, Profile(f"S-{name}", readings), sex)


def ready(*models: MarkerModel, linked: tuple[LinkedPair, ...] = ()) -> Prepared:
    frequencies = PreparedFrequencies("t", "made up", "", "refuse", "scale", {})
    return Prepared(models, frequencies, linked, Options(), ())


def marker(name: str, *p: float, **options: object) -> MarkerModel:
    return replace(families.model(p, **options), name=name)  # type: ignore[arg-type]


def settings_for(models: tuple[MarkerModel, ...], errors: SampleErrors = NO_ERRORS) -> Settings:
    return Settings(tuple(model.name for model in models), remains=errors, donors=errors, threshold=0.0)


def log10_lrs(
    people: list[Individual], prepared: Prepared, errors: SampleErrors = NO_ERRORS
) -> dict[Relation, dict[tuple[int, int], float]]:
    """The exact figures of every pair."""
    comparing = _Comparing(people, prepared, settings_for(prepared.models, errors))
    pairs = np.array(list(combinations(range(len(people)), 2)))
    return {
        relation: dict(zip(map(tuple, pairs.tolist()), comparing.log10_lrs(relation, pairs).tolist(), strict=True))
        for relation in Relation
    }


# By hand


def test_two_of_the_dead_by_hand() -> None:
    p, q, r = 0.1, 0.2, 0.7
    prepared = ready(marker("TH01", p, q, r))
    found = log10_lrs([body("A", TH01=read(0, 1)), body("B", TH01=read(0, 1)), body("C", TH01=read(0, 2))], prepared)
    assert 10 ** found[Relation.SAME_PERSON][0, 1] == pytest.approx(1 / (2 * p * q))
    assert 10 ** found[Relation.PARENT_AND_CHILD][0, 1] == pytest.approx((p + q) / (4 * p * q))
    assert 10 ** found[Relation.FULL_SIBLINGS][0, 1] == pytest.approx((1 + p + q + 2 * p * q) / (8 * p * q))
    assert found[Relation.SAME_PERSON][0, 2] == -math.inf
    assert 10 ** found[Relation.PARENT_AND_CHILD][0, 2] == pytest.approx(1 / (4 * p))
    assert 10 ** found[Relation.FULL_SIBLINGS][0, 2] == pytest.approx((1 + 2 * p) / (8 * p))


def test_men_share_their_mothers_x_by_hand() -> None:
    p = 0.1
    prepared = ready(marker("DXS8378", p, 0.9, x_linked=True))
    men = [body(name, Sex.MALE, DXS8378=read(0)) for name in "AB"]
    found = log10_lrs([*men, body("C", Sex.FEMALE, DXS8378=read(0, 1)), body("D", DXS8378=read(0))], prepared)
    assert 10 ** found[Relation.PARENT_AND_CHILD][0, 1] == pytest.approx(1)  # a father gives his sons none
    assert 10 ** found[Relation.FULL_SIBLINGS][0, 1] == pytest.approx((1 + 1 / p) / 2)
    assert 10 ** found[Relation.SAME_PERSON][0, 1] == pytest.approx(1 / p)
    assert 10 ** found[Relation.PARENT_AND_CHILD][0, 2] == pytest.approx(1 / (2 * p))
    assert {logs[0, 3] for logs in found.values()} == {0.0}  # of unknown sex: nothing is said


# The slow twin: families of one, with the errors of remains, by elimination


def plain_log10_lr(relation: Relation, people: list[Individual], typed: int, other: int, given: Prepared) -> float:
    """As the search compares an individual with a missing person of whom one relative is typed."""
    one, two = sex_of(people[typed]), sex_of(people[other])
    if relation is Relation.SAME_PERSON:
        persons = [Person("T", sex=two)]
        if one is not two:  # one body has one sex: X-linked markers are left to amelogenin
            given = replace(given, models=tuple(model for model in given.models if not model.x_linked))
    elif relation is Relation.FULL_SIBLINGS:
        persons = [Person("F", sex=Sex.MALE), Person("M", sex=Sex.FEMALE)]
        persons += [Person("O", "F", "M", one), Person("T", "F", "M", two)]
    else:
        spouse = Person("W", sex=Sex.MALE if one is Sex.FEMALE else Sex.FEMALE)
        father, mother = ("W", "O") if one is Sex.FEMALE else ("O", "W")
        persons = [Person("O", sex=one), spouse, Person("T", father, mother, two)]
    key = "T" if relation is Relation.SAME_PERSON else "O"
    family = Family("one", Pedigree.build(persons), ("T",), {key: people[typed].profile})
    settings = settings_for(given.models, DEGRADED)
    table = conditional_table(family, "T", given, settings)
    classes = marker_classes(people, given.models, settings)
    return float(PairLookup(table, classes, np.array([str(sex_of(one)) for one in people])).totals[other])


@st.composite
def dead(draw: st.DrawFn) -> tuple[list[Individual], Prepared]:
    models = []
    for name in ("vWA", "D12S391", "DXS8378"):
        p = draw(strategies.frequencies(min_alleles=2, max_alleles=4))
        pair = draw(strategies.mutation_pairs(p))
        models.append(marker(name, *p, male=pair.male, female=pair.female, x_linked=name == "DXS8378"))
    people = []
    for number in range(3):
        sex = draw(st.sampled_from([Sex.MALE, Sex.FEMALE]))
        at: dict[str, tuple[Reading, ...]] = {}
        for model in models:
            alleles = st.integers(0, len(model) - 1)
            replicates = draw(st.integers(0, 2))
            single = model.x_linked and sex is Sex.MALE
            found = [
                read(draw(alleles), *(() if single else (draw(alleles),)), sure=draw(st.booleans()))
                for _ in range(replicates)
            ]
            if found:
                at[model.name] = tuple(found)
        people.append(body(f"R{number}", sex, **at))
    linked = draw(st.sampled_from([(), (LinkedPair("vWA", "D12S391", 0.1, "made up"),)]))
    return people, ready(*models, linked=linked)


@examples(8)
@given(dead())
def test_every_relation_agrees_with_families_of_one_by_elimination(case: tuple[list[Individual], Prepared]) -> None:
    people, given_models = case
    found = log10_lrs(people, given_models, DEGRADED)
    for relation in Relation:
        for (i, j), value in found[relation].items():
            both = [10 ** plain_log10_lr(relation, people, a, b, given_models) for a, b in ((i, j), (j, i))]
            assert 10**value == pytest.approx(np.mean(both), rel=1e-9), (relation, i, j)


# The fast path


@pytest.fixture(scope="module")
def invented() -> Operation:
    return simulate("june-2025", scale=0.02, seed=3).operation


def test_the_first_pass_loses_no_pair_and_adds_none(invented: Operation) -> None:
    prepared = prepare(invented)
    people = invented.individuals
    found = kin_among_the_dead(people, prepared, invented.settings, threshold=1.5)
    assert prepared.linked
    comparing = _Comparing(people, prepared, invented.settings)
    pairs = np.array(list(combinations(range(len(people)), 2)))
    logs = {relation: comparing.log10_lrs(relation, pairs) for relation in Relation}
    best = np.maximum(logs[KIN[0]], logs[KIN[1]])
    expected = {
        frozenset((people[i].id, people[j].id)): {relation: logs[relation][k] for relation in Relation}
        for k, (i, j) in enumerate(pairs.tolist())
        if best[k] >= 1.5
    }
    assert len(expected) > 50
    assert {frozenset((one.first, one.second)) for one in found.pairs} == set(expected)
    for one in found.pairs:
        own = expected[frozenset((one.first, one.second))]
        assert dict(one.log10_lrs) == pytest.approx(own, abs=1e-9)
        assert one.log10_lr == pytest.approx(max(own.values()), abs=1e-9)
    assert found.compared == len(pairs)


def test_the_kernel_and_plain_numpy_let_the_same_pairs_through(invented: Operation) -> None:
    comparing = _Comparing(invented.individuals, prepare(invented), invented.settings)
    for relation in Relation:
        for floor in (-1.0, 2.0, 4.0):
            plain, _ = comparing.plain_pass(relation, floor)
            quick, survived = comparing.first_pass(relation, floor)
            assert set(map(tuple, plain.tolist())) == set(map(tuple, quick.tolist()))
            assert survived >= len(quick) > 0


def test_few_families_at_a_time_give_the_same(invented: Operation, monkeypatch: pytest.MonkeyPatch) -> None:
    prepared, people = prepare(invented), invented.individuals[:60]
    whole = kin_among_the_dead(people, prepared, invented.settings)
    monkeypatch.setattr(among_the_dead.kin, "FEW", 0)
    monkeypatch.setattr(among_the_dead.kin, "MOST_NUMBERS", 1)
    monkeypatch.setattr(among_the_dead.kin, "PAIRS_TOGETHER", 7)
    again = kin_among_the_dead(people, prepared, invented.settings)
    assert [(one.first, one.second, one.relation) for one in again.pairs] == [
        (one.first, one.second, one.relation) for one in whole.pairs
    ]
    assert [one.log10_lr for one in again.pairs] == pytest.approx([one.log10_lr for one in whole.pairs], abs=1e-9)


def test_one_of_the_dead_or_none_has_no_kin_here(invented: Operation) -> None:
    prepared = prepare(invented)
    for count in (0, 1):
        found = kin_among_the_dead(invented.individuals[:count], prepared, invented.settings)
        assert (found.pairs, found.compared) == ((), 0)


def test_parts_of_one_body_are_told_as_what_they_are() -> None:
    models = tuple(marker(name, *[0.1] * 10) for name in ("TH01", "FGA", "TPOX", "CSF1PO"))
    at = {model.name: read(0, 1) for model in models}
    found = kin_among_the_dead([body("A", **at), body("B", **at)], ready(*models), settings_for(models))
    (pair,) = found.pairs
    assert pair.relation is Relation.SAME_PERSON
    assert (found.of(Relation.SAME_PERSON), found.of(Relation.FULL_SIBLINGS)) == (1, 0)


def test_theta_and_linked_x_markers_are_said() -> None:
    prepared = ready(marker("DXS8378", 0.5, 0.5, x_linked=True), linked=(LinkedPair("DXS8378", "DXS10135", 0.0, ""),))
    found = kin_among_the_dead([], prepared, replace(settings_for(prepared.models), theta=0.01))
    assert len(found.notes) == 2
    assert "computed at theta 0" in found.notes[0]
    assert "DXS8378–DXS10135" in found.notes[1]


# Chance


def test_chance_is_at_most_what_is_said_and_hardly_less() -> None:
    models = (marker("A1", 0.1, 0.2, 0.7), marker("A2", 0.05, 0.25, 0.7), marker("A3", 0.3, 0.3, 0.4))
    a, b = np.triu_indices(3)
    people = [body(f"R{k}", **{model.name: read(int(a[k]), int(b[k])) for model in models}) for k in range(len(a))]
    comparing = _Comparing(people, ready(*models), settings_for(models))
    chance = ChanceOfKin(comparing.markers, settings_for(models), (0,))
    for relation in KIN:
        logs, shares = np.zeros(1), np.ones(1)
        for m, model in enumerate(models):
            of = comparing.of[m]
            own = comparing.markers[m].log10_lrs(relation, of, 0)[:, of]
            p = model.frequencies
            genotypes = np.where(a == b, 1, 2) * p[a] * p[b]
            logs = np.add.outer(logs, own.ravel()).ravel()
            shares = np.outer(shares, np.outer(genotypes, genotypes).ravel()).ravel()
        assert shares.sum() == pytest.approx(1)
        assert (shares * 10**logs).sum() == pytest.approx(1)
        for x in (0.0, 0.5, 1.0, 1.5, 2.0, 2.4):
            exactly = shares[logs >= x].sum()
            little_lower = shares[logs >= x - (len(models) + 1) * STEP].sum()
            said = chance.at_least(relation, x, (0, 1, 2), (0, 0), 0.0)
            assert exactly <= said * (1 + 1e-9)
            assert said <= min(little_lower, 10.0**-x) * (1 + 1e-9)
            assert chance.at_least(relation, x, (0, 1, 2), (0, 0), 0.3) >= said


@examples(6)
@given(strategies.frequencies(), st.floats(0, 1.5))
def test_the_mean_of_both_directions_is_bounded_too(p: tuple[float, ...], x: float) -> None:
    """Alleles that mutate one way only: the two directions differ."""
    up = np.eye(len(p)) * 0.9 + np.eye(len(p), k=1) * 0.1
    up[-1, -1] = 1
    model = marker("A1", *p, male=up)
    a, b = np.triu_indices(len(p))
    people = [body(f"R{k}", A1=read(int(a[k]), int(b[k]))) for k in range(len(a))]
    comparing = _Comparing(people, ready(model), settings_for((model,)))
    frequencies = model.frequencies
    genotypes = np.where(a == b, 1, 2) * frequencies[a] * frequencies[b]
    of = comparing.of[0]
    ratios = comparing.markers[0].lrs(Relation.PARENT_AND_CHILD, of, 0)[:, of]
    exactly = np.outer(genotypes, genotypes)[(ratios + ratios.T) / 2 >= 10**x].sum()
    chance = ChanceOfKin(comparing.markers, settings_for((model,)), (0,))
    assert exactly <= chance.at_least(Relation.PARENT_AND_CHILD, x, (0,), (0, 0), 0.0) * (1 + 1e-9)


# Elimination


def staff(name: str, role: str = "staff", **at: Reading) -> EliminationEntry:
    return EliminationEntry(name, role, Profile(f"E-{name}", {marker: (one,) for marker, one in at.items()}))


EVEN = {Repeat(10 + k): 0.1 for k in range(10)}
NAMES = ("TH01", "FGA", "TPOX", "CSF1PO")
TABLE = FrequencyTable("even", "made up", {name: MarkerFrequencies.from_frequencies(name, EVEN) for name in NAMES})


def declared(**options: object) -> Settings:
    return Settings(**{"markers": NAMES, "rare_alleles": Floor(0.01), **options})  # type: ignore[arg-type]


def test_remains_that_are_of_the_staff_by_hand() -> None:
    at = {name: read(0, 1) for name in NAMES}
    remains = [body("R1", **at), body("R2", **{**at, "FGA": read(2, 3)}), body("R3", TH01=read(0, 1))]
    entries = (staff("E1", "mortuary", **at), staff("E2", **{name: read(4, 5) for name in NAMES}))
    found = compare_with_elimination_list(remains, (), entries, TABLE, declared())
    (match,) = found.matches
    assert (match.remains, match.entry, match.role, match.markers, match.mixture) == ("R1", "E1", "mortuary", 4, False)
    assert match.log10_lr == pytest.approx(4 * math.log10(1 / 0.02))
    assert match.expected == pytest.approx(6 * 0.02**4)
    assert (found.compared, found.entries, found.remains()) == (6, 2, frozenset({"R1"}))


def test_a_drop_out_of_remains_is_forgiven_and_one_of_a_reference_is_not() -> None:
    at = {name: read(0, 1) for name in NAMES}
    lost = {**at, "FGA": read(0, sure=False)}
    settings = declared(remains=SampleErrors(DropOut(0.1)), threshold=3.0)
    assert compare_with_elimination_list([body("R", **lost)], (), [staff("E", **at)], TABLE, settings).remains() == {
        "R"
    }
    called = {**at, "FGA": read(0)}
    assert compare_with_elimination_list([body("R", **at)], (), [staff("E", **called)], TABLE, settings).matches == ()


def test_a_mixture_with_somebody_of_the_staff_is_told() -> None:
    four = {name: Reading(tuple(Repeat(10 + k) for k in range(4))) for name in NAMES}
    found = compare_with_elimination_list(
        (), [body("M", **four)], [staff("E", **{name: read(0, 1) for name in NAMES})], TABLE, declared(threshold=3.0)
    )
    (match,) = found.matches
    assert (match.remains, match.entry, match.mixture) == ("M", "E", True)
    assert match.log10_lr == pytest.approx(4 * math.log10(1 / 0.12))  # 1/(12ab): two of four alleles


def test_x_markers_are_compared_within_a_sex() -> None:
    table = FrequencyTable("x", "made up", {"DXS8378": MarkerFrequencies.from_frequencies("DXS8378", EVEN)})
    entry = EliminationEntry("E", "staff", Profile("E", {"DXS8378": (read(0),)}), Sex.MALE)
    shown = {"DXS8378": (read(0),), "AMEL": (Reading((Named("X"), Named("Y"))),)}
    remains = [body("man", DXS8378=read(0), AMEL=shown["AMEL"]), body("woman", Sex.FEMALE, DXS8378=read(0))]
    found = compare_with_elimination_list(remains, (), [entry], table, declared(markers=("DXS8378",), threshold=0.5))
    assert found.remains() == {"man"}
    assert found.matches[0].log10_lr == pytest.approx(1)


def test_an_allele_that_the_list_alone_shows_changes_no_search() -> None:
    entry = staff("E", TH01=read(0, 30))
    operation = Operation("t", (body("R", TH01=read(0, 1)),), (), TABLE, declared(), elimination=(entry,))
    settings = operation.settings
    assert compare_with_elimination_list(operation.individuals, (), (entry,), TABLE, settings).matches == ()
    assert prepare(operation).frequencies.digest == prepare(replace(operation, elimination=())).frequencies.digest


# Living donors


class Poison(Mapping[str, Profile]):
    """Profiles of living donors that nobody may look at."""

    def __getitem__(self, key: str) -> Profile:
        raise AssertionError("a living donor was looked at")

    def __iter__(self):  # type: ignore[no-untyped-def]
        raise AssertionError("living donors were looked at")

    def __len__(self) -> int:
        raise AssertionError("living donors were counted")


def test_no_call_compares_living_donors_of_several_families() -> None:
    """All that is public takes remains or an elimination list; nothing of it could be given a family or an operation.

    An `Operation` holds families: whoever compares the dead must take them out of it first.
    """
    for name in among_the_dead.__all__:
        for _, call in [(name, getattr(among_the_dead, name)), *inspect.getmembers(getattr(among_the_dead, name))]:
            if inspect.isfunction(call):
                taken = [str(one.annotation) for one in inspect.signature(call).parameters.values()]
                assert not [text for text in taken if "Family" in text or "Operation" in text or "Profile" in text]


def test_a_donor_or_a_family_is_refused_where_the_dead_are_compared() -> None:
    parent = Person("P")
    family = Family(
        "F", Pedigree.build([parent, Person("M", "P")]), ("M",), {"P": Profile("D", {"TH01": (read(0, 1),)})}
    )
    prepared, settings = ready(marker("TH01", 0.5, 0.5)), declared()
    for living in (family, parent, family.profiles["P"]):
        with pytest.raises(TypeError, match="the dead are compared with each other, and nobody else is"):
            kin_among_the_dead([body("R", TH01=read(0, 1)), living], prepared, settings)  # type: ignore[list-item]
        with pytest.raises(TypeError, match="compared with an elimination list, not with a"):
            compare_with_elimination_list([body("R", TH01=read(0, 1))], (), [living], TABLE, settings)  # type: ignore[list-item]


def test_nobody_of_a_family_is_looked_at_while_the_dead_are_compared() -> None:
    at = {name: read(0, 1) for name in NAMES}
    pedigree = Pedigree.build([Person("P"), Person("M", "P")])
    families_ = tuple(Family(name, pedigree, ("M",), Poison()) for name in "AB")
    operation = Operation("t", (body("R1", **at), body("R2", **at)), families_, TABLE, declared())
    prepared = prepare(replace(operation, families=()))
    assert len(kin_among_the_dead(operation.individuals, prepared, operation.settings).pairs) == 1
    entry = staff("E", **at)
    assert (
        len(
            compare_with_elimination_list(
                operation.individuals, operation.mixtures, (entry,), TABLE, operation.settings
            ).matches
        )
        == 2
    )
