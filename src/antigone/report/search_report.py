"""The report of a search: one self-contained HTML file for a caseworker, a reviewer and an opposing expert.

This module says what stands in the report; `templates/search_report.html.j2` says where.
"""

from collections.abc import Iterable, Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from antigone import __version__
from antigone.matching.conclusions import Conclusions
from antigone.matching.search import SearchResult
from antigone.report.charts import lr_distribution
from antigone.report.dead_views import dead_view
from antigone.report.hit_views import DETAILED, hit_rows, hit_views
from antigone.report.listed import Listed
from antigone.report.overall_views import (
    families_view,
    joint_view,
    left_out_rows,
    mixture_lead_rows,
    mixtures_words,
    policy_view,
    provisional_rows,
    remains_view,
)
from antigone.report.reference_views import references_view
from antigone.report.supplements import Supplement
from antigone.report.words import chance_pairs, counted, listing


def render_search_report(
    conclusions: Conclusions, listed: Sequence[Listed], beside: Supplement, digests: Mapping[str, str]
) -> str:
    """The whole document. The same conclusions give the same text, whoever runs it and when.

    Of the `listed` pairs those from the threshold on are shown.
    """
    environment = Environment(
        loader=PackageLoader("antigone.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style, _, _ = environment.loader.get_source(environment, "report.css")  # type: ignore[union-attr]
    result, operation = conclusions.result, conclusions.result.operation
    hits = [one for one in listed if one.hit.log10_lr >= operation.settings.threshold]
    return environment.get_template("search_report.html.j2").render(
        name=operation.name or "unnamed case",
        style=Markup(style),  # noqa: S704  our own file
        lead=_lead(conclusions, hits),
        counts=_counts(conclusions),
        remains=remains_view(conclusions, beside),
        picture=_picture(result),
        caption=_caption(result, hits),
        references=references_view(conclusions, beside),
        joint=joint_view(conclusions, beside),
        policy=policy_view(conclusions),
        rows=hit_rows(hits),
        hits=hit_views(conclusions, hits, beside),
        detailed=_detailed(hits, beside),
        provisional=provisional_rows(conclusions),
        dead=dead_view(conclusions),
        families=families_view(conclusions, beside),
        prior=_prior(result),
        table=result.prepared.frequencies.table,
        left_out=left_out_rows(conclusions),
        mixtures=mixtures_words(conclusions),
        mixture_leads=mixture_lead_rows(beside),
        notes=result.notes,
        provenance=_provenance(result, digests),
    )


def _detailed(hits: Sequence[Listed], beside: Supplement) -> str:
    """What of the hits is not in this document."""
    said = []
    if len(hits) > DETAILED:
        said.append(f"The first {DETAILED:,} hits have sections below; the likelihood ratios of all are in hits.csv.")
    without = sum((one.individual, one.missing) not in beside.advised for one in hits)
    if without:
        said.append(
            f"For {counted(without, 'hit')} further down it was not computed which samples would help most, nor who "
            "else of the kin it may be."
        )
    return " ".join(said)


# --- the overview ----------------------------------------------------------------------------------------------------


def _lead(conclusions: Conclusions, hits: Sequence[Listed]) -> str:
    result = conclusions.result
    individuals = counted(len(result.operation.individuals), "individual")
    given = len(conclusions.given.individuals)
    if given != len(result.operation.individuals):
        individuals += f" ({given:,} remains, put together as proposed below)"
    missing = counted(len(result.missing), "missing person")
    threshold = result.operation.settings.threshold
    chance = chance_pairs(*result.coincidences.at_least(threshold))
    which = "default threshold (nobody declared one)" if _is_default(result, "threshold") else "declared threshold"
    left = counted(len(result.not_searched), "missing person")
    passed = sum(case.judgements[0].passed for case in conclusions.cases)
    policy = conclusions.policies[0]
    numbers = f" The numbers of the policy {policy.name} are met by {counted(passed, 'pair')}; two people decide."
    not_searched = f" {left} could not be searched: “Left out” says who, and why." if result.not_searched else ""
    return (
        f"{individuals} and {missing} were compared, all with all: {counted(result.compared, 'pair')}. "
        f"{counted(len(hits), 'pair')} reached the {which}, a log10 LR of {threshold:g}. "
        f"Chance alone is expected to bring {chance} of unrelated people that far.{numbers}{not_searched}"
    )


def _is_default(result: SearchResult, setting: str) -> bool:
    return setting in result.operation.undeclared


def _prior(result: SearchResult) -> str:
    """What the posterior assumes beforehand, in words."""
    whom = "the one missing person searched"
    if len(result.missing) != 1:
        whom = f"among the {counted(len(result.missing), 'missing person')} searched, each of them alike"
    default = " (the default, for nobody declared another)" if _is_default(result, "prior") else ""
    return f"{whom}, with probability {result.operation.settings.prior:g}{default}"


def _counts(conclusions: Conclusions) -> list[tuple[str, list[tuple[str, str]]]]:
    result, given = conclusions.result, conclusions.given.individuals
    operation = result.operation
    individuals, families = operation.individuals, operation.families
    dead = [
        ("remains", len(given)),
        ("individuals, with remains put together as proposed", len(individuals)),
        ("samples of remains", sum(max(len(individual.samples), 1) for individual in individuals)),
    ]
    where = [
        ("bags they came in", _recorded([individual.bag for individual in given])),
        ("transfers", _recorded([individual.transfer for individual in given])),
    ]
    living = [
        ("missing persons", len(result.missing)),
        *([("missing persons not searched", len(result.not_searched))] if result.not_searched else []),
        ("families", len(families)),
        ("donors typed", sum(len(family.donors()) for family in families)),
        ("direct references", sum(len(set(family.profiles) & set(family.missing)) for family in families)),
    ]
    compared = [("pairs", result.compared), ("markers", len(result.prepared.models))]
    return [
        ("Of the dead", [*_shown(dead), *where]),
        ("Of the families", _shown(living)),
        ("Compared", _shown(compared)),
    ]


def _shown(counts: Iterable[tuple[str, int]]) -> list[tuple[str, str]]:
    return [(what, f"{count:,}") for what, count in counts]


def _recorded(places: Sequence[str]) -> str:
    """How many different ones; nothing recorded is no count of zero."""
    without = places.count("")
    if without == len(places):
        return "not recorded"
    different = f"{len(set(places) - {''}):,}"
    return f"{different} ({without:,} of the dead: not recorded)" if without else different


def _picture(result: SearchResult) -> Markup:
    expected = result.coincidences.histogram(result.edges)
    title = f"{counted(result.compared, 'pair')} compared, and what unrelated pairs alone would give"
    threshold = result.operation.settings.threshold
    return Markup(lr_distribution(result.edges, result.histogram, expected, threshold, title=title))  # noqa: S704


def _caption(result: SearchResult, hits: Sequence[Listed]) -> str:
    threshold = result.operation.settings.threshold
    beyond = [(int(result.histogram[0]), "below the left edge"), (int(result.histogram[-1]), "beyond the right edge")]
    outside = [f"{counted(count, 'pair')} {where}" for count, where in beyond if count]
    drawn = f"Not drawn: {listing(outside)}." if outside else "All pairs are drawn."
    expected = chance_pairs(*result.coincidences.at_least(threshold))
    return f"{drawn} From the threshold upwards: {len(hits):,} in this search, {expected} expected by chance."


# --- what it was computed with ------------------------------------------------------------------------------------


def _provenance(result: SearchResult, digests: Mapping[str, str]) -> list[tuple[str, str]]:
    settings, frequencies = result.operation.settings, result.prepared.frequencies
    added = [
        f"{name} {', '.join(map(str, marker.added))}"
        for name, marker in sorted(frequencies.markers.items())
        if marker.added
    ]
    models = {model.name: model.mutation for model in result.prepared.models}
    common = settings.mutation.describe()
    special = [f"{name}: {text}" for name, text in models.items() if text != common]
    linked = [f"{pair.first}–{pair.second} {pair.recombination:g}" for pair in result.prepared.linked]
    height = settings.stochastic_threshold
    return [
        ("Engine", f"antigone {__version__}"),
        ("Frequencies", f"{frequencies.table}; {frequencies.source}{_default_mark(result, 'frequencies')}"),
        (
            "Rare and unseen alleles",
            f"{frequencies.rule}{_default_mark(result, 'rare_alleles')}; normalisation: {frequencies.normalisation}",
        ),
        ("Alleles added to the table", "; ".join(added) or "none"),
        ("Theta", f"{settings.theta:g}{_default_mark(result, 'theta')}"),
        ("Mutation", common + (f"; but {'; '.join(special)}" if special else "") + _default_mark(result, "mutation")),
        ("Remains", settings.remains.describe()),
        ("Donors and direct references", settings.donors.describe()),
        ("Stochastic threshold", "none declared" if height is None else f"{height:g}"),
        ("Linked pairs, with recombination", "; ".join(linked) or "none"),
        ("Untyped founders", "pruned, as Familias does" if settings.prune_untyped_founders else "kept"),
        ("Prior: an individual is among those searched", f"{settings.prior:g}{_default_mark(result, 'prior')}"),
        ("Threshold", f"log10 LR {settings.threshold:g}{_default_mark(result, 'threshold')}"),
        ("Grid of expected coincidences", f"{result.coincidences.step:g} in log10 LR"),
        ("Markers", ", ".join(models)),
        *((f"SHA-256: {what}", digest) for what, digest in digests.items()),
    ]


def _default_mark(result: SearchResult, setting: str) -> str:
    return " (the default; nobody declared it)" if _is_default(result, setting) else ""
