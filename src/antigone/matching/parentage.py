"""Who may read what about a family whose samples do not fit: two sets of words that are hard to mix up.

What samples say about who is whose child is for two geneticists. Everybody else, the family first, reads one of three
sentences, the same whatever was found. The confidential part is sealed: it shows in no `str`, `repr`, format or
`dataclasses.asdict`, and is read by calling for it by name.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from antigone.matching.arrangements import Arrangement, Change, Doubt


class Verdict(StrEnum):
    """Whether a family's samples fit its pedigree."""

    CONSISTENT = "consistent"
    DOUBTFUL = "doubtful"
    UNTESTED = "untested"  # fewer than two typed persons, or a pedigree too large to be computed


@dataclass(frozen=True)
class Claim:
    """Two typed persons of one family and what their two samples say about the relation that was declared.

    Every number is a log10 LR against unrelated persons: `log10_lr` and `by_marker` of the declared relation, `nearest`
    of others by name. −inf: impossible; nan: impossible under both.
    """

    persons: tuple[str, str]
    relation: str
    log10_lr: float
    by_marker: Mapping[str, float]
    nearest: Mapping[str, float]
    nearest_by_marker: Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Alternative:
    """One arrangement of a family other than the declared one, and how much better it explains the samples.

    `log10_lr` is against the pedigree as declared, the sum of `by_marker` (with amelogenin) under the declared rate of
    markers that went wrong. `posterior` counts the declared rates of all changes.
    """

    arrangement: Arrangement
    log10_lr: float
    by_marker: Mapping[str, float]
    posterior: float

    @property
    def changes(self) -> tuple[Change, ...]:
        """What is otherwise than declared."""
        return self.arrangement.changes

    @property
    def what(self) -> str:
        """In words, for geneticists."""
        return "; ".join(_what(change) for change in self.changes)

    @property
    def advice(self) -> str:
        """What one would do, in words, for geneticists."""
        return " ".join(dict.fromkeys(_ADVICE[change.doubt] for change in self.changes))


@dataclass(frozen=True)
class FamilyDetails:
    """All that the check of one family found: for two geneticists.

    `posterior_as_declared` is that of the pedigree as given, together with `untold`: alternatives that these samples
    cannot tell from it. `alternatives` are ranked by posterior, then by LR; the first `plausible` of them are worth a
    search. `in_full` is False where a quick look found nothing and claims and combinations were left out.
    """

    family: str
    verdict: Verdict
    posterior_as_declared: float
    alternatives: tuple[Alternative, ...]
    untold: tuple[Change, ...]
    claims: tuple[Claim, ...]
    in_full: bool
    plausible: int = 0

    def words(self) -> str:
        """All of it as lines to read, with the plausible alternatives."""
        lines = [
            f"CONFIDENTIAL: for two geneticists; not for the family, a liaison or an export. Family {self.family}:",
            f"The samples are {_VERDICTS[self.verdict]}.",
            f"The pedigree as declared has posterior {self.posterior_as_declared:.2g}.",
        ]
        lines += [
            f"{one.what}: log10 LR {one.log10_lr:+.1f}, posterior {one.posterior:.2g}. {one.advice}"
            for one in self.alternatives[: self.plausible]
        ]
        for claim in self.claims:
            others = ", ".join(f"{name} {value:+.1f}" for name, value in claim.nearest.items())
            lines.append(f"{claim.relation}: log10 LR {claim.log10_lr:+.1f} against unrelated ({others})")
        return "\n".join(lines)


class _Sealed:
    """Something that shows itself to nobody; it is equal to the same thing, can be pickled and must be opened.

    What is inside may be worked out by the first who opens it: most findings nobody ever opens.
    """

    __slots__ = ("_content",)

    def __init__(self, content: FamilyDetails | Callable[[], FamilyDetails]) -> None:
        self._content = content

    def open(self) -> FamilyDetails:
        if not isinstance(self._content, FamilyDetails):
            self._content = self._content()
        return self._content

    def __repr__(self) -> str:
        return "<sealed: for two geneticists>"

    def __reduce__(self) -> tuple[type["_Sealed"], tuple[FamilyDetails]]:
        return _Sealed, (self.open(),)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Sealed) and self.open() == other.open()

    def __hash__(self) -> int:
        return hash(self.open().family)


@dataclass(frozen=True, repr=False)
class ParentageFinding:
    """What a check found about a family, sealed. `str` and `repr` name the family and nothing else.

    `for_geneticists` gives the words, `details` the figures. Whoever calls them sees to it that two geneticists read
    them and nobody else.
    """

    family: str
    sealed: _Sealed

    @classmethod
    def of(cls, details: FamilyDetails) -> "ParentageFinding":
        """Seal what was found."""
        return cls(details.family, _Sealed(details))

    @classmethod
    def later(cls, family: str, details: Callable[[], FamilyDetails]) -> "ParentageFinding":
        """Seal what whoever opens it first will work out, from what is known now."""
        return cls(family, _Sealed(details))

    def for_geneticists(self) -> str:
        """The confidential words."""
        return self.details().words()

    def details(self) -> FamilyDetails:
        """The confidential figures."""
        return self.sealed.open()

    def __repr__(self) -> str:
        return f"ParentageFinding of family {self.family} (sealed: for two geneticists)"

    __str__ = __repr__


def for_everyone(family: str, verdict: Verdict) -> str:
    """What anybody may read: it blames nobody, and is the same whatever was found.

    >>> for_everyone("F7", Verdict.DOUBTFUL)
    'the samples of family F7 do not fit the pedigree given; a label, a typing or the pedigree may be wrong'
    """
    match verdict:
        case Verdict.CONSISTENT:
            return f"as far as they can tell, the samples of family {family} fit the pedigree given"
        case Verdict.DOUBTFUL:
            return (
                f"the samples of family {family} do not fit the pedigree given; a label, a typing or the pedigree "
                "may be wrong"
            )
        case _:
            return f"family {family} has fewer than two samples, or is too large: they were not compared"


def to_do_for_everyone(verdict: Verdict) -> str:
    """The next step that anybody may read: one for all doubtful families."""
    if verdict is not Verdict.DOUBTFUL:
        return ""
    return (
        "check the labels and type the samples again; until then the family is searched sample by sample, and its hits "
        "are provisional"
    )


_VERDICTS = {
    Verdict.CONSISTENT: "consistent with the pedigree as declared",
    Verdict.DOUBTFUL: "doubtful",
    Verdict.UNTESTED: "fewer than two, or the pedigree is too large: untested",
}

_ADVICE = {
    Doubt.NOT_OF_FAMILY: (
        "Type this sample again from its label on, then ask for a new one; meanwhile search the family without it."
    ),
    Doubt.EXCHANGED: (
        "Check both labels against the batch and type both again; if they only changed places, no new sample is needed."
    ),
    Doubt.SAME_PERSON: (
        "Ask for a new sample of the second person; the two may have been taken or labelled in one sitting."
    ),
    Doubt.SIBLING_OF_PARENT: (
        "Read the form of the report again: who filled it in, and to which generation the donor belongs; a sample of "
        "another relative decides."
    ),
    Doubt.OTHER_FATHER: (
        "Type the samples again first. Do not ask the family; a sample from the mother's side, or of the missing "
        "person, replaces this line."
    ),
    Doubt.OTHER_MOTHER: (
        "Type the samples again first; the register of births may tell of an adoption. A sample from the father's "
        "side, or of the missing person, replaces this line."
    ),
}


def _what(change: Change) -> str:
    first, *rest = change.persons
    others = " and ".join(rest)
    match change.doubt:
        case Doubt.NOT_OF_FAMILY:
            return f"the sample of {first} is of somebody who is not related to the others"
        case Doubt.EXCHANGED:
            return f"the samples of {first} and {others} are exchanged"
        case Doubt.SAME_PERSON:
            return f"the samples of {first} and {others} are both of {first}"
        case Doubt.SIBLING_OF_PARENT:
            return f"{first} is a full sibling of the parent as whom {first} was entered: an uncle or aunt"
        case Doubt.OTHER_FATHER:
            return f"{first} is not the father of {others}"
        case _:
            return f"{first} is not the mother of {others}"
