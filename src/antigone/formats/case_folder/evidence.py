"""The table `[evidence]` of `case.toml`: what is declared of evidence beside DNA, read and written.

The meaning of each figure, and why its default is what it is, stand in `matching/nongenetic_rates.py`.
"""

from collections.abc import Callable
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from antigone.formats.case_folder.toml_text import TomlText
from antigone.matching.description import HAIR_COLOURS, MARK_KINDS
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

T = TypeVar("T")

_DEFAULT = NonGeneticRates()
_Probability = Annotated[float, Field(ge=0, lt=1)]
_Share = Annotated[float, Field(ge=0, le=1)]
_PROBABILITY = "a probability from 0 to below 1: "
_CENTIMETRES = Annotated[float, Field(ge=0.5, le=50)]


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class SexRatesToml(_Strict):
    """Sex as an examiner records it."""

    women: _Probability = Field(
        default=_DEFAULT.sex.women, description=f"{_PROBABILITY}the share of women among the dead"
    )
    error: _Probability = Field(
        default=_DEFAULT.sex.error, description=f"{_PROBABILITY}how often the other sex is recorded"
    )


class AgeRatesToml(_Strict):
    """Ages of the dead, and the examiner's ranges."""

    shares: list[list[float]] = Field(
        default_factory=lambda: [list(group) for group in _DEFAULT.age.shares],
        description="a list of groups [youngest, oldest, share], such as [[0, 17, 0.1], [18, 99, 0.9]]",
    )
    error: _Probability = Field(
        default=_DEFAULT.age.error, description=f"{_PROBABILITY}how often the age lies outside the range"
    )
    miss_years: float = Field(
        default=_DEFAULT.age.miss_years,
        ge=0.5,
        le=1000,
        description="a number from 0.5 to 1000: years at which ranges that miss become rare",
    )


class StatureRatesToml(_Strict):
    """Adult stature in centimetres."""

    women_mean: float = Field(
        default=_DEFAULT.stature.women_mean, gt=0, description="a positive number: the mean stature of women in cm"
    )
    women_deviation: _CENTIMETRES = Field(
        default=_DEFAULT.stature.women_deviation,
        description="a number from 0.5 to 50: the standard deviation among women in cm",
    )
    men_mean: float = Field(
        default=_DEFAULT.stature.men_mean, gt=0, description="a positive number: the mean stature of men in cm"
    )
    men_deviation: _CENTIMETRES = Field(
        default=_DEFAULT.stature.men_deviation,
        description="a number from 0.5 to 50: the standard deviation among men in cm",
    )
    measured_deviation: _CENTIMETRES = Field(
        default=_DEFAULT.stature.measured_deviation,
        description="a number from 0.5 to 50: the standard error of the examiner's figure in cm",
    )
    told_deviation: _CENTIMETRES = Field(
        default=_DEFAULT.stature.told_deviation,
        description="a number from 0.5 to 50: the standard error of the family's figure in cm",
    )
    error: _Probability = Field(
        default=_DEFAULT.stature.error, description=f"{_PROBABILITY}how often a figure is not of this person at all"
    )


class ColoursToml(_Strict):
    """A figure for each colour of hair."""

    black: _Share = Field(description="a number from 0 to 1")
    brown: _Share = Field(description="a number from 0 to 1")
    blond: _Share = Field(description="a number from 0 to 1")
    red: _Share = Field(description="a number from 0 to 1")
    grey: _Share = Field(description="a number from 0 to 1")


class ConfusionToml(_Strict):
    """What hair of each colour is found as."""

    black: ColoursToml = Field(description="a table: what black hair is found as")
    brown: ColoursToml = Field(description="a table: what brown hair is found as")
    blond: ColoursToml = Field(description="a table: what blond hair is found as")
    red: ColoursToml = Field(description="a table: what red hair is found as")
    grey: ColoursToml = Field(description="a table: what grey hair is found as")


class HairRatesToml(_Strict):
    """Colours of hair."""

    shares: ColoursToml | None = Field(
        default=None, description="a table of colour = share among the dead, summing to 1"
    )
    confusion: ConfusionToml | None = Field(
        default=None, description="a table of colour told = table of colour found = probability, each summing to 1"
    )


class MarkRatesToml(_Strict):
    """Marks of one kind."""

    carriers: _Probability | None = Field(
        default=None, description=f"{_PROBABILITY}the share of people who may have any"
    )
    at_place: _Probability | None = Field(
        default=None, description=f"{_PROBABILITY}how many of these have one at a place"
    )
    not_told: _Probability | None = Field(default=None, description=f"{_PROBABILITY}how often a family does not tell")
    overlooked: _Probability | None = Field(
        default=None, description=f"{_PROBABILITY}how often an examiner does not see"
    )
    told_wrongly: _Probability | None = Field(
        default=None, description=f"{_PROBABILITY}how often one is told at a place without any"
    )
    found_wrongly: _Probability | None = Field(
        default=None, description=f"{_PROBABILITY}how often one is seen at a place without any"
    )


class MarksToml(_Strict):
    """Tattoos, scars and other marks."""

    tattoo: MarkRatesToml = Field(default_factory=MarkRatesToml, description="a table: rates of tattoos")
    scar: MarkRatesToml = Field(default_factory=MarkRatesToml, description="a table: rates of scars")
    birthmark: MarkRatesToml = Field(default_factory=MarkRatesToml, description="a table: rates of birthmarks")
    piercing: MarkRatesToml = Field(default_factory=MarkRatesToml, description="a table: rates of piercings")


class DocumentRatesToml(_Strict):
    """Documents and tags found with a body."""

    own: _Probability = Field(
        default=_DEFAULT.documents.own, description=f"{_PROBABILITY}that a document with a body belongs to it"
    )
    told: _Probability = Field(
        default=_DEFAULT.documents.told, description=f"{_PROBABILITY}that the family named the number of a document"
    )
    circle: float = Field(
        default=_DEFAULT.documents.circle,
        ge=1,
        le=1e6,
        description="a number from 1 to 1000000: among how many people a document that is not the body's own strays",
    )


class PlaceRatesToml(_Strict):
    """Distances between the place of being last seen and that of recovery."""

    scale_km: float = Field(
        default=_DEFAULT.place.scale_km, gt=0, description="a positive number: kilometres at which nearness fades"
    )
    growth_km: float = Field(
        default=_DEFAULT.place.growth_km, ge=0, description="a number: kilometres that each year adds to the scale"
    )
    reach_km: float = Field(
        default=_DEFAULT.place.reach_km, gt=0, description="a positive number: kilometres within which all is anywhere"
    )
    anywhere: _Probability = Field(
        default=_DEFAULT.place.anywhere, description=f"{_PROBABILITY}that somebody is not found near"
    )


class DateRatesToml(_Strict):
    """Days of being last seen and of recovery."""

    error: _Probability = Field(
        default=_DEFAULT.dates.error, description=f"{_PROBABILITY}how often one of the two days is wrong"
    )
    later: _Probability = Field(
        default=_DEFAULT.dates.later, description=f"{_PROBABILITY}the share of recoveries after such a day"
    )


class EvidenceToml(_Strict):
    """What is declared of evidence beside DNA."""

    sex: SexRatesToml = Field(default_factory=SexRatesToml, description="a table: women and error")
    age: AgeRatesToml = Field(default_factory=AgeRatesToml, description="a table: shares and error")
    stature: StatureRatesToml = Field(default_factory=StatureRatesToml, description="a table: means and deviations")
    hair: HairRatesToml = Field(default_factory=HairRatesToml, description="a table: shares and confusion")
    marks: MarksToml = Field(default_factory=MarksToml, description=f"tables: {', '.join(MARK_KINDS)}")
    documents: DocumentRatesToml = Field(default_factory=DocumentRatesToml, description="a table: own, told and circle")
    place: PlaceRatesToml = Field(
        default_factory=PlaceRatesToml, description="a table: scale_km, growth_km, reach_km and anywhere"
    )
    dates: DateRatesToml = Field(default_factory=DateRatesToml, description="a table: error and later")


def evidence_of(declared: EvidenceToml, toml: TomlText) -> NonGeneticRates:
    """The rates of a case. What no single key can show is checked here, and noted with its table."""
    return NonGeneticRates(
        sex=SexRates(**_floats(declared.sex)),
        age=_checked("age", lambda: _age(declared.age), _DEFAULT.age, toml),
        stature=StatureRates(**_floats(declared.stature)),
        hair=_checked("hair", lambda: _hair(declared.hair), _DEFAULT.hair, toml),
        marks={kind: _marks(kind, getattr(declared.marks, kind)) for kind in MARK_KINDS},
        documents=DocumentRates(**_floats(declared.documents)),
        place=PlaceRates(**_floats(declared.place)),
        dates=DateRates(**_floats(declared.dates)),
    )


def _checked(name: str, read: Callable[[], T], default: T, toml: TomlText) -> T:
    """Some rates; the default, with a problem noted, where they cannot be."""
    try:
        return read()
    except RatesError as error:
        toml.complain(("evidence", name), found=error.found, expected=error.expected)
        return default


def _floats(model: BaseModel) -> dict[str, float]:
    return {name: float(value) for name, value in model.model_dump(exclude_none=True).items()}


def _age(declared: AgeRatesToml) -> AgeRates:
    groups = []
    for group in declared.shares:
        if len(group) != 3 or any(age != int(age) for age in group[:2]):
            raise RatesError(group, "a group [youngest, oldest, share] with whole ages, such as [18, 29, 0.4]")
        groups.append((int(group[0]), int(group[1]), float(group[2])))
    return AgeRates(tuple(groups), float(declared.error), float(declared.miss_years))


def _hair(declared: HairRatesToml) -> HairRates:
    shares = _DEFAULT.hair.shares if declared.shares is None else _colours(declared.shares)
    if declared.confusion is None:
        return HairRates(shares)
    return HairRates(shares, tuple(_colours(getattr(declared.confusion, colour)) for colour in HAIR_COLOURS))


def _colours(declared: ColoursToml) -> tuple[float, ...]:
    return tuple(float(getattr(declared, colour)) for colour in HAIR_COLOURS)


def _marks(kind: str, declared: MarkRatesToml) -> MarkRates:
    return MarkRates(**{**asdict(_DEFAULT.marks[kind]), **_floats(declared)})


def evidence_as_toml(rates: NonGeneticRates) -> dict[str, Any]:
    """The table `[evidence]`, every rate stated."""
    colours = dict(zip(HAIR_COLOURS, rates.hair.confusion, strict=True))
    return {
        "sex": asdict(rates.sex),
        "age": {
            "shares": [list(group) for group in rates.age.shares],
            "error": rates.age.error,
            "miss_years": rates.age.miss_years,
        },
        "stature": asdict(rates.stature),
        "hair": {
            "shares": dict(zip(HAIR_COLOURS, rates.hair.shares, strict=True)),
            "confusion": {told: dict(zip(HAIR_COLOURS, row, strict=True)) for told, row in colours.items()},
        },
        "marks": {kind: asdict(rates.marks[kind]) for kind in MARK_KINDS},
        "documents": asdict(rates.documents),
        "place": asdict(rates.place),
        "dates": asdict(rates.dates),
    }
