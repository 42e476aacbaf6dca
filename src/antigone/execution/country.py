"""The search at the scale of a country, cut into tiles, with everything counted that its certificate needs."""

import hashlib
import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from antigone.execution.country_work import CountryWork
from antigone.execution.engine import engine
from antigone.execution.results import result_of_bytes
from antigone.execution.running import run_tiles
from antigone.execution.store import TileStore
from antigone.execution.tiles import Tile, TileExecutor
from antigone.ledger.canonical import canonical_bytes
from antigone.matching.batched_tables import Sought
from antigone.matching.classes import marker_classes
from antigone.matching.coincidences import CoincidenceCount
from antigone.matching.conclusions import ProvisionalHit, Stages, provisional_hits
from antigone.matching.consistency import check_families
from antigone.matching.country_certificate import CountryCertificate, certify_country
from antigone.matching.country_coincidences import country_coincidences
from antigone.matching.country_result import CountryResult, country_result
from antigone.matching.country_search import plan_tiles
from antigone.matching.digests import PeopleDigests, digests, digests_of_people
from antigone.matching.near_matches import NearMatch, near_matches
from antigone.matching.operation import Operation, SettingsError
from antigone.matching.parentage import Verdict
from antigone.matching.preparation import Prepared, prepare

# What a tile is a digest of, and what its result looks like: another of either is another number.
FORM = "antigone tile of a country search 1"


@dataclass(frozen=True, eq=False)
class CountryConclusions:
    """A search, and the families whose samples do not fit their pedigree: those were compared sample by sample too.

    `near` are remains that are all but the same as somebody's own sample.
    """

    result: CountryResult
    doubtful: tuple[str, ...]
    provisional: tuple[ProvisionalHit, ...]
    provisional_pairs: Mapping[str, int]
    near: tuple[NearMatch, ...] = ()

    def certificate(self) -> CountryCertificate:
        """That all was searched. Raises `IncompleteSearchError`."""
        return certify_country(self.result, engine(), doubtful=self.doubtful, provisional_pairs=self.provisional_pairs)


def conclude_country(
    operation: Operation,
    executor: TileExecutor,
    *,
    threshold: float | None = None,
    store: TileStore | None = None,
    stages: Stages | None = None,
) -> CountryConclusions:
    """Search in tiles, and doubtful families sample by sample (here, in threads). Each remains is an individual."""

    def at(stage: str) -> Callable[[int, int], None]:
        return lambda done, total: None if stages is None else stages(stage, done, total)

    result = search_in_tiles(operation, executor, threshold=threshold, store=store, progress=at("Comparing, in tiles"))
    reports = check_families(operation.families, result.prepared, operation.settings, progress=at("Checking families"))
    with_threshold = replace(operation, settings=replace(operation.settings, threshold=result.hits.threshold))
    provisional, pairs = provisional_hits(with_threshold, reports, at("Comparing doubtful families sample by sample"))
    doubtful = tuple(one.family for one in reports if one.verdict is Verdict.DOUBTFUL)
    at("Comparing with missing persons' own samples")(0, 1)
    near = near_matches(operation.individuals, operation.families, operation.settings.markers)
    return CountryConclusions(result, doubtful, provisional, pairs, near)


def country_chance(
    result: CountryResult, threads: int | None = None, progress: Callable[[int, int], None] | None = None
) -> CoincidenceCount:
    """What chance alone would give in the whole search, computed here; see `matching.country_coincidences`."""
    operation, prepared = result.operation, result.prepared
    classes = marker_classes(operation.individuals, prepared.models, operation.settings)
    threads = threads or os.cpu_count() or 1
    return country_coincidences(operation, prepared, classes, len(result.missing), threads=threads, progress=progress)


def search_in_tiles(
    operation: Operation,
    executor: TileExecutor,
    *,
    threshold: float | None = None,
    store: TileStore | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> CountryResult:
    """`country_search.search_country`, computed by whomever: the same bytes. Raises `SettingsError`."""
    floor = operation.settings.threshold if threshold is None else threshold
    if not math.isfinite(floor):
        raise SettingsError(f"the threshold is a log10 LR, got {floor}")
    prepared = prepare(operation)
    missing = operation.missing_persons()
    people = digests_of_people(operation)
    classes = marker_classes(operation.individuals, prepared.models, operation.settings)
    work = CountryWork(operation.individuals, prepared, operation.settings, floor, engine(), classes)
    plan = plan_tiles(missing, prepared)
    tiles = list(_tiles(people, prepared, floor, missing, plan))
    found = map(result_of_bytes, run_tiles(work, tiles, executor, store=store, progress=progress))
    of_tiles = zip(plan, found, strict=True)
    return country_result(
        operation, prepared, floor, of_tiles, tuple(one.digest for one in tiles), classes=classes, people=people
    )


def _tiles(
    people: PeopleDigests,
    prepared: Prepared,
    threshold: float,
    missing: Sequence[Sought],
    plan: Sequence[NDArray[np.int64]],
) -> Iterator[Tile]:
    """Tiles with the digest of everything that their results follow from: of all families, their own alone."""
    operation = people.operation
    nobody = digests_of_people(replace(operation, individuals=(), families=()))
    search = {**digests(operation, prepared, people), "families": nobody.all_families}
    common = {"form": FORM, "engine": dict(engine()), "search": search, "threshold": str(threshold)}
    family = {id(one): digest for one, digest in zip(operation.families, people.families, strict=True)}
    for members in plan:
        sought = [missing[j] for j in members.tolist()]
        of = [[family[id(one)], person] for one, person in sought]
        digest = hashlib.sha256(canonical_bytes({**common, "missing": of})).hexdigest()
        yield Tile(digest, f"{len(sought):,} missing persons from family {sought[0][0].name} on", sought)
