"""Python modules of a project are found by syntax, and loaded without mixing two trees."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headwater.definitions.modules import load_callable, project_imports
from headwater.definitions.tree import Tree
from headwater.errors import HeadwaterError


def project(root: Path, number: int) -> Path:
    files = {
        "loaders/__init__.py": "",
        "loaders/names.py": f"NUMBER = {number}\n",
        "loaders/rows.py": "from loaders import names\ndef rows(): return names.NUMBER",
        "loaders/unused.py": "1 / 0",
    }
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def test_imports_of_the_project(tmp_path: Path) -> None:
    tree = Tree.from_disk(project(tmp_path, 1))
    found = project_imports(tree, "loaders/rows.py")
    assert found == ("loaders/__init__.py", "loaders/names.py")


def test_two_trees_do_not_mix(tmp_path: Path) -> None:
    before = list(sys.path)
    one = load_callable(project(tmp_path / "a", 1), "loaders/rows.py", "rows")
    two = load_callable(project(tmp_path / "b", 2), "loaders/rows.py", "rows")
    assert (one(), two()) == (1, 2)
    assert sys.path == before
    assert "loaders" not in sys.modules


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_like_this", "the module `nothing_like_this` is not installed"),
        ("def rows(:", "E109 not valid Python: "),
        ("def row(): ...", "E109 there is no function `rows` · m.py · did you mean `row`?"),
        (None, "E109 there is no such module · m.py"),
    ],
)
def test_mistakes(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "m.py").write_text(text)
    with pytest.raises(HeadwaterError, match=r"E109") as raised:
        load_callable(tmp_path, "m.py", "rows")
    assert message in str(raised.value)
