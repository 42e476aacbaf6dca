"""What may stand in `case.toml`: the one definition from which it is read, complained about and described.

`schemas/case.schema.json` is generated from `CaseToml`. Every description says what would be right, and is what an
error says.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from antigone.formats.case_folder.evidence import EvidenceToml
from antigone.formats.case_folder.lineage_settings import LineageToml
from antigone.matching.operation import MISLABELLED_SAMPLES
from antigone.matching.prior import ReassociationPrior

FORMAT = "antigone-case"
VERSION = 1

Probability = Annotated[float, Field(ge=0, lt=1)]


def _shape(value: object) -> str:
    """Which member of a union is meant; the angle brackets set it apart from keys in the places of errors."""
    if isinstance(value, dict | BaseModel):
        return "<table>"
    return "<list>" if isinstance(value, list) else "<text>" if isinstance(value, str) else "<number>"


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class FrequenciesToml(_Strict):
    """A frequency file, with what the file itself cannot say."""

    file: str = Field(description='the name of a file in this folder, such as "frequencies.csv"')
    name: str | None = Field(default=None, description="a text: what the table is called in results")
    source: str | None = Field(default=None, description="a text: where the table was published")


class KitToml(_Strict):
    """Markers under a name of one's own."""

    name: str = Field(description="a text: what this set of markers is called")
    markers: list[str] = Field(description="a list of marker names between quotes")


class DropOutToml(_Strict):
    """How often an allele is not seen, by marker and length."""

    rate: Probability = Field(
        default=0.0, description="a probability from 0 to below 1: how often an allele is not seen"
    )
    by_marker: dict[str, Probability] = Field(
        default_factory=dict, description="a table of marker = probability, for markers that differ from `rate`"
    )
    per_100_bases: float = Field(default=0.0, description="a number: what each 100 bases add to the logit of the rate")
    reference_length: float = Field(
        default=200.0, gt=0, description="a positive number: the length in bases at which `rate` holds"
    )
    flanks: dict[str, Annotated[float, Field(ge=0)]] = Field(
        default_factory=dict, description="a table of marker = bases of the fragment outside the repeats"
    )


DropOutChoice = Annotated[
    Annotated[Probability, Tag("<number>")] | Annotated[DropOutToml, Tag("<table>")],
    Discriminator(lambda value: "<table>" if _shape(value) == "<table>" else "<number>"),
]


class SampleErrorsToml(_Strict):
    """Error rates of samples."""

    drop_out: DropOutChoice = Field(
        default=0.0, description="a probability from 0 to below 1, or a table with rate, by_marker, per_100_bases …"
    )
    drop_in: Probability = Field(
        default=0.0, description="a probability from 0 to below 1: how often one allele is read that was not there"
    )
    typing_error: Probability = Field(
        default=0.0, description="a probability from 0 to below 1: how often an allele is read as another"
    )


ModelName = Literal["none", "equal", "proportional", "stepwise", "onestep", "dawid", "custom"]
_MODELS = 'one of "none", "equal", "proportional", "stepwise", "onestep", "dawid", "custom"'


class MutationModelToml(_Strict):
    """A mutation model and its parameters."""

    model: ModelName | None = Field(default=None, description=_MODELS)
    rate: float | None = Field(
        default=None, ge=0, le=1, description="a probability from 0 to 1: mutations in one meiosis"
    )
    range: float | None = Field(
        default=None, gt=0, description="a positive number: a step of one more repeat is that many times as likely"
    )
    microvariant_rate: float | None = Field(
        default=None, ge=0, le=1, description="a probability from 0 to 1: how often a microvariant changes (9.3 to 10)"
    )
    matrix: list[list[Annotated[float, Field(ge=0, le=1)]]] | None = Field(
        default=None,
        description="a list of rows of probabilities, each row summing to 1 (parent's allele to child's allele)",
    )
    alleles: list[str | int | float] | None = Field(
        default=None, description='a list of alleles, such as ["8", "9", "9.3"]: the order of the matrix'
    )
    stationary: bool = Field(default=False, description="true or false: whether the model is made stationary")


class MarkerMutationToml(MutationModelToml):
    """Mutation at one marker: one model for both sexes, or one for each."""

    female: MutationModelToml | None = Field(default=None, description="a table: the model of mothers")
    male: MutationModelToml | None = Field(default=None, description="a table: the model of fathers")


class MutationToml(MarkerMutationToml):
    """Mutation: one model for both sexes or one for each, and markers that differ."""

    markers: dict[str, MarkerMutationToml] = Field(
        default_factory=dict, description="a table of marker = its own mutation model"
    )


class SharesToml(_Strict):
    """Where somebody received may be, as three shares that sum to 1."""

    listed: float = Field(
        gt=0, lt=1, description="a number between 0 and 1: the share of those listed with references that can be used"
    )
    listed_without_references: Probability = Field(
        description="a number from 0 to below 1: the share of those listed without references that can be used"
    )
    not_listed: Probability = Field(
        description="a number from 0 to below 1: the share of those whom nobody here reported missing"
    )


class PriorToml(SharesToml):
    """One prior of the joint answer: shares for everybody, and others for the transfers that are named."""

    name: str = Field(min_length=1, description="a text: what this prior is called in results")
    by_transfer: dict[str, SharesToml] = Field(
        default_factory=dict,
        description="a table of transfer = listed, listed_without_references and not_listed, for those that differ",
    )


_REASSOCIATION = ReassociationPrior()


class ReassociationToml(_Strict):
    """How probable it is beforehand that remains are of one person."""

    same_bag: float = Field(
        default=_REASSOCIATION.same_bag,
        gt=0,
        description="a number above 0: the odds that two remains of one bag are of one person",
    )
    same_transfer: float = Field(
        default=_REASSOCIATION.same_transfer,
        gt=0,
        description="a number above 0: how many further parts of somebody are expected in other bags of the transfer",
    )
    other_transfer: float = Field(
        default=_REASSOCIATION.other_transfer,
        gt=0,
        description="a number above 0: how many further parts of somebody are expected in all other transfers",
    )
    siblings: float = Field(
        default=_REASSOCIATION.siblings,
        gt=0,
        description="a number above 0: how many full siblings of somebody's sex are expected among all received",
    )


class CaseToml(SampleErrorsToml):
    """The settings of a case, all declared before the search. `drop_out` and its like are those of remains."""

    format: Literal["antigone-case"] = Field(description=f'"{FORMAT}"')
    version: Literal[1] = Field(description="1, the only version of this format")
    name: str | None = Field(
        default=None, min_length=1, description="a text: what the case is called; by default, the folder's name"
    )
    frequencies: (
        Annotated[
            Annotated[str, Tag("<text>")] | Annotated[FrequenciesToml, Tag("<table>")],
            Discriminator(lambda value: "<table>" if _shape(value) == "<table>" else "<text>"),
        ]
        | None
    ) = Field(
        default=None,
        description='"NIST 1036 Caucasian", a file of this folder, or a table with file, name and source; by default '
        'frequencies.csv where there is one, else "NIST 1036 Caucasian"',
    )
    rare_alleles: Annotated[
        Annotated[Literal["refuse", "5/2N", "laplace"], Tag("<text>")]
        | Annotated[float, Field(gt=0, lt=1), Tag("<number>")],
        Discriminator(lambda value: "<text>" if isinstance(value, str) else "<number>"),
    ] = Field(
        default="5/2N",
        description='"refuse", "5/2N", "laplace", or a number between 0 and 1 below which no frequency falls',
    )
    normalisation: Literal["scale", "none"] = Field(
        default="scale", description='"scale" (frequencies are divided by their sum) or "none"'
    )
    kit: (
        Annotated[
            Annotated[str, Tag("<text>")] | Annotated[list[str], Tag("<list>")] | Annotated[KitToml, Tag("<table>")],
            Discriminator(lambda value: "<text>" if _shape(value) == "<number>" else _shape(value)),
        ]
        | None
    ) = Field(
        default=None,
        description="the name of a panel, a list of marker names, or a table with name and markers; by default all "
        "autosomal and X markers of the frequency table",
    )
    theta: Probability = Field(default=0.0, description="a number from 0 to below 1: the co-ancestry of the population")
    prior: float = Field(
        default=0.5,
        gt=0,
        lt=1,
        description="a number between 0 and 1: the probability that an individual is among the missing",
    )
    priors: list[PriorToml] = Field(
        default_factory=list,
        description="tables [[priors]], each with name, listed, listed_without_references and not_listed",
    )
    threshold: float = Field(default=4.0, description="a number: the log10 LR from which a pair is listed as a hit")
    stochastic_threshold: float | None = Field(
        default=None, gt=0, description="a positive number: the peak height from which a single allele is homozygous"
    )
    linkage: bool = Field(default=True, description="true or false: whether linked markers are computed together")
    prune_untyped_founders: bool = Field(
        default=False, description="true or false: whether untyped founders are pruned"
    )
    year: int | None = Field(default=None, ge=1000, le=2999, description="a year: that of the recoveries, for ages")
    donors: SampleErrorsToml = Field(
        default_factory=SampleErrorsToml, description="a table: drop_out, drop_in and typing_error of donors"
    )
    mislabelled_samples: Probability = Field(
        default=MISLABELLED_SAMPLES,
        description="a probability from 0 to below 1: how many samples bear the label of another",
    )
    unlisted_siblings: Probability = Field(
        default=0.0,
        description="a probability from 0 to below 1: how many individuals are a full sibling of somebody listed, and "
        "are not listed",
    )
    false_sibling_words: Probability = Field(
        default=0.0,
        description="a probability from 0 to below 1: how many families with such a sibling gave their word that there "
        "is none",
    )
    silent: dict[str, Probability] = Field(
        default_factory=dict, description="a table of marker = frequency of its silent allele, from 0 to below 1"
    )
    mutation: MutationToml = Field(
        default_factory=MutationToml, description="a table: a mutation model, or the tables female and male"
    )
    evidence: EvidenceToml = Field(
        default_factory=EvidenceToml, description="a table: the rates of evidence beside DNA, sex, age, stature …"
    )
    reassociation: ReassociationToml = Field(
        default_factory=ReassociationToml,
        description="a table: same_bag, same_transfer, other_transfer and siblings, the prior that remains are of one "
        "person",
    )
    lineage: LineageToml = Field(
        default_factory=LineageToml, description="a table: confidence, own_donors, y_rate, mt_rate … of lineages"
    )
