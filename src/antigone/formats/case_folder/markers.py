"""Which markers a case uses, what they are called in its files, and what becomes of the others."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from antigone.formats.tables import foreign_letters, near
from antigone.genetics.frequencies import FrequencyTable
from antigone.genetics.markers import Inheritance, all_markers, canonical_name
from antigone.genetics.markers import marker as known_marker

AMELOGENIN = "AMEL"
# The nomenclature of loci puts the chromosome into the name: DXS10148 lies on X, DYS391 and DYF387S1 on Y.
_ON_SEX_CHROMOSOME = re.compile(r"D(X|Y|XY)[SFZ][0-9]", re.IGNORECASE)


class MarkerNames:
    """The names of markers in files: any spelling of a known one, or a name that the frequency table itself holds.

    Where the table could not be read, any name may be one of its own.
    """

    def __init__(self, table: FrequencyTable | None) -> None:
        self._is_lenient = table is None
        self._own = {name.casefold(): name for name in (table.markers if table else ())}
        self._found: dict[str, str | None] = {}

    def resolve(self, text: str) -> str | None:
        """The name that the program uses; None where nobody knows the marker."""
        if text not in self._found:
            self._found[text] = (
                canonical_name(text) or self._own.get(text.casefold()) or (text if self._is_lenient else None)
            )
        return self._found[text]

    def expected(self, text: str) -> str:
        """What would be right instead of a name that is not known."""
        known = [marker.name for marker in all_markers()] + list(self._own.values())
        return f"the name of a marker{foreign_letters(text)}{near(text, known)}"


@dataclass(frozen=True)
class MarkerUse:
    """The markers that a search uses, in order, and why it does not use another."""

    used: tuple[str, ...]
    kit: str = ""
    named: tuple[str, ...] | None = None
    """The markers that the kit names; None where no kit was declared."""
    table: FrequencyTable | None = None
    _reasons: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)

    def why_left_out(self, name: str) -> str | None:
        """Why a marker is not used; None where it is, or where it is kept beside (amelogenin)."""
        if name not in self._reasons:
            self._reasons[name] = self._reason(name)
        return self._reasons[name]

    def _reason(self, name: str) -> str | None:
        if name == AMELOGENIN or name in self.used:
            return None
        if self.table is None:
            return "the frequency table could not be read"
        unsuitable = why_unsuitable(name, self.table)
        if unsuitable is not None:
            return unsuitable
        return f"not in the kit{f' {self.kit}' if self.kit else ''}"


def use_of_markers(names: Iterable[str] | None, kit: str, table: FrequencyTable | None) -> MarkerUse:
    """Choose the markers of a kit that the frequency table holds and a search can use; without a kit, all such ones."""
    if table is None:
        return MarkerUse((), kit, None if names is None else tuple(names), None)
    chosen = list(table.markers) if names is None else list(names)
    used = tuple(name for name in chosen if why_unsuitable(name, table) is None)
    return MarkerUse(used, kit, None if names is None else tuple(chosen), table)


def why_unsuitable(name: str, table: FrequencyTable) -> str | None:
    """Why no search can use a marker with this table; None where it can."""
    if canonical_name(name) is None and (match := _ON_SEX_CHROMOSOME.match(name)):
        return f"by its name it lies on {match[1].upper()}, and the marker table does not know it"
    if canonical_name(name) is not None:
        inheritance = known_marker(name).inheritance
        if inheritance is Inheritance.Y:
            return "a Y marker, which the search does not use"
        if inheritance is Inheritance.SEX:
            return "it tells X from Y, and is no evidence of kinship beyond sex"
    if name not in table.markers:
        return f"the frequency table {table.name} does not have it"
    return None


def is_y(name: str) -> bool:
    """Whether a marker, by its canonical name, lies on the Y chromosome and is inherited as part of a haplotype."""
    return canonical_name(name) == name and known_marker(name).inheritance is Inheritance.Y


def without_frequencies(use: MarkerUse) -> tuple[str, ...]:
    """Markers that the kit names and a search could use, had they frequencies."""
    held = use.table.markers if use.table is not None else {}
    return tuple(
        name
        for name in use.named or ()
        if name not in held and known_marker(name).inheritance in (Inheritance.AUTOSOMAL, Inheritance.X)
    )


def unknown_to_marker_table(use: MarkerUse) -> tuple[str, ...]:
    """Used markers of which only the frequency table knows: nothing says where they lie."""
    return tuple(name for name in use.used if canonical_name(name) is None)


def by_marker(values: Mapping[str, float], names: MarkerNames) -> tuple[dict[str, float], dict[str, str]]:
    """Values under the names that the program uses, and what is wrong with a name, by that name."""
    resolved: dict[str, float] = {}
    wrong: dict[str, str] = {}
    for text, value in values.items():
        name = names.resolve(text)
        if name is None:
            wrong[text] = names.expected(text)
        elif name in resolved:
            wrong[text] = f"each marker once: {name} is named above"
        else:
            resolved[name] = value
    return resolved, wrong
