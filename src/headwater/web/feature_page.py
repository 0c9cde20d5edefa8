"""What the pages of feature views and labels show beyond those of any node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from headwater.charts.figure import figure
from headwater.charts.model import Histogram, Lines, Series, Value
from headwater.charts.render import svg
from headwater.contracts.quoting import quote
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import HeadwaterError
from headwater.features.labels import HasLabel, LabelSpec
from headwater.features.model import AS_OF, DAY, FeatureSpec, HasFeatures, ViewSpec
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.kinds.feature_view.contract import promised_columns
from headwater.kinds.feature_view.definition import FeatureViewDefinition, Promise
from headwater.learning.drift import reference_bins
from headwater.learning.report import ReferenceBins
from headwater.online.model import Freshness, OnlineError
from headwater.project.monitoring.bins import bin_names
from headwater.views.models.figures import SHARE
from headwater.views.summaries import NodeFacts
from headwater.web.context import Snapshot
from headwater.web.drawing import Drawn, drawn

_SHOWN = "__shown"
_WIDE, _LOW = 120.0, 28.0
_NOT_FEATURES = (AS_OF, DAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureLine:
    """One feature in one window; `bins` are those of the newest rows."""

    column: str
    feature: FeatureSpec
    window: str
    type: str
    on_request: bool
    promise: str = ""
    missing: float | None = None
    histogram: Drawn | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureViewPage:
    """A feature view."""

    view: ViewSpec
    lines: tuple[FeatureLine, ...]
    rows: int  # that the shares are of
    day: date | None
    online: Freshness | None
    problem: str  # why the online store said nothing
    models: tuple[NodeId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPage:
    """A label, and the share of rows of which it is true, by moment."""

    label: LabelSpec
    rows: int
    positives: int
    course: Drawn | None
    models: tuple[NodeId, ...]


def feature_view_page(snapshot: Snapshot, facts: NodeFacts) -> FeatureViewPage:
    """Everything about a feature view."""
    node = snapshot.bound.graph.nodes[facts.node]
    assert isinstance(node.definition, FeatureViewDefinition)
    view = node.definition.spec
    promised, _ = promised_columns(node.definition, node.schema)
    day: date | None = None
    bins: Mapping[str, ReferenceBins] = {}
    with snapshot.workspace.engine.session() as session:
        if _show(session, snapshot, node):
            ((day,),) = session.fetch(f"SELECT max(day) FROM {_SHOWN}")
            newest, columns = f"{_SHOWN}_newest", _features(node)
            session.fetch(
                f"CREATE TEMP VIEW {newest} AS FROM {_SHOWN}"
                f" WHERE day = (SELECT max(day) FROM {_SHOWN})"
            )
            bins = {each.column: each for each in reference_bins(session, newest, columns)}
    online, problem = _freshness(snapshot, view)
    return FeatureViewPage(
        view=view,
        lines=tuple(_lines(node, view, bins, promised)),
        rows=max((each.rows for each in bins.values()), default=0),
        day=day,
        online=online,
        problem=problem,
        models=_models(snapshot, facts.node),
    )


def _features(node: Node) -> list[str]:
    """Its columns but the keys and the moment."""
    assert isinstance(node.definition, HasFeatures)
    known = {*node.key, *_NOT_FEATURES}
    return [name for name, _ in node.schema if name not in known]


def _lines(
    node: Node,
    view: ViewSpec,
    bins: Mapping[str, ReferenceBins],
    promised: Mapping[str, Promise],
) -> Iterator[FeatureLine]:
    types = dict(node.schema)
    for feature in view.features:
        windows = {
            feature.name if each.text == "all" else f"{feature.name}_{each.text}": each.text
            for each in feature.windows or view.windows
        }
        columns = {name: text for name, text in windows.items() if name in types}
        if feature.name in types:
            columns.setdefault(feature.name, "")
        for column, window in (columns or {feature.name: ""}).items():
            found = bins.get(column)
            yield FeatureLine(
                column=column,
                feature=feature,
                window={"all": "all time"}.get(window, window),
                type=types.get(column, feature.type),
                on_request=column not in types,
                promise=_promise_text(promised.get(column)),
                missing=found.shares[-1] if found and found.rows else None,
                histogram=_histogram(found) if found and found.rows else None,
            )


def _promise_text(promise: Promise | None) -> str:
    """What is promised of a column, in words."""
    if promise is None:
        return ""
    parts = ["required"] if promise.required else []
    parts += [f"at least {promise.minimum:g}"] if promise.minimum is not None else []
    parts += [f"at most {promise.maximum:g}"] if promise.maximum is not None else []
    parts += [f"at most {promise.nulls:.0%} missing"] if promise.nulls is not None else []
    parts += [f"PSI at most {promise.drift:g}"] if promise.drift is not None else []
    return ", ".join(parts)


def _histogram(bins: ReferenceBins) -> Drawn:
    chart = Histogram(
        title=bins.column, numbers=SHARE, bins=bin_names(bins), values=tuple(bins.shares)
    )
    return drawn(svg(chart, width=_WIDE, height=_LOW))


def _freshness(snapshot: Snapshot, view: ViewSpec) -> tuple[Freshness | None, str]:
    """How fresh the view's values are online, of the meaning written last."""
    if view.online_ttl is None:
        return None, ""
    try:
        tables = snapshot.workspace.online.tables()
    except (OnlineError, HeadwaterError) as error:
        return None, str(error)
    found = [fresh for table, fresh in tables.items() if table.view == view.name]
    return max(found, key=lambda each: each.computed_at, default=None), ""


def label_page(snapshot: Snapshot, facts: NodeFacts) -> LabelPage:
    """Everything about a label."""
    node = snapshot.bound.graph.nodes[facts.node]
    assert isinstance(node.definition, HasLabel)
    rows: list[tuple[datetime, int, int]] = []
    with snapshot.workspace.engine.session() as session:
        if _show(session, snapshot, node):
            moment = quote(AS_OF)
            rows = session.fetch(
                f"SELECT date_trunc('month', {moment}), count(*), count_if(label)"
                f" FROM {_SHOWN} GROUP BY 1 ORDER BY 1"
            )
    return LabelPage(
        label=node.definition.spec,
        rows=sum(count for _, count, _ in rows),
        positives=sum(positives for *_, positives in rows),
        course=_course(rows),
        models=_models(snapshot, facts.node),
    )


def _course(rows: Sequence[tuple[datetime, int, int]]) -> Drawn | None:
    """The share by month; a month without rows is a gap."""
    if len(rows) < 2:
        return None
    shares = {_month(at): positives / count for at, count, positives in rows}
    periods, month = [], min(shares)
    while month <= max(shares):
        periods.append(month)
        month = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    values: tuple[Value, ...] = tuple(shares.get(each) for each in periods)
    chart = Lines(
        title="Share of true",
        numbers=SHARE,
        periods=tuple(periods),
        grain="month",
        series=(Series(name="Share of true", values=values),),
    )
    return drawn(figure(chart, width=760.0, height=220.0))


def _month(at: datetime | date) -> date:
    return date(at.year, at.month, 1)


def _models(snapshot: Snapshot, node: NodeId) -> tuple[NodeId, ...]:
    """The models that hang on it."""
    below = snapshot.bound.graph.downstream([node])
    return tuple(sorted(each for each in below if each.kind == "model"))


def _show(session: Session, snapshot: Snapshot, node: Node) -> bool:
    """Show what is published of a node; whether there is anything."""
    state = snapshot.view.states.get(node.id)
    if state is None or not state.part("rows"):
        return False
    lake = snapshot.workspace.lake
    files = tuple(lake.absolute(file.path) for file in state.part("rows"))
    session.bind_inputs(
        [InputRelation(name=_SHOWN, schema=state.schema, files=files, uniform=False)]
    )
    return True
