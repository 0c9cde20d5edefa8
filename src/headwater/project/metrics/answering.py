"""Why a metric moved, asked of a project, and what else the ledger knows of the two periods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headwater.clock import local
from headwater.project.metrics.explaining import explain_metric
from headwater.project.metrics.movement import Why, WhyQuery
from headwater.project.metrics.restating import LISTED, Restatement, read_restatements
from headwater.semantics.asking import Answer, Comparison, MetricQuery, Standing
from headwater.semantics.calendar import step_from
from headwater.semantics.catalog import Catalog
from headwater.semantics.metric import GRAINS, Metric
from headwater.semantics.periods import Period, read_period
from headwater.semantics.spans import until_words

if TYPE_CHECKING:
    from headwater.project.facade import Project
    from headwater.project.metrics.reader import MetricReader


@dataclass(frozen=True, slots=True)
class FromTables:
    """A reader that asks the tables alone."""

    reader: MetricReader

    @property
    def catalog(self) -> Catalog:
        """The metrics, tables and rollups."""
        return self.reader.catalog

    def query(self, query: MetricQuery, *, extra: Mapping[str, Metric] | None = None) -> Answer:
        """The answer to a query."""
        return self.reader.query(query, path="raw", extra=extra)


def why_moved(
    project: Project,
    metric: str,
    period: str,
    compare: Comparison = "previous",
    *,
    by: Sequence[str] = (),
    where: Sequence[str] = (),
    from_tables: bool = False,
) -> Why:
    """The change of a metric between two periods. Codes E807, E910, E950, E951.

    `from_tables` asks no rollup and no history, so that anybody can run its SQL; it takes longer.
    """
    clock = project.workspace.clock
    reader = FromTables(project.metrics) if from_tables else project.metrics
    today = local(clock.now, clock.zone).date()
    asked = WhyQuery(
        metric=metric,
        period=read_period(period, today, reader.catalog.calendar),
        comparison=compare,
        by=tuple(by),
        where=tuple(where),
    )
    return explain_metric(reader, asked, clock)


def facts_of(project: Project, why: Why) -> tuple[str, ...]:
    """What a reader must know of the two periods beside the numbers."""
    restated = read_restatements(project.ledger, why.metric.name)
    standing = project.metrics.standing(why.metric.name)
    return tuple(facts_about(why, restated, standing, project.workspace.zone))


def facts_about(
    why: Why, restatements: Iterable[Restatement], standing: Standing, zone: ZoneInfo
) -> Iterator[str]:
    """The same from what is known already: restated, stale, until when there are data."""
    restated = [
        each
        for each in restatements
        if (each.release or 0) <= (why.release or 0)
        and any(is_restated(each, span) for span in (why.spans.now, why.spans.base))
    ]
    for each in restated:
        yield f"restated by release #{each.release}: {each.cause.replace('_', ' ')}"
    if not restated:
        yield "nothing restated in either period"
    if standing.stale_because:
        yield f"stale: {standing.stale_because}"
    if why.data_until is not None:
        yield f"data until {until_words(why.data_until, zone)}"


def is_restated(restatement: Restatement, span: Period) -> bool:
    """Whether numbers of a span of days were restated, not only those of longer periods around it.

    Where more days were restated than are listed, the shortest periods that are all listed speak.
    """
    counts = restatement.counts
    whole = next((g for g in GRAINS if g != "hour" and counts.get(g, 0) <= LISTED), None)
    for change in restatement.changes:
        first, grain = change.slot.period, change.slot.grain
        end = step_from(first, grain)
        is_within = span.first <= first and end <= span.end
        if is_within or (grain == whole and first < span.end and span.first < end):
            return True
    return False
