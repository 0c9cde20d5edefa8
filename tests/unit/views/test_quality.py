"""What rules measured, release by release."""

from __future__ import annotations

from datetime import UTC, datetime

from headwater.ids import ALL_TIME, NodeId
from headwater.plan.state import Build, Contents, RuleOutcome
from headwater.views.quality import quality_history


def build(name: str, *failed: int) -> Build:
    outcomes = [
        RuleOutcome(rule=f"rule {n}", severity="error", passed=not rows, failed_rows=rows)
        for n, rows in enumerate(failed)
    ]
    return Build(
        id=name,
        node=NodeId("table", "sales"),
        interval=ALL_TIME,
        input_key="",
        definition="",
        run="",
        reason="",
        rows=1,
        started_at=datetime(2024, 3, 10, tzinfo=UTC),
        seconds=0,
        schema=(),
        contents=Contents("", {}),
        files=(),
        outcomes=tuple(outcomes),
    )


def test_builds_of_a_release_count_together_and_broken_rules_stand_first() -> None:
    builds = [build("c", 0, 0), build("b", 0, 2), build("a", 0, 3), build("never shown", 9, 9)]
    history = quality_history(builds, {"a": 1, "b": 1, "c": 4}, limit=12)
    assert history.releases == (1, 4)
    broken, whole = history.rules
    assert (broken.rule, broken.has_failed, whole.has_failed) == ("rule 1", True, False)
    assert [(m.failed_rows, m.passed) for m in broken.measured if m] == [(5, False), (0, True)]


def test_only_the_newest_releases_are_told() -> None:
    builds = [build(str(n), 0) for n in range(20)]
    shown = {str(n): n for n in range(20)}
    assert quality_history(builds, shown, limit=3).releases == (17, 18, 19)


def test_a_rule_that_came_later_has_a_gap() -> None:
    history = quality_history([build("a"), build("b", 0)], {"a": 1, "b": 2}, limit=5)
    assert [m is None for m in history.rules[0].measured] == [True, False]
