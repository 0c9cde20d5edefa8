"""A project as one object: load → graph → plan → run, and everything that looks at the result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from headwater.definitions.model import Settings
from headwater.definitions.settings import read_settings
from headwater.definitions.tree import SETTINGS_FILE, Tree
from headwater.errors import Issue, UsageError, did_you_mean, raise_errors
from headwater.graph.selection import Situation, select
from headwater.ids import NodeId
from headwater.kinds.source.definition import FilesOrigin, InPlaceOrigin, SourceDefinition
from headwater.ledger import Ledger, Release
from headwater.plan.steps import Plan, Request
from headwater.project import recording, releasing, versions
from headwater.project.agreeing import check_agreements
from headwater.project.binding import Bound, bind_tree
from headwater.project.comparing import ReleaseDiff, compare_releases
from headwater.project.release_view import ReleaseView, head_of
from headwater.project.tracing import Trace, trace
from headwater.project.workspace import Workspace, find_root
from headwater.registry import BY_NAME
from headwater.run.context import Progress

if TYPE_CHECKING:
    from headwater.project.maintaining import CompactReport, VacuumReport
    from headwater.project.metrics.reader import MetricReader
    from headwater.project.recency import SourceFreshness
    from headwater.semantics.asking import Answer, MetricQuery


class Project:
    """An open project in one environment; close it, or use it as a context manager."""

    def __init__(self, workspace: Workspace, environment: str = recording.PROD) -> None:
        self.workspace = workspace
        self.environment = environment

    @classmethod
    def open(
        cls,
        folder: str | Path | None = None,
        *,
        env: str = recording.PROD,
        profile: str | None = None,
        now: str | None = None,
    ) -> Self:
        """The project in `folder`, or in the nearest folder above the current one.

        Codes E803 (no project there), E818 (no name of an environment), and those of the settings.
        """
        recording.refuse_no_name(env)
        root = find_root(Path(folder)) if folder is not None else find_root()
        settings, issues = read_settings((root / SETTINGS_FILE).read_text(encoding="utf-8"))
        raise_errors(issues)
        return cls(Workspace(root, settings, profile, now), env)

    def close(self) -> None:
        """Close ledger and engine."""
        self.workspace.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def settings(self) -> Settings:
        """What `headwater.yml` says."""
        return self.workspace.settings

    # --- definitions

    @cached_property
    def view(self) -> ReleaseView:
        """What the environment shows now; `prod`'s where it does not exist yet."""
        ledger = self.workspace.ledger
        head = ledger.head(self.environment) or ledger.head(recording.PROD)
        return ReleaseView.of(ledger, head)

    @property
    def published(self) -> ReleaseView:
        """What readers of the environment see. Code E710 for one that does not exist."""
        if self.environment != recording.PROD:
            head_of(self.ledger, self.environment)
        return self.view

    @cached_property
    def bound(self) -> Bound:
        """The definitions on disk, as a graph with all issues."""
        tree = Tree.from_disk(self.workspace.root)
        return bind_tree(tree, self.workspace, self.view.states, self.workspace.root)

    def check(self) -> tuple[Issue, ...]:
        """Everything that is wrong with the definitions; nothing is run."""
        released = ReleaseView.of(self.ledger, self.ledger.head(recording.PROD))
        warnings = check_agreements(self.workspace, self.bound, released, warn=True)
        return (*self.bound.issues, *warnings)

    def forget(self) -> None:
        """Read definitions and ledger anew at the next question."""
        for name in ("view", "bound"):
            self.__dict__.pop(name, None)
        reader = self.__dict__.pop("metrics", None)
        if reader is not None:
            reader.close()

    def select(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> frozenset[NodeId]:
        """The nodes that a selection means; all for an empty one."""
        return select(self.bound.graph, include, exclude, self._situation())

    def _situation(self) -> Situation:
        edited = releasing.edited_nodes(self.workspace, self.bound, self.environment)
        new = frozenset(n for n in self.bound.graph.nodes if n not in self.view.definitions)
        return Situation(
            states={"modified": frozenset(edited), "new": new},
            results=recording.last_results(self.ledger, self.environment),
        )

    # --- plan and run

    def plan(self, request: Request | None = None) -> Plan:
        """The steps that a run would take.

        In `prod` that is by the released definitions; with `apply` by those on disk.
        """
        request = request or self.request()
        bound = releasing.bound_for(self.workspace, self.bound, self.view, request)
        return releasing.plan(self.workspace, bound, self.view, request)

    @property
    def edited(self) -> tuple[NodeId, ...]:
        """Definitions on disk that differ from what the environment runs."""
        return releasing.edited_nodes(self.workspace, self.bound, self.environment)

    def run(
        self, request: Request | None = None, progress: Progress | None = None
    ) -> recording.RunReport:
        """Bring the environment up to date, and release what came out."""
        report = releasing.run(self.workspace, self.bound, request or self.request(), progress)
        self.forget()
        return report

    # --- numbers

    @cached_property
    def metrics(self) -> MetricReader:
        """The metrics of the release that the environment shows."""
        from headwater.project.metrics.reader import MetricReader

        view = self.published
        same = view.release is None or view.release.tree == self.bound.tree_digest
        bound = self.bound if same else releasing.bind_released(self.workspace, view)
        return MetricReader.of(self.workspace, view, bound, self.environment)

    def query(self, query: MetricQuery) -> Answer:
        """The answer to a question to metrics."""
        return self.metrics.query(query)

    def diff(self, after: str | int | None = None, before: str | int | None = None) -> ReleaseDiff:
        """What `after` (an environment or release) shows otherwise than `before` (prod)."""
        newer = self._view_of(after if after is not None else self.environment)
        older = before
        if older is None and newer.release is not None:
            same = newer.release.environment == recording.PROD
            older = newer.release.parent if same else recording.PROD
        view = self._view_of(older) if older is not None else ReleaseView.of(self.ledger, None)
        return compare_releases(self.workspace, view, newer)

    def _view_of(self, name: str | int) -> ReleaseView:
        """The view of an environment, or of a release by its number (`12` or `#12`)."""
        number = str(name).removeprefix("#")
        if number.isdigit():
            return ReleaseView.of(self.ledger, self.ledger.release(int(number)))
        return ReleaseView.of(self.ledger, head_of(self.ledger, str(name)))

    @property
    def ledger(self) -> Ledger:
        """The ledger of the project."""
        return self.workspace.ledger

    def trace(self, text: str, at: date | None = None) -> Trace:
        """What lies beneath a node (`metric.revenue`, `sales`) or a column (`sales.amount`)."""
        node, column = self._node_and_column(text)
        reader = self.metrics if node.kind == "metric" else None
        return trace(self.workspace, self.published, node, at=at, column=column, reader=reader)

    def _node_and_column(self, text: str) -> tuple[NodeId, str | None]:
        published = {str(n): n for n in self.view.definitions}
        for is_relation in (False, True):  # a bare name is that of a table, where there is one
            of_sort = (
                n for n in self.view.definitions if BY_NAME[n.kind].is_relation == is_relation
            )
            published |= {n.name: n for n in of_sort}
        if text in published:
            return published[text], None
        head, _, tail = text.rpartition(".")
        if head in published:
            return published[head], tail
        fix = did_you_mean(text, published, "`headwater ls` lists all nodes")
        raise UsageError(Issue(code="E713", what=f"`{text}` is not published", fix=fix))

    def promote(
        self, environment: str, reason: str = "", progress: Progress | None = None
    ) -> recording.RunReport:
        """Make `prod` run what an environment runs."""
        from headwater.project import promoting

        report = promoting.promote(self.workspace, environment, reason, progress)
        self.forget()
        return report

    def promote_version(self, version: str, reason: str = "", *, force: bool = False) -> Release:
        """Publish a version of a model as it is (`model.churn@7`); `force` one that failed."""
        release = versions.promote_version(
            self.workspace, self.environment, version, reason=reason, force=force
        )
        self.forget()
        return release

    def rollback(self, to: int | None = None, node: str | None = None, reason: str = "") -> Release:
        """Go back to a release (by default the one before), or back with one node alone.

        A model goes back to its version before, without its scores.
        """
        model = versions.model_of(self.workspace, node) if node is not None else None
        if model is not None:
            release = versions.rollback_version(
                self.workspace, self.environment, model, to=to, reason=reason
            )
        else:
            node_id = self.node_id(node) if node is not None else None
            from headwater.project import promoting

            release = promoting.rollback(self.workspace, self.environment, to, node_id, reason)
        self.forget()
        return release

    # --- upkeep

    def compact(self, include: Sequence[str] = ()) -> CompactReport:
        """Merge small data files by month; what the environment shows stays the same."""
        from headwater.project import maintaining

        nodes = self.select(include) if include else None
        report = maintaining.compact(self.workspace, self.environment, nodes)
        self.forget()
        return report

    def vacuum(self, grace: timedelta | None = None, *, dry_run: bool = False) -> VacuumReport:
        """Delete data files that nothing has needed for longer than the grace: a week, or given."""
        from headwater.project import maintaining

        kept_for = maintaining.GRACE if grace is None else grace
        return maintaining.vacuum(self.workspace, kept_for, dry_run=dry_run)

    def freshness(self, include: Sequence[str] = ()) -> tuple[SourceFreshness, ...]:
        """Each source's newest event time, missing days, and whether it is as fresh as promised."""
        from headwater.project.recency import measure_freshness

        chosen = self.select(include)
        nodes = (node.definition for n, node in self.bound.graph.nodes.items() if n in chosen)
        sources = [each for each in nodes if isinstance(each, SourceDefinition)]
        return measure_freshness(self.workspace, self.view, sources)

    def node_id(self, text: str) -> NodeId:
        """The one node that a name or id means."""
        found = select(self.bound.graph, [text])
        if len(found) > 1:
            what = f"`{text}` is the name of {' and '.join(map(str, sorted(found)))}"
            raise UsageError(Issue(code="E801", what=what, fix="give the kind in front of it"))
        return next(iter(found))

    @property
    def local_ledger(self) -> Path | None:
        """The ledger's file, where all that the project depends on lies in its own folder.

        None where a database, a service, a URL or a folder elsewhere may change unseen.
        """
        profile = self.workspace.profile
        outside = ("://", "${", "..")
        if any(mark in text for mark in outside for text in (profile.ledger, profile.lake)):
            return None
        for definition in self.bound.loaded.definitions.values():
            if not isinstance(definition, SourceDefinition):
                continue
            origin = definition.origin
            if not isinstance(origin, FilesOrigin | InPlaceOrigin):
                return None
            if any(p.startswith(("/", "~")) or "://" in p or ".." in p for p in origin.patterns):
                return None
        return self.workspace.root / profile.ledger

    def request(self) -> Request:
        """Everything, in this project's environment."""
        return Request(environment=self.environment)
