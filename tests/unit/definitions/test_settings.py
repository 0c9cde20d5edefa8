"""`headwater.yml`: two lines suffice, and every mistake is told at once."""

from __future__ import annotations

from datetime import date

import pytest

from headwater.definitions.model import Profile, Settings, Team
from headwater.definitions.settings import read_settings

FULL = """\
name: shop
timezone: Europe/London
fiscal_year_starts: april
week_starts: sunday
closed_days: [2011-12-25]
now: 2011-12-10
defaults: {tables: {owner: data}, metrics: {owner: finance}}
teams:
  data: {members: [data-lead]}
  finance: {members: [finance-lead], approves_metrics: true}
profiles:
  team: {engine: duckdb, lake: "s3://shop-lake", ledger: "${LEDGER_URL}", threads: 4}
"""


def test_two_lines_are_enough() -> None:
    expected = Settings(name="shop", timezone="Europe/London")
    assert read_settings("name: shop\ntimezone: Europe/London\n") == (expected, [])


def test_everything() -> None:
    settings, issues = read_settings(FULL)
    assert issues == []
    assert settings == Settings(
        name="shop",
        timezone="Europe/London",
        fiscal_year_starts=4,
        week_starts="sunday",
        closed_days=(date(2011, 12, 25),),
        now="2011-12-10",
        defaults={"tables": {"owner": "data"}, "metrics": {"owner": "finance"}},
        teams={
            "data": Team(name="data", members=("data-lead",)),
            "finance": Team(name="finance", members=("finance-lead",), approves_metrics=True),
        },
        profiles={
            "team": Profile(name="team", lake="s3://shop-lake", ledger="${LEDGER_URL}", threads=4)
        },
    )


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("timezone: Europe/Londn", "did you mean `Europe/London`?"),
        ("timezone: london", "did you mean `Europe/London`?"),
        ("timezone: ../../etc/passwd", "E115 expected a time zone"),
        ("fiscal_year_starts: aprill", "did you mean `april`?"),
        ("fiscal_year_starts: 13", "E115 expected a month"),
        ("now: yesterday", "E115 expected a date or time such as"),
        ("closed_days: [2011-02-30]", "E115 expected a date such as"),
        ("time_zone: UTC", "E114 unknown key `time_zone` · headwater.yml:2:1"),
        ("teams: {data: {member: [a]}}", "did you mean `members`?"),
        (
            "profiles: {team: {ledger: 'postgresql://me:pw@db/x'}}",
            "E119 a password is written in the file · headwater.yml:2:27",
        ),
    ],
)
def test_mistakes(line: str, message: str) -> None:
    settings, issues = read_settings(f"name: shop\n{line}\n")
    assert settings.name == "shop"
    assert len(issues) == 1
    assert message in str(issues[0])


@pytest.mark.parametrize(("text", "code"), [(None, "E124"), ("", "E104"), ("- a", "E115")])
def test_no_settings(text: str | None, code: str) -> None:
    settings, issues = read_settings(text)
    assert settings == Settings(name="")
    assert [issue.code for issue in issues] == [code]


def test_mail() -> None:
    text = "name: s\nmail: {url: '${SMTP_URL}', sender: reports@shop.example}\n"
    settings, issues = read_settings(text)
    assert issues == []
    assert settings.mail is not None
    assert (settings.mail.url, settings.mail.sender) == ("${SMTP_URL}", "reports@shop.example")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("mail: {url: 'smtp://u:secret@mail.example', sender: a@b.example}", "E119"),
        ("mail: {url: '${X}'}", "E116"),
        ("mail: smtp://x", "E115"),
        ("mail: {url: '${X}', from: a@b.example}", "E114"),
    ],
)
def test_mistakes_of_mail(line: str, code: str) -> None:
    settings, issues = read_settings(f"name: s\n{line}\n")
    assert code in {issue.code for issue in issues}
    if code != "E119":
        assert settings.mail is None


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('"0 6 * * *"', {"run": "0 6 * * *"}),
        ('{run: "@daily", vacuum: "0 3 * * sun"}', {"run": "@daily", "vacuum": "0 3 * * sun"}),
    ],
)
def test_a_schedule_is_of_runs_or_of_commands(written: str, read: dict[str, str]) -> None:
    settings, issues = read_settings(f"name: shop\nschedule: {written}\n")
    assert (settings.schedule, issues) == (read, [])


def test_an_unknown_command_is_not_scheduled() -> None:
    _, issues = read_settings('name: shop\nschedule: {runs: "@daily"}\n')
    assert [(i.code, i.fix) for i in issues] == [("E114", "did you mean `run`?")]


@pytest.mark.parametrize("month", ["may", "Sep", "september", "9"])
def test_months(month: str) -> None:
    settings, issues = read_settings(f"name: a\nfiscal_year_starts: {month}")
    assert issues == []
    assert settings.fiscal_year_starts == (5 if month == "may" else 9)
