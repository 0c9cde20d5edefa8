"""The Python API: everything that the command line does, and how its objects show themselves."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import headwater as hw
from headwater.api.magics import HeadwaterMagics
from headwater.api.opened import OpenProject
from headwater.errors import HeadwaterError, UsageError
from headwater.project.starting import write_project


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_project(str(tmp_path / "weather"))
    return tmp_path / "weather"


@pytest.fixture
def shop(folder: Path) -> Iterator[OpenProject]:
    with hw.open(folder, now="2025-06-10") as opened:
        opened.run()
        yield opened


def edit(folder: Path) -> None:
    path = folder / "tables" / "cities.sql"
    path.write_text(path.read_text().replace("max(temperature)", "max(temperature) + 1"))


def test_plan_run_and_nothing_left(folder: Path) -> None:
    with hw.open(folder) as shop:
        plan = shop.plan()
        assert [str(step.node) for step in plan.steps] == ["source.measurements", "table.cities"]
        assert "table.cities" in repr(plan)
        report = shop.run()
        assert not report.failed
        assert "✔ table.cities" in repr(report)
        assert report.to_dict()["releases"][0]["number"] == 1
        assert shop.plan().steps == ()


def test_results_in_every_form(shop: OpenProject) -> None:
    result = shop.sql("select city, days from cities where days >= :n order by city", n=1)
    assert result.columns == ("city", "days")
    assert result.fetchall() == [("Lisbon", 2), ("Oslo", 2)]
    assert isinstance(result.to_arrow(), pa.Table)
    assert isinstance(result.df(), pd.DataFrame)
    assert isinstance(result.to_polars(), pl.DataFrame)
    assert pa.table(result).num_rows == len(result) == 2
    assert repr(result).splitlines() == ["city    days", "Lisbon     2", "Oslo       2", "2 rows"]


def test_html_is_escaped(shop: OpenProject) -> None:
    html = shop.sql("select '<b>&' as \"<i>\"")._repr_html_()
    assert "<b>" not in html
    assert "&lt;b&gt;&amp;" in html
    assert "&lt;i&gt;" in html


def test_tables(shop: OpenProject) -> None:
    table = shop.table("cities")
    assert table.columns == ("city", "days", "warmest")
    assert len(table) == 2
    assert len(table.sample(1)) == 1
    assert table.sample(1).fetchall() == table.sample(1).fetchall()
    assert list(table.df()["city"].sort_values()) == ["Lisbon", "Oslo"]
    assert "table.cities: 2 rows" in repr(table)
    with pytest.raises(HeadwaterError, match=r"E201.*`cities`"):
        shop.table("citys")


def test_an_environment_is_compared_promoted_and_taken_back(
    folder: Path, shop: OpenProject
) -> None:
    edit(folder)
    with hw.open(folder, env="fix") as fix:
        fix.run()
        diff = fix.diff()
        assert [(str(n.node), n.rows_changed) for n in diff.nodes] == [("table.cities", 2)]
        assert "2 changed" in repr(diff)
    assert not shop.promote("fix", reason="warmer").failed
    warmest = "select max(warmest) from cities"
    assert float(shop.sql(warmest).fetchall()[0][0]) == 28.4
    assert shop.rollback().sort == "rollback"
    assert float(shop.sql(warmest).fetchall()[0][0]) == 27.4
    assert [release.number for release in shop.releases()] == [4, 3, 2, 1]


def test_trace(shop: OpenProject) -> None:
    assert "seeds/measurements.csv" in repr(shop.trace("cities"))
    assert shop.trace("cities.warmest").lineage[0].column == "warmest"


def test_check_sees_what_is_on_disk_now(folder: Path, shop: OpenProject) -> None:
    assert shop.check().value == ()
    (folder / "tables" / "cities.sql").write_text("select nothing from measurements")
    assert [issue.code for issue in shop.check().value] == ["E202"]
    assert "E202" in shop.check()._repr_html_()


def test_the_project_shows_itself(shop: OpenProject) -> None:
    assert repr(shop).startswith("weather · prod at release #1, 2025-06-10 00:00 · 2 nodes")
    assert "no problems" in shop._repr_html_()


def test_no_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="E803"):
        hw.open(tmp_path)


def test_magics_of_a_notebook(
    folder: Path, shop: OpenProject, capsys: pytest.CaptureFixture[str]
) -> None:
    from IPython.testing.globalipapp import start_ipython

    shell: Any = start_ipython()  # type: ignore[no-untyped-call]
    shell.run_line_magic("load_ext", "headwater")
    shell.user_ns["shop"] = shop
    assert isinstance(shell.magics_manager.registry["HeadwaterMagics"], HeadwaterMagics)
    assert shell.run_cell_magic("sql", "warm <<", "select city from cities order by 1") is None
    assert shell.user_ns["warm"].fetchall() == [("Lisbon",), ("Oslo",)]
    assert len(shell.run_cell_magic("sql", "", "from cities")) == 2
    assert shell.run_line_magic("plan", "").steps == ()
    assert shell.run_cell_magic("sql", "", "select nothing from cities") is None
    assert "E202" in capsys.readouterr().err


def test_the_package_is_light() -> None:
    code = (
        "import sys; import headwater;"
        "heavy = {'duckdb', 'pyarrow', 'pandas', 'sqlalchemy', 'typer', 'rich', 'sqlglot'};"
        "assert not heavy & set(sys.modules); print(len(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 200


def test_quality_and_upkeep(shop: OpenProject) -> None:
    assert shop.quarantine().value == ()
    assert "No rows wait." in repr(shop.quarantine())
    assert "source.measurements" in repr(shop.freshness())
    assert shop.compact().release is None
    assert shop.vacuum(dry_run=True).deleted == 0
