"""The audit of a build before anyone sees it: rules, key and times, over the interval just built.

Rows that break a row rule go to quarantine with every rule that they broke; a broken dataset rule,
key or time holds the node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from headwater.clock import Clock, local
from headwater.contracts.conditions import ExistsIn, Expression, NotNull, Unique
from headwater.contracts.dataset import RuleResult, judge, judge_all, questions
from headwater.contracts.definition import DatasetRule, Metric, RowRule, Rule
from headwater.contracts.quoting import literal, quote, quote_all
from headwater.contracts.relation import Relation, Surroundings
from headwater.engines.protocol import InputRelation, Session, Written
from headwater.errors import Issue
from headwater.graph.node import Node
from headwater.ids import ALL_TIME, DataInterval
from headwater.plan.state import DataFile, RuleOutcome, State
from headwater.run.context import Promises, RunContext
from headwater.run.dividing import NEW, Division, dropped_files
from headwater.run.lateness import late_name
from headwater.run.states import absolute, data_files, input_files

BEFORE, AFTER, THERE = "__headwater_before", "__headwater_after", "__headwater_there"


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
    """Judge newly written rows; broken and dropped ones are moved to files of their own.

    Codes: E720 a dataset rule or a row rule where a breach holds the node, E721 the key, E722 a
    row without a time; W724 a warning.
    """
    files = data_files(written, node, build, context)
    state = context.states.get(node.id)
    dropped = dropped_files(state, interval)
    if not (promises.rules or promises.key or dropped) and node.time is None:
        return Verdict(files=files)
    session.bind_inputs([_shown(NEW, node, [w.path for w in written])])
    untimed = _count_untimed(node, session) if written else 0
    if untimed:
        issue = _issue(node, "E722", f"{untimed:,} rows have no {node.time}", "leave them out")
        return Verdict(files=files, issues=(issue,), held=True)
    division = Division(node, build, session, context)
    division.leave_out(dropped, interval)
    late = _late_rules(node, interval, promises, session, context)
    rules = (*promises.rules, *late, *_key_rules(promises.key))
    around = Surroundings(existing=_existing(rules, node, interval, promises, session, context))
    past = _past(node, interval, rules, session, context)
    relation = division.relation(promises.key)
    results = measure(rules, relation, around, node.time, past, session, context.clock)
    outcomes = tuple(outcome_of(r) for r in results)
    breaches = {r.rule for r in results if r.is_breach}
    sending = [r for r in (*promises.rules, *late) if isinstance(r, RowRule) and r.name in breaches]
    holding = _holding(promises, results, rules)
    told = {r.rule for r in holding} | {r.name for r in sending}
    warnings = tuple(
        _result_issue(node, "W724", r, "") for r in results if not r.passed and r.rule not in told
    )
    if holding:
        issues = tuple(_breach_issue(node, r) for r in holding)
        return Verdict(files=files, outcomes=outcomes, issues=(*issues, *warnings), held=True)
    if sending or division.leaves_out:
        files = division.write(sending, promises, around)
        for old in written:
            old.path.unlink(missing_ok=True)
    return Verdict(files=files, outcomes=outcomes, issues=warnings)


def measure(
    rules: Sequence[Rule],
    relation: Relation,
    around: Surroundings,
    time: str | None,
    past: Relation | None,
    session: Session,
    clock: Clock,
) -> tuple[RuleResult, ...]:
    """What the rules say of a relation; references are judged later.

    A row count of rows with a `time` is a promise about each day that has rows.
    """
    by_day = [r for r in rules if time and _counts_rows(r)]
    asked = questions(
        [r for r in rules if r not in by_day and not _is_reference(r)],
        relation,
        around,
        time=time,
        past=past,
    )
    results = judge_all([(q, session.fetch(q.sql)[0]) for q in asked], clock)
    if not by_day:
        return results
    day = f"CAST({quote(time or '')} AS DATE)"
    per_day = f"SELECT count(*) AS n FROM {relation.sql} GROUP BY {day}"
    counts = [row[0] for row in session.fetch(f"SELECT DISTINCT n FROM ({per_day}) ORDER BY n")]
    return (*results, *(_worst(rule, counts or [0]) for rule in by_day))


def _counts_rows(rule: Rule) -> bool:
    return isinstance(rule, DatasetRule) and rule.metric is Metric.ROW_COUNT


def _is_reference(rule: Rule) -> bool:
    return isinstance(rule, RowRule) and isinstance(rule.condition, ExistsIn)


def _worst(rule: Rule, counts: Sequence[int]) -> RuleResult:
    """The verdict on the first count that does not pass, or else on the smallest."""
    verdicts = [judge(rule, count) for count in counts]
    return next((v for v in verdicts if not v.passed), verdicts[0])


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


def _late_rules(
    node: Node,
    interval: DataInterval,
    promises: Promises,
    session: Session,
    context: RunContext,
) -> tuple[RowRule, ...]:
    """What rows of long past days break, unless their key was there before.

    Without a key, or where nothing stood yet, nothing tells a late row from another.
    """
    state, limit = context.states.get(node.id), promises.late_limit
    if limit is None or state is None or not promises.key or node.time is None:
        return ()
    if not set(promises.key) <= {name for name, _ in state.schema}:
        return ()
    there = absolute(input_files(state, interval), context)
    session.bind_inputs([_shown(THERE, node, there, interval)])
    open_from = local(context.clock.now - limit, context.clock.zone).date()
    keys = quote_all(promises.key)
    known = f"({keys}) IN (SELECT ({keys}) FROM {THERE})"
    if len(promises.key) == 1:
        known = f"{keys} IN (SELECT {keys} FROM {THERE})"
    condition = f"CAST({quote(node.time)} AS DATE) >= DATE {literal(str(open_from))} OR {known}"
    return (
        RowRule(
            name=late_name(limit),
            condition=Expression(sql=condition),
            columns=(node.time,),
            place=node.definition.place,
        ),
    )


def _existing(
    rules: Sequence[Rule],
    node: Node,
    interval: DataInterval,
    promises: Promises,
    session: Session,
    context: RunContext,
) -> Relation | None:
    """The published rows beside the new ones, for uniqueness over the whole table.

    None where the unique columns themselves tell the day.
    """
    keys = [
        r.condition.columns
        for r in rules
        if isinstance(r, RowRule) and isinstance(r.condition, Unique)
    ]
    state = context.states.get(node.id)
    if state is None or interval == ALL_TIME or node.time is None:
        return None
    if all(node.time in key for key in keys):
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
    name: str, node: Node, files: Sequence[Path], cut: DataInterval | None = None
) -> InputRelation:
    return InputRelation(
        name=name,
        schema=(*node.schema, *node.hidden),
        files=tuple(files),
        uniform=cut is None,
        time=node.time,
        cut=cut,
    )


def _breach_issue(node: Node, result: RuleResult) -> Issue:
    code = "E721" if result.rule.startswith("key: ") else "E720"
    return _result_issue(node, code, result, "what is published stays, shown as stale")


def _result_issue(node: Node, code: str, result: RuleResult, fix: str) -> Issue:
    """What a rule says, at its own place."""
    issue = _issue(node, code, result.text, fix)
    return replace(issue, place=result.place) if result.place.path else issue


def _issue(node: Node, code: str, what: str, fix: str) -> Issue:
    return Issue(code=code, what=f"{node.id}: {what}", place=node.definition.place, fix=fix)
