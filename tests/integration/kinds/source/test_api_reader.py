"""dlt's client against a server that misbehaves in every known way."""

# ruff: noqa: E501 - tables of cases read best a line a case
from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.integration.kinds.source.vendor import Answer, Request, Vendor, numbered, rows, serve
from tests.unit.kinds.source.landing import LOAD, codes_of, define, rejected_of, rows_of

from headwater.errors import HeadwaterError, Place
from headwater.kinds.source.definition import ApiOrigin
from headwater.kinds.source.readers.api import ApiReader
from headwater.kinds.source.readers.api_settings import read_settings
from headwater.kinds.source.readers.model import Known, Landed
from headwater.sql.relations import Column

COLUMNS = (Column(name="id", type="BIGINT"), Column(name="at", type="TIMESTAMP WITH TIME ZONE"))
PAGES = {"paginate": "page", "data_selector": "items", "attempts": 3, "timeout": 2, "max_wait": 2}


def _reader(
    vendor: Vendor | str,
    folder: Path,
    columns: tuple[Column, ...] | None = COLUMNS,
    **settings: Any,
) -> ApiReader:
    url = vendor if isinstance(vendor, str) else vendor.url
    origin = ApiOrigin(base_url=url, resource="things", settings={**PAGES, **settings})
    read = read_settings(origin.settings, folder, Place("sources/things.yml", 1))
    cache = folder / ".headwater" / "cache" / "api"
    return ApiReader(define(origin), origin, read, project_zone="UTC", columns=columns, cache=cache)


def _land(reader: ApiReader, folder: Path, **known: Any) -> Landed:
    with duckdb.connect(config={"threads": 2}) as connection:
        found = reader.discover(Known(**known))
        [landed] = reader.land(found.new, folder / "out", LOAD, connection)
        return landed


def _ids(landed: Landed) -> list[int]:
    return [row[0] for row in rows_of(landed, "id")]


def test_pages_are_followed_to_the_end(tmp_path: Path) -> None:
    with serve(numbered(3)) as vendor:
        landed = _land(_reader(vendor, tmp_path, page_size=3, page_size_param="per"), tmp_path)
    assert _ids(landed) == list(range(1, 10))
    assert vendor.pages == ["1", "2", "3", "4"]
    assert vendor.requests[0].params["per"] == "3"
    assert len(landed.delivery.sha256) == 64


@pytest.mark.parametrize(
    ("paginate", "respond"),
    [
        ("offset", lambda r, n: Answer({"items": rows(1, 6)[int(r.params["offset"]):][: int(r.params["limit"])]})),
        ({"type": "cursor", "cursor_path": "next", "cursor_param": "after"},
         lambda r, n: Answer({"items": rows(n + 1), "next": "b" if n == 0 else None})),
        ("link_header", lambda r, n: Answer({"items": rows(n + 1)}, headers={"Link": "</things?x=2>; rel=\"next\""} if n == 0 else {})),
        ({"type": "link", "next_url_path": "links.next"},
         lambda r, n: Answer({"items": rows(n + 1), "links": {"next": "/things?x=2"} if n == 0 else {}})),
    ],
)  # fmt: skip
def test_every_way_to_paginate(
    tmp_path: Path, paginate: Any, respond: Callable[[Request, int], Answer]
) -> None:
    with serve(respond) as vendor:
        landed = _land(_reader(vendor, tmp_path, paginate=paginate, page_size=3), tmp_path)
    assert _ids(landed) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ("${API_TOKEN}", "Authorization", "Bearer t0ken-word"),
        ({"type": "api_key", "name": "X-Key", "api_key": "${API_TOKEN}", "location": "header"}, "X-Key", "t0ken-word"),
        ({"type": "basic", "username": "me", "password": "${API_TOKEN}"}, "Authorization", "Basic bWU6dDBrZW4td29yZA=="),
    ],
)  # fmt: skip
def test_authentication_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: Any, header: str, value: str
) -> None:
    monkeypatch.setenv("API_TOKEN", "t0ken-word")
    with serve(numbered(1)) as vendor:
        reader = _reader(vendor, tmp_path, auth=auth)
        _land(reader, tmp_path)
        assert vendor.requests[0].headers[header] == value
        vendor.respond = lambda r, n: Answer({"error": "t0ken-word"}, status=401)
        refused = _land(reader, tmp_path)
    assert codes_of(refused) == ["E545"]
    assert "t0ken-word" not in str(refused.issues) + repr(reader._settings)
    kept = [path.read_bytes() for path in (tmp_path / ".headwater").rglob("*") if path.is_file()]
    assert not any(b"t0ken-word" in content for content in kept)


def _failing_first(failures: int, failure: Answer) -> Callable[[Request, int], Answer]:
    pages = numbered(2)
    return lambda request, number: failure if 1 <= number <= failures else pages(request, number)


@pytest.mark.parametrize(
    "failure",
    [
        Answer({}, status=429, headers={"Retry-After": "1"}),
        Answer({}, status=500),
        Answer({}, status=503),
        Answer(raw=b'{"items": [{"id": 4', headers={}),
        Answer(raw=b'{"items": [', headers={"Content-Length": "1000"}),
        Answer({"items": rows(2)}, delay_s=3),
    ],
    ids=["429", "500", "503", "truncated JSON", "broken off", "timeout"],
)
def test_passing_failures_are_tried_again(tmp_path: Path, failure: Answer) -> None:
    with serve(_failing_first(1, failure)) as vendor:
        landed = _land(_reader(vendor, tmp_path), tmp_path)
    assert _ids(landed) == [1, 2, 3, 4, 5, 6]
    assert codes_of(landed) == []
    assert vendor.pages == ["1", "2", "2", "3"]
    if failure.status == 429:
        assert vendor.requests[2].at - vendor.requests[1].at >= 1


def test_a_vendor_that_stays_down_is_refused_or_stale(tmp_path: Path) -> None:
    with serve(lambda r, n: Answer({}, status=503)) as vendor:
        reader = _reader(vendor, tmp_path)
        first = _land(reader, tmp_path)
        assert codes_of(first) == ["E541"]
        assert first.refused
        assert len(vendor.requests) == 3
        since = datetime(2011, 12, 9, 7, tzinfo=UTC)
        again = _land(reader, tmp_path, loaded_at=since)
    assert again.stale
    assert not again.refused
    assert codes_of(again) == ["W542"]
    assert "2011-12-09 07:00" in again.issues[0].what
    unreachable = _reader("http://127.0.0.1:9", tmp_path, attempts=1)
    assert codes_of(_land(unreachable, tmp_path)) == ["E541"]
    assert list((tmp_path / "out").iterdir()) == []


def test_a_load_that_broke_off_does_not_fetch_its_pages_again(tmp_path: Path) -> None:
    pages = numbered(3)
    down = True

    def respond(request: Request, number: int) -> Answer:
        return (
            Answer({}, status=500)
            if down and request.params["page"] == "3"
            else pages(request, number)
        )

    with serve(respond) as vendor:
        reader = _reader(vendor, tmp_path, attempts=1)
        assert _land(reader, tmp_path).refused
        down = False
        landed = _land(_reader(vendor, tmp_path, attempts=1), tmp_path)
        assert _ids(landed) == list(range(1, 10))
        assert vendor.pages == ["1", "2", "3", "3", "4"]
        _land(reader, tmp_path)
        assert vendor.pages == ["1", "2", "3", "3", "4", "1", "2", "3", "4"]


def test_what_has_not_changed_is_not_sent_again(tmp_path: Path) -> None:
    def respond(request: Request, _number: int) -> Answer:
        if request.headers.get("If-None-Match") == '"v1"':
            return Answer(status=304, raw=b"")
        return Answer({"items": rows(1)}, headers={"ETag": '"v1"'})

    with serve(respond) as vendor:
        reader = _reader(vendor, tmp_path, paginate="none")
        first, second = _land(reader, tmp_path), _land(reader, tmp_path)
        third = _land(reader, tmp_path)
    assert _ids(first) == _ids(second) == _ids(third) == [1, 2, 3]
    assert first.delivery.sha256 == second.delivery.sha256
    assert vendor.requests[2].headers["If-None-Match"] == '"v1"'


def test_a_page_that_comes_twice_is_taken_once(tmp_path: Path) -> None:
    order = [1, 2, 2, 3]
    respond = lambda r, n: Answer({"items": rows(order[n]) if n < 4 else []})  # noqa: E731
    with serve(respond) as vendor:
        landed = _land(_reader(vendor, tmp_path), tmp_path)
    assert _ids(landed) == list(range(1, 10))
    assert codes_of(landed) == ["W544"]


def test_pages_without_end_are_noticed(tmp_path: Path) -> None:
    with serve(lambda r, n: Answer({"items": rows(1)})) as vendor:
        landed = _land(_reader(vendor, tmp_path), tmp_path)
        assert codes_of(landed)[-1] == "E543"
        assert len(vendor.requests) == 4
    with serve(lambda r, n: Answer({"items": [{"id": n}]})) as vendor:
        landed = _land(_reader(vendor, tmp_path / "2", max_pages=20), tmp_path / "2")
    assert codes_of(landed)[-1] == "E543"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_cursor_asks_for_what_is_new(tmp_path: Path) -> None:
    def respond(request: Request, _number: int) -> Answer:
        since = request.params.get("since", "")
        page = int(request.params["page"])
        return Answer({"items": [r for r in rows(1, 6) if r["at"] > since] if page == 1 else []})

    cursor = {"cursor_path": "at", "start_param": "since", "initial_value": "2011-01-02T00:00:00Z"}
    with serve(respond) as vendor:
        reader = _reader(vendor, tmp_path, incremental=cursor)
        first = _land(reader, tmp_path)
        assert _ids(first) == [3, 4, 5, 6]
        assert first.cursor == '"2011-01-06T00:00:00Z"'
        second = _land(reader, tmp_path, cursor='"2011-01-04T00:00:00Z"')
    assert _ids(second) == [5, 6]
    assert second.delivery.name.endswith("/things at > 2011-01-04T00:00:00Z")


def test_records_that_do_not_fit_are_rejected_and_columns_are_told(tmp_path: Path) -> None:
    body = {"items": [{"id": 1, "Unit Price": 2.5}, {"id": "x", "Unit Price": None}]}
    with serve(lambda r, n: Answer(body)) as vendor:
        landed = _land(_reader(vendor, tmp_path, paginate="none"), tmp_path)
        told = _reader(vendor, tmp_path, columns=None, paginate="none").schema()
    assert rejected_of(landed) == [(2, '{"id":"x","Unit Price":null}', ["id: not a BIGINT"])]
    assert [(c.name, c.type) for c in told] == [("id", "VARCHAR"), ("unit_price", "DOUBLE")]


def test_answers_that_are_not_what_was_declared(tmp_path: Path) -> None:
    with serve(lambda r, n: Answer({"things": []})) as vendor:
        landed = _land(_reader(vendor, tmp_path), tmp_path)
        assert codes_of(landed) == ["E548"]
        assert landed.issues[0].fix == "the answer has: things"
        vendor.respond = lambda r, n: Answer(raw=b"<html>", headers={"Content-Type": "text/html"})
        assert codes_of(_land(_reader(vendor, tmp_path), tmp_path)) == ["E547"]
        vendor.respond = lambda r, n: Answer({}, status=404)
        assert codes_of(_land(_reader(vendor, tmp_path), tmp_path)) == ["E546"]


def test_unknown_words_are_mistakes(tmp_path: Path) -> None:
    for settings, fix in (
        ({"pagniate": "page"}, "did you mean `paginate`?"),
        ({"paginate": "pages"}, "did you mean `page`?"),
    ):
        with pytest.raises(HeadwaterError) as caught:
            read_settings(settings, tmp_path, Place())
        assert (caught.value.issues[0].code, caught.value.issues[0].fix) == ("E508", fix)


_ENDLESS = """
import sys, duckdb
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from tests.integration.kinds.source.test_api_reader import _land, _reader
print("begin", flush=True)
_land(_reader(sys.argv[1], Path(sys.argv[2]), attempts=50, timeout=60), Path(sys.argv[2]))
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("answer", [Answer({}, delay_s=30), Answer({}, status=503)])
def test_a_kill_ends_it_at_once(tmp_path: Path, sent: signal.Signals, answer: Answer) -> None:
    with serve(lambda r, n: answer) as vendor:
        root = str(Path(__file__).parents[4])
        command = [sys.executable, "-c", _ENDLESS, vendor.url, str(tmp_path), root, root + "/src"]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(os.environ),
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "begin\n"
        until = time.monotonic() + 20
        while not vendor.requests and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(sent)
        assert process.wait(timeout=5) != 0
        process.stdout.close()
    assert vendor.requests
