"""Python tables are understood without running them; running comes with the build."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from headwater.definitions.loader import Loaded, load
from headwater.definitions.tree import Tree
from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.kinds.table.definition import PythonFunction, ReadWindow, TableDefinition
from headwater.kinds.table.python import load_function, table
from headwater.kinds.table.read import TABLE_READER

RFM = '''\
import headwater as hw
from scores import weight

raise SystemExit("a check never runs this")

@hw.table(
    key="customer_id",
    reads={"sales": "28d before"},
    tags=["a", "b"],
    rules=["score >= 0"],
)
def rfm(customers, sales) -> "arrow":
    """Recency, frequency and money."""
    return customers
'''


def run(files: dict[str, str]) -> Loaded:
    return load(Tree.from_blobs({"headwater.yml": "name: shop\n", **files}), (TABLE_READER,))


def test_the_definition_is_read_without_running() -> None:
    loaded = run({"tables/rfm.py": RFM, "scores.py": "weight = 1\n"})
    assert list(map(str, loaded.issues)) == []
    found = loaded.definitions[NodeId("table", "rfm")]
    assert isinstance(found, TableDefinition)
    assert found.key == ("customer_id",)
    assert found.reads == {"sales": ReadWindow(before=timedelta(days=28))}
    assert found.references_to == ("customers", "sales")
    assert found.described.description == "Recency, frequency and money."
    assert found.described.tags == ("a", "b")
    assert len(found.rules) == 1
    assert found.rules[0].place.line == 10
    assert found.files == ("tables/rfm.py", "scores.py")
    assert found.python == PythonFunction(
        module="tables/rfm.py",
        name="rfm",
        inputs=("customers", "sales"),
        source=RFM + "\nweight = 1\n",
        returns="arrow",
    )


def test_what_a_module_imports_is_part_of_it() -> None:
    sources = []
    for weight in ("1", "2"):
        loaded = run({"tables/rfm.py": RFM, "scores.py": f"weight = {weight}\n"})
        found = loaded.definitions[NodeId("table", "rfm")]
        assert isinstance(found, TableDefinition)
        assert found.python is not None
        sources.append(found.python.source)
    assert sources[0] != sources[1]


def test_private_modules_are_no_tables() -> None:
    loaded = run({"tables/_shared.py": "x = 1", "tables/__init__.py": ""})
    assert (dict(loaded.definitions), loaded.issues) == ({}, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def t(a): ...", "E109 the file defines no table · tables/t.py · write `@hw.table"),
        ("def t(:", "E109 not valid Python: "),
        ("@hw.table\ndef u(a): ...", "E109 the file is called `t` but its function `u`"),
        (
            "@hw.table\ndef t(a): ...\n@hw.table\ndef u(a): ...",
            "more than one table · tables/t.py:4",
        ),
        ("@hw.table(key=KEY)\ndef t(a): ...", "E109 `KEY` is no literal · tables/t.py:1:15"),
        ("@hw.table(**keys)\ndef t(a): ...", "write the keys out instead of `**`"),
        ("@hw.table('id')\ndef t(a): ...", "keys are given by name"),
        ("@hw.table(keey='id')\ndef t(a): ...", "E114 unknown key `keey` · tables/t.py:1:11 · did"),
        ("@hw.table\ndef t(*a): ...", "E109 a parameter that names no table · tables/t.py:2:8"),
        ("@hw.table\ndef t(a=1): ...", "E109 a parameter that names no table"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    found = [str(issue) for issue in run({"tables/t.py": text}).issues]
    assert len(found) == 1
    assert message in found[0]


def test_a_sidecar_belongs_to_sql_alone() -> None:
    files = {"tables/t.py": "@hw.table\ndef t(a): ...", "tables/t.yml": "key: id"}
    assert [issue.code for issue in run(files).issues] == ["E120"]


def test_the_function_itself(tmp_path: Path) -> None:
    text = (
        "from headwater.kinds.table.python import table\nfrom shared import add\n"
        "@table(key='id')\ndef t(a): return add(a)\n"
    )
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/t.py").write_text(text)
    (tmp_path / "shared.py").write_text("def add(a): return a + 1\n")
    function = PythonFunction(module="tables/t.py", name="t", inputs=("a",), source=text)
    loaded = load_function(tmp_path, function)
    assert loaded(1) == 2
    assert loaded.__headwater_table__ == {"key": "id"}  # type: ignore[attr-defined]
    missing = PythonFunction(module="tables/u.py", name="u", inputs=(), source="")
    with pytest.raises(HeadwaterError, match="E109"):
        load_function(tmp_path, missing)


def test_the_mark_changes_nothing() -> None:
    @table
    def bare(a: int) -> int:
        return a

    @table(key="id")
    def keyed(a: int) -> int:
        return a

    assert (bare(1), keyed(2)) == (1, 2)
