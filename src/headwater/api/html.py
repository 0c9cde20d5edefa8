"""Views as HTML in a notebook: escaped, self-contained, light and dark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from headwater.views.layout import Cell, Row, align, cell

_STYLE = """\
<style>
.hw{font:13px/1.5 system-ui,sans-serif;font-variant-numeric:tabular-nums}
.hw table{border-collapse:collapse;margin:.3em 0;font:inherit}.hw>div{white-space:pre-wrap}
.hw td{white-space:nowrap}
.hw td,.hw th{padding:.15em .9em .15em 0;text-align:left;vertical-align:top}
.hw td,.hw th{border:0;background:none}
.hw th{font-weight:600;border-bottom:1px solid color-mix(in srgb,currentColor 25%,transparent)}
.hw .r{text-align:right}.hw .good{color:#1a7f4b}.hw .bad{color:#c0362c}.hw .warning{color:#9a6700}
.hw .same,.hw .code,.hw code{color:#0b7285;background:none}.hw .strong{font-weight:600}
.hw .quiet,.hw .place{opacity:.65}
@media(prefers-color-scheme:dark){.hw .good{color:#4cc38a}.hw .bad{color:#ff8b7e}
.hw .warning{color:#e2b45a}.hw .same,.hw .code,.hw code{color:#5cc7d8}}
</style>"""


class HtmlPage:
    """A page that collects HTML, and the same as plain text."""

    width = 100
    is_narrow = False

    def __init__(self) -> None:
        self._html: list[str] = []
        self._text: list[str] = []

    def line(self, *parts: Cell | str) -> None:
        """One line."""
        cells = [cell(part) for part in parts]
        self._text.append("".join(part.text for part in cells))
        self._html.append(f"<div>{''.join(map(_span, cells))}</div>")

    def rows(self, rows: Iterable[Row], *, indent: int = 2, gap: int = 3) -> None:
        """Rows as a table."""
        table = [[cell(part) for part in row] for row in rows]
        if not table:
            return
        for line in align(table, indent=indent, gap=gap):
            self._text.append("".join(part.text for part in line).rstrip())
        body = "".join(f"<tr>{''.join(_data(part) for part in row)}</tr>" for row in table)
        margin = f' style="margin-left:{indent // 2}ch"' if indent > 2 else ""
        self._html.append(f"<table{margin}>{body}</table>")

    def hint(self, text: str) -> None:
        """What to do next."""
        self.line(Cell("next: ", "quiet"), text)

    @property
    def html(self) -> str:
        """Everything so far."""
        return f'{_STYLE}<div class="hw">{"".join(self._html)}</div>'

    @property
    def text(self) -> str:
        """The same as lines."""
        return "\n".join(self._text)


def _span(part: Cell) -> str:
    text = _with_code(part.text)
    return f'<span class="{part.style}">{text}</span>' if part.style else text


def _data(part: Cell) -> str:
    classes = " ".join(word for word in (part.style, "r" if part.right else "") if word)
    attribute = f' class="{classes}"' if classes else ""
    return f"<td{attribute}>{_with_code(part.text)}</td>"


def _with_code(text: str) -> str:
    """Escaped; what stands in backquotes is code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return "".join(
        f"<code>{escape(part)}</code>" if index % 2 else escape(part)
        for index, part in enumerate(parts)
    )


def rows_html(
    names: Sequence[str], numeric: Sequence[bool], rows: Sequence[Sequence[Any]], note: str
) -> str:
    """Rows of a result as a table; values that are text already."""
    head = "".join(
        f"<th{' class=r' if right else ''}>{escape(name)}</th>"
        for name, right in zip(names, numeric, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f"<td{' class=r' if right else ''}>{escape(str(value))}</td>"
            for value, right in zip(row, numeric, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'{_STYLE}<div class="hw">{table}<div class="quiet">{escape(note)}</div></div>'
