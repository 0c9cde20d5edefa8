"""What every definition has in common, and the project's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from headwater.errors import Place
from headwater.ids import NodeId


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """The five words that open every kind, and where they stand."""

    title: str = ""
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    meta: Mapping[str, object] = field(default_factory=dict)


class Definition(Protocol):
    """One node as its file defines it; each kind has its own frozen class."""

    @property
    def id(self) -> NodeId:
        """The node's id."""

    @property
    def place(self) -> Place:
        """The file, and the line where the definition begins."""

    @property
    def described(self) -> Described:
        """Title, description, owner, tags and meta."""

    @property
    def files(self) -> tuple[str, ...]:
        """Every file of the tree that the definition was read from, the main one first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Where a project runs; `${NAME}` stays unresolved here, to stay out of the ledger."""

    name: str = "default"
    engine: str = "duckdb"
    lake: str = ".headwater/lake"
    ledger: str = ".headwater/ledger.db"
    threads: int = 0
    memory_limit: str = ""
    online: str = ".headwater/online.db"


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """A named group of people; an `owner` is a team or a member."""

    name: str
    members: tuple[str, ...] = ()
    approves_metrics: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """How mail leaves: a server's URL, whose `${NAME}` stay unresolved here, and a sender."""

    url: str
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`headwater.yml`: two lines are enough, the rest are defaults."""

    name: str
    timezone: str = "UTC"
    fiscal_year_starts: int = 1
    now: str | None = None
    headline: str = ""  # a metric
    headline_place: Place = Place("headwater.yml")
    week_starts: str = "monday"
    closed_days: tuple[date, ...] = ()
    defaults: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    schedule: Mapping[str, str] = field(default_factory=dict)  # command → schedule of cron
    teams: Mapping[str, Team] = field(default_factory=dict)
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    mail: Mail | None = None
    place: Place = Place("headwater.yml")
