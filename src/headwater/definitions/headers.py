"""A `.sql` file: the YAML header in its leading comment, and the SQL after it."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.errors import Issue, Place


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlFile:
    """Where the header of a `.sql` file stands; `sql` begins after it."""

    header: str = ""
    header_line: int = 1  # where the header's text begins
    header_column: int = 1
    sql: str = ""
    sql_line: int = 1  # the first line of `sql` that holds more than blanks


def split_header(path: str, text: str) -> tuple[SqlFile, list[Issue]]:
    r"""Split a `.sql` file into its YAML header and its SQL; both keep their positions.

    The header is the comment that the file begins with. A `*/` inside of it (a glob, a cron) would
    end it early, and a `/*` begins a comment in it: E105 points to the sidecar.

    >>> file, _ = split_header("tables/a.sql", "/*\nkey: id\n*/\nselect 1 as id\n")
    >>> file.header, file.sql_line
    ('\nkey: id\n', 4)
    """
    lead = len(text) - len(text.lstrip())
    if not text.startswith("/*", lead):
        return SqlFile(sql=text, sql_line=text.count("\n", 0, lead) + 1), []
    begin = lead + 2
    end = text.find("*/", begin)
    line, column = position(text, begin)
    if end < 0:
        place = Place(path, line, column - 2)
        issue = Issue(code="E105", what="the header never ends", place=place, fix="add `*/`")
        return SqlFile(), [issue]
    header, rest = text[begin:end], text[end + 2 :]
    blank = len(rest) - len(rest.lstrip())
    found = SqlFile(
        header=header,
        header_line=line,
        header_column=column,
        sql=rest,
        sql_line=text.count("\n", 0, end + 2 + blank) + 1,
    )
    nested = header.find("/*")
    if nested >= 0:
        return found, [_broken(path, text, begin + nested, "/*")]
    # After a header that ended too early stands the rest of it, up to its own end.
    again, next_comment = rest.find("*/"), rest.find("/*")
    unopened = again >= 0 and (next_comment < 0 or again < next_comment)
    cut = header.rpartition("\n")[2].count("'") % 2 == 1  # the header ended inside of a text
    if unopened and (cut or not _is_hidden(rest, again)):
        return found, [_broken(path, text, end, "*/")]
    return found, []


def position(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, both from 1."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _is_hidden(sql: str, offset: int) -> bool:
    """Whether the offset lies behind `--` or inside a text literal of its line."""
    before = sql[sql.rfind("\n", 0, offset) + 1 : offset]
    return "--" in before or before.count("'") % 2 == 1


def _broken(path: str, text: str, offset: int, mark: str) -> Issue:
    folder, _, name = path.rpartition("/")
    sidecar = f"{folder}/{name.removesuffix('.sql')}.yml".lstrip("/")
    return Issue(
        code="E105",
        what=f"`{mark}` inside the header breaks the comment",
        place=Place(path, *position(text, offset)),
        fix=f"move the header to `{sidecar}`, with the same keys",
    )
