"""Digests of what a search was given: the same input has the same digest, whatever files it came from."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

from antigone.genetics.profiles import Profile
from antigone.ledger.canonical import canonical_bytes
from antigone.matching.operation import Family, Individual, Operation
from antigone.matching.preparation import Prepared


def digests(operation: Operation, prepared: Prepared) -> dict[str, str]:
    """SHA-256 of profiles, families, lineage databases, the frequency table as published and as used, and settings."""
    listed = [[one.id, one.role, str(one.sex), _profile(one.profile)] for one in operation.elimination]
    return {
        "profiles of individuals": _sha256([_individual(one) for one in operation.individuals]),
        "families": _sha256([_family(family) for family in operation.families]),
        "databases of lineages": _sha256(_plain(operation.lineage_databases)),
        "frequency table": prepared.frequencies.table_digest,
        "frequencies as used": prepared.frequencies.digest,
        "settings": _sha256(describe_settings(operation)),
        **({"elimination list": _sha256(listed)} if listed else {}),
    }


def digest_of_profile(profile: Profile) -> str:
    """SHA-256 of the readings, whatever the sample is called."""
    return _canonical(_profile(profile))


def digest_beside_profile(one: Individual) -> str:
    """SHA-256 of everything else that is recorded of an individual: sex, ages, place, description, lineage."""
    beside = [_plain(one.elements), _plain(one.description), _plain(one.lineage), *_runs(one)]
    return _canonical([list(one.remains), one.transfer, str(one.sex), str(one.age_min), str(one.age_max), beside])


def digest_of_family(family: Family) -> str:
    """SHA-256 of everything that is recorded of a family."""
    return _sha256(_family(family))


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


def _runs(one: Individual) -> list[dict[str, str]]:
    """Nothing where no run is known: then a case has the digest that it had before runs were recorded."""
    return [dict(one.runs)] if one.runs else []


def _individual(one: Individual) -> list[Any]:
    beside = [_plain(one.elements), _plain(one.description), _plain(one.lineage), *_runs(one)]
    return [
        one.id,
        list(one.remains),
        one.transfer,
        str(one.sex),
        one.age_min,
        one.age_max,
        _profile(one.profile),
        beside,
    ]


def _family(family: Family) -> list[Any]:
    persons, twins = _pedigree(family)
    profiles = {name: _profile(profile) for name, profile in family.profiles.items()}
    beside = [sorted(family.no_unlisted_sibling), _plain(family.descriptions), _plain(family.lineages)]
    return [family.name, persons, list(family.missing), profiles, twins, dict(family.missing_since), beside]


def _pedigree(family: Family) -> tuple[list[Any], list[Any]]:
    persons = [
        [person.id, person.father, person.mother, str(person.sex), person.birth_year, person.inbreeding]
        for person in family.pedigree.persons
    ]
    return persons, sorted(sorted(group) for group in family.pedigree.twins)


def _profile(profile: Profile) -> dict[str, list[str]]:
    return {name: [f"{reading} {reading.reads}" for reading in these] for name, these in profile.readings.items()}


def _plain(value: Any) -> Any:
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
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


def _sha256(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
