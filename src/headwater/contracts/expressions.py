"""A reader of SQL expressions that is just sharp enough to embed them safely.

It splits text into tokens as DuckDB does (quoted text and names, dollar quotes, comments), so that
a rule cannot reach outside of the parentheses it is put into, shows its columns without a parser,
and compares without regard to spaces and case. Whether an expression binds, DuckDB says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

TokenKind = Literal["word", "name", "text", "number", "sign"]

_TOKEN: Final = re.compile(
    r"""(?P<space>\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)
      | (?P<text>[eE]'(?:[^'\\]|\\.|'')*'|[xX]?'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<name>"(?:[^"]|"")+")
      | (?P<number>(?:\d[\d_]*)?\.?\d+(?:[eE][+-]?\d+)?)
      | (?P<word>[^\W\d]\w*)
      | (?P<sign>::|<=|>=|<>|!=|==|->>?|\|\||[^\s'"\w])
    """,
    re.VERBOSE | re.DOTALL,
)
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of an expression; words are folded to lower case, spaces and comments left out."""

    kind: TokenKind
    text: str


class ExpressionError(ValueError):
    """Text that is no single SQL expression, with the reason."""


def tokenize(sql: str) -> tuple[Token, ...]:
    """The tokens of an expression; raises `ExpressionError` where it is not closed.

    >>> [token.text for token in tokenize("Price >= 0 -- or so")]
    ['price', '>=', '0']
    """
    tokens: list[Token] = []
    at = 0
    while at < len(sql):
        match = _TOKEN.match(sql, at)
        if match is None:
            raise ExpressionError(f"a quote is not closed: {sql[at : at + 20]}")
        if sql.startswith("/*", at) and match.lastgroup == "sign":
            raise ExpressionError("a comment is not closed")
        at = match.end()
        for kind in ("word", "name", "text", "number", "sign"):
            if match[kind] is not None:
                text = match[kind].lower() if kind == "word" else match[kind]
                tokens.append(Token(kind, text))
    return tuple(tokens)


def check_expression(sql: str) -> tuple[Token, ...]:
    """The tokens of one closed expression; raises `ExpressionError` for anything else."""
    tokens = tokenize(sql)
    if not tokens:
        raise ExpressionError("there is no expression")
    open_signs: list[str] = []
    for token in tokens:
        if token.kind != "sign":
            continue
        if token.text == ";":
            raise ExpressionError("one expression, without `;`")
        if token.text in "?$":
            raise ExpressionError("a rule has no parameters")
        if token.text in "([{":
            open_signs.append(token.text)
        elif token.text in _PAIRS and (not open_signs or open_signs.pop() != _PAIRS[token.text]):
            raise ExpressionError(f"`{token.text}` closes nothing")
    if open_signs:
        raise ExpressionError(f"`{open_signs[-1]}` is not closed")
    return tokens


def check_query(sql: str) -> None:
    """Raise `ExpressionError` unless the text is one query (SELECT, WITH, FROM or VALUES)."""
    tokens = check_expression(sql)
    if tokens[0].text not in ("select", "with", "from", "values", "("):
        raise ExpressionError(f"a query begins with SELECT, not `{tokens[0].text}`")


def mentioned(sql: str, columns: Iterable[str]) -> tuple[str, ...]:
    """Those of `columns` that stand in an expression, in their own order.

    >>> mentioned("price >= 0 or invoice like 'A%'", ["invoice", "price", "country"])
    ('invoice', 'price')
    """
    found = set()
    for token in tokenize(sql):
        if token.kind == "word":
            found.add(token.text)
        elif token.kind == "name":
            found.add(token.text[1:-1].replace('""', '"').casefold())
    return tuple(column for column in columns if column.casefold() in found)


def embed(sql: str) -> str:
    """An expression in parentheses; a comment at its end cannot swallow them."""
    return f"({sql}\n)" if "--" in sql else f"({sql})"


def normalize(sql: str) -> str:
    """The expression without regard to case, spaces, comments and outer parentheses."""
    return " ".join(token.text for token in _bare(tokenize(sql)))


def _bare(tokens: Sequence[Token]) -> Sequence[Token]:
    """The tokens without parentheses around the whole, names without needless quotes."""
    plain = [
        Token("word", t.text[1:-1].lower())
        if t.kind == "name" and re.fullmatch(r"[A-Za-z_]\w*", t.text[1:-1])
        else t
        for t in tokens
    ]
    while len(plain) > 2 and plain[0].text == "(" and _closing(plain) == len(plain) - 1:
        plain = plain[1:-1]
    return plain


def _closing(tokens: Sequence[Token]) -> int:
    """Where the parenthesis that opens at the first token is closed."""
    depth = 0
    for index, token in enumerate(tokens):
        depth += (token.text in "([{") - (token.text in ")]}") if token.kind == "sign" else 0
        if depth == 0:
            return index
    return len(tokens)


def split_on(sql: str, connective: Literal["or", "and"]) -> tuple[str, ...]:
    """The normalized operands of the outermost ORs (or ANDs); the whole where there are none.

    An AND binds closer than an OR, so an expression with an outer OR has no outer AND; the AND that
    belongs to a BETWEEN joins nothing.

    >>> split_on("price >= 0 OR (invoice LIKE 'A%' or x)", "or")
    ('price >= 0', "invoice like 'A%' or x")
    """
    tokens = _bare(tokenize(sql))
    words = _outer_words(tokens)
    whole = (" ".join(token.text for token in tokens),)
    if "case" in words or (connective == "and" and "or" in words):
        return whole
    parts: list[list[Token]] = [[]]
    depth = betweens = 0
    for token in tokens:
        if token.kind == "sign":
            depth += (token.text in "([{") - (token.text in ")]}")
        if depth == 0 and token.kind == "word":
            betweens += token.text == "between"
            if token.text == "and" and betweens:
                betweens -= 1
            elif token.text == connective:
                parts.append([])
                continue
        parts[-1].append(token)
    return tuple(" ".join(token.text for token in _bare(part)) for part in parts)


def _outer_words(tokens: Sequence[Token]) -> set[str]:
    depth = 0
    words: set[str] = set()
    for token in tokens:
        if token.kind == "sign":
            depth += (token.text in "([{") - (token.text in ")]}")
        elif depth == 0 and token.kind == "word":
            words.add(token.text)
    return words
