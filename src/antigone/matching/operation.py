"""What a search is about: the dead, the families who look for somebody, and the settings declared beforehand."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from antigone.genetics.alleles import Allele, Repeat
from antigone.genetics.frequencies import FiveOverTwoN, FrequencyTable, Normalisation, RareAlleleRule
from antigone.genetics.haplotypes import Lineage, LineageDatabases, LineageSettings
from antigone.genetics.markers import marker as known_marker
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import NO_MUTATION, Mutation
from antigone.genetics.observation import ErrorRates
from antigone.genetics.pedigrees import Pedigree, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.description import Description
from antigone.matching.nongenetic_rates import NonGeneticRates
from antigone.matching.prior import Prior, ReassociationPrior, Shares

# So many samples bear another's label: the median of 62 hospitals, more than 690,000 samples (Dzik et al. 2003).
MISLABELLED_SAMPLES = 1 / 165


class SettingsError(ValueError):
    """A setting that cannot be, or that lacks another one."""


@dataclass(frozen=True)
class DropOut:
    """How often an allele of a sample is not seen.

    `rate` holds for markers that `by_marker` does not name. With `per_100_bases` the logit of the rate grows by that
    much for each 100 bases of fragment above `reference_length`; a fragment is the repeat region and the marker's
    `flanks` (bases on both sides, as the kit's maker states them).
    """

    rate: float = 0.0
    by_marker: Mapping[str, float] = field(default_factory=dict)
    per_100_bases: float = 0.0
    reference_length: float = 200.0
    flanks: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, rate in (("drop_out", self.rate), *self.by_marker.items()):
            if not 0 <= rate < 1:
                raise SettingsError(f"the drop-out rate {name} is a probability below 1, got {rate}")

    def rates(self, model: MarkerModel) -> float | tuple[float, ...]:
        """The rate at a marker: one number, or one for each allele where it depends on length."""
        rate = self.by_marker.get(model.name, self.rate)
        if rate == 0 or self.per_100_bases == 0:
            return rate
        return tuple(self._at_length(rate, model.name, allele) for allele in model.alleles)

    def _at_length(self, rate: float, name: str, allele: Allele) -> float:
        if not isinstance(allele, Repeat):
            return rate
        if name not in self.flanks:
            raise SettingsError(f"drop-out by length needs the flank of {name} (in bases)")
        unit = known_marker(name).repeat_length
        if unit is None:
            raise SettingsError(f"drop-out by length needs the repeat length of {name}, which the marker table lacks")
        excess = self.flanks[name] + allele.length(unit) - self.reference_length
        logit = math.log(rate / (1 - rate)) + self.per_100_bases * excess / 100
        return 1 / (1 + math.exp(-logit))

    def describe(self) -> str:
        """As provenance states it."""
        parts = [f"{self.rate}"]
        parts += [f"{name} {rate}" for name, rate in self.by_marker.items()]
        if self.per_100_bases:
            parts.append(f"logit +{self.per_100_bases} for each 100 bases above {self.reference_length}")
        return ", ".join(parts)


@dataclass(frozen=True)
class SampleErrors:
    """The error rates of one kind of sample: of the dead, or of donors."""

    drop_out: DropOut = field(default_factory=DropOut)
    drop_in: float = 0.0
    typing_error: float = 0.0

    def rates(self, model: MarkerModel) -> ErrorRates:
        """The rates at one marker."""
        return ErrorRates(self.drop_out.rates(model), self.drop_in, self.typing_error)

    def describe(self) -> str:
        """As provenance states it."""
        return f"drop-out {self.drop_out.describe()}; drop-in {self.drop_in}; typing error {self.typing_error}"


@dataclass(frozen=True)
class Settings:
    """All that is decided before a search.

    `prior` is s, the probability that an individual is among the missing persons searched (an open set: it may be
    nobody here). `priors` declare it in three ways and by transfer, several times where people disagree. `threshold` is
    the log10 LR from which a pair is listed as a hit. `markers` are canonical names, in the order in which they are
    shown. `year` is the calendar year of the recoveries, for ages. `reassociation` is the prior that remains are of one
    person, `non_dna` are the rates of evidence beside DNA. `mislabelled_samples` is the share of samples that bear the
    label of another, as the laboratory's own audits find it; the published one where it has none. `unlisted_siblings`
    is the share of individuals who are a full sibling of somebody in the register and are not in it;
    `false_sibling_words` that of families with such a sibling who gave their word that there is none.
    """

    markers: tuple[str, ...]
    kit: str = ""
    theta: float = 0.0
    prior: float = 0.5
    threshold: float = 4.0
    mutation: Mutation = NO_MUTATION
    mutation_by_marker: Mapping[str, Mutation] = field(default_factory=dict)
    rare_alleles: RareAlleleRule = field(default_factory=FiveOverTwoN)
    normalisation: Normalisation = Normalisation.SCALE
    silent: Mapping[str, float] = field(default_factory=dict)
    remains: SampleErrors = field(default_factory=SampleErrors)
    donors: SampleErrors = field(default_factory=SampleErrors)
    stochastic_threshold: float | None = None
    linkage: bool = True
    prune_untyped_founders: bool = False
    year: int | None = None
    priors: tuple[Prior, ...] = ()
    reassociation: ReassociationPrior = field(default_factory=ReassociationPrior)
    lineage: LineageSettings = field(default_factory=LineageSettings)
    non_dna: NonGeneticRates = field(default_factory=NonGeneticRates)
    mislabelled_samples: float = MISLABELLED_SAMPLES
    unlisted_siblings: float = 0.0
    false_sibling_words: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.theta < 1:
            raise SettingsError(f"theta lies between 0 and 1, got {self.theta}")
        if not 0 < self.prior < 1:
            raise SettingsError(f"the prior lies between 0 and 1, got {self.prior}")
        if not math.isfinite(self.threshold):
            raise SettingsError(f"the threshold is a log10 LR, got {self.threshold}")
        if not 0 <= self.mislabelled_samples < 1:
            raise SettingsError(f"the share of mislabelled samples is below 1, got {self.mislabelled_samples}")
        if not 0 <= self.unlisted_siblings < 1:
            raise SettingsError(f"the share of unlisted siblings is below 1, got {self.unlisted_siblings}")
        if not 0 <= self.false_sibling_words < 1:
            raise SettingsError(f"the share of false words about siblings is below 1, got {self.false_sibling_words}")

    def declared_priors(self) -> tuple[Prior, ...]:
        """The priors, or the one that `prior` alone declares: those who are not among the listed are not listed."""
        return self.priors or (Prior("prior", Shares(self.prior, 0.0, 1 - self.prior)),)

    def mutation_of(self, marker: str) -> Mutation:
        """The mutation model of one marker."""
        return self.mutation_by_marker.get(marker, self.mutation)


@dataclass(frozen=True)
class Individual:
    """One dead person, as far as known: one remains, or several that were reassociated.

    `remains` names them where they are several or not called like the individual, `bag` and `transfer` are then all
    of theirs between semicolons. `elements` are the skeletal elements present, such as "left femur". `runs` says in
    which run of the laboratory (a plate, a batch) a sample was typed, by sample, where that is known.
    """

    id: str
    profile: Profile
    sex: Sex = Sex.UNKNOWN
    age_min: float | None = None
    age_max: float | None = None
    stature: str = ""
    bag: str = ""
    transfer: str = ""
    samples: tuple[str, ...] = ()
    remains: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    description: Description | None = None
    lineage: Lineage | None = None
    runs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Family:
    """A pedigree, whom it misses, and what was read of whom.

    A profile of a missing person is a direct reference: a sample taken in life, a toothbrush. `no_unlisted_sibling` are
    the missing persons of whom the family gave its written word that there is no full sibling who is not listed here;
    `descriptions` say what the family told of them beside DNA, `lineages` what was read of whose Y chromosome and
    mitochondrial DNA.
    """

    name: str
    pedigree: Pedigree
    missing: tuple[str, ...]
    profiles: Mapping[str, Profile]
    missing_since: Mapping[str, int] = field(default_factory=dict)
    no_unlisted_sibling: frozenset[str] = frozenset()
    descriptions: Mapping[str, Description] = field(default_factory=dict)
    lineages: Mapping[str, Lineage] = field(default_factory=dict)

    def donors(self) -> tuple[str, ...]:
        """The typed relatives."""
        return tuple(person for person in self.profiles if person not in self.missing)


@dataclass(frozen=True)
class EliminationEntry:
    """Somebody who may have left their own DNA on remains: of the staff, of a laboratory, a control.

    `role` says who that is, in the words of the list. Entries are compared with the dead and with nobody else.
    """

    id: str
    role: str
    profile: Profile
    sex: Sex = Sex.UNKNOWN
    samples: tuple[str, ...] = ()


@dataclass(frozen=True)
class LeftOut:
    """Something that was not searched, and why: nothing is left out in silence."""

    what: str  # "individual", "family", "missing person", "marker", "sample", "reading", "section"
    id: str
    reason: str


@dataclass(frozen=True)
class Operation:
    """All that a search needs.

    `undeclared` names settings that nobody declared, as `case.toml` calls them: results say that they are defaults.
    `mixtures` are remains in whose only profile more than one person is read: they are never searched, and stand in
    `left_out` too. `elimination` is the list of those whose own DNA may have come onto remains.
    """

    name: str
    individuals: tuple[Individual, ...]
    families: tuple[Family, ...]
    frequencies: FrequencyTable
    settings: Settings
    left_out: tuple[LeftOut, ...] = ()
    warnings: tuple[str, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    undeclared: tuple[str, ...] = ()
    lineage_databases: LineageDatabases = field(default_factory=LineageDatabases)
    mixtures: tuple[Individual, ...] = ()
    elimination: tuple[EliminationEntry, ...] = ()

    def missing_persons(self) -> tuple[tuple[Family, str], ...]:
        """Every missing person with their family, in order."""
        return tuple((family, person) for family in self.families for person in family.missing)
