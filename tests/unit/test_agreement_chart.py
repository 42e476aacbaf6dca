"""The picture of an agreement: what was said, where it was said, and nothing in between."""

import re
import struct
import xml.etree.ElementTree as ET
from datetime import date
from itertools import pairwise

import pytest

from antigone.casework.agreements.tallies import Claim, Index, course
from antigone.formats.claims import read_claims
from antigone.report import agreement_chart
from antigone.report.agreement_chart import (
    AgreementCourse,
    ChartLine,
    _runs,
    _spread,
    agreement_charts,
    agreement_png,
    agreement_svg,
)

SVG = "{http://www.w3.org/2000/svg}"


def line(series: str, *points: tuple[int, int | None], **more) -> ChartLine:
    days = [{"day": f"2031-03-{day:02}", "quantity": quantity} for day, quantity in points]
    return {
        "series": series,
        "direction": "to Osterra",
        "basis": "claims",
        "is_sum": False,
        "points": days,
        "claims": ["K1"],
    } | more


def picture(*lines: ChartLine, **more) -> AgreementCourse:
    return {
        "agreement": "pact",
        "direction": "to Osterra",
        "unit": "bodies",
        "lines": list(lines),
        "contradictions": [],
    } | more


SMALL = picture(
    line("promised", (1, 50)),
    line("received", (4, 10), (5, 30), (7, None), is_sum=True),
    line("cumulative by Velmark office", (7, 36), claims=["K4"]),
    contradictions=[
        {"day": "2031-03-07", "about": "agreement:pact", "quantities": [30, 36], "why": "totals differ"},
        {"day": "2031-03-05", "about": "transfer:2031-03-05", "quantities": [19, 20], "why": "figures differ"},
    ],
)


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)  # noqa: S314 - our own
    return ["".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")]


def test_the_title_says_which_agreement_direction_and_unit():
    assert "pact, to Osterra: promised against said, in bodies as claimed" in texts(agreement_svg(SMALL))


def test_each_source_is_named_with_its_figure_and_unit():
    words = " ".join(texts(agreement_svg(SMALL)))
    assert "50 bodies: promised, to Osterra (K1)" in words
    assert "36 bodies: cumulative by Velmark office (K4)" in words
    assert "30 bodies until 2031-03-07: received, the sum of the" in words


def test_contradictions_are_numbered_in_the_picture_and_told_below():
    words = texts(agreement_svg(SMALL))
    assert "1  2031-03-07  agreement:pact: 30 against 36 (totals differ)" in words
    assert "2  2031-03-05  transfer:2031-03-05: 19 against 20 (figures differ)" in words
    assert {"1", "2"} <= set(words)


def test_a_figure_holds_until_the_next_and_nothing_stands_between():
    points = SMALL["lines"][1]["points"]
    first = date(2031, 2, 28).toordinal()
    runs = [[(day - first, quantity) for day, quantity in run] for run in _runs(points, first + 9)]
    assert runs == [[(4, 10), (5, 30), (7, 30)]]
    assert [[q for _, q in run] for run in _runs([*points, {"day": "2031-03-08", "quantity": 40}], first + 9)] == [
        [10, 30, 30],
        [40, 40],
    ]


def test_steps_rise_on_the_day_and_never_slope():
    svg = agreement_svg(picture(line("received", (4, 10), (5, 30), is_sum=True)))
    paths = [
        path for path in re.findall(r'<path d="([^"]+)" clip-path[^>]*stroke: #1d4f91', svg) if path.count("L") > 1
    ]
    assert len(paths) == 1
    corners = [tuple(map(float, pair)) for pair in re.findall(r"[ML] ([\d.]+) ([\d.]+)", paths[0])]
    assert len(corners) >= 3
    assert all(x0 == x1 or y0 == y1 for (x0, y0), (x1, y1) in pairwise(corners))


def test_the_same_course_gives_the_same_bytes_and_no_date():
    assert agreement_svg(SMALL) == agreement_svg(SMALL)
    assert agreement_png(SMALL) == agreement_png(SMALL)
    assert "dc:date" not in agreement_svg(SMALL)
    assert b"matplotlib" not in agreement_png(SMALL).lower()


def test_the_png_is_a_png_of_the_size_asked_for():
    small, large = agreement_png(SMALL, dpi=50), agreement_png(SMALL, dpi=100)
    assert small.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", small[16:24])
    twice = struct.unpack(">II", large[16:24])
    assert width == 575
    assert abs(twice[0] - 2 * width) <= 1
    assert abs(twice[1] - 2 * height) <= 1


@pytest.mark.parametrize(
    "course_drawn",
    [
        picture(),
        picture(line("promised", (1, None))),
        picture(line("received", (4, 0), is_sum=True)),
        picture(line("handed over", (4, 3))),
        picture(line("opened", (4, 3), basis="record")),
        picture(line("received", (4, 10**9), is_sum=True)),
    ],
)
def test_little_or_much_can_be_drawn(course_drawn):
    ET.fromstring(agreement_svg(course_drawn))  # noqa: S314 - our own
    assert agreement_png(course_drawn, dpi=40)


def test_each_course_has_two_files_with_names_of_their_own():
    charts = agreement_charts([SMALL, SMALL | {"unit": "bodies (remains)"}, SMALL | {"unit": "bodies, remains"}])
    assert list(charts) == [
        *("pact-to-osterra-bodies.svg", "pact-to-osterra-bodies.png"),
        *("pact-to-osterra-bodies-remains.svg", "pact-to-osterra-bodies-remains.png"),
        *("pact-to-osterra-bodies-remains-2.svg", "pact-to-osterra-bodies-remains-2.png"),
    ]
    assert charts["pact-to-osterra-bodies.svg"].decode() == agreement_svg(SMALL) + "\n"
    assert charts["pact-to-osterra-bodies.png"] == agreement_png(SMALL)


@pytest.mark.parametrize("hostile", ["../../x", "/etc/x", "a\\b", "x y/z"])
def test_a_file_name_never_leaves_its_folder(hostile):
    assert all(re.fullmatch(r"[\w-]+\.(svg|png)", name) for name in agreement_charts([SMALL | {"unit": hostile}]))


def test_names_are_text_and_no_formula_or_markup():
    name = "cumulative by <b>$x^2$ & co</b>"
    svg = agreement_svg(picture(line(name, (4, 3)), agreement="$a$ <pact>"))
    assert any(name in text for text in [" ".join(texts(svg))])
    assert any(text.startswith("$a$ <pact>, to Osterra") for text in texts(svg))


def test_many_speakers_are_shown_and_the_rest_counted():
    many = picture(*[line(f"cumulative by speaker {i}", (4, 100 + i)) for i in range(30)])
    words = texts(agreement_svg(many))
    assert "and 7 lower ones" in words
    assert sum("cumulative by speaker" in word for word in words) == 23


def test_many_contradictions_are_told_and_the_rest_counted():
    one = SMALL["contradictions"][0]
    words = texts(agreement_svg(picture(line("promised", (1, 50)), contradictions=[one] * 25)))
    assert "and 5 more" in words
    assert sum("30 against 36" in word for word in words) == agreement_chart._MOST_CONTRADICTIONS


def test_labels_lie_within_the_plot_and_none_covers_another():
    sizes = [0.4, 0.4, 0.3, 0.3, 0.5]
    middles = _spread([0.0, 0.05, 3.9, 3.95, 4.0], sizes, 4.0)
    edges = [(middle - size / 2, middle + size / 2) for middle, size in zip(middles, sizes, strict=True)]
    assert edges[0][0] >= 0
    assert edges[-1][1] <= 4.0 + 1e-9
    assert all(top <= bottom + 1e-9 for (_, top), (bottom, _) in pairwise(edges))


def test_june_2025_shows_the_steps_of_the_receiver_and_the_rival_totals(shared):
    claims = [Claim.of_row(row) for row in read_claims(shared / "data" / "claims.csv")]
    drawn = course(Index(claims), "istanbul-2025-06-02", "to Ukraine", "bodies").to_json()
    words = texts(agreement_svg(drawn))
    assert {"1,212", "2,412", "3,612", "4,812", "6,057"} <= set(words)
    together = " ".join(words)
    assert "6,060 bodies: cumulative by Interior Minister of Ukraine (C026)" in together
    assert "6,057 bodies: cumulative by Coordination Headquarters (C023)" in together
    assert "6,000 bodies: promised, to Ukraine (C013)" in together
    assert "transfer:2025-06-16: 1,245 against 1,248" in together
    assert "27 bodies" not in together
    assert "78 bodies" not in together
