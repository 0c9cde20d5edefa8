"""What a delivery does to days delivered before: a pure decision, by file and by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from headwater.kinds.source.definition import (
    ApiOrigin,
    FilesOrigin,
    InPlaceOrigin,
    PostgresOrigin,
    PythonOrigin,
    SourceDefinition,
)
from headwater.kinds.source.readers.model import Delivery

#: `whole`: each load is all there is, and replaces what was there.
Mode = Literal["keep_first", "replace", "append", "whole"]

#: A local day, or None for rows without time (and for sources without time).
Day = date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What becomes of the rows of a load and of rows that were there before.

    `superseded` are (delivery, day) pairs of the load; `retired_days` and `retired_names` say which
    published rows give way; `touched` lists, in order, the deliveries that decide each day's rows.
    `dropped` are (delivery, row) pairs that stay dropped; days before `settled` stay as they are.
    """

    superseded: frozenset[tuple[str, Day]]
    retired_days: frozenset[Day]
    retired_names: frozenset[str]
    touched: Mapping[Day, tuple[str, ...]]
    dropped: frozenset[tuple[str, int]] = frozenset()
    settled: date | None = None

    def is_settled(self, day: Day) -> bool:
        """Whether what stands for a day stays as it is."""
        return self.settled is not None and day is not None and day < self.settled


def mode_of(definition: SourceDefinition) -> Mode:
    """How deliveries of this source relate to one another."""
    origin = definition.origin
    if isinstance(origin, FilesOrigin):
        return definition.redelivery
    if isinstance(origin, InPlaceOrigin):
        return "whole"
    if isinstance(origin, PostgresOrigin | PythonOrigin):
        return "append" if origin.cursor else "whole"
    assert isinstance(origin, ApiOrigin)
    return "append" if origin.settings.get("cursor") else "whole"


def in_order(deliveries: Iterable[Delivery], order: str) -> list[Delivery]:
    """Deliveries as they come first: by name, or by time of modification and then name."""
    if order == "modified":
        return sorted(deliveries, key=lambda d: (d.modified is None, d.modified, d.name))
    if order == "name":
        return sorted(deliveries, key=lambda d: d.name)
    return list(deliveries)


def decide(
    mode: Mode,
    days: Sequence[tuple[str, Sequence[Day]]],
    covered: frozenset[Day],
    known: frozenset[str],
) -> Decision:
    """Decide for each delivery in order; `days` are those on which it has rows.

    `covered` are the days that hold rows already, `known` the names that were delivered before.
    """
    superseded: set[tuple[str, Day]] = set()
    retired_days: set[Day] = set()
    retired_names: set[str] = set()
    touched: dict[Day, list[str]] = {}
    taken = set(covered)
    for name, own in days:
        if mode == "keep_first":
            late = {day for day in own if day in taken}
            superseded |= {(name, day) for day in late}
            fresh = [day for day in own if day not in late]
        else:
            fresh = list(own)
            if mode == "replace":
                retired_days |= {day for day in own if day in covered}
                superseded |= {(n, day) for day in own for n in touched.pop(day, ())}
            if name in known and mode in ("append", "replace"):
                retired_names.add(name)
        taken.update(own)
        for day in fresh:
            touched.setdefault(day, []).append(name)
    return Decision(
        superseded=frozenset(superseded),
        retired_days=frozenset(retired_days),
        retired_names=frozenset(retired_names),
        touched={day: tuple(names) for day, names in touched.items()},
    )
