"""Charts as SVG: the same input gives the same bytes."""

import io
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Text stays text, identifiers follow from the content, and the file names no program and no day.
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "antigone",
    "font.family": "DejaVu Sans",
    "font.size": 9,
}
_METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}

OBSERVED, EXPECTED, THRESHOLD = "#8fa8bf", "#b3401d", "#333333"


def lr_distribution(edges: Floats, observed: Floats, expected: Floats, threshold: float, *, title: str) -> str:
    """All pairs of a search by log10 LR, beside what pairs of unrelated people alone would give.

    `edges` has shape (bins + 1,); `observed` and `expected` have two more entries than bins, for what lies beyond.
    Returns an `<svg>` element.
    """
    last = int(np.flatnonzero(observed[1:-1]).max(initial=0))
    reach = min(len(edges) - 1, max(last + 3, int(np.searchsorted(edges, threshold)) + 6))
    shown = slice(0, reach)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.2, 3.7))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.075, 0.23, 0.905, 0.68))
        width = np.diff(edges)[shown]
        axes.bar(edges[:-1][shown], observed[1:-1][shown], width, align="edge", color=OBSERVED, label="this search")
        axes.stairs(
            np.maximum(expected[1:-1][shown], 1e-12), edges[: reach + 1], color=EXPECTED, linewidth=1.6,
            label="expected of unrelated pairs alone",
        )  # fmt: skip
        if edges[0] <= threshold <= edges[reach]:
            axes.axvline(
                threshold, color=THRESHOLD, linewidth=1, linestyle=(0, (4, 3)), label=f"listed from {threshold:g}"
            )
        axes.set_yscale("log")
        top = max(10.0, float(observed[1:-1].max(initial=1.0)), float(expected[1:-1].max(initial=1.0)))
        axes.set_ylim(1e-3, top * 2)
        axes.set_xlim(edges[0], edges[reach])
        axes.set_xlabel("log10 of the likelihood ratio")
        axes.set_ylabel("pairs (a fifth of a power of ten each)")
        axes.set_title(title, loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
        axes.set_axisbelow(True)
        # Beneath the picture, where it hides no bar and no line.
        handles, _ = axes.get_legend_handles_labels()
        handles.sort(key=lambda handle: handle.get_label() != "this search")
        figure.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.065, 0.0), ncols=3, frameon=False)
        return _as_svg(figure)


def growth_curve(points: Sequence[tuple[float, float]]) -> str:
    """Milliseconds a marker against people in the pedigree, both by powers; beside it a line of slope one."""
    people = np.array([x for x, _ in points])
    milliseconds = np.array([y for _, y in points])
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(6.4, 3.8))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.13, 0.15, 0.84, 0.75))
        axes.loglog(people, milliseconds, "o-", color=EXPECTED, label="measured")
        axes.loglog(people, milliseconds[0] * people / people[0], "--", color=THRESHOLD, linewidth=1, label="linear")
        axes.set_xlabel("people in the pedigree")
        axes.set_ylabel("milliseconds a marker")
        axes.set_title("Stepwise mutation, 15 alleles, half of the people typed", loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
        return _as_svg(figure)


def _as_svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata=_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :].strip()
