"""What `headwater online` does: fill the store, say how fresh it is, forget views."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from headwater.errors import HeadwaterError, Issue, UsageError, did_you_mean
from headwater.online.model import Freshness, OnlineError, OnlineTable
from headwater.project.releasing import bind_released
from headwater.project.serving.materialise import Filled, fill, forget_older
from headwater.project.serving.model import OnlineView
from headwater.project.serving.reading import StoreReader
from headwater.project.serving.released import Released, load_runtime
from headwater.project.serving.runtime import Runtime

if TYPE_CHECKING:
    from headwater.project.facade import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A view of the release and its table: None where that was never filled."""

    view: OnlineView
    freshness: Freshness | None
    release: int  # that is published now

    @property
    def is_behind(self) -> bool:
        """Whether a later release than that of the values is published."""
        return self.freshness is None or self.freshness.release < self.release


def released_now(project: Project) -> Released:
    """The release that the project's environment shows. Code E058 where there is none."""
    view = project.published
    if view.release is None:
        raise UsageError(Issue(code="E058", what="nothing is published yet", fix="headwater run"))
    bound = project.bound
    if view.release.tree != bound.tree_digest:
        bound = bind_released(project.workspace, view)
    return Released(workspace=project.workspace, view=view, bound=bound)


def sync_online(released: Released, now: datetime) -> tuple[Filled, ...]:
    """Bring all online views of a release to the moment `now`. Codes E051, E058."""
    workspace = released.workspace
    views = _views(released)
    found = []
    with named_errors():
        for view in views:
            features = view.features
            with released.events(features) as session:
                found.append(
                    fill(
                        session, view, features.source, workspace.online,
                        at=now, release=released.number, zone=workspace.zone,
                    )
                )  # fmt: skip
        forget_older(workspace.online, (view.table for view in views), now)
    return tuple(found)


def open_runtime(project: Project, wanted: Mapping[str, int] | None = None) -> Runtime:
    """What scores by the release that is shown. Codes E052, E058, and those of broken files."""
    released = released_now(project)
    runtime = load_runtime(released, StoreReader(project.workspace.online), wanted)
    if runtime is None:
        fix = "`scores: {online: true}` in a model's file, then `headwater run`"
        raise UsageError(Issue(code="E052", what="no published model scores online", fix=fix))
    return runtime


def online_status(released: Released) -> tuple[Kept, ...]:
    """How fresh the online views of a release are. Codes E051, E058."""
    with named_errors():
        tables = released.workspace.online.tables()
    return tuple(
        Kept(view=view, freshness=tables.get(view.table), release=released.number)
        for view in _views(released)
    )


def drop_online(project: Project, names: Sequence[str]) -> tuple[OnlineTable, ...]:
    """Forget the tables of views, or everything where none is named. Codes E051, E058."""
    store = project.workspace.online
    with named_errors():
        if not names:
            store.clear()
            return ()
        tables = store.tables()
        known = {table.view for table in tables}
        for name in names:
            if name not in known:
                what = f"the online store has no view `{name}`"
                fix = did_you_mean(name, known, "`headwater online status` lists them")
                raise UsageError(Issue(code="E058", what=what, fix=fix))
        dropped = tuple(table for table in tables if table.view in names)
        for table in dropped:
            store.drop(table)
        return dropped


@contextmanager
def named_errors() -> Iterator[None]:
    """A store that is down, as an issue: E051."""
    try:
        yield
    except OnlineError as error:
        fix = "start it, or set `online:` in the profile; `headwater online sync` fills it again"
        raise HeadwaterError(Issue(code="E051", what=str(error), fix=fix)) from None


def _views(released: Released) -> tuple[OnlineView, ...]:
    if not released.views:
        what = "no feature view is kept online"
        fix = "add `online: {ttl: 7d}` to a feature view, or `scores: {online: true}` to a model"
        raise UsageError(Issue(code="E058", what=what, fix=fix))
    return tuple(released.views.values())
