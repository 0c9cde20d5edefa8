"""The kind that CONTRIBUTING.md adds: its code is taken from the page, and run."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from headwater import registry
from headwater.definitions import tree
from headwater.ids import NodeId
from headwater.project import Project

PAGE = Path(__file__).resolve().parents[2] / "CONTRIBUTING.md"
PACKAGE = "headwater.kinds.calendar"


def load(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=[])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def calendar_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project with the page's own example, and the page's kind in the registry."""
    text = PAGE.read_text(encoding="utf-8")
    package = tmp_path / "calendar"
    package.mkdir()
    (package / "__init__.py").write_text("")
    for name, code in re.findall(
        r"`kinds/calendar/(\w+)\.py`.*?```python\n(.*?)```", text, re.DOTALL
    ):
        (package / f"{name}.py").write_text(code)
    load(PACKAGE, package / "__init__.py")
    for name in ("definition", "read"):
        load(f"{PACKAGE}.{name}", package / f"{name}.py")
    kind = load(f"{PACKAGE}.kind", package / "kind.py").CALENDAR
    kinds = (*registry.KINDS, kind)
    for module in list(sys.modules.values()):
        if getattr(module, "KINDS", None) is registry.KINDS and module is not registry:
            monkeypatch.setattr(module, "KINDS", kinds)
    monkeypatch.setattr(registry, "KINDS", kinds)
    monkeypatch.setitem(registry.BY_NAME, "calendar", kind)
    folders = frozenset({*tree.FOLDERS, "calendars"})
    from_disk: Any = tree.Tree.from_disk
    monkeypatch.setattr(from_disk.__func__, "__defaults__", (folders,))
    root = tmp_path / "project"
    files = {
        "headwater.yml": "name: days\ntimezone: UTC\n",
        "calendars/days.yml": re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0],
        "tables/weekends.sql": "/*\nkey: year\n*/\nselect year(day) as year, count(*) as days\n"
        "from days where is_weekend group by 1\n",
    }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    yield root
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


def test_the_kind_of_the_page_runs(calendar_project: Path) -> None:
    with Project.open(calendar_project) as project:
        assert project.check() == ()
        report = project.run()
        assert not report.failed
        states = project.view.states
        assert states[NodeId("calendar", "days")].row_count == 739
        assert states[NodeId("table", "weekends")].row_count == 3
        assert project.plan().steps == ()


def test_a_changed_calendar_is_stale_and_a_reworded_one_is_not(calendar_project: Path) -> None:
    path = calendar_project / "calendars" / "days.yml"
    with Project.open(calendar_project) as project:
        project.run()
    path.write_text(path.read_text().replace("The days of the shop.", "Its days."))
    with Project.open(calendar_project, env="try") as project:
        assert project.plan().steps == ()
    path.write_text(path.read_text().replace("2009-12-01", "2009-12-02"))
    with Project.open(calendar_project, env="try") as project:
        nodes = [str(node) for node in project.plan().nodes]
        assert nodes == ["calendar.days", "table.weekends"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("first: 2009-12-01\n", "E116"),
        ("first: 2009-12-01\nlast: soon\n", "E115"),
        ("first: 2009-12-01\nlast: 2008-01-01\n", "E117"),
        ("first: 2009-12-01\nlast: 2010-01-01\nfrst: 1\n", "E114"),
    ],
)
def test_mistakes_in_a_calendar_are_told(calendar_project: Path, text: str, code: str) -> None:
    (calendar_project / "calendars" / "days.yml").write_text(text)
    with Project.open(calendar_project) as project:
        assert code in [issue.code for issue in project.check()]
