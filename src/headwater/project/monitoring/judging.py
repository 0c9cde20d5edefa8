"""What of a model in use somebody should look at, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from headwater.project.monitoring.model import (
    Batch,
    Finding,
    Moved,
    Movement,
    Outcomes,
    Traffic,
)
from headwater.project.serving.scored import REFUSED

#: Shares of answers from which it is worth a word. An entity may be unknown with good reason, so
#: that only many are an alarm.
REFUSED_WARNING: Final = 0.01
REFUSED_ALARM: Final = 0.05
STALE_WARNING: Final = 0.05
#: Calibration error with outcomes: the default gate of training, and twice as much.
CALIBRATION_WARNING: Final = 0.03
CALIBRATION_ALARM: Final = 0.06
#: With fewer rows an error by chance alone is as large as the limits.
LEAST_OUTCOMES: Final = 500


def judge(
    traffic: Iterable[Traffic],
    movements: Iterable[Movement],
    outcomes: Iterable[Outcomes],
    batch: Batch | None,
) -> tuple[Finding, ...]:
    """All findings, alarms first."""
    found = [
        *(each for one in traffic for each in _answers(one)),
        *(each for one in movements for each in _moved(one)),
        *(each for one in outcomes for each in _calibration(one)),
    ]
    if batch is not None and batch.on_time is False:
        found.append(Finding(severity="alarm", text=batch.late_text))
    return tuple(sorted(found, key=lambda each: each.severity != "alarm"))


def _answers(traffic: Traffic) -> Iterator[Finding]:
    if not traffic.answers:
        return
    who = f"version {traffic.version} ({traffic.role})"
    share = traffic.refused / traffic.answers
    if share > REFUSED_WARNING:
        parts = [
            f"{traffic.statuses[status]:,} {status.replace('_', ' ')}"
            for status in REFUSED
            if traffic.statuses.get(status)
        ]
        text = f"{who} refused {_percent(share)} of {traffic.answers:,} answers: {', '.join(parts)}"
        yield Finding(severity="alarm" if share > REFUSED_ALARM else "warning", text=text)
    old = traffic.share("stale") + traffic.share("last_known")
    if old > STALE_WARNING:
        yield Finding(severity="warning", text=f"{who} answered {_percent(old)} from old features")


def _moved(movement: Movement) -> Iterator[Finding]:
    for each in movement.columns:
        if each.verdict in ("warning", "alarm"):
            text = moved_text(each, movement)
            yield Finding(severity="alarm" if each.verdict == "alarm" else "warning", text=text)


def moved_text(moved: Moved, movement: Movement) -> str:
    """One column in words: what moved, from what to what."""
    what = "the scores" if moved.column == "score" else f"`{moved.column}`"
    where = f"of version {movement.version}, {movement.origin}"
    text = f"{what} {where}, moved away from training (PSI {moved.psi:.2f})"
    if moved.most is None:
        return text
    name, before, now = moved.most
    return f"{text}: {name} from {_percent(before)} to {_percent(now)} of the rows"


def _calibration(outcomes: Outcomes) -> Iterator[Finding]:
    error = outcomes.calibration_error
    if outcomes.rows < LEAST_OUTCOMES or error.value is None or error.value <= CALIBRATION_WARNING:
        return
    text = (
        f"version {outcomes.version}, {outcomes.origin}: predicted and observed are "
        f"{error.value * 100:.1f} points apart on {outcomes.rows:,} rows with outcomes"
    )
    severe = error.value > CALIBRATION_ALARM
    yield Finding(severity="alarm" if severe else "warning", text=text)


def _percent(share: float) -> str:
    return f"{share * 100:.1f} %"
