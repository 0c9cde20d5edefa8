"""Distinct counts: who came, who left, who stayed. Groups overlap and are never added up."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """Entities of two periods: `new − lost` is the change."""

    new: int
    lost: int
    kept: int

    @property
    def change(self) -> int:
        """How many more there are than before."""
        return self.new - self.lost


def turn_over(before: int, after: int, either: int) -> Turnover:
    """From three distinct counts: of each period, and of both periods as one.

    New are those of either period without those before; no list of entities is needed.

    >>> turn_over(before=100, after=120, either=150)
    Turnover(new=50, lost=30, kept=70)
    """
    if not max(before, after) <= either <= before + after:
        raise ValueError(f"{either} entities cannot be those of {before} and {after}")
    return Turnover(new=either - before, lost=either - after, kept=before + after - either)
