"""By kind of reference: what relatives and strangers reach, in a search and in the report of it."""

from dataclasses import replace

import numpy as np
import pytest

from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Refuse
from antigone.genetics.mutation import NO_MUTATION
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.operation import Family, Individual, Operation, Settings
from antigone.matching.references import ReferenceKind
from antigone.matching.rival_chances import MISSING, UNRELATED, rival_chances
from antigone.matching.rivals import Rival
from antigone.matching.search import search

MARKERS = ("A", "B", "C")
P = np.array([0.1, 0.2, 0.3, 0.4])
PEOPLE = Pedigree.build([Person("F", sex=Sex.MALE), Person("O", sex=Sex.FEMALE), Person("M", "F", "O", sex=Sex.MALE)])


def typed(*alleles: int) -> Reading:
    seen = tuple(map(Repeat, sorted(set(alleles))))
    return Reading(seen, Reads.ALLELES if len(seen) > 1 else Reads.HOMOZYGOUS)


def profile(name: str, *pairs: tuple[int, int]) -> Profile:
    return Profile(name, {marker: (typed(*pair),) for marker, pair in zip(MARKERS, pairs, strict=False)})


def operation() -> Operation:
    table = {m: MarkerFrequencies.from_frequencies(m, {Repeat(10 + i): q for i, q in enumerate(P)}) for m in MARKERS}
    settings = Settings(MARKERS, threshold=0.5, rare_alleles=Refuse(), mutation=NO_MUTATION, linkage=False)
    dead = (
        Individual("R1", profile("R1", (10, 12))),
        Individual("R2", profile("R2", (10, 11), (12, 13), (10, 10))),
    )
    families = (
        Family("mother", PEOPLE, ("M",), {"O": profile("O", (10, 11), (12, 12), (10, 13))}),
        Family("himself", PEOPLE, ("M",), {"M": profile("M", (10, 11), (12, 13), (10, 10))}),
        Family("other mother", PEOPLE, ("M",), {"O": profile("O", (12, 13), (10, 12), (11, 13))}),
        Family("nobody", PEOPLE, ("M",), {}),
    )
    return Operation("made up", dead, families, FrequencyTable("t", "t", table), settings)


def test_a_mother_does_not_tell_her_sons_apart_and_a_sample_of_his_own_does():
    result = search(operation())
    himself, mother = rival_chances(result, (0.0, 0.5, 1.0))
    assert (himself.kind, himself.missing, himself.looked_at) == (ReferenceKind.DIRECT, 1, 1)
    assert (mother.kind, mother.missing, mother.looked_at) == (ReferenceKind.ONE_PARENT, 2, 2)
    for ends in (mother.lower, mother.upper):
        assert ends[MISSING] == pytest.approx(ends[Rival.FULL_SIBLING])
        assert ends[MISSING] == pytest.approx(ends[Rival.MATERNAL_HALF_SIBLING])
        # His half-brother by the father is nothing to his mother.
        assert ends[UNRELATED] == pytest.approx(ends[Rival.PATERNAL_HALF_SIBLING])
    assert himself.lower[MISSING] == pytest.approx(np.ones(3))  # nobody errs here
    assert (himself.upper[Rival.FULL_SIBLING][1:] < 0.6).all()
    for one in (himself, mother):
        assert set(one.lower) == set(one.upper) == {MISSING, UNRELATED, *map(str, Rival)}
        for name in one.lower:
            assert (one.lower[name] <= one.upper[name] + 1e-12).all()
            assert (np.diff(one.lower[name]) <= 1e-12).all()


def test_a_direct_reference_by_hand():
    # He is 10/11, 12/13, 10/10: whoever shows the same has LR 1 / P(genotypes), everybody else has LR 0.
    same = (2 * 0.1 * 0.2) * (2 * 0.3 * 0.4) * 0.1**2
    (himself, _) = rival_chances(search(operation()), (-1.0, -np.log10(same) - 0.5))
    assert himself.lower[UNRELATED] == pytest.approx(same, rel=1e-6)
    # Of a full brother: both alleles, one or none in common by descent, with 1/4, 1/2 and 1/4.
    brother = (
        (1 / 4 + 1 / 2 * (0.1 + 0.2) / 2 + 1 / 4 * 2 * 0.1 * 0.2)
        * (1 / 4 + 1 / 2 * (0.3 + 0.4) / 2 + 1 / 4 * 2 * 0.3 * 0.4)
        * (1 / 4 + 1 / 2 * 0.1 + 1 / 4 * 0.1**2)
    )
    assert himself.lower[Rival.FULL_SIBLING] == pytest.approx(brother, rel=1e-6)


def test_nobody_among_the_dead_says_nothing():
    assert rival_chances(search(replace(operation(), individuals=())), (0.0,)) == ()


def test_expected_coincidences_by_reference_are_parts_of_the_whole():
    count = search(operation()).coincidences
    parts = count.by_reference
    assert list(parts) == [ReferenceKind.DIRECT, ReferenceKind.ONE_PARENT, ReferenceKind.NONE]
    assert [one.pairs for one in parts.values()] == [2, 4, 2]
    assert count.pairs == 8
    for x in (-np.inf, -0.5, 0.0, 0.4, 0.8, 1.5):
        ends = np.array([one.at_least(x) for one in parts.values()])
        whole = count.at_least(x)
        assert ends[:, 0].sum() <= whole[0] + 1e-9  # each part is capped by itself
        assert whole[1] >= ends[:, 1].sum() - 1e-9
    middle = np.zeros(len(count.middle))
    for one in parts.values():
        middle[: len(one.middle)] += one.middle
    assert middle == pytest.approx(count.middle, abs=1e-12)
