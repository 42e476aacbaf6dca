"""A Familias project with a DVI section as an operation, and back.

What Familias calls unidentified persons are our individuals; a reference family with the people it misses is our
family. Familias' theta carries over. Its pruning of untyped founders is an option of the settings
(`prune_untyped_founders`). Whoever and whatever is not carried over is said, in `left_out` and `warnings`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from antigone.formats.allele_labels import read_allele
from antigone.formats.errors import InputError, quoted
from antigone.formats.familias import project as fam
from antigone.formats.familias.project import infer_sexes
from antigone.formats.not_held import held_by_case_folders_alone
from antigone.genetics.alleles import Allele, Repeat, Silent, Unknown
from antigone.genetics.frequencies import FrequencyTable, MarkerFrequencies, Normalisation, Refuse
from antigone.genetics.markers import canonical_name
from antigone.genetics.mutation import (
    Equal,
    Mutation,
    MutationModel,
    NoMutation,
    Proportional,
    RepeatsOnly,
    Stationary,
    Stepwise,
)
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree, PedigreeError, Person, Sex
from antigone.genetics.profiles import Profile, consensus
from antigone.matching.operation import DropOut, Family, Individual, LeftOut, Operation, SampleErrors, Settings
from antigone.matching.preparation import prepare

_SEX = {fam.Sex.FEMALE: Sex.FEMALE, fam.Sex.MALE: Sex.MALE, fam.Sex.UNKNOWN: Sex.UNKNOWN}
_MISSING = "missing"  # Familias names everybody who is looked for so: "Missing person", "Missing male 1"


# --- from Familias ---------------------------------------------------------------------------------------------------


def operation_from_familias(project: fam.FamiliasProject, file: str, *, name: str = "") -> Operation:
    """The operation that a project's DVI section describes. Raises `InputError` where it has none."""
    if project.dvi is None:
        raise InputError.at(
            file,
            None,
            None,
            found="a project without a DVI section",
            expected="unidentified persons and reference families",
        )
    names = {marker.name: canonical_name(marker.name) or marker.name for marker in project.frequencies.markers}
    table = _frequencies(project, names, file)
    warnings = [str(replace(problem, file=Path(problem.file).name)) for problem in project.warnings]
    mutation = {names[m.name]: _mutation(m, warnings) for m in project.frequencies.markers}
    settings = Settings(
        tuple(names.values()),
        kit="as in the project",
        theta=project.theta or 0.0,
        mutation_by_marker=mutation,
        rare_alleles=Refuse(),
        normalisation=Normalisation.NONE,
        remains=SampleErrors(_drop_out(project, names)),
    )
    individuals = tuple(
        Individual(person.name, _profile(person, names), _SEX[person.sex], samples=(person.name,))
        for person in project.dvi.unidentified
    )
    families: list[Family] = []
    left_out: list[LeftOut] = []
    for family in project.dvi.families:
        _add_family(family, names, families, left_out, warnings)
    warnings += _not_used(project, settings)
    return Operation(
        name or project.comment or "Familias project", individuals, tuple(families), table, settings,
        tuple(left_out), tuple(warnings), undeclared=("threshold", "prior"),
    )  # fmt: skip


def _frequencies(project: fam.FamiliasProject, names: Mapping[str, str], file: str) -> FrequencyTable:
    markers = {}
    for marker in project.frequencies.markers:
        values: dict[Allele, float] = {read_allele(allele.label): allele.value for allele in marker.alleles}
        if marker.has_silent_allele:
            values[Silent()] = marker.silent_frequency.value
        if names[marker.name] in markers:
            raise InputError.at(file, None, None, found=f"{marker.name} twice, by two names", expected="one of them")
        markers[names[marker.name]] = MarkerFrequencies.from_frequencies(names[marker.name], values)
    database = project.frequencies.name or "unnamed database"
    return FrequencyTable(database, f"Familias project, database “{database}”", markers)


def _mutation(marker: fam.Marker, warnings: list[str]) -> Mutation:
    models = [_mutation_model(parameters) for parameters in (marker.female, marker.male)]
    on_ladder = any(isinstance(model, Stepwise | Stationary) for model in models)
    if on_ladder and any(not isinstance(read_allele(allele.label), Repeat) for allele in marker.alleles):
        warnings.append(f"{marker.name}: alleles without a repeat count take no part in its stepwise mutation")
        models = [model if isinstance(model, NoMutation) else RepeatsOnly(model) for model in models]
    return Mutation(*models)


def _mutation_model(parameters: fam.Mutation) -> MutationModel:
    _, rate, rate2, steps = parameters.parameters
    if rate == 0 and rate2 == 0:
        return NoMutation()
    match parameters.model:
        case fam.MutationModel.EQUAL:
            return Equal(rate)
        case fam.MutationModel.PROPORTIONAL:
            return Proportional(rate)
        case fam.MutationModel.STEPWISE:
            return Stepwise(rate, steps)
        case fam.MutationModel.STEPWISE_STATIONARY:
            return Stationary(Stepwise(rate, steps))
        case fam.MutationModel.EXTENDED_STEPWISE:
            return Stepwise(rate, steps, rate2)


def _drop_out(project: fam.FamiliasProject, names: Mapping[str, str]) -> DropOut:
    rates = {
        names[marker.name]: marker.dropout_probability.value
        for marker in project.frequencies.markers
        if marker.dropout_probability is not None and marker.dropout_probability.value > 0
    }
    return DropOut(0.0, rates)


def _not_used(project: fam.FamiliasProject, settings: Settings) -> Iterator[str]:
    """What else stands in the project, of which an operation keeps nothing."""
    if project.persons:
        sizes = f"persons: {len(project.persons)}, pedigrees: {len(project.pedigrees)}"
        yield f"the case outside the DVI section ({sizes}) is not read"
    for what, values in (
        ("DatabaseSize", [marker.database_size for marker in project.frequencies.markers]),
        ("Minor allele frequency", [marker.minor_allele_frequency for marker in project.frequencies.markers]),
    ):
        stated = [value.text for value in values if value is not None and value.value > 0]
        if stated:
            yield f"{what} ({', '.join(dict.fromkeys(stated))}) is not used and not kept"
    for section in project.sections:
        if section.title == "Prior":
            declared = ", ".join(section.lines)
            yield f"[Prior] ({declared}) is not used and not kept: the prior is {settings.prior:g}, the default"
        else:
            yield from _settings_not_used(section, f"[{section.title}]")
    if project.dvi is not None:
        yield from _of_dvi_not_used(project.dvi)


def _settings_not_used(section: fam.Section, place: str) -> Iterator[str]:
    """Rates of 0 in the section of direct comparisons are what a search does anyway."""
    if section.lines and not (section.title == "Direct/Identity" and set(section.settings.values()) <= {"0", "0.0"}):
        yield f"{place} ({', '.join(section.lines)}) is not used and not kept"
    for inner in section.sections:
        yield from _settings_not_used(inner, f"{place} [[{inner.title}]]")


def _of_dvi_not_used(dvi: fam.Dvi) -> Iterator[str]:
    notes = [note for note in dvi.notes or () if note.strip()]
    if notes:
        yield f"[[Notes]] (lines: {len(notes)}) are not read"
    for section in dvi.more:
        yield f"[DVI] [[{section.title}]] is not understood and not kept"
    yield from _lines_not_kept("unidentified persons", dvi.unidentified)
    for family in dvi.families:
        yield from _lines_not_kept(f"family {family.name}", (family, *family.persons, *family.pedigrees))


def _lines_not_kept(where: str, parts: Sequence[fam.DviPerson | fam.Family | fam.FamilyPedigree]) -> Iterator[str]:
    lines = [line for part in parts for line in part.more]
    if lines:
        yield f"{where}: lines that are not understood are not kept: {', '.join(map(quoted, lines))}"


def _profile(person: fam.DviPerson, names: Mapping[str, str]) -> Profile:
    readings: dict[str, tuple[Reading, ...]] = {}
    for genotype in person.dna:
        seen = [read_allele(label) for label in (genotype.first, genotype.second) if label]
        if not seen:
            continue
        alleles = seen if len(seen) == 2 else [*seen, Unknown()]
        marker = names.get(genotype.marker, genotype.marker)
        readings[marker] = (Reading.of(*alleles),)
    return Profile(person.name, readings)


def _add_family(
    family: fam.Family,
    names: Mapping[str, str],
    families: list[Family],
    left_out: list[LeftOut],
    warnings: list[str],
) -> None:
    """Each hypothesis of a family becomes a family of ours; who cannot be read is left out with the reason."""
    pedigrees = _hypotheses(family)
    if not pedigrees:
        left_out.append(LeftOut("family", family.name, "no pedigree in which a missing person has a place"))
    if len(pedigrees) > 1:
        listed = ", ".join(pedigree.name for pedigree in pedigrees)
        warnings.append(f"family {family.name} has several pedigrees ({listed}); each is searched by itself")
    left_out += _without_place(family, pedigrees)
    for pedigree in pedigrees:
        name = family.name if len(pedigrees) == 1 else f"{family.name} [{pedigree.name}]"
        try:
            families.append(_family(family, pedigree, name, names))
        except (PedigreeError, _ConflictError) as error:
            left_out.append(LeftOut("family", name, str(error)))


def _hypotheses(family: fam.Family) -> list[fam.FamilyPedigree]:
    """The pedigrees that say how somebody missing is related.

    Familias itself writes "Reference pedigree" first; it counts where there is no other.
    """
    usable = [pedigree for pedigree in family.pedigrees if _missing_in(pedigree)]
    named = [pedigree for pedigree in usable if pedigree.name != fam.REFERENCE_PEDIGREE]
    distinct: dict[frozenset[tuple[str, str]], fam.FamilyPedigree] = {}
    for pedigree in named or usable:
        distinct.setdefault(frozenset((*pedigree.relations, *pedigree.identities)), pedigree)
    return list(distinct.values())


def _missing_in(pedigree: fam.FamilyPedigree) -> list[str]:
    """Everybody with a place in the pedigree whose name says that they are looked for."""
    people = dict.fromkeys(person for link in pedigree.links for person in (link.parent, link.child))
    return [person for person in people if person.lower().startswith(_MISSING)]


def _without_place(family: fam.Family, pedigrees: Sequence[fam.FamilyPedigree]) -> Iterator[LeftOut]:
    """People who are listed as missing and to whom a pedigree that is searched relates nobody."""
    typed = {person.name for person in family.persons if person.dna}
    for name in dict.fromkeys(person.name for person in family.persons if person.name.lower().startswith(_MISSING)):
        without = [pedigree.name for pedigree in pedigrees if name not in _missing_in(pedigree)]
        if without:
            where = (
                "any pedigree that is searched" if len(without) == len(pedigrees) else f"pedigree {', '.join(without)}"
            )
            profile = "; their profile is not used" if name in typed else ""
            reason = f"no relation in {where}, so nothing says whose relative this is{profile}"
            yield LeftOut("missing person", f"{name}, family {family.name}", reason)


class _ConflictError(Exception):
    """What a family says of somebody cannot be together."""


def _family(family: fam.Family, pedigree: fam.FamilyPedigree, name: str, names: Mapping[str, str]) -> Family:
    missing = tuple(_missing_in(pedigree))
    owner = _owners(pedigree.identities, missing)
    called = {**{person.name: person.name for person in family.persons}, **owner}
    relations = tuple(
        dict.fromkeys((called.get(parent, parent), called.get(child, child)) for parent, child in pedigree.relations)
    )
    known_sexes = _sexes(family.sexes, owner)
    sexes = {**dict.fromkeys(missing, fam.Sex.UNKNOWN), **infer_sexes(known_sexes, relations)}
    built = Pedigree.build(
        _persons(sexes, relations, missing, taken=called),
        family=name,
        twins=[pair for pair in pedigree.identities if not set(pair) & set(owner)],
    )
    profiles = _profiles(family, names, owner)
    return Family(name, built, missing, {person: profile for person, profile in profiles.items() if person in built})


def _owners(identities: Sequence[tuple[str, str]], missing: Sequence[str]) -> dict[str, str]:
    """Whose own sample a "Direct" reference is, by the name under which it stands; references of references too."""
    owner = {person: person for person in missing}
    for _ in identities:  # a chain is at most that long
        for pair in identities:
            for one, other in (pair, pair[::-1]):
                if one in owner and owner.setdefault(other, owner[one]) != owner[one]:
                    both = " and ".join(sorted({owner[one], owner[other]}))
                    raise _ConflictError(f"{both} are looked for, and are one person by “Direct”; name one of them")
    return owner


def _sexes(sexes: Mapping[str, fam.Sex], owner: Mapping[str, str]) -> dict[str, fam.Sex]:
    """The sex of everybody, where a missing person's own sample counts as that person."""
    found: dict[str, fam.Sex] = {}
    for name, sex in sexes.items():
        person = owner.get(name, name)
        before = found.get(person, fam.Sex.UNKNOWN)
        if fam.Sex.UNKNOWN not in (before, sex) and before is not sex:
            raise _ConflictError(
                f"{person} and {name} are one person by “Direct”, and differ in sex; correct one of them"
            )
        found[person] = sex if before is fam.Sex.UNKNOWN else before
    return found


def _profiles(family: fam.Family, names: Mapping[str, str], owner: Mapping[str, str]) -> dict[str, Profile]:
    """What was read of everybody; several samples of one missing person are replicates."""
    by_name: dict[str, Profile] = {}
    for person in family.persons:
        profile = _profile(person, names)
        if person.name in by_name and by_name[person.name] != profile:
            raise _ConflictError(f"two people are called {person.name} and differ; give them two names")
        if profile.readings:
            by_name[person.name] = profile
    profiles: dict[str, Profile] = {}
    for name, profile in by_name.items():
        whose = owner.get(name, name)
        profiles[whose] = _together(profiles[whose], profile) if whose in profiles else profile
    return profiles


def _together(one: Profile, other: Profile) -> Profile:
    """Two samples of one person as replicates."""
    markers = dict.fromkeys((*one.readings, *other.readings))
    readings = {marker: (*one.readings.get(marker, ()), *other.readings.get(marker, ())) for marker in markers}
    return Profile(f"{one.sample}, {other.sample}", readings)


def _persons(
    sexes: Mapping[str, fam.Sex], relations: Sequence[tuple[str, str]], missing: Sequence[str], *, taken: Iterable[str]
) -> list[Person]:
    """Everybody with father and mother; a second parent who is not listed is added, as pedFamilias does.

    `taken` are names that somebody has, in this pedigree or not.
    """
    parents: dict[str, list[str]] = {}
    for parent, child in relations:
        parents.setdefault(child, []).append(parent)
        if len(parents[child]) > 2:
            raise _ConflictError(f"{child} has more than two parents: {', '.join(parents[child])}")
    persons: dict[str, Person] = {name: Person(name, sex=_SEX[sex]) for name, sex in sexes.items()}
    not_free = {*persons, *taken}
    free = (name for name in (f"added_{k}" for k in count(1)) if name not in not_free)
    for child, known in parents.items():
        if len(known) == 1:
            other = next(free)
            opposite = {Sex.MALE: Sex.FEMALE, Sex.FEMALE: Sex.MALE}.get(persons[known[0]].sex, Sex.UNKNOWN)
            persons[other] = Person(other, sex=opposite)
            known = [*known, other]
        father, mother = sorted(known, key=lambda name: _FATHERS_FIRST[persons[name].sex])
        persons[child] = replace(persons[child], father=father, mother=mother)
    # People whom Familias offers as missing and who have no place in this pedigree are not in it.
    placed = {person for relation in relations for person in relation} | set(missing)
    return [person for person in persons.values() if person.id in placed or not person.id.lower().startswith(_MISSING)]


_FATHERS_FIRST = {Sex.MALE: 0, Sex.UNKNOWN: 1, Sex.FEMALE: 2}


# --- to Familias -----------------------------------------------------------------------------------------------------


def familias_from_operation(operation: Operation) -> tuple[fam.FamiliasProject, list[str]]:
    """The project with these individuals and families, and what it cannot hold, in words."""
    lost: list[str] = []
    prepared = prepare(operation)
    lost += _lost_markers(operation, [model.name for model in prepared.models])
    markers = []
    for model in prepared.models:
        mutation = operation.settings.mutation_of(model.name)
        silent = model.silent
        alleles = tuple(
            fam.Allele(str(allele), fam.Number.of(float(p)))
            for i, (allele, p) in enumerate(zip(model.alleles, model.frequencies, strict=True))
            if i != silent
        )
        markers.append(
            fam.Marker(
                model.name,
                alleles,
                _familias_mutation(mutation.female, f"{model.name}, mothers", lost),
                _familias_mutation(mutation.male, f"{model.name}, fathers", lost),
                silent is not None,
                fam.Number.of(float(model.frequencies[silent])) if silent is not None else fam.ZERO,
                fam.Number.of(_chromosomes(operation, model.name)),
                fam.Number.of(_drop_out_at(operation.settings.remains.drop_out, model.name)),
                fam.ZERO,
            )
        )
    names = [marker.name for marker in markers]
    unidentified = tuple(
        fam.DviPerson(one.id, _GENDER[one.sex], _genotypes(one.profile, names, f"individual {one.id}", lost))
        for one in operation.individuals
    )
    families = tuple(_familias_family(family, names, lost) for family in operation.families)
    database = fam.FrequencyDatabase(
        operation.frequencies.name, tuple(markers), fam.Number.of(operation.settings.theta)
    )
    lost += _lost_settings(operation)
    project = fam.FamiliasProject(
        version="3.3.1",
        frequencies=database,
        dvi=fam.Dvi(unidentified, families, notes=("",) * len(families), notes_declared=len(families)),
        sections=(_advanced(operation),),
        comment=operation.name,
    )
    return project, list(dict.fromkeys(lost))


_GENDER = {Sex.FEMALE: "Female", Sex.MALE: "Male", Sex.UNKNOWN: None}


def _chromosomes(operation: Operation, marker: str) -> float:
    entry = operation.frequencies.markers.get(marker)
    return float(entry.chromosomes or 0) if entry is not None else 0.0


def _drop_out_at(drop_out: DropOut, marker: str) -> float:
    """A project holds one probability for each marker."""
    return float(drop_out.by_marker.get(marker, drop_out.rate))


def _familias_mutation(model: MutationModel, where: str, lost: list[str]) -> fam.Mutation:
    number, codes = fam.Number.of, fam.MutationModel
    match model:
        case NoMutation():
            return fam.Mutation(codes.EQUAL, number(0.0), number(0.1), number(0.0))
        case Equal(rate):
            return fam.Mutation(codes.EQUAL, number(rate), number(0.1), number(0.0))
        case Proportional(rate):
            return fam.Mutation(codes.PROPORTIONAL, number(rate), number(0.1), number(0.0))
        case Stepwise(rate, steps, rate2):
            kind = codes.EXTENDED_STEPWISE if rate2 else codes.STEPWISE
            return fam.Mutation(kind, number(rate), number(steps), number(rate2))
        case Stationary(Stepwise(rate, steps, 0.0)):
            return fam.Mutation(codes.STEPWISE_STATIONARY, number(rate), number(steps), number(0.0))
        case RepeatsOnly(inner):
            return _familias_mutation(inner, where, lost)
    lost.append(f"mutation at {where}: {model.describe()} is no model of Familias; written as none")
    return fam.Mutation(codes.EQUAL, number(0.0), number(0.1), number(0.0))


def _genotypes(profile: Profile, names: Sequence[str], whose: str, lost: list[str]) -> tuple[fam.Genotype, ...]:
    """Two alleles a marker: replicates become their consensus, one allele seen cannot be said."""
    genotypes = []
    for name in names:
        readings = profile.readings.get(name, ())
        if not readings:
            continue
        reading = readings[0] if len(readings) == 1 else consensus(readings)
        if len(readings) > 1:
            lost.append(f"{whose}: replicates are written as their majority consensus")
        if reading is None or len(reading.alleles) > 2:
            lost.append(f"{whose}: no two alleles stand at {name}; left out")
        elif reading.reads is Reads.OTHER_UNSEEN:
            lost.append(
                f"{whose}: one allele seen, other unseen at {name}; left out, for Familias would read a homozygote"
            )
        else:
            first, last = str(reading.alleles[0]), str(reading.alleles[-1])
            genotypes.append(fam.Genotype(name, first, last))
    return tuple(genotypes)


def _familias_family(family: Family, names: Sequence[str], lost: list[str]) -> fam.Family:
    called = _names_for_missing(family)
    persons = []
    for person in family.pedigree.persons:
        profile = family.profiles.get(person.id)
        dna = _genotypes(profile, names, f"family {family.name}", lost) if profile is not None else ()
        if called.get(person.id) == fam.MISSING_PERSON:
            if dna:
                lost.append(f"family {family.name}: the direct reference of {person.id}")
            continue  # Familias knows that name without listing it
        persons.append(fam.DviPerson(called.get(person.id, person.id), _GENDER[person.sex], dna))
        if person.birth_year is not None:
            lost.append("years of birth")
        if person.inbreeding:
            lost.append(f"family {family.name}: the inbreeding coefficient of {person.id}")
    relations = tuple(
        fam.Relation(called.get(parent, parent), called.get(person.id, person.id))
        for person in family.pedigree.persons
        for parent in (person.father, person.mother)
        if parent is not None
    )
    if family.pedigree.twins:
        lost.append(f"family {family.name}: identical twins")
    lost += _not_read_back(family, called, relations)
    pedigrees = (
        fam.FamilyPedigree(relations, name=fam.REFERENCE_PEDIGREE),
        fam.FamilyPedigree(relations, name="As given"),
    )
    return fam.Family(family.name, tuple(persons), pedigrees)


def _not_read_back(family: Family, called: Mapping[str, str], relations: Sequence[fam.Relation]) -> Iterator[str]:
    """Whom Familias gives no place: it knows the missing by their relations only, and one of them by no sex."""
    placed = {name for link in relations for name in (link.parent, link.child)}
    without = [person for person in family.missing if called[person] not in placed]
    if len(without) == len(family.missing):
        yield f"family {family.name}: nobody missing has a relation, so it will not be read back as a search"
    elif without:
        yield f"family {family.name}: {', '.join(without)} has no relation and will not be read back as missing"
    listed_sexes = {
        called.get(person.id, person.id): fam.Sex(_GENDER[person.sex] or "Unknown")
        for person in family.pedigree.persons
        if called.get(person.id) != fam.MISSING_PERSON
    }
    told = infer_sexes(listed_sexes, [(link.parent, link.child) for link in relations])
    for person in family.missing:
        known = _GENDER[family.pedigree[person].sex]
        if (
            called[person] == fam.MISSING_PERSON
            and known
            and told.get(fam.MISSING_PERSON, fam.Sex.UNKNOWN).value != known
        ):
            yield "the sex of those who are written as “Missing person”, where no partner tells it"


def _names_for_missing(family: Family) -> dict[str, str]:
    """Familias looks for people called "Missing …": the first becomes its "Missing person", the others by their sex."""
    called: dict[str, str] = {}
    so_far = {"male": 0, "female": 0, "person": 0}
    for k, name in enumerate(family.missing):
        if name.lower().startswith(_MISSING):
            called[name] = name
        elif k == 0:
            called[name] = fam.MISSING_PERSON
        else:
            sex = {Sex.MALE: "male", Sex.FEMALE: "female"}.get(family.pedigree[name].sex, "person")
            so_far[sex] += 1
            called[name] = f"Missing {sex} {so_far[sex]} ({name})"
    return called


def _lost_settings(operation: Operation) -> list[str]:
    settings, lost = operation.settings, []
    if any(called != name for family in operation.families for name, called in _names_for_missing(family).items()):
        lost.append("the names of missing persons: Familias looks for “Missing person”")
    if any(one.bag or one.transfer or one.stature or one.age_min is not None for one in operation.individuals):
        lost.append("bags, transfers, ages and stature of the remains")
    if any(len(one.samples) > 1 for one in operation.individuals):
        lost.append("several samples of one remains")
    if any(one.samples and one.samples != (one.id,) for one in operation.individuals):
        lost.append("the names of samples")
    if settings.year is not None or any(family.missing_since for family in operation.families):
        lost.append("the year of the recoveries, and since when people are missing")
    lost += held_by_case_folders_alone(operation)
    lost += _lineages(operation)
    if settings.linkage:
        lost.append("linkage between markers")
    if settings.remains.drop_in:
        lost.append(
            f"drop-in {settings.remains.drop_in:g}: a project has one for direct comparisons alone, not read back"
        )
    if settings.remains.drop_out.per_100_bases:
        lost.append("drop-out that depends on length: written as the rate of each marker")
    if settings.remains.typing_error or settings.donors != SampleErrors():
        lost.append("typing errors, and error rates of donors")
    lost.append(
        "prior, threshold, stochastic threshold and the rule for rare alleles (frequencies are written as used)"
    )
    return lost


def _lineages(operation: Operation) -> Iterator[str]:
    lineages = [one.lineage for one in operation.individuals]
    lineages += [one for family in operation.families for one in family.lineages.values()]
    if any(one is not None and one.y is not None for one in lineages):
        yield "Y haplotypes"
    if any(one is not None and one.mt is not None for one in lineages):
        yield "mitochondrial DNA"


def _lost_markers(operation: Operation, names: Sequence[str]) -> Iterator[str]:
    """Amelogenin, and whatever else was read and is not searched."""
    profiles = [one.profile for one in operation.individuals]
    profiles += [profile for family in operation.families for profile in family.profiles.values()]
    others = sorted({marker for profile in profiles for marker in profile.markers()} - set(names))
    if others:
        yield f"what was read at {', '.join(others)}"


def _advanced(operation: Operation) -> fam.Section:
    remains = operation.settings.remains
    rates = {"Dropin": _plain(remains.drop_in), "Dropout": _plain(remains.drop_out.rate), "Error": "0"}
    return fam.Section("Advanced", (), (fam.Section.of("Direct/Identity", rates),))


def _plain(value: float) -> str:
    return f"{value:g}"
