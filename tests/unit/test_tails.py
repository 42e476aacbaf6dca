"""Far tails by drawing, beside the convolution; and the mean likelihood ratio of strangers to simulated families."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.markers import LinkedPair
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.genetics.simulation import drop_alleles
from antigone.matching import preparation
from antigone.matching.classes import marker_classes
from antigone.matching.coincidences import Coincidences
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.patterns import Patterns
from antigone.matching.preparation import prepare
from antigone.matching.search import search
from antigone.matching.tables import conditional_table
from antigone.matching.tails import mean_lr, tail_by_drawing

P = (0.05, 0.1, 0.15, 0.2, 0.2, 0.3)
GRANDPARENTS = [Person("GF", sex=Sex.MALE), Person("GM", sex=Sex.FEMALE)]
PEOPLE = Pedigree.build([
    *GRANDPARENTS, Person("F", "GF", "GM", Sex.MALE), Person("O", sex=Sex.FEMALE), Person("U", "GF", "GM", Sex.MALE),
    Person("M", "F", "O", Sex.MALE), Person("B", "F", "O", Sex.MALE), Person("H", "F", sex=Sex.FEMALE),
    Person("W", sex=Sex.FEMALE), Person("C", "M", "W", Sex.MALE), Person("D", "M", "W", Sex.FEMALE),
])  # fmt: skip

# By kind of family: who is typed, and of whom the pedigree is.
KINDS = {
    "parent": ("O",),
    "both parents": ("F", "O"),
    "sibling": ("B",),
    "children": ("C", "D"),
    "half-sibling": ("H",),
    "grandparents": ("GF", "GM"),
    "uncle": ("U",),
}


@dataclass(frozen=True)
class Rates:
    """What goes wrong in the samples of the dead."""

    drop_out: float = 0.0
    drop_in: float = 0.0


@dataclass
class Simulated:
    """Families of one kind let down through the pedigree, with the missing persons and as many strangers as bodies."""

    operation: Operation

    @classmethod
    def of(cls, typed, families, markers, rng, rates=None):
        rates = rates or Rates()
        names = [f"L{m}" for m in range(markers)]
        table = {
            name: MarkerFrequencies.from_frequencies(name, {Repeat(10 + i): q for i, q in enumerate(P)})
            for name in names
        }
        settings = Settings(
            tuple(names), threshold=300.0, rare_alleles=Refuse(), mutation=Mutation.same(Stepwise(0.003)),
            remains=SampleErrors(DropOut(rates.drop_out), rates.drop_in),
        )  # fmt: skip
        empty = Operation("t", (), (), FrequencyTable("t", "t", table), settings)
        models = prepare(empty).models
        father, mother = (
            np.array([-1 if name is None else PEOPLE.position(name) for name in side])
            for side in zip(*((one.father, one.mother) for one in PEOPLE.persons), strict=True)
        )
        size = len(PEOPLE)
        shift = np.repeat(np.arange(families) * size, size)
        parents = [
            np.where(np.tile(side, families) < 0, -1, np.tile(side, families) + shift) for side in (father, mother)
        ]
        linked = prepare(empty).linked
        codes = drop_alleles(*parents, models, rng, linked=linked).reshape(families, size, markers, 2)
        nobody = np.full(families, -1)
        strangers = drop_alleles(nobody, nobody, models, rng)
        missing = codes[:, PEOPLE.position("M")]
        found = tuple(
            Family(
                f"F{k}", replace(PEOPLE, family=f"F{k}"), ("M",),
                {who: profile_of(codes[k, PEOPLE.position(who)], names, who) for who in typed},
            )
            for k in range(families)
        )  # fmt: skip
        dead = [
            Individual(f"{kind}{k}", read_of(genotypes, names, rates, rng))
            for kind, all_ in (("true", missing), ("stranger", strangers))
            for k, genotypes in enumerate(all_)
        ]
        return cls(replace(empty, individuals=tuple(dead), families=found))

    def log10_lrs(self):
        """Of strangers, and of missing persons, each against one family."""
        families = len(self.operation.families)
        found = search(self.operation, keep=-np.inf).kept
        lrs = np.full((2 * families, families), -np.inf)
        lrs[found.individual, found.missing] = found.log10_lr
        return np.diagonal(lrs[families:]), np.diagonal(lrs[:families])


def profile_of(genotypes, names, sample):
    return Profile(
        sample,
        {
            name: (Reading.of(*(Repeat(10 + int(a)) for a in pair)),)
            for name, pair in zip(names, genotypes, strict=True)
        },
    )


def read_of(genotypes, names, rates, rng):
    """Of a homozygote both copies drop out independently; a single allele is left open where something can drop out."""
    readings = {}
    for name, pair in zip(names, genotypes, strict=True):
        seen = {int(a) for a in pair if rng.random() >= rates.drop_out}
        if rng.random() < rates.drop_in:
            seen.add(int(rng.choice(len(P), p=P)))
        if seen:
            single = Reads.OTHER_UNSEEN if rates.drop_out else Reads.HOMOZYGOUS
            reads = single if len(seen) == 1 else Reads.ALLELES
            readings[name] = (Reading(tuple(Repeat(10 + a) for a in sorted(seen)), reads),)
    return Profile("R", readings)


def assert_mean_of_one(of_unrelated, of_missing):
    found = mean_lr(of_unrelated, of_missing)
    assert found.standard_error < 0.05
    assert abs(found.value - 1) <= 3 * found.standard_error


@pytest.mark.parametrize(("kind", "seed"), [("both parents", 1), ("sibling", 2), ("uncle", 3)])
def test_likelihood_ratios_of_strangers_average_one(kind, seed):
    rng = np.random.default_rng(seed)
    assert_mean_of_one(*Simulated.of(KINDS[kind], 150, 4, rng, Rates(0.1, 0.02)).log10_lrs())


@pytest.mark.long
@pytest.mark.parametrize("rates", [Rates(), Rates(0.1, 0.03)])
@pytest.mark.parametrize("kind", KINDS)
def test_likelihood_ratios_of_strangers_average_one_by_kind_of_family(kind, rates):
    rng = np.random.default_rng([1 + list(KINDS).index(kind), round(100 * rates.drop_out)])
    assert_mean_of_one(*Simulated.of(KINDS[kind], 500, 8, rng, rates).log10_lrs())


@pytest.mark.parametrize("kind", KINDS)
def test_the_bracket_of_coincidences_holds_what_drawing_finds_far_out(kind, monkeypatch):
    pair = LinkedPair("L0", "L1", 0.1, "test")
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", lambda _: [pair])
    rng = np.random.default_rng([7, list(KINDS).index(kind)])
    operation = Simulated.of(KINDS[kind], 1, 10, rng, Rates(0.1, 0.03)).operation
    prepared = prepare(operation)
    individuals = operation.individuals[:1]
    classes = marker_classes(individuals, prepared.models, operation.settings)
    patterns = Patterns.of_classes(classes, prepared.models, operation.settings)
    ((family, person),) = operation.missing_persons()
    table = conditional_table(family, person, prepared, operation.settings)
    counting = Coincidences(patterns, prepared, operation.missing_persons())
    counting.add(table)
    count = counting.count()
    # As far as the missing person reaches now and then.
    reached = {log10_lr: 10**log10_lr * count.at_least(log10_lr)[0] for log10_lr in np.arange(-1.0, 8.5, 0.5)}
    far = [log10_lr for log10_lr, often in reached.items() if often >= 0.02]
    draws = tail_by_drawing(patterns, 0, table, np.array(far), 20_000, rng)
    for log10_lr, drawn in zip(far, draws, strict=True):
        low, high = count.at_least(log10_lr)
        # Four errors: some seventy comparisons are made.
        assert low - 4 * drawn.standard_error <= drawn.value <= high + 4 * drawn.standard_error, log10_lr
        if log10_lr >= 1.0:
            assert drawn.standard_error < 0.2 * drawn.value
    assert len(far) >= 4
