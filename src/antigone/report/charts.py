"""Charts as SVG: the same input gives the same bytes."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

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


@dataclass(frozen=True, eq=False)
class Curve:
    """Chances over log10 LRs; both arrays have the same shape."""

    name: str
    x: Floats
    y: Floats


# The colours of Okabe and Ito, which people with any colour vision tell apart; the first stands out.
_CURVES = ("#8fb4d9", "#b3401d", "#d08b00", "#3b8f6a", "#8c8c8c")
_LEAST_CHANCE = 1e-6


def chance_curves(panels: Mapping[str, Sequence[Curve]], threshold: float) -> str:
    """By kind of reference: the chance to reach each log10 LR, for everybody whom the body may be.

    Every panel has the same curves, in the same order. Returns an `<svg>` element.
    """
    columns = min(4, len(panels))
    rows = -(-len(panels) // columns)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.2, 0.75 + 1.75 * rows))
        FigureCanvasSVG(figure)
        grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        height = figure.get_figheight()
        figure.subplots_adjust(
            left=0.075, right=0.985, top=1 - 0.25 / height, bottom=0.8 / height, wspace=0.1, hspace=0.28
        )
        for axes, (name, curves) in zip(grid.flat, panels.items(), strict=False):
            for k, (curve, colour) in enumerate(zip(curves, _CURVES, strict=True)):
                # The first is broad, so that it shows where another lies on it.
                width, shown = 1.4 if k else 3.6, np.maximum(curve.y, _LEAST_CHANCE / 10)
                axes.plot(curve.x, shown, color=colour, linewidth=width, label=curve.name)
            axes.axvline(threshold, color=THRESHOLD, linewidth=0.8, linestyle=(0, (4, 3)))
            axes.set_yscale("log")
            axes.set_ylim(_LEAST_CHANCE, 2.0)
            axes.set_xlim(curves[0].x[0], curves[0].x[-1])
            axes.set_title(name, loc="left", fontsize=8.5)
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
            axes.set_axisbelow(True)
        for axes in list(grid.flat)[len(panels) :]:
            axes.set_visible(False)
        for axes in list(grid.flat)[max(0, len(panels) - columns) : len(panels)]:
            axes.tick_params(labelbottom=True)
        figure.supylabel("chance to reach it", x=0.01, fontsize=9)
        figure.text(0.53, 0.42 / height, "log10 of the likelihood ratio", ha="center")
        handles, labels = grid.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="lower left", bbox_to_anchor=(0.065, 0.0), ncols=5, frameon=False)
        return _as_svg(figure)


def hits_and_chance(log10_lr: Floats, hits: Integers, low: Floats, high: Floats) -> str:
    """How many pairs reach each log10 LR, and between which ends unrelated pairs alone would; all of shape (steps,).

    Returns an `<svg>` element.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(9.2, 3.6))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.085, 0.23, 0.9, 0.66))
        floor = _LEAST_PAIRS / 10  # nothing is drawn below the axis, and a logarithm has no zero
        axes.fill_between(
            log10_lr, np.maximum(low, floor), np.maximum(high, floor), color=EXPECTED, alpha=0.35, linewidth=0,
            label="expected of unrelated pairs alone",
        )  # fmt: skip
        axes.plot(log10_lr, np.maximum(high, floor), color=EXPECTED, linewidth=1)
        axes.plot(log10_lr, np.maximum(hits, floor), ".-", color=THRESHOLD, linewidth=1.2, label="hits")
        axes.set_yscale("log")
        axes.set_ylim(_LEAST_PAIRS, 3 * max(float(hits.max(initial=1)), float(high.max(initial=1.0))))
        axes.set_xlim(float(log10_lr[0]), float(log10_lr[-1]) if len(log10_lr) > 1 else float(log10_lr[0]) + 1)
        axes.set_xlabel("log10 of the likelihood ratio")
        axes.set_ylabel("pairs with that or more")
        axes.set_title("Hits, and how many chance alone would give", loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
        axes.set_axisbelow(True)
        figure.legend(loc="lower left", bbox_to_anchor=(0.075, 0.0), ncols=2, frameon=False)
        return _as_svg(figure)


# Fewer expected pairs than this are not drawn.
_LEAST_PAIRS = 1e-3


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
