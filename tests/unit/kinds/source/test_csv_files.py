"""Every wart of a CSV delivery ends as typed rows, or rejected with its text, or refused whole."""

# ruff: noqa: E501 - tables of cases read best a line a case
from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from tests.unit.kinds.source.landing import (
    LOAD,
    codes_of,
    columns_of,
    files_reader,
    land_files,
    rejected_of,
    rows_of,
)

from headwater.contracts.definition import Contract, ContractColumn
from headwater.kinds.source.readers import csv_files, records
from headwater.kinds.source.readers.dialect import Dialect
from headwater.kinds.source.readers.model import Known, Landed

HEAD = b"a,b,c\n"


def _land(tmp_path: Path, content: bytes, name: str = "x.csv", **settings: Any) -> Landed:
    (tmp_path / name).write_bytes(content)
    [landed] = land_files(files_reader(tmp_path, name, **settings), tmp_path / "out")
    return landed


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (HEAD + b"x,1,y\nz,2,w\n", [("x", 1, "y"), ("z", 2, "w")]),
        (HEAD + b"x,1,y\nz,2,w", [("x", 1, "y"), ("z", 2, "w")]),
        (b"a,b,c\r\nx,1,y\r\nz,2,w\r\n", [("x", 1, "y"), ("z", 2, "w")]),
        (b"a,b,c\rx,1,y\rz,2,w\r", [("x", 1, "y"), ("z", 2, "w")]),
        (b"a,b,c\r\nx,1,y\nz,2,w\r\nq,3,\n", [("x", 1, "y"), ("z", 2, "w"), ("q", 3, None)]),
        (b"\xef\xbb\xbf" + HEAD + b"x,1,y\n", [("x", 1, "y")]),
        (HEAD + b'"x\ny",1,"a ""b"", c"\n', [("x\ny", 1, 'a "b", c')]),
        (HEAD + b'"x\r\ny",1,y\nz,2,w\n', [("x\r\ny", 1, "y"), ("z", 2, "w")]),
        (HEAD + b"\nx,1,y\n\n\nz,2,w\n\n", [("x", 1, "y"), ("z", 2, "w")]),
        (HEAD + b'5" pipe,1,y\nz,2,6" nail\n', [('5" pipe', 1, "y"), ("z", 2, '6" nail')]),
        (HEAD + b'5" pipe,1,y\nz,2,w\n', [('5" pipe', 1, "y"), ("z", 2, "w")]),
        (HEAD + b"x,1,y,\nz,2,w\n", [("x", 1, "y"), ("z", 2, "w")]),
        (HEAD + b'"",1,""\n', [(None, 1, None)]),
        (HEAD + b"x, 7 ,y\nz,3.0,w\n", [("x", 7, "y"), ("z", 3, "w")]),
        (HEAD + "né,1,ü\n".encode(), [("né", 1, "ü")]),
        (HEAD + "né,1,ü\n".encode("latin-1"), [("né", 1, "ü")]),
        (HEAD + "ne,1,ü".encode("latin-1"), [("ne", 1, "ü")]),
        (HEAD + "€5,1,ü\n".encode("cp1252"), [("€5", 1, "ü")]),
        ("a,b,c\nné,1,ü\n".encode("utf-16"), [("né", 1, "ü")]),
        (b"a;b;c\nx;1;y\n", [("x", 1, "y")]),
        (b"a\tb\tc\nx\t1\ty\n", [("x", 1, "y")]),
        (b"c,b,a\ny,1,x\n", [("x", 1, "y")]),
        (b" A ,B,c\nx,1,y\n", [("x", 1, "y")]),
        (HEAD + b"#x,1,y\n", [("#x", 1, "y")]),
        (HEAD, []),
    ],
)  # fmt: skip
def test_every_way_of_writing_rows_is_read(tmp_path: Path, content: bytes, expected: list) -> None:
    landed = _land(tmp_path, content)
    assert rows_of(landed) == expected
    assert (landed.delivered, landed.landed, landed.rejected_count) == (
        len(expected),
        len(expected),
        0,
    )
    assert not landed.issues


@pytest.mark.parametrize(
    ("content", "good", "bad"),
    [
        (b"x,abc,y\nz,2,w\n", [("z", 2)], [(1, "x,abc,y", ["b: not a BIGINT"])]),
        (b"x,2.6,y\nz,2,w\n", [("z", 2)], [(1, "x,2.6,y", ["b: not a BIGINT"])]),
        (b"x,1\nz,2,w\n", [("z", 2)], [(1, "x,1", ["malformed: 2 columns instead of 3"])]),
        (b"x,1,y,9\nz,2,w\n", [("z", 2)], [(1, "x,1,y,9", ["malformed: 4 columns instead of 3"])]),
        (b'z,2,w\n"x,1,y\nq,3,r\n', [("z", 2), ("q", 3)], [(2, '"x,1,y', ["malformed: a quote is not closed"])]),
        (b'"ab"c,1,y\nz,2,w\n', [("z", 2)], [(1, '"ab"c,1,y', ["malformed: a quote or line end inside a field"])]),
        ("né,1,ü\nüü,2,ää\n".encode() + b"\xe9,3,y\n", [("né", 1), ("üü", 2)], [(3, "�,3,y", ["malformed: not UTF-8"])]),
        (b"x,1,y\r\nz,bad,w\nq,3,r\r\n", [("x", 1), ("q", 3)], [(2, "z,bad,w", ["b: not a BIGINT"])]),
        (b'x,1,y\n"p\nq",bad,w\nq,3,r\n', [("x", 1), ("q", 3)], [(2, '"p\nq",bad,w', ["b: not a BIGINT"])]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_rejected_with_its_text(
    tmp_path: Path, content: bytes, good: list, bad: list
) -> None:
    landed = _land(tmp_path, HEAD + content)
    assert rows_of(landed, "a, b") == good
    assert rejected_of(landed) == bad
    assert landed.delivered == len(good) + len(bad) == landed.landed + landed.rejected_count


def test_a_rejected_row_keeps_what_could_be_read_and_all_its_faults(tmp_path: Path) -> None:
    columns = columns_of(("a", "DATE"), ("b", "BIGINT"), ("c", "DOUBLE"))
    landed = _land(tmp_path, HEAD + b"soon,x,1.5\n2011-01-01,1,2\n", columns=columns)
    assert rejected_of(landed, "a, b, c, _rules, _file, _load_id") == [
        (None, None, 1.5, ["a: not a DATE", "b: not a BIGINT"], "x.csv", "load-1")
    ]


def test_rows_are_numbered_as_delivered_around_rejected_ones(tmp_path: Path) -> None:
    lines = [f"r{i},{i},y" for i in range(1, 51)]
    for malformed in (3, 4, 17, 50):
        lines[malformed - 1] = "torn"
    lines[9] = "r10,ten,y"
    landed = _land(tmp_path, HEAD + "\n".join(lines).encode())
    assert all(f"r{row}" == a for row, a in rows_of(landed, "_row, a"))
    assert [row for row, *_ in rejected_of(landed)] == [3, 4, 10, 17, 50]


def test_large_files_are_read_in_pieces_with_rows_numbered_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "PIECE_BYTES", 2_000)
    lines = [f'r{i},{i},"two\nlines"' if i % 3 else f"r{i},x,y" for i in range(1, 2001)]
    landed = _land(tmp_path, HEAD + "\n".join(lines).encode())
    assert len(landed.rows) > 5
    assert [int(a[1:]) for _, a in rows_of(landed, "_row, a")] == [
        r for r, _ in rows_of(landed, "_row, a")
    ]
    assert landed.delivered == 2000
    assert landed.rejected_count == 666


def test_stray_quotes_across_pieces_are_counted_again_exactly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "PIECE_BYTES", 2_000)
    lines = [f'{i} 5" pipe,{i},y' if i % 97 == 0 else f"{i} r,{i},y" for i in range(1, 3001)]
    landed = _land(tmp_path, HEAD + "\n".join(lines).encode())
    assert landed.landed == 3000
    assert all(row == b for row, b in rows_of(landed, "_row, b"))


def test_gzip_zstd_and_members(tmp_path: Path) -> None:
    text = HEAD + b"x,1,y\n"
    (tmp_path / "1.csv.gz").write_bytes(gzip.compress(text) + gzip.compress(b"z,2,w\n"))
    with pa.CompressedOutputStream(str(tmp_path / "2.csv.zst"), "zstd") as stream:
        stream.write(text)
    landed = land_files(files_reader(tmp_path, "*.csv.*"), tmp_path / "out")
    assert rows_of(landed, "_file, _row, b") == [
        ("1.csv.gz", 1, 1),
        ("1.csv.gz", 2, 2),
        ("2.csv.zst", 1, 1),
    ]


def test_a_truncated_file_is_refused_whole_and_others_go_on(tmp_path: Path) -> None:
    whole = gzip.compress(HEAD + b"x,1,y\n" * 50_000)
    (tmp_path / "1.csv.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "2.csv.gz").write_bytes(gzip.compress(HEAD + b"x,1,y\n"))
    out = tmp_path / "out"
    broken, good = land_files(files_reader(tmp_path, "*.csv.gz"), out)
    assert broken.refused
    assert codes_of(broken) == ["E507"]
    assert not broken.rows
    assert good.landed == 1
    assert sorted(out.iterdir()) == sorted(good.rows)


def test_missing_and_additional_columns_are_told(tmp_path: Path) -> None:
    contract = Contract(
        id="c", name="c", version="1.0.0",
        columns=(
            ContractColumn(name="a", physical_name="Name", type="VARCHAR", required=True),
            ContractColumn(name="b", physical_name="Count", type="BIGINT"),
            ContractColumn(name="c", physical_name="c", type="VARCHAR"),
        ),
    )  # fmt: skip
    landed = _land(tmp_path, b"more,Name,c\nm,x,y\n", contract=contract)
    assert rows_of(landed) == [("x", None, "y")]
    assert codes_of(landed) == ["W504", "W505"]
    refused = _land(tmp_path, b"Nome,Count,c\nx,1,y\n", contract=contract)
    assert codes_of(refused)[0] == "E503"
    assert "`Nome`" in refused.issues[0].fix
    assert refused.refused
    assert not refused.rows


@pytest.mark.parametrize(
    ("text", "kind", "options", "value"),
    [
        ("1.234,50", "DECIMAL(12,2)", {"decimal_separator": ",", "thousands_separator": "."}, "1234.50"),
        ("31.12.2010", "DATE", {"date_format": "%d.%m.%Y"}, "2010-12-31"),
        ("31.12.2010 14:05", "TIMESTAMP", {"timestamp_format": "%d.%m.%Y %H:%M"}, "2010-12-31 14:05:00"),
        ("2010-12-31T14:05:00+02:00", "TIMESTAMP", {}, "2010-12-31 12:05:00"),
        ("2010-12-31 14:05:00Z", "TIMESTAMP", {}, "2010-12-31 14:05:00"),
        ("2010-12-31 14:05", "TIMESTAMP", {}, "2010-12-31 14:05:00"),
        ("[1,2]", "BIGINT[]", {}, "[1, 2]"),
        ('{"k": 1}', "JSON", {}, '{"k": 1}'),
        ("yes", "BOOLEAN", {}, "true"),
        ("NA", "BIGINT", {"null": ["NA"]}, None),
    ],
)  # fmt: skip
def test_texts_become_declared_types(
    tmp_path: Path, text: str, kind: str, options: dict, value: str | None
) -> None:
    options = {"delimiter": ";", "quote": "", **options}
    landed = _land(tmp_path, f"a;b\nx;{text}\n".encode(), options=options,
                   columns=columns_of(("a", "VARCHAR"), ("b", kind)))  # fmt: skip
    assert landed.rejected_count == 0
    assert rows_of(landed, "CAST(b AS VARCHAR)") == [(value,)]


def test_local_times_of_the_source_become_local_times_of_the_project(tmp_path: Path) -> None:
    columns = columns_of(("a", "TIMESTAMP"), ("b", "TIMESTAMP WITH TIME ZONE"))
    landed = _land(tmp_path, b"a,b\n2011-07-01 12:00:00,2011-07-01 12:00:00\n", columns=columns,
                   timezone="America/New_York", project_zone="Europe/London")  # fmt: skip
    assert rows_of(landed, "CAST(a AS VARCHAR), epoch(b)") == [
        ("2011-07-01 17:00:00", 1309536000.0)
    ]


def test_without_header_fields_are_the_columns_in_order(tmp_path: Path) -> None:
    assert rows_of(_land(tmp_path, b"x,1,y\n", options={"header": False})) == [("x", 1, "y")]
    named = _land(tmp_path, b"y,x,1\n", options={"header": False, "columns": ["c", "a", "b"]})
    assert rows_of(named) == [("x", 1, "y")]


def test_preamble_and_comments_are_left_out(tmp_path: Path) -> None:
    content = b"Report\nof today\n" + HEAD + b"# note\nx,1,y\n#z,2,w\n"
    landed = _land(tmp_path, content, options={"skip": 2, "comment": "#"})
    assert rows_of(landed) == [("x", 1, "y")]


def test_an_empty_file_is_a_warning(tmp_path: Path) -> None:
    landed = _land(tmp_path, b"")
    assert codes_of(landed) == ["W506"]
    assert (landed.delivered, landed.refused) == (0, False)


def test_the_columns_of_a_source_without_contract_are_told_by_the_data(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes(b"Customer ID,When,Price,Note\n1,2011-01-01 10:00:00,2.5,\n")
    (tmp_path / "2.csv").write_bytes(b"Customer ID,When,Price,Note\nA7,2011-01-01,3,\n")
    schema = files_reader(tmp_path, "*.csv", columns=None).schema()
    assert [(c.name, c.type) for c in schema] == [
        ("customer_id", "VARCHAR"), ("when", "TIMESTAMP"), ("price", "DOUBLE"), ("note", "VARCHAR"),
    ]  # fmt: skip


def test_the_same_content_again_is_nothing_new(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes(HEAD + b"x,1,y\n")
    reader = files_reader(tmp_path, "*.csv")
    first = reader.discover(Known())
    known = Known(deliveries={"1.csv": first.new[0].sha256, "0.csv": "gone"})
    again = reader.discover(known)
    assert (again.new, again.unchanged, again.gone) == ((), 1, ("0.csv",))
    (tmp_path / "1.csv").write_bytes(HEAD + b"x,2,y\n")
    assert [d.name for d in reader.discover(known).new] == ["1.csv"]


def test_a_file_that_changes_after_it_was_found_is_refused(tmp_path: Path) -> None:
    (tmp_path / "1.csv").write_bytes(HEAD + b"x,1,y\n")
    reader = files_reader(tmp_path, "*.csv")
    found = reader.discover(Known())
    (tmp_path / "1.csv").write_bytes(HEAD + b"x,1,y\nz,2,w\n")
    with duckdb.connect() as connection:
        [landed] = reader.land(found.new, tmp_path / "out", LOAD, connection)
    assert codes_of(landed) == ["E511"]
    assert list((tmp_path / "out").iterdir()) == []


def test_the_count_is_independent_of_the_parser() -> None:
    dialect = Dialect()
    assert records.count_records(b'a,"x""\ny",1\nb,c,2', dialect, 3) == 2
    assert records.count_records(b"\n\na,b\n\n\n\nc,d\n\n", dialect, 2) == 2
    assert records.count_records(b"1\n\n2\n", dialect, 1) == 3
