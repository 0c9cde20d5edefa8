"""The probes of one share of the keys, as a temporary table that both joins start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from headwater.contracts.quoting import quote
from headwater.windows.model import Window
from headwater.windows.sides import Reach, Runs, Share, Sides


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeTable:
    """Its quoted name, the windows whose beginnings it has as `b0`, …, and what it can see."""

    name: str
    windows: tuple[Window, ...]
    reach: Reach
    share: Share

    def begin(self, window: Window) -> str:
        """The column in which a window begins."""
        return f"b{self.windows.index(window)}"


@contextmanager
def probe_table(
    session: Runs, sides: Sides, windows: Sequence[Window], share: Share, into: str
) -> Iterator[ProbeTable]:
    """The table of a share, for as long as it is needed; `into` is what it is named after."""
    bounded = tuple(dict.fromkeys(window for window in windows if window.is_bounded))
    name = quote(f"{into} probes")
    with temporary(session, name, sides.probe_rows(bounded, share)):
        begins = [f"b{n}" for n in range(len(bounded))]
        first = f"epoch_us(min(least({', '.join(begins)})))" if begins else "NULL"
        known = "epoch_us(max(since))" if sides.events.known_from else "NULL"
        found = session.fetch(
            f"SELECT {first}, coalesce(epoch_us(max(moment)), 0), {known} FROM {name}"
        )[0]
        reach = Reach(first=found[0], last=found[1], known_last=found[2])
        yield ProbeTable(name=name, windows=bounded, reach=reach, share=share)


@contextmanager
def growing(session: Runs, into: str) -> Iterator[Callable[[str], None]]:
    """A temporary table to which queries are added; nothing is left of it after a failure."""
    name, made = quote(into), False

    def add(select: str) -> None:
        nonlocal made
        verb = "INSERT INTO {} {}" if made else "CREATE TEMP TABLE {} AS {}"
        session.fetch(verb.format(name, select))
        made = True

    try:
        yield add
    except BaseException:
        if made:
            session.fetch(f"DROP TABLE {name}")
        raise


@contextmanager
def temporary(session: Runs, name: str, select: str) -> Iterator[str]:
    """A temporary table of a quoted name, for as long as it is needed."""
    session.fetch(f"CREATE TEMP TABLE {name} AS {select}")
    try:
        yield name
    finally:
        session.fetch(f"DROP TABLE {name}")
