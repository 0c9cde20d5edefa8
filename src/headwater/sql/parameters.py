"""Parameters of saved queries: `:name` becomes a typed `$name` that DuckDB can bind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A parameter where it stands in a text: `:name` or `$name`."""

    name: str
    written: str
    line: int
    column: int


def mentions(sql: str) -> tuple[Mention, ...]:
    """Every parameter in a text, in written order.

    >>> [(m.written, m.line, m.column) for m in mentions("select ':no', a::date where a > :low")]
    [(':low', 1, 33)]
    """
    found = []
    for match in _TOKEN.finditer(sql):
        if match["name"] is not None:
            line, column = position(sql, len(sql[: match.start()].encode()))
            found.append(Mention(name=match["name"], written=match[0], line=line, column=column))
    return tuple(found)


def with_texts(sql: str, texts: Mapping[str, str]) -> str:
    """The SQL with each of these parameters replaced by a text; others stay.

    >>> with_texts("select a::date, ':low' where a > :low", {"low": "3"})
    "select a::date, ':low' where a > 3"
    """
    folded = {name.casefold(): text for name, text in texts.items()}

    def replaced(match: re.Match[str]) -> str:
        return folded.get((match["name"] or "").casefold(), match[0])

    return _TOKEN.sub(replaced, sql)


def with_dollars(sql: str, parameters: Iterable[str]) -> str:
    """The SQL with `:name` as `$name`, which parses and is just as long: positions stay true.

    >>> with_dollars("select a::date where a > :low", ["low"])
    'select a::date where a > $low'
    """
    return with_texts(sql, {name: f"${name}" for name in parameters})


def written_parameters(sql: str) -> tuple[str, ...]:
    """What looks like a parameter, with its sign, each once in written order.

    >>> written_parameters("select ':no', a::date from t where a > :low and b = $high")
    (':low', '$high')
    """
    return tuple(dict.fromkeys(each.written for each in mentions(sql)))


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
