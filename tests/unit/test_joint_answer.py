"""The joint answer of a search, against enumeration and against joint likelihoods computed at once."""

import math
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from antigone.bench.assignment import solve
from antigone.cli.cases import read_case
from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.likelihood import known_from_readings, linked_log_likelihood, log_likelihoods
from antigone.genetics.mutation import Equal, Mutation
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.assignment import Standing, floor_for, joint_answer
from antigone.matching.assignment.answer import shares_of
from antigone.matching.assignment.bodies import Bodies
from antigone.matching.assignment.families import Limits, Start, placings
from antigone.matching.assignment.packing import Packing
from antigone.matching.assignment.plan import make_plan
from antigone.matching.assignment.posterior import flat_posterior
from antigone.matching.assignment.summing import sums
from antigone.matching.classes import marker_classes
from antigone.matching.operation import Family, Individual, Operation, Settings
from antigone.matching.preparation import prepare
from antigone.matching.prior import Prior, Shares
from antigone.matching.search import search
from antigone.matching.tables import what_is_known
from oracles.assignment import assignments, list_all

MARKERS = ("D3S1358", "TH01", "FGA", "D8S1179", "D21S11")
# The first two lie on chromosome 5, near each other.
LINKED = ("D5S818", "CSF1PO", "FGA", "TH01")


def draw(rng, markers, father=None, mother=None) -> dict[str, tuple[int, int]]:
    """A genotype of common alleles: of a founder, or of a child of these."""
    if father is None or mother is None:
        return {name: tuple(int(a) for a in rng.integers(10, 14, 2)) for name in markers}
    return {name: (father[name][rng.integers(2)], mother[name][rng.integers(2)]) for name in markers}


def profile(name: str, genotype: dict[str, tuple[int, int]]) -> Profile:
    return Profile(name, {m: (Reading.of(Repeat(a), Repeat(b)),) for m, (a, b) in genotype.items()})


def body(name: str, genotype, transfer: str = "T1") -> Individual:
    return Individual(name, profile(name, genotype), Sex.MALE, transfer=transfer)


def couple(*children: Person) -> list[Person]:
    return [Person("FA", sex=Sex.MALE), Person("MO", sex=Sex.FEMALE), *children]


def child(name: str, sex: Sex = Sex.MALE) -> Person:
    return Person(name, "FA", "MO", sex)


def family(name: str, persons: list[Person], missing: tuple[str, ...], typed: dict[str, dict]) -> Family:
    build = Pedigree.build(persons, family=name)
    return Family(name, build, missing, {person: profile(f"{name}-{person}", one) for person, one in typed.items()})


def operation(bodies, families, markers=MARKERS, **changes) -> Operation:
    settings = Settings(markers, threshold=0.5, mutation=Mutation.same(Equal(0.002)), **changes)
    return Operation("a case", tuple(bodies), tuple(families), nist_1036_caucasian(), settings)


def mixed_operation(seed: int, **changes) -> Operation:
    """Five bodies; one family that misses one, one that misses a brother and a sister, one with half a reference."""
    rng = np.random.default_rng(seed)
    fathers = [draw(rng, MARKERS) for _ in range(3)]
    mothers = [draw(rng, MARKERS) for _ in range(3)]
    children = [draw(rng, MARKERS, f, m) for f, m in zip(fathers, mothers, strict=True)]
    brother = draw(rng, MARKERS, fathers[1], mothers[1])
    bodies = [
        body("B0", children[0]), body("B1", children[1]), body("B2", brother, "T2"), body("B3", draw(rng, MARKERS)),
        body("B4", draw(rng, MARKERS), "T1; T2"),
    ]  # fmt: skip
    families = [
        family("F0", couple(child("M")), ("M",), {"MO": mothers[0]}),
        family("F1", couple(child("M1"), child("M2")), ("M1", "M2"), {"MO": mothers[1]}),
        family(
            "F2", couple(child("M"), child("S", Sex.FEMALE)), ("M",), {"S": draw(rng, MARKERS, fathers[2], mothers[2])}
        ),
    ]
    return operation(bodies, families, **changes)


def joint_log_lr(case: Operation, place: Family, placed: dict[str, int]) -> float:
    """All bodies in the pedigree at once, against nobody in it and all of them strangers."""
    prepared, settings = prepare(case), case.settings
    models = prepared.models
    known = what_is_known(place, models, settings)
    before = [dict(at) for at in known]
    alone = 0.0
    for name, i in placed.items():
        for m, model in enumerate(models):
            readings = case.individuals[i].profile.readings.get(model.name, ())
            if readings:
                of_body = known_from_readings(readings, model, settings.remains.rates(model))
                nobody = Pedigree.build([Person("X", sex=Sex.MALE)])
                alone += float(log_likelihoods(nobody, [model], [{"X": of_body}]).sum())
                known[m][name] = of_body
    with_bodies, without = (float(log_likelihoods(place.pedigree, models, these).sum()) for these in (known, before))
    for pair in prepared.linked:
        at = [m for m, model in enumerate(models) if model.name in (pair.first, pair.second)]
        for these, sign in ((known, 1), (before, -1)):
            there = [these[m] for m in at]
            if not all(there):
                continue
            two = [models[m] for m in at]
            together = linked_log_likelihood(place.pedigree, two, there, [pair.recombination])
            more = together - float(log_likelihoods(place.pedigree, two, there).sum())
            with_bodies, without = (with_bodies + more, without) if sign > 0 else (with_bodies, without + more)
    return with_bodies - without - alone


def options_by_likelihood(case: Operation) -> list[list[tuple[dict[int, int], float]]]:
    """Every placing of everybody in every family, each computed at once."""
    found = []
    place = 0
    for one in case.families:
        number = {name: place + k for k, name in enumerate(one.missing)}
        place += len(one.missing)
        these = []
        for count in range(1, len(one.missing) + 1):
            for names in permutations(one.missing, count):
                if list(names) != sorted(names):
                    continue
                for who in permutations(range(len(case.individuals)), count):
                    lr = math.exp(joint_log_lr(case, one, dict(zip(names, who, strict=True))))
                    these.append(({number[n]: i for n, i in zip(names, who, strict=True)}, lr))
        found.append(these)
    return found


PRIORS = (
    Prior("one", Shares(0.6, 0.1, 0.3), {"T2": Shares(0.2, 0.3, 0.5)}),
    Prior("two", Shares(0.9, 0.05, 0.05)),
)


@pytest.mark.parametrize("seed", range(2))
def test_the_joint_answer_is_that_of_the_enumeration(seed):
    case = mixed_operation(seed, priors=PRIORS)
    assert floor_for(case) == -np.inf
    answer = joint_answer(search(case, keep=-np.inf, all_pairs=True))
    options = options_by_likelihood(case)
    assert answer.listed == 4
    assert answer.exact_share == 1.0
    assert answer.incomplete == ()
    for k, prior in enumerate(PRIORS):
        odds = [shares_of(one, prior).odds for one in case.individuals]
        want = list_all(options, 5, odds=odds, listed=4)
        for i in range(5):
            for m in range(4):
                one = answer.pair(i, m)
                assert one is not None
                assert one.by_prior[k] == pytest.approx(want.probability(i, m), abs=1e-10)
                assert one.lowest - 1e-10 <= want.probability(i, m) <= one.highest + 1e-10
    for nobody in answer.nobody:
        assert nobody.lowest - 1e-12 <= nobody.posterior[0] <= nobody.posterior[1] <= nobody.highest + 1e-12
    for part in answer.components:
        for one in part.pairs:
            assert one.posterior == (min(one.by_prior), max(one.by_prior))
            assert one.exact
            want = glr(options, one.individual, one.missing)
            # Placings that weigh 10⁻⁹ of what their individual has elsewhere are not looked at.
            assert one.log10_glr is not None
            assert one.log10_glr == pytest.approx(want, abs=1e-7) or max(want, one.log10_glr) < -8


def glr(options, individual: int, missing: int) -> float:
    ways = list(assignments(options))
    holding = max(weight for placed, weight in ways if placed.get(missing) == individual)
    without = max(weight for placed, weight in ways if placed.get(missing) != individual)
    return math.log10(holding / without)


def test_the_prior_of_a_transfer_is_used_and_the_least_favourable_of_several():
    case = mixed_operation(0)
    assert [shares_of(one, PRIORS[0]).listed for one in case.individuals] == [0.6, 0.6, 0.2, 0.6, 0.2]


def test_nobody_is_shared_out_as_the_prior_says():
    case = mixed_operation(1, priors=PRIORS[:1])
    for one, individual in zip(joint_answer(search(case, keep=0.3)).nobody, case.individuals, strict=True):
        shares = shares_of(individual, PRIORS[0])
        parts = one.below[0] + one.listed_without_references[0] + one.not_listed[0]
        assert parts == pytest.approx(one.posterior[0], abs=1e-12)
        assert one.listed_without_references[0] / one.not_listed[0] == pytest.approx(
            shares.listed_without_references / shares.not_listed
        )


def test_what_the_search_left_below_its_floor_stays_within_the_bounds():
    case = mixed_operation(0, priors=PRIORS)
    whole = joint_answer(search(case, keep=-np.inf))
    for floor in (-1.0, 0.3):
        answer = joint_answer(search(case, keep=floor))
        for part in answer.components:
            for one in part.pairs:
                truth = whole.pair(one.individual, one.missing)
                assert truth is not None
                if len(answer.result.missing[one.missing][0].missing) == 1:
                    assert one.lowest - 1e-9 <= min(truth.by_prior)
                    assert max(truth.by_prior) <= one.highest + 1e-9


@pytest.mark.parametrize("bodies", [0, 2])
def test_an_empty_search_has_an_empty_answer(bodies):
    rng = np.random.default_rng(1)
    some = [body(f"B{k}", draw(rng, MARKERS)) for k in range(bodies)]
    for families in ([], [family("F", couple(child("M")), ("M",), {})]):
        answer = joint_answer(search(operation(some, families), keep=-np.inf))
        assert (answer.components, answer.best, answer.symmetric, answer.listed) == ((), {}, (), 0)
        assert [one.posterior for one in answer.nobody] == [pytest.approx((1.0, 1.0))] * bodies


# Families that miss several


def bodies_of(case: Operation) -> Bodies:
    prepared = prepare(case)
    classes = marker_classes(case.individuals, prepared.models, case.settings)
    return Bodies(case.individuals, classes, np.array(["M"] * len(case.individuals)), prepared, case.settings)


@pytest.mark.parametrize("linkage", [True, False])
@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("kin", ["brothers", "father and son"])
def test_placings_are_joint_likelihoods_whichever_is_placed_first(kin, direct, linkage):
    rng = np.random.default_rng(7)
    father, mother = draw(rng, LINKED), draw(rng, LINKED)
    sons = [draw(rng, LINKED, father, mother) for _ in range(3)]
    if kin == "brothers":
        missing, typed, who = ("A", "B"), {"S": sons[2]}, [sons[0], sons[1]]
        persons = couple(child("A"), child("B"), child("S"))
    else:
        missing, typed, who = ("FA", "A"), {"S": sons[2], "MO": mother}, [father, sons[0]]
        persons = couple(child("A"), child("S"))
    if direct:
        typed[missing[0]] = {name: who[0][name] for name in LINKED[:3]}
    place = family("F", persons, missing, typed)
    case = operation([body("B0", who[0]), body("B1", who[1])], [place], LINKED, linkage=linkage)
    assert bool(prepare(case).linked) == linkage
    bodies = bodies_of(case)
    limits = Limits(np.full(2, -np.inf), -np.inf, tables=1000)
    want = joint_log_lr(case, place, {missing[0]: 0, missing[1]: 1}) / math.log(10.0)
    for first in (0, 1):
        log10 = joint_log_lr(case, place, {missing[first]: first}) / math.log(10.0)
        start = Start(missing[first], first, log10)
        (found,) = placings({0: (place, [start])}, bodies, limits, np.zeros(2)).values()
        right = frozenset([(missing[0], 0), (missing[1], 1)])
        assert found.options[right] == pytest.approx(want, abs=1e-9)
        assert not found.incomplete
        assert not found.refused


def test_two_bodies_of_one_family_support_each_other():
    # The sister alone says little of each; both bodies together are brothers of each other as well.
    rng = np.random.default_rng(3)
    father, mother = draw(rng, MARKERS), draw(rng, MARKERS)
    sons = [draw(rng, MARKERS, father, mother) for _ in range(2)]
    place = family(
        "F",
        couple(child("A"), child("B"), child("S", Sex.FEMALE)),
        ("A", "B"),
        {"S": draw(rng, MARKERS, father, mother)},
    )
    case = operation([body("B0", sons[0]), body("B1", sons[1])], [place])
    product = joint_log_lr(case, place, {"A": 0}) + joint_log_lr(case, place, {"B": 1})
    assert abs(joint_log_lr(case, place, {"A": 0, "B": 1}) - product) > 0.1


def test_whom_only_another_body_tells_apart_is_found_through_it():
    """The mother of the son gave a sample; his father, missing too, is nobody's blood but his."""
    rng = np.random.default_rng(5)
    father, mother = draw(rng, MARKERS), draw(rng, MARKERS)
    son = draw(rng, MARKERS, father, mother)
    place = family("F", couple(child("A")), ("A", "FA"), {"MO": mother})
    case = operation([body("B0", son), body("B1", father)], [place], priors=PRIORS[1:])
    answer = joint_answer(search(case, keep=-np.inf))
    assert answer.listed == 2
    want = list_all(options_by_likelihood(case), 2, odds=[9.0, 9.0], listed=2)
    for i in range(2):
        for m in range(2):
            one = answer.pair(i, m)
            assert one is not None
            assert one.by_prior[0] == pytest.approx(want.probability(i, m), abs=1e-9)


# Symmetric sets


def brothers(*, told_apart: bool = False, bodies: int = 2, seed: int = 2) -> Operation:
    """Two brothers missing, both parents typed, and a child of one of them or not."""
    rng = np.random.default_rng(seed)
    markers = (*MARKERS, "vWA", "D18S51", "D16S539")
    father, mother = draw(rng, markers), draw(rng, markers)
    sons = [draw(rng, markers, father, mother) for _ in range(2)]
    persons, typed = couple(child("A"), child("B")), {"FA": father, "MO": mother}
    if told_apart:
        persons += [Person("W", sex=Sex.FEMALE), Person("K", "A", "W", Sex.MALE)]
        typed["K"] = draw(rng, markers, sons[0], draw(rng, markers))
    some = [body(f"B{k}", one) for k, one in enumerate(sons[:bodies])]
    return operation(some, [family("F", persons, ("A", "B"), typed)], markers, priors=PRIORS[1:])


def test_two_brothers_whose_parents_alone_were_typed_are_symmetric():
    answer = joint_answer(search(brothers(), keep=-np.inf))
    (one,) = answer.symmetric
    assert (one.individuals, one.missing) == ((0, 1), (0, 1))
    assert one.posterior > 0.99
    assert one.words(answer.result) == "{B0, B1} are {A, B}; which is which, these samples cannot tell"
    for i in range(2):
        first, second = answer.pair(i, 0), answer.pair(i, 1)
        assert first is not None
        assert second is not None
        assert first.by_prior[0] == pytest.approx(second.by_prior[0], rel=1e-9)
        assert first.by_prior[0] == pytest.approx(0.5, abs=0.01)
        assert (first.standing, first.why) == (Standing.SYMMETRIC, one.words(answer.result))


def test_one_body_is_one_of_two_brothers():
    answer = joint_answer(search(brothers(bodies=1), keep=-np.inf))
    (one,) = answer.symmetric
    assert one.words(answer.result) == "B0 is one of A, B; which is which, these samples cannot tell"


def test_a_child_of_one_of_them_tells_brothers_apart():
    answer = joint_answer(search(brothers(told_apart=True), keep=-np.inf))
    assert answer.symmetric == ()
    right, wrong = answer.pair(0, 0), answer.pair(0, 1)
    assert right is not None
    assert wrong is not None
    assert right.posterior[0] > 0.9 > wrong.posterior[1]


def test_one_man_whom_two_families_report_is_one_of_both():
    case = brothers(bodies=1)
    (place,) = case.families
    once = replace(place, name="F1", missing=("A",))
    again = replace(place, name="F2", missing=("A",))
    answer = joint_answer(search(replace(case, families=(once, again)), keep=-np.inf))
    (one,) = answer.symmetric
    assert (one.individuals, one.missing) == ((0,), (0, 1))


# Words


def test_standings_say_why():
    rng = np.random.default_rng(8)
    markers = (*MARKERS, "vWA", "D18S51", "D16S539")
    father, mother = draw(rng, markers), draw(rng, markers)
    son = draw(rng, markers, father, mother)
    other = dict.fromkeys(markers, (16, 17))
    case = operation(
        [body("B0", son), body("B1", other)],
        [family("F", couple(child("M")), ("M",), {"FA": father, "MO": mother})],
        markers,
    )
    answer = joint_answer(search(case, keep=-np.inf, all_pairs=True))
    right, wrong = answer.pair(0, 0), answer.pair(1, 0)
    assert right is not None
    assert right.standing in (Standing.UNDISPUTED, Standing.LEADING)
    assert answer.best == {0: 0}
    if wrong is not None:
        assert wrong.standing is Standing.EXCLUDED
        assert wrong.why.endswith("markers that only mutations, errors or drop-ins explain")
    one = search(case, keep=-np.inf)
    weak = joint_answer(replace(one, pairs=()), priors=PRIORS)
    assert {pair.standing for part in weak.components for pair in part.pairs} <= {
        Standing.LEADING, Standing.OUTWEIGHED
    }  # fmt: skip


def test_who_takes_the_place_is_named():
    """Of two bodies that fit one family, the weaker is told who is rather the missing person."""
    rng = np.random.default_rng(9)
    markers = (*MARKERS, "vWA", "D18S51")
    father, mother = draw(rng, markers), draw(rng, markers)
    son = draw(rng, markers, father, mother)
    half = {**son, "vWA": (son["vWA"][0], 18)}
    case = operation(
        [body("B0", son), body("B1", half)],
        [family("F", couple(child("M")), ("M",), {"FA": father, "MO": mother})],
        markers,
    )
    answer = joint_answer(search(case, keep=-np.inf, all_pairs=True))
    loser = answer.pair(1, 0)
    assert loser is not None
    assert (loser.standing, loser.why) == (Standing.OUTWEIGHED, "M is rather B0")


# At scale


def test_a_made_up_operation_is_solved_under_three_priors():
    figure = solve(individuals=150, missing=900)
    assert figure.exact_share == 1.0
    assert figure.wrong == 0
    assert figure.right > 30


# dvir's example that dvir refuses


def closed_count(individuals: int, missing: int) -> int:
    """Matchings of everybody with everybody: Σ (n choose k) (m choose k) k!"""
    return sum(
        math.comb(individuals, k) * math.comb(missing, k) * math.factorial(k)
        for k in range(min(individuals, missing) + 1)
    )


def test_sixteen_victims_and_fifteen_families_are_summed_exactly(shared):
    """Every victim is male, and so are the missing persons of whom the sex is known."""
    case = read_case(shared / "cases" / "familias" / "exclusionExample.fam")
    result = search(case, keep=-np.inf)
    male = np.array([place.pedigree[person].sex is Sex.MALE for place, person in result.missing])
    assert (len(case.individuals), len(male), int(male.sum())) == (16, 15, 13)
    kept = result.kept
    for chosen in (np.ones(15, dtype=bool), male):
        these = chosen[kept.missing]
        packing = Packing.of_pairs(
            kept.individual[these].astype(np.int64), kept.missing[these].astype(np.int64),
            kept.log10_lr[these] * np.log(10.0), individuals=16, missing_of=np.arange(15),
        )  # fmt: skip
        plan = make_plan(packing)
        assert plan.exact.all()
        if len(packing) == 16 * chosen.sum():
            count = sums(plan, np.zeros(len(packing))).log_sum.sum()
            assert count == pytest.approx(math.log(closed_count(16, int(chosen.sum()))), rel=1e-13)
        pair, nobody = flat_posterior(plan)
        assert pair.sum() + nobody.sum() == pytest.approx(16.0)


@pytest.mark.parametrize("seed", [1, 2])
def test_what_is_sampled_has_back_what_was_cut_to_make_it_narrow(seed, monkeypatch):
    """Two brothers are missing; of one body little was read: cut for being weak, it counts too little or too much."""
    from antigone.matching.assignment import candidates

    rng = np.random.default_rng(seed)
    father, mother = draw(rng, MARKERS), draw(rng, MARKERS)
    strong, other = (draw(rng, MARKERS, father, mother) for _ in range(2))
    weak = {name: other[name] for name in MARKERS[:1]}
    typed = {"S": draw(rng, MARKERS, father, mother), "FA": father, "MO": mother}
    place = family("F", couple(child("A"), child("B"), child("S", Sex.FEMALE)), ("A", "B"), typed)
    further = [family(f"G{k}", couple(child("A")), ("A",), {"FA": draw(rng, MARKERS)}) for k in range(300)]
    found = search(operation([body("B0", strong), body("B1", weak)], [place, *further], priors=PRIORS[:1]), keep=-1.0)
    exact = joint_answer(found)
    posterior = exact.pair(1, 0).posterior[0]
    assert 0.05 < posterior < 0.15
    monkeypatch.setattr(candidates, "MOST_STEPS", 1)  # nothing can be summed
    sampled = joint_answer(found).pair(1, 0)
    assert not sampled.exact
    assert sampled.posterior[0] == pytest.approx(posterior, abs=0.005 + 5 * sampled.error)
