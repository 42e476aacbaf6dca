"""A CMF file made of a case: the dead, samples of the missing and their relatives; and all that CMF cannot hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from antigone.formats.codis.file import Allele, CmfFile, Locus, Specimen
from antigone.formats.codis.vocabulary import locus_of
from antigone.formats.codis.writer import written_alleles
from antigone.formats.not_held import held_by_case_folders_alone, years_missing_are_lost
from antigone.genetics.alleles import Silent
from antigone.genetics.haplotypes import Lineage
from antigone.genetics.pedigrees import Pedigree
from antigone.genetics.profiles import Profile, consensus
from antigone.matching.operation import Family, Operation

_Alleles = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class CmfHeader:
    """Who hands over to whom; CMF asks for all of it, and a case does not hold it."""

    destination_ori: str
    source_lab: str
    submit_by: str
    submit_datetime: str
    version: str = "3.2"


def cmf_from_operation(operation: Operation, header: CmfHeader) -> tuple[CmfFile, list[str]]:
    """The file, and what it cannot hold, in words.

    A relative's category is what they are to the first missing person of the family; CASEID is the family. Who is
    nothing of that kind (a cousin's wife) is not written, and named.
    """
    making = _Making(header)
    for individual in operation.individuals:
        making.add(individual.id, "Unidentified Person", "", individual.profile, individual.lineage)
    for family in operation.families:
        for person, profile in family.profiles.items():
            category = category_of(family, person)
            if category is None:
                making.lost.append(f"{person} of family {family.name}: CMF has no category for this relative")
                continue
            making.add(profile.sample or person, category, family.name, profile, family.lineages.get(person))
    cmf = CmfFile(
        header.destination_ori, header.source_lab, header.submit_by, header.submit_datetime,
        tuple(making.specimens), header.version,
    )  # fmt: skip
    return cmf, [*making.lost, *making.markers(), *_of_the_case(operation)]


class _Making:
    def __init__(self, header: CmfHeader) -> None:
        self._header = header
        self._unnamed: dict[str, int] = {}
        self.specimens: list[Specimen] = []
        self.lost: list[str] = []

    def add(self, name: str, category: str, case: str, profile: Profile, lineage: Lineage | None) -> None:
        """One more specimen."""
        alleles = {**self._read(name, profile), **self._y(name, lineage)}
        loci = []
        for marker, values in alleles.items():
            locus = locus_of(marker, self._header.version)
            if locus is None:
                self._unnamed[marker] = self._unnamed.get(marker, 0) + 1
                continue
            written = tuple(map(Allele, values))
            loci.append(Locus(locus, written, self._header.submit_by, self._header.submit_datetime))
        if not loci:
            self.lost.append(f"{name}: nothing was read at a locus of CMF {self._header.version}")
            return
        if lineage is not None and lineage.mt is not None:
            self.lost.append(f"{name}: mitochondrial DNA")
        self.specimens.append(Specimen(name, category, tuple(loci), case_id=case))

    def _read(self, name: str, profile: Profile) -> _Alleles:
        found: dict[str, tuple[str, ...]] = {}
        for marker, readings in profile.readings.items():
            if not readings:
                continue
            reading = readings[0] if len(readings) == 1 else consensus(readings)
            if len(readings) > 1:
                what = "without a majority" if reading is None else "summed up by majority"
                self.lost.append(f"{name}, {marker}: {len(readings)} readings, {what}")
            if reading is not None:
                found[marker] = written_alleles(reading)
        return found

    def _y(self, name: str, lineage: Lineage | None) -> _Alleles:
        if lineage is None or lineage.y is None:
            return {}
        found: dict[str, tuple[str, ...]] = {}
        for marker, copies in lineage.y.alleles.items():
            if Silent() in copies:
                self.lost.append(f"{name}, {marker}: a silent allele")
            else:
                found[marker] = tuple(str(one) for one in copies if str(one) != "?")
        return {marker: values for marker, values in found.items() if values}

    def markers(self) -> Iterator[str]:
        """The markers that this version does not have."""
        more = "; CMF 3.3 has more" if self._header.version == "3.2" else ""
        for marker, number in self._unnamed.items():
            yield f"{marker}, read in {number}: CMF {self._header.version} has no such locus{more}"


def category_of(family: Family, person: str) -> str | None:
    """What somebody is to the first missing person of the family, as CMF calls it; None where it has no word."""
    if person in family.missing:
        return "Missing Person"
    pedigree, missing = family.pedigree, family.pedigree[family.missing[0]]
    own = pedigree[person]
    children = pedigree.children(missing.id)
    if person == missing.mother:
        return "Biological Mother"
    if person == missing.father:
        return "Biological Father"
    if missing.id in (own.father, own.mother):
        return "Biological Child"
    if own.father is not None and (own.father, own.mother) == (missing.father, missing.mother):
        return "Biological Sibling"
    if any(person in (child.father, child.mother) for child in children):
        return "Spouse"
    line = {person} | _ancestors(pedigree, person)
    sides = [
        name
        for name, parent in (("Maternal Relative", missing.mother), ("Paternal Relative", missing.father))
        if parent is not None and line & ({parent} | _ancestors(pedigree, parent))
    ]
    return sides[0] if len(sides) == 1 else None


def _ancestors(pedigree: Pedigree, person: str) -> set[str]:
    found: set[str] = set()
    waiting = [person]
    while waiting:
        own = pedigree[waiting.pop()]
        parents = {parent for parent in (own.father, own.mother) if parent is not None} - found
        found |= parents
        waiting += parents
    return found


def _of_the_case(operation: Operation) -> Iterator[str]:
    yield "the pedigrees: of a relative only the category and, as CASEID, the family"
    yield "sex, age, stature, bag and transfer of the dead; what is known beside DNA"
    yield "frequencies and all settings"
    if any(len(family.missing) > 1 for family in operation.families):
        yield "to whom of several missing persons of a family a relative's category is: it is to the first"
    if any(person.birth_year for family in operation.families for person in family.pedigree.persons):
        yield "years of birth"
    if years_missing_are_lost(operation):
        yield "the year of the recoveries, and since when people are missing"
    if any(one.samples and one.samples != (one.id,) for one in operation.individuals):
        yield "the names of samples of the dead: a specimen is called as the individual is"
    yield from held_by_case_folders_alone(operation)
