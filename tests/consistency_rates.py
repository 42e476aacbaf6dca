"""How often a check of families finds what went wrong, and how often it doubts one in which nothing did.

    python tests/consistency_rates.py --scale 0.2 --seed 4 --hostile

Misattributed fathers are counted by what the samples can tell: "typed pair" (both gave a sample), "others typed" (the
samples hold the relation by others), "cannot be told" (every arrangement of the samples is as probable as without it).
"""

import argparse
import time
from collections import Counter, defaultdict
from dataclasses import dataclass

from antigone.matching.arrangements import Doubt
from antigone.matching.consistency import ConsistencySettings, FamilyReport, check_families
from antigone.matching.operation import Family
from antigone.matching.parentage import Verdict
from antigone.matching.preparation import prepare
from antigone.scenarios.simulate import Scenario, simulate


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
    asked = parser.parse_args()
    found = measure(asked.scale, asked.seed, hostile=asked.hostile)
    print(f"{'what is true of the family':<45} families  doubtful  most probable")
    for what, count in sorted(found.families.items()):
        print(f"{what:<45} {count:>8}  {found.doubtful.get(what, 0):>8}  {found.first[what]:>13}")
    print(f"{found.seconds:.0f} s of one core")


if __name__ == "__main__":
    main()
