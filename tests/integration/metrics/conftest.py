"""Fixtures of small projects with metrics."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.metrics.numbers import metric_shop
from tests.integration.run.small import Small


@pytest.fixture
def shop(tmp_path: Path) -> Small:
    """Two complete months and a begun one, released."""
    small = metric_shop(Small(tmp_path / "shop"))
    assert not small.run().failed
    return small
