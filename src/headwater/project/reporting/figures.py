"""Numbers in sentences. Each says how it is derived, as data, so that it can be derived again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from headwater.project.metrics.movement import WhyQuery
from headwater.semantics.periods import Period
from headwater.semantics.spans import period_text

#: How a number is derived: `sort` and its arguments, as JSON has them (see `deriving`).
Source = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number as a sentence shows it, its exact value, and its source."""

    text: str
    value: Fraction
    source: Source


Sentence = tuple["str | Figure", ...]


def of_query(metric: str, period: Period, where: Iterable[str] = ()) -> Source:
    """The value of a metric over a period."""
    return _with_where({"sort": "query", "metric": metric, "period": period_text(period)}, where)


def of_why(asked: WhyQuery, *path: str | int) -> Source:
    """A part of a change: where it stands in what `headwater why --json` gives."""
    source: dict[str, Any] = {
        "sort": "why",
        "metric": asked.metric,
        "period": period_text(asked.period),
        "compare": asked.comparison,
        "part": list(path),
    }
    if asked.by:
        source["by"] = list(asked.by)
    if not asked.pairs:
        source["pairs"] = False
    return _with_where(source, asked.where)


def of_published(metric: str, grain: str, period: date, step: int | None = None) -> Source:
    """A published value of one period; of a cohort, after so many steps."""
    source = {"sort": "published", "metric": metric, "grain": grain, "period": period.isoformat()}
    return source if step is None else source | {"step": step}


def of_expected(metric: str, grain: str, period: date, part: str) -> Source:
    """What the past lets expect: `expected`, `low` or `high`."""
    return {**of_published(metric, grain, period), "sort": "expected", "part": part}


def of_unusual(metric: str, grain: str, period: Period) -> Source:
    """How many values within a period lie outside of their bands."""
    return {"sort": "unusual", "metric": metric, "grain": grain, "period": period_text(period)}


def of_target(metric: str, grain: str) -> Source:
    """The target that the definition names."""
    return {"sort": "target", "metric": metric, "grain": grain}


def of_restated(metric: str, release: int) -> Source:
    """How many periods a release restated."""
    return {"sort": "restated", "metric": metric, "release": release}


def of_both(operation: str, one: Figure | Source, other: Figure | Source) -> Source:
    """`difference` (other − one), `relative` (other / one − 1) or `share` (other / one)."""
    sources = [each.source if isinstance(each, Figure) else each for each in (one, other)]
    return {"sort": operation, "of": sources}


def _with_where(source: dict[str, Any], where: Iterable[str]) -> dict[str, Any]:
    conditions = list(where)
    return source | {"where": conditions} if conditions else source


def plain_text(sentence: Sentence) -> str:
    """The sentence without its sources."""
    return "".join(part if isinstance(part, str) else part.text for part in sentence)


def figures_in(sentences: Iterable[Sentence]) -> Iterator[Figure]:
    """All numbers, in order."""
    for sentence in sentences:
        yield from (part for part in sentence if isinstance(part, Figure))
