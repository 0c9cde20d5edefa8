"""Why a metric moved, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from headwater.project.metrics.movement import Factors, Moved
from headwater.project.reporting.facts import Compared, MetricFacts
from headwater.project.reporting.figures import Figure, Sentence, of_both, of_why
from headwater.semantics.contribution import Group, Parts
from headwater.semantics.formats import MINUS, NumberFormat
from headwater.semantics.metric import Metric
from headwater.semantics.wording import (
    dimension_words,
    factor_words,
    group_words,
    named_group,
    part_words,
    share_words,
    value_words,
)

#: Groups of a dimension that a sentence names.
_NAMED: Final = 3
_COUNT: Final = NumberFormat(decimals=0)


def reasons(facts: MetricFacts, metrics: Mapping[str, Metric]) -> Iterator[Sentence]:
    """The factors, the groups that explain most, and the largest groups of the first dimension."""
    first = facts.first
    if first is None or not first.why.change:
        return
    why, fmt = first.why, facts.numbers_format
    for index, factors in enumerate(why.factors):
        yield _factors(factors, index, first, fmt, metrics)
    if why.explanation is not None:
        yield _explained(first, fmt)
    elif why.by:
        yield ("No group stands out: the change is spread by size.",)
    explained = why.explanation.dimensions if why.explanation is not None else ()
    for index, parts in enumerate(why.by):
        if parts.dimensions != explained and len(parts.groups) > 1:
            yield _largest(parts, index, first, fmt)
            break
    if why.undivided:
        yield (f"It cannot be divided among groups: {why.undivided}.",)


def _factors(
    factors: Factors, index: int, first: Compared, fmt: NumberFormat, metrics: Mapping[str, Metric]
) -> Sentence:
    """As in `More orders (2,275 → 3,021) added £356,240 and a higher value … £34,811`."""
    words: list[str | Figure] = []
    for place, part in enumerate(factors.parts):
        if place:
            words.append(" and " if place == len(factors.parts) - 1 else ", ")
        words += _factor(factors, part, (index, place), first, fmt, metrics)
    if factors.sort == "turnover":
        assert factors.kept is not None
        kept = Figure(
            _COUNT.text(factors.kept),
            Fraction(factors.kept),
            of_why(first.asked, "factors", index, "kept"),
        )
        return (*words, "; ", kept, " are in both periods.")
    begin = str(words[0])
    return (begin[:1].upper() + begin[1:], *words[1:], ".")


def _factor(
    factors: Factors,
    part: Moved,
    place: tuple[int, int],
    first: Compared,
    fmt: NumberFormat,
    metrics: Mapping[str, Metric],
) -> list[str | Figure]:
    path = ("factors", place[0], "parts", place[1])
    figure = _part(part.contribution, of_why(first.asked, *path, "contribution"), fmt)
    if factors.sort == "turnover":
        counted = Figure(_COUNT.text(abs(int(part.contribution))), part.contribution, figure.source)
        return [counted, " are new" if part.name == "new" else " are gone"]
    if factors.sort == "window":
        return [f"what {part.name} the window {_verb(part.contribution)} ", figure]
    metric = metrics[part.name]
    assert part.before is not None
    assert part.after is not None
    moved = [
        Figure(value_words(metric, value), value, of_why(first.asked, *path, side))
        for value, side in ((part.before, "before"), (part.after, "after"))
    ]
    words = factor_words(metric, part.after - part.before)
    if "/" in metric.expr and part.after != part.before:
        words = f"a {words}"
    return [f"{words} (", moved[0], " → ", moved[1], f") {_verb(part.contribution)} ", figure]


def _verb(part: Fraction) -> str:
    return "took away" if part < 0 else "added"


def _part(value: Fraction, source: Mapping[str, object], fmt: NumberFormat) -> Figure:
    return Figure(part_words(fmt, value).lstrip(f"+{MINUS}"), value, source)


def _explained(first: Compared, fmt: NumberFormat) -> Sentence:
    """As in `No country added £233,247, 60 % of the rise`."""
    found, change = first.why.explanation, first.why.change
    assert found is not None
    assert change is not None
    names = [named_group(found.dimensions, group.key) for group in found.groups]
    named = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} together"
    source = of_why(first.asked, "explanation", "contribution")
    added = _part(found.contribution, source, fmt)
    verb = _verb(found.contribution)
    begin = f"{named[:1].upper()}{named[1:]} {verb} "
    if not 0 < found.power <= 1:
        return (begin, added, ".")
    whole = Figure("", change, of_why(first.asked, "change"))
    share = Figure(share_words(found.power), found.power, of_both("share", whole, added))
    word = "rise" if change > 0 else "fall"
    return (begin, added, ", ", share, f" of the {word}.")


def _largest(parts: Parts, index: int, first: Compared, fmt: NumberFormat) -> Sentence:
    """As in `By country, France added £405,368 and Netherlands took away £14,853`."""
    order = sorted(range(len(parts.groups)), key=lambda i: -abs(parts.groups[i].contribution))
    chosen = [i for i in order[:_NAMED] if parts.groups[i].contribution]
    words: list[str | Figure] = [f"By {dimension_words(parts.dimensions[0])}, "]
    for place, position in enumerate(chosen):
        group: Group = parts.groups[position]
        path = ("by", index, "groups", position, "contribution")
        name = group_words(parts.dimensions, group.key)
        if place:
            words.append(" and " if place == len(chosen) - 1 else ", ")
        figure = _part(group.contribution, of_why(first.asked, *path), fmt)
        words += [f"{name} {_verb(group.contribution)} ", figure]
    return (*words, ".")
