"""The picture of who competes with whom: nothing covers anything, and all that is not drawn is counted."""

import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from antigone.report import competition
from antigone.report.competition import MOST, Rivalry, draw_competition, labels, not_drawn

SVG = "{http://www.w3.org/2000/svg}"


def rivalry(individual: str, missing: str, posterior: float) -> Rivalry:
    return Rivalry(individual, missing, posterior, f"{posterior:.2f}")


TWO_BROTHERS = [
    rivalry("R1", "M1", 0.93),
    rivalry("R1", "M2", 0.05),
    rivalry("R2", "M2", 0.9),
    rivalry("R2", "M1", 0.001),
]


def drawn(pairs: list[Rivalry]) -> ET.Element:
    return ET.fromstring(draw_competition(pairs, title="a title & more"))  # noqa: S314  our own text


def test_every_pair_is_a_line_as_wide_as_it_is_probable():
    picture = drawn(TWO_BROTHERS)
    widths = [float(line.get("stroke-width")) for line in picture.iter(f"{SVG}line")]
    assert widths == [6.78, 1.5, 6.6, 0.8]  # 1.2 + 6 p, and as thin as can be below one in 200
    dotted = [line.get("stroke-dasharray") is not None for line in picture.iter(f"{SVG}line")]
    assert dotted == [False, False, False, True]
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert {"0.93", "0.05", "0.90"} <= set(texts)
    assert "0.00" not in texts


def test_the_picture_can_be_heard():
    picture = drawn(TWO_BROTHERS)
    assert picture.get("role") == "img"
    assert picture.find(f"{SVG}title").text == "a title & more"
    assert picture.find(f"{SVG}desc").text == "R1 is M1: 0.93; R1 is M2: 0.05; R2 is M2: 0.90; R2 is M1: 0.00"


def test_names_cannot_break_out_of_the_picture():
    text = draw_competition([rivalry("<script>", '"M"', 0.5), rivalry("R2", '"M"', 0.4)], title="<b>")
    assert "<script>" not in text
    assert "<b>" not in text


def test_of_many_the_most_disputed_are_drawn_and_the_rest_is_counted():
    certain = [rivalry(f"R{k}", f"M{k}", 0.999) for k in range(20)]
    disputed = [rivalry("X", "M0", 0.5), rivalry("X", "Y", 0.4)]
    picture = drawn([*certain, *disputed])
    circles = list(picture.iter(f"{SVG}circle"))
    assert len(circles) <= 2 * MOST
    texts = {"".join(text.itertext()) for text in picture.iter(f"{SVG}text")}
    assert any(text.endswith("X") for text in texts)
    individuals, missing = not_drawn([*certain, *disputed])
    assert len(circles) == 21 - individuals + 21 - missing
    assert individuals > 0
    assert not_drawn(disputed) == (0, 0)


def test_lines_of_a_chain_do_not_cross():
    chain = [rivalry(f"R{k}", f"M{(7 * k) % 5}", 0.9) for k in range(5)]
    lines = [(float(line.get("y1")), float(line.get("y2"))) for line in drawn(chain).iter(f"{SVG}line")]
    assert all((a < c) == (b < d) for a, b in lines for c, d in lines if a != c)


pairs = st.lists(
    st.tuples(st.integers(0, 15), st.integers(0, 15), st.floats(0, 1)),
    min_size=1,
    max_size=60,
    unique_by=lambda one: one[:2],
)


@given(pairs)
def test_no_label_covers_another_and_none_lies_outside(found):
    rivals = [rivalry(f"R{i:04d}", f"F{m:04d}-M1", p) for i, m, p in found]
    text = draw_competition(rivals, title="t")
    width, height = map(float, re.search(r'viewBox="0 0 (\d+) (\d+)"', text).groups())
    boxes = [
        tuple(float(rect.get(name)) for name in ("x", "y", "width", "height"))
        for rect in ET.fromstring(text).iter(f"{SVG}rect")  # noqa: S314  our own text
    ]
    for k, (x, y, w, h) in enumerate(boxes):
        assert 0 <= x <= x + w <= width
        assert 0 <= y <= y + h <= height
        for x2, y2, w2, h2 in boxes[:k]:
            # Written with one decimal: boxes that touch may seem to share a tenth.
            assert x + w <= x2 + 0.11 or x2 + w2 <= x + 0.11 or y + h <= y2 + 0.11 or y2 + h2 <= y + 0.11


def test_a_label_gives_way_to_a_more_probable_one():
    ends = [((0.0, 0.0), (330.0, 0.0))] * (len(competition._PLACES) + 1)
    many = [rivalry("R1", "M1", 0.5 + k / 100) for k in range(len(ends))]
    placed = labels(many, ends)
    assert placed[0][0].posterior == max(one.posterior for one in many)
    assert len(placed) < len(many)  # on one line there is no room for all
