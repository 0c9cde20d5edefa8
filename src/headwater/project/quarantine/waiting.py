"""Waiting rows as a relation of a session, and the SQL that tells them apart and adds them up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.contracts.quoting import literal, quote
from headwater.engines.protocol import InputRelation, Session
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.graph.node import Schema
from headwater.ids import NodeId
from headwater.kinds.source.bind import META
from headwater.kinds.source.landing import QUARANTINE
from headwater.lake import Lake
from headwater.plan.state import State

if TYPE_CHECKING:
    from headwater.project import Project

WAITING, PUBLISHED = "__headwater_waiting", "__headwater_published"

#: Columns that hold an amount by themselves, the first that is there.
AMOUNTS = (
    "amount", "net_amount", "gross_amount", "total", "total_amount", "revenue", "net_revenue",
    "turnover", "cost",
)  # fmt: skip
#: Columns whose product is an amount.
PRICES = ("price", "unit_price", "net_price", "price_per_unit")
QUANTITIES = ("quantity", "qty", "units")
_NUMBER = re.compile(r"DECIMAL|DOUBLE|FLOAT|U?(TINY|SMALL|BIG|HUGE)?INT")
_MONEY = re.compile(r"DECIMAL\(\d+,[1-9]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """What is at stake in a row: an SQL expression, and as people read it."""

    title: str
    sql: str


def waiting_state(project: Project, node: NodeId) -> State:
    """The state of a node of which rows wait. Code E715."""
    state = project.view.states.get(node)
    if state is not None and state.part("quarantined"):
        return state
    others = [str(n) for n, s in project.view.states.items() if s.part("quarantined")]
    fix = did_you_mean(str(node), others, "`headwater quarantine` lists what waits")
    raise UsageError(Issue(code="E715", what=f"no row of {node} waits in quarantine", fix=fix))


def show_waiting(state: State, lake: Lake, session: Session) -> None:
    """Bind the waiting rows; columns that a table's rows do not have are null."""
    files = tuple(lake.absolute(f.path) for f in state.part("quarantined"))
    schema = columns_of(state)
    session.bind_inputs([InputRelation(name=WAITING, schema=schema, files=files, uniform=False)])


def columns_of(state: State) -> Schema:
    """The columns of a waiting row: its own, where it was delivered, and the rules it broke."""
    own = {name for name, _ in state.schema}
    return (*state.schema, *(column for column in (*META, *QUARANTINE) if column[0] not in own))


def day_of(state: State) -> str:
    """The local day of a row."""
    return f"CAST({quote(state.time)} AS DATE)" if state.time else "CAST(NULL AS DATE)"


def row_id(state: State) -> str:
    """SQL of a row's id: a hash of what it holds and where it was delivered, not of when."""
    names = [name for name, _ in state.schema] + ["_file", "_row", "_raw"]
    packed = ", ".join(f"{quote(name)} := {quote(name)}" for name in dict.fromkeys(names))
    return f"left(md5(CAST(struct_pack({packed}) AS VARCHAR)), 10)"


def amount_of(schema: Schema, key: Sequence[str] = ()) -> Amount | None:
    """What rows are worth, by a plain rule.

    A column called as amounts are (`AMOUNTS`); or price times quantity; or the only DECIMAL column
    with decimals that is no key; or nothing.

    >>> schema = (("price", "DECIMAL(12,4)"), ("quantity", "BIGINT"))
    >>> amount_of(schema).title
    'price × quantity'
    """
    numbers = {name.casefold(): name for name, kind in schema if _NUMBER.match(kind)}
    for wanted in AMOUNTS:
        if wanted in numbers:
            return Amount(title=numbers[wanted], sql=quote(numbers[wanted]))
    price = next((numbers[name] for name in PRICES if name in numbers), None)
    quantity = next((numbers[name] for name in QUANTITIES if name in numbers), None)
    if price is not None and quantity is not None:
        return Amount(title=f"{price} × {quantity}", sql=f"{quote(price)} * {quote(quantity)}")
    money = [name for name, kind in schema if _MONEY.match(kind) and name not in key]
    return Amount(title=money[0], sql=quote(money[0])) if len(money) == 1 else None


def broke(rule: str) -> str:
    """SQL that is TRUE for a row that broke a rule."""
    return f"list_contains(_rules, {literal(rule)})"
