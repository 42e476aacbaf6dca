"""How long likelihoods take: on the peers' very inputs, and as pedigrees grow."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from antigone.bench.inputs import TimedCase, kinship_cases, likelihood_cases, pairwise_operations, peers
from antigone.bench.machine import Timing, measure
from antigone.genetics.alleles import Repeat
from antigone.genetics.likelihood import Options, typed_log_likelihoods
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.simulation import drop_alleles
from antigone.matching.operation import Operation
from antigone.matching.search import search

# Calls are made in batches: what one Python call costs is not the engine's time.
BATCH = 200
GROWTH = (10, 20, 50, 100, 200, 350, 500)


@dataclass(frozen=True)
class Figure:
    """One measured figure, beside the plain twin and the peers."""

    what: str
    case: str
    model: str
    milliseconds: float
    unit: str
    load: float
    times_faster_than_plain: float | None
    peers: dict[str, float]
    difference: float | None  # from the peer's answer, in log10

    def as_row(self) -> dict[str, object]:
        """Plain values."""
        return dict(vars(self))


def likelihoods(folder: Path) -> list[Figure]:
    """Milliseconds a marker of one likelihood."""
    figures = []
    for case in likelihood_cases(folder):
        timing, plain, log10 = _time(case)
        markers = len(case.models)
        figures.append(_figure("likelihood", case, timing, plain, "ms a marker", log10, per=markers))
    return figures


def kinship(folder: Path) -> list[Figure]:
    """Milliseconds of a 22-marker likelihood ratio of two hypotheses."""
    return [
        _figure("kinshipLR", case, timing, plain, "ms an LR of 22 markers", log10, per=1)
        for case in kinship_cases(folder)
        for timing, plain, log10 in [_time(case)]
    ]


def pairwise(folder: Path) -> list[Figure]:
    """Milliseconds a pair of a search: tables, all pairs, expected coincidences and all."""
    figures = []
    for (name, model), (operation, answers) in pairwise_operations(folder).items():
        pairs = len(operation.individuals) * len(operation.missing_persons())
        timing = measure(partial(search, operation), runs=3)
        others = {peer.program: peer.milliseconds for peer in peers("pairwise", name, model)}
        milliseconds = timing.core_seconds * 1000 / pairs
        worst = _worst_pair(operation, answers)
        figures.append(Figure("pairwise", name, model, milliseconds, "ms a pair", timing.load, None, others, worst))
    return figures


def growth() -> list[dict[str, float]]:
    """Milliseconds a marker for pedigrees of 10 to 500 people, half of them typed, stepwise mutation, 15 alleles."""
    rows = []
    for people in GROWTH:
        pedigree = growing_pedigree(people)
        model = _marker(15)
        codes = _half_typed(pedigree, model)
        timing = measure(partial(typed_log_likelihoods, pedigree, [model], np.repeat(codes, 20, axis=0)), runs=5)
        rows.append({"people": people, "ms_a_marker": timing.core_seconds * 1000 / 20, "load": timing.load})
    return rows


def growing_pedigree(people: int) -> Pedigree:
    """Couples with three children, of whom two marry in from outside, generation after generation."""
    persons = [Person("P0", sex=Sex.MALE), Person("P1", sex=Sex.FEMALE)]
    couples = [("P0", "P1")]
    while len(persons) < people:
        following = []
        for father, mother in couples:
            for k in range(3):
                if len(persons) >= people:
                    break
                child = f"P{len(persons)}"
                sex = Sex.MALE if k % 2 == 0 else Sex.FEMALE
                persons.append(Person(child, father, mother, sex))
                if k < 2 and len(persons) < people:
                    spouse = f"P{len(persons)}"
                    persons.append(Person(spouse, sex=Sex.FEMALE if sex is Sex.MALE else Sex.MALE))
                    following.append((child, spouse) if sex is Sex.MALE else (spouse, child))
        couples = following
    return Pedigree.build(persons)


def _time(case: TimedCase) -> tuple[Timing, Timing, float]:
    """Compiled in batches, plain one by one; and log10 of the likelihood, or of the ratio of two."""
    batches = [np.repeat(codes[None], BATCH, axis=0) for codes in case.codes]

    def compiled() -> None:
        for pedigree, batch in zip(case.pedigrees, batches, strict=True):
            typed_log_likelihoods(pedigree, case.models, batch)

    def plain() -> None:
        for pedigree, batch in zip(case.pedigrees, batches, strict=True):
            typed_log_likelihoods(pedigree, case.models, batch[:1], Options(compiled=False))

    logs = [
        float(typed_log_likelihoods(pedigree, case.models, batch[:1]).sum() / np.log(10))
        for pedigree, batch in zip(case.pedigrees, batches, strict=True)
    ]
    log10 = logs[0] - logs[1] if len(logs) > 1 else logs[0]
    return measure(compiled), measure(plain, runs=3), log10


def _figure(what: str, case: TimedCase, timing: Timing, plain: Timing, unit: str, log10: float, *, per: int) -> Figure:
    each = timing.core_seconds / BATCH
    others = {peer.program: peer.milliseconds for peer in peers(what, case.name, case.model)}
    difference = None if case.answer is None else abs(log10 - case.answer)
    ratio = plain.core_seconds / each
    return Figure(what, case.name, case.model, each * 1000 / per, unit, timing.load, ratio, others, difference)


def _worst_pair(operation: Operation, answers: dict[tuple[str, str], float]) -> float:
    result = search(operation, all_pairs=True)
    ours = {}
    for pair in result.pairs:
        individual, (_, person) = operation.individuals[pair.individual], result.missing[pair.missing]
        ours[individual.id, person] = pair.log10_lr
    differences = [abs(ours[name] - np.log10(answer)) for name, answer in answers.items() if answer > 0]
    return float(max(differences, default=0.0))


def _marker(alleles: int) -> MarkerModel:
    frequencies = np.random.default_rng(1).dirichlet(np.full(alleles, 2.0))
    ladder = [Repeat(8 + i) for i in range(alleles)]
    return MarkerModel.build("marker", ladder, frequencies, Mutation.same(Stepwise(0.002)))


def _half_typed(pedigree: Pedigree, model: MarkerModel) -> "np.ndarray[tuple[int, ...], np.dtype[np.int64]]":
    rng = np.random.default_rng(2)
    father, mother = (
        np.array([-1 if parent is None else pedigree.position(parent) for parent in parents])
        for parents in zip(*((person.father, person.mother) for person in pedigree.persons), strict=True)
    )
    codes = drop_alleles(father, mother, [model], rng).astype(np.int64)[None, :, :, :].transpose(0, 2, 1, 3)
    typed = rng.random(len(pedigree)) < 0.5
    typed[0] = True
    codes[:, :, ~typed] = -1
    return codes
