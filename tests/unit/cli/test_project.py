"""`init`, `check`, `debug`, `completion`, and projects that are broken in every simple way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Call, write


def test_init_makes_a_project_that_runs_at_once(tmp_path: Path, cli: Call) -> None:
    folder = tmp_path / "weather"
    said = cli("init", str(folder))
    assert said.code == 0
    assert "next: " in said.out
    assert ".env" in (folder / ".gitignore").read_text()
    settings = json.loads((folder / ".vscode" / "settings.json").read_text())
    assert "./.headwater/schema/tables.json" in settings["yaml.schemas"]
    assert cli("run", "--project", str(folder)).code == 0
    query = "select city, warmest from cities order by city"
    data = cli("sql", query, "--project", str(folder), "--json").data
    assert data == [{"city": "Lisbon", "warmest": 27.4}, {"city": "Oslo", "warmest": 18.3}]


def test_init_never_overwrites(tmp_path: Path, cli: Call) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    said = cli("init", str(tmp_path))
    assert said.code == 2
    assert "E812" in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_init_of_an_unknown_example(tmp_path: Path, cli: Call) -> None:
    said = cli("init", str(tmp_path / "x"), "--example", "shpo")
    assert said.code == 2
    assert "did you mean `shop`?" in said.err
    assert not (tmp_path / "x").exists()


def test_check_writes_schemas_that_know_the_names(shop: Path, cli: Call) -> None:
    said = cli("check")
    assert (said.code, said.out) == (0, "shop · 3 nodes · no problems\n")
    schema = (shop / ".headwater" / "schema" / "tables.json").read_text()
    assert '"ordered_at"' in schema
    assert '"orders"' in schema


def test_check_as_data_has_code_place_and_fix(shop: Path, cli: Call) -> None:
    write(shop, {"tables/cities.sql": "/*\nkey: city\ntitel: x\n*/\nselect city from orders"})
    said = cli("check", "--json")
    assert said.code == 1
    (issue,) = [i for i in said.data["issues"] if i["severity"] == "error"]
    assert (issue["path"], issue["line"]) == ("tables/cities.sql", 3)
    assert issue["code"] == "E114"
    assert "did you mean" in issue["fix"]


def test_check_prints_columns_of_issues(shop: Path, cli: Call) -> None:
    write(shop, {"tables/a.sql": "select * from order_s", "tables/b.sql": "select y from orders"})
    said = cli("check")
    assert said.code == 1
    first, second, last = said.out.splitlines()
    assert first.index("tables/a.sql") == second.index("tables/b.sql")
    assert last == "2 errors. Nothing was run."


@pytest.mark.parametrize(
    ("text", "code"), [("name: [x", "E110"), ("", "E104"), ("title: x\n", "E1")]
)
def test_broken_settings_are_issues(tmp_path: Path, cli: Call, text: str, code: str) -> None:
    (tmp_path / "headwater.yml").write_text(text)
    for command in ("check", "plan", "run", "ls"):
        said = cli(command, "--project", str(tmp_path))
        assert said.code == 1
        assert said.err.startswith(code)


def test_no_project_is_wrong_usage(tmp_path: Path, cli: Call) -> None:
    for command in (("check",), ("sql", "select 1"), ("release", "list"), ("quarantine",)):
        said = cli(*command, "--project", str(tmp_path))
        assert said.code == 2
        assert "E803" in said.err
        assert "headwater init" in said.err


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [("--profile", "nope", "E804"), ("--now", "yesterday", "E805")],
)
def test_wrong_common_options(shop: Path, cli: Call, option: str, value: str, code: str) -> None:
    said = cli("plan", option, value)
    assert said.code == 2
    assert code in said.err


def test_a_file_where_the_state_folder_should_be(fresh: Path, cli: Call) -> None:
    (fresh / ".headwater").write_text("in the way")
    said = cli("run", "--project", str(fresh))
    assert said.code == 1
    assert said.err.startswith("E")
    assert ".headwater" in said.err


def test_a_ledger_that_is_none(shop: Path, cli: Call) -> None:
    (shop / ".headwater" / "ledger.db").write_bytes(b"not a database" * 500)
    said = cli("run")
    assert said.code == 1
    assert "E706" in said.err


def test_debug_finds_all_in_order(shop: Path, cli: Call) -> None:
    said = cli("debug", "--json")
    assert said.code == 0
    assert said.data["ok"] is True
    subjects = {finding["subject"]: finding for finding in said.data["findings"]}
    assert subjects["ledger"]["text"] == "prod at #1"
    assert subjects["lock"]["text"] == "prod is free"
    assert subjects["clock"]["text"] == "2011-12-10 00:00 Europe/London, fixed"


def test_debug_says_what_is_wrong_and_goes_on(shop: Path, cli: Call) -> None:
    (shop / ".headwater" / "ledger.db").write_bytes(b"not a database" * 500)
    write(shop, {"tables/a.sql": "select * from nothing_there"})
    said = cli("debug", "--json")
    assert said.code == 1
    bad = {f["subject"]: f for f in said.data["findings"] if f["state"] == "bad"}
    assert "ledger" in bad
    assert all(finding["fix"] for finding in bad.values())


def test_debug_without_a_project_still_looks_at_the_machine(tmp_path: Path, cli: Call) -> None:
    said = cli("debug", "--project", str(tmp_path))
    assert said.code == 1
    assert "✔  python" in said.out
    assert "E803" in said.out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(cli: Call, shell: str) -> None:
    said = cli("completion", shell)
    assert said.code == 0
    assert "_HEADWATER_COMPLETE" in said.out
