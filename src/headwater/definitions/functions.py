"""SQL functions for reuse: `functions/net_price.sql` holds `create function net_price(…) as …`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater.errors import Issue, Place, did_you_mean
from headwater.ids import is_name

if TYPE_CHECKING:
    from headwater.definitions.loader import Files

#: Comments, texts and quoted names; whatever stands in them is no statement.
_OPAQUE: Final = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|\$(\w*)\$.*?\$\1\$", re.DOTALL
)
_HEAD: Final = re.compile(
    r"\s*create\s+(?:or\s+replace\s+)?(?P<scope>(?:temp|temporary)\s+)?(?:macro|function)\s+"
    r"(?:if\s+not\s+exists\s+)?(?P<name>[\w.\"]+)\s*\(",
    re.IGNORECASE,
)
_SHAPE: Final = "write `create function {name}(x, y) as x / nullif(y, 0)`"


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFunction:
    """A reusable SQL function; `text` is its `create or replace` statement."""

    name: str
    place: Place
    text: str


def read_function(files: Files) -> SqlFunction | None:
    """The function of one file, whose name it has; anything else is E108."""
    path, text = files.path, files.text
    name = path.rpartition("/")[2].removesuffix(".sql")
    shape = _SHAPE.format(name=name if is_name(name) else "name")
    opaque = _OPAQUE.sub(_blank, text)
    if not opaque.strip():
        files.wrong("E104", "the file holds no function", Place(path), shape)
        return None
    statements = [part for part in opaque.split(";") if part.strip()]
    place = _place(path, text, len(opaque) - len(opaque.lstrip()))
    if len(statements) > 1:
        begin = opaque.index(";") + 1
        begin += len(opaque[begin:]) - len(opaque[begin:].lstrip(" \n\t;"))
        where = _place(path, text, begin)
        files.wrong("E108", "more than one statement", where, "one function a file")
        return None
    head = _HEAD.match(opaque)
    if head is None:
        files.wrong("E108", "this is no function", place, shape)
        return None
    written = text[head.start("name") : head.end("name")]
    plain = written[1:-1] if written.startswith('"') else written
    if plain.casefold() != name.casefold():
        where = _place(path, text, head.start("name"))
        what = f"the file is called `{name}` but its function `{plain}`"
        fix = did_you_mean(plain, [name], otherwise="the file's name is the function's name")
        files.wrong("E108", what, where, fix)
        return None
    begin = head.end("name")
    body = text[begin:].rstrip().rstrip(";").rstrip()
    statement = f"create or replace function {written}{body}"
    problem = _syntax(statement)
    if problem:
        files.issues.append(Issue(code="E108", what=problem, place=place, fix=shape))
        return None
    return SqlFunction(name=name, place=place, text=statement)


def _syntax(statement: str) -> str:
    """What DuckDB's parser finds wrong, or nothing."""
    import duckdb

    try:
        duckdb.extract_statements(statement)
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return ""


def _blank(match: re.Match[str]) -> str:
    """As many blanks, so that positions stay; a quoted name keeps its letters."""
    if match[0].startswith('"') and is_name(match[0][1:-1]):
        return match[0]
    return re.sub(r"[^\n]", " ", match[0])


def _place(path: str, text: str, offset: int) -> Place:
    return Place(path, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))
