"""A header is split off with its positions, and a broken comment is told apart from good SQL."""

from __future__ import annotations

import pytest

from headwater.definitions.headers import split_header


def test_positions_are_those_of_the_file() -> None:
    text = "\n/* key: id\ntime: at */\n\nselect 1 /* not a header */\n"
    file, issues = split_header("tables/a.sql", text)
    assert issues == []
    assert (file.header_line, file.header_column) == (2, 3)
    assert file.header == " key: id\ntime: at "
    assert file.sql_line == 5
    assert text.endswith(file.sql)


@pytest.mark.parametrize(
    "sql",
    [
        "select 1",
        "-- a comment\n/* key: id */ select 1",
        "select 1 /* key: id */",
        "/* key: id */ select '*/' as x",
        "/* key: id */ select 1 -- ends */ here",
        "/* key: id */ select 1 /* a */ + /* b */ 2",
        "",
    ],
)
def test_good_files(sql: str) -> None:
    assert split_header("tables/a.sql", sql)[1] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "/*\nfiles: data/*/x.csv\n*/\nselect 1",
            "E105 `*/` inside the header breaks the comment · tables/a.sql:2:13",
        ),
        (
            "/*\nfiles: data/*.csv\n*/\nselect 1",
            "E105 `/*` inside the header breaks the comment · tables/a.sql:2:12",
        ),
        ("/*\nkey: id\nselect 1", "E105 the header never ends · tables/a.sql:1:1 · add `*/`"),
        (
            '/*\nschedule: "*/5 * * * *"\n*/\nselect 1',
            "E105 `*/` inside the header breaks the comment · tables/a.sql:2:12",
        ),
    ],
)
def test_a_broken_comment_points_to_the_sidecar(text: str, message: str) -> None:
    _, issues = split_header("tables/a.sql", text)
    assert len(issues) == 1
    assert str(issues[0]).startswith(message)
    assert "never ends" in message or "tables/a.yml" in issues[0].fix
