"""A run as it goes: a bar on a terminal, one plain line a finished node everywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from headwater.cli.stopping import STOPPED, Stopped
from headwater.views.run import outcome_line

if TYPE_CHECKING:
    from headwater.cli.screen import Screen
    from headwater.ids import NodeId
    from headwater.project import Project
    from headwater.run.context import NodeOutcome, Progress

_WIDEST_LINE = 118


class Bar(Protocol):
    """What shows how far the node under way is."""

    def show(self, text: str, done: int, total: int) -> None:
        """The node under way."""

    def hide(self) -> None:
        """Make room for a line."""


class Watch:
    """Prints every finished node; stops the run once Ctrl-C was pressed."""

    def __init__(self, project: Project, screen: Screen | None, bar: Bar | None) -> None:
        self._screen = screen
        self._bar = bar
        names = [len(str(node)) for node in project.bound.graph.nodes]
        self._name_width = min(max(names, default=0), 44)

    def started(self, node: NodeId, text: str) -> None:
        """A node's first step begins."""
        self._stop_if_asked()
        if self._bar is not None:
            self._bar.show(f"{node}  {text}", 0, 0)

    def advanced(self, node: NodeId, done: int, total: int) -> None:
        """Part of a node's work is done."""
        self._stop_if_asked()
        if self._bar is not None:
            self._bar.show(str(node), done, total)

    def finished(self, outcome: NodeOutcome) -> None:
        """Print what became of a node."""
        self._stop_if_asked()
        if self._bar is not None:
            self._bar.hide()
        if self._screen is not None:
            width = min(self._screen.width, _WIDEST_LINE)
            self._screen.line(*outcome_line(outcome, self._name_width, width))
            self._screen.stream.flush()

    def _stop_if_asked(self) -> None:
        if STOPPED.is_set():
            raise Stopped


@contextmanager
def silent(project: Project) -> Iterator[Progress]:
    """Nothing is printed."""
    yield Watch(project, None, None)


@contextmanager
def watching(project: Project, screen: Screen) -> Iterator[Progress]:
    """Lines as nodes finish; on a terminal with a bar below them."""
    if not screen.is_terminal:
        yield Watch(project, screen, None)
        return
    bar = _RichBar(screen)
    try:
        yield Watch(project, screen, bar)
    finally:
        bar.hide()


class _RichBar:
    """Rich's bar, erased before every line so that lines stay plain text."""

    def __init__(self, screen: Screen) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[share]}"),
            TimeElapsedColumn(),
            console=Console(file=screen.stream, no_color=not screen.colour),
            transient=True,
        )
        self._task = self._progress.add_task("", total=None, share="")

    def show(self, text: str, done: int, total: int) -> None:
        """The node under way."""
        share = f"{done:,} of {total:,}" if total > 1 else ""
        self._progress.update(
            self._task, description=text, completed=done, total=total or None, share=share
        )
        self._progress.start()

    def hide(self) -> None:
        """Make room for a line."""
        self._progress.stop()
