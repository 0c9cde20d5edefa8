"""Versions of models on the page: a list, one of them, and what differs between two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from headwater.ids import NodeId
from headwater.kinds.model.definition import ModelDefinition, ScoresDefinition
from headwater.kinds.model.versions import (
    Facts,
    gate_text,
    interval_text,
    number_text,
    read_facts,
    summary,
    verdict,
)
from headwater.ledger import Version
from headwater.project.punctuality import OBJECTIVE, Punctuality, measure_punctuality
from headwater.project.release_view import ReleaseView
from headwater.project.versions import published_in, published_version
from headwater.views.figures import count, moment
from headwater.views.layout import Cell, Row

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.comparing import ReleaseDiff
    from headwater.views.page import Page

_DIGITS = {"calibration_error": 3, "log_loss": 3, "brier": 3}
_MOST_LATE_DAYS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One version with its figures, and where it is, or was, published."""

    version: Version
    facts: Facts
    release: int | None  # the first that showed it
    is_published: bool  # in the environment that is looked at


def list_versions(project: Project, node: NodeId | None = None) -> list[Listed]:
    """The versions of a model, or of all, newest first."""
    ledger = project.ledger
    versions = ledger.versions(node)
    shown = {each: published_in(ledger, each) for each in {v.node for v in versions}}
    now = {each: published_version(ledger, project.view, each) for each in shown}
    return [
        Listed(
            version=version,
            facts=read_facts(version),
            release=shown[version.node].get(version.number),
            is_published=now[version.node] == version,
        )
        for version in versions
    ]


def print_versions(project: Project, found: Sequence[Listed], page: Page) -> None:
    """One line a version."""
    if not found:
        page.line("Nothing was trained yet: `headwater run`")
        return
    page.rows(_row(each, project) for each in found)
    page.line(count(len(found), "version"))


def _row(each: Listed, project: Project) -> Row:
    facts = each.facts
    error = facts.figures.get("calibration_error")
    where = "" if each.release is None else f"release #{each.release}"
    if each.is_published:
        where = f"published, {where}"
    passed = "good" if each.version.passed else "bad"
    return (
        Cell(str(each.version), "strong"),
        moment(each.version.at, project.workspace.zone),
        facts.algorithm,
        f"auc {interval_text(facts.figures.get('auc'))}",
        f"calibration {number_text(error.value if error else None, 3)}",
        Cell(verdict(facts), passed),
        Cell(where, "strong" if each.is_published else "quiet"),
        Cell(facts.mark, "warning"),
    )


def version_data(each: Listed) -> dict[str, Any]:
    """A version for machines."""
    facts = each.facts
    return {
        "version": str(each.version),
        "node": str(each.version.node),
        "number": each.version.number,
        "at": each.version.at.isoformat(),
        "run": each.version.run,
        "environment": each.version.environment,
        "build": each.version.build,
        "passed": each.version.passed,
        "published": each.is_published,
        "release": each.release,
        "algorithm": facts.algorithm,
        "figures": {n: [f.value, f.low, f.high] for n, f in facts.figures.items()},
        "baselines": dict(facts.baselines),
        "gates": [
            {"gate": g.text, "passed": g.passed, "left": g.left, "right": g.right}
            for g in facts.gates
        ],
        "leaks": facts.leaks if facts.audited else None,
        "split": facts.split_mode,
        "rows": facts.rows,
        "positives": facts.positives,
        "parameters": dict(facts.parameters),
        "seed": facts.seed,
        "libraries": dict(facts.environment),
        "training_set": facts.training_set,
        "digest": facts.digest,
    }


def print_version(project: Project, each: Listed, page: Page) -> None:
    """Everything about one version."""
    version, facts = each.version, each.facts
    where = "never published" if each.release is None else f"first in release #{each.release}"
    where = "published now" if each.is_published else where
    page.line(Cell(str(version), "strong"), f" · {facts.algorithm} · {where}")
    if facts.mark:
        page.line("  ", Cell(facts.mark, "warning"))
    page.rows(((Cell(word, "quiet"), text) for word, text in _facts(project, each)), gap=2)
    if facts.gates:
        page.line(Cell("gates", "strong"))
        for gate in facts.gates:
            mark = Cell("✔", "good") if gate.passed else Cell("✖", "bad")
            page.line("  ", mark, f" {gate_text(gate)}")
    for warning in facts.warnings:
        page.line(Cell("! ", "warning"), warning)


def _facts(project: Project, each: Listed) -> list[tuple[str, str]]:
    version, facts = each.version, each.facts
    baselines = ", ".join(f"{n} {number_text(v)}" for n, v in facts.baselines.items())
    libraries = ", ".join(f"{n} {v}" for n, v in sorted(facts.environment.items()))
    parameters = ", ".join(f"{n} {v}" for n, v in sorted(facts.parameters.items()))
    pairs = [
        ("trained", f"{moment(version.at, project.workspace.zone)} in {version.environment}"),
        *((n, interval_text(f, _DIGITS.get(n, 2))) for n, f in facts.figures.items()),
        ("auc of baselines", baselines),
        ("leaks", str(facts.leaks) if facts.audited else "not looked for"),
        ("rows", f"{facts.rows:,}; {facts.positives:,} true in train, calibrate and test"),
        ("parameters", parameters),
        ("seed", str(facts.seed)),
        ("libraries", libraries),
        ("build", version.build),
    ]
    return [(word, text) for word, text in pairs if text]


def model_facts(project: Project, definition: object) -> list[tuple[str, str]]:
    """What `show` adds of a model: the version that is published, and a newer one that failed."""
    if not isinstance(definition, ModelDefinition):
        return []
    versions = list_versions(project, definition.id)
    if not versions:
        return [("version", "none yet")]
    found: list[tuple[str, str]] = []
    published = next((each for each in versions if each.is_published), None)
    if published is not None:
        found.append(("version", f"@{published.version.number}   {summary(published.facts)}"))
    newest = versions[0]
    if newest is not published:
        word = "newest" if newest.version.passed else "kept, not published"
        found.append((word, f"@{newest.version.number}   {summary(newest.facts)}"))
    if len(versions) > 1:
        found.append(("versions", f"{len(versions)}: `headwater versions {definition.id}`"))
    return found


def score_facts(project: Project, definition: object) -> list[tuple[str, str]]:
    """What `show` adds of scores: whether they were on time."""
    if not isinstance(definition, ScoresDefinition):
        return []
    found = measure_punctuality(project.workspace, project.view, definition)
    return [] if found is None else [("on time", punctuality_text(found))]


def punctuality_text(found: Punctuality) -> str:
    """`41 of 42 days, 97.6 % of scores; promised: 99.5 % by 07:00`."""
    promised = f"promised: {OBJECTIVE * 100:g} % of scores by {found.by:%H:%M}"
    if found.share is None:
        return f"nothing was due yet; {promised}"
    said = f"{found.on_time:,} of {count(len(found.days), 'day')}"
    said += f", {_percent(found.share)} of scores; {promised}"
    late = [str(day.day) for day in found.days if not day.is_on_time]
    if late:
        more = " …" if len(late) > _MOST_LATE_DAYS else ""
        said += f"; late: {', '.join(late[-_MOST_LATE_DAYS:])}{more}"
    return said


def _percent(share: float) -> str:
    """Never rounded up to what it is not."""
    return "100 %" if share == 1 else f"{int(share * 1000) / 10:.1f} %"


def version_changes(project: Project, diff: ReleaseDiff) -> dict[NodeId, tuple[Cell, ...]]:
    """What is said of each node that has versions, instead of counting its rows."""
    ledger = project.ledger
    known = {version.node for version in ledger.versions()}
    nodes = [each.node for each in diff.nodes if each.node in known]
    if not nodes or diff.after is None:
        return {}
    before = ReleaseView.of(ledger, None if diff.before is None else ledger.release(diff.before))
    after = ReleaseView.of(ledger, ledger.release(diff.after))
    said = {node: _version_change(project, node, before, after) for node in nodes}
    return {node: cells for node, cells in said.items() if cells}


def _version_change(
    project: Project, node: NodeId, before: ReleaseView, after: ReleaseView
) -> tuple[Cell, ...]:
    """What a difference says of a model: `@1 → @2  auc 0.791 → 0.803`, and gates that changed."""
    old = published_version(project.ledger, before, node)
    new = published_version(project.ledger, after, node)
    if new is None or old == new:
        return ()
    facts = read_facts(new)
    if old is None:
        return (Cell(f"@{new.number}", "good"), Cell(f"   {summary(facts)}"))
    then = read_facts(old)
    parts = [f"@{old.number} → @{new.number}"]
    for name in ("auc", "calibration_error"):
        pair = (then.figures.get(name), facts.figures.get(name))
        texts = [number_text(f.value if f else None, 3) for f in pair]
        parts.append(f"{name.replace('_', ' ')} {texts[0]} → {texts[1]}")
    return (Cell("   ".join(parts)), Cell(f"   {_changed_gates(then, facts)}", "quiet"))


def _changed_gates(then: Facts, now: Facts) -> str:
    """Which gates are met or missed otherwise than before."""
    old: Mapping[str, bool] = {gate.text: gate.passed for gate in then.gates}
    changed = [
        f"{'now meets' if gate.passed else 'now fails'} {gate.text}"
        for gate in now.gates
        if old.get(gate.text, gate.passed) != gate.passed
    ]
    changed += [f"new gate {gate.text}" for gate in now.gates if gate.text not in old]
    kept = {gate.text for gate in now.gates}
    changed += [f"no gate {text} any more" for text in old if text not in kept]
    return ", ".join(changed) or "no gate changes"
