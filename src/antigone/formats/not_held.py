"""What no file of another program holds of a case, said by each writer: neither Familias nor PED nor CODIS CMF."""

from collections.abc import Iterator

from antigone.matching.operation import Operation


def held_by_case_folders_alone(operation: Operation) -> Iterator[str]:
    """What only a case folder holds of this case, in words."""
    individuals = operation.individuals
    if any(one.elements for one in individuals):
        yield "which parts of a body the remains are"
    if any(one.runs for one in individuals):
        yield "in which laboratory runs samples were typed"
    if any(len(one.remains) > 1 for one in individuals):
        yield "of which remains each individual is put together"
    if any(family.no_unlisted_sibling for family in operation.families):
        yield "of which missing persons a family said that they have no unlisted sibling"
    if any(family.descriptions for family in operation.families) or any(one.description for one in individuals):
        yield "descriptions"
    if operation.lineage_databases.y is not None or operation.lineage_databases.mt is not None:
        yield "the databases in which haplotypes are counted"
    if operation.elimination:
        yield "the elimination list"
    if operation.mixtures:
        yield f"mixtures: {', '.join(one.id for one in operation.mixtures)}"


def names_of_samples_are_lost(operation: Operation) -> bool:
    """Whether samples have names of their own, which a file loses that names persons and remains alone."""
    return any(one.samples and one.samples != (one.id,) for one in operation.individuals) or any(
        profile.sample not in ("", person)
        for family in operation.families
        for person, profile in family.profiles.items()
    )


def years_missing_are_lost(operation: Operation) -> bool:
    """Whether it is known when people went missing, or when the dead were found."""
    return operation.settings.year is not None or any(family.missing_since for family in operation.families)
