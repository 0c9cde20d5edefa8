"""Small states, builds and publications that the ledger's tests share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId, digest
from headwater.ledger import DefinitionRecord, Publication
from headwater.plan.state import (
    Build,
    Contents,
    DataFile,
    DeliveryRecord,
    RuleOutcome,
    Segment,
    State,
    schema_digest,
)

NOW = datetime(2011, 12, 10, 7, 0, tzinfo=UTC)
SCHEMA = (("sold_at", "TIMESTAMP"), ("amount", "DECIMAL(18,4)"))


def table(name: str) -> NodeId:
    return NodeId("table", name)


def day(number: int) -> DataInterval:
    start = datetime(2009, 12, 1, tzinfo=UTC) + timedelta(days=number)
    return DataInterval(start, start + timedelta(days=1))


def contents(*parts: object) -> Contents:
    return Contents(digest(*parts), {name: digest(name, *parts) for name, _ in SCHEMA})


def build(
    node: NodeId,
    version: int = 1,
    interval: DataInterval = ALL_TIME,
    input_key: str = "key",
    started_at: datetime = NOW,
) -> Build:
    """A build whose one file, contents and results tell its version."""
    name = digest(str(node), version, str(interval), input_key)
    return Build(
        id=name,
        node=node,
        interval=interval,
        input_key=input_key,
        definition=f"definition {version}",
        run="run 1",
        reason="new interval",
        rows=version,
        started_at=started_at,
        seconds=0.25,
        schema=SCHEMA,
        contents=contents(str(node), version),
        files=(data_file(node, name, version, interval),),
        outcomes=(
            RuleOutcome(
                rule="amount >= 0", severity="error", passed=True, failed_rows=0, measured=0.5
            ),
        ),
        load_ids=("load 1",),
    )


def data_file(node: NodeId, name: str, rows: int, interval: DataInterval) -> DataFile:
    return DataFile(
        path=f"{node.kind}/{node.name}/{name}.parquet",
        interval=interval,
        rows=rows,
        bytes=100 * rows,
        build=name,
        schema=schema_digest(SCHEMA),
    )


def state_of(*builds: Build) -> State:
    """A state that consists of builds over disjoint intervals."""
    first = builds[0]
    return State(
        node=first.node,
        schema=first.schema,
        time="sold_at",
        segments=IntervalMap.of(
            (made.interval, Segment(made.id, made.input_key, made.contents)) for made in builds
        ),
        files=tuple(file for made in builds for file in made.files),
        deliveries=(
            DeliveryRecord(
                name="2011-12-09.csv.gz", sha256="26ded30d", load_id="load 1", delivered=1632
            ),
        ),
        cursor='{"updated_at": "2011-12-09"}',
    )


def definition(node: NodeId, version: int = 1) -> DefinitionRecord:
    return DefinitionRecord(
        node=node,
        hash=digest("definition", str(node), version),
        path=f"tables/{node.name}.sql",
        kind=node.kind,
        body=f'{{"sql": "select {version} as é"}}',
        fingerprint=digest("fingerprint", version),
    )


def publication(
    builds: Sequence[Build] = (),
    *,
    expected: int | None = None,
    environment: str = "prod",
    base: int | None = None,
    definitions: Mapping[NodeId, DefinitionRecord | None] | None = None,
    at: datetime = NOW,
) -> Publication:
    """Builds that become whole states, planned from what the environment is expected to be."""
    return Publication(
        environment=environment,
        expected=expected,
        base=expected if base is None else base,
        at=at,
        author="finance-lead",
        sort="data",
        reason="daily",
        run="run 1",
        definitions=definitions or {},
        states={made.node: state_of(made) for made in builds},
        builds=tuple(builds),
    )
