"""One node of a run: its steps in order, each on what the one before left."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from headwater.contracts.dataset import rows_text
from headwater.errors import HeadwaterError, Issue
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.plan.state import Build, State
from headwater.plan.steps import Remove, Step
from headwater.run.context import Executors, NodeOutcome, RunContext, Status, StepResult
from headwater.run.states import remove_interval

_COUNT = re.compile(r"(?<![\w.:-])\d{1,3}(?:,\d{3})*(?![\w.:-])")


def run_node(
    node: Node, steps: Sequence[Step], context: RunContext, executors: Executors
) -> tuple[NodeOutcome, list[Build]]:
    """What became of the node, and the builds that it made.

    `context.states` holds its new state afterwards, or the old one where it was held or failed.
    """
    began = time.perf_counter()
    before = context.states.get(node.id)
    results: list[StepResult] = []
    outcome = NodeOutcome(node=node.id, status="built", reason=_reason(steps))
    try:
        for number, step in enumerate(steps):
            if context.stopping:
                raise HeadwaterError(Issue(code="E705", what=f"{node.id} was interrupted"))
            if isinstance(step, Remove):
                result = StepResult(state=remove_interval(node, step.interval, context))
            else:
                result = executors[node.id.kind].execute(step, node, context)
            results.append(result)
            if result.held:
                break
            context.states[node.id] = result.state
            context.ledger.record_builds(result.builds)
            if context.progress is not None:
                context.progress.advanced(node.id, number + 1, len(steps))
    except HeadwaterError as error:
        _restore(context, node.id, before)
        outcome = replace(outcome, status="failed", issues=error.issues)
    except Exception as error:  # noqa: BLE001 - recorded as the node's failure, so that the others go on
        _restore(context, node.id, before)
        outcome = replace(outcome, status="failed", issues=(_unexpected(error, node),))
    else:
        outcome = _summary(outcome, node, results)
        if outcome.status == "held":
            _restore(context, node.id, before)
    seconds = time.perf_counter() - began
    kept = [] if outcome.status in ("failed", "held") else [b for r in results for b in r.builds]
    return replace(outcome, seconds=seconds, steps=len(steps)), kept


def _reason(steps: Sequence[Step]) -> str:
    first = str(steps[0].reason)
    return first if len(steps) == 1 else f"{first} and {len(steps) - 1:,} more"


def _restore(context: RunContext, node: NodeId, state: State | None) -> None:
    if state is None:
        context.states.pop(node, None)
    else:
        context.states[node] = state


def _summary(outcome: NodeOutcome, node: Node, results: Sequence[StepResult]) -> NodeOutcome:
    status: Status = "loaded" if node.recipe is None else "built"
    if results[-1].held:
        status = "held"
    elif all(r.identical for r in results):
        status = "identical"
    return replace(
        outcome,
        status=status,
        rows=results[-1].state.row_count,
        issues=told_once(node, results),
        outcomes=tuple(o for r in results for o in r.outcomes),
        reckoning=results[-1].reckoning,
        notes=notes_once(n for r in results for n in r.notes),
    )


def notes_once(notes: Iterable[str]) -> tuple[str, ...]:
    """The notes of all steps; what several count is one note with the sums.

    >>> notes_once(["10 of 1,000 rows true", "2 rows left out", "5 of 20 rows true"])
    ('15 of 1,020 rows true', '2 rows left out')
    """
    sums: dict[str, list[int]] = {}
    for note in notes:
        counts = [int(found.replace(",", "")) for found in _COUNT.findall(note)]
        words = _COUNT.sub("\0", note)
        before = sums.get(words, [0] * len(counts))
        sums[words] = [a + b for a, b in zip(before, counts, strict=True)]
    return tuple(_filled(words, counts) for words, counts in sums.items())


def _filled(words: str, counts: Sequence[int]) -> str:
    parts = words.split("\0")
    return parts[0] + "".join(f"{n:,}{part}" for n, part in zip(counts, parts[1:], strict=True))


def told_once(node: Node, results: Sequence[StepResult]) -> tuple[Issue, ...]:
    """The issues of all steps; what a rule warns of in several is one warning with the sum."""
    broken = [o for r in results for o in r.outcomes if not o.passed and o.failed_rows]
    rows = Counter[str]()
    for outcome in broken:
        rows[outcome.rule] += outcome.failed_rows
    sums = {
        f"{node.id}: {o.text}": f"{node.id}: {rows_text(o.rule, rows[o.rule])}"
        for o in broken
        if o.text == rows_text(o.rule, o.failed_rows)
    }
    issues = (issue for result in results for issue in result.issues)
    return tuple(
        dict.fromkeys(
            replace(issue, what=sums.get(issue.what, issue.what)) if issue.code == "W724" else issue
            for issue in issues
        )
    )


def _unexpected(error: Exception, node: Node) -> Issue:
    return Issue(
        code="E799",
        what=f"{node.id} failed unexpectedly: {type(error).__name__}: {error}",
        place=node.definition.place,
        fix="nothing of it was published; please report this with `headwater debug --json`",
    )
