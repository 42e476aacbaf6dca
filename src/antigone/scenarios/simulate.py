"""A whole operation with known truth: what arrived, who looks for whom, what the laboratory read."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from antigone import __version__
from antigone.formats.case_folder.truth import FamilyTruthRow, TruthRow
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.haplotypes import Lineage
from antigone.genetics.markers import Inheritance, UnknownPanelError, marker, panel
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile
from antigone.matching.description import Description
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.preparation import prepare
from antigone.matching.prior import Prior
from antigone.scenarios import story
from antigone.scenarios.dead import Status, choose_the_dead
from antigone.scenarios.declaring import declared_priors, prior_of_pairs
from antigone.scenarios.descriptions import Described, declared_evidence, describe, or_nothing
from antigone.scenarios.elements import elements_present
from antigone.scenarios.examination import Examination, examine
from antigone.scenarios.genotypes import Codes, Kinship, drop_through
from antigone.scenarios.laboratory import (
    NOTHING,
    Bench,
    Integers,
    Readings,
    contaminate,
    mistyped,
    profiles_of_donors,
    profiles_of_the_dead,
    sample_quality,
    swap_labels,
)
from antigone.scenarios.lineages import of_donors, of_the_dead, under_labels, y_haplotypes
from antigone.scenarios.population import invent_register, misattribute_fathers
from antigone.scenarios.presets import Preset, ScenarioError, Value
from antigone.scenarios.presets import preset as preset_of
from antigone.scenarios.records import Happening, family, family_truth, sample_numbers, truth
from antigone.scenarios.siblings import words_given
from antigone.scenarios.transfers import receive, scaled
from antigone.scenarios.world import Reference, Register

# Each part of the story has a generator of its own, so that a changed rate leaves the other parts as they are. New
# names go to the end: a generator is known by its place.
_PARTS = (
    "transfers",
    "register",
    "own samples",
    "dead",
    "strangers",
    "kin",
    "seats",
    "paternity",
    "drift",
    "genotypes",
    "genotypes of changed families",
    "genotypes of strangers",
    "examination",
    "quality",
    "contamination",
    "typing of the dead",
    "typing of donors",
    "typing errors of the dead",
    "typing errors of donors",
    "labels of the dead",
    "labels of donors",
    "words",
    "elements",
    "people",
    "told",
    "found",
    "lineages",
    "Y typing of the dead",
    "Y typing of donors",
)

# What a bureau knows of its laboratory and of its register, and therefore declares. The rest it cannot know: of that
# the engine is told the preset's plain values, whatever the overrides.
_DECLARED = frozenset(
    {
        "giver",
        "receiver",
        "year",
        "kit",
        "mutation_male",
        "mutation_female",
        "mutation_range",
        "mutation_microvariant",
        "drop_out",
        "drop_in",
        "not_listed_share",
        "without_references_share",
        "own_soldier_share",
        "civilian_share",
        "soldier_age",
        "civilian_age",
        "age_shape",
        "woman_soldier_share",
        "hair_colours",
        "threshold",
        "prior_factor",
    }
)


@dataclass(frozen=True, slots=True)
class Untold:
    """One thing that went wrong and that the case does not say: its `kind`, and the ids that it concerns."""

    kind: str
    ids: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """A synthetic operation, the truth about it, and its story.

    `story` holds counts by unit (never to be added up across units), all settings, the seed and the version, and can be
    written as JSON. `untold` lists, one by one, what departs from what the engine is told. `true_settings` are those of
    the operation as the world was drawn (`drawn_settings`).
    """

    operation: Operation
    truth: tuple[TruthRow, ...]
    story: dict[str, Any]
    untold: tuple[Untold, ...]
    family_truth: tuple[FamilyTruthRow, ...] = ()
    true_settings: Settings | None = None


def simulate(
    preset: Preset | str,
    *,
    scale: float = 1.0,
    seed: int,
    missing: int | None = None,
    hostile: bool = False,
    overrides: Mapping[str, Value] | None = None,
) -> Scenario:
    """Invent an operation.

    Parameters
    ----------
    preset
        A `Preset` or the name of one.
    scale
        What each transfer's bags and the register are multiplied by.
    seed
        The same seed and settings give the same operation.
    missing
        How many missing persons the register lists; None for the preset's own figure.
    hostile
        Whether the world departs from what the engine is told.
    overrides
        Settings by name (`antigone.scenarios.presets`), replacing the preset's and the hostile ones.

    Raises
    ------
    ScenarioError
        For a scale, seed, number or setting that cannot be.
    """
    plain = preset_of(preset) if isinstance(preset, str) else preset
    _check(scale, seed, missing)
    overrides = overrides or {}
    true = (plain.hostile() if hostile else plain).overridden(overrides)
    told = plain.overridden({name: value for name, value in overrides.items() if name in _DECLARED})
    # Nothing in the samples shows how many labels are wrong, or how many of the dead are siblings whom nobody listed: a
    # laboratory knows the one from audits, a bureau the other from families that it asked again; or they take others'.
    told = replace(
        told,
        label_swap=true.label_swap,
        unlisted_sibling_rate=true.unlisted_sibling_rate,
        false_sibling_word=true.false_sibling_word,
    )
    chance = generators(seed)
    world_before, happening = happen(true, scale, missing, chance)
    settings = declared_settings(told, prior_of_pairs(told, happening), declared_priors(true, happening))
    prepared = prepare(Operation("", (), (), nist_1036_caucasian(), settings))
    codes = drop_through(
        happening.register.world, world_before, happening.changed_households(), prepared, true.fst, chance
    )
    described = describe(true, happening, chance)
    recording = _Recording(true, happening, codes, Bench(prepared.models), described, chance)
    operation = Operation(_title(told), recording.individuals(), recording.families(), nist_1036_caucasian(), settings)
    untold = recording.untold()
    told_story = {
        "preset": true.name,
        "title": true.title,
        "version": __version__,
        "seed": seed,
        "scale": scale,
        "hostile": hostile,
        "counts": recording.counts(),
        "untold": dict(sorted(Counter(one.kind for one in untold).items())),
        "prior": settings.prior,
        "priors": {prior.name: story.shares(prior.shares) for prior in settings.priors},
        "settings": story.settings(true),
        "declared_otherwise": story.declared_otherwise(true, told),
    }
    return Scenario(
        operation,
        truth(happening, operation.individuals, recording.swapped, recording.contaminants),
        told_story,
        untold,
        family_truth(happening, operation.families, recording.swapped),
        drawn_settings(true, settings),
    )


def _check(scale: float, seed: int, missing: int | None) -> None:
    if not 0 < scale <= 100:
        raise ScenarioError(f"the scale is above 0 and at most 100, got {scale}")
    if seed < 0:
        raise ScenarioError(f"the seed is a whole number from 0, got {seed}")
    if missing is not None and missing < 1:
        raise ScenarioError(f"a register lists at least one missing person, got {missing}")


def generators(seed: int) -> dict[str, np.random.Generator]:
    """A generator for each part of the story."""
    spawned = np.random.SeedSequence(seed).spawn(len(_PARTS))
    return {name: np.random.default_rng(one) for name, one in zip(_PARTS, spawned, strict=True)}


def happen(
    preset: Preset, scale: float, missing: int | None, chance: Mapping[str, np.random.Generator]
) -> tuple[Kinship, Happening]:
    """What arrived and who is missed; with the families as they were before what nobody wrote down came in."""
    arrival = receive(preset, scale, chance["transfers"])
    if missing is None:
        usual = round(preset.missing_per_individual * arrival.individuals)
        missing = max(1, min(usual, scaled(preset.missing_at_most, scale)))
    register = invent_register(preset, missing, chance["register"], chance["own samples"])
    before = Kinship.of(register.world)
    dead = choose_the_dead(preset, register, arrival.first_transfers(), chance)
    words = words_given(preset, register, chance["words"])
    fathers = misattribute_fathers(register, preset.misattributed_paternity, chance["paternity"])
    return before, Happening(arrival, register, dead, fathers, words)


def declared_settings(preset: Preset, prior: float, priors: tuple[Prior, ...]) -> Settings:
    """The settings of a case: what the engine is told."""
    female, male = (
        Stepwise(rate, preset.mutation_range, preset.mutation_microvariant)
        for rate in (preset.mutation_female, preset.mutation_male)
    )
    return Settings(
        markers=kit_markers(preset.kit),
        kit=preset.kit,
        prior=prior,
        threshold=preset.threshold,
        mutation=Mutation(female=female, male=male),
        remains=SampleErrors(DropOut(preset.drop_out), preset.drop_in),
        year=preset.year,
        priors=priors,
        non_dna=declared_evidence(preset),
        mislabelled_samples=preset.label_swap,
        unlisted_siblings=preset.unlisted_sibling_rate,
        false_sibling_words=preset.false_sibling_word,
    )


def drawn_settings(true: Preset, declared: Settings) -> Settings:
    """The settings of a case as its world was drawn: one prior, the rates of the dead, those of evidence beside DNA.

    What differs in the world and cannot be declared so is left as it was: drift of the frequencies, errors in donors'
    samples and drop-out by length, contamination.
    """
    remains = SampleErrors(DropOut(true.drop_out), true.drop_in, true.typing_error)
    return replace(declared, priors=declared.priors[:1], remains=remains, non_dna=declared_evidence(true))


def kit_markers(kit: str) -> tuple[str, ...]:
    """The autosomal markers of a kit for which the built-in table has frequencies, in the kit's order.

    >>> len(kit_markers("GlobalFiler"))
    21
    """
    table = nist_1036_caucasian().markers
    try:
        names = panel(kit).markers
    except UnknownPanelError as error:
        raise ScenarioError(f"kit: {error}") from None
    kept = tuple(name for name in names if marker(name).inheritance is Inheritance.AUTOSOMAL and name in table)
    if not kept:
        raise ScenarioError(f"the kit {kit} has no autosomal marker in the built-in frequency table")
    return kept


def _title(preset: Preset) -> str:
    return f"{preset.title}: from {preset.giver} to {preset.receiver} (synthetic)"


class _Recording:
    """The examination and the laboratory: from what happened to the rows of a case."""

    def __init__(
        self,
        preset: Preset,
        happening: Happening,
        codes: Codes,
        bench: Bench,
        described: Described,
        chance: Mapping[str, np.random.Generator],
    ) -> None:
        self.described = described
        self.preset, self.happening, self.codes, self.bench, self.chance = preset, happening, codes, bench, chance
        self.quality = sample_quality(preset, len(happening.arrival.remains), chance["quality"])
        self.donors = _donors(happening.register)
        self.haplotypes = y_haplotypes(happening.register.world, chance["lineages"])
        self.thrown_away = 0
        self.wrong: list[Untold] = []
        self.swapped: dict[str, str] = {}
        self.contaminants: dict[str, int] = {}

    # The dead

    def individuals(self) -> tuple[Individual, ...]:
        """One individual of the case for each remains: reassociation is the engine's task."""
        happening, world = self.happening, self.happening.register.world
        owners, ids, bags = happening.owners(), happening.remains_ids(), happening.bag_numbers()
        samples = sample_numbers(0, len(owners))
        profiles = self._type_the_dead(owners, samples)
        lineages = self._y_of_the_dead(samples)
        elements = elements_present(happening.arrival, self.preset.element_lost_share, self.chance["elements"])
        found = []
        for k, (remains, person) in enumerate(zip(happening.arrival.remains, owners, strict=True)):
            seen = examine(
                self.preset,
                world.sex[person],
                world.gone[person] - world.born[person],
                part=remains.part,
                rng=self.chance["examination"],
            )
            self._tell_of_examination(ids[k], seen)
            found.append(
                Individual(
                    ids[k],
                    profiles[k],
                    seen.sex,
                    seen.age_min,
                    seen.age_max,
                    _in_words(self.described.remains[k]),
                    bags[remains.bag],
                    f"T{remains.transfer + 1}",
                    (samples[k],),
                    elements=elements[k],
                    description=or_nothing(self.described.remains[k]),
                    lineage=None if seen.sex is Sex.FEMALE else lineages.get(samples[k]),
                )
            )
        return tuple(found)

    def _type_the_dead(self, owners: Sequence[int], samples: Sequence[str]) -> list[Profile]:
        preset, chance = self.preset, self.chance
        genotypes = self._genotypes(owners)
        shown = self._mistyped(genotypes, samples, "the dead")
        traces = contaminate(preset, len(owners), len(self.bench.names), chance["contamination"])
        for i in np.flatnonzero(traces.other != NOTHING).tolist():
            self._tell("contamination", [samples[i]])
            self.contaminants[samples[i]] = self.happening.arrival.remains[int(traces.other[i])].individual
        readings, self.thrown_away = profiles_of_the_dead(
            self.bench, preset, shown, self.quality, traces, genotypes, chance["typing of the dead"]
        )
        return self._labelled(samples, readings, "the dead")

    def _y_of_the_dead(self, samples: Sequence[str]) -> dict[str, Lineage]:
        failure = np.array((0.0, *self.preset.marker_failure))[self.quality.degree]
        read = of_the_dead(self.preset, self.happening, self.haplotypes, failure, self.chance["Y typing of the dead"])
        return under_labels({samples[k]: alleles for k, alleles in read.items()}, self.swapped)

    # The families

    def families(self) -> tuple[Family, ...]:
        """Every report with the profiles of its donors and the missing persons' own samples."""
        register, names = self.happening.register, self.happening.family_names()
        profiles: list[dict[str, Profile]] = [{} for _ in register.reports]
        samples = sample_numbers(len(self.happening.arrival.remains), len(self.donors))
        typed = self._type_donors(samples)
        lineages = self._y_of_donors(samples)
        for (number, suffix), profile in zip(self.donors, typed, strict=True):
            profiles[number][f"{names[number]}-{suffix}"] = profile
        words: list[set[str]] = [set() for _ in register.reports]
        for number, suffix in self.happening.words:
            words[number].add(suffix)
        return tuple(
            family(register, report, name, found, frozenset(given), self.described.missing, lineages)
            for report, name, found, given in zip(register.reports, names, profiles, words, strict=True)
        )

    def _type_donors(self, samples: Sequence[str]) -> list[Profile]:
        reports = self.happening.register.reports
        genotypes = self._genotypes([reports[number].members[suffix].world for number, suffix in self.donors])
        shown = self._mistyped(genotypes, samples, "donors")
        items = np.array([reports[n].references.get(suffix) is Reference.ITEM for n, suffix in self.donors], dtype=bool)
        readings = profiles_of_donors(self.bench, self.preset, shown, items, self.chance["typing of donors"])
        return self._labelled(samples, readings, "donors")

    def _y_of_donors(self, samples: Sequence[str]) -> dict[str, Lineage]:
        sample_of = dict(zip(self.donors, samples, strict=True))
        read = of_donors(self.preset, self.happening, self.haplotypes, self.chance["Y typing of donors"])
        return under_labels({sample_of[donor]: alleles for donor, alleles in read.items()}, self.swapped)

    # Both

    def _genotypes(self, people: Sequence[int]) -> Integers:
        sexes = [self.happening.register.world.sex[person] for person in people]
        return self.bench.genotypes(self.codes[list(people)], sexes)

    def _mistyped(self, genotypes: Integers, samples: Sequence[str], whose: str) -> Integers:
        rng = self.chance[f"typing errors of {whose}"]
        shown, errors = mistyped(self.bench, genotypes, self.preset.typing_error, rng)
        self._tell("typing error", [samples[i] for i in np.flatnonzero(errors).tolist() for _ in range(errors[i])])
        return shown

    def _labelled(self, samples: Sequence[str], readings: Sequence[Readings], whose: str) -> list[Profile]:
        rng = self.chance[f"labels of {whose}"]
        profiles, swapped = swap_labels(samples, readings, self.preset.label_swap, rng)
        self.wrong += [Untold("label swap", pair) for pair in swapped]
        for one, other in swapped:
            self.swapped |= {one: other, other: one}
        return profiles

    # What is told to nobody, and what is told of it all

    def _tell(self, kind: str, ids: Sequence[str]) -> None:
        self.wrong += [Untold(kind, (one,)) for one in ids]

    def _tell_of_examination(self, remains: str, seen: Examination) -> None:
        self.wrong += [Untold(f"wrong {what}", (remains,)) for what in seen.wrong]

    def untold(self) -> tuple[Untold, ...]:
        """All that departs from what the engine is told, relatives and fathers first."""
        happening, names = self.happening, self.happening.family_names()
        listed, codes = happening.register.reports_of(), happening.individual_codes()
        kin = []
        for individual, one in enumerate(happening.dead):
            if one.relative_of is not None:
                number, suffix = listed[one.relative_of][0]
                kind = "unlisted sibling" if one.status is Status.UNLISTED_SIBLING else "unlisted cousin"
                kin.append(Untold(kind, (codes[individual], f"{names[number]}-{suffix}")))
        fathers = [
            Untold("misattributed paternity", (f"{names[n]}-{suffix}",)) for n, suffix in happening.misattributed
        ]
        false = [
            Untold("false word", (f"{names[n]}-{suffix}",)) for (n, suffix), true in happening.words.items() if not true
        ]
        return (*kin, *fathers, *false, *self.wrong)

    def counts(self) -> dict[str, Any]:
        """Counts for the story."""
        return story.counts(self.preset, self.happening, self.quality, self.thrown_away, len(self.donors))


def _in_words(description: Description) -> str:
    """A stature as `remains.csv` has it."""
    low, high = description.stature
    return "" if low is None or high is None else f"{low:.0f}-{high:.0f} cm"


def _donors(register: Register) -> list[tuple[int, str]]:
    """Everybody of whom a sample was typed for a family: the report's position and the person's suffix."""
    return [
        (number, suffix)
        for number, report in enumerate(register.reports)
        for suffix, member in report.members.items()
        if member.donor or suffix in report.references
    ]
