"""What a run's record tells later of each node."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from headwater.errors import Issue, Place
from headwater.ids import NodeId
from headwater.ledger import RunRecord
from headwater.project.recording import RunReport, _report_data, recorded_outcomes
from headwater.run.context import NodeOutcome, Reckoning

SALES, RAW = NodeId("table", "sales"), NodeId("source", "raw")
OUTCOMES = (
    NodeOutcome(
        node=RAW,
        status="loaded",
        seconds=1.5,
        rows=8,
        reckoning=Reckoning(delivered=10, published=8, quarantined=2),
        notes=("2 files",),
    ),
    NodeOutcome(
        node=SALES,
        status="held",
        reason="new interval",
        issues=(Issue(code="E720", what="too few", place=Place("a.yml", 3, 1), fix="look"),),
    ),
    NodeOutcome(node=NodeId("table", "daily"), status="waiting", because=SALES),
)


def record(summary: object) -> RunRecord:
    now = datetime(2024, 1, 1, tzinfo=UTC)
    return RunRecord(
        id="1",
        environment="prod",
        request="{}",
        started_at=now,
        author="ann",
        pid=1,
        host="here",
        summary=json.dumps(summary),
    )


def test_outcomes_are_read_back() -> None:
    report = RunReport(run="1", environment="prod", outcomes=OUTCOMES)
    assert recorded_outcomes(record(_report_data(report))) == OUTCOMES


def test_an_old_record_tells_the_status_alone() -> None:
    (found,) = recorded_outcomes(record({"nodes": {"table.sales": "built"}}))
    assert (found.node, found.status) == (SALES, "built")


def test_a_run_under_way_tells_nothing() -> None:
    under_way = RunRecord(
        id="1",
        environment="prod",
        request="{}",
        started_at=datetime(2024, 1, 1, tzinfo=UTC),
        author="ann",
        pid=1,
        host="here",
    )
    assert recorded_outcomes(under_way) == ()
