"""The command line: `headwater …`. Each command loads what it needs when it runs."""

from __future__ import annotations

import gc

#: Young objects that may gather before the collector looks for circles. A command makes many small
#: values that stay to its end; Python's own threshold of 700 costs a quarter of a large plan.
_YOUNG_OBJECTS = 200_000


def main() -> None:
    """Run the command that the arguments name."""
    from headwater.cli.app import app

    gc.set_threshold(_YOUNG_OBJECTS, 20, 20)
    app(prog_name="headwater")
