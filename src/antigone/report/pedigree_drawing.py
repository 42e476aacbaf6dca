"""A pedigree as a picture: SVG in the standard human pedigree nomenclature (Bennett et al. 2008, J Genet Couns 17:424).

Squares are men, circles women, diamonds persons of unknown sex; a slash marks the deceased; partners are joined by a
line, blood relatives by a double one; identical twins by a bar. Our own, explained in the legend: who gave a sample is
filled and has a thick outline; the person sought has an outline of another colour and a question mark.

Colours are presentation attributes, not styles: any CSS rule for the classes overrides them, and a page with a strict
content security policy still shows them. Everything told by colour is told by form too.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from antigone.report.pedigree_layout import (
    FONT_SIZE,
    LABEL_DROP,
    LINE_HEIGHT,
    RADIUS,
    CoupleLine,
    Descent,
    DrawnPerson,
    Layout,
    Symbol,
    label_lines,
    lay_out,
    text_width,
)
from antigone.report.pedigree_order import Sex

__all__ = ["DrawnPerson", "PedigreeWords", "draw_pedigree"]

_MARGIN = 24.0
_LEAST_WIDTH = 360.0
_INK, _MUTED, _PAPER = "#1f2933", "#52606d", "#ffffff"
_SAMPLE, _SOUGHT = "#cfe3f3", "#a83a00"
_FONTS = "Noto Sans, Arial, Liberation Sans, DejaVu Sans, sans-serif"


@dataclass(frozen=True)
class PedigreeWords:
    """The words of legend and description, to be replaced in another language."""

    male: str = "male"
    female: str = "female"
    unknown_sex: str = "sex unknown"
    typed: str = "gave a sample"
    missing: str = "person sought"
    deceased: str = "deceased"
    consanguineous: str = "blood relatives"
    twins: str = "identical twins"
    same_person: str = "same person, drawn twice"
    single_parent: str = "other parent not in this pedigree (need not be the same for all children)"
    summary: str = "Pedigree of {persons} persons in {generations} generations."
    family: str = "{parents}: {children}."
    unnamed: str = "person {number}"


def draw_pedigree(persons: Sequence[DrawnPerson], *, title: str, words: PedigreeWords = PedigreeWords()) -> str:
    """Draw a pedigree of any shape; the same input gives the same bytes.

    A person who would have to stand in two places is drawn twice, with a dashed curve between the two symbols; the
    second one bears the first line of the label only. A child with one known parent hangs from a stub beside that
    parent.

    Parameters
    ----------
    persons
        In any order; brothers and sisters stand in the order given wherever their marriages allow it.
    title
        For screen readers and tooltips; not written into the picture.
    words
        Legend and description in another language.

    Returns
    -------
    str
        One `<svg>` element. Groups of class `pedigree-person` carry `data-person`, the person's place in the input
        counted from 1: ids are never written, so that a drawing shows no more than its labels.

    Raises
    ------
    ValueError
        Where `lay_out` refuses the persons.

    Examples
    --------
    >>> family = [
    ...     DrawnPerson("father", None, None, "M", ("Father", "14 / 16"), typed=True, missing=False),
    ...     DrawnPerson("mother", None, None, "F", ("Mother",), typed=False, missing=False),
    ...     DrawnPerson("son", "father", "mother", "M", ("Son",), typed=False, missing=True),
    ... ]
    >>> drawing = draw_pedigree(family, title="A trio")
    >>> drawing.count("data-person"), drawing.count(">?<")  # one question mark more in the legend
    (3, 2)
    """
    persons = tuple(persons)
    layout = lay_out(persons)
    entries = _legend_entries(persons, layout, words)
    width = max(layout.width, _LEAST_WIDTH, *(_entry_width(text) for _, text in entries))
    legend, legend_height = _legend(entries, width, layout.height)
    shift = (width - layout.width) / 2
    full_width, full_height = width + 2 * _MARGIN, layout.height + legend_height + 2 * _MARGIN
    drawn = [
        f'<rect class="pedigree-paper" width="100%" height="100%" fill="{_PAPER}"/>',
        f'<g transform="translate({_n(_MARGIN + shift)} {_n(_MARGIN)})">',
        *_lines(layout),
        *(_person(persons[symbol.person], symbol) for symbol in layout.symbols),
        "</g>",
        f'<g class="pedigree-legend" transform="translate({_n(_MARGIN)} {_n(_MARGIN)})">',
        *legend,
        "</g>",
    ]
    told = [_xml(title), _xml(_described(persons, layout, words))]
    # Several drawings may stand in one page: their names must differ, and are made of what is shown, not of ids.
    name = "pedigree-" + hashlib.sha256("\n".join(told + drawn).encode()).hexdigest()[:12]
    return "\n".join(
        [
            _opening_tag(full_width, full_height, f"{name}-title {name}-desc"),
            f'<title id="{name}-title">{told[0]}</title>',
            f'<desc id="{name}-desc">{told[1]}</desc>',
            *drawn,
            "</svg>",
        ]
    )


def _opening_tag(width: float, height: float, labelled_by: str) -> str:
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" class="pedigree" role="img" '
        f'aria-labelledby="{labelled_by}" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}" '
        f'font-family="{_FONTS}" font-size="{_n(FONT_SIZE)}" fill="{_INK}">'
    )


_NOT_XML = re.compile("[^\\t\\n\\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _xml(text: str) -> str:
    """Text as XML may hold it; a character that it may not hold shows as the replacement character."""
    return escape(_NOT_XML.sub("\ufffd", text))


def _n(number: float) -> str:
    """A number as short as it can be written with two decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _name(person: DrawnPerson, number: int, words: PedigreeWords) -> str:
    return person.label[0] if person.label else words.unnamed.format(number=number)


def _described(persons: tuple[DrawnPerson, ...], layout: Layout, words: PedigreeWords) -> str:
    """The pedigree in words: how large, who is sought, who gave samples, who is whose child."""
    names = {person.id: _name(person, i, words) for i, person in enumerate(persons, start=1)}
    sentences = [words.summary.format(persons=len(persons), generations=layout.generations)]
    for word, those in (
        (words.missing, [p for p in persons if p.missing]),
        (words.typed, [p for p in persons if p.typed]),
    ):
        if those:
            sentences.append(f"{word}: {', '.join(names[p.id] for p in those)}.")
    children: dict[tuple[str, ...], list[str]] = {}
    for person in persons:
        parents = tuple(parent for parent in (person.father, person.mother) if parent is not None)
        if parents:
            children.setdefault(parents, []).append(names[person.id])
    for parents, those_children in children.items():
        parent_names = " + ".join(names[parent] for parent in parents)
        sentences.append(words.family.format(parents=parent_names, children=", ".join(those_children)))
    return " ".join(sentences)


# ---------------------------------------------------------------------------------------------------------------------
# Lines

_DASHES = ' stroke-dasharray="2 4" stroke-linecap="round"'
_DOUBLE = 2.5  # Half the distance between the two lines of blood relatives.


def _lines(layout: Layout) -> list[str]:
    arcs = [_same_person(layout, a, b, order) for order, (a, b) in enumerate(layout.same_person)]
    # Curves between rows may pass behind labels; the paper behind these keeps them legible.
    across = [pair for pair in layout.same_person if len({layout.symbols[i].y for i in pair}) > 1]
    papers = [_paper(symbol) for symbol in layout.symbols if symbol.label_height] if across else []
    return [*arcs, *papers, *(_descent(d, layout) for d in layout.descents), *(_couple(c) for c in layout.couples)]


def _path(kind: str, data: str, *, width: float = 1.5, extra: str = "") -> str:
    return f'<path class="pedigree-{kind}" d="{data}" fill="none" stroke="{_INK}" stroke-width="{_n(width)}"{extra}/>'


def _couple(couple: CoupleLine) -> str:
    # The line runs from centre to centre: the symbols are painted over it.
    heights = (couple.y - _DOUBLE, couple.y + _DOUBLE) if couple.consanguineous else (couple.y,)
    kind = "couple pedigree-consanguineous" if couple.consanguineous else "couple"
    return _path(kind, " ".join(f"M{_n(couple.x_left)} {_n(y)}H{_n(couple.x_right)}" for y in heights))


def _descent(descent: Descent, layout: Layout) -> str:
    left, right = descent.extent
    parts = []
    if descent.couple is not None:
        below = _DOUBLE if layout.couples[descent.couple].consanguineous else 0.0
        parts.append(f"M{_n(descent.x_drop)} {_n(descent.y_drop + below)}V{_n(descent.y_bar)}")
    if right > left:
        parts.append(f"M{_n(left)} {_n(descent.y_bar)}H{_n(right)}")
    for branch in descent.branches:
        children = [layout.symbols[child] for child in branch.children]
        top = children[0].y - RADIUS
        parts += [f"M{_n(branch.x)} {_n(descent.y_bar)}L{_n(child.x)} {_n(top)}" for child in children]
        if len(children) > 1:
            # The bar of identical twins, two thirds down the slanting lines.
            y = descent.y_bar + (top - descent.y_bar) * 0.62
            ends = [branch.x + (child.x - branch.x) * 0.62 for child in children]
            parts.append(f"M{_n(min(ends))} {_n(y)}H{_n(max(ends))}")
    return _path("descent", " ".join(parts))


def _same_person(layout: Layout, a: int, b: int, order: int) -> str:
    """A dashed curve: over the row where both symbols stand in it, else from one row down to the other."""
    one, other = sorted((layout.symbols[a], layout.symbols[b]), key=lambda symbol: (symbol.y, symbol.x))
    if one.y == other.y:
        points = _arc_over(one, other, order)
    elif abs(one.x - other.x) > 3 * RADIUS:
        points = _curve_down(one, other)
    else:
        points = _curve_beside(one, other, _free_side(layout, a, b))
    start, *rest = (f"{_n(x)} {_n(y)}" for x, y in points)
    return _path("same-person", f"M{start}C{' '.join(rest)}", width=1.6, extra=_DASHES)


_Points = list[tuple[float, float]]


def _arc_over(left: Symbol, right: Symbol, order: int) -> _Points:
    start, end, y = left.x + RADIUS * 0.7, right.x - RADIUS * 0.7, left.y - RADIUS * 0.75
    top = y - 24 - 5 * (order % 3)  # Arcs that overlap shall not run on top of one another.
    return [(start, y), (start + 14, top), (end - 14, top), (end, y)]


def _curve_down(upper: Symbol, lower: Symbol) -> _Points:
    side = 1 if lower.x > upper.x else -1
    start, end = upper.x + side * RADIUS * 0.75, lower.x - side * RADIUS * 0.7
    y, y_end = upper.y + RADIUS * 0.75, lower.y - RADIUS * 0.75
    return [(start, y), (start + side * 40, y + 30), (end - side * 30, y_end - 50), (end, y_end)]


def _curve_beside(upper: Symbol, lower: Symbol, side: int) -> _Points:
    out = max(side * upper.x + upper.width / 2, side * lower.x + lower.width / 2) + 16
    start, end = upper.x + side * RADIUS * 0.9, lower.x + side * RADIUS * 0.9
    y, y_end = upper.y + RADIUS * 0.3, lower.y - RADIUS * 0.3
    return [(start, y), (side * out, y + 20), (side * out, y_end - 20), (end, y_end)]


def _free_side(layout: Layout, a: int, b: int) -> int:
    """On which side (-1 left, 1 right) fewer couple lines leave the two symbols."""
    to_right = sum(couple.left in (a, b) for couple in layout.couples)
    to_left = sum(couple.right in (a, b) for couple in layout.couples)
    return 1 if to_right < to_left else -1


def _paper(symbol: Symbol) -> str:
    left, _, right, bottom = symbol.box
    top = symbol.y + RADIUS + LABEL_DROP / 2
    return (
        f'<rect class="pedigree-paper" x="{_n(left)}" y="{_n(top)}" width="{_n(right - left)}" '
        f'height="{_n(bottom - top)}" fill="{_PAPER}" fill-opacity="0.85"/>'
    )


# ---------------------------------------------------------------------------------------------------------------------
# Persons


def _person(person: DrawnPerson, symbol: Symbol) -> str:
    kinds = ["pedigree-person"]
    kinds += [f"pedigree-{kind}" for kind in ("typed", "missing", "deceased") if getattr(person, kind)]
    kinds += ["pedigree-again"] if symbol.again else []
    lines = label_lines(person, again=symbol.again)
    y = symbol.y + RADIUS + LABEL_DROP + FONT_SIZE * 0.85
    drawn = _symbol(person, symbol.x, symbol.y)
    for i, line in enumerate(lines):
        is_note = i == len(person.label)
        style = f' font-style="italic" fill="{_MUTED}"' if is_note else ' font-weight="bold"' if i == 0 else ""
        drawn.append(_text(line, symbol.x, y + i * LINE_HEIGHT, kind="note" if is_note else "label", style=style))
    return f'<g class="{" ".join(kinds)}" data-person="{symbol.person + 1}">{"".join(drawn)}</g>'


def _text(text: str, x: float, y: float, *, kind: str, style: str = "", anchor: str = "middle") -> str:
    return f'<text class="pedigree-{kind}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}"{style}>{_xml(text)}</text>'


def _symbol(person: DrawnPerson, x: float, y: float, radius: float = RADIUS) -> list[str]:
    thick = 4.0 if person.missing else 2.8 if person.typed else 1.5
    paint = (
        f'class="pedigree-symbol" fill="{_SAMPLE if person.typed else _PAPER}" '
        f'stroke="{_SOUGHT if person.missing else _INK}" stroke-width="{_n(thick)}"'
    )
    drawn = [_outline(person.sex, x, y, radius, paint)]
    if person.deceased:
        # The slash leaves room for the question mark.
        reach, gap = radius * 1.2, radius * 0.55 if person.missing else 0.0
        data = f"M{_n(x - reach)} {_n(y + reach)}L{_n(x - gap)} {_n(y + gap)}"
        data += f"M{_n(x + gap)} {_n(y - gap)}L{_n(x + reach)} {_n(y - reach)}"
        drawn.append(_path("slash", data, width=1.8))
    if person.missing:
        style = f' font-size="{_n(radius * 1.2)}" font-weight="bold" fill="{_SOUGHT}"'
        drawn.append(_text("?", x, y + radius * 0.43, kind="question", style=style))
    return drawn


def _outline(sex: str, x: float, y: float, radius: float, paint: str) -> str:
    if sex == "M":
        side = _n(2 * radius)
        return f'<rect {paint} x="{_n(x - radius)}" y="{_n(y - radius)}" width="{side}" height="{side}"/>'
    if sex == "F":
        return f'<circle {paint} cx="{_n(x)}" cy="{_n(y)}" r="{_n(radius)}"/>'
    corners = ((x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y))
    return f'<path {paint} d="M{"L".join(f"{_n(a)} {_n(b)}" for a, b in corners)}Z"/>'


# ---------------------------------------------------------------------------------------------------------------------
# Legend

_ICON, _ICON_SPACE, _ENTRY_GAP, _LEGEND_LINE = 8.0, 40.0, 26.0, 26.0


def _legend_entries(
    persons: tuple[DrawnPerson, ...], layout: Layout, words: PedigreeWords
) -> list[tuple[list[str], str]]:
    """Icon (around 0, 0) and words for each sign that is used, in a fixed order."""

    def sign(sex: Sex = "M", *, typed: bool = False, missing: bool = False, deceased: bool = False) -> list[str]:
        return _symbol(DrawnPerson("", None, None, sex, (), typed, missing, deceased), 0, 0, _ICON)

    sexes = [person.sex for person in persons]
    branches = [branch for descent in layout.descents for branch in descent.branches]
    # Each icon fills a box of 28 by 16.
    candidates = [
        ("M" in sexes, sign("M"), words.male),
        ("F" in sexes, sign("F"), words.female),
        ("U" in sexes, sign("U"), words.unknown_sex),
        (any(p.typed for p in persons), sign(typed=True), words.typed),
        (any(p.missing for p in persons), sign(missing=True), words.missing),
        (any(p.deceased for p in persons), sign(deceased=True), words.deceased),
        (
            any(couple.consanguineous for couple in layout.couples),
            [_path("couple", "M-14 -2.5H14M-14 2.5H14")],
            words.consanguineous,
        ),
        (
            any(len(branch.children) > 1 for branch in branches),
            [_path("descent", "M0 -8L-12 8M0 -8L12 8M-7.4 2H7.4")],
            words.twins,
        ),
        (
            any(couple.left is None or couple.right is None for couple in layout.couples),
            [_path("couple", "M-14 -5H4V8")],
            words.single_parent,
        ),
        (
            bool(layout.same_person),
            [_path("same-person", "M-14 6C-8 -10 8 -10 14 6", width=1.6, extra=_DASHES)],
            words.same_person,
        ),
    ]
    return [(icon, text) for used, icon, text in candidates if used]


def _entry_width(text: str) -> float:
    return _ICON_SPACE + text_width(text)


def _legend(entries: list[tuple[list[str], str]], width: float, top: float) -> tuple[list[str], float]:
    """Entries from left to right and line by line; with the height that they take."""
    x, y = 0.0, top + 44.0
    drawn = [_path("rule", f"M0 {_n(top + 22)}H{_n(width)}", width=0.6)]
    for icon, text in entries:
        if x and x + _entry_width(text) > width:
            x, y = 0.0, y + _LEGEND_LINE
        drawn.append(f'<g transform="translate({_n(x + 16)} {_n(y)})">{"".join(icon)}</g>')
        drawn.append(_text(text, x + _ICON_SPACE - 3, y + 4, kind="legend-text", anchor="start"))
        x += _entry_width(text) + _ENTRY_GAP
    return drawn, y + 14 - top
