"""Alleles as types: a repeat count, an off-ladder reading, a silent allele, one that is there but was not seen."""

import re
from dataclasses import dataclass


class AlleleError(ValueError):
    """A text is not an allele."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A repeat allele: whole repeats, and the bases of an incomplete one.

    >>> Repeat(9, 3)
    Repeat(repeats=9, bases=3)
    >>> str(Repeat(9, 3)), str(Repeat(12))
    ('9.3', '12')
    """

    repeats: int
    bases: int = 0

    def __str__(self) -> str:
        return f"{self.repeats}.{self.bases}" if self.bases else str(self.repeats)

    def length(self, repeat_length: int) -> int:
        """Bases in the repeat region of a marker whose unit has `repeat_length` bases."""
        return self.repeats * repeat_length + self.bases


@dataclass(frozen=True, slots=True)
class Named:
    """An allele with a name instead of a repeat count: `X`, `Y`, a base of a SNP, a rest allele."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class OffLadder:
    """A reading outside the allelic ladder (`OL`, `>20`, `<8`): an allele was there, which one is not known."""

    text: str = "OL"

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Silent:
    """An allele that never shows, because a primer does not bind."""

    def __str__(self) -> str:
        return "silent"


@dataclass(frozen=True, slots=True)
class Unknown:
    """An allele that must be there and was not seen."""

    def __str__(self) -> str:
        return "?"


Allele = Repeat | Named | OffLadder | Silent | Unknown

_REPEAT = re.compile(r"(0|[1-9][0-9]{0,2})(?:\.([0-9]))?")
_OFF_LADDER = re.compile(r"OL|[<>]\s*[0-9]{1,3}(?:\.[0-9])?", re.IGNORECASE)
_NAMED = re.compile(r"[^\W\d_][\w .+-]{0,39}")


def parse_allele(text: str) -> Allele:
    """Read an allele as laboratories write it.

    Raises `AlleleError`, saying what would be right, for anything else.

    >>> parse_allele("9.3"), parse_allele("OL"), parse_allele("?")
    (Repeat(repeats=9, bases=3), OffLadder(text='OL'), Unknown())
    >>> parse_allele("9,3")
    Traceback (most recent call last):
        ...
    antigone.genetics.alleles.AlleleError: an allele such as 12 or 9.3 (with a point), OL, >20 or ?
    """
    text = text.strip()
    if repeat := _REPEAT.fullmatch(text):
        return Repeat(int(repeat[1]), int(repeat[2] or 0))
    if text == "?":
        return Unknown()
    if _OFF_LADDER.fullmatch(text):
        return OffLadder(text.upper())
    if text.lower() == "silent":
        return Silent()
    if _NAMED.fullmatch(text):
        return Named(text)
    raise AlleleError("an allele such as 12 or 9.3 (with a point), OL, >20 or ?")


def allele_order(allele: Allele) -> tuple[int, int, int, str]:
    """Sort key: repeat alleles by length, then names, the silent allele last."""
    match allele:
        case Repeat(repeats, bases):
            return (0, repeats, bases, "")
        case Named(name):
            return (1, 0, 0, name)
        case OffLadder(text):
            return (2, 0, 0, text)
        case Unknown():
            return (3, 0, 0, "")
        case Silent():
            return (4, 0, 0, "")
