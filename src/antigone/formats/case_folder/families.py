"""`families.csv`: pedigrees, whom they miss, and who of them gave a sample."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter

from antigone.formats.case_folder.lineages import WOMAN_WITH_Y
from antigone.formats.case_folder.remains import SEXES
from antigone.formats.case_folder.samples import SEPARATOR, Owner, Samples, can_be_searched, check_one_person
from antigone.formats.errors import quoted
from antigone.formats.tables import Column, Row, Table, TableFormat
from antigone.genetics.haplotypes import Lineage
from antigone.genetics.pedigrees import Pedigree, PedigreeError, PedigreeProblem, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.operation import Family, LeftOut, Settings

MISSING, DONOR, OTHER = "missing", "donor", "other"
MOST_PERSONS = 500
"""Persons of one family."""

FORMAT = TableFormat(
    "families",
    "The families: one row for each person, whether looked for, typed, or only there to connect the others.",
    (
        Column("family", "the name of a family", required=True, pattern=r".+"),
        Column("person", "the name of a person, unique in the family", required=True, pattern=r".+"),
        Column("father", "the father, a person of this family; empty where unknown", required=True),
        Column("mother", "the mother, a person of this family; empty where unknown", required=True),
        Column("sex", "F, M or U, or an empty cell", required=True, pattern=r"[FMUfmu]?"),
        Column(
            "role",
            "missing, donor or other",
            required=True,
            pattern=r"[Mm]issing|[Dd]onor|[Oo]ther|MISSING|DONOR|OTHER",
        ),
        Column(
            "sample", "the name of a sample in the profiles, several between semicolons; empty for none", required=True
        ),
        Column("birth_year", "a year such as 1987, or an empty cell", pattern=r"|[0-9]{4}"),
        Column(
            "missing_since", "a year such as 2022, for a missing person only; or an empty cell", pattern=r"|[0-9]{4}"
        ),
        Column("identical_twin", "the same label for all of a set of identical twins; empty for others"),
        Column(
            "inbreeding",
            "the inbreeding coefficient of somebody without parents here, from 0 to 1",
            pattern=r"|[0-9.eE+-]+",
        ),
        Column(
            "no_unlisted_sibling",
            "yes where the family gave its written word that this missing person has no full sibling who is not listed "
            "here; else empty",
            pattern=r"|[Yy]es|YES",
        ),
    ),
)
_OF_A_PERSON = ("person", "father", "mother", "birth_year", "inbreeding")
_ROLES = {role: role for role in (MISSING, DONOR, OTHER)}


_NOT_OF_THE_STRUCTURE = ("family", "sample")
_STRUCTURE = tuple(column.name for column in FORMAT.columns if column.name not in _NOT_OF_THE_STRUCTURE)
_MOST_STRUCTURES = 20_000


@dataclass
class ReadFamilies:
    """The families of a table, and what is left out."""

    families: list[Family] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)  # families of which nobody has a profile


@dataclass(frozen=True, slots=True)
class _Structure:
    """What the rows of a family say but for its name and its samples; `pedigree` is None where there can be none."""

    pedigree: Pedigree | None
    missing: tuple[str, ...]
    since: Mapping[str, int]
    alone: frozenset[str]


def read_families(table: Table, settings: Settings, samples: Samples) -> ReadFamilies:
    """The families, in the order in which they first stand. Problems are noted with their lines."""
    rows: dict[str, list[Row]] = {}
    for row in table.named_rows(FORMAT):
        family = row.required("family")
        if row.required("person") and family:
            rows.setdefault(family, []).append(row)
        else:
            table.has_gaps = True
    if not rows:
        return ReadFamilies()
    reader = _Reader(next(iter(rows.values()))[0].places, settings, samples)
    for name, own in rows.items():
        if len(own) > MOST_PERSONS:
            found = f"{len(own)} persons"
            own[MOST_PERSONS].complain("family", found=found, expected=f"at most {MOST_PERSONS} in a family")
            table.has_gaps = True
        else:
            reader.take(name, own)
    reader.read.warnings.extend(_nobody_has_a_profile(reader.read.silent))
    return reader.read


def _nobody_has_a_profile(families: Sequence[str]) -> Iterator[str]:
    """One sentence, however many there are: a register has hundreds of them."""
    if len(families) == 1:
        yield f"family {families[0]}: nobody in it has a profile, so nothing can be said about whom it misses"
    elif families:
        named = ", ".join(families[:3]) + (f" and {len(families) - 3:,} more" if len(families) > 3 else "")
        yield (
            f"{len(families):,} families: nobody in them has a profile, so nothing can be said about whom they miss: "
            f"{named}"
        )


class _Reader:
    """Takes one family after another. `places` are those of the columns in every row."""

    def __init__(self, places: Mapping[str, int], settings: Settings, samples: Samples) -> None:
        self.read = ReadFamilies()
        self._settings = settings
        self._samples = samples
        self._structures: dict[tuple[tuple[str, ...], ...], _Structure] = {}
        """Sound structures by their cells: a register has few kinds of families, and each is understood once."""
        self._structure_of = itemgetter(*(places[column] for column in _STRUCTURE if column in places))
        self._giver_of = itemgetter(places["person"], places["role"], places["sample"])

    def take(self, name: str, rows: Sequence[Row]) -> None:
        """Take the rows of one family."""
        structure_of = self._structure_of
        key = tuple([structure_of(row.cells) for row in rows])
        known = self._structures.get(key)
        if known is not None:
            profiles, lineages = self._profiles(name, rows)
        else:
            before = len(rows[0].problems)
            roles = {row.text("person"): row.choice("role", _ROLES) for row in rows}
            pedigree = _pedigree(name, rows)
            profiles, lineages = self._profiles(name, rows)
            known = _structure(rows, roles, pedigree)
            if len(rows[0].problems) == before and len(self._structures) < _MOST_STRUCTURES:
                self._structures[key] = known
        if known.pedigree is None:
            return
        if not known.missing:
            self.read.left_out.append(LeftOut("family", name, "no missing person"))
            return
        if not profiles and not lineages:
            self.read.silent.append(name)
        pedigree = known.pedigree.of_family(name)
        self.read.families.append(
            Family(name, pedigree, known.missing, profiles, known.since, known.alone, lineages=lineages)
        )

    def _profiles(self, name: str, rows: Sequence[Row]) -> tuple[dict[str, Profile], dict[str, Lineage]]:
        """What was read of donors and, as direct references, of missing persons."""
        profiles: dict[str, Profile] = {}
        lineages: dict[str, Lineage] = {}
        giver_of, take_ordinary = self._giver_of, self._samples.take_ordinary
        for row in rows:
            person, role_text, cell = giver_of(row.cells)
            role = role_text.casefold()
            names = _sample_names(row, cell) if cell else ()
            if role == OTHER and names:
                expected = "donor or missing for somebody with a sample, or no sample"
                row.complain("role", found=quoted(role_text), expected=expected)
            if role == DONOR and not names:
                self.read.warnings.append(f"family {name}: donor {person} has no sample and is taken as untyped")
            if not names:
                continue
            owner = Owner("person", person, name, row.file, row.line)
            ordinary = take_ordinary(names[0], owner) if len(names) == 1 else None
            if ordinary is not None:
                profiles[person] = ordinary
            else:
                self._take_samples(names, row, owner, profiles, lineages)
        return profiles, lineages

    def _take_samples(
        self,
        names: Sequence[str],
        row: Row,
        owner: Owner,
        profiles: dict[str, Profile],
        lineages: dict[str, Lineage],
    ) -> None:
        """Join the samples of one person, and look whether they can be of one."""
        read, samples, person = self.read, self._samples, owner.id
        joined = samples.take(names, row, owner)
        if joined.lineage is not None:
            lineages[person] = joined.lineage
            if joined.lineage.y is not None and row.text("sex").casefold() == "f":
                read.warnings.append(f"{owner}: {WOMAN_WITH_Y}")
        checked = check_one_person(joined, self._settings.donors, row, owner, samples)
        read.warnings.extend(checked.warnings)
        if checked.left_out is not None:
            read.left_out.append(checked.left_out)
        read.warnings.extend(f"{owner}: sample {absent} has no profile" for absent in joined.absent)
        if checked.profile is not None and can_be_searched(checked.profile):
            profiles[person] = checked.profile
        elif checked.profile is not None:
            read.warnings.append(f"{owner}: the profile has no result at any marker that is used")


def _structure(rows: Sequence[Row], roles: Mapping[str, str | None], pedigree: Pedigree | None) -> _Structure:
    alone = frozenset(row.text("person") for row in rows if _says_no_unlisted_sibling(row, roles[row.text("person")]))
    since: dict[str, int] = {}
    for row in rows:
        year = row.whole("missing_since", 1000, 2999)
        if year is not None:
            since[row.text("person")] = year
            if roles[row.text("person")] != MISSING:
                row.complain("missing_since")
            born = row.text("birth_year")
            if born.isdigit() and year < int(born):
                row.complain("missing_since", expected=f"a year from {born} on, the year of birth")
    persons = () if pedigree is None else pedigree.persons
    missing = tuple(person.id for person in persons if roles[person.id] == MISSING)
    return _Structure(pedigree, missing, since, alone)


def _says_no_unlisted_sibling(row: Row, role: str | None) -> bool:
    if not row.text("no_unlisted_sibling"):
        return False
    if role != MISSING:
        expected = "an empty cell: the word is about a missing person"
        row.complain("no_unlisted_sibling", expected=expected)
    return row.choice("no_unlisted_sibling", {"yes": True}) or False


def _pedigree(name: str, rows: Sequence[Row]) -> Pedigree | None:
    persons = [_person(row) for row in rows]
    twins: dict[str, list[str]] = {}
    for row in rows:
        if row.text("identical_twin"):
            twins.setdefault(row.text("identical_twin"), []).append(row.text("person"))
    try:
        return Pedigree.build(persons, family=name, twins=[twins[label] for label in sorted(twins)])
    except PedigreeError as error:
        for problem in error.problems:
            _complain_of_pedigree(problem, rows)
        return None


def _person(row: Row) -> Person:
    person, father, mother, born, inbreeding = row.texts(_OF_A_PERSON)
    sex = row.choice("sex", SEXES) or Sex.UNKNOWN
    return Person(
        person,
        father or None,
        mother or None,
        sex,
        row.whole("birth_year", 1000, 2999) if born else None,
        (row.number("inbreeding", 0, 1) or 0.0) if inbreeding else 0.0,
    )


def _complain_of_pedigree(problem: PedigreeProblem, rows: Sequence[Row]) -> None:
    """With the line of the person; of somebody who is listed twice, the later one."""
    row = next((row for row in reversed(rows) if row.text("person") == problem.person), rows[0])
    what, _, advice = problem.what.rpartition("; ")
    if "not in this family" in what and any(row.text(role) in ("0", "-") for role in ("father", "mother")):
        advice = "an empty cell where a parent is unknown"
    found = f"person {quoted(problem.person)} of family {quoted(problem.family)}, who {what or problem.what}"
    row.complain("person", found=found, expected=f"a family that can be: {advice or 'mend this row'}")


def _sample_names(row: Row, cell: str) -> list[str]:
    """The samples that a cell names, which is not empty."""
    if SEPARATOR not in cell and cell.strip():
        return [cell.strip()]
    names = [name.strip() for name in cell.split(SEPARATOR)]
    if not all(names) or len(set(names)) < len(names):
        row.complain("sample", expected="the names of samples between semicolons, each once")
    return [name for name in dict.fromkeys(names) if name]
