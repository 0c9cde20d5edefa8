"""An empty project."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.run.small import Small


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """An empty project with a fixed clock."""
    return Small(tmp_path / "small")
