"""`ls`, `show`, `sql`: looking at what there is."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from headwater.cli.calls import Call
from headwater.cli.selecting import Exclude, Nodes, Select
from headwater.errors import Issue, UsageError


def ls(call: Call, nodes: Nodes = None, select: Select = None, exclude: Exclude = None) -> None:
    """List nodes: rows, days, owner, file."""
    from headwater.project.asking import chosen
    from headwater.views.layout import Cell
    from headwater.views.nodes import print_nodes
    from headwater.views.summaries import facts_data, project_facts

    with call.open() as project:
        wanted = chosen(project, [*(nodes or ()), *(select or ())], exclude or ())
        every = project_facts(project).items()
        # Nobody writes rollups, so they are listed only where they are asked for.
        found = [f for n, f in every if (n.kind != "rollup" if wanted is None else n in wanted)]
        if call.json:
            call.screen.data([facts_data(facts) for facts in found])
            return
        print_nodes(project, found, call.screen)
        left_out = len(every) - len(found) if wanted is None else 0
        if left_out:
            note = f"{left_out} more are kept for metrics: `headwater ls kind:rollup`"
            call.screen.line(Cell(note, "quiet"))


def show(
    call: Call, nodes: Annotated[list[str], typer.Argument(metavar="NODE...", help="Which nodes.")]
) -> None:
    """Say everything about a node, or about one version of a model."""
    from headwater.cli.commands.versions import versions
    from headwater.project.versions import names_a_version
    from headwater.views.nodes import print_node
    from headwater.views.summaries import facts_data, project_facts

    if len(nodes) == 1 and names_a_version(nodes[0]):
        versions(call, nodes[0])
        return
    with call.open() as project:
        wanted = project.select(tuple(nodes))
        found = [f for node, f in project_facts(project).items() if node in wanted]
        if call.json:
            call.screen.data([facts_data(facts) for facts in found])
            return
        for index, facts in enumerate(found):
            if index:
                call.screen.line()
            print_node(project, facts, call.screen)


def sql(
    call: Call,
    query: Annotated[
        str | None,
        typer.Argument(metavar="SELECT…|NAME", help="One SELECT, or a saved query's name."),
    ] = None,
    format: Annotated[
        Literal["table", "csv", "json", "parquet", "arrow"] | None,
        typer.Option("--format", "-f", help="How rows are written; by the name of --output."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter: `:name` in the query."),
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", help="Rows of a printed table; 0 for all.", min=0)
    ] = 100,
    list_: Annotated[bool, typer.Option("--list", help="List the saved queries.")] = False,
) -> None:
    """Read the published tables with SQL, typed or saved."""
    from headwater.cli.rows import parse_parameters, split_parameters, write_rows
    from headwater.project.queries import names_a_query

    with call.open() as project:
        if list_:
            from headwater.cli.saved import list_queries

            list_queries(project, call)
        elif query is None:
            fix = "`headwater sql --list` lists the saved ones"
            raise UsageError(Issue(code="E987", what="which query?", fix=fix))
        elif names_a_query(query):
            from headwater.cli.saved import run_saved

            found = run_saved(project, query, split_parameters(set_ or ()), call)
            write_rows(found, call, format=format, output=output, limit=limit)
        else:
            from headwater.project.reading import read_session, released_functions

            given = parse_parameters(set_ or ())
            view = project.published
            functions = released_functions(view)
            with read_session(project.workspace, view, query, given, functions) as reading:
                write_rows(reading, call, format=format, output=output, limit=limit)
