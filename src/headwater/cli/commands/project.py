"""`init` and `check`: a project begins, and is looked over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from headwater.cli.calls import Call

if TYPE_CHECKING:
    from collections.abc import Sequence

    from headwater.project import Project


def init(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Where the project is to be.")],
    example: Annotated[
        str | None, typer.Option("--example", metavar="NAME", help="Copy an example, as `shop`.")
    ] = None,
) -> None:
    """Make a new project, small or from an example."""
    from headwater.cli.calls import ending
    from headwater.project.starting import copy_example, write_project

    call = Call()
    with ending(call):
        made = copy_example(example, folder) if example else write_project(folder)
        screen = call.screen
        for path in made.listed:
            screen.line(f"  {path}")
        screen.line(f"{made.files:,} files in {made.root}")
        screen.hint(f"`cd {folder}`, then `headwater plan` and `headwater run`")


def check(call: Call) -> None:
    """Find all that is wrong with the definitions; runs nothing."""
    from headwater.views.figures import count
    from headwater.views.issues import print_issues, tally
    from headwater.views.summaries import issue_data

    with call.open() as project:
        issues = project.check()
        write_editor_schemas(project)
        nodes = len(project.bound.graph.nodes)
        failed = any(issue.is_error for issue in issues)
        if call.json:
            call.screen.data({"issues": [issue_data(i) for i in issues], "nodes": nodes})
        else:
            screen = call.screen
            print_issues(issues, screen)
            if failed:
                screen.line(f"{tally(issues)}. Nothing was run.")
            else:
                name = project.settings.name
                screen.line(f"{name} · {count(nodes, 'node')} · {tally(issues)}")
    raise typer.Exit(1 if failed else 0)


def write_editor_schemas(project: Project) -> None:
    """Tell editors the project's own names."""
    from headwater.definitions.schemas import write_schemas
    from headwater.registry import KINDS

    graph = project.bound.graph
    settings = project.settings
    described = [node.definition.described for node in graph.nodes.values()]
    members = [member for team in settings.teams.values() for member in team.members]
    names: dict[str, Sequence[str]] = {
        "tables": sorted({node.name for node in graph.nodes}),
        "columns": sorted({c for node in graph.nodes.values() for c in node.column_names}),
        "owners": sorted({*settings.teams, *members, *(d.owner for d in described if d.owner)}),
        "tags": sorted({tag for d in described for tag in d.tags}),
    }
    write_schemas(project.workspace.root, [kind.reader for kind in KINDS], names)
