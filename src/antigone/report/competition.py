"""Who competes with whom: individuals on the left, missing persons on the right, a line for each pair that is weighed.

    +--------------------------------------------------+
    | R1 ●━━━━━━━━ 0.93 ━━━━━━━━● M1 (F1)              |
    |      ╲── 0.05 ──╮                                |
    | R2 ●━━━━━━━━ 0.90 ━━━━━━━━● M2 (F1)              |
    +--------------------------------------------------+

A line is as wide as the pair is probable. Labels are put where they cover no other; one that finds no place is left to
the table. The same input gives the same bytes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

# So many of each side are drawn; the rest is counted below.
MOST = 12

_ROW, _TOP, _GAP, _RADIUS = 38.0, 34.0, 330.0, 5.0
_CHARACTER, _LONGEST, _SHORTEST = 8.4, 34, 15
_LABEL_HEIGHT, _LABEL_CHARACTER = 16.0, 6.6
# Where along a line its label may stand, the best first.
_PLACES = (0.5, 0.38, 0.62, 0.27, 0.73, 0.18, 0.82, 0.44, 0.56, 0.32, 0.68, 0.22, 0.78)
# Pairs below this are drawn as thin as a line can be, and without a label.
_FAINT = 0.005
_LINE, _SYMMETRIC, _INK, _SOFT = "#1d4e79", "#8a5a00", "#1b2733", "#5b6b7a"


@dataclass(frozen=True, slots=True)
class Rivalry:
    """One pair of a component: both names, its probability as drawn and in words; whether it is of a symmetric set."""

    individual: str
    missing: str
    posterior: float
    words: str
    symmetric: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A label as it stands: centre, and half of its width and height."""

    x: float
    y: float
    half_width: float
    half_height: float = _LABEL_HEIGHT / 2

    def overlaps(self, other: "Box") -> bool:
        """Whether the two cover each other."""
        return (
            abs(self.x - other.x) < self.half_width + other.half_width
            and abs(self.y - other.y) < self.half_height + other.half_height
        )


def draw_competition(pairs: Sequence[Rivalry], *, title: str) -> str:
    """An `<svg>` element of one component; of more than twelve of a side the most disputed are drawn."""
    left, right = _shown(pairs)
    shown = [one for one in pairs if one.individual in left and one.missing in right]
    # Who is left without a line competes with nobody here.
    left = [name for name in left if any(one.individual == name for one in shown)]
    right = [name for name in right if any(one.missing == name for one in shown)]
    left, right = _untangled(left, right, shown)
    begin = _width_of(left)
    end = begin + _GAP
    width = end + _width_of(right)
    rows = max(len(left), len(right))
    height = _TOP + _ROW * (rows - 1) + 24
    at_left = {name: (begin, _TOP + _ROW * (k + (rows - len(left)) / 2) + 6) for k, name in enumerate(left)}
    at_right = {name: (end, _TOP + _ROW * (k + (rows - len(right)) / 2) + 6) for k, name in enumerate(right)}
    ends = [(at_left[one.individual], at_right[one.missing]) for one in shown]
    parts = [
        f'<text x="{begin + _RADIUS:.0f}" y="14" text-anchor="end" font-size="12" fill="{_SOFT}">individuals</text>',
        f'<text x="{end - _RADIUS:.0f}" y="14" font-size="12" fill="{_SOFT}">missing persons</text>',
        *(_line(one, *where) for one, where in zip(shown, ends, strict=True)),
        *(_label(box, one) for one, box in labels(shown, ends)),
        *(_node(x, y, name, "end") for name, (x, y) in at_left.items()),
        *(_node(x, y, name, "start") for name, (x, y) in at_right.items()),
    ]
    description = "; ".join(f"{one.individual} is {one.missing}: {one.words}" for one in shown)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" font-family="system-ui, DejaVu Sans, sans-serif">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{''.join(parts)}</svg>"
    )


def not_drawn(pairs: Sequence[Rivalry]) -> tuple[int, int]:
    """How many individuals and how many missing persons of a component have no place in its picture."""
    left, right = _shown(pairs)
    shown = [one for one in pairs if one.individual in left and one.missing in right]
    return (
        len({one.individual for one in pairs}) - len({one.individual for one in shown}),
        len({one.missing for one in pairs}) - len({one.missing for one in shown}),
    )


def labels(
    pairs: Sequence[Rivalry], ends: Sequence[tuple[tuple[float, float], tuple[float, float]]]
) -> list[tuple[Rivalry, Box]]:
    """Where the labels stand, the most probable pair first; one that would cover another is left out."""
    order = sorted(range(len(pairs)), key=lambda k: (-pairs[k].posterior, k))
    placed: list[tuple[Rivalry, Box]] = []
    for k in order:
        one, ((x1, y1), (x2, y2)) = pairs[k], ends[k]
        if one.posterior < _FAINT:
            continue
        half = (len(one.words) * _LABEL_CHARACTER + 8) / 2
        for t in _PLACES:
            box = Box(x1 + t * (x2 - x1), y1 + t * (y2 - y1), half)
            if not any(box.overlaps(other) for _, other in placed):
                placed.append((one, box))
                break
    return placed


def _width_of(names: Sequence[str]) -> float:
    """Room for the names of one side and for its heading, in a wide type."""
    return 18 + _CHARACTER * max(_SHORTEST, *(min(len(name), _LONGEST) for name in names))


def _shown(pairs: Sequence[Rivalry]) -> tuple[list[str], list[str]]:
    """The names of both sides, the most disputed pairs first: those that are neither certain nor ruled out."""
    ordered = sorted(pairs, key=lambda one: (-min(one.posterior, 1 - one.posterior), -one.posterior))
    left = list(dict.fromkeys(one.individual for one in ordered))[:MOST]
    right = list(dict.fromkeys(one.missing for one in ordered))[:MOST]
    return left, right


def _untangled(left: list[str], right: list[str], pairs: Sequence[Rivalry]) -> tuple[list[str], list[str]]:
    """Each side by the weighted mean place of its partners, so that few lines cross."""
    for _ in range(4):
        left = _by_partners(left, right, [(one.individual, one.missing, one.posterior) for one in pairs])
        right = _by_partners(right, left, [(one.missing, one.individual, one.posterior) for one in pairs])
    return left, right


def _by_partners(own: list[str], others: list[str], pairs: Sequence[tuple[str, str, float]]) -> list[str]:
    place = {name: k for k, name in enumerate(others)}
    weight = dict.fromkeys(own, 0.0)
    moment = dict.fromkeys(own, 0.0)
    for name, other, posterior in pairs:
        weight[name] += posterior + 1e-3
        moment[name] += (posterior + 1e-3) * place[other]
    mean = {name: moment[name] / weight[name] if weight[name] else float(len(others)) for name in own}
    return sorted(own, key=lambda name: (mean[name], own.index(name)))


def _line(one: Rivalry, begin: tuple[float, float], end: tuple[float, float]) -> str:
    faint = one.posterior < _FAINT
    width = 0.8 if faint else 1.2 + 6 * one.posterior
    dashes = ' stroke-dasharray="3 4"' if faint else ""
    colour = _SYMMETRIC if one.symmetric else _LINE
    opacity = 0.45 if faint else 0.35 + 0.5 * one.posterior
    return (
        f'<line x1="{begin[0]:.1f}" y1="{begin[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="{colour}" '
        f'stroke-width="{width:.2f}" stroke-opacity="{opacity:.2f}"{dashes}>'
        f"<title>{escape(f'{one.individual} is {one.missing}: {one.words}')}</title></line>"
    )


def _label(box: Box, one: Rivalry) -> str:
    return (
        f'<rect x="{box.x - box.half_width:.1f}" y="{box.y - box.half_height:.1f}" width="{2 * box.half_width:.1f}" '
        f'height="{2 * box.half_height:.1f}" rx="3" fill="#ffffff"/>'
        f'<text x="{box.x:.1f}" y="{box.y + 4:.1f}" text-anchor="middle" font-size="12" fill="{_INK}">'
        f"{escape(one.words)}</text>"
    )


def _node(x: float, y: float, name: str, anchor: str) -> str:
    aside = x - 11 if anchor == "end" else x + 11
    short = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_RADIUS}" fill="{_INK}"/>'
        f'<text x="{aside:.1f}" y="{y + 4.5:.1f}" text-anchor="{anchor}" font-size="13" fill="{_INK}">'
        f"<title>{escape(name)}</title>{escape(short)}</text>"
    )
