"""Evidence beside DNA: by hand, against lists of all that could be, and averaging 1 over the population."""

import itertools
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.description import BODY_PLACES, HAIR_COLOURS, MARK_KINDS, NO_MARKS, Description, DescriptionError
from antigone.matching.nongenetic import (
    EvidenceItem,
    NonDnaScreen,
    combined_with_dna,
    free_text,
    non_dna_evidence,
    total_log10,
)
from antigone.matching.nongenetic_rates import (
    AgeRates,
    DateRates,
    DocumentRates,
    HairRates,
    MarkRates,
    NonGeneticRates,
    PlaceRates,
    RatesError,
    SexRates,
    StatureRates,
)
from antigone.matching.nongenetic_ratios import (
    age_ratio,
    dates_ratio,
    distance_km,
    documents_ratio,
    hair_ratio,
    marks_ratio,
    place_ratio,
    sex_ratio,
    stature_ratio,
)
from antigone.matching.operation import Family, Individual
from oracles import nongenetic as oracles

SEXES = (Sex.FEMALE, Sex.MALE)
probabilities = st.floats(0, 0.99)


def individual(sex: Sex = Sex.UNKNOWN, ages: tuple[float | None, float | None] = (None, None), **described: Any) -> Any:
    low, high = ages
    return Individual("R1", Profile("S1", {}), sex, low, high, description=Description(**described))


def family(sex: Sex = Sex.MALE, born: int | None = None, since: int | None = None, **described: Any) -> Family:
    pedigree = Pedigree.build([Person("son", sex=sex, birth_year=born)], family="Oak")
    return Family(
        "Oak", pedigree, ("son",), {}, {} if since is None else {"son": since},
        descriptions={"son": Description(**described)},
    )  # fmt: skip


def the_item(dead: Individual, of: Family, kind: str, rates: NonGeneticRates | None = None) -> EvidenceItem:
    [item] = [one for one in non_dna_evidence(dead, of, "son", rates or NonGeneticRates(), 2025) if one.kind == kind]
    return item


# By hand, in words


def test_sex_by_hand() -> None:
    rates = NonGeneticRates(sex=SexRates(women=0.2, error=0.1))
    # Recorded male: 0.8 · 0.9 + 0.2 · 0.1 = 0.74 of the dead.
    item = the_item(individual(Sex.MALE), family(Sex.MALE), "sex", rates)
    assert item.lr == pytest.approx(0.9 / 0.74)
    assert item.words == "sex: male (so recorded in 74 % of the dead) against male: LR 1.2"
    assert the_item(individual(Sex.MALE), family(Sex.FEMALE), "sex", rates).lr == pytest.approx(0.1 / 0.74)


def test_age_by_hand() -> None:
    rates = NonGeneticRates(age=AgeRates(((0, 99, 1.0),), error=0.0))
    # Born 1994, last seen 2022, recovered 2025: 27 to 31 when dying, all within the 16 years of 100 from 20 to 35.
    item = the_item(individual(ages=(20, 35)), family(born=1994, since=2022), "age", rates)
    assert item.lr == pytest.approx(100 / 16)
    assert item.words == "age: 20–35 years against 27–31 years: LR 6.2"
    # Of the 21 years from 30 to 50, two of the five that are possible.
    half = the_item(individual(ages=(30, 50)), family(born=1994, since=2022), "age", rates)
    assert half.lr == pytest.approx(2 / 5 * 100 / 21)
    # Their own day of recovery goes before the year of all recoveries.
    early = the_item(individual(ages=(29, 50), date="2022-12-01"), family(born=1994, since=2022), "age", rates)
    assert early.words == "age: 29–50 years against 27–28 years: LR 0, impossible under the declared rates"
    # “At least 18” is the answer to a question, wrong for 1 in 10.
    asked = NonGeneticRates(age=AgeRates(((0, 99, 1.0),), error=0.1))
    adult = the_item(individual(ages=(18, None)), family(born=1994, since=2022), "age", asked)
    assert adult.lr == pytest.approx(0.9 / (0.9 * 0.82 + 0.1 * 0.18))
    assert adult.words == "age: at least 18 years against 27–31 years: LR 1.2"


def test_the_farther_a_range_of_ages_misses_the_more_it_says_against() -> None:
    ratios = [age_ratio((20, 28), born, born + 4, AgeRates()).log10 for born in (20, 26, 29, 34, 51)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[1] > 0 > ratios[2]  # three of five years within; the nearest one year beside
    assert ratios[4] < -2


def test_stature_by_hand() -> None:
    rates = NonGeneticRates(
        sex=SexRates(error=0.0), stature=StatureRates(men_mean=177, men_deviation=7, told_deviation=3, error=0.0)
    )
    item = the_item(individual(Sex.MALE, stature=(178, 178)), family(stature=(178, 178)), "stature", rates)
    # N(178; 177 + 49/58, 49 · 9/58 + 16) over N(178; 177, 49 + 16).
    same = math.exp(-((1 - 49 / 58) ** 2) / 2 / (49 * 9 / 58 + 16)) / math.sqrt(49 * 9 / 58 + 16)
    assert item.lr == pytest.approx(same / (math.exp(-1 / 2 / 65) / math.sqrt(65)), rel=1e-9)
    assert item.words == "stature: 178 cm against 178 cm: LR 1.7"
    ranges = the_item(individual(Sex.MALE, stature=(173, 181)), family(stature=(None, 180)), "stature", rates)
    assert ranges.words == "stature: 173–181 cm against at most 180 cm: LR 1.1"
    # Told, given 177 measured: 177 on average, variance 49 · (1 − 49 / (49 + 16 + 64/12)) + 9 = 23.86; else 49 + 9.
    assert ranges.lr == pytest.approx(normal_below(3 / math.sqrt(23.86)) / normal_below(3 / math.sqrt(58)), rel=1e-4)


def normal_below(x: float) -> float:
    return (1 + math.erf(x / math.sqrt(2))) / 2


def test_marks_are_compared_by_kind_and_place() -> None:
    dead = individual(marks=("tattoo left forearm", "tattoo chest", "scar back"))
    of = family(marks=("tattoo left forearm", "tattoo back"))
    item = the_item(dead, of, "tattoos")
    assert item.words.startswith("tattoos: left forearm on both; chest found alone; back told alone: LR ")
    # Nothing told and nothing found at 21 places, of carriers: (0.06 · 0.3 · 0.4 + 0.94 · 0.999²)²¹ and so on.
    both, alone_told, alone_found = (
        0.06 * 0.3 * 0.4 + 0.94 * 0.999**2,
        0.06 * 0.3 + 0.94 * 0.999,
        0.06 * 0.4 + 0.94 * 0.999,
    )
    joint, of_told, of_found = (
        0.3 * of_carriers**21 + 0.7 * of_others**21
        for of_carriers, of_others in ((both, 0.999**2), (alone_told, 0.999), (alone_found, 0.999))
    )
    none = the_item(dead, of, "piercings")
    assert none.lr == pytest.approx(joint / of_told / of_found)
    assert none.words == "piercings: none on either side: LR 1.2"
    assert the_item(dead, of, "scars").lr < 1
    assert the_item(individual(marks=("none",)), of, "tattoos").lr < 1
    assert [one.kind for one in non_dna_evidence(individual(), of, "son", NonGeneticRates())] == []


def test_two_matching_tattoos_say_less_than_the_square_of_one() -> None:
    none_told_wrongly = MarkRates(0.25, 0.12, 0.0, 0.0, 0.0, 0.0)
    one, two = (marks_ratio(BODY_PLACES[:n], BODY_PLACES[:n], none_told_wrongly).log10 for n in (1, 2))
    assert one < two < 2 * one


def test_documents_are_weak_however_many_and_however_they_are_written() -> None:
    of = family(documents=("AB 123-456", "TAG 7"))
    item = the_item(individual(documents=("ab123456", "tag7", "X1")), of, "documents")
    assert item.lr == pytest.approx(10)
    assert item.words == "documents: 2 of 3 found belong to the missing person, which others may carry: LR 10"
    other = the_item(individual(documents=("X1",)), of, "documents")
    # 1 − 0.5 · 0.5 against 1 − 0.5 · 0.5 / 10
    assert other.lr == pytest.approx(0.75 / 0.975)
    assert other.words == "documents: none of the 1 found is one of the 2 told: LR 0.77"


def test_place_and_dates_by_hand() -> None:
    rates = NonGeneticRates(place=PlaceRates(20, 0, 100, 0.3), dates=DateRates(error=0.02, later=0.9))
    dead = individual(place=(50.0, 30.0), date="2025-06-06")
    of = family(place=(50.0, 30.0), date="2024-03-01")
    # At the very place: the density 1 / (2π · 20²) of the near, cut at five scales, against 1 / (π · 100²).
    near = 1 / (1 - 6 * math.exp(-5)) * 100**2 / (2 * 20**2)
    assert the_item(dead, of, "place", rates).lr == pytest.approx(0.7 * near + 0.3)
    assert the_item(dead, of, "place", rates).words == "place: recovered 0 km from where last seen: LR 9.4"
    assert the_item(dead, of, "dates", rates).lr == pytest.approx(0.98 / 0.9)
    before = the_item(individual(date="2024-02-29"), of, "dates", rates)
    assert before.lr == pytest.approx(0.02 / 0.1)
    assert before.words == "dates: recovered 2024-02-29, last seen 2024-03-01: LR 0.2"
    by_year = the_item(individual(date="2021-12-31"), family(since=2022), "dates", rates)
    assert by_year.words == "dates: recovered 2021-12-31, missing since 2022: LR 0.2"


def test_years_widen_what_is_near_and_beyond_the_reach_nothing_is() -> None:
    rates = PlaceRates(scale_km=20, growth_km=10, reach_km=100, anywhere=0.3)
    at_once, after_years = ([place_ratio(km, years, rates).log10 for km in (0, 90)] for years in (0, 5))
    assert after_years[0] < at_once[0]
    assert after_years[1] > at_once[1]
    assert place_ratio(101, 0, rates).log10 == pytest.approx(math.log10(0.3))
    # By the year alone: missing since 2022, recovered in 2025; 20 + 3 · 10 kilometres.
    dead = individual(place=(50.0, 30.0), date="2025-06-06")
    item = the_item(dead, family(since=2022, place=(50.0, 30.0)), "place", NonGeneticRates(place=rates))
    assert item.log10_lr == pytest.approx(place_ratio(0, 0, replace(rates, scale_km=50)).log10)


def test_hair_by_hand() -> None:
    item = the_item(individual(hair="red"), family(hair="red"), "hair")
    # Red is found on (0.03 + 0.07 + 0.08 + 0.70 + 0.03) / 5 = 18.2 % of the dead.
    assert item.lr == pytest.approx(0.7 / 0.182)
    assert item.words == "hair: red (found on 18 % of the dead) against red: LR 3.8"


# What cannot be, and what nobody recorded


CERTAIN = NonGeneticRates(
    sex=SexRates(0.5, 0.0),
    age=AgeRates(error=0.0),
    stature=StatureRates(error=0.0),
    hair=HairRates(confusion=tuple(tuple(float(i == j) for j in range(5)) for i in range(5))),
    marks={kind: MarkRates(0.5, 0.1, 0.0, 0.0, 0.0, 0.0) for kind in ("tattoo", "scar", "birthmark", "piercing")},
    documents=DocumentRates(own=0.0),
    place=PlaceRates(anywhere=0.0),
    dates=DateRates(error=0.0),
)


def test_the_impossible_has_lr_0_and_words() -> None:
    dead = individual(
        Sex.FEMALE, (60, 70), hair="red", marks=("tattoo back",), place=(0.0, 0.0), date="2020-01-01",
        documents=("7",),
    )  # fmt: skip
    of = family(
        Sex.MALE, 1994, 2022, hair="black", marks=("none",), place=(50.0, 30.0), date="2022-03-01", documents=("7",)
    )
    items = {item.kind: item for item in non_dna_evidence(dead, of, "son", CERTAIN)}
    impossible = [kind for kind, item in items.items() if item.log10_lr == -math.inf]
    assert impossible == ["sex", "hair", "tattoos", "documents", "place", "dates"]
    too_old = the_item(individual(ages=(60, 70)), family(born=1994, since=2022), "age", CERTAIN)
    assert too_old.words == "age: 60–70 years against 27–31 years: LR 0, impossible under the declared rates"
    assert items["hair"].words.endswith("against black: LR 0, impossible under the declared rates")
    assert items["hair"].lr == 0
    assert total_log10(tuple(items.values())) == -math.inf
    assert NonDnaScreen([dead], CERTAIN).against(of, "son").tolist() == [-math.inf]


def test_what_the_declared_population_does_not_contain_has_no_weight() -> None:
    rates = replace(CERTAIN, sex=SexRates(0.0, 0.0), age=AgeRates(((0, 50, 1.0),), 0.0))
    for item in non_dna_evidence(individual(Sex.FEMALE, (60, 70)), family(Sex.FEMALE, 1950, 2015), "son", rates, 2025):
        assert item.log10_lr == 0
        assert item.words.endswith(": no weight, as the declared rates allow it in nobody")


def test_what_one_side_did_not_record_gives_no_item() -> None:
    everything: dict[str, Any] = {
        "stature": (170, 180), "hair": "red", "marks": ("none",), "documents": ("7",), "place": (1.0, 2.0),
        "date": "2024-01-01", "marks_text": "an eagle",
    }  # fmt: skip
    rates = NonGeneticRates()
    dead = individual(Sex.MALE, (20, 30), **everything)
    assert non_dna_evidence(dead, family(Sex.UNKNOWN), "son", rates, 2025) == ()
    assert non_dna_evidence(individual(), family(Sex.MALE, 1990, 2022, **everything), "son", rates, 2025) == ()
    bare = replace(dead, description=None, sex=Sex.UNKNOWN, age_min=None, age_max=None)
    assert non_dna_evidence(bare, family(Sex.MALE, 1990, 2022, **everything), "son", rates, 2025) == ()
    assert total_log10(()) == 0


def test_free_text_is_shown_and_never_scored() -> None:
    dead, of = individual(marks_text="an eagle over a rose"), family(marks_text="a bird on the arm")
    assert non_dna_evidence(dead, of, "son", NonGeneticRates()) == ()
    assert free_text(dead, of, "son") == (
        "marks found, in words (not scored): an eagle over a rose",
        "marks told, in words (not scored): a bird on the arm",
    )


def test_children_have_no_stature_to_compare() -> None:
    rates = NonGeneticRates()
    tall = {"stature": (170, 180)}
    child = family(Sex.MALE, 2010, 2022, **tall)
    assert [one.kind for one in non_dna_evidence(individual(Sex.MALE, **tall), child, "son", rates)] == ["sex"]
    young = individual(Sex.MALE, (10, 15), **tall)
    assert [one.kind for one in non_dna_evidence(young, family(**tall), "son", rates)] == ["sex"]


def test_dna_and_the_rest_stand_apart_and_together() -> None:
    items = non_dna_evidence(individual(Sex.MALE, hair="red"), family(hair="red"), "son", NonGeneticRates())
    both = combined_with_dna(4.5, items)
    assert both.dna_log10_lr == 4.5
    assert both.non_dna_log10_lr == pytest.approx(math.log10(items[0].lr * items[1].lr))
    assert both.log10_lr == pytest.approx(4.5 + both.non_dna_log10_lr)


def test_a_birth_without_years_of_loss_or_recovery_says_nothing_of_age() -> None:
    items = non_dna_evidence(individual(ages=(20, 30)), family(Sex.UNKNOWN, born=1990), "son", NonGeneticRates())
    assert items == ()
    item = the_item(individual(ages=(20, 30)), family(born=1990), "age")
    assert item.words.startswith("age: 20–30 years against at most 35 years: LR ")


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({"stature": (181, 173)}, "a range whose first end is not above its second"),
        ({"stature": (1.8, None)}, "centimetres from 20 to 260"),
        ({"hair": "blonde"}, "one of black, brown, blond, red, grey"),
        ({"marks": ("tattoo",)}, "such as tattoo left forearm"),
        ({"marks": ("tattoo back", "tattoo back")}, "each mark once"),
        ({"marks": ("none", "tattoo back")}, "none alone, or marks"),
        ({"documents": ("7", "7")}, "the number of each document once"),
        ({"place": (91.0, 0.0)}, "a latitude from -90 to 90"),
        ({"date": "2025-02-30"}, "a day such as 2024-05-31"),
        ({"date": "2024-W05-1"}, "a day such as 2024-05-31"),
    ],
)
def test_a_description_that_cannot_be_is_refused(described: dict[str, Any], message: str) -> None:
    with pytest.raises(DescriptionError, match=message):
        Description(**described)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: SexRates(women=1.0),
        lambda: SexRates(error=-0.1),
        lambda: AgeRates(((0, 99, 0.9),)),
        lambda: AgeRates(((50, 40, 1.0),)),
        lambda: AgeRates(((0, 131, 1.0),)),
        lambda: AgeRates(miss_years=0),
        lambda: StatureRates(told_deviation=0.1),
        lambda: StatureRates(men_mean=-1),
        lambda: HairRates(shares=(1.0,)),
        lambda: HairRates(shares=(0.5, 0.5, 0.5, 0.0, 0.0)),
        lambda: HairRates(confusion=((0.5, 0.4, 0.0, 0.0, 0.0),) * 5),
        lambda: MarkRates(0.5, 1.0, 0, 0, 0, 0),
        lambda: DocumentRates(own=1.0),
        lambda: DocumentRates(circle=0.5),
        lambda: PlaceRates(scale_km=0),
        lambda: PlaceRates(growth_km=-1),
        lambda: DateRates(later=1.0),
        lambda: NonGeneticRates(marks={}),
    ],
)
def test_rates_that_cannot_be_are_refused(wrong: Any) -> None:
    with pytest.raises(RatesError, match=r"found .*; expected "):
        wrong()


# Against lists of all that could be


mark_rates = st.builds(MarkRates, *[st.floats(0.01, 0.99)] * 6)


@st.composite
def age_rates(draw: st.DrawFn) -> AgeRates:
    weights = draw(st.lists(st.integers(1, 100), min_size=1, max_size=4))
    bounds = sorted(draw(st.sets(st.integers(1, 129), min_size=len(weights) - 1, max_size=len(weights) - 1)))
    groups = zip([0, *bounds], [*(bound - 1 for bound in bounds), 130], weights, strict=True)
    shares = tuple((low, high, weight / sum(weights)) for low, high, weight in groups)
    return AgeRates(shares, draw(probabilities), draw(st.floats(0.5, 50)))


@st.composite
def hair_rates(draw: st.DrawFn) -> HairRates:
    rows = draw(st.lists(st.lists(st.integers(1, 50), min_size=5, max_size=5), min_size=6, max_size=6))
    shares, *confusion = (tuple(weight / sum(row) for weight in row) for row in rows)
    return HairRates(shares, tuple(confusion))


stature_rates = st.builds(
    StatureRates, st.floats(150, 175), st.floats(4, 9), st.floats(160, 185), st.floats(4, 9), st.floats(1, 8),
    st.floats(1, 8), probabilities,
)  # fmt: skip


@given(mark_rates, st.data())
def test_marks_are_what_listing_all_people_gives(rates: MarkRates, data: st.DataObject) -> None:
    places = data.draw(st.integers(1, 4))
    subsets = st.sets(st.integers(0, places - 1))
    found, told = data.draw(subsets), data.draw(subsets)
    same, unrelated = marks_ratio({str(p) for p in found}, {str(p) for p in told}, rates, places=places)
    expected = oracles.marks(
        tuple(int(p in found) for p in range(places)),
        tuple(int(p in told) for p in range(places)),
        carriers=rates.carriers,
        at_place=rates.at_place,
        told_if=(rates.told_wrongly, 1 - rates.not_told),
        found_if=(rates.found_wrongly, 1 - rates.overlooked),
    )
    assert (same, unrelated) == pytest.approx(expected, rel=1e-9)


@given(age_rates(), st.integers(0, 90), st.integers(1, 40), st.integers(0, 90), st.integers(0, 30))
@settings(max_examples=25)
def test_ages_are_what_listing_all_ages_and_ranges_gives(
    rates: AgeRates, first: int, years: int, youngest: int, span: int
) -> None:
    expected = oracles.age(
        lambda age: oracles.stated_range(first, years, age, rates.error, rates.miss_years),
        lambda age: youngest <= age <= youngest + span,
        rates.by_age(),
    )
    # Half a year at either end is the same completed years.
    for found in ((first, first + years - 1), (first + 0.5, first + years - 0.5)):
        assert tuple(age_ratio(found, youngest, youngest + span, rates)) == pytest.approx(expected, rel=1e-9)


def test_ages_of_which_the_population_has_none_are_taken_as_even() -> None:
    ratio = age_ratio((60, None), 55, 64, AgeRates(((0, 50, 1.0),), error=0.1))
    assert ratio.same == pytest.approx(0.9 * 0.5 + 0.1 * 0.5)
    assert ratio.unrelated == pytest.approx(0.1)


@given(hair_rates(), st.integers(0, 4), st.integers(0, 4))
def test_hair_is_what_listing_all_colours_gives(rates: HairRates, found: int, told: int) -> None:
    ratio = hair_ratio(HAIR_COLOURS[found], HAIR_COLOURS[told], rates)
    assert tuple(ratio) == pytest.approx(oracles.hair(found, told, rates.shares, rates.confusion))


@given(stature_rates, st.floats(130, 210), st.floats(130, 210), st.floats(0, 30), st.floats(0, 30))
def test_two_statures_are_what_the_closed_form_gives(
    rates: StatureRates, found: float, told: float, found_width: float, told_width: float
) -> None:
    ratio = stature_ratio(
        (found, found + found_width), (told, told + told_width), Sex.MALE, Sex.MALE, rates, SexRates(error=0.0)
    )
    same, unrelated = oracles.stature_of_middles(
        found + found_width / 2,
        told + told_width / 2,
        mean=rates.men_mean,
        deviation=rates.men_deviation,
        measured=math.sqrt(rates.measured_deviation**2 + found_width**2 / 12),
        of_told=math.sqrt(rates.told_deviation**2 + told_width**2 / 12),
    )
    assert ratio.unrelated == pytest.approx(unrelated, rel=1e-6)
    assert ratio.same == pytest.approx((1 - rates.error) * same + rates.error * unrelated, rel=1e-6)


def test_statures_with_one_end_are_what_drawing_people_gives() -> None:
    rates = StatureRates(error=0.0)
    ratio = stature_ratio((None, 178), (175, None), Sex.MALE, Sex.MALE, rates, SexRates(error=0.0))
    drawn = oracles.stature_at_most(
        178, 175, mean=177, deviation=7, measured=4, of_told=3, rng=np.random.default_rng(1), draws=400_000
    )
    assert tuple(ratio) == pytest.approx(drawn, abs=4 * 0.5 / math.sqrt(200_000))


# E[LR | unrelated] = 1: the sum, over all that could be found, of P(found | unrelated) · LR


@given(probabilities, probabilities, st.sampled_from(SEXES))
def test_sex_averages_1(women: float, error: float, told: Sex) -> None:
    ratios = [sex_ratio(found, told, SexRates(women, error)) for found in SEXES]
    assert_averages_1(ratios)


@given(age_rates(), st.integers(1, 131), st.integers(0, 90), st.integers(0, 30))
def test_age_averages_1_over_all_ranges(rates: AgeRates, years: int, youngest: int, span: int) -> None:
    ranges = [(first, first + years - 1) for first in range(132 - years)]
    assert_averages_1([age_ratio(found, youngest, youngest + span, rates) for found in ranges])


@given(age_rates(), st.integers(1, 130), st.integers(0, 90), st.integers(0, 30))
def test_age_averages_1_over_the_two_answers(rates: AgeRates, asked: int, youngest: int, span: int) -> None:
    answers = ((asked, None), (None, asked - 1))
    assert_averages_1([age_ratio(found, youngest, youngest + span, rates) for found in answers])


@given(stature_rates, st.sampled_from((*SEXES, Sex.UNKNOWN)), st.sampled_from((*SEXES, Sex.UNKNOWN)))
@settings(max_examples=20)
def test_stature_averages_1_over_all_that_could_be_measured(rates: StatureRates, found_sex: Sex, told_sex: Sex) -> None:
    step = 0.5
    measured = np.arange(60.0, 300.0, step)
    ratios = [stature_ratio((cm, cm), (172, 178), found_sex, told_sex, rates, SexRates(0.3, 0.05)) for cm in measured]
    assert step * sum(ratio.same for ratio in ratios) == pytest.approx(1, abs=1e-6)
    assert step * sum(ratio.unrelated for ratio in ratios) == pytest.approx(1, abs=1e-6)


@given(hair_rates(), st.sampled_from(HAIR_COLOURS))
def test_hair_averages_1(rates: HairRates, told: str) -> None:
    assert_averages_1([hair_ratio(found, told, rates) for found in HAIR_COLOURS])


@given(mark_rates, st.integers(0, len(BODY_PLACES)))
def test_marks_average_1_over_all_sets_of_places(rates: MarkRates, count: int) -> None:
    """2²¹ sets, counted by how many of the told and of the other places they hold."""
    told, others = BODY_PLACES[:count], BODY_PLACES[count:]
    same = unrelated = 0.0
    for both, alone in itertools.product(range(len(told) + 1), range(len(others) + 1)):
        sets = math.comb(len(told), both) * math.comb(len(others), alone)
        ratio = marks_ratio((*told[:both], *others[:alone]), told, rates)
        same += sets * ratio.same
        unrelated += sets * ratio.unrelated
    assert (same, unrelated) == pytest.approx((1, 1))


@given(st.builds(DocumentRates, st.floats(0, 0.99), st.floats(0.01, 0.99), st.floats(1, 1000)))
def test_documents_average_1(rates: DocumentRates) -> None:
    assert_averages_1([documents_ratio(match, rates) for match in (True, False)])
    assert documents_ratio(True, rates).same <= rates.own * rates.circle / (1 - rates.own) * documents_ratio(
        True, rates
    ).unrelated * (1 + 1e-9)


@given(st.builds(PlaceRates, st.floats(5, 500), st.floats(0, 50), st.floats(10, 500), probabilities), st.floats(0, 30))
@settings(max_examples=12)
def test_places_average_1_over_the_area_of_the_operation(rates: PlaceRates, years: float) -> None:
    """Over rings around the place of being last seen, at the nodes of a quadrature."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    distances = (nodes + 1) / 2 * rates.reach_km
    areas = weights / 2 * rates.reach_km * 2 * math.pi * distances
    ratios = [place_ratio(float(distance), years, rates) for distance in distances]
    assert float(np.sum(areas * [ratio.same for ratio in ratios])) == pytest.approx(1, abs=1e-6)
    assert float(np.sum(areas * [ratio.unrelated for ratio in ratios])) == pytest.approx(1, abs=1e-9)


@given(probabilities, probabilities)
def test_dates_average_1(error: float, later: float) -> None:
    assert_averages_1([dates_ratio(order, DateRates(error, later)) for order in (True, False)])


def assert_averages_1(ratios: Any) -> None:
    assert sum(ratio.same for ratio in ratios) == pytest.approx(1)
    assert sum(ratio.unrelated for ratio in ratios) == pytest.approx(1)


# Many at once


def drawn_dead(rates: NonGeneticRates, count: int, rng: np.random.Generator) -> list[Individual]:
    """Somebody of the population of the dead, `count` times, as the rates declare it; their ages are not recorded."""
    dead = []
    for number in range(count):
        woman = rng.random() < rates.sex.women
        recorded = SEXES[int(woman == (rng.random() < rates.sex.error))]
        own = rates.stature
        mean, deviation = (own.women_mean, own.women_deviation) if woman else (own.men_mean, own.men_deviation)
        measured = round(mean + math.hypot(deviation, own.measured_deviation) * rng.standard_normal())
        colour = rng.choice(5, p=np.array(rates.hair.shares) @ np.array(rates.hair.confusion))
        stray = rng.random() < (1 - rates.documents.own) * rates.documents.told / rates.documents.circle
        distance, angle = rates.place.reach_km * math.sqrt(rng.random()), 2 * math.pi * rng.random()
        description = Description(
            (measured, measured),
            HAIR_COLOURS[colour],
            tuple(mark for kind in MARK_KINDS for mark in drawn_marks(kind, rates.marks[kind], rng)) or (NO_MARKS,),
            "",
            ("7",) if stray else ("8",),
            (distance * math.sin(angle) / 111.19493, distance * math.cos(angle) / 111.19493),
            "2025-01-01" if rng.random() < rates.dates.later else "2022-01-01",
        )
        dead.append(Individual(f"R{number}", Profile("S", {}), recorded, description=description))
    return dead


def drawn_marks(kind: str, rates: MarkRates, rng: np.random.Generator) -> list[str]:
    carrier = rng.random() < rates.carriers
    present = rng.random(len(BODY_PLACES)) < (rates.at_place if carrier else 0.0)
    found = rng.random(len(BODY_PLACES)) < np.where(present, 1 - rates.overlooked, rates.found_wrongly)
    return [f"{kind} {place}" for place, seen in zip(BODY_PLACES, found, strict=True) if seen]


def told_of_the_son() -> Family:
    return family(
        Sex.MALE, stature=(170, 175), hair="brown", marks=("none",), documents=("7",), place=(0.0, 0.0),
        date="2024-01-01",
    )  # fmt: skip


def test_all_evidence_together_averages_1_over_drawn_people() -> None:
    """With the stature given the sex that was recorded, nothing is counted twice."""
    rates = NonGeneticRates(documents=DocumentRates(circle=3), place=PlaceRates(anywhere=0.7))
    dead = drawn_dead(rates, 4_000, np.random.default_rng(20250606))
    ratios = 10 ** NonDnaScreen(dead, rates, 2025).against(told_of_the_son(), "son")
    assert abs(ratios.mean() - 1) < 4 * ratios.std() / math.sqrt(len(ratios))
    assert ratios.std() / math.sqrt(len(ratios)) < 0.1


def test_the_screen_gives_what_the_items_give_one_by_one() -> None:
    rng = np.random.default_rng(7)
    rates = NonGeneticRates(sex=SexRates(0.1, 0.02))
    dead = drawn_dead(rates, 60, rng)
    dead = [
        replace(one, age_min=float(rng.integers(0, 60)), age_max=float(rng.integers(60, 90))) if number % 3 else one
        for number, one in enumerate(dead)
    ]
    dead += [individual(), individual(Sex.MALE), replace(individual(ages=(20, None)), description=None)]
    of = replace(told_of_the_son(), missing_since={"son": 2022}, pedigree=family(Sex.MALE, born=1970).pedigree)
    screened = NonDnaScreen(dead, rates, 2025).against(of, "son")
    one_by_one = [total_log10(non_dna_evidence(one, of, "son", rates, 2025)) for one in dead]
    assert screened.tolist() == pytest.approx(one_by_one, abs=1e-12)
    assert len({round(each, 9) for each in one_by_one}) > 50


def test_distances_are_those_of_the_sphere() -> None:
    assert distance_km((50.0, 30.0), (50.0, 30.0)) == 0
    assert distance_km((0.0, 0.0), (0.0, 180.0)) == pytest.approx(math.pi * 6371)
    assert distance_km((90.0, 10.0), (0.0, 100.0)) == pytest.approx(math.pi / 2 * 6371)
