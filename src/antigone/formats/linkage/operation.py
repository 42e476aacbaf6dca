"""PED files as an operation, and back.

A PED file holds families and what was read of them. It does not say who is missing nor who is dead and unidentified:
whoever hands it over says that.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from antigone.formats.case_folder.markers import is_y, use_of_markers
from antigone.formats.case_folder.readings import CellReader
from antigone.formats.collecting import uncollected
from antigone.formats.linkage.marker_files import DataColumn, Holds
from antigone.formats.linkage.pedigree_file import UNKNOWN, PedFile, PedPerson, by_family, read_genotype
from antigone.formats.not_held import held_by_case_folders_alone, names_of_samples_are_lost, years_missing_are_lost
from antigone.formats.tables import Problems, near
from antigone.genetics.alleles import Allele, Unknown
from antigone.genetics.frequencies import FrequencyTable, nist_1036_caucasian
from antigone.genetics.haplotypes import Lineage, YHaplotype
from antigone.genetics.markers import canonical_name
from antigone.genetics.observation import Reading, Reads
from antigone.genetics.pedigrees import Pedigree
from antigone.genetics.profiles import Profile, consensus
from antigone.matching.operation import Family, Individual, LeftOut, Operation, Settings

REMAINS_FAMILY = "remains"
"""The family under which unidentified individuals are written, who belong to none."""
_UNDECLARED: tuple[str, ...] = ("threshold", "prior", "rare_alleles", "theta", "mutation", "drop_out")


def operation_from_ped(
    pedigrees: PedFile,
    file: str,
    *,
    missing: Collection[str],
    remains: Collection[str] = (),
    frequencies: FrequencyTable | None = None,
    name: str = "",
) -> Operation:
    """The operation that a PED file and what is said beside it describe.

    `missing` names persons as `FAMILY:PERSON`, `remains` families whose persons are unidentified dead and not related.
    Without `frequencies` the built-in table is used. Everybody else with a genotype is a donor.

    Raises `InputError` where nobody is missing, or somebody named is not in the file.
    """
    with uncollected():
        return _operation(pedigrees, file, missing, remains, frequencies, name)


def _operation(
    pedigrees: PedFile,
    file: str,
    missing: Collection[str],
    remains: Collection[str],
    frequencies: FrequencyTable | None,
    name: str,
) -> Operation:
    families = by_family(pedigrees.persons)
    _check_named(families, missing, remains, file)
    table = frequencies or nist_1036_caucasian()
    names = [canonical_name(marker) or marker for marker in pedigrees.markers]
    use = use_of_markers(names, "", table)
    read = Genotypes(pedigrees.markers)
    left_out = [
        LeftOut("marker", name, reason) for name in names if not is_y(name) and (reason := use.why_left_out(name))
    ]
    individuals: list[Individual] = []
    searched: list[Family] = []
    whole = pedigrees.pedigrees()
    for family, persons in families.items():
        if family in remains:
            individuals += [one for person in persons if (one := _individual(person, read, left_out)) is not None]
            continue
        absent = tuple(one.id for one in whole[family].persons if f"{family}:{one.id}" in missing)
        if not absent:
            left_out.append(LeftOut("family", family, "no missing person"))
            continue
        searched.append(_family(whole[family], persons, absent, read))
    settings = Settings(use.used, kit="as in the PED file")
    undeclared = _UNDECLARED if frequencies is not None else (*_UNDECLARED, "frequencies")
    return Operation(
        name or file, tuple(individuals), tuple(searched), table, settings, tuple(left_out), undeclared=undeclared
    )


def _check_named(
    families: Mapping[str, Sequence[PedPerson]], missing: Collection[str], remains: Collection[str], file: str
) -> None:
    problems = Problems()
    persons = [f"{family}:{person.id}" for family, own in families.items() for person in own]
    for one in missing:
        if one not in persons:
            problems.add(file, None, None, found=f"nobody called {one}", expected=f"FAMILY:PERSON{near(one, persons)}")
        elif one.partition(":")[0] in remains:
            found = f"{one} named as missing, in a family named as remains"
            problems.add(file, None, None, found=found, expected="one of both")
    for one in remains:
        if one not in families:
            problems.add(file, None, None, found=f"no family {one}", expected=f"a family{near(one, families)}")
            continue
        for person in families[one]:
            if person.father or person.mother:
                found = f"a parent of {person.id} in the family {one}, named as remains"
                problems.add(file, person.line, "father", found=found, expected="people of whom nobody is related")
    if not missing:
        found = "families of whom nobody is said to be missing"
        problems.add(file, None, None, found=found, expected="who is missing, as --missing FAMILY:PERSON")
    problems.stop_if_any()


class Genotypes:
    """Reads the alleles of persons. Each distinct pair of cells of a marker is understood once, and shared."""

    def __init__(self, markers: Sequence[str]) -> None:
        self.markers = markers
        self._cells = CellReader(None)
        names = [canonical_name(marker) or marker for marker in markers]
        self._readings: list[tuple[int, str, dict[tuple[str, str], tuple[Reading, ...]]]] = [
            (place, name, {}) for place, name in enumerate(names) if not is_y(name)
        ]
        """Place, name and what pairs of cells say, of each marker; those of the Y chromosome are in `_copies`."""
        self._copies: list[tuple[int, str, dict[tuple[str, str], tuple[Allele, ...] | None]]] = [
            (place, name, {}) for place, name in enumerate(names) if is_y(name)
        ]

    def profile(self, person: PedPerson) -> Profile:
        """What was read but for the Y chromosome, by the names that the program uses."""
        readings: dict[str, tuple[Reading, ...]] = {}
        genotypes = person.genotypes
        for place, name, known in self._readings:
            found = known.get(genotypes[place])
            if found is None:
                cells = read_genotype(self._cells, self.markers[place], genotypes[place])
                reading = self._cells.read(name, cells).reading
                found = known[genotypes[place]] = () if reading is None else (reading,)
            if found:
                readings[name] = found
        return Profile(sample_of(person), readings)

    def lineage(self, person: PedPerson) -> Lineage | None:
        """The Y haplotype; None where nothing of it was read."""
        alleles: dict[str, tuple[Allele, ...]] = {}
        for place, name, known in self._copies:
            pair = person.genotypes[place]
            if pair not in known:
                known[pair] = self._cells.read_copies(name, read_genotype(self._cells, self.markers[place], pair))
            copies = known[pair]
            if copies is not None:
                alleles[name] = copies
        return Lineage(YHaplotype(sample_of(person), alleles)) if alleles else None


def sample_of(person: PedPerson) -> str:
    """The name of somebody's sample: a PED file has none, and persons of two families may have one name."""
    return f"{person.family}:{person.id}"


def _individual(person: PedPerson, read: Genotypes, left_out: list[LeftOut]) -> Individual | None:
    profile = read.profile(person)
    if not profile.readings:
        left_out.append(LeftOut("individual", person.id, "no genotype"))
        return None
    return Individual(person.id, profile, person.sex, samples=(profile.sample,), lineage=read.lineage(person))


def _family(pedigree: Pedigree, persons: Sequence[PedPerson], absent: tuple[str, ...], read: Genotypes) -> Family:
    profiles = {one.id: profile for one in persons if (profile := read.profile(one)).readings}
    lineages = {one.id: lineage for one in persons if (lineage := read.lineage(one)) is not None}
    return Family(pedigree.family, pedigree, absent, profiles, lineages=lineages)


def ped_from_operation(operation: Operation) -> tuple[PedFile, list[str]]:
    """The PED file with these families and individuals, and what it cannot hold, in words.

    Raises `ValueError` where a family has the name under which individuals are written.
    """
    if any(family.name == REMAINS_FAMILY for family in operation.families):
        raise ValueError(f"a family is called ‘{REMAINS_FAMILY}’, under which the dead are written; rename it")
    lost: list[str] = []
    names = _markers(operation)
    columns = (DataColumn(Holds.AFFECTION, "affection"), *(DataColumn(Holds.MARKER, name) for name in names))
    persons = []
    for family in operation.families:
        for person in family.pedigree.persons:
            profile, lineage = family.profiles.get(person.id), family.lineages.get(person.id)
            genotypes = _pairs(profile, lineage, names, f"{family.name}:{person.id}", lost)
            persons.append(
                PedPerson(family.name, person.id, person.father, person.mother, person.sex, genotypes, (UNKNOWN,))
            )
    for one in operation.individuals:
        genotypes = _pairs(one.profile, one.lineage, names, f"individual {one.id}", lost)
        persons.append(PedPerson(REMAINS_FAMILY, one.id, None, None, one.sex, genotypes, (UNKNOWN,)))
    lost += _not_held(operation)
    return PedFile(tuple(persons), columns), list(dict.fromkeys(lost))


def _markers(operation: Operation) -> list[str]:
    profiles = [one.profile for one in operation.individuals]
    lineages = [one.lineage for one in operation.individuals]
    for family in operation.families:
        profiles += family.profiles.values()
        lineages += family.lineages.values()
    read = dict.fromkeys(marker for profile in profiles for marker in profile.markers())
    y = dict.fromkeys(marker for one in lineages if one is not None and one.y is not None for marker in one.y.alleles)
    used = [name for name in operation.settings.markers if name in read]
    return [*used, *(name for name in read if name not in used), *y]


def _pairs(
    profile: Profile | None, lineage: Lineage | None, names: Sequence[str], whose: str, lost: list[str]
) -> tuple[tuple[str, str], ...]:
    y = lineage.y.alleles if lineage is not None and lineage.y is not None else {}
    if lineage is not None and lineage.mt is not None:
        lost.append("mitochondrial DNA")
    pairs = []
    for name in names:
        if name in y:
            cells = [UNKNOWN if isinstance(allele, Unknown) else str(allele) for allele in y[name]]
            cells = cells if len(cells) > 1 else [*cells, UNKNOWN]
        else:
            cells = _cells(profile.readings.get(name, ()) if profile is not None else (), f"{whose}, {name}", lost)
        if len(cells) > 2:
            lost.append(f"{whose}: more than two alleles at {name}; left out")
            cells = [UNKNOWN, UNKNOWN]
        pairs.append((cells[0], cells[1]))
    return tuple(pairs)


def _cells(readings: Sequence[Reading], where: str, lost: list[str]) -> list[str]:
    if not readings:
        return [UNKNOWN, UNKNOWN]
    reading = readings[0]
    if len(readings) > 1:
        together = consensus(readings)
        lost.append(f"{where}: replicates are written as their majority consensus")
        if together is None:
            return [UNKNOWN, UNKNOWN]
        reading = together
    alleles = [str(allele) for allele in reading.alleles]
    if len(alleles) > 1:
        return alleles
    return [alleles[0], UNKNOWN if reading.reads is Reads.OTHER_UNSEEN else alleles[0]]


def _not_held(operation: Operation) -> Iterator[str]:
    yield "who is missing and who is a donor; settings and frequencies"
    if operation.individuals:
        yield f"which individuals are dead: they stand in the family ‘{REMAINS_FAMILY}’, of whom nobody is related"
    if any(one.bag or one.transfer or one.age_min is not None or one.stature for one in operation.individuals):
        yield "bags, transfers, ages and stature of the remains"
    if any(family.pedigree.twins for family in operation.families):
        yield "identical twins"
    if any(person.birth_year for family in operation.families for person in family.pedigree.persons):
        yield "years of birth"
    if any(person.inbreeding for family in operation.families for person in family.pedigree.persons):
        yield "inbreeding coefficients"
    if names_of_samples_are_lost(operation):
        yield "the names of samples: they are called as family and person are"
    if years_missing_are_lost(operation):
        yield "the year of the recoveries, and since when people are missing"
    yield from held_by_case_folders_alone(operation)
