"""What is known of somebody beside DNA: of the dead from the examiner, of the missing from their family."""

import datetime as dt
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass


class DescriptionError(ValueError):
    """A description that cannot be: it says which field, what stood there and what would be right."""

    def __init__(self, field: str, found: str, expected: str) -> None:
        super().__init__(f"{field}: {found}; expected {expected}")
        self.field = field
        self.expected = expected


HAIR_COLOURS = ("black", "brown", "blond", "red", "grey")
MARK_KINDS = ("tattoo", "scar", "birthmark", "piercing")
_PAIRED = ("shoulder", "upper arm", "forearm", "hand", "thigh", "lower leg", "foot")
BODY_PLACES = (
    "head", "face", "neck", "chest", "abdomen", "back", "pelvis",
    *(f"{side} {part}" for part in _PAIRED for side in ("left", "right")),
)  # fmt: skip
MARKS = tuple(f"{kind} {place}" for kind in MARK_KINDS for place in BODY_PLACES)
"""All codes of marks: a kind and a place of the body, such as `tattoo left forearm`."""
NO_MARKS = "none"
"""The code that says that somebody looked, or was asked, and that there is none."""
STATURES = (20.0, 260.0)
"""Centimetres between which a stature lies."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True)
class Description:
    """One person's non-DNA description, ante or post mortem; None or empty where nothing is recorded.

    `stature` is a range in centimetres; one end may be None. `hair` is one of `HAIR_COLOURS`. `marks` are coded tattoos
    and scars, which can be compared: codes of `MARKS`, or `NO_MARKS` alone; empty, nobody looked. `marks_text` is free
    text, kept and shown, never scored. `documents` are numbers of documents and tags: those that belong to a missing
    person, or that were found with a body. `place` is latitude and longitude in degrees, `date` an ISO day, of being
    last seen or of recovery.

    Raises `DescriptionError` for a value that cannot be.
    """

    stature: tuple[float | None, float | None] = (None, None)
    hair: str = ""
    marks: tuple[str, ...] = ()
    marks_text: str = ""
    documents: tuple[str, ...] = ()
    place: tuple[float, float] | None = None
    date: str = ""

    def __post_init__(self) -> None:
        for problem in self._problems():
            raise problem

    def _problems(self) -> Iterator[DescriptionError]:
        low, high = self.stature
        least, most = STATURES
        if any(end is not None and not least <= end <= most for end in self.stature):
            yield DescriptionError("stature", str(self.stature), f"centimetres from {least:g} to {most:g}")
        if low is not None and high is not None and low > high:
            yield DescriptionError("stature", str(self.stature), "a range whose first end is not above its second")
        if self.hair and self.hair not in HAIR_COLOURS:
            yield DescriptionError("hair", repr(self.hair), f"one of {', '.join(HAIR_COLOURS)}")
        yield from self._problems_of_marks()
        if self.place is not None and not _is_place(*self.place):
            yield DescriptionError("place", str(self.place), "a latitude from -90 to 90, a longitude from -180 to 180")
        if self.date and day_of(self.date) is None:
            yield DescriptionError("date", repr(self.date), "a day such as 2024-05-31")

    def _problems_of_marks(self) -> Iterator[DescriptionError]:
        unknown = [mark for mark in self.marks if mark not in MARKS and mark != NO_MARKS]
        if unknown:
            kinds, places = ", ".join(MARK_KINDS), ", ".join(BODY_PLACES)
            yield DescriptionError(
                "marks", repr(unknown[0]), f"a kind ({kinds}) and a place ({places}), such as tattoo left forearm"
            )
        if len(set(self.marks)) < len(self.marks):
            yield DescriptionError("marks", str(self.marks), "each mark once")
        if NO_MARKS in self.marks and len(self.marks) > 1:
            yield DescriptionError("marks", str(self.marks), f"{NO_MARKS} alone, or marks")
        if len(set(self.documents)) < len(self.documents) or not all(self.documents):
            yield DescriptionError("documents", str(self.documents), "the number of each document once")

    @property
    def day(self) -> dt.date | None:
        """The date as a day of the calendar."""
        return day_of(self.date)


def day_of(text: str) -> dt.date | None:
    """A day written as 2024-05-31; None for anything else.

    >>> day_of("2024-05-31"), day_of("2023-02-29"), day_of("20240531")
    (datetime.date(2024, 5, 31), None, None)
    """
    if not _DAY.fullmatch(text):
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def _is_place(latitude: float, longitude: float) -> bool:
    return math.isfinite(latitude) and math.isfinite(longitude) and abs(latitude) <= 90 and abs(longitude) <= 180


NOTHING_RECORDED = Description()
