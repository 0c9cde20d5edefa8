"""What is served is what a batch says, whatever happens to the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.unit.project.serving.shop import (
    LONDON,
    NOON,
    batch,
    compiled,
    inputs,
    model_of,
    orders,
    scorer_of,
    session_of,
    view_of,
)

from headwater.engines.duckdb.session import DuckDBSession
from headwater.errors import UsageError
from headwater.learning.columns import names, numbers
from headwater.learning.scorer import Scorer
from headwater.learning.values import is_category
from headwater.online.model import Found, OnlineError, OnlineTable
from headwater.online.policy import OnlinePolicy
from headwater.online.sqlite import SQLiteStore
from headwater.project.serving.materialise import Filled, fill
from headwater.project.serving.model import OnlineModel, OnlineView
from headwater.project.serving.reading import StoreReader
from headwater.project.serving.runtime import Runtime
from headwater.project.serving.scored import Scored

VALUES = {"basket": 20.5, "visit": "2011-12-01"}
STORED = [c.name for c in compiled().stored]


@dataclass
class World:
    """A session with orders, the view over them, and models that learnt from them."""

    session: DuckDBSession
    view: OnlineView
    scorers: dict[bool, Scorer]  # with what comes of a request, and without


@dataclass
class Shop:
    """The world, and a store of one test."""

    session: DuckDBSession
    view: OnlineView
    scorers: dict[bool, Scorer]
    store: SQLiteStore

    def fill(self, at: datetime = NOON) -> Filled:
        return fill(self.session, self.view, "orders", self.store, at=at, release=1, zone=LONDON)

    def model(
        self, *, with_request: bool = True, policy: OnlinePolicy | None = None
    ) -> OnlineModel:
        return model_of(self.view, self.scorers[with_request], policy)

    def runtime(self, model: OnlineModel) -> Runtime:
        return Runtime({"churn": {1: model}}, {"churn": 1}, StoreReader(self.store), release=1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with session_of(tmp_path_factory.mktemp("world"), orders(1_500)) as session:
        asked = [{"customer_id": n, "basket": 1.0 + n, "visit": NOON.date()} for n in range(51)]
        rows = batch(session, compiled(), asked, NOON - timedelta(days=20))
        scorers = {
            with_request: scorer_of(rows, inputs(compiled(), () if with_request else STORED))
            for with_request in (True, False)
        }
        yield World(session, view_of(session), scorers)


@pytest.fixture
def shop(world: World, tmp_path: Path) -> Iterator[Shop]:
    store = SQLiteStore(tmp_path / "online.db")
    yield Shop(world.session, world.view, world.scorers, store)
    store.close()


def test_served_vectors_and_scores_are_those_of_a_batch(shop: Shop) -> None:
    shop.fill()
    model = shop.model()
    asked = [{"customer_id": n, **VALUES, "basket": n / 7} for n in range(1, 51)]
    scored = shop.runtime(model).score("churn", asked, at=NOON)
    table = batch(shop.session, compiled(), asked, NOON)
    assert {each.status for each in scored} == {"ok"}
    assert_same(scored, table, model)
    one_by_one = [shop.runtime(model).score("churn", [each], at=NOON)[0] for each in asked]
    assert one_by_one == scored


def assert_same(scored: list[Scored], table: pa.Table, model: OnlineModel) -> None:
    for place, column in enumerate(model.columns):
        served = [each.vector[place] for each in scored if each.vector is not None]
        values = table[column.name]
        if is_category(column):
            assert served == names(values).to_pylist()
        else:
            ours = np.array([np.nan if v is None else v for v in served], dtype=float)
            np.testing.assert_array_equal(ours, numbers(values), err_msg=column.name)
    scorer = model.score_vector.__self__  # type: ignore[attr-defined]
    assert [each.score for each in scored] == list(scorer.score_table(table))


def test_a_micro_batch_writes_what_changed(shop: Shop, tmp_path: Path) -> None:
    first = shop.fill()
    assert (first.written, first.removed, first.freshness.entities) == (51, 0, 50)
    again = shop.fill()
    assert (again.written, again.removed) == (0, 0)
    rows = shop.session.fetch_arrow("SELECT * FROM orders WHERE customer_id <> 50")
    new = rows.slice(0, 1).to_pylist()[0]
    new |= {"customer_id": 77, "order_id": 1, "sold_at": NOON.replace(tzinfo=None, hour=0)}
    changed = pa.concat_tables([rows, pa.Table.from_pylist([new], rows.schema)])
    with session_of(tmp_path, changed) as session:
        other = replace(shop, session=session)
        later = other.fill()
        at_last = other.fill(NOON + timedelta(days=1))
    assert (later.written, later.removed, later.freshness.entities) == (1, 1, 50)
    assert at_last.written == 50  # recency of all but nobody
    assert shop.store.tables() == {at_last.table: at_last.freshness}


def test_a_damaged_store_is_filled_anew(shop: Shop) -> None:
    shop.fill()
    shop.store.close()
    for suffix in ("-wal", "-shm"):
        Path(f"{shop.store.path}{suffix}").unlink(missing_ok=True)
    shop.store.path.write_bytes(b"junk" * 4096)
    assert shop.fill().written == 51
    runtime = shop.runtime(shop.model(with_request=False))
    assert runtime.score("churn", [{"customer_id": 1}], at=NOON)[0].status == "ok"


def test_reasons_and_missing_values(shop: Shop) -> None:
    shop.fill()
    runtime = shop.runtime(shop.model())
    (scored,) = runtime.score(
        "churn", [{"customer_id": 3, "basket": None}], at=NOON, request=VALUES, reasons=3
    )
    assert {"share", "against_mean"} <= set(scored.missing)
    assert 1 <= len(scored.reasons) <= 3
    sizes = [abs(reason.contribution) for reason in scored.reasons]
    assert sizes == sorted(sizes, reverse=True)
    assert scored.request == {"basket": None, "visit": date(2011, 12, 1)}
    assert scored.moments[0].freshness.at == NOON


@pytest.mark.parametrize(
    ("entity", "code", "what"),
    [
        ({}, "E053", "has no `customer_id`"),
        ({"customer_id": "12"}, "E053", "has another `customer_id`: '12'"),
        ({"customer_id": True}, "E053", "has another `customer_id`"),
        ({"customer_id": 2**80}, "E053", "has another `customer_id`"),
        ({"customer_id": 1, "baskett": 3}, "E054", "neither a key nor a value"),
        ({"customer_id": 1, "basket": "3"}, "E054", "`basket` is DECIMAL"),
        ({"customer_id": 1, "basket": float("nan")}, "E054", "`basket` is DECIMAL"),
        ({"customer_id": 1, "basket": 10**400}, "E054", "`basket` is DECIMAL"),
        ({"customer_id": 1, "basket": 1e12}, "E054", "do not fit"),
        ({"customer_id": 1, "visit": "tomorrow"}, "E054", "`visit` is DATE"),
    ],
)
def test_mistakes_are_told(shop: Shop, entity: dict[str, object], code: str, what: str) -> None:
    shop.fill()
    runtime = shop.runtime(shop.model())
    with pytest.raises(UsageError, match=what) as raised:
        runtime.score("churn", [entity], at=NOON, request=VALUES)
    assert raised.value.issues[0].code == code


def test_a_missing_value_and_an_unknown_model_are_told(shop: Shop) -> None:
    runtime = shop.runtime(shop.model())
    with pytest.raises(UsageError, match="E054 the value `visit` is missing"):
        runtime.score("churn", [{"customer_id": 1}], at=NOON, request={"basket": 1})
    with pytest.raises(
        UsageError, match="E052 no model `chum` scores online · did you mean `churn`"
    ):
        runtime.score("chum", [{"customer_id": 1}], at=NOON)
    with pytest.raises(UsageError, match="E052 version 2 of `churn` is not loaded"):
        runtime.score("churn", [{"customer_id": 1}], at=NOON, version=2)


@pytest.mark.parametrize(
    ("policy", "status", "is_refused"),
    [
        (OnlinePolicy(), "unknown_entity", True),
        (OnlinePolicy(unknown_entity="default"), "default", False),
        (OnlinePolicy(unknown_entity="default", default={"country": "GB"}), "default", False),
        (OnlinePolicy(unknown_entity="default", default=0.25), "default", False),
    ],
)
def test_an_unknown_entity(shop: Shop, policy: OnlinePolicy, status: str, is_refused: bool) -> None:
    shop.fill()
    model = shop.model(with_request=False, policy=policy)
    (scored,) = shop.runtime(model).score("churn", [{"customer_id": 999}], at=NOON)
    assert (scored.status, scored.is_refused) == (status, is_refused)
    if policy.default == 0.25:
        assert (scored.score, scored.vector) == (0.25, None)
    elif not is_refused:
        table = batch(shop.session, compiled(), [{"customer_id": 999}], NOON)
        if policy.default:
            place = [c.name for c in model.columns].index("country")
            assert scored.vector is not None
            assert scored.vector[place] == "GB"
        else:
            assert_same([scored], table, model)


def test_old_values_are_marked_or_refused(shop: Shop) -> None:
    shop.fill()
    late = NOON + timedelta(days=2, seconds=1)
    for stale, expected in (("serve", "stale"), ("refuse", "too_old")):
        policy = OnlinePolicy(stale=stale)  # type: ignore[arg-type]
        runtime = shop.runtime(shop.model(with_request=False, policy=policy))
        (scored,) = runtime.score("churn", [{"customer_id": 1}], at=late)
        assert (scored.status, scored.is_refused) == (expected, stale == "refuse")
        (scored,) = runtime.score("churn", [{"customer_id": 1}], at=NOON + timedelta(days=2))
        assert scored.status == "ok"


class Broken(SQLiteStore):
    """A store that can be taken down."""

    is_down = False

    def read(self, table: OnlineTable, keys: Sequence[str]) -> Found:
        if self.is_down:
            raise OnlineError("down")
        return super().read(table, keys)


@pytest.mark.parametrize(
    ("policy", "known", "other"),
    [
        (OnlinePolicy(), "last_known", "store_down"),
        (OnlinePolicy(store_down="refuse"), "store_down", "store_down"),
        (OnlinePolicy(store_down="default", default=0.5), "default", "default"),
        (OnlinePolicy(store_down="default"), "default", "default"),
    ],
)
def test_a_store_that_is_down(shop: Shop, policy: OnlinePolicy, known: str, other: str) -> None:
    shop.fill()
    store = Broken(shop.store.path)
    model = shop.model(with_request=False, policy=policy)
    runtime = Runtime({"churn": {1: model}}, {"churn": 1}, StoreReader(store), release=1)
    (before,) = runtime.score("churn", [{"customer_id": 1}], at=NOON)
    store.is_down = True
    scored = runtime.score("churn", [{"customer_id": 1}, {"customer_id": 2}], at=NOON)
    assert [each.status for each in scored] == [known, other]
    if known == "last_known":
        assert scored[0] == replace(before, status="last_known")
    store.close()


def test_a_view_that_was_never_filled(shop: Shop) -> None:
    runtime = shop.runtime(shop.model(with_request=False))
    (scored,) = runtime.score("churn", [{"customer_id": 1}], at=NOON)
    assert scored.status == "not_filled"
    assert [table.view for table in runtime.unfilled()] == ["customer"]
    shop.fill()
    assert runtime.unfilled() == ()


def test_memory_of_values_is_bounded(shop: Shop) -> None:
    shop.fill()
    store = Broken(shop.store.path)
    reader, table = StoreReader(store, most=2), shop.view.table
    for n in (1, 2, 1, 3):
        reader.read(table, [f"[{n}]"])
    store.is_down = True
    looked = reader.read(table, ["[1]", "[2]", "[3]"])
    assert [each is not None for each in looked.kept] == [True, False, True]
    store.close()
