"""A digest changes with everything that a conclusion may rest on."""

import hashlib
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antigone.genetics.alleles import Named, Repeat, Unknown
from antigone.genetics.haplotypes import Lineage, LineageDatabases, YDatabase, YHaplotype
from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile
from antigone.ledger.canonical import CanonicalError, canonical_bytes
from antigone.matching import digests as digesting
from antigone.matching.description import Description
from antigone.matching.digests import digests, digests_of_people
from antigone.matching.operation import Family, Individual
from antigone.matching.preparation import prepare
from antigone.matching.prior import Prior, Shares
from examples import examples
from small_operation import small_operation


def of(operation):
    return digests(operation, prepare(operation))


LINEAGE = Lineage(YHaplotype("S9", {"DYS391": (Repeat(10),)}))


def with_individual(**changes):
    operation = small_operation()
    return replace(operation, individuals=(replace(operation.individuals[0], **changes), *operation.individuals[1:]))


def with_family(**changes):
    operation = small_operation()
    return replace(operation, families=(replace(operation.families[0], **changes), *operation.families[1:]))


def with_settings(**changes):
    operation = small_operation()
    return replace(operation, settings=replace(operation.settings, **changes))


@pytest.mark.parametrize(
    ("changed", "which"),
    [
        (with_individual(elements=("skull",)), "profiles of individuals"),
        (with_individual(remains=("R1", "R9")), "profiles of individuals"),
        (with_individual(transfer="T9"), "profiles of individuals"),
        (with_individual(description=Description(hair="brown")), "profiles of individuals"),
        (with_individual(lineage=LINEAGE), "profiles of individuals"),
        (with_family(no_unlisted_sibling=frozenset({"F1-M1"})), "families"),
        (with_family(descriptions={"F1-M1": Description(hair="brown")}), "families"),
        (with_family(lineages={"F1-FA": LINEAGE}), "families"),
        (with_settings(priors=(Prior("one", Shares(0.6, 0.1, 0.3)),)), "settings"),
        (
            replace(small_operation(), lineage_databases=LineageDatabases(y=YDatabase((LINEAGE.y,), (3,), "made up"))),
            "databases of lineages",
        ),
    ],
)
def test_a_change_shows_in_its_digest_and_in_no_other(changed, which):
    before, after = of(small_operation()), of(changed)
    assert {name for name in before if before[name] != after[name]} == {which}


# --- the same as writing everything anew ------------------------------------------------------------------------------

SHARED = [
    (Reading.of(Repeat(12), Repeat(13)),),
    (Reading.of(Repeat(9, 3), Unknown()), Reading.of(Repeat(9, 3), Repeat(11))),
    (Reading.of(Named('a "b"'), Named("β")),),
    (),
]
# The last two stand in another order in canonical bytes than in the text of a digest of all.
MARKERS = ["TH01", "D3S1358", 'mine "A"', "Ω", "\uffee", "\U00010400"]


@st.composite
def profiles(draw) -> Profile:
    """Markers in any order, some readings one object in several samples and some equal to it; at times a list."""
    readings = {}
    for name in draw(st.lists(st.sampled_from(MARKERS), unique=True)):
        these = draw(st.sampled_from(SHARED))
        readings[name] = draw(st.sampled_from([these, (*these,), list(these)]))
    return Profile(draw(st.sampled_from(["S1", "S2"])), readings)


def plainly(profile: Profile) -> dict[str, list[str]]:
    return {name: [f"{one} {one.reads}" for one in readings] for name, readings in profile.readings.items()}


def sha256(value) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def individual_plainly(one: Individual) -> list:
    beside = [list(one.elements), None, None]
    sex = str(one.sex)
    return [one.id, list(one.remains), one.transfer, sex, one.age_min, one.age_max, plainly(one.profile), beside]


def family_plainly(family: Family) -> list:
    persons = [
        [one.id, one.father, one.mother, str(one.sex), one.birth_year, one.inbreeding]
        for one in family.pedigree.persons
    ]
    twins = sorted(sorted(group) for group in family.pedigree.twins)
    samples = {name: plainly(profile) for name, profile in family.profiles.items()}
    beside = [sorted(family.no_unlisted_sibling), {}, {}]
    return [family.name, persons, list(family.missing), samples, twins, dict(family.missing_since), beside]


@pytest.mark.parametrize("most", [1, 3, digesting.MOST_TEXTS])
@given(st.lists(profiles(), max_size=6), st.data())
@examples(60)
def test_digests_are_those_of_the_whole_text(most, read, data):
    operation = small_operation()
    dead = tuple(
        replace(data.draw(st.sampled_from(operation.individuals)), id=f"R{k}", profile=one, elements=("skull",))
        for k, one in enumerate(read)
    )
    of_families = st.dictionaries(st.sampled_from(["F1-MO", "F1-FA", "é"]), profiles(), max_size=3)
    families = tuple(
        replace(data.draw(st.sampled_from(operation.families)), profiles=data.draw(of_families)) for _ in read
    )
    prepared = prepare(operation)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(digesting, "MOST_TEXTS", most)
        found = digests(replace(operation, individuals=dead, families=families), prepared)
        assert found["profiles of individuals"] == sha256([individual_plainly(one) for one in dead])
        assert found["families"] == sha256([family_plainly(one) for one in families])
        people = digests_of_people(replace(operation, individuals=dead, families=families))
        assert people.families == tuple(sha256(family_plainly(one)) for one in families)
        assert people.profiles == tuple(canonical_sha256(one) for one in read)
        assert people.samples == tuple(
            {person: canonical_sha256(profile) for person, profile in one.profiles.items()} for one in families
        )


def canonical_sha256(profile: Profile) -> str:
    return hashlib.sha256(canonical_bytes(plainly(profile))).hexdigest()


def test_what_was_remembered_of_a_profile_hides_no_change_of_it():
    operation = small_operation()
    before = of(operation)
    first, family = operation.individuals[0], operation.families[0]
    other = {**first.profile.readings, "TH01": (Reading.of(Repeat(6), Repeat(8)),)}
    changed = replace(first, profile=replace(first.profile, readings=other))
    donor = family.profiles["F1-FA"]
    less = replace(donor, readings={name: these for name, these in donor.readings.items() if name != "FGA"})
    after = of(
        replace(
            operation,
            individuals=(changed, *operation.individuals[1:]),
            families=(replace(family, profiles={**family.profiles, "F1-FA": less}), *operation.families[1:]),
        )
    )
    assert {name for name in before if before[name] != after[name]} == {"profiles of individuals", "families"}
    assert of(operation) == before


plain_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=3)
    | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(["2024.5", "a,1.5", "[-1e5", "é", "12:30.5"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(plain_values)
def test_a_digest_of_canonical_bytes_is_of_those_whichever_encoder_wrote_them(value):
    try:
        expected = hashlib.sha256(canonical_bytes([value])).hexdigest()
    except CanonicalError:
        with pytest.raises(CanonicalError):
            digesting._canonical([value])
    else:
        assert digesting._canonical([value]) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2**53, -(2**53), 10**15 * 16])
def test_what_has_no_canonical_bytes_has_no_digest(value):
    for around in ([value], {"a": value}, [0, value]):
        with pytest.raises(CanonicalError):
            digesting._canonical(around)


def test_digests_of_other_people_are_refused():
    operation = small_operation()
    with pytest.raises(ValueError, match="another operation"):
        digests(operation, prepare(operation), digests_of_people(small_operation()))


def test_readings_that_change_under_way_are_written_as_they_are():
    # Nothing in the program does this: readings that are exchanged in a profile, and a list of them that grows.
    readings = {"TH01": (Reading.of(Repeat(6), Repeat(9)),), "FGA": [Reading.of(Repeat(20), Repeat(22))]}
    profile, writer = Profile("S1", readings), digesting._Writer()
    first = writer.profile(profile)
    assert writer.profile(profile) == first == '{"FGA":["20/22 alleles"],"TH01":["6/9 alleles"]}'
    readings["TH01"] = (Reading.of(Repeat(6), Repeat(8)),)
    readings["FGA"].append(Reading.of(Repeat(20), Unknown()))
    assert writer.profile(profile) == '{"FGA":["20/22 alleles","20/? other unseen"],"TH01":["6/8 alleles"]}'
