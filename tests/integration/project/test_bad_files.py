"""Files of metrics, dashboards, queries and reports with a mistake each: what `check` says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.dashboards.small_dashboard import small_dashboard
from tests.integration.run.small import Small

METRIC = "table: sales\nowner: finance\nbetter: higher\nmetrics:\n  x: {description: d, %s}\n"
#: file, its text, the code, the place, and words of the fix
CASES = [
    ("metrics/a.yml", METRIC % "expr: sum(amount", "E901", "5:33", "brackets"),
    ("metrics/b.yml", METRIC % "expr: sum(ammount)", "E902", "5:33", "`amount`"),
    ("metrics/c.yml", METRIC % "expr: revenu * 2", "E907", "5:29", "`revenue`"),
    ("metrics/d.yml", METRIC % "exprr: max(amount)", "E114", "5:23", "`expr`"),
    ("metrics/e.yml", METRIC % "expr: max(amount), format: gpb", "E960", "5:50", "`gbp`"),
    ("metrics/f.yml", METRIC % "expr: nullif(sum(id), 1)", "E114", "5:45", "needs quotes"),
    ("metrics/g.yml", METRIC % "expr: sum(amount)", "E920", "5:3", "keep one"),
    ("dashboards/a.yml", "rows:\n- pie: revenue\n", "E961", "2:3", "`bar`"),
    ("dashboards/b.yml", "rows:\n- kpi: [revenu]\n", "E201", "2:9", "`revenue`"),
    ("dashboards/c.yml", "rows:\n- {bar: revenue, by: contry}\n", "E902", "2:", "`country`"),
    ("queries/a.sql", "select * from salse", "E201", "1:15", "`sales`"),
    ("queries/b.sql", "select 1;\ndelete from sales", "E211", "1", "one SELECT"),
    ("queries/c.sql", "/*\nparameters: {x: 3}\n*/\nselect 1", "E985", "2:14", "`:x`"),
    ("reports/a.yml", "metrics: [revenu]", "E201", "1:11", "`revenue`"),
    ("reports/b.yml", "metrics: [revenue]\nperiod: last moth", "E807", "2:9", "last 30 days"),
    ("reports/c.yml", "metrics: [revenue", "E110", "2:1", "close the bracket"),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A project without mistakes; nothing of it is run."""
    return small_dashboard(tmp_path_factory.mktemp("bad"))


@pytest.fixture
def folder(shop: Small, request: pytest.FixtureRequest) -> Iterator[Small]:
    """The project with one more file."""
    path = shop.root / request.param[0]
    path.parent.mkdir(exist_ok=True)
    path.write_text(request.param[1])
    yield shop
    path.unlink()


@pytest.mark.parametrize(
    ("folder", "path", "code", "place", "fix"),
    [((path, text), path, code, place, fix) for path, text, code, place, fix in CASES],
    indirect=["folder"],
    ids=[case[0] for case in CASES],
)
def test_each_mistake_is_told_once_with_its_place(
    folder: Small, path: str, code: str, place: str, fix: str
) -> None:
    with folder.open() as project:
        (issue,) = project.check()
    assert issue.code == code
    assert str(issue.place).startswith(f"{path}:{place}") or code == "E920"
    assert fix in issue.fix


def test_what_reads_a_broken_file_says_nothing_of_it(tmp_path: Path) -> None:
    shop = small_dashboard(tmp_path / "shop")
    for path in ("metrics/sales.yml", "tables/customers.sql", "queries/best.sql"):
        text = (shop.root / path).read_text()
        shop.write(path, text.replace("/*", "/*\n  a: [", 1) if "/*" in text else f"{text}\n  a: [")
    with shop.open() as project:
        assert [(i.code, i.place.path) for i in project.check()] == [
            ("E110", "metrics/sales.yml"),
            ("E110", "queries/best.sql"),
            ("E110", "tables/customers.sql"),
        ]
