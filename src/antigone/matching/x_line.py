"""The X chromosome through a pedigree, as a line of evidence of its own: linked markers in chains.

A father passes his X on whole and a mother one of hers with crossovers, so markers near each other say together what
they do not say apart. Markers are computed in chains, as long as each is linked with the next.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from antigone.genetics.elimination import TooComplexError
from antigone.genetics.likelihood import (
    Known,
    Observed,
    Options,
    known_from_readings,
    linked_log_likelihood,
    log_likelihoods,
)
from antigone.genetics.markers import all_markers, canonical_name, linked_pairs
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import genotype_likelihood
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching.operation import Family, Individual, Settings
from antigone.matching.preparation import Prepared
from antigone.matching.tables import UNRELATED, linkage_can_matter, what_is_known


@dataclass(frozen=True)
class Chain:
    """Linked markers in the order of the chromosome, and the recombination fraction between each two."""

    markers: tuple[str, ...]
    recombination: tuple[float, ...]


@dataclass(frozen=True)
class XEvidence:
    """What the X chromosome says about one individual and one missing person.

    `by_chain` holds log10 LR for each chain that was computed, `log10_lr` is their sum. `cut` are places between two
    linked markers at which a chain was cut, because the whole of it would not have fitted into memory.
    """

    individual: str
    own_sample: str
    family: str
    person: str
    donor_samples: tuple[str, ...]
    log10_lr: float
    by_chain: Mapping[Chain, float]
    cut: tuple[str, ...] = ()


def x_chromosome_lr(
    prepared: Prepared, individual: Individual, family: Family, person: str, settings: Settings
) -> XEvidence | None:
    """The likelihood ratio of the X markers alone: the missing person against somebody unrelated of the same sex.

    None where it says nothing: no X marker read of both the individual and a relative, or a sex that is not known or
    not the same. With theta each marker is computed with it and what linkage adds without, as in the search.
    """
    sex = family.pedigree[person].sex
    if sex is Sex.UNKNOWN or individual.sex not in (Sex.UNKNOWN, sex):
        return None
    case = _Case.of(prepared, individual, family, person, settings)
    if not case.models:
        return None
    by_chain: dict[Chain, float] = {}
    cut: list[str] = []
    for chain in chains([model.name for model in case.models]):
        by_chain |= case.ratio(chain, prepared.options, cut)
    donors = tuple(profile.sample for name, profile in family.profiles.items() if name in case.donors)
    return XEvidence(
        individual.id,
        individual.profile.sample,
        family.name,
        person,
        donors,
        sum(by_chain.values()),
        by_chain,
        tuple(cut),
    )


def chains(names: Sequence[str]) -> tuple[Chain, ...]:
    """X markers in chains: in the order of the chromosome, a chain for as long as each is linked with the next.

    >>> [chain.markers for chain in chains(["DXS8378", "HPRTB", "DXS10148", "DXS10101"])]
    [('DXS10148', 'DXS8378'), ('HPRTB', 'DXS10101')]
    """
    order = [marker.name for marker in all_markers() if marker.name in names]
    order += [name for name in names if canonical_name(name) != name]  # of which nobody knows where they lie
    rho = {frozenset((pair.first, pair.second)): pair.recombination for pair in linked_pairs(order)}
    found: list[Chain] = []
    for name in order:
        between = rho.get(frozenset((found[-1].markers[-1], name))) if found else None
        if between is None:
            found.append(Chain((name,), ()))
        else:
            found[-1] = Chain((*found[-1].markers, name), (*found[-1].recombination, between))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class _Case:
    """The X markers of one individual and one family: what is known under each of the two hypotheses."""

    models: tuple[MarkerModel, ...]
    related: Mapping[str, Mapping[str, Known]]
    unrelated: Mapping[str, Mapping[str, Known]]
    pedigree: Pedigree
    with_stranger: Pedigree
    donors: frozenset[str]

    @classmethod
    def of(cls, prepared: Prepared, individual: Individual, family: Family, person: str, settings: Settings) -> "_Case":
        """Where both somebody of the family and the individual were read."""
        sex = family.pedigree[person].sex
        kept: list[MarkerModel] = []
        related: dict[str, Mapping[str, Known]] = {}
        unrelated: dict[str, Mapping[str, Known]] = {}
        donors: set[str] = set()
        for model, known in zip(prepared.models, what_is_known(family, prepared.models, settings), strict=True):
            readings = individual.profile.readings.get(model.name, ())
            if not model.x_linked or not readings or not known:
                continue
            haploid = sex is Sex.MALE
            rates = settings.remains.rates(model)
            own = known_from_readings(readings, model, rates, haploid=haploid)
            as_person = own
            if person in known:
                reference = family.profiles[person].readings[model.name]
                likelihood = genotype_likelihood(reference, model, settings.donors.rates(model), haploid=haploid)
                as_person = Observed(likelihood * genotype_likelihood(readings, model, rates, haploid=haploid))
            kept.append(model)
            related[model.name] = {**known, person: as_person}
            unrelated[model.name] = {**known, UNRELATED: own}
            donors |= set(known)
        stranger = Pedigree.build([Person(UNRELATED, sex=sex)])
        with_stranger = family.pedigree.joined(stranger)
        return cls(tuple(kept), related, unrelated, family.pedigree, with_stranger, frozenset(donors))

    def ratio(self, chain: Chain, options: Options, cut: list[str]) -> dict[Chain, float]:
        """Log10 LR of a chain; of its two parts where the whole is too complex, cut where linkage is loosest."""
        if len(chain.markers) == 1 or not linkage_can_matter(self.pedigree):
            return {chain: sum(self._single(name, options) for name in chain.markers)}
        try:
            linked = self._linked(chain)
        except TooComplexError:
            loosest = int(np.argmax(chain.recombination))
            cut.append(f"{chain.markers[loosest]}–{chain.markers[loosest + 1]}")
            parts = (
                Chain(chain.markers[: loosest + 1], chain.recombination[:loosest]),
                Chain(chain.markers[loosest + 1 :], chain.recombination[loosest + 1 :]),
            )
            return {one: value for part in parts for one, value in self.ratio(part, options, cut).items()}
        if options.theta and math.isfinite(linked):
            apart = Options()
            linked += sum(self._single(name, options) - self._single(name, apart) for name in chain.markers)
        return {chain: linked}

    def _single(self, name: str, options: Options) -> float:
        model = [self._model(name)]
        yes = log_likelihoods(self.pedigree, model, [self.related[name]], options)[0]
        no = log_likelihoods(self.with_stranger, model, [self.unrelated[name]], options)[0]
        return _log10_ratio(float(yes), float(no))

    def _linked(self, chain: Chain) -> float:
        models = [self._model(name) for name in chain.markers]
        related = [self.related[name] for name in chain.markers]
        unrelated = [self.unrelated[name] for name in chain.markers]
        yes = linked_log_likelihood(self.pedigree, models, related, chain.recombination)
        no = linked_log_likelihood(self.with_stranger, models, unrelated, chain.recombination)
        return _log10_ratio(yes, no)

    def _model(self, name: str) -> MarkerModel:
        return next(model for model in self.models if model.name == name)


def _log10_ratio(related: float, unrelated: float) -> float:
    """Nan where both are impossible: the family contradicts itself."""
    if math.isinf(related) and math.isinf(unrelated):
        return math.nan
    return (related - unrelated) / math.log(10)
