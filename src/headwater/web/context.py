"""What pages are made from: one snapshot a release, shared by all requests.

Requests only ever read the newest finished snapshot. A thread of its own asks the ledger once a
second whether there is news, and makes the next one beside it, so that nobody waits for a release.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from secrets import token_bytes
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headwater.definitions.model import Settings
from headwater.definitions.tree import Tree
from headwater.errors import HeadwaterError, Issue, did_you_mean
from headwater.ids import ALL_TIME, NodeId
from headwater.ledger import Ledger, Release
from headwater.ledger.marks import Mark
from headwater.project import Project
from headwater.project.binding import Bound, bind_tree
from headwater.project.metrics.masking import Personal
from headwater.project.metrics.reader import MetricReader
from headwater.project.recording import PROD, trouble_of
from headwater.project.release_view import ReleaseView
from headwater.project.releasing import bind_released
from headwater.project.workspace import Workspace
from headwater.semantics.asking import Standing
from headwater.views.searching import SearchIndex, index_of
from headwater.views.summaries import NodeFacts, node_facts
from headwater.web.options import ServeOptions
from headwater.web.remembering import Remembered

if TYPE_CHECKING:
    from headwater.project.comparing import ReleaseDiff
    from headwater.web.planning import Planned

_LOOK_EVERY_S = 1.0
#: With the machine's clock, freshness ages although the ledger stands still.
_AGE_S = 300.0
#: Requests that began with an older snapshot have ended by then.
_RETIRE_S = 120.0


class Shown:
    """One release on one day: its definitions, and what is derived of them when first asked."""

    def __init__(
        self, workspace: Workspace, view: ReleaseView, environment: str, mark: Mark
    ) -> None:
        self.view = view
        self.mark = mark  # the newest that was seen of the ledger
        self.bound = _bind(workspace, view)
        self.facts: Mapping[NodeId, NodeFacts] = node_facts(self.bound.graph, view)
        self.day = workspace.clock.now.astimezone(workspace.zone).date()
        self.data_until = _data_until(view)
        self._workspace, self._environment = workspace, environment
        self._opening = threading.Lock()
        self._reader: MetricReader | None = None

    @property
    def reader(self) -> MetricReader:
        """The numbers of the release."""
        with self._opening:
            if self._reader is None:
                self._reader = MetricReader.of(
                    self._workspace,
                    self.view,
                    self.bound,
                    self._environment,
                    personal=_personal(self.facts),
                    newest=lambda: self.mark,
                )
            return self._reader

    @cached_property
    def search(self) -> SearchIndex:
        """Everything that can be found by its name."""
        return index_of(self.facts)

    def close(self) -> None:
        """Forget what the reader keeps in memory."""
        if self._reader is not None:
            self._reader.close()


def _personal(facts: Mapping[NodeId, NodeFacts]) -> Personal:
    """What pages and programs are not shown, whoever reads."""
    columns = (
        (node.name.casefold(), column.name.casefold())
        for node, each in facts.items()
        for column in each.columns
        if column.masked
    )
    return Personal(columns=frozenset(columns), secret=token_bytes(16))


@dataclass(frozen=True)
class Snapshot:
    """What all pages of a moment are made from. Threads share it; nothing in it changes."""

    mark: Mark
    moment: int  # counts spans of `_AGE_S` by the machine's clock; 0 with a fixed clock
    project: Project  # its `view` and `bound` are those of the release, not of the disk
    shown: Shown

    @property
    def key(self) -> tuple[Mark, int]:
        """What a page was made from: equal keys give equal pages, but for runs under way."""
        return replace(self.mark, running=0), self.moment

    @property
    def view(self) -> ReleaseView:
        """What the release shows."""
        return self.project.view

    @property
    def bound(self) -> Bound:
        """The definitions that it runs."""
        return self.project.bound

    @property
    def facts(self) -> Mapping[NodeId, NodeFacts]:
        """What there is to say about each node."""
        return self.shown.facts

    @property
    def reader(self) -> MetricReader:
        """The numbers of the release."""
        return self.shown.reader

    @property
    def search(self) -> SearchIndex:
        """Everything that can be found by its name."""
        return self.shown.search

    @property
    def data_until(self) -> datetime | None:
        """Where the newest of its data with time end."""
        return self.shown.data_until

    @property
    def release(self) -> Release | None:
        """The release; None where nothing is published yet."""
        return self.view.release

    @property
    def workspace(self) -> Workspace:
        """Places, connections, and the clock as it was when the snapshot was made."""
        return self.project.workspace

    @property
    def ledger(self) -> Ledger:
        """The ledger; what is read from it may be newer than the release."""
        return self.workspace.ledger

    @property
    def settings(self) -> Settings:
        """What `headwater.yml` says."""
        return self.project.settings

    @property
    def zone(self) -> ZoneInfo:
        """The project's time zone."""
        return self.workspace.zone

    @property
    def now(self) -> datetime:
        """The moment that counts as now."""
        return self.workspace.clock.now

    @cached_property
    def trouble(self) -> Mapping[NodeId, str]:
        """What could not be brought up to date: held, failed or waiting."""
        found = trouble_of(self.ledger, self.project.environment)
        return {node: trouble.status for node, trouble in found.items()}

    @cached_property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that people know, in the order of their files."""
        listed = self.reader.catalog.metrics.values()
        return tuple(metric.name for metric in listed if metric.is_listed)

    @property
    def standings(self) -> Mapping[str, Standing]:
        """Which metrics are approved, up to date, restated, as the ledger says now."""
        return self.reader.standings

    def node(self, kind: str, name: str) -> NodeFacts:
        """The facts of a node of the release. Code E974 with the nearest name."""
        for node, facts in self.facts.items():
            if (node.kind, node.name) == (kind, name):
                return facts
        known = [node.name for node in self.facts if node.kind == kind]
        raise NotThere(f"there is no {kind} `{name}`", did_you_mean(name, known))


class NotThere(HeadwaterError):
    """A page, or something named in an address, that does not exist (status 404). Code E974."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(Issue(code="E974", what=what, fix=fix or "go back, or search for it"))


class Site:
    """One project being served: its connections, and its newest snapshot."""

    def __init__(self, options: ServeOptions) -> None:
        self.options = options.checked()
        opened = Project.open(
            options.project, env=options.environment, profile=options.profile, now=options.now
        )
        self.workspace = opened.workspace
        self._making = threading.Lock()
        self._stopped = threading.Event()
        self._watcher: threading.Thread | None = None
        self._retired: deque[tuple[float, Shown]] = deque()
        self.prepare: Callable[[Snapshot, Callable[[], bool]], None] | None = None
        self.problem: HeadwaterError | None = None  # why the newest release cannot be shown
        self.workspace.at_this_moment()  # opens ledger and engine before threads share them
        self.snapshot = self._make(self._mark())
        self.newest = self.snapshot  # may be ahead of `snapshot`, whose pages are made before
        self.plans: Remembered[object, Planned] = Remembered(most=1)
        self.diffs: Remembered[object, ReleaseDiff] = Remembered(most=50)  # they never change

    @property
    def environment(self) -> str:
        """The environment that is shown."""
        return self.options.environment

    def refresh(self, *, ahead: bool = False) -> Snapshot:
        """The snapshot of what the ledger says now; made anew only if there is news.

        `ahead`: the pages read last are made before anyone sees it.
        """
        with self._making:
            mark = self._mark()
            if (mark, self._moment()) != (self.snapshot.mark, self.snapshot.moment):
                older = self.snapshot.shown
                made = self.newest = self._make(mark, older)
                if ahead and self.prepare is not None and made.key != self.snapshot.key:
                    self.prepare(made, self._stopped.is_set)
                self.snapshot = made
                if made.shown is not older:
                    self._retired.append((time.monotonic(), older))
            return self.snapshot

    def watch(self) -> None:
        """Keep the snapshot new until `close`."""
        self._watcher = threading.Thread(target=self._watch, name="headwater-news", daemon=True)
        self._watcher.start()

    def close(self) -> None:
        """Stop watching and close all connections."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join()
        for shown in (*(old for _, old in self._retired), self.snapshot.shown):
            shown.close()
        self.workspace.close()

    def _watch(self) -> None:
        while not self._stopped.wait(_LOOK_EVERY_S):
            try:
                self.refresh(ahead=True)
                self.problem = None
            except HeadwaterError as error:  # the older release stays on show, and says so
                self.problem = error
            while self._retired and time.monotonic() - self._retired[0][0] > _RETIRE_S:
                self._retired.popleft()[1].close()

    def _mark(self) -> Mark:
        return self.workspace.ledger.mark(self.environment)

    def _moment(self) -> int:
        fixed = self.workspace.now or self.workspace.settings.now
        return 0 if fixed else int(time.time() // _AGE_S)

    def _make(self, mark: Mark, older: Shown | None = None) -> Snapshot:
        """The snapshot of a mark; what is older serves on where release and day are the same."""
        workspace = self.workspace.at_this_moment()
        head = workspace.ledger.head(self.environment) or workspace.ledger.head(PROD)
        today = workspace.clock.now.astimezone(workspace.zone).date()
        shown = older
        if shown is None or head is None or shown.view.release != head or shown.day != today:
            view = ReleaseView.of(workspace.ledger, head)
            shown = Shown(workspace, view, self.environment, mark)
        shown.mark = mark
        project = Project(workspace, self.environment)
        project.view, project.bound = shown.view, shown.bound
        return Snapshot(mark=mark, moment=self._moment(), project=project, shown=shown)


def _bind(workspace: Workspace, view: ReleaseView) -> Bound:
    """The release's definitions; those on disk where nothing is released yet."""
    if view.release is not None and view.release.tree:
        return bind_released(workspace, view)
    return bind_tree(Tree.from_disk(workspace.root), workspace, view.states, workspace.root)


def _data_until(view: ReleaseView) -> datetime | None:
    """Where the newest rows of sources and tables end; metrics also name periods to come."""
    states = [s for n, s in view.states.items() if n.kind in ("source", "table") and s.time]
    hulls = [state.segments.hull for state in states]
    return max((hull.end for hull in hulls if hull not in (None, ALL_TIME)), default=None)
