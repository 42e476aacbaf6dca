"""The victims and reference families of dvir's cases."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from antigone.formats.answers.reading import Node, build_pedigree, read_genotype, read_person
from antigone.genetics.likelihood import Known, log_likelihoods
from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Pedigree, Person, Sex

Floats = NDArray[np.float64]


def victim_logs(name: str, sex: str, dvi: Node, models: Sequence[MarkerModel]) -> Floats:
    """Natural logarithm of the probability of a victim's genotypes, marker by marker."""
    alone = Pedigree.build([Person(name, sex=Sex(sex))])
    return log_likelihoods(alone, models, victim_known(name, sex, dvi, models))


def victim_known(name: str, sex: str, dvi: Node, models: Sequence[MarkerModel]) -> list[dict[str, Known]]:
    """What is known of a victim, marker by marker; empty where nothing is."""
    genotypes = (victim_genotype(name, sex, dvi, model) for model in models)
    return [{name: genotype} if genotype is not None else {} for genotype in genotypes]


def victim_genotype(name: str, sex: str, dvi: Node, model: MarkerModel) -> Known | None:
    """What is known of a victim at a marker."""
    profile = dvi["genotypes_pm"].get(name)
    genotype = profile.get(model.name) if profile is not None else None
    return None if genotype is None else read_genotype(genotype, model, male=sex == "M")


class DviFamily:
    """One reference family: its pedigree and what is known of it."""

    def __init__(self, node: Node, dvi: Node, models: Sequence[MarkerModel]) -> None:
        self.name = node["name"].text()
        self.pedigree = build_pedigree([read_person(member) for member in node["members"].items()], node)
        self.known = [self._known(dvi, model) for model in models]
        self._logs: dict[int, Floats] = {}

    def _known(self, dvi: Node, model: MarkerModel) -> dict[str, Known]:
        known: dict[str, Known] = {}
        for person in self.pedigree.persons:
            profile = dvi["genotypes_am"].get(person.id)
            genotype = profile.get(model.name) if profile is not None else None
            read = read_genotype(genotype, model, male=person.sex is Sex.MALE) if genotype is not None else None
            if read is not None:
                known[person.id] = read
        return known

    def logs(self, models: Sequence[MarkerModel]) -> Floats:
        """Natural logarithm of the family's likelihood at each marker."""
        if id(models) not in self._logs:
            self._logs[id(models)] = log_likelihoods(self.pedigree, models, self.known)
        return self._logs[id(models)]

    def _with_victim(self, missing: str, victim: str, dvi: Node, models: Sequence[MarkerModel], sex: str) -> Floats:
        of_victim = victim_known(victim, sex, dvi, models)
        known = [
            {**of_family, missing: at[victim]} if at else of_family
            for of_family, at in zip(self.known, of_victim, strict=True)
        ]
        return log_likelihoods(self.pedigree, models, known)

    def pair_log(self, missing: str, victim: str, dvi: Node, models: Sequence[MarkerModel], sex: str) -> float:
        """Natural logarithm of the family's likelihood with the victim's genotypes on the missing person."""
        return float(self._with_victim(missing, victim, dvi, models, sex).sum())

    def exclusions(self, missing: str, victim: str, dvi: Node, models: Sequence[MarkerModel], sex: str) -> int:
        """Markers that are impossible; a peer counts those at which the family contradicts itself too."""
        return int(np.isneginf(self._with_victim(missing, victim, dvi, models, sex)).sum())
