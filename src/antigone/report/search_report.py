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
from antigone.report.words import chances, counted, power_of_ten, probability


def render_search_report(result: SearchResult, hits: Sequence[Hit], digests: Mapping[str, str]) -> str:
    """The whole document. The same search gives the same text, whoever runs it and when."""
    environment = Environment(
        loader=PackageLoader("antigone.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    style, _, _ = environment.loader.get_source(environment, "report.css")  # type: ignore[union-attr]
    operation, settings = result.operation, result.operation.settings
    names = tuple(model.name for model in result.prepared.models)
    notes = [*operation.warnings, *(f"family {family}: {text}" for family, text in result.contradictions)]
    return environment.get_template("search_report.html.j2").render(
        name=operation.name or "unnamed case",
        style=Markup(style),  # noqa: S704  our own file
        lead=_lead(result, hits),
        counts=_counts(result),
        picture=_picture(result),
        caption=_caption(result, hits),
        hits=[_view(rank, hit, names, hits) for rank, hit in enumerate(hits, start=1)],
        missing=len(result.missing),
        prior=f"{settings.prior:g}",
        table=result.prepared.frequencies.table,
        left_out=result.left_out,
        notes=notes,
        provenance=_provenance(result, digests),
    )


# --- the overview ----------------------------------------------------------------------------------------------------


def _lead(result: SearchResult, hits: Sequence[Hit]) -> str:
    individuals = counted(len(result.operation.individuals), "individual")
    missing = counted(len(result.missing), "missing person")
    threshold = result.operation.settings.threshold
    chance = chances(*result.coincidences.at_least(threshold))
    return (
        f"{individuals} and {missing} were compared, all with all: {result.compared:,} pairs. "
        f"{counted(len(hits), 'pair')} reached the declared threshold, a log10 LR of {threshold:g}. "
        f"Chance alone is expected to bring {chance} pairs of unrelated people that far."
    )


def _counts(result: SearchResult) -> list[tuple[str, list[tuple[str, int]]]]:
    operation = result.operation
    individuals, families = operation.individuals, operation.families
    dead = [
        ("individuals (one for each remains, until reassociation)", len(individuals)),
        ("samples of remains", sum(max(len(individual.samples), 1) for individual in individuals)),
        ("bags they came in", len({individual.bag for individual in individuals if individual.bag})),
        ("transfers", len({individual.transfer for individual in individuals if individual.transfer})),
    ]
    living = [
        ("missing persons", len(result.missing)),
        ("families", len(families)),
        ("donors typed", sum(len(family.donors()) for family in families)),
        ("direct references", sum(len(set(family.profiles) & set(family.missing)) for family in families)),
    ]
    compared = [("pairs", result.compared), ("markers", len(result.prepared.models))]
    return [("Of the dead", dead), ("Of the families", living), ("Compared", compared)]


def _picture(result: SearchResult) -> Markup:
    expected = result.coincidences.histogram(result.edges)
    title = f"All {result.compared:,} pairs, and what unrelated pairs alone would give"
    threshold = result.operation.settings.threshold
    return Markup(lr_distribution(result.edges, result.histogram, expected, threshold, title=title))  # noqa: S704


def _caption(result: SearchResult, hits: Sequence[Hit]) -> str:
    threshold = result.operation.settings.threshold
    below = counted(int(result.histogram[0]), "pair")
    listed = sum(hit.log10_lr >= threshold for hit in hits)
    expected = chances(*result.coincidences.at_least(threshold))
    return (
        f"{below} below the left edge are not drawn. From the threshold upwards: {listed:,} in this search, "
        f"{expected} expected by chance."
    )


# --- one section for each hit -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _MarkerRow:
    marker: str
    cells: list[str]
    lr: str
    log10: str
    kind: str


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
    columns: list[str]
    rows: list[_MarkerRow]
    linked: list[tuple[str, str, str]]
    advice: list[str]


def _view(rank: int, hit: Hit, names: tuple[str, ...], hits: Sequence[Hit]) -> _HitView:
    rivals = [(k, other) for k, other in enumerate(hits, start=1) if other is not hit and _competes(hit, other)]
    better = [
        other for _, other in rivals if other.individual.id == hit.individual.id and other.log10_lr > hit.log10_lr
    ]
    against = [text.split(":")[0] for text in hit.contradictions]
    against += [f"fits {other.missing_person} better" for other in better[:1]]
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
        columns=[hit.individual.id, *typed],
        rows=[_marker_row(hit, name, typed) for name in names],
        linked=_linked(hit),
        advice=advice(hit, names),
    )


def _competes(hit: Hit, other: Hit) -> bool:
    same_missing = (other.family.name, other.missing_person) == (hit.family.name, hit.missing_person)
    return other.individual.id == hit.individual.id or same_missing


def _rivalry(hit: Hit, other: Hit) -> str:
    """Another hit of the same individual, or of the same missing person."""
    log10 = _logarithm(other.log10_lr)
    if other.individual.id == hit.individual.id:
        whom = f"{other.missing_person} (family {other.family.name})"
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
        return _MarkerRow(name, cells, "", "", "untyped")
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
        ("Frequencies", f"{frequencies.table}; {frequencies.source}"),
        ("Rare and unseen alleles", f"{frequencies.rule}; normalisation: {frequencies.normalisation}"),
        ("Alleles added to the table", "; ".join(added) or "none"),
        ("Theta", f"{settings.theta:g}"),
        ("Mutation", common + (f"; but {'; '.join(special)}" if special else "")),
        ("Remains", settings.remains.describe()),
        ("Donors and direct references", settings.donors.describe()),
        ("Stochastic threshold", "none declared" if height is None else f"{height:g}"),
        ("Linked pairs, with recombination", "; ".join(linked) or "none"),
        ("Untyped founders", "pruned, as Familias does" if settings.prune_untyped_founders else "kept"),
        ("Prior: an individual is among those searched", f"{settings.prior:g}"),
        ("Threshold", f"log10 LR {settings.threshold:g}"),
        ("Grid of expected coincidences", f"{result.coincidences.step:g} in log10 LR"),
        ("Markers", ", ".join(models)),
        *((f"SHA-256: {what}", digest) for what, digest in digests.items()),
    ]
