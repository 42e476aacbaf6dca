"""`case.toml`: all that is decided before a search, read into `Settings` and written from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import tomli_w
from pydantic import ValidationError

from antigone.formats.case_folder.case_toml import (
    FORMAT,
    VERSION,
    CaseToml,
    DropOutToml,
    FrequenciesToml,
    KitToml,
    PriorToml,
    SampleErrorsToml,
    SharesToml,
)
from antigone.formats.case_folder.evidence import evidence_as_toml, evidence_of
from antigone.formats.case_folder.lineage_settings import lineage_as_toml, lineage_of
from antigone.formats.case_folder.markers import MarkerNames, MarkerUse, by_marker, use_of_markers
from antigone.formats.case_folder.mutation import DeclaredMutation, mutation_as_toml, read_mutation
from antigone.formats.case_folder.toml_text import TomlText, check_against, parse_toml
from antigone.formats.errors import quoted
from antigone.formats.tables import Problems, near
from antigone.genetics.alleles import Allele, Repeat, Silent, allele_order
from antigone.genetics.frequencies import (
    FiveOverTwoN,
    Floor,
    FrequencyTable,
    Laplace,
    Normalisation,
    RareAlleleRule,
    Refuse,
)
from antigone.genetics.haplotypes import NO_DATABASES, LineageDatabases
from antigone.genetics.markers import UnknownPanelError, all_panels, canonical_name, panel
from antigone.genetics.markers import marker as known_marker
from antigone.matching.operation import DropOut, SampleErrors, Settings
from antigone.matching.prior import Prior, PriorError, ReassociationPrior, Shares

_TELLING = ("threshold", "prior", "frequencies", "rare_alleles", "theta", "mutation", "drop_out")
_RULES: Mapping[str, RareAlleleRule] = {"refuse": Refuse(), "5/2N": FiveOverTwoN(), "laplace": Laplace()}


@dataclass(frozen=True)
class Declared:
    """What `case.toml` says, and its text for those who find something wrong with it."""

    case: CaseToml
    toml: TomlText

    @property
    def frequencies(self) -> FrequenciesToml | None:
        """The frequency table asked for; None where none was."""
        asked = self.case.frequencies
        return FrequenciesToml(file=asked) if isinstance(asked, str) else asked

    @property
    def left_to_defaults(self) -> tuple[str, ...]:
        """The settings that move figures most and that nobody declared."""
        declared = set(self.case.model_fields_set)
        if self.case.priors:
            declared.add("prior")
        return tuple(name for name in _TELLING if name not in declared)


@dataclass(frozen=True)
class ReadSettings:
    """Settings, the markers they use, and mutation, of which something is checked when the profiles are known."""

    settings: Settings
    use: MarkerUse
    mutation: DeclaredMutation


def read_case_toml(data: bytes, file: str, problems: Problems) -> Declared | None:
    """Read `case.toml`. None, with problems noted, where it is not what it should be."""
    parsed = parse_toml(data, file, problems)
    if parsed is None:
        return None
    toml, values = parsed
    try:
        return Declared(CaseToml.model_validate(values), toml)
    except ValidationError as error:
        check_against(CaseToml, error, toml)
        return None


def settings_of(declared: Declared, table: FrequencyTable | None) -> ReadSettings:
    """The settings that a case declares, with this frequency table. Problems are noted with their lines.

    Without a table, because it could not be read, no marker is used, and what does not hang on it is checked.
    """
    case, toml = declared.case, declared.toml
    names = MarkerNames(table)
    use = _markers(case, toml, names, table)
    mutation = read_mutation(case.mutation, toml, names)
    settings = Settings(
        markers=use.used,
        kit=use.kit,
        theta=float(case.theta),
        prior=case.prior,
        threshold=float(case.threshold),
        mutation=mutation.general,
        mutation_by_marker=mutation.by_marker or {},
        rare_alleles=_RULES.get(str(case.rare_alleles)) or Floor(float(case.rare_alleles)),
        normalisation=Normalisation(case.normalisation),
        silent=_values(case.silent, ("silent",), toml, names),
        remains=_errors(case, (), toml, names),
        donors=_errors(case.donors, ("donors",), toml, names),
        stochastic_threshold=None if case.stochastic_threshold is None else float(case.stochastic_threshold),
        linkage=case.linkage,
        mislabelled_samples=float(case.mislabelled_samples),
        unlisted_siblings=float(case.unlisted_siblings),
        false_sibling_words=float(case.false_sibling_words),
        prune_untyped_founders=case.prune_untyped_founders,
        year=case.year,
        non_dna=evidence_of(case.evidence, toml),
        lineage=lineage_of(case.lineage, toml, names),
        priors=_priors(case.priors, toml),
        reassociation=ReassociationPrior(**{name: float(value) for name, value in case.reassociation}),
    )
    if table is not None:
        _check_with_table(settings, table, toml)
    return ReadSettings(settings, use, mutation)


def _markers(case: CaseToml, toml: TomlText, names: MarkerNames, table: FrequencyTable | None) -> MarkerUse:
    kit = case.kit
    if kit is None:
        use = use_of_markers(None, "", table)
    elif isinstance(kit, str):
        try:
            known = panel(kit)
        except UnknownPanelError:
            expected = f"the name of a panel or a list of markers{near(kit, [each.name for each in all_panels()])}"
            toml.complain(("kit",), found=quoted(kit), expected=expected)
            return use_of_markers(None, "", table)
        use = use_of_markers(known.markers, known.name, table)
    else:
        listed, name = (kit.markers, kit.name) if isinstance(kit, KitToml) else (kit, "")
        use = use_of_markers(_resolved(listed, toml, names), name, table)
    if table is not None and not use.used:
        toml.complain(("kit",), found="no marker that can be used", expected=f"a marker of the table {table.name}")
    return use


def _resolved(listed: Iterable[str], toml: TomlText, names: MarkerNames) -> list[str]:
    resolved: dict[str, None] = {}
    for text in listed:
        name = names.resolve(text)
        if name is None:
            toml.complain(("kit",), found=quoted(text), expected=names.expected(text))
        elif name in resolved:
            toml.complain(("kit",), found=quoted(text), expected=f"each marker once: {name} is named before")
        else:
            resolved[name] = None
    return list(resolved)


def _values(values: Mapping[str, float], path: tuple[str, ...], toml: TomlText, names: MarkerNames) -> dict[str, float]:
    resolved, wrong = by_marker(values, names)
    for text, expected in wrong.items():
        toml.complain((*path, text), found=quoted(text), expected=expected)
    return {name: float(value) for name, value in resolved.items()}


def _errors(declared: SampleErrorsToml, path: tuple[str, ...], toml: TomlText, names: MarkerNames) -> SampleErrors:
    drop_out = declared.drop_out
    if not isinstance(drop_out, DropOutToml):
        drop_out = DropOutToml(rate=drop_out)
    place = (*path, "drop_out")
    return SampleErrors(
        DropOut(
            float(drop_out.rate),
            _values(drop_out.by_marker, (*place, "by_marker"), toml, names),
            float(drop_out.per_100_bases),
            float(drop_out.reference_length),
            _values(drop_out.flanks, (*place, "flanks"), toml, names),
        ),
        float(declared.drop_in),
        float(declared.typing_error),
    )


def _priors(declared: Sequence[PriorToml], toml: TomlText) -> tuple[Prior, ...]:
    priors: list[Prior] = []
    names: set[str] = set()
    for number, one in enumerate(declared, 1):
        path = ("priors", f"[{number}]")
        shares = _shares(one, path, toml)
        by_transfer = {name: _shares(own, (*path, "by_transfer", name), toml) for name, own in one.by_transfer.items()}
        if one.name in names:
            expected = "another name: results tell priors apart by it"
            toml.complain((*path, "name"), found=f"a second prior {quoted(one.name)}", expected=expected)
        names.add(one.name)
        if shares is not None:
            known = {name: own for name, own in by_transfer.items() if own is not None}
            priors.append(Prior(one.name, shares, known))
    return tuple(priors)


def _shares(declared: SharesToml, path: tuple[str, ...], toml: TomlText) -> Shares | None:
    parts = [float(part) for part in (declared.listed, declared.listed_without_references, declared.not_listed)]
    try:
        return Shares(*parts)
    except PriorError:
        found = f"{' + '.join(f'{part:.12g}' for part in parts)}, which is {sum(parts):.12g}"
        toml.complain(path, found=found, expected="listed, listed_without_references and not_listed that sum to 1")
        return None


def check_transfers(declared: Declared, transfers: Iterable[str]) -> None:
    """A prior for a transfer with which no remains came would be declared and never used."""
    known = sorted(set(transfers) - {""})
    for number, prior in enumerate(declared.case.priors, 1):
        for name in prior.by_transfer:
            if name not in known:
                path = ("priors", f"[{number}]", "by_transfer", name)
                expected = f"a transfer of remains.csv ({_some(known) or 'none is named there'}){near(name, known)}"
                declared.toml.complain(path, found=f"the transfer {quoted(name)}", expected=expected)


def _check_with_table(settings: Settings, table: FrequencyTable, toml: TomlText) -> None:
    """What cannot be told from `case.toml` alone, and would stop the search later."""
    _check_rare_alleles(settings, table, toml)
    for name in settings.silent:
        entry = table.markers.get(name)
        if entry is not None and any(isinstance(allele, Silent) for allele in entry.alleles):
            found = "a silent allele that the frequency table has already"
            toml.complain(("silent", name), found=found, expected="it in one of the two places")
    for path, errors in ((("drop_out",), settings.remains), (("donors", "drop_out"), settings.donors)):
        _check_lengths(settings.markers, errors.drop_out, table, path, toml)


def _check_rare_alleles(settings: Settings, table: FrequencyTable, toml: TomlText) -> None:
    entries = [table.markers[name] for name in settings.markers]
    match settings.rare_alleles:
        case FiveOverTwoN():
            lacking = [entry.marker for entry in entries if not entry.chromosomes]
            what = "the number of chromosomes typed (a column ‘chromosomes’ or a row ‘N’)"
        case Laplace():
            lacking = [entry.marker for entry in entries if entry.counts is None]
            what = "counts (a column ‘count’)"
        case _:
            return
    if lacking:
        found = f'the rule "{settings.rare_alleles.describe()}", and no such figure for {_some(lacking)}'
        toml.complain(("rare_alleles",), found=found, expected=f"in the frequency table {what}; or another rule")


def _check_lengths(
    markers: Sequence[str], drop_out: DropOut, table: FrequencyTable, path: tuple[str, ...], toml: TomlText
) -> None:
    """Drop-out by length needs to know lengths."""
    if drop_out.per_100_bases == 0:
        return
    measured = [
        name
        for name in markers
        if drop_out.by_marker.get(name, drop_out.rate) > 0
        and any(isinstance(allele, Repeat) for allele in table.markers[name].alleles)
    ]
    without_flank = [name for name in measured if name not in drop_out.flanks]
    if without_flank:
        found = f"no flank of {_some(without_flank)}"
        toml.complain((*path, "flanks"), found=found, expected="one for each marker, or per_100_bases = 0")
    without_unit = [
        name for name in measured if canonical_name(name) is None or known_marker(name).repeat_length is None
    ]
    if without_unit:
        found = f"drop-out by length, and no known repeat length of {_some(without_unit)}"
        toml.complain(
            (*path, "per_100_bases"), found=found, expected="a rate of 0 for it in by_marker, or no such rule"
        )


def check_custom_matrices(
    read: ReadSettings, table: FrequencyTable, seen: Mapping[str, Iterable[Allele]], toml: TomlText
) -> None:
    """A custom matrix must be for exactly the alleles of its marker: those of the table and those that were read."""
    settings = read.settings
    for order in read.mutation.custom:
        own = settings.mutation_by_marker
        markers = [order.marker] if order.marker is not None else [name for name in settings.markers if name not in own]
        for name in markers:
            if name not in settings.markers:
                continue
            alleles = alleles_in_order(table, name, seen)
            if alleles != order.alleles:
                toml.complain(
                    order.path, found=f"a matrix that is not for {name}", expected=_difference(order.alleles, alleles)
                )


def _difference(declared: Sequence[Allele], alleles: Sequence[Allele]) -> str:
    lacking = [str(allele) for allele in alleles if allele not in declared]
    superfluous = [str(allele) for allele in declared if allele not in alleles]
    said = [f"{what} {_some(names)}" for what, names in (("also", lacking), ("not", superfluous)) if names]
    return f"the alleles of the frequency table and of the profiles: {', '.join(said)}"


def alleles_in_order(table: FrequencyTable, name: str, seen: Mapping[str, Iterable[Allele]]) -> tuple[Allele, ...]:
    """The alleles of a marker as the engine keeps them, but for a silent one."""
    alleles = {*table.markers[name].alleles, *seen.get(name, ())}
    return tuple(sorted((a for a in alleles if not isinstance(a, Silent)), key=allele_order))


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def settings_as_toml(
    name: str,
    settings: Settings,
    table: FrequencyTable,
    frequencies: str | Mapping[str, str],
    seen: Mapping[str, Iterable[Allele]],
    databases: LineageDatabases = NO_DATABASES,
) -> str:
    """The text of `case.toml`: every setting stated, those at their default too.

    `frequencies` is the name of a built-in table, or the table with file, name and source. Raises `ValueError` for a
    mutation model that cannot be declared.
    """
    own = settings.mutation_by_marker

    def alleles_of(marker: str | None) -> tuple[Allele, ...]:
        if marker is None:
            marker = next((each for each in settings.markers if each not in own), None)
        if marker is None or marker not in table.markers:
            raise ValueError("a custom mutation matrix of no marker that is used")
        return alleles_in_order(table, marker, seen)

    rule = settings.rare_alleles
    values: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "name": name,
        "frequencies": frequencies,
        "rare_alleles": rule.minimum if isinstance(rule, Floor) else rule.describe(),
        "normalisation": str(settings.normalisation),
        "kit": _kit_as_toml(settings, table),
        "theta": settings.theta,
        "prior": settings.prior,
        "priors": [_prior_as_toml(prior) for prior in settings.priors],
        "threshold": settings.threshold,
        "stochastic_threshold": settings.stochastic_threshold,
        "linkage": settings.linkage,
        "prune_untyped_founders": settings.prune_untyped_founders,
        "year": settings.year,
        **_errors_as_toml(settings.remains),
        "donors": _errors_as_toml(settings.donors),
        "mislabelled_samples": settings.mislabelled_samples,
        "unlisted_siblings": settings.unlisted_siblings,
        "false_sibling_words": settings.false_sibling_words,
        "silent": dict(settings.silent),
        "mutation": mutation_as_toml(settings.mutation, own, alleles_of),
        "evidence": evidence_as_toml(settings.non_dna),
        "reassociation": asdict(settings.reassociation),
        "lineage": lineage_as_toml(settings.lineage, databases),
    }
    return tomli_w.dumps({key: value for key, value in values.items() if value is not None and value not in ({}, [])})


def _prior_as_toml(prior: Prior) -> dict[str, Any]:
    by_transfer = {name: asdict(shares) for name, shares in prior.by_transfer.items()}
    return {"name": prior.name, **asdict(prior.shares), **({"by_transfer": by_transfer} if by_transfer else {})}


def _kit_as_toml(settings: Settings, table: FrequencyTable) -> str | list[str] | dict[str, Any]:
    if not settings.kit:
        return list(settings.markers)
    named = [each for each in all_panels() if each.name == settings.kit]
    if named and use_of_markers(named[0].markers, settings.kit, table).used == settings.markers:
        return settings.kit
    return {"name": settings.kit, "markers": list(settings.markers)}


def _errors_as_toml(errors: SampleErrors) -> dict[str, Any]:
    drop_out = errors.drop_out
    table: dict[str, Any] = {"rate": drop_out.rate}
    if drop_out.by_marker:
        table["by_marker"] = dict(drop_out.by_marker)
    if (drop_out.per_100_bases, drop_out.reference_length, drop_out.flanks) != (0.0, 200.0, {}):
        table["per_100_bases"] = drop_out.per_100_bases
        table["reference_length"] = drop_out.reference_length
        table["flanks"] = dict(drop_out.flanks)
    return {
        "drop_out": table if len(table) > 1 else drop_out.rate,
        "drop_in": errors.drop_in,
        "typing_error": errors.typing_error,
    }
