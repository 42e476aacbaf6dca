"""The tables of an answer: a row for a pair, an individual, a missing person, a proposal."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from antigone.matching.among_the_dead import Relation
from antigone.matching.assignment import PairAnswer
from antigone.matching.conclusions import Conclusions
from antigone.matching.nongenetic import total_log10
from antigone.matching.odd import CONTRADICTED
from antigone.matching.parentage import Verdict
from antigone.matching.reassociation import Group
from antigone.report.listed import Listed, symmetric_words
from antigone.report.supplements import Supplement

Column = tuple[Any, list[Any]]  # its kind, and its cells

TEXT, NUMBER, WHOLE = pl.String, pl.Float64, pl.Int64


def _table(columns: Mapping[str, Column]) -> pl.DataFrame:
    return pl.DataFrame(
        {name: cells for name, (_, cells) in columns.items()},
        schema={name: kind for name, (kind, _) in columns.items()},
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def hits_table(conclusions: Conclusions, listed: Sequence[Listed]) -> pl.DataFrame:
    """One row a listed pair, best first; what is empty was not compared, or weighed too little to be judged."""
    hits = [one.hit for one in listed]
    columns: dict[str, Column] = {
        "individual": (TEXT, [hit.individual.id for hit in hits]),
        "missing_person": (TEXT, [hit.missing_person for hit in hits]),
        "family": (TEXT, [hit.family.name for hit in hits]),
        "log10_lr": (NUMBER, [hit.log10_lr for hit in hits]),
        "expected_coincidences": (NUMBER, [hit.expected_coincidences[1] for hit in hits]),
        "exclusions": (WHOLE, [hit.exclusions for hit in hits]),
        "posterior": (NUMBER, [hit.posterior for hit in hits]),
        "expected_coincidences_low": (NUMBER, [hit.expected_coincidences[0] for hit in hits]),
        "log10_linkage": (NUMBER, [math.fsum(hit.linkage.values()) for hit in hits]),
        "contradictions": (TEXT, ["; ".join(hit.contradictions) for hit in hits]),
        "not_used": (TEXT, [_not_used(hit.unused) for hit in hits]),
    }
    for model in conclusions.result.prepared.models:
        logs = [hit.by_marker.get(model.name) for hit in hits]
        columns[f"lr_{model.name}"] = (NUMBER, [None if log is None else 10.0**log for log in logs])
    return _table(columns | _joint_columns([one.answer for one in listed]) | _case_columns(listed))


def _not_used(unused: Mapping[str, str]) -> str:
    """That a family contradicts itself at a marker is not said in a table, which goes from hand to hand."""
    return "; ".join(f"{marker}: {_FOR_EVERYBODY.get(why, why)}" for marker, why in unused.items())


_FOR_EVERYBODY = {CONTRADICTED: "not used for this family"}


def _joint_columns(answers: Sequence[PairAnswer | None]) -> dict[str, Column]:
    def of(name: str) -> list[Any]:
        return [None if one is None else getattr(one, name) for one in answers]

    ranges = of("posterior")
    return {
        "posterior_low": (NUMBER, [None if one is None else one[0] for one in ranges]),
        "posterior_high": (NUMBER, [None if one is None else one[1] for one in ranges]),
        "posterior_lowest_bound": (NUMBER, of("lowest")),
        "posterior_highest_bound": (NUMBER, of("highest")),
        "exact": (TEXT, [None if one is None else _yes(one) for one in of("exact")]),
        "log10_glr": (NUMBER, of("log10_glr")),
        "standing": (TEXT, [None if one is None else str(one) for one in of("standing")]),
        "why": (TEXT, of("why")),
    }


def _case_columns(listed: Sequence[Listed]) -> dict[str, Column]:
    """Lineages and what is not DNA stand beside the DNA; nothing of them is in any posterior."""
    cases = [one.case for one in listed]
    strict = [None if case is None else case.judgements[0] for case in cases]

    def lineage(which: str) -> list[float | None]:
        return [
            None if case is None else next((one.log10_lr for one in case.lineages if one.line == which), None)
            for case in cases
        ]

    return {
        "symmetric_set": (TEXT, [one.symmetric for one in listed]),
        "paternal_line_log10_lr": (NUMBER, lineage("paternal")),
        "maternal_line_log10_lr": (NUMBER, lineage("maternal")),
        "lineages": (
            TEXT,
            [
                None if case is None else " ".join(f"{one.line} line: {one.words}" for one in case.lineages)
                for case in cases
            ],
        ),
        "not_dna_log10_lr": (
            NUMBER,
            [None if case is None or not case.non_dna else total_log10(case.non_dna) for case in cases],
        ),
        "not_dna": (TEXT, [None if case is None else "; ".join(one.words for one in case.non_dna) for case in cases]),
        "wrong_label": (NUMBER, [None if case is None else case.label_risk for case in cases]),
        "sibling_not_listed": (NUMBER, [None if case is None else case.sibling_risk for case in cases]),
        "provisional": (TEXT, [_yes(one.provisional) for one in listed]),
        "policy": (TEXT, [None if one is None else f"{one.policy} v{one.version}" for one in strict]),
        "policy_numbers_met": (TEXT, [None if one is None else _yes(one.passed) for one in strict]),
        "refused_by": (TEXT, [None if one is None else "; ".join(one.refused_by) for one in strict]),
    }


def joint_table(conclusions: Conclusions) -> pl.DataFrame:
    """One row a pair that was weighed, component by component; `posterior_prior_K` in the order of the priors."""
    joint, result = conclusions.joint, conclusions.result
    rows = [(number, one) for number, part in enumerate(joint.components, 1) for one in part.pairs]
    answers = [one for _, one in rows]
    log10 = dict(
        zip(
            zip(result.kept.individual.tolist(), result.kept.missing.tolist(), strict=True),
            result.kept.log10_lr.tolist(),
            strict=True,
        )
    )
    symmetric = symmetric_words(conclusions)
    pairs = [(one.individual, one.missing) for one in answers]
    columns: dict[str, Column] = {
        "component": (WHOLE, [number for number, _ in rows]),
        "individual": (TEXT, [result.operation.individuals[i].id for i, _ in pairs]),
        "missing_person": (TEXT, [result.missing[m][1] for _, m in pairs]),
        "family": (TEXT, [result.missing[m][0].name for _, m in pairs]),
        "log10_lr": (NUMBER, [log10.get(pair) for pair in pairs]),
    }
    columns |= _joint_columns(answers)
    columns["sampling_error"] = (NUMBER, [one.error for one in answers])
    columns["symmetric_set"] = (TEXT, [symmetric.get(pair, "") for pair in pairs])
    columns["best_assignment"] = (TEXT, [_yes(joint.best.get(i) == m) for i, m in pairs])
    for k in range(len(joint.priors)):
        columns[f"posterior_prior_{k + 1}"] = (NUMBER, [one.by_prior[k] for one in answers])
    return _table(columns)


def nobody_table(conclusions: Conclusions) -> pl.DataFrame:
    """One row an individual: how probably it is none of those compared, and how the priors share that out."""
    rows = conclusions.joint.nobody
    individuals = conclusions.result.operation.individuals
    columns: dict[str, Column] = {
        "individual": (TEXT, [individuals[one.individual].id for one in rows]),
        "nobody_low": (NUMBER, [one.posterior[0] for one in rows]),
        "nobody_high": (NUMBER, [one.posterior[1] for one in rows]),
        "nobody_lowest_bound": (NUMBER, [one.lowest for one in rows]),
        "nobody_highest_bound": (NUMBER, [one.highest for one in rows]),
    }
    for name, attribute in (
        ("below", "below"),
        ("listed_without_references", "listed_without_references"),
        ("not_listed", "not_listed"),
    ):
        columns[f"{name}_low"] = (NUMBER, [getattr(one, attribute)[0] for one in rows])
        columns[f"{name}_high"] = (NUMBER, [getattr(one, attribute)[1] for one in rows])
    return _table(columns)


def individuals_table(conclusions: Conclusions) -> pl.DataFrame:
    """One row an individual as it was searched; those of several remains are proposals, with what speaks for them."""
    individuals = conclusions.result.operation.individuals
    reassociation = conclusions.reassociation
    order = {one.id: row for row, one in enumerate(conclusions.given.individuals)}
    groups: dict[str, Group] = {}
    if reassociation is not None:
        # A group is one individual under the names of its parts, in their order.
        groups = {"+".join(sorted(group.remains, key=order.__getitem__)): group for group in reassociation.groups}
    own = [groups.get(one.id) for one in individuals]

    def of(name: str) -> list[Any]:
        return [None if group is None else getattr(group, name) for group in own]

    return _table(
        {
            "individual": (TEXT, [one.id for one in individuals]),
            "remains": (TEXT, ["; ".join(one.remains or (one.id,)) for one in individuals]),
            "proposed": (TEXT, [_yes(group is not None) for group in own]),
            "bags": (TEXT, [one.bag for one in individuals]),
            "transfers": (TEXT, [one.transfer for one in individuals]),
            "log10_lr": (NUMBER, of("log10_lr")),
            "log10_lr_against_siblings": (NUMBER, of("log10_lr_against_siblings")),
            "posterior": (NUMBER, of("posterior")),
            "posterior_exactly": (NUMBER, of("posterior_exactly")),
            "exact": (TEXT, [None if group is None else _yes(group.exact) for group in own]),
            "markers": (WHOLE, [None if group is None else len(group.markers) for group in own]),
            "contradictions": (TEXT, ["" if group is None else "; ".join(group.contradictions) for group in own]),
        }
    )


def proposals_table(conclusions: Conclusions) -> pl.DataFrame:
    """What people should look at, one row each: merges, splits, what is ambiguous or looks like a mistake."""
    rows = list(_proposals(conclusions))
    return _table(
        {
            "kind": (TEXT, [kind for kind, _, _ in rows]),
            "remains": (TEXT, ["; ".join(remains) for _, remains, _ in rows]),
            "reasons": (TEXT, [why for _, _, why in rows]),
        }
    )


def _proposals(conclusions: Conclusions) -> Iterator[tuple[str, Sequence[str], str]]:
    found = conclusions.reassociation
    for near in conclusions.near:
        yield "alarm", (near.remains,), near.words
    if found is None:
        return
    for proposal in found.proposals:
        yield str(proposal.kind), proposal.remains, "; ".join(proposal.reasons)
    for alarm in found.alarms:
        yield "alarm", alarm.remains, alarm.what
    for one in found.ambiguous:
        yield "ambiguous", one.remains, one.why


def among_the_dead_table(conclusions: Conclusions) -> pl.DataFrame:
    """Pairs of individuals who may be kin, best first, then remains that match the elimination list."""
    kin = () if conclusions.kin is None else conclusions.kin.pairs
    matches = conclusions.elimination.matches
    nothing = [None] * len(matches)
    logs = [dict(one.log10_lrs) for one in kin]
    return _table(
        {
            "kind": (
                TEXT,
                [str(one.relation) for one in kin]
                + ["mixture" if one.mixture else "elimination list" for one in matches],
            ),
            "first": (TEXT, [one.first for one in kin] + [one.remains for one in matches]),
            "second": (TEXT, [one.second for one in kin] + [one.entry for one in matches]),
            "role": (TEXT, [None] * len(kin) + [one.role for one in matches]),
            "log10_lr": (NUMBER, [one.log10_lr for one in kin] + [one.log10_lr for one in matches]),
            "expected_at_most": (NUMBER, [one.expected for one in kin] + [one.expected for one in matches]),
            "markers": (WHOLE, [one.markers for one in kin] + [one.markers for one in matches]),
            **{
                f"log10_lr_{str(relation).replace(' ', '_')}": (NUMBER, [one[relation] for one in logs] + nothing)
                for relation in Relation
            },
        }
    )


# What anybody may read of the check of a family.
VERDICTS = {
    Verdict.CONSISTENT: "fit the pedigree given",
    Verdict.DOUBTFUL: "do not fit the pedigree given",
    Verdict.UNTESTED: "not compared",
}


def families_table(conclusions: Conclusions, beside: Supplement) -> pl.DataFrame:
    """One row a missing person: whether the family's samples fit, and what they can say. Nothing of parentage."""
    reports = {one.family: one for one in conclusions.families}
    rows = conclusions.result.operation.missing_persons()
    said = [reports.get(family.name) for family, _ in rows]
    powers = [beside.powers.get((family.name, person)) for family, person in rows]

    def power(name: str) -> list[Any]:
        return [None if one is None else getattr(one, name) for one in powers]

    brackets = power("bracket")
    return _table(
        {
            "family": (TEXT, [family.name for family, _ in rows]),
            "missing_person": (TEXT, [person for _, person in rows]),
            "samples": (WHOLE, [len(family.profiles) for family, _ in rows]),
            "samples_and_pedigree": (TEXT, [None if one is None else VERDICTS[one.verdict] for one in said]),
            "words": (TEXT, [None if one is None else one.for_everyone for one in said]),
            "to_do": (TEXT, [None if one is None else one.to_do for one in said]),
            "needed_log10_lr": (NUMBER, [None if one is None else one.requirement.log10_lr for one in powers]),
            "highest_log10_lr": (NUMBER, power("highest")),
            "chance": (NUMBER, power("chance")),
            "chance_low": (NUMBER, [None if one is None else one[0] for one in brackets]),
            "chance_high": (NUMBER, [None if one is None else one[1] for one in brackets]),
            "can_identify": (TEXT, [None if one is None else _yes(not one.never) for one in powers]),
            "why_not": (TEXT, power("never")),
        }
    )


def provisional_table(conclusions: Conclusions) -> pl.DataFrame:
    """One row for each hit of a part of a family whose samples do not fit."""
    rows = conclusions.provisional
    individuals = conclusions.result.operation.individuals
    return _table(
        {
            "individual": (TEXT, [individuals[one.individual].id for one in rows]),
            "family": (TEXT, [one.family for one in rows]),
            "missing_person": (TEXT, [one.person for one in rows]),
            "searched_as": (TEXT, [one.label for one in rows]),
            "log10_lr": (NUMBER, [one.log10_lr for one in rows]),
        }
    )
