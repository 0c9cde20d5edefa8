"""What is worth a word about a model in use, and what is not."""

from __future__ import annotations

from datetime import date

from headwater.learning.drift import Verdict
from headwater.learning.report import Figure
from headwater.project.monitoring.judging import judge
from headwater.project.monitoring.model import Batch, Moved, Movement, Outcomes, Traffic


def traffic(answers: int = 1000, **statuses: int) -> Traffic:
    refused = statuses.get("unknown_entity", 0) + statuses.get("failed", 0)
    return Traffic(
        version=2, role="champion", answers=answers, statuses=statuses, refused=refused,
        incomplete=0,
    )  # fmt: skip


def moved(verdict: Verdict, column: str = "recency") -> Movement:
    one = Moved(
        column=column, psi=0.3, chance=0.01, rows=900, verdict=verdict,
        bins=("up to 1", "above 1", "missing"), before=(0.5, 0.5, 0.0), now=(0.2, 0.75, 0.05),
    )  # fmt: skip
    return Movement(origin="online", version=2, columns=(one,))


def outcomes(error: float | None, rows: int = 1000) -> Outcomes:
    return Outcomes(
        origin="batch", version=2, rows=rows, positives=rows // 2, first=date(2024, 1, 1),
        last=date(2024, 2, 1), auc=Figure(0.7), calibration_error=Figure(error),
    )  # fmt: skip


def test_a_quiet_day() -> None:
    batch = Batch(day=date(2024, 1, 1), rows=10, version=2, on_time=True)
    quiet = judge(
        [traffic(ok=995, unknown_entity=5), traffic(answers=0)],
        [moved("stable"), moved("few_rows"), moved("unknown")],
        [outcomes(0.02), outcomes(None), outcomes(0.5, rows=40)],
        batch,
    )
    assert quiet == ()


def test_refused_answers_by_their_share() -> None:
    (warning,) = judge([traffic(ok=970, unknown_entity=30)], [], [], None)
    assert warning.severity == "warning"
    assert "refused 3.0 % of 1,000 answers: 30 unknown entity" in warning.text
    (alarm,) = judge([traffic(ok=900, failed=60, unknown_entity=40)], [], [], None)
    assert (alarm.severity, "40 unknown entity, 60 failed" in alarm.text) == ("alarm", True)


def test_old_features() -> None:
    (found,) = judge([traffic(ok=900, stale=80, last_known=20)], [], [], None)
    assert "answered 10.0 % from old features" in found.text


def test_what_moved_from_what_to_what() -> None:
    first, second = judge([], [moved("warning"), moved("alarm", "score")], [], None)
    assert first.severity == "alarm"
    assert "the scores of version 2, online, moved away from training (PSI 0.30)" in first.text
    assert "`recency` of version 2" in second.text
    assert second.text.endswith("up to 1 from 50.0 % to 20.0 % of the rows")


def test_calibration_and_late_scores() -> None:
    late = Batch(day=date(2024, 1, 1), rows=1, version=2, on_time=False, late_text="90 % by 07:00")
    found = judge([], [], [outcomes(0.04), outcomes(0.09)], late)
    assert [each.severity for each in found] == ["alarm", "alarm", "warning"]
    assert "4.0 points apart on 1,000 rows" in found[-1].text
