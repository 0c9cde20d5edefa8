"""Headwater: one graph from the raw source to the decision, kept true.

>>> import headwater as hw
>>> hw.__version__
'0.1.0'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from headwater.api.opened import OpenProject
    from headwater.kinds.model.python import model as model
    from headwater.kinds.table.python import table as table

__version__ = "0.1.0"
__all__ = ["model", "open", "table"]


def open(  # noqa: A001 (as in `headwater.open("shop")`)
    folder: str | Path | None = None,
    *,
    env: str = "prod",
    profile: str | None = None,
    now: str | None = None,
) -> OpenProject:
    """Open the project in a folder, or in the nearest one above the current folder.

    `env` says what is shown, `profile` where it runs, `now` fixes the clock (ISO text). Raises
    `headwater.errors.UsageError` where there is no project.
    """
    from headwater.api.opened import OpenProject

    return OpenProject.open(folder, env=env, profile=profile, now=now)


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext headwater`."""
    from headwater.api.magics import HeadwaterMagics

    shell.register_magics(HeadwaterMagics)


def __getattr__(name: str) -> Any:
    if name == "table":
        from headwater.kinds.table.python import table

        return table
    if name == "model":
        from headwater.kinds.model.python import model

        return model
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
