"""A model as files, in safe formats, and back.

Nothing of it is code. A manifest names each file with its size and hash, and is verified before any
library sees a byte.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from headwater import __version__
from headwater.errors import HeadwaterError, Issue
from headwater.learning.algorithms.choosing import NAMES, algorithm_of
from headwater.learning.algorithms.protocol import CannotLoadError
from headwater.learning.calibration import Calibrator
from headwater.learning.encoding import Encoder, Encoding
from headwater.learning.model import InputColumn
from headwater.learning.report import TrainingReport
from headwater.learning.report_json import to_json
from headwater.learning.scorer import Scorer

#: Of the files and what they mean; a later number is not read by this version.
FORMAT = 1
MANIFEST, COLUMNS, CALIBRATOR = "manifest.json", "columns.json", "calibrator.json"
REPORT = "report.json"
_UNSAFE = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".npy")
_AGAIN = "take an earlier version with `headwater rollback`, or train again"


def pack(scorer: Scorer, report: TrainingReport) -> dict[str, bytes]:
    """The files of a model; equal for equal models and reports."""
    files = {
        scorer.algorithm.file: scorer.estimator.dump(),
        CALIBRATOR: _json(asdict(scorer.calibrator)),
        COLUMNS: _json(_columns(scorer)),
        REPORT: to_json(report),
    }
    manifest = {
        "format": FORMAT,
        "headwater": __version__,
        "algorithm": scorer.algorithm.name,
        "libraries": dict(sorted(report.environment.items())),
        "files": {
            name: {"bytes": len(content), "sha256": _hash(content)}
            for name, content in sorted(files.items())
        },
    }
    return {**files, MANIFEST: _json(manifest)}


def unpack(files: Mapping[str, bytes]) -> Scorer:
    """The model of these files; raises where anything is not as it was written."""
    manifest = _manifest(files)
    _verify(files, manifest)
    try:
        columns, calibration = json.loads(files[COLUMNS]), json.loads(files[CALIBRATOR])
        encoder = _encoder(columns)
        algorithm = algorithm_of(manifest["algorithm"])
        estimator = algorithm.load(files[algorithm.file], len(encoder.owners))
        return Scorer(
            columns=tuple(encoding.column for encoding in encoder.encodings),
            keys=tuple(columns["keys"]),
            algorithm=algorithm,
            encoder=encoder,
            estimator=estimator,
            calibrator=_calibrator(calibration),
        )
    except CannotLoadError as error:
        raise _unreadable(str(error)) from None
    except (ValueError, KeyError, TypeError) as error:
        raise _unreadable(f"its description is not complete ({error!r:.200})") from None


def _columns(scorer: Scorer) -> Mapping[str, object]:
    return {
        "keys": scorer.keys,
        "one_hot": scorer.encoder.one_hot,
        "inputs": [
            {
                **asdict(encoding.column),
                "is_used": encoding.is_used,
                "categories": encoding.categories,
            }
            for encoding in scorer.encoder.encodings
        ],
    }


def _encoder(columns: Any) -> Encoder:
    encodings = []
    for said in columns["inputs"]:
        rest = dict(said)
        is_used, categories = rest.pop("is_used"), rest.pop("categories")
        encodings.append(
            Encoding(
                column=InputColumn(**rest),
                is_used=is_used,
                categories=None if categories is None else tuple(categories),
            )
        )
    return Encoder(encodings, one_hot=columns["one_hot"])


def _calibrator(said: Any) -> Calibrator:
    knots, chances = tuple(map(float, said["knots"])), tuple(map(float, said["chances"]))
    found = Calibrator(
        method=said["method"],
        slope=float(said["slope"]),
        intercept=float(said["intercept"]),
        knots=knots,
        chances=chances,
    )
    is_whole = all(map(math.isfinite, (found.slope, found.intercept, *knots, *chances)))
    is_rising = list(knots) == sorted(knots) and list(chances) == sorted(chances)
    if (
        found.method not in ("none", "platt", "isotonic")
        or not (is_whole and is_rising and len(knots) == len(chances))
        or (found.method == "isotonic") != bool(knots)
    ):
        raise CannotLoadError(f"{CALIBRATOR} is no calibration")
    return found


def _manifest(files: Mapping[str, bytes]) -> Mapping[str, Any]:
    unsafe = sorted(name for name in files if name.lower().endswith(_UNSAFE))
    if unsafe:
        raise _unreadable(f"{', '.join(unsafe)} could run code when read, and is refused")
    if MANIFEST not in files:
        raise _altered(f"it has no {MANIFEST}")
    try:
        manifest = json.loads(files[MANIFEST])
        number, said, algorithm = manifest["format"], manifest["files"], manifest["algorithm"]
        listed = all(
            isinstance(each["bytes"], int) and isinstance(each["sha256"], str)
            for each in said.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _altered(f"its {MANIFEST} cannot be read") from None
    if number != FORMAT:
        what = f"it is of format {number!r}, and this version of Headwater reads {FORMAT}"
        raise _unreadable(what, "pip install --upgrade headwater, or train again")
    if not listed:
        raise _altered(f"its {MANIFEST} cannot be read")
    if algorithm not in NAMES:
        raise _unreadable(f"this version of Headwater knows no algorithm {algorithm!r}")
    found: Mapping[str, Any] = manifest
    return found


def _verify(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    listed = manifest["files"]
    needed = {*listed, COLUMNS, CALIBRATOR, REPORT}
    missing, extra = sorted(needed - set(files)), sorted(set(files) - {*listed, MANIFEST})
    if missing or extra:
        parts = [f"{', '.join(missing)} missing"] if missing else []
        parts += [f"{', '.join(extra)} not of it"] if extra else []
        raise _altered("; ".join(parts))
    for name, said in sorted(listed.items()):
        content = files[name]
        if len(content) != said["bytes"]:
            raise _altered(f"{name} has {len(content):,} bytes instead of {said['bytes']:,}")
        if _hash(content) != said["sha256"]:
            raise _altered(f"{name} is not what was written")


def _altered(why: str) -> HeadwaterError:
    what = f"the model's files were cut short or altered: {why}"
    return HeadwaterError(Issue(code="E027", what=what, fix=_AGAIN))


def _unreadable(why: str, fix: str = _AGAIN) -> HeadwaterError:
    return HeadwaterError(Issue(code="E028", what=f"the model cannot be read: {why}", fix=fix))


def _json(said: object) -> bytes:
    return json.dumps(said, indent=1, sort_keys=True).encode()


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
