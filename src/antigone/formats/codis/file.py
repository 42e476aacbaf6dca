"""What a CODIS CMF file holds: specimens of a category each, with loci and alleles as they are written."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from antigone.formats.codis.vocabulary import MISSING_PERSONS_ROLES, Role, marker_of, role_of
from antigone.formats.collecting import uncollected
from antigone.formats.laboratory import Call, LaboratoryProfiles, Run, call_of
from antigone.matching.operation import LeftOut

NAMESPACE = "urn:CODISImportFile-schema"


@dataclass(frozen=True, slots=True)
class Allele:
    """One allele as it is written; `is_required` as the file says that a search asks for it."""

    value: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Locus:
    """What was read at one locus, by whom and when as the file says; empty where it does not."""

    name: str
    alleles: tuple[Allele, ...]
    reading_by: str = ""
    reading_datetime: str = ""
    kit: str = ""
    batch_id: str = ""

    @property
    def marker(self) -> str | None:
        """The canonical name of the marker; None where nobody knows it."""
        return marker_of(self.name)

    def call(self) -> Call | None:
        """What counts of it; None where nobody knows the marker."""
        marker = self.marker
        return None if marker is None else call_of(marker, tuple(allele.value for allele in self.alleles) or ("",))


@dataclass(frozen=True, slots=True)
class Specimen:
    """One specimen. `line` is where it stands in the file that it was read from."""

    id: str
    category: str
    loci: tuple[Locus, ...] = ()
    comment: str = ""
    source_id: str = ""
    case_id: str = ""
    is_partial: bool = False
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class CmfFile:
    """A CODIS CMF file: its header and its specimens, in order; `notes` say what a person should know."""

    destination_ori: str
    source_lab: str
    submit_by: str
    submit_datetime: str
    specimens: tuple[Specimen, ...]
    version: str = "3.2"
    message_type: str = "Import"
    batch_id: str = ""
    kit: str = ""
    namespace: str = NAMESPACE
    file: str = field(default="", compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    def describe(self) -> str:
        """The file in words."""
        categories = Counter(specimen.category for specimen in self.specimens)
        shown = ", ".join(f"{number} {category}" for category, number in categories.most_common())
        markers = {locus.name for specimen in self.specimens for locus in specimen.loci}
        parts = [f"CODIS CMF {self.version or 'of no stated version'}"]
        parts.append(f"{_counted(len(self.specimens), 'specimen')}{f' ({shown})' if shown else ''}")
        parts.append(f"{_counted(len(markers), 'locus', 'loci')}")
        if self.source_lab:
            parts.append(f"from {self.source_lab}, submitted {self.submit_datetime or 'on no stated day'}")
        if self.namespace != NAMESPACE:
            parts.append(f"namespace {self.namespace}" if self.namespace else "without a namespace")
        return "; ".join(parts)

    def laboratory(
        self, roles: Iterable[Role] = MISSING_PERSONS_ROLES, *, declared: Mapping[str, Role] | None = None
    ) -> LaboratoryProfiles:
        """The profiles of the specimens whose category has one of these roles; the others are left out and named.

        `declared` says the roles of categories that are not in the vocabulary.
        """
        with uncollected():
            return self._laboratory(frozenset(roles), declared)

    def _laboratory(self, wanted: frozenset[Role], declared: Mapping[str, Role] | None) -> LaboratoryProfiles:
        known: dict[tuple[str, ...], Call | None] = {}
        """Calls by the locus and the values of its alleles: what says the same is one object."""
        samples: dict[str, tuple[Run, ...]] = {}
        left_out: list[LeftOut] = []
        unknown: dict[str, int] = {}
        for specimen in self.specimens:
            role = role_of(specimen.category, declared)
            if role not in wanted:
                why = f"category {specimen.category}" + ("" if role else ", of which nobody said what it is")
                left_out.append(LeftOut("sample", specimen.id, f"{why}: {_not_asked(wanted)}"))
                continue
            calls: dict[str, Call] = {}
            for locus in specimen.loci:
                key = (locus.name, *[allele.value for allele in locus.alleles])
                if key not in known:
                    known[key] = locus.call()
                call = known[key]
                if call is None:
                    unknown[locus.name] = unknown.get(locus.name, 0) + 1
                else:
                    calls.setdefault(call.marker, call)
                    if call.is_beyond_two:
                        reason = f"off-ladder beside two named alleles ({', '.join(map(str, call.alleles))})"
                        left_out.append(LeftOut("reading", f"{specimen.id} {call.marker}", reason))
            samples[specimen.id] = (Run(specimen.id, specimen.line, calls),)
        for name, number in unknown.items():
            reason = f"the marker table does not know it; read in {_counted(number, 'specimen')}"
            left_out.append(LeftOut("marker", name, reason))
        return LaboratoryProfiles(self.file, samples, tuple(left_out), self.notes)


def _not_asked(wanted: frozenset[Role]) -> str:
    return f"asked for are {', '.join(sorted(role.value for role in wanted))}"


def _counted(number: int, what: str, several: str = "") -> str:
    return f"{number} {what if number == 1 else several or what + 's'}"
