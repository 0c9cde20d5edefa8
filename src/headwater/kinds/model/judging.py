"""A version beside the gates that hold now: they decide what is published, not what is learnt."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from headwater.engines.protocol import Session
from headwater.graph.node import Node
from headwater.kinds.model.artifact import read_artifact
from headwater.kinds.model.definition import ModelDefinition
from headwater.kinds.model.versions import REPORT, read_facts, write_gates
from headwater.learning.gates import judge
from headwater.learning.report_json import from_json
from headwater.ledger import Version
from headwater.plan.should import input_key
from headwater.plan.state import Build
from headwater.plan.steps import Query
from headwater.run.context import RunContext

_GATES = "gates"


def training_key(step: Query) -> str:
    """What a training is made of; equal for steps that differ in their gates alone."""
    ((_, contents),) = step.expected.entries  # a model has no time
    columns = {name: key for name, key in contents.columns.items() if name != _GATES}
    return input_key(replace(contents, columns=columns))


def judged(
    version: Version, build: Build, node: Node, session: Session, context: RunContext
) -> Version:
    """The version by the gates of its definition as it is now, on the report of its training.

    What is found is recorded beside the version, where it is anything new.
    """
    gates = cast("ModelDefinition", node.definition).learning.gates
    if [gate.text for gate in gates] == [gate.text for gate in read_facts(version).gates]:
        return version
    files = read_artifact(version, build.files, session, context.lake.absolute)
    results = judge(gates, from_json(files[REPORT]))
    return context.ledger.judge_version(
        version,
        passed=all(result.passed for result in results),
        body=write_gates(results),
        at=context.clock.now,
        author=context.author,
    )
