"""Templates go through JSON unchanged, and fingerprints follow exactly what is read."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.sql.schemas import ALIGNMENT, DETERMINISM, read_cases

from headwater.sql import Binder, Column, QueryTemplate, Read, fingerprint

SQL = "select cid, max(a) as top, count(*) as n from t where b = 'x' group by cid"
TEMPLATE = Binder().bind(SQL, DETERMINISM)


def test_json_round_trips() -> None:
    binder = Binder()
    for case in read_cases("alignment", frozenset({*ALIGNMENT, "time"})):
        template = binder.bind(case.queries[0], ALIGNMENT, time="t")
        assert QueryTemplate.from_json(template.to_json()) == template


@given(st.sampled_from(sorted(DETERMINISM["t"].columns, key=lambda c: c.name)))
def test_a_changed_key_changes_what_reads_it(column: Column) -> None:
    read = Read("t", column.name)
    before = fingerprint(TEMPLATE, lambda known: "1")
    after = fingerprint(TEMPLATE, lambda known: "2" if known == read else "1")
    in_rows = read in TEMPLATE.row_reads
    assert (before.rows != after.rows) == in_rows
    for found in TEMPLATE.columns:
        changed = before.columns[found.name] != after.columns[found.name]
        assert changed == (in_rows or read in found.reads)


def test_rows_are_in_every_column() -> None:
    other = Binder().bind(SQL.replace("'x'", "'y'"), DETERMINISM)
    one, two = (fingerprint(template, lambda known: "") for template in (TEMPLATE, other))
    assert all(one.columns[name] != two.columns[name] for name in one.columns)
    assert one.rows != two.rows
