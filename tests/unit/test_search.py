"""All against all, by conditional tables, against the enumeration of single pairs."""

import math
from dataclasses import replace
from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antigone.genetics.alleles import Named, Repeat, Unknown
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.likelihood import Typed, linked_log_likelihood, log_likelihoods
from antigone.genetics.markers import LinkedPair
from antigone.genetics.mutation import NO_MUTATION, CustomMatrix, Equal, Mutation
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import batched_tables, preparation, tables
from antigone.matching.assignment import joint_answer
from antigone.matching.conclusions import Conclusions
from antigone.matching.hits import contradictions, hits, posterior
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.policy import POLICIES
from antigone.matching.search import search
from antigone.matching.sweep import Sweep
from antigone.report.listed import listed_pairs
from antigone.report.search_report import render_search_report
from antigone.report.supplements import supplement
from examples import examples
from families import KINDS, pedigree
from oracles import search as oracle
from oracles.observation import Reading as OracleReading
from oracles.observation import exactly
from oracles.strategies import Family as OracleFamily
from oracles.strategies import frequencies, mutation_pairs, observations, pedigrees

NAMES = ("A", "B", "C")  # markers that no table knows are autosomal


def reading_of(read: OracleReading) -> Reading:
    return Reading(tuple(Repeat(10 + i) for i in sorted(read.seen)), KINDS[read.kind])


def rows(matrix: np.ndarray | None, size: int) -> CustomMatrix:
    return CustomMatrix(tuple(map(tuple, np.eye(size) if matrix is None else matrix)))


class World:
    """A family, one missing person, some markers and some individuals, drawn by Hypothesis for engine and oracle."""

    def __init__(
        self, data, *, markers: int, theta: float, errors: bool, individuals: int = 2, max_alleles: int = 3,
        singles: tuple[str, ...] = ("homozygous", "other_unseen"),
    ):  # fmt: skip
        self.singles = singles
        names = NAMES[:markers]
        self.family: OracleFamily = data.draw(pedigrees(max_people=5, one_parent=True))
        self.missing = data.draw(st.sampled_from([m.id for m in self.family.members]))
        self.rates = (0.1, 0.02, 0.005) if errors else (0.0, 0.0, 0.0)
        self.markers, table, mutation = [], {}, {}
        read_of_family: dict[str, dict[str, Reading]] = {}
        self.individuals = [{} for _ in range(individuals)]
        for name in names:
            p = data.draw(frequencies(max_alleles=max_alleles))
            male, female, _ = data.draw(mutation_pairs(p))
            observed = {}
            for person, read in data.draw(observations(self.family, p, errors=False)).items():
                kind = read.kind if len(read.seen) > 1 else KIND_OF_SINGLE[read.kind]
                observed[person] = OracleReading(read.seen, kind, p, (0.0,) * len(p))
            for person, read in observed.items():
                read_of_family.setdefault(person, {})[name] = (reading_of(read),)
            for one in self.individuals:
                one[name] = self._read(data, p)
            self.markers.append(oracle.Marker(p, observed, male, female, theta=theta))
            counts = {Repeat(10 + i): q for i, q in enumerate(p)}
            table[name] = MarkerFrequencies.from_frequencies(name, counts)
            mutation[name] = Mutation(rows(female, len(p)), rows(male, len(p)))
        d, c, e = self.rates
        chosen = Settings(
            names, theta=theta, threshold=-300.0, mutation_by_marker=mutation, rare_alleles=Refuse(),
            remains=SampleErrors(DropOut(d), c, e),
        )  # fmt: skip
        profiles = {person: Profile(person, read) for person, read in read_of_family.items()}
        family = Family("F", pedigree(self.family), (self.missing,), profiles)
        dead = tuple(
            Individual(f"R{k}", Profile(f"S{k}", {name: (reading_of(read),) for name, read in one.items()}))
            for k, one in enumerate(self.individuals)
        )
        self.operation = Operation("test", dead, (family,), FrequencyTable("t", "t", table), chosen)

    def _read(self, data, p) -> OracleReading:
        d, c, e = self.rates
        seen = frozenset(data.draw(st.lists(st.integers(0, len(p) - 1), min_size=1, max_size=2)))
        kind = "seen" if len(seen) == 2 else data.draw(st.sampled_from(self.singles))
        return OracleReading(seen, kind, tuple(p), (d,) * len(p), c, e)

    def usable(self, marker: oracle.Marker) -> bool:
        """Somebody of the family is typed there, and the family is possible."""
        members = self.family.members
        return (
            bool(marker.observations) and oracle.likelihood(members, marker.p, marker.observations, **marker.model) > 0
        )


KIND_OF_SINGLE = {"seen": "homozygous", "homozygous": "homozygous", "other_unseen": "other_unseen"}


@given(st.data())
@examples(60)
def test_each_pair_has_the_likelihood_ratio_of_the_enumeration(data):
    theta = data.draw(st.sampled_from([0.0, 0.0, 0.02]))
    world = World(data, markers=2, theta=theta, errors=data.draw(st.booleans()))
    found = search(world.operation, all_pairs=True)
    assert len(found.pairs) == 2
    for pair in found.pairs:
        for m, (name, marker) in enumerate(zip(NAMES, world.markers, strict=False)):
            if not world.usable(marker):
                assert np.isnan(pair.by_marker[m])
                continue
            expected = oracle.likelihood_ratio(
                world.individuals[pair.individual][name], world.family.members, world.missing, marker.observations,
                marker.p, **marker.model,
            )  # fmt: skip
            assert math.isclose(10 ** pair.by_marker[m], expected, rel_tol=1e-9, abs_tol=1e-12)
        assert math.isclose(pair.log10_lr, np.nansum(pair.by_marker), rel_tol=1e-12) or np.isneginf(pair.log10_lr)


@given(st.data())
@examples(40)
def test_expected_coincidences_bracket_the_enumeration(data):
    theta = data.draw(st.sampled_from([0.0, 0.0, 0.02]))
    world = World(data, markers=3, theta=theta, errors=False)
    assume(all(world.usable(marker) for marker in world.markers))
    individuals = [one for one in world.individuals if all(read.kind != "other_unseen" for read in one.values())]
    assume(individuals)
    dead = [
        individual
        for individual, one in zip(world.operation.individuals, world.individuals, strict=True)
        if one in individuals
    ]
    operation = Operation(
        "t", tuple(dead), world.operation.families, world.operation.frequencies, world.operation.settings
    )
    found = search(operation, all_pairs=True)
    one_pair = oracle.lr_distribution(world.family.members, world.missing, world.markers)
    for log10_lr in (-2.0, -0.5, 0.0, 0.3, 1.0, 2.0, *(pair.log10_lr for pair in found.pairs)):
        if not np.isfinite(log10_lr):
            continue
        exact = len(dead) * sum(q for lr, q in one_pair if lr > 0 and math.log10(lr) >= log10_lr - 1e-9)
        low, high = found.coincidences.at_least(log10_lr)
        assert low <= exact * (1 + 1e-6) + 1e-9
        assert exact <= high * (1 + 1e-6) + 1e-9


@given(st.data())
@examples(40)
def test_expected_coincidences_bracket_the_enumeration_where_singles_are_left_open(data):
    # No rate is declared: this laboratory shows a homozygote as a/?, and the search asks who has the allele at all.
    theta = data.draw(st.sampled_from([0.0, 0.0, 0.02]))
    world = World(data, markers=2, theta=theta, errors=False, singles=("other_unseen",))
    assume(all(world.usable(marker) for marker in world.markers))
    assume(any(read.kind == "other_unseen" for one in world.individuals for read in one.values()))
    found = search(world.operation, all_pairs=True)
    one_pair = [
        (math.prod(lr for lr, _ in each), math.prod(chance for _, chance in each))
        for each in product(*(open_singles(world, marker) for marker in world.markers))
    ]
    assert math.isclose(math.fsum(chance for _, chance in one_pair), 1.0, rel_tol=1e-9)
    mean = math.fsum(lr * chance for lr, chance in one_pair)
    assert math.isclose(found.coincidences.total_lr, len(world.individuals) * mean, rel_tol=1e-9)
    for log10_lr in (-2.0, -0.5, 0.0, 0.3, 1.0, 2.0, *(pair.log10_lr for pair in found.pairs)):
        if not np.isfinite(log10_lr):
            continue
        reached = math.fsum(chance for lr, chance in one_pair if lr > 0 and math.log10(lr) >= log10_lr - 1e-9)
        exact = len(world.individuals) * reached
        low, high = found.coincidences.at_least(log10_lr)
        assert low <= exact * (1 + 1e-6) + 1e-9
        assert exact <= high * (1 + 1e-6) + 1e-9


def open_singles(world, marker: oracle.Marker) -> list[tuple[float, float]]:
    """(LR, probability if unrelated) of what the laboratory shows of each genotype."""
    nothing_drops = (0.0,) * len(marker.p)
    found = []
    for a, b in combinations_with_replacement(range(len(marker.p)), 2):
        ((_, chance),) = oracle.lr_distribution(
            world.family.members, world.missing, [marker._replace(outcomes=[exactly((a, b))])]
        )
        kind = "other_unseen" if a == b else "seen"
        shown = OracleReading(frozenset({a, b}), kind, tuple(marker.p), nothing_drops)
        lr = oracle.likelihood_ratio(
            shown, world.family.members, world.missing, marker.observations, marker.p, **marker.model
        )
        found.append((lr, chance))
    return found


def test_a_homozygote_that_is_shown_as_open_is_among_the_coincidences():
    # Direct reference 10/11. 10/10 (chance .04) shows 10/?, whose LR is 1/(.2 + .2·.8); 11/11 (.09) shows 11/?.
    alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    family = Family("F", alone, ("M",), {"M": one_marker("M", 10, 11)})
    partial = Individual("R", Profile("S", {"A": (Reading.of(Repeat(10), UNSEEN),)}))
    count = search(operation_of([partial, dead("Q", 10, 12)], [family])).coincidences
    assert count.at_least(0.6) == pytest.approx((2 * 0.12,) * 2)  # only 10/11 itself reaches 1/.12
    low, high = count.at_least(math.log10(1 / 0.36))
    assert low <= 2 * (0.12 + 0.04) <= high
    assert count.at_least(0.1) == pytest.approx((2 * (0.12 + 0.04 + 0.09),) * 2)
    assert count.total_lr == pytest.approx(2 * (1 + 0.04 / 0.36 + 0.09 / 0.51))


def test_somebody_without_single_alleles_shares_the_convention_of_the_laboratory():
    # Drop-out is declared, so that the sample of two alleles could have shown one.
    alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    family = Family("F", alone, ("M",), {"M": one_marker("M", 10, 11)})
    d, p, q = 0.2, 0.2, 0.3
    count = search(operation_of([dead("R", 10, 12)], [family], remains=SampleErrors(DropOut(d)))).coincidences
    shows = [
        (1 - d) ** 2 * 2 * p * q,
        *((1 - d**2) * a**2 + d * (1 - d) * 2 * a * (1 - a) for a in (p, q)),
    ]
    possible = sum(shows) / (1 - d**2)  # something was seen
    assert count.at_least(-11.0)[0] == pytest.approx(possible, rel=1e-4)


@given(st.data())
@examples(30)
def test_related_pairs_average_one_over_unrelated_ones(data):
    # E[LR | unrelated] = 1, whatever the family.
    world = World(data, markers=1, theta=data.draw(st.sampled_from([0.0, 0.03])), errors=False)
    (marker,) = world.markers
    assume(world.usable(marker))
    found = search(world.operation, all_pairs=True)
    called = [one for one in world.individuals if one["A"].kind != "other_unseen"]
    assume(len(called) == len(world.individuals))
    assert math.isclose(found.coincidences.total_lr, len(world.individuals), rel_tol=1e-9)


def test_only_hits_are_listed_and_the_best_comes_first(simple):
    found = search(simple(threshold=0.3))
    logs = [pair.log10_lr for pair in found.pairs]
    assert 0 < len(logs) < 6
    assert logs == sorted(logs, reverse=True)
    assert all(log >= 0.3 for log in logs)
    assert found.compared == 6


def test_a_hit_is_the_same_whether_all_pairs_were_asked_for_or_not(simple):
    few = hits(search(simple(threshold=0.3)))
    every = {(h.individual.id, h.family.name): h for h in hits(search(simple(threshold=0.3), all_pairs=True))}
    assert few
    for hit in few:
        other = every[hit.individual.id, hit.family.name]
        assert (hit.log10_lr, hit.posterior, hit.exclusions) == (other.log10_lr, other.posterior, other.exclusions)


def test_a_parent_and_child_by_hand():
    # Father 10/10, child 10/11: the father gives 10, the population 11: p₁₁ / (2 p₁₀ p₁₁).
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    family = Family("F", people, ("M",), {"F": one_marker("F", 10, 10)})
    found = search(operation_of([dead("R", 10, 11)], [family]), all_pairs=True)
    assert math.isclose(10 ** found.pairs[0].log10_lr, 1 / (2 * 0.2), rel_tol=1e-12)


def test_exclusions_are_counted_without_mutation_and_likelihood_ratios_with_it(simple):
    found = {(p.individual, p.missing): p for p in search(simple(), all_pairs=True).pairs}
    excluded = found[1, 0]  # 12/12 against a father 10/10
    assert excluded.exclusions == 1
    assert np.isfinite(excluded.log10_lr)


def test_a_family_that_contradicts_itself_adds_no_exclusion():
    # Father 10/10 and his son 11/11 contradict each other without mutation; whoever is missing cannot be blamed.
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("S", "F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    profiles = {"F": one_marker("F", 10, 10), "S": one_marker("S", 11, 11)}
    family = Family("F", people, ("M",), profiles)
    found = search(operation_of([dead("R", 12, 12)], [family]), all_pairs=True)
    assert found.pairs[0].exclusions == 0
    assert np.isfinite(found.pairs[0].log10_lr)


def test_a_contradiction_of_the_family_is_named_and_its_marker_not_used():
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("S", "F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    profiles = {"F": one_marker("F", 10, 10), "S": one_marker("S", 11, 11)}
    without = operation_of(
        [dead("R", 12, 12)], [Family("F", people, ("M",), profiles)], mutation=Mutation.same(Equal(0.0))
    )
    found = search(without, all_pairs=True)
    (contradiction,) = found.contradictions
    assert str(contradiction) == (
        "family F, A: the samples of F and S do not fit the pedigree given; "
        "a label, a typing or the pedigree may be wrong"
    )
    assert np.isnan(found.pairs[0].by_marker[0])


def test_a_contradiction_of_the_family_stands_with_the_hit_and_in_what_was_left_out():
    people = [Person("F", sex=Sex.MALE), Person("S", "F"), Person("M", "F"), Person("N", "F")]
    profiles = {"F": one_marker("K1", 10, 10), "S": one_marker("K2", 11, 11)}
    family = Family("F", Pedigree.build(people), ("M", "N"), profiles)
    found = search(operation_of([dead("R", 12, 12)], [family]), all_pairs=True)
    assert [hit.unused for hit in hits(found)] == [{"A": "the family contradicts itself here"}] * 2
    (left_out,) = found.left_out  # once, though the family misses two
    assert (left_out.what, left_out.id) == ("marker", "A, family F")
    assert left_out.reason.startswith("the samples of F (K1) and S (K2) do not fit the pedigree given")


def test_a_direct_reference_that_contradicts_its_family_still_speaks_against_the_remains():
    people = Pedigree.build([Person("O", sex=Sex.FEMALE), Person("M", None, "O", Sex.MALE)])
    family = Family("F", people, ("M",), {"O": one_marker("O", 10, 10), "M": one_marker("own", 11, 11)})
    other, same = hits(search(operation_of([dead("R", 12, 12), dead("Q", 11, 11)], [family]), all_pairs=True))
    assert other.contradictions == (
        "direct reference: it differs from the remains at A, not used because the family contradicts itself there",
    )
    assert same.contradictions == ()
    assert (other.exclusions, same.exclusions) == (0, 0)  # what the family says of itself is not the pair's


def test_no_error_of_donors_explains_an_exclusion_away():
    # Father 10/10, individual 11/12: with typing errors possible, and excluded without them.
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    family = Family("F", people, ("M",), {"F": one_marker("F", 10, 10)})
    for errors in (SampleErrors(typing_error=0.001), SampleErrors(drop_in=0.001)):
        operation = operation_of([dead("R", 11, 12)], [family])
        operation = replace(operation, settings=replace(operation.settings, donors=errors))
        (pair,) = search(operation, all_pairs=True).pairs
        assert pair.exclusions == 1


def test_three_alleles_of_an_individual_exclude_nobody():
    # One of them dropped in, whoever it is: that says nothing of the pair.
    three = Individual("R", Profile("R", {"A": (Reading((Repeat(10), Repeat(11), Repeat(12))),)}))
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    family = Family("F", people, ("M",), {"F": one_marker("F", 10, 10)})
    (pair,) = search(operation_of([three], [family], remains=SampleErrors(drop_in=0.01)), all_pairs=True).pairs
    assert np.isfinite(pair.by_marker[0])
    assert pair.exclusions == 0


def test_every_pair_can_be_listed_where_one_is_impossible():
    alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    family = Family("F", alone, ("M",), {"M": one_marker("M", 10, 11)})
    found = search(operation_of([dead("R", 10, 11), dead("Q", 10, 12)], [family]), all_pairs=True)
    impossible = hits(found)[1]
    assert impossible.log10_lr == -np.inf
    assert impossible.expected_coincidences == (2.0, 2.0)  # all pairs reach an LR of 0
    assert impossible.posterior == 0.0


@pytest.mark.parametrize("log10_lr", [-1e300, -400.0, -12.5, 400.0, 1e300])
def test_expected_coincidences_are_given_at_any_threshold(simple, log10_lr):
    low, high = search(simple()).coincidences.at_least(log10_lr)
    assert 0 <= low <= high <= 6
    assert high == (6 if log10_lr < 0 else 0)


def test_a_list_of_every_pair_looks_at_each_marker_once_a_block(simple, monkeypatch):
    # Else the work would grow with the square of the individuals.
    looked = []
    ordinary = Sweep.by_class
    monkeypatch.setattr(Sweep, "by_class", lambda self, m, rows: looked.append(m) or ordinary(self, m, rows))
    assert len(search(simple(), all_pairs=True).pairs) == 6
    assert len(looked) == 1  # one marker, two missing persons


def test_a_direct_reference_is_the_same_person():
    alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    family = Family("F", alone, ("M",), {"M": one_marker("M", 10, 11)})
    found = search(operation_of([dead("R", 10, 11), dead("Q", 10, 12)], [family]), all_pairs=True)
    by_individual = {pair.individual: pair for pair in found.pairs}
    assert math.isclose(10 ** by_individual[0].log10_lr, 1 / (2 * 0.2 * 0.3))
    assert by_individual[1].log10_lr == -np.inf


def test_a_direct_reference_under_drop_out_forgives_one_allele():
    alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    family = Family("F", alone, ("M",), {"M": one_marker("M", 10, 11)})
    partial = Individual("R", Profile("S", {"A": (Reading.of(Repeat(10), UNSEEN),)}))
    found = search(operation_of([partial], [family], remains=SampleErrors(DropOut(0.2))), all_pairs=True)
    p, d = {10: 0.2, 11: 0.3, 12: 0.5}, 0.2
    # P({10} | 10/11) = d(1−d); in the population (1−d²) p² + d(1−d) 2p(1−p).
    chance = (1 - d**2) * p[10] ** 2 + d * (1 - d) * 2 * p[10] * (1 - p[10])
    assert math.isclose(10 ** found.pairs[0].log10_lr, d * (1 - d) / chance)


def test_balding_nichols_with_theta_by_hand():
    # A direct reference 10/10 and an individual 10/10: 1 / P(10/10 | 10/10), Balding & Nichols 1994.
    alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    family = Family("F", alone, ("M",), {"M": one_marker("M", 10, 10)})
    theta, p = 0.03, 0.2
    found = search(operation_of([dead("R", 10, 10)], [family], theta=theta), all_pairs=True)
    match = (2 * theta + (1 - theta) * p) * (3 * theta + (1 - theta) * p) / ((1 + theta) * (1 + 2 * theta))
    assert math.isclose(10 ** found.pairs[0].log10_lr, 1 / match, rel_tol=1e-12)


def test_balding_nichols_with_theta_for_a_heterozygote_by_hand():
    alone = Pedigree.build([Person("M", sex=Sex.MALE)])
    family = Family("F", alone, ("M",), {"M": one_marker("M", 10, 11)})
    theta, p, q = 0.03, 0.2, 0.3
    found = search(operation_of([dead("R", 10, 11)], [family], theta=theta), all_pairs=True)
    match = 2 * (theta + (1 - theta) * p) * (theta + (1 - theta) * q) / ((1 + theta) * (1 + 2 * theta))
    assert math.isclose(10 ** found.pairs[0].log10_lr, 1 / match, rel_tol=1e-12)


def grandparents(name: str, reading: Reading) -> Family:
    """Four grandparents with this reading, and a grandchild missing."""
    founders = [Person(one, sex=Sex.MALE if one[-1] == "F" else Sex.FEMALE) for one in ("FF", "FM", "MF", "MM")]
    people = [*founders, Person("F", "FF", "FM", Sex.MALE), Person("O", "MF", "MM", Sex.FEMALE), Person("M", "F", "O")]
    profiles = {one.id: Profile(one.id, {"A": (reading,)}) for one in founders}
    return Family(name, Pedigree.build(people), ("M",), profiles)


def test_a_family_too_large_for_theta_is_left_out_and_the_others_are_searched(monkeypatch):
    # Eight unknown alleles of the grandparents' and two of the stranger's are ten; a wife's half-seen two make twelve.
    large = grandparents("G", Reading.of(Repeat(10), UNSEEN))
    wife = [Person("W", sex=Sex.FEMALE), Person("C", "M", "W")]
    people = [*(replace(one, sex=Sex.MALE) if one.id == "M" else one for one in large.pedigree.persons), *wife]
    half_seen = Profile("W", {"A": (Reading.of(Repeat(10), UNSEEN),)})
    profiles = {**large.profiles, "W": half_seen, "C": one_marker("C", 10, 11)}
    large = replace(large, pedigree=Pedigree.build(people), profiles=profiles)
    small = grandparents("H", typed(10, 11))
    begun = []
    ordinary = tables.genotype_distributions
    monkeypatch.setattr(
        tables,
        "genotype_distributions",
        lambda who, family, *rest: begun.append(family) or ordinary(who, family, *rest),
    )
    found = search(operation_of([dead("R", 10, 11)], [large, small], theta=0.01), all_pairs=True)
    assert all("W" not in pedigree for pedigree in begun)  # it was known beforehand
    (hit,) = hits(found)
    assert (hit.family.name, found.compared, found.highest.tolist()) == ("H", 1, [hit.log10_lr])
    alone = hits(search(operation_of([dead("R", 10, 11)], [small], theta=0.01), all_pairs=True))[0]
    assert (hit.log10_lr, hit.posterior) == (alone.log10_lr, alone.posterior)
    assert hit.expected_coincidences == alone.expected_coincidences
    first = found.left_out[0]
    assert (first.what, first.id) == ("missing person", "M, family G")
    assert first.reason.startswith("theta with 12 unknown founder alleles is a sum of too many terms; the limit is 10")
    assert found.notes[0] == "NOT SEARCHED, for the family is too large for what was asked: M, family G"
    concluded = Conclusions(found.operation, None, (), found, (), joint_answer(found), (), POLICIES)
    page = render_search_report(concluded, listed_pairs(concluded), supplement(concluded), {})
    assert "1 missing person could not be searched" in page


def test_a_table_too_large_for_memory_is_left_out_alike(monkeypatch, simple):
    def too_large(who, family, *rest):
        raise TooComplexError("no order of summing fits into memory")

    monkeypatch.setattr(tables, "genotype_distributions", too_large)
    monkeypatch.setattr(batched_tables, "genotype_rows", too_large)
    found = search(simple(), all_pairs=True)
    assert (found.pairs, found.missing, found.compared) == ((), (), 0)
    assert [(one.what, one.id, one.reason) for one in found.left_out] == [
        ("missing person", "M, family one", "no order of summing fits into memory"),
        ("missing person", "M, family two", "no order of summing fits into memory"),
    ]


def test_the_whole_pair_of_linked_markers_is_in_the_final_figure(monkeypatch):
    # Two brothers: at linked markers what they share at one makes sharing at the other more likely.
    pair = LinkedPair("A", "B", 0.05, "test")
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", lambda names: (pair,) if {"A", "B"} <= {*names} else ())
    people = Pedigree.build(
        [Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE), Person("S", "F", "O"), Person("M", "F", "O")]
    )
    profile = Profile("S", {"A": (typed(10, 11),), "B": (typed(11, 12),)})
    family = Family("F", people, ("M",), {"S": profile})
    individual = Individual("R", Profile("R", {"A": (typed(10, 11),), "B": (typed(11, 11),)}))
    operation = operation_of([individual], [family], markers=("A", "B"))
    found = search(operation, all_pairs=True).pairs[0]
    prepared = preparation.prepare(operation)

    a, b = prepared.models
    known = [{"S": Typed((Repeat(10), Repeat(11)))}, {"S": Typed((Repeat(11), Repeat(12)))}]
    with_body = [{**known[0], "M": Typed((Repeat(10), Repeat(11)))}, {**known[1], "M": Typed((Repeat(11), Repeat(11)))}]
    stranger = Pedigree.build([Person("M")])
    alone = sum(
        log_likelihoods(stranger, [model], [{"M": knowledge["M"]}])[0]
        for model, knowledge in zip((a, b), with_body, strict=True)
    )
    direct = (
        linked_log_likelihood(people, [a, b], with_body, [0.05])
        - linked_log_likelihood(people, [a, b], known, [0.05])
        - alone
    ) / math.log(10)
    assert math.isclose(found.log10_lr, direct, rel_tol=1e-9)
    assert abs(dict(found.linkage)["A–B"]) > 0.01


@pytest.mark.parametrize("of_the_dead", [{"A": (10, 11)}, {"B": (10, 11)}, {}])
def test_a_linked_pair_of_which_nobody_has_one_marker_says_what_the_other_says(monkeypatch, of_the_dead):
    pair = LinkedPair("A", "B", 0.05, "test")
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", lambda names: (pair,) if {"A", "B"} <= {*names} else ())
    people = Pedigree.build(
        [Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE), Person("S", "F", "O"), Person("M", "F", "O")]
    )
    family = Family("F", people, ("M",), {"S": Profile("S", {"A": (typed(10, 11),), "B": (typed(10, 11),)})})
    individual = Individual("R", Profile("R", {name: (typed(*pair),) for name, pair in of_the_dead.items()}))
    (found,) = search(operation_of([individual], [family], markers=("A", "B")), all_pairs=True).pairs
    # Full brothers 10/11 and 10/11: 1/4 + 1/2 · (p + q)/(4pq) + 1/4 · 1/(2pq).
    p, q = 0.2, 0.3
    expected = 1 / 4 + (p + q) / (8 * p * q) + 1 / (8 * p * q) if of_the_dead else 1.0
    assert 10**found.log10_lr == pytest.approx(expected)
    assert dict(found.linkage) == {"A–B": 0.0}


def test_a_search_without_individuals_finds_nobody_and_says_how_many_were_compared():
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    found = search(operation_of([], [Family("F", people, ("M",), {"F": one_marker("F", 10, 10)})]), all_pairs=True)
    assert (found.pairs, found.compared, found.coincidences.at_least(0.0)) == ((), 0, (0.0, 0.0))


def test_a_marker_that_everybody_shares_says_nothing():
    # One allele in the population: everybody is 10/10, and the LR is 1, not "not compared".
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    operation = operation_of([dead("R", 10, 10)], [Family("F", people, ("M",), {"F": one_marker("F", 10, 10)})])
    alone = FrequencyTable("t", "t", {"A": MarkerFrequencies.from_frequencies("A", {Repeat(10): 1.0})})
    found = search(replace(operation, frequencies=alone), all_pairs=True)
    assert found.pairs[0].by_marker.tolist() == [0.0]
    assert found.coincidences.at_least(0.0) == (1.0, 1.0)


def test_an_x_linked_marker_counts_between_people_of_one_sex_only():
    marker = "DXS10103"
    people = Pedigree.build([Person("MO", sex=Sex.FEMALE), Person("M", None, "MO", Sex.MALE)])
    family = Family("F", people, ("M",), {"MO": Profile("MO", {marker: (typed(10, 11),)})})
    son = Individual("R1", Profile("R1", {marker: (typed(10, 10),)}), Sex.MALE)
    woman = Individual("R2", Profile("R2", {marker: (typed(10, 10),)}), Sex.FEMALE)
    found = search(operation_of([son, woman], [family], markers=(marker,)), all_pairs=True)
    by_individual = {pair.individual: pair for pair in found.pairs}
    assert math.isclose(10 ** by_individual[0].by_marker[0], 0.5 / 0.2)
    assert np.isnan(by_individual[1].by_marker[0])
    (woman_hit,) = [hit for hit in hits(found) if hit.individual is woman]
    assert woman_hit.unused == {marker: "X-linked, and the individual is female, the missing person male"}
    assert found.notes == (f"X-linked {marker}: used only where individual and missing person are of one sex",)


def test_x_linked_markers_of_somebody_of_unknown_sex_are_left_out_and_said():
    marker = "DXS10103"
    people = Pedigree.build([Person("MO", sex=Sex.FEMALE), Person("M", None, "MO", Sex.MALE)])
    known = Family("F", people, ("M",), {"MO": Profile("MO", {marker: (typed(10, 11),)})})
    unknown = Family(
        "G", Pedigree.build([Person("MO", sex=Sex.FEMALE), Person("M", None, "MO")]), ("M",), known.profiles
    )
    donor = Family("H", Pedigree.build([Person("P"), Person("M", sex=Sex.MALE)]), ("M",), {"P": known.profiles["MO"]})
    somebody = Individual("R", Profile("R", {marker: (typed(10, 10),)}))
    found = search(operation_of([somebody], [known, unknown, donor], markers=(marker,)), all_pairs=True)
    assert [(one.what, one.id, one.reason.split(": ")[1]) for one in found.left_out] == [
        ("marker", "R", "the sex of the individual is unknown, so they are not used"),
        ("marker", "M, family G", "the sex of the missing person is unknown, so they are not used"),
        ("marker", "P, family H", "the sex of this person is unknown, so they are not used"),
    ]
    assert {hit.unused[marker] for hit in hits(found)} == {"X-linked, and the sex of the individual is unknown"}


@given(st.lists(st.floats(-20, 25), min_size=1, max_size=6), st.sampled_from([0.01, 0.5, 0.99]))
def test_the_posterior_is_that_of_the_declared_open_set(logs, prior):
    expected = oracle.posterior([10**log for log in logs], prior)
    total = math.fsum(10**log for log in logs)
    for log, value in zip(logs, expected, strict=True):
        assert math.isclose(posterior(log, total, prior, len(logs)), value, rel_tol=1e-9, abs_tol=1e-300)


def test_sex_and_age_contradictions_are_reported_in_words():
    people = Pedigree.build([Person("M", sex=Sex.FEMALE, birth_year=1990)])
    family = Family("F", people, ("M",), {}, missing_since={"M": 2022})
    old_man = Individual("R", Profile("S", {}), Sex.MALE, age_min=50, age_max=60)
    assert contradictions(old_man, family, "M", 2025) == (
        "sex: the individual is male, the missing person female",
        "age: the individual was at least 50, the missing person at most 35",
    )
    child = Individual("R", Profile("S", {}), Sex.FEMALE, age_min=5, age_max=10)
    assert contradictions(child, family, "M", 2025) == (
        "age: the individual was at most 10, the missing person at least 31",
    )
    fitting = Individual("R", Profile("S", {}), Sex.FEMALE, age_min=30, age_max=40)
    assert contradictions(fitting, family, "M", 2025) == ()


def test_amelogenin_that_contradicts_the_record_is_reported():
    people = Pedigree.build([Person("M", sex=Sex.MALE)])
    shows_y = Profile("S", {"AMEL": (Reading.of(Named("X"), Named("Y")),)})
    found = contradictions(Individual("R", shows_y, Sex.FEMALE), Family("F", people, ("M",), {}), "M", None)
    assert "sex of the individual: recorded female, amelogenin male" in found


def test_amelogenin_of_a_donor_or_a_direct_reference_that_contradicts_the_record_is_reported():
    people = Pedigree.build([Person("O", sex=Sex.FEMALE), Person("M", None, "O", Sex.MALE)])
    man = Profile("S1", {"A": (typed(10, 10),), "AMEL": (Reading.of(Named("X"), Named("Y")),)})
    woman = Profile("S2", {"A": (typed(10, 10),), "AMEL": (Reading.of(Named("X"), Named("X")),)})
    family = Family("F", people, ("M",), {"O": man, "M": woman})
    found = search(operation_of([dead("R", 10, 10)], [family]), all_pairs=True)
    assert hits(found)[0].contradictions == (
        "sex of O: recorded female, amelogenin of sample S1 male",
        "sex of the direct reference: recorded male, amelogenin of sample S2 female",
    )
    assert found.notes[:-1] == (
        "family F: sex of O: recorded female, amelogenin of sample S1 male",
        "family F: sex of M: recorded male, amelogenin of sample S2 female",
    )
    assert found.notes[-1].startswith("no typing errors are declared")


def test_ages_that_cannot_be_compared_without_the_year_are_told():
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE, birth_year=1990)])
    family = Family("F", people, ("M",), {"F": one_marker("F", 10, 10)})
    old = replace(dead("R", 10, 10), age_min=50.0)
    operation = operation_of([old], [family])
    (note,) = search(operation).notes
    assert note.startswith("ages: the year of the recoveries (year) is not declared")
    assert search(replace(operation, settings=replace(operation.settings, year=2025))).notes == ()
    assert search(replace(operation, individuals=(dead("R", 10, 10),))).notes == ()


@pytest.mark.parametrize(("born", "told"), [(1972, True), (1979, True), (1980, False), (None, False)])
def test_a_parent_who_was_a_child_is_told(born, told):
    mother = Person("O", sex=Sex.FEMALE, birth_year=1970)
    people = Pedigree.build([mother, Person("M", None, "O", Sex.MALE, born)])
    family = Family("F", people, ("M",), {"O": one_marker("O", 10, 10)})
    found = [note for note in search(operation_of([dead("R", 10, 10)], [family])).notes if "was born in" in note]
    expected = (
        f"family F: O, born in 1970, was {(born or 0) - 1970} when M was born in {born}: a year or a parent is wrong"
    )
    assert found == ([expected] if told else [])


def test_error_rates_at_which_the_count_of_coincidences_is_only_bounded_are_told(simple):
    def with_errors(**rates):
        return replace(simple(), settings=replace(simple().settings, remains=SampleErrors(**rates)))

    noisy = with_errors(drop_in=0.05, typing_error=0.02)
    assert search(noisy).notes == ()  # all that one reading can show is counted
    twice = Individual("R4", Profile("R4", {"A": (typed(10, 10), typed(10, 11))}))
    (note,) = search(replace(noisy, individuals=(*noisy.individuals, twice))).notes
    assert note.startswith("the remains have a drop-in of 0.05 and a typing error of 0.02; where a marker was read")
    assert note.endswith("its upper end may be far too high")
    assert search(with_errors(drop_in=0.01, typing_error=0.001)).notes == ()


def test_direct_references_without_a_rate_of_typing_errors_are_told():
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    own = Family("F", people, ("M",), {"M": one_marker("M", 10, 10)})
    (note,) = search(operation_of([dead("R", 10, 10)], [own])).notes
    assert note.startswith("no typing errors are declared, and 1 of the missing have a sample of their own: one allele")
    declared = SampleErrors(typing_error=0.001)
    assert search(operation_of([dead("R", 10, 10)], [own], remains=declared)).notes == ()
    of_the_father = Family("F", people, ("M",), {"F": one_marker("F", 10, 10)})
    assert search(operation_of([dead("R", 10, 10)], [of_the_father])).notes == ()


def test_defaults_that_nobody_declared_are_told(simple):
    assert search(simple()).notes == ()
    by_default = replace(simple(threshold=4.0), undeclared=("threshold", "prior", "mutation"))
    (note,) = search(by_default).notes
    assert note == (
        "nobody declared these settings, and their defaults were used: "
        "threshold (log10 LR 4), prior (0.5), mutation (none)"
    )


def test_a_reading_that_nobody_can_show_is_not_used_and_said():
    three = Individual(
        "R", Profile("S", {"A": (Reading((Repeat(10), Repeat(11), Repeat(12))),), "B": (typed(10, 10),)})
    )
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    family = Family("F", people, ("M",), {"F": Profile("F", {"A": (typed(10, 10),), "B": (typed(10, 10),)})})
    found = search(operation_of([three], [family], markers=("A", "B")), all_pairs=True)
    assert np.isnan(found.pairs[0].by_marker[0])
    assert math.isclose(10 ** found.pairs[0].log10_lr, 1 / 0.2)
    assert [(one.what, one.id) for one in found.left_out] == [("reading", "R")]
    assert "A 10/11/12" in found.left_out[0].reason


def typed(a: int, b: int) -> Reading:
    return Reading.of(Repeat(a), Repeat(b))


def one_marker(sample: str, a: int, b: int) -> Profile:
    return Profile(sample, {"A": (typed(a, b),)})


def dead(name: str, a: int, b: int) -> Individual:
    return Individual(name, one_marker(name, a, b))


def operation_of(individuals, families, *, markers=("A",), mutation=None, theta=0.0, remains=None, threshold=-300.0):
    frequencies_of = {Repeat(10): 0.2, Repeat(11): 0.3, Repeat(12): 0.5}
    table = {name: MarkerFrequencies.from_frequencies(name, frequencies_of) for name in markers}
    chosen = Settings(
        tuple(markers), theta=theta, threshold=threshold, rare_alleles=Refuse(),
        mutation=mutation or NO_MUTATION,
        remains=remains or SampleErrors(),
    )  # fmt: skip
    return Operation("test", tuple(individuals), tuple(families), FrequencyTable("t", "t", table), chosen)


UNSEEN = Unknown()


@pytest.fixture
def simple():
    """Three individuals, two families with a father each."""
    people = Pedigree.build([Person("F", sex=Sex.MALE), Person("M", "F", sex=Sex.MALE)])
    families = [
        Family("one", people, ("M",), {"F": one_marker("F1", 10, 10)}),
        Family("two", people, ("M",), {"F": one_marker("F2", 11, 12)}),
    ]
    individuals = [dead("R1", 10, 11), dead("R2", 12, 12), dead("R3", 10, 10)]

    def make(threshold: float = -300.0) -> Operation:
        return operation_of(individuals, families, mutation=Mutation.same(Equal(0.001)), threshold=threshold)

    return make


@given(st.data())
@examples(10)
def test_kept_pairs_and_totals_are_those_of_all_pairs(data):
    world = World(data, markers=2, theta=0.0, errors=data.draw(st.booleans()), individuals=3)
    keep = data.draw(st.sampled_from([-1.0, 0.0, 0.5]))
    found = search(world.operation, all_pairs=True, keep=keep)
    listed = sorted((pair for pair in found.pairs if pair.log10_lr >= keep), key=lambda p: (p.missing, p.individual))
    assert found.kept.floor == keep
    assert found.kept.individual.dtype == found.kept.missing.dtype == np.int32
    assert found.kept.individual.tolist() == [pair.individual for pair in listed]
    assert found.kept.missing.tolist() == [pair.missing for pair in listed]
    assert found.kept.log10_lr.tolist() == [pair.log10_lr for pair in listed]
    lrs = np.zeros((3, len(found.missing)))
    for pair in found.pairs:
        lrs[pair.individual, pair.missing] = 10.0**pair.log10_lr
    assert np.allclose(found.total_lr_of_missing, lrs.sum(axis=0), rtol=1e-12, atol=0)
    assert np.allclose(found.total_lr, lrs.sum(axis=1), rtol=1e-12, atol=0)
    listed = search(world.operation)
    assert listed.kept.floor == world.operation.settings.threshold
    assert len(listed.kept) == len(listed.pairs)
