"""A published model whose files were damaged or forged: nobody reads them, and training mends."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.integration.kinds.model.test_training import (
    became,
    next_day,
    numbers,
    outcome,
    scores,
    shown,
)
from tests.integration.run.small import Small

from headwater.ids import NodeId

CHURN, SCORES = NodeId("model", "churn"), NodeId("scores", "churn")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:4_000])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    third = len(content) // 3
    content[third : third + 40] = (each ^ 0xFF for each in content[third : third + 40])
    path.write_bytes(bytes(content))


def forge(path: Path) -> None:
    """Another model, with all hashes that lie beside it made to fit."""
    table = pq.ParquetFile(path).read()
    files = {row["file"]: row["content"] for row in table.to_pylist()}
    files["calibrator.json"] = files["calibrator.json"].replace(b'"slope": ', b'"slope": 1')
    manifest = json.loads(files.pop("manifest.json"))
    manifest["files"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in files.items()
    }
    files["manifest.json"] = json.dumps(manifest).encode()
    forged = pa.table(
        {
            "file": list(files),
            "content": pa.array(files.values(), type=pa.binary()),
            "sha256": [hashlib.sha256(content).hexdigest() for content in files.values()],
        }
    )
    pq.write_table(forged, path)


@pytest.mark.parametrize("damage", [cut, flip, forge, Path.unlink])
def test_damaged_files_are_not_read_and_training_mends_them(trained: Small, damage: object) -> None:
    with trained.open() as project:
        path = project.workspace.lake.absolute(project.view.states[CHURN].files[0].path)
    path.chmod(0o644)
    assert callable(damage)
    damage(path)
    before = scores(trained, "count(*), max(day)")
    next_day(trained)
    found = outcome(trained.run(), SCORES)
    assert found.status == "failed"
    (issue,) = found.issues
    assert issue.code == "E044"
    assert "model.churn@1" in issue.what
    assert "--full-refresh model.churn" in issue.fix
    assert issue.place.path == "models/churn.yml"
    assert scores(trained, "count(*), max(day)") == before
    report = trained.run(full_refresh=frozenset({CHURN}))
    assert became(report) == {"model.churn": "built", "scores.churn": "built"}
    (warning,) = outcome(report).issues
    assert warning.code == "W045"
    assert "not compared with the version published now" in warning.what
    assert shown(trained) == "model.churn@2"
    assert numbers(trained) == [2, 1]
