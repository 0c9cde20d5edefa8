"""The filter language of questions: what may stand in `where` of a query, a page or a URL.

Columns, literals, `and`, `or`, `not`, comparisons, `in`, `between`, `like`, `ilike`, `is null`, and
parentheses: what this grammar does not know is refused (E904). A text is read into pieces, of which
only keywords become SQL text; names are looked up and quoted, and values are bound.

>>> condition = parse_filter("country != 'United Kingdom' and not is_return")
>>> condition.columns
('country', 'is_return')
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from headwater.errors import HeadwaterError, Issue, UsageError
from headwater.semantics.calendar import is_instant

_LONGEST = 8_000  # characters
_DEEPEST = 24  # parentheses and `not` within each other
_DIGITS = 38  # that a DECIMAL has
_TOKEN = re.compile(
    r"""\s+
    | (?P<text>'(?:[^']|'')*')
    | (?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?(?!\w))
    | (?P<name>(?:[^\W\d]\w*|"(?:[^"]|"")+")(?:\.(?:[^\W\d]\w*|"(?:[^"]|"")+"))*)
    | (?P<sign><=|>=|<>|!=|==|[=<>(),-])
    """,
    re.VERBOSE,
)
_PART = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')
_COMPARISONS = {
    "=": "=",
    "==": "=",
    "!=": "<>",
    "<>": "<>",
    "<": "<",
    "<=": "<=",
    ">": ">",
    ">=": ">=",
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LITERALS = frozenset({"null", "true", "false", "date", "timestamp"})
_WORDS = _LITERALS | {"and", "or", "not", "in", "between", "like", "ilike", "is"}
_SHAPES = "write conditions like `country = 'France' and amount >= 10`, `x in (1, 2)`, `x is null`"


@dataclass(frozen=True, slots=True)
class Named:
    """A column in a filter."""

    name: str
    place: int = 0
    is_condition: bool = False  # it stands alone, and has to be true
    beside: str = ""  # the column that it is compared with


@dataclass(frozen=True, slots=True)
class Value:
    """A literal, to be read by the type of the column that it is compared with."""

    value: str | int | Decimal | bool
    column: str = ""
    place: int = 0


Piece = str | Named | Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A filter that was read. `pinned` are columns that it holds to one value."""

    text: str
    pieces: tuple[Piece, ...]
    pinned: frozenset[str] = frozenset()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it names, in written order, each once."""
        return tuple(dict.fromkeys(p.name for p in self.pieces if isinstance(p, Named)))

    def sql(
        self,
        column: Callable[[str], tuple[str, str]],
        bind: Callable[[object], str],
        zone: ZoneInfo,
    ) -> str:
        """The condition as SQL; `column` gives a name's SQL and type, `bind` a value's parameter.

        Raises UsageError (E904) where a value does not fit its column.
        """
        written: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, Named):
                sql, kind = column(piece.name)
                if piece.is_condition and kind != "BOOLEAN":
                    what = f"`{piece.name}` is no condition: it is {kind}"
                    raise _refused(self.text, piece.place, what, "compare it with a value")
                if piece.beside and family(kind) != family(column(piece.beside)[1]):
                    what = f"`{piece.name}` is {kind}, unlike `{piece.beside}`"
                    raise _refused(self.text, piece.place, what, "compare like with like")
                written.append(sql)
            elif isinstance(piece, Value):
                kind = column(piece.column)[1] if piece.column else ""
                written.append(_bound(self.text, piece, kind, bind, zone))
            else:
                written.append(piece)
        return " ".join(written).replace("( ", "(").replace(" )", ")").replace(" ,", ",")


@lru_cache(maxsize=1024)
def parse_filter(text: str) -> Condition:
    """Read one filter. Raises UsageError (E904) with the position of what is refused."""
    if len(text) > _LONGEST:
        what = f"the filter has {len(text):,} characters, more than {_LONGEST:,}"
        raise UsageError(Issue(code="E904", what=what, fix="make it a column of a table"))
    reader = _Reader(text)
    pieces, pinned = reader.disjunction(0)
    reader.finish()
    return Condition(text=text, pieces=tuple(pieces), pinned=frozenset(pinned))


def _refused(text: str, place: int, what: str, fix: str = _SHAPES) -> UsageError:
    shown = text if len(text) <= 60 else text[:57] + "…"
    at = f" (character {place + 1})" if place < len(text) else " (at its end)"
    return UsageError(Issue(code="E904", what=f"filter `{shown}`: {what}{at}", fix=fix))


_Read = tuple[list[Piece], set[str]]


class _Reader:
    """A text from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        self.next = 0
        place = 0
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None:
                raise _refused(text, place, f"`{text[place]}` has no meaning here")
            if match.lastgroup is not None:
                sort, word = match.lastgroup, match[0]
                if sort == "name" and word.casefold() in _WORDS:
                    sort, word = "word", word.casefold()
                self.tokens.append((sort, word, place))
            place = match.end()
        self.tokens.append(("end", "", len(text)))

    def take(self, *words: str) -> str:
        """The next token if it is one of these words or signs, else nothing."""
        sort, word, _ = self.tokens[self.next]
        if sort in ("word", "sign") and word in words:
            self.next += 1
            return word
        return ""

    def need(self, word: str) -> None:
        """The next token, which has to be this word or sign."""
        if not self.take(word):
            raise self.unexpected(f"`{word}`")

    def unexpected(self, wanted: str) -> HeadwaterError:
        """The next token is not what has to stand here."""
        _, word, place = self.tokens[self.next]
        found = f"`{word[:40]}`" if word else "nothing"
        return _refused(self.text, place, f"{wanted} is wanted, not {found}")

    def finish(self) -> None:
        """Nothing may follow."""
        if self.tokens[self.next][0] != "end":
            raise self.unexpected("`and`, `or` or the end")

    def disjunction(self, depth: int) -> _Read:
        """Conditions with `or` between."""
        if depth > _DEEPEST:
            place = self.tokens[self.next][2]
            raise _refused(self.text, place, f"more than {_DEEPEST} levels of nesting")
        pieces, pinned = self.conjunction(depth)
        while self.take("or"):
            more, _ = self.conjunction(depth)
            pieces, pinned = [*pieces, "OR", *more], set()
        return pieces, pinned

    def conjunction(self, depth: int) -> _Read:
        """Conditions with `and` between."""
        pieces, pinned = self.negation(depth)
        while self.take("and"):
            more, also = self.negation(depth)
            pieces, pinned = [*pieces, "AND", *more], pinned | also
        return pieces, pinned

    def negation(self, depth: int) -> _Read:
        """One condition, perhaps negated."""
        negated = False
        while self.take("not"):
            negated = not negated
        pieces, pinned = self.predicate(depth)
        if not negated:
            return pieces, pinned
        only = pieces[0] if len(pieces) == 1 else None
        held = {only.name} if isinstance(only, Named) else set()
        return ["NOT", "(", *pieces, ")"], held

    def predicate(self, depth: int) -> _Read:
        """A comparison, a membership, a range, a pattern, or a condition in parentheses."""
        if self.take("("):
            pieces, pinned = self.disjunction(depth + 1)
            self.need(")")
            return ["(", *pieces, ")"], pinned
        left = self.operand()
        sign = self.take(*_COMPARISONS)
        if sign:
            return self.comparison(left, _COMPARISONS[sign])
        if not isinstance(left, Named):
            raise self.unexpected("a comparison")
        if self.take("is"):
            return self.identity(left)
        negation: list[Piece] = ["NOT"] if self.take("not") else []
        if self.take("in"):
            return self.membership(left, negation)
        if self.take("between"):
            low = self.value(left)
            self.need("and")
            return [left, *negation, "BETWEEN", low, "AND", self.value(left)], set()
        word = self.take("like", "ilike")
        if word:
            return [left, *negation, word.upper(), self.value(left)], set()
        if negation:
            raise self.unexpected("`in`, `between`, `like` or `ilike`")
        return [Named(left.name, left.place, is_condition=True)], {left.name}

    def comparison(self, left: Piece, sign: str) -> _Read:
        """Two sides, one of them a column."""
        right = self.operand()
        if isinstance(left, Value):
            left, right, sign = right, left, _TURNED.get(sign, sign)
        if not isinstance(left, Named):
            raise _refused(self.text, self.tokens[self.next - 1][2], "one side has to be a column")
        if isinstance(right, Value):
            right = Value(right.value, left.name, right.place)
            return [left, sign, right], {left.name} if sign == "=" else set()
        left = Named(left.name, left.place, beside=right.name)
        return [left, sign, right], set()

    def identity(self, left: Named) -> _Read:
        """`is null`, `is not null`, `is true`, `is false`."""
        negation: list[Piece] = ["NOT"] if self.take("not") else []
        word = self.take("null", "true", "false")
        if not word:
            raise self.unexpected("`null`, `true` or `false`")
        checked = Named(left.name, left.place, is_condition=word != "null")
        pieces: list[Piece] = [checked, "IS", *negation, word.upper()]
        return pieces, set() if negation or word != "null" else {left.name}

    def membership(self, left: Named, negation: list[Piece]) -> _Read:
        """`in (…)` with at least one value."""
        self.need("(")
        values: list[Piece] = [self.value(left)]
        while self.take(","):
            values += [",", self.value(left)]
        self.need(")")
        held = {left.name} if len(values) == 1 and not negation else set()
        return [left, *negation, "IN", "(", *values, ")"], held

    def value(self, column: Named) -> Value:
        """A literal that belongs to a column."""
        found = self.operand()
        if not isinstance(found, Value):
            self.next -= 1
            raise self.unexpected("a value")
        return Value(found.value, column.name, found.place)

    def operand(self) -> Named | Value:
        """A column or a literal."""
        minus = bool(self.take("-"))
        sort, word, place = self.tokens[self.next]
        self.next += 1
        if sort == "number":
            number = int(word) if word.isdigit() else Decimal(word)
            if len(word) > _DIGITS or not -_DIGITS < Decimal(word).adjusted() < _DIGITS:
                raise _refused(self.text, place, f"more than {_DIGITS} digits")
            return Value(-number if minus else number, place=place)
        if not minus and sort == "text":
            if "\0" in word:
                raise _refused(self.text, place, "text cannot hold the character NUL")
            return Value(word[1:-1].replace("''", "'"), place=place)
        if not minus and sort == "word" and word in ("true", "false"):
            return Value(word == "true", place=place)
        if not minus and sort == "word" and word in ("date", "timestamp"):
            if self.tokens[self.next][0] == "text":
                return self.operand()
            return Named(word, place)
        if not minus and sort == "name":
            if self.tokens[self.next][:2] == ("sign", "("):
                raise _refused(self.text, place, f"`{word[:40]}(…)` is a function")
            return Named(_unquoted(word), place)
        self.next -= 1
        raise self.unexpected("a column or a value")


def _unquoted(name: str) -> str:
    return ".".join(m[1].replace('""', '"') if m[1] else m[2] for m in _PART.finditer(name))


_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
    "FLOAT",
    "DOUBLE",
    "DECIMAL",
)
_AS_TEXT = ("UUID", "ENUM", "TIME")


def family(kind: str) -> str:
    """What can be compared without a cast that may fail."""
    if kind.startswith(_NUMBERS):
        return "number"
    return "time" if kind.startswith(("DATE", "TIMESTAMP")) else kind


def _bound(
    text: str, piece: Value, kind: str, bind: Callable[[object], str], zone: ZoneInfo
) -> str:
    """A value as a parameter of the type of its column."""
    value = piece.value
    if kind.startswith(("DATE", "TIMESTAMP")) and isinstance(value, str):
        return bind(_moment(text, piece, value, kind, zone))
    if (
        kind.startswith(_NUMBERS)
        and isinstance(value, int | Decimal)
        and not isinstance(value, bool)
    ):
        return bind(value)
    if kind.startswith(_AS_TEXT) and isinstance(value, str):
        cast_to = "VARCHAR" if kind.startswith("ENUM") else kind
        return f"TRY_CAST({bind(value)} AS {cast_to})"
    if (kind == "VARCHAR" and isinstance(value, str)) or (
        kind == "BOOLEAN" and isinstance(value, bool)
    ):
        return bind(value)
    shown = f"'{value}'" if isinstance(value, str) else str(value).lower()
    fix = "text and dates stand in quotes, numbers without"
    raise _refused(text, piece.place, f"{shown[:60]} is no {kind} as `{piece.column}` is", fix)


def _moment(text: str, piece: Value, value: str, kind: str, zone: ZoneInfo) -> date | datetime:
    try:
        if kind == "DATE":
            return date.fromisoformat(value)
        moment = datetime.fromisoformat(value)
    except ValueError:
        what = f"'{value[:40]}' is no date or time"
        raise _refused(
            text, piece.place, what, "write '2011-11-01' or '2011-11-01 09:30'"
        ) from None
    if is_instant(kind):
        return moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return moment.astimezone(zone).replace(tzinfo=None) if moment.tzinfo else moment
