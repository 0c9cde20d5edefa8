"""The factors of a change: a formula's metrics, two that multiply, who came and who left."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from fractions import Fraction

from headwater.project.metrics.movement import (
    NOTHING,
    Asking,
    Factors,
    Moved,
    Totals,
    moves_of,
    whole_of,
)
from headwater.semantics.contribution import divide, turn_over
from headwater.semantics.contribution.factors import Factor, Product
from headwater.semantics.contribution.structure import Structure
from headwater.semantics.metric import Cumulative, Metric
from headwater.semantics.periods import Period
from headwater.semantics.spans import Spans, joined

_DAY = timedelta(days=1)


def by_formula(asking: Asking, metric: Metric, old: Totals, new: Totals) -> Iterator[Factors]:
    """The metrics of its formula, those of formulas below taken apart in turn."""
    structure = asking.structure
    names = [n for n in structure.atoms if n not in structure.extra and n != metric.name]
    if len(names) < 2 or len(names) != len(structure.atoms):
        return
    moves = moves_of(old, new, structure.atoms)
    parts = divide(structure.tree, moves)
    if parts is not None:
        yield Factors(sort="formula", parts=_moved(parts, moves))


def _moved(
    parts: Mapping[str, Fraction], moves: Mapping[str, tuple[Fraction, Fraction]]
) -> tuple[Moved, ...]:
    return tuple(
        Moved(name=name, before=moves[name][0], after=moves[name][1], contribution=part)
        for name, part in parts.items()
    )


def by_products(
    structure: Structure,
    pairs: Sequence[tuple[Metric, Metric]],
    old: Totals,
    new: Totals,
) -> Iterator[Factors]:
    """`revenue` as `orders × average_order_value`; the second is what the two totals make it."""
    whole = structure.metric.name
    for count, ratio in pairs:
        totals = [(t.get(count.name), whole_of(structure.tree, t)) for t in (old, new)]
        if any(not divisor or value is None for divisor, value in totals):
            continue
        (w0, x0), (w1, x1) = [(d or NOTHING, v or NOTHING) for d, v in totals]
        moves = {count.name: (w0, w1), ratio.name: (x0 / w0, x1 / w1)}
        parts = divide(Product((Factor(count.name), Factor(ratio.name))), moves)
        if parts is not None and count.name != whole:
            yield Factors(sort="product", parts=_moved(parts, moves))


def by_turnover(
    asking: Asking, spans: Spans, before: Fraction, after: Fraction
) -> Iterator[Factors]:
    """Who came and who left, where both periods can be counted as one."""
    structure = asking.structure
    name = structure.metric.name
    both = joined(spans.base, spans.now)
    if structure.additivity != "overlapping" or structure.atoms != (name,) or both is None:
        return
    either = asking.totals((name,), both).get(name)
    if either is None:
        return
    try:
        found = turn_over(int(before), int(after), int(either))
    except ValueError:  # a count over days, as of a rolling window, is no set of entities
        return
    if not found.kept:  # things that happen once, as orders, have no life beyond a period
        return
    yield Factors(
        sort="turnover",
        kept=found.kept,
        parts=(
            Moved(name="new", before=None, after=None, contribution=Fraction(found.new)),
            Moved(name="lost", before=None, after=None, contribution=Fraction(-found.lost)),
        ),
    )


def by_window(asking: Asking, spans: Spans, change: Fraction) -> Iterator[Factors]:
    """Of a rolling sum: what entered the window, and what left it."""
    shape = asking.structure.metric.shape
    if not isinstance(shape, Cumulative) or shape.window is None or shape.period_agg != "last":
        return
    if shape.window.unit not in ("day", "week"):
        return
    days = shape.window.count * (7 if shape.window.unit == "week" else 1)
    gap = (spans.now.last - spans.base.last).days
    if not 0 < gap <= days:
        return
    entered = Period(first=spans.base.last + _DAY, last=spans.now.last)
    left_last = spans.now.last - timedelta(days=days)
    left = Period(first=left_last - timedelta(days=gap - 1), last=left_last)
    of = shape.input_metric
    came = asking.totals((of,), entered).get(of) or NOTHING
    went = asking.totals((of,), left).get(of) or NOTHING
    if came - went == change:
        yield Factors(
            sort="window",
            parts=(
                Moved(name="entered", before=None, after=None, contribution=came),
                Moved(name="left", before=None, after=None, contribution=-went),
            ),
        )
