"""The next best sample: by hand, against listing every genotype, against chance, and in words."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse, nist_1036_caucasian
from antigone.genetics.haplotypes import Lineage, YHaplotype
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import CustomMatrix, Equal, Mutation
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import power_case
from antigone.matching.next_sample import Methods, next_samples, symmetry_breakers
from antigone.matching.operation import Family, Individual, Operation, Settings
from antigone.matching.power import FULL_PROFILE, Requirement, family_power
from antigone.matching.power_candidates import candidates, candidates_of_two, groups, listed_relatives, relation_words
from antigone.matching.power_case import Case, smaller_models
from antigone.matching.power_distribution import STEP
from antigone.matching.preparation import prepare
from antigone.matching.search import search
from antigone.matching.tables import TableError
from examples import examples
from families import pedigree
from oracles import power as oracle
from oracles.observation import Reading as OracleReading
from oracles.observation import exactly
from oracles.strategies import frequencies, mutation_pairs, observations, pedigrees

P = {10: 0.2, 11: 0.3, 12: 0.5}
EASY = Requirement(-300.0)
NO_LINEAGES = Methods(0.0, 0.0)


def table(markers) -> FrequencyTable:
    entries = {
        name: MarkerFrequencies.from_frequencies(name, {Repeat(a): q for a, q in p.items()})
        for name, p in markers.items()
    }
    return FrequencyTable("t", "t", entries)


class Setup:
    """A family at some markers, ready to be asked."""

    def __init__(self, family: Family, markers=None, **settings) -> None:
        markers = markers or {"A": P}
        self.family = family
        self.settings = Settings(tuple(markers), rare_alleles=Refuse(), **settings)
        self.frequencies = table(markers)
        self.prepared = prepare(Operation("t", (), (family,), self.frequencies, self.settings))

    def next(self, requirement=EASY, person="GONE", **chosen):
        return next_samples(self.family, person, self.prepared, self.settings, requirement, **chosen)

    def case(self, person="GONE", individual=None, most_alleles=None) -> Case:
        return Case.of(self.family, person, self.prepared, self.settings, individual, FULL_PROFILE, most_alleles)


def profile(name: str, **genotypes: tuple[int, ...]) -> Profile:
    return Profile(name, {marker: (Reading.of(*map(Repeat, alleles)),) for marker, alleles in genotypes.items()})


PEOPLE = (
    Person("FA", sex=Sex.MALE), Person("MO", sex=Sex.FEMALE), Person("WIFE", sex=Sex.FEMALE),
    Person("GONE", "FA", "MO", Sex.MALE), Person("BRO", "FA", "MO", Sex.MALE),
    Person("KID", "GONE", "WIFE", Sex.FEMALE),
)  # fmt: skip


def household(*, missing=("GONE",), lineages=None, **typed: tuple[int, ...]) -> Family:
    profiles = {name: profile(name, A=genotype) for name, genotype in typed.items()}
    return Family("F1", Pedigree.build(PEOPLE), missing, profiles, lineages=lineages or {})


def by_who(found, *who):
    (one,) = [sample for sample in found if sample.who == who and sample.what.startswith("relative")]
    return one


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_a_mother_beside_the_father_by_hand():
    # Father 10/11, body 10/12: the son's 12 is the mother's. LR now is ½ · r / (2 p r) = 1.25.
    setup = Setup(household(FA=(10, 11)))
    body = Individual("R", profile("S", A=(10, 12)), Sex.MALE)
    found = by_who(setup.next(Requirement(0.5), individual=body, methods=NO_LINEAGES, most_alleles=None), "MO")
    p, r = 0.2, 0.5
    # Her genotype given the son's 12: 12/12 with r, 12 and another with 1 − r. LR is then ½ · 1 / (2pr), or half of it.
    logs = [math.log10(0.5 / (2 * p * r)), math.log10(0.25 / (2 * p * r))]
    assert found.log10_lr == pytest.approx(r * logs[0] + (1 - r) * logs[1], rel=1e-12)
    assert found.chance_before == 0.0
    assert by_who(
        setup.next(Requirement(0.39), individual=body, most_alleles=None), "MO"
    ).chance_after == pytest.approx(r)


def test_a_direct_reference_says_how_rare_the_genotype_is():
    setup = Setup(household(FA=(10, 11)))
    body = Individual("R", profile("S", A=(10, 12)), Sex.MALE)
    (found,) = [one for one in setup.next(Requirement(0.6, 2), individual=body) if one.what == "direct reference"]
    assert found.log10_lr == pytest.approx(math.log10(1 / (2 * 0.2 * 0.5)))
    assert (found.chance_before, found.chance_after) == (0.0, pytest.approx(1.0))


def test_one_line_of_evidence_is_not_two():
    setup = Setup(household(FA=(10, 11)))
    found = setup.next(Requirement(-300.0, lines=2))
    assert by_who(found, "MO").chance_before == 0.0
    assert by_who(found, "MO").chance_after == pytest.approx(1.0)
    # The wife is no blood relative: alone with the father's her sample says nothing, and is not listed.
    assert not [one for one in found if one.who == ("WIFE",)]


def test_a_wife_helps_where_the_child_is_typed():
    found = by_who(Setup(household(KID=(10, 11))).next(Requirement(-300.0, lines=2)), "WIFE")
    assert found.log10_lr > 0
    assert found.chance_after == 0.0
    assert found.sentence == (
        "A sample of WIFE (the other parent of a child of GONE) would help, but not be enough by itself: the chance of "
        "a clear answer about GONE stays at less than 1 in 100."
    )


def test_what_the_search_says_of_a_hit_is_where_the_ranking_starts():
    setup = Setup(household(FA=(10, 11)))
    body = Individual("R", profile("S", A=(10, 12)), Sex.MALE)
    here, moved = (by_who(setup.next(individual=body, log10_lr=x), "MO").log10_lr for x in (None, 7.0))
    assert moved - here == pytest.approx(7.0 - math.log10(1.25))


# --- against the enumeration ------------------------------------------------------------------------------------------


def rows(matrix, size: int) -> CustomMatrix:
    return CustomMatrix(tuple(map(tuple, np.eye(size) if matrix is None else matrix)))


def drawn_family(data, least=2, people=4):
    """A random family at one marker: oracle's members and observations, and the same for the engine."""
    x_linked = data.draw(st.booleans())
    name = "DXS10103" if x_linked else "A"
    family = data.draw(pedigrees(max_people=people, min_people=least, unknown_sex=False))
    p = data.draw(frequencies(2, 3))
    male, female, _ = data.draw(mutation_pairs(p))
    seen = {
        person: OracleReading(one.seen, "seen", p, (0.0,) * len(p))
        for person, one in data.draw(observations(family, p, x_linked=x_linked, errors=False)).items()
    }
    profiles = {person: Profile(person, {name: (reading_of(one),)}) for person, one in seen.items()}
    model = {"male": male, "female": female, "x_linked": x_linked}
    settings = {"mutation_by_marker": {name: Mutation(rows(female, len(p)), rows(male, len(p)))}}
    markers = {name: {10 + i: q for i, q in enumerate(p)}}
    return family, p, seen, profiles, model, markers, settings


def reading_of(read: OracleReading) -> Reading:
    alleles = tuple(Repeat(10 + i) for i in sorted(read.seen))
    return Reading(alleles, Reads.ALLELES if len(alleles) > 1 else Reads.HOMOZYGOUS)


def assert_same_distribution(entry, rows_of_oracle):
    """Of log10 LR with its probability if the remains are the person's."""
    happens = entry.related > 1e-15
    logs, chances = entry.log10[happens], entry.related[happens]
    expected = np.array([(math.log10(lr), chance) for lr, chance in rows_of_oracle])
    assert chances.sum() == pytest.approx(1)
    for x in (*np.unique(expected[:, 0]), -1.0, 0.0):
        here, there = chances[logs >= x - 1e-9].sum(), expected[expected[:, 0] >= x - 1e-9, 1].sum()
        assert here == pytest.approx(there, abs=1e-9)
    assert logs @ chances == pytest.approx(expected[:, 0] @ expected[:, 1], abs=1e-9)


@given(st.data())
@examples(40)
def test_what_a_sample_may_show_agrees_with_listing_every_genotype(data):
    family, p, seen, profiles, model, markers, settings = drawn_family(data)
    (name,) = markers
    missing, asked = (data.draw(st.sampled_from([m.id for m in family.members])) for _ in range(2))
    seen.pop(asked, None)
    profiles.pop(asked, None)
    assume(oracle.likelihood(family.members, p, seen, **model) > 0)
    sex = next(m.sex for m in family.members if m.id == missing)
    remains = individual = None
    if data.draw(st.booleans()) or asked == missing:
        copies = 1 if model["x_linked"] and sex == "M" else 2
        genotype = sorted(data.draw(st.integers(0, len(p) - 1)) for _ in range(copies))
        remains = exactly(genotype)
        individual = Individual("R", profile("S", **{name: tuple(10 + i for i in genotype)}), Sex(sex))
        placed = {**seen, missing: oracle.replicates(remains, *([seen[missing]] if missing in seen else []))}
        assume(oracle.likelihood(family.members, p, placed, **model) > 0)
    setup = Setup(Family("F", pedigree(family), (missing,), profiles), markers, **settings)
    case = setup.case(missing, individual)
    (entry,) = case.after([asked], setup.family.pedigree)
    assert_same_distribution(entry, oracle.after_sample(family.members, missing, [asked], p, seen, remains, **model))


@given(st.data())
@examples(15)
def test_what_two_samples_may_show_agrees_with_listing_every_genotype(data):
    family, p, seen, profiles, model, markers, settings = drawn_family(data, least=3)
    missing, *asked = data.draw(st.permutations([m.id for m in family.members]))[:3]
    for name in asked:
        seen.pop(name, None)
        profiles.pop(name, None)
    assume(oracle.likelihood(family.members, p, seen, **model) > 0)
    setup = Setup(Family("F", pedigree(family), (missing,), profiles), markers, **settings)
    (entry,) = setup.case(missing).after(asked, setup.family.pedigree)
    assert_same_distribution(entry, oracle.after_sample(family.members, missing, asked, p, seen, None, **model))


def test_the_direct_reference_before_any_body_is_found():
    setup = Setup(household(FA=(10, 11)), mutation=Mutation.same(Equal(0.01)))
    (entry,) = setup.case().after(["GONE"], setup.family.pedigree)
    p, q, r = P.values()
    hardy_weinberg = {(10, 10): p * p, (10, 11): 2 * p * q, (10, 12): 2 * p * r, (11, 11): q * q, (11, 12): 2 * q * r}
    logs = {g: -math.log10(chance) for g, chance in hardy_weinberg.items()}
    assert set(np.round(entry.log10[entry.related > 1e-9], 9)) >= set(np.round(list(logs.values()), 9))


def test_a_family_that_was_typed_in_full_leaves_what_family_power_computes():
    markers = {"A": P, "B": {10: 0.1, 11: 0.4, 12: 0.5}}
    typed = {"FA": profile("FA", A=(10, 11), B=(10, 12)), "BRO": profile("BRO", A=(11, 12), B=(12, 12))}
    setup = Setup(Family("F1", Pedigree.build(PEOPLE), ("GONE",), typed), markers, mutation=Mutation.same(Equal(0.01)))
    whole = family_power(setup.family, "GONE", setup.prepared, setup.settings, Requirement(0.5))
    for one in setup.next(Requirement(0.5), most_alleles=None):
        assert one.chance_before == pytest.approx(whole.chance, abs=1e-9)


# --- against chance ---------------------------------------------------------------------------------------------------


def test_brothers_drawn_by_chance_decide_as_often_as_computed():
    """The brother's genotypes are drawn, the search compares the body with each family: another road altogether."""
    names = ("A", "B", "C", "D", "E")
    markers = {name: {10: 0.1, 11: 0.2, 12: 0.3, 13: 0.4} for name in names}
    typed = {"FA": profile("FA", **dict.fromkeys(names, (10, 12)))}
    setup = Setup(Family("F1", Pedigree.build(PEOPLE), ("GONE",), typed), markers)
    body = Individual("R", profile("S", **dict.fromkeys(names, (10, 11))), Sex.MALE)
    members = [oracle.Member(one.id, one.father, one.mother, one.sex) for one in setup.family.pedigree.persons]
    p = tuple(markers["A"].values())
    given_all = {"FA": exactly((0, 2)), "GONE": exactly((0, 1))}
    chances = [
        oracle.likelihood(members, p, {**given_all, "BRO": exactly((a, b))}) for a in range(4) for b in range(a, 4)
    ]
    genotypes = [(10 + a, 10 + b) for a in range(4) for b in range(a, 4)]
    rng = np.random.default_rng(7)
    drawn = rng.choice(len(genotypes), size=(300, len(names)), p=np.array(chances) / sum(chances))
    families = tuple(
        Family(
            f"F{k}", setup.family.pedigree, ("GONE",),
            {**typed, "BRO": profile("BRO", **{name: genotypes[g] for name, g in zip(names, row, strict=True)})},
        )
        for k, row in enumerate(drawn)
    )  # fmt: skip
    settings = Settings(names, threshold=-300.0, rare_alleles=Refuse())
    compared = search(Operation("t", (body,), families, setup.frequencies, settings), all_pairs=True)
    logs = np.array([pair.log10_lr for pair in compared.pairs])
    assert len(logs) == 300
    for needed in (2.0, 2.5, 3.0):
        found = by_who(setup.next(Requirement(needed), individual=body, most_alleles=None), "BRO")
        error = math.sqrt(found.chance_after * (1 - found.chance_after) / 300)
        assert 0.01 < found.chance_after < 0.99
        assert np.mean(logs >= needed) == pytest.approx(found.chance_after, abs=4 * error)
        assert logs.mean() == pytest.approx(found.log10_lr, abs=4 * logs.std() / math.sqrt(300))


# --- fewer alleles ----------------------------------------------------------------------------------------------------


def test_taking_rare_alleles_together_keeps_what_is_carried_and_lowers_what_is_expected():
    markers = {"A": dict(zip(range(8, 18), (0.02, 0.03, 0.05, 0.1, 0.2, 0.25, 0.2, 0.1, 0.03, 0.02), strict=True))}
    setup = Setup(household(FA=(8, 12)), markers, mutation=Mutation.same(Equal(0.01)))
    (small,) = smaller_models(setup.prepared, setup.family, (), 6)
    assert len(small) == 6
    assert {str(allele) for allele in small.alleles} == {"8", "11", "12", "13", "14", "others"}
    assert small.frequencies.sum() == pytest.approx(1)
    assert small.female.sum(axis=1) == pytest.approx(np.ones(6))
    assert small.index[Repeat(8)] == [str(a) for a in small.alleles].index("8")
    few, all_told = (by_who(setup.next(most_alleles=most), "MO").log10_lr for most in (6, None))
    assert 0.7 * all_told < few < all_told


def test_the_cheaper_ranking_asks_the_same_people_with_little_less_chance():
    frequencies_of_nist = nist_1036_caucasian()
    names = ("D3S1358", "TH01", "FGA", "D8S1179", "D21S11", "D18S51")
    genotypes = {
        "D3S1358": (15, 16), "TH01": (6, 9), "FGA": (20, 22), "D8S1179": (13, 14),
        "D21S11": (29, 30), "D18S51": (12, 15),
    }  # fmt: skip
    family = Family("F1", Pedigree.build(PEOPLE), ("GONE",), {"BRO": profile("BRO", **genotypes)})
    settings = Settings(names, mutation=Mutation.same(Equal(0.002)))
    prepared = prepare(Operation("t", (), (family,), frequencies_of_nist, settings))
    whole, cheap = (
        next_samples(family, "GONE", prepared, settings, Requirement(4.0), methods=NO_LINEAGES, **chosen)
        for chosen in ({"most_alleles": 10}, {"cheaply": True})
    )
    single = {one.who: one.chance_after for one in whole if one.what in ("relative", "direct reference")}
    assert {one.who for one in cheap} == set(single)
    assert cheap[0].who == whole[0].who == ("GONE",)
    for one in cheap:
        assert single[one.who] - 0.15 < one.chance_after <= single[one.who] + 0.01


# --- methods ----------------------------------------------------------------------------------------------------------


def test_markers_without_a_result_are_worth_reading_again():
    markers = {"A": P, "B": P}
    typed = {"FA": profile("FA", A=(10, 11), B=(10, 10))}
    setup = Setup(Family("F1", Pedigree.build(PEOPLE), ("GONE",), typed), markers)
    body = Individual("R", profile("S", A=(10, 12)), Sex.MALE)
    found = {one.what: one for one in setup.next(Requirement(0.3), individual=body)}
    again = found["markers again"]
    # At B the son has 10 and an allele by chance: LR 5 for 10/10, 2.5 else; 1.25 at A.
    assert again.log10_lr == pytest.approx(math.log10(1.25) + 0.2 * math.log10(5) + 0.8 * math.log10(2.5))
    assert (again.chance_before, again.chance_after) == (0.0, pytest.approx(1.0))
    assert again.sentence == (
        "Reading the remains again at the 1 marker without a result would raise the chance of a clear answer about "
        "GONE from less than 1 in 100 to more than 99 in 100."
    )
    assert "second extract" not in found


def test_a_second_extract_shows_what_one_allele_hides():
    setup = Setup(household(FA=(10, 11)))
    open_reading = Profile("S", {"A": (Reading((Repeat(10),), Reads.OTHER_UNSEEN),)})
    found = {one.what: one for one in setup.next(individual=Individual("R", open_reading, Sex.MALE))}
    p, q, r = P.values()
    # 10 is there: the son is 10/10, 10/11 or 10/12 with weights p/2, (p + q)/2, r/2.
    weights = np.array([p / 2, (p + q) / 2, r / 2])
    logs = np.log10(weights / np.array([p * p, 2 * p * q, 2 * p * r]))
    assert found["second extract"].log10_lr == pytest.approx(weights @ logs / weights.sum())


def test_a_male_line_is_named_where_it_is_whole_and_not_compared_yet():
    y = Lineage(y=YHaplotype("Y", {}))
    found = {one.what: one for one in Setup(household(FA=(10, 11))).next(Requirement(2.9))}
    assert found["Y-STR"].who == ("FA",)
    assert "if as few as 1 man in 1,000 share it" in found["Y-STR"].sentence
    assert found["mtDNA"].who == ("MO",)
    assert found["Y-STR"].chance_after > 0.9
    body = Individual("R", profile("S", A=(10, 12)), Sex.MALE, lineage=y)
    compared = Setup(household(FA=(10, 11), lineages={"FA": y}))
    assert "Y-STR" not in {one.what for one in compared.next(individual=body)}
    daughter = Family(
        "F", Pedigree.build([Person("FA", sex=Sex.MALE), Person("GONE", "FA", sex=Sex.FEMALE)]), ("GONE",), {}
    )
    assert "Y-STR" not in {one.what for one in Setup(daughter).next()}


def test_x_markers_help_a_daughter_and_not_a_son():
    panel = {"X-STR": [MarkerModel.build("X1", [Repeat(10), Repeat(11)], [0.1, 0.9], x_linked=True)]}
    for sex, helps in ((Sex.FEMALE, True), (Sex.MALE, False)):
        people = [Person("FA", sex=Sex.MALE), Person("GONE", "FA", sex=sex)]
        family = Family("F", Pedigree.build(people), ("GONE",), {"FA": profile("FA", A=(10, 11))})
        found = Setup(family).next(methods=Methods(0.0, 0.0, panel))
        assert ("X-STR" in {one.what for one in found}) is helps


# --- who is asked -----------------------------------------------------------------------------------------------------


def test_people_who_could_give_a_sample():
    family = household(FA=(10, 11))
    asked = [(one.what, one.who) for one in candidates(family, "GONE", cheaply=False)]
    assert asked == [
        ("direct reference", ("GONE",)), ("relative", ("MO",)), ("relative", ("KID",)), ("relative", ("BRO",)),
        ("relative", ("WIFE",)),
    ]  # fmt: skip
    pairs = [one.who for one in groups(family, listed_relatives(family, "GONE"), "GONE")]
    assert pairs == [("KID", "WIFE")]


def test_people_whom_nobody_named_are_asked_for_where_nobody_named_is_left():
    lonely = Family("F", Pedigree.build([Person("GONE", sex=Sex.MALE), Person("KID", "GONE")]), ("GONE",), {})
    words = [one.words for one in candidates(lonely, "GONE", cheaply=False) if one.what == "new relative"]
    assert words == [
        f"If GONE has a {role} who was not named yet and could give a sample, that" for role in ("father", "mother")
    ]
    parents = [Person("FA", sex=Sex.MALE), Person("MO", sex=Sex.FEMALE), Person("GONE", "FA", "MO", Sex.FEMALE)]
    trio = Family("F", Pedigree.build(parents), ("GONE",), {})
    words = [one.words for one in candidates(trio, "GONE", cheaply=False) if one.what == "new relative"]
    assert [text.split(" who was")[0] for text in words] == [
        "If GONE has a child", "If GONE has a full brother or sister",
    ]  # fmt: skip
    for candidate in candidates(trio, "GONE", cheaply=False):
        assert set(candidate.asked) <= {person.id for person in candidate.pedigree.persons}


def test_a_twin_is_as_good_as_the_person():
    people = [
        Person("FA", sex=Sex.MALE),
        Person("MO", sex=Sex.FEMALE),
        Person("GONE", "FA", "MO"),
        Person("TWIN", "FA", "MO"),
    ]
    family = Family("F", Pedigree.build(people, twins=[("GONE", "TWIN")]), ("GONE",), {"FA": profile("FA", A=(10, 11))})
    found = Setup(family).next(methods=NO_LINEAGES)
    twin, own = by_who(found, "TWIN"), next(one for one in found if one.what == "direct reference")
    assert twin.log10_lr == pytest.approx(own.log10_lr)


def test_relations_in_words():
    more = [
        *PEOPLE, Person("GRAN", sex=Sex.FEMALE), Person("OTHER", sex=Sex.FEMALE),
        Person("HALF", "FA", "OTHER", Sex.FEMALE),
        Person("NIECE", "BRO", sex=Sex.FEMALE), Person("FAR"),
    ]  # fmt: skip
    family = Pedigree.build(
        [Person("FA", None, "GRAN", Sex.MALE) if one.id == "FA" else one for one in more]
        + [Person("AUNT", None, "GRAN", Sex.FEMALE), Person("GRANDCHILD", None, "KID")]
    )
    expected = {
        "FA": "the father", "MO": "the mother", "KID": "daughter", "BRO": "brother", "HALF": "half-sister",
        "GRAN": "grandmother", "AUNT": "aunt", "NIECE": "niece", "GRANDCHILD": "grandchild",
        "WIFE": "the other parent of a child", "FAR": "a relative",
    }  # fmt: skip
    assert {name: relation_words(family, "GONE", name) for name in expected} == expected


# --- two brothers -----------------------------------------------------------------------------------------------------


def brothers(names=("A",), **typed):
    """Two missing brothers, their typed mother, the wife and child of one."""
    profiles = {name: profile(name, **dict.fromkeys(names, genotype)) for name, genotype in typed.items()}
    return Family("F1", Pedigree.build(PEOPLE), ("GONE", "BRO"), profiles)


def bodies(first: Profile, second: Profile):
    return Individual("R1", first, Sex.MALE), Individual("R2", second, Sex.MALE)


def test_two_brothers_are_told_apart_by_a_child_or_a_sample_of_their_own_and_never_by_a_parent():
    names = tuple("ABCDEFGH")
    p = {10: 0.1, 11: 0.2, 12: 0.3, 13: 0.4}
    setup = Setup(brothers(names, MO=(10, 13)), dict.fromkeys(names, p))
    pair = bodies(profile("S1", **dict.fromkeys(names, (10, 11))), profile("S2", **dict.fromkeys(names, (12, 13))))
    found = symmetry_breakers(setup.family, ("GONE", "BRO"), pair, setup.prepared, setup.settings)
    asked = {(one.what, one.who) for one in found}
    assert asked == {
        ("direct reference", ("GONE",)), ("direct reference", ("BRO",)), ("relative", ("KID",)),
        ("relatives", ("KID", "WIFE")), ("new relative", ()),
    }  # fmt: skip
    assert all(one.chance_before == 0.0 for one in found)
    assert found[0].what == "direct reference"
    assert found[0].chance_after == pytest.approx(1.0)
    assert found[0].log10_lr == math.inf
    child = next(one for one in found if one.who == ("KID",))
    assert "telling which is GONE and which is BRO" in child.sentence


@given(st.data())
@examples(25)
def test_telling_two_apart_agrees_with_listing_every_genotype(data):
    size = data.draw(st.integers(2, 3))
    p = tuple(data.draw(frequencies(size, size)))
    matrix = None
    chosen = {}
    if data.draw(st.booleans()):
        matrix = np.full((size, size), 0.02 / (size - 1))
        np.fill_diagonal(matrix, 0.98)
        chosen = {"mutation": Mutation.same(Equal(0.02))}
    alleles = st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).map(sorted).map(tuple)
    mother, first, second = (data.draw(alleles) for _ in range(3))
    names = ("A", "B")
    setup = Setup(
        brothers(names, MO=tuple(10 + i for i in mother)),
        {key: {10 + i: q for i, q in enumerate(p)} for key in names},
        **chosen,
    )
    members = [oracle.Member(one.id, one.father, one.mother, one.sex) for one in setup.family.pedigree.persons]
    seen, observed = {"MO": exactly(mother)}, (exactly(first), exactly(second))
    rows_of_one = oracle.order_after_sample(
        members, ("GONE", "BRO"), observed, ["KID"], p, seen, male=matrix, female=matrix
    )
    assume(sum(a for a, _ in rows_of_one) > 0)
    pair = bodies(*(profile("S", **dict.fromkeys(names, tuple(10 + i for i in one))) for one in (first, second)))
    needed = 0.35
    found = symmetry_breakers(setup.family, ("GONE", "BRO"), pair, setup.prepared, setup.settings, needed=needed)
    # Both orders are as probable before, so that each genotype of the child has the mean of its two probabilities.
    total = sum(a for a, _ in rows_of_one)
    chances, expected = np.zeros(2), 0.0
    slack = np.array([1, -1]) * len(names) * STEP / 2  # the grid's
    for one, other in product(rows_of_one, rows_of_one):
        a, b = one[0] * other[0], one[1] * other[1]
        log = math.log10(a / b) if a > 0 and b > 0 else math.inf
        chances += (a + b) / 2 / total**2 * (abs(log) >= needed + slack)
        if a + b > 0 and math.isfinite(log):
            expected += (a - b) / 2 / total**2 * log
    child = [one for one in found if one.who == ("KID",)]
    if not child:
        assert expected <= 0.01
        return
    assert chances[0] - 1e-9 <= child[0].chance_after <= chances[1] + 1e-9
    if all(a > 0 and b > 0 for a, b in rows_of_one if a + b > 0):
        assert child[0].log10_lr == pytest.approx(expected, abs=1e-9)


def test_two_who_are_told_apart_need_no_advice():
    typed = {"GONE": profile("G", A=(10, 11))}
    setup = Setup(Family("F1", Pedigree.build(PEOPLE), ("GONE", "BRO"), typed))
    pair = bodies(profile("S1", A=(10, 11)), profile("S2", A=(11, 12)))
    assert symmetry_breakers(setup.family, ("GONE", "BRO"), pair, setup.prepared, setup.settings) == ()


def test_the_same_candidate_is_asked_once_for_both_brothers():
    asked = [(one.what, one.who) for one in candidates_of_two(brothers(MO=(10, 11)), ("GONE", "BRO"))]
    named = [one for one in asked if one[1]]
    assert len(named) == len(set(named))


def test_a_family_too_large_for_the_ranking_is_told_as_one(monkeypatch):
    def too_complex(*_):
        raise TooComplexError("too many alleles")

    setup = Setup(household(FA=(10, 11)))
    monkeypatch.setattr(power_case, "genotype_distributions", too_complex)
    with pytest.raises(TableError, match="too many alleles"):
        setup.next()
