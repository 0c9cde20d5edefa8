"""The options that choose nodes and say what is to be done with them."""

from __future__ import annotations

from typing import Annotated

import typer

Nodes = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[NODES]...",
        help="Which nodes: +table.orders, orders+2, tag:…, owner:…, path:…, state:modified+.",
        show_default=False,
    ),
]
Select = Annotated[
    list[str] | None,
    typer.Option("--select", "-s", metavar="NODES", help="The same, as an option."),
]
Exclude = Annotated[
    list[str] | None, typer.Option("--exclude", metavar="NODES", help="All but these.")
]
FullRefresh = Annotated[
    list[str] | None,
    typer.Option("--full-refresh", metavar="NODES", help="Build these anew from the beginning."),
]
Period = Annotated[
    str | None,
    typer.Option(
        "--period",
        metavar="PERIOD",
        help="Build these days again: 2011-11, 2011-11-01..2011-11-09.",
    ),
]
Sample = Annotated[
    str | None,
    typer.Option("--sample", metavar="30d", help="Only the newest part of history; needs --env."),
]
Apply = Annotated[bool, typer.Option("--apply", help="Release edited definitions with this run.")]
