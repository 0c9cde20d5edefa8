"""Clumsy and hostile questions on the command line, over a thousand groups of hostile names."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from tests.integration.hostile import COLUMN, VALUES, hostile_shop
from typer.testing import CliRunner

from headwater.cli.app import app

GROUPS = 1_100


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The hostile shop, run once; tests only read it."""
    small = hostile_shop(tmp_path_factory.mktemp("hostile"), GROUPS)
    assert not small.run().failed
    return small.root


def call(folder: Path, *words: str, code: int = 0) -> str:
    """What a command says; a traceback fails the test."""
    done = CliRunner().invoke(app, [*words, "--project", str(folder)])
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code == code, done.output
    return done.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("query revenu", "E910", "`revenue`"),
        ("query revenue --by contry", "E902", "`country`"),
        ("query revenue --grain mnth", "E903", "`month`"),
        ("query revenue --period 2024-11..2024-01", "E807", "the earlier day comes first"),
        ("query revenue --period 2024-02-30", "E807", "write"),
        ("query revenue --grain month --compare previos", "E909", "`previous`"),
        ("query revenue --by country --order contry", "E909", "country"),
        ("query revenue --where 1=1;drop", "E904", "write conditions"),
        ("query revenue --where contry='x'", "E902", "`country`"),
        ("query retention --grain hour", "E903", ""),
        ("why revenu", "E910", "`revenue`"),
        ("why revenue --period 2035", "E950", "data reach until"),
        ("why revenue --period 2024-11..2024-01", "E807", "the earlier day comes first"),
        ("sql everythin", "E987", "`everything`"),
        ("sql everything --set contry=x", "E982", "`country`"),
        ("sql everything --set country=nowhere", "E981", ""),
        ("sql everything --set top=many", "E980", "whole number"),
        ("report packk", "E945", "`pack`"),
        ("report pack --period 2024-11..2024-01", "E807", "the earlier day comes first"),
        ("query revenue --env nowhere", "E710", "--env"),
        ("query revenue --env a/b", "E818", "letters"),
    ],
)
def test_mistakes_name_what_was_meant(folder: Path, words: str, code: str, said: str) -> None:
    done = CliRunner().invoke(app, [*words.split(), "--project", str(folder)])
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    assert done.exit_code == 2
    assert code in done.output
    assert said in done.output


def test_a_period_beyond_the_data_says_where_they_are(folder: Path) -> None:
    said = call(folder, "query", "revenue", "--period", "2035")
    assert "no rows" in said
    assert "there are data from 2023-02-28 to 2024-11-09" in said


def test_a_thousand_groups(folder: Path) -> None:
    rows = json.loads(call(folder, "query", "orders", "--by", "grp", "--format", "json"))
    assert len(rows) == GROUPS
    assert {row["orders"] for row in rows} == {11}
    total = json.loads(call(folder, "query", "orders", "--format", "json"))
    assert total[0]["orders"] == GROUPS * 11
    assert "others" in call(folder, "why", "revenue", "--period", "2024-03")


@pytest.mark.parametrize("dimension", ["country", COLUMN])
def test_names_come_out_as_they_went_in(folder: Path, dimension: str) -> None:
    words = ("query", "orders", "--by", dimension, "--format")
    rows = json.loads(call(folder, *words, "json"))
    assert {row[dimension] for row in rows} == set(VALUES)
    header, *lines = csv.reader(StringIO(call(folder, *words, "csv"), newline=""))
    assert header == [dimension, "orders"]
    expected = {(value or "").replace("\r\n", "\n") for value in VALUES}  # as the runner does
    assert {line[0] for line in lines} == expected
    assert "\u202e" not in call(folder, *words, "table")


@pytest.mark.parametrize("value", [value for value in VALUES if value])
def test_a_value_is_a_value(folder: Path, value: str) -> None:
    condition = f"country = '{value.replace(chr(39), 2 * chr(39))}'"
    words = ("query", "orders", "--by", "country", "--where", condition, "--format", "json")
    (row,) = json.loads(call(folder, *words))
    assert row["country"] == value


def test_what_is_no_number_is_no_value(folder: Path) -> None:
    names = ("mean", "peak", "nothing")
    rows = json.loads(call(folder, "query", *names, "--grain", "month", "--format", "json"))
    assert {row[name] for row in rows for name in names} == {None}
    assert "no comparison" in call(folder, "why", "mean", "--period", "2024-10")


def test_a_pack_of_hostile_names(folder: Path, tmp_path: Path) -> None:
    call(folder, "report", "pack", "--out", str(tmp_path))
    page = (tmp_path / "pack-2024-10.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "<b>Pack" not in page
