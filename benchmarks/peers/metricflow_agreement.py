"""MetricFlow's answers to the questions of `agreement.py`, over the same files.

    python metricflow_agreement.py METRICS DATA QUESTIONS

runs in MetricFlow's own environment. The metrics are the files in the words of dbt under METRICS,
put into the shape that MetricFlow reads; prints a list of answers, each the columns, the rows and,
where the question failed, the error.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import yaml
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow_queries import Client
from metricflow_semantic_interfaces.parsing.dir_to_model import (
    parse_directory_of_yaml_files_to_semantic_manifest,
)
from metricflow_semantics.errors.error_classes import InvalidQueryException
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

#: Table → its primary entity, the time that says when, its other dimensions.
TABLES = {
    "orders": ("order", "order_id", "ordered_on", ("country", "is_return")),
    "customers": ("customer", "customer_id", "", ("tier",)),
    "stock": ("count", "count_id", "counted_on", ("item",)),
    "visits": ("visit", "visit_id", "visited_on", ("channel",)),
    "purchases": ("purchase", "purchase_id", "bought_on", ()),
}
#: What a question calls a column, and how MetricFlow does.
NAMES = {
    "country": "order__country",
    "is_return": "order__is_return",
    "customers.tier": "customer__tier",
    "item": "count__item",
    "channel": "visit__channel",
}
BLOCKS = ("cumulative_type_params", "conversion_type_params")


def templated(condition: str) -> str:
    """A condition in MetricFlow's template language."""
    for name, path in NAMES.items():
        if condition.startswith(f"{name} "):
            return f"{{{{ Dimension('{path}') }}}}{condition.removeprefix(name)}"
    raise ValueError(condition)


def manifest(metrics: Path) -> Iterator[Mapping[str, Any]]:
    """The documents of a semantic manifest."""
    spine = {
        "node_relation": {"schema_name": "main", "alias": "days"},
        "primary_column": {"name": "day", "time_granularity": "day"},
    }
    yield {"project_configuration": {"time_spines": [spine]}}
    files = [yaml.safe_load(path.read_text()) for path in sorted(metrics.glob("*.yml"))]
    known = [{"table": file.get("table"), **metric} for file in files for metric in file["metrics"]]
    for table in TABLES:
        simple = [m for m in known if m["table"] == table and m["type"] == "simple"]
        yield {"semantic_model": model(table, simple)}
    for metric in known:
        yield {"metric": metric_of(metric)}


def model(table: str, simple: list[dict[str, Any]]) -> dict[str, Any]:
    """A semantic model; each simple metric is a measure of it."""
    entity, key, time, dimensions = TABLES[table]
    entities = [{"name": entity, "type": "primary", "expr": key}]
    if table in ("orders", "visits", "purchases"):
        entities.append({"name": "customer", "type": "foreign", "expr": "customer_id"})
    listed: list[dict[str, Any]] = [{"name": name, "type": "categorical"} for name in dimensions]
    if time:
        params = {"time_granularity": "day"}
        listed.append({"name": time, "type": "time", "type_params": params})
    kept = ("name", "agg", "expr", "agg_params", "non_additive_dimension")
    found = {
        "name": table,
        "node_relation": {"schema_name": "main", "alias": table},
        "entities": entities,
        "dimensions": listed,
        "measures": [{key: m[key] for key in kept if key in m} for m in simple],
    }
    return found | ({"defaults": {"agg_time_dimension": time}} if time else {})


def metric_of(metric: Mapping[str, Any]) -> dict[str, Any]:
    """A metric over measures."""
    params = dict(metric.get("type_params", {}))
    if metric["type"] == "simple":
        params["measure"] = {"name": metric["name"]}
    if metric["type"] == "cumulative":
        params["measure"] = {"name": metric["input_metric"]}
    if "conversion_type_params" in params:
        block = dict(params["conversion_type_params"])
        for side in ("base", "conversion"):
            block[f"{side}_measure"] = {"name": block.pop(f"{side}_metric")}
        block["entity"] = "customer"
        params["conversion_type_params"] = block
    for key, value in params.items():
        if key in ("numerator", "denominator"):
            named = value if isinstance(value, dict) else {"name": value}
            condition = {"filter": templated(named["filter"])} if "filter" in named else {}
            params[key] = named | condition
    found = {key: metric[key] for key in ("name", "description", "type")}
    extra = {"filter": templated(metric["filter"])} if "filter" in metric else {}
    return {**found, "type_params": params, **extra}


def engine_of(metrics: Path) -> MetricFlowEngine:
    """MetricFlow over the manifest."""
    with tempfile.TemporaryDirectory() as folder:
        text = yaml.safe_dump_all(manifest(metrics), sort_keys=False)
        Path(folder, "manifest.yaml").write_text(text, encoding="utf-8")
        built = parse_directory_of_yaml_files_to_semantic_manifest(folder)
    lookup = SemanticManifestLookup(built.semantic_manifest)
    return MetricFlowEngine(semantic_manifest_lookup=lookup, sql_client=Client())


def database_of(data: Path) -> duckdb.DuckDBPyConnection:
    """The tables, and the calendar over the days that they have."""
    database = duckdb.connect()
    for table in TABLES:
        file = data / f"raw_{table}.parquet"
        database.execute(f"create table {table} as select * from read_parquet('{file}')")
    database.execute(
        "create table days as select unnest(generate_series(min(ordered_on), max(ordered_on), "
        "interval 1 day))::date as day from orders"
    )
    return database


def request(question: Mapping[str, Any]) -> MetricFlowQueryRequest:
    """A question in MetricFlow's words."""
    by = [f"metric_time__{question['grain']}"] if question["grain"] else []
    return MetricFlowQueryRequest.create(
        metric_names=[question["metric"]],
        group_by_names=[*by, *(NAMES[name] for name in question["by"])],
        where_constraints=[templated(text) for text in question["where"]] or None,
        time_constraint_start=day(question["first"]),
        time_constraint_end=day(question["last"]),
    )


def day(text: str) -> datetime | None:
    """The midnight that begins a day."""
    return datetime.fromisoformat(text) if text else None


def plain(value: object) -> object:
    """A value as JSON holds it exactly."""
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return value.isoformat()[:10] if isinstance(value, date) else value


def main() -> int:
    """Answer every question."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name in ("metrics", "data", "questions"):
        parser.add_argument(name, type=Path)
    asked = parser.parse_args()
    logging.disable()  # it tells at length of bugs of its own that it recovers from
    engine, database = engine_of(asked.metrics), database_of(asked.data)
    found: list[dict[str, object]] = []
    for question in json.loads(asked.questions.read_text()):
        try:
            sql = engine.explain(request(question)).sql_statement.sql
        except InvalidQueryException as error:
            found.append({"refused": str(error).partition("Message:")[2].strip()[:200]})
            continue
        rows = database.execute(sql).fetchall()
        names = [column[0] for column in database.description or ()]
        answer = [[plain(value) for value in row] for row in rows]
        found.append({"columns": names, "rows": answer, "sql": sql})
    json.dump(found, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
