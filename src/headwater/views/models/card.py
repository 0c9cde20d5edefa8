"""What a model card shows of one version, beside its training report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from headwater.kinds.model.versions import Facts
from headwater.learning.report import Figure
from headwater.semantics.formats import NumberFormat

#: `published` answers now; `passed` may be promoted; `held` failed its gates; `replaced` was
#: published once.
Standing = Literal["published", "passed", "held", "replaced"]
STANDINGS: Mapping[Standing, tuple[str, str]] = {  # words, and the style of their mark
    "published": ("published", "good"),
    "passed": ("passed, not published", "quiet"),
    "held": ("held by its gates", "bad"),
    "replaced": ("published before", "quiet"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """One version among the others of a model."""

    number: int
    at: datetime
    standing: Standing
    environment: str
    facts: Facts
    changes: tuple[str, ...] = ()  # against the version before

    @property
    def state(self) -> tuple[str, str]:
        """Its standing in words, and how they are marked."""
        return STANDINGS[self.standing]

    def figure(self, name: str) -> Figure:
        """A figure of its test."""
        return self.facts.figures.get(name, Figure(None))


def changes_between(before: Facts, after: Facts) -> tuple[str, ...]:
    """What differs between two trainings, most telling first."""
    if (before.digest, before.rows) == (after.digest, after.rows):
        return ("the same model",)
    found = []
    if before.algorithm != after.algorithm:
        found.append(f"algorithm {before.algorithm} → {after.algorithm}")
    was, now = before.columns, after.columns
    found += [f"feature `{name}` added" for name in sorted(now.keys() - was.keys())]
    found += [f"feature `{name}` removed" for name in sorted(was.keys() - now.keys())]
    found += [
        f"type of `{name}` {was[name]} → {now[name]}"
        for name in sorted(now.keys() & was.keys())
        if was[name] != now[name]
    ]
    found += [
        f"`{view}` means something else"
        for view in sorted(before.views.keys() & after.views.keys())
        if before.views[view] != after.views[view]
    ]
    if before.split_mode != after.split_mode:
        found.append(f"split by {before.split_mode} → by {after.split_mode}")
    if before.rows != after.rows:
        found.append(f"{before.rows:,} → {after.rows:,} rows")
    elif before.training_set != after.training_set:
        found.append("other training rows")
    found += _parameters(before.parameters, after.parameters)
    if before.seed != after.seed:
        found.append(f"seed {before.seed} → {after.seed}")
    found += [
        f"{name} {before.environment[name]} → {version}"
        for name, version in sorted(after.environment.items())
        if before.environment.get(name, version) != version
    ]
    return tuple(found)


def _parameters(before: Mapping[str, object], after: Mapping[str, object]) -> Sequence[str]:
    return [
        f"{name} {before.get(name, 'default')} → {after.get(name, 'default')}"
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def money_format(formats: Sequence[NumberFormat]) -> NumberFormat:
    """How profit is written: in the currency of the project's metrics, where they have one.

    >>> money_format(()).text(3)
    '3'
    """
    found = next((each for each in formats if each.sort == "currency"), None)
    return found or NumberFormat(decimals=0)
