"""What a release restated, in one clause."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headwater.views.figures import count

if TYPE_CHECKING:
    from headwater.project.metrics.restating import Restatement

_MOST_NAMED = 3


def restated_text(found: Sequence[Restatement]) -> str:
    """How many published numbers changed, and of which metrics; empty where none did."""
    if not found:
        return ""
    total = sum(each.periods for each in found)
    largest = sorted(found, key=lambda each: (-each.periods, each.metric))
    named = ", ".join(
        f"{each.metric} {count(each.periods, (each.grain or '').replace('_', ' '))}"
        for each in largest[:_MOST_NAMED]
    )
    more = f", {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return f"{count(total, 'restatement')} recorded: {named}{more}"
