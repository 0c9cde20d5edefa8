"""SQL that reads delivered text as a type: exactly, or not at all.

DuckDB's own cast rounds `2.6` to the integer 3 and takes the offset off `…+02:00`; a delivery is
not to be changed in passing, so integers refuse fractions and offsets are honoured.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from headwater.contracts.quoting import literal

_INTEGERS: Final = re.compile(r"U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)\Z")
_FRACTIONAL: Final = re.compile(r"(DECIMAL|DOUBLE|FLOAT)\b")
_TIMESTAMP: Final = re.compile(r"TIMESTAMP(_S|_MS|_NS)?\Z")
_TIMESTAMPTZ: Final = ("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
_NESTED: Final = re.compile(r"STRUCT\(|MAP\(|.*\[\d*\]\Z", re.DOTALL)

_OFFSET: Final = r"[0-9](Z|[+-][0-9]{2}(:?[0-9]{2})?)$"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextFormat:
    """How numbers and times are written in text, and in which zones they are meant."""

    decimal: str = "."
    thousands: str = ""
    date_format: str = ""
    timestamp_format: str = ""
    source_zone: str = "UTC"
    project_zone: str = "UTC"

    @property
    def shifts(self) -> bool:
        """Whether local times of the source are not those of the project."""
        return self.source_zone != self.project_zone


def cast_text(text: str, column_type: str, form: TextFormat, *, strict: bool) -> str:
    """SQL for the expression `text` (VARCHAR) as `column_type`.

    What cannot be read fails when `strict`, and is NULL otherwise.
    """
    kind = column_type.upper()
    cast = "CAST" if strict else "TRY_CAST"
    if kind == "VARCHAR":
        return text
    if _INTEGERS.match(kind):
        return _integer(_plain_number(text, form), kind, cast)
    if _FRACTIONAL.match(kind):
        return f"{cast}({_plain_number(text, form)} AS {column_type})"
    if kind == "DATE" and form.date_format:
        return f"CAST({_parsed(text, form.date_format, strict)} AS DATE)"
    if _TIMESTAMP.match(kind):
        return _local_time(text, column_type, form, strict)
    if kind in _TIMESTAMPTZ and form.timestamp_format:
        zone = literal(form.source_zone)
        return f"timezone({zone}, {_parsed(text, form.timestamp_format, strict)})"
    if _NESTED.match(kind):
        return f"{cast}({cast}({text} AS JSON) AS {column_type})"
    return f"{cast}({text} AS {column_type})"


def shift_zone(value: str, column_type: str, form: TextFormat) -> str:
    """SQL that turns a local time of the source into one of the project; other types unchanged."""
    if not form.shifts or not _TIMESTAMP.match(column_type.upper()):
        return value
    own, project = literal(form.source_zone), literal(form.project_zone)
    return f"timezone({project}, timezone({own}, {value}))"


def is_local_time(column_type: str) -> bool:
    """Whether the type is a time without a zone."""
    return _TIMESTAMP.match(column_type.upper()) is not None


def _plain_number(text: str, form: TextFormat) -> str:
    if form.thousands:
        text = f"replace({text}, {literal(form.thousands)}, '')"
    if form.decimal != ".":
        # A point in a number with decimal comma is not to be read as one.
        text = f"replace(replace({text}, '.', 'x'), {literal(form.decimal)}, '.')"
    return text


def _integer(text: str, kind: str, cast: str) -> str:
    whole = f"replace(regexp_replace({text}, '[.]0*\\s*$', ''), '.', 'x')"
    choice = f"CASE WHEN contains({text}, '.') THEN {cast}({whole} AS {kind})"
    return f"{choice} ELSE {cast}({text} AS {kind}) END"


def _parsed(text: str, pattern: str, strict: bool) -> str:
    return f"{'strptime' if strict else 'try_strptime'}({text}, {literal(pattern)})"


def _local_time(text: str, column_type: str, form: TextFormat, strict: bool) -> str:
    cast = "CAST" if strict else "TRY_CAST"
    if form.timestamp_format:
        parsed = f"CAST({_parsed(text, form.timestamp_format, strict)} AS {column_type})"
        return shift_zone(parsed, column_type, form)
    plain = shift_zone(f"{cast}({text} AS {column_type})", column_type, form)
    instant = f"timezone({literal(form.project_zone)}, {cast}({text} AS TIMESTAMPTZ))"
    # A time to the second has no room for an offset: the usual case is told without a pattern.
    usual = f"strlen({text}) = 19 AND substr({text}, 17, 1) = ':'"
    return (
        f"CASE WHEN {usual} THEN {plain} WHEN regexp_matches({text}, '{_OFFSET}') "
        f"AND strlen({text}) > 10 THEN CAST({instant} AS {column_type}) ELSE {plain} END"
    )
