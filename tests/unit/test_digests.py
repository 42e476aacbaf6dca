"""A digest changes with everything that a conclusion may rest on."""

from dataclasses import replace

import pytest

from antigone.genetics.alleles import Repeat
from antigone.genetics.haplotypes import Lineage, LineageDatabases, YDatabase, YHaplotype
from antigone.matching.description import Description
from antigone.matching.digests import digests
from antigone.matching.preparation import prepare
from antigone.matching.prior import Prior, Shares
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
