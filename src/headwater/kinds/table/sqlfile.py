"""A table from its `.sql` file, its sidecar and its tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from headwater.definitions.fields import INVALID, take_described
from headwater.definitions.files import with_defaults
from headwater.definitions.headers import split_header
from headwater.definitions.loader import Files, name_of
from headwater.definitions.yamltext import Located, read_yaml
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.kinds.table.definition import TableDefinition, UnitTest
from headwater.kinds.table.keys import SAME, TABLE, read_tests, take_history
from headwater.sql.parsing import parse_many
from headwater.sql.problems import SqlError, SqlProblem

_HINT: Final = "the leading comment holds the table's keys; write other comments with `--`"


def read_tables(each: Sequence[Files]) -> list[TableDefinition | None]:
    """The tables of many `.sql` files; their SQL is parsed at once, which takes half the time."""
    drafts = [_draft(files) for files in each]
    texts = [draft.sql for draft in drafts if draft is not None]
    parsed = iter(parse_many(texts))
    found: list[TableDefinition | None] = []
    for files, draft in zip(each, drafts, strict=True):
        if draft is None:
            found.append(None)
            continue
        result = next(parsed)
        if isinstance(result, SqlError):
            _note(result.problem, files)
            found.append(draft)
        else:
            docs = _column_docs(draft.sql, files)
            found.append(replace(draft, references_to=result.references, column_docs=docs))
    return found


def _draft(files: Files) -> TableDefinition | None:
    """Everything but what the SQL says; None where there is no SQL or no name."""
    name = name_of(files.path, ".sql", files.issues)
    text = files.text
    if not text.strip():
        files.wrong("E104", "the file is empty", Place(files.path), "write one SELECT")
        return None
    split, issues = split_header(files.path, text)
    files.issues.extend(issues)
    if issues or name is None:
        return None
    bare = "\n".join(line.partition("--")[0] for line in split.sql.splitlines())
    if not bare.strip(" \n\t;"):
        place = Place(files.path, split.sql_line)
        files.wrong("E107", "there is no query after the header", place, "write one SELECT")
        return None
    root = _keys(files, split.header, split.header_line, split.header_column)
    values = TABLE.read(root, files.issues) if root is not None else {}
    if values is INVALID:
        values = {}
    tests = (*read_tests(root.get("tests") if root else None, []), *read_test_file(files))
    return build_table(name, files, values, sql=text, tests=tests)


def build_table(name: str, files: Files, values: dict[str, Any], **rest: Any) -> TableDefinition:
    """The definition from the values of its keys."""
    return TableDefinition(
        id=NodeId("table", name),
        place=Place(files.path, 1),
        files=files.paths,
        described=take_described(values),
        history=take_history(values),
        **{key: values[key] for key in SAME if key in values},
        **rest,
    )


def _keys(files: Files, header: str, line: int, column: int) -> Located | None:
    """The mapping of the header or of the sidecar, completed by the folder's defaults."""
    sidecar = next(
        (p for p in files.paths[1:] if p.endswith((".yml", ".yaml")) and not is_test(p)), None
    )
    root, issues = read_yaml(files.path, header, line, column)
    files.issues.extend(issues)
    if sidecar is not None:
        beside, issues = read_yaml(sidecar, files.texts[sidecar])
        files.issues.extend(issues)
        if root is not None and beside is not None:
            fix = "keep one of the two"
            what = f"the table has a header and also `{sidecar}`"
            files.wrong("E106", what, root.place, fix)
        if beside is None and not issues:
            files.wrong("E104", "the file is empty", Place(sidecar), "give keys, or remove it")
        root = root or beside
    if root is None:
        return None if issues else Located(dict(files.defaults), Place(files.path, 1))
    return with_defaults(root, files, _HINT)


def is_test(path: str) -> bool:
    """Whether a file holds unit tests."""
    return path.endswith((".test.yml", ".test.yaml"))


def read_test_file(files: Files) -> tuple[UnitTest, ...]:
    """The unit tests beside a table."""
    tests: list[UnitTest] = []
    for path in filter(is_test, files.paths):
        located, issues = read_yaml(path, files.texts[path])
        files.issues.extend(issues)
        if located is None and not issues:
            files.wrong("E104", "the file is empty", Place(path), "give a test, or remove it")
        tests += read_tests(located, files.issues)
    return tuple(tests)


def _column_docs(sql: str, files: Files) -> dict[str, str]:
    """`-- text` after a column, by column; its parser is costly, so only where there is one."""
    body = split_header(files.path, sql)[0].sql
    if "--" not in body and "/*" not in body:
        return {}
    from headwater.sql import column_comments

    try:
        return dict(column_comments(sql))
    except SqlError as error:
        _note(error.problem, files)
        return {}


def _note(problem: SqlProblem, files: Files) -> None:
    place = Place(files.path, problem.line, problem.column)
    files.wrong(problem.code, problem.what, place, problem.fix)
