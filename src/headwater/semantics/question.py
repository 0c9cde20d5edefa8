"""A question looked up in the catalog: formulas, days, filters, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import get_args

from headwater.clock import Grain
from headwater.errors import HeadwaterError, Issue, Place, UsageError, did_you_mean
from headwater.semantics.asking import Comparison, MetricQuery
from headwater.semantics.calendar import add_months, start_of, step_back, step_from
from headwater.semantics.catalog import Calendar, Catalog
from headwater.semantics.conditions import Condition, parse_filter
from headwater.semantics.formulas import formula_of
from headwater.semantics.metric import GRAINS
from headwater.semantics.periods import Period, read_period
from headwater.semantics.scope import Frame
from headwater.semantics.sources import time_type
from headwater.semantics.terms import Formula, Plain, Retained, Term, leaf_of

COMPARISONS: tuple[Comparison, ...] = get_args(Comparison)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A query whose words were all understood."""

    query: MetricQuery
    formulas: Mapping[str, Formula]
    by: tuple[str, ...]
    conditions: tuple[Condition, ...]
    period: Period | None
    calendar: Calendar

    @property
    def grain(self) -> Grain | None:
        """The length of the periods, if it asks for any."""
        return self.query.grain

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms of all its metrics, each once."""
        found = (term for formula in self.formulas.values() for term in formula.terms)
        return tuple(dict.fromkeys(found))

    @property
    def asked(self) -> Frame:
        """The days asked for."""
        if self.period is None:
            return Frame()
        return Frame(first=self.period.first, end=self.period.end)

    def compared(self, comparison: Comparison) -> Frame:
        """The days compared with: of each period of the grain the one before, or the whole."""
        suffix = f"_{comparison}"
        if self.period is None:
            return Frame(suffix=suffix)
        if self.grain is None:
            back = self.period.previous() if comparison == "previous" else self.period.year_ago()
            return Frame(first=back.first, end=back.end, suffix=suffix)
        first = start_of(self.period.first, self.grain, self.calendar)
        last = start_of(self.period.last, self.grain, self.calendar)
        if comparison == "previous":
            begin = step_back(first, self.grain, self.calendar)
            end = step_from(last, self.grain) if self.grain == "hour" else last
            return Frame(first=begin, end=end, suffix=suffix)
        end = step_from(last, self.grain)
        if self.grain == "week":
            return Frame(first=_weeks(first), end=_weeks(end), suffix=suffix)
        return Frame(first=_year_before(first), end=_year_before(end), suffix=suffix)


def _year_before(day: date) -> date:
    """The same day a year before, where a frame is cut: what 29 February cuts, 1 March does."""
    before = add_months(day, -12)
    return before if before.day == day.day else before + timedelta(days=1)


def _weeks(day: date) -> date:
    return date.fromordinal(day.toordinal() - 364)


def look_up(catalog: Catalog, query: MetricQuery, today: date) -> Question:
    """The question with every word looked up. Raises HeadwaterError with all that is wrong."""
    issues = [*_unknown_metrics(catalog, query), *_wrong_words(query)]
    if issues:
        raise UsageError(*issues)
    formulas = {name: formula_of(catalog, name) for name in query.metrics}
    period = read_period(query.period, today, catalog.calendar) if query.period else None
    question = Question(
        query=query,
        formulas=formulas,
        by=tuple(dict.fromkeys(query.by)),
        conditions=tuple(parse_filter(text) for text in query.where),
        period=period,
        calendar=catalog.calendar,
    )
    issues = [*_timeless(catalog, question), *_uncombinable(question)]
    if issues:
        raise UsageError(*issues)
    return question


def _unknown_metrics(catalog: Catalog, query: MetricQuery) -> Iterable[Issue]:
    for name in query.metrics:
        if name not in catalog.metrics:
            fix = did_you_mean(name, catalog.metrics, "`headwater ls metric` lists all")
            yield Issue(code="E910", what=f"unknown metric `{name}`", fix=fix)
    if not query.metrics:
        yield Issue(code="E910", what="no metric is asked for", fix="name one")


def _wrong_words(query: MetricQuery) -> Iterable[Issue]:
    if query.grain is not None and query.grain not in GRAINS:
        fix = did_you_mean(query.grain, GRAINS, f"write one of {', '.join(GRAINS)}")
        yield Issue(code="E903", what=f"unknown grain `{query.grain}`", fix=fix)
    for word in query.compare:
        if word not in COMPARISONS:
            fix = did_you_mean(word, COMPARISONS, "compare with `previous` or `year_ago`")
            yield Issue(code="E909", what=f"unknown comparison `{word}`", fix=fix)
    if query.compare and query.grain is None and not query.period:
        what = "a comparison needs a period or a grain"
        yield Issue(code="E909", what=what, fix="add `period`, as in 2011-11")
    if query.limit is not None and (isinstance(query.limit, bool) or query.limit < 1):
        yield Issue(code="E909", what=f"the limit is {query.limit}", fix="1 or more")


def time_of(catalog: Catalog, term: Term) -> tuple[str, str]:
    """The table of a term, and the column that says when; empty where none does."""
    leaf = leaf_of(term)
    if leaf is None:
        assert isinstance(term, Retained)
        table, time = term.table, term.time
    else:
        table, time = leaf.table, leaf.time
    return table, time or catalog.datasets[table].time or ""


def is_timeless(catalog: Catalog, terms: Iterable[Term]) -> bool:
    """Whether some term's table does not say when."""
    return not all(time_of(catalog, term)[1] for term in terms)


def require_time(catalog: Catalog, name: str, place: Place) -> None:
    """A metric over windows, balances, conversions or cohorts needs a time. Raises E911."""
    for term in formula_of(catalog, name).terms:
        table, column = time_of(catalog, term)
        if not column and not isinstance(term, Plain):
            what = f"`{name}` needs a time: `{table}` has none"
            fix = f"give `{table}` a `time:`, the column that says when a row happened"
            raise HeadwaterError(Issue(code="E911", what=what, place=place, fix=fix))


def _timeless(catalog: Catalog, question: Question) -> Iterable[Issue]:
    """Metrics of tables that do not say when, where the question does."""
    if question.grain is None and question.period is None:
        return
    for name, formula in question.formulas.items():
        for term in formula.terms:
            table, column = time_of(catalog, term)
            if not column:
                fix = f"ask without grain and period, or give `{name}` a `time:` column"
                yield Issue(code="E911", what=f"`{name}`: `{table}` has no time", fix=fix)
                return
            if question.grain == "hour" and time_type(catalog, table, column) == "DATE":
                what = f"`{name}` has no hours: `{column}` of `{table}` is a date"
                yield Issue(code="E903", what=what, fix="ask by day")
                return


def _uncombinable(question: Question) -> Iterable[Issue]:
    retained = {n: f.terms[0] for n, f in question.formulas.items() if _is_retention(f)}
    if not retained:
        return
    others = [name for name in question.formulas if name not in retained]
    if others:
        what = f"`{next(iter(retained))}` is by cohort and step, `{others[0]}` is not"
        yield Issue(code="E908", what=what, fix="ask them one by one")
    if question.query.compare:
        yield Issue(code="E909", what="cohorts are not compared", fix="ask for the periods of both")
    for name, term in retained.items():
        assert isinstance(term, Retained)
        if question.grain not in (None, term.rule.period):
            what = f"`{name}` is by {term.rule.period}, not by {question.grain}"
            yield Issue(code="E903", what=what, fix=f"ask by {term.rule.period}")


def _is_retention(formula: Formula) -> bool:
    return isinstance(formula.terms[0], Retained)
