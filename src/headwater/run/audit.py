"""The audit of a build before anyone sees it: rules, key and times, over the interval just built.

Rows that break a row rule go to quarantine with every rule that they broke; a broken dataset rule,
key or time holds the node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from headwater.contracts.conditions import ExistsIn, NotNull, Unique
from headwater.contracts.dataset import RuleResult, judge_all, questions
from headwater.contracts.definition import DatasetRule, Metric, RowRule, Rule
from headwater.contracts.relation import Relation, Surroundings
from headwater.contracts.sql import broken_rows_sql, good_rows_sql
from headwater.engines.protocol import InputRelation, Session, Written
from headwater.errors import Issue
from headwater.graph.node import Node, Schema
from headwater.ids import ALL_TIME, DataInterval
from headwater.plan.state import DataFile, RuleOutcome, State
from headwater.run.context import Promises, RunContext
from headwater.run.states import absolute, data_files, input_files

#: What a quarantined row carries besides: every rule that it broke.
BROKEN: Schema = (("_rules", "VARCHAR[]"),)
NEW, BEFORE, AFTER = "__headwater_new", "__headwater_before", "__headwater_after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The files that a build is left with, what the rules measured, and whether it is held."""

    files: tuple[DataFile, ...]
    outcomes: tuple[RuleOutcome, ...] = ()
    issues: tuple[Issue, ...] = ()
    held: bool = False


def judge_rows(
    node: Node,
    build: str,
    interval: DataInterval,
    written: Sequence[Written],
    promises: Promises,
    session: Session,
    context: RunContext,
) -> Verdict:
    """Judge newly written rows; broken ones are moved to files of their own.

    Codes: E720 a dataset rule, E721 the key, E722 a row without a time, E723 rows where a breach
    holds the node; W724 a warning.
    """
    files = data_files(written, node, build, context)
    rules = (*promises.rules, *_key_rules(promises.key))
    if not rules and node.time is None:
        return Verdict(files=files)
    session.bind_inputs([_shown(NEW, node, [w.path for w in written])])
    untimed = _count_untimed(node, session) if written else 0
    if untimed:
        issue = _issue(node, "E722", f"{untimed:,} rows have no {node.time}", "leave them out")
        return Verdict(files=files, issues=(issue,), held=True)
    results = measure(rules, node, interval, promises, session, context)
    outcomes = tuple(outcome_of(r) for r in results)
    breaches = {r.rule for r in results if r.is_breach}
    row_rules = [r for r in promises.rules if isinstance(r, RowRule) and r.name in breaches]
    holding = _holding(promises, results, rules)
    warnings = tuple(
        _issue(node, "W724", r.text, "") for r in results if not r.passed and not r.is_breach
    )
    if holding:
        issues = tuple(_breach_issue(node, r) for r in holding)
        return Verdict(files=files, outcomes=outcomes, issues=(*issues, *warnings), held=True)
    if row_rules:
        files = _split(node, build, row_rules, promises, session, context)
        for old in written:
            old.path.unlink(missing_ok=True)
    return Verdict(files=files, outcomes=outcomes, issues=warnings)


def measure(
    rules: Sequence[Rule],
    node: Node,
    interval: DataInterval,
    promises: Promises,
    session: Session,
    context: RunContext,
) -> tuple[RuleResult, ...]:
    """What the rules say of the relation `NEW`, uniqueness against the rest of the table too."""
    existing = None
    if any(isinstance(r, RowRule) and isinstance(r.condition, Unique) for r in rules):
        existing = _existing(node, interval, promises, session, context)
    past = None
    if any(isinstance(r, DatasetRule) and r.metric is Metric.VOLUME for r in rules):
        past = _past(node, interval, rules, session, context)
    asked = questions(
        [r for r in rules if not (isinstance(r, RowRule) and isinstance(r.condition, ExistsIn))],
        Relation.named(NEW),
        Surroundings(existing=existing),
        time=node.time,
        past=past,
    )
    answers = [(question, session.fetch(question.sql)[0]) for question in asked]
    return judge_all(answers, context.clock)


def outcome_of(result: RuleResult) -> RuleOutcome:
    """A verdict as the ledger keeps it."""
    return RuleOutcome(
        rule=result.rule,
        severity=str(result.severity),
        passed=result.passed,
        failed_rows=result.failed_rows,
        measured=result.measured,
        text=result.text,
    )


def _key_rules(key: tuple[str, ...]) -> tuple[RowRule, ...]:
    if not key:
        return ()
    unique = RowRule(name=_key_name(key), condition=Unique(columns=key), columns=key)
    present = (
        RowRule(name=f"key: {c} is not null", condition=NotNull(column=c), columns=(c,))
        for c in key
    )
    return (unique, *present)


def _key_name(key: tuple[str, ...]) -> str:
    return f"key: {', '.join(key)} is unique"


def _holding(
    promises: Promises, results: Sequence[RuleResult], rules: Sequence[Rule]
) -> list[RuleResult]:
    """The breaches that hold the node: dataset rules, the key, and row rules where asked so."""
    by_name = {rule.name: rule for rule in rules}
    key_names = {rule.name for rule in _key_rules(promises.key)}
    found: list[RuleResult] = []
    for result in results:
        rule = by_name[result.rule]
        if isinstance(rule, DatasetRule):
            holds = rule.holds
        else:
            holds = promises.hold or rule.name in key_names
        if result.is_breach and holds:
            found.append(result)
    return found


def _count_untimed(node: Node, session: Session) -> int:
    if node.time is None:
        return 0
    name = node.time.replace('"', '""')
    return int(session.fetch(f'SELECT count(*) FROM {NEW} WHERE "{name}" IS NULL')[0][0])


def _existing(
    node: Node,
    interval: DataInterval,
    promises: Promises,
    session: Session,
    context: RunContext,
) -> Relation | None:
    """The published rows that stay beside the new ones; none where the key itself tells the day."""
    state = context.states.get(node.id)
    if state is None or interval == ALL_TIME or node.time is None or node.time in promises.key:
        return None
    before = DataInterval(ALL_TIME.start, interval.start)
    after = DataInterval(interval.end, ALL_TIME.end)
    shown = [
        _shown(name, node, absolute(input_files(state, span), context), span)
        for name, span in ((BEFORE, before), (AFTER, after))
    ]
    session.bind_inputs(shown)
    return Relation.query(f"SELECT * FROM {BEFORE} UNION ALL SELECT * FROM {AFTER}")


def _past(
    node: Node,
    interval: DataInterval,
    rules: Sequence[Rule],
    session: Session,
    context: RunContext,
) -> Relation | None:
    """The published rows of the longest window that a volume rule compares with."""
    state: State | None = context.states.get(node.id)
    windows = [r.window for r in rules if isinstance(r, DatasetRule) and r.window is not None]
    if state is None or node.time is None or not windows or interval == ALL_TIME:
        return None
    span = DataInterval(interval.start - max(windows), interval.start)
    name = "__headwater_past"
    session.bind_inputs([_shown(name, node, absolute(input_files(state, span), context), span)])
    return Relation.named(name)


def _shown(
    name: str, node: Node, files: Sequence[object], cut: DataInterval | None = None
) -> InputRelation:
    return InputRelation(
        name=name,
        schema=(*node.schema, *node.hidden),
        files=tuple(files),  # type: ignore[arg-type]
        uniform=cut is None,
        time=node.time,
        cut=cut,
    )


def _split(
    node: Node,
    build: str,
    rules: Sequence[RowRule],
    promises: Promises,
    session: Session,
    context: RunContext,
) -> tuple[DataFile, ...]:
    """Good rows and broken rows in files of their own; together they are exactly the new rows."""
    relation = Relation.named(NEW, order=promises.key)
    schema = (*node.schema, *node.hidden)
    good = session.write_query(
        good_rows_sql(rules, relation, promises.group),
        schema=schema,
        time=node.time,
        keep=None,
        target=context.target(node.id, f"{build}-good", "rows"),
    )
    broken = session.write_query(
        broken_rows_sql(rules, relation, promises.group),
        schema=(*schema, *BROKEN),
        time=node.time,
        keep=None,
        target=context.target(node.id, build, "quarantined"),
    )
    return (
        *data_files(good, node, build, context),
        *data_files(broken, node, build, context, "quarantined"),
    )


def _breach_issue(node: Node, result: RuleResult) -> Issue:
    code = "E721" if result.rule.startswith("key: ") else "E720"
    issue = _issue(node, code, result.text, "what is published stays, shown as stale")
    return replace(issue, place=result.place) if result.place.path else issue


def _issue(node: Node, code: str, what: str, fix: str) -> Issue:
    return Issue(code=code, what=f"{node.id}: {what}", place=node.definition.place, fix=fix)
