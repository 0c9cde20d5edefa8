"""A number of a pack derived again from what is stored of it, against the same release."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import Any, Final

from headwater.project.metrics.movement import Asking, Why, WhyQuery, whole_of
from headwater.project.reporting.figures import Source
from headwater.project.reporting.numbers import Numbers
from headwater.semantics.contribution import exact
from headwater.semantics.contribution.structure import structure_of


def derive(source: Source, numbers: Numbers) -> Fraction:
    """The number that a source describes; raises `LookupError` where there is none."""
    return _SORTS[source["sort"]](source, numbers)


def _query(source: Source, numbers: Numbers) -> Fraction:
    metric = numbers.metric(source["metric"])
    structure = structure_of(metric, numbers.reader.catalog.metrics)
    asking = Asking(numbers.reader, structure, tuple(source.get("where", ())))
    totals = asking.totals((metric.name, *structure.atoms), numbers.period(source["period"]))
    return _some(whole_of(structure.tree, totals), source)


def _why(source: Source, numbers: Numbers) -> Fraction:
    asked = WhyQuery(
        metric=source["metric"],
        period=numbers.period(source["period"]),
        comparison=source["compare"],
        by=tuple(source.get("by", ())),
        where=tuple(source.get("where", ())),
        pairs=source.get("pairs", True),
    )
    found: Any = numbers.explained(asked)
    for step in source["part"]:
        found = found[step] if isinstance(step, int) else getattr(found, step)
    return _some(found, source)


def _published(source: Source, numbers: Numbers) -> Fraction:
    day = date.fromisoformat(source["period"])
    if "step" in source:
        points = numbers.cohorts(source["metric"], source["grain"])
        found = [p.value for p in points if (p.period, p.step) == (day, source["step"])]
    else:
        trend = numbers.trend(source["metric"], source["grain"])
        found = [point.value for point in trend.points if point.period == day]
    return _some(exact(found[0]) if found else None, source)


def _expected(source: Source, numbers: Numbers) -> Fraction:
    trend = numbers.trend(source["metric"], source["grain"])
    index = trend.at(date.fromisoformat(source["period"]))
    band = trend.bands[index] if index is not None else None
    return _some(exact(getattr(band, source["part"])) if band is not None else None, source)


def _unusual(source: Source, numbers: Numbers) -> Fraction:
    period = numbers.period(source["period"])
    trend = numbers.trend(source["metric"], source["grain"])
    return Fraction(len(trend.unusual(period.first, period.last)))


def _target(source: Source, numbers: Numbers) -> Fraction:
    return Fraction(numbers.metric(source["metric"]).target[source["grain"]])


def _restated(source: Source, numbers: Numbers) -> Fraction:
    found = [
        each.periods
        for each in numbers.restatements
        if (each.metric, each.release) == (source["metric"], source["release"])
    ]
    return Fraction(sum(found))


def _both(
    combine: Callable[[Fraction, Fraction], Fraction],
) -> Callable[[Source, Numbers], Fraction]:
    def derived(source: Source, numbers: Numbers) -> Fraction:
        one, other = (derive(each, numbers) for each in source["of"])
        return combine(one, other)

    return derived


def _some(value: Fraction | None, source: Source) -> Fraction:
    if value is None:
        raise LookupError(f"there is no number for {dict(source)}")
    return value


_SORTS: Final[Mapping[str, Callable[[Source, Numbers], Fraction]]] = {
    "query": _query,
    "why": _why,
    "published": _published,
    "expected": _expected,
    "unusual": _unusual,
    "target": _target,
    "restated": _restated,
    "difference": _both(lambda one, other: other - one),
    "relative": _both(lambda one, other: other / one - 1),
    "share": _both(lambda one, other: other / one),
}


def sql_of(why: Why) -> tuple[tuple[str, str], ...]:
    """What was asked for a change, and its SQL."""
    return tuple(
        (f"{', '.join(a.query.metrics)} {' '.join(a.query.by)} {a.query.period}".strip(), a.sql)
        for a in why.answers
    )
