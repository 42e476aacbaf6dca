"""From the invented world to what stands in files: numbers, families, truth."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from antigone.formats.case_folder.truth import EXCHANGED, FamilyTruthRow, TruthRow
from antigone.genetics.haplotypes import Lineage
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.description import Description
from antigone.matching.operation import Family, Individual
from antigone.scenarios.dead import Dead
from antigone.scenarios.transfers import Arrival
from antigone.scenarios.world import NOBODY, Register, Report, World


@dataclass(frozen=True)
class Happening:
    """All that happened before anybody examined anything: what arrived, who is missed, who the dead are."""

    arrival: Arrival
    register: Register
    dead: Sequence[Dead]
    misattributed: Sequence[tuple[int, str]]  # reports and children whose recorded father is not theirs
    words: Mapping[tuple[int, str], bool]  # for whom the word was given that no sibling is unlisted; whether it is true

    def changed_households(self) -> set[int]:
        """The groups of relatives that are not as the register has them."""
        unlisted = {self.register.world.household[one.relative_of] for one in self.dead if one.relative_of is not None}
        return unlisted | {self.register.reports[number].household for number, _ in self.misattributed}

    def owners(self) -> list[int]:
        """The person (a position in the world) of each remains."""
        return [self.dead[remains.individual].person for remains in self.arrival.remains]

    def ties(self) -> dict[int, str]:
        """What unlisted individuals truly are to somebody in the register, in words."""
        listed, names = self.register.reports_of(), self.family_names()
        found = {}
        for individual, one in enumerate(self.dead):
            tie = None if one.relative_of is None else _tie(self.register.world, one.person, one.relative_of)
            if one.relative_of is not None and tie is not None:
                number, suffix = listed[one.relative_of][0]
                found[individual] = f"{tie} of {names[number]}-{suffix}"
        return found

    def family_names(self) -> tuple[str, ...]:
        """Numbers of the reports."""
        return numbered("F", len(self.register.reports), 5)

    def remains_ids(self) -> tuple[str, ...]:
        """Numbers of the remains, in the order in which they were received."""
        return numbered("R", len(self.arrival.remains), 4)

    def bag_numbers(self) -> list[str]:
        """Numbers of the bags, counted within each transfer."""
        count: Counter[int] = Counter()
        numbers = []
        for transfer in self.arrival.bags:
            count[transfer] += 1
            numbers.append(f"B{transfer + 1}-{count[transfer]:04d}")
        return numbers

    def individual_codes(self) -> dict[int, str]:
        """Codes of individuals, in the order in which the first remains of each was met."""
        met = dict.fromkeys(remains.individual for remains in self.arrival.remains)
        return dict(zip(met, numbered("I", len(met), 4), strict=True))


def _tie(world: World, person: int, other: int) -> str | None:
    """What a sibling or cousin is by blood, where another father may have come between."""
    parents = [{world.father[one], world.mother[one]} - {NOBODY} for one in (person, other)]
    common = parents[0] & parents[1]
    if common:
        return "full sibling" if len(common) == 2 else "half-sibling"
    above = [{world.father[one] for one in own} | {world.mother[one] for one in own} for own in parents]
    return "first cousin" if (above[0] & above[1]) - {NOBODY} else None


def numbered(letter: str, count: int, width: int) -> tuple[str, ...]:
    """Numbers from 1, all of one width.

    >>> numbered("R", 2, 4)
    ('R0001', 'R0002')
    """
    width = max(width, len(str(count)))
    return tuple(f"{letter}{number + 1:0{width}d}" for number in range(count))


def sample_numbers(first: int, count: int) -> tuple[str, ...]:
    """Sample numbers; `first` counts from 0."""
    return tuple(f"S{first + number + 1:06d}" for number in range(count))


def family(
    register: Register,
    report: Report,
    name: str,
    profiles: Mapping[str, Profile],
    words: frozenset[str],
    told: Mapping[int, Description],
    lineages: Mapping[str, Lineage],
) -> Family:
    """One family as the engine takes it.

    `words` are the suffixes of those who have no unlisted sibling by its word, `told` is what is told of whom in the
    world, `lineages` what was read of which sample.
    """
    world = register.world

    def full(suffix: str | None) -> str | None:
        return None if suffix is None else f"{name}-{suffix}"

    persons = [
        Person(
            f"{name}-{suffix}",
            full(member.father),
            full(member.mother),
            world.sex[member.world],
            world.born[member.world] if member.year_known else None,
        )
        for suffix, member in report.members.items()
    ]
    missing = tuple(f"{name}-{suffix}" for suffix in report.missing)
    since = {f"{name}-{suffix}": world.gone[report.members[suffix].world] for suffix in report.missing}
    alone = frozenset(f"{name}-{suffix}" for suffix in words)
    persons_told = {f"{name}-{suffix}": told.get(report.members[suffix].world) for suffix in report.missing}
    descriptions = {person: one for person, one in persons_told.items() if one is not None}
    read = {person: lineages[profile.sample] for person, profile in profiles.items() if profile.sample in lineages}
    pedigree = Pedigree.build(persons, family=name)
    of_men = {person: lineage for person, lineage in read.items() if pedigree[person].sex is not Sex.FEMALE}
    return Family(name, pedigree, missing, profiles, since, alone, descriptions, of_men)


def truth(
    happening: Happening, individuals: Sequence[Individual], swapped: Mapping[str, str], contaminants: Mapping[str, int]
) -> tuple[TruthRow, ...]:
    """Whose each remains is. A swapped label does not change that: the remains are still theirs.

    `swapped` are the samples with which others exchanged labels, `contaminants` whose DNA (a number of an individual)
    is in a sample besides.
    """
    listed = happening.register.reports_of()
    codes, names, ties = happening.individual_codes(), happening.family_names(), happening.ties()
    rows = []
    for remains, individual, person in zip(happening.arrival.remains, individuals, happening.owners(), strict=True):
        entries = [(names[number], f"{names[number]}-{suffix}") for number, suffix in listed.get(person, [])]
        family_name, missing = entries[0] if entries else (None, None)
        again = "/".join(entries[1]) if len(entries) > 1 else None
        code, [sample] = codes[remains.individual], individual.samples
        other = contaminants.get(sample, remains.individual)
        rows.append(
            TruthRow(
                individual.id,
                code,
                missing,
                sample,
                family_name,
                again,
                ties.get(remains.individual),
                swapped.get(sample),
                None if other == remains.individual else codes[other],
            )
        )
    return tuple(rows)


def family_truth(
    happening: Happening, families: Sequence[Family], swapped: Mapping[str, str]
) -> tuple[FamilyTruthRow, ...]:
    """What is true of families and not in their papers: another father, exchanged labels, a word that was false."""
    names = happening.family_names()
    owner = {profile.sample: person for family in families for person, profile in family.profiles.items()}
    fathers = [(number, f"{names[number]}-{suffix}") for number, suffix in happening.misattributed]
    false = [(number, f"{names[number]}-{suffix}") for (number, suffix), true in happening.words.items() if not true]
    return (
        *(FamilyTruthRow(names[number], person, "the recorded father is not the father") for number, person in fathers),
        *(
            FamilyTruthRow(names[number], person, "a full sibling is not listed, against the word")
            for number, person in false
        ),
        *(
            FamilyTruthRow(family.name, person, f"{EXCHANGED} {owner[swapped[sample]]}")
            for family in families
            for person, profile in family.profiles.items()
            for sample in (profile.sample,)
            if sample in swapped
        ),
    )
