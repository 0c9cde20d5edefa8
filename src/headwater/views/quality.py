"""What the rules of a node measured, release by release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from headwater.plan.state import Build, RuleOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One rule over the builds that one release showed first."""

    release: int
    passed: bool
    failed_rows: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleHistory:
    """One rule and what it measured, oldest release first; None where nothing was built."""

    rule: str
    severity: str
    measured: tuple[Measured | None, ...]

    @property
    def has_failed(self) -> bool:
        """Whether it ever did not pass."""
        return any(each is not None and not each.passed for each in self.measured)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityHistory:
    """The rules of a node over its releases; rules that failed stand first."""

    releases: tuple[int, ...]
    rules: tuple[RuleHistory, ...]


def quality_history(
    builds: Sequence[Build], shown: Mapping[str, int], limit: int
) -> QualityHistory:
    """The newest `limit` releases that showed a build; `shown` says which was shown in which."""
    by_release: dict[int, list[Build]] = {}
    for build in builds:
        if build.id in shown:
            by_release.setdefault(shown[build.id], []).append(build)
    releases = tuple(sorted(by_release)[-limit:])
    outcomes: dict[str, dict[int, list[RuleOutcome]]] = {}
    for release in releases:
        for build in by_release[release]:
            for outcome in build.outcomes:
                outcomes.setdefault(outcome.rule, {}).setdefault(release, []).append(outcome)
    rules = [
        RuleHistory(
            rule=rule,
            severity=next(iter(found.values()))[0].severity,
            measured=tuple(_measured(r, found.get(r, ())) for r in releases),
        )
        for rule, found in outcomes.items()
    ]
    rules.sort(key=lambda rule: not rule.has_failed)
    return QualityHistory(releases=releases, rules=tuple(rules))


def _measured(release: int, outcomes: Sequence[RuleOutcome]) -> Measured | None:
    """The outcomes of several builds as one: their rows together, the words of the worst."""
    if not outcomes:
        return None
    worst = max(outcomes, key=lambda each: (not each.passed, each.failed_rows))
    return Measured(
        release=release,
        passed=all(each.passed for each in outcomes),
        failed_rows=sum(each.failed_rows for each in outcomes),
        text=worst.text,
    )
