"""Parameters of saved queries: `:name` becomes a typed `$name` that DuckDB can bind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from headwater.sql.problems import position

_TOKEN = re.compile(
    r"""'(?:[^']|'')*' | "(?:[^"]|"")*" | --[^\n]* | /\*.*?\*/ | \$\w*\$.*?\$\w*\$
    | (?<![:\w)\]'"]) [:$] (?P<name>[A-Za-z_]\w*)""",
    re.DOTALL | re.VERBOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """The text that DuckDB binds, and how its byte offsets lead back to the user's text."""

    original: str
    sql: str
    shifts: tuple[tuple[int, int], ...] = ()

    def position(self, offset: int | None) -> tuple[int, int]:
        """Line and column, in the user's text, of a byte offset in the bound text."""
        if offset is None:
            return 0, 0
        moved = 0
        for place, shift in self.shifts:
            if offset < place:
                break
            moved = shift
        return position(self.original, offset - moved)


def written_parameters(sql: str) -> tuple[str, ...]:
    """What looks like a parameter, with its sign, each once in written order.

    >>> written_parameters("select ':no', a::date from t where a > :low and b = $high")
    (':low', '$high')
    """
    found = [m[0].strip() for m in _TOKEN.finditer(sql) if m["name"] is not None]
    return tuple(dict.fromkeys(found))


def translate(sql: str, parameters: Mapping[str, str]) -> Translated:
    """The text with each declared parameter as `($name::type)`; others stay for DuckDB to judge.

    >>> translate("select * from t where a > :low", {"low": "INTEGER"}).sql
    'select * from t where a > ($low::INTEGER)'
    """
    if not parameters:
        return Translated(original=sql, sql=sql)
    declared = {name.casefold(): (name, type_) for name, type_ in parameters.items()}
    parts: list[str] = []
    shifts: list[tuple[int, int]] = []
    end = length = source = 0
    for match in _TOKEN.finditer(sql):
        known = declared.get((match["name"] or "").casefold())
        if known is None:
            continue
        replacement = f"(${known[0]}::{known[1]})"
        before = sql[end : match.start()]
        parts += [before, replacement]
        length += len(before.encode()) + len(replacement.encode())
        source += len(before.encode()) + len(match[0].encode())
        shifts.append((length, length - source))
        end = match.end()
    parts.append(sql[end:])
    return Translated(original=sql, sql="".join(parts), shifts=tuple(shifts))
