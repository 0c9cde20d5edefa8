"""The options of a files source as values, with their defaults."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headwater.errors import HeadwaterError, Issue, Place
from headwater.kinds.source.readers.casting import TextFormat

_ONE_CHARACTER = ("delimiter", "quote", "escape", "comment", "thousands_separator")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileOptions:
    """How files are written; None where it is told from the file itself."""

    delimiter: str | None = None
    quote: str = '"'
    escape: str = ""
    header: bool = True
    columns: tuple[str, ...] = ()
    encoding: str | None = None
    null: tuple[str, ...] = ()
    skip: int = 0
    comment: str = ""
    decimal_separator: str = "."
    thousands_separator: str = ""
    date_format: str = ""
    timestamp_format: str = ""
    compression: str | None = None
    sheet: str | None = None
    range: str | None = None

    @property
    def nulls(self) -> tuple[str, ...]:
        """The texts that mean NULL; the empty one always does."""
        return ("", *(text for text in self.null if text))

    def text_format(self, source_zone: str, project_zone: str) -> TextFormat:
        """How numbers and times are written."""
        return TextFormat(
            decimal=self.decimal_separator,
            thousands=self.thousands_separator,
            date_format=self.date_format,
            timestamp_format=self.timestamp_format,
            source_zone=source_zone,
            project_zone=project_zone,
        )


def read_options(options: Mapping[str, Any], place: Place) -> FileOptions:
    """The options as values; raises `HeadwaterError` (E508) for values that cannot be."""
    issues = [
        Issue(
            code="E508",
            what=f"`{name}` is {options[name]!r}",
            place=place,
            fix="give a single character",
        )
        for name in _ONE_CHARACTER
        if len(str(options.get(name, "")).encode()) > 1
    ]
    encoding = options.get("encoding")
    if encoding is not None:
        try:
            codecs.lookup(str(encoding))
        except LookupError:
            fix = "such as `utf-8`, `latin-1`, `cp1252` or `utf-16`"
            what = f"unknown encoding `{encoding}`"
            issues.append(Issue(code="E508", what=what, place=place, fix=fix))
    if issues:
        raise HeadwaterError(*issues)
    lists = {
        name: (value,) if isinstance(value, str) else tuple(map(str, value))
        for name in ("null", "columns")
        if (value := options.get(name)) is not None
    }
    return FileOptions(**{**options, **lists})
