"""A run as it goes: a bar on a terminal, one plain line a finished node everywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from headwater.cli.stopping import STOPPED, Stopped
from headwater.views.run import outcome_line

if TYPE_CHECKING:
    import rich.progress

    from headwater.cli.screen import Screen
    from headwater.ids import NodeId
    from headwater.project import Project
    from headwater.run.context import NodeOutcome, Progress

    LiveBar = tuple[rich.progress.Progress, rich.progress.TaskID]

_WIDEST_LINE = 118


class Bar(Protocol):
    """What shows how far the node under way is."""

    def show(self, text: str, done: int, total: int) -> None:
        """The node under way."""

    def write(self, text: str) -> None:
        """A line above the bar."""


class Watch:
    """Prints every finished node; stops the run once Ctrl-C was pressed."""

    def __init__(self, project: Project, screen: Screen | None, bar: Bar | None) -> None:
        self._screen = screen
        self._bar = bar
        self._at_work: dict[NodeId, str] = {}
        names = [len(str(node)) for node in project.bound.graph.nodes]
        self._name_width = min(max(names, default=0), 44)

    def started(self, node: NodeId, text: str) -> None:
        """A node's first step begins."""
        self._stop_if_asked()
        if self._bar is not None:
            self._at_work[node] = text
            self._bar.show(self._named(), 0, 0)

    def advanced(self, node: NodeId, done: int, total: int) -> None:
        """Part of a node's work is done."""
        self._stop_if_asked()
        if self._bar is not None:
            self._bar.show(str(node) if total > 1 else self._named(), done, total)

    def finished(self, outcome: NodeOutcome) -> None:
        """Print what became of a node."""
        self._stop_if_asked()
        if self._screen is None:
            return
        width = min(self._screen.width, _WIDEST_LINE)
        line = outcome_line(outcome, self._name_width, width)
        if self._bar is not None:
            self._at_work.pop(outcome.node, None)
            self._bar.write(self._screen.painted(*line))
        else:
            self._screen.line(*line)
            self._screen.stream.flush()

    def _named(self) -> str:
        """The nodes under way; of one alone also why."""
        at_work = dict(self._at_work)
        if len(at_work) == 1:
            return "  ".join(map(str, next(iter(at_work.items()))))
        return ", ".join(map(str, at_work))

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
        bar.close()


class _RichBar:
    """Rich's bar below the lines; it comes with the first node, not for a run without work."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._live: LiveBar | None = None

    def show(self, text: str, done: int, total: int) -> None:
        """The node under way."""
        progress, task = self._live or self._begin()
        share = f"{done:,} of {total:,}" if total > 1 else ""
        progress.update(task, description=text, completed=done, total=total or None, share=share)

    def write(self, text: str) -> None:
        """A line above the bar."""
        from rich.text import Text

        progress, _ = self._live or self._begin()
        progress.console.print(Text.from_ansi(text), soft_wrap=True)

    def close(self) -> None:
        """Take the bar away."""
        if self._live is not None:
            self._live[0].stop()
            self._live = None

    def _begin(self) -> LiveBar:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[share]}"),
            TimeElapsedColumn(),
            console=Console(file=self._screen.stream, no_color=not self._screen.colour),
            transient=True,
        )
        task = progress.add_task("", total=None, share="")
        progress.start()
        self._live = progress, task
        return self._live
