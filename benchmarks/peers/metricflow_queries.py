"""MetricFlow on the orders of `metric_orders.py`: how long each query takes to compile and run.

    python metricflow_queries.py FOLDER [--rounds N]

runs in MetricFlow's own environment; prints one JSON object: query → CPU seconds to compile first
and again, and CPU and wall seconds to execute the SQL that it made on DuckDB.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from typing import Any

import duckdb
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantic_interfaces.parsing.dir_to_model import (
    parse_directory_of_yaml_files_to_semantic_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

MANIFEST = """
project_configuration:
  time_spines:
    - node_relation: {alias: days, schema_name: main}
      primary_column: {name: day, time_granularity: day}
---
semantic_model:
  name: orders
  node_relation: {schema_name: main, alias: orders}
  defaults: {agg_time_dimension: ordered_on}
  entities:
    - {name: order, type: primary, expr: order_id}
    - {name: customer, type: foreign, expr: customer_id}
  dimensions:
    - {name: ordered_on, type: time, type_params: {time_granularity: day}}
    - {name: country, type: categorical}
  measures:
    - {name: revenue, agg: sum, expr: amount}
    - {name: orders, agg: sum, expr: "1"}
    - {name: buyers, agg: count_distinct, expr: customer_id}
---
semantic_model:
  name: customers
  node_relation: {schema_name: main, alias: customers}
  entities:
    - {name: customer, type: primary, expr: customer_id}
  dimensions:
    - {name: tier, type: categorical}
---
metric: {name: revenue, description: r, type: simple, type_params: {measure: {name: revenue}}}
---
metric: {name: orders, description: o, type: simple, type_params: {measure: {name: orders}}}
---
metric: {name: buyers, description: b, type: simple, type_params: {measure: {name: buyers}}}
---
metric:
  name: average_order_value
  description: a
  type: ratio
  type_params: {numerator: {name: revenue}, denominator: {name: orders}}
---
metric:
  name: revenue_to_date
  description: m
  type: cumulative
  type_params: {measure: {name: revenue}, cumulative_type_params: {grain_to_date: month}}
"""

QUERIES: dict[str, tuple[list[str], list[str]]] = {
    "day_country": (["revenue"], ["metric_time__day", "order__country"]),
    "join": (["revenue"], ["metric_time__day", "customer__tier"]),
    "ratio": (["average_order_value"], ["metric_time__month", "customer__tier"]),
    "month_to_date": (["revenue_to_date"], ["metric_time__day"]),
    "distinct": (["buyers"], ["metric_time__month"]),
}


class Client:
    """What MetricFlow needs to know of a database to make SQL for it."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()

    def query(self, *_: Any) -> Any:
        """Never called: the SQL is executed apart."""
        raise NotImplementedError

    execute = dry_run = query

    def close(self) -> None:
        """Nothing is open."""

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        """As DuckDB writes parameters."""
        return f"${bind_parameter_key}"


def lookup() -> SemanticManifestLookup:
    """The manifest, read."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "metrics.yaml").write_text(textwrap.dedent(MANIFEST), encoding="utf-8")
        built = parse_directory_of_yaml_files_to_semantic_manifest(folder)
    return SemanticManifestLookup(built.semantic_manifest)


def main() -> int:
    """Measure every query in turn."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip", nargs="*", default=[])
    asked = parser.parse_args()
    engine = MetricFlowEngine(semantic_manifest_lookup=lookup(), sql_client=Client())
    database = duckdb.connect()
    for table in ("orders", "customers"):
        file = asked.folder / f"{table}.parquet"
        database.execute(f"create view {table} as select * from read_parquet('{file}')")
    database.execute(
        "create table days as select unnest(generate_series(date '2024-01-01', "
        "date '2025-12-31', interval 1 day))::date as day"
    )
    found: dict[str, dict[str, float]] = {}
    for name, (metrics, by) in QUERIES.items():
        compiled: list[float] = []
        sql = ""
        for _ in range(6):
            began = time.process_time()
            request = MetricFlowQueryRequest.create(metric_names=metrics, group_by_names=by)
            sql = engine.explain(request).sql_statement.sql
            compiled.append(time.process_time() - began)
        found[name] = {
            "first_ms": compiled[0] * 1e3,
            "again_ms": statistics.median(compiled[1:]) * 1e3,
        }
        if name in asked.skip:
            continue
        walls, cpus = [], []
        for _ in range(asked.rounds):
            wall, cpu = time.perf_counter(), time.process_time()
            database.execute(sql).fetchall()
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        found[name] |= {"wall_s": statistics.median(walls), "cpu_s": statistics.median(cpus)}
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
