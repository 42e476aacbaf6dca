"""Digests of what a search was given: the same input has the same digest, whatever files it came from.

What is digested is JSON text. Most of it is what was read, and what was read at a marker is the same in a great many
samples: `_Writer` writes each such text once. Nothing is remembered about a profile, a family or an individual, only
about tuples of readings, which cannot change; so whatever changes has another digest.
"""

import dataclasses
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import Enum
from typing import Any

from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile
from antigone.ledger.canonical import canonical_bytes
from antigone.matching.operation import Family, Individual, Operation
from antigone.matching.preparation import Prepared

# Texts of readings that a writer remembers at most; those of a reader that shares what is alike are some thousands.
MOST_TEXTS = 2**18

_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
# What canonical bytes may spell otherwise, or refuse. What hits inside a text only costs time.
_SPELLED_OTHERWISE = re.compile(r"[^\x00-\x7f]|[:\[,](?:-?\d+[.eE]|-?\d{16}|NaN|-?Infinity)")


@dataclass(frozen=True, eq=False)
class PeopleDigests:
    """Digests of the dead and of the families of an operation, each by themselves and all together.

    `profiles` are of the readings of each individual, `samples` of those of each family's samples by person; `families`
    of everything that is recorded of each. They are those of the operation as it was when they were made.
    """

    operation: Operation
    profiles: tuple[str, ...]
    samples: tuple[Mapping[str, str], ...]
    families: tuple[str, ...]
    all_individuals: str
    all_families: str


def digests_of_people(operation: Operation) -> PeopleDigests:
    """Every profile is written once."""
    writer = _Writer()
    profiles, samples, families = [], [], []
    all_individuals, all_families = _ListDigest(), _ListDigest()
    for one in operation.individuals:
        text = writer.profile(one.profile)
        profiles.append(_digest_of_profile(one.profile, text))
        all_individuals.add(_individual(one, text))
    for family in operation.families:
        texts = {person: writer.profile(profile) for person, profile in family.profiles.items()}
        samples.append({person: _digest_of_profile(family.profiles[person], text) for person, text in texts.items()})
        text = _family(family, texts)
        families.append(_sha256_of_text(text))
        all_families.add(text)
    return PeopleDigests(
        operation, tuple(profiles), tuple(samples), tuple(families), all_individuals.digest(), all_families.digest()
    )


def digests(operation: Operation, prepared: Prepared, people: PeopleDigests | None = None) -> dict[str, str]:
    """SHA-256 of profiles, families, lineage databases, the frequency table as published and as used, and settings.

    `people` are those of this very operation, where they were made already; another's are a `ValueError`.
    """
    people = digests_of_people(operation) if people is None else people
    if people.operation is not operation:
        raise ValueError("digests of the people of another operation")
    listed = [[one.id, one.role, str(one.sex), _profile(one.profile)] for one in operation.elimination]
    return {
        "profiles of individuals": people.all_individuals,
        "families": people.all_families,
        "databases of lineages": _sha256(_plain(operation.lineage_databases)),
        "frequency table": prepared.frequencies.table_digest,
        "frequencies as used": prepared.frequencies.digest,
        "settings": _sha256(describe_settings(operation)),
        **({"elimination list": _sha256(listed)} if listed else {}),
    }


def digest_beside_profile(one: Individual) -> str:
    """SHA-256 of everything else that is recorded of an individual: sex, ages, place, description, lineage."""
    beside = [_plain(one.elements), _plain(one.description), _plain(one.lineage), *_runs(one)]
    return _canonical([list(one.remains), one.transfer, str(one.sex), str(one.age_min), str(one.age_max), beside])


def digest_of_pedigree(family: Family) -> str:
    """SHA-256 of who is whose child, and of what else the pedigree says of its people."""
    persons, twins = _pedigree(family)
    # Whole numbers as floats are what canonical bytes take long over, and every person has one.
    return _canonical([[[*row, str(inbreeding)] for *row, inbreeding in persons], twins])


def digest_beside_pedigree(family: Family) -> str:
    """SHA-256 of everything that is recorded of a family beside its pedigree and its samples' readings."""
    beside = [_plain(family.descriptions), _plain(family.lineages)]
    return _canonical([list(family.missing), dict(family.missing_since), sorted(family.no_unlisted_sibling), beside])


def describe_settings(operation: Operation) -> dict[str, Any]:
    """All settings as plain values, ready for JSON."""
    plain = _plain(operation.settings)
    if not isinstance(plain, dict):
        raise TypeError("settings are an object")
    plain["mutation"] = operation.settings.mutation.describe()
    plain["mutation_by_marker"] = {
        name: mutation.describe() for name, mutation in operation.settings.mutation_by_marker.items()
    }
    plain["rare_alleles"] = operation.settings.rare_alleles.describe()
    return plain


class _Writer:
    """Writes profiles as JSON, markers in order, without blanks.

    Readings that are one object in many samples, as the readers of profiles share them, are written once.
    """

    def __init__(self) -> None:
        self._texts: dict[str, dict[int, str]] = defaultdict(dict)  # by marker and identity of the tuple of readings
        self._held: list[tuple[Reading, ...]] = []  # while they are held, nothing else has their identity

    def profile(self, profile: Profile) -> str:
        readings, texts, written = profile.readings, self._texts, []
        for name in sorted(readings):
            these = readings[name]
            text = texts[name].get(id(these))
            written.append(self._write(name, these) if text is None else text)
        return f"{{{','.join(written)}}}"

    def _write(self, name: str, these: tuple[Reading, ...]) -> str:
        text = f"{_json(name)}:{_json(_texts(these))}"
        if type(these) is tuple:  # nothing else is sure not to change
            if len(self._held) >= MOST_TEXTS:
                self._texts.clear()
                self._held.clear()
            self._held.append(these)
            self._texts[name][id(these)] = text
        return text


def _digest_of_profile(profile: Profile, text: str) -> str:
    """SHA-256 of the canonical bytes of what was read, whatever the sample is called; `text` is what is written of it.

    Beyond ASCII canonical bytes may order the markers otherwise, or have no form. There is no number in it.
    """
    return _sha256_of_text(text) if text.isascii() else _canonical(_profile(profile))


def _individual(one: Individual, profile: str) -> str:
    """The JSON of an individual, whose profile is written already."""
    before = _json([one.id, list(one.remains), one.transfer, str(one.sex), one.age_min, one.age_max])
    beside = _json([_plain(one.elements), _plain(one.description), _plain(one.lineage), *_runs(one)])
    return f"{before[:-1]},{profile},{beside}]"


def _runs(one: Individual) -> list[dict[str, str]]:
    """Nothing where no run is known: then a case has the digest that it had before runs were recorded."""
    return [dict(one.runs)] if one.runs else []


def _family(family: Family, profiles: Mapping[str, str]) -> str:
    """The JSON of a family, whose profiles are written already."""
    persons, twins = _pedigree(family)
    before = _json([family.name, persons, list(family.missing)])
    beside = [sorted(family.no_unlisted_sibling), _plain(family.descriptions), _plain(family.lineages)]
    after = _json([twins, dict(family.missing_since), beside])
    written = ",".join([f"{_json(person)}:{profiles[person]}" for person in sorted(profiles)])
    return f"{before[:-1]},{{{written}}},{after[1:]}"


def _pedigree(family: Family) -> tuple[list[Any], list[Any]]:
    persons = [
        [person.id, person.father, person.mother, str(person.sex), person.birth_year, person.inbreeding]
        for person in family.pedigree.persons
    ]
    return persons, sorted(sorted(group) for group in family.pedigree.twins)


def _profile(profile: Profile) -> dict[str, list[str]]:
    return {name: _texts(these) for name, these in profile.readings.items()}


def _texts(readings: Iterable[Reading]) -> list[str]:
    return [f"{reading} {reading.reads}" for reading in readings]


def _plain(value: Any) -> Any:
    if value is None or type(value) in (str, int, float, bool):
        return value
    if type(value) is dict:  # asked first, for the others take long
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, Enum):
        return str(value.value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, AbstractSet):
        return sorted(_plain(one) for one in value)
    if isinstance(value, Iterable) and not isinstance(value, str | bytes):
        return [_plain(one) for one in value]
    return value


def _canonical(value: Any) -> str:
    """SHA-256 of the canonical bytes of a value of which nothing but what JSON knows is part."""
    text = _json(value)
    if not _SPELLED_OTHERWISE.search(text):
        return _sha256_of_text(text)
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _sha256(value: Any) -> str:
    return _sha256_of_text(_json(value))


class _ListDigest:
    """SHA-256 of a JSON list whose items come as text, one after the other: it never stands in memory as a whole."""

    def __init__(self) -> None:
        self._sha256, self._before = hashlib.sha256(b"["), ""

    def add(self, text: str) -> None:
        self._sha256.update(f"{self._before}{text}".encode())
        self._before = ","

    def digest(self) -> str:
        self._sha256.update(b"]")
        return self._sha256.hexdigest()


def _sha256_of_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
