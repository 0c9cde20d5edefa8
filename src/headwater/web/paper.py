"""A view's lines as a page keeps them: what the terminal prints, drawn as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from headwater.views.layout import Cell, Row, cell


@dataclass(frozen=True, slots=True)
class Piece:
    """Lines that belong together: text, a table, or a hint."""

    sort: Literal["line", "rows", "hint"]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(slots=True)
class Paper:
    """Takes what a view prints (`views.page.Page`), for a template to draw."""

    pieces: list[Piece] = field(default_factory=list)

    @property
    def width(self) -> int:
        """Characters a line; a browser breaks lines by itself."""
        return 400

    @property
    def is_narrow(self) -> bool:
        """Whether lines longer than `width` would be broken."""
        return False

    def line(self, *parts: Cell | str) -> None:
        """One line."""
        self.pieces.append(Piece("line", (tuple(map(cell, parts)),)))

    def rows(self, rows: Iterable[Row], *, indent: int = 2, gap: int = 3) -> None:
        """Rows with their columns below each other."""
        del indent, gap
        found = tuple(tuple(map(cell, row)) for row in rows)
        widest = max((len(row) for row in found), default=0)
        if found:
            padded = tuple((*row, *[Cell("")] * (widest - len(row))) for row in found)
            self.pieces.append(Piece("rows", padded))

    def hint(self, text: str) -> None:
        """What to do next."""
        self.pieces.append(Piece("hint", ((Cell(text),),)))
