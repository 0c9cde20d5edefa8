"""After an upgrade of the engine the same definitions have other hashes; nothing is rebuilt."""

from __future__ import annotations

import pytest
from tests.integration.run.small import Small, reasons, touched

from headwater.ids import digest
from headwater.kinds.table import bind


def upgraded(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on every table's shape hashes otherwise, as under another engine."""
    original = bind._rows
    monkeypatch.setattr(bind, "_rows", lambda *given: digest("upgraded", original(*given)))


def test_an_upgrade_rebuilds_nothing(shop: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.run()
    upgraded(monkeypatch)
    report = shop.run(apply=False)
    assert report.outcomes == ()
    assert [r.sort for r in report.releases] == ["maintenance"]
    again = shop.run(apply=False)
    assert (again.outcomes, again.releases) == ((), ())


def test_what_was_stale_stays_stale(shop: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.run()
    with shop.open() as project:
        only = frozenset({project.node_id("orders"), project.node_id("sales")})
    shop.deliver("day5", [(5, "2024-03-05 09:00", "ann", 50)])
    shop.run(apply=False, selected=only)
    upgraded(monkeypatch)
    report = shop.run(apply=False)
    assert touched(report) == {"daily": "built", "customers": "built"}
    assert reasons(report)["daily"] == "new interval"


def test_an_edit_after_an_upgrade_builds_only_itself(
    shop: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.run()
    upgraded(monkeypatch)
    path = shop.root / "tables/customers.sql"
    path.write_text(path.read_text().replace("count(*)", "count(*) * 2"))
    report = shop.run()
    assert touched(report) == {"customers": "built"}
    assert [r.sort for r in report.releases] == ["maintenance", "definitions"]
