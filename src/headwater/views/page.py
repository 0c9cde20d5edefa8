"""Where a view is shown: a terminal, a file, a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from headwater.views.layout import Cell, Row


class Page(Protocol):
    """What a view writes to."""

    @property
    def width(self) -> int:
        """Characters a line."""
        ...

    @property
    def is_narrow(self) -> bool:
        """Whether lines longer than `width` would be broken."""
        ...

    def line(self, *parts: Cell | str) -> None:
        """One line."""
        ...

    def rows(self, rows: Iterable[Row], *, indent: int = 2, gap: int = 3) -> None:
        """Rows with their columns below each other."""
        ...

    def hint(self, text: str) -> None:
        """What to do next."""
        ...
