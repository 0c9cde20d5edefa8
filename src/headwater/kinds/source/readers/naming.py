"""Column names of deliveries: snake_case as dlt writes it, and their match with a contract."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headwater.contracts.definition import Contract
from headwater.errors import Issue, Place, nearest
from headwater.sql.relations import Column

_NOT_ALPHANUMERIC = re.compile(r"[^a-zA-Z\d]+")
_WORD_THEN_CAPITAL = re.compile(r"([a-z\d])([A-Z])")
_CAPITALS_THEN_WORD = re.compile(r"([A-Z]+)([A-Z][a-z])")


def snake_case(name: str) -> str:
    """A header as a column name.

    >>> snake_case("Customer ID"), snake_case("StockCode"), snake_case("2nd")
    ('customer_id', 'stock_code', '_2nd')
    """
    text = name.strip().replace("+", "x").replace("@", "a").replace("%", "percent")
    text = _NOT_ALPHANUMERIC.sub("_", text)
    text = _WORD_THEN_CAPITAL.sub(r"\1_\2", _CAPITALS_THEN_WORD.sub(r"\1_\2", text))
    text = re.sub(r"_+", "_", text).strip("_").lower()
    if not text:
        return "column"
    return f"_{text}" if text[0].isdigit() else text


def column_names(headers: Iterable[str]) -> tuple[str, ...]:
    """Unique snake_case names in order; a repeated one gets `_2`, then `_3`.

    >>> column_names(["Price", "price", ""])
    ('price', 'price_2', 'column')
    """
    taken: set[str] = set()
    names: list[str] = []
    for header in headers:
        stem = name = snake_case(header)
        count = 1
        while name in taken:
            count += 1
            name = f"{stem}_{count}"
        taken.add(name)
        names.append(name)
    return tuple(names)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where each column of the source stands in one delivery; None where it is missing."""

    width: int
    positions: tuple[int | None, ...]
    issues: tuple[Issue, ...] = ()


def match_headers(
    headers: Sequence[str],
    columns: Sequence[Column],
    contract: Contract | None,
    delivery: str,
    place: Place,
) -> Match:
    """Find the columns among the headers, by physical name, name, or snake_case, in any order.

    A missing column is an error (E503) where the contract requires it and a warning (W504) else; an
    additional one is a warning (W505): it is not landed.
    """
    by_exact = {header.strip(): index for index, header in reversed(list(enumerate(headers)))}
    by_name = {name: index for index, name in enumerate(column_names(headers))}
    positions: list[int | None] = []
    issues: list[Issue] = []
    for column in columns:
        promised = contract.column(column.name) if contract else None
        physical = promised.physical_name if promised else column.name
        found = by_exact.get(physical, by_name.get(snake_case(physical)))
        if found is None:
            found = by_name.get(column.name, by_name.get(snake_case(column.name)))
        positions.append(found)
        if found is None:
            required = promised is not None and promised.required
            issues.append(_missing(physical, required, headers, delivery, place))
    spare = [header for index, header in enumerate(headers) if index not in positions]
    if spare:
        listed = ", ".join(f"`{header}`" for header in spare)
        what = f"{delivery} has {_columns(len(spare))} that the source does not declare: {listed}"
        fix = "add them to the contract; until then they are not landed"
        issues.append(Issue(code="W505", what=what, place=place, fix=fix))
    return Match(width=len(headers), positions=tuple(positions), issues=tuple(issues))


def _missing(
    physical: str, required: bool, headers: Sequence[str], delivery: str, place: Place
) -> Issue:
    near = nearest(physical, headers)
    hint = f"its header has `{near[0]}`" if near else f"its header is {', '.join(headers)}"
    if required:
        what = f"{delivery} lacks the required column `{physical}`"
        fix = f"{hint}; ask for the file again, or correct `physicalName` in the contract"
        return Issue(code="E503", what=what, place=place, fix=fix)
    what = f"{delivery} lacks the column `{physical}`"
    return Issue(code="W504", what=what, place=place, fix=f"{hint}; its rows get NULL there")


def _columns(count: int) -> str:
    return "a column" if count == 1 else f"{count} columns"
