"""`summary.json`: what was searched, with what, and how it went, as plain values. Each count in its own unit."""

import dataclasses
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

from antigone import __version__
from antigone.matching.among_the_dead import Relation
from antigone.matching.assignment import Standing
from antigone.matching.conclusions import Conclusions
from antigone.matching.digests import describe_settings
from antigone.matching.odd import default_used
from antigone.matching.parentage import Verdict
from antigone.matching.reassociation import Minimum, Reassociation
from antigone.matching.search import SearchResult
from antigone.report.family_warnings import counted_contradictions, left_out_for_everybody
from antigone.report.listed import Listed, set_in_short
from antigone.report.reference_views import references_figures
from antigone.report.supplements import Supplement

MIXTURE = "a mixture waits for resampling"


def summarise(
    conclusions: Conclusions,
    listed: Sequence[Listed],
    beside: Supplement,
    marks: Mapping[str, str],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    """Everything that is counted, and everything that it was computed with."""
    result, operation = conclusions.result, conclusions.result.operation
    frequencies = result.prepared.frequencies
    threshold = operation.settings.threshold
    low, high = result.coincidences.at_least(threshold)
    used = {model.name: frequencies.markers[model.name] for model in result.prepared.models}
    return {
        "case": operation.name,
        "individuals": len(operation.individuals),
        "remains": len(conclusions.given.individuals),
        "missing_persons": len(result.missing),
        "missing_persons_not_searched": len(result.not_searched),
        "pairs": result.compared,
        "hits": sum(one.hit.log10_lr >= threshold for one in listed),
        "provisional_hits": len(conclusions.provisional),
        "pairs_listed": len(listed),
        "families": len(operation.families),
        "donors": sum(len(family.donors()) for family in operation.families),
        "direct_references": sum(len(set(family.profiles) & set(family.missing)) for family in operation.families),
        "bags": _different(one.bag for one in conclusions.given.individuals),
        "transfers": _different(one.transfer for one in conclusions.given.individuals),
        "mixtures_waiting_for_resampling": mixtures_waiting(result),
        "mixture_leads": [
            {
                "remains": one.remains,
                "people_at_least": one.at_least,
                "family": one.family,
                "may_hold": one.who,
                "log10_lr": one.log10_lr,
                "markers": one.markers,
                "note": one.note,
            }
            for one in beside.leads
        ],
        "expected_coincidences_at_threshold": {"low": low, "high": high},
        "by_reference": references_figures(conclusions, beside),
        "reassociation": None if conclusions.reassociation is None else _reassociation(conclusions.reassociation),
        "minimum_number": _minimum_number(beside),
        "among_the_dead": _among_the_dead(conclusions),
        "joint": _joint(conclusions),
        "policies": [_policy(conclusions, k) for k in range(len(conclusions.policies))],
        "family_checks": _families(conclusions, beside),
        "markers": [model.name for model in result.prepared.models],
        "linked_pairs": [
            {"first": pair.first, "second": pair.second, "recombination": pair.recombination, "source": pair.source}
            for pair in result.prepared.linked
        ],
        "frequencies": {
            "table": frequencies.table,
            "source": frequencies.source,
            "rule": frequencies.rule,
            "normalisation": frequencies.normalisation,
            "added": _alleles(used, "added"),
            "raised": _alleles(used, "raised"),
        },
        "left_out": [{"what": one.what, "id": one.id, "reason": one.reason} for one in left_out_for_everybody(result)],
        "warnings": list(result.notes),
        "family_contradictions": counted_contradictions(result),
        "settings": describe_settings(operation),
        "settings_left_to_defaults": {name: default_used(operation, name) for name in operation.undeclared},
        "digests": dict(marks),
        "versions": {
            "antigone": __version__,
            "python": platform.python_version(),
            **{name: version(name) for name in ("numpy", "scipy", "numba", "polars")},
        },
        "seconds": dict(seconds),
    }


def mixtures_waiting(result: SearchResult) -> int:
    """Remains and samples that were left out because they are of several people."""
    return sum(MIXTURE in one.reason for one in result.left_out)


def _reassociation(found: Reassociation) -> dict[str, Any]:
    return {
        "groups_proposed": len(found.groups),
        "remains_in_groups": sum(len(group.remains) for group in found.groups),
        "groups_withheld": len(found.withheld),
        "ambiguous": len(found.ambiguous),
        "alarms": len(found.alarms),
        "pairs_compared": found.pairs_compared,
        "sets_that_hang_together": found.components,
        "sets_summed_exactly": found.components_exact,
        "prior": dataclasses.asdict(found.prior),
        "rules": dataclasses.asdict(found.rules),
        "notes": list(found.notes),
    }


def _among_the_dead(conclusions: Conclusions) -> dict[str, Any]:
    """How many pairs of the dead may be kin, and which remains match the elimination list."""
    kin, found = conclusions.kin, conclusions.elimination
    related = None
    if kin is not None:
        related = {
            "pairs_compared": kin.compared,
            "threshold": kin.threshold,
            "by_relation": {str(relation): kin.of(relation) for relation in Relation},
            "notes": list(kin.notes),
        }
    return {
        "kin": related,
        "elimination": {
            "entries": found.entries,
            "comparisons": found.compared,
            "matches": len(found.matches),
            "remains_that_may_be_contaminated": sorted(found.remains()),
        },
        "nearly_an_own_sample": [dataclasses.asdict(one) for one in conclusions.near],
    }


def _minimum_number(beside: Supplement) -> dict[str, Any] | None:
    """By bag, by transfer and overall; nobody may add them up, for one person may lie in several bags."""
    if beside.minimum is None:
        return None
    return {
        "overall": _minimum(beside.minimum.overall),
        "by_transfer": [{"transfer": key, **_minimum(one)} for key, one in beside.minimum.by_transfer.items()],
        "by_bag": [
            {"transfer": transfer, "bag": bag, **_minimum(one)}
            for (transfer, bag), one in beside.minimum.by_bag.items()
        ],
        "never_summed": True,
    }


def _minimum(one: Minimum) -> dict[str, Any]:
    return {"individuals": one.individuals, "exact": one.exact, "why": one.why}


def _joint(conclusions: Conclusions) -> dict[str, Any]:
    joint = conclusions.joint
    standings = Counter(str(one.standing) for part in joint.components for one in part.pairs)
    return {
        "listed": joint.listed,
        "priors": [dataclasses.asdict(prior) for prior in joint.priors],
        "components": len(joint.components),
        "components_exact": sum(part.exact for part in joint.components),
        "exact_share": joint.exact_share,
        "largest_component": max((len(part.individuals) + len(part.missing) for part in joint.components), default=0),
        "pairs_weighed": sum(len(part.pairs) for part in joint.components),
        "standings": {str(one): standings[str(one)] for one in Standing},
        "individuals_in_the_best_assignment": len(joint.best),
        "symmetric_sets": [
            {"set": set_in_short(conclusions, one), "posterior": one.posterior} for one in joint.symmetric
        ],
        "alike": [dataclasses.asdict(one) for one in conclusions.alike],
        "incomplete": list(joint.incomplete),
    }


def _policy(conclusions: Conclusions, k: int) -> dict[str, Any]:
    """How many of the pairs looked at meet the numbers of a policy; nobody is identified by that."""
    judgements = [case.judgements[k] for case in conclusions.cases]
    met = [case for case in conclusions.cases if case.judgements[k].passed]
    refused = Counter(clause for one in judgements for clause in one.refused_by)
    return {
        **conclusions.policies[k].describe(),
        "pairs_judged": len(judgements),
        "numbers_met": sum(one.passed for one in judgements),
        "expected_wrong_by_labels": sum(case.label_risk for case in met),
        "expected_wrong_by_unlisted_siblings": sum((1 - case.label_risk) * case.sibling_risk for case in met),
        "refused_by": dict(sorted(refused.items())),
    }


def _families(conclusions: Conclusions, beside: Supplement) -> dict[str, Any]:
    counts = Counter(one.verdict for one in conclusions.families)
    return {
        "fit": counts[Verdict.CONSISTENT],
        "do_not_fit": counts[Verdict.DOUBTFUL],
        "not_compared": counts[Verdict.UNTESTED],
        "needed_log10_lr": beside.requirement.log10_lr,
        "missing_persons_asked": len(beside.powers),
        "missing_persons_not_asked": beside.powers_not_asked + len(beside.powers_not_computed),
        "missing_persons_who_can_never_be_identified": len(beside.never()),
    }


def _different(places: Iterable[str]) -> int | None:
    """How many different ones; None where none is recorded, which is no count of zero."""
    return len({place for place in places if place}) or None


def _alleles(markers: Mapping[str, Any], which: str) -> dict[str, list[str]]:
    found = {name: [str(allele) for allele in getattr(marker, which)] for name, marker in sorted(markers.items())}
    return {name: alleles for name, alleles in found.items() if alleles}
