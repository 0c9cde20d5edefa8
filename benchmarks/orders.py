"""Order lines of 20 columns with 40 rules: the data, its contract, and the same rules as bare SQL.

    python orders.py FOLDER FIRST_DAY LAST_DAY ROWS_A_DAY

writes one Parquet file a day. Values come from the row's number: the same on every machine.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

EMAIL = "^[a-z0-9]+@[a-z]+[.]example$"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: its type, the SQL that makes it from the row number `n`, and what it promises."""

    name: str
    type: str
    logical: str
    made: str
    required: bool = True
    unique: bool = False
    minimum: int | None = None
    maximum: int | None = None
    pattern: str | None = None
    values: tuple[str, ...] = ()


def _text(name: str, made: str, **promised: object) -> Column:
    return Column(name=name, type="varchar", logical="string", made=made, **promised)  # type: ignore[arg-type]


def _number(name: str, type_: str, made: str, **promised: object) -> Column:
    logical = "number" if type_.startswith("decimal") else "integer"
    return Column(name=name, type=type_, logical=logical, made=made, **promised)  # type: ignore[arg-type]


def _choice(name: str, *values: str) -> Column:
    listed = ", ".join(f"'{value}'" for value in values)
    made = f"[{listed}][(1 + hash(n, '{name}') % {len(values)})::bigint]"
    return _text(name, made, values=values)


_DAY = "timestamp '2024-01-01' + to_days(day)"
_MONEY = "decimal(12,2)"
COLUMNS = (
    _number("id", "bigint", "n", unique=True),
    _text("order_no", "format('O{:09d}', n // 3)", pattern="^O[0-9]{9}$"),
    _number("line", "integer", "n % 3 + 1", minimum=1, maximum=100),
    Column(
        name="ordered_at",
        type="timestamp",
        logical="timestamp",
        made=f"{_DAY} + to_seconds((n % 86400)::bigint)",
    ),
    Column(
        name="delivered_at",
        type="timestamp",
        logical="timestamp",
        made=f"case when n % 7 > 0 then {_DAY} + to_days((2 + n % 5)::integer) end",
        required=False,
    ),
    _number("customer_id", "integer", "1 + hash(n // 3) % 500000", minimum=1),
    _text("product_code", "format('P{:05d}', hash(n) % 20000)", pattern="^P[0-9]{5}$"),
    _choice("country", "GB", "FR", "DE", "ES", "NL", "IE", "IT", "PL"),
    _choice("currency", "GBP", "EUR", "PLN"),
    _choice("channel", "web", "app", "shop", "phone"),
    _choice("status", "new", "paid", "sent", "done", "back"),
    _text("email", "format('c{}@mail.example', 1 + hash(n // 3) % 500000)", pattern=EMAIL),
    _text("warehouse", "format('W{}', hash(n // 3, 'w') % 12)"),
    _number("quantity", "integer", "1 + hash(n, 'q') % 20", minimum=1, maximum=1000),
    # One row in a million has a negative price, and must be found.
    _number(
        "price",
        _MONEY,
        "case when n % 1000000 = 999999 then -1 else 1 + (n % 9999) / 100 end",
        minimum=0,
        maximum=10000,
    ),
    _number("discount", _MONEY, "(n % 30) / 100", minimum=0, maximum=1),
    _number("tax", _MONEY, "(n % 500) / 100", minimum=0),
    _number("shipping", _MONEY, "(n % 3) * 2", minimum=0),
    Column(name="is_gift", type="boolean", logical="boolean", made="n % 11 = 0"),
    _text("note", "case when n % 9 = 0 then format('note {}', n % 1000) end", required=False),
)
UNIQUE_TOGETHER = ("order_no", "line")
CUSTOM = {
    "delivered_after_ordered": "delivered_at is null or delivered_at >= ordered_at::date",
    "notes_are_short": "note is null or length(note) <= 200",
}


def row_conditions() -> Iterator[str]:
    """The rules that one row shows by itself, as SQL that every row keeps."""
    for column in COLUMNS:
        if column.required:
            yield f"{column.name} is not null"
        if column.minimum is not None:
            yield f"{column.name} >= {column.minimum}"
        if column.maximum is not None:
            yield f"{column.name} <= {column.maximum}"
        if column.pattern:
            yield f"regexp_matches({column.name}, '{column.pattern}')"
        if column.values:
            yield f"{column.name} in {column.values!r}"
    yield from CUSTOM.values()


def unique_keys() -> list[tuple[str, ...]]:
    """The keys that must not repeat; with `row_conditions` these are the forty rules."""
    return [(column.name,) for column in COLUMNS if column.unique] + [UNIQUE_TOGETHER]


def contract(*, with_rules: bool) -> str:
    """The contract, in JSON, which is YAML too; without rules it holds names and types alone."""
    table: dict[str, object] = {
        "name": "orders",
        "properties": [_property(column, with_rules=with_rules) for column in COLUMNS],
    }
    if with_rules:
        together = {"metric": "duplicateValues", "mustBe": 0}
        custom = [
            {"type": "custom", "engine": "headwater", "name": name, "implementation": condition}
            for name, condition in CUSTOM.items()
        ]
        table["quality"] = [
            {**together, "arguments": {"properties": list(UNIQUE_TOGETHER)}},
            *custom,
        ]
    document = {
        "apiVersion": "v3.1.0",
        "kind": "DataContract",
        "id": "orders",
        "version": "1.0.0",
        "status": "active",
        "schema": [table],
    }
    return json.dumps(document, indent=2)


def _property(column: Column, *, with_rules: bool) -> dict[str, object]:
    described: dict[str, object] = {
        "name": column.name,
        "logicalType": column.logical,
        "physicalType": column.type,
    }
    if not with_rules:
        return described
    limits = {"minimum": column.minimum, "maximum": column.maximum, "pattern": column.pattern}
    options = {name: value for name, value in limits.items() if value is not None}
    described |= {"required": column.required, "unique": column.unique}
    if options:
        described["logicalTypeOptions"] = options
    if column.values:
        valid = {"validValues": list(column.values)}
        described["quality"] = [{"metric": "invalidValues", "mustBe": 0, "arguments": valid}]
    return described


def main(folder: Path, first_day: int, last_day: int, rows_a_day: int) -> None:
    """Write the days from `first_day` to `last_day`, the last included."""
    import duckdb

    made = ", ".join(f"({column.made})::{column.type} as {column.name}" for column in COLUMNS)
    folder.mkdir(parents=True, exist_ok=True)
    for day in range(first_day, last_day + 1):
        first, end = day * rows_a_day, (day + 1) * rows_a_day
        numbers = f"(select range as n, {day} as day from range({first}, {end}))"
        target = folder / f"orders-{day:04d}.parquet"
        duckdb.execute(f"copy (select {made} from {numbers}) to '{target}'")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(int, sys.argv[2:5]))
