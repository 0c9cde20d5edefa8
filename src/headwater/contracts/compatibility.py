"""Whether a new version of a contract may follow the earlier ones, and how far to raise it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from headwater.contracts.changes import Change, ChangeKind, changes
from headwater.contracts.definition import Contract, Mode
from headwater.contracts.reading import parse_version
from headwater.errors import Issue


class Level(StrEnum):
    """How far a version must be raised."""

    NONE = "none"
    PATCH = "patch"
    MINOR = "minor"
    MAJOR = "major"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A change that the mode forbids, against which earlier version."""

    version: str
    change: Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Compatibility:
    """The classification of a new version.

    `ok` says that the mode allows every change. `breaking` are the changes after which a reader of
    their columns no longer works, whatever the mode says; it matters where lineage finds a reader.
    """

    ok: bool
    mode: Mode
    changes: tuple[Change, ...]
    violations: tuple[Violation, ...]
    level: Level
    suggested_version: str

    @property
    def backward(self) -> bool:
        """Whether the new contract reads data of the last version."""
        return all(change.backward for change in self.changes)

    @property
    def forward(self) -> bool:
        """Whether readers of the last version can read the new data."""
        return all(change.forward for change in self.changes)

    @property
    def breaking(self) -> tuple[Change, ...]:
        """The changes that break queries over their columns."""
        return tuple(change for change in self.changes if change.breaks_readers)

    def __str__(self) -> str:
        if not self.changes:
            return "unchanged"
        words = {
            (True, True): "fully compatible",
            (True, False): "backward compatible",
            (False, True): "forward compatible",
            (False, False): "incompatible",
        }
        return words[self.backward, self.forward]


def classify(
    old_versions: Sequence[Contract], new: Contract, mode: Mode | None = None
) -> Compatibility:
    """A new version against the earlier ones, oldest first.

    `mode` is by default that of the last version: who loosens the mode together with the content is
    judged by the mode that they replace.
    """
    if not old_versions:
        return Compatibility(
            ok=True,
            mode=mode or new.compatibility,
            changes=(),
            violations=(),
            level=Level.NONE,
            suggested_version=new.version,
        )
    last = old_versions[-1]
    judged_by = mode or last.compatibility
    against = old_versions if judged_by.value.endswith("_TRANSITIVE") else (last,)
    violations = tuple(
        Violation(version=old.version, change=change)
        for old in against
        for change in changes(old, new)
        if not _allowed(change, judged_by)
    )
    found = changes(last, new)
    level = _level(found, bool(violations))
    return Compatibility(
        ok=not violations,
        mode=judged_by,
        changes=found,
        violations=violations,
        level=level,
        suggested_version=raise_version(last.version, level),
    )


def _allowed(change: Change, mode: Mode) -> bool:
    name = mode.value.removesuffix("_TRANSITIVE")
    backward = change.backward or name not in ("BACKWARD", "FULL")
    forward = change.forward or name not in ("FORWARD", "FULL")
    return backward and forward


def _level(found: Sequence[Change], violated: bool) -> Level:
    """Major for what a mode forbids or a reader trips over, minor for the rest, patch for words."""
    if not found:
        return Level.NONE
    if violated or any(change.breaks_readers for change in found):
        return Level.MAJOR
    only_words = all(change.kind is ChangeKind.TEXT_CHANGED for change in found)
    return Level.PATCH if only_words else Level.MINOR


def raise_version(version: str, level: Level) -> str:
    """The next version of that level.

    >>> raise_version("1.4.2", Level.MINOR)
    '1.5.0'
    """
    major, minor, patch = parse_version(version) or (0, 0, 0)
    return {
        Level.MAJOR: f"{major + 1}.0.0",
        Level.MINOR: f"{major}.{minor + 1}.0",
        Level.PATCH: f"{major}.{minor}.{patch + 1}",
        Level.NONE: version,
    }[level]


def version_issues(old_versions: Sequence[Contract], new: Contract) -> list[Issue]:
    """Whether the version was raised far enough (E607, W607) and the mode is kept (E608)."""
    if not old_versions:
        return []
    last, result = old_versions[-1], classify(old_versions, new)
    place = replace(new.place, path=new.path)
    issues = [
        Issue(
            code="E608",
            what=f"{each.change} is not {result.mode} compatible with version {each.version}",
            place=each.change.place if each.change.place.path else place,
            fix="name who reads it and acknowledge the change, or keep the promise",
        )
        for each in result.violations
    ]
    before, after = parse_version(last.version), parse_version(new.version)
    if result.level is Level.NONE or before is None or after is None:
        return issues
    needed = parse_version(result.suggested_version) or after
    if after < needed:
        words = ", ".join(str(change) for change in result.changes[:3])
        more = f" and {len(result.changes) - 3} more" if len(result.changes) > 3 else ""
        code = "W607" if result.level is Level.PATCH and after == before else "E607"
        what = f"version {new.version} of {new.name} changed: {words}{more}"
        fix = f"raise the version to {result.suggested_version} ({result.level})"
        issues.append(Issue(code=code, what=what, place=place, fix=fix))
    return issues
