"""An open project in Python: whatever the command line does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from headwater.api.result import Result
from headwater.api.shown import Shown
from headwater.api.table import TableHandle
from headwater.errors import Issue
from headwater.project import Project
from headwater.project.queries import HELD, names_a_query, run_query
from headwater.project.reading import read_session, released_functions
from headwater.project.recording import PROD

if TYPE_CHECKING:
    from headwater.api.answer import AnswerResult
    from headwater.clock import Grain
    from headwater.ledger import Release
    from headwater.plan.steps import Plan, Request
    from headwater.project.comparing import ReleaseDiff
    from headwater.project.maintaining import CompactReport, VacuumReport
    from headwater.project.metrics.approving import Approval
    from headwater.project.metrics.movement import Why
    from headwater.project.quarantine import NodeQuarantine
    from headwater.project.recency import SourceFreshness
    from headwater.project.recording import RunReport
    from headwater.project.registries.mlflow import Pushed
    from headwater.project.testing import Proof, UnitResult
    from headwater.project.tracing import Trace
    from headwater.semantics.asking import Comparison
    from headwater.views.history import Change

Nodes = str | Sequence[str]


class OpenProject:
    """One project in one environment; close it, or use it as a context manager."""

    def __init__(self, project: Project) -> None:
        self.project = project

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        *,
        env: str = "prod",
        profile: str | None = None,
        now: str | None = None,
    ) -> Self:
        """The project in a folder or the nearest one above. Raises UsageError (E803)."""
        return cls(Project.open(folder, env=env, profile=profile, now=now))

    def close(self) -> None:
        """Close ledger and engine."""
        self.project.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- definitions, plan, run

    def check(self) -> Shown[tuple[Issue, ...]]:
        """Everything that is wrong with the definitions, as they are on disk now."""
        from headwater.views.issues import print_issues, tally
        from headwater.views.summaries import issue_data

        self.project.forget()
        issues = self.project.check()

        def view(page: Any) -> None:
            print_issues(issues, page)
            page.line(tally(issues))

        return Shown(issues, view, [issue_data(issue) for issue in issues])

    def plan(self, select: Nodes = (), **options: Any) -> Shown[Plan]:
        """What a run would do; options as of `run`."""
        from headwater.views.plan import print_plan
        from headwater.views.summaries import plan_data

        self.project.forget()
        plan = self.project.plan(self._request(select, **options))
        data = plan_data(plan, self.project.workspace.zone)
        return Shown(plan, lambda page: print_plan(self.project, plan, page), data)

    def run(self, select: Nodes = (), **options: Any) -> Shown[RunReport]:
        """Build what is stale, and release it.

        Options: `exclude`, `full_refresh` (selections), `period` ("2011-11"), `sample` ("30d"),
        `apply` (release edited definitions too).
        """
        from headwater.views.run import outcome_line, print_report
        from headwater.views.summaries import run_data

        self.project.forget()
        report = self.project.run(self._request(select, **options))
        width = max((len(str(o.node)) for o in report.outcomes), default=0)

        def view(page: Any) -> None:
            for outcome in report.outcomes:
                page.line(*outcome_line(outcome, width, page.width))
            print_report(self.project, report, page)

        return Shown(report, view, run_data(report))

    def _request(self, select: Nodes, **options: Any) -> Request:
        from headwater.project.asking import make_request

        for name in ("exclude", "full_refresh"):
            options[name] = _listed(options.get(name, ()))
        return make_request(self.project, nodes=_listed(select), **options)

    # --- reading

    def sql(self, text: str, **parameters: object) -> Result:
        """One SELECT over the published tables, or a saved query by its name.

        `:name` in the SQL stands for a parameter.

        >>> shop = demo()
        >>> shop.sql("select city, warmest from cities where city = :city", city="Oslo").fetchall()
        [('Oslo', 18.3)]
        """
        project = self.project
        if names_a_query(text):
            found = run_query(project, text.strip(), parameters, limits=HELD).result
            return Result(found.table, found.types)
        functions = released_functions(project.published)
        with read_session(
            project.workspace, project.published, text, parameters, functions
        ) as reading:
            return Result(reading.relation.to_arrow_table(), reading.types)

    def query(  # noqa: PLR0913  # the one vocabulary, word by word
        self,
        metrics: Nodes,
        *,
        by: Nodes = (),
        grain: Grain | None = None,
        where: Nodes = (),
        period: str = "",
        compare: Comparison | Sequence[Comparison] = (),
        order: Nodes = (),
        limit: int | None = None,
    ) -> AnswerResult:
        """Metrics of the release, by dimensions and periods; see the reference of metrics.

        A word that is unknown is an issue with the nearest one.
        """
        from headwater.api.answer import AnswerResult
        from headwater.semantics.asking import MetricQuery

        reader = self.project.metrics
        asked = MetricQuery(
            metrics=tuple(_listed(metrics)),
            by=tuple(_listed(by)),
            grain=grain,
            where=tuple(_listed(where)),
            period=period,
            compare=tuple(_listed(compare)),  # type: ignore[arg-type]
            order=tuple(_listed(order)),
            limit=limit,
        )
        return AnswerResult(reader.query(asked), reader.catalog)

    def why(
        self,
        metric: str,
        period: str = "previous month",
        compare: Comparison = "previous",
        *,
        by: Nodes = (),
        where: Nodes = (),
    ) -> Shown[Why]:
        """Why a metric moved: its factors and groups add up to the change exactly."""
        from headwater.project.metrics.answering import facts_of, why_moved
        from headwater.views.why import print_why, why_data

        found = why_moved(
            self.project, metric, period, compare, by=_listed(by), where=_listed(where)
        )
        metrics = self.project.metrics.catalog.metrics
        facts = facts_of(self.project, found)
        return Shown(
            found, lambda page: print_why(found, metrics, facts, page), why_data(found, facts)
        )

    def features(
        self,
        view: str,
        entities: object = None,
        at: str | date | datetime | None = None,
        *,
        as_known: bool = True,
    ) -> Result:
        """Features of entities at a moment, as they could be known then; all entities without any.

        `entities` are keys, mappings, or a table, which may have a column `at` of its own.
        """
        from headwater.project.features.reading import features_at

        found = features_at(self.project, view, entities, at, as_known=as_known)
        return Result(found.table, found.types)

    def training_set(self, model: str) -> Result:
        """The rows that a model learns from: keys, `at`, `day`, `label`, and its features."""
        from headwater.project.features.training import training_set

        found = training_set(self.project, model)
        return Result(found.table, found.types)

    def table(self, name: str) -> TableHandle:
        """One published table. Raises HeadwaterError (E201) where there is none of that name."""
        return TableHandle.find(self.project, name)

    # --- releases

    def trace(self, what: str, at: date | str | None = None) -> Shown[Trace]:
        """What lies beneath a table, a day of it, or a column: `sales`, `sales.amount`."""
        from headwater.views.trace import print_trace, trace_data

        day = date.fromisoformat(at) if isinstance(at, str) else at
        found = self.project.trace(what, day)
        view = lambda page: print_trace(self.project, found, page)  # noqa: E731
        return Shown(found, view, trace_data(found))

    def diff(
        self, after: str | int | None = None, before: str | int | None = None
    ) -> Shown[ReleaseDiff]:
        """What `after` (an environment or release) shows otherwise than `before`."""
        from headwater.views.diff import print_diff
        from headwater.views.plain import plain

        found = self.project.diff(after, before)
        return Shown(found, lambda page: print_diff(self.project, found, page), plain(found))

    def releases(self, limit: int = 20) -> tuple[Release, ...]:
        """The newest releases of all environments, newest first."""
        return tuple(self.project.ledger.releases(None, limit))

    def promote(self, environment: str, reason: str = "") -> Shown[RunReport]:
        """Make `prod` show what an environment shows."""
        from headwater.views.run import print_report
        from headwater.views.summaries import run_data

        report = self.project.promote(environment, reason)
        view = lambda page: print_report(self.project, report, page)  # noqa: E731
        return Shown(report, view, run_data(report))

    def rollback(self, to: int | None = None, node: str | None = None, reason: str = "") -> Release:
        """Go back to a release, by default the one before; or back with one node alone."""
        return self.project.rollback(to, node, reason)

    def push(
        self, version: str, *, to: str = "", name: str = "", force: bool = False
    ) -> Shown[Pushed]:
        """Register a version of a model in MLflow, by default the published one."""
        from headwater.project.registries.pushing import push
        from headwater.views.plain import plain
        from headwater.views.pushed import print_pushed

        pushed = push(self.project, version, to=to, name=name, force=force)
        return Shown(pushed, lambda page: print_pushed(pushed, page), plain(pushed))

    # --- quality and upkeep

    def approve(
        self, metrics: Nodes, reason: str = "", *, withdraw: bool = False
    ) -> tuple[Approval, ...]:
        """Vouch for what released metrics mean, or take that back."""
        from headwater.project.metrics import approving

        act = approving.withdraw if withdraw else approving.approve
        return act(self.project.workspace, self.project.published, _listed(metrics), reason)

    def changes(
        self, metric: str | None = None, period: str | None = None, limit: int = 1000
    ) -> Shown[tuple[Change, ...]]:
        """Releases, restatements, approvals and decisions, newest first."""
        from headwater.views.history import print_changes, read_changes
        from headwater.views.plain import plain

        named = None if self.project.environment == PROD else self.project.environment
        found = read_changes(self.project, named, period, limit, metric)
        view = lambda page: print_changes(self.project, found, page)  # noqa: E731
        return Shown(found, view, plain(found))

    def test(self, select: Nodes = (), exclude: Nodes = ()) -> Shown[tuple[UnitResult, ...]]:
        """Run the unit tests."""
        from headwater.project.testing import run_unit_tests
        from headwater.views.plain import plain
        from headwater.views.testing import print_unit

        found = run_unit_tests(self.project, _listed(select), _listed(exclude))
        return Shown(found, lambda page: print_unit(found, page), plain(found))

    def prove_incremental(self, select: Nodes = (), samples: int = 3) -> Shown[tuple[Proof, ...]]:
        """Compare incremental tables with a full build, on sampled intervals."""
        from headwater.project.testing import prove_incremental
        from headwater.views.plain import plain
        from headwater.views.testing import print_proofs

        found = prove_incremental(self.project, _listed(select), samples=samples)
        zone = self.project.workspace.zone
        return Shown(found, lambda page: print_proofs(found, zone, page), plain(found))

    def quarantine(self) -> Shown[tuple[NodeQuarantine, ...]]:
        """The rows that wait, by node and rule."""
        from headwater.project.quarantine import list_quarantine
        from headwater.views.plain import plain
        from headwater.views.quarantine import print_list

        found = list_quarantine(self.project)
        return Shown(found, lambda page: print_list(found, page), plain(found))

    def freshness(self, select: Nodes = ()) -> Shown[tuple[SourceFreshness, ...]]:
        """How fresh each source is."""
        from headwater.views.freshness import freshness_data, print_freshness

        found = self.project.freshness(_listed(select))
        zone = self.project.workspace.zone
        data = [freshness_data(each) for each in found]
        return Shown(found, lambda page: print_freshness(found, zone, page), data)

    def compact(self, select: Nodes = ()) -> Shown[CompactReport]:
        """Merge the small files of each month."""
        from headwater.views.plain import plain
        from headwater.views.upkeep import print_compaction

        done = self.project.compact(_listed(select))
        return Shown(done, lambda page: print_compaction(done, page), plain(done))

    def vacuum(self, grace: str = "7d", *, dry_run: bool = False) -> Shown[VacuumReport]:
        """Delete data files that nothing has needed for a while."""
        from headwater.clock import parse_duration
        from headwater.views.plain import plain
        from headwater.views.upkeep import print_vacuum

        done = self.project.vacuum(parse_duration(grace), dry_run=dry_run)
        return Shown(done, lambda page: print_vacuum(done, grace, page), plain(done))

    # --- showing itself

    def _summary(self) -> list[tuple[str, str]]:
        from headwater.views.figures import count, moment
        from headwater.views.issues import tally

        project = self.project
        release = project.view.release
        shown = "nothing published yet"
        if release is not None:
            at = moment(release.created_at, project.workspace.zone)
            shown = f"{project.environment} at release #{release.number}, {at}"
        rows = sum(state.row_count for state in project.view.states.values())
        return [
            ("project", project.settings.name),
            ("release", shown),
            ("published", f"{count(len(project.view.states), 'node')}, {count(rows, 'row')}"),
            ("problems", tally(project.check())),
        ]

    def __repr__(self) -> str:
        return " · ".join(text for _, text in self._summary())

    def _repr_html_(self) -> str:
        from headwater.api.html import HtmlPage
        from headwater.views.layout import Cell

        page = HtmlPage()
        page.rows([(Cell(word, "quiet"), text) for word, text in self._summary()])
        return page.html


def _listed(nodes: Nodes) -> tuple[str, ...]:
    return (nodes,) if isinstance(nodes, str) else tuple(nodes)


def demo() -> OpenProject:
    """A tiny project in a temporary folder, already run; the examples of these docs use it."""
    import atexit
    import shutil
    import tempfile

    from headwater.project.starting import write_project

    folder = Path(tempfile.mkdtemp(prefix="headwater-demo-")) / "weather"
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    write_project(str(folder))
    opened = OpenProject.open(folder)
    opened.run()
    return opened
