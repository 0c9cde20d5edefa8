"""One file of `functions/` is one SQL function of the file's name."""

from __future__ import annotations

import duckdb
import pytest

from headwater.definitions.functions import SqlFunction, read_function
from headwater.definitions.loader import Files


def read(text: str) -> tuple[SqlFunction | None, list[str]]:
    files = Files(("functions/net.sql",), {"functions/net.sql": text}, {})
    return read_function(files), [str(issue) for issue in files.issues]


@pytest.mark.parametrize(
    "text",
    [
        "create macro net(x, y := 2) as x - y",
        "-- net of tax; with a semicolon\ncreate or replace function net(x, y := 2) as x - y;\n",
        "CREATE TEMP MACRO IF NOT EXISTS Net(x, y := 2) AS x - y /* ; */ ;;",
        'create function "net"(x, y := 2) as x - y',
    ],
)
def test_functions_work(text: str) -> None:
    function, issues = read(text)
    assert issues == []
    assert function is not None
    connection = duckdb.connect()
    connection.execute(function.text)
    connection.execute(function.text)  # again, as after an edit
    assert connection.execute("select net(5)").fetchone() == (3,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "E104 the file holds no function · functions/net.sql"),
        ("-- nothing", "E104 the file holds no function"),
        ("(x) -> x", "E108 this is no function · functions/net.sql:1:1 · write `create function"),
        ("select 1", "E108 this is no function"),
        ("create table net(x int)", "E108 this is no function"),
        (
            "create macro net(x) as x;\ncreate macro b(x) as x",
            "E108 more than one statement · functions/net.sql:2:1 · one function a file",
        ),
        (
            "\ncreate macro nett(x) as x",
            "E108 the file is called `net` but its function `nett` · functions/net.sql:2:14",
        ),
        ("create macro s.net(x) as x", "its function `s.net`"),
        ("create macro net(x) as x +", "E108 Parser Error"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    function, issues = read(text)
    assert function is None
    assert len(issues) == 1
    assert message in issues[0]
