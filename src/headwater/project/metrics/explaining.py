"""Why a metric moved: asked of one release, divided exactly among factors and groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

from headwater.clock import Clock, local
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.project.metrics.dividing import by_dimension, by_pair
from headwater.project.metrics.factoring import by_formula, by_products, by_turnover, by_window
from headwater.project.metrics.movement import (
    Asking,
    Reader,
    Totals,
    Why,
    WhyQuery,
    is_plain,
    totals_of,
    whole_of,
)
from headwater.semantics.asking import Answer
from headwater.semantics.catalog import Catalog
from headwater.semantics.completeness import settled_until, windows_of
from headwater.semantics.contribution import explain
from headwater.semantics.contribution.structure import factors_of, parts_of, structure_of
from headwater.semantics.formulas import expand
from headwater.semantics.metric import Metric
from headwater.semantics.spans import comparable, day_words

_DAY: Final = timedelta(days=1)
#: Ways to write a metric as a product of two that are worth telling.
_MOST_PRODUCTS: Final = 2


def explain_metric(reader: Reader, asked: WhyQuery, clock: Clock) -> Why:
    """Divide the change of a metric, by its own dimensions unless others are named.

    Codes E910 (unknown metric), E950, E951, and those of a query.
    """
    metric = find_metric(reader.catalog, asked.metric)
    metrics = reader.catalog.metrics
    products = factors_of(metric, metrics)[:_MOST_PRODUCTS]
    beside = [factor.name for product in products for factor in product]
    asking = Asking(reader, structure_of(metric, metrics), asked.where)
    found, old, new = _compare(asking, asked, clock, (*beside, *parts_of(metric, metrics)))
    if found.before is not None and found.after is not None:
        spans, totals = found.spans, (old, new)
        divided, notes = by_dimension(asking, spans, totals, asked.by or metric.dimensions)
        crossed = tuple(by_pair(asking, spans, totals, divided)) if asked.pairs else ()
        found = replace(
            found,
            factors=(
                *by_formula(asking, metric, old, new),
                *by_products(asking.structure, products, old, new),
                *by_turnover(asking, spans, found.before, found.after),
                *by_window(asking, spans, found.after - found.before),
            ),
            by=divided,
            explanation=explain((*divided, *crossed)),
            notes=notes,
        )
    return replace(found, answers=tuple(asking.answers))


def compare_metric(reader: Reader, asked: WhyQuery, clock: Clock) -> Why:
    """The change of a metric as a whole, without its parts. Codes as of `explain_metric`."""
    metric = find_metric(reader.catalog, asked.metric)
    asking = Asking(reader, structure_of(metric, reader.catalog.metrics), asked.where)
    found, _, _ = _compare(asking, asked, clock, ())
    return replace(found, answers=tuple(asking.answers))


def _compare(
    asking: Asking, asked: WhyQuery, clock: Clock, beside: Sequence[str]
) -> tuple[Why, Totals, Totals]:
    """Both values, and the totals that they and their factors are made of."""
    structure = asking.structure
    names = (structure.metric.name, *structure.atoms, *beside)
    seen = asking.ask(names, asked.period, compare=(asked.comparison,))
    first, last = complete_days(seen, clock)
    windows = windows_of(expand(structure.metric, asking.reader.catalog.metrics).terms)
    settled = settled_until(last + _DAY, windows) - _DAY
    because = f"later events may still convert: until {day_words(settled)} all had their time"
    because = because if settled < last else ""
    spans = comparable(asked.period, asked.comparison, first, settled, because)
    if is_plain(spans):
        old, new = totals_of(seen, asked.comparison), totals_of(seen)
    else:
        old, new = asking.totals(names, spans.base), asking.totals(names, spans.now)
    found = Why(
        metric=structure.metric,
        spans=spans,
        before=whole_of(structure.tree, old),
        after=whole_of(structure.tree, new),
        release=seen.release,
        data_until=seen.data_until,
        undivided=structure.because,
    )
    return found, old, new


def find_metric(catalog: Catalog, name: str) -> Metric:
    """A metric by name. Code E910."""
    metric = catalog.metrics.get(name)
    if metric is None:
        fix = did_you_mean(name, catalog.metrics, "`headwater ls metric.*` lists them")
        raise UsageError(Issue(code="E910", what=f"unknown metric `{name}`", fix=fix))
    return metric


def complete_days(answer: Answer, clock: Clock) -> tuple[date, date]:
    """The first and last day that both the clock and the data have seen whole."""
    today = local(clock.now, clock.zone).date()
    first, last = date.min, today - _DAY
    if answer.data_from is not None:
        begin = local(answer.data_from, clock.zone)
        first = begin.date() if begin.time() == begin.min.time() else begin.date() + _DAY
    if answer.data_until is not None:
        last = min(last, local(answer.data_until, clock.zone).date() - _DAY)
    return first, last
