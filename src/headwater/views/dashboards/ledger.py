"""What the ledger and the saved queries of a project give to its dashboards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from headwater.clock import Clock, local
from headwater.ledger import Ledger
from headwater.project import Project
from headwater.project.asked import SqlResult
from headwater.project.limits import Limits
from headwater.project.metrics.restating import read_restatements
from headwater.project.queries import QueryRun, run_query
from headwater.semantics.metric import Metric
from headwater.semantics.wording import title_of
from headwater.views.dashboards.reading import Event, SavedRows

#: A card shows a few rows and must not keep a page waiting.
_LIMITS = Limits(rows=200, seconds=10.0)


class LedgerEvents:
    """Releases of new definitions, and restatements; those of data come every day."""

    def __init__(self, ledger: Ledger, clock: Clock, environment: str = "prod") -> None:
        self._found = sorted(
            (*_releases(ledger, clock, environment), *_restatements(ledger, clock)),
            key=lambda event: event.day,
        )

    def between(self, first: date, last: date) -> Sequence[Event]:
        """The events of some days, both included, oldest first."""
        return [event for event in self._found if first <= event.day <= last]


def _releases(ledger: Ledger, clock: Clock, environment: str) -> list[Event]:
    """The first release begins a history and changes none."""
    return [
        Event(
            day=local(release.created_at, clock.zone).date(),
            label=f"Release {release.number}" + (f": {release.reason}" if release.reason else ""),
        )
        for release in ledger.releases(environment)
        if release.sort in ("definitions", "promotion", "rollback") and release.number > 1
    ]


def _restatements(ledger: Ledger, clock: Clock) -> list[Event]:
    found = []
    for each in read_restatements(ledger):
        if each.at is not None and each.periods:
            title = title_of(Metric(name=each.metric))
            noun = f"{each.grain}{'s' if each.periods > 1 else ''}".replace("_", " ")
            label = f"{title} restated: {each.periods} {noun}"
            day = local(each.at, clock.zone).date()
            found.append(Event(day=day, label=label, metric=each.metric))
    return found


class ProjectQueries:
    """Saved queries over what the environment shows; `shown` is what readers get of a result."""

    def __init__(
        self, project: Project, shown: Callable[[SqlResult], SqlResult] = lambda result: result
    ) -> None:
        self._project, self._shown = project, shown

    def run(self, name: str, parameters: Mapping[str, str]) -> SavedRows:
        """The rows of a query, asked once a release and day. Raises HeadwaterError."""
        clock = self._project.workspace.clock
        key = (name, tuple(sorted(parameters.items())), local(clock.now, clock.zone).date())
        run = self._project.published.once(("rows", *key), lambda: self._run(name, parameters))
        described, result = run.definition.described, self._shown(run.result)
        return SavedRows(
            title=described.title or name.replace("_", " ").capitalize(),
            columns=result.columns,
            types=result.types,
            rows=tuple(result.rows()),
            truncated=result.truncated,
        )

    def _run(self, name: str, parameters: Mapping[str, str]) -> QueryRun:
        return run_query(self._project, name, dict(parameters), limits=_LIMITS, released=True)
