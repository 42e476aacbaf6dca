"""The report of a search: one self-contained HTML file for a caseworker, a reviewer and an opposing expert.

This module says what stands in the report; `templates/search_report.html.j2` says where.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from antigone import __version__
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile, consensus
from antigone.matching.classes import sex_of
from antigone.matching.hits import Hit
from antigone.matching.operation import Family
from antigone.matching.search import SearchResult
from antigone.report.advice import advice
from antigone.report.charts import lr_distribution
from antigone.report.pedigree_drawing import draw_pedigree
from antigone.report.pedigree_layout import DrawnPerson
from antigone.report.words import chance_pairs, chances, counted, listing, power_of_ten, probability


def render_search_report(result: SearchResult, hits: Sequence[Hit], digests: Mapping[str, str]) -> str:
    """The whole document. The same search gives the same text, whoever runs it and when."""
    environment = Environment(
        loader=PackageLoader("antigone.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style, _, _ = environment.loader.get_source(environment, "report.css")  # type: ignore[union-attr]
    operation = result.operation
    names = tuple(model.name for model in result.prepared.models)
    return environment.get_template("search_report.html.j2").render(
        name=operation.name or "unnamed case",
        style=Markup(style),  # noqa: S704  our own file
        lead=_lead(result, hits),
        counts=_counts(result),
        picture=_picture(result),
        caption=_caption(result, hits),
        hits=_views(hits, names),
        prior=_prior(result),
        table=result.prepared.frequencies.table,
        left_out=result.left_out,
        notes=result.notes,
        provenance=_provenance(result, digests),
    )


# --- the overview ----------------------------------------------------------------------------------------------------


def _lead(result: SearchResult, hits: Sequence[Hit]) -> str:
    individuals = counted(len(result.operation.individuals), "individual")
    missing = counted(len(result.missing), "missing person")
    threshold = result.operation.settings.threshold
    chance = chance_pairs(*result.coincidences.at_least(threshold))
    which = "default threshold (nobody declared one)" if _is_default(result, "threshold") else "declared threshold"
    left = counted(len(result.not_searched), "missing person")
    not_searched = f" {left} could not be searched: “Left out” says who, and why." if result.not_searched else ""
    return (
        f"{individuals} and {missing} were compared, all with all: {counted(result.compared, 'pair')}. "
        f"{counted(len(hits), 'pair')} reached the {which}, a log10 LR of {threshold:g}. "
        f"Chance alone is expected to bring {chance} of unrelated people that far.{not_searched}"
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


def _counts(result: SearchResult) -> list[tuple[str, list[tuple[str, str]]]]:
    operation = result.operation
    individuals, families = operation.individuals, operation.families
    dead = [
        ("individuals (one for each remains, until reassociation)", len(individuals)),
        ("samples of remains", sum(max(len(individual.samples), 1) for individual in individuals)),
    ]
    where = [
        ("bags they came in", _recorded([individual.bag for individual in individuals])),
        ("transfers", _recorded([individual.transfer for individual in individuals])),
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


def _caption(result: SearchResult, hits: Sequence[Hit]) -> str:
    threshold = result.operation.settings.threshold
    beyond = [(int(result.histogram[0]), "below the left edge"), (int(result.histogram[-1]), "beyond the right edge")]
    outside = [f"{counted(count, 'pair')} {where}" for count, where in beyond if count]
    drawn = f"Not drawn: {listing(outside)}." if outside else "All pairs are drawn."
    listed = sum(hit.log10_lr >= threshold for hit in hits)
    expected = chance_pairs(*result.coincidences.at_least(threshold))
    return f"{drawn} From the threshold upwards: {listed:,} in this search, {expected} expected by chance."


# --- one section for each hit -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _MarkerRow:
    marker: str
    cells: list[str]
    lr: str
    log10: str
    kind: str
    unused: str = ""


@dataclass(frozen=True)
class _HitView:
    """One hit as the template shows it: finished texts only."""

    rank: int
    individual: str
    person: str
    family: str
    direct: bool
    log10: str
    log10_signed: str
    times: str
    coincidences: str
    chance: bool
    posterior: str
    markers_compared: int
    exclusions: int
    against_short: str
    rivals: list[tuple[int, str]]
    contradictions: tuple[str, ...]
    figures: list[tuple[str, str]]
    typed: str
    individual_facts: str
    missing_facts: str
    pedigree: Markup
    genotypes_shown: str
    columns: list[str]
    rows: list[_MarkerRow]
    linked: list[tuple[str, str, str]]
    advice: list[str]


def _views(hits: Sequence[Hit], names: tuple[str, ...]) -> list[_HitView]:
    """Each hit beside its rivals: the other hits of its individual, and of its missing person."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for rank, hit in enumerate(hits, start=1):
        for key in _sides(hit):
            alike.setdefault(key, []).append(rank)
    views = []
    for rank, hit in enumerate(hits, start=1):
        rivals = sorted({other for key in _sides(hit) for other in alike[key]} - {rank})
        views.append(_view(rank, hit, names, [(other, hits[other - 1]) for other in rivals]))
    return views


def _sides(hit: Hit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (hit.individual.id,), (hit.family.name, hit.missing_person)


def _view(rank: int, hit: Hit, names: tuple[str, ...], rivals: Sequence[tuple[int, Hit]]) -> _HitView:
    same_dead = [other for _, other in rivals if other.individual.id == hit.individual.id]
    equal = [other for other in same_dead if _is_equal(hit, other)]
    better = [other for other in same_dead if other.log10_lr > hit.log10_lr and other not in equal]
    against = [text.split(":")[0] for text in hit.contradictions]
    against += [f"fits {other.missing_person} better" for other in better[:1]]
    against += [f"fits {other.missing_person} equally well" for other in equal]
    typed = [person.id for person in hit.family.pedigree.persons if person.id in hit.family.profiles]
    return _HitView(
        rank=rank,
        individual=hit.individual.id,
        person=hit.missing_person,
        family=hit.family.name,
        direct=hit.missing_person in hit.family.profiles,
        log10=_logarithm(hit.log10_lr),
        log10_signed=_logarithm(hit.log10_lr, sign=True),
        times=power_of_ten(hit.log10_lr),
        coincidences=chances(*hit.expected_coincidences),
        chance=hit.expected_coincidences[1] > 1,
        posterior=probability(hit.posterior),
        markers_compared=len(hit.by_marker),
        exclusions=hit.exclusions,
        against_short="; ".join(dict.fromkeys(against)),
        rivals=[(k, _rivalry(hit, other)) for k, other in rivals],
        contradictions=hit.contradictions,
        figures=_figures(hit),
        typed=_who_is_typed(hit),
        individual_facts=_individual_facts(hit),
        missing_facts=_missing_facts(hit),
        pedigree=_pedigree(hit),
        genotypes_shown=_genotypes_shown(hit),
        columns=[hit.individual.id, *typed],
        rows=[_marker_row(hit, name, typed) for name in names],
        linked=_linked(hit),
        advice=advice(hit, names),
    )


def _is_equal(hit: Hit, other: Hit) -> bool:
    """Whether two likelihood ratios are the same but for rounding, as those of two brothers of one missing pair."""
    return abs(hit.log10_lr - other.log10_lr) < 1e-6


def _rivalry(hit: Hit, other: Hit) -> str:
    """Another hit of the same individual, or of the same missing person."""
    log10 = _logarithm(other.log10_lr)
    if other.individual.id == hit.individual.id:
        whom = f"{other.missing_person} (family {other.family.name})"
        if _is_equal(hit, other):
            equally = f"{hit.individual.id} fits {whom} equally well, log10 LR {log10}"
            return f"{equally}: what was typed cannot tell them apart"
        return f"{hit.individual.id} also reaches log10 LR {log10} with {whom}"
    whom = f"{other.individual.id}, log10 LR {log10}"
    return f"{hit.missing_person} is also reached by {whom}: the same person, or one is wrong"


def _figures(hit: Hit) -> list[tuple[str, str]]:
    return [
        ("LR", power_of_ten(hit.log10_lr)),
        ("log10 LR", _logarithm(hit.log10_lr)),
        ("unrelated pairs expected to do as well", chances(*hit.expected_coincidences)),
        ("posterior, open set", probability(hit.posterior)),
        ("markers compared", str(len(hit.by_marker))),
        ("exclusions", str(hit.exclusions)),
    ]


def _who_is_typed(hit: Hit) -> str:
    relatives = [
        f"{name} (missing too)" if name in hit.family.missing else name
        for name in hit.family.profiles
        if name != hit.missing_person
    ]
    text = f"{counted(len(relatives), 'relative')}: {', '.join(relatives)}" if relatives else "no relative"
    direct = "; and a direct reference of the missing person" if hit.missing_person in hit.family.profiles else ""
    return f"the individual and {text}{direct}"


def _individual_facts(hit: Hit) -> str:
    dead, ages = hit.individual, ""
    if dead.age_min is not None or dead.age_max is not None:
        ends = ("" if end is None else f"{end:g}" for end in (dead.age_min, dead.age_max))
        ages = "–".join(ends)
    facts = [("sex", _SEX[sex_of(dead)]), ("age", ages), ("stature", dead.stature), ("bag", dead.bag)]
    return _facts([*facts, ("transfer", dead.transfer), ("samples", ", ".join(dead.samples))])


def _missing_facts(hit: Hit) -> str:
    person = hit.family.pedigree[hit.missing_person]
    since = hit.family.missing_since.get(hit.missing_person)
    return _facts(
        [("sex", _SEX[person.sex]), ("born", str(person.birth_year or "")), ("missing since", str(since or ""))]
    )


def _facts(facts: Iterable[tuple[str, str]]) -> str:
    return ", ".join(f"{name} {value}" for name, value in facts if value) or "nothing recorded"


_SEX = {Sex.FEMALE: "female", Sex.MALE: "male", Sex.UNKNOWN: ""}


def _pedigree(hit: Hit) -> Markup:
    family, person = hit.family, hit.missing_person
    shown = _telling_markers(hit)
    persons = [_drawn(family, member.id, hit, shown) for member in family.pedigree.persons]
    picture = draw_pedigree(persons, title=f"Pedigree of family {family.name}; {person} is missing")
    return Markup(picture)  # noqa: S704  the drawing escapes its texts


def _telling_markers(hit: Hit) -> list[str]:
    """The marker that speaks most for the pair and the one that speaks most against it."""
    ordered = sorted(hit.by_marker, key=lambda name: (hit.by_marker[name], name))
    return [] if not ordered else list(dict.fromkeys((ordered[-1], ordered[0])))


def _genotypes_shown(hit: Hit) -> str:
    """Which markers stand in the pedigree, and why these."""
    markers = _telling_markers(hit)
    if not markers:
        return ""
    most = f"{markers[0]}, which speaks most for this pair" if len(hit.by_marker) > 1 else f"{markers[0]}"
    if len(markers) == 1:
        return f"Genotypes are shown at {most}."
    least = "speaks most against it" if hit.by_marker[markers[1]] < 0 else "says least for it"
    return f"Genotypes are shown at {most}, and at {markers[1]}, which {least}; all others stand in the table."


def _drawn(family: Family, name: str, hit: Hit, shown: Sequence[str]) -> DrawnPerson:
    member = family.pedigree[name]
    profile = family.profiles.get(name)
    sought = name == hit.missing_person
    lines = [name, f"{hit.individual.id}?"] if sought else [name]
    for marker in shown:
        own = _genotype(profile, marker) if profile is not None else ""
        dead = _genotype(hit.individual.profile, marker) if sought else ""
        genotypes = " · ".join(part for part in (own, dead) if part)
        if genotypes:
            lines.append(f"{marker} {genotypes}")
    twins = next((str(k) for k, group in enumerate(family.pedigree.twins) if name in group), None)
    return DrawnPerson(
        name,
        member.father,
        member.mother,
        _LETTER[member.sex],
        tuple(lines),
        typed=profile is not None,
        missing=name in family.missing,
        twin_group=twins,
    )


_LETTER: dict[Sex, Literal["F", "M", "U"]] = {Sex.FEMALE: "F", Sex.MALE: "M", Sex.UNKNOWN: "U"}


def _marker_row(hit: Hit, name: str, typed: Sequence[str]) -> _MarkerRow:
    log = hit.by_marker.get(name)
    cells = [_genotype(hit.individual.profile, name)]
    cells += [_genotype(hit.family.profiles[person], name) for person in typed]
    if log is None:
        return _MarkerRow(name, cells, "", "", "untyped", hit.unused.get(name, ""))
    return _MarkerRow(name, cells, power_of_ten(log), _logarithm(log, sign=True), "against" if log < -1 else "")


def _linked(hit: Hit) -> list[tuple[str, str, str]]:
    return [
        (pair, power_of_ten(log), _logarithm(log, sign=True)) for pair, log in hit.linkage.items() if abs(log) >= 0.005
    ]


def _logarithm(value: float, *, sign: bool = False) -> str:
    if value == float("-inf"):
        return "−∞"
    return (f"{value:+.2f}" if sign else f"{value:.2f}").replace("-", "−")


def _genotype(profile: Profile, marker: str) -> str:
    """What was read: replicates side by side where they differ, with what most of them say."""
    readings = profile.readings.get(marker, ())
    texts = list(dict.fromkeys(map(str, readings)))
    if len(texts) > 1:
        return " | ".join(map(str, readings)) + _majority(readings)
    return "".join(texts) + (f" (×{len(readings)})" if len(readings) > 1 else "")


def _majority(readings: Sequence[Reading]) -> str:
    agreed = consensus(readings)
    return "" if agreed is None else f" (majority {agreed})"


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
