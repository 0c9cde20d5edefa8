"""The conformance suite on a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.ledger.conformance import Conformance


class TestSqlite(Conformance):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return str(tmp_path / "folder" / "ledger.db")
