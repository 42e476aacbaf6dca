"""Mutation models as `case.toml` declares them, there and back."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from antigone.formats.case_folder.case_toml import MarkerMutationToml, MutationModelToml, MutationToml
from antigone.formats.case_folder.markers import MarkerNames
from antigone.formats.case_folder.toml_text import TomlText
from antigone.formats.errors import quoted
from antigone.genetics.alleles import Allele, AlleleError, OffLadder, Silent, Unknown, allele_order, parse_allele
from antigone.genetics.mutation import (
    NO_MUTATION,
    CustomMatrix,
    Dawid,
    Equal,
    Mutation,
    MutationError,
    MutationModel,
    NoMutation,
    OneStep,
    Proportional,
    Stationary,
    Stepwise,
)

_ROW_SUM_TOLERANCE = 1e-6
_PARAMETERS = ("rate", "range", "microvariant_rate", "matrix", "alleles")
_TAKES: Mapping[str, tuple[str, ...]] = {
    "none": (),
    "equal": ("rate",),
    "proportional": ("rate",),
    "stepwise": ("rate", "range", "microvariant_rate"),
    "onestep": ("rate",),
    "dawid": ("rate", "range"),
    "custom": ("matrix", "alleles"),
}
_CAN_BE_LEFT_OUT = ("range", "microvariant_rate")


@dataclass(frozen=True)
class CustomOrder:
    """The alleles of a custom matrix, to be compared with those of its markers when the profiles are known.

    `marker` is None for a matrix that stands for all markers without a model of their own.
    """

    path: tuple[str, ...]
    marker: str | None
    alleles: tuple[Allele, ...]


@dataclass(frozen=True)
class DeclaredMutation:
    """What `[mutation]` says."""

    general: Mutation = NO_MUTATION
    by_marker: Mapping[str, Mutation] | None = None
    custom: tuple[CustomOrder, ...] = ()


class _Reader:
    def __init__(self, toml: TomlText, names: MarkerNames) -> None:
        self.toml = toml
        self.names = names
        self.custom: list[CustomOrder] = []

    def by_marker(self, tables: Mapping[str, MarkerMutationToml], general: Mutation) -> dict[str, Mutation]:
        models: dict[str, Mutation] = {}
        for text, table in tables.items():
            path = ("mutation", "markers", text)
            name = self.names.resolve(text)
            if name is None:
                self.toml.complain(path, found=quoted(text), expected=self.names.expected(text))
            elif name in models:
                self.toml.complain(path, found=quoted(text), expected=f"each marker once: {name} is named above")
            else:
                models[name] = self.pair(table, path, name, general)
        return models

    def pair(
        self, table: MarkerMutationToml, path: tuple[str, ...], marker: str | None, general: Mutation | None
    ) -> Mutation:
        """The models of mothers and fathers. A marker that declares one of the two takes the other from `general`."""
        sexes = {sex: own for sex in ("female", "male") if (own := getattr(table, sex)) is not None}
        if _says_something(table):
            if sexes:
                found = f"a model for both sexes and one of {' and '.join(sexes)}"
                self.toml.complain(path, found=found, expected="either the one or the others")
            return Mutation.same(self.model(table, path, marker))
        if general is None and len(sexes) == 1:
            other = "male" if "female" in sexes else "female"
            expected = f'a table {other} as well (model = "none" where there is none)'
            self.toml.complain(path, found=f"a model of one sex, {', '.join(sexes)}", expected=expected)
        if general is None:
            general = NO_MUTATION
        elif not sexes:
            self.toml.complain(path, found="no model", expected="model = …, or the tables female and male")
        models = {sex: self.model(own, (*path, sex), marker) for sex, own in sexes.items()}
        return Mutation(models.get("female", general.female), models.get("male", general.male))

    def model(self, table: MutationModelToml, path: tuple[str, ...], marker: str | None) -> MutationModel:
        if table.model is None:
            self.toml.complain((*path, "model"), found="no model", expected=f"one of {', '.join(_TAKES)}")
            return NoMutation()
        takes = _TAKES[table.model]
        given = [name for name in _PARAMETERS if getattr(table, name) is not None]
        superfluous = [name for name in given if name not in takes]
        lacking = [name for name in takes if name not in given and name not in _CAN_BE_LEFT_OUT]
        for name in superfluous:
            found = f'{name} beside the model "{table.model}"'
            self.toml.complain((*path, name), found=found, expected=f"only {', '.join(takes) or 'the model'}")
        for name in lacking:
            self.toml.complain(path, found=f'the model "{table.model}" without {name}', expected=f"{name} = …")
        if superfluous or lacking:
            return NoMutation()
        try:
            model = self._build(table, path, marker)
        except MutationError as error:
            self.toml.complain(path, found=f'the model "{table.model}"', expected=f"parameters that can be ({error})")
            return NoMutation()
        return Stationary(model) if table.stationary else model

    def _build(self, table: MutationModelToml, path: tuple[str, ...], marker: str | None) -> MutationModel:
        rate = table.rate or 0.0
        given = {name: value for name in _CAN_BE_LEFT_OUT if (value := getattr(table, name)) is not None}
        match table.model:
            case "equal":
                return Equal(rate)
            case "proportional":
                return Proportional(rate)
            case "stepwise":
                return Stepwise(rate, **given)
            case "onestep":
                return OneStep(rate)
            case "dawid":
                return Dawid(rate, **given)
            case "custom":
                return self._matrix(table.matrix or [], table.alleles or [], path, marker)
        return NoMutation()

    def _matrix(
        self,
        rows: Sequence[Sequence[float]],
        labels: Sequence[str | int | float],
        path: tuple[str, ...],
        marker: str | None,
    ) -> MutationModel:
        """The matrix with its rows and columns in the order in which the engine keeps alleles."""
        alleles = [self._allele(label, path) for label in labels]
        wrong = _what_is_wrong_with(rows, labels)
        if wrong is None and len(set(alleles)) < len(alleles):
            wrong = ("an allele that stands twice", "each allele once")
        if wrong is not None:
            self.toml.complain((*path, "matrix"), found=wrong[0], expected=wrong[1])
            return NoMutation()
        order = sorted(range(len(alleles)), key=lambda i: allele_order(alleles[i]))
        self.custom.append(CustomOrder((*path, "alleles"), marker, tuple(alleles[i] for i in order)))
        return CustomMatrix(tuple(tuple(float(rows[i][j]) for j in order) for i in order))

    def _allele(self, label: str | float, path: tuple[str, ...]) -> Allele:
        text = label if isinstance(label, str) else f"{label:.15g}"
        try:
            allele = parse_allele(text)
        except AlleleError as error:
            self.toml.complain((*path, "alleles"), found=quoted(text), expected=str(error))
            return Unknown()
        if isinstance(allele, Silent | Unknown | OffLadder):
            expected = "an allele that can be named (a silent one neither mutates nor is mutated to)"
            self.toml.complain((*path, "alleles"), found=quoted(text), expected=expected)
        return allele


def _says_something(table: MutationModelToml) -> bool:
    return table.model is not None or table.stationary or any(getattr(table, name) is not None for name in _PARAMETERS)


def _what_is_wrong_with(rows: Sequence[Sequence[float]], labels: Sequence[object]) -> tuple[str, str] | None:
    size = len(labels)
    if len(rows) != size or any(len(row) != size for row in rows):
        shape = f"{len(rows)} rows of {'/'.join(sorted({str(len(row)) for row in rows})) or '0'} numbers"
        return shape, f"{size} rows of {size} numbers, one for each of the alleles"
    for row, label in zip(rows, labels, strict=True):
        if abs(sum(row) - 1) > _ROW_SUM_TOLERANCE:
            return f"a row {label} that sums to {sum(row):.9g}", "a sum of 1"
    return None


def read_mutation(declared: MutationToml, toml: TomlText, names: MarkerNames) -> DeclaredMutation:
    """The mutation models of `[mutation]`; problems are noted with their lines."""
    reader = _Reader(toml, names)
    general = reader.pair(declared, ("mutation",), None, None)
    by_marker = reader.by_marker(declared.markers, general)
    return DeclaredMutation(general, by_marker, tuple(reader.custom))


def mutation_as_toml(
    general: Mutation, by_marker: Mapping[str, Mutation], alleles_of: Callable[[str | None], Sequence[Allele]]
) -> dict[str, Any]:
    """The table `[mutation]`. `alleles_of` gives the alleles in whose order a custom matrix stands, for each marker."""
    table: dict[str, Any] = _pair_as_toml(general, partial(alleles_of, None))
    if by_marker:
        table["markers"] = {
            name: _pair_as_toml(mutation, partial(alleles_of, name)) for name, mutation in by_marker.items()
        }
    return table


def _pair_as_toml(mutation: Mutation, alleles: Callable[[], Iterable[Allele]]) -> dict[str, Any]:
    if mutation.female == mutation.male:
        return _model_as_toml(mutation.female, alleles)
    return {"female": _model_as_toml(mutation.female, alleles), "male": _model_as_toml(mutation.male, alleles)}


def _model_as_toml(model: MutationModel, alleles: Callable[[], Iterable[Allele]]) -> dict[str, Any]:
    match model:
        case NoMutation():
            return {"model": "none"}
        case Equal(rate):
            return {"model": "equal", "rate": rate}
        case Proportional(rate):
            return {"model": "proportional", "rate": rate}
        case Stepwise(rate, step_range, microvariant_rate):
            return {"model": "stepwise", "rate": rate, "range": step_range, "microvariant_rate": microvariant_rate}
        case OneStep(rate):
            return {"model": "onestep", "rate": rate}
        case Dawid(rate, step_range):
            return {"model": "dawid", "rate": rate, "range": step_range}
        case CustomMatrix(rows):
            return {
                "model": "custom",
                "alleles": [str(allele) for allele in alleles()],
                "matrix": [list(row) for row in rows],
            }
        case Stationary(inner) if not isinstance(inner, Stationary):
            return {**_model_as_toml(inner, alleles), "stationary": True}
    raise ValueError(f"the mutation model {model.describe()} cannot be declared in case.toml")
