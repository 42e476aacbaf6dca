"""The table `[lineage]` of `case.toml`: what is declared of Y haplotypes and mitochondrial DNA, read and written."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from antigone.formats.case_folder.markers import MarkerNames, is_y
from antigone.formats.case_folder.toml_text import TomlText
from antigone.formats.errors import quoted
from antigone.genetics.haplotypes import LineageDatabases, LineageSettings

_DEFAULT = LineageSettings()
_Probability = Annotated[float, Field(gt=0, lt=1)]
_BETWEEN = "a number between 0 and 1: "


class LineageToml(BaseModel):
    """How lineages mutate, and what their haplotypes are counted in."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)

    confidence: _Probability = Field(
        default=_DEFAULT.confidence, description=f"{_BETWEEN}that of the upper bound of counting, such as 0.95"
    )
    own_donors: bool = Field(
        default=_DEFAULT.own_donors,
        description="true or false: whether the lines of this case's own families are counted too, each once",
    )
    y_rate: _Probability = Field(
        default=_DEFAULT.y_rate,
        description=f"{_BETWEEN}mutations of one copy in one meiosis, of Y markers that no other rate is known of",
    )
    y_rates: dict[str, _Probability] = Field(
        default_factory=dict, description="a table of Y marker = mutations of one copy in one meiosis, between 0 and 1"
    )
    y_range: _Probability = Field(
        default=_DEFAULT.y_range,
        description=f"{_BETWEEN}a step of one more repeat is that many times as likely",
    )
    y_other_change: _Probability = Field(
        default=_DEFAULT.y_other_change,
        description=f"{_BETWEEN}how often, in one meiosis, a copy is lost, doubled or becomes a microvariant",
    )
    mt_rate: _Probability = Field(
        default=_DEFAULT.mt_rate,
        description=f"{_BETWEEN}how often one mitochondrial difference arises in one meiosis",
    )
    mt_beyond: _Probability = Field(
        default=_DEFAULT.mt_beyond,
        description=f"{_BETWEEN}how often two mitochondrial differences or more are found within a maternal line",
    )
    y_source: str | None = Field(default=None, description="a text: where y_database.csv comes from")
    mt_source: str | None = Field(default=None, description="a text: where mt_database.csv comes from")


def lineage_of(declared: LineageToml, toml: TomlText, names: MarkerNames) -> LineageSettings:
    """What is declared; problems with the names of markers are noted."""
    rates: dict[str, float] = {}
    for text, rate in declared.y_rates.items():
        name = names.resolve(text)
        path = ("lineage", "y_rates", text)
        if name is None:
            toml.complain(path, found=quoted(text), expected=names.expected(text))
        elif not is_y(name):
            toml.complain(path, found=f"{quoted(text)}, which is no Y marker", expected="the name of a Y marker")
        elif name in rates:
            toml.complain(path, found=quoted(text), expected=f"each marker once: {name} is named above")
        else:
            rates[name] = float(rate)
    return LineageSettings(
        confidence=declared.confidence,
        own_donors=declared.own_donors,
        y_rate=declared.y_rate,
        y_rates=rates,
        y_range=declared.y_range,
        y_other_change=declared.y_other_change,
        mt_rate=declared.mt_rate,
        mt_beyond=declared.mt_beyond,
    )


def lineage_as_toml(settings: LineageSettings, databases: LineageDatabases) -> dict[str, Any]:
    """The table, every setting stated."""
    table: dict[str, Any] = {
        "confidence": settings.confidence,
        "own_donors": settings.own_donors,
        "y_rate": settings.y_rate,
        "y_range": settings.y_range,
        "y_other_change": settings.y_other_change,
        "mt_rate": settings.mt_rate,
        "mt_beyond": settings.mt_beyond,
    }
    if databases.y is not None:
        table["y_source"] = databases.y.source
    if databases.mt is not None:
        table["mt_source"] = databases.mt.source
    if settings.y_rates:
        table["y_rates"] = dict(settings.y_rates)
    return table
