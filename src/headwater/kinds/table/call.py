"""Calling a Python table: on the inputs of a step, or on empty ones to learn its columns."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from headwater.engines.protocol import Engine, InputRelation, Session, Target, Written
from headwater.graph.node import Node, Schema
from headwater.kinds.table.definition import TableDefinition
from headwater.kinds.table.python import load_function
from headwater.plan.steps import Query
from headwater.run.context import RunContext

if TYPE_CHECKING:
    from headwater.engines.duckdb import DuckDBSession


def write_function(
    definition: TableDefinition,
    step: Query,
    node: Node,
    session: Session,
    target: Target,
    context: RunContext,
) -> tuple[Written, ...]:
    """Run the function over the inputs shown to the session, and write what it gives."""
    from headwater.engines.duckdb.python_table import write_python_table

    assert definition.python is not None
    _, written = write_python_table(
        cast("DuckDBSession", session),
        load_function(context.tree_root, definition.python),
        schema=node.schema,
        time=node.time,
        keep=step.interval if node.time else None,
        target=target,
        place=definition.place,
    )
    return written


def probe_schema(
    definition: TableDefinition, upstream: Mapping[str, Node], folder: Path, engine: Engine
) -> Schema:
    """The columns that the function gives for inputs without rows; raises HeadwaterError."""
    from headwater.engines.duckdb.python_table import write_python_table

    assert definition.python is not None
    function = load_function(folder, definition.python)
    with engine.session() as session, tempfile.TemporaryDirectory() as scratch:
        session.bind_inputs(
            [InputRelation(name=name, schema=node.schema) for name, node in upstream.items()]
        )
        schema, _ = write_python_table(
            cast("DuckDBSession", session),
            function,
            schema=None,
            time=None,
            keep=None,
            target=lambda month, n: Path(scratch, f"{month}-{n}.parquet"),
            place=definition.place,
        )
    return schema
