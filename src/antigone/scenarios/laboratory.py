"""What a laboratory reads of the invented people: whole profiles of donors, degraded ones of the dead, and its errors.

In plain mode each reading keeps, up to a factor that does not depend on the genotype, to the probabilities of
`antigone.genetics.observation` at the rates that the engine is told; so a likelihood ratio means what it says. A
degraded sample follows that model to the letter. A good sample, in which nothing drops out, shows no single alleles
but homozygous ones, and its drop-in is made to fit (`_signals_of_good`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele, Named, Repeat, allele_order
from antigone.genetics.markers import marker as known_marker
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile, is_discordant
from antigone.scenarios.presets import Preset
from antigone.scenarios.transfers import shares

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int16]
Readings = dict[str, tuple[Reading, ...]]

AMEL = "AMEL"
REPLICATES = 2
NOTHING = -1
# At how many markers two replicates of one sample may contradict each other before a laboratory repeats the typing.
DISCORDANT_MARKERS = 2

# Bases of a fragment beside its repeats: the intercepts, rounded, of size on repeats in simDNAmixtures (CRAN),
# inst/extdata/GlobalFiler_SizeRegression.csv. For markers and kits that are not there, the middle of these.
FLANKS: Mapping[str, int] = {
    "D3S1358": 60, "vWA": 112, "D16S539": 207, "CSF1PO": 259, "TPOX": 317, "D8S1179": 94, "D21S11": 86,
    "D18S51": 233, "D2S441": 45, "D19S433": 94, "TH01": 162, "FGA": 170, "D22S1045": 65, "D5S818": 110,
    "D13S317": 178, "D7S820": 239, "SE33": 290, "D10S1248": 54, "D1S1656": 122, "D12S391": 161, "D2S1338": 236,
}  # fmt: skip
OTHER_FLANK = 161
REFERENCE_LENGTH = 200


@dataclass(frozen=True)
class Bench:
    """Markers with their models, and every reading that occurs made once."""

    models: tuple[MarkerModel, ...]
    _made: dict[tuple[int, frozenset[int], bool], Reading] = field(default_factory=dict, repr=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The markers that are typed, amelogenin last."""
        return (*(model.name for model in self.models), AMEL)

    def alleles(self, m: int) -> Sequence[Allele]:
        """The alleles of a marker; of amelogenin X and Y."""
        return self.models[m].alleles if m < len(self.models) else (Named("X"), Named("Y"))

    def genotypes(self, codes: Codes, sexes: Sequence[Sex]) -> Integers:
        """Genotypes with amelogenin as one more marker; shape (people, markers + 1, 2)."""
        amelogenin = np.array([[0, 1] if sex is Sex.MALE else [0, 0] for sex in sexes], dtype=np.int64)
        return np.concatenate([codes.astype(np.int64), amelogenin.reshape(-1, 1, 2)], axis=1)

    def reading(self, m: int, seen: frozenset[int], *, sure: bool) -> Reading:
        """The reading of a set of alleles; a single one is homozygous only where the laboratory is `sure`."""
        key = (m, seen, sure or len(seen) > 1)
        if key not in self._made:
            alleles = tuple(sorted((self.alleles(m)[k] for k in seen), key=allele_order))
            single = Reads.HOMOZYGOUS if sure else Reads.OTHER_UNSEEN
            self._made[key] = Reading(alleles, single if len(alleles) == 1 else Reads.ALLELES)
        return self._made[key]

    def draw(self, m: int, u: Floats) -> Integers:
        """Alleles of the population from uniform numbers."""
        p = self.models[m].frequencies
        cumulative = np.cumsum(p / p.sum())
        cumulative[-1] = 1.0
        return np.asarray(np.searchsorted(cumulative, u, side="right"), dtype=np.int64)


@dataclass(frozen=True)
class Quality:
    """How good the samples of the dead are: degree 0 is good, 1 and more are degraded; how often each was typed."""

    degree: Integers
    replicates: Integers


def sample_quality(preset: Preset, samples: int, rng: np.random.Generator) -> Quality:
    """Draw the state of every sample."""
    good, twice = rng.random(samples), rng.random(samples)
    degraded = 1 + rng.choice(len(preset.degradation), size=samples, p=shares(preset.degradation))
    degree = np.where(good < preset.good_share, 0, degraded)
    replicates = np.where((degree > 0) & (twice < preset.replicate_share), 2, 1)
    return Quality(degree.astype(np.int64), replicates.astype(np.int64))


def mistyped(bench: Bench, genotypes: Integers, rate: float, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Genotypes as a sample shows them where an allele is taken for another; and how many errors each sample has."""
    wrong = rng.random((len(genotypes), len(bench.models), 2)) < rate
    u = rng.random(wrong.shape)
    shown = genotypes.copy()
    for m in range(len(bench.models)):
        shown[:, m] = np.where(wrong[:, m], bench.draw(m, u[:, m]), genotypes[:, m])
    return shown, np.asarray((shown != genotypes).any(axis=2).sum(axis=1))


@dataclass(frozen=True)
class Contamination:
    """Whose DNA is in a sample besides, at which markers: `other` is a row of genotypes, −1 for a clean sample."""

    other: Integers
    markers: Flags


def contaminate(preset: Preset, samples: int, markers: int, rng: np.random.Generator) -> Contamination:
    """Draw which samples bear traces of another sample's person."""
    u, step = rng.random(samples), rng.integers(1, max(samples, 2), samples)
    where = rng.random((samples, markers)) < preset.contaminated_markers
    other = (np.arange(samples) + step) % samples
    return Contamination(np.where(u < preset.contamination, other, NOTHING), where)


def profiles_of_the_dead(
    bench: Bench,
    preset: Preset,
    genotypes: Integers,
    quality: Quality,
    contamination: Contamination,
    contaminants: Integers,
    rng: np.random.Generator,
) -> tuple[list[Readings], int]:
    """What is read of each sample, marker by marker; and of how many the second typing was thrown away.

    `genotypes` has shape (samples, markers, 2), `contaminants` (people, markers, 2). A laboratory that finds its two
    typings at odds at more than two markers keeps the first.
    """
    samples, markers = len(genotypes), len(bench.names)
    signals = _signals(bench, preset, genotypes, quality.degree, rng)
    failure = np.array((0.0, *preset.marker_failure))[quality.degree]
    failed = rng.random((samples, markers, REPLICATES)) < failure[:, None, None]
    sure = (quality.degree == 0) | (preset.drop_out == 0)
    found, thrown_away = [], 0
    for i in range(samples):
        traces = _traces(contamination, contaminants, i)
        sets = [
            [
                frozenset() if failed[i, m, r] else frozenset(signals[i, m, r].tolist()) - {NOTHING}
                for m in range(markers)
            ]
            for r in range(int(quality.replicates[i]))
        ]
        for m, extra in traces.items():
            for typing in sets:
                typing[m] = sets[0][m] | extra  # it is in the extract, so in every typing
        profile = _profile(bench, sets, sure=bool(sure[i]))
        if _is_at_odds(profile):
            profile = _profile(bench, sets[:1], sure=bool(sure[i]))
            thrown_away += 1
        found.append(profile)
    return found, thrown_away


def _traces(contamination: Contamination, contaminants: Integers, i: int) -> dict[int, frozenset[int]]:
    other = int(contamination.other[i])
    if other == NOTHING:
        return {}
    return {int(m): frozenset(contaminants[other, m].tolist()) for m in np.flatnonzero(contamination.markers[i])}


def _profile(bench: Bench, typings: Sequence[Sequence[frozenset[int]]], *, sure: bool) -> Readings:
    profile = {}
    for m, name in enumerate(bench.names):
        readings = tuple(bench.reading(m, typing[m], sure=sure) for typing in typings if typing[m])
        if readings:
            profile[name] = readings
    return profile


def _is_at_odds(profile: Readings) -> bool:
    """Whether two typings contradict each other at more markers than a laboratory lets pass.

    Third alleles at several markers are no contradiction: they are a mixture, which is told by itself.
    """
    crowded = sum(any(len(reading.alleles) > 2 for reading in readings) for readings in profile.values())
    return crowded <= 1 and sum(is_discordant(readings) for readings in profile.values()) > DISCORDANT_MARKERS


def _signals(bench: Bench, preset: Preset, genotypes: Integers, degree: Integers, rng: np.random.Generator) -> Integers:
    """Alleles seen: shape (samples, markers, replicates, 3), −1 where there is none; the third is a drop-in.

    The same uniform numbers are drawn whatever the rates, so that a changed rate changes nothing else.
    """
    samples, markers = genotypes.shape[:2]
    u = rng.random((4, samples, markers, REPLICATES))
    seen = np.full((samples, markers, REPLICATES, 3), NOTHING, dtype=np.int64)
    good = degree == 0
    for m in range(markers):
        drop_in = preset.drop_in if m < len(bench.models) else 0.0
        extra = bench.draw(m, u[3, :, m]) if drop_in else np.zeros((samples, REPLICATES), dtype=np.int64)
        for rows, signals in ((good, _signals_of_good), (~good, _signals_of_degraded)):
            drop = _drop_out(bench, preset, m, genotypes[rows, m], degree[rows])
            seen[rows, m] = signals(genotypes[rows, m], drop, preset.drop_out, drop_in, extra[rows], u[:3, rows, m])
    return seen


def _signals_of_degraded(
    genotype: Integers, drop: Floats, _declared: float, drop_in: float, extra: Integers, u: Floats
) -> Integers:
    """Each copy of an allele drops out by itself; then, at times, an allele of the population comes in."""
    a, b = genotype[:, :1], genotype[:, 1:]
    seen_a = u[0] >= drop[:, :1]
    seen_b = u[1] >= drop[:, 1:]
    columns = (np.where(seen_a, a, NOTHING), np.where(seen_b, b, NOTHING), np.where(u[2] < drop_in, extra, NOTHING))
    return np.stack(columns, axis=2)


def _signals_of_good(
    genotype: Integers, _drop: Floats, declared: float, drop_in: float, extra: Integers, u: Floats
) -> Integers:
    """Both alleles, and drop-in such that the rates told for degraded samples judge these without bias.

    The engine reads a set of two or more alleles with P(set | genotype) at drop-out d and drop-in c. The probabilities
    here are those, times a constant for each kind of set: an allele that is not there comes in with c' = c/(1 − d + cd)
    (at a homozygous marker with (1 + d)c'), and hides one of two others with 2d. What is left has both alleles, or is
    called homozygous. With c = 0 it is always so.
    """
    a, b = genotype[:, :1], genotype[:, 1:]
    homozygous = a == b
    rate = drop_in / (1 - declared + drop_in * declared)
    comes = (u[2] < rate * np.where(homozygous, 1 + declared, 1.0)) & (extra != a) & (extra != b)
    hides = comes & ~homozygous & (u[0] < 2 * declared)
    hides_a = hides & (u[1] < 0.5)
    columns = (
        np.where(hides_a, NOTHING, a),
        np.where(hides & ~hides_a, NOTHING, b),
        np.where(comes, extra, NOTHING),
    )
    return np.stack(columns, axis=2)


def _drop_out(bench: Bench, preset: Preset, m: int, genotype: Integers, degree: Integers) -> Floats:
    """Drop-out of both alleles, shape (samples, 2): one rate for all, or growing with length and degradation."""
    rate = preset.drop_out
    if rate == 0 or preset.drop_out_per_100_bases == 0 or m == len(bench.models):
        return np.full(genotype.shape, rate)
    excess = (_lengths(bench.models[m])[genotype] - REFERENCE_LENGTH) / 100
    logit = math.log(rate / (1 - rate)) + preset.drop_out_per_100_bases * degree[:, None] * excess
    return np.asarray(1 / (1 + np.exp(-logit)))


def _lengths(model: MarkerModel) -> Floats:
    """Bases of the fragment of each allele."""
    unit = known_marker(model.name).repeat_length or 4
    flank = FLANKS.get(model.name, OTHER_FLANK)
    return np.array([flank + (a.length(unit) if isinstance(a, Repeat) else 0) for a in model.alleles], dtype=np.float64)


def profiles_of_donors(
    bench: Bench, preset: Preset, genotypes: Integers, items: Flags, rng: np.random.Generator
) -> list[Readings]:
    """Fresh samples: everything is seen, save a few markers that fail.

    An item in use (`items`) shows one of two alleles alone, each with `personal_item_loss`, and a homozygous allele
    below the threshold as often: of such a reading the engine takes only that the allele was there.
    """
    samples, markers = genotypes.shape[:2]
    u, failed = rng.random((samples, markers)), rng.random((samples, markers)) < preset.donor_marker_failure
    weak = np.where(items[:, None], preset.personal_item_loss, 0.0)
    first = u < weak
    second = (u >= weak) & (u < 2 * weak) & (genotypes[:, :, 0] != genotypes[:, :, 1])
    found = []
    for i in range(samples):
        profile: Readings = {}
        for m, name in enumerate(bench.names):
            if failed[i, m]:
                continue
            a, b = genotypes[i, m].tolist()
            if first[i, m] or second[i, m]:
                profile[name] = (bench.reading(m, frozenset({a if first[i, m] else b}), sure=False),)
            else:
                profile[name] = (bench.reading(m, frozenset({a, b}), sure=True),)
        found.append(profile)
    return found


def swap_labels(
    samples: Sequence[str],
    profiles: Sequence[Readings],
    rate: float,
    rng: np.random.Generator,
) -> tuple[list[Profile], list[tuple[str, str]]]:
    """Profiles under their sample numbers, some pairs exchanged so that a share `rate` of samples is mislabelled."""
    count = int(rng.binomial(len(samples) // 2, rate))
    chosen = rng.permutation(len(samples))[: 2 * count].reshape(-1, 2).tolist()
    contents = list(profiles)
    for a, b in chosen:
        contents[a], contents[b] = contents[b], contents[a]
    named = [Profile(sample, content) for sample, content in zip(samples, contents, strict=True)]
    return named, [(samples[a], samples[b]) for a, b in chosen]
