"""The files of a search at the scale of a country, all or none. What they hold: docs/formats/results.md."""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from antigone.execution.country import CountryConclusions
from antigone.execution.engine import engine
from antigone.matching.coincidences import CoincidenceCount
from antigone.matching.country_certificate import CountryCertificate
from antigone.report.certificate import NAME as CERTIFICATE
from antigone.report.certificate import statement_text
from antigone.report.charts import hits_and_chance
from antigone.report.results import OutputError, move_into_place, refuse_occupied, write_csv


def write_country_results(
    found: CountryConclusions,
    chance: CoincidenceCount,
    out: Path,
    *,
    best: int,
    seconds: Callable[[], Mapping[str, float]],
    replace: bool = False,
) -> None:
    """Write the files into the folder `out`, which appears whole or not at all; `best` of each in the ranked lists.

    `chance` is what chance alone would give in the whole search.

    Raises `IncompleteSearchError` where something was accepted and not searched, and `OutputError` where `out` is there
    already and `replace` was not asked for, or cannot be written.
    """
    refuse_occupied(out, replace=replace)
    certificate = found.certificate()
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    try:
        partial.mkdir(parents=True)
        tables = _tables(found, chance, certificate, best)
        for name, table in tables.items():
            write_csv(table, partial / f"{name}.csv")
        _write(partial / "chance.svg", _picture(tables["chance"]) + "\n")
        statement = certificate.statement()
        _write(partial / CERTIFICATE, statement_text(statement))
        summary = _summary(found, chance, certificate, statement["digest"], seconds())
        _write(partial / "summary.json", json.dumps(summary, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
        move_into_place(partial, out, replace=replace)
    except OSError as error:
        # Its own text names a file of ours that is gone by now.
        raise OutputError(f"{out} could not be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _tables(
    found: CountryConclusions, chance: CoincidenceCount, certificate: CountryCertificate, best: int
) -> dict[str, pl.DataFrame]:
    hits = found.result.hits
    order = np.lexsort((hits.missing, hits.individual, -hits.log10_lr))
    return {
        "hits": _pairs(found, chance, order),
        "best_by_individual": _pairs(found, chance, hits.best_by_individual(best)),
        "best_by_missing_person": _pairs(found, chance, hits.best_by_missing(best)),
        "individuals": _individuals(found),
        "missing_persons": _missing_persons(found),
        "provisional": _provisional(found),
        "nearly_own_samples": _near(found),
        "chance": _chance(found, chance),
        "left_out": pl.DataFrame(
            [(one.what, one.id, one.reason) for one in certificate.certificate.left_out],
            schema={"what": pl.String, "id": pl.String, "reason": pl.String},
            orient="row",
        ),
    }


def _pairs(found: CountryConclusions, chance: CoincidenceCount, places: NDArray[np.int64]) -> pl.DataFrame:
    """Hits, as they stand at these places."""
    hits = found.result.hits
    missing = hits.missing[places]
    families, persons = _names(found)
    doubtful = families.is_in(list(found.doubtful))
    low, high = chance.at_least_each(hits.log10_lr[places])
    return pl.DataFrame(
        {
            "individual": _ids(found).gather(hits.individual[places]),
            "missing_person": persons.gather(missing),
            "family": families.gather(missing),
            "log10_lr": hits.log10_lr[places],
            "expected_coincidences": high,
            "provisional": _yes(doubtful.gather(missing)),
            "expected_coincidences_low": low,
        }
    )


# The steps of the table of chance, in log10 LR, and how many there are at most.
_STEP, _MOST_STEPS = 0.5, 60


def _chance(found: CountryConclusions, chance: CoincidenceCount) -> pl.DataFrame:
    """From the threshold up: how many hits there are, and how many unrelated pairs would be expected, by reference."""
    hits = found.result.hits
    steps = np.asarray(hits.threshold + _STEP * np.arange(_MOST_STEPS), dtype=np.float64)
    low, high = chance.at_least_each(steps)
    shown = int(np.argmax(np.append(high < _NEGLIGIBLE, True))) + 1  # to the first that says: none
    at_least = len(hits) - np.searchsorted(np.sort(hits.log10_lr), steps)
    parts = {f"expected, {kind}": part.at_least_each(steps)[1] for kind, part in chance.by_reference.items()}
    columns = {"log10_lr": steps, "hits": at_least, "expected_low": low, "expected_high": high, **parts}
    return pl.DataFrame({name: values[:shown] for name, values in columns.items()})


def _picture(table: pl.DataFrame) -> str:
    columns = ("log10_lr", "hits", "expected_low", "expected_high")
    return hits_and_chance(*(table[name].to_numpy() for name in columns))


# So few expected pairs are none.
_NEGLIGIBLE = 1e-6


def _ids(found: CountryConclusions) -> pl.Series:
    return pl.Series([one.id for one in found.result.operation.individuals], dtype=pl.String)


def _names(found: CountryConclusions) -> tuple[pl.Series, pl.Series]:
    """Family and name of each missing person, those not searched too: `hits` counts all."""
    sought = found.result.operation.missing_persons()
    families = pl.Series([family.name for family, _ in sought], dtype=pl.String)
    return families, pl.Series([person for _, person in sought], dtype=pl.String)


def _yes(values: pl.Series) -> pl.Series:
    return pl.Series(["yes" if one else "no" for one in values.to_list()], dtype=pl.String)


def _highest(of: NDArray[np.int32], log10_lr: NDArray[np.float64], count: int) -> pl.Series:
    """The best hit of each; nothing where there is none."""
    highest = np.full(count, -np.inf)
    np.maximum.at(highest, of, log10_lr)
    return pl.Series([None if one == -np.inf else one for one in highest.tolist()], dtype=pl.Float64)


def _individuals(found: CountryConclusions) -> pl.DataFrame:
    hits, ids = found.result.hits, _ids(found)
    return pl.DataFrame(
        {
            "individual": ids,
            "hits": np.bincount(hits.individual, minlength=len(ids)),
            "highest_log10_lr": _highest(hits.individual, hits.log10_lr, len(ids)),
            "cut_lr": hits.cut_lr,
            "most_cut_lr": hits.most_cut_lr,
        }
    )


def _missing_persons(found: CountryConclusions) -> pl.DataFrame:
    hits, (families, persons) = found.result.hits, _names(found)
    places = np.arange(len(persons))
    refused = np.isin(places, [j for j, _ in hits.refused])
    return pl.DataFrame(
        {
            "missing_person": persons,
            "family": families,
            "searched": _yes(pl.Series(~refused)),
            "can_reach": _yes(pl.Series(~np.isin(places, hits.cannot_reach) & ~refused)),
            "hits": np.bincount(hits.missing, minlength=len(persons)),
            "highest_log10_lr": _highest(hits.missing, hits.log10_lr, len(persons)),
            "cut_lr": hits.cut_lr_of_missing,
            "most_cut_lr": hits.most_cut_lr_of_missing,
        }
    )


def _provisional(found: CountryConclusions) -> pl.DataFrame:
    individuals = found.result.operation.individuals
    rows = [
        (individuals[one.individual].id, one.person, one.family, one.label, one.log10_lr) for one in found.provisional
    ]
    return pl.DataFrame(
        rows,
        schema={
            "individual": pl.String, "missing_person": pl.String, "family": pl.String, "searched_as": pl.String,
            "log10_lr": pl.Float64,
        },
        orient="row",
    )  # fmt: skip


def _near(found: CountryConclusions) -> pl.DataFrame:
    rows = [
        (one.remains, one.person, one.family, one.compared, "; ".join(one.contradicting), one.words)
        for one in found.near
    ]
    names = ("individual", "missing_person", "family", "markers", "contradicting", "what_to_do")
    kinds = [pl.Int64 if name == "markers" else pl.String for name in names]
    return pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")


def _summary(
    found: CountryConclusions,
    chance: CoincidenceCount,
    certificate: CountryCertificate,
    digest: str,
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    result = found.result
    low, high = chance.at_least(result.hits.threshold)
    return {
        "case": result.operation.name,
        "individuals": len(result.operation.individuals),
        "missing_persons": len(result.missing),
        "not_searched": len(result.not_searched),
        "pairs": result.hits.pairs,
        "survived_first_pass": result.hits.survived,
        "threshold": result.hits.threshold,
        "hits": len(result.hits),
        "expected_coincidences_at_threshold": {"low": low, "high": high},
        "coincidences": "exact" if chance.sampling is None else str(chance.sampling),
        "provisional_hits": len(found.provisional),
        "families_that_do_not_fit": len(found.doubtful),
        "nearly_an_own_sample": len(found.near),
        "cannot_reach": len(result.hits.cannot_reach),
        "tiles": len(result.tiles),
        "left_out": len(certificate.certificate.left_out),
        "certificate": digest,
        "engine": dict(engine()),
        "seconds": dict(seconds),
    }
