"""A saved query from its `.sql` file and its sidecar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from headwater.definitions.fields import INVALID, take_described
from headwater.definitions.loader import Files
from headwater.definitions.sqlfile import column_docs, note_problem, read_draft
from headwater.errors import Issue, Place, did_you_mean
from headwater.ids import NodeId
from headwater.kinds.query.definition import Parameter, QueryDefinition
from headwater.kinds.query.keys import QUERY
from headwater.sql.parameters import mentions, with_dollars
from headwater.sql.parsing import Parsed, parse_many
from headwater.sql.problems import SqlError, SqlProblem


def read_queries(each: Sequence[Files]) -> list[QueryDefinition | None]:
    """The queries of many files; their SQL and that of their choices is parsed at once."""
    drafts = [_draft(files) for files in each]
    texts = [text for draft in drafts if draft is not None for text in _texts(draft)]
    parsed = iter(parse_many(texts))
    return [
        None if draft is None else _with_references(draft, parsed, files)
        for draft, files in zip(drafts, each, strict=True)
    ]


def _draft(files: Files) -> QueryDefinition | None:
    """Everything but what the SQL says; None where there is no SQL or no name."""
    draft = read_draft(files)
    if draft is None or any(issue.code == "E110" for issue in files.issues):
        return None  # a header that is no YAML: nobody knows what it declares
    values = QUERY.read(draft.keys, files.issues) if draft.keys is not None else {}
    if values is INVALID:
        values = {}
    parameters: tuple[Parameter, ...] = values.get("parameters", ())
    files.issues.extend(undeclared(draft.text, parameters, files.path))
    files.issues.extend(unused(draft.text, parameters))
    return QueryDefinition(
        id=NodeId("query", draft.name),
        place=Place(files.path, 1),
        files=files.paths,
        described=take_described(values),
        sql=draft.text,
        parameters=parameters,
        limit=values.get("limit"),
        timeout=values.get("timeout"),
    )


def undeclared(sql: str, parameters: Sequence[Parameter], path: str) -> list[Issue]:
    """The parameters that the SQL names and the header does not. Code E982."""
    known = [parameter.name for parameter in parameters]
    strange = {
        each.name.casefold(): each
        for each in reversed(mentions(sql))
        if each.name.casefold() not in {name.casefold() for name in known}
    }
    return [
        Issue(
            code="E982",
            what=f"unknown parameter `{each.written}`",
            place=Place(path, each.line, each.column),
            fix=did_you_mean(each.name, known, f"declare it: `parameters: {{{each.name}: …}}`"),
        )
        for each in strange.values()
    ]


def unused(sql: str, parameters: Sequence[Parameter]) -> list[Issue]:
    """The parameters that the header declares and the SQL does not name. Code E985."""
    used = {each.name.casefold() for each in mentions(sql)}
    return [
        Issue(
            code="E985",
            what=f"the SQL does not use the parameter `{parameter.name}`",
            place=parameter.place,
            fix=f"write `:{parameter.name}` where it belongs, or take it out",
        )
        for parameter in parameters
        if parameter.name.casefold() not in used
    ]


def choices_issue(parameter: Parameter, problem: SqlProblem) -> Issue:
    """What is wrong with the SELECT that gives a parameter's choices."""
    place = parameter.choices_place
    if problem.line == 1:  # a SELECT in one line, as it stands after the key
        place = replace(place, column=place.column + problem.column - 1)
    what = f"choices of `{parameter.name}`: {problem.what}"
    return Issue(code=problem.code, what=what, place=place, fix=problem.fix)


def _texts(draft: QueryDefinition) -> Iterator[str]:
    yield with_dollars(draft.sql, [each.name for each in draft.parameters])
    yield from (each.choices_sql for each in draft.parameters if each.choices_sql)


def _with_references(
    draft: QueryDefinition, parsed: Iterator[Parsed | SqlError], files: Files
) -> QueryDefinition:
    """The draft with the tables that it reads, and with what its SQL says of its columns."""
    result = next(parsed)
    found: dict[str, str] = {}
    docs: Mapping[str, str] = {}
    if isinstance(result, Parsed):
        found = {name.casefold(): name for name in result.references}
        docs = column_docs(draft.sql, files)
    elif not undeclared(draft.sql, draft.parameters, files.path):  # else it says so already
        note_problem(result.problem, files)
    for parameter in draft.parameters:
        if parameter.choices_sql:
            choices = next(parsed)
            if isinstance(choices, Parsed):
                found |= {n.casefold(): n for n in choices.references if n.casefold() not in found}
            else:
                files.issues.append(choices_issue(parameter, choices.problem))
    return replace(draft, references_to=tuple(found.values()), column_docs=docs)
