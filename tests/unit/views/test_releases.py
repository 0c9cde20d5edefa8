"""What a release changed in its files."""

from __future__ import annotations

from headwater.views.releases import TextLine, file_changes


def test_files_that_differ_by_path() -> None:
    before = {"a.sql": "select 1\n", "b.sql": "same\n", "c.sql": "gone\n"}
    after = {"a.sql": "select 2\n", "b.sql": "same\n", "d.sql": "new\n"}
    found = file_changes(before, after)
    assert [(f.path, f.sort, f.added, f.removed) for f in found] == [
        ("a.sql", "edited", 1, 1),
        ("c.sql", "gone", 0, 1),
        ("d.sql", "new", 1, 0),
    ]
    assert found[0].lines == (TextLine("removed", "select 1"), TextLine("added", "select 2"))


def test_lines_far_from_a_change_are_left_out() -> None:
    lines = [f"line {n}" for n in range(40)]
    edited = [*lines[:20], "another", *lines[21:]]
    (found,) = file_changes({"a": "\n".join(lines)}, {"a": "\n".join(edited)})
    assert [line.sort for line in found.lines] == [
        "skipped", "same", "same", "same", "removed", "added", "same", "same", "same",
    ]  # fmt: skip


def test_a_large_file_is_only_named() -> None:
    (found,) = file_changes({}, {"seeds/a.csv": "x\n" * 5000})
    assert found.is_cut
    assert found.lines == ()
