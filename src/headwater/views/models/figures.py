"""The figures by which models are judged: what each is called, means, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from headwater.charts.model import Direction
from headwater.learning.report import Evaluation, Figure
from headwater.semantics.formats import NumberFormat, parse_format

PERCENT: Final = parse_format("percent1")
SCORE: Final = parse_format("percent1")
SHARE: Final = parse_format("percent")
NUMBER: Final = NumberFormat()
COUNT: Final = parse_format("integer")


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureSort:
    """One figure in words."""

    name: str
    title: str
    says: str
    better: Direction
    numbers: NumberFormat


def _sort(name: str, title: str, says: str, better: Direction, written: str) -> FigureSort:
    numbers = parse_format(written)
    return FigureSort(name=name, title=title, says=says, better=better, numbers=numbers)


#: In the order in which they are shown.
FIGURES: Final[Mapping[str, FigureSort]] = {
    each.name: each
    for each in (
        _sort("auc", "AUC", "how often a positive row ranks above a negative one; chance is 0.5",
              "higher", "decimal3"),
        _sort("pr_auc", "PR-AUC", "precision over all thresholds; chance is the share of positives",
              "higher", "decimal3"),
        _sort("lift", "Lift of the top tenth", "how many times the average share of positives",
              "higher", "decimal2"),
        _sort("calibration_error", "Calibration error",
              "how far predicted shares are from observed ones, over tenths", "lower", "percent1"),
        _sort("log_loss", "Log loss", "distance to what came; confident mistakes count most",
              "lower", "decimal3"),
        _sort("brier", "Brier score", "mean squared distance to what came", "lower", "decimal3"),
    )
}  # fmt: skip

#: What the baselines are called.
BASELINES: Final[Mapping[str, str]] = {
    "recency": "Recency alone",
    "logistic": "Logistic",
    "majority": "Majority",
}
ALGORITHMS: Final[Mapping[str, str]] = {
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "logistic": "Logistic regression",
    "sklearn": "scikit-learn",
    "python": "scikit-learn, in Python",
}


def figure_of(found: Evaluation | None, name: str) -> Figure:
    """A figure of an evaluation; without a value where there is none."""
    return found.figures.get(name, Figure(None)) if found is not None else Figure(None)


def figure_text(name: str, figure: Figure, *, interval: bool = True) -> str:
    """A figure as text: `0.792 (0.771–0.812)`.

    >>> figure_text("auc", Figure(0.79249, 0.7712, 0.8118)), figure_text("auc", Figure(None))
    ('0.792 (0.771–0.812)', '–')
    """
    numbers = FIGURES[name].numbers if name in FIGURES else NUMBER
    text = numbers.text(figure.value)
    if not interval or figure.value is None or figure.low is None or figure.high is None:
        return text
    return f"{text} ({numbers.text(figure.low)}–{numbers.text(figure.high)})"


def number_words(value: float | None) -> str:
    """A number of which nothing else is known, in few digits.

    >>> number_words(3.0), number_words(0.74149), number_words(None)
    ('3', '0.741', '–')
    """
    if value is None:
        return "–"
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.3f}"
