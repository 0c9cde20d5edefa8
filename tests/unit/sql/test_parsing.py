"""References with scopes, and a key that formatting leaves alone."""

from __future__ import annotations

import pytest

from headwater.sql import SqlError, canonical, parse_many, references


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select 1", ()),
        ("from Sales", ("Sales",)),
        ("select * from b, a, B", ("b", "a")),
        ("with z as (select * from a) select * from z join c on true", ("a", "c")),
        ("with a as (select * from a) select * from a", ("a",)),
        ("with a as (select 1), b as (select * from a) select * from b", ()),
        (
            "select * from a where x in (with b as (select 1) from b) and (select 1 from b) = 1",
            ("a", "b"),
        ),
        (
            "with recursive r as (select x from t union all select x from t, r) from r",
            ("t",),
        ),
        ("select (select max(x) from u), exists (select 1 from v) from t", ("u", "v", "t")),
        ("from (pivot u on k in (1, 2) using sum(w) group by id)", ("u",)),
        ("from (unpivot v on a, id into name n value x)", ("v",)),
        (
            "select * from a union all by name select * from b except select * from c",
            ("a", "b", "c"),
        ),
        ("select * from a asof join b using (id, ts), lateral (select * from c)", ("a", "b", "c")),
        ("select list_transform(l, lambda x: x + (select max(y) from b)) from a", ("b", "a")),
        ("with Z as (select 1) select * from z, range(3), (values (1)) v(i)", ()),
    ],
)
def test_references(sql: str, expected: tuple[str, ...]) -> None:
    assert references(sql) == expected


def test_canonical_is_blind_to_formatting_alone() -> None:
    sql = "select a, 'query_location\":1,' as q from t where b > 1"
    same = "SELECT a  ,\n 'query_location\":1,' AS q -- c\nFROM t /* x */ WHERE (b>1)"
    other = sql.replace(":1,", ":2,")
    assert canonical(sql) == canonical(same)
    assert canonical(sql) != canonical(other)


def test_many_keep_their_places() -> None:
    found = parse_many(["select 1 from a", "select from", "select 2 from b"])
    assert [type(each).__name__ for each in found] == ["Parsed", "SqlError", "Parsed"]


@pytest.mark.parametrize(
    "sql", ["", "select 1; select 2", "delete from t", "selec 1", "show tables"]
)
def test_not_one_select(sql: str) -> None:
    with pytest.raises(SqlError):
        references(sql)
