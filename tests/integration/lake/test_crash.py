"""Killed at any moment, a writer leaves whole what it had published, and strays for vacuum."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import textwrap
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headwater.ids import ALL_TIME
from headwater.lake import Lake, execute_vacuum, vacuum_plan
from headwater.plan.state import DataFile

KILLS = 12

WRITER = """
    import json, sys
    from pathlib import Path
    from zoneinfo import ZoneInfo
    from headwater.engines.duckdb import DuckDBEngine
    from headwater.ids import NodeId
    from headwater.lake import Lake

    lake, run, node = Lake(sys.argv[1]), sys.argv[2], NodeId("table", "sales")
    print("ready", flush=True)
    with DuckDBEngine(temp_folder=Path(sys.argv[1] + "-temp"), zone=ZoneInfo("UTC")) as engine:
        for number in range(1000):
            build = f"{run}-{number}"
            lake.stage_folder(build)
            with engine.session() as session:
                written = session.write_query(
                    "select i as id, timestamp '2011-01-01' + i * interval 1 minute as sold_at "
                    "from range(100_000) t(i)",
                    schema=(("id", "BIGINT"), ("sold_at", "TIMESTAMP")),
                    time="sold_at",
                    keep=None,
                    target=lambda month, n: lake.absolute(
                        lake.new_path(node, month, build, n=n)
                    ),
                )
            lake.sync([lake.relative(file.path) for file in written])
            lake.write_epoch(lake.read_epoch() + 1)
            lake.drop_stage(build)
            for file in written:
                line = [lake.relative(file.path), file.rows, file.bytes, build]
                print(json.dumps(line), flush=True)
"""


@pytest.mark.slow
def test_kills_leave_whole_files_and_strays(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake")
    chance = random.Random(2011)
    published: list[DataFile] = []
    for run in range(KILLS):
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(lake.root), f"run{run}"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0, 0.6))
            writer.kill()
            for line in writer.stdout.read().splitlines():
                path, rows, size, build = json.loads(line)
                published.append(
                    DataFile(
                        path=path, interval=ALL_TIME, rows=rows, bytes=size, build=build, schema="s"
                    )
                )
    assert published
    assert [lake.verify(file) for file in published] == [None] * len(published)
    assert lake.read_epoch() >= len({file.build for file in published})
    in_use = {file.path for file in published}
    plan = vacuum_plan(
        found=lake.files(),
        in_use=in_use,
        unreferenced_since={},
        grace=timedelta(0),
        now=datetime.now(UTC),
        stages=lake.stages(),
    )
    assert plan.missing == ()
    execute_vacuum(lake, plan, epoch=lake.read_epoch())
    assert {file.path for file in lake.files()} == in_use
    assert list(lake.stages()) == []
