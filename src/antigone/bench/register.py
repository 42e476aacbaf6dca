"""A made-up register at the scale of a country, as a case folder on disk, and the quick way back from these very files.

Missing persons have the nine common kinds of families, remains are complete or degraded, and some of the remains are
some of the missing. `read_case_folder` reads the same files with every check, and takes six times as long;
`read_register` knows how they were written, and goes by columns. The tests compare the two.
"""

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from antigone.formats.frequencies import read_frequencies
from antigone.genetics.frequencies import Refuse
from antigone.genetics.genotype_rows import KnownClasses, distinct_codes
from antigone.genetics.likelihood import Options
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import Mutation, Stepwise
from antigone.genetics.observation import Reading, Reads, reading_table
from antigone.genetics.pedigrees import Pedigree, Person
from antigone.matching.classes import MarkerClasses, Rows
from antigone.matching.family_groups import FamilyGroup
from antigone.matching.operation import DropOut, SampleErrors, Settings
from antigone.matching.preparation import Prepared

Integers = NDArray[np.int64]

DROP_OUT = 0.1  # declared
LOST = 0.25  # of the alleles of degraded remains
DEGRADED = 0.4
TRUE = 0.1
THRESHOLD = 2.0
FEWEST_ALLELES, MOST_ALLELES = 8, 20

PARENTS = (("F", "", "", "M"), ("O", "", "", "F"), ("M", "F", "O", "M"))

# Kinds of families: persons with father, mother and sex, and who is typed; M is missing.
KINDS: dict[str, tuple[tuple[tuple[str, str, str, str], ...], str]] = {
    "one parent": (PARENTS, "F"),
    "both parents": (PARENTS, "FO"),
    "child": ((("M", "", "", "M"), ("S", "", "", "F"), ("C", "M", "S", "F")), "C"),
    "child and spouse": ((("M", "", "", "M"), ("S", "", "", "F"), ("C", "M", "S", "F")), "CS"),
    "one sibling": ((*PARENTS, ("A", "F", "O", "M")), "A"),
    "two siblings": ((*PARENTS, ("A", "F", "O", "M"), ("B", "F", "O", "F")), "AB"),
    "three siblings": ((*PARENTS, ("A", "F", "O", "M"), ("B", "F", "O", "F"), ("D", "F", "O", "F")), "ABD"),
    "half-sibling": ((*PARENTS, ("P", "", "", "F"), ("A", "F", "P", "M")), "A"),
    "grandparent": (
        (("G", "", "", "M"), ("H", "", "", "F"), ("F", "G", "H", "M"), ("O", "", "", "F"), ("M", "F", "O", "M")), "G"),
}  # fmt: skip


def make_register(folder: Path, *, remains: int, missing: int, markers: int, seed: int) -> None:
    """Write `case.toml`, `frequencies.csv`, `profiles.csv`, `remains.csv`, `families.csv` and `truth.csv`.

    Alleles are passed on without mutation; the declared settings have stepwise mutation by sex.
    """
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"B{m + 1:02d}" for m in range(markers)]
    tables = [rng.dirichlet(np.full(rng.integers(FEWEST_ALLELES, MOST_ALLELES + 1), 1.5)) for _ in names]
    first = rng.integers(5, 15, markers)  # the shortest allele of each marker
    (folder / "case.toml").write_text(_settings(names, seed), encoding="utf-8")
    _write_frequencies(folder / "frequencies.csv", names, tables, first)

    kind = rng.integers(0, len(KINDS), missing)
    genotypes_of_missing = np.empty((missing, markers, 2), dtype=np.int64)
    profiles, families, donors = [], [], 0
    for k, (persons, typed) in enumerate(KINDS.values()):
        members = np.flatnonzero(kind == k)
        genotypes = drawn(persons, len(members), tables, rng)
        genotypes_of_missing[members] = genotypes["M"]
        samples = {}
        for person in typed:
            samples[person] = np.char.add("D", (donors + np.arange(len(members))).astype(str))
            donors += len(members)
            profiles.append(_as_cells(samples[person], genotypes[person], names, first))
        families.append(_as_rows(members, persons, samples))
    true = rng.choice(missing, min(missing, int(remains * TRUE)), replace=False)
    dead = np.concatenate([genotypes_of_missing[true], _unrelated(remains - len(true), tables, rng)])
    order = rng.permutation(remains)
    ids = np.char.add("R", np.arange(remains).astype(str))
    profiles.append(_degraded(_as_cells(ids, dead[order], names, first), rng))
    _write(pl.concat(profiles), folder / "profiles.csv")
    _write(pl.DataFrame({"remains": ids, "sample": ids}), folder / "remains.csv")
    _write(pl.concat(families).sort("at", maintain_order=True).drop("at"), folder / "families.csv")
    place = np.argsort(order)[: len(true)]
    truth = pl.DataFrame({"individual": ids[place], "family": _family_names(true)}).with_columns(person=pl.lit("M"))
    truth.sort("individual").write_csv(folder / "who_is_who.csv")


def _write(table: pl.DataFrame, path: Path) -> None:
    """Without quotation marks around what is empty."""
    table.with_columns(pl.col(pl.String).replace("", None)).write_csv(path)


def _settings(names: list[str], seed: int) -> str:
    kit = ", ".join(f'"{name}"' for name in names)
    return (
        f'format = "antigone-case"\nversion = 1\nname = "Made-up register, seed {seed}"\nkit = [{kit}]\n'
        f'rare_alleles = "refuse"\ntheta = 0\nprior = 0.5\nthreshold = {THRESHOLD}\ndrop_out = {DROP_OUT}\n\n'
        '[mutation.female]\nmodel = "stepwise"\nrate = 0.0005\nrange = 0.1\n\n'
        '[mutation.male]\nmodel = "stepwise"\nrate = 0.002\nrange = 0.1\n'
    )


def _write_frequencies(path: Path, names: list[str], tables: list[NDArray[np.float64]], first: Integers) -> None:
    rows = [
        (name, str(int(shortest) + a), float(p))
        for name, table, shortest in zip(names, tables, first, strict=True)
        for a, p in enumerate(table)
    ]
    pl.DataFrame(rows, schema=["marker", "allele", "frequency"], orient="row").write_csv(path)


def _unrelated(count: int, tables: list[NDArray[np.float64]], rng: np.random.Generator) -> Integers:
    drawn = [rng.choice(len(table), (count, 2), p=table) for table in tables]
    return np.stack(drawn, axis=1).reshape(count, len(tables), 2)


def drawn(
    persons: tuple[tuple[str, str, str, str], ...],
    count: int,
    tables: list[NDArray[np.float64]],
    rng: np.random.Generator,
) -> dict[str, Integers]:
    """Genotypes of everybody in so many families of one kind: (families, markers, 2); without mutation."""
    genotypes: dict[str, Integers] = {}
    for person, father, mother, _ in persons:
        genotypes[person] = _unrelated(count, tables, rng)
        for side, parent in enumerate((father, mother)):
            if parent:
                which = rng.integers(0, 2, (count, len(tables), 1))
                genotypes[person][:, :, side] = np.take_along_axis(genotypes[parent], which, axis=2)[:, :, 0]
    return genotypes


def _as_cells(samples: NDArray[np.str_], genotypes: Integers, names: list[str], first: Integers) -> pl.DataFrame:
    columns: dict[str, object] = {"sample": samples}
    for m, name in enumerate(names):
        for k in range(2):
            columns[f"{name}_{k + 1}"] = genotypes[:, m, k] + first[m]
    return pl.DataFrame(columns).with_columns(pl.exclude("sample").cast(pl.String))


def _degraded(cells: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    """Some samples lose alleles; what is left of a marker stands in its first cell."""
    degraded = rng.random(len(cells)) < DEGRADED
    columns = [pl.Series("sample", cells["sample"])]
    for m in range(1, cells.width, 2):
        one, two = cells.to_series(m).to_numpy().astype(object), cells.to_series(m + 1).to_numpy().astype(object)
        lost = degraded[:, None] & (rng.random((len(cells), 2)) < LOST)
        # Of a homozygous marker one allele is seen unless both copies are lost.
        seen_twice = (one == two) & degraded & ~lost.all(axis=1)
        first = np.where(lost[:, 0], two, one)
        gone = lost.all(axis=1)
        alone = lost.any(axis=1) | seen_twice
        columns.append(pl.Series(cells.columns[m], np.where(gone, "", first).astype(str)))
        columns.append(pl.Series(cells.columns[m + 1], np.where(alone, "", two).astype(str)))
    return pl.DataFrame(columns)


def _family_names(members: Integers) -> NDArray[np.str_]:
    return np.char.add("F", members.astype(str))


def _as_rows(
    members: Integers, persons: tuple[tuple[str, str, str, str], ...], samples: dict[str, NDArray[np.str_]]
) -> pl.DataFrame:
    names = _family_names(members)
    frames = []
    for k, (person, father, mother, sex) in enumerate(persons):
        role = "missing" if person == "M" else "donor" if person in samples else "other"
        frame = pl.DataFrame({"at": members * 10 + k, "family": names}).with_columns(
            pl.lit(person).alias("person"), pl.lit(father).alias("father"), pl.lit(mother).alias("mother"),
            pl.lit(sex).alias("sex"), pl.lit(role).alias("role"),
            pl.Series("sample", samples[person] if person in samples else np.full(len(members), "")),
        )  # fmt: skip
        frames.append(frame)
    return pl.concat(frames)


@dataclass(frozen=True, eq=False)
class Register:
    """What a search needs, and the names for its answer."""

    prepared: Prepared
    settings: Settings
    classes: list[MarkerClasses]
    known: list[KnownClasses]
    groups: list[FamilyGroup]
    individuals: pl.Series
    missing: pl.DataFrame  # family and person


def read_register(folder: Path) -> Register:
    """The files that `make_register` wrote, by columns."""
    declared = tomllib.loads((folder / "case.toml").read_text("utf-8"))
    settings = Settings(
        tuple(declared["kit"]), threshold=declared["threshold"], mutation=_mutation(declared["mutation"]),
        rare_alleles=Refuse(), remains=SampleErrors(DropOut(declared["drop_out"])),
    )  # fmt: skip
    prepared = _prepared(folder, settings)
    remains = pl.read_csv(folder / "remains.csv", infer_schema=False)
    samples, alleles = _read_profiles(folder / "profiles.csv", prepared.models)
    row = pl.DataFrame({"sample": samples}).with_row_index("row")
    dead = _rows_of(remains["sample"], row)
    classes = [
        classes_at(one[dead].astype(np.int64), two[dead].astype(np.int64), model, settings)
        for model, (one, two) in zip(prepared.models, alleles, strict=True)
    ]
    relatives = _read_families(folder / "families.csv")
    sampled = _rows_of(relatives["sample"], row)
    known, codes = _known(alleles, sampled[sampled >= 0], prepared.models)
    groups, missing = _groups(relatives, sampled, codes)
    return Register(prepared, settings, classes, known, groups, remains["remains"], missing)


def _rows_of(samples: pl.Series, row: pl.DataFrame) -> Integers:
    """In which row of the profiles each sample stands, −1 where there is none."""
    found = samples.to_frame("sample").join(row, on="sample", how="left", maintain_order="left")["row"]
    return np.asarray(found.cast(pl.Int64).fill_null(-1).to_numpy())


def _mutation(declared: dict[str, dict[str, float]]) -> Mutation:
    return Mutation(*(Stepwise(declared[sex]["rate"], declared[sex]["range"]) for sex in ("female", "male")))


def _prepared(folder: Path, settings: Settings) -> Prepared:
    frequencies = read_frequencies(folder / "frequencies.csv").prepare(rule=settings.rare_alleles)
    models = []
    for name in settings.markers:
        marker = frequencies.markers[name]
        models.append(MarkerModel.build(name, marker.alleles, marker.frequencies, settings.mutation))
    return Prepared(tuple(models), frequencies, (), Options(), ())


def _read_profiles(path: Path, models: tuple[MarkerModel, ...]) -> tuple[pl.Series, NDArray[np.int16]]:
    """Names of samples, and indices of alleles (markers, 2, samples), −1 for an empty cell."""
    types: dict[str, pl.DataType] = {"sample": pl.String()}
    for model in models:
        labels = pl.Enum([str(allele) for allele in model.alleles])
        types |= {f"{model.name}_{k}": labels for k in (1, 2)}
    cells = pl.read_csv(path, schema_overrides=types)
    codes = np.empty((len(models), 2, len(cells)), dtype=np.int16)
    for m, model in enumerate(models):
        for k in (1, 2):
            column = cells[f"{model.name}_{k}"].to_physical().cast(pl.Int16)
            codes[m, k - 1] = column.fill_null(-1).to_numpy()
    return cells["sample"], codes


def _read_families(path: Path) -> pl.DataFrame:
    """All rows; what few words are in a column as numbers."""
    few = dict.fromkeys(("person", "father", "mother", "role"), pl.Categorical())
    text = dict.fromkeys(("family", "sex", "sample"), pl.String())
    return pl.read_csv(path, schema_overrides={**few, **text})


def classes_at(one: Integers, two: Integers, model: MarkerModel, settings: Settings) -> MarkerClasses:
    """What `marker_classes` makes of single readings, by tables of all of them; −1 for an allele that is not there."""
    n = len(model)
    # A single allele a is (a, n), and not read is (n, n).
    first, second = np.where(two >= 0, np.minimum(one, two), one), np.where(two >= 0, np.maximum(one, two), n)
    keys = np.where(one >= 0, first * (n + 1) + second, n * (n + 1) + n)
    found = np.flatnonzero(np.bincount(keys, minlength=(n + 1) ** 2))
    found = found[found < n * (n + 1)]
    number = np.full((n + 1) ** 2, -1, dtype=np.int64)
    number[found] = np.arange(len(found))
    rates = settings.remains.rates(model)
    table, certain = reading_table(model, rates), reading_table(model, replace(rates, drop_out=0.0))
    likelihood, readings = np.empty((len(found), n * (n + 1) // 2)), []
    pair = np.zeros((n, n), dtype=np.int64)
    pair[np.triu_indices(n, 1)] = np.arange(n * (n - 1) // 2)
    for k, (a, b) in enumerate(divmod(key, n + 1) for key in found.tolist()):
        seen = model.alleles[a]
        if b == n:
            likelihood[k] = table.singles[a]
            readings.append((Reading((seen,), Reads.OTHER_UNSEEN),))
        elif a == b:
            likelihood[k] = certain.singles[a]
            readings.append((Reading((seen,), Reads.HOMOZYGOUS),))
        else:
            likelihood[k] = table.pairs[pair[a, b]]
            readings.append((Reading((seen, model.alleles[b])),))
    none = np.zeros((0, n))
    # Without drop-in and typing errors whatever has a likelihood is possible.
    rows = Rows(np.arange(len(found)), likelihood, likelihood > 0)
    no_rows = Rows(np.zeros(0, dtype=np.int64), none, none > 0)
    single = np.zeros(len(found), dtype=bool)
    return MarkerClasses(number[keys], tuple(readings), single, rows, no_rows, frozenset())


def _known(
    alleles: NDArray[np.int16], rows: Integers, models: tuple[MarkerModel, ...]
) -> tuple[list[KnownClasses], NDArray[np.int16]]:
    """The distinct genotypes of relatives at each marker, and each sample's; the last row is of nobody."""
    codes = np.full((alleles.shape[2] + 1, len(models)), -1, dtype=np.int16)
    known = []
    for m, model in enumerate(models):
        n = len(model)
        one, two = (alleles[m, k][rows].astype(np.int64) for k in (0, 1))
        both = np.where(one >= 0, np.minimum(one, two) * n + np.maximum(one, two), n * n)
        keys = np.flatnonzero(np.bincount(both, minlength=n * n + 1)[: n * n])
        number = np.full(n * n + 1, -1, dtype=np.int16)
        number[keys] = np.arange(len(keys))
        codes[rows, m] = number[both]
        known.append(KnownClasses.of_genotypes(model, np.stack(np.divmod(keys, n), axis=1)))
    return known, codes


def _groups(
    relatives: pl.DataFrame, sampled: Integers, codes: NDArray[np.int16]
) -> tuple[list[FamilyGroup], pl.DataFrame]:
    """Families that are alike: these files call persons alike in all of them. Each misses one.

    `sampled` says in which row of `codes` each person's sample stands.
    """
    begins = np.flatnonzero((relatives["family"] != relatives["family"].shift()).fill_null(True).to_numpy())
    size = np.diff(begins, append=len(relatives))
    words, described = _distinct_words(relatives)
    persons = np.full((len(begins), int(size.max(initial=0))), -1, dtype=np.int64)
    of = np.repeat(np.arange(len(begins)), size)
    persons[of, np.arange(len(of)) - begins[of]] = words
    alike, kind = distinct_codes(persons, len(described))
    groups, names = [], np.full(len(begins), "", dtype=object)
    for k, these in enumerate(alike):
        people = [described[word] for word in these.tolist() if word >= 0]
        pedigree = Pedigree.build([Person(name, father, mother) for name, father, mother, _ in people])
        (missing,) = (name for name, _, _, role in people if role == "missing")
        places = np.flatnonzero(kind == k)
        names[places] = missing
        samples = sampled[begins[places][:, None] + np.arange(len(people))]
        groups.append(FamilyGroup(missing, pedigree, places, np.ascontiguousarray(codes[samples].transpose(0, 2, 1))))
    return groups, pl.DataFrame({"family": relatives["family"].gather(begins), "person": names.astype(str)})


def _distinct_words(relatives: pl.DataFrame) -> tuple[Integers, list[tuple[str, str | None, str | None, str]]]:
    """What is said of each row (person, father, mother, role), as a number; and what the numbers say."""
    columns = [relatives[name] for name in ("person", "father", "mother", "role")]
    numbers = np.stack([one.to_physical().cast(pl.Int64).fill_null(-1).to_numpy() for one in columns], axis=1)
    distinct, which = distinct_codes(numbers, int(numbers.max(initial=0)) + 1)
    first = np.empty(len(distinct), dtype=np.int64)
    first[which[::-1]] = np.arange(len(which))[::-1]
    described = relatives[first].select(pl.col("person", "father", "mother", "role").cast(pl.String))
    return which, described.rows()
