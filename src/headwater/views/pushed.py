"""A version that was pushed to a registry."""

from __future__ import annotations

from headwater.project.registries.mlflow import CHAMPION, Pushed
from headwater.views.layout import Cell
from headwater.views.page import Page


def print_pushed(pushed: Pushed, page: Page) -> None:
    """Where it is now, and how it is loaded."""
    said = "is registered" if pushed.is_new else "was registered already"
    page.line(Cell(pushed.version, "strong"), f" {said}: {pushed.name}, version {pushed.number}")
    which = f"@{CHAMPION}" if pushed.is_champion else f"/{pushed.number}"
    page.line(f"load it: mlflow.pyfunc.load_model('models:/{pushed.name}{which}')")
    if not pushed.is_champion:
        page.line(f"`{CHAMPION}` is the version that prod publishes, once that is pushed.")
