"""What changed between two versions."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.views.models.example import report

from headwater.kinds.model.versions import Facts, facts_of
from headwater.semantics.formats import parse_format
from headwater.views.models.card import changes_between, money_format

COLUMNS = {"recency_days": "BIGINT", "country": "VARCHAR"}


def facts(name: bytes = b"1", **changed: object) -> Facts:
    return replace(facts_of(report(), {"model": name}, (), COLUMNS, "rows"), **changed)  # type: ignore[arg-type]


def test_nothing_changed() -> None:
    assert changes_between(facts(), facts()) == ("the same model",)
    assert changes_between(facts(), facts(b"2")) == ()


def test_everything_changed() -> None:
    after = facts(
        b"2",
        algorithm="lightgbm",
        columns={"recency_days": "DOUBLE", "spend": "DOUBLE"},
        split_mode="random",
        rows=31_000,
        parameters={"max_depth": 6},
        seed=8,
        environment={"xgboost": "3.3.0"},
    )
    assert changes_between(facts(), after) == (
        "algorithm xgboost → lightgbm",
        "feature `spend` added",
        "feature `country` removed",
        "type of `recency_days` BIGINT → DOUBLE",
        "split by time → by random",
        "30,772 → 31,000 rows",
        "learning_rate 0.05 → default",
        "max_depth 4 → 6",
        "n_estimators 240 → default",
        "seed 7 → 8",
        "xgboost 3.2.0 → 3.3.0",
    )


def test_a_view_of_another_meaning_and_other_rows() -> None:
    before, after = facts(views={"customer": "a"}), facts(b"2", views={"customer": "b"})
    assert changes_between(before, after) == ("`customer` means something else",)
    assert changes_between(facts(), facts(b"2", training_set="other")) == ("other training rows",)


def test_money_is_that_of_the_metrics() -> None:
    formats = [parse_format("percent"), parse_format("gbp2")]
    assert money_format(formats).text(3) == "£3.00"
