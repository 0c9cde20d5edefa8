"""Rows as people write them in YAML, and the difference between two sets of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from headwater.project.testing.model import Difference, NearMatch, Row

if TYPE_CHECKING:
    import pyarrow as pa

GivenRows = Sequence[Mapping[str, object]]


def columns_in(rows: GivenRows) -> tuple[str, ...]:
    """The columns that rows name, in order of their first mention."""
    return tuple(dict.fromkeys(name for row in rows for name in row))


def given_table(rows: GivenRows) -> pa.Table:
    """Rows as text, from which an engine casts each column; what is left out is null."""
    import pyarrow as pa

    names = columns_in(rows)
    return pa.table(
        {name: pa.array([as_text(row.get(name)) for row in rows], pa.string()) for name in names}
    )


def as_text(value: object) -> str | None:
    """A value of YAML as DuckDB reads it from text; lists and structs in DuckDB's own notation.

    >>> as_text(True), as_text([1, None]), as_text({"a": "it's"})
    ('true', '[1, NULL]', "{'a': 'it''s'}")
    """
    if value is None:
        return None
    return _nested(value) if isinstance(value, list | tuple | dict) else _plain(value)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nested(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_nested(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(k)}: {_nested(v)}" for k, v in value.items()) + "}"
    return _quoted(value) if isinstance(value, str) else _plain(value)


def _quoted(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"


def compare_rows(
    columns: Sequence[str], expected: Iterable[Row], actual: Iterable[Row], key: Sequence[str] = ()
) -> Difference:
    """What is missing and what was not expected, whatever the order; repeated rows count.

    Values compare by value: floating point to nine significant digits.
    """
    wanted, found = list(expected), list(actual)
    left = Counter(map(_comparable, wanted))
    left.subtract(Counter(map(_comparable, found)))
    missing = _surplus(wanted, Counter({row: n for row, n in left.items() if n > 0}))
    unexpected = _surplus(found, Counter({row: -n for row, n in left.items() if n < 0}))
    near = _pair(columns, missing, unexpected, [columns.index(k) for k in key if k in columns])
    return Difference(
        columns=tuple(columns), missing=tuple(missing), unexpected=tuple(unexpected), near=near
    )


def _comparable(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, list | tuple):
        return tuple(map(_comparable, value))
    if isinstance(value, dict):
        return tuple((name, _comparable(item)) for name, item in value.items())
    return value


def _surplus(rows: Sequence[Row], counts: Counter[Any]) -> list[Row]:
    """The rows of which there are too many, as often as that."""
    found: list[Row] = []
    for row in rows:
        same = _comparable(row)
        if counts[same] > 0:
            counts[same] -= 1
            found.append(row)
    return sorted(found, key=lambda row: tuple((v is None, str(v)) for v in row))


def _pair(
    columns: Sequence[str], missing: list[Row], unexpected: list[Row], key: Sequence[int]
) -> tuple[NearMatch, ...]:
    """Take pairs out of both lists: rows of one key, or else with half of the values equal."""
    scored: list[tuple[int, int, int]] = []
    for m, expected in enumerate(missing):
        for u, actual in enumerate(unexpected):
            both = zip(expected, actual, strict=True)
            equal = [_comparable(one) == _comparable(other) for one, other in both]
            same_key = bool(key) and all(equal[k] for k in key)
            if same_key or 2 * sum(equal) >= len(columns) > 1:
                scored.append((sum(equal) + len(columns) * same_key, m, u))
    near: list[NearMatch] = []
    used: set[tuple[str, int]] = set()
    for _, m, u in sorted(scored, key=lambda s: (-s[0], s[1], s[2])):
        if ("missing", m) in used or ("unexpected", u) in used:
            continue
        used |= {("missing", m), ("unexpected", u)}
        near.append(
            NearMatch(
                expected=missing[m],
                actual=unexpected[u],
                differing=tuple(
                    name
                    for name, a, b in zip(columns, missing[m], unexpected[u], strict=True)
                    if _comparable(a) != _comparable(b)
                ),
            )
        )
    missing[:] = [row for m, row in enumerate(missing) if ("missing", m) not in used]
    unexpected[:] = [row for u, row in enumerate(unexpected) if ("unexpected", u) not in used]
    return tuple(near)
