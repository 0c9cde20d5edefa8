"""Scores day by day: in shares, with a contract, and whether they came in time."""

from __future__ import annotations

from datetime import date, time

import pytest
from tests.integration.kinds.model.conftest import SCORED
from tests.integration.kinds.model.shop import deliver
from tests.integration.kinds.model.test_training import became, outcome, scores
from tests.integration.run.small import Small

from headwater.ids import NodeId
from headwater.kinds.model import scoring
from headwater.kinds.model.artifact import load_scorer
from headwater.kinds.model.definition import ScoresDefinition
from headwater.project.punctuality import Punctuality, ScoredDay, measure_punctuality
from headwater.views.versions import punctuality_text

SCORES, VIEW = NodeId("scores", "churn"), NodeId("feature_view", "customer")
ALL = "customer, as_of, day, score, version, reasons"


def one_day(small: Small, day: str) -> None:
    """A purchase on a day."""
    number = 95_000 + int(day.replace("-", "")) % 10_000
    deliver(small, f"day{day}", [(number, f"{day} 12:00:00", "c001", "web", 20)])


def test_shares_and_days_at_once_give_the_same_scores(
    trained: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(scores(trained, ALL))
    monkeypatch.setattr(scoring, "PROBE_ROWS", 100)  # 240 customers: three shares of each day
    monkeypatch.setattr(scoring, "SCORED_ROWS", 30)
    report = trained.run(full_refresh=frozenset({SCORES}))
    assert became(report) == {"scores.churn": "identical"}
    monkeypatch.setattr(scoring, "PROBE_ROWS", 1_000_000)
    assert became(trained.run(full_refresh=frozenset({SCORES}))) == {"scores.churn": "identical"}
    assert sorted(scores(trained, ALL)) == before


def test_who_is_scored(trained: Small) -> None:
    trained.write("models/churn.yml", SCORED.replace("reasons: 2", "where: orders_90d > 0"))
    assert became(trained.run())["scores.churn"] == "built"
    (count,) = scores(trained, "count(*) FILTER (WHERE day = DATE '2024-06-10')")[0]
    assert 20 < count < 240


def test_scores_by_the_month_are_those_of_the_views_table(trained: Small) -> None:
    text = SCORED.replace("every: day", "every: month").replace("2024-06-01", "2024-04-01")
    trained.write("models/churn.yml", text)
    trained.run()
    published = scores(trained, "customer, day, score")
    assert {str(day) for _, day, _ in published} == {"2024-04-30", "2024-05-31"}
    with trained.open() as project, project.workspace.engine.session() as session:
        states, absolute = project.view.states, project.workspace.lake.absolute
        (version,) = project.ledger.versions()
        scorer = load_scorer(version, states[version.node].part("rows"), session, absolute)
        files = [str(absolute(f.path)) for f in states[VIEW].part("rows")]
        sql = f"SELECT * FROM read_parquet({files}) WHERE day >= DATE '2024-04-30'"
        rows = session.fetch_arrow(sql)
    found = zip(
        rows.column("customer").to_pylist(),
        rows.column("day").to_pylist(),
        scorer.score_table(rows).tolist(),
        strict=True,
    )
    assert sorted(found) == sorted(published)


def test_scores_are_on_time_or_late(trained: Small) -> None:
    # 29 June is the newest day of the first run; 30 June comes in time, 1 July at noon, and
    # 2 July not at all.
    one_day(trained, "2024-06-30")
    trained.run(now="2024-07-01T06:30")
    one_day(trained, "2024-07-01")
    trained.run(now="2024-07-02T12:00")
    found = measured(trained, "2024-07-03T12:00")
    by_day = {day.day: day.is_on_time for day in found.days}
    assert by_day == {
        date(2024, 6, 30): True,
        date(2024, 7, 1): False,
        date(2024, 7, 2): False,
    }
    assert found.on_time == 1
    assert found.share == pytest.approx(1 / 3)
    assert not found.is_met
    said = punctuality_text(found)
    assert said.startswith("1 of 3 days, 33.3 % of scores; promised: 99.5 % of scores by 07:00")
    assert "late: 2024-07-01, 2024-07-02" in said
    early = measured(trained, "2024-07-02T06:00")
    assert [day.day for day in early.days] == [date(2024, 6, 30), date(2024, 7, 1)]


def measured(small: Small, now: str) -> Punctuality:
    with small.open(now=now) as project:
        definition = project.bound.graph.nodes[SCORES].definition
        assert isinstance(definition, ScoresDefinition)
        found = measure_punctuality(project.workspace, project.view, definition)
    assert found is not None
    return found


def test_nothing_due_is_no_failure() -> None:
    nothing = Punctuality(by=time(7))
    assert nothing.share is None
    assert nothing.is_met
    assert "nothing was due yet" in punctuality_text(nothing)
    assert ScoredDay.__slots__


def test_a_contract_holds_the_batch(trained: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from headwater.learning.scorer import Scorer

    before = scores(trained, "count(*), max(day)")
    one_day(trained, "2024-06-30")
    monkeypatch.setattr(Scorer, "score_table", lambda self, rows: np.full(rows.num_rows, 1.5))
    found = outcome(trained.run(), SCORES)
    assert found.status == "held"
    assert [issue.code for issue in found.issues] == ["E720"]
    assert scores(trained, "count(*), max(day)") == before
    with trained.open() as project:
        assert project.plan().steps  # stale, and known to be
