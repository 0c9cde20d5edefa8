"""Why a metric moved, as a page shows it: a sentence, its makings, groups, and their rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final
from urllib.parse import quote, urlencode

from headwater.charts.figure import figure
from headwater.charts.model import Bar, Bars, Judged, Waterfall
from headwater.project.metrics.movement import Factors, Moved, Why
from headwater.semantics.asking import Number
from headwater.semantics.contribution import Explanation, Group, Parts
from headwater.semantics.formats import Change, NumberFormat, format_change, format_of
from headwater.semantics.metric import Metric
from headwater.semantics.spans import period_text, short_words, span_words
from headwater.semantics.wording import (
    dimension_words,
    factor_words,
    group_words,
    named_group,
    named_steps,
    number_of,
    part_words,
    share_words,
    title_of,
    value_words,
    within,
)
from headwater.views.why import is_nothing
from headwater.web.drawing import Drawn, drawn

_STEPS: Final = 8  # of a waterfall
_BARS: Final = 6
_LISTED: Final = 60
_WIDE: Final = 960
_HALF: Final = 480


@dataclass(frozen=True, slots=True, kw_only=True)
class PartNumbers:
    """How parts of a change are written: with their sign, rates in points."""

    of: NumberFormat

    @property
    def is_rate(self) -> bool:
        """Whether the whole is a share of one."""
        return self.of.is_rate

    @property
    def is_duration(self) -> bool:
        """Whether the whole is in seconds."""
        return self.of.is_duration

    @property
    def decimals(self) -> int | None:
        """Digits behind the point."""
        return self.of.decimals

    @property
    def prefix(self) -> str:
        """What stands before a number."""
        return self.of.prefix

    @property
    def suffix(self) -> str:
        """What stands behind it."""
        return self.of.suffix

    def text(self, value: Number | None) -> str:
        """The part: `+£356,240`, `−1.2 pt`."""
        return format_change(0, value, self.of).absolute

    def compact(self, value: Number | None) -> str:
        """The part in few digits."""
        if value is None or self.is_rate or not value:
            return self.text(value)
        return f"{'+' if value > 0 else ''}{self.of.compact(value)}"

    def ticks(self, values: Sequence[float]) -> tuple[str, ...]:
        """Texts for an axis."""
        return self.of.ticks(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One part of the change in words: what, from what to what, how much; `url` has its rows."""

    name: str
    part: str
    judged: Judged
    before: str = ""
    after: str = ""
    share: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Division:
    """One way to divide the change, as a picture and as lines."""

    title: str
    picture: Drawn
    lines: tuple[Line, ...]
    left: int = 0  # groups that are not listed
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """Everything that the page says."""

    title: str
    change: Change
    verb: str
    value: str
    before: str  # empty: there is nothing to compare with
    now: str
    base: str
    heads: tuple[str, str]  # both periods where there is little room
    few: tuple[Line, ...]  # the groups that explain most
    factors: tuple[Division, ...]
    lead: Division | None
    others: tuple[Division, ...]
    notes: tuple[str, ...]


def why_view(why: Why, metrics: Mapping[str, Metric], facts: Sequence[str]) -> WhyView:
    """The page of one change."""
    fmt = format_of(why.metric)
    before, after = number_of(why.before), number_of(why.after)
    change = format_change(before, after, fmt, why.metric.better)
    divisions = [parts for parts in why.by if len(parts.groups) > 1 and why.change]
    lead = _leading(divisions, why.explanation)
    return WhyView(
        title=title_of(why.metric),
        change=change,
        verb={"up": "rose by", "down": "fell by"}.get(change.word, ""),
        value=fmt.text(after),
        before=fmt.text(before) if before is not None else "",
        now=span_words(why.spans.now),
        base=span_words(why.spans.base),
        heads=(short_words(why.spans.base), short_words(why.spans.now)),
        few=tuple(_few(why, fmt)),
        factors=tuple(_factors(each, why, metrics, fmt) for each in why.factors if why.change),
        lead=_division(lead, why, fmt, is_lead=True) if lead is not None else None,
        others=tuple(
            _division(parts, why, fmt, is_lead=False) for parts in divisions if parts is not lead
        ),
        notes=tuple(_notes(why, facts)),
    )


def _leading(divisions: Sequence[Parts], explanation: Explanation | None) -> Parts | None:
    """The division that explains most, where it is one; else the first."""
    told = explanation.dimensions if explanation is not None else ()
    return next((p for p in divisions if p.dimensions == told), next(iter(divisions), None))


def _notes(why: Why, facts: Sequence[str]) -> Iterator[str]:
    if why.spans.is_cut:
        yield "The period is not over: both are compared as far as they go."
    if why.undivided:
        yield f"It is not divided among groups: {why.undivided}."
    elif why.change and why.by and why.explanation is None:
        yield "No group stands out: the change is spread by size."
    yield from (f"{note[:1].upper()}{note[1:]}." for note in (*why.notes, *facts))


def _few(why: Why, fmt: NumberFormat) -> Iterator[Line]:
    if why.explanation is None or not why.change:
        return
    found = why.explanation
    for group in found.groups:
        name = named_group(found.dimensions, group.key)
        yield _line(group, found.dimensions, why, fmt, name=name[:1].upper() + name[1:])


def _line(
    group: Group, dimensions: tuple[str, ...], why: Why, fmt: NumberFormat, *, name: str = ""
) -> Line:
    """A group; groups of two dimensions have no rows of their own to lead to."""
    assert why.change
    (dimension, *more) = dimensions
    share = ""
    if group.contribution * why.change > 0:
        word = "rise" if why.change > 0 else "fall"
        whole = abs(group.contribution) > abs(why.change)
        told = "more than all" if whole else share_words(group.contribution / why.change)
        share = f"{told} of the {word}"
    return Line(
        name=name or group_words(dimensions, group.key),
        part=part_words(fmt, group.contribution),
        judged=_judged(group.contribution, why),
        before=fmt.text(number_of(group.before)),
        after=fmt.text(number_of(group.after)),
        share=share,
        url="" if more else _rows_url(why, dimension, group.key[0]),
    )


def _rows_url(why: Why, dimension: str, value: object) -> str:
    """The rows of a group in the period; a value as DuckDB writes it."""
    asked = {"period": period_text(why.spans.now), "by": dimension}
    if value is not None:
        asked["value"] = str(value).lower() if isinstance(value, bool) else str(value)
    return f"/metrics/{quote(why.metric.name, safe='')}/rows?{urlencode(asked)}"


def _judged(part: Fraction, why: Why) -> Judged:
    return format_change(0, number_of(part), "", why.metric.better).judged


def _waterfall(
    title: str, steps: Sequence[tuple[str, Number | None]], why: Why, width: float
) -> Drawn:
    chart = Waterfall(
        title=title,
        numbers=format_of(why.metric),
        start=(short_words(why.spans.base), number_of(why.before)),
        parts=tuple(steps),
        end=(short_words(why.spans.now), number_of(why.after)),
        better=why.metric.better,
    )
    return drawn(figure(chart, width=width))


def _division(parts: Parts, why: Why, fmt: NumberFormat, *, is_lead: bool) -> Division:
    """A dimension: a waterfall where it leads, bars of its greatest parts where it does not."""
    by = dimension_words(parts.dimensions[0])
    title = f"{title_of(why.metric)} by {by}: what changed"
    ranked = sorted(parts.groups, key=lambda group: -abs(group.contribution))
    moved = [group for group in ranked if group.contribution]
    if is_lead:
        picture = _waterfall(title, named_steps(parts, _STEPS), why, _WIDE)
    else:
        chart = Bars(
            title=title,
            numbers=PartNumbers(of=fmt),
            rows=tuple(
                Bar(name=group_words(parts.dimensions, g.key), value=number_of(g.contribution))
                for g in moved[:_BARS]
            ),
            more=max(0, len(moved) - _BARS),
        )
        picture = drawn(figure(chart, width=_HALF))
    return Division(
        title=f"By {by}",
        picture=picture,
        lines=tuple(_line(group, parts.dimensions, why, fmt) for group in ranked[:_LISTED]),
        left=max(0, len(ranked) - _LISTED),
        note=" ".join(_rests(parts, fmt)),
    )


def _rests(parts: Parts, fmt: NumberFormat) -> Iterator[str]:
    """What groups alone do not say: rate and mix of a ratio, and who is in several groups."""
    rates = [group.rate for group in parts.groups if group.rate is not None]
    mixes = [group.mix for group in parts.groups if group.mix is not None]
    if len(rates) > 1:
        own, mix = sum(rates, Fraction(0)), sum(mixes, Fraction(0))
        yield f"Within the groups {part_words(fmt, own)}, by their mix {part_words(fmt, mix)}."
    if not is_nothing(parts.rest, parts.change):
        yield f"In several groups at once {part_words(fmt, parts.rest)}."


_TURNOVER: Final = {
    "new": "Came",
    "lost": "Left",
    "entered": "Entered the window",
    "left": "Left the window",
}


def _factors(
    found: Factors, why: Why, metrics: Mapping[str, Metric], fmt: NumberFormat
) -> Division:
    """Numbers that make the metric up; they add up exactly."""
    names = {part.name: _factor_name(part, metrics) for part in found.parts}
    titles = [within(title_of(metrics[p.name])) for p in found.parts if p.name in metrics]
    title = {
        "turnover": "Who came, and who left",
        "window": "What entered the window, and what left it",
        "product": " times ".join(titles),
    }.get(found.sort, "Its parts")
    kept = f"{found.kept:,} are in both periods. " if found.kept is not None else ""
    adding = "The parts add up exactly." if len(found.parts) > 1 else ""
    steps = [(names[part.name], number_of(part.contribution)) for part in found.parts]
    return Division(
        title=title[:1].upper() + title[1:],
        picture=_waterfall(f"{title_of(why.metric)}: {title}", steps, why, _HALF),
        lines=tuple(_factor_line(part, names, why, metrics, fmt) for part in found.parts),
        note=kept + adding,
    )


def _factor_name(part: Moved, metrics: Mapping[str, Metric]) -> str:
    metric = metrics.get(part.name)
    if metric is None or part.before is None or part.after is None:
        return _TURNOVER.get(part.name, part.name.replace("_", " ").capitalize())
    words = factor_words(metric, part.after - part.before)
    return words[:1].upper() + words[1:]


def _factor_line(
    part: Moved,
    names: Mapping[str, str],
    why: Why,
    metrics: Mapping[str, Metric],
    fmt: NumberFormat,
) -> Line:
    metric = metrics.get(part.name)
    is_known = metric is not None and metric.is_listed
    return Line(
        name=names[part.name],
        part=part_words(fmt, part.contribution),
        judged=_judged(part.contribution, why),
        before=value_words(metric, part.before) if metric is not None else "",
        after=value_words(metric, part.after) if metric is not None else "",
        url=f"/metrics/{quote(part.name, safe='')}" if is_known else "",
    )
