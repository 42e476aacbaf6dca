"""How our answer and a peer's are compared, and what is said about it."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Comparison:
    """The figures of one case: the worst difference, and why the case falls short, if it does."""

    case: str
    tolerance: float
    worst: float = 0.0
    why: list[str] = field(default_factory=list)
    compared: int = 0
    absent: list[str] = field(default_factory=list)  # figures that the answer does not hold

    @property
    def passed(self) -> bool:
        """Whether every figure agrees."""
        return not self.why

    def number(self, name: str, ours: float, theirs: float | None) -> None:
        """Compare one figure; a peer's null stands for zero."""
        expected = 0.0 if theirs is None else float(theirs)
        self._record(name, ours, expected, relative_error(ours, expected))

    def probability(self, name: str, ours: float, theirs: float | None) -> None:
        """Compare a probability that was summed up: what is small against 1 has only its absolute digits."""
        expected = 0.0 if theirs is None else float(theirs)
        self._record(name, ours, expected, abs(ours - expected))

    def logarithm(self, name: str, ours: float, theirs: float | None) -> None:
        """Compare natural logarithms: their difference is the relative error of what they stand for."""
        expected = -math.inf if theirs is None else float(theirs)
        self._record(name, ours, expected, 0.0 if ours == expected else abs(ours - expected))

    def ratio(self, name: str, ours: float, theirs: float | None) -> None:
        """Compare a quotient; a peer's null stands for an undefined or infinite one where ours is, else for zero."""
        if theirs is None and not math.isfinite(ours):
            self.compared += 1
        else:
            self.number(name, ours, theirs)

    def count(self, name: str, ours: int, theirs: int) -> None:
        """Compare counts, which agree or do not."""
        self.compared += 1
        if ours != theirs:
            self.why.append(f"{name}: {ours}, the peer {theirs}")

    def not_computed(self, why: str) -> None:
        """The case falls short as a whole."""
        self.worst = math.inf
        self.why.append(why)

    def _record(self, name: str, ours: float, theirs: float, error: float) -> None:
        self.compared += 1
        if math.isnan(error):
            error = math.inf
        self.worst = max(self.worst, error)
        if error > self.tolerance:
            self.why.append(f"{name}: {ours!r}, the peer {theirs!r} (relative error {error:.1e})")


@dataclass(frozen=True)
class FileReport:
    """One file of answers; `error` says why nothing could be computed of it."""

    file: str
    family: str
    cases: tuple[Comparison, ...]
    error: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the file could be read and every case agrees."""
        return not self.error and self.passed == len(self.cases)

    @property
    def passed(self) -> int:
        """How many cases agree."""
        return sum(case.passed for case in self.cases)

    @property
    def worst_relative_error(self) -> float:
        """Over all figures of all cases."""
        return max((case.worst for case in self.cases), default=0.0)

    def as_json(self) -> dict[str, object]:
        """As `antigone validate --json` prints it; an infinite error is null, which JSON has no number for."""
        worst = self.worst_relative_error
        failed: list[dict[str, object]] = [
            {"id": case.case, "why": "; ".join(_first(case.why))} for case in self.cases if not case.passed
        ]
        if self.error:
            failed.append({"id": None, "why": self.error})
        return {
            "file": self.file,
            "family": self.family,
            "cases": len(self.cases),
            "passed": self.passed,
            "worst_relative_error": worst if math.isfinite(worst) and not self.error else None,
            "failed": failed,
        }


def relative_error(ours: float, theirs: float) -> float:
    """|ours − theirs| / the larger of the two; 0 where both are the same, also both infinite.

    >>> relative_error(0.0, 0.0), relative_error(1.0, 2.0)
    (0.0, 0.5)
    """
    if ours == theirs:
        return 0.0
    if not (math.isfinite(ours) and math.isfinite(theirs)):
        return math.inf
    return abs(ours - theirs) / max(abs(ours), abs(theirs))


def _first(reasons: Iterable[str], limit: int = 5) -> list[str]:
    """A few reasons, and how many more there are."""
    listed = list(reasons)
    if len(listed) <= limit:
        return listed
    return [*listed[:limit], f"and {len(listed) - limit} more"]
