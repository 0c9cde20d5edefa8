"""Parquet, JSON and Excel land by the same rules as CSV."""

# ruff: noqa: DTZ001 - tables of cases read best a line a case
from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import duckdb
import fsspec
import openpyxl
import pytest
from tests.unit.kinds.source.landing import (
    codes_of,
    columns_of,
    files_reader,
    land_files,
    rejected_of,
    rows_of,
)

from headwater.errors import HeadwaterError
from headwater.kinds.source.readers import json_landing
from headwater.kinds.source.readers.model import Known

RECORDS = [{"a": "x", "b": 1, "c": None}, {"c": "y", "a": "z", "b": "2"}, {"a": "q"}]
ROWS = [("x", 1, None), ("z", 2, "y"), ("q", None, None)]


@pytest.mark.parametrize(
    "content",
    [
        "\n".join(json.dumps(r) for r in RECORDS),
        "\n\n".join(json.dumps(r) for r in RECORDS) + "\n",
        json.dumps(RECORDS),
        json.dumps(RECORDS, indent=2),
        "\n".join(json.dumps(r, indent=2) for r in RECORDS),
    ],
)
def test_json_is_read_however_records_are_laid_out(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    [landed] = land_files(files_reader(tmp_path, "x.json"), tmp_path / "out")
    assert rows_of(landed) == ROWS
    assert rows_of(landed, "_row") == [(1,), (2,), (3,)]
    assert not landed.issues


def test_json_records_that_do_not_fit_are_rejected(tmp_path: Path) -> None:
    lines = [
        '{"a": "x", "b": 1, "c": ""}',
        '{"a": "y", "b": 2.5}',
        '{"a": ',
        "[1]",
        "7",
        '{"a": "n", "b": null}',
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(lines))
    [landed] = land_files(files_reader(tmp_path, "x.jsonl"), tmp_path / "out")
    assert rows_of(landed, "a, b") == [("x", 1), (None, None), ("n", None)]
    assert rejected_of(landed) == [
        (2, '{"a": "y", "b": 2.5}', ["b: not a BIGINT"]),
        (3, '{"a": ', ["malformed: not a JSON object"]),
        (5, "7", ["malformed: not a JSON object"]),
    ]
    assert landed.delivered == 6


def test_json_across_batches_and_nested_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_landing, "_BATCH_RECORDS", 7)
    text = "\n".join(
        json.dumps({"Id/No": i, "tags": [i, i + 1], "at": {"x": i}}) for i in range(20)
    )
    (tmp_path / "x.ndjson").write_text(text)
    columns = columns_of(("id_no", "BIGINT"), ("tags", "BIGINT[]"), ("at", "STRUCT(x BIGINT)"))
    [landed] = land_files(files_reader(tmp_path, "x.ndjson", columns=columns), tmp_path / "out")
    assert len(landed.rows) == 3
    assert rows_of(landed, "*")[19][:5] == (19, [19, 20], {"x": 19}, "x.ndjson", 20)
    schema = files_reader(tmp_path, "x.ndjson", columns=None).schema()
    assert [(c.name, c.type) for c in schema] == [
        ("id_no", "BIGINT"),
        ("tags", "JSON"),
        ("at", "JSON"),
    ]


@pytest.mark.parametrize(
    "content", ['[{"a": "x"}, {"a": "y"', '[{"a": "x"} {"a"', '{"a": \n 1, "b"']
)
def test_json_that_is_cut_short_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.json").write_text(content)
    [landed] = land_files(files_reader(tmp_path, "x.json"), tmp_path / "out")
    assert codes_of(landed)[-1] == "E507"
    assert landed.refused


def test_parquet_is_cast_or_rejected(tmp_path: Path) -> None:
    duckdb.execute(
        "COPY (SELECT 'x' || i AS \"A\", CASE WHEN i = 3 THEN 0.5 ELSE i END AS b, 'n' AS more, "
        "CAST(i AS VARCHAR) AS c FROM range(5) t(i)) TO '" + str(tmp_path / "x.parquet") + "'"
    )
    [landed] = land_files(files_reader(tmp_path, "x.parquet"), tmp_path / "out")
    assert rows_of(landed, "_row, a, b, c") == [
        (1, "x0", 0, "0"),
        (2, "x1", 1, "1"),
        (3, "x2", 2, "2"),
        (5, "x4", 4, "4"),
    ]
    assert rejected_of(landed) == [
        (4, '{"A":"x3","b":0.5,"more":"n","c":"3"}', ["b: not a BIGINT"])
    ]
    assert codes_of(landed) == ["W505"]
    (tmp_path / "x.parquet").write_bytes((tmp_path / "x.parquet").read_bytes()[:-9])
    [broken] = land_files(files_reader(tmp_path, "x.parquet"), tmp_path / "out")
    assert codes_of(broken) == ["E507"]


def test_parquet_without_contract_keeps_its_types(tmp_path: Path) -> None:
    duckdb.execute(
        "COPY (SELECT 1.50::DECIMAL(9,2) AS \"Unit Price\", DATE '2011-01-01' AS \"On\") TO '"
        + str(tmp_path / "x.parquet") + "'"
    )  # fmt: skip
    reader = files_reader(tmp_path, "x.parquet", columns=None)
    assert [(c.name, c.type) for c in reader.schema()] == [
        ("unit_price", "DECIMAL(9,2)"),
        ("on", "DATE"),
    ]
    [landed] = land_files(reader, tmp_path / "out")
    assert rows_of(landed, 'CAST(unit_price AS VARCHAR), CAST("on" AS VARCHAR)') == [
        ("1.50", "2011-01-01")
    ]


def _workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    sheet = book.create_sheet("Data")
    for row in (
        ["Report", None, None],
        ["When", "Item No", "Price"],
        [dt.datetime(2011, 1, 1), 7, 2.5],
        [None, None, None],
        [dt.datetime(2011, 1, 2, 10, 30), "A8", "n/a"],
        [dt.datetime(2011, 1, 3), 9.0, "soon"],
    ):
        sheet.append(row)
    book.save(path)


def test_excel_sheets(tmp_path: Path) -> None:
    _workbook(tmp_path / "x.xlsx")
    columns = columns_of(("when", "TIMESTAMP"), ("item_no", "VARCHAR"), ("price", "DECIMAL(9,2)"))
    options = {"sheet": "Data", "range": "A2:C", "null": ["n/a"]}
    reader = files_reader(tmp_path, "x.xlsx", columns=columns, options=options)
    [landed] = land_files(reader, tmp_path / "out")
    assert rows_of(landed, "CAST(\"when\" AS VARCHAR), item_no, CAST(price AS VARCHAR), _row") == [
        ("2011-01-01 00:00:00", "7", "2.50", 1), ("2011-01-02 10:30:00", "A8", None, 2),
    ]  # fmt: skip
    assert rejected_of(landed) == [(3, '["2011-01-03",9,"soon"]', ["price: not a DECIMAL(9,2)"])]
    sniffed = files_reader(tmp_path, "x.xlsx", columns=None, options=options).schema()
    assert [(c.name, c.type) for c in sniffed] == [
        ("when", "TIMESTAMP"),
        ("item_no", "VARCHAR"),
        ("price", "VARCHAR"),
    ]


def test_a_missing_sheet_and_a_file_that_is_no_workbook(tmp_path: Path) -> None:
    _workbook(tmp_path / "x.xlsx")
    [landed] = land_files(
        files_reader(tmp_path, "x.xlsx", options={"sheet": "Dtaa"}), tmp_path / "out"
    )
    assert "only Notes, Data" in landed.issues[0].what
    (tmp_path / "x.xlsx").write_bytes(b"text")
    [landed] = land_files(files_reader(tmp_path, "x.xlsx"), tmp_path / "out")
    assert codes_of(landed) == ["E507"]


@pytest.mark.parametrize("scheme", ["memory", "file"])
def test_urls_are_read_through_fsspec(tmp_path: Path, scheme: str) -> None:
    base = f"memory://{tmp_path.name}" if scheme == "memory" else f"file://{tmp_path}"
    for name, content in (("1.csv", b"a,b,c\nx,1,y\n"), ("2.csv", b"a,b,c\nz,2,w\n")):
        with fsspec.open(f"{base}/{name}", "wb") as stream:
            stream.write(content)
    reader = files_reader(tmp_path, f"{base}/*.csv")
    landed = land_files(reader, tmp_path / "out")
    assert rows_of(landed, "b") == [(1,), (2,)]
    assert landed[0].delivery.name.endswith("/1.csv")
    assert "://" in landed[0].delivery.name
    known = Known(deliveries={each.delivery.name: each.delivery.sha256 for each in landed})
    assert reader.discover(known).unchanged == 2


def test_remote_parquet_is_fetched_and_removed(tmp_path: Path) -> None:
    duckdb.execute(
        "COPY (SELECT 'x' AS a, 1 AS b, 'y' AS c) TO '" + str(tmp_path / "x.parquet") + "'"
    )
    with fsspec.open(f"memory://{tmp_path.name}/x.parquet", "wb") as stream:
        stream.write((tmp_path / "x.parquet").read_bytes())
    reader = files_reader(tmp_path, f"memory://{tmp_path.name}/x.parquet")
    [landed] = land_files(reader, tmp_path / "out")
    assert rows_of(landed) == [("x", 1, "y")]
    assert list((tmp_path / "out").iterdir()) == list(landed.rows)


def test_a_missing_file_system_names_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(HeadwaterError) as caught:
        files_reader(tmp_path, "s3://bucket/*.csv").discover(Known())
    [issue] = caught.value.issues
    assert (issue.code, issue.fix) == ("E502", "pip install s3fs")


def test_no_match_and_unknown_formats_are_told(tmp_path: Path) -> None:
    (tmp_path / "x.doc").write_bytes(b"?")
    found = files_reader(tmp_path, "*.doc", "none/*.csv").discover(Known())
    assert [issue.code for issue in found.issues] == ["E501", "E510"]
