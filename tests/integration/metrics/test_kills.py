"""Killed anywhere inside of publishing, a release stands with its restatements or not at all."""

from __future__ import annotations

import pytest
from tests.integration.metrics.numbers import months, restated
from tests.integration.run.runner import zygote
from tests.integration.run.small import Small

SIGKILL = -9


@pytest.mark.slow
def test_kills_inside_publish(shop: Small) -> None:
    with zygote() as runs:
        late, stop, kills = 0, 1, 0
        _deliver(shop, late)
        while runs.run(shop.root, stop=stop) == SIGKILL:
            kills += 1
            with shop.open() as project:
                releases = len(project.ledger.releases("prod", None))
            found = restated(shop)
            assert len(found) == releases - 1 in (late, late + 1)
            assert [each.release for each in found] == list(range(2, releases + 1))
            if len(found) > late:
                late += 1
                _deliver(shop, late)
            stop += max(stop // 3, 1)
    assert kills > 15
    assert [each for found in restated(shop) for each in months(found)] == [
        ("2024-01", 30 + number, 31 + number) for number in range(late + 1)
    ]


def _deliver(small: Small, number: int) -> None:
    """One pound more in January."""
    small.deliver(f"late{number}", [(100 + number, "2024-01-06 09:00", "dan", 1)])
