"""Every chart is whole, safe, legible and small, whatever its data are."""

from __future__ import annotations

import json
import math
import re
import xml.etree.ElementTree as ET
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.charts.examples import COUNT, GBP, HOSTILE, RATE, days, full, lines, of_values

from headwater.charts.figure import figure
from headwater.charts.model import (
    Annotation,
    Bar,
    Bars,
    Chart,
    Heatmap,
    Lines,
    Series,
    Stacked,
    Value,
)
from headwater.charts.points import points_json
from headwater.charts.render import svg
from headwater.charts.sentences import summary
from headwater.charts.stacked import main_groups
from headwater.charts.tables import data_table
from headwater.charts.text import SIZE, width_of
from headwater.charts.theme import DARK, LIGHT, Theme

SVG = "{http://www.w3.org/2000/svg}"
VALUES = st.lists(
    st.one_of(
        st.none(),
        st.floats(),
        st.integers(),
        st.decimals(),
        st.floats(min_value=-1e6, max_value=1e6),
    ),
    max_size=60,
)
WIDTHS = st.sampled_from((240.0, 340.0, 640.0, 1040.0))


def texts(root: ET.Element) -> list[tuple[float, float, float, str]]:
    """Left and right edge, baseline and content of each text, as estimated."""
    found = []

    def walk(node: ET.Element, anchor: str) -> None:
        anchor = node.get("text-anchor", anchor)
        if node.tag == f"{SVG}text":
            content = "".join(node.itertext())
            is_bold = node.get("font-weight") is not None
            width = width_of(node.text or "", is_bold=is_bold)
            for child in node:
                width += width_of(child.text or "", is_bold=child.get("font-weight") is not None)
                width += float(child.get("dx", 0))
            x = float(node.get("x", 0))
            left = {"end": x - width, "middle": x - width / 2}.get(anchor, x)
            found.append((left, left + width, float(node.get("y", 0)), content))
        for child in node:
            walk(child, anchor)

    walk(root, "start")
    return found


def check(chart: Chart, width: float = 640.0) -> ET.Element:
    """It parses, has a label, no number is broken, and no text leaves the picture."""
    drawn = svg(chart, width=width, theme=LIGHT)
    root = ET.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-label", "").endswith(".")
    assert {node.tag for node in root.iter()} <= {
        f"{SVG}{name}" for name in ("svg", "g", "path", "rect", "circle", "text", "tspan")
    }
    for node in root.iter():
        assert not any(name.startswith("on") or name == "style" for name in node.attrib)
        for name, value in node.attrib.items():
            if name not in ("aria-label", "class"):
                assert not re.search(r"nan|inf|e[+-]\d", value), (name, value)
    assert "var(" not in drawn
    right, height = float(root.get("width", 0)), float(root.get("height", 0))
    for start, end, y, content in texts(root):
        assert start >= -0.6, content
        assert end <= right + 0.6, content
        assert SIZE * 0.6 <= y <= height + 0.6, content
    return root


@settings(max_examples=50, deadline=None)
@given(values=VALUES, width=WIDTHS)
def test_any_values_make_a_whole_picture(values: list[Value], width: float) -> None:
    for chart in of_values(tuple(values)):
        check(chart, width)
        data_table(chart)
        assert "nan" not in summary(chart).casefold()


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name: str) -> None:
    for chart in of_values((1, 2, None, 4), name):
        for width in (240.0, 640.0):
            check(chart, width)
        page = figure(chart)
        assert "<script" not in page
        root = ET.fromstring(page)
        assert not any(key.startswith("on") for node in root.iter() for key in node.attrib)
        if points := root.get("data-points"):
            json.loads(points)


@given(values=st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=2, max_size=300))
def test_every_number_in_range_maps_inside_the_plot(values: list[float]) -> None:
    drawn = figure(lines(*values))
    for _, picture in enumerate(ET.fromstring(drawn).iter(f"{SVG}svg")):
        x0, x1, top, bottom, low, high = map(float, picture.get("data-plot", "").split())
        slack = 1e-4 * max(abs(low), abs(high))
        assert all(low - slack <= value <= high + slack for value in values)
        assert 0 <= x0 < x1 <= float(picture.get("width", 0))
        assert 0 <= top < bottom <= float(picture.get("height", 0))
        for scale, path in _scaled_paths(picture):
            for x, y in _points(path):
                assert x0 - 1 <= x * scale <= x1 + 1
                assert top - 1 <= y * scale <= bottom + 1


def _scaled_paths(root: ET.Element) -> list[tuple[float, str]]:
    return [
        (float(group.get("transform", "")[6:-1]), path.get("d", ""))
        for group in root.iter(f"{SVG}g")
        if group.get("transform")
        for path in group.iter(f"{SVG}path")
    ]


def _points(path: str) -> list[tuple[float, float]]:
    found = []
    for run in path.replace("z", "").split("M")[1:]:
        start, _, steps = run.partition("l")
        x, y = map(float, start.split())
        found.append((x, y))
        numbers = [float(each) for each in re.findall(r"-?[\d.]+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((x, y))
    return found


def test_a_long_line_is_small_and_true() -> None:
    values = [30_000 + 9_000 * math.sin(at * 2.1) + 400 * (at % 13) for at in range(730)]
    chart = lines(*values)
    drawn = svg(chart, width=640)
    assert len(drawn) < 5_600  # noise over the whole height, the worst case
    assert len(points_json(chart)) < 4_700
    picture = ET.fromstring(figure(chart))[0]
    x0, x1, top, bottom, low, high = map(float, picture.get("data-plot", "").split())
    scale, path = max(_scaled_paths(picture), key=lambda pair: len(pair[1]))
    by_x = {round((x * scale - x0) / (x1 - x0) * 729): y * scale for x, y in _points(path)}
    for at, y in by_x.items():
        expected = bottom - (values[at] - low) / (high - low) * (bottom - top)
        assert y == pytest.approx(expected, abs=0.4)


def test_a_thousand_groups() -> None:
    names = tuple(f"group {at}" for at in range(1000))
    values = tuple(range(30))
    many = tuple(Series(name=name, values=values) for name in names)
    stacked = Stacked(title="x", numbers=GBP, periods=days(30), grain="day", groups=many)
    assert len(main_groups(stacked)) == 6
    assert main_groups(stacked)[-1].name == "995 others"
    assert main_groups(stacked)[-1].values[1] == 995
    wide = Lines(title="x", numbers=GBP, periods=days(30), grain="day", series=many)
    bars = Bars(title="x", numbers=GBP, rows=tuple(Bar(name=n, value=5) for n in names))
    heat = Heatmap(
        title="x", numbers=RATE, rows=names, columns=names, values=((0.5,) * 1000,) * 1000
    )
    for chart in (stacked, wide, bars, heat):
        assert len(svg(chart)) < 160_000
        check(chart)
    assert "970 more" in svg(bars)
    assert "994 more" in svg(wide)
    assert "960 more rows" in svg(heat)


def test_no_value_says_so() -> None:
    for values in ((), (None,), (None, float("nan"), float("inf"), Decimal("NaN"))):
        chart = lines(*values)
        assert "No data in this period" in svg(chart)
        assert "no data" in summary(chart)


def test_one_value_is_a_dot() -> None:
    root = check(lines(120))
    assert len(list(root.iter(f"{SVG}circle"))) == 1


def test_missing_values_break_the_line_where_they_are_many() -> None:
    few = svg(lines(1, 2, None, 3, 4), theme=LIGHT)
    many = svg(lines(1, 2, *[None] * 4, 3, 4), theme=LIGHT)
    assert [path.count("M") for path in re.findall(r' d="([^"]*l[^"]*)"', few)] == [1]
    assert [path.count("M") for path in re.findall(r' d="([^"]*l[^"]*)"', many)] == [2]


def test_what_is_not_complete_is_dashed_hollow_and_said() -> None:
    drawn = svg(lines(1, 2, 3, partial=1), theme=LIGHT)
    assert "stroke-dasharray" in drawn
    assert "day so far" in drawn
    assert ">so far</tspan>" in drawn
    assert f'fill="{LIGHT["paper"]}" stroke="{LIGHT["line"]}"' in drawn
    assert "the last day is not complete" in summary(lines(1, 2, 3, partial=1))


def test_bars_begin_at_zero_and_lines_may_not_but_say_so() -> None:
    near = (810_000, 820_000, 815_000)
    assert 'class="cut"' in svg(lines(*near))
    filled = Lines(
        title="x",
        numbers=GBP,
        periods=days(3),
        grain="day",
        series=(Series(name="x", values=near),),
        is_filled=True,
    )
    assert 'class="cut"' not in svg(filled)
    bars = Bars(title="x", numbers=COUNT, rows=(Bar(name="a", value=80), Bar(name="b", value=40)))
    widths = [float(rect.get("width", 0)) for rect in ET.fromstring(svg(bars)).iter(f"{SVG}rect")]
    assert widths[0] == pytest.approx(2 * widths[1], abs=0.2)


@given(
    places=st.lists(st.integers(-3, 95), max_size=40),
    label=st.sampled_from(("Release 12", "R", "Incident: payments were down for two hours")),
    width=WIDTHS,
)
def test_annotations_never_cover_each_other(places: list[int], label: str, width: float) -> None:
    notes = tuple(Annotation(at=at, label=label) for at in places)
    root = check(lines(*range(90), annotations=notes), width)
    shown = [text for text in texts(root) if text[3].startswith(label[:1])]
    for at, (left, right, y, _) in enumerate(shown):
        for other_left, other_right, other_y, _ in shown[at + 1 :]:
            assert y != other_y or right <= other_left or other_right <= left


def test_a_heat_map_says_its_ends_and_where_they_are() -> None:
    values = ((None, Decimal("0.5"), float("nan")), (Decimal("0.5"), 1, 0.25, 7), ())
    heat = Heatmap(
        title="x", numbers=RATE, rows=("a", "b", "c"), columns=("1", "2", "3"), values=values
    )
    assert summary(heat) == "x, 3 rows by 3 columns: from 25.0 % (b, 3) to 100.0 % (b, 2)."


def test_everything_on_one_chart() -> None:
    check(full())
    assert summary(full()) == (
        "Revenue, Jan 2010 to Dec 2010: from £900 k to £1.05 M, lowest £900 k, highest £1.12 M; "
        "target £1.00 M; unusual: Jun 2010; the last month is not complete."
    )
    table = data_table(full())
    assert table.heads == ("Period", "Revenue", "year ago", "Expected")
    assert table.rows[0] == ("Jan 2010", "£900,000", "£720,000", "£810,000 to £990,000")
    assert len(data_table(full(), 5).rows) <= 5
    assert data_table(full(), 5).rows[-1] == table.rows[-1]
    assert data_table(full(), 5).count == 12


def luminance(colour: str) -> float:
    """Of `#rrggbb`, as WCAG 2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_contrast(theme: Theme) -> None:
    paper = theme["paper"]
    for name in ("ink", "muted", "good", "bad", "alert"):
        assert contrast(theme[name], paper) >= 4.5, name
    for name in ("line", "rule", "others", *(f"group-{at}" for at in range(6))):
        assert contrast(theme[name], paper) >= 3, name
    for at in range(6):
        assert contrast(theme[f"heat-ink-{at}"], theme[f"heat-{at}"]) >= 4.5, at
