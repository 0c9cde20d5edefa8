"""`headwater why` on a project that has run."""

from __future__ import annotations

import json

import pytest
from tests.integration.run.small import Small
from typer.testing import CliRunner

from headwater.cli.app import app
from headwater.project.metrics.answering import facts_of, why_moved
from headwater.views.why import why_data


def asked(shop: Small, *words: str) -> str:
    result = CliRunner().invoke(app, ["why", *words, "--project", str(shop.root)])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    "metric", ["revenue", "orders", "average_order_value", "buyers", "gift_share"]
)
@pytest.mark.parametrize("compare", ["previous", "year_ago"])
def test_all_parts_add_up(shop: Small, metric: str, compare: str) -> None:
    found = json.loads(asked(shop, metric, "--period", "2024-02", "--compare", compare, "--json"))
    assert found["change"] == pytest.approx(found["value"] - found["before"])
    assert [parts["by"] for parts in found["by"]] == [["country"], ["is_gift"]]
    for parts in found["by"]:
        assert parts["residual"] == 0
        told = sum(group["contribution"] for group in parts["groups"]) + parts["rest"]
        assert told == pytest.approx(found["change"], rel=1e-9)
    for factors in found["factors"]:
        told = sum(part["contribution"] for part in factors["parts"])
        assert told == pytest.approx(found["change"], rel=1e-9)


def test_the_values_are_those_of_a_query(shop: Small) -> None:
    with shop.open() as project:
        why = why_moved(project, "average_order_value", "2024-02")
        query = project.metrics.query(why.answers[0].query)
        assert why.after is not None
        assert query.rows[0][query.index("average_order_value")] == pytest.approx(float(why.after))
        assert why_data(why, facts_of(project, why))["release"] == 1


def test_as_lines(shop: Small) -> None:
    text = asked(shop, "revenue", "--period", "2024-02")
    assert "against January 2024" in text
    assert "add up exactly" in text
    assert "no country" in text
    assert "nothing restated in either period · data until 9 March 2024" in text


def test_sql_of_each_number(shop: Small) -> None:
    text = asked(shop, "revenue", "--period", "2024-02", "--sql")
    assert "/* 1: revenue" in text
    assert "SELECT" in text
    assert "rollup_" not in text, "of tables, so that it can be run"


def test_some_rows_and_other_dimensions(shop: Small) -> None:
    text = asked(shop, "revenue", "--period", "2024-02", "--where", "is_gift", "--by", "customer")
    assert "by customer" in text


def test_a_running_month_is_compared_as_far_as_it_goes(shop: Small) -> None:
    text = asked(shop, "revenue", "--period", "this month")
    assert "1–9 March 2024" in text
    assert "against 1–9 February 2024" in text
    assert "not over yet" in text


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("revenu",), "E910"),
        (("revenue", "--period", "2024-04"), "E950"),
        (("revenue", "--period", "2022-01"), "E951"),
        (("revenue", "--period", "soon"), "E807"),
        (("revenue", "--by", "contry"), "E902"),
        (("revenue", "--where", "contry = 'x'"), "E902"),
    ],
)
def test_mistakes(shop: Small, words: tuple[str, ...], code: str) -> None:
    result = CliRunner().invoke(app, ["why", *words, "--project", str(shop.root)])
    assert result.exit_code == 2
    assert code in result.output
    assert "Traceback" not in result.output
