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
from headwater.project.metrics.movement import Asking, Reader, Why, whole_of
from headwater.semantics.asking import Answer, Comparison
from headwater.semantics.catalog import Catalog
from headwater.semantics.contribution import explain
from headwater.semantics.contribution.structure import factors_of, parts_of, structure_of
from headwater.semantics.metric import Metric
from headwater.semantics.periods import Period
from headwater.semantics.spans import comparable

_DAY: Final = timedelta(days=1)
#: Ways to write a metric as a product of two that are worth telling.
_MOST_PRODUCTS: Final = 2


def explain_metric(
    reader: Reader,
    name: str,
    period: Period,
    comparison: Comparison,
    clock: Clock,
    *,
    by: Sequence[str] = (),
    where: Sequence[str] = (),
) -> Why:
    """Divide the change of a metric; `by` are its own dimensions unless others are named.

    Codes E920 (unknown metric), E950, E951, and those of a query.
    """
    metric = find_metric(reader.catalog, name)
    structure = structure_of(metric, reader.catalog.metrics)
    asking = Asking(reader, structure, tuple(where))
    seen = asking.ask((name,), period)
    spans = comparable(period, comparison, *complete_days(seen, clock))
    pairs = factors_of(metric, reader.catalog.metrics)[:_MOST_PRODUCTS]
    beside = [factor.name for pair in pairs for factor in pair]
    beside += parts_of(metric, reader.catalog.metrics)
    asked = (name, *structure.atoms, *beside)
    old, new = (asking.totals(asked, each) for each in (spans.base, spans.now))
    before, after = whole_of(structure.tree, old), whole_of(structure.tree, new)
    found = Why(
        metric=metric,
        spans=spans,
        before=before,
        after=after,
        release=seen.release,
        data_until=seen.data_until,
        undivided=structure.because,
    )
    if before is not None and after is not None:
        factors = (
            *by_formula(asking, metric, old, new),
            *by_products(structure, pairs, old, new),
            *by_turnover(asking, spans, before, after),
            *by_window(asking, spans, after - before),
        )
        divided, notes = by_dimension(asking, spans, (old, new), tuple(by) or metric.dimensions)
        pairs_of = by_pair(asking, spans, (old, new), divided)
        found = replace(
            found,
            factors=factors,
            by=divided,
            explanation=explain((*divided, *pairs_of)),
            notes=notes,
        )
    return replace(found, answers=tuple(asking.answers))


def find_metric(catalog: Catalog, name: str) -> Metric:
    """A metric by name. Code E920."""
    metric = catalog.metrics.get(name)
    if metric is None:
        fix = did_you_mean(name, catalog.metrics, "`headwater ls metric.*` lists them")
        raise UsageError(Issue(code="E920", what=f"unknown metric `{name}`", fix=fix))
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
