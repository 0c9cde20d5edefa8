"""What the audit for leaks compares with: rows as of a day earlier, and rows of data cut off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from headwater.contracts.quoting import literal, quote, quote_all
from headwater.engines.protocol import Session
from headwater.graph.node import Node
from headwater.kinds.model.definition import ModelDefinition, TrainingSetDefinition
from headwater.kinds.model.learn import Told
from headwater.kinds.model.rows import LABELS, bind_labels, bind_views, make_rows
from headwater.learning.model import AS_OF
from headwater.run.context import RunContext
from headwater.run.known import known_history

if TYPE_CHECKING:
    import pyarrow as pa

#: So many of the latest rows, most of which test the model, are made once more.
AUDITED_ROWS: Final = 20_000
_DAY: Final = timedelta(days=1)
_LAGGED, _FROZEN = "#lagged", "#frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Tables for the audit; without it, none."""

    lagged: pa.Table | None = None
    frozen: pa.Table | None = None
    cut: datetime | None = None  # local
    availability: tuple[Told, ...] = ()


def gather_evidence(node: Node, session: Session, context: RunContext) -> Evidence:
    """The rows of the training set computed once more, in two other ways."""
    if not cast("ModelDefinition", node.definition).learning.leakage:
        return Evidence()
    rows = context.graph.nodes[node.inputs[0].node]
    inputs = cast("TrainingSetDefinition", rows.definition).inputs
    availability = tuple(_told(rows, context))
    bind_labels(rows, session, context, latest=AUDITED_ROWS)
    views = bind_views(inputs, rows, session, context)
    columns = quote_all(name for name, _ in rows.schema)
    order = quote_all((AS_OF, *inputs.sets[0].keys))
    select = f"SELECT {columns} FROM {{}} ORDER BY {order}"
    make_rows(session, views, context, into=_LAGGED, lag=_DAY)
    lagged = session.fetch_arrow(select.format(quote(_LAGGED)))
    cut = _cut(session)
    frozen = None
    if cut is not None:
        _keep_until(session, cut)
        until = cut.replace(tzinfo=context.clock.zone)
        make_rows(session, views, context, into=_FROZEN, until=until)
        frozen = session.fetch_arrow(select.format(quote(_FROZEN)))
    return Evidence(lagged=lagged, frozen=frozen, cut=cut, availability=availability)


def _cut(session: Session) -> datetime | None:
    """A moment late among the rows', so that there are data after it which nobody may have seen."""
    found: Any = session.fetch(f"SELECT quantile_disc({quote(AS_OF)}, 0.75) FROM {quote(LABELS)}")
    moment: datetime | None = found[0][0]
    return moment


def _keep_until(session: Session, cut: datetime) -> None:
    """Leave out the label rows after the cut."""
    name = f"{LABELS} until"
    session.fetch(
        f"CREATE OR REPLACE TEMP TABLE {quote(name)} AS SELECT * FROM {quote(LABELS)}"
        f" WHERE {quote(AS_OF)} <= TIMESTAMP {literal(str(cut))}"
    )
    session.fetch(f"CREATE OR REPLACE TEMP VIEW {quote(LABELS)} AS SELECT * FROM {quote(name)}")


def _told(rows: Node, context: RunContext) -> Iterator[Told]:
    """How well each source says what was loaded when."""
    definition = cast("TrainingSetDefinition", rows.definition)
    for each in definition.inputs.sets:
        source = next(edge.node for edge in rows.inputs if edge.name == each.source)
        history = known_history(context.graph.nodes[source], context)
        yield Told(
            source=each.source,
            is_told=history.is_told or bool(each.known_at),
            corrections=history.corrections,
            merged=history.merged_by_definition,
            missing_files=history.missing_files,
        )
