"""The conformance suite on a file, and what only a file can suffer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.online.conformance import CUSTOMER, Conformance, entry, fresh, read

from headwater.online.model import DamagedError, OnlineError
from headwater.online.sqlite import SQLiteStore


class TestSqlite(Conformance):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SQLiteStore]:
        store = SQLiteStore(tmp_path / "folder" / "online.db")
        yield store
        store.close()


def test_what_is_no_database_is_cleared_and_filled_anew(tmp_path: Path) -> None:
    path = tmp_path / "online.db"
    path.write_bytes(b"not a database at all" * 500)
    store = SQLiteStore(path)
    with pytest.raises(DamagedError, match=r"online\.db cannot be read"):
        store.read(CUSTOMER, ["[1]"])
    with pytest.raises(DamagedError, match="cannot be written"):
        store.write(CUSTOMER, [entry(1, 1.0)], [], fresh())
    store.clear()
    store.write(CUSTOMER, [entry(1, 1.0)], [], fresh())
    assert read(store, CUSTOMER, 1) == [(1.0,)]


def test_readers_notice_another_file(tmp_path: Path) -> None:
    reader, writer = (SQLiteStore(tmp_path / "online.db") for _ in range(2))
    writer.write(CUSTOMER, [entry(1, 1.0)], [], fresh())
    assert read(reader, CUSTOMER, 1) == [(1.0,)]
    writer.clear()
    assert read(reader, CUSTOMER, 1) == [None]
    writer.write(CUSTOMER, [entry(1, 2.0)], [], fresh())
    assert read(reader, CUSTOMER, 1) == [(2.0,)]


def test_a_folder_in_its_place_is_down_not_damaged(tmp_path: Path) -> None:
    (tmp_path / "online.db").mkdir()
    with pytest.raises(OnlineError, match="cannot be read"):
        SQLiteStore(tmp_path / "online.db").read(CUSTOMER, ["[1]"])


def test_many_entities_are_looked_up_one_by_one_not_by_a_scan(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "online.db")
    store.write(CUSTOMER, [entry(n, float(n)) for n in range(20_000)], [], fresh())
    began = time.process_time()
    assert read(store, CUSTOMER, *range(0, 20_000, 4)) == [(float(n),) for n in range(0, 20_000, 4)]
    assert time.process_time() - began < 2  # a scan for each takes minutes


@pytest.mark.parametrize("is_left", [True, False])
def test_a_file_that_was_deleted_or_emptied_by_hand_is_filled_again(
    tmp_path: Path, is_left: bool
) -> None:
    path = tmp_path / "online.db"
    serving, syncing = SQLiteStore(path), SQLiteStore(path)
    syncing.write(CUSTOMER, [entry(1, 1.0)], [], fresh())
    assert read(serving, CUSTOMER, 1) == [(1.0,)]  # so that its -wal and -shm stay
    if is_left:
        path.write_bytes(b"")
    else:
        path.unlink()
    assert serving.tables() == {}
    syncing.write(CUSTOMER, [entry(1, 2.0)], [], fresh())
    assert read(serving, CUSTOMER, 1) == read(syncing, CUSTOMER, 1) == [(2.0,)]
    for store in (serving, syncing):
        store.close()
