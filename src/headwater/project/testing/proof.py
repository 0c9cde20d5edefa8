"""Incremental equals full: sampled days built from uncut inputs, beside what is published."""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.clock import day_interval, days_of
from headwater.contracts.quoting import quote, quote_all
from headwater.engines.protocol import DayDigests, InputRelation, Session
from headwater.errors import HeadwaterError
from headwater.graph.node import Node
from headwater.ids import DataInterval
from headwater.kinds.table.build import inputs_of, write_rows
from headwater.kinds.table.definition import TableDefinition
from headwater.plan.should import expected_contents, input_key
from headwater.plan.state import DataFile, State
from headwater.plan.steps import Query, Reason
from headwater.project.testing.model import Proof, Row
from headwater.project.testing.published import read_published
from headwater.project.testing.rows import compare_rows
from headwater.run.context import RunContext
from headwater.run.query import relation_of
from headwater.run.states import absolute

if TYPE_CHECKING:
    from headwater.project import Project

FULL, PUBLISHED = "__headwater_full", "__headwater_there"
#: How long the sampled span of several days may be.
LONGEST_SPAN = 14
#: So many differing rows are shown of each side.
SHOWN = 5


def prove_incremental(
    project: Project,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    *,
    samples: int = 3,
    seed: int = 0,
) -> tuple[Proof, ...]:
    """Build sampled days of every incremental table in full, and compare with what is published.

    Each table gets `samples` days and one span of several days, chosen by `seed` among those that
    are up to date. Inputs are read whole, and the rows of the interval kept; what is published
    counts together with what waits in quarantine or was dropped.
    """
    published = read_published(project, uuid.uuid4().hex[:12])
    if published is None:
        return ()
    chance = random.Random(seed)  # noqa: S311 (a sample, no secret)
    proofs: list[Proof] = []
    for node in published.nodes(project, select, exclude):
        if node.time is None or not isinstance(node.definition, TableDefinition):
            continue
        days = _days_up_to_date(node, published.context)
        reason = _not_provable(node, days)
        if reason:
            proofs.append(Proof(node=node.id, interval=None, status="skipped", text=reason))
            continue
        zone = published.context.clock.zone
        for first, last in _sample(node, days, published.context, samples, chance):
            interval = day_interval(first, last, zone)
            proofs.append(_prove(node, interval, published.context))
    return tuple(proofs)


def _not_provable(node: Node, days: Sequence[date]) -> str:
    kept = [edge.name for edge in node.inputs if edge.mode == "kept"]
    if kept:
        return f"history keeps what `{kept[0]}` was then (`on_change: keep`)"
    return "" if days else "nothing of it is up to date: `headwater run`"


def _days_up_to_date(node: Node, context: RunContext) -> list[date]:
    """The days on which the published build is the one that there should be."""
    state = context.states[node.id]
    found: list[date] = []
    for interval, contents in expected_contents(node, context.states, context.clock.zone):
        wanted = input_key(contents)
        for piece, segment in state.segments.within(interval):
            if segment.input_key == wanted:
                found += days_of(piece, context.clock.zone)
    return found


def _sample(
    node: Node, days: Sequence[date], context: RunContext, samples: int, chance: random.Random
) -> Iterator[tuple[date, date]]:
    """First and last day of each interval: single days with rows, then one span without a gap."""
    filled = _days_with_rows(node, context)
    candidates = [day for day in days if day in filled] or days
    single = sorted(chance.sample(candidates, min(samples, len(candidates))))
    yield from ((day, day) for day in single)
    if len(days) < 2 or any(edge.mode == "previous" for edge in node.inputs):
        return  # a running balance is built day by day
    start = chance.randrange(len(days) - 1)
    end = start + chance.randint(1, LONGEST_SPAN - 1)
    while end >= len(days) or (days[end] - days[start]).days != end - start:
        end -= 1
    if end > start:
        yield days[start], days[end]


def _days_with_rows(node: Node, context: RunContext) -> frozenset[date]:
    """The days on which anything is published."""
    shown = replace(relation_of(PUBLISHED, node, context), columns=(node.time or "",))
    with context.engine.session() as session:
        session.bind_inputs([shown])
        day = f"CAST({quote(node.time or '')} AS DATE)"
        return frozenset(row[0] for row in session.fetch(f"SELECT DISTINCT {day} FROM {PUBLISHED}"))


def _prove(node: Node, interval: DataInterval, context: RunContext) -> Proof:
    began = time.perf_counter()
    try:
        with context.staging(f"proof-{uuid.uuid4().hex[:12]}") as folder:
            proof = _compare(node, interval, folder, context)
    except HeadwaterError as error:
        proof = Proof(node=node.id, interval=interval, status="different", issues=error.issues)
    return replace(proof, seconds=time.perf_counter() - began)


def _compare(node: Node, interval: DataInterval, folder: Path, context: RunContext) -> Proof:
    step = Query(
        node=node.id,
        reason=Reason("full refresh"),
        interval=interval,
        expected=expected_contents(node, context.states, context.clock.zone),
    )
    with context.engine.session() as session:
        session.bind_inputs(inputs_of(step, node, context, whole=True), context.functions)
        written = write_rows(
            step, node, session, lambda month, n: folder / f"{month}-{n}.parquet", context
        )
        proof = Proof(
            node=node.id,
            interval=interval,
            status="equal",
            rows=sum(file.rows for file in written),
        )
        there = absolute(_files(context.states[node.id], interval), context)
        full = tuple(file.path for file in written)
        if _digests(node, interval, full, session) == _digests(node, interval, there, session):
            return proof
        return _tell(proof, node, interval, full, there, session)


def _files(state: State, interval: DataInterval) -> tuple[DataFile, ...]:
    """The rows of the interval that are published, wait or were dropped."""
    return tuple(f for f in state.files if f.interval.overlaps(interval))


def _digests(
    node: Node, interval: DataInterval, files: Sequence[Path], session: Session
) -> DayDigests:
    return session.day_digests(files, schema=node.schema, time=node.time, within=interval)


def _tell(
    proof: Proof,
    node: Node,
    interval: DataInterval,
    full: Sequence[Path],
    there: Sequence[Path],
    session: Session,
) -> Proof:
    """The first rows of each side that the other has not."""
    session.bind_inputs(
        [
            InputRelation(
                name=name,
                schema=node.schema,
                files=tuple(files),
                uniform=False,
                time=node.time,
                cut=interval,
            )
            for name, files in ((FULL, full), (PUBLISHED, there))
        ]
    )
    names = node.column_names
    columns = quote_all(names)
    surplus: list[list[Row]] = []
    counts: list[int] = []
    for one, other in ((FULL, PUBLISHED), (PUBLISHED, FULL)):
        sql = f"SELECT {columns} FROM {one} EXCEPT ALL SELECT {columns} FROM {other}"
        counts.append(session.fetch(f"SELECT count(*) FROM ({sql})")[0][0])
        surplus.append(session.fetch(f"SELECT * FROM ({sql}) ORDER BY ALL LIMIT {SHOWN:d}"))
    return replace(
        proof,
        status="different",
        missing_rows=counts[0],
        surplus_rows=counts[1],
        difference=compare_rows(names, surplus[0], surplus[1], node.key),
    )
