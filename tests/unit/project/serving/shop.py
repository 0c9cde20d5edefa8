"""Orders of customers, a view over them with all sorts of values, and a model over the view."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from headwater.definitions.model import Definition
from headwater.engines.duckdb import DuckDBEngine
from headwater.engines.duckdb.session import DuckDBSession
from headwater.engines.protocol import InputRelation
from headwater.features.compiling import compile_view
from headwater.features.computing import add_features
from headwater.features.model import FeatureSet, FeatureSpec, NamedWindow, ViewSpec
from headwater.graph.node import Node, Schema
from headwater.ids import NodeId
from headwater.learning.algorithms.choosing import algorithm_of
from headwater.learning.algorithms.protocol import Examples
from headwater.learning.calibration import Calibrator
from headwater.learning.encoding import Encoder, learn_encodings
from headwater.learning.model import InputColumn
from headwater.learning.scorer import Scorer
from headwater.online.policy import OnlinePolicy
from headwater.project.serving.model import OnlineModel, OnlineView
from headwater.project.serving.views import as_read, online_view
from headwater.windows.model import Probes, Window

LONDON = ZoneInfo("Europe/London")
ORDERS: Schema = (
    ("order_id", "BIGINT"),
    ("customer_id", "BIGINT"),
    ("sold_at", "TIMESTAMP"),
    ("amount", "DECIMAL(18,2)"),
    ("weight", "DOUBLE"),
    ("country", "VARCHAR"),
)
_NONE = cast("Definition", None)
CUSTOMERS_NODE = Node(
    id=NodeId("table", "customers"),
    definition=_NONE,
    fingerprint="",
    schema=(("customer_id", "BIGINT"),),
    key=("customer_id",),
)
ORDERS_NODE = Node(
    id=NodeId("table", "orders"),
    definition=_NONE,
    fingerprint="",
    schema=ORDERS,
    key=("order_id",),
    time="sold_at",
)
DAYS_30, DAYS_90 = (NamedWindow(text=f"{n}d", window=Window(timedelta(days=n))) for n in (30, 90))
SPEC = ViewSpec(
    name="customer",
    entity="customers",
    source="orders",
    features=(
        FeatureSpec(name="orders", expr="count(*)", windows=(DAYS_30, DAYS_90)),
        FeatureSpec(name="spend", expr="sum(amount)", windows=(DAYS_30, DAYS_90)),
        FeatureSpec(name="mean_weight", expr="avg(weight)", windows=(DAYS_90,)),
        FeatureSpec(name="recency", expr="date_diff('minute', max(sold_at), :at)"),
        FeatureSpec(name="last_at", expr="max(sold_at)"),
        FeatureSpec(name="last_day", expr="max(sold_at)::DATE"),
        FeatureSpec(name="country", expr="last(country)"),
        FeatureSpec(name="is_new", expr="count(*) < 3"),
        FeatureSpec(name="share", expr=":basket / nullif(spend_90d, 0)"),
        FeatureSpec(name="against_mean", expr=":basket / nullif(avg(amount), 0)"),
        FeatureSpec(name="wait", expr="date_diff('day', last_day, :visit)"),
    ),
    request={"basket": "DECIMAL(10,2)", "visit": "DATE"},
    online_ttl=timedelta(days=2),
)


def orders(count: int, *, seed: int = 1, customers: int = 50) -> pa.Table:
    """Orders from August 2011 on, many around the night in which clocks are put back."""
    source = np.random.default_rng(seed)
    start = np.datetime64("2011-08-01T00:00:00", "us")
    seconds = source.integers(0, 100 * 86_400, count)
    night = source.random(count) < 0.2
    seconds[night] = 90 * 86_400 + source.integers(0, 4 * 3600, night.sum())
    cents = source.integers(-5_000, 20_000, count)
    weights = source.gamma(2, 3, count)
    return pa.table(
        {
            "order_id": np.arange(count) + seed * 1_000_000,
            "customer_id": source.integers(1, customers + 1, count),
            "sold_at": pa.array(start + seconds.astype("timedelta64[s]")),
            "amount": pa.array([f"{c / 100:.2f}" for c in cents]).cast(pa.decimal128(18, 2)),
            "weight": pa.array(weights, mask=source.random(count) < 0.3),
            "country": [("GB", "DE", "Österreich", None)[i] for i in source.integers(0, 4, count)],
        }
    )


@contextmanager
def session_of(folder: Path, rows: pa.Table) -> Iterator[DuckDBSession]:
    """A session in which `orders` are these rows."""
    engine = DuckDBEngine(temp_folder=folder / "tmp", zone=LONDON, threads=2)
    try:
        with engine.session() as session:
            session.bind_inputs([InputRelation(name="orders", schema=ORDERS, rows=rows)])
            yield session
    finally:
        engine.close()


def compiled(spec: ViewSpec = SPEC) -> FeatureSet:
    """The view."""
    return compile_view(spec, CUSTOMERS_NODE, ORDERS_NODE)


def view_of(session: DuckDBSession, spec: ViewSpec = SPEC) -> OnlineView:
    """The view as serving reads it."""
    return online_view(
        session,
        compiled(spec),
        "orders",
        keys=CUSTOMERS_NODE.schema,
        ttl=spec.online_ttl,
        zone=LONDON,
    )


def batch(
    session: DuckDBSession,
    features: FeatureSet,
    asked: Sequence[Mapping[str, object]],
    at: datetime,
) -> pa.Table:
    """The view's columns for entities and their values, as any batch computes them."""
    rows = pa.Table.from_pylist([{"place": n, **each, "at": at} for n, each in enumerate(asked)])
    schema = (("place", "BIGINT"), *CUSTOMERS_NODE.schema, *features.request.items())
    schema = (*schema, ("at", "TIMESTAMP WITH TIME ZONE"))
    session.bind_inputs([InputRelation(name="asked", schema=schema, rows=rows)])
    probes = Probes(relation="asked", keys=("customer_id",), at="at")
    add_features(session, features, probes, events="orders", into="found", zone=LONDON)
    found = session.fetch_arrow("SELECT * FROM found ORDER BY place")
    session.fetch("DROP TABLE found")
    return found


def inputs(features: FeatureSet, names: Sequence[str] = ()) -> tuple[InputColumn, ...]:
    """The features as inputs of a model; all, or those of these names."""
    return tuple(
        InputColumn(
            name=c.name,
            type=c.type,
            is_category=c.type == "VARCHAR",
            view=c.view,
            on_request=c.on_request,
        )
        for c in features.columns
        if not names or c.name in names
    )


def scorer_of(rows: pa.Table, columns: Sequence[InputColumn], *, trees: int = 10) -> Scorer:
    """A model that has learnt something of these rows."""
    algorithm = algorithm_of("xgboost")
    encodings, _ = learn_encodings(rows, columns)
    encoder = Encoder(encodings, one_hot=algorithm.one_hot)
    labels = np.random.default_rng(7).random(rows.num_rows) < 0.4
    examples = Examples(matrix=encoder.matrix(rows), labels=labels)
    parameters = dict(algorithm.defaults) | {"n_estimators": trees}
    return Scorer(
        columns=tuple(columns),
        keys=("customer_id",),
        algorithm=algorithm,
        encoder=encoder,
        estimator=algorithm.fit(examples, parameters, 0),
        calibrator=Calibrator(method="platt", slope=1.1, intercept=-0.2),
    )


def model_of(
    view: OnlineView, scorer: Scorer, policy: OnlinePolicy | None = None, version: int = 1
) -> OnlineModel:
    """The model, ready to score."""
    view = as_read(view, scorer.columns)
    return OnlineModel(
        name="churn",
        version=version,
        keys=view.keys,
        columns=scorer.columns,
        views=(view,),
        request=view.request,
        policy=policy or OnlinePolicy(),
        score_vector=scorer.score_vector,
        explain=scorer.reasons,
    )


NOON = datetime(2011, 11, 9, 12, 0, 30, tzinfo=UTC)
