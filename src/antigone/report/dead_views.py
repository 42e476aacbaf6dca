"""The dead among themselves: who may be kin, and whose profile is that of somebody who handled them. Finished texts."""

from dataclasses import dataclass

from antigone.matching.among_the_dead import EliminationMatch, KinAmongTheDead, KinPair, Relation
from antigone.matching.conclusions import Conclusions
from antigone.report.overall_views import Rows
from antigone.report.words import chances, counted, power_of_ten

FILE = "among_the_dead.csv"


@dataclass(frozen=True)
class DeadView:
    """Kin pairs and matches with the elimination list, each with a sentence before them."""

    lead: str
    kin: Rows
    notes: tuple[str, ...]
    elimination_lead: str
    elimination: Rows


def dead_view(conclusions: Conclusions) -> DeadView | None:
    """None where nobody was compared."""
    kin, found = conclusions.kin, conclusions.elimination
    if kin is None and not found.compared:
        return None
    matches = [_match(one) for one in found.matches]
    listed = ""
    if found.compared:
        listed = (
            f"The elimination list, {counted(found.entries, 'entry', 'entries')}, was compared with all remains and "
            f"mixtures: {counted(len(found.remains()), 'remains', 'remains')} may be contaminated by somebody who "
            "handled them. They were searched like all others, and no policy passes their pairs before they are typed "
            "again from another sample."
        )
    return DeadView(
        "" if kin is None else _lead(kin),
        Rows.of([] if kin is None else [_pair(one) for one in kin.pairs], FILE),
        () if kin is None else kin.notes,
        listed,
        Rows.of(matches, FILE),
    )


def _lead(kin: KinAmongTheDead) -> str:
    apart = kin.of(Relation.SAME_PERSON)
    said = (
        f"All individuals were compared with each other as parent and child and as full siblings: "
        f"{counted(kin.compared, 'pair')}. {counted(len(kin.pairs) - apart, 'pair')} reached a log10 LR of "
        f"{kin.threshold:g}. A kinship between the dead is a lead for those who work on the case: which of two is the "
        "elder cannot be told, and further kin of one family look alike."
    )
    if apart:
        fit = "pair that reached it fits" if apart == 1 else "pairs that reached it fit"
        said += f" {apart:,} more {fit} one person better: parts that were left apart above."
    return said


def _pair(one: KinPair) -> tuple[str, ...]:
    logs = dict(one.log10_lrs)
    return (
        f"{one.first}, {one.second}",
        "one person rather than kin" if one.relation is Relation.SAME_PERSON else str(one.relation),
        *(power_of_ten(logs[relation]) for relation in Relation),
        _at_most(one.expected),
        f"{one.markers}",
    )


def _match(one: EliminationMatch) -> tuple[str, ...]:
    what = "mixture that may hold them" if one.mixture else "one profile"
    return one.remains, f"{one.entry}, {one.role}", what, power_of_ten(one.log10_lr), _at_most(one.expected)


def _at_most(expected: float) -> str:
    """Expected pairs that chance alone would bring, at most."""
    return chances(expected, expected)
