"""Saved queries as FORMATS writes them, and every mistake at its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from headwater.definitions.loader import Loaded, load
from headwater.definitions.schemas import json_schemas
from headwater.definitions.tree import Tree
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.kinds.query.definition import QueryDefinition
from headwater.kinds.query.read import QUERY_READER

BEST = """\
/*
title: Best customers
description: Who spent most since a date, with their last purchase.
owner: trading
limit: 500
timeout: 20s
parameters:
  since: 2011-01-01                    # type and default in one
  country: {type: text, default: null, choices: select distinct country from customers}
  top: 20
*/
select
  customer_id,
  sum(amount) as spent,      -- Net amount in GBP.
from sales join customers c using (customer_id)
where sold_at >= :since and (:country is null or c.country = :country)
group by all
limit :top
"""


def run(files: dict[str, str], cache: Path | None = None) -> Loaded:
    return load(Tree.from_blobs({"headwater.yml": "name: shop\n", **files}), (QUERY_READER,), cache)


def query(files: dict[str, str], name: str = "q") -> QueryDefinition:
    loaded = run(files)
    assert list(map(str, loaded.issues)) == []
    found = loaded.definitions[NodeId("query", name)]
    assert isinstance(found, QueryDefinition)
    return found


def parameters(text: str, sql: str = "select :a as a") -> dict[str, str]:
    return {"queries/q.sql": f"/*\nparameters:\n  {text}\n*/\n{sql}\n"}


def test_the_query_of_the_formats() -> None:
    found = query({"queries/best_customers.sql": BEST}, "best_customers")
    assert found.described.title == "Best customers"
    assert (found.limit, found.timeout) == (500, timedelta(seconds=20))
    assert found.references_to == ("sales", "customers")
    assert found.types == {"since": "DATE", "country": "VARCHAR", "top": "BIGINT"}
    since, country, top = found.parameters
    assert (since.type, since.default, since.label) == ("date", "2011-01-01", "Since")
    assert country.default is None
    assert country.choices_sql == "select distinct country from customers"
    assert country.place == Place("queries/best_customers.sql", 9, 3)
    assert (top.type, top.default) == ("integer", "20")
    assert found.column_docs == {"spent": "Net amount in GBP."}


def test_a_sidecar_holds_the_same_keys() -> None:
    files = {
        "queries/sub/q.sql": "select * from sales where country = :country",
        "queries/sub/q.yml": "title: By country\nparameters: {country: France}\n",
    }
    found = query(files)
    assert found.described.title == "By country"
    assert found.files == ("queries/sub/q.sql", "queries/sub/q.yml")


def test_the_cache_gives_the_same(tmp_path: Path) -> None:
    files = {"queries/q.sql": BEST}
    first = run(files, tmp_path / "cache.db").definitions
    assert run(files, tmp_path / "cache.db").definitions == first


@pytest.mark.parametrize(
    ("text", "type_", "default"),
    [
        ("a: 2011-01-01", "date", "2011-01-01"),
        ("a: 2011-01-01 10:30", "timestamp", "2011-01-01 10:30"),
        ("a: 20", "integer", "20"),
        ("a: 0.5", "number", "0.5"),
        ("a: true", "boolean", "true"),
        ("a: France", "text", "France"),
        ("a:", "text", None),
        ("a: {type: number, default: 3}", "number", "3"),
        ("a: {choices: [1, 2]}", "integer", None),
        ("a: {type: date, required: true}", "date", None),
    ],
)
def test_types_are_told_by_the_default(text: str, type_: str, default: str | None) -> None:
    (found,) = query(parameters(text)).parameters
    assert (found.type, found.default) == (type_, default)


@pytest.mark.parametrize(
    ("files", "issue"),
    [
        (
            parameters("a: 1", "select :a, :b"),
            "E982 unknown parameter `:b` · queries/q.sql:5:12 · declare it: `parameters: {b: …}`",
        ),
        (
            parameters("country: France", "select\n  :cuntry as c, :country as d"),
            "E982 unknown parameter `:cuntry` · queries/q.sql:6:3 · did you mean `country`?",
        ),
        (
            parameters("a: 1", "select ':a' as a -- :a"),
            (
                "E985 the SQL does not use the parameter `a` · queries/q.sql:3:3"
                " · write `:a` where it belongs, or take it out"
            ),
        ),
        (
            parameters("a: {type: integer, default: many}"),
            "E980 `a` expects a whole number, got `many` · queries/q.sql:3:31",
        ),
        (
            parameters("a: {type: date, default: 2011-02-30}"),
            "E980 `a` expects a date such as 2011-12-09, got `2011-02-30` · queries/q.sql:3:28",
        ),
        (
            parameters("a: {type: integer, choices: [1, two]}"),
            "E980 `a` expects a whole number, got `two` · queries/q.sql:3:35",
        ),
        (
            parameters("a: {default: Franc, choices: [France, Spain]}"),
            (
                "E981 `Franc` is none of the choices of `a` · queries/q.sql:3:16"
                " · did you mean `France`?"
            ),
        ),
        (
            parameters("a: {default: 1, required: true}"),
            "E126 `a` is required and has a default · queries/q.sql:3:16 · keep one of the two",
        ),
        (
            parameters("a: {choices: France}"),
            (
                "E115 expected a list of values, or a SELECT of one column, got `France`"
                " · queries/q.sql:3:16 · write `[France]`"
            ),
        ),
        (
            parameters("a: {choices: select country frm customers}"),
            'E210 choices of `a`: syntax error at or near "customers" · queries/q.sql:3:35',
        ),
        (
            parameters("a: [1, 2]"),
            "E115 expected one value, got a list · queries/q.sql:3:6",
        ),
        (
            parameters("a: {defualt: 1}"),
            "E114 unknown key `defualt` · queries/q.sql:3:7 · did you mean `default`?",
        ),
        (
            parameters("a b: 1", "select 1 as a"),
            (
                "E115 `a b` cannot name a parameter · queries/q.sql:3:3"
                " · letters, digits and underscores, no digit first; each name once"
            ),
        ),
        (
            {"queries/q.sql": "/*\nparams: {a: 1}\n*/\nselect 1 as a"},
            "E114 unknown key `params` · queries/q.sql:2:1 · did you mean `parameters`?",
        ),
        (
            {"queries/q.sql": "select 1 as a; select 2 as b"},
            "E211 more than one statement · queries/q.sql:1 · write exactly one SELECT",
        ),
        (
            {"queries/q.sql": "delete from sales"},
            "E211 this statement is no SELECT · queries/q.sql:1 · write exactly one SELECT",
        ),
        (
            {"queries/q.sql": "selec 1"},
            'E210 syntax error at or near "selec" · queries/q.sql:1:1',
        ),
        (
            {"queries/q.sql": "/*\ntitle: x\n*/\n"},
            "E107 there is no query after the header · queries/q.sql:4 · write one SELECT",
        ),
        (
            {"queries/q.sql": "select 1 as a", "queries/p.yml": "title: x"},
            (
                "E120 there is no query `queries/p.sql` beside it · queries/p.yml"
                " · did you mean `queries/q.sql`?"
            ),
        ),
    ],
)
def test_mistakes_in_files(files: dict[str, str], issue: str) -> None:
    assert list(map(str, run(files).issues)) == [issue]


def test_editors_know_parameters() -> None:
    schema = json_schemas([QUERY_READER], {})
    (queries,) = (s for name, s in schema.items() if "queries" in name)
    assert "parameters" in queries["properties"]
    each = queries["properties"]["parameters"]["additionalProperties"]["anyOf"]
    assert each[1]["properties"]["type"]["enum"][0] == "text"
