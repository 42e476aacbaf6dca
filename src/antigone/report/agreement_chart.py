"""The picture of an agreement: promise against said and received, by day. The same input gives the same bytes.

Nothing is interpolated and nothing is added up here: a step stands where a figure stood, and ends where it ended.
"""

import io
import re
import textwrap
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, TypedDict

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator
from matplotlib.transforms import ScaledTranslation, Transform

# Text stays text, identifiers follow from the content, and the file names no program and no day.
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "antigone",
    "font.family": "DejaVu Sans",
    "font.size": 9,
}
_SVG_METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}

# Told apart by marker and dash, so that grey paper loses nothing.
_SUMS: dict[str, tuple[str, Any, str]] = {
    "received": ("#1d4f91", "solid", "o"),
    "handed over": ("#3f6d2e", (0, (5, 1.5, 1, 1.5)), "s"),
    "declared": ("#7a5a10", (0, (2, 1.2)), "^"),
}
_SAID_MARKERS = "DvPX<>ph8d"
_SAID_SHADES = ("#1f1f1f", "#8a3a1c", "#4a4a8a", "#5f6670")
_PROMISE, _RECORD, _CONTRADICTION = "#1f1f1f", "#5f6670", "#b3401d"

_WIDE, _LABEL_WIDE, _LEFT = 11.5, 4.2, 0.75
_LEAST_HIGH = 4.3
_NOTE_HIGH = 0.175
_ABOVE, _AXIS_HIGH = 0.55, 0.65
_MOST_LABELS, _MOST_CONTRADICTIONS = 24, 20
_DODGE = 8.0  # points


class ChartPoint(TypedDict):
    """From this day on this quantity held; None where there was no figure, or rival ones."""

    day: str
    quantity: int | None


class ChartLine(TypedDict):
    """One series by day."""

    series: str
    direction: str | None
    basis: str
    is_sum: bool
    points: list[ChartPoint]
    claims: list[str]


class ChartContradiction(TypedDict):
    """Figures that cannot all be true, and the day from which that was known."""

    day: str
    about: str
    quantities: list[int]
    why: str


class AgreementCourse(TypedDict):
    """What is drawn: the plain data of `casework.agreements.tallies.Course`."""

    agreement: str
    direction: str
    unit: str
    lines: list[ChartLine]
    contradictions: list[ChartContradiction]


@dataclass(frozen=True)
class _Look:
    """How a series is drawn."""

    colour: str
    dashes: Any
    marker: str


@dataclass(frozen=True)
class _Label:
    """What stands beside a line, at the height of its last figure."""

    height: float
    text: str
    look: _Look

    @property
    def size(self) -> float:
        """Inches."""
        return 0.16 * (self.text.count("\n") + 1) + 0.07


def agreement_svg(course: AgreementCourse) -> str:
    """The picture as an `<svg>` element."""
    with mpl.rc_context(_STYLE):
        figure = _draw(course)
        FigureCanvasSVG(figure)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata=_SVG_METADATA)
    text = buffer.getvalue()
    return text[text.index("<svg") :].strip()


def agreement_png(course: AgreementCourse, *, dpi: int = 130) -> bytes:
    """The picture as PNG, `dpi` dots an inch."""
    with mpl.rc_context(_STYLE):
        figure = _draw(course)
        FigureCanvasAgg(figure)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=dpi, metadata={"Software": None})
    return buffer.getvalue()


def agreement_charts(courses: Iterable[AgreementCourse]) -> dict[str, bytes]:
    """The pictures of some courses, SVG and PNG, by the name of the file in which each may stand."""
    charts: dict[str, bytes] = {}
    for course in courses:
        name = _file_name(course, charts)
        charts[f"{name}.svg"] = (agreement_svg(course) + "\n").encode()
        charts[f"{name}.png"] = agreement_png(course)
    return charts


def _file_name(course: AgreementCourse, taken: Container[str]) -> str:
    """Agreement, direction and unit in letters, digits and hyphens; numbered where that makes two alike."""
    text = f"{course['agreement']} {course['direction']} {course['unit']}".casefold()
    name = "-".join(re.findall(r"[^\W_]+", text))[:100]
    numbered = (name if number == 1 else f"{name}-{number}" for number in count(1))
    return next(free for free in numbered if f"{free}.svg" not in taken)


def _draw(course: AgreementCourse) -> Figure:
    first, last = _span(course)
    lines = [line for line in course["lines"] if _runs(line["points"], last)]
    drawn = [(line, look, _runs(line["points"], last)) for line, look in zip(lines, _looks(lines), strict=True)]
    labels = _labels([_label(course, *one) for one in drawn])
    notes = _notes(course["contradictions"])
    plot_high = max(_LEAST_HIGH, sum(label.size for label in labels))
    below = _AXIS_HIGH + _NOTE_HIGH * (len(notes) + 1)
    high = _ABOVE + plot_high + below
    figure = Figure(figsize=(_WIDE, high))
    figure.text(0.02, 1 - 0.22 / high, _title(course), fontsize=11, fontweight="bold", va="center", parse_math=False)
    axes = figure.add_axes((_LEFT / _WIDE, below / high, (_WIDE - _LEFT - _LABEL_WIDE) / _WIDE, plot_high / high))
    _scale(axes, course, first, last)
    said: Counter[int] = Counter()
    for line, look, runs in drawn:
        _draw_line(figure, axes, line, look, runs, said)
    _mark(axes, course["contradictions"])
    _write_labels(axes, labels, plot_high)
    for place, note in enumerate(notes):
        y = (below - _AXIS_HIGH - _NOTE_HIGH * place) / high
        figure.text(0.02, y, note, fontsize=8, color=_CONTRADICTION, va="center", parse_math=False)
    return figure


def _title(course: AgreementCourse) -> str:
    text = f"{course['agreement']}, {course['direction']}: promised against said, in {course['unit']} as claimed"
    return textwrap.shorten(text, 120, placeholder=" …")


def _span(course: AgreementCourse) -> tuple[int, int]:
    """First and last day of anything said."""
    days = [_number(point["day"]) for line in course["lines"] for point in line["points"]]
    days += [_number(one["day"]) for one in course["contradictions"]]
    return min(days, default=0), max(days, default=1)


def _number(day: str) -> int:
    return date.fromisoformat(day).toordinal()


def _draw_line(
    figure: Figure, axes: Axes, line: ChartLine, look: _Look, runs: Sequence[list[tuple[int, int]]], said: Counter[int]
) -> None:
    """Steps, with a mark on each day on which a figure was said; speakers of one day stand side by side."""
    for run in runs:
        days, quantities = [day for day, _ in run], [quantity for _, quantity in run]
        axes.plot(days, quantities, color=look.colour, drawstyle="steps-post", linestyle=look.dashes, zorder=2)
        if line["series"] == "promised":
            continue
        for day, quantity in run[:-1]:
            shift = 0.0
            if not line["is_sum"]:
                shift, said[day] = _DODGE * (said[day] + 1), said[day] + 1
            beside = axes.transData + ScaledTranslation(shift / 72, 0, figure.dpi_scale_trans)
            _stamp(axes, day, quantity, look, beside)
            if line["is_sum"]:
                axes.annotate(
                    f"{quantity:,}", (day, quantity), xytext=(-5, 5), textcoords="offset points", ha="right",
                    fontsize=8, color=look.colour,
                )  # fmt: skip


def _stamp(axes: Axes, x: float, y: float, look: _Look, transform: Transform) -> None:
    axes.plot(
        [x], [y], linestyle="none", marker=look.marker, markersize=6, markerfacecolor="white",
        markeredgecolor=look.colour, markeredgewidth=1.3, zorder=3, transform=transform, clip_on=False,
    )  # fmt: skip


def _runs(points: Sequence[ChartPoint], last: int) -> list[list[tuple[int, int]]]:
    """Stretches of days with a figure, each with the day on which it ends."""
    runs: list[list[tuple[int, int]]] = []
    run: list[tuple[int, int]] = []
    for point in points:
        day, quantity = _number(point["day"]), point["quantity"]
        if run:
            run.append((day, run[-1][1]))
        if quantity is None:
            runs, run = [*runs, run] if run else runs, []
        elif run:
            run[-1] = (day, quantity)
        else:
            run = [(day, quantity)]
    return [*runs, [*run, (last, run[-1][1])]] if run else runs


def _looks(lines: Sequence[ChartLine]) -> list[_Look]:
    """Of each series. No two speakers look alike while there are few of them."""
    said = (
        _Look(_SAID_SHADES[i % len(_SAID_SHADES)], (0, (1, 2)), _SAID_MARKERS[i % len(_SAID_MARKERS)])
        for i in range(len(lines))
    )
    return [_look(line) or next(said) for line in lines]


def _look(line: ChartLine) -> _Look | None:
    """Of a series that always looks the same."""
    if line["basis"] == "record":
        return _Look(_RECORD, "solid", "*")
    if line["series"] == "promised":
        return _Look(_PROMISE, (0, (7, 3)), "")
    return _Look(*_SUMS[line["series"]]) if line["is_sum"] else None


def _label(course: AgreementCourse, line: ChartLine, look: _Look, runs: Sequence[list[tuple[int, int]]]) -> _Label:
    end, quantity = runs[-1][-1]
    until = f" until {_day_name(end)}" if line["points"][-1]["quantity"] is None else ""
    text = f"{quantity:,} {course['unit']}{until}: {_source(line)}"
    return _Label(quantity, textwrap.fill(textwrap.shorten(text, 300, placeholder=" …"), 54), look)


def _labels(labels: list[_Label]) -> list[_Label]:
    """From the lowest up; where there are too many, the lowest give way to their number."""
    ordered = sorted(labels, key=lambda label: label.height)
    more = len(ordered) - _MOST_LABELS
    if more <= 0:
        return ordered
    return [_Label(0, f"and {more + 1} lower ones", _Look(_RECORD, "None", "")), *ordered[more + 1 :]]


def _source(line: ChartLine) -> str:
    """Where a figure comes from, in words."""
    if line["basis"] == "record":
        return f"{line['series']} (our record)"
    if line["series"] == "promised":
        return f"promised, {line['direction']} ({', '.join(line['claims'])})"
    if line["is_sum"]:
        whose = {"received": "the receiver’s", "handed over": "the giver’s", "declared": "one side’s"}[line["series"]]
        return f"{line['series']}, the sum of {whose} figures for each transfer"
    if line["series"] in _SUMS:
        return f"{line['series']}, said of the agreement as a whole ({', '.join(line['claims'])})"
    return f"{line['series']} ({', '.join(line['claims'])})"


def _scale(axes: Axes, course: AgreementCourse, first: int, last: int) -> None:
    quantities = [point["quantity"] or 0 for line in course["lines"] for point in line["points"]]
    axes.set_ylim(0, max(1, *quantities, 1) * 1.12)
    margin = max(1, round((last - first) * 0.08))
    axes.set_xlim(first - margin, last + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(_day_name))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, integer=True))
    axes.set_ylabel(f"{course['unit']}, as claimed", parse_math=False)
    axes.tick_params(axis="x", labelsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


def _day_name(value: float, _: int | None = None) -> str:
    if not 1 <= value <= date.max.toordinal():
        return ""
    return (date.min + timedelta(days=round(value) - 1)).isoformat()


def _mark(axes: Axes, contradictions: Sequence[ChartContradiction]) -> None:
    """The number of each note: in a ring around figures of the agreement, at the foot for those of one transfer."""
    numbers: dict[tuple[int, int], list[str]] = {}
    for number, one in enumerate(contradictions[:_MOST_CONTRADICTIONS], 1):
        height = max(one["quantities"]) if one["about"].startswith("agreement:") else 0
        numbers.setdefault((_number(one["day"]), height), []).append(str(number))
    for (day, height), some in numbers.items():
        if height:
            axes.plot(
                [day], [height], linestyle="none", marker="o", markersize=17, markerfacecolor="none",
                markeredgecolor=_CONTRADICTION, markeredgewidth=1.2, zorder=4, clip_on=False,
            )  # fmt: skip
        axes.annotate(
            ", ".join(some), (day, height), xytext=(0, 11 if height else 4), textcoords="offset points", ha="center",
            fontsize=8.5, fontweight="bold", color=_CONTRADICTION, annotation_clip=False,
        )  # fmt: skip


def _notes(contradictions: Sequence[ChartContradiction]) -> list[str]:
    """One line or more for each contradiction; how many more there are, where there are too many."""
    if not contradictions:
        return []
    lines = ["Contradictions, not resolved:"]
    for number, one in enumerate(contradictions[:_MOST_CONTRADICTIONS], 1):
        against = " against ".join(f"{quantity:,}" for quantity in one["quantities"])
        text = f"{number}  {one['day']}  {one['about']}: {against} ({one['why']})"
        lines += textwrap.wrap(text, 160, subsequent_indent="    ")
    more = len(contradictions) - _MOST_CONTRADICTIONS
    return lines + ([f"and {more} more"] if more > 0 else [])


def _write_labels(axes: Axes, labels: Sequence[_Label], plot_high: float) -> None:
    """Beside the plot, as near to their figures as they go without one covering another."""
    top = axes.get_ylim()[1]
    middles = _spread([label.height / top * plot_high for label in labels], [label.size for label in labels], plot_high)
    for label, middle in zip(labels, middles, strict=True):
        y = middle / plot_high
        axes.annotate(
            "", xy=(1.0, label.height / top), xytext=(1.045, y), xycoords="axes fraction", textcoords="axes fraction",
            arrowprops={"arrowstyle": "-", "color": label.look.colour, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 0},
            annotation_clip=False,
        )  # fmt: skip
        if label.look.marker:
            _stamp(axes, 1.055, y, label.look, axes.transAxes)
        axes.text(
            1.075, y, label.text, transform=axes.transAxes, fontsize=8, color=label.look.colour, va="center",
            parse_math=False,
        )  # fmt: skip


def _spread(wanted: Sequence[float], sizes: Sequence[float], high: float) -> list[float]:
    """Middles between 0 and `high`, near the wanted ones (ascending), so that none is within another's size."""
    middles: list[float] = []
    floor = 0.0
    for middle, size in zip(wanted, sizes, strict=True):
        middles.append(max(middle, floor + size / 2))
        floor = middles[-1] + size / 2
    ceiling = high
    for place in reversed(range(len(middles))):
        middles[place] = min(middles[place], ceiling - sizes[place] / 2)
        ceiling = middles[place] - sizes[place] / 2
    return middles
