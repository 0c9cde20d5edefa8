"""A tree holds every definition file of a folder, whatever the system wrote it, and no data."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from headwater.definitions.tree import Tree


def write(root: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


FILES = {
    "headwater.yml": "name: shop\n",
    "tables/finance/sales.sql": "select 1\n",
    "sources/invoices.yml": "files: x\n",
    "loaders/invoices.py": "def rows(): ...\n",
}


def test_definition_files_and_nothing_else(tmp_path: Path) -> None:
    other = {
        "seeds/regions.csv": "a,b\n1,2\n",
        "data/invoices/2010.csv": "x",
        "tables/notes.md": "x",
        ".headwater/x.sql": "x",
        "tables/.hidden.sql": "x",
        "venv/lib/a.py": "x",
        "tabels/orders.sql": "select 1",
        "top.sql": "select 1",
        "docker-compose.yml": "services: {}",
    }
    write(tmp_path, {**FILES, **other})
    tree = Tree.from_disk(tmp_path)
    assert dict(tree.files) == {**FILES, "seeds/regions.csv": ""}
    assert tree.strays == ("tabels/orders.sql", "top.sql")
    assert tree.under("tables") == ("tables/finance/sales.sql",)
    assert tree.issues == ()


def test_the_same_files_have_the_same_digest(tmp_path: Path) -> None:
    write(tmp_path / "a", FILES)
    crlf = {path: text.replace("\n", "\r\n") for path, text in FILES.items()}
    for path, text in crlf.items():
        (tmp_path / "b" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "b" / path).write_bytes(b"\xef\xbb\xbf" + text.encode())
    one, two = Tree.from_disk(tmp_path / "a"), Tree.from_disk(tmp_path / "b")
    assert one.digest == two.digest == Tree.from_blobs(one.files).digest
    changed = {**FILES, "headwater.yml": "name: shoq\n"}
    assert Tree.from_blobs(changed).digest != one.digest
    renamed = {"tables/sales2.sql" if "sales" in p else p: t for p, t in FILES.items()}
    assert Tree.from_blobs(renamed).digest != one.digest


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    tree = Tree.from_blobs(FILES)
    tree.write_to(tmp_path)
    assert Tree.from_disk(tmp_path) == tree


@pytest.mark.parametrize("path", ["../x.sql", "tables/../../x.sql"])
def test_nothing_is_written_outside(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="leaves the folder"):
        Tree.from_blobs({path: "select 1"}).write_to(tmp_path / "in")
    assert not (tmp_path / "x.sql").exists()


def test_links_out_of_the_project_are_refused(tmp_path: Path) -> None:
    write(tmp_path, {"secret.sql": "select 1", "in/tables/a.sql": "select 1", "far/b.sql": "x"})
    (tmp_path / "in/tables/out.sql").symlink_to(tmp_path / "secret.sql")
    (tmp_path / "in/tables/same.sql").symlink_to(tmp_path / "in/tables/a.sql")
    (tmp_path / "in/tables/folder").symlink_to(tmp_path / "far")
    (tmp_path / "in/data").symlink_to(tmp_path / "far")  # data may lie anywhere
    tree = Tree.from_disk(tmp_path / "in")
    assert sorted(tree.files) == ["tables/a.sql", "tables/same.sql"]
    assert sorted((issue.code, issue.place.path) for issue in tree.issues) == [
        ("E103", "tables/folder"),
        ("E103", "tables/out.sql"),
    ]


def test_text_that_is_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/a.sql").write_bytes(b"select 1,\n  'caf\xe9'\n")
    tree = Tree.from_disk(tmp_path)
    assert [str(issue) for issue in tree.issues] == [
        "E102 not UTF-8: byte 0xe9 · tables/a.sql:2:7 · save the file as UTF-8"
    ]
    assert len(tree) == 0


def test_endings_in_capitals_are_not_overlooked(tmp_path: Path) -> None:
    write(tmp_path, {"tables/A.SQL": "select 1", "seeds/B.CSV": "a", "data/C.SQL": "x"})
    tree = Tree.from_disk(tmp_path)
    assert list(tree.files) == ["seeds/B.CSV"]
    assert [str(issue) for issue in tree.issues] == [
        "E122 the ending is in capitals · tables/A.SQL · rename it to `.sql`"
    ]


def test_a_broken_link_is_told(tmp_path: Path) -> None:
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/a.sql").symlink_to(tmp_path / "tables/none.sql")
    assert [issue.code for issue in Tree.from_disk(tmp_path).issues] == ["E101"]


def test_reading_is_quick(tmp_path: Path) -> None:
    for number in range(100):
        folder = tmp_path / f"tables/g{number}"
        folder.mkdir(parents=True)
        for index in range(20):
            (folder / f"t{number}_{index}.sql").write_text(f"select {index}")
    began = time.perf_counter()
    tree = Tree.from_disk(tmp_path)
    assert len(tree.digest) == 32
    assert len(tree) == 2_000
    assert time.perf_counter() - began < 1.0
