"""From an operation to the models that its search computes with."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from antigone.genetics.alleles import Allele, Silent
from antigone.genetics.frequencies import PreparedFrequencies, PreparedMarker
from antigone.genetics.likelihood import Options
from antigone.genetics.markers import Inheritance, LinkedPair, canonical_name, disjoint_linked_pairs
from antigone.genetics.markers import marker as known_marker
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import MutationError
from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile
from antigone.matching.operation import LeftOut, Operation, Settings, SettingsError


@dataclass(frozen=True)
class Prepared:
    """The markers of a search, ready for computing, and the pairs of them that are linked."""

    models: tuple[MarkerModel, ...]
    frequencies: PreparedFrequencies
    linked: tuple[LinkedPair, ...]
    options: Options
    left_out: tuple[LeftOut, ...]


def prepare(operation: Operation) -> Prepared:
    """Apply the rule for rare alleles with all alleles of the operation, and build the models.

    Raises `UnseenAlleleError` under the rule `refuse`, `SettingsError` where a mutation model does not fit a marker.
    """
    settings = operation.settings
    profiles = [individual.profile for individual in operation.individuals]
    profiles += [profile for family in operation.families for profile in family.profiles.values()]
    seen = _alleles_by_marker(profiles)
    frequencies = operation.frequencies.prepare(
        rule=settings.rare_alleles, normalisation=settings.normalisation, seen=seen
    )
    models, left_out = [], []
    for name in settings.markers:
        inheritance = _inheritance(name)
        if name not in frequencies.markers:
            left_out.append(LeftOut("marker", name, f"not in the frequency table {frequencies.table}"))
        elif inheritance in (Inheritance.AUTOSOMAL, Inheritance.X):
            models.append(_model(name, frequencies.markers[name], settings, x_linked=inheritance is Inheritance.X))
    names = [model.name for model in models]
    linked = disjoint_linked_pairs(names) if settings.linkage else ()
    options = Options(theta=settings.theta, prune_untyped_founders=settings.prune_untyped_founders)
    return Prepared(tuple(models), frequencies, tuple(linked), options, tuple(left_out))


def _alleles_by_marker(profiles: Iterable[Profile]) -> dict[str, set[Allele]]:
    """Which alleles were seen; those of samples that share a tuple of readings are looked at once."""
    distinct: dict[str, dict[int, tuple[Reading, ...]]] = defaultdict(dict)  # by marker and identity
    for profile in profiles:
        for name, readings in profile.readings.items():
            distinct[name][id(readings)] = readings
    return {
        name: {allele for readings in these.values() for reading in readings for allele in reading.alleles}
        for name, these in distinct.items()
    }


def _inheritance(name: str) -> Inheritance:
    """Autosomal for a marker that the table of markers does not know: a laboratory's own, or an invented one."""
    return known_marker(name).inheritance if canonical_name(name) == name else Inheritance.AUTOSOMAL


def _model(name: str, prepared: PreparedMarker, settings: Settings, *, x_linked: bool) -> MarkerModel:
    alleles, frequencies = prepared.alleles, prepared.frequencies
    silent = settings.silent.get(name, 0.0)
    if silent and not any(isinstance(allele, Silent) for allele in alleles):
        alleles = (*alleles, Silent())
        frequencies = np.append(frequencies * (1 - silent), silent)
    try:
        return MarkerModel.build(name, alleles, frequencies, settings.mutation_of(name), x_linked=x_linked)
    except MutationError as error:
        raise SettingsError(f"mutation at {name}: {error}") from None
