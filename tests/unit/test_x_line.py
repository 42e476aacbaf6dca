"""The X chromosome as a line of its own, against the listing of every genotype and haplotype."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from antigone.genetics.alleles import Repeat
from antigone.genetics.frequencies import FiveOverTwoN, nist_1036_caucasian
from antigone.genetics.likelihood import Options
from antigone.genetics.models import MarkerModel
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile
from antigone.matching import x_line
from antigone.matching.lineage import counts_as_second_line
from antigone.matching.operation import Family, Individual, Settings
from antigone.matching.preparation import Prepared
from antigone.matching.x_line import Chain, XEvidence, chains, x_chromosome_lr
from families import alleles, pedigree
from oracles import pedigree as oracle
from oracles.observation import exactly
from oracles.pedigree import Member
from oracles.strategies import Family as OracleFamily
from oracles.strategies import pedigrees

LINKED = ("DXS10103", "HPRTB", "DXS10101")  # a group of the Argus X-12: together in the order of the chromosome
P = (0.3, 0.7)


def prepared(names: tuple[str, ...], *, theta: float = 0.0, p: tuple[float, ...] = P) -> Prepared:
    models = tuple(MarkerModel.build(name, alleles(len(p)), p, x_linked=True) for name in names)
    frequencies = nist_1036_caucasian().prepare(rule=FiveOverTwoN())
    return Prepared(models, frequencies, (), Options(theta=theta), ())


def profile(sample: str, genotypes: dict[str, tuple[int, ...]]) -> Profile:
    read = {}
    for name, codes in genotypes.items():
        own = [Repeat(10 + code) for code in codes]
        read[name] = (Reading.of(*own * (3 - len(own))),)
    return Profile(sample, read)


def ask(
    members: list[Member],
    typed: dict[str, dict[str, tuple[int, ...]]],
    own: dict[str, tuple[int, ...]],
    person: str,
    *,
    theta: float = 0.0,
) -> XEvidence | None:
    people = pedigree(OracleFamily(tuple(members), ()))
    profiles = {name: profile(f"D-{name}", genotypes) for name, genotypes in typed.items()}
    family = Family("F1", people, (person,), profiles)
    individual = Individual("R1", profile("B1", own), people[person].sex, samples=("B1",))
    names = tuple(own)
    return x_chromosome_lr(prepared(names, theta=theta), individual, family, person, Settings(names))


BROTHERS = [Member("M", None, None, "F"), Member("A", None, "M", "M"), Member("X", None, "M", "M")]


def test_two_maternal_brothers_at_one_marker_by_hand() -> None:
    """The mother gave both the same X with ½, else one drawn anew: LR = (½p + ½p²)/p² = ½(1 + 1/p)."""
    found = ask(BROTHERS, {"A": {"HPRTB": (0,)}}, {"HPRTB": (0,)}, "X")
    assert found is not None
    assert 10**found.log10_lr == pytest.approx(0.5 * (1 + 1 / 0.3), rel=1e-12)
    assert found.donor_samples == ("D-A",)


def test_three_linked_markers_are_the_sum_over_what_the_mother_passed() -> None:
    """She passes at each marker her first or second X; from marker to marker she changes with the fraction between."""
    [chain] = chains(LINKED)
    rho = (0.2, 0.35)  # of any size, so that the sum is not one term only
    brother, own = (0, 1, 0), (0, 0, 0)
    expected = 0.0
    for one, other in itertools.product(itertools.product((0, 1), repeat=3), repeat=2):
        prior = math.prod(P[a] for a in (*one, *other))
        expected += prior * passed((one, other), brother, rho) * passed((one, other), own, rho)
    expected /= math.prod(P[a] for a in (*brother, *own))
    case = {name: (code,) for name, code in zip(LINKED, brother, strict=True)}
    people = pedigree(OracleFamily(tuple(BROTHERS), ()))
    family = Family("F1", people, ("X",), {"A": profile("D1", case)})
    individual = Individual("R1", profile("B1", {n: (c,) for n, c in zip(LINKED, own, strict=True)}), Sex.MALE)
    asked = x_line._Case.of(prepared(LINKED), individual, family, "X", Settings(LINKED))
    ((_, value),) = asked.ratio(replace(chain, recombination=rho), Options(), []).items()
    assert 10**value == pytest.approx(expected, rel=1e-10)


def passed(mother: tuple[tuple[int, ...], ...], child: tuple[int, ...], rho: tuple[float, ...]) -> float:
    total = 0.0
    for strands in itertools.product((0, 1), repeat=3):
        if any(mother[strand][k] != child[k] for k, strand in enumerate(strands)):
            continue
        changes = [rho[k] if strands[k] != strands[k + 1] else 1 - rho[k] for k in range(2)]
        total += 0.5 * math.prod(changes)
    return total


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_pairs_and_single_markers_agree_with_listing_every_haplotype(data: st.DataObject) -> None:
    """HPRTB and DXS10101 are linked, DXS8378 lies far from both."""
    family = data.draw(pedigrees(max_people=4, min_people=2, unknown_sex=False))
    names = ("DXS8378", "HPRTB", "DXS10101")
    person = data.draw(st.sampled_from([member.id for member in family.members]))
    sexes = {member.id: member.sex for member in family.members}

    def genotype(who: str) -> tuple[int, ...]:
        return tuple(data.draw(st.integers(0, 1)) for _ in range(1 if sexes[who] == "M" else 2))

    donors = [name for name in sexes if name != person and data.draw(st.booleans())]
    typed = {name: {marker: genotype(name) for marker in names} for name in donors}
    own = {marker: genotype(person) for marker in names}
    found = ask(list(family.members), typed, own, person)
    if not donors:
        assert found is None
        return
    assert found is not None
    rho = next(chain.recombination[0] for chain in chains(names) if len(chain.markers) == 2)
    assume(family_is_possible(family.members, typed, rho))
    expected = listed(family.members, typed, own, person, rho)
    if expected == 0:
        assert found.log10_lr == -math.inf
    else:
        assert found.log10_lr == pytest.approx(math.log10(expected), abs=1e-9)


def listed(members, typed, own, person, rho) -> float:
    """P(all | the person is theirs) / (P(family) · P(the individual)), pair and single."""
    stranger = [Member("stranger", None, None, next(m.sex for m in members if m.id == person))]

    def single(people, read, marker):
        seen = {name: exactly(genotypes[marker]) for name, genotypes in read.items()}
        return oracle.likelihood(people, P, seen, x_linked=True)

    def pair(people, read):
        loci = [(P, {name: exactly(one[marker]) for name, one in read.items()}) for marker in ("HPRTB", "DXS10101")]
        return oracle.linked_likelihood(people, loci, rho, x_linked=True)

    together, apart = {**typed, person: own}, {"stranger": own}
    ratio = single(members, together, "DXS8378") / (
        single(members, typed, "DXS8378") * single(stranger, apart, "DXS8378")
    )
    return ratio * pair(members, together) / (pair(members, typed) * pair(stranger, apart))


def family_is_possible(members, typed, rho) -> bool:
    loci = [(P, {name: exactly(one[marker]) for name, one in typed.items()}) for marker in ("HPRTB", "DXS10101")]
    seen = {name: exactly(one["DXS8378"]) for name, one in typed.items()}
    return (
        oracle.linked_likelihood(members, loci, rho, x_linked=True) > 0
        and oracle.likelihood(members, P, seen, x_linked=True) > 0
    )


def test_with_theta_one_marker_is_as_the_listing_says() -> None:
    found = ask(BROTHERS, {"A": {"HPRTB": (0,)}}, {"HPRTB": (0,)}, "X", theta=0.03)
    read = {"A": exactly((0,)), "X": exactly((0,))}
    related = oracle.likelihood(BROTHERS, P, read, x_linked=True, theta=0.03)
    stranger = [*BROTHERS[:2], Member("X", None, None, "M")]
    assert found is not None
    unrelated = oracle.likelihood(stranger, P, read, x_linked=True, theta=0.03)
    assert 10**found.log10_lr == pytest.approx(related / unrelated, rel=1e-10)


def test_a_chain_that_is_too_complex_is_cut_where_linkage_is_loosest(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = x_line.linked_log_likelihood

    def refusing(people, models, known, recombination, *options):
        if len(models) > 2:
            raise x_line.TooComplexError("too large")
        return whole(people, models, known, recombination, *options)

    monkeypatch.setattr(x_line, "linked_log_likelihood", refusing)
    found = ask(BROTHERS, {"A": dict.fromkeys(LINKED, (0,))}, dict.fromkeys(LINKED, (0,)), "X")
    assert found is not None
    assert found.cut == ("DXS10103–HPRTB",)
    assert [chain.markers for chain in found.by_chain] == [("DXS10103",), ("HPRTB", "DXS10101")]


def test_a_sex_that_is_not_known_or_not_the_same_says_nothing() -> None:
    unknown = [*BROTHERS[:2], Member("X", None, "M", "U")]
    assert ask(unknown, {"A": {"HPRTB": (0,)}}, {"HPRTB": (0,)}, "X") is None
    people = pedigree(OracleFamily(tuple(BROTHERS), ()))
    family = Family("F1", people, ("X",), {"A": profile("D1", {"HPRTB": (0,)})})
    woman = Individual("R1", profile("B1", {"HPRTB": (0, 1)}), Sex.FEMALE)
    assert x_chromosome_lr(prepared(("HPRTB",)), woman, family, "X", Settings(("HPRTB",))) is None


def test_a_reference_of_the_missing_person_is_the_same_person() -> None:
    found = ask(BROTHERS, {"X": {"HPRTB": (0,)}}, {"HPRTB": (0,)}, "X")
    assert found is not None
    assert 10**found.log10_lr == pytest.approx(1 / 0.3, rel=1e-12)


def test_chains_end_where_no_linkage_is_known() -> None:
    made = chains(("DXS10101", "HPRTB", "DXS10148", "an own marker", "GATA172D05"))
    assert [chain.markers for chain in made] == [
        ("DXS10148",), ("HPRTB", "DXS10101"), ("GATA172D05",), ("an own marker",),
    ]  # fmt: skip
    assert all(len(chain.recombination) == len(chain.markers) - 1 for chain in made)


def test_the_x_line_counts_as_a_second_one_only_with_other_samples() -> None:
    found = ask(BROTHERS, {"A": {"HPRTB": (0,)}}, {"HPRTB": (0,)}, "X")
    assert found is not None
    strong = replace(found, log10_lr=3.5, by_chain={Chain(("HPRTB",), ()): 3.5})
    assert counts_as_second_line(strong, ["B1", "D-A"]) == (
        False,
        "it comes from the same samples of the individual and of the donors as the first line of evidence",
    )
    assert counts_as_second_line(strong, ["B1", "D-M"])[0]


def test_a_zero_is_a_zero_with_theta_too() -> None:
    mother = [Member("M", None, None, "F"), Member("X", None, "M", "M"), Member("A", None, "M", "M")]
    typed = {"M": dict.fromkeys(LINKED, (0, 0)), "A": dict.fromkeys(LINKED, (0,))}
    found = ask(mother, typed, dict.fromkeys(LINKED, (1,)), "X", theta=0.02)
    assert found is not None
    assert np.isneginf(found.log10_lr)
