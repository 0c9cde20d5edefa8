"""Files that someone else keeps: read where they lie, never copied, never deleted."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from headwater.clock import day_interval, local_midnight
from headwater.engines.protocol import InputRelation, Session
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, digest
from headwater.kinds.source.landing import day_sql
from headwater.kinds.source.opening import reader_of
from headwater.kinds.source.readers.model import Delivery, Known
from headwater.plan.state import (
    Contents,
    DataFile,
    DeliveryRecord,
    Segment,
    State,
    schema_digest,
)
from headwater.run.context import RunContext, StepResult

SEEN = "__headwater_seen"


def read_in_place(node: Node, state: State, context: RunContext) -> StepResult:
    """The state that lists the files as they are; a day's key says which files reach into it."""
    found = reader_of(node, context).discover(Known())
    build = uuid.uuid4().hex[:12]
    files: list[DataFile] = []
    days: dict[date | None, list[str]] = {}
    with context.engine.session() as session:
        for delivery in found.new:
            file, own = _look(delivery, node, build, session, context)
            files.append(file)
            for day in own:
                days.setdefault(day, []).append(delivery.sha256)
    deliveries = tuple(
        DeliveryRecord(name=d.name, sha256=d.sha256, load_id=build, delivered=f.rows, order=n)
        for n, (d, f) in enumerate(zip(found.new, files, strict=True))
    )
    new = State(
        node=node.id,
        schema=node.schema,
        time=node.time,
        files=tuple(files),
        segments=_segments(days, node, build, context),
        deliveries=deliveries,
    )
    same = {d.name: d.sha256 for d in deliveries} == {d.name: d.sha256 for d in state.deliveries}
    if same and state.segments:
        return StepResult(state=replace(state, segments=new.segments), identical=True)
    return StepResult(state=new, rows=new.row_count, notes=("read in place",))


def _look(
    delivery: Delivery, node: Node, build: str, session: Session, context: RunContext
) -> tuple[DataFile, list[date | None]]:
    path = Path(delivery.name)
    path = path if path.is_absolute() else context.root / path
    session.bind_inputs([InputRelation(name=SEEN, schema=node.schema, files=(path,))])
    rows = session.fetch(f"SELECT {day_sql(node.time)} AS day, count(*) FROM {SEEN} GROUP BY ALL")
    known = sorted(day for day, _ in rows if day is not None)
    interval = day_interval(known[0], known[-1], context.clock.zone) if known else ALL_TIME
    file = DataFile(
        path=str(path.absolute()),
        interval=interval,
        rows=sum(count for _, count in rows),
        bytes=path.stat().st_size,
        build=build,
        schema=schema_digest(node.schema),
    )
    return file, [day for day, _ in rows]


def _segments(
    days: dict[date | None, list[str]], node: Node, build: str, context: RunContext
) -> IntervalMap[Segment]:
    zone = context.clock.zone

    def span(day: date | None) -> DataInterval:
        if day is None or node.time is None:
            return ALL_TIME
        return DataInterval(
            local_midnight(day, zone), local_midnight(day + timedelta(days=1), zone)
        )

    def segment(hashes: list[str]) -> Segment:
        return Segment(build, node.fingerprint, Contents(rows=digest(hashes), columns={}))

    timed = [(span(day), segment(hashes)) for day, hashes in days.items()]
    return IntervalMap.of(entry for entry in timed if node.time is None or entry[0] != ALL_TIME)
