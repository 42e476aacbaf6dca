"""Pictures of how long a search takes: its stages, and how it grows."""

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from antigone.report.charts import _STYLE, EXPECTED, THRESHOLD, _as_svg

Points = Sequence[tuple[float, float]]


def stage_bars(searches: Mapping[str, Sequence[tuple[str, float]]]) -> str:
    """Seconds of a core of each stage of some searches, one under the other; the stages of one search are bars.

    Stages are named alike in all searches and stand in the order of the first.
    """
    names = [name for name, _ in next(iter(searches.values()))]
    rows = np.arange(len(names))
    height = 0.8 / len(searches)
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(7.2, 0.9 + 0.42 * len(names) * max(1, len(searches) / 2)))
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.31, 0.15, 0.62, 0.76))
        for k, (label, stages) in enumerate(searches.items()):
            seconds = [dict(stages)[name] for name in names]
            color = (EXPECTED, THRESHOLD)[k % 2]
            bars = axes.barh(rows + (k - (len(searches) - 1) / 2) * height, seconds, height, label=label, color=color)
            axes.bar_label(bars, fmt="{:.2f}", padding=3, fontsize=8)
        axes.set_yticks(rows, names)
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set_xlabel("seconds of a core")
        axes.spines[["top", "right"]].set_visible(False)
        if len(searches) > 1:
            axes.legend(frameon=False)
        else:
            axes.set_title(next(iter(searches)), loc="left", fontsize=9)
        return _as_svg(figure)


def scaling_curves(panels: Mapping[str, tuple[Points, Points]]) -> str:
    """One panel for each thing that grows: seconds of a core, and mebibytes at the peak, both from 0.

    A straight line through the first and the last point stands beside the seconds.
    """
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(3.2 * len(panels), 4.6))
        FigureCanvasSVG(figure)
        grid = figure.subplots(2, len(panels), squeeze=False, sharex="col")
        for column, (name, (seconds, mebibytes)) in enumerate(panels.items()):
            above, below = grid[0][column], grid[1][column]
            _line(above, seconds)
            above.plot(*zip(seconds[0], seconds[-1], strict=True), "--", color=THRESHOLD, linewidth=1)
            _line(below, mebibytes)
            below.set_xlabel(name)
        grid[0][0].set_ylabel("seconds of a core")
        grid[1][0].set_ylabel("MiB at the peak")
        figure.tight_layout()
        return _as_svg(figure)


def _line(axes: Axes, points: Points) -> None:
    axes.plot(*zip(*points, strict=True), "o-", color=EXPECTED)
    axes.set_ylim(0, 1.15 * max(y for _, y in points))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_xticks([x for x, _ in points], [f"{x:,.0f}" for x, _ in points])
    axes.tick_params(labelsize=8)
