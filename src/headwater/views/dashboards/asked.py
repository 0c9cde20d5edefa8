"""What a reader asks of a dashboard, in the URL: period, comparison, grain, filters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, get_args
from urllib.parse import urlencode

from headwater.clock import Grain
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.kinds.dashboard.definition import DashboardDefinition
from headwater.semantics.asking import Comparison
from headwater.semantics.calendar import PLAIN
from headwater.semantics.catalog import Calendar
from headwater.semantics.metric import GRAINS
from headwater.semantics.periods import Period, read_period

#: How a URL says that a dimension has no value.
NO_VALUE: Final = "(none)"
_COMPARISONS: Final[tuple[Comparison, ...]] = get_args(Comparison)
_PLAIN_NAME: Final = re.compile(r"[a-z_]\w*", re.ASCII)
_LONGEST: Final = 200  # characters of a value
_MOST: Final = 50  # values of a filter


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A period and what goes with it. `text` is the period as it was written."""

    period: Period
    text: str
    compare: tuple[Comparison, ...] | None = None  # None: each card as it is
    grain: Grain | None = None
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def conditions(self, names: Iterable[str]) -> tuple[str, ...]:
        """The filters of these names in the filter language: values are literals of it."""
        return tuple(_condition(name, self.filters[name]) for name in names if name in self.filters)


def read_asked(
    dashboard: DashboardDefinition,
    parameters: Mapping[str, Sequence[str]],
    today: date,
    calendar: Calendar = PLAIN,
) -> Asked:
    """What the parameters of a URL ask. Empty ones do not count.

    Raises UsageError: E807 for a period that is none, E966 for what the dashboard does not know.
    """
    given = {name: found for name, each in parameters.items() if (found := _values(each))}
    text = _one("period", given) or dashboard.period
    compare = tuple(dict.fromkeys(given.get("compare", ())))
    grain = _one("grain", given)
    known = ("period", "compare", "grain", *dashboard.filters)
    issues = [_unknown("parameter", name, known) for name in given if name not in known]
    issues += [_unknown("comparison", word, (*_COMPARISONS, "none"))
               for word in compare if word not in (*_COMPARISONS, "none")]  # fmt: skip
    if grain and grain not in GRAINS:
        issues.append(_unknown("grain", grain, GRAINS))
    issues += [issue for name in dashboard.filters for issue in _too_much(name, given)]
    if issues:
        raise UsageError(*issues)
    wanted = tuple(word for word in _COMPARISONS if word in compare)
    return Asked(
        period=read_period(text, today, calendar),
        text=text,
        compare=wanted if compare else dashboard.compare or None,
        grain=next((each for each in GRAINS if each == grain), dashboard.grain),
        filters={name: given[name] for name in dashboard.filters if name in given},
    )


def url_of(asked: Asked, dashboard: DashboardDefinition) -> str:
    """The parameters of a URL that asks the same, without what the dashboard says anyway.

    Names come in a fixed order, so that equal questions have equal URLs.
    """
    parts: list[tuple[str, str]] = []
    if asked.text != dashboard.period:
        parts.append(("period", asked.text))
    if asked.compare is not None and asked.compare != dashboard.compare:
        parts += [("compare", word) for word in asked.compare or ("none",)]
    if asked.grain is not None and asked.grain != dashboard.grain:
        parts.append(("grain", asked.grain))
    for name in dashboard.filters:
        parts += [(name, value) for value in asked.filters.get(name, ())]
    return urlencode(parts)


def _values(each: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.strip() for value in each if value.strip()))


def _one(name: str, given: Mapping[str, tuple[str, ...]]) -> str:
    """The last value, as a form that is sent twice means it."""
    return given.get(name, ("",))[-1]


def _unknown(sort: str, word: str, known: Sequence[str]) -> Issue:
    shown = word if len(word) <= 60 else f"{word[:59]}…"
    fix = did_you_mean(word[:60], known, f"there are: {', '.join(known)}")
    return Issue(code="E966", what=f"unknown {sort} `{shown}`", fix=fix)


def _too_much(name: str, given: Mapping[str, tuple[str, ...]]) -> list[Issue]:
    values = given.get(name, ())
    if len(values) <= _MOST and all(len(value) <= _LONGEST for value in values):
        return []
    fix = f"at most {_MOST} values of {_LONGEST} characters"
    return [Issue(code="E966", what=f"the filter `{name}` holds too much", fix=fix)]


def _condition(name: str, values: Sequence[str]) -> str:
    """A condition of the filter language.

    >>> _condition("customers.size", ["it's", "b"]), _condition("country", [NO_VALUE])
    ("customers.size in ('it''s', 'b')", 'country is null')
    """
    column = ".".join(
        part if _PLAIN_NAME.fullmatch(part) else '"' + part.replace('"', '""') + '"'
        for part in name.split(".")
    )
    named = [value for value in values if value != NO_VALUE]
    literals = ", ".join("'" + value.replace("'", "''") + "'" for value in named)
    found = f"{column} = {literals}" if len(named) == 1 else f"{column} in ({literals})"
    if len(named) == len(values):
        return found
    return f"({found} or {column} is null)" if named else f"{column} is null"
