"""Scores of every entity, day by day, in batches of bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from headwater.clock import local
from headwater.contracts.quoting import quote, quote_all
from headwater.engines.protocol import Session, Written
from headwater.errors import HeadwaterError, Issue
from headwater.features.computing import add_features
from headwater.features.model import DAY, FeatureSet
from headwater.features.observing import observe_periods, period_ends
from headwater.graph.node import Node
from headwater.ids import DataInterval
from headwater.kinds.model.artifact import load_scorer, version_of_state
from headwater.kinds.model.definition import ScoresDefinition
from headwater.kinds.model.promises import score_promises
from headwater.kinds.model.versions import read_facts
from headwater.learning.model import AS_OF
from headwater.ledger import Version
from headwater.plan.should import expected_contents, input_key, read_span
from headwater.plan.state import State
from headwater.plan.steps import Load, Query
from headwater.run.context import RunContext, StepResult
from headwater.run.query import execute_query, relation_of
from headwater.windows.model import Probes

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.learning.scorer import Scorer

#: So many rows get their features at once, several days or a share of the entities; and so many
#: of them their scores. Thirty features of 150,000 rows stay below 1 GB; each share reads the
#: events again (benchmarks/batch_scores.py).
PROBE_ROWS: Final = 150_000
SCORED_ROWS: Final = 65_536
_PROBES, _SHARE, _FEATURES = "#probes", "#share", "#features"


def execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    """Score one interval; where that fails, the last good scores stay. Codes E043, E045."""
    assert isinstance(step, Query)
    model = context.graph.nodes[node.inputs[0].node]
    state = context.states.get(model.id)
    version = None if state is None else version_of_state(state, context)
    if state is None or version is None:
        what = f"no version of {model.id} is published, so nobody can be scored"
        fix = f"`headwater versions {model.id}` shows why; train it with `headwater run {model.id}`"
        issue = Issue(code="E043", what=what, place=node.definition.place, fix=fix)
        return _held(step, node, context, issue)
    issue_of_features = _other_features(version, state, model, node, context)
    if issue_of_features is not None:
        return _held(step, node, context, issue_of_features)

    def produce(
        step: Query, node: Node, build: str, session: Session, context: RunContext
    ) -> tuple[Written, ...]:
        with context.staging(f"scores-{build}") as folder:
            files, place = state.part("rows"), model.definition.place
            scorer = load_scorer(version, files, session, context.lake.absolute, place)
            batches = _Batches(scorer, version.number, step.interval, node, session, context)
            return _write(batches, folder, build)

    return execute_query(step, node, context, score_promises(node), produce)


def _held(step: Query, node: Node, context: RunContext, issue: Issue) -> StepResult:
    del step
    state = context.states.get(node.id, State(node=node.id))
    return StepResult(state=state, issues=(issue,), held=True)


def _other_features(
    version: Version, state: State, model: Node, node: Node, context: RunContext
) -> Issue | None:
    """E045 where the published version learnt from features that mean something else by now.

    A model that is up to date learnt from rows equal to those of today, whatever was edited.
    """
    wanted = expected_contents(model, context.states, context.clock.zone)
    keys = {input_key(contents) for _, contents in wanted}
    if keys and keys == {segment.input_key for _, segment in state.segments}:
        return None
    trained = read_facts(version).views
    sets = cast("ScoresDefinition", node.definition).inputs.sets
    changed = [each.view for each in sets if trained.get(each.view) != each.digest]
    if not changed:
        return None
    return Issue(
        code="E045",
        what=f"{version} was trained on other features than `{changed[0]}` has now",
        place=node.definition.place,
        fix=f"the last good scores stay, until a new version of {model.id} is published",
    )


@dataclass(frozen=True)
class _Batches:
    """The rows of an interval, some at a time."""

    scorer: Scorer
    version: int
    interval: DataInterval
    node: Node
    session: Session
    context: RunContext

    @property
    def definition(self) -> ScoresDefinition:
        """What the file says."""
        return cast("ScoresDefinition", self.node.definition)

    @property
    def sets(self) -> tuple[FeatureSet, ...]:
        """The views."""
        return self.definition.inputs.sets

    def days(self) -> list[date]:
        """The days of the interval that have scores."""
        zone = self.context.clock.zone
        first = local(self.interval.start, zone).date()
        end = local(self.interval.end, zone).date()
        return period_ends(self.definition.scores.every, first, end)

    def tables(self) -> Iterator[pa.Table]:
        """Scored rows."""
        self._bind()
        days, at_once = self.days(), 1
        while days:
            if self.context.stopping:
                raise HeadwaterError(Issue(code="E705", what=f"{self.node.id} was interrupted"))
            chosen, days = days[:at_once], days[at_once:]
            count = self._probe(chosen)
            shares = -(-count // PROBE_ROWS)
            for share in range(shares):
                yield from self._share(share, shares)
            at_once = max(1, PROBE_ROWS * len(chosen) // max(count, 1))

    def _bind(self) -> None:
        """Show the sources as far as the interval reads them."""
        for edge in self.node.inputs:
            if edge.mode == "window":
                span = read_span(edge, self.interval, self.context.clock.zone)
                upstream = self.context.graph.nodes[edge.node]
                self.session.bind_inputs([relation_of(edge.name, upstream, self.context, span)])

    def _probe(self, days: list[date]) -> int:
        """Every entity with an event in a source before the end of a day; how many rows."""
        keys = quote_all(self.sets[0].keys)
        made: list[str] = []
        sources = {each.source: each for each in self.sets}
        for number, each in enumerate(sources.values()):
            name = f"{_PROBES} {number}"
            self.session.fetch(f"DROP TABLE IF EXISTS {quote(name)}")
            observe_periods(
                self.session,
                events=each.source,
                keys=list(zip(each.keys, each.source_keys, strict=True)),
                time=each.time,
                every=self.definition.scores.every,
                days=(days[0], days[-1] + timedelta(days=1)),
                into=name,
                zone=self.context.clock.zone,
            )
            made.append(f"SELECT {keys}, {quote(AS_OF)}, day FROM {quote(name)}")
        self.session.fetch(
            f"CREATE OR REPLACE TEMP TABLE {quote(_PROBES)} AS {' UNION '.join(made)}"
        )
        ((count,),) = self.session.fetch(f"SELECT count(*) FROM {quote(_PROBES)}")
        return int(count)

    def _share(self, share: int, shares: int) -> Iterator[pa.Table]:
        """The scored rows of one share of the entities."""
        keys = quote_all(self.sets[0].keys)
        self.session.fetch(
            f"CREATE OR REPLACE TEMP TABLE {quote(_SHARE)} AS SELECT * FROM {quote(_PROBES)}"
            f" WHERE hash({keys}) % {shares:d} = {share:d}"
        )
        relation = _SHARE
        for number, each in enumerate(self.sets):
            into = f"{_FEATURES} {number}"
            self.session.fetch(f"DROP TABLE IF EXISTS {quote(into)}")
            add_features(
                self.session,
                each,
                Probes(relation=relation, keys=each.keys, at=AS_OF),
                events=each.source,
                into=into,
                zone=self.context.clock.zone,
            )
            relation = into
        where = self.definition.scores.where
        chosen = f" WHERE ({where})" if where else ""
        rows = self.session.fetch_arrow(
            f"SELECT * FROM {quote(relation)}{chosen} ORDER BY {quote(AS_OF)}, {keys}"
        )
        for start in range(0, rows.num_rows, SCORED_ROWS):
            yield self._scored(rows.slice(start, SCORED_ROWS))

    def _scored(self, rows: pa.Table) -> pa.Table:
        import pyarrow as pa

        table = rows.select([*self.sets[0].keys, AS_OF, DAY])
        table = table.append_column("score", pa.array(self.scorer.score_table(rows)))
        versions = pa.array([self.version] * rows.num_rows, type=pa.int32())
        table = table.append_column("version", versions)
        most = self.definition.scores.reasons
        if most:
            table = table.append_column("reasons", _reasons(self.scorer, rows, most))
        return table


def _reasons(scorer: Scorer, rows: pa.Table, most: int) -> pa.Array:
    """The features that move each score most, with what each adds to the log-odds."""
    import numpy as np
    import pyarrow as pa

    added = scorer.contributions(rows)[:, :-1]
    order = np.argsort(-np.abs(added), axis=1, kind="stable")[:, :most]
    names = [column.name for column in scorer.columns]
    texts = [
        [f"{names[i]} {line[i]:+.2f}" for i in chosen if line[i]]
        for line, chosen in zip(added, order, strict=True)
    ]
    return pa.array(texts, type=pa.list_(pa.string()))


def _write(batches: _Batches, folder: Path, build: str) -> tuple[Written, ...]:
    """Scored rows into a scratch file, and from there into data files: none is held in memory.

    A session cannot compute features while it writes.
    """
    import pyarrow as pa

    node, scratch = batches.node, folder / "scores.arrow"
    writer: pa.ipc.RecordBatchStreamWriter | None = None
    with pa.OSFile(str(scratch), "wb") as sink:
        for table in batches.tables():
            if writer is None:
                writer = pa.ipc.new_stream(sink, table.schema)
            writer.write_table(table)
        if writer is not None:
            writer.close()
    if writer is None:
        return ()
    with pa.memory_map(str(scratch)) as source, pa.ipc.open_stream(source) as reader:
        return batches.session.write_arrow(
            reader,
            schema=node.schema,
            time=node.time,
            keep=batches.interval,
            target=batches.context.target(node.id, build),
            place=node.definition.place,
        )
