"""Whatever is delivered, promised, replayed and dropped in whatever order: no row is lost.

Every delivered row is in exactly one part; published is exactly what keeps the rule of the day,
together with its group, and was not dropped.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.integration.run.small import Small

from headwater.errors import UsageError
from headwater.ids import NodeId
from headwater.project import Project
from headwater.project.quarantine import drop, list_quarantine, replay, show_quarantine

ORDERS = NodeId("source", "orders")
SOURCE = "files: data/orders/*.csv\ntime: ordered_at\nredelivery: append\n{more}"
CONTRACT = """
    apiVersion: v3.1.0
    kind: DataContract
    id: orders
    version: {version}.0.0
    status: active
    customProperties: [{{property: compatibility, value: NONE}}]
    schema:
    - name: orders
      properties:
      - {{name: id, logicalType: integer}}
      - {{name: ordered_at, logicalType: timestamp}}
      - {{name: customer, logicalType: string}}
      - name: amount
        logicalType: number
        physicalType: decimal({digits},2)
        logicalTypeOptions: {{minimum: {minimum}}}
"""

rows = st.lists(
    st.tuples(st.integers(1, 3), st.sampled_from("abc"), st.integers(-5, 5)), min_size=1, max_size=5
)
deliveries = st.tuples(st.just("deliver"), rows)
promises = st.tuples(st.just("promise"), st.integers(-6, 6))
retypings = st.tuples(st.just("retype"), st.integers(10, 18))
others = st.tuples(st.sampled_from(["replay", "drop"]), st.none())
actions = st.lists(st.one_of(deliveries, promises, retypings, others), min_size=3, max_size=7)


class Model:
    """A project, and what should be published of it."""

    def __init__(self, root: Path, *, grouped: bool) -> None:
        self.small = Small(root)
        self.grouped = grouped
        self.rows: dict[tuple[str, int], tuple[str, int]] = {}
        self.dropped: set[tuple[str, int]] = set()
        self.minimum, self.digits, self.version = 0, 12, 0
        more = "on_breach: {quarantine: customer}\n" if grouped else ""
        self.small.write("sources/orders.yml", SOURCE.format(more=more))
        self.promise()

    def promise(self) -> None:
        """The next version of the contract."""
        self.version += 1
        text = CONTRACT.format(version=self.version, digits=self.digits, minimum=self.minimum)
        self.small.write("contracts/orders.odcs.yaml", text)

    def deliver(self, delivered: list[tuple[int, str, int]]) -> None:
        """One more file."""
        name = f"d{len({file for file, _ in self.rows}):03}"
        lines = [(n, f"2024-03-0{d} 09:00", c, a) for n, (d, c, a) in enumerate(delivered)]
        self.small.deliver(name, lines)
        for number, (_, customer, amount) in enumerate(delivered, 1):
            self.rows[f"data/orders/{name}.csv", number] = (customer, amount)

    def drop_one(self) -> None:
        """Drop the first row that waits, if any."""
        with self.small.open() as project:
            try:
                view = show_quarantine(project, ORDERS)
            except UsageError:
                return
            first = view.rules[0].shown[0]
            before = self.places(project, "dropped")
            drop(project, ORDERS, rows=[first.id], reason="chosen")
            after = self.places(project, "dropped")
        gone = set(after) - set(before)
        assert (first.file, first.row) in gone
        self.dropped |= gone

    def places(self, project: Project, part: str) -> Counter[tuple[str, int]]:
        """Where the rows of one part were delivered."""
        state = project.view.states.get(ORDERS)
        files = [f for f in state.files if f.part == part] if state else []
        found: Counter[tuple[str, int]] = Counter()
        with project.workspace.engine.session() as session:
            for file in files:
                path = str(project.workspace.lake.absolute(file.path))
                query = "SELECT _file, _row FROM read_parquet(?)"
                found.update((name, row) for name, row in session.fetch(query, [path]))
        return found

    @property
    def expected(self) -> set[tuple[str, int]]:
        """The rows that should be published."""
        left = {place: row for place, row in self.rows.items() if place not in self.dropped}
        bad = {place for place, (_, amount) in left.items() if amount < self.minimum}
        groups = {left[place][0] for place in bad} if self.grouped else set()
        return {p for p, (customer, _) in left.items() if p not in bad and customer not in groups}

    def check(self) -> None:
        """The law."""
        with self.small.open() as project:
            parts = {
                part: self.places(project, part)
                for part in ("rows", "superseded", "quarantined", "dropped")
            }
            waiting = sum(each.rows for each in list_quarantine(project))
        total = sum(parts.values(), Counter())
        assert total == Counter(dict.fromkeys(self.rows, 1)), "each row in exactly one part"
        assert set(parts["rows"]) == self.expected
        assert set(parts["dropped"]) == self.dropped
        assert waiting == sum(parts["quarantined"].values())


@pytest.mark.parametrize("grouped", [False, True])
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(first=rows, steps=actions)
def test_every_row_is_in_exactly_one_part(
    grouped: bool, first: list[tuple[int, str, int]], steps: list[tuple[str, object]]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model = Model(Path(folder) / "small", grouped=grouped)
        model.deliver(first)
        model.small.run()
        model.check()
        for action, value in steps:
            take(model, action, value)
            model.check()
        assert model.small.run().outcomes == (), "a second run does nothing"


def take(model: Model, action: str, value: object) -> None:
    """One action of somebody who works with the project."""
    if action == "deliver":
        model.deliver(value)  # type: ignore[arg-type]
    elif action == "promise":
        model.minimum = value  # type: ignore[assignment]
        model.promise()
    elif action == "retype":
        model.digits = value  # type: ignore[assignment]
        model.promise()
    elif action == "drop":
        model.drop_one()
    elif action == "replay":
        with model.small.open() as project:
            try:
                found = replay(project, ORDERS)
            except UsageError:
                return
            assert found.before == found.after, "what is up to date is judged the same"
    model.small.run()
