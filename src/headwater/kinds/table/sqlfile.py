"""A table from its `.sql` file, its sidecar and its tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from headwater.definitions.fields import INVALID, take_described
from headwater.definitions.loader import Files
from headwater.definitions.sqlfile import column_docs, is_test, note_problem, read_draft
from headwater.definitions.yamltext import read_yaml
from headwater.errors import Place
from headwater.ids import NodeId
from headwater.kinds.table.definition import TableDefinition, UnitTest
from headwater.kinds.table.keys import SAME, TABLE, read_tests, take_history
from headwater.sql.parsing import parse_many
from headwater.sql.problems import SqlError


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
            note_problem(result.problem, files)
            found.append(draft)
        else:
            docs = column_docs(draft.sql, files)
            found.append(replace(draft, references_to=result.references, column_docs=docs))
    return found


def _draft(files: Files) -> TableDefinition | None:
    """Everything but what the SQL says; None where there is no SQL or no name."""
    draft = read_draft(files)
    if draft is None:
        return None
    root = draft.keys
    values = TABLE.read(root, files.issues) if root is not None else {}
    if values is INVALID:
        values = {}
    tests = (*read_tests(root.get("tests") if root else None, []), *read_test_file(files))
    return build_table(draft.name, files, values, sql=draft.text, tests=tests)


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
