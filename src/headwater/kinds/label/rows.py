"""A label's rows of one interval, in temporary tables of a session.

Inside, the columns of a row have names of our own, which no table has: its number, the entity's key
`#k0`, …, `#at` and `#day`; a table's own columns stand beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from headwater.clock import local
from headwater.contracts.quoting import literal, quote
from headwater.engines.protocol import Session
from headwater.errors import HeadwaterError, Issue
from headwater.features.compiling import compile_view
from headwater.features.computing import add_features, showing_events
from headwater.features.labels import LabelSpec
from headwater.features.model import AS_OF, DAY, FeatureSet, ViewSpec
from headwater.features.observing import observe_periods
from headwater.graph.node import Node
from headwater.ids import DataInterval
from headwater.kinds.label.bind import LABEL, chosen_by, given_columns, table_keys
from headwater.kinds.label.definition import LabelDefinition
from headwater.plan.should import read_span
from headwater.run.context import RunContext
from headwater.run.query import relation_of
from headwater.sql.feature_formulas import parse_row_condition
from headwater.windows.model import ALL_TIME, Probes
from headwater.windows.moments import WALL_CLOCK, as_kind, converted, kind_of

NUMBER, MOMENT, KNOWN_DAY, END = "#number", "#at", "#day", "#end"
_ROWS, _PROBES, _VALUES, _SEEN = "#rows", "#probes", "#values", "#seen"
_INSTANT = timedelta(microseconds=1)


@dataclass(slots=True)
class Counts:
    """What is told of the rows that were made."""

    rows: int = 0
    true: int = 0
    without_key: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What the rows of an interval are made of, and where."""

    node: Node
    interval: DataInterval
    session: Session
    context: RunContext
    spec: LabelSpec
    outcome: FeatureSet
    chosen: tuple[FeatureSet, ...]
    table: Node | None

    @classmethod
    def of(
        cls, node: Node, interval: DataInterval, session: Session, context: RunContext
    ) -> Making:
        """The label over the nodes of the run's graph."""
        definition = cast("LabelDefinition", node.definition)
        spec = definition.spec
        named = {edge.name: context.graph.nodes[edge.node] for edge in node.inputs}

        def compiled(view: ViewSpec) -> FeatureSet:
            entity, source = named[view.entity], named[view.source]
            return compile_view(view, entity, source, context.functions)

        return cls(
            node=node,
            interval=interval,
            session=session,
            context=context,
            spec=spec,
            outcome=compiled(spec.as_view),
            chosen=chosen_by(spec, tuple(compiled(view) for view in definition.views)),
            table=named[spec.observe.table] if spec.observe.table else None,
        )

    @property
    def keys(self) -> tuple[str, ...]:
        """The inner names of the entity's key."""
        return tuple(f"#k{n}" for n in range(len(self.outcome.keys)))

    @property
    def days(self) -> tuple[date, date]:
        """The local days of the interval, as `[first, end)`."""
        zone = self.context.clock.zone
        last = local(self.interval.end - _INSTANT, zone).date()
        return local(self.interval.start, zone).date(), last + timedelta(days=1)


def make_rows(making: Making, into: str) -> Counts:
    """Make the temporary table `into` with all rows of the interval. Codes E015 to E017."""
    counts = Counts()
    _show_inputs(making)
    if making.table is not None:
        counts.without_key = _observe_table(making, making.table)
    else:
        counts.without_key = _observe_periods(making)
    if making.spec.observe.where:
        _keep_chosen(making)
    _require_once(making)
    _add_outcome(making, into)
    sql = f"SELECT count(*), count_if({quote(LABEL)}) FROM {quote(into)}"
    ((counts.rows, counts.true),) = making.session.fetch(sql)
    return counts


def _show_inputs(making: Making) -> None:
    """The inputs under their names, as far back as they are read."""
    context, zone = making.context, making.context.clock.zone
    reads = frozenset(name for each in (making.outcome, *making.chosen) for name in each.reads)
    shown = [
        relation_of(
            edge.name,
            context.graph.nodes[edge.node],
            context,
            read_span(edge, making.interval, zone),
            reads,
        )
        for edge in making.node.inputs
        if edge.mode == "window"
    ]
    making.session.bind_inputs(shown, context.functions)


def _observe_periods(making: Making) -> int:
    """Every entity at the end of each period; how many events had no key.

    Where rows are chosen by features, an entity needs an event in one of their windows: a
    condition that holds without any is refused.
    """
    session, spec = making.session, making.spec
    first, end = making.days
    shift = timedelta(days=spec.day_after)
    asked = making.chosen or (making.outcome,)
    parts, left_out = [], 0
    for number, view in enumerate(asked):
        name = f"{_SEEN} {number}"
        with showing_events(session, name, view, view.source) as events:
            left_out += observe_periods(
                session,
                events=events,
                keys=tuple(zip(making.keys, view.source_keys, strict=True)),
                time=view.time,
                every=spec.observe.every,
                days=(first - shift, end - shift),
                into=name,
                zone=making.context.clock.zone,
                within=view.span if making.chosen else ALL_TIME,
            )
        parts.append(f"SELECT * FROM {quote(name)}")
    keys = ", ".join(map(quote, making.keys))
    session.fetch(
        f"CREATE TEMP TABLE {quote(_ROWS)} AS SELECT row_number() OVER () AS {quote(NUMBER)},"
        f" {keys}, {quote(AS_OF)} AS {quote(MOMENT)},"
        f" CAST({quote(DAY)} + INTERVAL ({shift.days:d}) DAY AS DATE) AS {quote(KNOWN_DAY)}"
        f" FROM ({' UNION '.join(parts)})"
    )
    for number in range(len(asked)):
        _drop(session, f"{_SEEN} {number}")
    if making.chosen:
        _require_seen(making)
    return left_out


def _observe_table(making: Making, table: Node) -> int:
    """The rows of a table whose horizon ends in the interval; how many have no key."""
    time = str(table.time)
    kind = dict(table.schema)[time]
    moment = converted(as_kind(quote(time), kind), kind_of(time, kind), WALL_CLOCK,
                       making.context.clock.zone)  # fmt: skip
    theirs = table_keys(making.spec, making.outcome, table)
    keys = [f"{quote(t)} AS {quote(k)}" for t, k in zip(theirs, making.keys, strict=True)]
    last = f"CAST({quote(MOMENT)} + {_interval(making.spec.horizon - _INSTANT)} AS DATE)"
    first, end = making.days
    making.session.fetch(
        f"CREATE TEMP TABLE {quote(_ROWS)} AS SELECT row_number() OVER () AS {quote(NUMBER)}, *"
        f" FROM (SELECT *, {last} AS {quote(KNOWN_DAY)} FROM"
        f" (SELECT *, {', '.join(keys)}, {moment} AS {quote(MOMENT)} FROM {quote(table.id.name)}))"
        f" WHERE {quote(KNOWN_DAY)} >= {literal(first)} AND {quote(KNOWN_DAY)} < {literal(end)}"
    )
    nowhere = " OR ".join(f"{quote(key)} IS NULL" for key in making.keys)
    ((found,),) = making.session.fetch(f"SELECT count(*) FROM {quote(_ROWS)} WHERE {nowhere}")
    return int(found)


def _with_features(making: Making, rows: str) -> str:
    """Rows beside the features that `observe.where` names, as SQL; tables `#values n` are made."""
    session = making.session
    columns, joins = ["r.*"], ""
    for number, view in enumerate(making.chosen):
        values = f"{_VALUES} {number}"
        keys = [f"{quote(k)} AS {quote(v)}" for k, v in zip(making.keys, view.keys, strict=True)]
        _make(
            session,
            _PROBES,
            f"SELECT {quote(NUMBER)}, {', '.join(keys)}, {quote(MOMENT)} FROM {quote(rows)}",
        )
        add_features(
            session,
            view,
            Probes(relation=_PROBES, keys=view.keys, at=MOMENT),
            events=view.source,
            into=values,
            zone=making.context.clock.zone,
        )
        _drop(session, _PROBES)
        alias = f"v{number}"
        joins += f" JOIN {quote(values)} AS {alias} ON {alias}.{quote(NUMBER)} = r.{quote(NUMBER)}"
        columns += [
            f"{alias}.{quote(column.name)} AS {quote(f'{view.view}.{column.name}')}"
            for column in view.columns
        ]
    return f"SELECT {', '.join(columns)} FROM {quote(rows)} AS r{joins}"


def _keep_chosen(making: Making) -> None:
    """Leave the rows that meet the condition."""
    session, observe = making.session, making.spec.observe
    condition = parse_row_condition(observe.where, observe.table).sql
    beside = _with_features(making, _ROWS)
    kept = f"{_ROWS} kept"
    _make(
        session,
        kept,
        f"SELECT * FROM {quote(_ROWS)} WHERE {quote(NUMBER)} IN"
        f" (SELECT {quote(NUMBER)} FROM ({beside}) WHERE {condition})",
    )
    _drop(session, _ROWS, *(f"{_VALUES} {n}" for n in range(len(making.chosen))))
    session.fetch(f"ALTER TABLE {quote(kept)} RENAME TO {quote(_ROWS)}")


def _require_seen(making: Making) -> None:
    """E016 for a condition that holds of somebody of whom nothing is known."""
    session, observe = making.session, making.spec.observe
    nobody = f"{_ROWS} nobody"
    types = {name: kind for name, kind, *_ in session.fetch(f"DESCRIBE {quote(_ROWS)}")}
    keys = ", ".join(f"CAST(NULL AS {types[key]}) AS {quote(key)}" for key in making.keys)
    moment = f"CAST({literal(making.days[0])} AS TIMESTAMP) AS {quote(MOMENT)}"
    _make(session, nobody, f"SELECT 0 AS {quote(NUMBER)}, {keys}, {moment}")
    beside = _with_features(making, nobody)
    condition = parse_row_condition(observe.where, observe.table).sql
    ((holds,),) = session.fetch(f"SELECT count(*) FROM ({beside}) WHERE {condition}")
    _drop(session, nobody, *(f"{_VALUES} {n}" for n in range(len(making.chosen))))
    if holds:
        raise HeadwaterError(
            Issue(
                code="E016",
                what=f"`{observe.where}` also holds of those who have no event in its windows,"
                " and nothing says who they are",
                place=making.spec.place_of("observe.where"),
                fix="also ask for something over all time that only known ones have,"
                " as in `customer.first_order_at is not null`",
            )
        )


def _require_once(making: Making) -> None:
    """E017 for rows of one entity and moment: an outcome counts once."""
    keys = ", ".join(map(quote, making.keys))
    known = " AND ".join(f"{quote(key)} IS NOT NULL" for key in making.keys)
    twice = (
        f"SELECT {keys}, {quote(MOMENT)}, count(*) AS n FROM {quote(_ROWS)} WHERE {known}"
        " GROUP BY ALL HAVING count(*) > 1"
    )
    found = making.session.fetch(
        f"SELECT sum(n) OVER (), {keys}, {quote(MOMENT)} FROM ({twice})"
        f" ORDER BY {keys}, {quote(MOMENT)} LIMIT 1"
    )
    if not found:
        return
    rows, *example = found[0]
    named = zip((*making.outcome.keys, AS_OF), example, strict=True)
    shown = ", ".join(f"{name} {value}" for name, value in named)
    raise HeadwaterError(
        Issue(
            code="E017",
            what=f"`{making.spec.observe.table}` has several rows for one entity and moment:"
            f" {rows:,}, as for {shown}",
            place=making.spec.place_of("observe.table"),
            fix="leave one row for each, by `observe: {where: …}` or in a table before",
        )
    )


def _add_outcome(making: Making, into: str) -> None:
    """What came of each row by the end of its horizon."""
    session, outcome = making.session, making.outcome
    keys = ", ".join(map(quote, making.keys))
    end = f"{quote(MOMENT)} + {_interval(making.spec.horizon)} AS {quote(END)}"
    _make(session, _PROBES, f"SELECT {quote(NUMBER)}, {keys}, {end} FROM {quote(_ROWS)}")
    add_features(
        session,
        outcome,
        Probes(relation=_PROBES, keys=making.keys, at=END),
        events=outcome.source,
        into=_VALUES,
        zone=making.context.clock.zone,
    )
    value = f"v.{quote(outcome.columns[0].name)}"
    _require_yes_or_no(making, outcome.columns[0].name)
    types = dict(making.node.schema)
    listed = [
        f"CAST(r.{quote(own)} AS {types[key]}) AS {quote(key)}"
        for own, key in zip(making.keys, outcome.keys, strict=True)
    ]
    listed += [f"r.{quote(MOMENT)} AS {quote(AS_OF)}", f"r.{quote(KNOWN_DAY)} AS {quote(DAY)}"]
    listed += [f"coalesce(CAST({value} AS BOOLEAN), FALSE) AS {quote(LABEL)}"]
    given = given_columns(making.spec, outcome, making.table)
    listed += [f"r.{quote(name)}" for name, _ in given]
    _make(
        session,
        into,
        f"SELECT {', '.join(listed)} FROM {quote(_ROWS)} AS r JOIN {quote(_VALUES)} AS v"
        f" ON v.{quote(NUMBER)} = r.{quote(NUMBER)}",
    )
    _drop(session, _PROBES, _VALUES, _ROWS)


def _require_yes_or_no(making: Making, column: str) -> None:
    """E015 for an outcome in numbers that are neither 0 nor 1."""
    if making.outcome.columns[0].type == "BOOLEAN":
        return
    name = quote(column)
    ((count, example),) = making.session.fetch(
        f"SELECT count(*), min({name}) FROM {quote(_VALUES)} WHERE {name} NOT IN (0, 1)"
    )
    if count:
        raise HeadwaterError(
            Issue(
                code="E015",
                what=f"`expr` gives {count:,} values that are neither 0 nor 1, such as {example}",
                place=making.spec.place_of("expr"),
                fix=f"compare it with something: `{making.spec.expr.strip()} > 0`",
            )
        )


def _interval(length: timedelta) -> str:
    """Whole days by the clock on the wall; the rest has passed."""
    days, rest = divmod(length, timedelta(days=1))
    micros = rest // _INSTANT
    return f"INTERVAL ({days:d}) DAY + INTERVAL ({micros:d}) MICROSECOND"


def _make(session: Session, name: str, select: str) -> None:
    session.fetch(f"CREATE TEMP TABLE {quote(name)} AS {select}")


def _drop(session: Session, *names: str) -> None:
    for name in names:
        session.fetch(f"DROP TABLE {quote(name)}")
