"""Metrics, factors and groups in words: the same on every face and in every sentence."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Final

from headwater.semantics.asking import Number
from headwater.semantics.contribution import Parts
from headwater.semantics.formats import NumberFormat, format_change, format_of
from headwater.semantics.metric import Metric

#: Digits that a contribution may need to be told; money has fewer.
_DIGITS: Final = 28


def title_of(metric: Metric) -> str:
    """The name that people see.

    >>> title_of(Metric(name="average_order_value"))
    'Average order value'
    """
    return metric.title or metric.name.replace("_", " ").capitalize()


def within(title: str) -> str:
    """A title inside of a sentence; abbreviations and names keep their letters.

    >>> within("Average order value"), within("AOV"), within("NPS of guests")
    ('average order value', 'AOV', 'NPS of guests')
    """
    first = title.split(" ", 1)[0]
    return title if first[1:] != first[1:].lower() else title[:1].lower() + title[1:]


def factor_words(metric: Metric, moved: Fraction) -> str:
    """What a factor did: of counts there are more or fewer, other numbers are higher or lower.

    >>> factor_words(Metric(name="orders", expr="count(*)"), Fraction(2))
    'more orders'
    >>> factor_words(Metric(name="average_order_value", expr="a / b"), Fraction(-1))
    'lower average order value'
    """
    is_count = metric.expr.lstrip().casefold().startswith("count")
    if not moved:
        return f"as many {within(title_of(metric))}" if is_count else within(title_of(metric))
    word = ("more" if moved > 0 else "fewer") if is_count else "higher" if moved > 0 else "lower"
    return f"{word} {within(title_of(metric))}"


def dimension_words(dimension: str) -> str:
    """A dimension as people call it.

    >>> dimension_words("is_return"), dimension_words("customers.country")
    ('return', 'country of customers')
    """
    table, dot, column = dimension.rpartition(".")
    words = column.removeprefix("is_").replace("_", " ")
    return f"{words} of {table.replace('_', ' ')}" if dot else words


def group_words(dimensions: Sequence[str], key: Sequence[object]) -> str:
    """The values that make a group.

    >>> group_words(("country", "is_return"), ("France", True)), group_words(("country",), (None,))
    ('France, return', 'no country')
    >>> group_words(("customers.country",), (None,))
    'not in customers'
    """
    return ", ".join(_value(d, v) for d, v in zip(dimensions, key, strict=True))


def named_group(dimensions: Sequence[str], key: Sequence[object]) -> str:
    """The same where nobody said of which dimension it is.

    >>> named_group(("country",), ("France",)), named_group(("country",), (None,))
    ('France (country)', 'no country')
    """
    parts = []
    for dimension, value in zip(dimensions, key, strict=True):
        words = _value(dimension, value)
        told = value is None or isinstance(value, bool)
        parts.append(words if told else f"{words} ({dimension_words(dimension)})")
    return ", ".join(parts)


def _value(dimension: str, value: object) -> str:
    words = dimension_words(dimension)
    if value is None:
        table, dot, _ = dimension.rpartition(".")
        return f"not in {table.replace('_', ' ')}" if dot else f"no {words}"
    if isinstance(value, bool):
        return words if value else f"not {words}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    text = value.isoformat() if isinstance(value, date) else str(value)
    return text if text.strip() else f"empty {words}"


def named_steps(parts: Parts, limit: int) -> tuple[tuple[str, Number | None], ...]:
    """The groups that moved most, at most `limit`, and all others as one; they add up exactly."""
    ranked = sorted(parts.groups, key=lambda group: -abs(group.contribution))
    shown = [group for group in ranked[:limit] if group.contribution]
    named = [
        (group_words(parts.dimensions, each.key), number_of(each.contribution)) for each in shown
    ]
    left = ranked[len(shown) :]
    others = sum((group.contribution for group in left), Fraction(0))
    if others:
        named.append(
            (f"{len(left):,} {'other' if len(left) == 1 else 'others'}", number_of(others))
        )
    if abs(parts.rest) * 10**9 > abs(parts.change):  # less is what sums of floats leave
        named.append(("in several groups", number_of(parts.rest)))
    return tuple(named)


def number_of(value: Fraction | None) -> Number | None:
    """A fraction as a number that formats write.

    >>> number_of(Fraction(1, 4)), number_of(None)
    (Decimal('0.25'), None)
    """
    return None if value is None else Decimal(value.numerator) / Decimal(value.denominator)


def value_words(metric: Metric, value: Fraction | None) -> str:
    """A value of a metric."""
    return format_of(metric).text(number_of(value))


def part_words(fmt: NumberFormat, part: Fraction) -> str:
    """A part of a change, with its sign: `+£356,240`, `−1.2 pt`.

    >>> part_words(NumberFormat(decimals=0), Fraction(-14853))
    '−14,853'
    """
    return format_change(0, number_of(part), fmt).absolute


def share_words(share: Fraction) -> str:
    """A share in whole percent.

    >>> share_words(Fraction(596, 1000))
    '60 %'
    """
    return f"{round(float(share) * 100):,} %"
