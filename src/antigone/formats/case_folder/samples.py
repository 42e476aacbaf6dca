"""Whose a sample is: each profile is asked for by one person or remains, and none is left over."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from antigone.formats.case_folder.lineages import BETWEEN_SAMPLES, ReadMtDna, SampleLineages
from antigone.formats.case_folder.markers import AMELOGENIN
from antigone.formats.case_folder.profiles import ReadProfiles
from antigone.formats.errors import quoted
from antigone.formats.tables import Problems, Row
from antigone.genetics.haplotypes import Lineage
from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile, is_discordant
from antigone.matching.operation import LeftOut, SampleErrors

SEPARATOR = BETWEEN_SAMPLES
"""Between the samples of one person, and in the name of their joint profile."""
_MOST_DISCORDANT = 2
_CALLED = {"elimination": "entry of the elimination list"}


class Owner(NamedTuple):
    """The row that names a sample, and for whom."""

    kind: str  # "remains", "person" or "elimination"
    id: str
    family: str
    file: str
    line: int

    def __str__(self) -> str:
        who = f"{_CALLED.get(self.kind, self.kind)} {quoted(self.id)}"
        return who + (f" of family {quoted(self.family)}" if self.family else "")


@dataclass(frozen=True)
class JoinedSamples:
    """The samples of one person, joined as replicates. `profile` is None where none of them has a profile.

    `samples` are those of the profile; a sample of which lineages alone were read is in `lineage` and not in them.
    """

    profile: Profile | None
    samples: tuple[str, ...]
    absent: tuple[str, ...]
    lineage: Lineage | None = None


class Samples:
    """Hands out profiles to those whose samples they are."""

    def __init__(self, read: ReadProfiles, problems: Problems, mtdna: ReadMtDna | None = None) -> None:
        self._read = read
        self._problems = problems
        self._mtdna = mtdna or ReadMtDna()
        self._lineages = SampleLineages(read.y, self._mtdna.sequences)
        self._profiles = {
            name: profile
            for name, profile in read.profiles.items()
            if profile.readings or name not in self._lineages  # of which lineages alone were read has none
        }
        self._joint: dict[str, list[str]] = {}
        for name in dict.fromkeys((*self._profiles, *self._lineages.names())):
            if SEPARATOR in name:
                self._joint.setdefault(name.split(SEPARATOR)[0], []).append(name)
        self._ordinary = read.ordinary.difference(self._lineages.names(), self._joint)
        self._owners: dict[str, list[Owner]] = {}
        self._owned_by = "remains.csv or families.csv"
        self.warnings: list[str] = []

    def take(self, names: Sequence[str], row: Row, owner: Owner) -> JoinedSamples:
        """The joint profile of some samples. Notes a problem where somebody else has one of them."""
        if len(names) == 1 and self.is_ordinary(names[0]):
            self._claim(names[0], row, owner)
            return JoinedSamples(self._profiles[names[0]], (names[0],), ())
        joints = self._joint_names(names)
        for name in (*names, *joints):
            self._claim(name, row, owner)
        lineage = self._lineages.joined((*names, *joints), owner, self.warnings)
        profiles = self._profiles
        single = [name for name in names if name in profiles]
        together = {part for name in joints for part in name.split(SEPARATOR)}
        absent = tuple(
            name for name in names if name not in profiles and name not in self._lineages and name not in together
        )
        joint = next((name for name in joints if name in profiles), None)
        if joint is not None:
            if single:
                found = f"profiles of {quoted(joint)} and of {', '.join(map(quoted, single))}"
                row.complain("sample", found=found, expected="either the joint profile or those of the samples")
            return JoinedSamples(profiles[joint], tuple(joint.split(SEPARATOR)), absent, lineage)
        if not single:
            return JoinedSamples(None, (), absent, lineage)
        profile = profiles[single[0]]
        for name in single[1:]:
            profile = profile.joined(profiles[name], f"{profile.sample}{SEPARATOR}{name}")
        return JoinedSamples(profile, tuple(single), absent, lineage)

    def take_ordinary(self, name: str, owner: Owner) -> Profile | None:
        """The profile of an ordinary sample that nobody has named yet, of which `take` would say nothing more.

        None, nothing being taken, of any other.
        """
        if name in self._owners or not self.is_ordinary(name):
            return None
        self._owners[name] = [owner]
        return self._profiles[name]

    def is_ordinary(self, name: str) -> bool:
        """Whether this sample alone has a profile, which is known to be of one person and to be searched."""
        return name in self._ordinary

    def _joint_names(self, names: Sequence[str]) -> list[str]:
        """The joint names of some of these samples under which the files hold something."""
        known = set(names)
        return [
            joint for name in names for joint in self._joint.get(name, ()) if known.issuperset(joint.split(SEPARATOR))
        ]

    def _claim(self, name: str, row: Row, owner: Owner) -> None:
        owners = self._owners.setdefault(name, [])
        others = [other for other in owners if not _may_share(other, owner)]
        if others:
            expected = f"another sample: this one is of {others[0]} ({others[0].file}, line {others[0].line})"
            row.complain("sample", found=quoted(name), expected=expected)
        elif owners and owner not in owners:
            self.warnings.append(f"sample {name} stands for {owners[0]} and for {owner}: they are taken for one person")
        owners.append(owner)

    def ask_elimination_too(self) -> None:
        """Say in errors that the elimination list may name a sample."""
        self._owned_by = "remains.csv, families.csv or elimination.csv"

    def complain_of_unclaimed(self) -> None:
        """A profile that nobody asked for would be accepted and not searched."""
        for sample, line in self._read.lines.items():
            if sample not in self._owners:
                expected = f"a sample that {self._owned_by} names: a profile that nobody owns is not searched"
                self._problems.add(self._read.file, line, "sample", found=quoted(sample), expected=expected)
        for sample, line in self._mtdna.lines.items():
            if sample not in self._owners:
                expected = "a sample that remains.csv or families.csv names"
                self._problems.add(self._mtdna.file, line, "sample", found=quoted(sample), expected=expected)

    def profiles_of(self, samples: Sequence[str]) -> list[Profile]:
        """The profiles as the laboratory gave them, before joining."""
        return [self._read.profiles[name] for name in samples if name in self._read.profiles]


def _may_share(one: Owner, other: Owner) -> bool:
    """Whether both can be one person: somebody may belong to two families."""
    return one == other or (one.kind == other.kind == "person" and one.family != other.family)


def can_be_searched(profile: Profile) -> bool:
    """Whether anything was read but amelogenin, which is no evidence of kinship."""
    return any(readings and name != AMELOGENIN for name, readings in profile.readings.items())


def more_than_two(profile: Profile) -> list[str]:
    """The markers at which some replicate shows three alleles or more."""
    crowded = {name: 0 for name, readings in profile.readings.items() for one in readings if len(one.alleles) > 2}
    return list(crowded)


@dataclass(frozen=True)
class Checked:
    """A profile of one person, or why there is none; of remains the mixture that is there instead."""

    profile: Profile | None
    left_out: LeftOut | None = None
    warnings: tuple[str, ...] = ()
    mixture: Profile | None = None


def check_one_person(joined: JoinedSamples, errors: SampleErrors, row: Row, owner: Owner, samples: Samples) -> Checked:
    """Whether a profile can be of one person: mixtures are left out, contradicting samples are an error."""
    profile = joined.profile
    if profile is None or samples.is_ordinary(profile.sample):
        return Checked(profile)
    crowded = more_than_two(profile)
    if len(crowded) > 1:
        reason = f"more than two alleles at {len(crowded)} markers: a mixture waits for resampling"
        if owner.kind == "remains":
            return Checked(None, LeftOut("individual", owner.id, reason), mixture=profile)
        return Checked(None, LeftOut("sample", profile.sample, f"{reason} ({owner})"))
    warnings = []
    if crowded and not _is_explained(profile.readings[crowded[0]], errors):
        readings = {name: each for name, each in profile.readings.items() if name != crowded[0]}
        profile = Profile(profile.sample, readings)
        warnings.append(f"{owner}: more than two alleles at {crowded[0]}, which is left out for this person")
    # One reading of at most two alleles contradicts nothing; to ask of each would take as long as to read the file.
    several = {name: readings for name, readings in profile.readings.items() if len(readings) > 1 or name in crowded}
    discordant = [name for name, readings in several.items() if is_discordant(readings)]
    if not discordant:
        return Checked(profile, warnings=tuple(warnings))
    allowed = _MOST_DISCORDANT if errors.drop_in > 0 or errors.typing_error > 0 else 0
    if len(discordant) > allowed:
        _complain_of_discord(joined, discordant, allowed, row, owner, samples)
        return Checked(None)
    return Checked(profile, warnings=(*warnings, *_allowed_discord(discordant, profile, owner)))


def _allowed_discord(discordant: Sequence[str], profile: Profile, owner: Owner) -> list[str]:
    """One reading of three alleles disagrees with no other reading, and is told as what it is."""
    alone = [name for name in discordant if len(profile.readings[name]) == 1]
    among = [name for name in discordant if name not in alone]
    told = [f"{owner}: three alleles at {name}, one of which may be a drop-in" for name in alone]
    if among:
        told.append(f"{owner}: replicates disagree at {', '.join(among)}, as drop-in and typing errors allow")
    return told


def _is_explained(readings: Sequence[Reading], errors: SampleErrors) -> bool:
    """One allele too many can be a drop-in; the model knows no second one in the same replicate."""
    return errors.drop_in > 0 and all(len(reading.alleles) <= 3 for reading in readings)


def _complain_of_discord(
    joined: JoinedSamples, discordant: Sequence[str], allowed: int, row: Row, owner: Owner, samples: Samples
) -> None:
    within = [
        profile.sample
        for profile in samples.profiles_of(joined.samples)
        if len(joined.samples) > 1 and any(is_discordant(profile.readings.get(name, ())) for name in discordant)
    ]
    of = f"the samples {', '.join(map(quoted, joined.samples))}" if len(joined.samples) > 1 else "the replicates"
    if len(joined.samples) == 1:
        of += f" of sample {quoted(joined.samples[0])}"
    if within:
        of += f" (within {', '.join(map(quoted, within))} already)"
    found = f"{of} of {owner}, which contradict each other at {', '.join(discordant)}"
    expected = "samples of one person" + (f", who may differ at {allowed} markers at most" if allowed else "")
    row.complain("sample", found=found, expected=f"{expected}; mend the typing, or whose the samples are")
