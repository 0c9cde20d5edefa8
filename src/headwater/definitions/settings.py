"""`headwater.yml` → `Settings`."""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from headwater.definitions.cron import Schedule
from headwater.definitions.fields import (
    Anything,
    ByShape,
    Choice,
    FieldType,
    Flag,
    Key,
    ListOf,
    MapOf,
    Names,
    Number,
    Record,
    Schema,
    Text,
)
from headwater.definitions.model import Mail, Profile, Settings, Team
from headwater.definitions.tree import SETTINGS_FILE
from headwater.definitions.yamltext import Located, read_yaml
from headwater.errors import Issue, Place, did_you_mean

_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Month(FieldType):
    """A month by name or number, as its number."""

    def _expected(self) -> str:
        return "a month such as `april`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        value = located.value
        if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 12:
            return value
        word = str(value).casefold()
        near = [number for number, name in enumerate(_MONTHS, 1) if name.startswith(word[:3])]
        if near and len(word) >= 3 and _MONTHS[near[0] - 1].startswith(word):
            return near[0]
        return self.refuse(located, issues, did_you_mean(word, _MONTHS))

    def _schema(self, _names: Names) -> Schema:
        return {"enum": [*_MONTHS, *range(1, 13)]}


class ZoneName(FieldType):
    """The name of a time zone of the IANA database."""

    def _expected(self) -> str:
        return "a time zone such as `Europe/London`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        if not isinstance(located.value, str):
            return self.refuse(located, issues)
        try:
            return zoneinfo.ZoneInfo(located.value).key
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            known = zoneinfo.available_timezones()
            cities = {zone.rpartition("/")[2]: zone for zone in sorted(known)}
            meant = cities.get(located.value.title().replace(" ", "_"))
            fix = f"did you mean `{meant}`?" if meant else did_you_mean(located.value, known)
            return self.refuse(located, issues, fix or "names are like `Europe/London`")

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "examples": ["UTC", "Europe/London", "America/New_York"]}


class Instant(FieldType):
    """An ISO date or time, kept as it is written."""

    def _expected(self) -> str:
        return "a date or time such as `2011-12-10` or `2011-12-10T07:00`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        try:
            datetime.fromisoformat(str(located.value))
        except ValueError:
            return self.refuse(located, issues)
        return str(located.value)

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"}


class Day(FieldType):
    """An ISO date."""

    def _expected(self) -> str:
        return "a date such as `2011-12-25`"

    def _read(self, located: Located, issues: list[Issue]) -> Any:
        try:
            return date.fromisoformat(str(located.value))
        except ValueError:
            return self.refuse(located, issues)

    def _schema(self, _names: Names) -> Schema:
        return {"type": "string", "format": "date"}


PROFILE: Final = Record(
    (
        Key("engine", Choice(("duckdb", "spark")), "what executes the steps"),
        Key("lake", Text(), "the folder or object store of the data files"),
        Key("ledger", Text(), "a SQLite file, or the URL of a PostgreSQL database"),
        Key("threads", Number(whole=True, minimum=0), "0: one for each core"),
        Key("memory_limit", Text(), "of the engine, such as `8GB`"),
        Key("online", Text(), "the online store: a SQLite file, or the URL of a Redis server"),
    )
)
TEAM: Final = Record(
    (
        Key("members", ListOf(Text(), at_least=0), "people, by the names that `owner` uses"),
        Key("approves_metrics", Flag(), "whether its approval makes a metric official"),
    )
)
SCHEDULES: Final = Record(
    (
        Key("run", Schedule(), "when everything is brought up to date"),
        Key("monitor", Schedule(), "when models in use are compared with their training"),
        Key("online", Schedule(), "when values that are kept by key are brought up to date"),
        Key("compact", Schedule(), "when small data files are merged"),
        Key("vacuum", Schedule(), "when data files that nothing needs are deleted"),
    )
)
MAIL: Final = Record(
    (
        Key("url", Text(), "`smtps://user:${PASSWORD}@mail.example`, or one `${NAME}`", True),
        Key("sender", Text(), "the address that mail comes from", required=True),
    ),
    moved={"from": "did you mean `sender`?", "host": "write it as `url: smtps://…`"},
)
SETTINGS: Final = Record(
    (
        Key("name", Text(), "the project's name", required=True),
        Key("timezone", ZoneName(), "where days begin; UTC by default"),
        Key("fiscal_year_starts", Month(), "the first month of the fiscal year"),
        Key("week_starts", Choice(_DAYS), "the first day of the week"),
        Key("closed_days", ListOf(Day(), at_least=0), "days on which nothing is expected to come"),
        Key("headline", Text(), "the metric that a run ends with, and that pages show first"),
        Key("now", Instant(), "a fixed clock, for demonstrations and tests"),
        Key("defaults", MapOf(MapOf(Anything())), "keys for every file below a folder"),
        Key("schedule", ByShape(Schedule(), SCHEDULES), "when `headwater serve` runs the project"),
        Key("teams", MapOf(TEAM), "who may own things"),
        Key("mail", MAIL, "the server that reports are sent by"),
        Key("profiles", MapOf(PROFILE), "where the project runs; chosen by `--profile`"),
    ),
    moved={
        "time_zone": "did you mean `timezone`?",
        "targets": "what dbt calls targets are `profiles`",
        "models": "defaults by folder stand under `defaults`",
        "vars": "tables have no variables; secrets are `${NAME}`",
    },
)


def read_settings(text: str | None) -> tuple[Settings, list[Issue]]:
    """The settings of `headwater.yml`; where it is missing or wrong, the defaults and issues."""
    if text is None:
        fix = "add `headwater.yml` with `name:` and `timezone:`, or run `headwater init`"
        what = f"the project has no `{SETTINGS_FILE}`"
        return Settings(name=""), [Issue(code="E124", what=what, fix=fix)]
    located, issues = read_yaml(SETTINGS_FILE, text)
    if located is None:
        if not issues:
            place = Place(SETTINGS_FILE)
            fix = "two lines are enough: `name: shop` and `timezone: Europe/London`"
            issues.append(Issue(code="E104", what="the file is empty", place=place, fix=fix))
        return Settings(name=""), issues
    values = SETTINGS.read(located, issues)
    if not isinstance(values, dict):
        return Settings(name=""), issues
    issues += _clear_passwords(located)
    teams = {name: Team(name=name, **team) for name, team in values.pop("teams", {}).items()}
    profiles = {
        name: Profile(name=name, **profile) for name, profile in values.pop("profiles", {}).items()
    }
    if isinstance(values.get("schedule"), str):
        values["schedule"] = {"run": values["schedule"]}
    values.setdefault("name", "")
    headline = located.get("headline")
    if headline is not None:
        values["headline_place"] = headline.place
    mail = values.pop("mail", {})
    if mail.keys() == {"url", "sender"}:  # a key that is missing was noted
        values["mail"] = Mail(**mail)
    return Settings(**values, teams=teams, profiles=profiles), issues


def read_defaults(text: str) -> Mapping[str, Mapping[str, Located]]:
    """Folder → the keys that its files begin with, each with its place in `headwater.yml`."""
    located, _ = read_yaml(SETTINGS_FILE, text)
    folders = located.get("defaults") if located else None
    if folders is None:
        return {}
    return {folder.strip("/"): keys.mapping for folder, keys in folders.mapping.items()}


def clear_password(located: Located | None) -> Issue | None:
    """E119 where a URL holds a password as it is, instead of `${NAME}`."""
    text = located.value if located is not None else None
    if located is None or not isinstance(text, str):
        return None
    credentials, at, _ = text.partition("://")[2].rpartition("@")
    _, colon, password = credentials.partition(":")
    if not (at and colon and password) or "${" in password:
        return None
    return Issue(
        code="E119",
        what="a password is written in the file",
        place=located.place,
        fix="write `${NAME}` and set NAME in the environment or in `.env`",
    )


def _clear_passwords(root: Located) -> list[Issue]:
    profiles = root.get("profiles")
    urls = [
        profile.get(key)
        for profile in (profiles.mapping.values() if profiles else ())
        for key in ("lake", "ledger", "online")
    ]
    mail = root.get("mail")
    urls.append(mail.get("url") if mail is not None and mail.is_mapping else None)
    return [issue for issue in map(clear_password, urls) if issue is not None]
