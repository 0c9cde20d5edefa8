"""How a model does, as lines and for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from headwater.project.monitoring.model import Monitoring, Movement, Outcomes, Traffic
from headwater.views.figures import count, moment
from headwater.views.layout import Cell, Row
from headwater.views.models.figures import PERCENT, figure_text

if TYPE_CHECKING:
    from headwater.views.page import Page

_MARKS = {"alarm": ("▲", "bad"), "warning": ("◆", "warning")}


def print_monitoring(found: Sequence[Monitoring], zone: ZoneInfo, page: Page) -> None:
    """One paragraph a model."""
    if not found:
        page.line("There are no models yet.")
        page.hint("a file in models/, and `headwater run`")
        return
    for each in found:
        page.line(
            Cell(f"model.{each.model}", "strong"),
            f" {_version(each)} · {moment(each.start, zone)} to {moment(each.at, zone)}",
        )
        page.rows(_rows(each))
        for finding in each.findings:
            sign, style = _MARKS[finding.severity]
            page.line(Cell(f"  {sign} ", style), finding.text)
        if not each.findings:
            page.line(Cell("  ● ", "good"), "nothing to look at")


def _version(found: Monitoring) -> str:
    return f"@{found.published}" if found.published is not None else "not published"


def _rows(found: Monitoring) -> Iterator[Row]:
    for one in found.traffic:
        yield (Cell(one.role, "quiet"), f"@{one.version}", _answers(one), times_text(one))
    if not found.traffic:
        yield (Cell("online", "quiet"), "", "no answers")
    if found.batch is not None:
        batch = found.batch
        said = f"{count(batch.rows, 'score')} of {batch.day}"
        yield (Cell("batch", "quiet"), f"@{batch.version}", said, batch.late_text)
    for moved in found.movements:
        said = movement_text(moved)
        yield (Cell(f"{moved.origin} against training", "quiet"), f"@{moved.version}", said)
    for came in found.outcomes:
        yield (Cell(f"{came.origin} outcomes", "quiet"), f"@{came.version}", outcomes_text(came))


def _answers(one: Traffic) -> str:
    parts = [count(one.answers, "answer")]
    if one.answers:
        parts.append(f"{PERCENT.text(one.refused / one.answers)} refused")
        parts.append(f"{PERCENT.text(one.incomplete / one.answers)} with a feature missing")
    return ", ".join(parts)


def times_text(one: Traffic) -> str:
    """How long answers took: `p50 0.8, p95 1.2, p99 2.0 ms`."""
    times = (("p50", one.p50_ms), ("p95", one.p95_ms), ("p99", one.p99_ms))
    said = ", ".join(f"{name} {value:.1f}" for name, value in times if value is not None)
    return f"{said} ms" if said else ""


def movement_text(found: Movement) -> str:
    """How many columns moved, and the score's index."""
    moved = [each for each in found.columns if each.verdict in ("warning", "alarm")]
    said = f"{len(moved)} of {count(len(found.columns), 'column')} moved"
    if found.day is not None:
        said += f", rows of {found.day}"
    score = found.score
    return f"{said}, score PSI {score.psi:.3f}" if score and score.psi is not None else said


def outcomes_text(found: Outcomes) -> str:
    """How scores met what came."""
    error = figure_text("calibration_error", found.calibration_error)
    auc = figure_text("auc", found.auc)
    return f"{count(found.rows, 'row')}, AUC {auc}, calibration error {error}"


def monitoring_data(found: Sequence[Monitoring]) -> list[dict[str, Any]]:
    """The same for machines, whole."""
    return [_plain(asdict(each)) for each in found]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
