"""dvir's joint assignments, computed again: the assignments it lists, the sum over all, and the marginal posteriors.

Of the peer's tables only `dviJoint_all_pairings` and `jointDVI_nonzero_pairs` are exact: the others hold its heuristics
(pairs fixed beforehand, mutation switched off by family) and its defects, and are not compared. The prior is flat over
assignments, as the peer has it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from antigone.formats.answers.comparison import Comparison
from antigone.formats.answers.dvi import DviFamily, victim_known, victim_logs
from antigone.formats.answers.reading import Node, probability_of_log, read_model
from antigone.genetics.likelihood import Known, Typed, log_likelihoods, typed_log_likelihoods
from antigone.genetics.models import MarkerModel
from antigone.matching.assignment.packing import Option, Packing
from antigone.matching.assignment.plan import make_plan
from antigone.matching.assignment.posterior import Pairs, flat_posterior
from antigone.matching.assignment.summing import sums

Floats = NDArray[np.float64]
Placed = tuple[tuple[str, str], ...]  # missing person and victim, in the order of the missing

NOBODY = "*"
TABLES = ("dviJoint_all_pairings", "jointDVI_nonzero_pairs")


def compare_joint(case: Node, comparison: Comparison) -> None:
    """Compare the two exact tables of a case, and how many assignments the sexes allow.

    A table that the peer failed to compute is absent.
    """
    joint = _Joint(case)
    pairings = joint.pairings()
    size = case.at("kind", "grid_size_all")
    if size is not None:
        comparison.count("grid_size_all", _count(joint.packing(pairings, flat=True)), int(size.number()))
    for name in TABLES:
        table = case["answer"].get(name)
        if table is None or table.get("error") is not None:
            comparison.absent.append(name)
        else:
            _compare_table(name, table, joint, pairings if name == TABLES[0] else joint.possible(pairings), comparison)


def _count(packing: Packing) -> int:
    """How many assignments there are: the sum over all where everything weighs 1."""
    return round(math.exp(float(sums(make_plan(packing), packing.log_lr).log_sum.sum())))


@dataclass(eq=False)
class _Joint:
    """All families of a case, and the likelihoods of victims placed in them, each computed once."""

    case: Node
    models: list[MarkerModel] = field(init=False)
    families: list[DviFamily] = field(init=False)
    sexes: dict[str, str] = field(init=False)
    missing: dict[str, int] = field(init=False)  # missing person → family
    genotypes: dict[str, list[dict[str, Known]]] = field(init=False)  # victim → what is known of them, by marker
    victims: dict[str, float] = field(init=False)  # victim → log likelihood alone
    _logs: list[dict[Placed, float]] = field(init=False)

    def __post_init__(self) -> None:
        dvi = self.case["dvi"]
        self.models = [read_model(marker) for marker in dvi["markers"].items()]
        self.families = [DviFamily(node, dvi, self.models) for node in dvi["am"].items()]
        self.sexes = {node["id"].text(): node["sex"].text() for node in dvi["pm"].items()}
        names = [name.text() for name in dvi["missing"].items()]
        self.missing = {name: self._family_of(name) for name in names}
        self.genotypes = {name: victim_known(name, sex, dvi, self.models) for name, sex in self.sexes.items()}
        self.victims = {name: float(victim_logs(name, sex, dvi, self.models).sum()) for name, sex in self.sexes.items()}
        self._logs = [{} for _ in self.families]

    def _family_of(self, missing: str) -> int:
        return next(f for f, family in enumerate(self.families) if missing in family.pedigree)

    def pairings(self) -> dict[str, list[str]]:
        """For each victim the missing persons of the same sex."""
        return {
            victim: [name for name, f in self.missing.items() if str(self.families[f].pedigree[name].sex) == sex]
            for victim, sex in self.sexes.items()
        }

    def possible(self, pairings: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
        """Those pairs whose likelihood ratio by themselves is above zero."""
        placed = {(victim, name): ((name, victim),) for victim, names in pairings.items() for name in names}
        self.compute({one: self.missing[one[0][0]] for one in placed.values()})
        return {
            victim: [name for name in names if self.log_lr(placed[victim, name]) > -math.inf]
            for victim, names in pairings.items()
        }

    def packing(self, pairings: Mapping[str, Sequence[str]], *, flat: bool = False) -> Packing:
        """All placings that the pairings allow, with their likelihood ratios, or (`flat`) with an LR of 1."""
        victims, sought = list(self.sexes), list(self.missing)
        of_family = [[name for name in sought if self.missing[name] == f] for f in range(len(self.families))]
        placings = {placed: f for f, names in enumerate(of_family) for placed in _placings(names, pairings)}
        if not flat:
            self.compute(placings)
        options = (
            Option(
                f,
                tuple((sought.index(m), victims.index(v)) for m, v in placed),
                0.0 if flat else self.log_lr(placed),
            )
            for placed, f in placings.items()
        )
        return Packing.of(options, individuals=len(victims), missing_of=list(self.missing.values()))

    def log_lr(self, placed: Placed) -> float:
        """Natural logarithm: these victims in their one family, against nobody in it and all of them strangers."""
        f = self.missing[placed[0][0]]
        alone = sum(self.victims[victim] for _, victim in placed)
        return self._logs[f][placed] - self._logs[f][()] - alone

    def null(self) -> float:
        """Log likelihood of nobody being anybody."""
        for f in range(len(self.families)):
            self.compute({(): f})
        return sum(logs[()] for logs in self._logs) + sum(self.victims.values())

    def compute(self, wanted: Mapping[Placed, int]) -> None:
        """The log likelihoods of families with victims in them, many at once."""
        for f, family in enumerate(self.families):
            new = [placed for placed, of in wanted.items() if of == f and placed not in self._logs[f]]
            new += [()] if () not in self._logs[f] and () not in new else []
            for begin in range(0, len(new), _AT_ONCE):
                batch = new[begin : begin + _AT_ONCE]
                self._logs[f].update(zip(batch, self._log_likelihoods(family, batch).tolist(), strict=True))

    def _log_likelihoods(self, family: DviFamily, batch: Sequence[Placed]) -> Floats:
        known = [*family.known, *(at for these in self.genotypes.values() for at in these)]
        if any(not isinstance(one, Typed) for at in known for one in at.values()):
            cases = [self._with_victims(family, placed) for placed in batch]
            return np.array([log_likelihoods(family.pedigree, self.models, case).sum() for case in cases])
        codes = np.full((len(batch), len(self.models), len(family.pedigree), 2), -1, dtype=np.int64)
        for m, (model, at) in enumerate(zip(self.models, family.known, strict=True)):
            for name, one in at.items():
                codes[:, m, family.pedigree.position(name)] = _codes(one, model)
        of_victims = {victim: self._codes_of(victim) for victim in self.sexes}
        for c, placed in enumerate(batch):
            for missing, victim in placed:
                own = of_victims[victim]
                typed = own[:, 0] >= 0
                codes[c, typed, family.pedigree.position(missing)] = own[typed]
        return np.asarray(typed_log_likelihoods(family.pedigree, self.models, codes).sum(axis=1))

    def _with_victims(self, family: DviFamily, placed: Placed) -> list[dict[str, Known]]:
        """What is known with victims' genotypes on missing persons; where a victim has none, what was known stays."""
        known = [dict(at) for at in family.known]
        for missing, victim in placed:
            for at, of_victim in zip(known, self.genotypes[victim], strict=True):
                if victim in of_victim:
                    at[missing] = of_victim[victim]
        return known

    def _codes_of(self, victim: str) -> NDArray[np.int64]:
        of_markers = zip(self.models, self.genotypes[victim], strict=True)
        return np.array([_codes(at[victim], model) if at else (-1, -1) for model, at in of_markers], dtype=np.int64)


_AT_ONCE = 2000


def _codes(known: Known, model: MarkerModel) -> tuple[int, int]:
    alleles = known.alleles if isinstance(known, Typed) else ()
    indices = [model.index[allele] for allele in alleles]
    return indices[0], indices[-1]


def _placings(names: Sequence[str], pairings: Mapping[str, Sequence[str]]) -> list[Placed]:
    """Every way to place victims at one or more of a family's missing persons."""
    candidates = {name: [victim for victim, these in pairings.items() if name in these] for name in names}
    return [
        tuple(zip(chosen, victims, strict=True))
        for count in range(1, len(names) + 1)
        for chosen in combinations(names, count)
        for victims in product(*(candidates[name] for name in chosen))
        if len(set(victims)) == count
    ]


def _compare_table(
    name: str, table: Node, joint: _Joint, pairings: Mapping[str, Sequence[str]], comparison: Comparison
) -> None:
    null = joint.null()
    comparison.count(
        f"{name} n_assignments", _count(joint.packing(pairings, flat=True)), int(table["n_assignments"].number())
    )
    packing = joint.packing(pairings)
    total = null + float(sums(make_plan(packing), packing.log_lr).log_sum.sum())
    comparison.logarithm(f"{name} logsumexp", total, table["logsumexp_loglik"].optional_number())
    _compare_rows(name, table, joint, null, total, comparison)
    _compare_marginals(name, table, joint, packing, comparison)


def _compare_rows(name: str, table: Node, joint: _Joint, null: float, total: float, comparison: Comparison) -> None:
    columns = [column.text() for column in table["columns"].items()]
    logs = [
        null + sum(_log_lrs(joint, dict(zip(columns, map(Node.text, row.items()), strict=True))))
        for row in table["top"].items()
    ]
    best = max(logs, default=-math.inf)
    for k, (log, theirs) in enumerate(zip(logs, table["loglik"].items(), strict=True)):
        comparison.logarithm(f"{name} loglik of row {k + 1}", log, theirs.optional_number())
    ratios = [probability_of_log(best - log) if name == TABLES[0] else probability_of_log(log - null) for log in logs]
    for column, ours in (("LR", ratios), ("posterior", [probability_of_log(log - total) for log in logs])):
        values = table.get(column)
        for k, (one, value) in enumerate(
            zip(ours, values.items() if values is not None else (), strict=values is not None)
        ):
            comparison.ratio(f"{name} {column} of row {k + 1}", one, value.optional_number())


def _log_lrs(joint: _Joint, row: Mapping[str, str]) -> list[float]:
    """The log LR of each family in one assignment; `row` gives each victim's missing person, or `*`."""
    placed: dict[int, list[tuple[str, str]]] = {}
    for missing, f in joint.missing.items():
        for victim, name in row.items():
            if name == missing:
                placed.setdefault(f, []).append((missing, victim))
    wanted = {tuple(these): f for f, these in placed.items()}
    joint.compute(wanted)
    return [joint.log_lr(one) for one in wanted]


def _compare_marginals(name: str, table: Node, joint: _Joint, packing: Packing, comparison: Comparison) -> None:
    theirs = table.get("marginal_flat_prior")
    if theirs is None or theirs.value is None:
        comparison.absent.append(f"{name} marginal_flat_prior")
        return
    victims, sought = list(joint.sexes), list(joint.missing)
    pairs = Pairs.of(packing)
    of_pairs, nobody = flat_posterior(make_plan(packing))
    ours = {
        (victims[i], sought[m]): float(p) for i, m, p in zip(pairs.individual, pairs.missing, of_pairs, strict=True)
    }
    ours |= {(victim, NOBODY): float(p) for victim, p in zip(victims, nobody, strict=True)}
    columns = [column.text() for column in theirs["cols"].items()]
    for row, values in zip(theirs["rows"].items(), theirs["values"].items(), strict=True):
        for column, value in zip(columns, values.items(), strict=True):
            probability = ours.get((row.text(), column), 0.0)
            comparison.probability(f"{name} P({row.text()} is {column})", probability, value.optional_number())
