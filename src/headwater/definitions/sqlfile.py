"""What every `.sql` file that defines a node has in common: name, keys, text, and words in it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from headwater.definitions.files import with_defaults
from headwater.definitions.headers import split_header
from headwater.definitions.loader import Files, name_of
from headwater.definitions.yamltext import Located, read_yaml
from headwater.errors import Place
from headwater.sql.problems import SqlError, SqlProblem

YAML = (".yml", ".yaml")
TESTS = (".test.yml", ".test.yaml")


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlDraft:
    """A `.sql` file with a query in it: the node's name, its whole text, and its keys."""

    name: str
    text: str  # header included, so that positions stay true
    keys: Located | None  # of the header or the sidecar, with the folder's defaults


def read_draft(files: Files) -> SqlDraft | None:
    """The file's name, text and keys; None where there is no SQL or no name, which is noted."""
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
    keys = _keys(files, split.header, split.header_line, split.header_column)
    return SqlDraft(name=name, text=text, keys=keys)


def _keys(files: Files, header: str, line: int, column: int) -> Located | None:
    """The mapping of the header or of the sidecar, completed by the folder's defaults."""
    sidecar = next((p for p in files.paths[1:] if p.endswith(YAML) and not is_test(p)), None)
    root, issues = read_yaml(files.path, header, line, column)
    files.issues.extend(issues)
    if sidecar is not None:
        beside, issues = read_yaml(sidecar, files.texts[sidecar])
        files.issues.extend(issues)
        if root is not None and beside is not None:
            what = f"the file has a header and also `{sidecar}`"
            files.wrong("E106", what, root.place, "keep one of the two")
        if beside is None and not issues:
            files.wrong("E104", "the file is empty", Place(sidecar), "give keys, or remove it")
        root = root or beside
    if root is None:
        return None if issues else Located(dict(files.defaults), Place(files.path, 1))
    hint = "the leading comment holds the file's keys; write other comments with `--`"
    return with_defaults(root, files, hint)


def is_test(path: str) -> bool:
    """Whether a file holds unit tests."""
    return path.endswith(TESTS)


def note_problem(problem: SqlProblem, files: Files) -> None:
    """Note what is wrong with the SQL, at its place in the file."""
    place = Place(files.path, problem.line or 1, problem.column)
    files.wrong(problem.code, problem.what, place, problem.fix)


def column_docs(sql: str, files: Files) -> dict[str, str]:
    """`-- text` after a column, by column; its parser is costly, so only where there is one."""
    body = split_header(files.path, sql)[0].sql
    if "--" not in body and "/*" not in body:
        return {}
    from headwater.sql import column_comments

    try:
        return dict(column_comments(sql))
    except SqlError as error:
        note_problem(error.problem, files)
        return {}


def mention(sql: str, word: str, otherwise: Place) -> Place:
    """Where a word stands in the SQL of a file; another place if it does not."""
    match = re.search(rf"\b{re.escape(word)}\b", without_comments(sql), re.IGNORECASE)
    if match is None:
        return otherwise
    before = sql[: match.start()]
    line = before.count("\n") + 1
    return Place(otherwise.path, line, match.start() - (before.rfind("\n") + 1) + 1)


def without_comments(sql: str) -> str:
    """The same text with comments blanked, so that positions stay true."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    return re.sub(r"/\*.*?\*/|--[^\n]*", blank, sql, flags=re.DOTALL)
