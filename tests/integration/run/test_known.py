"""Load times of real runs: what a relation said on each day is what it is shown to have said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.integration.run.small import ORDERS, Small

from headwater.contracts.quoting import quote
from headwater.ids import NodeId
from headwater.project import Project
from headwater.run.context import RunContext
from headwater.run.known import KnownHistory, bind_known, known_history

SALES = NodeId("table", "sales")
SQL = """
    /*
    time: ordered_at
    key: id
    */
    select id, ordered_at, customer, amount::decimal(18,2) as amount from orders
"""


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """A table over orders, before its first run."""
    small = Small(tmp_path)
    small.write("sources/orders.yml", ORDERS)
    small.write("tables/sales.sql", SQL)
    return small


def context_of(project: Project) -> RunContext:
    """As a step of a run would have it, were there one now."""
    workspace = project.workspace
    return RunContext(
        root=workspace.root,
        tree_root=workspace.root,
        graph=project.bound.graph,
        clock=workspace.clock,
        engine=workspace.engine,
        lake=workspace.lake,
        ledger=workspace.ledger,
        run="test",
        environment=project.view.release.environment if project.view.release else "prod",
        author="test",
        states=dict(project.view.states),
    )


class Diary:
    """What the table said after each run, and what it is shown to have said."""

    def __init__(self, small: Small) -> None:
        self.small = small
        self.said: dict[datetime, list[tuple[object, ...]]] = {}

    def run(self, day: int, env: str = "prod") -> None:
        """A run at seven in the morning of a day of March, and a note of what is there then."""
        self.small.run(env=env, now=f"2024-03-{day:02d}T07:00")
        self.note(day, env)

    def note(self, day: int, env: str = "prod") -> None:
        """What is there on a day."""
        at = datetime(2024, 3, day, 7, tzinfo=UTC)
        self.said[at] = self.small.rows("sales", "id, ordered_at, amount", env)

    def shown(self, at: datetime, env: str = "prod") -> list[tuple[object, ...]]:
        """What the relation with load times says was known at a moment."""
        with self.small.open(env, now="2024-04-01") as project:
            context = context_of(project)
            with context.engine.session() as session:
                columns = bind_known(session, "sales", context.graph.nodes[SALES], context)
                when, asked = "", {}
                if columns:
                    known_from, known_to = map(quote, columns)
                    when = f"WHERE {known_from} <= $at AND coalesce({known_to} > $at, true)"
                    asked = {"at": at}
                select = "SELECT id, ordered_at, amount FROM sales"
                return session.fetch(f"{select} {when} ORDER BY ALL", asked)

    def history(self, env: str = "prod") -> KnownHistory:
        """The load times now."""
        with self.small.open(env, now="2024-04-01") as project:
            context = context_of(project)
            return known_history(context.graph.nodes[SALES], context)

    def agrees(self, *, env: str = "prod") -> None:
        """At every moment from a run to the next, the relation says what the table said."""
        for at, rows in self.said.items():
            for later in (timedelta(0), timedelta(hours=23)):
                assert self.shown(at + later, env) == rows, at + later


def test_a_backfill_has_no_load_times(small: Small) -> None:
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 10), (2, "2024-03-02 10:00", "bob", 20)])
    diary = Diary(small)
    diary.run(4)
    assert diary.history().is_plain
    assert len(diary.shown(datetime(2020, 1, 1, tzinfo=UTC))) == 2


def test_days_that_come_and_corrections(small: Small) -> None:
    diary = Diary(small)
    for day in range(1, 5):
        small.deliver(f"day{day}", [(day, f"2024-03-0{day} 09:00", "ann", 10 * day)])
        diary.run(day + 1)
    small.deliver("day2", [(2, "2024-03-02 09:00", "ann", 99), (7, "2024-03-02 10:00", "bob", 5)])
    diary.run(8)
    small.deliver("day9", [(9, "2024-03-01 23:30", "cid", 1)])  # late
    diary.run(9)
    diary.agrees()
    history = diary.history()
    assert (history.corrections, history.merged_by_definition, history.missing_files) == (2, 0, 0)
    first = datetime(2024, 3, 2, 7, tzinfo=UTC)
    assert diary.shown(first - timedelta(days=100)) == diary.said[first]


def test_definitions_take_over_and_a_rollback_brings_back(small: Small) -> None:
    diary = Diary(small)
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 10)])
    diary.run(2)
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 11)])
    small.deliver("day2", [(2, "2024-03-02 09:00", "ann", 20)])
    diary.run(3)
    small.write("tables/sales.sql", SQL.replace("amount::", "(2 * amount)::"))
    diary.run(4)
    history = diary.history()
    assert (history.corrections, history.merged_by_definition) == (1, 1)
    early, later = (datetime(2024, 3, day, 8, tzinfo=UTC) for day in (2, 3))
    assert [row[2] for row in diary.shown(early)] == [22]
    assert [row[2] for row in diary.shown(later)] == [22, 40]
    with small.open(now="2024-03-05T07:00") as project:
        project.rollback()
    assert [row[2] for row in diary.shown(early)] == [10]
    assert [row[2] for row in diary.shown(later)] == [11, 20]


def test_a_rollback_of_data_was_known_for_a_while(small: Small) -> None:
    diary = Diary(small)
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 10)])
    diary.run(2)
    small.deliver("day2", [(2, "2024-03-02 09:00", "ann", 10_000)])
    diary.run(3)
    with small.open(now="2024-03-04T07:00") as project:
        project.rollback()
    diary.note(4)
    diary.agrees()
    small.deliver("day3", [(3, "2024-03-04 09:00", "ann", 1)])
    diary.run(5)
    diary.agrees()


def test_compaction_and_vacuum(small: Small) -> None:
    diary = Diary(small)
    for day in range(1, 6):
        small.deliver(f"day{day}", [(day, f"2024-03-0{day} 09:00", "ann", 10 * day)])
        diary.run(day + 1)
    with small.open(now="2024-03-07T07:00") as project:
        assert project.compact(["table.sales"]).release is not None
    diary.agrees()
    small.deliver("day2", [(2, "2024-03-02 09:00", "ann", 99)])
    diary.run(8)
    diary.agrees()
    with small.open(now="2024-06-01") as project:
        project.vacuum(grace=timedelta(days=7))
    history = diary.history()
    assert history.missing_files == 1
    rows = diary.shown(datetime(2024, 3, 7, 8, tzinfo=UTC))
    assert [row[2] for row in rows] == [10, 99, 30, 40, 50]


def test_an_environment_stands_on_prod(small: Small) -> None:
    diary = Diary(small)
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 10)])
    diary.run(2)
    small.deliver("day2", [(2, "2024-03-02 09:00", "ann", 20)])
    diary.run(3)
    small.deliver("day1", [(1, "2024-03-01 09:00", "ann", 11)])
    diary.run(4, env="try")
    diary.agrees(env="try")
    small.write("tables/sales.sql", SQL.replace("amount::", "(2 * amount)::"))
    diary.run(5, env="try")
    early = datetime(2024, 3, 2, 8, tzinfo=UTC)
    assert [row[2] for row in diary.shown(early, "try")] == [22]
    assert [row[2] for row in diary.shown(early)] == [10]
    with small.open(now="2024-03-06T07:00") as project:
        project.promote("try")
    assert [row[2] for row in diary.shown(early)] == [22]
