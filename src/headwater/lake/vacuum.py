"""Which data files nothing needs any more; decided purely, then deleted.

Grace counts from when a file became unreferenced, not from when it was written: a reader who took
a release an hour ago still finds its files. Files that the ledger does not know come from a crash,
or belong to a build under way; their grace counts from their last change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from headwater.lake.folder import FoundFile, Lake


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumPlan:
    """What a vacuum deletes, what it keeps for now, and what it noticed."""

    delete: tuple[FoundFile, ...] = ()
    keep: tuple[FoundFile, ...] = ()  # unreferenced, within their grace
    strays: tuple[FoundFile, ...] = ()  # unknown to the ledger; among `delete` or `keep`
    missing: tuple[str, ...] = ()  # in use, but not in the lake: damage
    stages: tuple[str, ...] = ()  # left stage folders of runs, to be deleted

    @property
    def bytes(self) -> int:
        """How much is freed."""
        return sum(file.bytes for file in self.delete)


@dataclass(frozen=True, slots=True, kw_only=True)
class VacuumOutcome:
    """What was deleted."""

    files: int
    bytes: int


def vacuum_plan(
    *,
    found: Iterable[FoundFile],
    in_use: AbstractSet[str],
    unreferenced_since: Mapping[str, datetime],
    grace: timedelta,
    now: datetime,
    stages: Iterable[tuple[str, datetime]] = (),
) -> VacuumPlan:
    """Decide for every file found; `in_use` holds what pins hold, too. Pure."""
    delete: list[FoundFile] = []
    keep: list[FoundFile] = []
    strays: list[FoundFile] = []
    seen: set[str] = set()
    for file in sorted(found, key=lambda file: file.path):
        seen.add(file.path)
        if file.path in in_use:
            continue
        since = unreferenced_since.get(file.path)
        if since is None:
            strays.append(file)
        over = (since or file.modified_at) + grace <= now
        (delete if over else keep).append(file)
    return VacuumPlan(
        delete=tuple(delete),
        keep=tuple(keep),
        strays=tuple(strays),
        missing=tuple(sorted(in_use - seen)),
        stages=tuple(sorted(run for run, changed in stages if changed + grace <= now)),
    )


def execute_vacuum(lake: Lake, plan: VacuumPlan, *, epoch: int) -> VacuumOutcome:
    """Delete what the plan says; refuses with E761 if the ledger's epoch is older than the lake's.

    The caller sees to it that no run takes up one of these files meanwhile.
    """
    lake.check_epoch(epoch)
    files = freed = 0
    for file in plan.delete:
        path = lake.absolute(file.path)
        with suppress(FileNotFoundError):
            path.unlink()
            files, freed = files + 1, freed + file.bytes
        for folder in path.parents:
            if folder == lake.root:
                break
            try:
                folder.rmdir()
            except OSError:  # not empty
                break
    for run in plan.stages:
        lake.drop_stage(run)
    return VacuumOutcome(files=files, bytes=freed)
