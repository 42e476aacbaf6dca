"""Synthetic operations: their counts, their truth, their families, and whether plain mode keeps to the model."""

import json
import math
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np
import pytest

from antigone.formats.case_folder import read_case_folder, read_truth, write_case_folder
from antigone.genetics.alleles import Named, Repeat
from antigone.genetics.haplotypes import LineageSettings
from antigone.genetics.markers import panel
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import ErrorRates, Reading, Reads, genotype_likelihood
from antigone.genetics.paternal import compare_y
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import is_discordant
from antigone.matching.nongenetic import non_dna_evidence
from antigone.matching.operation import Family, Operation
from antigone.matching.preparation import prepare
from antigone.scenarios import PRESETS, Preset, Scenario, ScenarioError, described, parse_overrides, preset, simulate
from antigone.scenarios.declaring import declared_priors
from antigone.scenarios.laboratory import (
    NOTHING,
    Bench,
    Contamination,
    Quality,
    profiles_of_donors,
    profiles_of_the_dead,
)
from antigone.scenarios.lineages import y_haplotypes
from antigone.scenarios.simulate import generators, happen
from antigone.scenarios.world import World

JUNE = preset("june-2025")
PLAIN_OF_HOSTILE = {one.name: one.value for one in described(JUNE) if one.hostile is not None}


@pytest.fixture(scope="module")
def small() -> Scenario:
    return simulate("june-2025", scale=0.02, seed=1, missing=150)


@pytest.fixture(scope="module")
def plain() -> Scenario:
    return simulate("june-2025", scale=0.3, seed=5, missing=6000)


@pytest.fixture(scope="module")
def hostile() -> Scenario:
    return simulate("june-2025", scale=0.3, seed=5, missing=6000, hostile=True)


def as_bytes(scenario: Scenario) -> bytes:
    return repr(scenario).encode()


def within(count: int, of: int, share: float, *, deviations: float = 4.5) -> bool:
    return abs(count - of * share) <= deviations * math.sqrt(of * share * (1 - share)) + 1


def bags_by_transfer(operation: Operation) -> dict[str, int]:
    return dict(Counter(transfer for transfer, _ in {(one.transfer, one.bag) for one in operation.individuals}))


def families_of(scenario: Scenario) -> dict[str, Family]:
    return {family.name: family for family in scenario.operation.families}


# What arrives


def test_at_scale_1_every_transfer_has_the_bags_that_were_counted() -> None:
    operation = simulate("june-2025", seed=2, missing=50).operation
    assert bags_by_transfer(operation) == {"T1": 1212, "T2": 1200, "T3": 1200, "T4": 1200, "T5": 1245}


def test_at_another_scale_counts_are_rounded_and_never_0(small: Scenario) -> None:
    assert bags_by_transfer(small.operation) == {"T1": 24, "T2": 24, "T3": 24, "T4": 24, "T5": 25}
    assert set(bags_by_transfer(simulate("june-2025", scale=1e-4, seed=1, missing=1).operation).values()) == {1}


def test_transfers_bear_the_days_of_june_2025(small: Scenario) -> None:
    days = [transfer["day"] for transfer in small.story["counts"]["transfers"]]
    assert days == ["2025-06-11", "2025-06-13", "2025-06-14", "2025-06-15", "2025-06-16"]


def test_bags_hold_one_to_three_people_in_the_declared_shares(plain: Scenario) -> None:
    in_bag = Counter(one.bag for one in plain.operation.individuals)
    sizes = Counter(in_bag.values())
    assert set(sizes) == {1, 2, 3}
    assert all(within(sizes[k + 1], len(in_bag), share) for k, share in enumerate(JUNE.people_in_bag))


def test_parts_of_one_person_lie_in_several_bags_and_transfers(plain: Scenario) -> None:
    remains = {one.id: one for one in plain.operation.individuals}
    parts: dict[str, list[str]] = {}
    for row in plain.truth:
        parts.setdefault(row.individual, []).append(row.remains)
    several = [ids for ids in parts.values() if len(ids) > 1]
    assert within(len(several), len(parts), 1 - JUNE.parts[0])
    assert all(len({remains[k].bag for k in ids}) == len(ids) for ids in several)
    elsewhere = sum(len({remains[k].transfer for k in ids}) > 1 for ids in several)
    assert 0.25 < elsewhere / len(several) < 0.5


def test_ids_are_unique_and_of_the_agreed_form(small: Scenario) -> None:
    operation = small.operation
    samples = [sample for one in operation.individuals for sample in one.samples]
    samples += [profile.sample for family in operation.families for profile in family.profiles.values()]
    assert len(set(samples)) == len(samples)
    assert sorted(samples) == [f"S{k + 1:06d}" for k in range(len(samples))]
    assert [one.id for one in operation.individuals[:2]] == ["R0001", "R0002"]
    assert (operation.individuals[0].bag, operation.individuals[0].transfer) == ("B1-0001", "T1")
    persons = [person.id for family in operation.families for person in family.pedigree.persons]
    assert len(set(persons)) == len(persons)
    assert operation.families[0].name == "F00001"
    assert operation.families[0].missing[0] == "F00001-M1"


# The register


@pytest.mark.parametrize("missing", [1, 2, 7, 150, 413])
def test_the_register_lists_exactly_as_many_as_asked_for(missing: int) -> None:
    scenario = simulate("june-2025", scale=0.01, seed=3, missing=missing)
    assert len(scenario.operation.missing_persons()) == missing
    assert scenario.story["counts"]["missing_persons"] == missing


def test_without_a_number_the_register_is_five_times_the_individuals(small: Scenario) -> None:
    usual = simulate("june-2025", scale=0.02, seed=1).story["counts"]
    assert usual["individuals"] == small.story["counts"]["individuals"]
    assert usual["missing_persons"] == 5 * usual["individuals"]


def test_the_register_has_every_kind_of_family(plain: Scenario) -> None:
    kinds = plain.story["counts"]["families_by_kind"]
    assert set(kinds) == {
        "both parents", "children and spouse", "children without spouse", "father and son missing",
        "grandparents, uncle or aunt", "half-sibling", "no donor", "one parent", "one sibling", "parent and child",
        "parent and half-sibling", "parent and sibling", "reported again", "several siblings", "two brothers missing",
        "whole family missing",
    }  # fmt: skip
    assert kinds["one parent"] > kinds["both parents"] > kinds["grandparents, uncle or aunt"]
    assert all(count >= 20 for count in kinds.values())


@pytest.mark.parametrize("name", PRESETS)
def test_parents_are_18_to_45_years_older_and_donors_are_alive(name: str) -> None:
    operation = simulate(name, scale=0.1, seed=4, missing=2500).operation
    year = operation.settings.year
    assert year is not None
    for family in operation.families:
        for person in family.pedigree.persons:
            for parent in (person.father, person.mother):
                parent_born = parent and family.pedigree[parent].birth_year
                if person.birth_year and parent_born:
                    assert 18 <= person.birth_year - parent_born <= 45, (family.name, person.id)
        for donor in family.donors():
            born = family.pedigree[donor].birth_year
            assert born is not None
            assert 0 <= year - born <= 90, donor


def test_soldiers_are_sampled_in_life_as_often_as_declared(plain: Scenario) -> None:
    own = [person in family.profiles for family, person in plain.operation.missing_persons()]
    # Civilians and second reports have none, and a few others an item in use.
    assert 0.25 < sum(own) / len(own) < 0.33


def test_a_person_reported_twice_is_listed_in_two_families(plain: Scenario) -> None:
    again = [row for row in plain.truth if row.reported_again]
    families = families_of(plain)
    assert plain.story["counts"]["missing_persons_reported_twice"] >= 20
    assert again
    for row in again:
        assert row.reported_again is not None
        other, person = row.reported_again.split("/")
        assert row.family is not None
        assert row.family < other
        assert person in families[other].missing
        first = families[row.family].pedigree[str(row.missing_person)]
        second = families[other].pedigree[person]
        assert (first.sex, first.birth_year) == (second.sex, second.birth_year)


def test_of_one_family_several_are_among_the_dead(plain: Scenario) -> None:
    found = {row.missing_person for row in plain.truth}
    dead = [sum(person in found for person in family.missing) for family in plain.operation.families]
    assert max(dead) >= 3
    assert sum(number >= 2 for number in dead) >= 20


# Truth


def test_every_remains_has_its_row_and_every_listed_person_is_in_the_register(plain: Scenario) -> None:
    operation, families = plain.operation, families_of(plain)
    assert [row.remains for row in plain.truth] == [one.id for one in operation.individuals]
    assert [(row.sample,) for row in plain.truth] == [one.samples for one in operation.individuals]
    who: dict[str, str | None] = {}
    for row in plain.truth:
        assert who.setdefault(row.individual, row.missing_person) == row.missing_person
        if row.missing_person is None:
            assert row.family is None
        else:
            assert row.missing_person in families[str(row.family)].missing
    listed = [person for person in who.values() if person]
    assert len(set(listed)) == len(listed)
    assert len(who) == plain.story["counts"]["individuals"]


def test_the_dead_are_listed_unlisted_and_own_soldiers_in_the_declared_shares(plain: Scenario) -> None:
    status, count = plain.story["counts"]["individuals_by_status"], plain.story["counts"]["individuals"]
    assert sum(status.values()) == count
    assert within(status["not listed"], count, JUNE.not_listed_share)
    assert within(status["listed without usable references"], count, JUNE.without_references_share)
    assert within(status["own soldier of the giver"], count, JUNE.own_soldier_share)
    assert status["unlisted sibling of a missing person"] == status["unlisted cousin of a missing person"] == 0
    without = len({row.individual for row in plain.truth if row.missing_person is None})
    assert without == status["not listed"] + status["own soldier of the giver"]


def test_a_register_that_is_too_small_leaves_the_rest_of_the_dead_unlisted() -> None:
    scenario = simulate("june-2025", scale=0.02, seed=1, missing=3)
    status = scenario.story["counts"]["individuals_by_status"]
    assert status["listed with references"] + status["listed without usable references"] <= 3
    assert scenario.operation.settings.prior < 0.05


def test_sex_and_age_of_the_remains_fit_the_missing_person(plain: Scenario) -> None:
    families, rows = families_of(plain), {row.remains: row for row in plain.truth}
    unknown = 0
    for one in plain.operation.individuals:
        row = rows[one.id]
        unknown += one.sex is Sex.UNKNOWN
        if row.missing_person is None:
            continue
        family = families[str(row.family)]
        person = family.pedigree[row.missing_person]
        assert one.sex in (person.sex, Sex.UNKNOWN)
        if one.age_min is not None and one.age_max is not None and person.birth_year is not None:
            assert one.age_min <= family.missing_since[person.id] - person.birth_year <= one.age_max
    assert 0.05 < unknown / len(plain.operation.individuals) < 0.15


# Profiles


def test_the_engine_computes_with_the_models_that_were_simulated_from(plain: Scenario) -> None:
    empty = replace(plain.operation, individuals=(), families=())
    simulated, searched = prepare(empty), prepare(plain.operation)
    assert searched.frequencies.digest == simulated.frequencies.digest
    assert [model.name for model in searched.models] == [model.name for model in simulated.models]
    assert searched.linked == simulated.linked
    assert {pair.first for pair in searched.linked} >= {"vWA", "D5S818"}


def test_in_plain_mode_the_dead_can_be_who_they_are(plain: Scenario) -> None:
    """Every reading of the remains of somebody with a lifetime sample can come from that genotype."""
    models = {model.name: model for model in prepare(plain.operation).models}
    families, checked = families_of(plain), 0
    for row, one in zip(plain.truth, plain.operation.individuals, strict=True):
        own = families[row.family].profiles.get(str(row.missing_person)) if row.family else None
        if own is None:
            continue
        for name, readings in one.profile.readings.items():
            if name == "AMEL" or name not in own.readings or own.readings[name][0].reads is Reads.OTHER_UNSEEN:
                continue
            genotype = own.readings[name][0].alleles
            a, b = models[name].index[genotype[0]], models[name].index[genotype[-1]]
            rates = plain.operation.settings.remains.rates(models[name])
            assert genotype_likelihood(readings, models[name], rates)[a, b] > 0, (one.id, name)
            checked += 1
    assert checked > 5000


def test_children_share_an_allele_with_each_parent_but_for_rare_mutations(plain: Scenario) -> None:
    meioses = mutations = 0
    for family in plain.operation.families:
        for person in family.pedigree.persons:
            for parent in (person.father, person.mother):
                if person.id in family.profiles and parent in family.profiles:
                    child, other = family.profiles[person.id].readings, family.profiles[parent].readings
                    for name in child.keys() & other.keys() - {"AMEL"}:
                        if Reads.OTHER_UNSEEN in (child[name][0].reads, other[name][0].reads):
                            continue
                        meioses += 1
                        mutations += not set(child[name][0].alleles) & set(other[name][0].alleles)
    assert meioses > 30_000
    assert 0 < mutations / meioses < 0.0025


def test_amelogenin_shows_the_sex(plain: Scenario) -> None:
    for family in plain.operation.families:
        for person, profile in family.profiles.items():
            for reading in profile.readings.get("AMEL", ()):
                male = family.pedigree[person].sex is Sex.MALE
                assert Named("Y") not in reading.alleles or male
                assert reading.reads is not Reads.HOMOZYGOUS or not male


def test_good_samples_call_homozygotes_and_degraded_ones_never_do(plain: Scenario) -> None:
    counts = plain.story["counts"]
    homozygous = partial = twice = 0
    for one in plain.operation.individuals:
        readings = [reading for found in one.profile.readings.values() for reading in found]
        kinds = {reading.reads for reading in readings}
        assert not {Reads.HOMOZYGOUS, Reads.OTHER_UNSEEN} <= kinds, one.id
        homozygous += Reads.HOMOZYGOUS in kinds
        partial += len(one.profile.readings) < 22
        twice += any(len(found) > 1 for found in one.profile.readings.values())
    good = counts["samples_of_remains_by_degradation"][0]
    assert within(good, counts["samples_of_remains"], JUNE.good_share)
    assert abs(homozygous - good) < 10  # a good sample without any homozygous marker is rare
    assert 0.25 < partial / counts["samples_of_remains"] < 0.5
    assert twice == counts["samples_of_remains_typed_twice"] > 100


@pytest.mark.parametrize("mode", ["plain", "hostile"])
def test_replicates_never_look_like_two_people(mode: str, request: pytest.FixtureRequest) -> None:
    """At odds at more than two markers are only mixtures, which show a third allele in one reading."""
    for one in request.getfixturevalue(mode).operation.individuals:
        readings = one.profile.readings.values()
        if sum(is_discordant(found) for found in readings) > 2:
            assert sum(any(len(reading.alleles) > 2 for reading in found) for found in readings) >= 2, one.id


# Calibration: what the engine computes is what happened

LADDER = (Repeat(9), Repeat(10), Repeat(11), Repeat(12))
MARKER = MarkerModel.build("TH01", LADDER, [0.4, 0.3, 0.2, 0.1])
# Rates far above those of a preset: a departure from the model would show.
HARSH = replace(JUNE, drop_out=0.3, drop_in=0.1, degradation=(1.0,), marker_failure=(0.2,), personal_item_loss=0.15)
DEAD = ErrorRates(drop_out=0.3, drop_in=0.1)
GENOTYPES = list(combinations_with_replacement(range(4), 2))


def read_the_dead(genotypes: np.ndarray, degree: int, typings: int, seed: int) -> list[tuple[Reading, ...]]:
    """What is read at one marker of samples of this degree of degradation; nothing where it failed."""
    count = len(genotypes)
    clean = Contamination(np.full(count, NOTHING), np.zeros((count, 2), dtype=bool))
    quality = Quality(np.full(count, degree), np.full(count, typings))
    both = np.concatenate([genotypes[:, None, :], np.zeros((count, 1, 2), dtype=np.int64)], axis=1)
    bench = Bench((MARKER,))
    found, _ = profiles_of_the_dead(bench, HARSH, both, quality, clean, both, np.random.default_rng(seed))
    return [profile.get("TH01", ()) for profile in found]


def read_donors(genotypes: np.ndarray, *, items: bool, seed: int) -> list[tuple[Reading, ...]]:
    both = np.concatenate([genotypes[:, None, :], np.zeros((len(genotypes), 1, 2), dtype=np.int64)], axis=1)
    flags = np.full(len(genotypes), items)
    found = profiles_of_donors(Bench((MARKER,)), HARSH, both, flags, np.random.default_rng(seed))
    return [profile.get("TH01", ()) for profile in found]


def proportionality(seen: dict[tuple[int, int], Counter[tuple[Reading, ...]]], rates: ErrorRates) -> Iterator[float]:
    """For each reading and genotype: by how many standard errors it departs from a constant times the model."""
    for readings in {readings for counts in seen.values() for readings in counts}:
        likelihood = genotype_likelihood(readings, MARKER, rates)
        total = {pair: sum(counts.values()) for pair, counts in seen.items()}
        expected = {pair: total[pair] * likelihood[pair] for pair in seen}
        constant = sum(counts[readings] for counts in seen.values()) / sum(expected.values())
        for pair, counts in seen.items():
            if expected[pair] == 0:
                assert counts[readings] == 0, (readings, pair)
                continue
            mean = constant * expected[pair]
            yield (counts[readings] - mean) / math.sqrt(max(mean, 1.0))


@pytest.mark.parametrize(("degree", "typings"), [(0, 1), (1, 1), (1, 2)], ids=["good", "degraded", "typed twice"])
def test_readings_follow_the_model_up_to_a_constant_for_each_reading(degree: int, typings: int) -> None:
    seen = {}
    for k, pair in enumerate(GENOTYPES):
        genotypes = np.tile(np.array(pair, dtype=np.int64), (20_000, 1))
        seen[pair] = Counter(read_the_dead(genotypes, degree, typings, seed=100 + k))
    departures = np.array(list(proportionality(seen, DEAD)))
    assert len(departures) > 40
    assert np.abs(departures).max() < 5
    assert np.mean(departures**2) < 1.35


def test_items_in_use_follow_the_model_of_donors_up_to_a_constant() -> None:
    seen = {}
    for k, pair in enumerate(GENOTYPES):
        genotypes = np.tile(np.array(pair, dtype=np.int64), (20_000, 1))
        seen[pair] = Counter(read_donors(genotypes, items=True, seed=200 + k))
    departures = np.array(list(proportionality(seen, ErrorRates())))
    assert any(readings and readings[0].reads is Reads.OTHER_UNSEEN for counts in seen.values() for readings in counts)
    assert np.abs(departures).max() < 5


def child_of(parent: tuple[int, int]) -> np.ndarray:
    """P(ordered genotype | one parent), shape (alleles, alleles), without mutation."""
    inherited = np.bincount(parent, minlength=4) / 2
    return (np.outer(inherited, MARKER.frequencies) + np.outer(MARKER.frequencies, inherited)) / 2


def same_as(person: tuple[int, int]) -> np.ndarray:
    table = np.zeros((4, 4))
    table[person] += 0.5
    table[person[::-1]] += 0.5
    return table


@pytest.mark.parametrize("relation", [child_of, same_as])
@pytest.mark.parametrize(("degree", "typings"), [(0, 1), (1, 1), (1, 2)], ids=["good", "degraded", "typed twice"])
def test_the_expected_likelihood_ratio_of_unrelated_people_is_1(relation, degree: int, typings: int) -> None:
    rng = np.random.default_rng(7)
    p = MARKER.frequencies
    unrelated = np.outer(p, p)
    genotypes = rng.choice(4, size=(60_000, 2), p=p)
    related = relation((0, 2))
    ratio: dict[tuple[Reading, ...], float] = {(): 1.0}
    values = []
    for readings in read_the_dead(genotypes, degree, typings, seed=8):
        if readings not in ratio:
            likelihood = genotype_likelihood(readings, MARKER, DEAD)
            ratio[readings] = float(np.sum(likelihood * related) / np.sum(likelihood * unrelated))
        values.append(ratio[readings])
    error = np.std(values) / math.sqrt(len(values))
    assert error < 0.02
    assert abs(np.mean(values) - 1) < 3 * error


def test_markers_fail_whatever_the_genotype() -> None:
    nothing = {}
    for pair in ((0, 0), (0, 3)):
        genotypes = np.tile(np.array(pair, dtype=np.int64), (20_000, 1))
        nothing[pair] = sum(not readings for readings in read_the_dead(genotypes, 1, 1, seed=9))
    silent = 0.2 + 0.8 * 0.3**2 * 0.9  # failed, or both copies dropped out and nothing dropped in
    assert all(within(count, 20_000, silent) for count in nothing.values())


# What the engine is not told


def test_in_plain_mode_nothing_is_kept_from_the_engine(plain: Scenario) -> None:
    assert plain.untold == ()
    assert plain.story["untold"] == plain.story["declared_otherwise"] == {}


def test_hostile_mode_declares_the_plain_settings(plain: Scenario, hostile: Scenario) -> None:
    declared, usual = hostile.operation.settings, plain.operation.settings
    undeclarable = replace(declared, priors=(), mislabelled_samples=0.0, unlisted_siblings=0.0, false_sibling_words=0.0)
    assert undeclarable == replace(usual, priors=())
    # What was drawn is declared, in both modes.
    outside = hostile.story["settings"]["unlisted_sibling_rate"] + hostile.story["settings"]["unlisted_cousin_rate"]
    assert declared.priors[0].shares.listed == pytest.approx(usual.priors[0].shares.listed - outside)
    # A laboratory knows from audits how many labels are wrong, though not which.
    known = ("label_swap", "unlisted_sibling_rate", "false_sibling_word")
    assert hostile.story["declared_otherwise"] == {k: v for k, v in PLAIN_OF_HOSTILE.items() if k not in known}
    assert declared.mislabelled_samples == hostile.story["settings"]["label_swap"] == 1 / 165
    # So does a bureau from asking families again how many dead are siblings whom nobody listed.
    assert declared.unlisted_siblings == hostile.story["settings"]["unlisted_sibling_rate"] > 0
    assert declared.false_sibling_words == hostile.story["settings"]["false_sibling_word"] > 0


def test_hostile_rates_are_met(hostile: Scenario) -> None:
    counts, untold = hostile.story["counts"], Counter(one.kind for one in hostile.untold)
    settings, individuals, remains = hostile.story["settings"], counts["individuals"], counts["samples_of_remains"]
    samples = remains + counts["samples_of_families"]
    assert within(2 * untold["label swap"], samples, 1 / 165, deviations=6.5)
    assert within(untold["unlisted sibling"], individuals, settings["unlisted_sibling_rate"])
    assert within(untold["unlisted cousin"], individuals, settings["unlisted_cousin_rate"])
    assert within(untold["contamination"], remains, settings["contamination"])
    assert untold["unlisted sibling"] > 0
    assert untold["unlisted cousin"] > 0
    fathers = sum(p.father is not None for f in hostile.operation.families for p in f.pedigree.persons)
    assert within(untold["misattributed paternity"], fathers, 0.02)
    alleles = 2 * 21 * samples
    assert within(
        untold["typing error"], alleles, settings["typing_error"] * 0.8, deviations=8
    )  # some fall on themselves
    aged = sum(one.age_min is not None for one in hostile.operation.individuals)
    assert within(untold["wrong age"], aged, settings["age_error"])
    sexed = sum(one.sex is not Sex.UNKNOWN for one in hostile.operation.individuals)
    assert within(untold["wrong sex"], sexed, settings["sex_error"])


def test_hostile_frequencies_drifted_by_fst(plain: Scenario, hostile: Scenario) -> None:
    """The mean squared departure of founders' frequencies is Fst p(1 − p), beside what the sample makes."""

    def departure(scenario: Scenario) -> float:
        table = prepare(replace(scenario.operation, individuals=(), families=()))
        squares, expected = 0.0, 0.0
        for model in table.models:
            seen = np.zeros(len(model))
            for family in scenario.operation.families:
                for person, profile in family.profiles.items():
                    if family.pedigree[person].father is None and model.name in profile.readings:
                        for allele in profile.readings[model.name][0].alleles:
                            seen[model.index[allele]] += 2 / len(profile.readings[model.name][0].alleles)
            p = model.frequencies
            squares += float(np.sum((seen / seen.sum() - p) ** 2))
            expected += float(np.sum(p * (1 - p)))
        return squares / expected

    assert departure(plain) < 0.0006
    assert 0.005 < departure(hostile) < 0.016


def test_in_hostile_mode_long_fragments_drop_out_more(plain: Scenario, hostile: Scenario) -> None:
    def lone(scenario: Scenario, marker: str) -> float:
        found = [
            reading
            for one in scenario.operation.individuals
            for reading in one.profile.readings.get(marker, ())
            if reading.reads is not Reads.HOMOZYGOUS
        ]
        return sum(reading.reads is Reads.OTHER_UNSEEN for reading in found) / len(found)

    assert lone(hostile, "SE33") > 2 * lone(plain, "SE33")
    assert lone(hostile, "SE33") > 2 * lone(hostile, "D1S1656")


def test_an_unlisted_brother_shares_alleles_with_the_parents_he_is_not_listed_under() -> None:
    scenario = simulate(
        "june-2025", scale=0.05, seed=6, missing=300, overrides={"unlisted_sibling_rate": 0.3, "good_share": 1.0}
    )
    families, rows = families_of(scenario), {row.individual: row for row in scenario.truth}
    remains = {one.id: one for one in scenario.operation.individuals}
    brothers = [one.ids for one in scenario.untold if one.kind == "unlisted sibling"]
    checked = 0
    for individual, of in brothers:
        assert rows[individual].missing_person is None
        family = families[of.split("-")[0]]
        for parent in (family.pedigree[of].father, family.pedigree[of].mother):
            if parent in family.profiles:
                mine, theirs = remains[rows[individual].remains].profile.readings, family.profiles[parent].readings
                shared = [
                    bool(set(mine[m][0].alleles) & set(theirs[m][0].alleles)) for m in mine.keys() & theirs.keys()
                ]
                assert sum(shared) >= len(shared) - 1
                checked += 1
    assert checked > 20


def test_swapped_labels_exchange_whole_profiles_and_nothing_else() -> None:
    straight = simulate("june-2025", scale=0.02, seed=1, missing=150)
    swapped = simulate("june-2025", scale=0.02, seed=1, missing=150, overrides={"label_swap": 0.1})
    before = {one.profile.sample: one.profile.readings for one in straight.operation.individuals}
    after = {one.profile.sample: one.profile.readings for one in swapped.operation.individuals}
    pairs = [one.ids for one in swapped.untold if one.kind == "label swap" and one.ids[0] in before]
    assert pairs
    for a, b in pairs:
        assert after[a] == before[b]
        assert after[b] == before[a]
    moved = {sample for pair in pairs for sample in pair}
    assert all(after[sample] == before[sample] for sample in before.keys() - moved)
    assert tuple(replace(row, sample_swapped_with=None) for row in swapped.truth) == straight.truth
    told = {row.sample: row.sample_swapped_with for row in swapped.truth if row.sample_swapped_with}
    assert told == {a: b for pair in pairs for a, b in (pair, pair[::-1])}


def test_contaminated_samples_show_the_same_in_every_typing() -> None:
    scenario = simulate(
        "june-2025", scale=0.05, seed=2, missing=50,
        overrides={"contamination": 1.0, "contaminated_markers": 1.0, "replicate_share": 1.0},
    )  # fmt: skip
    crowded = 0
    for one in scenario.operation.individuals:
        assert all(len(set(readings)) == 1 for readings in one.profile.readings.values())
        crowded += sum(len(readings[0].alleles) > 2 for readings in one.profile.readings.values()) >= 2
    # The other DNA may be that of another part of the same person.
    assert crowded >= 0.97 * len(scenario.operation.individuals)


def test_unlisted_relatives_leave_everybody_elses_genotypes_as_they_are() -> None:
    rates = {"reported_twice_share": 0.0}
    without = simulate("june-2025", scale=0.05, seed=3, missing=400, overrides=rates)
    with_them = simulate(
        "june-2025", scale=0.05, seed=3, missing=400, overrides={**rates, "unlisted_sibling_rate": 0.05}
    )
    concerned = {one.ids[1].split("-")[0] for one in with_them.untold}
    assert 5 < len(concerned) < 40
    again = families_of(with_them)
    for family in without.operation.families:
        assert family.pedigree == again[family.name].pedigree
        assert (family.profiles == again[family.name].profiles) or family.name in concerned


def test_hostile_mode_with_every_rate_at_its_plain_value_is_plain_mode() -> None:
    plain = simulate("june-2025", scale=0.02, seed=9, missing=100)
    tamed = simulate("june-2025", scale=0.02, seed=9, missing=100, hostile=True, overrides=PLAIN_OF_HOSTILE)
    assert tamed.operation == plain.operation
    assert tamed.truth == plain.truth
    assert tamed.untold == ()


# In files


def test_a_plain_case_reads_back_as_it_was_invented(small: Scenario, tmp_path: Path) -> None:
    assert small.family_truth == ()
    write_case_folder(small.operation, tmp_path / "case", truth=small.truth, family_truth=small.family_truth)
    again = read_case_folder(tmp_path / "case")
    assert (again.individuals, again.families, again.settings, again.name, again.left_out) == (
        small.operation.individuals,
        small.operation.families,
        small.operation.settings,
        small.operation.name,
        (),
    )
    assert read_truth(tmp_path / "case") == small.truth


@pytest.mark.parametrize(
    "overrides",
    [
        {},
        {"drop_in": 0.05, "replicate_share": 1.0, "good_share": 0.0},
        {
            "contamination": 1.0,
            "contaminated_markers": 0.06,
            "drop_in": 0.05,
            "replicate_share": 1.0,
            "good_share": 0.0,
        },
        {
            "contamination": 1.0,
            "contaminated_markers": 0.06,
            "drop_in": 0.0,
            "replicate_share": 1.0,
            "typing_error": 0.05,
        },
    ],
    ids=["hostile", "much drop-in", "traces and drop-in", "traces without drop-in"],
)
def test_a_hostile_case_is_read_with_mixtures_set_aside(overrides, tmp_path: Path) -> None:
    scenario = simulate("june-2025", scale=0.05, seed=8, missing=100, hostile=True, overrides=overrides)
    write_case_folder(scenario.operation, tmp_path / "case", truth=scenario.truth)
    again = read_case_folder(tmp_path / "case")
    assert {one.reason.split(": ")[1] for one in again.left_out} <= {"a mixture waits for resampling"}
    assert len(again.individuals) + len(again.left_out) == len(scenario.operation.individuals)
    assert len(again.individuals) > 50


# Siblings of whom nobody wrote, and other truths


def believed_siblings(scenario: Scenario) -> set[str]:
    """Missing persons with a full sibling among the unlisted dead, by the families' papers."""
    of = {one.ids[1] for one in scenario.untold if one.kind == "unlisted sibling"}
    found = set(of)
    for family in scenario.operation.families:
        parents = {
            person: (family.pedigree[person].father, family.pedigree[person].mother) for person in family.missing
        }
        found |= {p for p, own in parents.items() if None not in own and own in {parents.get(one) for one in of}}
    return found


def test_in_plain_mode_families_give_their_word_and_nobody_has_an_unlisted_sibling(plain: Scenario) -> None:
    given = sum(bool(family.no_unlisted_sibling) for family in plain.operation.families)
    again = plain.story["counts"]["missing_persons_reported_twice"]
    families = len(plain.operation.families)
    assert within(given, families - 2 * again, JUNE.sibling_word_share) or within(
        given, families, JUNE.sibling_word_share
    )
    assert all(family.no_unlisted_sibling <= set(family.missing) for family in plain.operation.families)
    assert {row.kin for row in plain.truth} == {None}
    assert plain.family_truth == ()


def test_who_has_an_unlisted_sibling_gives_no_word_but_a_false_one() -> None:
    rates = {"unlisted_sibling_rate": 0.5, "false_sibling_word": 0.25, "good_share": 1.0}
    scenario = simulate("june-2025", scale=0.1, seed=3, missing=600, overrides=rates)
    with_sibling = believed_siblings(scenario)
    given = {person for family in scenario.operation.families for person in family.no_unlisted_sibling}
    false = {one.ids[0] for one in scenario.untold if one.kind == "false word"}
    assert given & with_sibling <= false
    assert within(len(given & with_sibling), len(with_sibling), 0.25)
    assert {row.person for row in scenario.family_truth} == false
    honest = simulate("june-2025", scale=0.1, seed=3, missing=600, overrides={**rates, "false_sibling_word": 0.0})
    given = {person for family in honest.operation.families for person in family.no_unlisted_sibling}
    assert not given & believed_siblings(honest)


def test_the_truth_says_what_an_unlisted_dead_is_to_whom(hostile: Scenario) -> None:
    ties = {row.individual: row.kin for row in hostile.truth}
    kin = [one for one in hostile.untold if one.kind.startswith("unlisted")]
    for one in kin:
        individual, of = one.ids
        expected = "full sibling" if one.kind == "unlisted sibling" else "first cousin"
        fathers = {row.person for row in hostile.family_truth if row.what == "the recorded father is not the father"}
        if not any(person.split("-")[0] == of.split("-")[0] for person in fathers):
            assert ties[individual] == f"{expected} of {of}"
    assert {individual for individual, tie in ties.items() if tie} <= {one.ids[0] for one in kin}
    assert all(row.missing_person is None for row in hostile.truth if row.kin)


def test_another_father_makes_an_unlisted_brother_a_half_brother_in_truth() -> None:
    rates = {"unlisted_sibling_rate": 0.5, "misattributed_paternity": 1.0, "good_share": 1.0}
    scenario = simulate("june-2025", scale=0.02, seed=3, missing=100, overrides=rates)
    ties = Counter(row.kin.split(" of ")[0] for row in scenario.truth if row.kin)
    assert ties["half-sibling"] > 10
    # Who has no father in the papers has none to lose.
    named = {person.id for family in scenario.operation.families for person in family.pedigree.persons if person.father}
    assert not any(row.kin.split(" of ")[1] in named for row in scenario.truth if row.kin and row.kin[:4] == "full")


def test_what_went_wrong_with_samples_and_fathers_stands_in_the_truth(hostile: Scenario) -> None:
    untold = Counter(one.kind for one in hostile.untold)
    what = Counter(row.what.split(" with that of ")[0] for row in hostile.family_truth)
    assert what["the recorded father is not the father"] == untold["misattributed paternity"]
    assert what["a full sibling is not listed, against the word"] == untold["false word"]
    donors = {p.sample: who for f in hostile.operation.families for who, p in f.profiles.items()}
    pairs = [one.ids for one in hostile.untold if one.kind == "label swap"]
    told = {row.person: row.what for row in hostile.family_truth if row.what.startswith("the sample")}
    assert told == {
        donors[a]: f"the sample exchanged labels with that of {donors[b]}"
        for pair in pairs
        if pair[0] in donors
        for a, b in (pair, pair[::-1])
    }
    contaminated = {row.sample: row for row in hostile.truth if row.contaminated_by}
    samples = {one.ids[0] for one in hostile.untold if one.kind == "contamination"}
    assert contaminated.keys() <= samples
    assert len(contaminated) >= len(samples) - 2  # the other DNA may be that of another part of the same person
    assert all(row.contaminated_by != row.individual for row in contaminated.values())


# Skeletal elements


def test_parts_of_one_person_have_no_element_in_common_and_a_whole_body_has_them_all(plain: Scenario) -> None:
    elements = {one.id: one.elements for one in plain.operation.individuals}
    parts: dict[str, list[tuple[str, ...]]] = {}
    for row in plain.truth:
        parts.setdefault(row.individual, []).append(elements[row.remains])
    whole = {own[0] for own in parts.values() if len(own) == 1}
    assert len(whole) == 1
    [every] = whole
    for own in parts.values():
        found = [element for part in own for element in part]
        assert len(set(found)) == len(found)
        assert set(found) <= set(every)
        assert all(own)
    several = [own for own in parts.values() if len(own) > 1]
    kept = sum(len(part) for own in several for part in own) - sum(map(len, several))
    beside_one_each = sum(len(every) - len(own) for own in several)
    assert within(kept, beside_one_each, 1 - JUNE.element_lost_share)


def test_somebody_in_more_parts_than_there_are_elements_has_parts_without_any() -> None:
    scenario = simulate("june-2025", scale=0.02, seed=1, missing=5, overrides={"parts": (0.0,) * 13 + (1.0,)})
    elements = {one.id: one.elements for one in scenario.operation.individuals}
    parts: dict[str, list[int]] = {}
    for row in scenario.truth:
        parts.setdefault(row.individual, []).append(len(elements[row.remains]))
    in_fourteen = [own for own in parts.values() if len(own) == 14]
    assert len(in_fourteen) > 5
    assert all(sorted(own) == [0] * 3 + [1] * 11 for own in in_fourteen)


# What is known beside DNA


def ratios_of_true_pairs(scenario: Scenario) -> dict[str, np.ndarray]:
    """The LRs of everything beside DNA, of remains against the missing persons that they are."""
    families, remains = families_of(scenario), {one.id: one for one in scenario.operation.individuals}
    rates, found = scenario.operation.settings.non_dna, {}
    for row in scenario.truth:
        if row.missing_person is not None and row.family is not None:
            evidence = non_dna_evidence(
                remains[row.remains], families[row.family], row.missing_person, rates, JUNE.year
            )
            for item in evidence:
                found.setdefault(item.kind, []).append(item.lr)
    return {kind: np.array(ratios) for kind, ratios in found.items()}


def test_what_is_known_of_true_pairs_follows_the_declared_model(plain: Scenario) -> None:
    """E[1/LR | the same person] = 1 for what is drawn by the model, and below where declared errors never happen."""
    ratios = ratios_of_true_pairs(plain)
    drawn = {"stature", "hair", "documents", "place", "dates", "tattoos", "scars", "birthmarks", "piercings"}
    assert set(ratios) == drawn | {"sex", "age"}
    for kind in drawn:
        inverse = 1 / ratios[kind]
        assert len(inverse) > 50
        assert abs(inverse.mean() - 1) < 4 * inverse.std() / math.sqrt(len(inverse)), kind
    assert (1 / ratios["sex"]).mean() < 1
    assert (1 / ratios["age"]).mean() < 1
    assert np.median(ratios["stature"]) > 1.2
    assert np.median(ratios["hair"]) > 1.2


def test_hostile_descriptions_are_worse_than_declared(plain: Scenario, hostile: Scenario) -> None:
    assert hostile.operation.settings.non_dna == plain.operation.settings.non_dna
    own, of_others = (np.mean(ratios_of_true_pairs(one)["documents"] > 1) for one in (plain, hostile))
    assert own > of_others
    wrong = simulate("june-2025", scale=0.1, seed=5, overrides={"hair_confused": 1.0, "hair_found_share": 1.0})
    inverse = 1 / ratios_of_true_pairs(wrong)["hair"]
    assert inverse.mean() > 1 + 4 * inverse.std() / math.sqrt(len(inverse))


def test_a_document_is_its_own_or_that_of_one_of_the_ten_nearest() -> None:
    shares = {"document_found_share": 1.0, "described_share": 1.0, "not_listed_share": 0.0, "reported_twice_share": 0.0}
    scenario = simulate("june-2025", scale=0.05, seed=2, overrides=shares)
    families = families_of(scenario)
    told = {
        number: person for f in families.values() for person, one in f.descriptions.items() for number in one.documents
    }
    people = [row.missing_person for row in scenario.truth]
    own, others = 0, 0
    for k, one in enumerate(scenario.operation.individuals):
        assert one.description is not None
        [number] = one.description.documents
        if number in told:
            whose = told[number]
            near = [people[(k + step) % len(people)] for step in range(-5, 6)]
            assert whose in near
            own += whose == people[k]
            others += whose != people[k]
    assert within(own, own + others, JUNE.document_own)


def test_parts_of_one_person_are_recovered_at_one_place_and_bones_have_no_hair(plain: Scenario) -> None:
    remains = {one.id: one for one in plain.operation.individuals}
    parts: dict[str, list[str]] = {}
    for row in plain.truth:
        parts.setdefault(row.individual, []).append(row.remains)
    several = [[remains[k].description for k in own] for own in parts.values() if len(own) > 1]
    assert all(
        one is None or (one.hair, one.marks, one.stature) == ("", (), (None, None)) for own in several for one in own
    )
    places = [{one.place for one in own if one is not None and one.place is not None} for own in several]
    assert all(len(found) <= 1 for found in places)
    assert any(places)


def test_who_is_last_seen_before_the_transfers_and_in_the_year_of_going_missing(plain: Scenario) -> None:
    for family in plain.operation.families:
        for person, one in family.descriptions.items():
            assert person in family.missing
            assert one.day is not None
            assert one.day.year == family.missing_since[person]
            assert one.date < "2025-06-11"
    described = sum(len(family.descriptions) for family in plain.operation.families)
    assert within(described, 6000, JUNE.described_share)


# Y haplotypes


def test_haplotypes_go_from_father_to_son_with_the_mutations_of_the_model() -> None:
    world = World()
    for _ in range(4000):
        grandfather = world.add(Sex.MALE, 1940, 0)
        father = world.add(Sex.MALE, 1965, 0, father=grandfather)
        world.add(Sex.MALE, 1990, 0, father=father)
    haplotypes = y_haplotypes(world, np.random.default_rng(1))
    rates = LineageSettings()
    expected = sum(rates.y_rate_of(name) * (2 if name == "DYS385" else 1) for name in panel("Yfiler").markers)
    changes = (haplotypes[1::3] != haplotypes[::3]).sum() + (haplotypes[2::3] != haplotypes[1::3]).sum()
    assert within(int(changes), 8000 * haplotypes.shape[1], expected / haplotypes.shape[1])
    founders = Counter(map(bytes, haplotypes[::3]))
    pairs = sum(count * (count - 1) for count in founders.values()) / (4000 * 3999)
    assert 1e-4 < pairs < 1e-3


def test_men_of_one_paternal_line_have_nearly_the_same_haplotype_and_strangers_have_not(plain: Scenario) -> None:
    families, remains = families_of(plain), {one.id: one for one in plain.operation.individuals}
    settings, same, strangers, before = LineageSettings(), [], [], None
    for row in plain.truth:
        dead = remains[row.remains].lineage
        donors = families[row.family].lineages.values() if row.family else ()
        if dead is None or dead.y is None:
            continue
        for donor in donors:
            assert donor.y is not None
            same.append(len(compare_y(dead.y, donor.y, 2, settings).differing))
            if before is not None:
                strangers.append(len(compare_y(before, donor.y, 2, settings).differing))
        before = dead.y
    assert len(same) > 40
    assert max(same) <= 3
    assert np.mean(same) < 0.3
    assert np.mean(strangers) > 6


def test_typed_are_only_men_of_the_paternal_line_of_a_missing_man(plain: Scenario) -> None:
    def forefather(family: Family, person: str) -> str:
        father = family.pedigree[person].father
        return person if father is None else forefather(family, father)

    for family in plain.operation.families:
        men = [person for person in family.missing if family.pedigree[person].sex is Sex.MALE]
        lines = {forefather(family, person) for person in men}
        for person, lineage in family.lineages.items():
            assert lineage.y is not None
            assert lineage.y.sample == family.profiles[person].sample
            assert family.pedigree[person].sex is Sex.MALE
            assert forefather(family, person) in lines
    assert 100 < sum(bool(family.lineages) for family in plain.operation.families) < 0.2 * len(plain.operation.families)


def test_exchanged_labels_exchange_haplotypes_too() -> None:
    typed = {"y_remains_share": 1.0, "good_share": 1.0, "woman_soldier_share": 0.0, "civilian_share": 0.0}
    straight, swapped = (
        simulate("june-2025", scale=0.02, seed=1, missing=50, overrides={**typed, "label_swap": rate})
        for rate in (0.0, 0.2)
    )
    before, after = (
        {one.samples[0]: one.lineage.y.alleles for one in each.operation.individuals if one.lineage and one.lineage.y}
        for each in (straight, swapped)
    )
    partner = {row.sample: row.sample_swapped_with or row.sample for row in swapped.truth}
    assert before.keys() == after.keys()
    assert any(sample != other for sample, other in partner.items())
    assert all(alleles == before[partner[sample]] for sample, alleles in after.items())


# Priors


@pytest.mark.parametrize("hostile", [False, True])
@pytest.mark.parametrize(("name", "missing"), [("june-2025", None), ("june-2025", 40), ("river-war", 120)])
def test_the_prior_as_drawn_is_the_share_of_the_dead(name: str, missing: int | None, hostile: bool) -> None:
    true = preset(name).hostile() if hostile else preset(name)
    expected, found = np.zeros(3), np.zeros(3)
    for seed in range(12):
        _, happening = happen(true, 0.03, missing, generators(seed))
        status = Counter(str(one.status) for one in happening.dead)
        drawn = [status["listed with references"], status["listed without usable references"]]
        found += [*drawn, len(happening.dead) - sum(drawn)]
        [shares, *_] = [prior.shares for prior in declared_priors(true, happening)]
        expected += np.array([shares.listed, shares.listed_without_references, shares.not_listed]) * len(happening.dead)
    total = int(found.sum())
    assert all(
        within(int(seen), total, share / total, deviations=3) for seen, share in zip(found, expected, strict=True)
    )


def test_the_lower_and_the_higher_prior_have_a_third_and_three_times_the_odds(small: Scenario) -> None:
    drawn, lower, higher = small.operation.settings.priors
    assert [drawn.name, lower.name, higher.name] == ["as drawn", "lower", "higher"]
    assert lower.shares.odds == pytest.approx(drawn.shares.odds / 3, rel=0.005)
    assert higher.shares.odds == pytest.approx(drawn.shares.odds * 3, rel=0.005)
    for prior in (lower, higher):
        of_the_rest = prior.shares.listed_without_references / (1 - prior.shares.listed)
        assert of_the_rest == pytest.approx(
            drawn.shares.listed_without_references / (1 - drawn.shares.listed), rel=0.005
        )
    assert small.operation.settings.prior == round(drawn.shares.listed, 3)


# Settings


def test_overrides_reach_the_world_and_what_a_bureau_declares() -> None:
    scenario = simulate(
        "june-2025", scale=0.02, seed=1, missing=20,
        overrides={"own_soldier_share": 0.5, "drop_out": 0.2, "fst": 0.03, "people_in_bag": (0.0, 1.0)},
    )  # fmt: skip
    assert scenario.operation.settings.remains.drop_out.rate == 0.2
    assert scenario.operation.settings.theta == 0
    assert scenario.story["declared_otherwise"] == {"fst": 0.0}
    assert scenario.story["counts"]["remains"] == 2 * 121
    status = scenario.story["counts"]["individuals_by_status"]
    assert within(status["own soldier of the giver"], sum(status.values()), 0.5)


def test_an_unknown_setting_is_an_error_that_names_what_looks_like_it() -> None:
    with pytest.raises(ScenarioError, match=r"unlisted_siblings.*unlisted_sibling_rate"):
        simulate("june-2025", scale=0.01, seed=1, overrides={"unlisted_siblings": 0.0})


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"drop_out": 1.5}, "drop_out lies between 0 and 1, got 1.5"),
        ({"drop_out": 0.6}, "drop_out is at most 0.5"),
        ({"label_swap": float("nan")}, "label_swap lies between 0 and 1"),
        ({"label_swap": "often"}, "label_swap: found 'often'"),
        ({"people_in_bag": (0.0, 0.0)}, "people_in_bag: all are 0"),
        ({"brothers_references": (1.0,)}, "brothers_references is 3 numbers"),
        ({"marker_failure": (0.1, 0.2)}, "degradation has 3 degrees and marker_failure 2"),
        ({"not_listed_share": 0.9, "own_soldier_share": 0.2}, "sum to more than 1"),
        ({"missing_since": (2026, 2027)}, "after the year of the transfers"),
        ({"soldier_age": (60, 18)}, "soldier_age is a range"),
        ({"kit": "GlobalFilter"}, "GlobalFiler"),
        ({"prior_factor": 0.5}, "prior_factor is at least 1, got 0.5"),
    ],
)
def test_settings_that_cannot_be_are_refused(overrides, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        simulate("june-2025", scale=0.01, seed=1, missing=5, overrides=overrides)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scale": 0.0}, "the scale is above 0"),
        ({"scale": float("nan")}, "the scale is above 0"),
        ({"seed": -1}, "the seed is a whole number from 0"),
        ({"missing": 0}, "at least one missing person"),
    ],
)
def test_arguments_that_cannot_be_are_refused(arguments, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        simulate("june-2025", **{"scale": 0.01, "seed": 1, "missing": 5, **arguments})


def test_an_unknown_preset_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(ScenarioError, match=r"june-2024.*june-2025, river-war"):
        simulate("june-2024", seed=1)


def test_settings_are_read_from_a_command_line() -> None:
    texts = {"unlisted_sibling_rate": "0.0", "parts": "0.5,0.5", "missing_at_most": "10", "kit": "NGM SElect"}
    assert parse_overrides(texts) == {
        "unlisted_sibling_rate": 0.0,
        "parts": (0.5, 0.5),
        "missing_at_most": 10,
        "kit": "NGM SElect",
    }
    with pytest.raises(ScenarioError, match=r"label_swap: found ‘1/165’; expected a value such as 0.0"):
        parse_overrides({"label_swap": "1/165"})


def test_the_manual_names_every_setting_with_its_value_meaning_and_source() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "scenarios.md").read_text(encoding="utf-8")
    for june, river in zip(described(JUNE), described(PRESETS["river-war"]), strict=True):
        changed = "" if river.value == june.value else shown(river.value)
        hostile = "" if june.hostile is None else shown(june.hostile)
        row = f"| `{june.name}` | {shown(june.value)} | {changed} | {hostile} | {june.meaning} | {june.source} |"
        assert row in manual, f"docs/scenarios.md lacks the row\n{row}"


def shown(value: object) -> str:
    if isinstance(value, tuple):
        return " · ".join(shown(part) for part in value)
    if isinstance(value, float):
        return "1/165" if value == 1 / 165 else f"{value:g}"
    return str(value)


# Always the same, and the same for both sides


def test_swapping_the_sides_changes_their_names_and_nothing_else() -> None:
    def text(one: Preset) -> str:
        scenario = simulate(one, scale=0.02, seed=4, missing=100, hostile=True)
        return repr(scenario)

    there = text(replace(JUNE, giver="Russia", receiver="Ukraine"))
    back = text(replace(JUNE, giver="Ukraine", receiver="Russia"))
    assert there != back
    assert there.count("Russia") == there.count("Ukraine") == 2  # the operation's name, the story's settings
    swapped = back.replace("Ukraine", "\0").replace("Russia", "Ukraine").replace("\0", "Russia")
    assert swapped.encode() == there.encode()


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("hostile", [False, True])
def test_the_same_seed_gives_the_same_bytes(name: str, hostile: bool) -> None:
    first = as_bytes(simulate(name, scale=0.02, seed=11, missing=80, hostile=hostile))
    assert as_bytes(simulate(name, scale=0.02, seed=11, missing=80, hostile=hostile)) == first
    assert as_bytes(simulate(name, scale=0.02, seed=12, missing=80, hostile=hostile)) != first


def test_no_order_of_a_set_reaches_the_result() -> None:
    program = (
        "import hashlib; from dataclasses import replace; from antigone.scenarios import simulate;"
        "s = simulate('june-2025', scale=0.02, seed=1, missing=60, hostile=True);"
        "words = [sorted(one.no_unlisted_sibling) for one in s.operation.families];"
        "wordless = [replace(one, no_unlisted_sibling=()) for one in s.operation.families];"
        "s = replace(s, operation=replace(s.operation, families=wordless));"
        "print(hashlib.sha256(repr((s, words)).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(  # noqa: S603
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_the_story_can_be_written_as_json(small: Scenario) -> None:
    assert json.loads(json.dumps(small.story)) == small.story
    assert small.story["seed"] == 1
    assert small.story["settings"]["own_soldier_share"] == 0.005


def test_the_invented_war_has_its_own_kit_and_countries() -> None:
    scenario = simulate("river-war", scale=0.2, seed=1)
    assert scenario.operation.settings.kit == "PowerPlex Fusion"
    assert len(scenario.operation.settings.markers) == 22
    assert bags_by_transfer(scenario.operation) == {"T1": 62, "T2": 29, "T3": 96}
    assert "Velmark" in scenario.operation.name
    ages = [one.age_min for one in scenario.operation.individuals if one.age_min is not None]
    assert min(ages) < 14
    assert max(ages) > 60
    assert {one.sex for one in scenario.operation.individuals} == set(Sex)
