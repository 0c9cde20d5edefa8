"""The SQL that says what a view means: one SELECT over its source, with real aggregates.

DuckDB binds it, and from the bound plan come the types of columns, what each reads, and a hash
that is blind to formatting. It is never run: windows are computed by the room `windows`, which
gives the same values. Every feature has a line of its own, so that a complaint finds its feature.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from headwater.contracts.quoting import quote
from headwater.features.formulas import AT, Column, Formulas
from headwater.features.model import AS_OF, DAY
from headwater.graph.node import Node
from headwater.sql.formula_parts import Aggregate, Parameter
from headwater.windows.model import Function, Window, WindowFeature
from headwater.windows.moments import kind_of
from headwater.windows.states import all_of, is_whole

_FUNCTIONS: Mapping[str, Function] = {
    "sum": "sum",
    "count": "count",
    "count_distinct": "distinct",
    "average": "mean",
    "min": "min",
    "max": "max",
    "first": "first",
    "last": "last",
    "any": "any",
}
_MOMENT = "2000-01-01 00:00:00"
Asked = tuple[Aggregate, str, Window]  # with the feature's own condition


def placeholder(parameter: str) -> str:
    """The column that stands for `:parameter` in expressions, quoted.

    >>> print(placeholder("at"))
    "@at"
    """
    return quote(f"@{parameter}")


def asked_windows(formulas: Formulas) -> dict[Asked, Column]:
    """Every aggregate in its window once, with the first column that has it."""
    found: dict[Asked, Column] = {}
    for column in formulas.columns:
        own = column.where.sql if column.where else ""
        for aggregate in column.aggregates:
            found.setdefault((aggregate, own, column.window), column)
    return found


def hidden_names(formulas: Formulas, view: str) -> dict[Asked, str]:
    """A name for each window's value that no column of a user has."""
    return {asked: f"{view} #{n}" for n, asked in enumerate(asked_windows(formulas))}


def window_features(
    formulas: Formulas, names: Mapping[Asked, str], time: str
) -> tuple[WindowFeature, ...]:
    """What the room `windows` is asked for."""
    return tuple(
        WindowFeature(
            name=name,
            function=_function(aggregate, time),
            argument=aggregate.argument or None,
            where=all_of(own, aggregate.where),
            window=window,
        )
        for (aggregate, own, window), name in names.items()
    )


def _function(aggregate: Aggregate, time: str) -> Function:
    """The last time is the greatest, and looked up more cheaply."""
    if aggregate.argument.strip('"').casefold() == time.casefold():
        alike: Mapping[str, Function] = {"max": "last", "min": "first"}
        if aggregate.function in alike:
            return alike[aggregate.function]
    return _FUNCTIONS[aggregate.function]


def expression(column: Column, formulas: Formulas, names: Mapping[Asked, str]) -> str:
    """A column's SQL over hidden values, placeholders and the columns before it."""
    own = column.where.sql if column.where else ""
    spelled = {name.casefold(): name for name in formulas.declared}
    parts = []
    for part in column.parts:
        match part:
            case Aggregate():
                parts.append(quote(names[(part, own, column.window)]))
            case Parameter():
                parts.append(placeholder(part.name))
            case str():
                parts.append(part)
            case _:
                parts.append(quote(spelled[part.name.casefold()]))
    sql = "".join(parts)
    return f"CAST({sql} AS {column.feature.type})" if column.feature.type else sql


def meaning_sql(
    formulas: Formulas,
    columns: Sequence[Column],
    windows: Sequence[WindowFeature],
    names: Mapping[Asked, str],
    keys: Sequence[tuple[str, str]],
    source: Node,
    request: Mapping[str, str],
) -> str:
    """One row for each entity; `keys` are pairs of the entity's and the source's columns."""
    listed = [quote(ours) for ours, _ in keys] + [quote(AS_OF), quote(DAY)]
    shown = {column.name for column in columns}
    listed += [quote(name) for name in formulas.declared if name in shown]
    own = [f"{quote(f'#{n}')} AS {quote(ours)}" for n, (ours, _) in enumerate(keys)]
    own += [f"CAST({placeholder(AT)} AS TIMESTAMP) AS {quote(AS_OF)}"]
    own += [f"CAST({placeholder(AT)} AS DATE) AS {quote(DAY)}"]
    made = [f"{expression(c, formulas, names)} AS {quote(c.name)}" for c in columns]
    inner = [f"{quote(theirs)} AS {quote(f'#{n}')}" for n, (_, theirs) in enumerate(keys)]
    inner += [f"{sql} AS {placeholder(name)}" for name, sql in _constants(source, request).items()]
    values = [f"{_aggregate(w, source)} AS {quote(w.name)}" for w in windows]
    where = f"\nWHERE {formulas.where.sql}" if formulas.where else "\n"
    groups = ", ".join(quote(theirs) for _, theirs in keys)
    return (
        f"SELECT {', '.join(listed)} FROM (SELECT {', '.join(own)}"
        + "".join(f",\n{sql}" for sql in made)
        + f"\nFROM (SELECT {', '.join(inner)}"
        + "".join(f",\n{sql}" for sql in values)
        + f"\nFROM {quote(source.id.name)}{where} GROUP BY {groups}))"
    )


def column_at(line: int, formulas: Formulas, columns: Sequence[Column]) -> Column | None:
    """Whose text stands on a line of `meaning_sql`."""
    made = list(columns)
    found = [None, *made, None, *asked_windows(formulas).values()]
    return found[line - 1] if 0 < line <= len(found) else None


def moment_type(source: Node) -> str:
    """The type of the moment that is asked of: that in which the source's time is compared."""
    return kind_of(str(source.time), dict(source.schema)[str(source.time)])


def _constants(source: Node, request: Mapping[str, str]) -> dict[str, str]:
    moment = f"CAST('{_MOMENT}' AS {moment_type(source)})"
    return {AT: moment} | {name: f"CAST(NULL AS {type_})" for name, type_ in request.items()}


def _aggregate(feature: WindowFeature, source: Node) -> str:
    """A window's function as an aggregate; its length stands beside the time it is counted in."""
    argument, time = feature.argument or "*", quote(str(source.time))
    ties = ", ".join([time, *map(quote, source.key), argument])
    types = {name.casefold(): kind for name, kind in source.schema}
    length = f"{feature.window.length} {feature.window.months}"
    within = f"row({time}, '{length}') IS NOT NULL" if feature.window.is_bounded else None
    where = all_of(feature.where, within)
    keep = f" FILTER (WHERE {where})" if where else ""
    match feature.function:
        case "distinct":
            return f"count(DISTINCT {argument}){keep}"
        case "first":
            return f"arg_min({argument}, row({ties})){keep}"
        case "last":
            return f"arg_max({argument}, row({ties})){keep}"
        case "any":
            return f"coalesce(bool_or({argument}){keep}, FALSE)"
        case "mean":
            return f"avg({argument}){keep}"
        case "sum":
            found = f"sum({argument}){keep}"
            # The room's sums of whole numbers are BIGINT, DuckDB's HUGEINT.
            whole = is_whole(types.get(argument.strip('"').casefold(), ""))
            return f"CAST({found} AS BIGINT)" if whole else found
        case _:
            return f"{feature.function}({argument}){keep}"
