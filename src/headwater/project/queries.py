"""Saved queries: found by name, their parameters filled in, and run within limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Final

from headwater.contracts.quoting import literal
from headwater.definitions.headers import split_header
from headwater.definitions.loader import Loaded, load
from headwater.definitions.tree import SETTINGS_FILE, Tree
from headwater.errors import HeadwaterError, Issue, UsageError, did_you_mean, raise_errors
from headwater.ids import NodeId
from headwater.kinds.query.definition import Parameter, QueryDefinition
from headwater.kinds.query.keys import not_a_choice
from headwater.kinds.query.read import QUERY_READER
from headwater.kinds.query.values import Value, read_value, written, wrong_value
from headwater.project.asked import DEFAULT, SqlResult, run_adhoc
from headwater.project.limits import Limits
from headwater.project.release_view import ReleaseView
from headwater.sql.parameters import with_texts

if TYPE_CHECKING:
    from headwater.project import Project

#: For somebody at a terminal or in a notebook: it may take its time, and is held in memory.
HELD: Final = Limits(rows=5_000_000, seconds=3600.0, bytes=1 << 30)
#: The most choices that a parameter offers; of more, any value of its type is taken.
_CHOICES: Final = Limits(rows=10_000, seconds=10.0)
_FOLDERS: Final = ("queries",)
_NAME = re.compile(r"(query\.)?[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a parameter may be, in the order in which a form lists it; `None`: anything."""

    parameter: Parameter
    values: tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRun:
    """A saved query that was run: with which values, and what came out."""

    definition: QueryDefinition
    values: Mapping[str, Value]
    result: SqlResult


def names_a_query(text: str) -> bool:
    """Whether a text is a saved query's name, as opposed to SQL.

    >>> [names_a_query(text) for text in ("best_customers", "query.best_customers", "select 1")]
    [True, True, False]
    """
    return _NAME.fullmatch(text.strip()) is not None


def saved_queries(project: Project, *, released: bool = False) -> Mapping[str, QueryDefinition]:
    """All saved queries by name: as they lie on disk, or as the environment shows them."""
    found = _loaded(project, released).definitions.values()
    return {q.id.name: q for q in found if isinstance(q, QueryDefinition)}


def in_reading_order(queries: Iterable[QueryDefinition]) -> list[QueryDefinition]:
    """Lessons first, by the number that `meta: {lesson: 3}` gives them; then the others by name."""

    def place(query: QueryDefinition) -> tuple[bool, int, str]:
        lesson = query.described.meta.get("lesson")
        number = lesson if isinstance(lesson, int) else 0
        return not isinstance(lesson, int), number, query.id.name

    return sorted(queries, key=place)


def find_query(project: Project, name: str, *, released: bool = False) -> QueryDefinition:
    """The saved query of a name; `query.` may stand before it.

    Raises E987 where there is none, and what is wrong with its file.
    """
    loaded = _loaded(project, released)
    bare = name.removeprefix("query.")
    definition = loaded.definitions.get(NodeId("query", bare))
    broken = tuple(
        issue for issue in loaded.issues if issue.place.path.rpartition(".")[0].endswith(f"/{bare}")
    )
    raise_errors(broken)
    if isinstance(definition, QueryDefinition):
        return definition
    if any(node.name == bare for node in project.view.states):
        fix = f'it is a table: `headwater sql "from {bare}"` reads it'
    else:
        known = [node.name for node in loaded.definitions]
        fix = did_you_mean(bare, known, "`headwater sql --list` lists them")
    raise UsageError(Issue(code="E987", what=f"unknown query `{name}`", fix=fix))


def _loaded(project: Project, released: bool) -> Loaded:
    if released:
        view = project.published
        return view.once("queries", lambda: _released(view))
    return load(Tree.from_disk(project.workspace.root, _FOLDERS), [QUERY_READER])


def _released(view: ReleaseView) -> Loaded:
    kept = view.tree()
    files = {} if kept is None else kept.files
    own = {p: t for p, t in files.items() if p.startswith("queries/") or p == SETTINGS_FILE}
    return load(Tree.from_blobs(own), [QUERY_READER])


def choices_of(project: Project, parameter: Parameter) -> Choices:
    """What a parameter may be, a SELECT of choices evaluated on what the environment shows."""
    if parameter.choices:
        return Choices(parameter=parameter, values=parameter.choices)
    if not parameter.choices_sql:
        return Choices(parameter=parameter, values=None)
    found = run_adhoc(project, parameter.choices_sql, limits=_CHOICES)
    if found.truncated:
        return Choices(parameter=parameter, values=None)
    values = [row[0] for row in found.rows() if row[0] is not None]
    if "order by" not in parameter.choices_sql.casefold():
        values.sort()
    return Choices(parameter=parameter, values=tuple(dict.fromkeys(map(written, values))))


def fill_in(
    project: Project, definition: QueryDefinition, given: Mapping[str, object]
) -> dict[str, Value]:
    """A value for each parameter: as given, in text or typed, else its default.

    Raises all mistakes at once: E808 a required value is missing, E980 a value of the wrong type,
    E981 one that is not among the choices, E982 an unknown parameter.
    """
    own = {each.name.casefold(): each for each in definition.parameters}
    issues = [_unknown(name, definition) for name in given if name.casefold() not in own]
    texts = {name.casefold(): written(value) for name, value in given.items()}
    values: dict[str, Value] = {}
    for name, parameter in own.items():
        text = texts.get(name, parameter.default or "")
        try:
            value = values[parameter.name] = read_value(parameter.type, text)
        except ValueError:
            issues.append(wrong_value(parameter, text))
            continue
        if value is None and parameter.required:
            what = f"the parameter `{parameter.name}` has no value"
            issues.append(Issue(code="E808", what=what, fix=f"give `{parameter.name}=…`"))
        elif value is not None:
            issues += _judge_choice(project, parameter, value)
    if issues:
        raise UsageError(*issues)
    return values


def _unknown(name: str, definition: QueryDefinition) -> Issue:
    known = [each.name for each in definition.parameters]
    listed = f"it takes {', '.join(f'`{each}`' for each in known)}" if known else "it takes none"
    what = f"`{definition.id.name}` has no parameter `{name}`"
    return Issue(code="E982", what=what, fix=did_you_mean(name, known, listed))


def _judge_choice(project: Project, parameter: Parameter, value: Value) -> list[Issue]:
    choices = choices_of(project, parameter).values
    if choices is None:
        return []
    typed = {written(read_value(parameter.type, choice)) for choice in choices}
    if written(value) in typed:
        return []
    return [not_a_choice(parameter, written(value), choices)]


def run_query(
    project: Project,
    name: str,
    given: Mapping[str, object] | None = None,
    *,
    limits: Limits = DEFAULT,
    released: bool = False,
) -> QueryRun:
    """Run a saved query over what the environment shows.

    The query's own `limit` and `timeout` go before; `released` takes the definition that the
    environment shows, as pages do, instead of that on disk.
    """
    definition = find_query(project, name, released=released)
    return run_definition(project, definition, given or {}, limits=limits)


def run_definition(
    project: Project,
    definition: QueryDefinition,
    given: Mapping[str, object],
    *,
    limits: Limits = DEFAULT,
) -> QueryRun:
    """Run a saved query that is already at hand; see `run_query`."""
    values = fill_in(project, definition, given)
    own = replace(
        limits,
        rows=min(limits.rows, definition.limit or limits.rows),
        seconds=definition.timeout.total_seconds() if definition.timeout else limits.seconds,
    )
    try:
        result = run_adhoc(
            project, definition.sql, limits=own, parameters=values, types=definition.types
        )
    except HeadwaterError as error:
        raise type(error)(*(_in_file(issue, definition) for issue in error.issues)) from error
    return QueryRun(definition=definition, values=values, result=result)


def _in_file(issue: Issue, definition: QueryDefinition) -> Issue:
    """What is wrong with the SQL, at its place in the query's file."""
    place = replace(issue.place, path=definition.place.path)
    return replace(issue, place=place if issue.place.line else definition.place)


def sql_with_values(definition: QueryDefinition, values: Mapping[str, Value]) -> str:
    """The query's SQL alone, with values written in: for a reader to change and try.

    It is never run as it is: what the reader makes of it is asked like any other SQL.
    """
    body = split_header(definition.place.path, definition.sql)[0].sql.strip()
    return with_texts(body, {name: _literal(value) for name, value in values.items()}) + "\n"


def _literal(value: Value) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        return literal(value)
    if isinstance(value, datetime):
        return f"timestamp {literal(value.isoformat(sep=' '))}"
    if isinstance(value, date):
        return f"date {literal(value.isoformat())}"
    return written(value)
