"""The certificate of a search at the scale of a country: as of any search, and the tiles that it was cut into."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from antigone.matching.certificate import Certificate, certify, digest_of_statement, refuse_forgotten
from antigone.matching.country_result import CountryResult

COUNTRY_FORMAT = "antigone completeness certificate of a country search"


@dataclass(frozen=True)
class CountryCertificate:
    """`tiles` are the digests of their inputs, in the order of the blocks whose pairs are counted."""

    certificate: Certificate
    threshold: float
    tiles: tuple[str, ...]

    def statement(self) -> dict[str, Any]:
        """Plain values, ready for JSON, with a digest of all the others."""
        stated = self.certificate.stated()
        of_country = {"format": COUNTRY_FORMAT, "threshold": self.threshold, "tiles": list(self.tiles)}
        # The digest stands before what only a search of a country states, as it always stood in the file.
        return {**stated, "digest": digest_of_statement({**stated, **of_country}), **of_country}


def certify_country(
    result: CountryResult,
    engine: Mapping[str, str],
    *,
    doubtful: tuple[str, ...],
    provisional_pairs: Mapping[str, int],
) -> CountryCertificate:
    """Account for everything that the operation holds; raises `IncompleteSearchError`."""
    refuse_forgotten(result, doubtful, provisional_pairs)
    certificate = certify(
        result.operation, result, engine, doubtful=doubtful, reassociation=False, people=result.people
    )
    return CountryCertificate(certificate, result.hits.threshold, result.tiles)
