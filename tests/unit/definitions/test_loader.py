"""The loader knows no kind: names, folders, owners, defaults and the cache are the same for all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from headwater.definitions.fields import DESCRIBED, Key, Record, Text, take_described
from headwater.definitions.files import root_mapping
from headwater.definitions.loader import (
    Files,
    Loaded,
    ReadContext,
    Reading,
    load,
    name_of,
)
from headwater.definitions.model import Described
from headwater.definitions.schemas import DescribedFiles
from headwater.definitions.tree import Tree
from headwater.errors import Place
from headwater.ids import NodeId

SHOP = "name: shop\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    id: NodeId
    place: Place
    described: Described
    files: tuple[str, ...]
    colour: str = ""


@dataclass
class Things:
    """A kind of one-file definitions, that counts how often it reads."""

    kind: str = "table"
    folder: str = "tables"
    is_relation: bool = True
    reads: int = 0

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        return {self.folder: (".yml",)}

    def read(self, context: ReadContext) -> Reading:
        groups = [(path,) for path in context.paths(self.folder, ".yml")]
        name = f"{self.kind}.things"
        found = context.parse_all(groups, lambda each: [self._one(f) for f in each], Thing, name)
        return Reading(
            definitions=tuple(thing for thing, _ in found if thing is not None),
            issues=tuple(issue for _, issues in found for issue in issues),
        )

    def schemas(self) -> Mapping[str, DescribedFiles]:
        return {}

    def _one(self, files: Files) -> Thing | None:
        self.reads += 1
        root = root_mapping(files, "give a colour")
        name = name_of(files.path, ".yml", files.issues)
        if root is None or name is None:
            return None
        values = Record((*DESCRIBED, Key("colour", Text()))).read(root, files.issues)
        return Thing(
            id=NodeId(self.kind, name),
            place=Place(files.path, 1),
            described=take_described(values),
            files=files.paths,
            colour=values.get("colour", ""),
        )


def run(files: dict[str, str], *readers: Things, cache: Path | None = None) -> Loaded:
    tree = Tree.from_blobs({"headwater.yml": SHOP, **files})
    return load(tree, readers or (Things(),), cache)


def messages(loaded: Loaded) -> list[str]:
    return [str(issue) for issue in loaded.issues]


def test_the_path_is_the_id() -> None:
    loaded = run({"tables/finance/eu/sales.yml": "colour: red"})
    assert messages(loaded) == []
    thing = loaded.definitions[NodeId("table", "sales")]
    assert isinstance(thing, Thing)
    assert thing.colour == "red"
    assert loaded.settings.name == "shop"


def test_all_mistakes_of_all_files_at_once() -> None:
    loaded = run(
        {
            "tables/a.yml": "colur: red\ntitle: [x]",
            "tables/b.yml": "a: b: c",
            "tables/c.yml": "",
            "tables/2020-sales.yml": "colour: red",
            "tables/d.yml": "- red",
        }
    )
    assert messages(loaded) == [
        (
            "E122 `2020-sales` cannot name a node: letters, digits and underscores, no digit first"
            " · tables/2020-sales.yml · rename the file to `_2020_sales.yml`"
        ),
        "E114 unknown key `colur` · tables/a.yml:1:1 · did you mean `colour`?",
        "E115 expected text, got a list · tables/a.yml:2:8",
        (
            "E110 not valid YAML: mapping values are not allowed in this context · tables/b.yml:1:5"
            " · text that holds `: ` needs quotes"
        ),
        "E104 the file is empty · tables/c.yml · give a colour",
        "E113 expected keys and values, got a list · tables/d.yml:1:1 · give a colour",
    ]


def test_names_are_shared_by_what_sql_can_name_whatever_their_case() -> None:
    loaded = run(
        {
            "tables/sales.yml": "colour: red",
            "tables/old/Sales.yml": "colour: blue",
            "sources/sales.yml": "colour: red",
            "metrics/sales.yml": "colour: red",
        },
        Things("source", "sources"),
        Things(),
        Things("metric", "metrics", is_relation=False),
    )
    assert sorted(map(str, loaded.definitions)) == ["metric.sales", "source.sales"]
    assert [(i.code, i.what, str(i.place)) for i in loaded.issues] == [
        (
            "E121",
            "the name `Sales` is taken by source.sales in sources/sales.yml:1",
            "tables/old/Sales.yml:1",
        ),
        (
            "E121",
            "the name `sales` is taken by source.sales in sources/sales.yml:1",
            "tables/sales.yml:1",
        ),
    ]


def test_defaults_by_folder_and_the_longest_wins() -> None:
    settings = """\
name: shop
defaults:
  tables: {owner: data, colour: red}
  tables/finance: {owner: finance}
"""
    loaded = run(
        {
            "headwater.yml": settings,
            "tables/a.yml": "title: A",
            "tables/finance/b.yml": "title: B",
            "tables/finance/c.yml": "{owner: me, colour: blue}",
        }
    )
    found = {n.name: (d.described.owner, d.colour) for n, d in loaded.definitions.items()}  # type: ignore[attr-defined]
    expected = {"a": ("data", "red"), "b": ("finance", "red"), "c": ("me", "blue")}
    assert found == expected


def test_a_mistake_in_the_defaults_is_told_once() -> None:
    settings = "name: shop\ndefaults: {tables: {colur: red}}\n"
    loaded = run({"headwater.yml": settings, "tables/a.yml": "{}", "tables/b.yml": "{}"})
    assert messages(loaded) == [
        "E114 unknown key `colur` · headwater.yml:2:21 · did you mean `colour`?"
    ]


def test_owners_are_teams_or_members() -> None:
    settings = "name: shop\nteams: {finance: {members: [ann]}}\n"
    loaded = run(
        {
            "headwater.yml": settings,
            "tables/a.yml": "owner: ann",
            "tables/b.yml": "title: B\nowner: finnance",
            "tables/c.yml": "title: C",
        }
    )
    assert messages(loaded) == [
        "E220 unknown owner `finnance` · tables/b.yml:2:8 · did you mean `finance`?"
    ]
    assert messages(run({"tables/a.yml": "owner: anyone"})) == []


def test_files_in_the_wrong_folder() -> None:
    tree = Tree(
        files={
            "headwater.yml": SHOP,
            "models/orders.sql": "select 1",
            "tables/x.sql": "select 1",
            "models/churn.yml": "label: churned",
            "queries/best.sql": "select 1",
        },
        strays=("top.sql", "tabels/a.sql", "tabels/b.yml", "etl/a.sql", "ci/x.yml"),
    )
    loaded = load(tree, (Things(),))
    assert messages(loaded) == [
        (
            "W123 nothing reads `etl/` (1 YAML or SQL files) · etl/a.sql"
            " · folders are: `functions/`, `tables/`"
        ),
        "W123 nothing reads `models/` in this version (1 files) · models/churn.yml",
        (
            "E120 wrong folder · models/orders.sql · SQL tables live in `tables/`; "
            "`models/` holds trained models"
        ),
        "W123 nothing reads `queries/` in this version (1 files) · queries/best.sql",
        (
            "W123 nothing reads `tabels/` (2 YAML or SQL files) · tabels/a.sql · "
            "did you mean `tables`?"
        ),
        (
            "E120 wrong folder · tables/x.sql · SQL tables live in `tables/`; "
            "`tables/` holds tables (`.sql` or `.py`)"
        ),
        "E120 wrong folder · top.sql · SQL tables live in `tables/`",
    ]


def test_functions_are_statements() -> None:
    loaded = run({"functions/net.sql": "create macro net(x) as x", "functions/b.sql": "select 1"})
    assert [f.text for f in loaded.functions] == ["create or replace function net(x) as x"]
    assert [issue.code for issue in loaded.issues] == ["E108"]


def test_nothing_unchanged_is_read_twice(tmp_path: Path) -> None:
    cache = tmp_path / "parse.db"
    files = {"tables/a.yml": "colour: red", "tables/b.yml": "colur: red"}
    first = run(files, Things(), cache=cache)
    again = Things()
    assert run(files, again, cache=cache) == first
    assert again.reads == 0
    changed = Things()
    loaded = run({**files, "tables/a.yml": "colour: blue"}, changed, cache=cache)
    assert changed.reads == 1
    assert messages(loaded) == messages(first)
    defaults = Things()
    settings = "name: shop\ndefaults: {tables: {owner: me}}"
    run({**files, "headwater.yml": settings}, defaults, cache=cache)
    assert defaults.reads == 2
    moved = Things()
    run({"tables/c.yml": "colour: red"}, moved, cache=cache)
    assert moved.reads == 1


def test_a_damaged_row_is_read_anew(tmp_path: Path) -> None:
    import sqlite3

    cache = tmp_path / "parse.db"
    files = {"tables/a.yml": "colour: red"}
    first = run(files, Things(), cache=cache)
    for value in ("[[99, 1], []]", "[[0, 5], []]", "{}", "[]", "7", '[["x"], []]'):
        with sqlite3.connect(cache) as connection:
            connection.execute("update parsed set value = ?", (value,))
        assert run(files, Things(), cache=cache) == first


@pytest.mark.parametrize("text", [None, "", "- a", "name: [a]"])
def test_without_settings_the_rest_is_still_read(text: str | None) -> None:
    files = {"tables/a.yml": "colur: red"}
    tree = Tree.from_blobs(files if text is None else {**files, "headwater.yml": text})
    codes = [issue.code for issue in load(tree, (Things(),)).issues]
    assert "E114" in codes
    assert len(codes) == 2
