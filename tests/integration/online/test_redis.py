"""The conformance suite on a real server, and what only a server can suffer."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.online.conformance import CUSTOMER, Conformance, entry, fresh, read
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

from headwater.errors import UsageError
from headwater.online.model import OnlineError, OnlineTable
from headwater.online.opening import open_store
from headwater.online.redis import RedisStore
from headwater.project.serving.materialise import fill
from headwater.project.serving.reading import StoreReader
from headwater.project.serving.runtime import Runtime

pytestmark = pytest.mark.redis


class TestRedis(Conformance):
    @pytest.fixture
    def store(self, redis_url: str) -> Iterator[RedisStore]:
        store = RedisStore(redis_url, f"test*[{uuid.uuid4().hex}]")
        yield store
        store.clear()
        store.close()


def test_micro_batches_and_scores_over_redis(redis_url: str, tmp_path: Path) -> None:
    store = RedisStore(redis_url, "filled")
    later = NOON + timedelta(days=1)
    with session_of(tmp_path, orders(1_500)) as session:
        view, features = view_of(session), compiled()
        first = fill(session, view, "orders", store, at=NOON, release=1, zone=LONDON)
        again = fill(session, view, "orders", store, at=NOON, release=2, zone=LONDON)
        assert (first.written, again.written, again.freshness.release) == (51, 0, 2)
        assert fill(session, view, "orders", store, at=later, release=2, zone=LONDON).written == 50
        asked = [{"customer_id": n, "basket": 1.5, "visit": None} for n in range(1, 51)]
        table = batch(session, features, asked, later)
        model = model_of(view, scorer_of(table, inputs(features)))
    runtime = Runtime({"churn": {1: model}}, {"churn": 1}, StoreReader(store), release=2)
    scored = runtime.score("churn", asked, at=later)
    scorer = model.score_vector.__self__  # type: ignore[attr-defined]
    assert [each.score for each in scored] == list(scorer.score_table(table))
    store.clear()


def test_projects_are_apart(redis_url: str) -> None:
    shop, shops = RedisStore(redis_url, "shop"), RedisStore(redis_url, "shop?")
    shop.write(CUSTOMER, [entry(1, 1.0)], [], fresh())
    shops.write(CUSTOMER, [entry(1, 2.0)], [], fresh())
    assert (read(shop, CUSTOMER, 1), read(shops, CUSTOMER, 1)) == ([(1.0,)], [(2.0,)])
    shops.clear()
    assert (read(shop, CUSTOMER, 1), read(shops, CUSTOMER, 1)) == ([(1.0,)], [None])
    shop.clear()


def test_a_table_that_nobody_writes_expires(redis_url: str) -> None:
    from redis import Redis

    store = RedisStore(redis_url, "expiring")
    store.write(CUSTOMER, [entry(1, 1.0)], [], fresh())
    store.write(OnlineTable("other", "d"), [entry(1, 1.0)], [], fresh())
    name = "headwater:expiring:customer@abc"
    with Redis.from_url(redis_url) as redis:
        assert 29 * 86_400 < redis.ttl(name) <= 30 * 86_400
        redis.delete(name)
    assert set(store.tables()) == {OnlineTable("other", "d")}
    store.clear()


def test_a_server_that_is_down_is_said_at_once(free_port: int) -> None:
    store = open_store(f"redis://:hush@127.0.0.1:{free_port}/0", "shop")
    with pytest.raises(OnlineError, match="Redis does not answer") as raised:
        store.read(CUSTOMER, ["[1]"])
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("url", ["mysql://host/0", "redis://host:many/0"])
def test_another_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="E050"):
        open_store(url, "shop")
