"""Bodies as families know them: what each says of the person that it may be, and of everybody else of the family."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.likelihood import (
    Known,
    Observed,
    Typed,
    known_from_readings,
    linked_log_likelihood,
    log_likelihoods,
)
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Sex
from antigone.matching.classes import MarkerClasses
from antigone.matching.lookup import PairLookup
from antigone.matching.operation import Family, Individual, Settings
from antigone.matching.preparation import Prepared
from antigone.matching.tables import linkage_can_matter, table_of_what_is_known, what_is_known

Floats = NDArray[np.float64]


# In families that miss more than these, two linked markers of several bodies cost seconds each: there the markers count
# as unlinked in placings of several, all of them alike (docs/methods/assignment.md).
LINKAGE_UP_TO = 2


@dataclass(frozen=True, eq=False)
class Bodies:
    """The individuals of a search, as every family looks them up."""

    individuals: Sequence[Individual]
    classes: Sequence[MarkerClasses]
    sexes: NDArray[np.str_]
    prepared: Prepared
    settings: Settings

    def log10_lrs(self, family: Family, placed: Mapping[str, int], person: str) -> Floats:
        """log10 LR of every individual at one missing person, with others in the pedigree already, without linkage.

        Raises `TableError` as `conditional_table` does.
        """
        known = self._with_bodies(family, placed)
        unlinked = replace(self.prepared, linked=())
        table = table_of_what_is_known(family, person, unlinked, known, where_nobody_is_typed=True)
        return PairLookup(table, self.classes, self.sexes).totals

    def log10_of_linkage(self, family: Family, placed: Mapping[str, int]) -> float:
        """What linked pairs of markers say together over what they say apart: with these bodies, against the family."""
        if not self.prepared.linked or len(family.missing) > LINKAGE_UP_TO or not linkage_can_matter(family.pedigree):
            return 0.0
        return sum(
            self._linked(family, pair, placed) - self._linked(family, pair, {}) for pair in self.prepared.linked
        ) / math.log(10.0)

    def _linked(self, family: Family, pair: LinkedPair, placed: Mapping[str, int]) -> float:
        models = [model for model in self.prepared.models if model.name in (pair.first, pair.second)]
        known = self._with_bodies(family, placed, models)
        apart = float(log_likelihoods(family.pedigree, models, known).sum())
        if not math.isfinite(apart) or not all(known):
            return 0.0
        return linked_log_likelihood(family.pedigree, models, known, [pair.recombination]) - apart

    def _with_bodies(
        self, family: Family, placed: Mapping[str, int], models: Sequence[MarkerModel] | None = None
    ) -> list[dict[str, Known]]:
        """What is known of the family at each marker, its samples and the bodies placed in it."""
        models = self.prepared.models if models is None else models
        known = what_is_known(family, models, self.settings)
        for name, i in placed.items():
            for m, model in enumerate(models):
                both = both_of(known[m].get(name), self._known(self.individuals[i], family, name, model), model)
                if both is not None:
                    known[m][name] = both
        return known

    def _known(self, individual: Individual, family: Family, person: str, model: MarkerModel) -> Known | None:
        readings = individual.profile.readings.get(model.name, ())
        sex = family.pedigree[person].sex
        if not readings or (model.x_linked and sex is Sex.UNKNOWN):
            return None
        rates = self.settings.remains.rates(model)
        return known_from_readings(readings, model, rates, haploid=model.x_linked and sex is Sex.MALE)


def both_of(sample: Known | None, body: Known | None, model: MarkerModel) -> Known | None:
    """A direct reference and a body, read of one person.

    What no genotype shows of a body is not used: see `MarkerClasses.impossible`.
    """
    if body is None or (isinstance(body, Observed) and not np.any(body.likelihood)):
        return sample
    if sample is None:
        return body
    return Observed(_likelihood(sample, model) * _likelihood(body, model))


def _likelihood(known: Known, model: MarkerModel) -> Floats:
    if isinstance(known, Observed):
        return known.likelihood
    return _exactly(known, model)


def _exactly(typed: Typed, model: MarkerModel) -> Floats:
    where = tuple(model.index[allele] for allele in typed.alleles)
    likelihood = np.zeros((len(model),) * len(where))
    likelihood[where] = 1.0
    likelihood[where[::-1]] = 1.0
    return likelihood
