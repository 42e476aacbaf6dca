"""The very inputs on which the peers were timed, as our objects, and the peers' figures."""

import csv
import errno
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from antigone.formats.allele_labels import read_allele
from antigone.formats.answers.reading import Node, read_model, read_pedigree
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Normalisation, Refuse
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import NO_MUTATION, Equal, Mutation, Stepwise
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.operation import Family, Individual, Operation, Settings


@dataclass(frozen=True)
class Peer:
    """What a peer took on one input: milliseconds, of one core."""

    program: str
    milliseconds: float


@dataclass(frozen=True, eq=False)
class TimedCase:
    """One pedigree, or two hypotheses, with markers and genotypes as codes: shape (markers, persons, 2)."""

    name: str
    model: str
    pedigrees: tuple[Pedigree, ...]
    models: tuple[MarkerModel, ...]
    codes: tuple[NDArray[np.int64], ...]
    answer: float | None  # the peer's log10


def find_timed_inputs(given: Path | None) -> Path | None:
    """The folder with the timed inputs: the one named, or in it, else beside the checkout.

    Raises `FileNotFoundError` where the one named holds none.
    """
    if given is not None:
        for folder in (given, given / "timed"):
            if (folder / "likelihood.json").is_file():
                return folder
        expected = "no timed inputs of the peers; expected a folder with likelihood.json and pairwise_CASE_MODEL.json"
        raise FileNotFoundError(errno.ENOENT, expected, str(given))
    beside = Path.cwd().resolve().parent / "shared" / "answers" / "timed"
    return beside if beside.is_dir() else None


def peers(kind: str, case: str, model: str) -> list[Peer]:
    """What the peers took on an input. Source: background/PEER_TIMINGS.md; CPU seconds, AMD EPYC, R 4.2.2."""
    text = resources.files("antigone.bench").joinpath("data/peer_timings.csv").read_text("utf-8")
    return [
        Peer(row["program"], float(row["milliseconds"]))
        for row in csv.DictReader(text.splitlines())
        if (row["input"], row["case"], row["model"]) == (kind, case, model)
    ]


def likelihood_cases(folder: Path) -> list[TimedCase]:
    """Single likelihoods; the stepwise ones are the same genotypes with the stepwise model, as the peers ran them."""
    cases = []
    for file in ("likelihood.json", "likelihood_b.json"):
        for node in _nodes(folder / file):
            cases.append(_likelihood_case(node))
            if file == "likelihood.json" and cases[-1].model == "none":
                cases.append(_likelihood_case(node, stepwise=True))
    unique: dict[tuple[str, str], TimedCase] = {}
    for case in cases:
        unique.setdefault((case.name, case.model), case)
    return list(unique.values())


def kinship_cases(folder: Path) -> list[TimedCase]:
    """Likelihood ratios of two hypotheses over 22 markers."""
    cases = []
    for node in _nodes(folder / "kinshipLR.json"):
        name, model = node["case"].text().rsplit(" ", 1)
        models = tuple(_model(marker) for marker in node["markers"].items())
        pedigrees = tuple(read_pedigree(hypothesis["pedigree"]) for _, hypothesis in node["hypotheses"].pairs())
        codes = tuple(_codes(node, pedigree, models) for pedigree in pedigrees)
        cases.append(TimedCase(name, model, pedigrees, models, codes, node["log10LR"].number()))
    return cases


def pairwise_operations(folder: Path) -> dict[tuple[str, str], tuple[Operation, dict[tuple[str, str], float]]]:
    """Searches of n victims against n families, and the peer's likelihood ratios."""
    found = {}
    for path in sorted(folder.glob("pairwise_*.json")):
        name, model = path.stem.removeprefix("pairwise_").rsplit("_", 1)
        content = json.loads(path.read_text("utf-8"))
        found[name, model] = (_operation(content["dvi"]), _matrix(content["LR_matrix"]))
    return found


def _nodes(path: Path) -> list[Node]:
    return Node(json.loads(path.read_text("utf-8")), str(path), "$").items()


def _likelihood_case(node: Node, *, stepwise: bool = False) -> TimedCase:
    name, model = node["case"].text().rsplit(" ", 1)
    if stepwise:
        model = "stepwise"
    models = tuple(_model(marker, stepwise=stepwise) for marker in node["markers"].items())
    pedigree = read_pedigree(node["pedigree"])
    answer = None if stepwise else node["log10lik"].optional_number()
    return TimedCase(name, model, (pedigree,), models, (_codes(node, pedigree, models),), answer)


def _model(marker: Node, *, stepwise: bool = False) -> MarkerModel:
    if not stepwise:
        return read_model(marker)
    alleles = [read_allele(label.text()) for label in marker["alleles"].items()]
    frequencies = [value.number() for value in marker["freqs"].items()]
    # The peers' stepwise model: R = 0.002, R2 = 1e-5, r = 0.1 (PEER_TIMINGS.md).
    return MarkerModel.build(marker["name"].text(), alleles, frequencies, Mutation.same(Stepwise(0.002, 0.1, 1e-5)))


def _codes(node: Node, pedigree: Pedigree, models: tuple[MarkerModel, ...]) -> NDArray[np.int64]:
    codes = np.full((len(models), len(pedigree), 2), -1, dtype=np.int64)
    for m, (marker, model) in enumerate(zip(node["markers"].items(), models, strict=True)):
        for person, genotype in marker["genotypes"].pairs():
            if person in pedigree:
                alleles = [model.index[read_allele(label.text())] for label in genotype.items()]
                codes[m, pedigree.position(person)] = sorted((alleles[0], alleles[-1]))
    return codes


def _matrix(table: dict[str, Any]) -> dict[tuple[str, str], float]:
    return {
        (row, column): value
        for row, values in zip(table["rows"], table["values"], strict=True)
        for column, value in zip(table["cols"], values, strict=True)
        if value is not None
    }


def _operation(dvi: dict[str, Any]) -> Operation:
    names = tuple(marker["name"] for marker in dvi["markers"])
    table = {
        marker["name"]: MarkerFrequencies.from_frequencies(
            marker["name"], dict(zip(map(read_allele, marker["alleles"]), marker["freqs"], strict=True))
        )
        for marker in dvi["markers"]
    }
    settings = Settings(
        names, mutation_by_marker={marker["name"]: _mutation(marker.get("mutation")) for marker in dvi["markers"]},
        rare_alleles=Refuse(), normalisation=Normalisation.NONE, linkage=False,
    )  # fmt: skip
    individuals = tuple(
        Individual(one["id"], _profile(one["id"], dvi["genotypes_pm"]), Sex(one["sex"])) for one in dvi["pm"]
    )
    families = tuple(_family(family, dvi) for family in dvi["am"])
    return Operation("timed", individuals, families, FrequencyTable("timed", "a peer's input", table), settings)


def _mutation(mutation: dict[str, Any] | None) -> Mutation:
    if mutation is None:
        return NO_MUTATION
    models = []
    for sex in ("female", "male"):
        given = mutation[sex]
        stepwise = given["model"] == "stepwise"
        models.append(Stepwise(given["rate"], given["range"], given["rate2"]) if stepwise else Equal(given["rate"]))
    return Mutation(*models)


def _family(family: dict[str, Any], dvi: dict[str, Any]) -> Family:
    persons = [
        Person(member["id"], member["father"], member["mother"], Sex(member["sex"])) for member in family["members"]
    ]
    pedigree = Pedigree.build(persons, family=family["name"])
    typed = {person.id for person in persons} & set(dvi["genotypes_am"])
    profiles = {person: _profile(person, dvi["genotypes_am"]) for person in sorted(typed)}
    missing = tuple(person for person in dvi["missing"] if person in pedigree)
    return Family(family["name"], pedigree, missing, profiles)


def _profile(name: str, genotypes: dict[str, Any]) -> Profile:
    readings = {
        marker: (Reading.of(*(read_allele(label) for label in labels)),)
        for marker, labels in genotypes.get(name, {}).items()
    }
    return Profile(name, readings)
