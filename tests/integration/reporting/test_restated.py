"""A pack after a definition changed: what was restated is said, and derives again."""

from __future__ import annotations

from fractions import Fraction

from tests.integration.run.small import Small

from headwater.project.reporting.deriving import derive
from headwater.project.reporting.figures import figures_in, plain_text
from headwater.project.reporting.making import build_pack, find_report, numbers_of


def test_restatements_since_the_period_began_are_told(shop: Small) -> None:
    table = (shop.root / "tables/sales.sql").read_text()
    (shop.root / "tables/sales.sql").write_text(
        table.replace("amount::decimal(12, 2) as amount", "amount::decimal(12, 2) * 2 as amount")
    )
    shop.run()
    with shop.open() as project:
        numbers = numbers_of(project)
        pack = build_pack(project, find_report(project, "monthly"))
        revenue, orders = pack.blocks[0], pack.blocks[1]
        (sentence,) = revenue.restated
        assert "Release 2 of 10 March 2024 restated" in plain_text(sentence)
        assert orders.restated == ()
        (count,) = figures_in([sentence])
        assert derive(count.source, numbers) == count.value > 20
        assert pack.release == 2
        for figure in pack.figures:
            assert derive(figure.source, numbers) == Fraction(figure.value)
    assert ("Restated", ("Revenue", "Average order value", "Dearest")) in pack.summary
