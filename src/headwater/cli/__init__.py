"""The command line: `headwater …`. Each command loads what it needs when it runs."""

from __future__ import annotations


def main() -> None:
    """Run the command that the arguments name."""
    from headwater.cli.app import app

    app(prog_name="headwater")
