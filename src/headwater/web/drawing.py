"""Charts in a page: the one place where their markup is taken as it is."""

from __future__ import annotations

from markupsafe import Markup as Drawn

from headwater.charts.text import Markup

__all__ = ["Drawn", "drawn"]


def drawn(chart: Markup) -> Drawn:
    """What `charts` drew, which escapes every text that it is given."""
    return Drawn(chart)  # noqa: S704
