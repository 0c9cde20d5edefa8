"""Fixtures of small projects."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.run.small import Small, small_shop


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """An empty project with a fixed clock."""
    return Small(tmp_path / "small")


@pytest.fixture
def shop(small: Small) -> Small:
    """Orders of three days, and three tables over them."""
    return small_shop(small)
