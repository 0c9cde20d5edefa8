"""Nodes as SQL sees them: relations with columns, hidden ones only where the text names them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from headwater.definitions.sqlfile import without_comments
from headwater.graph.node import Node
from headwater.sql import Column, Relation


def relations_of(sql: str, upstream: Mapping[str, Node]) -> dict[str, Relation]:
    """The upstream nodes as the binder sees them, by the names that the SQL calls them."""
    text = without_comments(sql).casefold()
    return {
        name: Relation(
            name=name,
            columns=tuple(
                Column(name=column, type=kind)
                for column, kind in (*node.schema, *hidden_named(node, text))
            ),
            time=node.time,
            key=node.key,
        )
        for name, node in upstream.items()
    }


def hidden_named(node: Node, sql: str) -> Iterator[tuple[str, str]]:
    """The hidden columns of a relation that a text names."""
    for column, kind in node.hidden:
        if re.search(rf"(?<![A-Za-z0-9_]){re.escape(column)}(?![A-Za-z0-9_])", sql):
            yield column, kind
