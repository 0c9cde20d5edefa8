"""Documentation of columns from the comments of a SELECT; the only module that imports sqlglot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.sql.parsing import comments, without_comments

if TYPE_CHECKING:
    from sqlglot.tokenizer_core import Token

_ENDS = frozenset(
    [
        "FROM",
        "WHERE",
        "GROUP_BY",
        "HAVING",
        "QUALIFY",
        "ORDER_BY",
        "LIMIT",
        "OFFSET",
        "UNION",
        "EXCEPT",
        "INTERSECT",
        "WINDOW",
        "SEMICOLON",
        "USING",
        "TABLE_SAMPLE",
    ]
)
_OPENING = frozenset({"L_PAREN", "L_BRACKET", "L_BRACE"})
_CLOSING = frozenset({"R_PAREN", "R_BRACKET", "R_BRACE"})
#: What an expression may end with, so that the word after it is its name.
_OPERANDS = frozenset({"VAR", "IDENTIFIER", "NUMBER", "STRING", "END", "NULL", "TRUE", "FALSE"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Item:
    """One output column: its tokens, and where its text ends, its comma included."""

    tokens: tuple[Token, ...]
    comma: Token | None

    @property
    def name(self) -> str | None:
        """The name that it gives itself, or None."""
        words = self.tokens
        last = words[-1]
        if len(words) > 2 and words[1].token_type.name == "COLON":
            return words[0].text
        if not last.text[:1].isidentifier() and last.token_type.name != "IDENTIFIER":
            return None
        if len(words) == 1:
            return last.text
        before = words[-2].token_type.name
        if before in ("ALIAS", "DOT") or before in _OPERANDS | _CLOSING:
            return last.text
        return None


def column_comments(sql: str) -> dict[str, str]:
    r"""The comment beside each output column of the outermost SELECT, by column name.

    `-- text` or `/* text */` stands behind the column on its line, before or after the comma, and
    may go on below in lines that begin at the same place. A text that cannot be read documents
    nothing: DuckDB says what is wrong with it.

    >>> column_comments("select\n  a, -- An amount.\n  b as c -- A code.\nfrom t")
    {'a': 'An amount.', 'c': 'A code.'}
    """
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        tokens = sqlglot.tokenize(sql, read="duckdb")
    except SqlglotError:
        return {}
    items = list(_items(tokens))
    found: dict[str, str] = {}
    last: tuple[str, int, int] | None = None
    for start, text in comments(sql):
        line = sql.count("\n", 0, start)
        column = start - (sql.rfind("\n", 0, start) + 1)
        if last and last[1:] == (line - 1, column) and not sql[start - column : start].strip():
            found[last[0]] += f" {text}"
            last = (last[0], line, column)
            continue
        name = _documented(sql, start, items)
        last = None
        if name is not None and text:
            found[name] = f"{found[name]} {text}" if name in found else text
            last = (name, line, column)
    return found


def _items(tokens: Sequence[Token]) -> Iterator[_Item]:
    """The output columns of the first SELECT outside of parentheses."""
    depth = 0
    inside = False
    words: list[Token] = []
    for token in tokens:
        kind = token.token_type.name
        depth += (kind in _OPENING) - (kind in _CLOSING)
        if not inside:
            inside = depth == 0 and kind == "SELECT"
        elif depth == 0 and (kind == "COMMA" or kind in _ENDS):
            if words:
                yield _Item(tokens=tuple(words), comma=token if kind == "COMMA" else None)
            words = []
            if kind != "COMMA":
                return
        elif not (kind in ("DISTINCT", "ALL") and not words):
            words.append(token)
    if words:
        yield _Item(tokens=tuple(words), comma=None)


def _documented(sql: str, start: int, items: Sequence[_Item]) -> str | None:
    """The column that ends right before a comment, on the same line."""
    for item in items:
        end = item.tokens[-1].end + 1
        if end > start or "\n" in sql[end:start]:
            continue
        if item.comma is not None and item.comma.end < start:
            between = sql[end : item.comma.start] + sql[item.comma.end + 1 : start]
        else:
            between = sql[end:start]
        if not without_comments(between).strip():
            return item.name
    return None
