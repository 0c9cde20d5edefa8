"""Saved queries on the command line: the list of them, and a run of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from headwater.views.figures import count
from headwater.views.layout import Cell

if TYPE_CHECKING:
    from headwater.cli.calls import Call
    from headwater.project import Project
    from headwater.project.asked import SqlResult


def list_queries(project: Project, call: Call) -> None:
    """One line a saved query, in the order of their lessons, then by name."""
    from headwater.project.queries import in_reading_order, saved_queries
    from headwater.views.queries import parameter_text, query_data

    found = in_reading_order(saved_queries(project).values())
    if call.json:
        call.screen.data([query_data(query) for query in found])
        return
    call.screen.rows(
        (
            Cell(query.id.name, "strong"),
            query.described.title,
            Cell(" ".join(map(parameter_text, query.parameters)), "quiet"),
        )
        for query in found
    )
    call.screen.line(count(len(found), "saved query", "saved queries"))


def run_saved(project: Project, name: str, given: Mapping[str, str], call: Call) -> SqlResult:
    """The rows of a saved query; a note where there are more than its limit."""
    from headwater.cli.screen import Screen
    from headwater.project.queries import HELD, run_query

    result = run_query(project, name.strip(), given, limits=HELD).result
    if result.truncated:
        rows = count(len(result), "row")
        note = f"there are more rows than the query's limit: {rows} are given"
        Screen.err().line(Cell(note, "quiet"))
    return result
