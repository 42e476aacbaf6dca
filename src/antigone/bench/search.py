"""How long a search at the scale of a country takes: from CSV on disk to ranked lists on disk, and every stage of it.

The whole is timed in a process of its own, from its start to its end, start-up and all, so that nothing is warm but the
compiled code on disk and the peak of memory is its own. The stages are then timed once more, one after the other on one
core, by the core's own clock: beside other work on the machine the clock on the wall says little. The limit is taken in
the same run, between blocks: vectors loaded from the first-level cache and nothing done with them.

A sample of at least 10⁸ pairs is computed again by elimination and plain sums in double precision. All hits of the
sample must be the same, and their log10 LRs within 10⁻⁹.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from antigone.bench.machine import peak_bytes
from antigone.bench.register import Register, make_register, read_register
from antigone.genetics.genotype_rows import genotype_rows
from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile
from antigone.matching.country_search import Comparing, CountryHits, search_groups
from antigone.matching.family_groups import FamilyGroup, GroupTables
from antigone.matching.kernel.adding import LANES, empty_bytes, read_vectors, survivors, survivors_plainly
from antigone.matching.kernel.deficits import Reach, fill_deficits
from antigone.matching.kernel.filtering import filtered
from antigone.matching.operation import Family, Individual
from antigone.matching.resident import ResidentHits, ResidentSearch
from antigone.matching.tables import hardy_weinberg

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
T = TypeVar("T")

SAMPLE = 10**8  # pairs that are computed again
BEST = 10
PROFILES = 20  # that are asked for again, one by one
FEWEST_VECTORS = 2**19


@dataclass(frozen=True, slots=True)
class SearchSize:
    """How much is searched, and by how many cores."""

    remains: int = 30_000
    missing: int = 70_000
    markers: int = 24
    seed: int = 1
    cores: int = 1


@dataclass(frozen=True, slots=True)
class SearchFigure:
    """One search, timed. Seconds are of the clock where `total` says so, else of one core."""

    remains: int
    missing: int
    markers: int
    seed: int
    cores: int
    pairs: int
    hits: int
    survived: int
    seconds_total: float  # of the clock: the process from its start to its end
    core_seconds_total: float  # all its threads together, start-up too
    seconds_start: float  # of the clock: until everything is imported
    seconds_read: float
    core_seconds_read: float  # of all threads together
    core_seconds_search: float
    core_seconds_write: float
    seconds_to_first_pair: float  # of a core, from what was read, with compiled code on disk
    seconds_search: float
    seconds_write: float
    seconds_tables: float  # of a core, all families
    seconds_deficits: float
    seconds_kernel: float
    seconds_rescoring: float
    pairs_per_second_per_core: float
    limit_pairs_per_second_per_core: float
    share_of_limit: float
    times_plain: float  # how much longer the plain NumPy twin of the kernel takes on the same blocks
    families_per_second_per_core: float
    peak_rss_bytes: int
    load_average: tuple[float, float, float]
    load_average_after: tuple[float, float, float]
    true_pairs: int
    true_pairs_in_best: int  # of those, how many stand among the best of their individual
    pairs_compared_with_reference: int
    largest_difference: float  # of a hit's log10 LR from the reference
    identical_to_reference: bool
    milliseconds_one_profile: float  # of a core, by the search that stays in memory: the median of some
    milliseconds_one_family: float
    resident_bytes: int
    resident_identical: bool  # these hits are those of the search

    def as_row(self) -> dict[str, object]:
        """As JSON has it."""
        return asdict(self)


def search_figure(size: SearchSize, keep: Path | None = None) -> SearchFigure:
    """Make a register, search it in another process, and time the stages of the same search in this one.

    With `keep` the input and result files stay in that folder.
    """
    if keep is not None:
        return _figure(keep, size)
    with TemporaryDirectory() as folder:
        return _figure(Path(folder), size)


def _figure(folder: Path, size: SearchSize) -> SearchFigure:
    make_register(folder, remains=size.remains, missing=size.missing, markers=size.markers, seed=size.seed)
    search_elsewhere(folder, size.cores)  # whatever is not compiled yet is compiled now
    load = os.getloadavg()
    whole = search_elsewhere(folder, size.cores)
    register = read_register(folder)
    stages = Stages.of(register)
    compared, identical, largest = compare_with_reference(register, stages.hits)
    true, found = _true_pairs_among_best(folder)
    resident = Resident.of(register, stages.hits)
    speed = stages.hits.pairs / stages.kernel
    return SearchFigure(
        **asdict(size), pairs=whole["pairs"], hits=whole["hits"], survived=whole["survived"],
        seconds_total=whole["total"],
        core_seconds_total=whole["core_total"], seconds_start=whole["start"], seconds_read=whole["read"],
        core_seconds_read=whole["core_read"], core_seconds_search=whole["core_search"],
        core_seconds_write=whole["core_write"], seconds_to_first_pair=whole["first_pair"],
        seconds_search=whole["search"], seconds_write=whole["write"], seconds_tables=stages.tables,
        seconds_deficits=stages.deficits, seconds_kernel=stages.kernel, seconds_rescoring=stages.rescoring,
        pairs_per_second_per_core=speed, limit_pairs_per_second_per_core=stages.limit,
        share_of_limit=speed / stages.limit,
        times_plain=stages.times_plain, families_per_second_per_core=size.missing / stages.tables,
        peak_rss_bytes=whole["peak"], load_average=load, load_average_after=os.getloadavg(), true_pairs=true,
        true_pairs_in_best=found, pairs_compared_with_reference=compared, largest_difference=largest,
        identical_to_reference=identical, milliseconds_one_profile=resident.one_profile,
        milliseconds_one_family=resident.one_family, resident_bytes=resident.size,
        resident_identical=resident.identical,
    )  # fmt: skip


def search_elsewhere(folder: Path, cores: int) -> dict[str, Any]:
    """Run this module on the folder, and time it from outside."""
    before = time.perf_counter()
    threads = {"POLARS_MAX_THREADS": str(cores), "OPENBLAS_NUM_THREADS": "1"}
    run = subprocess.run(  # noqa: S603  # our own module
        [sys.executable, "-m", __name__, str(folder), str(cores)],
        check=True, capture_output=True, text=True, env=os.environ | threads,
    )  # fmt: skip
    total = time.perf_counter() - before
    found: dict[str, Any] = json.loads(run.stdout)
    inside = sum(found[name] for name in ("read", "search", "write"))
    return found | {"total": total, "start": total - inside}


def search_folder(folder: Path, cores: int) -> dict[str, Any]:
    """From the files of a folder to `best_by_individual.csv` and `best_by_missing.csv` in it; seconds by the clock."""
    clock, core = [time.perf_counter()], [time.process_time()]

    def lap() -> None:
        clock.append(time.perf_counter())
        core.append(time.process_time())

    register = read_register(folder)
    lap()
    first = seconds_to_first_pair(register)
    hits = _search(register, cores)
    lap()
    write_lists(folder, register, hits)
    lap()
    read, search, write = np.diff(clock).tolist()
    core_read, core_search, core_write = np.diff(core).tolist()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "read": read, "search": search, "write": write, "pairs": hits.pairs, "hits": len(hits),
        "survived": hits.survived, "peak": peak_bytes(), "core_total": usage.ru_utime + usage.ru_stime,
        "core_read": core_read, "core_search": core_search, "core_write": core_write, "first_pair": first,
    }  # fmt: skip


def seconds_to_first_pair(register: Register) -> float:
    """Seconds of a core until 32 families have met everybody, where nothing has been compared before."""
    before = time.process_time()
    group = register.groups[0]
    few = FamilyGroup(group.target, group.pedigree, group.members[:LANES], group.codes[:LANES])
    comparing, making = _making(register)
    comparing.group(making, few)
    return time.process_time() - before


def _search(register: Register, cores: int) -> CountryHits:
    return search_groups(
        register.groups, register.known, register.classes, len(register.individuals), register.prepared,
        threshold=register.settings.threshold, threads=cores,
    )  # fmt: skip


def write_lists(folder: Path, register: Register, hits: CountryHits) -> None:
    """The best of each individual and of each missing person."""
    for name, places in (("individual", hits.best_by_individual(BEST)), ("missing", hits.best_by_missing(BEST))):
        individual, missing = hits.individual[places], hits.missing[places]
        table = pl.DataFrame(
            {
                "individual": register.individuals.gather(individual),
                "family": register.missing["family"].gather(missing),
                "person": register.missing["person"].gather(missing),
                "log10_lr": hits.log10_lr[places],
            }
        )
        table.write_csv(folder / f"best_by_{name}.csv", float_precision=6)


def _true_pairs_among_best(folder: Path) -> tuple[int, int]:
    truth = pl.read_csv(folder / "who_is_who.csv", infer_schema=False)
    best = pl.read_csv(folder / "best_by_individual.csv", infer_schema=False)
    return len(truth), len(truth.join(best, on=["individual", "family", "person"], how="inner"))


@dataclass(frozen=True, eq=False)
class Stages:
    """Seconds of one core for everything, and what was found.

    `limit` is how many pairs a second there would be if all vectors were loaded and nothing else was done.
    """

    tables: float
    deficits: float
    kernel: float
    rescoring: float
    limit: float
    times_plain: float
    hits: CountryHits

    @classmethod
    def of(cls, register: Register) -> "Stages":
        """Each stage of a search by itself, on one core."""
        comparing, making = _making(register)
        layout, threshold = comparing.layout, register.settings.threshold
        seconds = dict.fromkeys(("tables", "deficits", "kernel", "limit", "plain", "plain_kernel", "whole"), 0.0)

        def timed(stage: str, work: Callable[[], T]) -> T:
            before = time.thread_time()
            answer = work()
            seconds[stage] += time.thread_time() - before
            return answer

        hits = _search(register, 1)
        read_vectors(1)  # compiled
        # Never so few that the call itself would count.
        vectors = max(len(layout) * layout.markers, FEWEST_VECTORS)
        room = empty_bytes(layout.codes.rows)
        blocks = 0
        for group in register.groups:
            for part in making.parts(group):
                tables = timed("tables", lambda part=part: making.tables(part))  # type: ignore[misc]
                reach = Reach.of(tables, threshold)
                able = np.flatnonzero(reach.reaches)
                for start in range(0, len(able), LANES):
                    members = able[start : start + LANES]
                    timed("deficits", lambda: fill_deficits(tables, members, reach, layout, room))  # noqa: B023
                    timed("kernel", lambda: survivors(layout.codes, room))
                    timed("limit", lambda: read_vectors(vectors))
                    if blocks % 200 == 0:
                        timed("plain_kernel", lambda: survivors(layout.codes, room))
                        timed("plain", lambda: survivors_plainly(layout.codes, room))
                    blocks += 1
                timed("whole", lambda: filtered(tables, layout, threshold))  # noqa: B023
        rescoring = seconds["whole"] - seconds["deficits"] - seconds["kernel"]
        return cls(
            seconds["tables"], seconds["deficits"], seconds["kernel"], rescoring,
            blocks * vectors / layout.markers * LANES / seconds["limit"],
            seconds["plain"] / seconds["plain_kernel"], hits,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Resident:
    """Milliseconds of one core for somebody new, `size` in bytes, and whether hits are those of the search.

    Profiles and families of the register come once more, as if they were new: no reading of theirs is new.
    """

    one_profile: float
    one_family: float
    size: int
    identical: bool

    @classmethod
    def of(cls, register: Register, hits: CountryHits) -> "Resident":
        """Some profiles, and two families of each group."""
        search = ResidentSearch.of_groups(
            register.groups, register.known, register.classes, len(register.individuals), register.prepared,
            register.settings, threshold=register.settings.threshold,
        )  # fmt: skip
        identical = True
        seconds: dict[str, list[float]] = {"profile": [], "family": []}

        def ask(kind: str, work: Callable[[], ResidentHits], mine: NDArray[np.bool_], others: str) -> bool:
            before = time.thread_time()
            found = work()
            seconds[kind].append(time.thread_time() - before)
            expected = getattr(hits, others)[mine]
            same = np.array_equal(getattr(found, others), expected)
            return same and bool(np.allclose(found.log10_lr, hits.log10_lr[mine], rtol=0, atol=1e-12))

        individuals = np.unique(np.linspace(0, len(register.individuals) - 1, PROFILES).astype(int)).tolist()
        for i in individuals[:1] + individuals:  # the first compiles
            one = Individual(str(i), _profile_of(register, i))
            work = partial(search.against_families, one)
            identical &= ask("profile", work, hits.individual == i, "missing")
        for group in register.groups:
            for k in range(min(2, len(group.members))):
                work = partial(search.against_individuals, _family_of(register, group, k))
                identical &= ask("family", work, hits.missing == group.members[k], "individual")
        profile, family = (1000 * float(np.median(seconds[kind][1:])) for kind in ("profile", "family"))
        return cls(profile, family, search.size, identical)


def _profile_of(register: Register, i: int) -> Profile:
    """An individual of the register as an object."""
    markers = zip(register.prepared.models, register.classes, strict=True)
    return Profile(str(i), {model.name: these.readings[these.of[i]] for model, these in markers if these.of[i] >= 0})


def _family_of(register: Register, group: FamilyGroup, k: int) -> Family:
    """A family of the register as an object."""
    profiles: dict[str, dict[str, tuple[Reading, ...]]] = {}
    for m, (model, known) in enumerate(zip(register.prepared.models, register.known, strict=True)):
        for person, code in zip(group.pedigree.persons, group.codes[k, m].tolist(), strict=True):
            if code >= 0:
                one, other = known.arrays.genotypes[code]
                reading = Reading.of(model.alleles[one], model.alleles[other])
                profiles.setdefault(person.id, {})[model.name] = (reading,)
    typed = {person: Profile(person, readings) for person, readings in profiles.items()}
    return Family("again", group.pedigree, (group.target,), typed)


def _making(register: Register) -> tuple[Comparing, GroupTables]:
    comparing = Comparing(register.classes, len(register.individuals), register.prepared, register.settings.threshold)
    return comparing, GroupTables(register.prepared, register.known, comparing.sweep, comparing.layout)


def compare_with_reference(register: Register, hits: CountryHits, *, sample: int = SAMPLE) -> tuple[int, bool, float]:
    """So many pairs at least, computed by elimination and plain sums: how many, whether all is the same, how nearly.

    The missing persons of the sample are evenly spread over each group. Pairs within 10⁻⁹ of the threshold may be on
    either side of it.
    """
    individuals, missing = len(register.individuals), len(register.missing)
    share = min(1.0, sample / max(1, individuals * missing))
    threshold = register.settings.threshold
    begins = np.searchsorted(hits.missing, np.arange(missing + 1))
    compared, identical, largest = 0, True, 0.0
    for group in register.groups:
        places = np.unique(np.linspace(0, len(group.members) - 1, int(np.ceil(share * len(group.members)))).astype(int))
        few = FamilyGroup(group.target, group.pedigree, group.members[places], group.codes[places])
        for member, totals in zip(few.members.tolist(), _plain_totals(register, few), strict=True):
            compared += individuals
            mine = slice(begins[member], begins[member + 1])
            found = np.full(individuals, -np.inf)
            found[hits.individual[mine]] = hits.log10_lr[mine]
            clear = np.abs(totals - threshold) > 1e-9
            identical &= bool(np.array_equal((totals >= threshold)[clear], np.isfinite(found)[clear]))
            both = np.isfinite(found)
            largest = max(largest, float(np.abs(totals - found)[both].max(initial=0.0)))
    return compared, identical and largest < 1e-9, largest


def _plain_totals(register: Register, group: FamilyGroup) -> Any:
    """log10 LR of all individuals against each of a group, one missing person after another."""
    rows = genotype_rows(group.target, group.pedigree, register.known, group.codes.astype(np.int64))
    unread = np.zeros((1, len(group.members)))
    columns = []
    for these, row, model in zip(register.classes, rows, register.prepared.models, strict=True):
        with np.errstate(divide="ignore"):
            related = np.log10(these.diploid_rows.likelihood @ row.rows.T)
            unrelated = np.log10(these.diploid_rows.likelihood @ hardy_weinberg(model))
        logs = np.where(row.which >= 0, (related - unrelated[:, None])[:, row.which], 0.0)
        columns.append(np.ascontiguousarray(np.concatenate([logs, unread]).T))  # class −1 is the last: not read
    for k in range(len(group.members)):
        total = np.zeros(len(register.individuals))
        for these, logs in zip(register.classes, columns, strict=True):
            total += logs[k][these.of]
        yield total


if __name__ == "__main__":
    print(json.dumps(search_folder(Path(sys.argv[1]), int(sys.argv[2]))))
