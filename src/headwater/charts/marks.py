"""Elements of SVG: names, attributes, children; text always escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from headwater.charts.text import FONT, SIZE, Markup, escaped, quoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """The part of a drawing where data stand, in pixels."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Its lower edge."""
        return self.top + self.height


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """What was drawn, and `hover`: how a pointer's place becomes a period (see `charts.js`)."""

    width: float
    height: float
    marks: tuple[Markup, ...]
    hover: str = ""


def px(value: float) -> str:
    """A length, to a tenth of a pixel.

    >>> px(3.0), px(0.25), px(-0.04), px(-0.5), px(12.34)
    ('3', '.2', '0', '-.5', '12.3')
    """
    text = f"{value:.1f}".removesuffix(".0")
    if text == "-0":
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def tag(name: str, *children: Markup, **attributes: str | float | None) -> Markup:
    """An element. `stroke_width` is written `stroke-width`, `class_` `class`; None is left out.

    >>> print(tag("g", tag("path", d="M0 0"), fill="none", x=1.26))
    <g fill="none" x="1.3"><path d="M0 0"/></g>
    """
    said = "".join(
        f" {key.rstrip('_').replace('_', '-')}="
        + (quoted(value) if isinstance(value, str) else f'"{px(value)}"')
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(children)
    return Markup(f"<{name}{said}>{inner}</{name}>" if inner else f"<{name}{said}/>")


def words(
    x: float, y: float, content: str, *, size: float | None = None, **attributes: str | float | None
) -> Markup:
    """A text with its baseline at (x, y)."""
    return tag("text", escaped(content), x=x, y=y, font_size=size, **attributes)


def group(marks: Iterable[Markup], **attributes: str | float | None) -> Markup:
    """Marks that share attributes; nothing where there are none."""
    found = tuple(marks)
    return tag("g", *found, **attributes) if found else Markup("")


def document(
    drawing: Drawing, label: str, ink: str, *, class_: str = "chart", is_live: bool = False
) -> Markup:
    """The whole SVG, which scales with its place and keeps its proportions.

    A live one takes the keyboard, for the script of the page.
    """
    width, height = px(drawing.width), px(drawing.height)
    return tag(
        "svg",
        *drawing.marks,
        xmlns="http://www.w3.org/2000/svg",
        class_=class_,
        viewBox=f"0 0 {width} {height}",
        width=width,
        height=height,
        role="img",
        aria_label=label,
        tabindex="0" if is_live and drawing.hover else None,
        data_plot=drawing.hover if is_live and drawing.hover else None,
        font_family=FONT,
        font_size=SIZE,
        fill=ink,
    )
