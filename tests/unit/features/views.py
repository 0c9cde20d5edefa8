"""Nodes and views for tests of features."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

from headwater.errors import Place
from headwater.features.model import FeatureSpec, NamedWindow, ViewSpec
from headwater.graph.node import Node, Schema
from headwater.ids import NodeId
from headwater.windows.model import ALL_TIME, Window

SALES: Schema = (
    ("sold_at", "TIMESTAMP"),
    ("customer", "INTEGER"),
    ("amount", "DECIMAL(10,2)"),
    ("quantity", "INTEGER"),
    ("invoice", "VARCHAR"),
    ("is_return", "BOOLEAN"),
)


def node(name: str, schema: Schema, **given: Any) -> Node:
    """A table of a graph."""
    definition = cast("Any", SimpleNamespace(place=Place(f"tables/{name}.sql", 1)))
    id_ = NodeId("table", name)
    return Node(id=id_, definition=definition, fingerprint="", schema=schema, **given)


CUSTOMERS = node("customers", (("customer_id", "BIGINT"),), key=("customer_id",))


def sales(schema: Schema = SALES, **given: Any) -> Node:
    """Lines of invoices, which lead to customers."""
    known: dict[str, Any] = {
        "time": "sold_at",
        "key": ("invoice",),
        "references": {("customer",): "customers"},
    }
    return node("sales", schema, **(known | given))


def window(text: str) -> NamedWindow:
    """`30d`, `6mo` or `all`."""
    if text == "all":
        return NamedWindow(text=text, window=ALL_TIME)
    if text.endswith("mo"):
        return NamedWindow(text=text, window=Window(months=int(text[:-2])))
    return NamedWindow(text=text, window=Window(length=timedelta(days=int(text[:-1]))))


def feature(name: str, expr: str, *windows: str, line: int = 5, **given: Any) -> FeatureSpec:
    """One feature that stands on a line, its expression from column 10."""
    places = {"expr": Place("features/customer.yml", line, 10)}
    place = Place("features/customer.yml", line, 3)
    return FeatureSpec(
        name=name,
        expr=expr,
        windows=tuple(map(window, windows)),
        place=place,
        places=places,
        **given,
    )


def view(*features: FeatureSpec, **given: Any) -> ViewSpec:
    """A view of customers over sales."""
    known: dict[str, Any] = {"name": "customer", "entity": "customers", "source": "sales"}
    return ViewSpec(features=features, place=Place("features/customer.yml", 1), **(known | given))
