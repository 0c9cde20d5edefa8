"""Models as files: read again they score the same; anything else is refused before it is read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cache

import pyarrow as pa
import pytest
from tests.unit.learning.customers import customers, spec, vectors

from headwater.errors import HeadwaterError
from headwater.learning.artifact import MANIFEST, pack, unpack
from headwater.learning.fitting import fit
from headwater.learning.report import Evaluation, SplitPart, TrainingReport
from headwater.learning.report_json import from_json
from headwater.learning.scorer import Scorer

FOREST = "sklearn.ensemble.RandomForestClassifier"
SPECS = {
    "logistic": spec(algorithm="logistic", parameters={}),
    "xgboost": spec(calibration="isotonic"),
    "lightgbm": spec(algorithm="lightgbm"),
    "sklearn": spec(algorithm="sklearn", estimator=FOREST, parameters={"n_estimators": 5}),
}
FILES = {
    "logistic": "logistic.json",
    "xgboost": "model.ubj",
    "lightgbm": "model.txt",
    "sklearn": "model.skops",
}
REPORT = TrainingReport(
    algorithm="xgboost",
    parameters={},
    seed=0,
    split_mode="time",
    parts=(
        SplitPart(
            name="train",
            rows=1,
            positives=1,
            entities=1,
            first=date(2010, 1, 1),
            last=date(2010, 1, 1),
        ),
    ),
    embargoed=0,
    test=Evaluation(rows=1, positives=1, figures={}),
    baselines={},
    environment={"xgboost": "3.2.0"},
)


@cache
def model(name: str) -> Scorer:
    return fit(customers(), SPECS[name]).model


def files(name: str = "xgboost") -> dict[str, bytes]:
    return pack(model(name), REPORT)


def signed(changed: Mapping[str, bytes]) -> dict[str, bytes]:
    """Files with a manifest that fits them, as one who means harm would write it."""
    manifest = json.loads(changed[MANIFEST])
    manifest["files"] = {
        name: {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        for name, content in changed.items()
        if name != MANIFEST
    }
    return {**changed, MANIFEST: json.dumps(manifest).encode()}


def refused(given: Mapping[str, bytes]) -> str:
    with pytest.raises(HeadwaterError) as caught:
        unpack(given)
    (issue,) = caught.value.issues
    assert issue.fix
    return str(issue)


@pytest.mark.parametrize("name", SPECS)
def test_read_again_it_scores_the_same(name: str) -> None:
    written = files(name)
    assert set(written) == {
        FILES[name],
        "calibrator.json",
        "columns.json",
        "report.json",
        "manifest.json",
    }
    read, rows = unpack(written), customers(seed=7)
    scores = model(name).score_table(rows).tolist()
    assert read.score_table(rows).tolist() == scores
    some = rows.slice(0, 50)
    assert [read.score_vector(vector) for vector in vectors(some)] == scores[:50]
    assert read.columns == model(name).columns
    assert read.keys == ("customer",)
    assert read.calibrator == model(name).calibrator
    assert pack(read, REPORT) == written
    assert from_json(written["report.json"]) == REPORT


@pytest.mark.parametrize("name", [*FILES.values(), "calibrator.json", "columns.json"])
def test_altered_and_cut_files_are_refused(name: str) -> None:
    algorithm = next((each for each, file in FILES.items() if file == name), "xgboost")
    written = files(algorithm)
    content = written[name]
    middle = len(content) // 2
    flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    said = refused({**written, name: flipped})
    assert said.startswith(f"E027 the model's files were cut short or altered: {name} is not what")
    said = refused({**written, name: content[:middle]})
    assert f"{name} has {middle:,} bytes instead of {len(content):,}" in said


def test_missing_and_extra_files_are_refused() -> None:
    written = files()
    without = {name: content for name, content in written.items() if name != "model.ubj"}
    assert "model.ubj missing" in refused(without)
    assert "notes.txt not of it" in refused({**written, "notes.txt": b""})
    assert "it has no manifest.json" in refused({})
    assert "its manifest.json cannot be read" in refused({**written, MANIFEST: b"[]"})
    assert "its manifest.json cannot be read" in refused({**written, MANIFEST: b"{"})


def test_pickles_are_refused_by_name_and_by_content() -> None:
    written = files("sklearn")
    said = refused(signed({**written, "model.pkl": b"\x80\x04."}))
    assert said.startswith("E028 the model cannot be read: model.pkl could run code")
    assert refused(signed({**written, "model.skops": b"\x80\x04\x95."})).startswith("E028")


def test_types_that_are_not_trusted_are_refused() -> None:
    import skops.io
    from sklearn.gaussian_process.kernels import RBF

    content = skops.io.dumps({"pipeline": RBF(), "background": None})
    said = refused(signed({**files("sklearn"), "model.skops": content}))
    assert said.startswith("E028 the model cannot be read: it holds types that are not trusted")
    assert "RBF" in said


@pytest.mark.parametrize("name", SPECS)
def test_files_that_fit_their_hash_and_do_not_parse_are_refused(name: str) -> None:
    written = files(name)
    content = written[FILES[name]]
    for broken in (b"", b"garbage", content[: len(content) // 2]):
        assert refused(signed({**written, FILES[name]: broken})).startswith("E028")


def test_descriptions_that_do_not_fit_are_refused() -> None:
    written = files()
    columns = json.loads(written["columns.json"])
    fewer = {**columns, "inputs": columns["inputs"][1:]}
    said = refused(signed({**written, "columns.json": json.dumps(fewer).encode()}))
    assert said.startswith("E028 the model cannot be read: model.ubj is of 6 columns, not of 5")
    assert refused(signed({**written, "columns.json": b"{}"})).startswith("E028")
    calibration = json.loads(written["calibrator.json"])
    changes: list[dict[str, object]] = [
        {"method": "guess"},
        {"knots": [2, 1]},
        {"slope": float("nan")},
        {"knots": []},
    ]
    for change in changes:
        changed = json.dumps({**calibration, **change}).encode()
        said = refused(signed({**written, "calibrator.json": changed}))
        assert said.startswith("E028 the model cannot be read: calibrator.json is no calibration")


def test_formats_and_algorithms_of_later_versions_are_told() -> None:
    written = files()
    manifest = json.loads(written[MANIFEST])
    later = json.dumps({**manifest, "format": 2}).encode()
    said = refused({**written, MANIFEST: later})
    assert said.startswith("E028 the model cannot be read: it is of format 2")
    assert "pip install --upgrade headwater" in said
    other = json.dumps({**manifest, "algorithm": "oracle"}).encode()
    assert "knows no algorithm 'oracle'" in refused({**written, MANIFEST: other})


def test_an_empty_table_is_scored() -> None:
    rows = customers().slice(0, 0)
    assert isinstance(rows, pa.Table)
    assert unpack(files()).score_table(rows).tolist() == []
