"""Between two releases every cause's part adds up to the whole change; mixed ones are replayed."""

from __future__ import annotations

import random
from datetime import date
from fractions import Fraction

import pytest
from tests.integration.metrics.numbers import METRICS, SALES, edit, metric_shop, restated
from tests.integration.run.small import Small

from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.project import Project
from headwater.project.metrics.effects import Total, add_up, effects_between
from headwater.project.metrics.replaying import REPLAY, replay
from headwater.project.metrics.values import Slot, Values, exact, read_values
from headwater.project.release_view import ReleaseView

JAN = Slot("month", date(2024, 1, 1))
DOUBLED = ("amount::decimal(18,2)", "(amount * 2)::decimal(18,2)")
LATE = [(5, "2024-01-06 09:00", "dan", 5)]


def totals(small: Small, first: int, last: int, metric: str = "revenue") -> dict[Slot, Total]:
    with small.open() as project:
        found = add_up(effects_between(project.workspace, metric, first, last, "month"))
    return {total.change.slot: total for total in found}


def parts(total: Total) -> dict[str, float]:
    return {cause: float(part) for cause, part in total.parts}


def whole(total: Total) -> Fraction:
    return sum((part for _, part in total.parts), Fraction(0))


def test_each_release_has_its_part(shop: Small) -> None:
    shop.deliver("late", LATE)
    shop.run()
    edit(shop, "tables/sales.sql", *DOUBLED)
    shop.run()
    edit(
        shop, "metrics/sales.yml", "expr: sum(amount)", "expr: sum(amount)\n    where: amount > 15"
    )
    shop.run()
    shop.deliver("more", [(6, "2024-03-05 09:00", "eve", 50)])
    shop.run()
    found = totals(shop, 1, 5)
    assert parts(found[JAN]) == {"late arrivals": 5, "upstream logic": 35, "definition": -10}
    assert found[JAN].change.difference == 30 == whole(found[JAN])
    march = found[Slot("month", date(2024, 3, 1))]
    assert parts(march) == {"upstream logic": 40, "new data": 100}


def mixed(shop: Small) -> tuple[int, int]:
    """A promotion of twice the amounts, and of a late order."""
    shop.deliver("late", LATE)
    edit(shop, "tables/sales.sql", *DOUBLED)
    shop.run("fix")
    with shop.open() as project:
        (release,) = project.promote("fix").releases
    return 1, release.number


def test_a_mixed_release_is_replayed(shop: Small) -> None:
    first, last = mixed(shop)
    assert parts(totals(shop, first, last)[JAN]) == {"mixed": 40}
    with shop.open() as project:
        before = project.ledger.environments(), len(project.ledger.releases())
        found = {
            t.change.slot: t for t in replay(project.workspace, "revenue", first, last, "month")
        }
        assert (project.ledger.environments(), len(project.ledger.releases())) == before
        assert REPLAY not in project.ledger.environments()
    # 30 became 70; by the amounts alone it were 60, by the late order alone 35.
    assert parts(found[JAN]) == {"definitions": 32.5, "data": 7.5}
    assert whole(found[JAN]) == found[JAN].change.difference == 40
    assert parts(found[Slot("month", date(2024, 2, 1))]) == {"definitions": 30, "data": 0}
    assert shop.run().releases == (), "prod is as it was"


def test_a_replay_tells_no_effect_from_one_that_is_there(shop: Small) -> None:
    """Over a release of data and one of definitions, replayed as if they were one."""
    shop.deliver("late", LATE)
    shop.run()
    edit(shop, "metrics/sales.yml", "expr: count(*)", "expr: count(distinct customer)")
    shop.run()
    with shop.open() as project:
        (revenue,) = replay(project.workspace, "revenue", 1, 3, "month")
        (orders,) = replay(project.workspace, "orders", 1, 3, "month") or (None,)
    assert parts(revenue) == {"definitions": 0, "data": 5}
    assert orders is not None
    assert parts(orders) == {"definitions": 0, "data": 1}


@pytest.mark.parametrize(
    ("metric", "first", "last", "code"),
    [
        ("revenu", 1, 2, "E939"),
        ("revenue", 2, 1, "E940"),
        ("revenue", 1, 1, "E940"),
        ("revenue", 1, 99, "E707"),
    ],
)
def test_what_cannot_be_compared(
    shop: Small, metric: str, first: int, last: int, code: str
) -> None:
    shop.deliver("late", LATE)
    shop.run()
    with shop.open() as project, pytest.raises(HeadwaterError) as error:
        effects_between(project.workspace, metric, first, last, "month")
    assert error.value.issues[0].code == code


def test_releases_of_other_environments_publish_nothing(shop: Small) -> None:
    edit(shop, "tables/sales.sql", *DOUBLED)
    shop.run("fix")
    with shop.open() as project, pytest.raises(HeadwaterError) as error:
        effects_between(project.workspace, "revenue", 1, 2, "month")
    assert error.value.issues[0].code == "E940"


def months_of(project: Project, number: int, metric: str) -> Values:
    view = ReleaseView.of(project.ledger, project.ledger.release(number))
    with project.workspace.engine.session() as session:
        state = view.states[NodeId("metric", metric)]
        found = read_values(state, project.workspace.lake, session)
    return {slot: value for slot, value in found.items() if slot.grain == "month"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_history_adds_up(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    """The law: from any release to any later one, the causes make the whole change."""
    chance = random.Random(seed)
    small = metric_shop(Small(tmp_path_factory.mktemp("law") / "shop"))
    small.run()
    for number in range(8):
        _change(small, chance, number)
    with small.open() as project:
        numbers = sorted(r.number for r in project.ledger.releases("prod", None))
        for metric in ("revenue", "orders"):
            values = {n: months_of(project, n, metric) for n in numbers}
            for first, last in [(numbers[0], numbers[-1]), *_pairs(chance, numbers)]:
                found = add_up(effects_between(project.workspace, metric, first, last, "month"))
                by_slot = {total.change.slot: whole(total) for total in found}
                for slot in {*values[first], *values[last]}:
                    change = exact(values[last].get(slot)) - exact(values[first].get(slot))
                    assert by_slot.get(slot, 0) == change
    assert all(each.cause != "recomputed" for each in restated(small))


def _pairs(chance: random.Random, numbers: list[int]) -> list[tuple[int, int]]:
    found = (sorted(chance.sample(numbers, 2)) for _ in range(5))
    return [(first, last) for first, last in found]


def _change(small: Small, chance: random.Random, number: int) -> None:
    """One thing that happens to a project."""
    what = chance.choice(["late", "again", "filter", "table", "back", "both"])
    day = chance.randint(1, 28)
    if what in ("late", "both"):
        month = chance.choice(["01", "02"])
        small.deliver(f"l{number}", [(100 + number, f"2024-{month}-{day:02} 09:00", "ann", day)])
    if what == "again":
        small.deliver("feb", [(3, "2024-02-03 09:00", "ann", 30 + number)])
    if what in ("filter", "both"):
        small.write("metrics/sales.yml", _filtered(chance.randint(0, 30)))
    if what == "table":
        times = SALES.replace("amount::decimal", f"(amount * {day})::decimal")
        small.write("tables/sales.sql", times)
    if what == "back":
        with small.open() as project:
            if project.view.release is not None and project.view.release.parent is not None:
                project.rollback()
        return
    if what == "both":
        small.run("fix")
        with small.open() as project:
            project.promote("fix")
        return
    small.run()


def _filtered(least: int) -> str:
    return METRICS.replace("expr: sum(amount)", f"expr: sum(amount)\n    where: amount > {least}")
