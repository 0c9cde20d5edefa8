"""States written as differences come back equal, and an append-only history stays small."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.ledger.samples import NOW, SCHEMA, build, contents, data_file, day, state_of, table

from headwater.ids import DataInterval, IntervalMap
from headwater.ledger import Ledger, Publication
from headwater.ledger.schema import states
from headwater.plan.state import DataFile, DeliveryRecord, Segment, State

SALES = table("sales")

segments = st.builds(
    lambda name, key, version: Segment(f"build {name}", f"key {key}", contents(version)),
    st.integers(0, 30),
    st.integers(0, 2),
    st.integers(0, 2),
)
files = st.builds(
    lambda number, rows: data_file(SALES, f"{number}", rows, day(number)),
    st.integers(0, 60),
    st.integers(0, 3),
)
deliveries = st.builds(
    lambda number, stale: DeliveryRecord(
        name=f"{number}.csv", sha256="0", load_id=f"load {number}", delivered=number, stale=stale
    ),
    st.integers(0, 9),
    st.booleans(),
)


@st.composite
def edited(draw: st.DrawFn, state: State) -> State:
    """The state after one change of every part: some put, some taken away, order kept or not."""
    first = draw(st.integers(0, 40))
    span = DataInterval(day(first).start, day(first + draw(st.integers(0, 9))).end)
    mapped: IntervalMap[Segment] = state.segments
    mapped = mapped.without(span) if draw(st.booleans()) else mapped.put(span, draw(segments))
    kept = [file for file in state.files if not file.interval.overlaps(span)]
    added: list[DataFile] = draw(st.lists(files, max_size=6))
    arranged = [*kept, *added] if draw(st.booleans()) else [*added, *kept]
    return State(
        node=SALES,
        schema=draw(st.sampled_from([SCHEMA, SCHEMA[:1], ()])),
        time=draw(st.sampled_from(["sold_at", None])),
        segments=mapped,
        files=tuple(arranged),
        deliveries=(*state.deliveries, *draw(st.lists(deliveries, max_size=2))),
        cursor=draw(st.sampled_from([None, '"2011"'])),
    )


@st.composite
def histories(draw: st.DrawFn) -> list[State]:
    made = [state_of(*(build(SALES, n, day(n)) for n in range(draw(st.integers(1, 40)))))]
    for _ in range(draw(st.integers(1, 6))):
        made.append(draw(edited(made[-1])))
    return made


@settings(max_examples=8, deadline=None)
@given(history=histories())
def test_a_history_of_states_comes_back(
    tmp_path_factory: pytest.TempPathFactory, history: list[State]
) -> None:
    path = f"{tmp_path_factory.mktemp('ledger')}/ledger.db"
    ids = write(path, history)
    with Ledger.open(path) as ledger:
        found = ledger.states(ids)
        assert [found[name] for name in ids] == history
    for name, state in zip(ids, history, strict=True):
        with Ledger.open(path) as ledger:
            assert ledger.states([name])[name] == state


def write(path: str, history: list[State]) -> list[str]:
    ids = []
    head = None
    for state in history:
        with Ledger.open(path) as ledger:
            head = ledger.publish(
                Publication(
                    environment="prod",
                    expected=head,
                    base=head,
                    at=NOW,
                    author="me",
                    sort="data",
                    states={SALES: state},
                )
            ).number
            ids.append(ledger.resolve(head).states[SALES])
    return ids


def test_an_equal_state_keeps_its_id(tmp_path: Path) -> None:
    state = state_of(build(SALES))
    first, second = write(str(tmp_path / "ledger.db"), [state, state])
    assert first == second


def test_a_daily_append_stores_a_bounded_amount(tmp_path: Path) -> None:
    days = [build(SALES, 1, day(n), input_key=f"key {n}") for n in range(400)]
    head = None
    with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
        for n in range(200, 401):
            state = state_of(*days[:n])
            head = ledger.publish(
                Publication(
                    environment="prod",
                    expected=head,
                    base=head,
                    at=NOW,
                    author="me",
                    sort="data",
                    states={SALES: state},
                )
            ).number
        last = ledger.resolve(head or 0).states[SALES]
    with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
        assert ledger.states([last])[last] == state_of(*days)
        with ledger._database.read() as connection:
            size = sa.func.length(states.c.body)
            whole, total, rows = connection.execute(
                sa.select(sa.func.max(size), sa.func.sum(size), sa.func.count())
            ).one()
    assert rows == 201
    # Whole copies would take about three quarters of rows * whole.
    assert total < rows * whole / 10
