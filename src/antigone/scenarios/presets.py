"""Presets: every number that a synthetic operation is made of, each with its meaning and where it comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any, cast

Value = float | int | str | tuple[float, ...]

_STATEMENT = "statement of 2025-06-16 (claims C027: one, two or three people in a bag, parts of one in several)"


class ScenarioError(ValueError):
    """A synthetic operation that cannot be made as asked for."""


def _setting(default: Any, meaning: str, source: str = "chosen", *, hostile: Value | None = None) -> Any:
    """A field of `Preset` that carries its own documentation, and its value in hostile mode where that differs."""
    metadata = {"meaning": meaning, "source": source, "hostile": hostile}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One handover: the day, and how many bags at scale 1."""

    day: str
    bags: int


@dataclass(frozen=True, kw_only=True)
class Preset:
    """An operation to be invented. A share lies between 0 and 1; a weight counts against the others of its group.

    `giver` and `receiver` stand in descriptive text only: no draw and no rule depends on them.
    """

    name: str
    title: str
    transfers: tuple[Transfer, ...]
    giver: str = _setting("", "the side that hands over; text only")
    receiver: str = _setting("", "the side that receives; text only")

    # What arrives
    people_in_bag: tuple[float, ...] = _setting(
        (0.90, 0.08, 0.02), "shares of bags with remains of one, two, three … people", f"chosen, after the {_STATEMENT}"
    )
    parts: tuple[float, ...] = _setting(
        (0.86, 0.10, 0.03, 0.01), "shares of individuals who arrive as one, two, three … remains", "chosen, as above"
    )
    part_in_other_transfer: float = _setting(0.3, "share of further parts that come with another transfer")
    element_lost_share: float = _setting(
        0.2, "share of skeletal elements of somebody in parts that came with none of them, beside one for each part"
    )
    own_soldier_share: float = _setting(
        0.005, "share of individuals who are the giver's own soldiers", "issue 2; at least 20 of 6,057 (claim C029)"
    )

    # Who the dead are
    not_listed_share: float = _setting(0.20, "share of individuals whom nobody reported missing")
    without_references_share: float = _setting(
        0.08, "share of individuals who are in the register, with no relative or own sample that could be used"
    )
    unlisted_sibling_rate: float = _setting(
        0.0,
        "share of individuals who are a full sibling of somebody in the register, and are not listed",
        hostile=0.005,
    )
    unlisted_cousin_rate: float = _setting(
        0.0, "share of individuals who are a first cousin of somebody in the register, and are not listed", hostile=0.01
    )
    sibling_word_share: float = _setting(
        0.6, "share of families that give their written word that a missing person has no full sibling but those listed"
    )
    false_sibling_word: float = _setting(
        0.0, "share of families that give it although there is such a sibling", hostile=0.1
    )
    civilian_share: float = _setting(
        0.05, "share of families, and of unlisted dead, that are civilian: any age and sex"
    )
    soldier_age: tuple[int, int] = _setting((18, 60), "youngest and oldest soldiers")
    civilian_age: tuple[int, int] = _setting((1, 90), "youngest and oldest civilians")
    age_shape: tuple[float, float] = _setting((1.7, 2.0), "parameters of the beta distribution of ages between these")
    woman_soldier_share: float = _setting(0.03, "share of women among the soldiers")
    found_together: float = _setting(
        0.8, "where several of one family are missing and one is among the dead: chance of each of the others"
    )

    # The register
    missing_per_individual: float = _setting(5.0, "missing persons in the register for each individual received")
    missing_at_most: int = _setting(
        70_000, "and no more than this many at scale 1", "> 70,000 in the register in June 2025 (FIELD C3)"
    )
    year: int = _setting(2025, "calendar year of the transfers")
    missing_since: tuple[int, int] = _setting((2022, 2025), "first and last year of going missing")
    one_parent: float = _setting(0.22, "weight of families with samples of one parent, mostly the mother")
    both_parents: float = _setting(0.16, "weight of families with both parents")
    parent_and_sibling: float = _setting(0.12, "weight of families with a parent and a sibling")
    children_and_spouse: float = _setting(
        0.16, "weight of families with one to three children, mostly with their mother"
    )
    parent_and_child: float = _setting(0.06, "weight of families with a parent and a child")
    one_sibling: float = _setting(0.11, "weight of families with one full sibling, parents untyped")
    several_siblings: float = _setting(0.08, "weight of families with two or three full siblings, parents untyped")
    half_sibling: float = _setting(0.04, "weight of families with a half-sibling, at times with the common parent")
    distant: float = _setting(0.05, "weight of families with grandparents, an uncle or an aunt only")
    mother_rather_than_father: float = _setting(0.75, "where one parent gave a sample: chance that it is the mother")
    children_sampled: tuple[float, ...] = _setting((0.50, 0.35, 0.15), "shares of one, two, three … children sampled")
    spouse_sampled: float = _setting(0.8, "chance that the other parent of such children gave a sample too")
    half_sibling_maternal: float = _setting(0.65, "share of half-siblings by the mother")
    half_sibling_parent_sampled: float = _setting(0.4, "chance that the common parent gave a sample too")
    grandfather_sampled: float = _setting(0.5, "where a grandmother gave a sample: chance of her husband's")
    no_donor_share: float = _setting(0.12, "share of families that gave no sample")
    parents_named_share: float = _setting(0.5, "share of these whose report names the parents")
    several_missing_share: float = _setting(0.04, "share of soldiers' families that miss two")
    two_brothers: float = _setting(0.65, "weight of two brothers among these")
    father_and_son: float = _setting(0.35, "weight of father and son among these")
    whole_family_share: float = _setting(0.30, "share of civilian families that miss both parents and their children")
    brothers_references: tuple[float, ...] = _setting(
        (0.55, 0.30, 0.15), "two brothers: weights of the mother, both parents, a sibling as donors"
    )
    brothers_child: float = _setting(0.35, "two brothers: chance of a child of one of them, which tells them apart")
    father_and_son_child: float = _setting(
        0.6, "father and son: chance of a sibling of the son; else the father's mother"
    )
    whole_family_children: tuple[float, ...] = _setting(
        (0.4, 0.4, 0.2), "whole families: shares of one, two, three … missing children"
    )
    whole_family_both_sides: float = _setting(0.6, "whole families: chance that relatives of both sides gave samples")
    whole_family_references: tuple[float, ...] = _setting(
        (0.40, 0.25, 0.35),
        "whole families: weights of a grandmother, both grandparents, an uncle or aunt, on each side",
    )
    surviving_child: float = _setting(0.2, "whole families: chance of a child who lives")
    reported_twice_share: float = _setting(0.01, "share of missing persons whom two families report")
    lifetime_sample_share: float = _setting(
        0.30, "share of soldiers who gave a sample in life", "> 30 % (ministry of defence, FIELD C3)"
    )
    personal_item_share: float = _setting(0.03, "share of the other missing persons of whom an item in use was typed")
    personal_item_loss: float = _setting(
        0.05, "chance that an allele of such an item stays below the threshold: the other is read alone"
    )
    birth_year_unknown_share: float = _setting(0.5, "share of untyped relatives whose year of birth is not recorded")
    misattributed_paternity: float = _setting(
        0.0, "share of recorded fathers who are not the father", "issue 2", hostile=0.02
    )

    # Genotypes
    kit: str = _setting("GlobalFiler", "the kit; its autosomal repeat markers and amelogenin are typed")
    mutation_male: float = _setting(
        0.0018, "mutations in a father's transmission of an allele", "doi:10.1002/elps.201800491, paternal mean"
    )
    mutation_female: float = _setting(
        0.0003, "mutations in a mother's transmission", "doi:10.1002/elps.201800491, maternal mean"
    )
    mutation_range: float = _setting(
        0.02, "how much rarer each further step is", "doi:10.1002/elps.201800491: 4 two-step to 189 one-step mutations"
    )
    mutation_microvariant: float = _setting(1e-6, "mutations between whole repeats and microvariants")
    fst: float = _setting(
        0.0,
        "drift of the population's frequencies away from the table that the engine is given",
        "issue 2",
        hostile=0.01,
    )

    # The laboratory
    good_share: float = _setting(0.5, "share of remains whose sample is good: nothing drops out")
    degradation: tuple[float, ...] = _setting(
        (0.5, 0.3, 0.2), "shares of slight, moderate and severe degradation among the other samples"
    )
    marker_failure: tuple[float, ...] = _setting(
        (0.03, 0.20, 0.50), "share of markers that give nothing, whatever the genotype, by degree of degradation"
    )
    drop_out: float = _setting(
        0.05, "chance that one copy of an allele is not seen in a degraded sample; told to the engine"
    )
    drop_in: float = _setting(0.001, "chance of one allele too many at a marker of the dead; told to the engine")
    drop_out_per_100_bases: float = _setting(
        0.0, "growth of the logit of drop-out for 100 bases above 200, times the degree of degradation", hostile=0.5
    )
    replicate_share: float = _setting(0.25, "share of degraded samples that are typed twice")
    donor_marker_failure: float = _setting(0.002, "share of markers of donors that give nothing")
    y_remains_share: float = _setting(0.2, "share of remains of men of which the Y chromosome is typed too")
    y_family_share: float = _setting(
        0.2, "share of families in which it is typed of donors of a missing man's paternal line, where there are any"
    )
    typing_error: float = _setting(0.0, "chance that an allele of a sample is read as another", hostile=0.0005)
    label_swap: float = _setting(
        0.0,
        "share of samples that bear the label of another",
        "median 1 in 165 of > 690,000 samples (SAFETY, error base rates)",
        hostile=1 / 165,
    )
    contamination: float = _setting(0.0, "share of samples of the dead with a second person's DNA", hostile=0.01)
    contaminated_markers: float = _setting(0.3, "share of markers at which that shows")

    # The examination
    sex_unknown_share: float = _setting(0.02, "share of bodies whose sex the examiner leaves open")
    age_unknown_share: float = _setting(0.05, "share of bodies whose age the examiner leaves open")
    part_sex_unknown_share: float = _setting(0.35, "the same for the sex of a part of a body")
    part_age_unknown_share: float = _setting(0.6, "the same for the age of a part of a body")
    sex_error: float = _setting(0.0, "share of recorded sexes that are wrong", hostile=0.01)
    age_error: float = _setting(0.0, "share of recorded age ranges that miss the true age", hostile=0.05)

    # What is known beside DNA
    described_share: float = _setting(
        0.6, "share of missing persons whom their family describes: stature, hair, marks, a document, day and place"
    )
    hair_colours: tuple[float, ...] = _setting((0.1, 0.55, 0.2, 0.02, 0.13), "shares of black, brown, blond, red, grey")
    hair_found_share: float = _setting(0.4, "share of bodies in one piece of which the colour of the hair is recorded")
    marks_looked_share: float = _setting(0.4, "share of bodies in one piece on which marks were looked for")
    document_found_share: float = _setting(0.1, "share of remains with which a document is found")
    recovery_known_share: float = _setting(0.3, "share of remains of which day and place of recovery are known")
    stature_error: float = _setting(
        0.02, "share of measured statures that are not the person's; the engine is told the plain value", hostile=0.06
    )
    hair_confused: float = _setting(0.0, "share of recorded colours of hair that are any colour alike", hostile=0.1)
    document_own: float = _setting(
        0.5,
        "share of documents that belong to the remains with which they are found; the engine is told the plain value",
        hostile=0.3,
    )
    found_anywhere: float = _setting(
        0.3, "share of people found far from where they were last seen; the engine is told the plain value", hostile=0.5
    )

    # What is declared
    threshold: float = _setting(4.0, "log10 LR from which a pair is listed as a hit", "dvir's LR 1e4 (FIELD E)")
    prior_factor: float = _setting(
        3.0, "the odds of being listed with references, over those of the lower and under those of the higher prior"
    )

    def __post_init__(self) -> None:
        for name, value in self.settings().items():
            _check(name, value)
        for names in _WEIGHED_TOGETHER:
            if not sum(sum(_numbers(getattr(self, name))) for name in names) > 0:
                raise ScenarioError(f"{', '.join(names)}: all are 0; one at least must be above")
        for name, length in _LENGTHS.items():
            if len(getattr(self, name)) != length:
                raise ScenarioError(f"{name} is {length} numbers, got {getattr(self, name)}")
        if len(self.degradation) != len(self.marker_failure):
            raise ScenarioError(
                f"degradation has {len(self.degradation)} degrees and marker_failure {len(self.marker_failure)}"
            )
        if self.drop_out > 0.5:
            raise ScenarioError(f"drop_out is at most 0.5, got {self.drop_out}")
        outside = self.not_listed_share + self.without_references_share + self.own_soldier_share
        if outside + self.unlisted_sibling_rate + self.unlisted_cousin_rate > 1:
            raise ScenarioError("the shares of individuals who are not listed with references sum to more than 1")
        for name in ("missing_since", "soldier_age", "civilian_age"):
            first, last = getattr(self, name)
            if first > last:
                raise ScenarioError(f"{name} is a range, the lower end first, got {first} and {last}")
        if self.missing_since[1] > self.year:
            raise ScenarioError(f"missing_since ends in {self.missing_since[1]}, after the year of the transfers")

    def settings(self) -> dict[str, Value]:
        """Every setting and its value."""
        return {name: getattr(self, name) for name in setting_names()}

    def hostile(self) -> "Preset":
        """The same where the world departs from what the engine is told."""
        return replace(self, **cast("dict[str, Any]", hostile_values()))

    def overridden(self, overrides: Mapping[str, Value]) -> "Preset":
        """With some settings replaced. Raises `ScenarioError`, with names that look alike, for an unknown one."""
        kept: dict[str, Any] = {
            name: _of_same_kind(name, value, getattr(self, name)) for name, value in _known(overrides).items()
        }
        return replace(self, **kept)


REFERENCE_WEIGHTS = (
    "one_parent",
    "both_parents",
    "parent_and_sibling",
    "children_and_spouse",
    "parent_and_child",
    "one_sibling",
    "several_siblings",
    "half_sibling",
    "distant",
)


def setting_names() -> tuple[str, ...]:
    """The names of all settings, in the order of the manual."""
    return tuple(one.name for one in fields(Preset) if one.metadata)


def hostile_values() -> dict[str, Value]:
    """The settings that differ in hostile mode, with their values there."""
    return {one.name: one.metadata["hostile"] for one in fields(Preset) if one.metadata.get("hostile") is not None}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as the manual shows it; `hostile` is None where hostile mode leaves it as it is."""

    name: str
    value: Value
    hostile: Value | None
    meaning: str
    source: str


def described(of: Preset) -> tuple[Setting, ...]:
    """Every setting of a preset with its meaning and source."""
    return tuple(
        Setting(
            one.name,
            getattr(of, one.name),
            one.metadata["hostile"],
            one.metadata["meaning"],
            one.metadata["source"],
        )
        for one in fields(of)
        if one.metadata
    )


def parse_overrides(texts: Mapping[str, str]) -> dict[str, Value]:
    """Settings as written on a command line: `0.01`, or `0.9,0.1` where a setting is several numbers."""
    return {name: _parse(name, text, _default_of(name)) for name, text in _known(texts).items()}


def _known(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    names = setting_names()
    for name in settings:
        if name not in names:
            near = get_close_matches(name, names, n=3, cutoff=0.5)
            hint = f"; near it are {', '.join(near)}" if near else ""
            raise ScenarioError(f"no setting is called ‘{name}’{hint}")
    return settings


def _default_of(name: str) -> Any:
    return next(one.default for one in fields(Preset) if one.name == name)


def _parse(name: str, text: str, example: Value) -> Value:
    try:
        if isinstance(example, str):
            return text
        if isinstance(example, tuple):
            return tuple(type(example[0])(part) for part in text.split(","))
        return type(example)(text)
    except ValueError:
        wanted = "numbers with commas between" if isinstance(example, tuple) else f"a value such as {example}"
        raise ScenarioError(f"{name}: found ‘{text}’; expected {wanted}") from None


def _of_same_kind(name: str, value: Any, example: Value) -> Value:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(example, str):
        right = isinstance(value, str)
    elif isinstance(example, tuple):
        right = isinstance(value, tuple | list) and all(isinstance(part, int | float) for part in value)
        value = tuple(value) if right else value
    elif isinstance(example, int):
        right = numeric and value == int(value)
        value = int(value) if right else value
    else:
        right = numeric
        value = float(value) if right else value
    if not right:
        raise ScenarioError(f"{name}: found {value!r}; expected something like {example!r}")
    return value  # type: ignore[no-any-return]


_COUNTS = frozenset(
    {
        "missing_per_individual",
        "missing_at_most",
        "year",
        "missing_since",
        "soldier_age",
        "civilian_age",
        "age_shape",
        "prior_factor",
    }
)
_REAL = frozenset({"threshold", "drop_out_per_100_bases"})


_WEIGHED_TOGETHER = (
    ("people_in_bag",),
    ("parts",),
    ("degradation",),
    ("children_sampled",),
    ("brothers_references",),
    ("whole_family_children",),
    ("whole_family_references",),
    ("hair_colours",),
    ("two_brothers", "father_and_son"),
    REFERENCE_WEIGHTS,
)
_LENGTHS = {
    "brothers_references": 3,
    "whole_family_references": 3,
    "hair_colours": 5,
    "missing_since": 2,
    "soldier_age": 2,
    "civilian_age": 2,
    "age_shape": 2,
}


def _numbers(value: Value) -> tuple[float, ...]:
    if isinstance(value, str):
        return ()
    return value if isinstance(value, tuple) else (value,)


def _check(name: str, value: Value) -> None:
    if name in _REAL:
        return
    if name in _COUNTS:
        if any(number <= 0 for number in _numbers(value)):
            raise ScenarioError(f"{name} is above 0, got {value}")
        if name == "prior_factor" and min(_numbers(value)) < 1:
            raise ScenarioError(f"prior_factor is at least 1, got {value}")
        return
    if any(not 0 <= number <= 1 for number in _numbers(value)):
        raise ScenarioError(f"{name} lies between 0 and 1, got {value}")


JUNE_2025 = Preset(
    name="june-2025",
    title="Remains handed over in June 2025",
    giver="Russia",
    receiver="Ukraine",
    transfers=(
        Transfer("2025-06-11", 1212),
        Transfer("2025-06-13", 1200),
        Transfer("2025-06-14", 1200),
        Transfer("2025-06-15", 1200),
        Transfer("2025-06-16", 1245),
    ),
)

RIVER_WAR = Preset(
    name="river-war",
    title="Remains from the graves of the river war",
    giver="Osterra",
    receiver="Velmark",
    transfers=(Transfer("2019-04-02", 310), Transfer("2019-04-23", 145), Transfer("2019-06-11", 480)),
    year=2019,
    missing_since=(2009, 2011),
    missing_at_most=9_000,
    missing_per_individual=3.0,
    kit="PowerPlex Fusion",
    people_in_bag=(0.75, 0.18, 0.07),
    parts=(0.70, 0.18, 0.08, 0.04),
    own_soldier_share=0.02,
    not_listed_share=0.12,
    without_references_share=0.10,
    civilian_share=0.45,
    whole_family_share=0.25,
    several_missing_share=0.10,
    reported_twice_share=0.02,
    lifetime_sample_share=0.0,
    personal_item_share=0.01,
    one_parent=0.14,
    both_parents=0.06,
    parent_and_sibling=0.10,
    children_and_spouse=0.24,
    parent_and_child=0.06,
    one_sibling=0.16,
    several_siblings=0.14,
    half_sibling=0.03,
    distant=0.07,
    good_share=0.25,
    degradation=(0.35, 0.35, 0.30),
    drop_out=0.08,
    drop_in=0.002,
    replicate_share=0.4,
)

PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in (JUNE_2025, RIVER_WAR)}


def preset(name: str) -> Preset:
    """The preset of this name. Raises `ScenarioError` with the names that there are."""
    if name not in PRESETS:
        raise ScenarioError(f"no preset is called ‘{name}’; there are {', '.join(PRESETS)}")
    return PRESETS[name]
