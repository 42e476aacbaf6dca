"""Each hit as the report shows it: a row of the list, and for the best a section with everything that was computed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Sex
from antigone.genetics.profiles import Profile, consensus
from antigone.matching.assignment import PairAnswer, Standing
from antigone.matching.classes import sex_of
from antigone.matching.conclusions import Case, Conclusions
from antigone.matching.hits import Hit
from antigone.matching.nongenetic import free_text, total_log10
from antigone.matching.operation import Family
from antigone.report.advice import advice
from antigone.report.listed import Listed
from antigone.report.pedigree_drawing import draw_pedigree
from antigone.report.pedigree_layout import DrawnPerson
from antigone.report.supplements import Supplement, named_samples
from antigone.report.words import chances, counted, power_of_ten, probability

# So many hits have a section of their own; the list has all of them.
DETAILED = 300
# A chance that is not worth a line.
LEAST_RISK = 1e-6


@dataclass(frozen=True)
class _MarkerRow:
    marker: str
    cells: list[str]
    lr: str
    log10: str
    kind: str
    unused: str = ""


@dataclass(frozen=True)
class HitRow:
    """One hit in the list: finished texts only."""

    rank: int
    detailed: bool
    individual: str
    person: str
    family: str
    direct: bool
    provisional: bool
    contaminated: bool
    log10: str
    coincidences: str
    chance: bool
    joint: str
    standing: str
    policy: str
    markers_compared: int
    exclusions: int
    against_short: str


@dataclass(frozen=True)
class HitView:
    """One hit with everything: finished texts only."""

    rank: int
    individual: str
    person: str
    family: str
    provisional: bool
    contaminated: bool
    log10_signed: str
    times: str
    rivals: list[tuple[int | None, str]]
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
    joint: list[tuple[str, str]]
    unlisted: list[tuple[str, str]]
    lineages: list[tuple[str, str]]
    not_dna: list[str]
    not_dna_total: str
    not_scored: tuple[str, ...]
    policy: str
    clauses: list[tuple[str, bool, str]]
    acts: tuple[str, ...]
    samples: list[str]
    samples_asked: bool
    advice: list[str]


def hit_rows(listed: Sequence[Listed]) -> list[HitRow]:
    """All hits, best first."""
    alike = _alike(listed)
    rows = []
    for rank, one in enumerate(listed, start=1):
        hit, answer = one.hit, one.answer
        rows.append(
            HitRow(
                rank=rank,
                detailed=rank <= DETAILED,
                individual=hit.individual.id,
                person=hit.missing_person,
                family=hit.family.name,
                direct=hit.missing_person in hit.family.profiles,
                provisional=one.provisional,
                contaminated=one.contaminated,
                log10=_logarithm(hit.log10_lr),
                coincidences=chances(*hit.expected_coincidences),
                chance=hit.expected_coincidences[1] > 1,
                joint="too little to be weighed" if answer is None else posterior_range(answer.posterior),
                standing="" if answer is None else str(answer.standing),
                policy=_policy_in_short(one.case),
                markers_compared=len(hit.by_marker),
                exclusions=hit.exclusions,
                against_short=_against_short(one, [listed[k - 1].hit for k in _rivals_of(rank, one, alike)]),
            )
        )
    return rows


def hit_views(conclusions: Conclusions, listed: Sequence[Listed], beside: Supplement) -> list[HitView]:
    """The best hits, each beside its rivals: the other hits of its individual, and of its missing person."""
    alike = _alike(listed)
    names = tuple(model.name for model in conclusions.result.prepared.models)
    views = []
    for rank, one in enumerate(listed[:DETAILED], start=1):
        rivals = [(k, listed[k - 1].hit) for k in _rivals_of(rank, one, alike)]
        views.append(_view(rank, one, names, rivals, _Beside(conclusions, beside)))
    return views


Alike = Mapping[tuple[str, ...], Sequence[int]]


def _alike(listed: Sequence[Listed]) -> Alike:
    """The ranks of the hits of each individual, and of each missing person."""
    alike: dict[tuple[str, ...], list[int]] = {}
    for rank, one in enumerate(listed, start=1):
        for key in _sides(one.hit):
            alike.setdefault(key, []).append(rank)
    return alike


def _rivals_of(rank: int, one: Listed, alike: Alike) -> list[int]:
    return sorted({other for key in _sides(one.hit) for other in alike[key]} - {rank})


def _sides(hit: Hit) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return (hit.individual.id,), (hit.family.name, hit.missing_person)


def _against_short(one: Listed, rivals: Sequence[Hit]) -> str:
    hit = one.hit
    same_dead = [other for other in rivals if other.individual.id == hit.individual.id]
    equal = [other for other in same_dead if _is_equal(hit, other)]
    better = [other for other in same_dead if other.log10_lr > hit.log10_lr and other not in equal]
    against = [text.split(":")[0] for text in hit.contradictions]
    against += [f"fits {other.missing_person} better" for other in better[:1]]
    against += [f"fits {other.missing_person} equally well" for other in equal]
    return "; ".join(dict.fromkeys(against))


def _policy_in_short(case: Case | None) -> str:
    """Which clauses refuse the pair; the numbers alone never identify anybody."""
    if case is None:
        return ""
    strict = case.judgements[0]
    return "numbers met" if strict.passed else ", ".join(strict.refused_by)


@dataclass(frozen=True, eq=False)
class _Beside:
    """What the sections of hits look things up in."""

    conclusions: Conclusions
    supplement: Supplement


def _view(
    rank: int, one: Listed, names: tuple[str, ...], rivals: Sequence[tuple[int, Hit]], beside: _Beside
) -> HitView:
    hit, case = one.hit, one.case
    pair = one.individual, one.missing
    typed = [person.id for person in hit.family.pedigree.persons if person.id in hit.family.profiles]
    samples = beside.supplement.samples.get(pair)
    strict = None if case is None else case.judgements[0]
    return HitView(
        rank=rank,
        individual=hit.individual.id,
        person=hit.missing_person,
        family=hit.family.name,
        provisional=one.provisional,
        contaminated=one.contaminated,
        log10_signed=_logarithm(hit.log10_lr, sign=True),
        times=power_of_ten(hit.log10_lr),
        rivals=[(k if k <= DETAILED else None, _rivalry(hit, other)) for k, other in rivals[:RIVALS]]
        + ([(None, f"{counted(len(rivals) - RIVALS, 'more hit')} of either side")] if len(rivals) > RIVALS else []),
        contradictions=hit.contradictions,
        figures=_figures(one),
        typed=_who_is_typed(hit),
        individual_facts=_individual_facts(hit),
        missing_facts=_missing_facts(hit),
        pedigree=_pedigree(hit),
        genotypes_shown=_genotypes_shown(hit),
        columns=[hit.individual.id, *typed],
        rows=[_marker_row(hit, name, typed) for name in names],
        linked=_linked(hit),
        joint=[] if one.answer is None else [*_joint(one.answer, beside.conclusions), *_labels(case), *_sibling(case)],
        unlisted=_unlisted(beside.supplement.rivals.get(pair, {})),
        lineages=[] if case is None else [(f"{line.line} line", line.words) for line in case.lineages],
        not_dna=[] if case is None else [item.words for item in case.non_dna],
        not_dna_total="" if case is None or not case.non_dna else power_of_ten(total_log10(case.non_dna)),
        not_scored=free_text(hit.individual, hit.family, hit.missing_person),
        policy="" if strict is None else f"{strict.policy}, version {strict.version}",
        clauses=[] if strict is None else [(clause.name, clause.met, clause.words) for clause in strict.clauses],
        acts=() if strict is None else strict.acts,
        samples=named_samples(samples or ()),
        samples_asked=samples is not None,
        advice=advice(hit, names, ranked=bool(samples)),
    )


# So many other hits of the same individual or missing person are named with a hit.
RIVALS = 12


def posterior_range(ends: tuple[float, float]) -> str:
    """A probability, or the two ends of its range where they round apart.

    >>> posterior_range((0.91, 0.97)), posterior_range((0.5, 0.5001))
    ('0.91 to 0.97', '0.50')
    """
    low, high = probability(ends[0]), probability(ends[1])
    return low if low == high else f"{low} to {high}"


def _labels(case: Case | None) -> list[tuple[str, str]]:
    """What no figure from DNA says."""
    if case is None or not case.label_risk:
        return []
    words = (
        f"not counted above: one time in {1 / case.label_risk:,.0f} a sample on which such a pair rests bears the "
        "label of another; a second sample of the same remains, taken and labelled by itself, would tell"
    )
    return [("labels", words)]


def _sibling(case: Case | None) -> list[tuple[str, str]]:
    """What the posterior leaves out because he is not listed; nothing where that is next to impossible."""
    if case is None or case.sibling_risk < LEAST_RISK:
        return []
    words = (
        f"not counted above: by the share that is declared, one time in {1 / case.sibling_risk:,.0f} such a body is a "
        "full brother or sister whom nobody listed; "
    )
    words += (
        "a direct reference would tell"
        if case.evidence.word_of_no_sibling or case.evidence.direct
        else "the family's written word or a direct reference would tell"
    )
    return [("sibling not listed", words)]


def _joint(answer: PairAnswer, conclusions: Conclusions) -> list[tuple[str, str]]:
    """What all pairs together say of this one."""
    joint = conclusions.joint
    by_prior = [f"{prior.name} {probability(p)}" for prior, p in zip(joint.priors, answer.by_prior, strict=True)]
    rows = [
        ("posterior", posterior_range(answer.posterior) + (f" ({'; '.join(by_prior)})" if len(by_prior) > 1 else ""))
    ]
    bounds = f"at least {probability(answer.lowest)}, at most {probability(answer.highest)}"
    if not answer.exact:
        bounds += ", with what was cut or sampled"
        if answer.error:
            bounds += f" (standard error of sampling {answer.error:.1g})"
    rows.append(("bounds", bounds))
    words = _STANDING[answer.standing]
    rows.append(("standing", f"{words}: {answer.why}"))
    if answer.log10_glr is not None:
        best = _logarithm(answer.log10_glr, sign=True)
        rows.append(("best assignment with it against the best without, log10", best))
    return rows


_STANDING = {
    Standing.UNDISPUTED: "undisputed",
    Standing.LEADING: "leading",
    Standing.SYMMETRIC: "symmetric",
    Standing.OUTWEIGHED: "outweighed",
    Standing.EXCLUDED: "excluded",
}


def _unlisted(rivals: Mapping[str, float]) -> list[tuple[str, str]]:
    """Who else it may be, and the LR of the missing person against them."""
    rows = []
    for name, log10 in rivals.items():
        listed = name.removeprefix("listed ")
        whom = f"{listed}, whom the family misses too" if listed != name else f"{name}, not listed"
        rows.append((whom, "cannot be compared" if math.isnan(log10) else power_of_ten(log10)))
    return rows


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


def _figures(one: Listed) -> list[tuple[str, str]]:
    hit, answer = one.hit, one.answer
    return [
        ("LR", power_of_ten(hit.log10_lr)),
        ("log10 LR", _logarithm(hit.log10_lr)),
        ("unrelated pairs expected to do as well", chances(*hit.expected_coincidences)),
        ("posterior, all pairs together", "not weighed" if answer is None else posterior_range(answer.posterior)),
        ("posterior, this individual alone", probability(hit.posterior)),
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
