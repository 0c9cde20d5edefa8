"""A model of two features and one value of the request, served from a real store."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from headwater.errors import HeadwaterError, Issue
from headwater.features.model import FeatureColumn, FeatureSet
from headwater.ids import ALL_TIME, NodeId
from headwater.kinds.model.versions import Facts, write_facts
from headwater.learning.model import InputColumn
from headwater.learning.report import Figure
from headwater.ledger import Ledger
from headwater.ledger.model import Version
from headwater.online.codec import NOBODY, encode_key, encode_vector
from headwater.online.model import Freshness, OnlineTable, Value
from headwater.online.policy import OnlinePolicy
from headwater.online.sqlite import SQLiteStore
from headwater.plan.state import Build, Contents
from headwater.project.serving.model import OnlineModel, OnlineView
from headwater.project.serving.reading import StoreReader
from headwater.project.serving.runtime import Runtime

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime(2024, 3, 9, tzinfo=UTC)
TABLE = OnlineTable("customer", "digest")
Score = Callable[[Sequence[Value]], float]

VIEW = OnlineView(
    features=FeatureSet(
        view="customer",
        entity="customers",
        keys=("customer_id",),
        source="sales",
        where="",
        moment_type="TIMESTAMP",
        source_keys=("customer_id",),
        time="sold_at",
        tie=(),
        windows=(),
        expressions=(),
        on_request=(),
        columns=(
            FeatureColumn(name="orders_30d", type="BIGINT", view="customer"),
            FeatureColumn(name="segment", type="VARCHAR", view="customer"),
        ),
        request={},
        latency=timedelta(days=1),
        known_at="",
        reads=(),
        digest="digest",
    ),
    keys=(("customer_id", "BIGINT"),),
    stored=(("orders_30d", "BIGINT"), ("segment", "VARCHAR")),
    ttl=timedelta(days=7),
)


def by_orders(vector: Sequence[Value]) -> float:
    """A score that rises with orders and with the basket."""
    return 1 / (1 + float(vector[0] or 0) + float(vector[2] or 0))


def model(
    version: int,
    score: Score = by_orders,
    *,
    policy: OnlinePolicy | None = None,
) -> OnlineModel:
    """A version of a model."""
    return OnlineModel(
        name="churn",
        version=version,
        keys=(("customer_id", "BIGINT"),),
        columns=(
            InputColumn(name="orders_30d", type="BIGINT", view="customer"),
            InputColumn(name="segment", type="VARCHAR", is_category=True, view="customer"),
            InputColumn(name="basket", type="DOUBLE"),
        ),
        views=(VIEW,),
        request={"basket": "DOUBLE"},
        policy=policy or OnlinePolicy(),
        score_vector=score,
        explain=lambda vector, top: [("orders_30d", -0.5), ("basket", 0.25)][:top],
    )


def fill(folder: Path, customers: int = 100) -> SQLiteStore:
    """A store of customers 0, 1, 2 … with as many orders each."""
    store = SQLiteStore(folder / "online.db")
    entries = [
        (encode_key((number,)), encode_vector((float(number), "gold" if number % 2 else None)))
        for number in range(customers)
    ]
    entries.append((NOBODY, encode_vector((0.0, None))))
    freshness = Freshness(at=AT, release=1, computed_at=AT, entities=customers)
    store.write(TABLE, entries, [], freshness)
    return store


class Models:
    """What a server is given to serve; tests change it while it runs."""

    def __init__(self, folder: Path) -> None:
        self.reader = StoreReader(fill(folder))
        self.versions: dict[int, OnlineModel] = {7: model(7)}
        self.published = 7
        self.broken = False

    def load(self, snapshot: Any, wanted: Mapping[str, int]) -> Runtime:
        """The runtime of a release, as the project would load it."""
        if self.broken or not set(wanted.values()) <= set(self.versions):
            raise HeadwaterError(Issue(code="E045", what="the model's file is cut short"))
        chosen = {self.published, *wanted.values()}
        return Runtime(
            {"churn": {version: self.versions[version] for version in chosen}},
            {"churn": self.published},
            self.reader,
            release=snapshot.release.number if snapshot.release is not None else 0,
        )


def add_version(ledger: Ledger, number: int, *, passed: bool = True) -> Version:
    """The next version of the model in the ledger."""
    build = Build(
        id=f"build{number}",
        node=NodeId("model", "churn"),
        interval=ALL_TIME,
        input_key=f"key{number}",
        definition="definition",
        run="run",
        reason="new",
        rows=1,
        started_at=AT,
        seconds=0.1,
        schema=(),
        contents=Contents("rows", {}),
        files=(),
    )
    facts = Facts(
        digest="digest",
        algorithm="logistic",
        figures={"auc": Figure(0.81)},
        baselines={},
        gates=(),
        leaks=0,
    )
    version = ledger.add_version(
        build, environment="prod", passed=passed, body=write_facts(facts), at=AT
    )
    assert version.number == number
    return version


@contextmanager
def under_load(work: Callable[[], None], threads: int = 4) -> Iterator[list[BaseException]]:
    """Call `work` again and again in threads while the block runs."""
    over = threading.Event()
    failed: list[BaseException] = []

    def again() -> None:
        while not over.is_set():
            try:
                work()
            except BaseException as error:  # noqa: BLE001 - told to the test
                failed.append(error)
                return

    running = [threading.Thread(target=again) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield failed
    finally:
        over.set()
        for thread in running:
            thread.join()
