"""How one CSV delivery is written: delimiter, quote, what means NULL, and where fields end."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from typing import Final

_CANDIDATES: Final = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How records are written in one file. `quoted_nulls`: whether `""` means NULL as well."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = '"'
    nulls: tuple[str, ...] = ("",)
    quoted_nulls: bool = True
    _field: re.Pattern[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        delimiter, mark = re.escape(self.delimiter.encode()), re.escape(self.mark)
        escape = mark if self.doubles else re.escape(self.escape.encode())
        inner = rb"[^" + mark + escape + rb"]|" + escape + (mark if self.doubles else rb"[\s\S]")
        quoted = rb" *" + mark + rb"(?:" + inner + rb")*+" + mark + rb" *"
        pattern = rb"(?:" + quoted + rb"|(?! *" + mark + rb")[^" + delimiter + rb"\r\n]*+)"
        object.__setattr__(self, "_field", re.compile(pattern))

    @property
    def mark(self) -> bytes:
        """The byte that quotes; one that no text holds where nothing quotes."""
        return self.quote.encode() or b"\0"

    @property
    def doubles(self) -> bool:
        """Whether a quote inside quotes is written twice, as the standard has it."""
        return self.escape in ("", self.quote)

    def fields_in(self, record: bytes) -> int | None:
        """How many fields a record without its line end has.

        None if a quoted field is not closed (the record may go on in the next line); -1 if a quote
        or a carriage return stands where no reader can take the record apart.
        """
        delimiter = self.delimiter.encode()
        if self.mark not in record:
            return -1 if b"\r" in record else record.count(delimiter) + 1
        at = count = 0
        while True:
            match = self._field.match(record, at)
            if match is None:
                return None
            count, at = count + 1, match.end()
            if at == len(record):
                return count
            if record[at : at + 1] != delimiter:
                return -1
            at += 1

    def split(self, record: bytes) -> list[str]:
        """The fields of one record."""
        stream = io.StringIO(record.decode("utf-8", errors="replace"), newline="")
        reader = csv.reader(
            stream,
            delimiter=self.delimiter,
            quotechar=self.quote or None,
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            doublequote=self.doubles,
            escapechar=None if self.doubles else self.escape,
        )
        return next(reader, [])


def detect_delimiter(first_line: bytes, quote: str) -> str:
    """The commonest of comma, semicolon, tab and bar outside of quotes; a comma if there is none.

    >>> detect_delimiter(b'name;"a,b,c";price', '"')
    ';'
    """
    outside = b"".join(first_line.split(quote.encode())[::2]) if quote else first_line
    counts = [(outside.count(mark.encode()), -index) for index, mark in enumerate(_CANDIDATES)]
    best, index = max(counts)
    return _CANDIDATES[-index] if best else ","
