"""`debug` and `completion`: is everything in order, and is it comfortable."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from headwater.cli.calls import Call
from headwater.views.layout import Cell


def debug(call: Call) -> None:
    """Examine versions, connections, disk, permissions."""
    from headwater.cli.checkup import examine
    from headwater.views.plain import plain

    found = examine(call)
    failed = any(finding.state == "bad" for finding in found)
    if call.json:
        call.screen.data({"ok": not failed, "findings": plain(found)})
    else:
        marks = {"good": ("✔", "good"), "bad": ("✖", "bad"), "note": ("·", "quiet")}
        screen = call.screen
        screen.rows(
            [
                (Cell(*marks[f.state]), f.subject, f.text, Cell(f.fix and f"→ {f.fix}", "warning"))
                for f in found
            ],
            gap=2,
        )
    raise typer.Exit(1 if failed else 0)


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"] | None,
        typer.Argument(metavar="[bash|zsh|fish]", help="Which shell; by default yours."),
    ] = None,
) -> None:
    """Print the script that completes commands in a shell."""
    import os
    from pathlib import Path

    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    chosen = shell or Path(os.environ.get("SHELL", "bash")).name
    script = get_completion_script(
        prog_name="headwater", complete_var="_HEADWATER_COMPLETE", shell=chosen
    )
    typer.echo(script)
    typer.echo(f"# {_HOW.get(chosen, _HOW['bash'])}")


_HOW = {
    "bash": "to use it: headwater completion bash >> ~/.bashrc, then a new shell",
    "zsh": "to use it: headwater completion zsh >> ~/.zshrc, then a new shell",
    "fish": "to use it: headwater completion fish > ~/.config/fish/completions/headwater.fish",
}
