"""Fixtures of small projects."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from small import Small, small_shop

exec(open("/tmp/hw/patch.py").read()) if Path("/tmp/hw/patch.py").exists() else None


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """An empty project with a fixed clock."""
    return Small(tmp_path / "small")


@pytest.fixture
def shop(small: Small) -> Small:
    """Orders of three days, and three tables over them."""
    return small_shop(small)
