"""Sources as FORMATS writes them, every origin, and every mistake with its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from headwater.definitions.loader import Loaded, load
from headwater.definitions.tree import Tree
from headwater.ids import NodeId
from headwater.kinds.source.definition import (
    ApiOrigin,
    Breach,
    Changelog,
    Completeness,
    FilesOrigin,
    Freshness,
    InPlaceOrigin,
    PostgresOrigin,
    PythonOrigin,
    SourceDefinition,
)
from headwater.kinds.source.read import SOURCE_READER

INVOICES = """\
files: data/invoices/*.csv.gz
time: invoice_date            # these two suffice
redelivery: keep_first
order: name
freshness: {warn_after: 2d, error_after: 4d}
on_breach: quarantine
"""
CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: invoices
version: 1.0.0
status: active
schema:
- name: invoices
  properties:
  - {name: invoice, logicalType: string, required: true, primaryKey: true, primaryKeyPosition: 1}
  - {name: invoice_date, logicalType: timestamp, required: true}
slaProperties:
- {property: latency, value: 2, unit: d, element: invoices.invoice_date}
"""


def run(files: dict[str, str], cache: Path | None = None) -> Loaded:
    tree = Tree.from_blobs({"headwater.yml": "name: shop\n", **files})
    return load(tree, (SOURCE_READER,), cache)


def source(text: str) -> SourceDefinition:
    loaded = run({"sources/invoices.yml": text})
    assert list(map(str, loaded.issues)) == []
    found = loaded.definitions[NodeId("source", "invoices")]
    assert isinstance(found, SourceDefinition)
    return found


def messages(text: str) -> list[str]:
    return list(map(str, run({"sources/s.yml": text}).issues))


def test_the_shops_source() -> None:
    found = source(INVOICES)
    assert found.origin == FilesOrigin(patterns=("data/invoices/*.csv.gz",))
    assert found.time == "invoice_date"
    assert found.redelivery == "keep_first"
    expected = Freshness(warn_after=timedelta(days=2), error_after=timedelta(days=4))
    assert found.freshness == expected
    assert found.on_breach == Breach()


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (
            "{files: [a.csv, b.csv], format: csv, options: {delimiter: ;, null: [NA], skip: 2}}",
            FilesOrigin(
                patterns=("a.csv", "b.csv"),
                format="csv",
                options={"delimiter": ";", "null": ("NA",), "skip": 2},
            ),
        ),
        (
            'postgres: {url: "${SHOP_DB}", table: public.rows, cursor: updated_at, overlap: 1h}',
            PostgresOrigin(
                url="${SHOP_DB}",
                table="public.rows",
                cursor="updated_at",
                overlap=timedelta(hours=1),
            ),
        ),
        (
            (
                "api: {base_url: https://x.example, resource: orders, paginate: page, "
                'auth: "${TOKEN}"}'
            ),
            ApiOrigin(
                base_url="https://x.example",
                resource="orders",
                settings={"paginate": "page", "auth": "${TOKEN}"},
            ),
        ),
        ("python: json.tool:main", PythonOrigin(function="json.tool:main")),
        (
            "python: {function: 'json:load', cursor: id}",
            PythonOrigin(function="json:load", cursor="id"),
        ),
        ("tables_in: lake/*.parquet", InPlaceOrigin(patterns=("lake/*.parquet",))),
        (
            "tables_in: {files: lake/*.txt, format: csv}",
            InPlaceOrigin(patterns=("lake/*.txt",), format="csv"),
        ),
    ],
)
def test_origins(text: str, origin: object) -> None:
    assert source(text).origin == origin


def test_everything_else() -> None:
    found = source(
        """\
title: Invoices
owner: data
tags: raw
files: x.csv
timezone: Europe/Paris
key: [invoice, line]
changelog: {key: invoice, latest_by: updated_at, deleted: op = 'D'}
complete: {by: marker, marker: "done/{date}.ok", after: 2h}
on_breach: {quarantine: invoice}
late_limit: 30d
"""
    )
    assert found.described.title == "Invoices"
    assert found.described.tags == ("raw",)
    assert found.timezone == "Europe/Paris"
    assert found.key == ("invoice", "line")
    changelog = Changelog(key=("invoice",), latest_by="updated_at", deleted="op = 'D'")
    assert found.changelog == changelog
    complete = Completeness(by="marker", marker="done/{date}.ok", after=timedelta(hours=2))
    assert found.complete == complete
    assert found.on_breach == Breach(group=("invoice",))
    assert found.late_limit == timedelta(days=30)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time: at", "E116 nothing says where the rows come from · sources/s.yml:1:1 · add one of"),
        ("files: a\napi: {base_url: u, resource: r}", "E126 `files` and `api` exclude each other"),
        ("files: a\ntime_column: at", "E114 unknown key `time_column` · sources/s.yml:2:1 · did"),
        ("files: a\noptions: {delimeter: ;}", "did you mean `delimiter`?"),
        ("files: a\nfreshness: {warn_after: 2}", "write `2d` for days"),
        ("files: a\nname: b", "the file's path is its name"),
        ("files: a\nredelivery: first", "expected `keep_first` or `replace` or `append`"),
        ("files: a\ntimezone: Lisbon", "did you mean `Europe/Lisbon`?"),
        ("postgres: {url: 'postgresql://me:pw@h/d', table: t}", "E119 a password is written"),
        ("postgres: {url: '${DB}'}", "E116 a source reads either a `table` or a `query`"),
        ("postgres: {url: '${DB}', table: t, query: q}", "E126 a source reads either"),
        ("postgres: {table: t}", "E116 missing key `url` · sources/s.yml:1:11"),
        ("api: {base_url: u, resource: r, auth: {token: abc}}", "E119 a secret is written"),
        ("python: rows", "E117 `rows` names no function · sources/s.yml:1:9"),
        ("files: a\ncomplete: {by: marker}", "E116 missing key `marker`"),
        ("python: json:load\noptions: {skip: 1}", "E126 `options` belongs to `files`"),
        ("files: []", "E115 expected a list of at least 1"),
        ("files: a\nchangelog: {key: id}", "E116 missing key `latest_by`"),
    ],
)
def test_mistakes(text: str, message: str) -> None:
    found = messages(text)
    assert len(found) == 1
    assert message in found[0]


def test_a_secret_in_a_file_is_not_copied_into_the_cache(tmp_path: Path) -> None:
    text = "postgres: {url: 'postgresql://me:hunter22@h/d', table: t}"
    run({"sources/s.yml": text, "sources/t.yml": "files: x"}, tmp_path / "parse.db")
    assert b"hunter22" not in (tmp_path / "parse.db").read_bytes()


LOADER = "from loaders.client import get\ndef rows(): yield from get()\n"


def test_a_python_source_holds_its_modules() -> None:
    modules = {"loaders/invoices.py": LOADER, "loaders/client.py": "def get(): ...\n"}
    loaded = run({"sources/s.yml": "python: loaders.invoices:rows", **modules})
    assert loaded.issues == ()
    found = loaded.definitions[NodeId("source", "s")]
    assert found.files == ("sources/s.yml", "loaders/invoices.py", "loaders/client.py")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (
            "loaders.invoice:rows",
            (
                "E117 there is no module `loaders.invoice` · sources/s.yml:1:9 · "
                "did you mean `loaders.invoices`?"
            ),
        ),
        ("no_such_package:rows", "E117 there is no module `no_such_package` · sources/s.yml:1:9"),
        (
            "loaders.invoices:row",
            (
                "E117 `loaders/invoices.py` has no function `row` · sources/s.yml:1:9 · "
                "did you mean `rows`?"
            ),
        ),
    ],
)
def test_a_python_source_that_is_not_there(function: str, message: str) -> None:
    loaded = run({"sources/s.yml": f"python: {function}", "loaders/invoices.py": LOADER})
    assert len(loaded.issues) == 1
    assert message in str(loaded.issues[0])


def test_a_contract_is_tied_by_its_schemas_name(tmp_path: Path) -> None:
    files = {
        "sources/sub/invoices.yml": "files: x.csv",
        "contracts/any.odcs.yaml": CONTRACT,
        "contracts/other.odcs.yaml": CONTRACT.replace("invoices", "invoicez"),
    }
    for _ in range(2):  # the second time from the cache
        loaded = run(files, tmp_path / "parse.db")
        found = loaded.definitions[NodeId("source", "invoices")]
        assert isinstance(found, SourceDefinition)
        assert found.contract is not None
        assert found.contract.version == "1.0.0"
        assert found.freshness == Freshness(error_after=timedelta(days=2))
        assert found.files == ("sources/sub/invoices.yml", "contracts/any.odcs.yaml")
        assert [str(issue) for issue in loaded.issues] == [
            (
                "W125 the contract `invoicez` is tied to no source"
                " · contracts/other.odcs.yaml:7:3 · did you mean `invoices`?"
            )
        ]


def test_a_declared_freshness_goes_before_the_contracts_latency() -> None:
    loaded = run({"sources/invoices.yml": INVOICES, "contracts/a.odcs.yaml": CONTRACT})
    found = loaded.definitions[NodeId("source", "invoices")]
    assert isinstance(found, SourceDefinition)
    assert found.freshness.error_after == timedelta(days=4)


def test_one_contract_a_source() -> None:
    files = {"sources/invoices.yml": INVOICES, "contracts/a.odcs.yaml": CONTRACT}
    loaded = run({**files, "contracts/b.odcs.yaml": CONTRACT})
    assert [issue.code for issue in loaded.issues] == ["E121"]


def test_a_seed_needs_no_further_file() -> None:
    loaded = run({"seeds/geo/regions.csv": "", "seeds/2020.csv": ""})
    found = loaded.definitions[NodeId("source", "regions")]
    assert isinstance(found, SourceDefinition)
    assert found.origin == FilesOrigin(patterns=("seeds/geo/regions.csv",), format="csv")
    assert found.time is None
    assert [issue.code for issue in loaded.issues] == ["E122"]


def test_files_that_are_no_sources() -> None:
    loaded = run({"sources/a.sql": "select 1", "contracts/a.yml": "kind: DataContract"})
    assert [(issue.code, issue.fix) for issue in loaded.issues] == [
        ("E120", "name it `….odcs.yaml`, so that editors know the standard"),
        ("E120", "SQL tables live in `tables/`; `sources/` holds sources (`.yml`)"),
    ]
