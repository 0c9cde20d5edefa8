"""The style sheet of pages has the colours of the theme, and the script stays small."""

from __future__ import annotations

from pathlib import Path

import headwater
from headwater.charts.theme import LIGHT, PAGE, custom_properties

STATIC = Path(headwater.__file__).parent / "web" / "static"


def test_the_style_sheet_has_the_colours_of_the_theme() -> None:
    assert custom_properties() in (STATIC / "charts.css").read_text(encoding="utf-8")


def test_pages_fall_back_to_the_light_colours() -> None:
    assert PAGE["ink"] == f"var(--chart-ink,{LIGHT['ink']})"


def test_the_script_is_small_and_needs_no_inline_code() -> None:
    script = (STATIC / "charts.js").read_text(encoding="utf-8")
    assert len(script.encode()) <= 6 * 1024
    for word in ("innerHTML", "outerHTML", "eval(", 'setAttribute("style"', "http://", "https://"):
        assert word not in script.replace("http://www.w3.org/2000/svg", "")
