"""A training in a paragraph, as it is: what it can do, against what, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterator

from headwater.learning.report import Campaign, Evaluation, Figure, TrainingReport
from headwater.semantics.formats import NumberFormat
from headwater.views.figures import count
from headwater.views.models.figures import BASELINES, PERCENT, figure_of, figure_text

_AROUND_CHANCE = 0.5


def summary_of(report: TrainingReport, money: NumberFormat) -> tuple[str, str]:
    """The facts of a card as sentences: how well it ranks and against what; then all else."""
    first, rest = _first(report), _rest(report, money)
    return _unbroken(" ".join(first)), _unbroken(" ".join(rest))


def _unbroken(text: str) -> str:
    """Numbers stay together with their unit."""
    return text.replace(" %", "\u00a0%")


def _first(report: TrainingReport) -> Iterator[str]:
    if report.split_mode == "random":
        yield "Its rows were split at random, so every figure here is likely better than the truth."
    yield _ranking(report)
    yield from _against(report)


def _rest(report: TrainingReport, money: NumberFormat) -> Iterator[str]:
    yield from _calibration(report)
    if report.campaign is not None:
        yield _campaign(report.campaign, money)
    yield _audit(report)
    yield _gates(report)


def _campaign(best: Campaign, money: NumberFormat) -> str:
    if best.threshold is None or not best.contacted:
        return "At the declared costs no threshold makes a profit."
    said = f"Contacting the {count(best.contacted, 'test row')} above {best.threshold:.2f} would "
    between = ""
    if best.profit_low is not None and best.profit_high is not None:
        between = f" ({money.text(best.profit_low)} to {money.text(best.profit_high)})"
    said += f"bring {money.text(best.profit)}{between} at the declared costs"
    return f"{said}." if best.roi is None else f"{said}, a return of {PERCENT.text(best.roi)}."


def _ranking(report: TrainingReport) -> str:
    test = next((part for part in report.parts if part.name == "test"), None)
    when = f" of {test.first:%B %Y} to {test.last:%B %Y}" if test is not None else ""
    auc = figure_of(report.test, "auc")
    if auc.value is None:
        return f"Its {count(report.test.rows, 'test row')}{when} are of one class: nothing is told."
    said = (
        f"On {count(report.test.rows, 'row')}{when}, none of which it was trained on, its AUC is "
    )
    said += figure_text("auc", auc)
    if auc.low is not None and auc.low <= _AROUND_CHANCE:
        return f"{said}: no better than chance."
    return f"{said}."


def _against(report: TrainingReport) -> Iterator[str]:
    own = figure_of(report.test, "auc")
    others: list[tuple[str, str, Evaluation]] = [
        (key, BASELINES[key].lower(), found)
        for key, found in report.baselines.items()
        if key in ("recency", "logistic")
    ]
    if report.champion is not None:
        others.append(("champion", "the version published now", report.champion))
    parts = [
        f"{_compared(own, other, report.gains.get(key))} {name}"
        f" ({figure_text('auc', other, interval=False)})"
        for key, name, found in others
        if (other := figure_of(found, "auc")).value is not None and own.value is not None
    ]
    if parts:
        yield f"It is {', '.join(parts[:-1])}{' and ' if parts[:-1] else ''}{parts[-1]}."


def _compared(own: Figure, other: Figure, gain: Figure | None) -> str:
    """What may be said of two figures of the same rows.

    Their difference on these rows (`gain`) decides, by its interval; without one, whether the
    intervals of the two overlap.
    """
    assert own.value is not None
    assert other.value is not None
    if own.value <= other.value:
        return "no better than"
    if gain is not None and gain.low is not None:
        return "better than" if gain.low > 0 else "not clearly better than"
    apart = own.low is not None and other.high is not None and own.low > other.high
    return "better than" if apart else "not clearly better than"


def _calibration(report: TrainingReport) -> Iterator[str]:
    error = figure_of(report.test, "calibration_error")
    if error.value is None:
        return
    said = f"Its probabilities are off by {error.value * 100:.1f} points on average"
    if report.test.deciles:
        top = report.test.deciles[-1]
        said += (
            f"; in the tenth with the highest scores {PERCENT.text(top.predicted)} were predicted "
            f"and {PERCENT.text(top.observed)} came"
        )
    yield f"{said}."


def _audit(report: TrainingReport) -> str:
    if not report.audited:
        return "The leakage audit was switched off."
    alarms = [leak for leak in report.leaks if leak.alarm]
    if not alarms:
        return "The leakage audit raised no alarm."
    names = ", ".join(dict.fromkeys(leak.feature or leak.check for leak in alarms))
    return f"The leakage audit raised {count(len(alarms), 'alarm')}: {names}."


def _gates(report: TrainingReport) -> str:
    failed = [gate for gate in report.gates if not gate.passed]
    if not report.gates:
        return "It has no gates."
    if not failed:
        return (
            f"All {len(report.gates)} gates passed."
            if len(report.gates) > 1
            else "Its gate passed."
        )
    names = ", ".join(gate.text for gate in failed)
    return f"{len(failed)} of {count(len(report.gates), 'gate')} failed: {names}."


def warnings_of(report: TrainingReport) -> tuple[str, ...]:
    """What has to stand on top of every page that shows this training."""
    found = []
    if report.split_mode == "random":
        found.append(
            "Rows were split at random, not by time: what it learnt from may lie after what it was "
            "tested on, and the same entity may be on both sides."
        )
    if not report.audited:
        found.append("The leakage audit was switched off for this training (`leakage: off`).")
    alarms = sum(leak.alarm for leak in report.leaks)
    if alarms:
        found.append(f"The leakage audit raised {count(alarms, 'alarm')}.")
    return tuple(found)
