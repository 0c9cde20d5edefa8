"""Questions asked of the project that `metrics.py` runs; prints figures as JSON.

python metric_questions.py FOLDER ROUNDS
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from headwater.project import Project
from headwater.project.metrics.explaining import explain_metric
from headwater.project.metrics.movement import WhyQuery
from headwater.project.metrics.reader import MetricReader
from headwater.project.reporting.making import build_pack, find_report
from headwater.project.reporting.page import pack_html
from headwater.project.reporting.paper import pack_pdf
from headwater.semantics.asking import MetricQuery
from headwater.semantics.catalog import Catalog
from headwater.semantics.compile import compile_query
from headwater.semantics.metric import Metric
from headwater.semantics.periods import read_period

QUESTIONS = {
    "day_country": MetricQuery(metrics=("revenue",), by=("country",), grain="day"),
    "join": MetricQuery(metrics=("revenue",), by=("customers.tier",), grain="day"),
    "ratio": MetricQuery(metrics=("average_order_value",), by=("customers.tier",), grain="month"),
    "month_to_date": MetricQuery(metrics=("revenue_to_date",), grain="day"),
    "distinct": MetricQuery(metrics=("buyers",), grain="month"),
}
_JOINED = "orders left join customers using (customer_id)"
BY_HAND = {
    "day_country": "select ordered_on, country, sum(amount) from orders group by all order by 1, 2",
    "join": f"select ordered_on, tier, sum(amount) from {_JOINED} group by all order by 1, 2",
    "ratio": "select date_trunc('month', ordered_on), tier, sum(amount) / count(*) "
    f"from {_JOINED} group by all order by 1, 2",
    "month_to_date": "select d, sum(a) over (partition by date_trunc('month', d) order by d) "
    "from (select ordered_on as d, sum(amount) as a from orders group by 1) order by 1",
    "distinct": "select date_trunc('month', ordered_on), count(distinct customer_id) "
    "from orders group by 1 order by 1",
}
_ASKED = 200


def cpu_s(work: Callable[[], Any]) -> float:
    """CPU seconds of one call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def wall_s(work: Callable[[], Any]) -> float:
    """Seconds by the clock of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def compiling(project: Project, query: MetricQuery) -> dict[str, float]:
    """Milliseconds of CPU for a question that was never asked, and asked again."""
    kept = project.metrics.catalog
    compile_query(query, fresh(kept), clock=project.workspace.clock)  # libraries are loaded
    firsts = [
        cpu_s(lambda: compile_query(query, fresh(kept), clock=project.workspace.clock))
        for _ in range(5)
    ]
    catalog = fresh(kept)
    compile_query(query, catalog, clock=project.workspace.clock)
    again = cpu_s(
        lambda: [compile_query(query, catalog, clock=project.workspace.clock) for _ in range(100)]
    )
    return {"first_ms": statistics.median(firsts) * 1e3, "again_ms": again * 10}


def fresh(catalog: Catalog) -> Catalog:
    """The same catalog, from which nothing was worked out yet."""
    return Catalog(
        metrics=catalog.metrics,
        datasets=catalog.datasets,
        calendar=catalog.calendar,
        rollups=catalog.rollups,
        rollup_rows=catalog.rollup_rows,
    )


def raw(project: Project, name: str, rounds: int) -> dict[str, float]:
    """CPU seconds of the compiled SQL and of the SQL by hand, over the same data files."""
    compiled = project.metrics.compile(QUESTIONS[name], "raw")
    database = duckdb.connect()
    for node, state in project.view.states.items():
        if node.kind == "table":
            files = [str(project.workspace.lake.absolute(f.path)) for f in state.part("rows")]
            database.read_parquet(files).create_view(node.name)
    own, hand = [], []
    for _ in range(rounds):
        own.append(cpu_s(lambda: database.execute(compiled.sql, compiled.parameters).fetchall()))
        hand.append(cpu_s(lambda: database.execute(BY_HAND[name]).fetchall()))
    return {"cpu_s": statistics.median(own), "hand_cpu_s": statistics.median(hand)}


def rollups(reader: MetricReader, name: str) -> dict[str, float]:
    """Whole answers from rollups, which must be those of the raw rows."""
    query = QUESTIONS[name]
    answer = reader.query(query, path="rollup")
    if answer.path != "rollup" or answer.rows != reader.query(query, path="raw").rows:
        raise SystemExit(f"{name}: rollups give another answer")
    taken = sorted(wall_s(lambda: reader.query(query)) for _ in range(_ASKED))
    return {
        "rollup_p50_ms": taken[_ASKED // 2] * 1e3,
        "rollup_p95_ms": taken[_ASKED * 95 // 100] * 1e3,
    }


def compile_many() -> float:
    """CPU seconds to compile 70 metrics by each of 100 dimensions."""
    from headwater.semantics.catalog import Dataset

    columns = [("at", "DATE"), ("amount", "DECIMAL(12,2)")]
    columns += [(f"d{n}", "VARCHAR") for n in range(100)]
    table = Dataset(name="facts", columns=tuple(columns), time="at", key=("d0",))
    metrics = {
        f"m{n}": Metric(name=f"m{n}", table="facts", expr=f"sum(amount) filter (where d{n} = 'x')")
        for n in range(70)
    }
    catalog = Catalog(metrics=metrics, datasets={"facts": table})
    from headwater.clock import Clock

    clock = Clock.at("2026-01-01", "UTC")

    def work() -> None:
        for metric in metrics:
            for n in range(100):
                query = MetricQuery(metrics=(metric,), by=(f"d{n}",), grain="day")
                compile_query(query, catalog, clock=clock)

    return cpu_s(work)


def why(project: Project) -> dict[str, float]:
    """Milliseconds for a month's change by all dimensions, and what does not add up."""
    clock = project.workspace.clock
    asked = WhyQuery(metric="revenue", period=read_period("2025-11", date(2026, 1, 1)))
    explain_metric(project.metrics, asked, clock)
    taken = [wall_s(lambda: explain_metric(project.metrics, asked, clock)) for _ in range(20)]
    found = explain_metric(project.metrics, asked, clock)
    residual = max(abs(float(parts.residual)) for parts in found.by)
    return {"why_ms": statistics.median(taken) * 1e3, "why_residual": residual}


def pack(project: Project) -> dict[str, float]:
    """Seconds to make the pack of 20 metrics: its facts, and then the page and the PDF."""
    report, zone = find_report(project, None), project.workspace.zone

    def page() -> None:
        pack_html(build_pack(project, report), zone)

    def paper() -> None:
        pack_pdf(build_pack(project, report), zone)

    paper()
    return {
        "html_s": statistics.median(wall_s(page) for _ in range(5)),
        "pdf_s": statistics.median(wall_s(paper) for _ in range(5)),
    }


def main() -> int:
    """Measure, and print."""
    folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
    with Project.open(folder) as project:
        questions = {
            name: compiling(project, query)
            | raw(project, name, rounds)
            | rollups(project.metrics, name)
            for name, query in QUESTIONS.items()
        }
        other = {"compile_7000_s": compile_many(), **why(project), **pack(project)}
    json.dump({"questions": questions, "other": other}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
