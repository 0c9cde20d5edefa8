"""How a challenger stands, by the log of requests: what it was asked, and how it answered.

The log holds the answers of all processes, so that it does not matter which of them judges.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from headwater.project.serving.deploying import Deployment
from headwater.project.serving.gating import Figure, Standing
from headwater.project.serving.log import FOLDER, log_files
from headwater.project.serving.scored import Role

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.project.facade import Project

_COLUMNS: Final = ("asked_at", "role", "status", "score", "ms")
_EARLIEST: Final = timedelta(days=1)


def standing_of(project: Project, deployment: Deployment) -> Standing:
    """The figures of a challenger since it began, by the log of the project."""
    folder = project.workspace.state_folder / FOLDER
    import pyarrow as pa
    import pyarrow.compute as pc

    roles: tuple[Role, ...] = ("shadow",) if deployment.is_shadow else ("challenger",)
    own = _rows(folder, deployment, deployment.version, roles)
    beside = _rows(folder, deployment, deployment.champion, ("champion",))
    failed = pc.equal(own["status"], "failed")
    answered = own.filter(pc.is_valid(own["score"]))
    p95 = pc.quantile(answered["ms"], 0.95)[0].as_py() if answered.num_rows else None
    figures: dict[Figure, float | None] = {
        "errors": pc.sum(failed.cast(pa.int64())).as_py() / own.num_rows if own.num_rows else None,
        "p95_ms": p95,
        "score_psi": _drift(beside, answered),
        "calibration_error": _calibration(project, deployment),
    }
    return Standing(requests=own.num_rows, champion_requests=beside.num_rows, figures=figures)


def _calibration(project: Project, deployment: Deployment) -> float | None:
    """How far its scores are from what happened; None while nothing is known of that.

    A label is known a day after its moment at the earliest, so that shorter trials never ask.
    """
    if project.workspace.clock.now - deployment.began_at < _EARLIEST:
        return None
    from headwater.project.monitoring.looking import monitor

    for each in monitor(project, deployment.model).outcomes:
        is_own = (each.version, each.origin) == (deployment.version, "online")
        if is_own and each.rows >= deployment.min_requests:
            return each.calibration_error.value
    return None


def _drift(champion: pa.Table, challenger: pa.Table) -> float | None:
    """PSI of the scores; None where so few rows prove nothing."""
    import pyarrow.compute as pc

    from headwater.learning.drift import over, psi, reference_bins

    known = champion.filter(pc.is_valid(champion["score"])).select(["score"])
    if not known.num_rows or not challenger.num_rows:
        return None
    with over(known) as session:
        bins = reference_bins(session, "rows", ["score"])
    with over(challenger.select(["score"])) as session:
        (drift,) = psi(session, "rows", bins)
    return None if drift.verdict == "few_rows" else drift.psi


def _rows(folder: Path, deployment: Deployment, version: int, roles: Sequence[Role]) -> pa.Table:
    """The answers of a version in some roles since the deployment began."""
    import pyarrow as pa
    import pyarrow.compute as pc

    start = deployment.began_at
    paths = log_files(folder, deployment.model, start, version=version)
    tables = [table for path in paths if (table := _read(path)) is not None]
    if not tables:
        return _nothing()
    rows = pa.concat_tables(tables)
    since = pc.greater_equal(rows["asked_at"], pa.scalar(start, rows["asked_at"].type))
    return rows.filter(pc.and_(since, pc.is_in(rows["role"], value_set=pa.array(roles))))


def _read(path: Path) -> Any:
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path).read(columns=list(_COLUMNS))
    except FileNotFoundError:  # merged with others since it was listed
        return None


def _nothing() -> pa.Table:
    import pyarrow as pa

    types = (pa.timestamp("us", tz="UTC"), pa.string(), pa.string(), pa.float64(), pa.float64())
    fields = [pa.field(name, type_) for name, type_ in zip(_COLUMNS, types, strict=True)]
    return pa.schema(fields).empty_table()
