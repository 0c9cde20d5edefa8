"""`approve`, `changes`, `release diff` and `trace` on a small project with metrics."""

from __future__ import annotations

import json

import pytest
from tests.integration.metrics.numbers import edit
from tests.integration.run.small import Small
from typer.testing import CliRunner, Result

import headwater
from headwater.cli.app import app
from headwater.project import Project

LATE = [(5, "2024-01-06 09:00", "dan", 5)]
DOUBLED = ("amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")


@pytest.fixture(autouse=True)
def ann(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADWATER_USER", "ann")


def call(small: Small, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(app, [*words, "--project", str(small.root)])
    assert result.exit_code == code, result.output
    return result


def lines(small: Small, *words: str) -> list[str]:
    return [" ".join(line.split()) for line in call(small, *words).stdout.splitlines()]


def test_approve(shop: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    assert lines(shop, "approve", "--list")[-2:] == [
        "draft revenue finance finance (ann, bob) or council (cleo) may approve",
        "3 drafts, 0 approved",
    ]
    assert lines(shop, "approve", "revenue", "--reason", "reviewed") == [
        "✔ revenue approved · ann for finance, 2024-03-10 00:00"
    ]
    assert lines(shop, "approve", "revenue")[0].startswith("W936 `revenue` was approved already")
    monkeypatch.setenv("HEADWATER_USER", "eve")
    refused = call(shop, "approve", "orders", code=1)
    assert "E935" in refused.output
    assert "finance (ann, bob) or council (cleo) may" in refused.output
    monkeypatch.setenv("HEADWATER_USER", "cleo")
    assert len(lines(shop, "approve", "--all-of", "finance")) == 2
    assert lines(shop, "approve", "--all-of", "finance")[-1] == "0 drafts, 3 approved"
    assert lines(shop, "approve", "revenue", "--withdraw") == [
        "− revenue is a draft again · cleo for council, 2024-03-10 00:00"
    ]
    listed = json.loads(call(shop, "approve", "--list", "--json").stdout)
    assert {e["metric"]: e["is_draft"] for e in listed} == {
        "average": False,
        "orders": False,
        "revenue": True,
    }
    assert "E941" in call(shop, "approve", code=2).output
    assert "did you mean `revenue`?" in call(shop, "approve", "revenu", code=2).output


def test_another_meaning_is_a_draft_other_words_are_not(shop: Small) -> None:
    call(shop, "approve", "revenue", "orders", "average")
    edit(shop, "metrics/sales.yml", "All that was sold.", "What was sold.")
    shop.run()
    assert lines(shop, "approve", "--list")[-1] == "0 drafts, 3 approved"
    edit(
        shop, "metrics/sales.yml", "expr: sum(amount)", "expr: sum(amount)\n    where: amount > 15"
    )
    shop.run()
    drafts = [line.split()[1] for line in lines(shop, "approve", "--list") if "draft " in line]
    assert drafts == ["average", "revenue"], "what is made of it means something else too"


def test_a_difference_tells_what_it_restates(shop: Small) -> None:
    call(shop, "approve", "revenue")
    edit(shop, "tables/sales.sql", *DOUBLED)
    call(shop, "run", "--env", "fix")
    found = lines(shop, "release", "diff", "fix")
    assert "metric.revenue 3 months move · approved by ann · restates 2 published months" in found
    assert "2024-01 30.00 → 60.00 +100.0 %" in found
    assert "2024-03 40.00 → 80.00 +100.0 %" in found
    assert not any(line.startswith("metric.orders") for line in found)
    data = json.loads(call(shop, "release", "diff", "fix", "--json").stdout)
    moved = {move["metric"]: move["moved"]["month"] for move in data["metrics"]}
    assert moved == {"average": 3, "revenue": 3}
    promoted = call(shop, "promote", "fix", "--reason", "pairs").stdout
    assert "4 restatements recorded: average 2 months, revenue 2 months" in promoted
    assert "back: `headwater rollback`" in promoted
    back = call(shop, "rollback").stdout
    assert "4 restatements recorded" in back


def test_a_metric_and_a_dashboard_are_shown_without_empty_words(shop: Small) -> None:
    call(shop, "approve", "revenue")
    shown = lines(shop, "show", "metric.revenue")
    assert "number sum(amount) of sales" in shown
    assert "value £30.00 in 2024-02" in shown
    assert "approval ann, 2024-03-10 00:00" in shown
    assert "columns" not in shown
    shop.write("dashboards/days.yml", "title: Days\nowner: finance\nrows:\n- kpi: [revenue]\n")
    call(shop, "run", "--apply")
    assert "columns" not in lines(shop, "show", "dashboard.days")
    assert lines(shop, "release", "diff") == ["dashboard.days new"]


def test_changes(shop: Small) -> None:
    call(shop, "approve", "revenue", "--reason", "reviewed")
    shop.deliver("late", LATE)
    shop.run()
    edit(
        shop, "metrics/sales.yml", "expr: sum(amount)", "expr: sum(amount)\n    where: amount > 15"
    )
    released = call(shop, "run", "--apply").stdout
    assert "3 nodes changed, 2 of them rollups and histories" in released, released
    text = "\n".join(lines(shop, "changes", "--metric", "revenue"))
    assert "metric.revenue approved for finance: reviewed" in text
    assert "late arrivals (source.orders: 1 row added in 2024-01-06)" in text
    assert "2024-01 30.00 → 35.00 +16.7 %" in text
    assert "+ where: amount > 15" in text
    assert "metric.orders" not in text
    rows = call(shop, "changes", "--period", "2024", "--csv").stdout.splitlines()
    assert rows[0].endswith("cause,grain,period,step,before,after")
    assert any(row.endswith("late arrivals,month,2024-01-01,,30.00,35.00") for row in rows)
    assert lines(shop, "changes", "--period", "2023") == ["0 entries"]
    listed = json.loads(call(shop, "changes", "--json").stdout)
    causes = {c["restatement"]["cause"] for c in listed if c["restatement"]}
    assert causes == {"late arrivals", "definition"}
    assert "did you mean `revenue`?" in call(shop, "changes", "--metric", "revenu", code=2).output


def test_changes_between_releases(shop: Small) -> None:
    shop.deliver("late", LATE)
    edit(
        shop, "metrics/sales.yml", "expr: sum(amount)", "expr: sum(amount)\n    where: amount > 15"
    )
    shop.run()
    asked = ("changes", "--between", "#1", "3", "--metric", "revenue")
    found = lines(shop, *asked)
    assert found[0] == "revenue · #1 → #3, by month · 1 period"
    assert found[1:3] == ["late arrivals definition", "2024-01 30.00 → 20.00 −33.3 % +5.00 −15.00"]
    assert lines(shop, *asked, "--csv") == [
        "metric,grain,period,step,before,after,cause,change",
        "revenue,month,2024-01-01,,30.00,20.00,late arrivals,5",
        "revenue,month,2024-01-01,,30.00,20.00,definition,-15",
    ]
    data = json.loads(call(shop, *asked, "--json", "--replay").stdout)
    assert data["totals"][0]["causes"] == {"definitions": -12.5, "data": 2.5}
    assert "no published number differs" in lines(shop, *asked, "--period", "2023")[0]
    assert "did you mean `week`?" in call(shop, *asked, "--grain", "weak", code=2).output
    assert "E814" in call(shop, "changes", "--between", "x", "2", code=2).output


def test_trace(shop: Small) -> None:
    found = lines(shop, "trace", "metric.revenue", "--at", "2024-01-05")
    assert found[0] == "revenue on 5 January 2024: 10.00 GBP = sum(amount) over 1 row"
    assert found[1].startswith("└ table.sales 2024-01-05 1 row")
    assert found[2].startswith("└ source.orders 2024-01-05 1 row")
    made = lines(shop, "trace", "metric.average", "--at", "2024-01-05")
    assert made[0] == "average on 5 January 2024: 10.00 GBP = revenue / orders"
    assert made[1:3] == [
        "orders 1 = count(*) over 1 row",
        "revenue 10.00 GBP = sum(amount) over 1 row",
    ]
    assert lines(shop, "trace", "metric.revenue")[0].endswith("published · one day: `--at DATE`")
    none = lines(shop, "trace", "metric.revenue", "--at", "2024-01-06")
    assert none[0] == "revenue on 6 January 2024: – GBP = sum(amount) over 0 rows"
    data = json.loads(call(shop, "trace", "metric.revenue", "--at", "2024-01-05", "--json").stdout)
    assert data["value"]["counted"] == [{"what": "row", "number": 1}]


def test_in_python(shop: Small) -> None:
    with headwater.open(shop.root) as opened:
        (made,) = opened.approve("revenue", "reviewed")
        assert (made.by, made.reason) == ("ann", "reviewed")
        assert [change.sort for change in opened.changes("revenue").value] == [
            "definition",
            "approval",
        ]
        assert opened.project.metrics.standing("revenue").approved_by == "ann"
        opened.approve("revenue", withdraw=True)
    shop.deliver("late", LATE)
    shop.run()
    with headwater.open(shop.root) as opened:
        standing = opened.project.metrics.standing("revenue")
    assert (standing.approved_by, standing.restated) == ("", 1)


def test_standings_are_as_new_as_the_ledger(shop: Small) -> None:
    """An approval, and a run that holds something, come without a release: both show at once."""
    with Project.open(shop.root) as project:
        reader = project.metrics
        assert reader.standing("revenue").approved_by == ""
        call(shop, "approve", "revenue")
        assert reader.standing("revenue").approved_by == "ann"
        assert reader.standings is reader.standings
