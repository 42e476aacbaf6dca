"""mispitools' likelihood ratios of sex, age and hair colour, and its joint tables, computed again.

Its population states what is *observed*, not what is true: the shares of the sexes and colours are divided by as they
stand. The age of the missing person is `MPa` ± `MPr`; the peer gives that range (2·MPr) of the years of its support as
probability, although it holds one age more, and does not cut it at the ends of the support. What we compute ourselves
differs (docs/methods/nongenetic.md).
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from antigone.formats.answers.comparison import Comparison
from antigone.formats.answers.reading import Node

_COLOURS = 5
_SEXES = ("F", "M")
_GROUPS = ("T1", "T0")  # the age lies within the range, or not
_ROWS = tuple(f"{sex}-{group}" for sex in _SEXES for group in _GROUPS)
_SUPPORT = re.compile(r"(\d{1,3})\.\.(\d{1,3}) uniform")

# What the peer's error_matrix_hair() takes for each pair of colours by default, from Marsico and others (2023),
# Forensic Science International: Genetics 66, 102891.
_DEFAULT_CONFUSIONS = {
    (0, 1): 0.01, (0, 2): 0.005, (0, 3): 0.01, (0, 4): 0.003, (1, 2): 0.01,
    (1, 3): 0.003, (1, 4): 0.01, (2, 3): 0.003, (2, 4): 0.003, (3, 4): 0.01,
}  # fmt: skip

_Table = dict[str, float]


@dataclass(frozen=True)
class _Trait:
    """One thing observed: its probability for the missing person, and in the population, by what is observed."""

    missing: _Table
    population: _Table

    def ratio(self, observed: str) -> float:
        """The likelihood ratio of one observation."""
        return _ratio(self.missing[observed], self.population[observed])


def nongenetic_lr(case: Node, comparison: Comparison) -> None:
    """Compare every figure of a case; a figure that is not known here makes it fall short."""
    params = case["params"]
    sex, age, hair = _sex(params), _age(params), _hair(params)
    answer = case["answer"]
    for name, trait in (("LR_sex_by_observed", sex), ("LR_age_by_group", age), ("LR_hair_by_observed", hair)):
        _compare_trait(name, trait, answer, comparison)
    rows = _rows(answer, comparison)
    missing, population = _joint(sex.missing, age.missing), _joint(sex.population, age.population)
    tables: dict[str, Callable[[str, str], float]] = {
        "cpt_missing_person": lambda row, colour: missing[row] * hair.missing[colour],
        "cpt_population": lambda row, colour: population[row] * hair.population[colour],
        "LR_joint_table": lambda row, colour: _ratio(
            missing[row] * hair.missing[colour], population[row] * hair.population[colour]
        ),
    }
    for name, cell in tables.items():
        if answer.at(name) is None:
            comparison.absent.append(name)
            continue
        for row, values in zip(rows, answer[name].items(), strict=True):
            for colour, value in zip(hair.missing, values.items(), strict=True):
                comparison.ratio(f"{name} {row} {colour}", cell(row, colour), value.optional_number())
    known = {"LR_sex_by_observed", "LR_age_by_group", "LR_hair_by_observed", *tables, "rows"}
    for name, _ in answer.pairs():
        if name not in known:
            comparison.not_computed(f"{name}: a figure that this version does not compute")


def _compare_trait(name: str, trait: _Trait, answer: Node, comparison: Comparison) -> None:
    """The peer's table holds what it drew at least once; what else there could be is absent from it."""
    table = answer.at(name)
    theirs = {} if table is None else dict(table.pairs())
    for observed, value in theirs.items():
        if observed in trait.missing:
            comparison.ratio(f"{name} {observed}", trait.ratio(observed), value.optional_number())
        else:
            comparison.not_computed(f"{name} {observed}: an observation that this version does not know")
    comparison.absent += [f"{name} {observed}" for observed in trait.missing if observed not in theirs]


def _rows(answer: Node, comparison: Comparison) -> list[str]:
    node = answer.at("rows")
    if node is None:
        comparison.absent.append("rows")
        return list(_ROWS)
    rows = [row.text() for row in node.items()]
    if sorted(rows) != sorted(_ROWS):
        raise node.error(f"the rows {', '.join(_ROWS)}, each once")
    return rows


def _sex(params: Node) -> _Trait:
    sex, error = params["MPs"], params["eps"].number()
    if sex.value not in _SEXES:
        raise sex.error("F or M")
    shares = _numbers(params["Ps_order_FM"], 2)
    missing = {each: 1 - error if each == sex.value else error for each in _SEXES}
    return _Trait(missing, dict(zip(_SEXES, shares, strict=True)))


def _age(params: Node) -> _Trait:
    error, tolerance = params["epa"].number(), params["MPr"].number()
    support = params["age_support"]
    found = _SUPPORT.fullmatch(support.text())
    if found is None or int(found[2]) < int(found[1]):
        raise support.error("a uniform range of ages, such as 1..80 uniform")
    within = 2 * tolerance / (int(found[2]) - int(found[1]) + 1)
    return _Trait(
        dict(zip(_GROUPS, (1 - error, error), strict=True)), dict(zip(_GROUPS, (within, 1 - within), strict=True))
    )


def _hair(params: Node) -> _Trait:
    colour = params["MPc"]
    if colour.value not in range(1, _COLOURS + 1):
        raise colour.error(f"a colour from 1 to {_COLOURS}")
    shares = _numbers(params["Pc"], _COLOURS)
    matrix = params.get("epc_matrix")
    if matrix is None:
        rows = [_default_row(row) for row in range(_COLOURS)]
    else:
        rows = [_numbers(row, _COLOURS) for row in matrix.items()]
        if len(rows) != _COLOURS:
            raise matrix.error(f"{_COLOURS} rows, one for each true colour")
    names = [str(number) for number in range(1, _COLOURS + 1)]
    row = rows[int(colour.number()) - 1]
    return _Trait(dict(zip(names, row, strict=True)), dict(zip(names, shares, strict=True)))


def _default_row(true: int) -> list[float]:
    """Each confusion is a share of what is seen rightly; the row sums to 1."""
    confusions = [
        0.0 if seen == true else _DEFAULT_CONFUSIONS[min(true, seen), max(true, seen)] for seen in range(_COLOURS)
    ]
    right = 1 / (1 + sum(confusions))
    return [right if seen == true else confusion * right for seen, confusion in enumerate(confusions)]


def _numbers(node: Node, count: int) -> list[float]:
    numbers = [each.number() for each in node.items()]
    if len(numbers) != count:
        raise node.error(f"{count} numbers")
    return numbers


def _joint(sex: Mapping[str, float], age: Mapping[str, float]) -> _Table:
    return {f"{one}-{group}": sex[one] * age[group] for one in _SEXES for group in _GROUPS}


def _ratio(one: float, other: float) -> float:
    if other == 0:
        return math.nan if one == 0 else math.inf
    return one / other
