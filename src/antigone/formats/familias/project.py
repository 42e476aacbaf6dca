"""What a Familias project holds, as frozen values.

Everything that stands in a file has its place here, numbers as they are spelled, so that the writer can give the file
back byte by byte. People are related by name. Those whom Familias only counts ("extra females, extra males") get the
names that `extra_names` gives.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import NamedTuple

from antigone.formats.errors import Problem

MISSING_PERSON = "Missing person"
"""The name that relations of a DVI family use for the person who is looked for, without listing him or her."""

REFERENCE_PEDIGREE = "Reference pedigree"
"""The name of the pedigree that Familias itself puts first in each DVI family."""

NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d{1,4})?", re.ASCII)
_LONGEST_NUMBER = 64


class Sex(Enum):
    """Female, male, or not said in the file."""

    FEMALE = "Female"
    MALE = "Male"
    UNKNOWN = "Unknown"


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is spelled, and its value.

    A decimal comma counts as a decimal point. Raises `ValueError` where the text is no finite number.

    >>> Number("1e-005").value, Number("0,05").value
    (1e-05, 0.05)
    """

    text: str

    def __post_init__(self) -> None:
        if len(self.text) > _LONGEST_NUMBER or not NUMBER.fullmatch(self.text) or not math.isfinite(self.value):
            raise ValueError(f"not a finite number: {self.text[:_LONGEST_NUMBER]!r}")

    @property
    def value(self) -> float:
        """The number itself."""
        return float(self.text.replace(",", "."))

    @classmethod
    def of(cls, value: float) -> "Number":
        """A number in its shortest spelling.

        >>> Number.of(0.05)
        Number(text='0.05')
        """
        return cls(str(value))


ZERO = Number("0")


class MutationModel(IntEnum):
    """The mutation models of Familias, by the codes that stand in its files.

    0 to 3 are explained in the source of Familias itself (`FamInterface.h`); 4 came with version 3 and is known from
    the way pedFamilias reads it.
    """

    EQUAL = 0
    """All other alleles are equally probable."""
    PROPORTIONAL = 1
    """Other alleles are as probable as they are frequent."""
    STEPWISE = 2
    """Falls off by `range` with each step; not stationary."""
    STEPWISE_STATIONARY = 3
    """As 2, with the matrix made stationary."""
    EXTENDED_STEPWISE = 4
    """As 2 within whole repeats; `rate2` is the rate between an allele and its microvariants."""

    @property
    def label(self) -> str:
        """The name in words.

        >>> MutationModel(4).label
        'extended stepwise'
        """
        return self.name.lower().replace("_", " ")


class MutationParameters(NamedTuple):
    """How alleles of one marker mutate in one sex, as plain values."""

    model: str
    rate: float
    rate2: float
    range: float


@dataclass(frozen=True, slots=True)
class Mutation:
    """How alleles of one marker mutate in one sex, as spelled in the file."""

    model: MutationModel = MutationModel.EQUAL
    rate: Number = ZERO
    range: Number = ZERO
    rate2: Number = ZERO

    @property
    def parameters(self) -> MutationParameters:
        """The same as plain values."""
        return MutationParameters(self.model.label, self.rate.value, self.rate2.value, self.range.value)


@dataclass(frozen=True, slots=True)
class Allele:
    """An allele and its frequency in the population."""

    label: str
    frequency: Number

    @property
    def text(self) -> str:
        """The frequency as it is spelled."""
        return self.frequency.text

    @property
    def value(self) -> float:
        """The frequency."""
        return self.frequency.value


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker ("allele system") of the frequency database."""

    name: str
    alleles: tuple[Allele, ...]
    female: Mutation = Mutation()
    male: Mutation = Mutation()
    has_silent_allele: bool = False
    silent_frequency: Number = ZERO
    database_size: Number | None = None
    dropout_probability: Number | None = None
    minor_allele_frequency: Number | None = None
    more_information: tuple[tuple[str, str], ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The alleles by name, in the order of the file."""
        return tuple(allele.label for allele in self.alleles)

    @property
    def mutation(self) -> dict[Sex, MutationParameters]:
        """Model, rate, rate2 and range for mothers and for fathers."""
        return {Sex.FEMALE: self.female.parameters, Sex.MALE: self.male.parameters}


@dataclass(frozen=True, slots=True)
class FrequencyDatabase:
    """Markers with allele frequencies; `theta` is the co-ancestry ("Theta/Kinship/Fst") of the population."""

    name: str | None = None
    markers: tuple[Marker, ...] = ()
    theta: Number | None = ZERO
    databases: int | None = 1
    more_information: tuple[tuple[str, str], ...] = ()

    @property
    def by_name(self) -> dict[str, Marker]:
        """The markers by name."""
        return {marker.name: marker for marker in self.markers}


@dataclass(frozen=True, slots=True)
class Genotype:
    """What was read at one marker; an allele that was not given is an empty text."""

    marker: str
    first: str
    second: str


def _says_direct(line: str) -> bool:
    """Whether a line such as `Direct= Yes` switches it on. No file with one was seen; the words are a guess."""
    value = line.partition("=")[2]
    return "direct" in line.lower() and value.strip().lower() not in ("no", "0", "false", "disabled", "#false#")


@dataclass(frozen=True, slots=True)
class Relation:
    """A parent and a child, or, where "Direct" is said, two names for one person (or identical twins).

    `remark` is what follows the parent's name or number, as written. `more` holds lines about this relation that are
    not understood.
    """

    parent: str
    child: str
    remark: str = ""
    more: tuple[str, ...] = ()

    @property
    def is_direct(self) -> bool:
        """Whether Familias compares these two as one person instead of as parent and child."""
        return "direct" in self.remark.lower() or any(_says_direct(line) for line in self.more)


@dataclass(frozen=True, slots=True)
class _Related:
    """People who have relations."""

    links: tuple[Relation, ...] = ()

    @property
    def relations(self) -> tuple[tuple[str, str], ...]:
        """Each parent with a child, by name, in the order of the file; "Direct" references are left out."""
        return tuple((link.parent, link.child) for link in self.links if not link.is_direct)

    @property
    def identities(self) -> tuple[tuple[str, str], ...]:
        """The "Direct" references: pairs of names that are compared as one person."""
        return tuple((link.parent, link.child) for link in self.links if link.is_direct)


@dataclass(frozen=True, slots=True)
class Person:
    """A person of the ordinary case section.

    Of the two flags, before and after the year of birth, one is "is a child, has no children"; which is not known.
    `remark` follows the year of birth; "(Consider dropouts)" is the one that is known.
    """

    name: str
    male: bool
    dna: tuple[Genotype, ...] = ()
    birth_year: int | None = None
    flag_before_birth_year: bool = False
    flag_after_birth_year: bool = False
    remark: str = ""

    @property
    def sex(self) -> Sex:
        """Always known in this section."""
        return Sex.MALE if self.male else Sex.FEMALE

    @property
    def consider_dropout(self) -> bool:
        """Whether alleles of this person may have dropped out."""
        return "Consider dropouts" in self.remark

    @property
    def genotypes(self) -> dict[str, tuple[str, str]]:
        """Both alleles by marker."""
        return {genotype.marker: (genotype.first, genotype.second) for genotype in self.dna}


@dataclass(frozen=True, slots=True)
class KnownRelations(_Related):
    """What all pedigrees of the ordinary case section have in common."""

    extra_females: int = 0
    extra_males: int = 0


@dataclass(frozen=True, slots=True)
class Pedigree(_Related):
    """One hypothesis of the ordinary case section. `number` is the index that Familias gave it."""

    name: str = ""
    number: int = 0
    extra_females: int = 0
    extra_males: int = 0


@dataclass(frozen=True, slots=True)
class DviPerson:
    """An unidentified person, or a member of a reference family. `more` holds lines that are not understood."""

    name: str
    gender: str | None = None
    dna: tuple[Genotype, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def sex(self) -> Sex:
        """The sex, unknown where the file does not say male or female."""
        return {"Male": Sex.MALE, "Female": Sex.FEMALE}.get(self.gender or "", Sex.UNKNOWN)

    @property
    def genotypes(self) -> dict[str, tuple[str, str]]:
        """Both alleles by marker."""
        return {genotype.marker: (genotype.first, genotype.second) for genotype in self.dna}


@dataclass(frozen=True, slots=True)
class FamilyPedigree(_Related):
    """One way in which a DVI family may be related."""

    name: str = ""
    more: tuple[str, ...] = ()

    @property
    def mentions_missing_person(self) -> bool:
        """Whether the person who is looked for has a place in it."""
        return any(MISSING_PERSON in (link.parent, link.child) for link in self.links)


@dataclass(frozen=True, slots=True)
class Family:
    """A reference family of the DVI section: relatives, and the missing by name or as "Missing person"."""

    name: str
    persons: tuple[DviPerson, ...] = ()
    pedigrees: tuple[FamilyPedigree, ...] = ()
    more: tuple[str, ...] = ()

    @property
    def sexes(self) -> dict[str, Sex]:
        """The sex of each listed person; unknown where two persons of one name differ in it."""
        sexes: dict[str, Sex] = {}
        for person in self.persons:
            same = sexes.get(person.name, person.sex) is person.sex
            sexes[person.name] = person.sex if same else Sex.UNKNOWN
        return sexes


@dataclass(frozen=True, slots=True)
class Dvi:
    """The section of a disaster: unidentified persons and reference families.

    `notes` holds one line for each family, as long as no note has several lines.
    """

    unidentified: tuple[DviPerson, ...] = ()
    families: tuple[Family, ...] = ()
    notes: tuple[str, ...] | None = None
    notes_declared: int = 0
    more: "tuple[Section, ...]" = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A section of settings, kept as written: `Key= value` lines, then sections within.

    >>> Section.of("Prior", {"UseList": "Yes", "Size": "3"}).setting("Size")
    '3'
    """

    title: str
    lines: tuple[str, ...] = ()
    sections: "tuple[Section, ...]" = ()

    @classmethod
    def of(cls, title: str, settings: Mapping[str, str], sections: "Iterable[Section]" = ()) -> "Section":
        """A section from its settings."""
        return cls(title, tuple(f"{key}= {value}" for key, value in settings.items()), tuple(sections))

    @property
    def settings(self) -> dict[str, str]:
        """The values by key."""
        pairs = (line.partition("=") for line in self.lines if "=" in line)
        return {key.strip(): value.strip() for key, _, value in pairs}

    def setting(self, *path: str) -> str | None:
        """The value at the end of a path of section titles and a key, or None."""
        *titles, key = path
        section: Section | None = self
        for title in titles:
            section = next((inner for inner in section.sections if inner.title == title), None) if section else None
        return section.settings.get(key) if section else None


@dataclass(frozen=True, slots=True)
class FamiliasProject:
    """A whole project file.

    `banner` (the first line) is None where it is the usual one. `encoding` and `newline` say how the file is stored.
    `warnings` are what a person should know about the file although it could be read; they do not count when two
    projects are compared.
    """

    version: str = "3.3.1"
    persons: tuple[Person, ...] = ()
    known: KnownRelations = KnownRelations()
    pedigrees: tuple[Pedigree, ...] = ()
    frequencies: FrequencyDatabase = FrequencyDatabase()
    dvi: Dvi | None = None
    sections: tuple[Section, ...] = ()
    banner: str | None = None
    notice: str = "(Actually produced by Antigone)"
    comment: str | None = ""
    encoding: str = "utf-8"
    newline: str = "\n"
    warnings: tuple[Problem, ...] = field(default=(), compare=False)

    @property
    def theta(self) -> float | None:
        """The co-ancestry of the population, as a plain value."""
        return None if self.frequencies.theta is None else self.frequencies.theta.value

    def setting(self, *path: str) -> str | None:
        """A setting by its path: `project.setting("Advanced", "Simulation", "ForceMAF")`, or None."""
        return Section("", sections=self.sections).setting(*path)

    def pedigree_relations(self, pedigree: Pedigree) -> tuple[tuple[str, str], ...]:
        """Parents and children of one pedigree, those that all pedigrees have in common first."""
        return self.known.relations + pedigree.relations

    def pedigree_sexes(self, pedigree: Pedigree | None = None) -> dict[str, Sex]:
        """Everybody in a pedigree, extra persons included, in the order of Familias' own numbers."""
        sexes = {person.name: person.sex for person in self.persons}
        taken = tuple(sexes)
        sexes |= extra_names(taken, self.known.extra_females, self.known.extra_males)
        if pedigree is not None:
            of_pedigree = f"ped{pedigree.number + 1}_"
            sexes |= extra_names(taken, pedigree.extra_females, pedigree.extra_males, of_pedigree)
        return sexes


def extra_names(taken: Iterable[str], females: int, males: int, group: str = "") -> dict[str, Sex]:
    """Names for persons whom Familias only counts: females first, then males.

    >>> list(extra_names(["P1"], 1, 1, "ped1_"))
    ['extra_ped1_1', 'extra_ped1_2']
    >>> list(extra_names(["extra_1"], 1, 0))
    ['extra__1']
    """
    if not females and not males:
        return {}
    stem = "extra_"
    while any(name.startswith(stem) for name in taken):
        stem += "_"
    sexes = [Sex.FEMALE] * females + [Sex.MALE] * males
    return {f"{stem}{group}{number}": sex for number, sex in enumerate(sexes, 1)}


def infer_sexes(sexes: Mapping[str, Sex], relations: Iterable[tuple[str, str]]) -> dict[str, Sex]:
    """The sex of everybody in `relations`, where the file or the other parent of a child tells it.

    Somebody with a child by a woman is a man. Where nothing tells, or where the partners are of both sexes, the sex
    stays unknown.

    >>> infer_sexes({"Wife": Sex.FEMALE}, [("Wife", "Son"), ("Missing person", "Son")])["Missing person"]
    <Sex.MALE: 'Male'>
    """
    known = dict(sexes)
    partners = _partners(relations, known)
    waiting = [name for name in partners if known[name] is not Sex.UNKNOWN]
    told: defaultdict[str, set[Sex]] = defaultdict(set)
    while waiting:
        name = waiting.pop()
        other = Sex.FEMALE if known[name] is Sex.MALE else Sex.MALE
        for partner in partners[name]:
            if sexes.get(partner, Sex.UNKNOWN) is not Sex.UNKNOWN or other in told[partner]:
                continue
            told[partner].add(other)
            if len(told[partner]) == 1:
                known[partner] = other
                waiting.append(partner)
            else:
                known[partner] = Sex.UNKNOWN
    return known


def _partners(relations: Iterable[tuple[str, str]], known: dict[str, Sex]) -> dict[str, set[str]]:
    """Who has a child with whom. Adds those to `known` who are not there yet."""
    parents: defaultdict[str, list[str]] = defaultdict(list)
    partners: dict[str, set[str]] = {}
    for parent, child in relations:
        known.setdefault(parent, Sex.UNKNOWN)
        known.setdefault(child, Sex.UNKNOWN)
        for other in parents[child]:
            partners.setdefault(parent, set()).add(other)
            partners.setdefault(other, set()).add(parent)
        parents[child].append(parent)
    return partners
