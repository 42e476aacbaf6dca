"""The pairs that a search lists, each with all that was concluded of it."""

from dataclasses import dataclass

from antigone.matching.assignment import PairAnswer, SymmetricSet
from antigone.matching.conclusions import Case, Conclusions
from antigone.matching.hits import Hit, hits


@dataclass(frozen=True, eq=False)
class Listed:
    """One listed pair. `answer` is None where it weighed too little for the joint answer, `case` where none was made.

    `individual` and `missing` are places in the search; `provisional` says that the family's samples do not fit,
    `contaminated` that remains of the individual match the elimination list.
    """

    individual: int
    missing: int
    hit: Hit
    answer: PairAnswer | None
    case: Case | None
    symmetric: str
    provisional: bool
    contaminated: bool = False


def listed_pairs(conclusions: Conclusions) -> list[Listed]:
    """All listed pairs, best first."""
    result, joint = conclusions.result, conclusions.joint
    cases = {(case.individual, case.missing): case for case in conclusions.cases}
    symmetric = symmetric_words(conclusions)
    doubtful, handled = conclusions.doubtful, conclusions.elimination.remains()
    return [
        Listed(
            pair.individual,
            pair.missing,
            hit,
            joint.pair(pair.individual, pair.missing),
            cases.get((pair.individual, pair.missing)),
            symmetric.get((pair.individual, pair.missing), ""),
            hit.family.name in doubtful,
            not handled.isdisjoint((hit.individual.id, *hit.individual.remains)),
        )
        for pair, hit in zip(result.pairs, hits(result), strict=True)
    ]


def symmetric_words(conclusions: Conclusions) -> dict[tuple[int, int], str]:
    """For each pair of a symmetric set, the set in a few characters: {R1, R2} = {M1, M2}."""
    return {
        (i, m): set_in_short(conclusions, one)
        for one in conclusions.joint.symmetric
        for i in one.individuals
        for m in one.missing
    }


def set_in_short(conclusions: Conclusions, one: SymmetricSet) -> str:
    """{R1, R2} = {M1, M2}, or R1 in {M1, M2} where fewer individuals than missing persons are in it."""
    result = conclusions.result
    dead = ", ".join(result.operation.individuals[i].id for i in one.individuals)
    sought = ", ".join(result.missing[m][1] for m in one.missing)
    sign = "=" if len(one.individuals) == len(one.missing) else "in"
    return f"{{{dead}}} {sign} {{{sought}}}"
