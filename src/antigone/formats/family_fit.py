"""Whether the samples of a family fit its pedigree, at first sight: a search asks far more closely."""

from collections.abc import Mapping

from antigone.formats.case_folder.markers import AMELOGENIN
from antigone.genetics.alleles import Allele
from antigone.genetics.markers import Inheritance, canonical_name
from antigone.genetics.markers import marker as known_marker
from antigone.genetics.observation import Reads
from antigone.genetics.pedigrees import Pedigree, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.classes import sex_by_amelogenin

MISFITS = 2
"""At how many markers a child and a parent must share no allele before a family is named; one may be a mutation."""

_Readings = Mapping[str, tuple[Allele, ...]]


def alleles_shown(profile: Profile) -> dict[str, tuple[Allele, ...]]:
    """Every allele that some replicate shows, by marker."""
    return {
        name: tuple(dict.fromkeys(allele for reading in readings for allele in reading.alleles))
        for name, readings in profile.readings.items()
        if readings
    }


def does_not_fit(pedigree: Pedigree, profiles: Mapping[str, Profile]) -> bool:
    """Whether a child and a parent share no allele at `MISFITS` markers, or amelogenin is of another sex than given."""
    read = {person: _read_in_full(profile) for person, profile in profiles.items()}
    for person in pedigree.persons:
        shown = sex_by_amelogenin(profiles[person.id]) if person.id in profiles else Sex.UNKNOWN
        if Sex.UNKNOWN not in (shown, person.sex) and shown is not person.sex:
            return True
        own = read.get(person.id, {})
        for parent in (person.father, person.mother):
            theirs = read.get(parent, {}) if parent is not None else {}
            if sum(_shares_nothing(marker, own, theirs) for marker in own) >= MISFITS:
                return True
    return False


def _read_in_full(profile: Profile) -> _Readings:
    """The alleles of markers at which no replicate leaves one unseen."""
    whole = {
        name: readings
        for name, readings in profile.readings.items()
        if readings and all(reading.reads is not Reads.OTHER_UNSEEN for reading in readings)
    }
    return alleles_shown(Profile(profile.sample, whole))


def _shares_nothing(marker: str, own: _Readings, theirs: _Readings) -> bool:
    """Whether two people have no allele in common at an autosomal marker."""
    if marker == AMELOGENIN or marker not in theirs:
        return False
    if canonical_name(marker) is not None and known_marker(marker).inheritance is not Inheritance.AUTOSOMAL:
        return False
    return not set(own[marker]) & set(theirs[marker])
