"""Bins of training in words."""

from __future__ import annotations

import math

from headwater.learning.drift import Drift
from headwater.learning.report import ReferenceBins
from headwater.project.monitoring.model import Moved

#: Beyond these nothing more is kept of a column: its index says it all.
_QUIET = ("stable", "unknown")


def bin_names(bins: ReferenceBins) -> tuple[str, ...]:
    """Names of the bins, in the order of their shares.

    >>> bin_names(ReferenceBins(column="x", edges=(1, 2.5)))
    ('up to 1', '1 to 2.5', 'above 2.5', 'missing')
    >>> bin_names(ReferenceBins(column="x", edges=(-5e-324, 0.0, 3)))
    ('below 0', '0', '0 to 3', 'above 3', 'missing')
    >>> bin_names(ReferenceBins(column="c", categories=("a",)))
    ('a', 'others', 'missing')
    """
    if not bins.edges:
        other = "others" if bins.categories else "any value"
        return (*(name or "empty" for name in bins.categories), other, "missing")
    names = []
    lower: float | None = None
    for edge in bins.edges:
        value = _own_value(edge, bins.edges)
        if value is not None:  # a value of its own follows
            names.append(f"below {_text(value)}" if lower is None else _between(lower, value))
        elif lower is not None and math.nextafter(edge, -math.inf) == lower:
            names.append(_text(edge))
        else:
            names.append(f"up to {_text(edge)}" if lower is None else _between(lower, edge))
        lower = edge
    return (*names, f"above {_text(bins.edges[-1])}", "missing")


def _own_value(edge: float, edges: tuple[float, ...]) -> float | None:
    """The value that has the bin right after an edge to itself."""
    following = math.nextafter(edge, math.inf)
    return following if following in edges else None


def _between(lower: float, upper: float) -> str:
    return f"{_text(lower)} to {_text(upper)}"


def _text(value: float) -> str:
    rounded = float(f"{value:.4g}")
    return f"{rounded + 0.0:,.10g}"


def moved_of(drift: Drift) -> Moved:
    """A drift as it is kept."""
    is_quiet = drift.verdict in _QUIET
    return Moved(
        column=drift.column,
        psi=None if drift.psi is None else round(drift.psi, 5),
        chance=round(drift.chance, 5),
        rows=drift.rows,
        verdict=drift.verdict,
        missing=round(drift.shares[-1], 5) if drift.shares else 0.0,
        bins=() if is_quiet else bin_names(drift.reference),
        before=() if is_quiet else tuple(round(each, 5) for each in drift.reference.shares),
        now=() if is_quiet else tuple(round(each, 5) for each in drift.shares),
    )
