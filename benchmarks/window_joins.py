"""What `windows.py` measures: our joins as processes of their own, and whether they are right.

python window_joins.py as_of|windows DATA RESULT     join, and write the result as Parquet
python window_joins.py check DATA RESULT             print the rows, and those that are wrong
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from window_data import FEATURES

DAYS = (7, 30, 90)
_UTC = ZoneInfo("UTC")


def join(what: str, data: Path, result: Path) -> None:
    """One of the joins, in an engine as `headwater run` has it."""
    from headwater.engines.duckdb.engine import DuckDBEngine
    from headwater.windows.as_of import add_as_of
    from headwater.windows.model import (
        AsOf,
        AsOfJoin,
        Events,
        Probes,
        Window,
        WindowFeature,
        WindowJoin,
    )
    from headwater.windows.trailing import add_windows

    probes = Probes(relation="probes", keys=("customer",), at="at")
    events = Events(relation="events", keys=("customer",), time="moment")
    with (
        tempfile.TemporaryDirectory() as folder,
        DuckDBEngine(temp_folder=Path(folder), zone=_UTC, memory_limit="1GB") as engine,
        engine.session() as session,
    ):
        for name in ("probes", "events"):
            session.fetch(f"CREATE TEMP VIEW {name} AS FROM read_parquet('{data}/{name}.parquet')")
        if what == "as_of":
            latest = AsOf(columns=tuple((name, name) for name in FEATURES))
            add_as_of(
                session,
                AsOfJoin(probes=probes, events=events, as_of=latest, zone=_UTC),
                into="result",
            )
        else:
            features = tuple(
                feature
                for days in DAYS
                for window in [Window(timedelta(days=days))]
                for feature in (
                    WindowFeature(name=f"n{days}", function="count", window=window),
                    WindowFeature(
                        name=f"s{days}", function="sum", argument="amount", window=window
                    ),
                )
            )
            asked = WindowJoin(probes=probes, events=events, features=features, zone=_UTC)
            add_windows(session, asked, into="result")
        session.fetch(f"COPY result TO '{result}'")


def check(data: Path, result: Path) -> None:
    """Print how many rows there are, and how many of some hundred are wrong."""
    database = duckdb.connect()
    for name, path in (("probes", data), ("events", data)):
        database.execute(f"CREATE VIEW {name} AS FROM read_parquet('{path}/{name}.parquet')")
    database.execute(f"CREATE VIEW result AS FROM read_parquet('{result}')")
    some = (
        '(SELECT id, p.customer, p."at", e.* EXCLUDE (customer) FROM probes AS p'
        ' LEFT JOIN events AS e ON e.customer = p.customer AND e.moment < p."at"'
        " WHERE id < 300)"
    )
    has_windows = "n7" in [column for column, *_ in database.execute("DESCRIBE result").fetchall()]
    if has_windows:
        columns = [
            f"count(moment) FILTER (WHERE {inside}), sum(amount) FILTER (WHERE {inside})"
            for inside in (f'moment >= "at" - INTERVAL {days} DAY' for days in DAYS)
        ]
        names = [f"n{days}, s{days}" for days in DAYS]
    else:
        columns = [f"arg_max({name}, moment)" for name in FEATURES]
        names = list(FEATURES)
    wanted = f"SELECT id, {', '.join(columns)} FROM {some} GROUP BY id"
    found = f"SELECT id, {', '.join(names)} FROM result WHERE id < 300"
    (wrong,) = database.execute(f"SELECT count(*) FROM ({wanted} EXCEPT {found})").fetchall()[0]
    (rows,) = database.execute("SELECT count(*) FROM result").fetchall()[0]
    print(json.dumps({"rows": rows, "wrong": wrong}))


if __name__ == "__main__":
    what, data, result = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    if what == "check":
        check(data, result)
    else:
        join(what, data, result)
