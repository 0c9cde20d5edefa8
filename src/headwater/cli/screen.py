"""Where a command prints: a terminal with colours and a width, or plain lines."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping
from typing import Any, Final, TextIO

from headwater.views.layout import Cell, Line, Row, align, cell

#: Meaning → ANSI's "select graphic rendition".
STYLES: Final[Mapping[str, str]] = {
    "good": "32",
    "bad": "31;1",
    "warning": "33",
    "same": "36",
    "strong": "1",
    "quiet": "2",
    "code": "36",
    "place": "34",
}
#: What a terminal that knows only ASCII gets instead.
_ASCII: Final = str.maketrans(
    {
        "✔": "+", "✖": "x", "·": "-", "→": "->", "…": "...", "−": "-", "×": "x", "—": "-",
        "└": "`", "├": "|", "│": "|", "─": "-", "▲": "^", "▼": "v", "’": "'",
    }
)  # fmt: skip
_PIPE_WIDTH: Final = 120
#: What a value could tell a terminal to do, as a picture of it: escapes, and marks of direction.
_CONTROLS: Final = {
    **{code: chr(0x2400 + code) for code in range(32) if chr(code) not in "\n\t"},
    **dict.fromkeys((*range(0x7F, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd"),
}


class Screen:
    """One stream and what it can show."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty()
        self.colour = self.is_terminal and _wants_colour()
        encoding = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "")
        self.unicode = encoding.startswith("utf")
        self.width = shutil.get_terminal_size((_PIPE_WIDTH, 40)).columns

    @classmethod
    def out(cls) -> Screen:
        """Standard output."""
        return cls(sys.stdout)

    @classmethod
    def err(cls) -> Screen:
        """Standard error."""
        return cls(sys.stderr)

    @property
    def is_narrow(self) -> bool:
        """Whether lines longer than `width` would be broken: only a terminal does that."""
        return self.is_terminal

    @property
    def cut(self) -> int:
        """The width to which lines are cut; 0 where nobody looks, so that nothing is lost."""
        return self.width if self.is_terminal else 0

    def line(self, *parts: Cell | str) -> None:
        """Print one line."""
        self.stream.write(self.painted(*parts) + "\n")

    def painted(self, *parts: Cell | str) -> str:
        """A line as the stream gets it."""
        return self._encoded("".join(self._painted(cell(part)) for part in parts))

    def lines(self, lines: Iterable[Line]) -> None:
        """Print lines."""
        for each in lines:
            self.line(*each)

    def rows(self, rows: Iterable[Row], *, indent: int = 2, gap: int = 3) -> None:
        """Print rows with their columns below each other."""
        self.lines(align(rows, indent=indent, gap=gap, width=self.cut))

    def hint(self, text: str) -> None:
        """Print what to do next."""
        self.line(Cell("next: ", "quiet"), text)

    def data(self, value: Any) -> None:
        """Print a value as JSON."""
        self.stream.write(json.dumps(value, indent=2, ensure_ascii=False, default=str) + "\n")

    def _painted(self, part: Cell) -> str:
        text = part.text.translate(_CONTROLS)
        if not self.colour:
            return text
        if part.style:
            return f"\x1b[{STYLES[part.style]}m{text}\x1b[0m"
        return _paint_code(text)

    def _encoded(self, text: str) -> str:
        if self.unicode:
            return text
        return text.translate(_ASCII).encode("ascii", "replace").decode()


def _paint_code(text: str) -> str:
    """What stands in backquotes stands out."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return text
    code = STYLES["code"]
    return "".join(
        f"\x1b[{code}m`{part}`\x1b[0m" if index % 2 else part for index, part in enumerate(parts)
    )


def _wants_colour() -> bool:
    """https://no-color.org: any value that is not empty turns colours off."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
