"""Features of entities at moments, by the definitions and data of a release."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, cast

from headwater.contracts.quoting import literal, quote, quote_all
from headwater.engines.protocol import InputRelation
from headwater.errors import Issue, UsageError, did_you_mean
from headwater.features.compiling import compile_view
from headwater.features.computing import add_features
from headwater.features.model import AS_OF, FeatureSet, HasFeatures
from headwater.features.training import BoundView, known_columns
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.project.features.asked import entity_table, moment_of
from headwater.project.features.shown import FeatureRows, context_of, find_node
from headwater.project.reading import ReadingSession
from headwater.run.context import RunContext
from headwater.run.known import bind_known
from headwater.run.query import relation_of
from headwater.windows.model import Probes

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.project import Project
    from headwater.project.binding import Bound

_GIVEN: Final = "#given"
_PROBES: Final = "#probes"
_VALUES: Final = "#values"
_NUMBER: Final = "#row"


def features_at(
    project: Project,
    view: str,
    entities: Any = None,
    at: str | date | datetime | None = None,
    *,
    as_known: bool = True,
) -> FeatureRows:
    """The features of a view for entities, in their order; without any, for all of them.

    `entities` are keys, mappings, or a table. Each row has its own moment in a column `at`, or all
    have `at` (local where it names no zone), by default now. A value is what was known then (and
    the view's `latency` later), or with `as_known=False` what is known now of the time before.
    Features that need values of a request are there where the rows bring all of them. Other columns
    stay as they are. Code E018.
    """
    node, bound = _find(project, view)
    definition = node.definition
    assert isinstance(definition, HasFeatures)
    spec, nodes = definition.spec, bound.graph.nodes
    named = {edge.name: nodes[edge.node] for edge in node.inputs}
    source, entity = named[spec.source], named.get(spec.entity, named[spec.source])
    features = compile_view(spec, entity, source, bound.functions)
    context = context_of(project, bound)
    if source.id not in context.states:
        fix = f"`headwater run {spec.source}`"
        raise _wrong(f"nothing is published of `{spec.source}`", fix)
    zone = context.clock.zone
    with context.engine.session() as opened:
        session = cast("ReadingSession", opened)
        known: tuple[str, str | None] | None = None
        if as_known:
            known = bind_known(session, spec.source, source, context)
            known = known_columns(BoundView(features=features, events=spec.source, known=known))
        else:
            hidden = frozenset(name for name, _ in source.hidden)
            session.bind_inputs([relation_of(spec.source, source, context, hidden=hidden)])
        session.bind_inputs([], bound.functions)
        table = None if entities is None else entity_table(entities, features.keys)
        if table is None:
            _ask_all(session, features, entity, context)
        else:
            _ask(session, features, entity, table)
        _give_moments(session, at, context)
        probes = Probes(relation=_PROBES, keys=features.keys, at=AS_OF)
        add_features(
            session, features, probes, events=spec.source, known=known, into=_VALUES, zone=zone
        )
        return _rows(session, features, table)


def _find(project: Project, view: str) -> tuple[Node, Bound]:
    name = view.removeprefix("feature_view.")

    def unknown(bound: Bound) -> UsageError:
        known = [node.name for node in bound.graph.nodes if node.kind == "feature_view"]
        fix = did_you_mean(name, known, "`headwater ls kind:feature_view` lists all")
        return _wrong(f"unknown feature view `{name}`", fix)

    return find_node(project, NodeId("feature_view", name), unknown)


def _ask_all(
    session: ReadingSession, features: FeatureSet, entity: Node, context: RunContext
) -> None:
    """Every entity that is published, by key."""
    session.bind_inputs([relation_of(_GIVEN, entity, context)])
    keys = quote_all(features.keys)
    session.fetch(
        f"CREATE TEMP TABLE {quote(_PROBES)} AS SELECT row_number() OVER (ORDER BY {keys}) AS"
        f" {quote(_NUMBER)}, * FROM (SELECT DISTINCT {keys} FROM {quote(_GIVEN)})"
    )


def _ask(session: ReadingSession, features: FeatureSet, entity: Node, table: pa.Table) -> None:
    """The entities that were given, as what their keys are."""
    import pyarrow as pa

    types = {name: kind for name, kind in entity.schema if name in features.keys}
    names = table.column_names
    if set(features.request) <= set(names):
        types |= features.request
    taken = [c.name for c in features.columns if c.name in names and c.name not in features.request]
    if taken:
        what = f"the entities have a column `{taken[0]}`, as a feature is called"
        raise _wrong(what, "leave it out, or rename it")
    columns = {_NUMBER: pa.array(range(table.num_rows), pa.int64())}
    schema = [(_NUMBER, "BIGINT")]
    for name in (*types, *([AS_OF] if AS_OF in names else [])):
        columns[name] = table.column(name)
        schema.append((name, _given_type(table.schema.field(name).type)))
    given = InputRelation(name=_GIVEN, schema=tuple(schema), rows=pa.table(columns))
    session.bind_inputs([given])
    for name, kind in types.items():
        _require_type(session, name, kind)
    listed = [quote(_NUMBER)]
    listed += [
        f"TRY_CAST({quote(name)} AS {kind}) AS {quote(name)}" for name, kind in types.items()
    ]
    listed += [quote(AS_OF)] if AS_OF in names else []
    session.fetch(
        f"CREATE TEMP TABLE {quote(_PROBES)} AS SELECT {', '.join(listed)} FROM {quote(_GIVEN)}"
    )


def _given_type(kind: pa.DataType) -> str:
    """Times keep what they are; everything else is read from its text."""
    import pyarrow as pa

    if pa.types.is_timestamp(kind):
        return "TIMESTAMP" if kind.tz is None else "TIMESTAMP WITH TIME ZONE"
    return "DATE" if pa.types.is_date(kind) else "VARCHAR"


def _require_type(session: ReadingSession, name: str, kind: str) -> None:
    """E018 for a value that is none of its column's."""
    column = quote(name)
    found = session.fetch(
        f"SELECT count(*), min({column}) FROM {quote(_GIVEN)}"
        f" WHERE {column} IS NOT NULL AND TRY_CAST({column} AS {kind}) IS NULL"
    )
    if found[0][0]:
        what = f"`{name}` is {kind}, and {found[0][1]!r} is not"
        raise _wrong(what, f"give values of {kind}")


def _give_moments(
    session: ReadingSession, at: str | date | datetime | None, context: RunContext
) -> None:
    """`at` as local time: each row's own, or one for all."""
    zone = context.clock.zone
    described = session.fetch(f"DESCRIBE {quote(_PROBES)}")
    own = {name: kind for name, kind, *_ in described}.get(AS_OF)
    if own is None:
        moment = moment_of(at, context.clock.now, zone)
        sql = f"TIMESTAMP {literal(moment.isoformat(sep=' '))}"
        session.fetch(
            f"ALTER TABLE {quote(_PROBES)} ADD COLUMN {quote(AS_OF)} TIMESTAMP DEFAULT {sql}"
        )
        return
    if at is not None:
        what = "the entities have a column `at`, and a moment for all was given too"
        raise _wrong(what, "give one of the two")
    column = quote(AS_OF)
    if own == "VARCHAR":
        bad = f"{column} IS NOT NULL AND TRY_CAST({column} AS TIMESTAMP) IS NULL"
        found = session.fetch(f"SELECT count(*), min({column}) FROM {quote(_PROBES)} WHERE {bad}")
        if found[0][0]:
            raise _wrong(f"`{found[0][1]}` is no date or time", "write `2011-10-01 07:00`")
    moment_sql = f"CAST({column} AS TIMESTAMP)"
    if own.endswith("TIME ZONE"):
        moment_sql = f"timezone({literal(zone.key)}, {column})"
    session.fetch(
        f"CREATE OR REPLACE TEMP TABLE {quote(_PROBES)} AS"
        f" SELECT * REPLACE ({moment_sql} AS {column}) FROM {quote(_PROBES)}"
    )


def _rows(session: ReadingSession, features: FeatureSet, given: pa.Table | None) -> FeatureRows:
    """Keys, moment, what else was given, and the features, in the order of the entities."""
    import pyarrow as pa

    described = session.fetch(f"DESCRIBE {quote(_VALUES)}")
    kinds = {name: kind for name, kind, *_ in described}
    made = [column.name for column in features.columns if column.name in kinds]
    head = [*features.keys, AS_OF]
    order = f"ORDER BY {quote(_NUMBER)}"
    found = session.fetch_arrow(f"SELECT {quote_all([*head, *made])} FROM {quote(_VALUES)} {order}")
    columns: dict[str, Any] = {name: found.column(name) for name in head}
    types: dict[str, str] = {name: kinds[name] for name in head}
    for name in given.column_names if given is not None else ():
        if name not in columns:
            columns[name] = given.column(name)  # type: ignore[union-attr]
            types[name] = str(given.schema.field(name).type).upper()  # type: ignore[union-attr]
    columns |= {name: found.column(name) for name in made}
    types |= {name: kinds[name] for name in made}
    return FeatureRows(table=pa.table(columns), types=tuple(types.values()))


def _wrong(what: str, fix: str) -> UsageError:
    return UsageError(Issue(code="E018", what=what, fix=fix))
