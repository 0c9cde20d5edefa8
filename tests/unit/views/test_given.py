"""Columns that Headwater gives are those that its rows have."""

from __future__ import annotations

from headwater.features.model import DAY
from headwater.learning.model import AS_OF, LABEL
from headwater.views.given import GIVEN_COLUMNS


def test_the_columns_are_those_of_the_rows() -> None:
    assert set(GIVEN_COLUMNS["label"]) == set(GIVEN_COLUMNS["training_set"]) == {AS_OF, DAY, LABEL}
    assert set(GIVEN_COLUMNS["scores"]) == {AS_OF, DAY, "score", "version", "reasons"}
