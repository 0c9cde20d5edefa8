"""What `scores.online` may say."""

from __future__ import annotations

from datetime import timedelta

import pytest

from headwater.definitions.yamltext import read_yaml
from headwater.errors import Issue, Place
from headwater.kinds.model.online import ONLINE, default_issues, policy_of
from headwater.learning.model import InputColumn
from headwater.online.policy import OnlinePolicy

COLUMNS = (
    InputColumn(name="orders_90d", type="BIGINT"),
    InputColumn(name="country", type="VARCHAR", is_category=True),
)


def read(text: str) -> tuple[OnlinePolicy | None, list[Issue]]:
    located, issues = read_yaml("models/churn.yml", f"online: {text}\n")
    assert located is not None
    value = located.get("online")
    assert value is not None
    said = ONLINE.read(value, issues)
    return (policy_of(said) if not issues else None), issues


def test_true_is_all_defaults_and_false_nothing() -> None:
    assert read("true") == (OnlinePolicy(), [])
    assert read("false") == (None, [])


def test_all_keys() -> None:
    text = (
        "{unknown_entity: default, stale: refuse, store_down: default, keep: 30d,"
        " default: {orders_90d: 0, country: GB}}"
    )
    expected = OnlinePolicy(
        unknown_entity="default",
        stale="refuse",
        store_down="default",
        default={"orders_90d": 0.0, "country": "GB"},
        keep=timedelta(days=30),
    )
    assert read(text) == (expected, [])
    assert read("{default: 0.5}") == (OnlinePolicy(default=0.5), [])


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{unknown: default}", "unknown_entity"),
        ("{stale: maybe}", "`serve` or `refuse`"),
        ("{default: 2}", "a score from 0 to 1"),
        ("{default: {orders_90d: [1]}}", "values of features"),
        ("{ttl: 7d}", "stands in the feature view"),
        ("7", "`true` or `false`"),
    ],
)
def test_mistakes(text: str, what: str) -> None:
    _, issues = read(text)
    assert len(issues) == 1
    assert what in str(issues[0])


def test_defaults_are_of_features_and_of_their_types() -> None:
    place = Place("models/churn.yml", 3)

    def told(default: dict[str, float | str | None]) -> list[str]:
        policy = OnlinePolicy(default=default)
        return [str(issue) for issue in default_issues(policy, COLUMNS, place)]

    assert told({"orders_90d": 1.0, "country": None}) == []
    (said,) = told({"orders_9d": 1.0})
    assert said.startswith("E056 `default` names `orders_9d`, which is no feature")
    assert said.endswith("did you mean `orders_90d`?")
    assert "E056" in told({"country": 3.0})[0]
    assert "E056" in told({"orders_90d": "many"})[0]
    assert list(default_issues(None, COLUMNS, place)) == []
