"""`docs`: the catalogue as one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from headwater.cli.calls import Call


def docs(
    call: Call,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="By default .headwater/docs.html."),
    ] = None,
    handbook: Annotated[
        bool, typer.Option("--handbook", help="With what a successor needs: people, routine, gaps.")
    ] = False,
) -> None:
    """Write the catalogue as one HTML page."""
    from headwater.views.catalogue.page import Catalogue, render
    from headwater.views.figures import count, size
    from headwater.views.summaries import project_facts

    with call.open() as project:
        workspace = project.workspace
        catalogue = Catalogue(
            settings=project.settings,
            zone=workspace.zone,
            now=workspace.clock.now,
            environment=project.environment,
            release=project.view.release,
            nodes=project_facts(project),
            sources=project.bound.loaded.tree.files,
            releases=project.ledger.releases(None, 12),
        )
        path = Path(output) if output else workspace.state_folder / "docs.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(render(catalogue, with_handbook=handbook), encoding="utf-8")
        written = path.stat().st_size
        if call.json:
            call.screen.data({"path": str(path), "nodes": len(catalogue.nodes), "bytes": written})
            return
        call.screen.line(f"{path} · {count(len(catalogue.nodes), 'node')} · {size(written)}")
