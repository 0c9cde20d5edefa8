"""Answers by the hundred thousand, recomputed as a batch: nothing differs."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
from tests.integration.kinds.model.shop import deliver
from tests.integration.run.small import Small

from headwater.project import Project
from headwater.project.serving.log import RequestLog, log_files, read_log
from headwater.project.serving.parity import parity_of
from headwater.project.serving.scored import ServedRow
from headwater.project.serving.syncing import open_runtime, released_now, sync_online

LONDON = ZoneInfo("Europe/London")
#: In the hour that the clock shows twice, both times; on the night on which it is put forward.
MOMENTS = (
    datetime(2023, 10, 29, 0, 30, 7, tzinfo=UTC),
    datetime(2023, 10, 29, 1, 30, 7, tzinfo=UTC),
    datetime(2024, 3, 31, 1, 0, 0, 123456, tzinfo=UTC),
    datetime(2024, 6, 30, 22, 59, 59, tzinfo=UTC),
)
Asked = Sequence[Mapping[str, object]]


def served(small: Small) -> Path:
    return small.root / ".headwater" / "served"


def replay(project: Project, log: RequestLog, moment: datetime, asked: Asked, size: int) -> None:
    """Fill the store as of a moment, and ask for so many at a time."""
    sync_online(released_now(project), moment)
    runtime = open_runtime(project)
    model = runtime.model("churn")
    at = moment + timedelta(seconds=5)
    for start in range(0, len(asked), size):
        found = runtime.score("churn", asked[start : start + size], at=at)
        rows = [
            ServedRow(request_id=f"{start}", at=at, role="champion", ms=0.1, scored=scored)
            for scored in found
        ]
        log.append(model, runtime.release, rows)


def customers(count: int) -> list[dict[str, object]]:
    """So many questions about 240 customers, and one of whom nothing is known."""
    names = [*(f"c{n:03}" for n in range(240)), "nobody"]
    return [{"customer": name} for name in islice(cycle(names), count)]


def test_a_hundred_thousand_answers_are_those_of_a_batch(shop: Small) -> None:
    began = time.process_time()
    log = RequestLog(served(shop), most=200_000)
    with shop.open() as project:
        for moment in MOMENTS:
            replay(project, log, moment, customers(20_000), 500)
    deliver(shop, "more", [(90_001, "2024-06-30 12:00:00", "c001", "web", 20),
                           (90_002, "2024-06-30 13:00:00", "new", "shop", 30)])  # fmt: skip
    report = shop.run()
    assert not report.failed
    with shop.open() as project:
        replay(project, log, MOMENTS[-1], [{"customer": "new"}, *customers(20_999)], 50)
        log.close()
        found = parity_of(project, "churn")
    assert (log.dropped, found.mismatched, found.examples) == (0, 0, [])
    assert found.rows >= 100_000
    assert found.values == found.rows * (len(read_log(served(shop), "churn", 1)["features"][0]) + 1)
    assert sum(found.skipped.values()) > 0  # of nobody, and of those who bought later
    assert time.process_time() - began < 60


def test_on_demand_features_are_those_of_a_batch(on_demand: Small) -> None:
    log = RequestLog(served(on_demand))
    with on_demand.open() as project:
        baskets = [None, 0.0, 12.5, 1e6, 33, -1.25]
        asked = [
            {**each, "basket": basket}
            for each, basket in zip(customers(1_500), cycle(baskets), strict=False)
        ]
        for moment in MOMENTS[1:]:
            replay(project, log, moment, asked, 300)
        log.close()
        found = parity_of(project, "churn")
    assert (found.mismatched, found.examples) == (0, [])
    assert found.rows > 4_000
    features = read_log(served(on_demand), "churn", 1)["features"].combine_chunks()
    assert features.field("share").null_count < len(features)


def test_what_was_served_otherwise_is_found(shop: Small) -> None:
    log = RequestLog(served(shop))
    with shop.open() as project:
        replay(project, log, MOMENTS[-1], customers(240), 240)
        log.close()
        (path,) = log_files(served(shop), "churn")
        rows = pq.read_table(path).to_pylist()
        rows[3]["features"]["minutes"] += 1.0
        rows[5]["features"]["last_channel"] = "fax"
        rows[7]["score"] = 0.123
        schema = pq.read_schema(path)
        pq.write_table(pa.Table.from_pylist(rows, schema), path)
        found = parity_of(project, "churn")
        assert (found.mismatched, len(found.examples)) == (3, 3)
        by_column = {each.column: each for each in found.examples}
        assert set(by_column) == {"minutes", "last_channel", "score"}
        assert by_column["last_channel"].served == "fax"
        assert by_column["last_channel"].keys == {"customer": "c005"}
        assert parity_of(project, "churn", sample=1).rows == 1
        assert parity_of(project, "churn", "2024-06-30").rows == 0  # by the clock it was July
        later = parity_of(project, "churn", "2024-07-01")
    assert later.rows == found.rows
