"""Large deliveries are published as they landed, beside small ones of the same load."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.run.small import Small, small_shop

from headwater.kinds.source import writing


def test_a_large_and_a_small_delivery_in_one_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "ADOPT_BYTES", 4_000)
    small = small_shop(Small(tmp_path / "small"))
    many = [(i, "2024-03-05 09:00", f"customer {i * 7919}", i) for i in range(100, 2_000)]
    small.deliver("large", many)
    report = small.run()
    assert not report.failed
    (count,) = small.rows("sales", "count(*)")
    assert count[0] == 4 + len(many)
    assert list((small.root / ".headwater").rglob("*-landed-*.parquet")), (
        "nothing was published as it landed"
    )
