"""The key: a row that explains the signs of a chart which do not explain themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from headwater.charts.marks import px, tag, words
from headwater.charts.text import Markup, fit, width_of
from headwater.charts.theme import Theme

KEY_HEIGHT: Final = 20.0
_GAP = 16.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """A sign and what it means."""

    sort: Literal["band", "block", "diamond", "hollow", "pale", "tick", "none"]
    colour: str
    text: str


def key_marks(
    signs: Sequence[Sign], left: float, top: float, width: float, theme: Theme
) -> list[Markup]:
    """The row, from `left` on; what finds no room is left out."""
    marks: list[Markup] = []
    x, middle = left, top + 5
    for sign in signs:
        room = 0.0 if sign.sort == "none" else 18.0
        text = fit(sign.text, width - x - room - 4)
        if not text:
            break
        if room:
            marks.append(_swatch(sign, x, middle, theme))
        marks.append(words(x + room, middle + 4, text, fill=theme["muted"]))
        x += room + width_of(text) + _GAP
    return marks


def _swatch(sign: Sign, x: float, y: float, theme: Theme) -> Markup:
    match sign.sort:
        case "band" | "block":
            return tag(
                "rect",
                x=x,
                y=y - 5,
                width=12.0,
                height=10.0,
                rx=2.0,
                fill=sign.colour,
                stroke=theme["rule"] if sign.sort == "band" else None,
                stroke_width=0.5 if sign.sort == "band" else None,
            )
        case "pale":
            return tag(
                "rect", x=x, y=y - 5, width=12.0, height=10.0, fill=sign.colour, fill_opacity=0.3
            )
        case "diamond":
            path = f"M{px(x + 6)} {px(y - 5)}l5 5-5 5-5-5z"
            return tag("path", d=path, fill="none", stroke=sign.colour, stroke_width=1.5)
        case "tick":
            return tag(
                "path", d=f"M{px(x + 6)} {px(y - 6)}v12", stroke=sign.colour, stroke_width=2.0
            )
        case _:
            return tag(
                "circle",
                cx=x + 6,
                cy=y,
                r=3.0,
                fill=theme["paper"],
                stroke=sign.colour,
                stroke_width=1.5,
            )
