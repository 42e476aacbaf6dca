"""The common parts of an answer file: pedigrees, markers, genotypes."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from antigone.formats.allele_labels import read_allele
from antigone.formats.errors import InputError, quoted
from antigone.genetics.alleles import Allele, Silent
from antigone.genetics.likelihood import Known, Observed, Typed, known_from_readings
from antigone.genetics.models import MarkerModel, ModelError
from antigone.genetics.mutation import (
    CustomMatrix,
    Dawid,
    Equal,
    Mutation,
    MutationError,
    MutationModel,
    NoMutation,
    OneStep,
    Proportional,
    Stepwise,
)
from antigone.genetics.observation import Reading, Reads, genotype_likelihood
from antigone.genetics.pedigrees import Pedigree, PedigreeError, Person, Sex

LARGEST_FILE = 512 * 2**20


class Node:
    """A place in a JSON file: every access that fails says where it was, what stood there, what was expected."""

    def __init__(self, value: Any, file: str, path: str) -> None:
        self.value = value
        self.file = file
        self.path = path

    def __getitem__(self, key: str) -> "Node":
        if not isinstance(self.value, dict):
            raise self.error("an object")
        if key not in self.value:
            raise InputError.at(self.file, None, self.path, found=f"no key ‘{key}’", expected=f"a key ‘{key}’")
        return Node(self.value[key], self.file, f"{self.path}.{key}")

    def get(self, key: str) -> "Node | None":
        """The node of a key, or None where it is absent or null."""
        if not isinstance(self.value, dict):
            raise self.error("an object")
        return None if self.value.get(key) is None else self[key]

    def at(self, *keys: str) -> "Node | None":
        """The node of nested keys, or None where one is absent; the last may be null."""
        node = self
        for key in keys:
            if node.value is None:
                return None
            if isinstance(node.value, dict) and key not in node.value:
                return None
            node = node[key]
        return node

    def items(self) -> "list[Node]":
        """The elements of a list."""
        if not isinstance(self.value, list):
            raise self.error("a list")
        return [Node(value, self.file, f"{self.path}[{i}]") for i, value in enumerate(self.value)]

    def pairs(self) -> "list[tuple[str, Node]]":
        """The keys and values of an object."""
        if not isinstance(self.value, dict):
            raise self.error("an object")
        return [(key, Node(value, self.file, f"{self.path}.{key}")) for key, value in self.value.items()]

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self.error("a text")
        return self.value

    def number(self) -> float:
        """A finite number."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not math.isfinite(self.value):
            raise self.error("a number")
        return float(self.value)

    def optional_number(self) -> float | None:
        """A finite number or null."""
        return None if self.value is None else self.number()

    def error(self, expected: str) -> InputError:
        """What stood here is not what was expected."""
        return InputError.at(self.file, None, self.path, found=quoted(json.dumps(self.value)), expected=expected)


def read_cases(path: Path) -> list[Node]:
    """The cases of an answer file: one JSON array, one self-contained case an element."""
    if path.stat().st_size > LARGEST_FILE:
        raise InputError.at(path, None, None, found=f"{path.stat().st_size} bytes", expected="at most 512 MB")
    try:
        content = json.loads(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise InputError.at(path, None, None, found="text that is not UTF-8", expected="UTF-8") from error
    except json.JSONDecodeError as error:
        raise InputError.at(path, error.lineno, error.colno, found=error.msg, expected="JSON") from None
    cases = Node(content, str(path), "$").items()
    if not cases:
        raise InputError.at(
            path, None, "$", found="an empty list", expected="one case or more, for none proves nothing"
        )
    return cases


def read_pedigree(node: Node) -> Pedigree:
    """A list of components, each with its members."""
    persons = [person for component in node.items() for person in _members(component)]
    return build_pedigree(persons, node)


def build_pedigree(persons: Iterable[Person], node: Node) -> Pedigree:
    """Checked, with errors that say where."""
    try:
        return Pedigree.build(persons)
    except PedigreeError as error:
        raise InputError.at(node.file, None, node.path, found=str(error), expected="a pedigree that can be") from None


def _members(component: Node) -> list[Person]:
    inbreeding = component.get("founder_inbreeding_autosomal")
    coefficients = {name: value.number() for name, value in inbreeding.pairs()} if inbreeding is not None else {}
    return [read_person(member, coefficients) for member in component["members"].items()]


def read_person(member: Node, inbreeding: Mapping[str, float] | None = None) -> Person:
    """`{id, father|null, mother|null, sex}`."""
    name = member["id"].text()
    parents = [member["father"], member["mother"]]
    father, mother = (None if parent.value is None else parent.text() for parent in parents)
    sex = member["sex"]
    if sex.value not in tuple(Sex):
        raise sex.error("M, F or U")
    return Person(name, father, mother, Sex(sex.text()), inbreeding=(inbreeding or {}).get(name, 0.0))


def read_model(node: Node) -> MarkerModel:
    """A marker with alleles, frequencies and mutation; by matrix where one is given, else by parameters."""
    silent = node.get("silent_allele")
    silent_name = silent.text() if silent is not None else None
    alleles = [Silent() if a.value == silent_name else read_allele(a.text()) for a in node["alleles"].items()]
    frequencies = [value.number() for value in node["freqs"].items()]
    mutation = node.get("mutation")
    try:
        models = [_mutation(mutation, sex, alleles) for sex in ("female", "male")]
        x_linked = bool(node["x_linked"].value)
        if any(isinstance(allele, Silent) for allele in alleles) and mutation is not None:
            return _with_silent(node, alleles, frequencies, mutation)
        return MarkerModel.build(node["name"].text(), alleles, frequencies, Mutation(*models), x_linked=x_linked)
    except (MutationError, ModelError) as error:
        raise InputError.at(node.file, None, node.path, found=str(error), expected="a marker that can be") from None


def _with_silent(node: Node, alleles: Sequence[Allele], frequencies: Sequence[float], mutation: Node) -> MarkerModel:
    """A peer's matrices hold the silent allele too; ours are built over the others."""
    shown = [i for i, allele in enumerate(alleles) if not isinstance(allele, Silent)]
    models: list[MutationModel] = []
    for sex in ("female", "male"):
        matrix = _matrix(mutation[f"matrix_{sex}"])
        models.append(CustomMatrix(tuple(tuple(matrix[i][j] for j in shown) for i in shown)))
    return MarkerModel.build(node["name"].text(), alleles, frequencies, Mutation(*models))


def _mutation(mutation: Node | None, sex: str, alleles: Sequence[Allele]) -> MutationModel:
    if mutation is None:
        return NoMutation()
    matrix = mutation.get(f"matrix_{sex}")
    if matrix is not None:
        if any(isinstance(allele, Silent) for allele in alleles):
            return NoMutation()  # see _with_silent
        return CustomMatrix(tuple(tuple(row) for row in _matrix(matrix)))
    model = mutation[sex]
    built: MutationModel = _MODELS[_model_name(model)](model)
    return built


def _matrix(node: Node) -> list[list[float]]:
    return [[value.number() for value in row.items()] for row in node.items()]


def _model_name(model: Node) -> str:
    name = model["model"].text()
    if name not in _MODELS:
        raise model["model"].error("one of " + ", ".join(_MODELS))
    return name


def _parameter(model: Node, name: str, default: float) -> float:
    node = model.get(name)
    return default if node is None else node.number()


_MODELS: dict[str, Any] = {
    "none": lambda _: NoMutation(),
    "equal": lambda node: Equal(node["rate"].number()),
    "proportional": lambda node: Proportional(node["rate"].number()),
    "stepwise": lambda node: Stepwise(
        node["rate"].number(), _parameter(node, "range", 0.1), _parameter(node, "rate2", 0.0)
    ),
    "onestep": lambda node: OneStep(node["rate"].number()),
    "dawid": lambda node: Dawid(node["rate"].number(), _parameter(node, "range", 0.1)),
}


def read_genotypes(node: Node, model: MarkerModel, pedigree: Pedigree) -> dict[str, Known]:
    """`{id: [a, b]}` at one marker; those who are not in this pedigree are left to the other hypotheses."""
    known: dict[str, Known] = {}
    for name, genotype in node.pairs():
        read = read_genotype(genotype, model, male=pedigree[name].sex is Sex.MALE) if name in pedigree else None
        if read is not None:
            known[name] = read
    return known


def read_genotype(node: Node, model: MarkerModel, *, male: bool) -> Known | None:
    """Two alleles, one for a male on X; null: that allele is unknown, the other was seen. None where nothing was."""
    if node.value is None:
        return None
    labels = [part.value for part in node.items()]
    haploid = model.x_linked and male
    alleles = []
    for part, label in zip(node.items(), labels, strict=True):
        if label is not None:
            allele = read_allele(part.text())
            if allele not in model.index:
                raise part.error(f"an allele of {model.name}")
            alleles.append(allele)
    if not alleles:
        return None
    if len(alleles) < len(labels):
        partial = Reading((alleles[0],), Reads.OTHER_UNSEEN)
        return Observed(genotype_likelihood([partial], model, haploid=haploid))
    if model.silent is not None:
        return known_from_readings([Reading.of(*alleles)], model, haploid=haploid)
    return Typed(tuple(alleles))


def probability_of_log(logarithm: float) -> float:
    """Euler's number to the power of a logarithm that may be −inf."""
    return float(np.exp(logarithm))
