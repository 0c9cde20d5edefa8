"""How rows that come too late are named."""

from __future__ import annotations

from datetime import timedelta

LATE = "late_limit"
#: SQL that is TRUE for a waiting row that came too late.
IS_LATE = f"len(list_filter(_rules, lambda r: starts_with(r, '{LATE}'))) > 0"


def late_name(limit: timedelta) -> str:
    """The rule that a late row breaks, as users see it.

    >>> late_name(timedelta(days=30)), late_name(timedelta(hours=36))
    ('late_limit 30d', 'late_limit 36h')
    """
    seconds = int(limit.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds % size == 0:
            return f"{LATE} {seconds // size}{unit}"
    return f"{LATE} {seconds}s"
