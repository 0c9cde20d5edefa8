"""Parity: what was served is computed again as any batch computes it, and compared exactly.

Each logged vector is asked for anew at the moment that it was of, from the rows and the definitions
of the release that it came from; features that need a request get the values that were given.
Floats are compared as floats, texts as texts, and so are the scores.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from headwater.clock import local
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.ids import NodeId
from headwater.learning.columns import names, numbers
from headwater.learning.model import InputColumn
from headwater.learning.values import is_category
from headwater.project.release_view import ReleaseView
from headwater.project.releasing import bind_released
from headwater.project.serving.log import FOLDER, logged_versions, read_log
from headwater.project.serving.recomputing import Origin, recompute
from headwater.project.serving.released import Released, load_version
from headwater.semantics.periods import read_period

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from headwater.learning.algorithms.protocol import Flags
    from headwater.learning.scorer import Scorer
    from headwater.project.facade import Project

_COMPARED: Final = ("ok", "stale", "last_known")
_MOST_EXAMPLES: Final = 10
_SCORE: Final = "score"
_BY_DESIGN: Final = "answered without values of their own (refused, or by default)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """A value that was served otherwise than a batch says."""

    request_id: str
    version: int
    keys: Mapping[str, object]
    column: str  # a feature, or `score`
    served: object
    recomputed: object


@dataclass(slots=True, kw_only=True)
class Parity:
    """What came out: of how many answers and values, how many differ."""

    model: str
    rows: int = 0  # compared
    values: int = 0
    mismatched: int = 0  # rows
    examples: list[Mismatch] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)  # reason → rows

    @property
    def is_equal(self) -> bool:
        """Whether everything that was compared is equal."""
        return self.mismatched == 0


def parity_of(project: Project, model: str, period: str = "", sample: int | None = None) -> Parity:
    """Compare what a project's model has answered, in a period's local days. Code E055.

    Raises where nothing was logged.
    """
    workspace = project.workspace
    clock, ledger = workspace.clock, workspace.ledger
    span = None
    if period:
        span = read_period(period, local(clock.now, clock.zone).date()).interval(clock)
    kept: dict[int, Released] = {}

    def released(number: int) -> Released:
        if number not in kept:
            view = ReleaseView.of(ledger, ledger.release(number))
            bound = bind_released(workspace, view)
            kept[number] = Released(workspace=workspace, view=view, bound=bound)
        return kept[number]

    folder = workspace.state_folder / FOLDER
    versions = logged_versions(folder, model)
    if not versions:
        known = [each.name for each in folder.iterdir()] if folder.is_dir() else []
        fix = did_you_mean(model, known, "answers of `headwater serve` are logged")
        what = f"no answer of `{model}` is logged"
        raise UsageError(Issue(code="E055", what=what, fix=fix))
    return check_parity(
        model,
        folder,
        versions,
        released,
        start=span.start if span else None,
        end=span.end if span else None,
        sample=sample,
    )


def check_parity(
    model: str,
    folder: Path,
    versions: Sequence[int],
    released: Callable[[int], Released],
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    sample: int | None = None,
) -> Parity:
    """Compare the log's answers in `[start, end)` with a batch; of each version `sample` at most.

    `released` gives a release by its number.
    """
    found = Parity(model=model)
    for version in versions:
        rows = read_log(folder, model, version, start, end)
        if not rows.num_rows:
            continue
        if sample is not None and rows.num_rows > sample:
            rows = rows.take(np.linspace(0, rows.num_rows - 1, sample).astype(np.int64))
        for origins, part in _by_origin(rows, found):
            _check(origins, part, version, released, found)
    return found


def _by_origin(rows: pa.Table, found: Parity) -> Iterator[tuple[tuple[Origin, ...], pa.Table]]:
    """The rows that have values, by where these came from."""
    places: dict[tuple[Origin, ...], list[int]] = {}
    pairs = zip(rows["status"].to_pylist(), rows["views"].to_pylist(), strict=True)
    for place, (status, views) in enumerate(pairs):
        if status not in _COMPARED:
            found.skipped[_BY_DESIGN] += 1
            continue
        origins = tuple((each["view"], each["digest"], each["release"]) for each in views)
        places.setdefault(origins, []).append(place)
    for origins, chosen in places.items():
        yield origins, rows.take(chosen)


def _check(
    origins: tuple[Origin, ...],
    rows: pa.Table,
    version: int,
    released: Callable[[int], Released],
    found: Parity,
) -> None:
    release = origins[0][2] if origins else rows["release"][0].as_py()
    scorer = load_version(released(release), NodeId("model", found.model), version)
    probes, places = _distinct(rows)
    batch = recompute(origins, probes, scorer.columns, released)
    if isinstance(batch, str):
        found.skipped[batch] += rows.num_rows
        return
    differs = np.zeros(rows.num_rows, dtype=bool)
    served = {column.name: rows["features"].combine_chunks().field(column.name)
              for column in scorer.columns}  # fmt: skip
    for column in scorer.columns:
        values = batch[column.name]
        wrong, shown = _unlike(served[column.name], values, column, places)
        _tell(found, rows, version, column.name, wrong, served[column.name], shown)
        differs |= wrong
    wrong, scores = _other_scores(scorer, batch, rows, places)
    _tell(found, rows, version, _SCORE, wrong, rows[_SCORE], scores)
    found.rows += rows.num_rows
    found.values += rows.num_rows * (len(scorer.columns) + 1)
    found.mismatched += int(np.count_nonzero(differs | wrong))


def _distinct(rows: pa.Table) -> tuple[pa.Table, np.ndarray]:
    """Every question once, and for each row the place of its own."""
    seen: dict[tuple[str, str, str], int] = {}
    first: list[int] = []
    places = np.empty(rows.num_rows, dtype=np.int64)
    columns = (rows[name].to_pylist() for name in ("keys", "views", "request"))
    for place, (keys, views, request) in enumerate(zip(*columns, strict=True)):
        asked = (repr(keys), repr(views), request)
        if asked not in seen:
            seen[asked] = len(first)
            first.append(place)
        places[place] = seen[asked]
    return rows.take(first), places


def _unlike(
    served: pa.Array, recomputed: pa.ChunkedArray, column: InputColumn, places: np.ndarray
) -> tuple[Flags, Sequence[object]]:
    """Where values differ, and what the batch says of each row."""
    if is_category(column):
        texts = np.array(names(recomputed).to_pylist(), dtype=object)[places]
        theirs = np.array(served.to_pylist(), dtype=object)
        return theirs != texts, texts
    values = numbers(recomputed)[places]
    ours = served.to_numpy(zero_copy_only=False)
    return ~((ours == values) | (np.isnan(ours) & np.isnan(values))), values


def _other_scores(
    scorer: Scorer, batch: pa.Table, rows: pa.Table, places: np.ndarray
) -> tuple[Flags, Sequence[object]]:
    scores = scorer.score_table(batch)[places]
    return rows[_SCORE].to_numpy() != scores, scores


def _tell(
    found: Parity,
    rows: pa.Table,
    version: int,
    column: str,
    wrong: Flags,
    served: Any,
    recomputed: Sequence[Any],
) -> None:
    """Keep some examples of what differs."""
    for place in np.flatnonzero(wrong)[: _MOST_EXAMPLES - len(found.examples)]:
        value = recomputed[place]
        found.examples.append(
            Mismatch(
                request_id=rows["request_id"][place].as_py(),
                version=version,
                keys=rows["keys"][place].as_py(),
                column=column,
                served=served[place].as_py(),
                recomputed=value.item() if isinstance(value, np.generic) else value,
            )
        )
