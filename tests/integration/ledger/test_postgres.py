"""The conformance suite on a real server."""

from __future__ import annotations

import pytest
from tests.unit.ledger.conformance import Conformance


@pytest.mark.postgres
class TestPostgres(Conformance):
    @pytest.fixture
    def url(self, postgres_database: str) -> str:
        return postgres_database
