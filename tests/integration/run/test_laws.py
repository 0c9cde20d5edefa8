"""Incremental equals full: whatever is delivered, late, corrected, twice, in however many runs."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.integration.run.laws import (
    EXACT,
    FIRST,
    Mode,
    Order,
    Redelivery,
    Validity,
    balance_rows,
    deliver,
    exact_rows,
    law_project,
    write_regions,
)
from tests.integration.run.small import Small, touched

EXAMPLES = int(os.environ.get("HEADWATER_LAW_EXAMPLES", "10"))
LONDON = ZoneInfo("Europe/London")

orders = st.builds(
    Order,
    id=st.integers(1, 10**9),
    ordered_at=st.builds(
        lambda day, minutes: datetime.combine(FIRST, time()) + timedelta(days=day, minutes=minutes),
        st.integers(0, 8),
        st.sampled_from((0, 30, 90, 720, 1439)),
    ),
    customer=st.sampled_from(("ann", "bob", "zoë", 'o"neil')),
    amount=st.sampled_from((10, 13, 20, 35)),
)
deliveries = st.dictionaries(
    st.sampled_from(("a", "b", "c", "d")), st.lists(orders, max_size=5), max_size=3
)
regions = st.dictionaries(
    st.sampled_from(("ann", "bob", "zoë")), st.sampled_from(("north", "south")), min_size=1
)
runs = st.lists(st.tuples(deliveries, regions), min_size=2, max_size=4)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # each example takes seconds
    suppress_health_check=list(HealthCheck),
)
@given(mode=st.sampled_from(("append", "replace", "keep_first")), story=runs)
def test_incremental_equals_full(mode: Mode, story: list[tuple[dict, dict]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        small = law_project(Small(Path(folder) / "law's project"), mode)
        files = {"first": [Order(0, datetime.combine(FIRST, time(12)), "ann", 10)]}
        deliver(small, "first", files["first"])
        source, validity = Redelivery(mode), Validity()
        lived: dict[str, set[str]] = {}
        for number, (arrived, places) in enumerate(story):
            for name, rows in arrived.items():
                deliver(small, name, rows)
                files[name] = rows
            write_regions(small, places)
            now = datetime(2024, 5, 1 + number, tzinfo=LONDON)
            report = small.run(now=now.isoformat())
            assert not report.failed, [o.issues for o in report.outcomes]
            source.load(files)
            for customer, region in places.items():
                lived.setdefault(customer, set()).add(region)
            _assert_equal(small, source, places, validity, now)
            assert small.run(now=now.isoformat()).outcomes == ()
        _assert_kept(small, source, lived)
        _assert_rebuilt(small)


def _assert_equal(
    small: Small, source: Redelivery, places: dict[str, str], validity: Validity, now: datetime
) -> None:
    published = small.rows("orders")
    assert published == [(o.id, o.ordered_at, o.customer, o.amount) for o in source.rows]
    expected = exact_rows(source.rows, places)
    for name in EXACT:
        assert small.rows(name) == expected[name], name
    assert small.rows("balance") == balance_rows(expected["daily"], source.rows)
    validity.run(expected["totals"], now)
    found = [
        tuple(v.astimezone(LONDON) if isinstance(v, datetime) else v for v in row)
        for row in small.rows("validity")
    ]
    assert sorted(found, key=repr) == validity.rows


def _assert_kept(small: Small, source: Redelivery, lived: dict[str, set[str]]) -> None:
    """A kept dimension's rows are those of some moment: never of a value that never was."""
    by_id: dict[object, Order] = {o.id: o for o in source.rows}
    rows = small.rows("as_it_was", "id, region")
    assert Counter(row[0] for row in rows) == Counter(o.id for o in source.rows if o.amount != 13)
    for order, region in rows:
        assert region is None or region in lived[by_id[order].customer]


def _assert_rebuilt(small: Small) -> None:
    """Building everything anew gives the same rows; `keep` is exempt: it shows what was then."""
    with small.open() as project:
        nodes = {n for n in project.bound.graph.nodes if n.kind == "table"}
    report = small.run(full_refresh=frozenset(nodes))
    assert set(touched(report)) == {n.name for n in nodes}
    changed = {name for name, status in touched(report).items() if status != "identical"}
    assert changed <= {"as_it_was"}
