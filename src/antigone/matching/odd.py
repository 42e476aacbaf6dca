"""What a search did not use, and what is odd in its input: nothing of it is passed over in silence."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from antigone.genetics.hypotheses import Contradiction, does_not_fit
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile
from antigone.matching.classes import sex_by_amelogenin, sex_of
from antigone.matching.operation import Family, Individual, LeftOut, Operation
from antigone.matching.preparation import Prepared

CONTRADICTED = "the family contradicts itself here"
SEXES = {Sex.FEMALE: "female", Sex.MALE: "male"}


@dataclass(frozen=True, slots=True)
class FamilyContradiction:
    """A marker at which a family contradicts itself: it says nothing of whom the family misses, and is not used."""

    family: str
    marker: str
    what: str

    def __str__(self) -> str:
        return f"family {self.family}, {self.marker}: {self.what}"


def family_contradictions(family: Family, found: Iterable[Contradiction]) -> list[FamilyContradiction]:
    """The contradictions of a family by its samples, in words that blame nobody."""
    return [
        FamilyContradiction(
            family.name, one.marker, does_not_fit([_sample_of(family, name) for name in one.persons], one.hypothesis)
        )
        for one in found
    ]


def _sample_of(family: Family, person: str) -> str:
    """The person, and the sample where it has a name of its own."""
    sample = family.profiles[person].sample
    return person if sample == person else f"{person} ({sample})"


# --- markers that only some can be compared at ------------------------------------------------------------------------


def x_linked_left_out(operation: Operation, prepared: Prepared) -> Iterator[LeftOut]:
    """Readings at X-linked markers that cannot be used because a sex is unknown."""
    models = [model for model in prepared.models if model.x_linked]
    for individual in operation.individuals:
        if sex_of(individual) is Sex.UNKNOWN:
            yield from _x_linked(models, [individual.profile], individual.id, "the sex of the individual is unknown")
    for family in operation.families:
        for person, profile in family.profiles.items():
            if family.pedigree[person].sex is Sex.UNKNOWN:
                which = f"{person}, family {family.name}"
                yield from _x_linked(models, [profile], which, "the sex of this person is unknown")
        for person in family.missing:
            if family.pedigree[person].sex is Sex.UNKNOWN and person not in family.profiles:
                which = f"{person}, family {family.name}"
                reason = "the sex of the missing person is unknown"
                yield from _x_linked(models, list(family.profiles.values()), which, reason)


def _x_linked(models: Sequence[MarkerModel], profiles: Sequence[Profile], which: str, reason: str) -> Iterator[LeftOut]:
    names = [model.name for model in models if any(profile.readings.get(model.name) for profile in profiles)]
    if names:
        yield LeftOut("marker", which, f"X-linked {', '.join(names)}: {reason}, so they are not used")


def why_unused(
    model: MarkerModel, individual: Individual, family: Family, person: str, contradicted: frozenset[str]
) -> str:
    """Why a marker that was read on both sides of a pair has no likelihood ratio; empty where a side has nothing."""
    typed = [name for name, profile in family.profiles.items() if profile.readings.get(model.name)]
    if not typed or not individual.profile.readings.get(model.name):
        return ""
    if model.name in contradicted:
        return CONTRADICTED
    if model.x_linked:
        sexes = (sex_of(individual), family.pedigree[person].sex)
        if Sex.UNKNOWN in sexes:
            whose = "individual" if sexes[0] is Sex.UNKNOWN else "missing person"
            return f"X-linked, and the sex of the {whose} is unknown"
        if sexes[0] is not sexes[1]:
            return f"X-linked, and the individual is {SEXES[sexes[0]]}, the missing person {SEXES[sexes[1]]}"
        if all(family.pedigree[name].sex is Sex.UNKNOWN for name in typed):
            return "X-linked, and the sex of those typed is unknown"
    return "no genotype shows what was read of the individual"


# --- notes ------------------------------------------------------------------------------------------------------------

# Up to here, what is not listed of several replicates hardly widens the count of coincidences.
_RARE = 0.01


def notes(operation: Operation, prepared: Prepared) -> list[str]:
    """What a reader should know before believing a figure."""
    found = [f"family {family.name}: {text}" for family in operation.families for text in odd_sexes(family)]
    others = (
        _years(operation),
        _young_parents(operation),
        _sexes_at_x(operation, prepared),
        _errors_not_counted(operation),
        _no_typing_errors(operation),
        _defaults(operation),
    )
    return [*found, *chain.from_iterable(others)]


def _errors_not_counted(operation: Operation) -> Iterator[str]:
    """Of several replicates the count of coincidences bounds what contradicts the genotype (docs/methods.md)."""
    rates = {"drop-in": operation.settings.remains.drop_in, "typing error": operation.settings.remains.typing_error}
    high = [f"a {name} of {rate:g}" for name, rate in rates.items() if rate > _RARE]
    twice = any(len(readings) > 1 for one in operation.individuals for readings in one.profile.readings.values())
    if high and twice:
        yield (
            f"the remains have {' and '.join(high)}; where a marker was read several times, the expected number of "
            "unrelated pairs only bounds readings that contradict the genotype, and its upper end may be far too high"
        )


def _no_typing_errors(operation: Operation) -> Iterator[str]:
    """Between relatives a mutation may explain one wrong allele; between two samples of one person nothing does."""
    settings = operation.settings
    own = sum(person in family.profiles for family, person in operation.missing_persons())
    if own and not (settings.remains.typing_error or settings.donors.typing_error):
        yield (
            f"no typing errors are declared, and {own:,} of the missing have a sample of their own: one allele "
            "that was read wrongly makes a right pair impossible, whatever all other markers say. Declare the rate "
            "that the laboratory's audits find (typing_error; published ones are some tenths of a percent and less, "
            "Pompanon et al. 2005)"
        )


def odd_sexes(family: Family, *, missing: str | None = None) -> Iterator[str]:
    """Typed people of a family whose own amelogenin contradicts the sex recorded; `missing` names the one sought."""
    for person, profile in family.profiles.items():
        recorded, shown = family.pedigree[person].sex, sex_by_amelogenin(profile)
        if Sex.UNKNOWN not in (recorded, shown) and recorded is not shown:
            whose = "the direct reference" if person == missing else person
            yield f"sex of {whose}: recorded {SEXES[recorded]}, amelogenin of sample {profile.sample} {SEXES[shown]}"


def _years(operation: Operation) -> Iterator[str]:
    aged = any(individual.age_min is not None for individual in operation.individuals)
    born = any(family.pedigree[person].birth_year is not None for family, person in operation.missing_persons())
    if operation.settings.year is None and aged and born:
        yield (
            "ages: the year of the recoveries (year) is not declared, so nobody is found too old for a missing person "
            "although years of birth are given"
        )


# Younger than this nobody has a child: a year is wrong, or a parent.
_YOUNGEST_PARENT = 10


def _young_parents(operation: Operation) -> Iterator[str]:
    for family in operation.families:
        for person in family.pedigree.persons:
            for name in (person.father, person.mother):
                born = None if name is None else family.pedigree[name].birth_year
                if born is not None and person.birth_year is not None and person.birth_year - born < _YOUNGEST_PARENT:
                    yield (
                        f"family {family.name}: {name}, born in {born}, was {person.birth_year - born} when "
                        f"{person.id} was born in {person.birth_year}: a year or a parent is wrong"
                    )


def _sexes_at_x(operation: Operation, prepared: Prepared) -> Iterator[str]:
    names = [model.name for model in prepared.models if model.x_linked]
    of_dead = {sex_of(one) for one in operation.individuals if any(one.profile.readings.get(name) for name in names)}
    of_missing = {family.pedigree[person].sex for family, person in operation.missing_persons()}
    if {Sex.FEMALE, Sex.MALE} <= (of_dead | of_missing) and of_dead - {Sex.UNKNOWN}:
        yield f"X-linked {', '.join(names)}: used only where individual and missing person are of one sex"


def _defaults(operation: Operation) -> Iterator[str]:
    used = [f"{_WORDS.get(name, name)} ({default_used(operation, name)})" for name in operation.undeclared]
    if used:
        yield f"nobody declared these settings, and their defaults were used: {', '.join(used)}"


_WORDS = {"rare_alleles": "rare alleles", "drop_out": "drop-out"}


def default_used(operation: Operation, name: str) -> str:
    """The value that a setting has because nobody declared another, in words."""
    settings = operation.settings
    values = {
        "threshold": f"log10 LR {settings.threshold:g}",
        "prior": f"{settings.prior:g}",
        "frequencies": operation.frequencies.name,
        "rare_alleles": settings.rare_alleles.describe(),
        "theta": f"{settings.theta:g}",
        "mutation": "none",
        "drop_out": f"{settings.remains.drop_out.rate:g}",
    }
    return values[name]
