"""Whatever the path, the answer is the same: published, from rollups, from the tables.

And however the rows came (late, corrected, in several runs), what is kept equals a full rebuild.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.metrics.measured import HEADER, measured_shop
from tests.integration.run.small import Small, reasons, touched

from headwater.errors import UsageError
from headwater.project import Project
from headwater.semantics.asking import MetricQuery

EXAMPLES = int(os.environ.get("HEADWATER_LAW_EXAMPLES", "3"))
FIRST = date(2024, 1, 20)
PLAIN = (
    "revenue", "orders", "units", "average_order_value", "largest", "median_line", "average_line",
    "rolling", "to_date", "ever",
)  # fmt: skip
GRAINS = ("day", "week", "month", "quarter", "year", "fiscal_quarter", "fiscal_year")

rows = st.tuples(
    st.integers(1, 6),  # invoice
    st.integers(0, 75).map(lambda days: f"{FIRST + timedelta(days=days)}"),
    st.sampled_from(("00:00", "09:30", "23:59")),
    st.sampled_from(("ann", "bob", "cid", "dan")),
    st.sampled_from(("France", "Spain", "")),
    st.integers(-3, 9),
    st.decimals("-50", "99", places=2).map(str),
)
deliveries = st.dictionaries(st.sampled_from("abc"), st.lists(rows, min_size=1, max_size=9))


def deliver(shop: Small, files: dict[str, list[tuple[object, ...]]]) -> None:
    for name, found in files.items():
        lines = [(i, f"{day} {time}", *rest) for i, day, time, *rest in found]
        shop.deliver(name, lines, HEADER)


def answers(project: Project, query: MetricQuery) -> dict[str, Sequence[tuple[object, ...]]]:
    """The rows by path; a question that no rollup can answer has no such path."""
    reader = project.metrics
    found: dict[str, Sequence[tuple[object, ...]]] = {
        "published": reader.query(query).rows,
        "raw": reader.query(query, path="raw").rows,
    }
    with suppress(UsageError):  # E909: no rollup has it
        found["rollup"] = reader.query(query, path="rollup").rows
    return found


def same(one: Sequence[tuple[object, ...]], other: Sequence[tuple[object, ...]]) -> bool:
    return len(one) == len(other) and all(
        a == pytest.approx(b, rel=1e-9) if isinstance(a, float) else a == b
        for left, right in zip(one, other, strict=True)
        for a, b in zip(left, right, strict=True)
    )


def questions() -> list[MetricQuery]:
    found = [MetricQuery(metrics=(name,), grain=g) for name in PLAIN for g in GRAINS]  # type: ignore[arg-type]
    found += [MetricQuery(metrics=(name,), period=p) for name in PLAIN for p in ("2024-02", "2024")]
    found += [replace(q, by=("country",)) for q in found if q.grain in ("month", None)]
    found += [
        MetricQuery(metrics=PLAIN, grain="month", by=("customers.segment",), compare=("previous",)),
        MetricQuery(metrics=PLAIN, grain="week", period="2024-01-24..2024-02-11"),
        MetricQuery(metrics=PLAIN, period="2024-02", where=("country = 'France'",)),
        MetricQuery(metrics=("retention",)),
    ]
    return found


def kept(shop: Small) -> dict[str, list[tuple[object, ...]]]:
    """The published rows of all rollups and metrics."""
    with shop.open() as project:
        names = [n.name for n in project.view.states if n.kind in ("rollup", "metric")]
    return {name: shop.rows(name) for name in names}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(deliveries, min_size=2, max_size=3))
def test_all_paths_agree_and_incremental_equals_full(story: list[dict[str, list]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shop = measured_shop(Small(Path(folder) / "shop"))
        for delivered in shop.root.glob("data/orders/*.csv"):
            delivered.unlink()
        deliver(shop, {"first": [(1, f"{FIRST}", "09:30", "ann", "France", 1, "1.00")]})
        shop.run()
        for files in story:
            deliver(shop, files)
            shop.run()
        with shop.open() as project:
            for query in questions():
                found = answers(project, query)
                for path, rows in found.items():
                    assert same(rows, found["raw"]), (path, query)
        before = kept(shop)
        with shop.open() as project:
            everything = project.select(["kind:rollup", "kind:metric"])
        shop.run(full_refresh=everything)
        after = kept(shop)
        assert before.keys() == after.keys()
        assert all(same(before[name], after[name]) for name in before)


def test_late_rows_of_one_month_rebuild_that_month_alone(tmp_path: Path) -> None:
    shop = measured_shop(Small(tmp_path / "shop"))
    shop.write("headwater.yml", "name: small\ntimezone: Europe/London\nnow: 2024-04-10\n")
    shop.run()
    with shop.open() as project:
        (exact,) = (n for n in project.view.states if n.name == "sales_month_exact")
        before = {f.path for f in project.view.states[exact].part("rows")}
    shop.deliver("late", [(9, "2024-02-11 10:00", "bob", "Spain", 1, "5.00")], HEADER)
    report = shop.run()
    assert touched(report)["sales_month_exact"] == "built"
    assert "upstream changed" in reasons(report)["sales_month_exact"]
    with shop.open() as project:
        after = {f.path for f in project.view.states[exact].part("rows")}
    assert len(before) == len(after) == 3, "a file for each month"
    assert len(after - before) == 1


def test_a_question_to_the_tables_opens_only_the_files_of_its_period(tmp_path: Path) -> None:
    shop = measured_shop(Small(tmp_path / "shop"))
    shop.run()
    with shop.open() as project:
        (sales,) = (n for n in project.view.states if str(n) == "table.sales")
        files = project.view.states[sales].part("rows")
        for file in files:
            if "2024-02" not in file.path:
                project.workspace.lake.absolute(file.path).unlink()
        query = MetricQuery(metrics=("revenue",), period="2024-02", where=("quantity > 0",))
        assert [str(v) for v in project.metrics.query(query).rows[0]] == ["74.00"]
