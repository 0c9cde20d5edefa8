"""How much of the machine an engine may use."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_CGROUP_LIMITS = (
    Path("/sys/fs/cgroup/memory.max"),  # version 2
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),  # version 1
)
SHARE = 0.6


def default_memory_limit(cgroup_limits: Iterable[Path] = _CGROUP_LIMITS) -> str:
    """60 % of the memory of the machine or of the container, whichever is less, for DuckDB.

    DuckDB's own 80 % leaves too little for Arrow, Python tables and the page cache.
    """
    limits = [_physical_bytes(), *map(_limit_in, cgroup_limits)]
    known = [limit for limit in limits if limit]
    return f"{int(min(known) * SHARE) >> 20}MiB" if known else "60%"


def _physical_bytes() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not POSIX
        return 0


def _limit_in(path: Path) -> int:
    try:
        content = path.read_text().strip()
    except OSError:
        return 0
    return int(content) if content.isdigit() else 0
