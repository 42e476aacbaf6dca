"""What a family's samples contradict at single markers: counted for everybody, named in one file for two geneticists.

From the marker and the two people whose samples do not fit there, who is whose child can be guessed (DESIGN §7). So
`consistency.json` alone names them; every other file of a report says of how many markers this is so.
"""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from antigone.matching.odd import FamilyContradiction
from antigone.matching.operation import LeftOut
from antigone.matching.search import SearchResult

NAME = "consistency.json"
FOR_WHOM = "CONFIDENTIAL: for two geneticists who read it together; not for the family, a liaison or an export"


def consistency_text(result: SearchResult) -> str:
    """`consistency.json`: the markers at which samples of a family do not fit, with whose samples they are."""
    found = [{"family": one.family, "marker": one.marker, "what": one.what} for one in result.contradictions]
    return json.dumps({"for": FOR_WHOM, "family_contradictions": found}, indent=2, ensure_ascii=False) + "\n"


def counted_contradictions(result: SearchResult) -> dict[str, Any]:
    """How many families and markers it is about."""
    families = {one.family for one in result.contradictions}
    return {"families": len(families), "markers": len(result.contradictions), "named_in": NAME}


def left_out_for_everybody(result: SearchResult) -> list[LeftOut]:
    """All that was left out; of markers that are not used in a family, how many."""
    own = {(f"{one.marker}, family {one.family}", one.what) for one in result.contradictions}
    others = [one for one in result.left_out if one.what != "marker" or (one.id, one.reason) not in own]
    return [*others, *family_warnings(result.contradictions)]


def family_warnings(contradictions: Iterable[FamilyContradiction]) -> list[LeftOut]:
    """One entry a family, in the order of the families."""
    counts = Counter(one.family for one in contradictions)
    return [
        LeftOut(
            "markers of a family",
            f"family {family}",
            f"at {number} {'marker' if number == 1 else 'markers'} its samples do not fit the pedigree given; not used",
        )
        for family, number in counts.items()
    ]
