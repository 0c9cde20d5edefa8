"""The lake's folder: unique paths, durable files, whole files, and a ledger that is not older."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from headwater.errors import HeadwaterError, UsageError
from headwater.ids import ALL_TIME, NodeId
from headwater.lake import Lake, codes
from headwater.plan.state import DataFile

SALES = NodeId("table", "sales")
CONTENT = b"PAR1" + b"data" * 10 + b"meta" + (4).to_bytes(4, "little") + b"PAR1"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path / "lake")


def put(lake: Lake, path: str, content: bytes = CONTENT) -> DataFile:
    place = lake.absolute(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return DataFile(
        path=path, interval=ALL_TIME, rows=1, bytes=len(content), build="b1", schema="s"
    )


def test_paths(lake: Lake) -> None:
    assert lake.new_path(SALES, "2011-11", "b1") == "table/sales/2011-11/b1-0.parquet"
    assert lake.new_path(SALES, None, "b1", n=3) == "table/sales/b1-3.parquet"
    quarantined = lake.new_path(SALES, "2011-11", "b1", "quarantined", 2)
    assert quarantined == "table/sales/_quarantined/2011-11/b1-2.parquet"
    assert lake.relative(lake.absolute(quarantined)) == quarantined


def test_a_relative_folder_is_made_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    lake = Lake("some/lake")
    monkeypatch.chdir("/")
    assert lake.absolute("x.parquet") == tmp_path / "some" / "lake" / "x.parquet"
    assert lake.root.is_dir()


def test_urls_are_refused_with_their_fix() -> None:
    with pytest.raises(UsageError, match="E860 the lake `s3://shop` is a URL"):
        Lake("s3://shop")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(HeadwaterError, match="E861"):
        Lake(tmp_path / "file" / "lake")


def test_sync_reaches_files_and_all_their_folders(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: set[Path] = set()
    real = os.fsync

    def noting(descriptor: int) -> None:
        synced.add(Path(os.readlink(f"/proc/self/fd/{descriptor}")))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    path = "table/sales/2011-11/b1-0.parquet"
    put(lake, path)
    lake.sync([path])
    place = lake.absolute(path)
    assert synced == {place, *(place.parents[n] for n in range(4))}
    assert place.parents[3] == lake.root
    with pytest.raises(HeadwaterError, match="E861"):
        lake.sync(["table/missing.parquet"])


def test_space(lake: Lake) -> None:
    lake.check_space(1)
    with pytest.raises(HeadwaterError, match=r"E760 .* MiB are needed"):
        lake.check_space(1 << 60)


def test_verify(lake: Lake) -> None:
    file = put(lake, "a.parquet")
    assert lake.verify(file) is None
    damages = {
        CONTENT[:-1]: "has 55 bytes; 56 were written",
        CONTENT[:-4] + b"PAR2": "no whole Parquet file",
        b"\0" * len(CONTENT): "no whole Parquet file",
        CONTENT[:-8] + (99).to_bytes(4, "little") + b"PAR1": "no whole Parquet file",
        b"": "has 0 bytes",
    }
    for content, what in damages.items():
        lake.absolute(file.path).write_bytes(content)
        issue = lake.verify(file)
        assert issue is not None
        assert issue.code == codes.FILE_DAMAGED
        assert what in issue.what
        assert "build b1" in issue.what
    lake.absolute(file.path).unlink()
    issue = lake.verify(file)
    assert issue is not None
    assert issue.code == codes.FILE_MISSING


def test_files_leaves_out_stages(lake: Lake) -> None:
    put(lake, "table/sales/b1-0.parquet")
    (lake.stage_folder("run1") / "x.parquet").write_bytes(b"")
    lake.absolute("epoch").write_text("1")
    (found,) = lake.files()
    assert (found.path, found.bytes) == ("table/sales/b1-0.parquet", len(CONTENT))
    assert [run for run, _ in lake.stages()] == ["run1"]
    lake.drop_stage("run1")
    assert list(lake.stages()) == []


def test_the_epoch_only_grows(lake: Lake) -> None:
    assert lake.read_epoch() == 0
    lake.check_epoch(0)
    lake.write_epoch(7)
    lake.write_epoch(3)
    assert lake.read_epoch() == 7
    lake.check_epoch(7)
    lake.check_epoch(8)
    with pytest.raises(HeadwaterError, match="E761 the ledger is at epoch 6, the lake has seen 7"):
        lake.check_epoch(6)


def test_epochs_written_at_once_keep_the_highest(lake: Lake) -> None:
    threads = [
        threading.Thread(target=Lake(lake.root).write_epoch, args=(n * 7 % 20,)) for n in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lake.read_epoch() == 19
