"""The missing person against relatives whom nobody listed: by hand, and against the enumeration."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat
from antigone.genetics.elimination import TooComplexError
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.likelihood import Typed, linked_log_likelihood
from antigone.genetics.markers import LinkedPair
from antigone.genetics.mutation import NO_MUTATION, CustomMatrix, Mutation
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching import preparation
from antigone.matching.batched_tables import TableBatches
from antigone.matching.classes import marker_classes
from antigone.matching.conditional_tables import conditional_tables
from antigone.matching.operation import DropOut, Family, Individual, Operation, SampleErrors, Settings
from antigone.matching.patterns import Patterns
from antigone.matching.preparation import prepare
from antigone.matching.rivals import (
    RIVAL,
    Rival,
    chances_to_pass,
    pedigree_with_rival,
    rival_log10_lrs,
    rival_tables,
)
from antigone.matching.tables import TableError, conditional_table
from examples import examples
from families import KINDS, pedigree
from oracles import search as oracle
from oracles.observation import Reading as OracleReading
from oracles.observation import replicates
from oracles.pedigree import Member, genotype_distribution, likelihood
from oracles.strategies import frequencies, mutation_pairs, observations, pedigrees

P = (0.2, 0.3, 0.5)
FATHER, MOTHER = Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE)
MISSING = Person("M", "F", "O", Sex.MALE)


def typed(*alleles: int) -> Reading:
    return Reading.of(*(Repeat(a) for a in alleles))


def profile(name: str, marker: str = "A", **readings: Reading) -> Profile:
    return Profile(name, {marker: (reading,) for marker, reading in readings.items()})


def settings_of(markers=("A",), *, theta=0.0, mutation=NO_MUTATION, remains=None):
    return Settings(
        tuple(markers), theta=theta, threshold=300.0, rare_alleles=Refuse(), mutation=mutation,
        remains=remains or SampleErrors(),
    )  # fmt: skip


def prepared_for(individual, family, settings, p=P):
    table = {
        name: MarkerFrequencies.from_frequencies(name, {Repeat(10 + i): q for i, q in enumerate(p)})
        for name in settings.markers
    }
    return prepare(Operation("t", (individual,), (family,), FrequencyTable("t", "t", table), settings))


def lrs(individual, family, settings=None, *, p=P, kinds=tuple(Rival)):
    settings = settings or settings_of()
    prepared = prepared_for(individual, family, settings, p)
    return {
        name: 10**log10 for name, log10 in rival_log10_lrs(individual, family, "M", prepared, settings, kinds).items()
    }


def body(**readings: Reading) -> Individual:
    return Individual("R", profile("R", **readings), Sex.MALE)


def test_parents_cannot_tell_the_missing_person_from_a_full_brother():
    parents = {"F": profile("F", A=typed(10, 11)), "O": profile("O", A=typed(11, 12))}
    family = Family("f", Pedigree.build([FATHER, MOTHER, MISSING]), ("M",), parents)
    found = lrs(body(A=typed(10, 12)), family)
    assert found["full sibling"] == pytest.approx(1.0)
    # From both parents 10/12 has ¼; a half-brother by the father has 10 from him with ½ and 12 from anybody, or 12
    # from nobody: ½ · 0.5. One by the mother has 12 from her with ½ and 10 from anybody: ½ · 0.2.
    assert found["paternal half-sibling"] == pytest.approx(0.25 / (0.5 * 0.5))
    assert found["maternal half-sibling"] == pytest.approx(0.25 / (0.5 * 0.2))


def test_a_child_tells_its_father_from_his_brothers_by_hand():
    # The body is 10/10, the child 10/11 by an unknown mother. The father has LR 1/2p, an uncle (1 + 1/2p)/2, and a
    # half-brother of the father (3 + 1/2p)/4; so has the father's own uncle.
    family = Family(
        "f", Pedigree.build([Person("M", sex=Sex.MALE), Person("C", "M")]), ("M",), {"C": profile("C", A=typed(10, 11))}
    )
    found = lrs(body(A=typed(10, 10)), family)
    father = 1 / (2 * 0.2)
    assert found["full sibling"] == pytest.approx(father / ((1 + father) / 2))
    for kind in ("paternal half-sibling", "maternal half-sibling", "full sibling of the father"):
        assert found[kind] == pytest.approx(father / ((3 + father) / 4)), kind


def test_a_direct_reference_tells_the_missing_person_from_everybody():
    # Full brothers 10/11 and 10/11: ¼ + ½ · (p + q)/(4pq) + ¼ · 1/(2pq), against strangers; the same person: 1/(2pq).
    p, q = 0.2, 0.3
    brother = 1 / 4 + (p + q) / (8 * p * q) + 1 / (8 * p * q)
    family = Family("f", Pedigree.build([MISSING, FATHER, MOTHER]), ("M",), {"M": profile("own", A=typed(10, 11))})
    assert lrs(body(A=typed(10, 11)), family)["full sibling"] == pytest.approx(1 / (2 * p * q) / brother)
    other = lrs(body(A=typed(12, 12)), family)
    assert other["full sibling"] == 0.0  # the brother it can be, the missing person it cannot


def test_an_identical_twin_stays_one_when_parents_are_added():
    p, q = 0.2, 0.3
    brother = 1 / 4 + (p + q) / (8 * p * q) + 1 / (8 * p * q)
    twins = Pedigree.build([Person("M", sex=Sex.MALE), Person("T", sex=Sex.MALE)], twins=[["M", "T"]])
    family = Family("f", twins, ("M",), {"T": profile("T", A=typed(10, 11))})
    assert lrs(body(A=typed(10, 11)), family)["full sibling"] == pytest.approx(1 / (2 * p * q) / brother)


def test_two_listed_brothers_are_rivals_whom_a_child_of_one_tells_apart():
    brothers = [FATHER, MOTHER, MISSING, Person("N", "F", "O", Sex.MALE), Person("S", "F", "O", Sex.FEMALE)]
    parents = {"F": profile("F", A=typed(10, 11)), "O": profile("O", A=typed(11, 12))}
    family = Family("f", Pedigree.build(brothers), ("M", "N", "S"), parents)
    found = lrs(body(A=typed(10, 12)), family, kinds=())
    assert found == {"listed N": pytest.approx(1.0)}  # the sister is of another sex
    child = Person("C", "M")
    with_child = replace(
        family, pedigree=Pedigree.build([*brothers, child]), profiles={**parents, "C": profile("C", A=typed(10, 10))}
    )
    # Given the parents M is 10/11, 10/12, 11/11 or 11/12 with ¼ each; the child says ½ and ½ of the first two.
    found = lrs(body(A=typed(10, 12)), with_child, kinds=())
    assert found["listed N"] == pytest.approx(0.5 / 0.25)


def test_brothers_of_a_father_share_his_x_and_no_half_brother_by_the_father_does():
    # DXS markers: a man has his mother's X alone. The mother is 10/11; the half-brother by the father has a stranger's.
    settings = settings_of(("DXS10079",))
    family = Family("f", Pedigree.build([FATHER, MOTHER, MISSING]), ("M",), {"O": profile("O", DXS10079=typed(10, 11))})
    found = lrs(body(DXS10079=typed(10, 10)), family, settings)
    assert found["full sibling"] == found["maternal half-sibling"] == pytest.approx(1.0)
    assert found["paternal half-sibling"] == pytest.approx(0.5 / 0.2)
    woman = replace(body(DXS10079=typed(10, 10)), sex=Sex.FEMALE)
    assert set(lrs(woman, family, settings).values()) == {1.0}  # nothing can be compared


def test_linked_markers_are_taken_together(monkeypatch):
    pair = LinkedPair("A", "B", 0.05, "test")
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", lambda _: [pair])
    people = [FATHER, MOTHER, MISSING, Person("S", "F", "O"), Person("C", "M")]
    read = {"S": {"A": (10, 11), "B": (11, 12)}, "C": {"A": (10, 12), "B": (11, 12)}}
    dead = {"A": (10, 12), "B": (11, 11)}
    family = Family(
        "f", Pedigree.build(people), ("M",),
        {name: profile(name, **{m: typed(*pair) for m, pair in one.items()}) for name, one in read.items()},
    )  # fmt: skip
    individual = body(**{m: typed(*pair) for m, pair in dead.items()})
    settings = settings_of(("A", "B"))
    prepared = prepared_for(individual, family, settings)
    found = rival_log10_lrs(individual, family, "M", prepared, settings, [Rival.FULL_SIBLING])

    def log_likelihood(pedigree, who):
        known = [
            {name: Typed(tuple(Repeat(a) for a in one[m])) for name, one in {**read, **who}.items()} for m in ("A", "B")
        ]
        return linked_log_likelihood(pedigree, prepared.models, known, [0.05])

    with_brother = Pedigree.build([*people, Person("R", "F", "O")])
    expected = log_likelihood(with_brother, {"M": dead}) - log_likelihood(with_brother, {"R": dead})
    assert found["full sibling"] == pytest.approx(expected / math.log(10))


# --- against the enumeration -----------------------------------------------------------------------------------------


def members_with_rival(members, missing, kind):
    """The same enlargement of a family, written once more."""
    people = {m.id: m for m in members}

    def parent(of, side):
        name = getattr(people[of], side)
        if name is None:
            name = f"{side} of {of}"
            people[name] = Member(name, None, None, "M" if side == "father" else "F")
            people[of] = people[of]._replace(**{side: name})
        return name

    if kind is Rival.FULL_SIBLING:
        father, mother = parent(missing, "father"), parent(missing, "mother")
    elif kind is Rival.PATERNAL_HALF_SIBLING:
        father, mother = parent(missing, "father"), None
    elif kind is Rival.MATERNAL_HALF_SIBLING:
        father, mother = None, parent(missing, "mother")
    else:
        common = parent(missing, "father" if kind is Rival.PATERNAL_UNCLE else "mother")
        father, mother = parent(common, "father"), parent(common, "mother")
    return [*people.values(), Member("rival", father, mother, people[missing].sex)]


def rows(matrix, size):
    return CustomMatrix(tuple(map(tuple, np.eye(size) if matrix is None else matrix)))


class Case:
    """A family with one missing person and one body at one marker, for engine and oracle."""

    def __init__(self, data, *, theta=0.0):
        self.x_linked = theta == 0 and data.draw(st.booleans())
        self.family = data.draw(pedigrees(max_people=3 if theta else 4, one_parent=True, unknown_sex=False))
        self.missing = data.draw(st.sampled_from([m.id for m in self.family.members]))
        p = data.draw(frequencies(max_alleles=3))
        male, female, _ = data.draw(mutation_pairs(p))
        observed = {}
        for person, read in data.draw(observations(self.family, p, errors=False, x_linked=self.x_linked)).items():
            kind = "homozygous" if len(read.seen) == 1 and read.kind == "seen" else read.kind
            observed[person] = OracleReading(read.seen, kind, p, (0.0,) * len(p))
        self.marker = oracle.Marker(p, observed, male, female, self.x_linked, theta)
        (self.sex,) = (m.sex for m in self.family.members if m.id == self.missing)
        haploid = self.x_linked and self.sex == "M"
        seen = data.draw(st.lists(st.integers(0, len(p) - 1), min_size=1, max_size=1 if haploid else 2, unique=True))
        self.read = OracleReading(frozenset(seen), "homozygous" if len(seen) == 1 else "seen", p, (0.1,) * len(p))
        name = "DXS10079" if self.x_linked else "A"
        profiles = {person: Profile(person, {name: (reading_of(read),)}) for person, read in observed.items()}
        self.engine = Family("F", pedigree(self.family), (self.missing,), profiles)
        self.individual = Individual("R", Profile("R", {name: (reading_of(self.read),)}), Sex(self.sex))
        mutation = Mutation(rows(female, len(p)), rows(male, len(p)))
        self.settings = settings_of((name,), theta=theta, mutation=mutation, remains=SampleErrors(DropOut(0.1)))
        self.prepared = prepared_for(self.individual, self.engine, self.settings, p)

    def probability(self, members, who):
        """P(what was read of the body | it is this person, the family's samples)."""
        observed = self.marker.observations
        known = [observed[who]] if who in observed else []
        everything = {**observed, who: replicates(self.read, *known)}
        together = likelihood(members, self.marker.p, everything, **self.marker.model)
        return together / likelihood(members, self.marker.p, observed, **self.marker.model)


def reading_of(read: OracleReading) -> Reading:
    return Reading(tuple(Repeat(10 + i) for i in sorted(read.seen)), KINDS[read.kind])


@given(st.data())
@examples(40)
def test_likelihood_ratios_against_rivals_are_those_of_the_enumeration(data):
    theta = data.draw(st.sampled_from([0.0, 0.0, 0.0, 0.02]))
    case = Case(data, theta=theta)
    kind = data.draw(st.sampled_from(list(Rival)[: 3 if theta else None]))  # the enumeration takes long with theta
    members = case.family.members
    assume(case.marker.observations)
    assume(likelihood(members, case.marker.p, case.marker.observations, **case.marker.model) > 0)
    found = rival_log10_lrs(case.individual, case.engine, case.missing, case.prepared, case.settings, [kind])
    enlarged = members_with_rival(members, case.missing, kind)
    person, rival = case.probability(members, case.missing), case.probability(enlarged, "rival")
    if rival > 0:
        assert 10 ** found[str(kind)] == pytest.approx(person / rival, rel=1e-8, abs=1e-12)
    else:
        assert found[str(kind)] == math.inf if person > 0 else math.isnan(found[str(kind)])


@given(st.data())
@examples(12)
def test_the_chance_that_a_rival_passes_brackets_the_enumeration(data):
    family = data.draw(pedigrees(max_people=4, unknown_sex=False))
    missing = data.draw(st.sampled_from([m.id for m in family.members]))
    p = data.draw(frequencies(max_alleles=3))
    two = []
    for _ in range(2):
        read = data.draw(observations(family, p, errors=False))
        two.append({
            person: OracleReading(one.seen, "homozygous" if len(one.seen) == 1 and one.kind == "seen" else one.kind, p,
                                  (0.0,) * len(p))
            for person, one in read.items()
        })  # fmt: skip
    assume(all(read and likelihood(family.members, p, read) > 0 for read in two))
    profiles = {
        person: Profile(
            person, {m: (reading_of(read[person]),) for m, read in zip("AB", two, strict=True) if person in read}
        )
        for person in {*two[0], *two[1]}
    }
    individual = Individual("R", profile("R", A=typed(10, 10), B=typed(10, 11)))
    engine = Family("F", pedigree(family), (missing,), profiles)
    settings = settings_of(("A", "B"))
    prepared = prepared_for(individual, engine, settings, p)
    kind = data.draw(st.sampled_from(list(Rival)))
    enlarged = members_with_rival(family.members, missing, kind)
    outcomes = [(1.0, 1.0)]
    for read in two:
        lr_of = dict(zip(
            genotype_distribution(missing, family.members, p, read),
            oracle_lrs(family.members, missing, p, read), strict=True,
        ))  # fmt: skip
        drawn = genotype_distribution("rival", enlarged, p, read)
        total = sum(drawn.values())
        outcomes = [(lr * lr_of[g], q * w / total) for lr, q in outcomes for g, w in drawn.items()]
    pattern = patterns_of([individual], prepared, settings)
    table = conditional_table(engine, missing, prepared, settings)
    rivals = rival_tables(engine, missing, prepared, settings, [kind])
    for x in (-0.5, 0.0, 0.3, 0.7, *(math.log10(lr) for lr, _ in outcomes[:4] if lr > 0)):
        exact = sum(q for lr, q in outcomes if lr > 0 and math.log10(lr) >= x - 1e-9)
        low, high = expected_rival_passes(pattern, table, rivals, x)[str(kind)]
        assert low - 1e-9 <= exact <= high + 1e-9


def expected_rival_passes(pattern, table, rivals, x):
    """At one threshold, by the name of who the body is."""
    return {
        name: tuple(float(end[0]) for end in chances_to_pass(pattern, table, drawn, np.array([x])))
        for name, drawn in rivals.items()
    }


def oracle_lrs(members, missing, p, read):
    joint = genotype_distribution(missing, members, p, read)
    total = sum(joint.values())
    return [w / total / math.prod([p[a] for a in g] + [2 if len(set(g)) > 1 else 1]) for g, w in joint.items()]


def patterns_of(individuals, prepared, settings):
    return Patterns.of_classes(marker_classes(individuals, prepared.models, settings), prepared.models, settings)


def test_the_missing_person_passes_as_often_as_lr_times_the_unrelated_do(monkeypatch):
    # Two linked markers and a sibling: drawn as the missing person, and drawn as a brother, whom nothing tells apart.
    pair = LinkedPair("A", "B", 0.05, "test")
    monkeypatch.setattr(preparation, "disjoint_linked_pairs", lambda _: [pair])
    people = Pedigree.build([FATHER, MOTHER, MISSING, Person("S", "F", "O")])
    family = Family("f", people, ("M",), {"S": profile("S", A=typed(10, 11), B=typed(10, 12))})
    individual = body(A=typed(10, 12), B=typed(10, 11))
    settings = settings_of(("A", "B"))
    prepared = prepared_for(individual, family, settings)
    table = conditional_table(family, "M", prepared, settings)
    pattern = patterns_of([individual], prepared, settings)
    ((lr, unrelated),) = pattern.listed(0, table)
    rivals = {"self": table, **rival_tables(family, "M", prepared, settings, [Rival.FULL_SIBLING])}
    for x in (-0.3, 0.1, 0.5, 1.0):
        exact = float((lr * unrelated)[lr >= 10**x].sum())
        found = expected_rival_passes(pattern, table, rivals, x)
        assert found["self"] == pytest.approx(found["full sibling"])
        assert found["self"][0] - 1e-9 <= exact <= found["self"][1] + 1e-9
    # Many thresholds at once, and somebody unrelated.
    at = np.array([-0.3, 0.1, 0.5, 1.0])
    lower, upper = chances_to_pass(pattern, table, None, at)
    exact_unrelated = np.array([float(unrelated[lr >= 10**x].sum()) for x in at])
    assert (lower - 1e-9 <= exact_unrelated).all()
    assert (exact_unrelated <= upper + 1e-9).all()
    assert (upper < 1).all()


def test_who_has_no_sample_that_says_anything_passes_at_an_lr_of_one():
    family = Family("f", Pedigree.build([FATHER, MOTHER, MISSING]), ("M",), {"O": profile("O", A=typed(10, 11))})
    individual = body(B=typed(10, 11))
    settings = settings_of(("A", "B"))
    prepared = prepared_for(individual, family, settings)
    table = conditional_table(family, "M", prepared, settings)
    rivals = rival_tables(family, "M", prepared, settings)
    pattern = patterns_of([individual], prepared, settings)
    assert set(expected_rival_passes(pattern, table, rivals, 0.0).values()) == {(1.0, 1.0)}
    assert set(expected_rival_passes(pattern, table, rivals, 0.1).values()) == {(0.0, 0.0)}


def test_the_pedigree_keeps_its_people_and_gains_one():
    people = Pedigree.build([Person("F", sex=Sex.MALE, inbreeding=0.1), Person("M", "F", sex=Sex.FEMALE)], family="f")
    grown = pedigree_with_rival(people, "M", Rival.PATERNAL_UNCLE)
    assert {"F", "M", RIVAL} < {person.id for person in grown.persons}
    assert len(grown) == 5
    assert grown[RIVAL].sex is Sex.FEMALE
    assert grown["F"].inbreeding == 0.0
    assert grown.family == "f"


def test_a_family_whose_linked_markers_are_too_much_is_refused_and_the_others_are_not(monkeypatch):
    one = Family("one", Pedigree.build([FATHER, MOTHER, MISSING]), ("M",), {"F": profile("F", A=typed(10, 11))})
    other = replace(one, name="other")
    prepared = prepared_for(body(A=typed(10, 11)), one, settings_of())
    of_block = TableBatches.table

    def too_much(self, block, k, linkage=None):
        if block.sought[k][0].name == "other":
            raise TooComplexError("too many of them")
        return of_block(self, block, k, linkage)

    monkeypatch.setattr(TableBatches, "table", too_much)
    found, refused = conditional_tables([(one, "M"), (other, "M")], prepared, settings_of())
    assert np.allclose(
        found.markers[0].related, conditional_table(one, "M", prepared, settings_of()).markers[0].related
    )
    assert isinstance(refused, TableError)
    assert str(refused) == "too many of them"
