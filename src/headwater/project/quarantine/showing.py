"""The rows of one node that wait: the rule that they broke, the rows, and what is at stake."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from headwater.contracts.quoting import quote
from headwater.engines.protocol import Session
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.ids import NodeId
from headwater.plan.state import State
from headwater.project.quarantine.model import QuarantineView, RuleGroup, Stake, WaitingRow
from headwater.project.quarantine.promises import Breaches, released_breaches
from headwater.project.quarantine.torn import (
    find_counter_entries,
    find_split_groups,
    show_published,
)
from headwater.project.quarantine.waiting import (
    WAITING,
    Amount,
    amount_of,
    broke,
    day_of,
    row_id,
    show_waiting,
    waiting_state,
)

if TYPE_CHECKING:
    from headwater.project import Project


def show_quarantine(
    project: Project, node: NodeId, rule: str | None = None, limit: int = 10
) -> QuarantineView:
    """What waits of a node, by rule; with `rule`, by that one alone.

    Codes E715 nothing waits, E716 no row waits because of that rule.
    """
    state = waiting_state(project, node)
    breaches = released_breaches(project.view, node)
    amount = amount_of(state.schema, breaches.key)
    with project.workspace.engine.session() as session:
        show_waiting(state, project.workspace.lake, session)
        names = [rule] if rule is not None else _rules(session)
        groups = tuple(
            group
            for name in names
            if (group := _group(name, state, breaches, amount, limit, session)) is not None
        )
        if rule is not None and not groups:
            what = f"no row of {node} waits because of `{rule}`"
            raise UsageError(Issue(code="E716", what=what, fix=did_you_mean(rule, _rules(session))))
        show_published(state, project.workspace.lake, session)
        split = find_split_groups(state, breaches.group, amount, session)
        counter = find_counter_entries(state, amount, session) if amount else ()
        total = _stake(amount, "TRUE", session)
    return QuarantineView(
        node=node,
        rows=sum(f.rows for f in state.part("quarantined")),
        columns=tuple(name for name, _ in state.schema),
        time=state.time,
        stake=total,
        rules=groups,
        on_breach=breaches.action,
        group=breaches.group,
        split=split,
        counter_entries=counter,
        schema=dict(state.schema),
    )


def _rules(session: Session) -> list[str]:
    """The rules that waiting rows broke, those of most rows first."""
    rows = session.fetch(
        f"SELECT rule FROM (SELECT unnest(_rules) AS rule FROM {WAITING}) "
        "GROUP BY rule ORDER BY count(*) DESC, rule"
    )
    return [row[0] for row in rows]


def _group(
    rule: str,
    state: State,
    breaches: Breaches,
    amount: Amount | None,
    limit: int,
    session: Session,
) -> RuleGroup | None:
    day = day_of(state)
    where = broke(rule)
    counted = f"SELECT count(*), min({day}), max({day}) FROM {WAITING} WHERE {where}"
    rows, first, last = session.fetch(counted)[0]
    if not rows:
        return None
    return RuleGroup(
        rule=rule,
        place=breaches.place_of(rule),
        rows=rows,
        first=first,
        last=last,
        stake=_stake(amount, where, session),
        shown=_rows(state, where, amount, limit, session),
    )


def _stake(amount: Amount | None, where: str, session: Session) -> Stake | None:
    if amount is None:
        return None
    total: Decimal | int | float | None
    total = session.fetch(f"SELECT sum({amount.sql}) FROM {WAITING} WHERE {where}")[0][0]
    return None if total is None else Stake(expression=amount.title, total=total)


def _rows(
    state: State, where: str, amount: Amount | None, limit: int, session: Session
) -> tuple[WaitingRow, ...]:
    names = [name for name, _ in state.schema]
    own = ", ".join(map(quote, names))
    worth = amount.sql if amount is not None else "NULL"
    order = [quote(state.time)] if state.time else []
    found = session.fetch(
        f"SELECT {row_id(state)}, _rules, {worth}, _file, _row, _raw, {own} FROM {WAITING} "
        f"WHERE {where} ORDER BY {', '.join([*order, '_file', '_row', own])} LIMIT {limit:d}"
    )
    return tuple(_row(names, *row) for row in found)


def _row(
    names: list[str],
    identity: str,
    rules: list[str],
    amount: Decimal | float | None,
    file: str | None,
    row: int | None,
    raw: str | None,
    *values: Any,
) -> WaitingRow:
    return WaitingRow(
        id=identity,
        rules=tuple(rules),
        values=dict(zip(names, values, strict=True)),
        amount=amount,
        file=file,
        row=row,
        raw=raw,
    )
