"""DuckDB's complaints, said as problems with a code, a position and a fix."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from headwater.errors import did_you_mean, nearest
from headwater.sql.parameters import Translated
from headwater.sql.parsing import ONE_SELECT, parse, syntax_tree, walk
from headwater.sql.problems import SqlError, SqlProblem, problem_at
from headwater.sql.relations import Column, Relation

_WRITING = re.compile(r"INSERT|UPDATE|DELETE|MERGE|CREATE|DROP|ALTER|COPY|EXPORT|SET|ATTACH|LOAD")
_READ_FILES = "declare it as a source or a seed, and name that"


def bind_problem(
    sql: str, text: Translated, tree: Mapping[str, Any], relations: Mapping[str, Relation]
) -> SqlProblem:
    """What a failed binding means for the user."""
    message = str(tree.get("error_message", "")).strip()
    first = message.split("\n")[0]
    line, column = text.position(int(tree["position"]) if "position" in tree else None)
    code, what, fix = _read(first, message, tree, relations)
    return SqlProblem(code=code, what=what, fix=fix, line=line, column=column)


def _read(
    first: str, message: str, tree: Mapping[str, Any], relations: Mapping[str, Relation]
) -> tuple[str, str, str]:
    kind, name = tree.get("error_type"), str(tree.get("name", ""))
    if kind in ("parser", "syntax"):
        colon = 'near ":"' in first
        return "E210", first, "only saved queries have parameters, declared ones" if colon else ""
    if "does not exist because schema" in first:
        named = re.search(r'"([^"]+)"', first)
        shown = named[1] if named else name
        return "E201", f"unknown table `{shown}`", "tables are named without a schema"
    if kind == "permission" or "file system operations are disabled" in message:
        return "E404", "files are read inside the SQL", _READ_FILES
    if kind == "internal":
        return "E212", "DuckDB cannot tell the type of a parameter", "declare the parameter"
    if kind == "catalog" and tree.get("type") == "Table":
        return "E201", f"unknown table `{name}`", _nearest_table(name, relations)
    if kind == "catalog" and "Function" in str(tree.get("type", "")):
        candidates = [c.strip() for c in str(tree.get("candidates", "")).split(",") if c.strip()]
        return "E203", f"unknown function `{name}`", did_you_mean(name, candidates)
    if tree.get("error_subtype") == "COLUMN_NOT_FOUND":
        candidates = [c.strip() for c in str(tree.get("candidates", "")).split(",") if c.strip()]
        columns = [c.name for relation in relations.values() for c in relation.columns]
        fix = did_you_mean(name, columns, did_you_mean(name, candidates))
        return "E202", f"unknown column `{name}`", fix
    table = re.match(r'Referenced table "([^"]+)" not found', first)
    if table:
        known = re.findall(r'"([^"]+)"', message.partition("Candidate tables:")[2])
        return "E201", f"unknown table `{table[1]}`", did_you_mean(table[1], known)
    column = re.match(r'.*does not have a column named "([^"]+)"', first)
    if column:
        columns = [c.name for relation in relations.values() for c in relation.columns]
        return "E202", f"unknown column `{column[1]}`", did_you_mean(column[1], columns)
    return "E212", first, ""


def _nearest_table(name: str, relations: Mapping[str, Relation]) -> str:
    near = nearest(name, [relation.name for relation in relations.values()])
    return f"did you mean `{near[0]}`?" if near else ""


def complaint(error: Exception) -> Mapping[str, Any]:
    """The JSON shape of an error that came as an exception."""
    message = str(error)
    kind, _, rest = message.partition(" Error: ")
    found = re.search(r"\{.*\}", message, re.DOTALL)
    try:
        extra = json.loads(found[0]) if found else {}
    except ValueError:
        extra = {}
    return {"error_type": kind.casefold(), "error_message": rest or message, **extra}


def unknown_table(sql: str, name: str, relations: Mapping[str, Relation]) -> SqlProblem:
    """A name that stands for nothing in this project."""
    offset = table_offset(sql, name)
    fix = _nearest_table(name, relations)
    return problem_at(sql, offset, "E201", f"unknown table `{name}`", fix)


def forbidden_table(sql: str, function: str) -> SqlProblem:
    """A table function that reads files or the engine's own tables."""
    match = re.search(rf"\b{re.escape(function)}\b", sql, re.IGNORECASE)
    offset = len(sql[: match.start()].encode()) if match else None
    if function.startswith(("duckdb_", "pragma_", "sqlite_", "pg_")):
        what, fix = f"`{function}()` reads the engine's own tables", "name only your tables"
    else:
        what, fix = f"`{function}()` reads from outside of the project", _READ_FILES
    return problem_at(sql, offset, "E404", what, fix)


def duplicate_column(sql: str, text: Translated, name: str) -> SqlProblem:
    """Two output columns of one name."""
    items = _outermost_items(text.sql)
    offsets = [
        item.get("query_location")
        for item in items
        if (item.get("alias") or (item.get("column_names") or [""])[-1]).casefold()
        == name.casefold()
    ]
    line, column = text.position(offsets[1]) if len(offsets) > 1 else (0, 0)
    return SqlProblem(
        code="E213",
        what=f"two columns are named `{name}`",
        fix="rename one with `as`, or leave it out with `exclude`",
        line=line,
        column=column,
    )


def _outermost_items(sql: str) -> list[Mapping[str, Any]]:
    node = syntax_tree(sql).get("node") or {}
    return list(node.get("select_list", ()))


def table_offset(sql: str, name: str) -> int | None:
    """Where a base table is named first."""
    try:
        tree = syntax_tree(sql)
    except SqlError:
        return None
    for node in walk(tree):
        if node.get("type") == "BASE_TABLE" and node["table_name"].casefold() == name.casefold():
            offset: int = node["query_location"]
            return offset
    return None


def refuse_writing(sql: str, operator: str) -> None:
    """Raise for a statement that is no SELECT, or that hides a change in a CTE."""
    parse(sql)
    if _WRITING.search(operator):
        raise SqlError(
            SqlProblem(code="E211", what="a table's SQL changes nothing", fix=ONE_SELECT)
        )


def missing_time(time: str, columns: Sequence[Column]) -> SqlProblem:
    """The declared time is no column of the output."""
    fix = did_you_mean(time, [column.name for column in columns], "add it to the SELECT")
    return SqlProblem(code="E301", what=f"`time: {time}` is no column of this table", fix=fix)
