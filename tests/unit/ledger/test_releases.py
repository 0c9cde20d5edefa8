"""What `resolve` gives equals a model in plain dicts, over any history of any environments."""

from __future__ import annotations

from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.unit.ledger.samples import NOW, build, definition, state_of, table

from headwater.ids import NodeId
from headwater.ledger import Conflict, Ledger, Publication

NODES = [table(f"t{n}") for n in range(30)]
Map = dict[NodeId, int]


class History(RuleBasedStateMachine):
    """Publishes, rollbacks and promotions; the model keeps each release's versions by node."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.releases: dict[int, tuple[Map, Map]] = {}  # versions of definitions and of states
        self.heads: dict[str, int] = {}

    def teardown(self) -> None:
        self.folder.cleanup()

    def open(self) -> Ledger:
        return Ledger.open(f"{self.folder.name}/ledger.db")

    @initialize(count=st.integers(0, 30))
    def first(self, count: int) -> None:
        self.put("prod", None, dict.fromkeys(NODES[:count], 0), {})

    @rule(
        environment=st.sampled_from(["prod", "fix"]),
        changed=st.dictionaries(st.sampled_from(NODES), st.none() | st.integers(0, 9), max_size=8),
        defined=st.dictionaries(st.sampled_from(NODES), st.none() | st.integers(0, 9), max_size=4),
    )
    def publish(
        self, environment: str, changed: dict[NodeId, int | None], defined: dict[NodeId, int | None]
    ) -> None:
        self.put(environment, self.heads.get(environment, self.heads["prod"]), changed, defined)

    def put(
        self,
        environment: str,
        base: int | None,
        changed: dict[NodeId, int | None],
        defined: dict[NodeId, int | None],
    ) -> None:
        with self.open() as ledger:
            release = ledger.publish(
                Publication(
                    environment=environment,
                    expected=self.heads.get(environment),
                    base=base,
                    at=NOW,
                    author="me",
                    sort="data",
                    states={
                        node: None if version is None else state_of(build(node, version))
                        for node, version in changed.items()
                    },
                    definitions={
                        node: None if version is None else definition(node, version)
                        for node, version in defined.items()
                    },
                )
            )
        before = ({}, {}) if base is None else self.releases[base]
        self.expect(
            release.number, environment, merged(before[0], defined), merged(before[1], changed)
        )

    def expect(self, number: int, environment: str, definitions: Map, states: Map) -> None:
        assert number == len(self.releases) + 1
        self.releases[number] = (definitions, states)
        self.heads[environment] = number

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        to = data.draw(st.sampled_from(sorted(self.releases)))
        with self.open() as ledger:
            release = ledger.point(
                "prod", expected=self.heads["prod"], to=to, author="me", reason="", at=NOW
            )
        self.expect(release.number, "prod", *self.releases[to])

    @precondition(lambda self: "fix" in self.heads)
    @rule()
    def promote(self) -> None:
        with self.open() as ledger:
            fixed = ledger.resolve(self.heads["fix"])
            own = ledger.resolve(self.heads["prod"])
            records = ledger.definitions(fixed.definitions.values())
            release = ledger.publish(
                Publication(
                    environment="prod",
                    expected=self.heads["prod"],
                    base=self.heads["prod"],
                    at=NOW,
                    author="me",
                    sort="promotion",
                    states=dict.fromkeys(own.states) | dict(fixed.states),
                    definitions=dict.fromkeys(own.definitions)
                    | {node: records[name] for node, name in fixed.definitions.items()},
                )
            )
            assert ledger.resolve(release.number).states == fixed.states
        self.expect(release.number, "prod", *self.releases[self.heads["fix"]])

    @rule()
    def drop(self) -> None:
        with self.open() as ledger:
            ledger.drop_environment("fix", at=NOW)
        self.heads.pop("fix", None)

    @rule(environment=st.sampled_from(["prod", "fix"]))
    def publish_too_late(self, environment: str) -> None:
        with self.open() as ledger:
            epoch = ledger.epoch
            stale = Publication(
                environment=environment,
                expected=99,
                base=1,
                at=NOW,
                author="me",
                sort="data",
                states={NODES[0]: state_of(build(NODES[0], 77))},
            )
            with pytest.raises(Conflict):
                ledger.publish(stale)
            assert ledger.epoch == epoch

    @invariant()
    def every_release_is_as_it_was(self) -> None:
        with self.open() as ledger:
            assert {name: r.number for name, r in ledger.environments().items()} == self.heads
            for number, (definitions, states) in self.releases.items():
                found = ledger.resolve(number)
                assert found.definitions == {
                    node: definition(node, version).hash for node, version in definitions.items()
                }
                held = ledger.states(found.states.values())
                assert {node: held[name] for node, name in found.states.items()} == {
                    node: state_of(build(node, version)) for node, version in states.items()
                }


def merged(before: Map, change: dict[NodeId, int | None]) -> Map:
    whole: dict[NodeId, int | None] = {**before, **change}
    return {node: version for node, version in whole.items() if version is not None}


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=8, stateful_step_count=12, deadline=None)
