"""Lines of styled text, and columns that line up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Cell(NamedTuple):
    """A piece of a line.

    `style` is a word of meaning: good, bad, warning, same, strong, quiet, code, place.
    """

    text: str
    style: str = ""
    right: bool = False


Line = tuple[Cell, ...]
Row = Sequence["Cell | str"]


def cell(part: Cell | str) -> Cell:
    """Text without a style is a cell too."""
    return part if isinstance(part, Cell) else Cell(part)


def align(rows: Iterable[Row], *, indent: int = 2, gap: int = 3, width: int = 0) -> list[Line]:
    """The rows with their columns below each other; with `width`, the last column is cut to fit.

    >>> for line in align([["a", "1"], ["bcd", Cell("22", right=True)]], indent=1, gap=2):
    ...     print("".join(part.text for part in line))
     a    1
     bcd  22
    """
    table = [[cell(part) for part in row] for row in rows]
    widths: dict[int, int] = {}
    for row in table:
        for index, part in enumerate(row):
            widths[index] = max(widths.get(index, 0), len(part.text))
    used = [i for i in sorted(widths) if widths[i]]
    return [_aligned(row, used, widths, indent, gap, width) for row in table]


def _aligned(
    row: list[Cell], used: list[int], widths: dict[int, int], indent: int, gap: int, width: int
) -> Line:
    parts: list[Cell] = [Cell(" " * indent)] if indent else []
    shown = [index for index in used if index < len(row)]
    last = max((i for i in shown if row[i].text), default=-1)
    position = indent
    for index in shown:
        part = row[index]
        text = part.text
        if index == last:
            text = text.rjust(widths[index]) if part.right else text
            if width and position + len(text) > width > position + 8:
                text = text[: width - position - 1] + "…"
            parts.append(Cell(text, part.style))
            break
        padded = text.rjust(widths[index]) if part.right else text.ljust(widths[index])
        parts.append(Cell(padded + " " * gap, part.style))
        position += len(padded) + gap
    return tuple(parts)
