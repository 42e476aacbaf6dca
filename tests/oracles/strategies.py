"""Random small families, frequencies, mutation models and readings, for Hypothesis.

Members come in any order, children before parents too. Alleles are dropped down the pedigree before they are read, so
that most examples are possible; now and then a reading is replaced by an arbitrary one.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from .mutation import mutation_matrix
from .observation import Kind, Reading, one_allele, typed
from .pedigree import Member


class Family(NamedTuple):
    """A pedigree and its sets of identical twins."""

    members: tuple[Member, ...]
    twins: tuple[frozenset[str], ...]


class MutationPair(NamedTuple):
    """What fathers and mothers pass on; `None` is no mutation. `labels` name the alleles the models were built for."""

    male: np.ndarray | None
    female: np.ndarray | None
    labels: tuple[str, ...]


@st.composite
def pedigrees(
    draw: st.DrawFn,
    max_people: int = 6,
    *,
    min_people: int = 1,
    one_parent: bool = False,
    twins: bool = False,
    unknown_sex: bool = True,
) -> Family:
    """Any family: loops, incest, half sibs, several components; `one_parent` people and `twins` as options.

    People of unknown sex are childless; leave them out (`unknown_sex=False`) at X markers.
    """
    members: list[Member] = []
    groups: list[frozenset[str]] = []
    for number in range(draw(st.integers(min_people, max_people))):
        who = f"P{number}"
        single = [m for m in members if not any(m.id in group for group in groups)]
        if twins and single and draw(st.integers(0, 4)) == 4:
            original = draw(st.sampled_from(single))
            members.append(original._replace(id=who))
            groups.append(frozenset({original.id, who}))
        else:
            father, mother = draw(_parents(members, one_parent))
            members.append(Member(who, father, mother, draw(st.sampled_from("MF"))))
    if unknown_sex:
        members = draw(_sex_forgotten(members, frozenset[str]().union(*groups)))
    return Family(tuple(draw(st.permutations(members))), tuple(groups))


@st.composite
def frequencies(draw: st.DrawFn, min_alleles: int = 2, max_alleles: int = 4) -> tuple[float, ...]:
    """Allele frequencies that sum to 1, from even to very uneven."""
    weights = draw(st.lists(st.sampled_from([1, 2, 3, 5, 20, 100]), min_size=min_alleles, max_size=max_alleles))
    return tuple(weight / sum(weights) for weight in weights)


@st.composite
def mutation_pairs(draw: st.DrawFn, p: Sequence[float], silent: int | None = None) -> MutationPair:
    """Matrices of the two sexes, the same model or two different ones, or none; rates high enough to be seen."""
    ladder = draw(st.sampled_from(_LADDERS))
    if len(ladder) < len(p):
        raise ValueError(f"{len(p)} alleles; the ladders here have {len(ladder)}")
    labels = tuple("silent" if i == silent else label for i, label in enumerate(ladder[: len(p)]))
    male = draw(_matrices(labels, p))
    female = draw(st.one_of(st.just(male), _matrices(labels, p)))
    return MutationPair(male, female, labels)


@st.composite
def observations(
    draw: st.DrawFn,
    family: Family,
    p: Sequence[float],
    *,
    x_linked: bool = False,
    silent: int | None = None,
    errors: bool = True,
) -> dict[str, Reading]:
    """What was read of each person: everything, one allele (rest open), a degraded profile (`errors`), or nothing."""
    carried = draw(_dropped_alleles(family, len(p), x_linked))
    read = {}
    for member in family.members:
        kind = draw(st.sampled_from(["typed", "typed", "partial", "untyped", *(["degraded"] if errors else [])]))
        genotype = carried[member.id]
        if draw(st.integers(0, 9)) == 9:
            genotype = tuple(draw(st.integers(0, len(p) - 1)) for _ in genotype)
        visible = sorted({*genotype} - {silent})
        if kind == "typed":
            read[member.id] = typed(visible, p, silent)
        elif kind == "partial" and visible:
            read[member.id] = one_allele(draw(st.sampled_from(visible)), p, silent)
        elif kind == "degraded":
            read[member.id] = draw(degraded(p, visible, silent))
    return read


@st.composite
def degraded(draw: st.DrawFn, p: Sequence[float], visible: Sequence[int], silent: int | None = None) -> Reading:
    """A reading under drop-out, drop-in and typing error, of some of the alleles that are there."""
    seen = draw(st.sets(st.sampled_from(visible))) if visible else set()
    kinds: list[Kind] = ["seen", "homozygous", "other_unseen"] if len(seen) == 1 else ["seen"]
    kind = draw(st.sampled_from(kinds))
    drop_out = tuple(draw(st.sampled_from([0.0, 0.1, 0.5])) for _ in p)
    drop_in = draw(st.sampled_from([0.0, 0.02]))
    typing_error = draw(st.sampled_from([0.0, 0.005]))
    return Reading(frozenset(seen), kind, tuple(p), drop_out, drop_in, typing_error, silent)


_LADDERS = (
    ("10", "11", "12", "13", "14", "15"),
    ("9", "9.3", "10", "10.3", "12", "13.2"),
    ("6", "8", "9", "14", "15", "17"),
)


@st.composite
def _parents(draw: st.DrawFn, members: Sequence[Member], one_parent: bool) -> tuple[str | None, str | None]:
    """Nobody, or any man and any woman so far: full and half sibs, incest and loops come by themselves."""
    fathers, mothers = ([m.id for m in members if m.sex == sex] for sex in "MF")
    known = draw(st.sampled_from(["none", "both", "both", "both", *(["father", "mother"] if one_parent else [])]))
    if known == "none" or not ((fathers and mothers) or one_parent):
        return None, None
    father = draw(st.sampled_from(fathers)) if fathers and known != "mother" else None
    mother = draw(st.sampled_from(mothers)) if mothers and known != "father" else None
    return father, mother


@st.composite
def _sex_forgotten(draw: st.DrawFn, members: list[Member], twins: frozenset[str]) -> list[Member]:
    parents = {parent for m in members for parent in (m.father, m.mother)} | twins
    return [m._replace(sex="U") if m.id not in parents and draw(st.integers(0, 3)) == 3 else m for m in members]


@st.composite
def _matrices(draw: st.DrawFn, labels: Sequence[str], p: Sequence[float]) -> np.ndarray | None:
    visible = [q for label, q in zip(labels, p, strict=True) if label != "silent"]
    models = ["none", "equal", "proportional", "stepwise"]
    models += ["onestep"] if not any("." in label for label in labels) else []
    models += ["custom"] if "silent" not in labels else []
    model = draw(st.sampled_from(models))
    if model == "none" or len(visible) < 2:
        return None
    if model == "custom":
        rows = [[draw(st.integers(1, 9)) + 50 * (i == j) for j in range(len(p))] for i in range(len(p))]
        return np.array([[x / sum(row) for x in row] for row in rows])
    # A proportional rate must not exceed what the frequencies can give.
    highest = 0.5 * (1 - sum((q / sum(visible)) ** 2 for q in visible))
    rate = min(draw(st.sampled_from([0.001, 0.01, 0.05])), highest)
    range_ = draw(st.sampled_from([0.1, 0.5]))
    return mutation_matrix(model, labels, p, rate=rate, rate2=rate / 10, range_=range_, silent="silent")


@st.composite
def _dropped_alleles(draw: st.DrawFn, family: Family, n: int, x_linked: bool) -> dict[str, tuple[int, ...]]:
    """Alleles let down through the pedigree, without mutation."""
    original = {twin: min(group) for group in family.twins for twin in group}
    by_id = {m.id: m for m in family.members}
    carried: dict[str, tuple[int, ...]] = {}

    def genotype(who: str) -> tuple[int, ...]:
        if who not in carried and original.get(who, who) != who:
            carried[who] = genotype(original[who])
        if who not in carried:
            sides = ("mother",) if x_linked and by_id[who].sex == "M" else ("father", "mother")
            carried[who] = tuple(allele(getattr(by_id[who], side)) for side in sides)
        return carried[who]

    def allele(parent: str | None) -> int:
        if parent is None:
            return draw(st.integers(0, n - 1))
        return draw(st.sampled_from(genotype(parent)))

    for member in family.members:
        genotype(member.id)
    return carried
