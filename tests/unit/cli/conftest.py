"""A project run once and copied for each test, and a way to call commands."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from headwater.cli.app import app

FILES = {
    "headwater.yml": "name: shop\ntimezone: Europe/London\nnow: 2011-12-10\n",
    "sources/tills.yml": "files: data/*.csv\ntime: ordered_at\nowner: data\n",
    "data/november.csv": "id,city,amount,ordered_at\n"
    + "".join(f"{n},c{n % 3},{n * 1.5},2011-11-{28 + n} 12:00:00\n" for n in range(3)),
    "data/december.csv": "id,city,amount,ordered_at\n"
    + "".join(f"{n},c{n % 3},{n * 1.5},2011-12-0{n - 2} 12:00:00\n" for n in range(3, 10)),
    "tables/orders.sql": """\
/*
description: One row for each order.
owner: data
time: ordered_at
key: id
*/
select
  id,                                -- Order number.
  city,                              -- Where it goes.
  amount::decimal(12,2) as amount,   -- In GBP.
  ordered_at
from tills
""",
    "tables/cities.sql": """\
/*
key: city
tags: [geo]
*/
select city, sum(amount)::decimal(18,2) as amount, count(*) as orders from orders group by city
""",
}


@dataclass(frozen=True)
class Said:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


Call = Callable[..., Said]


def write(folder: Path, files: dict[str, str]) -> None:
    """Files below a folder."""
    for path, text in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def invoke(*arguments: str, stdin: str | None = None) -> Said:
    """Run a command in this process."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Said(result.exit_code, result.stdout, result.stderr)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project after its first run; not to be changed."""
    folder = tmp_path_factory.mktemp("built") / "shop"
    write(folder, FILES)
    said = invoke("run", "--project", str(folder))
    assert said.code == 0, said
    return folder


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The project before its first run."""
    folder = tmp_path / "fresh"
    write(folder, FILES)
    return folder


@pytest.fixture
def shop(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the built project, and the current folder."""
    folder = tmp_path / "shop"
    shutil.copytree(built, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HEADWATER_USER", "ann")
    return folder


@pytest.fixture
def cli() -> Call:
    """Calls a command with the given arguments."""
    return invoke
