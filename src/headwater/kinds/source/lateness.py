"""Rows that come later than `late_limit`: what stands for such days is settled.

Lateness is counted in whole local days, and only once a source has data, so that a first load takes
all history. Of the rows of a settled day, those of a delivery or day that was delivered before are
superseded by what stands; the others go to quarantine. Where each load is all there is, no row is
late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

from headwater.clock import Clock, local
from headwater.contracts.conditions import Expression
from headwater.contracts.definition import RowRule
from headwater.contracts.quoting import literal
from headwater.kinds.source.definition import SourceDefinition
from headwater.kinds.source.landing import day_sql
from headwater.kinds.source.redelivery import Day, Decision, Mode
from headwater.plan.state import State
from headwater.run.lateness import late_name


def first_open_day(
    definition: SourceDefinition, state: State, mode: Mode, clock: Clock
) -> date | None:
    """The first day for which rows still come in time; None where none is late."""
    limit = definition.late_limit
    if limit is None or definition.time is None or mode == "whole" or not state.segments:
        return None
    return local(clock.now - limit, clock.zone).date()


def settle(
    decision: Decision,
    first_open: date,
    mode: Mode,
    days: Sequence[tuple[str, Sequence[Day]]],
    covered: frozenset[Day],
    known: frozenset[str],
) -> Decision:
    """The decision with settled days left as they are; see `decide` for the other arguments."""
    settled = replace(decision, settled=first_open)

    def again(name: str, day: Day) -> bool:
        return name in known or (mode == "replace" and day in covered)

    late = {(name, day) for name, own in days for day in own if settled.is_settled(day)}
    return replace(
        settled,
        superseded=decision.superseded | {(name, day) for name, day in late if again(name, day)},
        retired_days=frozenset(d for d in decision.retired_days if not settled.is_settled(d)),
        touched={d: names for d, names in decision.touched.items() if not settled.is_settled(d)},
    )


def late_rule(definition: SourceDefinition, first_open: date) -> RowRule:
    """What rows of settled days break."""
    assert definition.time is not None
    condition = f"{day_sql(definition.time)} >= DATE {literal(str(first_open))}"
    return RowRule(
        name=rule_name(definition),
        condition=Expression(sql=condition),
        columns=(definition.time,),
        place=definition.place,
    )


def still_late_rule(definition: SourceDefinition) -> RowRule:
    """What rows that wait as late (`_late`) break for as long as the limit says so."""
    days = 0 if definition.late_limit is None else definition.late_limit.days
    condition = "TRUE"
    if definition.late_limit is not None and definition.time is not None:
        landed = f"CAST(CAST(_loaded_at AS TIMESTAMP) - INTERVAL {days:d} DAY AS DATE)"
        condition = f"NOT _late OR {day_sql(definition.time)} >= {landed}"
    return RowRule(
        name=rule_name(definition),
        condition=Expression(sql=condition),
        columns=(definition.time or "",),
        place=definition.place,
    )


def rule_name(definition: SourceDefinition) -> str:
    """As users see it: `late_limit 30d`."""
    return late_name(definition.late_limit or timedelta())
