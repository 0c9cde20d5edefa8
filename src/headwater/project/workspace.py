"""Where a project lies and runs: its folder, profile, clock, ledger, lake and engine.

Each is opened when first used, so that a command pays only for what it needs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from headwater.clock import Clock
from headwater.definitions.model import Profile, Settings
from headwater.definitions.secrets import resolve
from headwater.definitions.tree import SETTINGS_FILE
from headwater.errors import Issue, UsageError, did_you_mean

if TYPE_CHECKING:
    from headwater.engines.protocol import Engine
    from headwater.lake import Lake
    from headwater.ledger import Ledger
    from headwater.online.model import OnlineStore

#: Everything that Headwater itself keeps in a project folder.
STATE_FOLDER = ".headwater"


def find_root(start: Path | None = None) -> Path:
    """The folder, or the nearest one above it, that holds `headwater.yml`. Code E803."""
    folder = (start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        if (candidate / SETTINGS_FILE).is_file():
            return candidate
    raise UsageError(
        Issue(
            code="E803",
            what=f"no {SETTINGS_FILE} in {folder} or above it",
            fix="go to a project, give `--project DIR`, or make one with `headwater init DIR`",
        )
    )


@dataclass
class Workspace:
    """The places and connections of one project under one profile."""

    root: Path
    settings: Settings
    profile_name: str | None = None
    now: str | None = None

    @cached_property
    def profile(self) -> Profile:
        """The chosen profile; `default` needs none in the settings. Code E804."""
        profiles = self.settings.profiles
        name = self.profile_name or os.environ.get("HEADWATER_PROFILE") or "default"
        if name in profiles:
            return profiles[name]
        if name == "default":
            return Profile()
        raise UsageError(
            Issue(
                code="E804",
                what=f"unknown profile `{name}`",
                place=self.settings.place,
                fix=did_you_mean(name, profiles, "add it under `profiles:` in headwater.yml"),
            )
        )

    @cached_property
    def clock(self) -> Clock:
        """The command's clock: `--now`, or the project's fixed one, or the machine's. Code E805."""
        text = self.now or self.settings.now
        try:
            return Clock.at(text, self.settings.timezone)
        except ValueError:
            raise UsageError(
                Issue(
                    code="E805", what=f"`{text}` is no date or time", fix="write 2011-12-10T07:00"
                )
            ) from None

    @property
    def zone(self) -> ZoneInfo:
        """The project's time zone."""
        return self.clock.zone

    @property
    def state_folder(self) -> Path:
        """The project's own `.headwater` folder."""
        return self.root / STATE_FOLDER

    @cached_property
    def ledger(self) -> Ledger:
        """The open ledger, made or migrated where needed."""
        from headwater.ledger import Ledger

        return Ledger.open(self._located(self.profile.ledger))

    @cached_property
    def lake(self) -> Lake:
        """The lake."""
        from headwater.lake import Lake

        return Lake(self._located(self.profile.lake))

    @cached_property
    def engine(self) -> Engine:
        """The engine of the profile. Code E806."""
        if self.profile.engine != "duckdb":
            raise UsageError(
                Issue(
                    code="E806",
                    what=f"unknown engine `{self.profile.engine}`",
                    place=self.settings.place,
                    fix="`engine: duckdb`",
                )
            )
        from headwater.engines.duckdb import DuckDBEngine

        return DuckDBEngine(
            temp_folder=self.state_folder / "tmp",
            zone=self.zone,
            threads=self.profile.threads,
            memory_limit=self.profile.memory_limit,
        )

    @cached_property
    def online(self) -> OnlineStore:
        """The online store."""
        from headwater.online.opening import open_store

        return open_store(self._located(self.profile.online), self.settings.name)

    def at_this_moment(self) -> Workspace:
        """The same connections under a clock read anew; only one of the two is to be closed."""
        fresh = Workspace(self.root, self.settings, self.profile_name, self.now)
        for name in ("profile", "ledger", "lake", "engine"):
            fresh.__dict__[name] = getattr(self, name)
        return fresh

    @property
    def author(self) -> str:
        """Who is acting: `HEADWATER_USER`, or the account's name."""
        from getpass import getuser

        try:
            return os.environ.get("HEADWATER_USER") or getuser()
        except (KeyError, OSError):  # an account without a name, as in some containers
            return "unknown"

    def _located(self, text: str) -> str:
        """A path or URL of the profile, secrets resolved; paths count from the project folder."""
        found = resolve(text, self.root, self.settings.place).reveal()
        return found if "://" in found else str(self.root / found)

    def close(self) -> None:
        """Close what was opened."""
        for name in ("engine", "ledger", "online"):
            opened = self.__dict__.pop(name, None)
            if opened is not None:
                opened.close()
