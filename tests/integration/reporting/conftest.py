"""One project that has run, for all tests of reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.reporting.trading import trading
from tests.integration.run.small import Small


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """The small project; tests that write to it use their own."""
    folder: Path = tmp_path_factory.mktemp("reporting")
    return trading(folder)
