"""Published numbers as an auditor reads them: with all their digits, and what moved in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

from headwater.semantics.asking import Number
from headwater.semantics.calendar import PLAIN, period_label
from headwater.semantics.formats import NO_VALUE, NumberFormat, format_change, parse_format
from headwater.semantics.metric import Direction, Metric
from headwater.views.diff import number, share, signed
from headwater.views.layout import Cell

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.metrics.values import Slot, ValueChange
    from headwater.semantics.catalog import Calendar

_PLAIN = NumberFormat()
_PENCE = 2
_DECIMALS = 4  # of floats that have no format


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the numbers of one metric are shown; without a definition, as they are."""

    format: NumberFormat = _PLAIN
    better: Direction = "neither"
    unit: str = ""  # `GBP`, `parcels`

    def value(self, value: Number | None) -> str:
        """One published value.

        >>> share = Manner(format=parse_format("percent1"))
        >>> Manner().value(Decimal("644174.7900")), share.value(0.25)
        ('644,174.79', '25.0 %')
        """
        return self._text(value, self.format.decimals)

    def _text(self, value: Number | None, decimals: int | None) -> str:
        if value is None:
            return NO_VALUE
        if self.format.is_rate or self.format.is_duration:
            return replace(self.format, decimals=decimals).text(value)
        if isinstance(value, float):
            return number(_rounded(value, _DECIMALS if decimals is None else decimals))
        if self.format.sort == "currency" and isinstance(value, Decimal):
            return number(round(value, max(_PENCE, decimals or 0)))
        return number(value)

    def with_unit(self, value: Number | None) -> str:
        """One published value and what it counts."""
        return f"{self.value(value)} {self.unit}".rstrip()

    def difference(self, change: Fraction) -> str:
        """A difference that was added up exactly."""
        if self.format.is_rate:
            return format_change(0, float(change), self.format).absolute
        value = _rounded(as_number(change), _DECIMALS)
        padded = Decimal(value) + Decimal(0).scaleb(-(self.format.decimals or 0))
        return signed(padded if self.format.decimals else value)

    def cells(self, change: ValueChange) -> tuple[Cell, ...]:
        """`644,174.79 → 590,580.43   −8.3 %`, of which the last is judged."""
        before, after = change.before, change.after
        style = ""
        moved = ""
        if before is not None and after is not None:
            found = format_change(before, after, self.format, self.better)
            style = "" if found.judged == "neutral" else found.judged
            moved = found.absolute if self.format.is_rate else share(before, after)
        old, new = self.value(before), self.value(after)
        if old == new:  # the format hides what moved
            old, new = self._text(before, _DECIMALS), self._text(after, _DECIMALS)
        return (
            Cell(old, right=True),
            Cell("→"),
            Cell(new, right=True),
            Cell(moved, style, right=True),
        )


def manners_of(project: Project) -> Callable[[str], Manner]:
    """How the definitions that the environment runs say that a metric is shown."""
    from headwater.project.metrics.defined import defined_metrics

    metrics = defined_metrics(project.workspace, project.view)
    return lambda name: manner_of(metrics[name]) if name in metrics else Manner()


def manner_of(metric: Metric) -> Manner:
    """How a metric's numbers are shown.

    >>> manner_of(Metric(name="revenue", format="gbp2")).with_unit(Decimal("32131.53"))
    '32,131.53 GBP'
    """
    shown = parse_format(metric.format)
    currency = metric.format.rstrip("0123456789").upper() if shown.sort == "currency" else ""
    return Manner(format=shown, better=metric.better, unit=metric.unit or currency)


def calendar_of(project: Project) -> Calendar:
    """The project's calendar."""
    from headwater.semantics.catalog import Calendar

    settings = project.settings
    return Calendar(zone=settings.timezone, fiscal_year_starts=settings.fiscal_year_starts)


def slot_label(slot: Slot, calendar: Calendar = PLAIN) -> str:
    """What a published value is of: `2010-04`, or of a cohort `2010-04 + 3`."""
    label = period_label(slot.period, slot.grain, calendar)
    return label if slot.step is None else f"{label} + {slot.step}"


def as_number(value: Fraction) -> Number:
    """A whole number or a Decimal where it is one exactly, else the nearest float."""
    if value.denominator == 1:
        return value.numerator
    decimal = Decimal(value.numerator) / Decimal(value.denominator)
    return decimal if Fraction(decimal) == value else float(value)


def _rounded(value: Number, decimals: int) -> Number:
    """A float without the digits that only its binary form has; other numbers as they are kept."""
    return Decimal(f"{value:.{decimals}f}") if isinstance(value, float) else value
