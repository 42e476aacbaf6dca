"""No true pair is lost by the first pass, however degraded the remains: readings are drawn near the threshold."""

from dataclasses import replace

import numpy as np
import pytest

from antigone.genetics.alleles import Repeat, Silent
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.observation import Reading, Reads, reading_table
from antigone.genetics.pedigrees import Pedigree, Person
from antigone.genetics.profiles import Profile
from antigone.matching.country_search import search_country
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.preparation import prepare
from antigone.matching.search import search
from antigone.matching.tables import conditional_table, hardy_weinberg

MARKERS = tuple(f"B{m}" for m in range(13))
ALLELES = 6
THRESHOLD = 2.0
DRAWS = 600

PEOPLE = (Person("F"), Person("O"), Person("M", "F", "O"), Person("A", "F", "O"), Person("B", "F", "O"))
TYPED = ("F", "A", "AB", "FO")


def operation_at(drop_out: float) -> Operation:
    """Families with a father, a brother, two brothers and both parents; nobody dead yet."""
    rng = np.random.default_rng(11)
    table = {
        name: MarkerFrequencies.from_frequencies(
            name, {Repeat(9 + i): float(p) for i, p in enumerate(rng.dirichlet(np.full(ALLELES, 2.0)))}
        )
        for name in MARKERS
    }
    settings = Settings(
        MARKERS, threshold=THRESHOLD, mutation=Mutation(Stepwise(0.001, 0.1), Stepwise(0.003, 0.1)),
        rare_alleles=Refuse(), silent={MARKERS[0]: 0.02}, remains=SampleErrors(DropOut(drop_out), 0.02, 0.002),
    )  # fmt: skip

    def typed(sample: str) -> Profile:
        pairs = {name: rng.integers(0, ALLELES, 2) for name in MARKERS[1:]}
        return Profile(sample, {name: (Reading.of(*(Repeat(9 + int(i)) for i in two)),) for name, two in pairs.items()})

    families = tuple(
        Family(f"F{k}", Pedigree.build(PEOPLE), ("M",), {person: typed(f"{k}{person}") for person in who})
        for k, who in enumerate(TYPED)
    )
    return Operation("degraded", (), families, FrequencyTable("t", "t", table), settings)


class Readings:
    """All that one replicate may show at each marker, and its probability of the missing person and of a stranger."""

    def __init__(self, operation: Operation, family: Family) -> None:
        prepared = prepare(operation)
        tables = conditional_table(family, "M", prepared, operation.settings).markers
        self.shown, self.related, self.unrelated = [], [], []
        for model, table in zip(prepared.models, tables, strict=True):
            likelihood = reading_table(model, operation.settings.remains.rates(model))
            unrelated = hardy_weinberg(model)
            related = unrelated if table is None else table.related
            named = [i for i, allele in enumerate(model.alleles) if not isinstance(allele, Silent)]
            readings = [(), *((Reading((model.alleles[i],), Reads.OTHER_UNSEEN),) for i in named)]
            rows = [np.zeros(len(unrelated)), *(likelihood.singles[i] for i in named)]
            for k, (i, j) in enumerate(zip(*np.triu_indices(len(model), 1), strict=True)):
                if i in named and j in named:
                    readings.append((Reading((model.alleles[i], model.alleles[j])),))
                    rows.append(likelihood.pairs[k])
            rows[0] = 1 - np.sum(rows, axis=0)  # nothing, and what two drop-ins at once would show
            self.shown.append(readings)
            self.related.append(np.array(rows) @ related)
            self.unrelated.append(np.array(rows) @ unrelated)

    def draw(self, rng: np.random.Generator) -> tuple[Profile, float]:
        """As the missing person's, or as something between them and a stranger; and the weight of the first."""
        between = [(r + u) / 2 for r, u in zip(self.related, self.unrelated, strict=True)]
        source = self.related if rng.random() < 0.5 else between
        which = [int(rng.choice(len(p), p=p / p.sum())) for p in source]
        true = np.prod([p[k] for p, k in zip(self.related, which, strict=True)])
        other = np.prod([p[k] for p, k in zip(between, which, strict=True)])
        shown = {name: readings[k] for name, readings, k in zip(MARKERS, self.shown, which, strict=True) if readings[k]}
        return Profile("S", shown), float(true / (0.5 * true + 0.5 * other))


@pytest.mark.parametrize("drop_out", [0.0, 0.1, 0.2, 0.3, 0.4])
def test_no_true_pair_is_lost(drop_out):
    rng = np.random.default_rng(int(drop_out * 10))
    operation = operation_at(drop_out)
    dead, weights = [], []
    for family in operation.families:
        readings = Readings(operation, family)
        for _ in range(DRAWS):
            profile, weight = readings.draw(rng)
            dead.append(Individual(f"R{len(dead)}", profile))
            weights.append(weight)
    operation = replace(operation, individuals=tuple(dead))
    found, every = search_country(operation), search(operation, keep=THRESHOLD, coincidences=False)
    assert found.survived < 0.9 * found.pairs  # the first pass decides something
    for k in range(len(operation.families)):
        mine = slice(k * DRAWS, (k + 1) * DRAWS)
        weight = np.array(weights[mine])
        reached, kept = np.zeros(DRAWS, dtype=bool), np.zeros(DRAWS, dtype=bool)
        for hits, into in ((every.kept, reached), (found, kept)):
            individual = hits.individual[hits.missing == k] - k * DRAWS
            into[individual[(individual >= 0) & (individual < DRAWS)]] = True
        # P(a true pair reaches the threshold), by weights: the draws stand for true pairs; and none of it is lost.
        share = float(np.mean(weight * reached))
        assert abs(weight.mean() - 1) < 4 * weight.std() / np.sqrt(DRAWS)
        assert share > 0.02
        assert np.mean(~reached) > 0.02
        assert float(np.mean(weight * (reached & ~kept))) == 0.0
    assert found.individual.tolist() == every.kept.individual.tolist()
    assert found.missing.tolist() == every.kept.missing.tolist()
