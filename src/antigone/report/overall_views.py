"""The sections of the report that are about the whole case: remains, families, all pairs together, the policy.

Finished texts only. Each list shows the first so many, and says how many stand in which file.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from antigone.matching.alike import AlikePersons
from antigone.matching.assignment import Component, Standing, SymmetricSet
from antigone.matching.conclusions import Conclusions
from antigone.matching.parentage import Verdict
from antigone.matching.policy import Policy
from antigone.matching.prior import Prior, Shares
from antigone.matching.reassociation import Group, Minimum
from antigone.report.competition import Rivalry, draw_competition, not_drawn
from antigone.report.family_warnings import left_out_for_everybody
from antigone.report.hit_views import posterior_range
from antigone.report.listed import set_in_short, symmetric_words
from antigone.report.summary import mixtures_waiting
from antigone.report.supplements import BROKEN, Supplement, named_samples, within_one_family
from antigone.report.words import counted, listing, power_of_ten, probability

# So many rows of a list stand in the report; the tables beside it hold all.
ROWS = 50
# So many families whose missing cannot be told apart.
ALIKE = 12
# So many pictures of who competes with whom.
PICTURES = 30


@dataclass(frozen=True)
class Rows:
    """Rows of a table, the first so many, and what to say of the rest."""

    rows: list[tuple[str, ...]]
    rest: str = ""

    @classmethod
    def of(cls, rows: Sequence[tuple[str, ...]], file: str, most: int = ROWS) -> "Rows":
        """The first rows; all of them stand in the file."""
        left = len(rows) - most
        return cls(list(rows[:most]), f"{left:,} more in {file}." if left > 0 else "")


# --- remains ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RemainsView:
    """What is proposed of remains, and how many people they are at least."""

    lead: str
    groups: Rows
    splits: Rows
    alarms: Rows
    ambiguous: Rows
    notes: tuple[str, ...]
    overall: str
    by_transfer: Rows
    by_bag: Rows


def remains_view(conclusions: Conclusions, beside: Supplement) -> RemainsView:
    """Proposals for a person to accept; nothing of it is decided."""
    found = conclusions.reassociation
    minimum = beside.minimum
    by_transfer, by_bag, overall = Rows([]), Rows([]), ""
    if minimum is not None:
        overall = _at_least(minimum.overall)
        transfers = [(transfer or "not recorded", _at_least(one)) for transfer, one in minimum.by_transfer.items()]
        several = sorted(
            (one for one in minimum.by_bag.items() if one[1].individuals > 1 and one[0][1]),
            key=lambda one: (-one[1].individuals, one[0]),
        )
        bags = [(f"{bag}, {transfer}" if transfer else bag, _at_least(one)) for (transfer, bag), one in several]
        by_transfer, by_bag = Rows.of(transfers, "summary.json"), Rows.of(bags, "summary.json")
    nearly = [(one.remains, one.words) for one in conclusions.near]
    if found is None:
        none, near = Rows([]), Rows.of(nearly, "proposals.csv")
        lead = "Remains were not put together: each was searched as an individual."
        return RemainsView(lead, none, none, near, none, (), overall, by_transfer, by_bag)
    groups = sorted(found.groups, key=lambda group: (group.posterior, group.remains))
    splits = [proposal for proposal in found.proposals if proposal.kind == "split"]
    individuals = counted(len(conclusions.result.operation.individuals), "individual")
    together = sum(len(group.remains) for group in found.groups)
    lead = (
        f"{counted(len(conclusions.given.individuals), 'given remains', 'given remains')} are searched as "
        f"{individuals}: {counted(together, 'remains', 'remains')} are proposed as "
        f"{counted(len(found.groups), 'person', 'persons')} in parts. Each of these is a proposal for a person to "
        "accept or refuse; where one is refused, search again without it."
    )
    if not found.groups:
        lead = "No remains are proposed as parts of one person: each was searched as an individual."
    withheld = [(_names(alarm.remains), alarm.what) for alarm in found.alarms] + nearly
    return RemainsView(
        lead,
        Rows.of([_group(group) for group in groups], "individuals.csv"),
        Rows.of([(_names(one.remains), "; ".join(one.reasons)) for one in splits], "proposals.csv"),
        Rows.of(withheld, "proposals.csv"),
        Rows.of([(_names(one.remains), one.why) for one in found.ambiguous], "proposals.csv"),
        found.notes,
        overall,
        by_transfer,
        by_bag,
    )


def _names(remains: Sequence[str]) -> str:
    return " + ".join(remains)


def _group(group: Group) -> tuple[str, ...]:
    exact = "" if group.exact else " (not exact)"
    return (
        _names(group.remains),
        power_of_ten(group.log10_lr),
        power_of_ten(group.log10_lr_against_siblings),
        f"{probability(group.posterior)}{exact}",
        f"{len(group.markers)}",
        "; ".join(group.contradictions),
    )


def _at_least(one: Minimum) -> str:
    return f"at least {counted(one.individuals, 'person', 'people')}: {one.why}"


# --- all pairs together -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PictureView:
    """Who competes with whom in one component."""

    title: str
    picture: Markup
    rest: str


@dataclass(frozen=True)
class JointView:
    """What all pairs together say."""

    lead: str
    priors: list[tuple[str, str]]
    symmetric: list[tuple[str, str, list[str]]]
    symmetric_rest: str
    alike_lead: str
    alike: Rows
    pictures: list[PictureView]
    pictures_rest: str
    leading: Rows
    incomplete: tuple[str, ...]


def joint_view(conclusions: Conclusions, beside: Supplement) -> JointView:
    """The posterior over all assignments: priors, symmetric sets, pictures, and who leads below the threshold."""
    joint = conclusions.joint
    standings = Counter(one.standing for part in joint.components for one in part.pairs)
    undisputed, leading = standings[Standing.UNDISPUTED], standings[Standing.LEADING]
    crowded = [part for part in joint.components if len(part.individuals) + len(part.missing) >= 3]
    crowded.sort(key=lambda part: -max(min(one.posterior[0], 1 - one.posterior[0]) for one in part.pairs))
    exact = sum(part.exact for part in joint.components)
    lead = (
        f"The prior chooses among {counted(joint.listed, 'missing person')} with usable references. "
        f"{counted(undisputed, 'pair')} stand undisputed and {counted(leading, 'pair')} lead among rivals; "
        f"{counted(len(joint.symmetric), 'symmetric set')} cannot be told apart. The pairs fall into "
        f"{counted(len(joint.components), 'component')} that do not touch each other; "
        + ("all" if exact == len(joint.components) else f"{exact:,}")
        + " of them were summed over all assignments."
        + (" The others were sampled, and say so." if exact < len(joint.components) else "")
    )
    if not joint.components:
        lead = "No pair weighs enough to be looked at together with others."
    pictures = [_picture(conclusions, part, number) for number, part in enumerate(crowded[:PICTURES], 1)]
    left = len(crowded) - len(pictures)
    sets = joint.symmetric[:BROKEN]
    more = len(joint.symmetric) - len(sets)
    return JointView(
        lead,
        [(prior.name, _shares(prior)) for prior in joint.priors],
        [(set_in_short(conclusions, one), *_broken(conclusions, beside, one)) for one in sets],
        f"{more:,} more sets in summary.json." if more > 0 else "",
        _alike_lead(conclusions),
        Rows.of([_alike_row(one) for one in conclusions.alike], "summary.json", ALIKE),
        pictures,
        f"{left:,} more components of three or more have no picture here; joint.csv has all." if left > 0 else "",
        _leading_below(conclusions),
        joint.incomplete,
    )


def _alike_lead(conclusions: Conclusions) -> str:
    families = len({one.family for one in conclusions.alike})
    return (
        f"{counted(families, 'family misses', 'families miss')} siblings of one sex whom no sample tells apart: that "
        "somebody is one of them can be found, and which of them cannot, until somebody is typed who descends from one "
        "of them alone. Where the family tree names nobody, a child of one of them, a sample of their own, or what is "
        "not kinship would tell. Better asked for now than when a body is waiting."
    )


def _alike_row(one: AlikePersons) -> tuple[str, ...]:
    would = ", ".join(one.deciding) or "nobody in the family tree"
    return one.family, ", ".join(one.persons), would


def _shares(prior: Prior) -> str:
    def said(shares: Shares) -> str:
        without = f"listed without {shares.listed_without_references:g}, not listed {shares.not_listed:g}"
        return f"listed with usable references {shares.listed:g}, {without}"

    by_transfer = "".join(f"; transfer {transfer}: {said(shares)}" for transfer, shares in prior.by_transfer.items())
    return said(prior.shares) + by_transfer


def _broken(conclusions: Conclusions, beside: Supplement, one: SymmetricSet) -> tuple[str, list[str]]:
    words = f"{one.words(conclusions.result)} (posterior of the set {probability(one.posterior)})"
    if not within_one_family(conclusions, one):
        return words, ["The missing persons are of several families: they may be one person reported more than once."]
    found = beside.breakers.get(one)
    if found:
        return words, named_samples(found)
    if len(one.individuals) < 2:
        return words, ["A sample of somebody who is related to only one of them, such as a child, tells them apart."]
    return words, ["No sample of anybody in the family tree tells them apart; what is not kinship may."]


def _picture(conclusions: Conclusions, part: Component, number: int) -> PictureView:
    result = conclusions.result
    symmetric = symmetric_words(conclusions)
    pairs = [
        Rivalry(
            result.operation.individuals[one.individual].id,
            _missing_name(conclusions, one.missing),
            one.posterior[0],
            posterior_range(one.posterior),
            (one.individual, one.missing) in symmetric,
        )
        for one in part.pairs
    ]
    title = (
        f"Component {number}: {counted(len(part.individuals), 'individual')} and "
        f"{counted(len(part.missing), 'missing person')}"
    )
    dead, sought = not_drawn(pairs)
    unseen = [
        counted(count, word) for count, word in ((dead, "more individual"), (sought, "more missing person")) if count
    ]
    rest = f"Not drawn: {listing(unseen)}; joint.csv has all." if unseen else ""
    if not part.exact:
        rest = f"Sampled, not summed over all assignments. {rest}".strip()
    return PictureView(title, Markup(draw_competition(pairs, title=title)), rest)  # noqa: S704  it escapes its texts


def _missing_name(conclusions: Conclusions, missing: int) -> str:
    family, person = conclusions.result.missing[missing]
    return person if family.name in person else f"{person} ({family.name})"


def _leading_below(conclusions: Conclusions) -> Rows:
    result = conclusions.result
    threshold = result.operation.settings.threshold
    rows = [
        (
            result.operation.individuals[case.individual].id,
            result.missing[case.missing][1],
            result.missing[case.missing][0].name,
            "below the floor" if case.log10_lr == float("-inf") else f"{case.log10_lr:.2f}".replace("-", "−"),
            posterior_range(case.answer.posterior),
            str(case.answer.standing),
        )
        for case in conclusions.cases
        if case.log10_lr < threshold
    ]
    return Rows.of(rows, "joint.csv")


# --- the policy -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PolicyView:
    """What the policy asks, and how many pairs meet its numbers."""

    name: str
    asks: list[str]
    lead: str
    refused: list[tuple[str, str]]


def policy_view(conclusions: Conclusions) -> PolicyView:
    """The policy to decide by, clause by clause."""
    policy = conclusions.policies[0]
    judgements = [case.judgements[0] for case in conclusions.cases]
    passed = sum(one.passed for one in judgements)
    refused = Counter(clause for one in judgements for clause in one.refused_by)
    lead = (
        f"The numbers of the policy {policy.name}, version {policy.version}, are met by {counted(passed, 'pair')} of "
        f"{len(judgements):,} that were judged (hits, and pairs that lead). A policy decides nothing: the acts that it "
        "names are still to be done, and two people decide."
    )
    by_labels = sum(case.label_risk for case in conclusions.cases if case.judgements[0].passed)
    if by_labels:
        lead += (
            f" Of those whose numbers meet it {by_labels:.2g} are expected to be wrong because a sample bears the "
            "label of another, which no DNA shows (one sample in "
            f"{1 / conclusions.given.settings.mislabelled_samples:,.0f} does, as declared for this laboratory or, "
            "where nothing is, as published): before a body is handed over a second sample of it is taken, labelled by "
            "itself and compared."
        )
    by_siblings = sum(
        (1 - case.label_risk) * case.sibling_risk for case in conclusions.cases if case.judgements[0].passed
    )
    if conclusions.given.settings.unlisted_siblings:
        lead += (
            f" {by_siblings:.2g} more are expected to be full siblings whom nobody listed: "
            f"{conclusions.given.settings.unlisted_siblings:.2g} of all individuals are declared to be such."
        )
    else:
        lead += (
            " How many of the dead are full siblings whom nobody listed is not declared (unlisted_siblings): they are "
            "in no figure here."
        )
    rows = [(clause, counted(count, "pair")) for clause, count in refused.most_common()]
    return PolicyView(f"{policy.name}, version {policy.version}", list(_asked(policy)), lead, rows)


def _asked(policy: Policy) -> Iterable[str]:
    yield (
        f"a posterior of at least {policy.posterior:g} under the least favourable declared prior, counted together "
        "with all other pairs, at the lower bound of what was cut"
    )
    if policy.coincidences is not None:
        yield f"at most {policy.coincidences:g} unrelated pairs expected to do as well in this search"
    if policy.lines:
        yield (
            f"{policy.lines} lines of evidence: typed relatives by blood, and methods that reach "
            f"{power_of_ten(policy.second_line)} by themselves; a direct reference replaces them"
        )
    if policy.sibling_excluded:
        yield (
            "something against a full brother or sister whom nobody listed: a direct reference, evidence that is not "
            f"kinship and reaches {power_of_ten(policy.second_line)}, or the family's written word"
        )
    if policy.consistent_family:
        yield "a family whose samples fit its pedigree"


# --- families ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FamiliesView:
    """What families' samples say of the pedigrees given, in words for everyone, and whom they cannot identify."""

    lead: str
    doubtful: Rows
    never_lead: str
    never: Rows
    not_asked: str


def families_view(conclusions: Conclusions, beside: Supplement) -> FamiliesView:
    """Only words that anybody may read."""
    counts = Counter(one.verdict for one in conclusions.families)
    lead = (
        f"Of {counted(len(conclusions.families), 'family', 'families')} the samples of "
        f"{counts[Verdict.CONSISTENT]:,} fit the pedigree given as far as they can tell, those of "
        f"{counts[Verdict.DOUBTFUL]:,} do not; {counts[Verdict.UNTESTED]:,} gave fewer than two samples, or are too "
        "large to be compared."
    )
    doubtful = [(one.family, one.for_everyone, one.to_do) for one in conclusions.doubtful.values()]
    never = beside.never()
    needed = power_of_ten(beside.requirement.log10_lr)
    never_lead = (
        f"The numbers of the policy come to a likelihood ratio of {needed} in this search. "
        f"{counted(len(never), 'missing person')} of {len(beside.powers):,} cannot be identified with the samples that "
        "their families gave so far, whatever is found. A new sample, or another method, changes that."
    )
    rows = [
        (one.family, one.person, one.never)
        for one in sorted(never, key=lambda one: (_no_sample(one.never), one.family))
    ]
    not_asked = ""
    left = beside.powers_not_asked + len(beside.powers_not_computed)
    if left:
        not_asked = f"Not computed for {counted(left, 'missing person')}, because of their number or the family's size."
    return FamiliesView(
        lead,
        Rows.of(doubtful, "families.csv"),
        never_lead if beside.powers else "",
        Rows.of(rows, "families.csv"),
        not_asked,
    )


def _no_sample(why: str) -> bool:
    """Families that gave nothing come last: their number says all of it."""
    return why.startswith("Nobody of the family")


def provisional_rows(conclusions: Conclusions) -> Rows:
    """Hits of parts of families whose samples do not fit."""
    individuals = conclusions.result.operation.individuals
    rows = [
        (
            individuals[one.individual].id,
            one.person,
            one.family,
            one.label,
            f"{one.log10_lr:.2f}",
        )
        for one in conclusions.provisional
    ]
    return Rows.of(rows, "provisional.csv", most=2 * ROWS)


# --- what was left out ------------------------------------------------------------------------------------------------


def left_out_rows(conclusions: Conclusions) -> Rows:
    """What was not searched, and why."""
    rows: list[tuple[str, ...]] = [(one.what, one.id, one.reason) for one in left_out_for_everybody(conclusions.result)]
    return Rows.of(rows, "summary.json", most=10 * ROWS)


def mixture_lead_rows(beside: Supplement) -> Rows:
    """Whom mixtures may hold: leads for resampling."""
    rows: list[tuple[str, ...]] = [
        (
            one.remains,
            f"{one.at_least} or more",
            f"{one.who}, family {one.family}" if one.family else one.who,
            f"{one.log10_lr:.2f}",
            str(one.markers),
        )
        for one in beside.leads
    ]
    return Rows.of(rows, "summary.json")


def mixtures_words(conclusions: Conclusions) -> str:
    """How many mixtures wait; none is searched for one person."""
    waiting = mixtures_waiting(conclusions.result)
    return (
        f"{counted(waiting, 'mixture')} wait for resampling: no mixture is searched as one person." if waiting else ""
    )
