"""`serve`: the pages of the project in a browser."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from headwater.cli.calls import Call


def serve(
    call: Call,
    *,
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Where it listens; here alone.")
    ] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", metavar="N", help="Which port; 0 takes a free one.")
    ] = 8000,
    token: Annotated[
        str | None,
        typer.Option("--token", metavar="TEXT", help="What readers must know; HEADWATER_TOKEN."),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", metavar="NAME", help="A name that browsers may ask for."),
    ] = None,
    open_: Annotated[bool, typer.Option("--open", help="Open a browser.")] = False,
    no_schedule: Annotated[
        bool, typer.Option("--no-schedule", help="Only show; start no runs and reports.")
    ] = False,
) -> None:
    """Show the project in a browser, and keep its schedule."""
    _need_web()
    from headwater.web.options import ServeOptions
    from headwater.web.serving import serve as serve_pages

    options = ServeOptions(
        project=Path(call.project) if call.project else None,
        profile=call.profile,
        environment=call.env,
        now=call.now,
        host=host,
        port=port,
        token=token or os.environ.get("HEADWATER_TOKEN", ""),
        names=tuple(allow_host or ()),
        schedule=not no_schedule,
    )

    def announce(address: str) -> None:
        if call.json:
            call.screen.data({"address": address})
        else:
            call.screen.line(f"{address} · Ctrl-C ends it")
        sys.stdout.flush()  # whoever reads it through a pipe waits for it
        if open_:
            typer.launch(address)

    try:
        serve_pages(options, announce)
    except KeyboardInterrupt:  # the server has closed everything before it passes this on
        if not call.json:
            call.screen.line("Ended.")


def _need_web() -> None:
    """Raise E972 where the packages of the pages are missing."""
    from headwater.errors import Issue, UsageError

    missing = [name for name in ("fastapi", "uvicorn", "jinja2") if find_spec(name) is None]
    if missing:
        what = f"the pages need {', '.join(missing)}"
        raise UsageError(Issue(code="E972", what=what, fix="`pip install 'headwater[web]'`"))
