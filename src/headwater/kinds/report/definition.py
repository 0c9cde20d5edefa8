"""What a report's file says, frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.semantics.asking import Comparison

#: What a pack says beside its numbers.
Section = Literal["restatements", "unusual", "actions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a pack is delivered: a folder, addresses, or a URL; `${NAME}` stays unresolved."""

    sort: Literal["folder", "email", "webhook"]
    targets: tuple[str, ...]  # one folder, one URL, or any number of addresses
    place: Place

    def __str__(self) -> str:
        return f"{self.sort} {', '.join(self.targets)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportDefinition:
    """A pack of metrics over one period, as a page and a PDF."""

    id: NodeId
    place: Place
    files: tuple[str, ...]
    described: Described
    audience: str = ""
    schedule: str = ""  # of cron; empty: by hand
    period: str = "previous month"
    compare: tuple[Comparison, ...] = ("previous", "year_ago")
    metrics: tuple[str, ...] = ()
    by: tuple[str, ...] = ()  # empty: each metric's own dimensions
    where: tuple[str, ...] = ()  # `:name` stands for a parameter
    parameters: Mapping[str, str] = field(default_factory=dict)  # name → default
    include: tuple[Section, ...] = ("restatements", "unusual", "actions")
    deliver: tuple[Destination, ...] = ()
    places: Mapping[str, Place] = field(default_factory=dict)  # `metric.revenue`, `by`, … → where

    @property
    def title(self) -> str:
        """The name that people see."""
        return self.described.title or self.id.name.replace("_", " ").capitalize()

    @property
    def schedule_options(self) -> tuple[str, ...]:
        """By the schedule it is delivered, and not only written."""
        return ("--deliver",)

    def place_of(self, word: str) -> Place:
        """Where a word of the file stands; the file's beginning for one that is not there."""
        return self.places.get(word, self.place)
