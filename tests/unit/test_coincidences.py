"""How many unrelated pairs reach a likelihood ratio: against every outcome listed, simulation, and the whole search."""

import math
from itertools import combinations, combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.markers import LinkedPair
from antigone.genetics.mutation import NO_MUTATION, Equal, Mutation
from antigone.genetics.observation import ErrorRates, Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import coincidences, linked_outcomes, outcomes, preparation
from antigone.matching.classes import marker_classes
from antigone.matching.coincidences import Coincidences, Patterns
from antigone.matching.convolution import sum_of_products, sum_of_products_plain
from antigone.matching.country_coincidences import country_coincidences
from antigone.matching.linked_outcomes import cells_of_pairs, cells_of_pairs_plain
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.outcomes import cells_of, cells_of_plain, list_outcomes
from antigone.matching.preparation import prepare
from antigone.matching.search import search
from antigone.matching.strata import FEWEST, reference_set, sampled_strata
from antigone.matching.tables import conditional_table, genotype_pairs
from examples import examples
from families import model
from oracles.observation import enumerate_readings, reading_probability

P = (0.2, 0.3, 0.5)


def typed(*alleles: int) -> Reading:
    return Reading.of(*(Repeat(a) for a in alleles))


def profile(name: str, **readings: Reading) -> Profile:
    return Profile(name, {marker: (reading,) for marker, reading in readings.items()})


def operation_of(individuals, families, *, markers=("A",), p=P, mutation=NO_MUTATION, theta=0.0, remains=None):
    table = {
        name: MarkerFrequencies.from_frequencies(name, {Repeat(10 + i): q for i, q in enumerate(p)}) for name in markers
    }
    settings = Settings(
        tuple(markers), theta=theta, threshold=300.0, rare_alleles=Refuse(), mutation=mutation,
        remains=remains or SampleErrors(),
    )  # fmt: skip
    return Operation("test", tuple(individuals), tuple(families), FrequencyTable("t", "t", table), settings)


def reference(*, name="F", **readings: Reading) -> Family:
    alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    return Family(name, alone, ("M",), {"M": profile("own", **readings)})


# --- what can be read ------------------------------------------------------------------------------------------------


def test_a_drop_in_is_among_the_outcomes_by_hand():
    # A direct reference 10/11. Three alleles come of any of the three heterozygotes and the third allele, dropped in.
    c = 0.1
    individual = Individual("R", profile("R", A=typed(10, 12)))
    count = search(
        operation_of([individual], [reference(A=typed(10, 11))], remains=SampleErrors(drop_in=c))
    ).coincidences
    three = c * 3 * (2 * 0.2 * 0.3 * 0.5)
    lr_of_three = c * 0.5 / three
    two = 2 * 0.2 * 0.3 * (1 - c + c * 0.5) + 0.2**2 * c * 0.3 + 0.3**2 * c * 0.2
    assert count.at_least(math.log10((1 - c + c * 0.5) / two) - 0.001)[1] == pytest.approx(two)
    assert count.at_least(math.log10(lr_of_three) + 0.05)[0] == pytest.approx(two)
    assert count.at_least(math.log10(lr_of_three) - 0.05)[0] == pytest.approx(two + three)
    assert count.total_lr == pytest.approx(1.0)


@given(st.data())
@examples(25)
def test_what_one_replicate_shows_is_what_the_enumeration_of_events_gives(data):
    n = data.draw(st.integers(2, 4))
    p = [1 / n] * n if n == 3 else [k + 1 for k in range(n)]
    p = tuple(q / sum(p) for q in p)
    silent = data.draw(st.sampled_from([None, n - 1])) if n > 2 else None
    d, c, e = (data.draw(st.sampled_from(values)) for values in ([0.1, 0.4], [0.0, 0.05], [0.0, 0.02]))
    haploid = data.draw(st.booleans())
    marker = model(p, silent=silent, x_linked=haploid)
    found = list_outcomes(("open",), marker, ErrorRates(d, c, e), haploid=haploid)
    shown = [i for i in range(n) if i != silent]
    copies = 1 if haploid else 2
    sets = [set(s) for size in range(1, copies + 2 if c else copies + 1) for s in combinations(shown, size)]
    if haploid and not c:
        sets = [s for s in sets if len(s) == 1]
    genotypes = list(combinations_with_replacement(range(n), copies))
    expected = np.array(
        [
            [reading_probability(frozenset(s), g, p, (d,) * n, c, e, silent, "seen") for g in genotypes]
            for s in sets
        ]
    )  # fmt: skip
    assert np.allclose(found.alone.likelihood.matrix(), expected, rtol=1e-12, atol=1e-15)
    assert np.allclose(found.total_chance, expected.sum(axis=0), rtol=1e-12)
    nothing = [dict(enumerate_readings(g, p, (d,) * n, c, e, silent)).get(frozenset(), 0.0) for g in genotypes]
    assert np.allclose(found.total_chance, 1 - np.array(nothing), rtol=1e-12)


class EveryOutcome:
    """(LR, probability if unrelated) of everything that replicates may show, by listing events."""

    def __init__(self, operation, replicates, rates, *, called):
        prepared = prepare(operation)
        (family, person), *_ = operation.missing_persons()
        self.table = conditional_table(family, person, prepared, operation.settings)
        d, c, e = rates
        p = prepared.models[0].frequencies
        n = len(p)
        genotypes = list(zip(*genotype_pairs(n), strict=True))

        def probability(seen, genotype, drop, kind):
            return reading_probability(frozenset(seen), genotype, p, (drop,) * n, c, e, None, kind)

        sets = [s for size in (1, 2, 3) for s in combinations(range(n), size)]
        kind = {1: "homozygous" if called else "seen"}
        likelihood = np.array([[probability(s, g, d, kind.get(len(s), "seen")) for g in genotypes] for s in sets])
        chance = np.array([[probability(s, g, 0.0 if called else d, "seen") for g in genotypes] for s in sets])
        lists = [
            [np.asarray(math.prod(rows)) for rows in product(of, repeat=replicates)] for of in (likelihood, chance)
        ]
        marker = self.table.markers[0]
        lrs, drawn = [], []
        for one, other in zip(*lists, strict=True):
            if one @ marker.unrelated > 0:
                lrs.append((one @ marker.related) / (one @ marker.unrelated))
                drawn.append(other @ marker.unrelated)
        self.lrs, self.drawn = np.array(lrs), np.array(drawn) / np.sum(drawn)

    def at_least(self, log10_lr: float) -> float:
        return float(self.drawn[self.lrs >= 10 ** (log10_lr - 1e-9)].sum())


@given(st.data())
@examples(30)
def test_the_bracket_holds_whatever_drops_in_or_is_misread_and_however_much_is_listed(data):
    n = data.draw(st.integers(2, 4))
    weights = data.draw(st.lists(st.sampled_from([1, 3, 10]), min_size=n, max_size=n))
    p = [w / sum(weights) for w in weights]
    rates = data.draw(st.sampled_from([(0.1, 0.05, 0.02), (0.3, 0.2, 0.0), (0.1, 0.0, 0.05), (0.05, 0.001, 0.0)]))
    called = data.draw(st.booleans())
    replicates = data.draw(st.sampled_from([1, 2, 2, 3]))
    own = typed(*(10 + data.draw(st.integers(0, n - 1)) for _ in range(2)))
    reading = Reading((Repeat(10),), Reads.HOMOZYGOUS if called else Reads.OTHER_UNSEEN)
    individual = Individual("R", Profile("R", {"A": (reading,) * replicates}))
    kin = data.draw(st.sampled_from(["self", "father"]))
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    family = reference(A=own) if kin == "self" else Family("F", people, ("M",), {"F": profile("F", A=own)})
    theta = data.draw(st.sampled_from([0.0, 0.02]))
    remains = SampleErrors(DropOut(rates[0]), rates[1], rates[2])
    operation = operation_of([individual], [family], p=p, theta=theta, remains=remains)
    exact = EveryOutcome(operation, replicates, rates, called=called)
    limit = data.draw(st.sampled_from([0, 40_000]))  # with 0, replicates that contradict each other are not listed
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outcomes, "MOST_COMBINATIONS", limit)
        count = search(operation).coincidences
    assert count.total_lr >= exact.lrs @ exact.drawn * (1 - 1e-9)
    if limit and replicates == 1:
        assert count.total_lr == pytest.approx(float(exact.lrs @ exact.drawn))
        assert count.unlisted == 0
    finite = [float(x) for x in np.log10(exact.lrs[exact.lrs > 0])]
    for log10_lr in (-2.0, -0.5, 0.0, 0.3, *data.draw(st.lists(st.sampled_from(finite), max_size=5))):
        low, high = count.at_least(log10_lr)
        assert low <= exact.at_least(log10_lr) * (1 + 1e-6) + 1e-9
        assert exact.at_least(log10_lr) <= high * (1 + 1e-6) + 1e-9


def test_two_replicates_are_listed_but_for_what_drops_in_twice():
    c, d = 0.05, 0.1
    marker = model(P)
    found = list_outcomes(("open", "open"), marker, ErrorRates(d, c), haploid=False)
    one = list_outcomes(("open",), marker, ErrorRates(d, c), haploid=False)
    three = one.alone.likelihood.matrix()[len(one.alone.likelihood.rows) :].sum(axis=0)
    hardy = np.array([(1 if a == b else 2) * P[a] * P[b] for a, b in zip(*genotype_pairs(3), strict=True)])
    listed = found.alone.chance.under(hardy).sum()
    assert listed == pytest.approx(float(hardy @ (found.total_chance - three**2)))


def test_unrelated_people_reach_the_expected_number_at_high_drop_in_and_typing_error():
    # Where drop-ins were not listed, 11 people were simulated against an upper end of 2.9 at log10 LR 1.85.
    markers, p = tuple("ABCDEF"), (0.1, 0.15, 0.2, 0.25, 0.3)
    d, c, e = 0.1, 0.05, 0.02
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE), Person("M", "F", "O", Sex.MALE)])
    parents = {
        "F": profile("F", **{name: typed(10, 11 + k % 2) for k, name in enumerate(markers)}),
        "O": profile("O", **{name: typed(11, 12 + k % 3) for k, name in enumerate(markers)}),
    }
    family = Family("F", people, ("M",), parents)
    strangers = 12_000
    dead = [Individual(f"R{k}", one) for k, one in enumerate(read_of_strangers(markers, p, (d, c, e), strangers))]
    mutation = Mutation.same(Equal(0.002))
    operation = operation_of(
        dead, [family], markers=markers, p=p, mutation=mutation, remains=SampleErrors(DropOut(d), c, e)
    )
    found = search(operation, keep=-300.0)
    far = 0
    for log10_lr in np.arange(-3.0, 4.0, 0.25):
        low, high = found.coincidences.at_least(log10_lr)
        observed = int((found.kept.log10_lr >= log10_lr).sum())
        assert low - 4 * math.sqrt(low) - 1 <= observed <= high + 4 * math.sqrt(high) + 1, log10_lr
        far += observed >= 20 and log10_lr >= 1.5
    assert far  # the far tail was reached
    assert found.coincidences.unlisted == 0


def read_of_strangers(markers, p, rates, count):
    """Profiles of people drawn at random, read with errors, one event after another."""
    rng = np.random.default_rng(20250616)
    d, c, e = rates
    n = len(p)
    readings = [{} for _ in range(count)]
    for marker in markers:
        genotypes = rng.choice(n, size=(count, 2), p=p)
        labels = np.where(rng.random((count, 2)) < e, rng.choice(n, size=(count, 2), p=p), genotypes)
        seen = rng.random((count, 2)) >= d
        same = genotypes[:, 0] == genotypes[:, 1]
        labels[same, 1] = labels[same, 0]  # one signal, in two copies
        drop_in = np.where(rng.random(count) < c, rng.choice(n, size=count, p=p), -1)
        for k in range(count):
            alleles = {int(label) for label, there in zip(labels[k], seen[k], strict=True) if there}
            alleles |= {int(drop_in[k])} - {-1}
            if alleles:
                shown = tuple(Repeat(10 + a) for a in sorted(alleles))
                reads = Reads.OTHER_UNSEEN if len(shown) == 1 else Reads.ALLELES
                readings[k][marker] = (Reading(shown, reads),)
    return [Profile(f"S{k}", one) for k, one in enumerate(readings)]


# --- the compiled loops -----------------------------------------------------------------------------------------------


@given(st.data())
@examples(20)
def test_sums_of_products_agree_with_their_plain_twin(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    columns, width = data.draw(st.integers(0, 4)), data.draw(st.sampled_from([5, 150]))
    spectra = [rng.normal(size=(3, width)) + 1j * rng.normal(size=(3, width)) for _ in range(columns)]
    patterns = np.unique(rng.integers(-1, 3, (6, columns)), axis=0)
    counts = rng.integers(0, 5, (len(patterns), 2)).astype(float)
    answers = [each(patterns, counts, spectra, width) for each in (sum_of_products, sum_of_products_plain)]
    assert np.allclose(*answers)


@given(st.data())
@examples(20)
def test_cells_agree_with_their_plain_twins(data):
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    lrs = rng.choice([0.0, np.nan, np.inf, 0.0123, 3.7, 1.3e5, 2e-7], 30)
    probability = rng.dirichlet(np.ones(30)) * rng.choice([1.0, 0.9])
    assert_same(cells_of(lrs, probability, 0.01), cells_of_plain(lrs, probability, 0.01))
    one, other = rng.random(6) * 10, np.append(rng.random(4), np.nan)
    together = rng.random((6, 5)) * rng.choice([0.0, 1.0], (6, 5))
    together[:, 0] = 0.0
    apart = rng.random(6), np.append(0.0, rng.random(4))
    mass = rng.dirichlet(np.ones(30)).reshape(6, 5)
    rare = data.draw(st.integers(0, 6)), data.draw(st.integers(0, 5))
    arguments = (one, other, together, *apart, mass, rare, 0.01)
    assert_same(cells_of_pairs(*arguments), cells_of_pairs_plain(*arguments))


def assert_same(mine, plain):
    assert mine.cell.tolist() == plain.cell.tolist()
    assert np.allclose(mine.mass, plain.mass, rtol=1e-12)
    assert mine.mean == pytest.approx(plain.mean)
    assert mine.unlisted == pytest.approx(plain.unlisted, abs=1e-12)


# --- samples of a large search ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def medium():
    """120 families of four kinds, and sixty individuals of whom less and less was read."""
    markers, p = tuple("ABCDEF"), (0.05, 0.1, 0.15, 0.2, 0.5)
    rng = np.random.default_rng(7)

    def drawn(count):
        return {name: typed(*(10 + rng.choice(5, 2, p=p))) for name in markers[:count]}

    families = [family_of(k, drawn) for k in range(120)]
    dead = [Individual(f"R{k}", profile(f"R{k}", **drawn(6 - k % 5))) for k in range(60)]
    return operation_of(dead, families, markers=markers, p=p, mutation=Mutation.same(Equal(0.002)))


def family_of(k: int, drawn) -> Family:
    parents = [Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE)]
    children = [Person("M", "F", "O", Sex.MALE), Person("B", "F", "O")]
    whom = [("F",), ("F", "O"), ("B",), ("M",)][k % 4]
    read = {person: profile(f"{k}-{person}", **drawn(6)) for person in whom}
    return Family(f"F{k}", Pedigree.build([*parents, *children], family=f"F{k}"), ("M",), read)


class Counted:
    """The same operation counted in full and from samples; tables are computed once."""

    def __init__(self, operation: Operation):
        self.prepared = prepare(operation)
        classes = marker_classes(operation.individuals, self.prepared.models, operation.settings)
        self.patterns = Patterns.of_classes(classes, self.prepared.models, operation.settings)
        self.missing = operation.missing_persons()
        self.tables = [conditional_table(*one, self.prepared, operation.settings) for one in self.missing]

    def count(self, seed: int = 0):
        counting = Coincidences(self.patterns, self.prepared, self.missing, seed)
        for i, weight in counting.sample().items():
            counting.add(self.tables[i], weight)
        return counting.count(len(self.missing))


def test_samples_estimate_the_whole_with_an_honest_standard_error(medium, monkeypatch):
    counted = Counted(medium)
    whole = counted.count()
    assert not whole.sampled
    monkeypatch.setattr(coincidences, "MOST_WORK", 0)
    monkeypatch.setattr(coincidences, "PERSONS_SAMPLED", 60)
    monkeypatch.setattr(coincidences, "INDIVIDUALS_SAMPLED", 4)  # of five patterns
    samples = [counted.count(seed) for seed in range(24)]
    assert samples[0].sampling == coincidences.Sampling(60, 120, 4, 60)
    assert str(samples[0].sampling).startswith("estimated from 60 of 120 missing persons")
    for log10_lr in (-1.0, 0.0, 1.0, 2.0, 3.0):
        cell = whole._cell(log10_lr)
        truth = whole._tails[0][cell]
        estimates = np.array([one._tails[0][cell] for one in samples])
        errors = np.array([one.lower_error[cell] for one in samples])
        z = (estimates - truth) / errors
        # Of 24 samples the mean of z has a standard error of 0.2, its spread one of 0.15.
        assert abs(z.mean()) < 0.6, (log10_lr, z.mean())
        assert 0.65 < z.std() < 1.45, (log10_lr, z.std())
        low, high = whole.at_least(log10_lr)
        holds = [one.at_least(log10_lr)[0] <= low and high <= one.at_least(log10_lr)[1] for one in samples]
        assert sum(holds) >= 23


def test_where_all_persons_are_gone_through_only_the_choice_of_individuals_is_uncertain(medium, monkeypatch):
    counted = Counted(medium)
    whole = counted.count()
    monkeypatch.setattr(coincidences, "MOST_WORK", 0)
    monkeypatch.setattr(coincidences, "INDIVIDUALS_SAMPLED", 4)
    samples = [counted.count(seed) for seed in range(3)]
    for log10_lr in (0.0, 2.0):
        cell = whole._cell(log10_lr)
        errors = np.array([one.lower_error[cell] for one in samples])
        z = (np.array([one._tails[0][cell] for one in samples]) - whole._tails[0][cell]) / errors
        assert np.all(errors < 0.1 * whole._tails[0][cell])
        assert np.abs(z).max() < 4


def test_a_sample_is_the_same_for_the_same_input_in_any_order(medium, monkeypatch):
    monkeypatch.setattr(coincidences, "MOST_WORK", 0)
    monkeypatch.setattr(coincidences, "PERSONS_SAMPLED", 20)
    monkeypatch.setattr(coincidences, "INDIVIDUALS_SAMPLED", 4)
    counted = Counted(medium)
    one = Coincidences(counted.patterns, counted.prepared, counted.missing)
    other = Coincidences(counted.patterns, counted.prepared, counted.missing)
    assert one.sample() == other.sample()
    for i, weight in one.sample().items():
        one.add(counted.tables[i], weight)
    for i, weight in reversed(other.sample().items()):
        other.add(counted.tables[i], weight)
    for log10_lr in (0.0, 2.0):
        assert one.count().at_least(log10_lr) == pytest.approx(other.count().at_least(log10_lr), rel=1e-12)
    assert sum(one.sample().values()) == pytest.approx(120)
    assert one.count().pairs == pytest.approx(120 * 60)


@pytest.mark.parametrize("sampled", [False, True])
def test_a_country_counts_what_a_search_counts_and_each_as_all(medium, monkeypatch, sampled):
    if sampled:
        monkeypatch.setattr(coincidences, "MOST_WORK", 1)
        monkeypatch.setattr(coincidences, "PERSONS_SAMPLED", 12)
        monkeypatch.setattr(coincidences, "INDIVIDUALS_SAMPLED", 10)
    prepared = prepare(medium)
    classes = marker_classes(medium.individuals, prepared.models, medium.settings)
    whole = search(medium).coincidences
    assert whole.sampled is sampled
    logs = np.linspace(-15.0, 30.0, 451)
    for threads in (1, 3):
        count = country_coincidences(medium, prepared, classes, len(medium.missing_persons()), threads=threads)
        assert count.sampling == whole.sampling
        low, high = count.at_least_each(logs)
        expected = np.array([whole.at_least(float(one)) for one in logs])
        np.testing.assert_allclose(np.column_stack([low, high]), expected, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(
            [count.at_least(float(one)) for one in logs], np.column_stack([low, high]), rtol=1e-12
        )


def test_a_search_says_that_its_count_is_estimated(medium, monkeypatch):
    whole = search(medium).coincidences
    monkeypatch.setattr(coincidences, "MOST_WORK", 0)
    monkeypatch.setattr(coincidences, "PERSONS_SAMPLED", 60)
    monkeypatch.setattr(coincidences, "INDIVIDUALS_SAMPLED", 4)
    found = search(medium).coincidences
    assert found.sampled
    assert found.pairs == whole.pairs == 120 * 60
    low, high = whole.at_least(2.0)
    assert found.at_least(2.0)[0] < low <= high < found.at_least(2.0)[1]
    assert 0 < found.standard_error(2.0) < 0.3 * high
    assert whole.standard_error(2.0) == 0


def test_missing_persons_are_sampled_by_kind_of_reference_set(medium):
    missing = medium.missing_persons()
    models = prepare(medium).models
    assert reference_set(*missing[1], models) == ("parent × 2", "complete")
    assert reference_set(*missing[3], models) == ("self × 1", "complete")
    # Thirty with a direct reference are enough to stand alone; three with a parent and two with both do not.
    some = [*missing[3::4][:FEWEST], *missing[0::4][:3], *missing[1::4][:2]]
    strata = sampled_strata(some, models, 14, np.random.default_rng(1))
    assert [len(one) for one in strata.members] == [30, 5]
    assert [len(one) for one in strata.sampled] == [12, 5]
    assert sum(strata.weights().values()) == pytest.approx(35)
    assert strata.weights()[strata.sampled[0][0]] == pytest.approx(30 / 12)
    assert not strata.exact


def test_linked_markers_with_drop_ins_stay_within_the_bracket_when_rare_pairs_are_not_listed(monkeypatch):
    pair = LinkedPair("A", "B", 0.05, "test")
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", lambda _: [pair])
    people = Pedigree.build(
        [Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE)]
        + [Person(name, "F", "O", Sex.MALE) for name in ("M", "B1", "B2")]
    )
    read = {
        "B1": profile("B1", A=typed(10, 11), B=typed(10, 12)),
        "B2": profile("B2", A=typed(10, 12), B=typed(11, 12)),
    }
    individual = Individual("R", profile("R", A=typed(10, 11), B=typed(10, 11)))
    remains = SampleErrors(DropOut(0.1), 0.1)
    operation = operation_of([individual], [Family("F", people, ("M",), read)], markers=("A", "B"), remains=remains)
    full = search(operation).coincidences
    monkeypatch.setattr(linked_outcomes, "MOST_PAIRS", 0)
    cut = search(operation).coincidences
    assert full.unlisted == 0
    assert 0 < cut.unlisted < 0.1**2
    assert cut.total_lr == pytest.approx(full.total_lr)
    for log10_lr in np.arange(-1.0, 1.5, 0.1):
        assert cut.at_least(log10_lr)[0] <= full.at_least(log10_lr)[0] + 1e-12
        assert full.at_least(log10_lr)[1] <= cut.at_least(log10_lr)[1] + 1e-12


def test_of_those_who_cost_more_fewer_are_drawn() -> None:
    persons = Pedigree.build([Person("FA", sex=Sex.MALE), Person("M", "FA", sex=Sex.MALE)])
    with_sample = [(Family(f"F{k}", persons, ("M",), {}), "M") for k in range(400)]
    alone = [(Family(f"G{k}", Pedigree.build([Person("M")]), ("M",), {"M": Profile("S", {})}), "M") for k in range(400)]
    rng = np.random.default_rng(1)
    evenly = sampled_strata([*with_sample, *alone], [], 80, rng)
    by_cost = sampled_strata([*with_sample, *alone], [], 80, rng, [16.0] * 800)
    assert sum(map(len, evenly.sampled)) == 80
    assert sum(map(len, by_cost.sampled)) == 20
    assert sum(weight for weight in by_cost.weights().values()) == pytest.approx(800)
