"""How often a check of families finds what went wrong, and how often it doubts one in which nothing did.

    python tests/consistency_rates.py --scale 0.2 --seed 4 --hostile    # a whole operation
    python tests/consistency_rates.py --errors 150 --seed 1             # so many families of each error in turn

Misattributed fathers are counted by what the samples can tell: "typed pair" (both gave a sample), "others typed" (the
samples hold the relation by others), "cannot be told" (every arrangement of the samples is as probable as without it).
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from antigone.genetics.alleles import Named
from antigone.genetics.frequencies import nist_1036_caucasian
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.genetics.simulation import drop_alleles
from antigone.matching.arrangements import Doubt
from antigone.matching.consistency import ConsistencySettings, FamilyReport, check_families
from antigone.matching.operation import Family, Operation, Settings
from antigone.matching.parentage import Verdict
from antigone.matching.preparation import Prepared, prepare
from antigone.scenarios.simulate import Scenario, kit_markers, simulate

MUTATION = Mutation(female=Stepwise(0.0003, 0.02, 1e-6), male=Stepwise(0.0018, 0.02, 1e-6))
SETTINGS = Settings(kit_markers("GlobalFiler"), mutation=MUTATION)
PREPARED = prepare(Operation("", (), (), nist_1036_caucasian(), SETTINGS))

FA, MO = Person("FA", sex=Sex.MALE), Person("MO", sex=Sex.FEMALE)
SON, BROTHER = Person("M1", "FA", "MO", Sex.MALE), Person("B1", "FA", "MO", Sex.MALE)
SISTER = Person("S1", "FA", "MO", Sex.FEMALE)
GRANDFATHER, GRANDMOTHER = Person("GF", sex=Sex.MALE), Person("GM", sex=Sex.FEMALE)


def simulated(
    true: Sequence[Person],
    recorded: Sequence[Person],
    typed: Mapping[str, str],
    rng: np.random.Generator,
    *,
    name: str = "F1",
    prepared: Prepared = PREPARED,
) -> Family:
    """A family by chance: alleles go down the true pedigree; `typed` says who stands where in the recorded one."""
    people = Pedigree.build(true).persons
    position = {person.id: i for i, person in enumerate(people)}
    fathers = np.array([position.get(person.father or "", -1) for person in people])
    mothers = np.array([position.get(person.mother or "", -1) for person in people])
    codes = drop_alleles(fathers, mothers, prepared.models, rng)
    profiles = {}
    for recorded_as, giver in typed.items():
        readings = {
            model.name: (Reading.of(*(model.alleles[a] for a in codes[position[giver], m])),)
            for m, model in enumerate(prepared.models)
        }
        sex = people[position[giver]].sex
        readings["AMEL"] = (Reading.of(Named("X"), Named("Y" if sex is Sex.MALE else "X")),)
        profiles[recorded_as] = Profile(f"sample of {recorded_as}", readings)
    return Family(name, Pedigree.build(recorded, family=name), ("M1",), profiles)


TRIO = (FA, MO, SON)
THREE_GENERATIONS = (GRANDFATHER, GRANDMOTHER, replace(FA, father="GF", mother="GM"), MO, SON)
SIBLINGS = (FA, MO, SON, BROTHER, SISTER)
STRANGER = Person("other", sex=Sex.MALE)

# What is true, what is recorded, who gave which sample, and the change that explains it.
ERRORS = {
    "a stranger's sample": (
        (*TRIO, STRANGER), TRIO, {"FA": "FA", "MO": "MO", "M1": "other"}, (Doubt.NOT_OF_FAMILY, ("M1",))
    ),
    "two samples exchanged": (
        THREE_GENERATIONS, THREE_GENERATIONS, {"GF": "GF", "FA": "M1", "M1": "FA"}, (Doubt.EXCHANGED, ("FA", "M1"))
    ),
    "one person's sample twice": (SIBLINGS, SIBLINGS, {"M1": "M1", "B1": "M1"}, (Doubt.SAME_PERSON, ("M1", "B1"))),
    "an uncle as father": (
        (GRANDFATHER, GRANDMOTHER, replace(FA, father="GF", mother="GM"), MO, SON,
         Person("uncle", "GF", "GM", Sex.MALE)),
        TRIO, {"FA": "uncle", "MO": "MO", "M1": "M1"}, (Doubt.SIBLING_OF_PARENT, ("FA",)),
    ),
    "half-siblings by the father as full ones": (
        (*TRIO, BROTHER, replace(SISTER, mother="other"), Person("other", sex=Sex.FEMALE)), SIBLINGS,
        {"MO": "MO", "M1": "M1", "B1": "B1", "S1": "S1"}, (Doubt.OTHER_MOTHER, ("MO", "S1")),
    ),
    "half-siblings by the mother as full ones": (
        (*TRIO, BROTHER, replace(SISTER, father="other"), STRANGER), SIBLINGS,
        {"M1": "M1", "B1": "B1", "S1": "S1"}, (Doubt.OTHER_FATHER, ("FA", "S1")),
    ),
    "another father": (
        (FA, MO, replace(SON, father="other"), STRANGER, BROTHER), SIBLINGS[:4],
        {"FA": "FA", "MO": "MO", "M1": "M1", "B1": "B1"}, (Doubt.OTHER_FATHER, ("FA", "M1")),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Rates:
    """`doubtful` and `families` by what is true of them; `seconds` of one core."""

    families: dict[str, int]
    doubtful: dict[str, int]
    seconds: float
    first: Counter[str]  # of doubtful families: whether the true change is the most probable, by what is true

    def rate(self, what: str) -> float:
        """The share of these families that are doubtful."""
        return self.doubtful.get(what, 0) / max(self.families.get(what, 0), 1)


def measure(scale: float, seed: int, *, hostile: bool, rates: ConsistencySettings | None = None) -> Rates:
    """Simulate an operation and check its families."""
    scenario = simulate("june-2025", scale=scale, seed=seed, hostile=hostile)
    operation = scenario.operation
    prepared = prepare(operation)
    start = time.process_time()
    reports = check_families(operation.families, prepared, operation.settings, rates)
    seconds = time.process_time() - start
    children, swapped, mistyped = _untold(scenario)
    families: Counter[str] = Counter()
    doubtful: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for family, report in zip(operation.families, reports, strict=True):
        if report.verdict is Verdict.UNTESTED:
            continue
        what = _what_is_true(family, report, children[family.name], swapped, mistyped)
        families[what] += 1
        if report.verdict is Verdict.DOUBTFUL:
            doubtful[what] += 1
            first[what] += _is_first(family, report, children[family.name], swapped)
    return Rates(dict(families), dict(doubtful), seconds, first)


def measure_errors(count: int, seed: int) -> Rates:
    """So many families of each error of `ERRORS`, and as many with the same samples and no error."""
    rng = np.random.default_rng(seed)
    families: list[Family] = []
    for name, (true, recorded, typed, _) in ERRORS.items():
        honest = {person: person for person in typed}
        for _ in range(count):
            families.append(simulated(true, recorded, typed, rng, name=name))
            families.append(simulated(recorded, recorded, honest, rng, name=f"nothing wrong, as in {name}"))
    start = time.process_time()
    reports = check_families(families, PREPARED, SETTINGS)
    seconds = time.process_time() - start
    doubtful, first = Counter[str](), Counter[str]()
    for report in reports:
        if report.verdict is Verdict.DOUBTFUL:
            doubtful[report.family] += 1
            best = report.finding.details().alternatives[0].changes
            true_change = ERRORS[report.family][3] if report.family in ERRORS else None
            first[report.family] += [(one.doubt, one.persons) for one in best] == [true_change]
    return Rates(dict(Counter(family.name for family in families)), dict(doubtful), seconds, first)


def _untold(scenario: Scenario) -> tuple[dict[str, set[str]], set[str], set[str]]:
    """Children whose father is another, by family; samples that changed labels; samples with a typing error."""
    children: dict[str, set[str]] = defaultdict(set)
    samples: dict[str, set[str]] = defaultdict(set)
    for one in scenario.untold:
        if one.kind == "misattributed paternity":
            children[one.ids[0].rpartition("-")[0]].add(one.ids[0])
        else:
            samples[one.kind] |= set(one.ids)
    return children, samples["label swap"], samples["typing error"]


def _what_is_true(
    family: Family, report: FamilyReport, children: set[str], swapped: set[str], mistyped: set[str]
) -> str:
    samples = {profile.sample for profile in family.profiles.values()}
    details = report.finding.details()
    told = {(change.doubt, change.persons) for one in details.alternatives for change in one.changes}
    if samples & swapped:
        mislabelled = {person for person, profile in family.profiles.items() if profile.sample in swapped}
        can_tell = any(doubt is Doubt.NOT_OF_FAMILY and persons[0] in mislabelled for doubt, persons in told)
        return "label swap" if can_tell else "label swap, cannot be told"
    if children:
        if any(child in family.profiles and family.pedigree[child].father in family.profiles for child in children):
            return "misattributed paternity, typed pair"
        can_tell = any(doubt is Doubt.OTHER_FATHER and children & set(persons[1:]) for doubt, persons in told)
        return f"misattributed paternity, {'others typed' if can_tell else 'cannot be told'}"
    return "typing error only" if samples & mistyped else "nothing wrong"


def _is_first(family: Family, report: FamilyReport, children: set[str], swapped: set[str]) -> bool:
    """Whether what is true is part of the most probable alternative, or of one as probable to a factor of two."""
    details = report.finding.details()
    best = details.alternatives[0].posterior
    persons = {person for person, profile in family.profiles.items() if profile.sample in swapped}
    for one in details.alternatives:
        for change in one.changes if one.posterior >= best / 2 else ():
            if change.doubt is Doubt.OTHER_FATHER and children & set(change.persons[1:]):
                return True
            if change.doubt is Doubt.NOT_OF_FAMILY and persons & set(change.persons):
                return True
    return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--hostile", action="store_true")
    parser.add_argument("--errors", type=int)
    asked = parser.parse_args()
    if asked.errors:
        found = measure_errors(asked.errors, asked.seed)
    else:
        found = measure(asked.scale, asked.seed, hostile=asked.hostile)
    print(f"{'what is true of the family':<45} families  doubtful  most probable")
    for what, count in sorted(found.families.items()):
        print(f"{what:<45} {count:>8}  {found.doubtful.get(what, 0):>8}  {found.first[what]:>13}")
    print(f"{found.seconds:.0f} s of one core")


if __name__ == "__main__":
    main()
