"""One property of a schema object as a column and the row rules that it implies."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Final

from headwater.contracts.column_types import duckdb_type, family, strptime_format
from headwater.contracts.conditions import (
    Accepted,
    Bounded,
    Castable,
    Comparison,
    Condition,
    DistinctItems,
    Matches,
    MultipleOf,
    NotNull,
    Sized,
    Unique,
)
from headwater.contracts.definition import ContractColumn, RowRule
from headwater.contracts.entries import Reading, constants
from headwater.contracts.quoting import quote
from headwater.definitions.yamltext import Located

_BOUNDS: Final[dict[str, Comparison]] = {
    "minimum": ">=",
    "exclusiveMinimum": ">",
    "maximum": "<=",
    "exclusiveMaximum": "<",
}
_SIZES: Final = ("minLength", "maxLength", "minItems", "maxItems")
_ISO: Final[dict[str, type[date | time]]] = {"date": date, "timestamp": datetime, "time": time}
_UUID = "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"
_TEXT_FORMATS: Final = {
    "email": r"^[^@\s]+@[^@\s]+\.[^@\s]+$",
    "uuid": _UUID,
    "uri": r"^[A-Za-z][A-Za-z0-9+.-]*:\S+$",
    "ipv4": r"^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)$",
    "hostname": rf"^{_LABEL}(\.{_LABEL})*$",
}
_CONSTRAINTS: Final = ("required", "unique", "primaryKey", "quality", "relationships", "enum")


def read_column(node: Located, reading: Reading) -> ContractColumn:
    """The column that a property declares."""
    name = str(_value(node, "name"))
    logical = _text(node, "logicalType") or None
    options = node.get("logicalTypeOptions")
    if logical is None and options is not None and options.mapping:
        fix = "add `logicalType: string` (or integer, number, date, timestamp, …)"
        reading.wrong("E604", f"the options of `{name}` need a logicalType", options.place, fix)
    pattern = options.get("format") if options and logical in _ISO else None
    strptime = strptime_format(str(pattern.value)) if pattern else None
    if pattern is not None and strptime is None:
        what = (
            f"the date format {pattern.describe()} is not understood; `{name}` is read as ISO 8601"
        )
        reading.wrong("W610", what, pattern.place)
    position = _value(node, "primaryKeyPosition")
    keyed = _value(node, "primaryKey") is True
    return ContractColumn(
        name=name,
        physical_name=_text(node, "physicalName") or name,
        type=_type(node, name, reading),
        logical_type=logical,
        format=strptime,
        required=_value(node, "required") is True,
        unique=_value(node, "unique") is True,
        primary_key_position=(position if isinstance(position, int) else 1) if keyed else None,
        title=_text(node, "businessName"),
        description=_text(node, "description"),
        classification=_text(node, "classification"),
        examples=tuple(i.plain() for i in node.mapping["examples"])
        if "examples" in node.mapping
        else (),
        place=node.place,
    )


def _value(node: Located, key: str) -> object:
    found = node.get(key)
    return None if found is None else found.value


def _text(node: Located, key: str) -> str:
    value = _value(node, key)
    return str(value) if value is not None else ""


def _type(node: Located, name: str, reading: Reading) -> str | None:
    """The DuckDB type of a property, nested ones included."""
    logical, physical = _text(node, "logicalType") or None, _text(node, "physicalType") or None
    options = node.get("logicalTypeOptions")
    found = duckdb_type(logical, physical, options.plain() if options else {})
    nested = _nested_type(node, name, reading)
    if found is None and nested is None and physical and not logical:
        what = f"DuckDB has no type `{physical}`; `{name}` is kept as it comes"
        reading.wrong("W611", what, node.mapping["physicalType"].place, "add a logicalType")
    return found or nested


def _nested_type(node: Located, name: str, reading: Reading) -> str | None:
    logical = _text(node, "logicalType")
    children, items, pair = node.get("properties"), node.get("items"), node.get("map")
    if logical == "object" and children:
        fields = [(str(_value(c, "name")), _inner_type(c, name, reading)) for c in children]
        return f"STRUCT({', '.join(f'{quote(field)} {type_}' for field, type_ in fields)})"
    if logical == "array" and items:
        return f"{_inner_type(items, name, reading)}[]"
    if logical == "map" and pair and (key := pair.get("key")) and (value := pair.get("value")):
        return f"MAP({_inner_type(key, name, reading)}, {_inner_type(value, name, reading)})"
    if logical == "vector":
        options = node.get("logicalTypeOptions")
        size = options.get("dimensions") if options else None
        return f"FLOAT[{size.value}]" if size and isinstance(size.value, int) else "FLOAT[]"
    return None


def _inner_type(node: Located, name: str, reading: Reading) -> str:
    for key in _CONSTRAINTS:
        found = node.get(key)
        if found is not None and found.value not in (False, ()):
            place = found.key_place or found.place
            reading.wrong("W610", f"`{key}` inside of `{name}` is not enforced", place)
    return _type(node, name, reading) or "VARCHAR"


def column_rules(node: Located, column: ContractColumn, reading: Reading) -> Iterator[RowRule]:
    """The row rules that a property implies by its type, flags and options."""
    name = column.name

    def rule(suffix: str, condition: Condition, key: str) -> RowRule:
        at = node.get(key) or _option(node, key) or node
        place = at.key_place or at.place
        return RowRule(name=f"{name}.{suffix}", condition=condition, columns=(name,), place=place)

    if column.type is not None and column.type != "VARCHAR":
        castable = Castable(column=name, type=column.type, format=column.format)
        yield rule(f"type {column.type}", castable, "logicalType")
    if column.required:
        yield rule("required", NotNull(column=name), "required")
    elif column.primary_key_position is not None:
        yield rule("primaryKey", NotNull(column=name), "primaryKey")
    if column.unique:
        yield rule("unique", Unique(columns=(name,)), "unique")
    if (enum := node.get("enum")) is not None:
        values = constants([v for each in enum if (v := each.get("value"))], column.type)
        yield rule("enum", Accepted(column=name, values=values, type=column.type), "enum")
    options = node.get("logicalTypeOptions")
    if options is None or column.logical_type is None:
        return
    for key, value in options.mapping.items():
        for suffix, condition in _option_rule(key, value, column, options, reading):
            yield rule(suffix, condition, key)


def _option(node: Located, key: str) -> Located | None:
    options = node.get("logicalTypeOptions")
    return options.get(key) if options else None


def _option_rule(
    key: str, node: Located, column: ContractColumn, options: Located, reading: Reading
) -> Iterator[tuple[str, Condition]]:
    """The rule of one of the logicalTypeOptions, if it is one."""
    name, value = column.name, node.value
    if key in _BOUNDS:
        condition = _bounded(key, node, column, options, reading)
        if condition is not None:
            yield f"{key} {value}", condition
    elif key == "pattern":
        if (pattern := reading.pattern(node)) is not None:
            yield "pattern", Matches(column=name, pattern=pattern)
    elif key == "multipleOf" and isinstance(value, int | float):
        exact = family(column.type or "") not in ("DOUBLE", "FLOAT")
        yield f"multipleOf {value}", MultipleOf(column=name, factor=value, exact=exact)
    elif key in _SIZES and isinstance(value, int):
        low = key.startswith("min")
        size = Sized(column=name, minimum=value) if low else Sized(column=name, maximum=value)
        yield f"{key} {value}", size
    elif key == "uniqueItems" and value is True:
        yield key, DistinctItems(column=name)
    elif key == "format" and column.logical_type == "string":
        yield from _text_format(node, name, reading)
    elif key in ("minProperties", "maxProperties", "required", "defaultTimezone"):
        reading.wrong("W610", f"`{key}` of `{name}` is not enforced", node.key_place or node.place)


def _text_format(node: Located, name: str, reading: Reading) -> Iterator[tuple[str, Condition]]:
    pattern = _TEXT_FORMATS.get(str(node.value))
    if pattern is not None:
        yield f"format {node.value}", Matches(column=name, pattern=pattern)
        return
    what = f"the text format {node.describe()} of `{name}` is not enforced"
    reading.wrong("W610", what, node.place, "enforced: " + ", ".join(_TEXT_FORMATS))


def _bounded(
    key: str, node: Located, column: ContractColumn, options: Located, reading: Reading
) -> Bounded | None:
    value = node.value
    iso = _ISO.get(column.logical_type or "")
    if iso is not None:
        try:
            iso.fromisoformat(str(value))
        except ValueError:
            what = f"`{key}` of a {column.logical_type} must be ISO 8601, not {node.describe()}"
            reading.wrong("E604", what, node.place, "as in 2011-12-09 or 2011-12-09T07:00:00")
            return None
    if not isinstance(value, int | float | str):
        return None
    upper = options.get("maximum") or options.get("exclusiveMaximum")
    if key in ("minimum", "exclusiveMinimum") and upper is not None:
        below = upper.value
        if isinstance(below, type(value)) and below < value:  # type: ignore[operator]
            reading.wrong("E604", f"`{key}` {value} is above the maximum {below}", node.place)
    type_name = column.type if iso is not None else None
    return Bounded(column=column.name, comparison=_BOUNDS[key], bound=value, type=type_name)
