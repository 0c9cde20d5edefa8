"""Why a metric moved, as lines and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from headwater.project.metrics.movement import Factors, Why
from headwater.semantics.asking import Answer
from headwater.semantics.contribution import Explanation, Group, Parts
from headwater.semantics.formats import NumberFormat, format_change, format_of
from headwater.semantics.metric import Metric
from headwater.semantics.spans import span_words
from headwater.semantics.wording import (
    dimension_words,
    factor_words,
    group_words,
    named_group,
    number_of,
    part_words,
    share_words,
    value_words,
)
from headwater.views.answers import sql_with_values
from headwater.views.layout import Cell, Row
from headwater.views.page import Page
from headwater.views.plain import plain

#: Groups of a dimension that are named beside the greatest one.
_NAMED = 2
_STYLES = {"good": "good", "bad": "bad", "neutral": ""}


def print_why(why: Why, metrics: Mapping[str, Metric], facts: Sequence[str], page: Page) -> None:
    """The value and its change, factors, groups, and what else is known of the period."""
    page.line(*_headline(why))
    fmt = format_of(why.metric)
    rows: list[Row] = []
    for factors in why.factors:
        rows += _factor_rows(factors, why, metrics, fmt)
    if why.explanation is not None:
        rows += _explained(why.explanation, why, fmt)
    rows += [_by(parts, why, fmt) for parts in why.by if len(parts.groups) != 1]
    page.rows(rows)
    quiet = [*why.notes]
    if why.undivided:
        quiet.append(f"not divided among groups: {why.undivided}")
    elif why.change and why.by and why.explanation is None:
        quiet.append("no group stands out: the change is spread by size")
    if why.spans.is_cut:
        quiet.append("not over yet: compared as far as both go")
    if facts:
        quiet.append(" · ".join(facts))
    for line in quiet:
        page.line("  ", Cell(line, "quiet"))


def _headline(why: Why) -> Iterator[Cell | str]:
    metric, fmt = why.metric, format_of(why.metric)
    before, after = number_of(why.before), number_of(why.after)
    base = span_words(why.spans.base)
    yield Cell(metric.name, "strong")
    yield f" {fmt.text(after)} in {span_words(why.spans.now)}"
    change = format_change(before, after, fmt, metric.better)
    if why.change is None:
        yield f"; no comparison: {'no value' if before is None else fmt.text(before)} in {base}"
        return
    relative = f" ({change.relative})" if change.relative else ""
    text = f"{change.absolute}{relative}" if why.change else "unchanged"
    yield ", "
    yield Cell(text, _STYLES[change.judged])
    yield f" against {base} ({fmt.text(before)})"


def _factor_rows(
    factors: Factors, why: Why, metrics: Mapping[str, Metric], fmt: NumberFormat
) -> Iterator[Row]:
    notes = {
        "turnover": f"{factors.kept:,} in both periods" if factors.kept is not None else "",
        "window": "what entered the window, and what left it",
    }
    exactly = {2: "(the two add up exactly)", 1: ""}.get(
        len(factors.parts), f"(the {len(factors.parts)} add up exactly)"
    )
    for index, part in enumerate(factors.parts):
        metric = metrics.get(part.name)
        label, moved = part.name, ""
        if metric is not None and part.before is not None and part.after is not None:
            label = factor_words(metric, part.after - part.before)
            moved = f"{value_words(metric, part.before)} → {value_words(metric, part.after)}"
        note = notes.get(factors.sort, exactly) if index == len(factors.parts) - 1 else ""
        yield label, moved, _part(part.contribution, why, fmt), Cell(note, "quiet")


def _explained(found: Explanation, why: Why, fmt: NumberFormat) -> Iterator[Row]:
    assert why.change is not None
    for group in found.groups:
        share = ""
        if abs(group.contribution) <= abs(why.change):
            word = "rise" if why.change > 0 else "fall"
            share = f"{share_words(group.contribution / why.change)} of the {word} in one group"
        name = Cell(named_group(found.dimensions, group.key), "strong")
        yield name, "", _part(group.contribution, why, fmt), Cell(share, "quiet")


def _by(parts: Parts, why: Why, fmt: NumberFormat) -> Row:
    """The greatest group of a dimension, the next ones, and all others as one."""
    ranked = sorted(parts.groups, key=lambda group: -abs(group.contribution))
    label = f"by {dimension_words(parts.dimensions[0])}"
    if not ranked:
        return (label, "no groups")
    first, others = ranked[0], ranked[1:]
    named = [_named(parts, group, fmt) for group in others[:_NAMED] if group.contribution]
    left = others[len(named) :]
    if any(group.contribution for group in left):
        rest = sum((group.contribution for group in left), Fraction(0))
        noun = "other" if len(left) == 1 else "others"
        named.append(f"{len(left):,} {noun} {part_words(fmt, rest)}")
    if not is_nothing(parts.rest, parts.change):
        named.append(f"in several groups at once {part_words(fmt, parts.rest)}")
    named += _rate_and_mix(parts, fmt)
    greatest = group_words(parts.dimensions, first.key)
    return label, greatest, _part(first.contribution, why, fmt), Cell(" · ".join(named), "quiet")


def _named(parts: Parts, group: Group, fmt: NumberFormat) -> str:
    return f"{group_words(parts.dimensions, group.key)} {part_words(fmt, group.contribution)}"


def _rate_and_mix(parts: Parts, fmt: NumberFormat) -> list[str]:
    """Of a ratio: how much the groups' own values moved it, and how much their shares."""
    rates = [group.rate for group in parts.groups if group.rate is not None]
    mixes = [group.mix for group in parts.groups if group.mix is not None]
    if len(rates) < 2:
        return []
    own, mix = sum(rates, Fraction(0)), sum(mixes, Fraction(0))
    return [f"within groups {part_words(fmt, own)}, by their mix {part_words(fmt, mix)}"]


def is_nothing(rest: Fraction, change: Fraction) -> bool:
    """Whether a rest is what sums of floating-point numbers leave."""
    return abs(rest) <= abs(change) / 10**9


def _part(part: Fraction, why: Why, fmt: NumberFormat) -> Cell:
    change = format_change(0, number_of(part), fmt, why.metric.better)
    return Cell(change.absolute, _STYLES[change.judged], right=True)


# --- as data


def why_data(why: Why, facts: Sequence[str]) -> dict[str, Any]:
    """The same for machines. `residual` of each division is what does not add up."""
    spans = why.spans
    return {
        "metric": why.metric.name,
        "period": {"first": plain(spans.now.first), "last": plain(spans.now.last)},
        "compared_with": {"first": plain(spans.base.first), "last": plain(spans.base.last)},
        "comparison": spans.comparison,
        "is_cut": spans.is_cut,
        "value": _number(why.after),
        "before": _number(why.before),
        "change": _number(why.change),
        "factors": [
            {
                "sort": factors.sort,
                "kept": factors.kept,
                "parts": [
                    {
                        "name": part.name,
                        "before": _number(part.before),
                        "after": _number(part.after),
                        "contribution": _number(part.contribution),
                    }
                    for part in factors.parts
                ],
            }
            for factors in why.factors
        ],
        "explanation": None if why.explanation is None else _explanation_data(why.explanation),
        "by": [_parts_data(parts) for parts in why.by],
        "not_divided": why.undivided,
        "notes": list(why.notes),
        "facts": list(facts),
        "release": why.release,
    }


def _explanation_data(found: Explanation) -> dict[str, Any]:
    return {
        "by": list(found.dimensions),
        "groups": [_group_data(group) for group in found.groups],
        "contribution": _number(found.contribution),
        "share": _number(found.power),
    }


def _parts_data(parts: Parts) -> dict[str, Any]:
    return {
        "by": list(parts.dimensions),
        "groups": [_group_data(group) for group in parts.groups],
        "rest": _number(parts.rest),
        "residual": _number(parts.residual),
    }


def _group_data(group: Group) -> dict[str, Any]:
    return {
        "key": plain(group.key),
        "before": _number(group.before),
        "after": _number(group.after),
        "contribution": _number(group.contribution),
        "rate": _number(group.rate),
        "mix": _number(group.mix),
    }


def _number(value: Fraction | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)


def sql_lines(answers: Sequence[Answer]) -> Iterator[str]:
    """Each query that was asked, as SQL with its values in it."""
    for number, answer in enumerate(answers, 1):
        query = answer.query
        asked = ", ".join(query.metrics)
        by = f" by {', '.join(query.by)}" if query.by else ""
        yield f"/* {number}: {asked}{by}, {query.period} */"
        yield f"{sql_with_values(answer).rstrip()};"
        yield ""
