"""The contract's verdict on the rows that a load would publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from headwater.contracts.conditions import ExistsIn, NotNull, Unique
from headwater.contracts.dataset import RuleResult, judge, judge_all, questions
from headwater.contracts.definition import DatasetRule, Metric, RowRule, Rule, Severity
from headwater.contracts.quoting import literal
from headwater.contracts.relation import Relation, Surroundings
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import Issue
from headwater.graph.node import Node
from headwater.ids import ALL_TIME
from headwater.kinds.source.bind import META
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.landing import Intake, day_sql, fresh_relation
from headwater.kinds.source.redelivery import Decision, mode_of
from headwater.kinds.source.retire import retired_sql
from headwater.plan.state import RuleOutcome, State
from headwater.run.audit import outcome_of
from headwater.run.context import RunContext
from headwater.run.states import absolute, input_files

EXISTING = "__headwater_existing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the rules measured, and which row rules send rows to quarantine."""

    outcomes: tuple[RuleOutcome, ...] = ()
    issues: tuple[Issue, ...] = ()
    broken: tuple[RowRule, ...] = ()
    held: bool = False
    existing: Relation | None = None


def judge_load(
    node: Node,
    state: State,
    intake: Intake,
    decision: Decision,
    late: tuple[RowRule, ...],
    session: Session,
    context: RunContext,
) -> Judgement:
    """Judge the rows of a load that neither give way nor stay dropped; by `late` rules too.

    Codes E610 (held), W613 (warning).
    """
    definition = cast("SourceDefinition", node.definition)
    rules = (*row_and_dataset_rules(definition), *late)
    existing = show_existing(rules, node, state, decision, session, context)
    results = list(_row_counts(rules, intake, decision))
    asked = questions(
        [r for r in rules if not _by_day(r, intake)],
        fresh_relation(definition.time, decision),
        Surroundings(existing=existing),
        time=definition.time,
        past=_past(rules, existing, intake),
    )
    results += judge_all([(q, session.fetch(q.sql)[0]) for q in asked], context.clock)
    by_name = {rule.name: rule for rule in rules}
    holding = [r for r in results if r.is_breach and _holds(by_name[r.rule], definition)]
    broken = {r.rule for r in results if r.is_breach}
    return Judgement(
        outcomes=tuple(outcome_of(r) for r in results),
        issues=tuple(
            _issue(node, r, held=r in holding)
            for r in results
            if not r.passed and (r in holding or not _sends_away(by_name[r.rule], r))
        ),
        broken=tuple(r for r in rules if isinstance(r, RowRule) and r.name in broken),
        held=bool(holding),
        existing=existing,
    )


def row_and_dataset_rules(definition: SourceDefinition) -> tuple[Rule, ...]:
    """The rules that can be judged at the load; references wait for their other side.

    A row without a time belongs to no day, so that having one is a rule of every source with time.
    """
    promised = definition.contract.rules if definition.contract is not None else ()
    rules = tuple(
        rule
        for rule in promised
        if not (isinstance(rule, RowRule) and isinstance(rule.condition, ExistsIn))
    )
    if definition.time is None or any(_asks_for_time(rule, definition.time) for rule in rules):
        return rules
    timed = RowRule(
        name=f"{definition.time}.required",
        condition=NotNull(column=definition.time),
        columns=(definition.time,),
        place=definition.place,
    )
    return (*rules, timed)


def _asks_for_time(rule: Rule, time: str) -> bool:
    return (
        isinstance(rule, RowRule)
        and rule.severity is Severity.ERROR
        and isinstance(rule.condition, NotNull)
        and rule.condition.column.casefold() == time.casefold()
    )


def show_existing(
    rules: tuple[Rule, ...],
    node: Node,
    state: State,
    decision: Decision,
    session: Session,
    context: RunContext,
) -> Relation | None:
    """The published rows that stay, where a rule looks at them too."""
    definition = cast("SourceDefinition", node.definition)
    if mode_of(definition) == "whole":
        return None
    needed = any(isinstance(r, RowRule) and isinstance(r.condition, Unique) for r in rules)
    needed |= any(isinstance(r, DatasetRule) and r.metric is Metric.VOLUME for r in rules)
    files = input_files(state, ALL_TIME)
    if not needed or not files:
        return None
    schema = (*node.schema, *META)
    session.bind_inputs(
        [InputRelation(name=EXISTING, schema=schema, files=absolute(files, context), uniform=False)]
    )
    gone = retired_sql(definition.time, decision)
    if gone is None:
        return Relation.named(EXISTING)
    return Relation.query(f"SELECT * FROM {EXISTING} WHERE NOT {gone}")


def _past(rules: tuple[Rule, ...], existing: Relation | None, intake: Intake) -> Relation | None:
    """The longest window that a volume rule compares with, up to the load's first day."""
    windows = [r.window for r in rules if isinstance(r, DatasetRule) and r.window is not None]
    days = [day for counts in intake.counts.values() for day in counts if day is not None]
    if existing is None or not windows or not days:
        return None
    first, day = min(days), day_sql(intake.time)
    start, end = (f"DATE {literal(str(bound))}" for bound in (first - max(windows), first))
    return Relation.query(f"SELECT * FROM {existing.sql} WHERE {day} >= {start} AND {day} < {end}")


def _sends_away(rule: Rule, result: RuleResult) -> bool:
    """Whether a breach is told by the rows that it sends to quarantine."""
    return isinstance(rule, RowRule) and result.is_breach


def _by_day(rule: Rule, intake: Intake) -> bool:
    """A row count of a source with time is a promise about each day."""
    return isinstance(rule, DatasetRule) and rule.metric is Metric.ROW_COUNT and bool(intake.time)


def _row_counts(rules: tuple[Rule, ...], intake: Intake, decision: Decision) -> list[RuleResult]:
    """The verdict of each row-count rule on the day that fares worst."""
    per_day: dict[object, int] = {}
    for name, days in intake.counts.items():
        for day, count in days.items():
            if day is not None and (name, day) not in decision.superseded:
                per_day[day] = per_day.get(day, 0) + count
    found: list[RuleResult] = []
    for rule in rules:
        if not _by_day(rule, intake) or not per_day:
            continue
        verdicts = [judge(rule, count) for count in per_day.values()]
        found.append(next((v for v in verdicts if not v.passed), verdicts[0]))
    return found


def _holds(rule: Rule, definition: SourceDefinition) -> bool:
    if isinstance(rule, DatasetRule):
        return rule.holds
    return definition.on_breach.action == "hold" and rule.severity is Severity.ERROR


def _issue(node: Node, result: RuleResult, *, held: bool) -> Issue:
    contract = cast("SourceDefinition", node.definition).contract
    version = f" (contract {contract.name} {contract.version})" if contract is not None else ""
    return Issue(
        code="E610" if held else "W613",
        what=f"{node.id}: {result.text}{version}",
        place=result.place if result.place.path else node.definition.place,
        fix="what is published stays; mend the delivery or the rule" if held else "",
    )
