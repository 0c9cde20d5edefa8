"""Training as a step: rows → a process that learns → a version, published if it meets its gates."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from headwater.contracts.quoting import quote, quote_all
from headwater.engines.protocol import Session, Written
from headwater.errors import HeadwaterError, Issue, Place
from headwater.graph.node import Node
from headwater.ids import digest
from headwater.kinds.model.artifact import read_artifact, shown_version, version_with_key
from headwater.kinds.model.definition import ModelDefinition, TrainingSetDefinition
from headwater.kinds.model.evidence import Evidence, gather_evidence
from headwater.kinds.model.judging import judged, training_key
from headwater.kinds.model.learn import Job
from headwater.kinds.model.training import train
from headwater.kinds.model.versions import (
    REPORT,
    Facts,
    facts_of,
    gate_text,
    model_digest,
    read_facts,
    summary,
    write_facts,
)
from headwater.learning.model import AS_OF, LABEL
from headwater.learning.report_json import from_json
from headwater.ledger import Version
from headwater.plan.state import Build, State
from headwater.plan.steps import Load, Query
from headwater.run.context import Promises, RunContext, StepResult
from headwater.run.query import Producer, known_build, make_build, relation_of, take_build

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = "rows"
_NOT_TRAINED, _SAME = "taken again, not trained", "trained again, the same model"


def execute(step: Load | Query, node: Node, context: RunContext) -> StepResult:
    """Train, or take a version of the same inputs again without training.

    A version that fails its gates is recorded with its files, and the node is held.
    """
    assert isinstance(step, Query)
    key = training_key(step)
    known = None if step.anew else version_with_key(node.id, key, context)
    with context.engine.session() as session:
        if known is not None:
            build = known_build(step, node, key, context)
            if build is not None:
                return _finish(known, build, step, node, session, context, _NOT_TRAINED)
        began = time.perf_counter()
        rows = _training_rows(node, session, context)
        evidence = gather_evidence(node, session, context)
        champion, unread = _champion(node, session, context)
        files = _train(node, rows, evidence, champion, context)
        same = version_with_key(node.id, key, context, model_digest(files))
        whole = _whole_build(same, session, context) if same is not None else None
        if same is not None and whole is not None:
            result = _finish(same, whole, step, node, session, context, _SAME)
        else:
            seconds = time.perf_counter() - began
            version, build = _record(files, step, node, key, session, context, seconds)
            result = _finish(version, build, step, node, session, context)
        return replace(result, issues=(*result.issues, *unread))


def _training_rows(node: Node, session: Session, context: RunContext) -> pa.Table:
    """All rows in an order of their own, so that equal rows give an equal model.

    Rows without an entity share key and moment; what came with each tells them apart.
    """
    upstream = context.graph.nodes[node.inputs[0].node]
    session.bind_inputs([relation_of(_ROWS, upstream, context)])
    spec = cast("ModelDefinition", node.definition).learning
    given = [column.name for column in spec.columns if not column.view or column.on_request]
    order = quote_all((AS_OF, *spec.keys, LABEL, *given))
    return session.fetch_arrow(f"SELECT * FROM {quote(_ROWS)} ORDER BY {order}")


def _champion(
    node: Node, session: Session, context: RunContext
) -> tuple[Mapping[str, bytes] | None, tuple[Issue, ...]]:
    """The files of the version that is published, or why nothing is compared with it.

    A training is what mends damaged files, so they do not keep it from happening.
    """
    version, place = shown_version(node.id, context), node.definition.place
    if version is None:
        return None, ()
    files = context.states[node.id].part("rows")
    try:
        return read_artifact(version, files, session, context.lake.absolute, place), ()
    except HeadwaterError as error:
        what = f"not compared with the version published now: {error.issues[0].what}"
        return None, (Issue(code="W045", what=what, place=place),)


def _whole_build(version: Version, session: Session, context: RunContext) -> Build | None:
    """The build of a version whose files are as they were written, to the byte."""
    build = context.ledger.builds([version.build])[version.build]
    try:
        read_artifact(version, build.files, session, context.lake.absolute)
    except HeadwaterError:
        return None
    return build


def _train(
    node: Node,
    rows: pa.Table,
    evidence: Evidence,
    champion: Mapping[str, bytes] | None,
    context: RunContext,
) -> dict[str, bytes]:
    definition = cast("ModelDefinition", node.definition)
    return train(
        node.id,
        Job(
            spec=definition.learning,
            tree=str(context.tree_root),
            cut=evidence.cut,
            availability=evidence.availability,
        ),
        rows,
        context,
        place=definition.place,
        lagged=evidence.lagged,
        frozen=evidence.frozen,
        champion=champion,
    )


def _record(
    files: Mapping[str, bytes],
    step: Query,
    node: Node,
    key: str,
    session: Session,
    context: RunContext,
    seconds: float,
) -> tuple[Version, Build]:
    """The files as a build with a number; synced first: the ledger knows no more than disks."""
    build, verdict = make_build(step, node, key, context, Promises(), _writer(files), session)
    assert not verdict.held, "files of a model have no rules"
    build = replace(build, seconds=build.seconds + seconds)
    rows = context.graph.nodes[node.inputs[0].node]
    given = cast("TrainingSetDefinition", rows.definition)
    made_from = context.states[rows.id]
    columns = {c.name: c.type for c in cast("ModelDefinition", node.definition).learning.columns}
    contents = digest([(str(i), s.contents.rows) for i, s in made_from.segments])
    facts = facts_of(from_json(files[REPORT]), files, given.inputs.sets, columns, contents)
    kept = (*build.files, *made_from.part("rows"))
    context.lake.sync([file.path for file in kept])
    version = context.ledger.add_version(
        build,
        environment=context.environment,
        passed=not facts.failed,
        body=write_facts(facts),
        files=kept,
        at=context.clock.now,
    )
    return version, build


def _writer(files: Mapping[str, bytes]) -> Producer:
    """Writes a model's files as rows."""

    def produce(
        step: Query, node: Node, build: str, session: Session, context: RunContext
    ) -> tuple[Written, ...]:
        import pyarrow as pa

        del step
        rows = pa.table(
            {
                "file": list(files),
                "content": pa.array(files.values(), type=pa.binary()),
                "sha256": [hashlib.sha256(content).hexdigest() for content in files.values()],
            }
        )
        return session.write_arrow(
            rows,
            schema=node.schema,
            time=None,
            keep=None,
            target=context.target(node.id, build),
            place=node.definition.place,
        )

    return produce


def _finish(
    version: Version,
    build: Build,
    step: Query,
    node: Node,
    session: Session,
    context: RunContext,
    again: str = "",
) -> StepResult:
    """The state with the version in it, or what keeps it from being published.

    `again` says how a version came about that is not new.
    """
    if again:
        version = judged(version, build, node, session, context)
    facts = read_facts(version)
    state = context.states.get(node.id, State(node=node.id))
    state = replace(state, schema=node.schema, time=None)
    note = "   ".join(filter(None, (f"@{version.number}", summary(facts), again)))
    warnings = tuple(
        Issue(code="W045", what=f"{version}: {text}", place=node.definition.place)
        for text in facts.warnings
    )
    if not version.passed:
        issue = _held(version, facts, node, context)
        return StepResult(state=state, issues=(issue, *warnings), held=True, notes=(note,))
    taken = take_build(build, step, node, state, session, context, "")
    return replace(
        taken,
        builds=() if taken.identical else (build,),
        issues=warnings,
        reused=bool(again),
        notes=(note,),
    )


def _held(version: Version, facts: Facts, node: Node, context: RunContext) -> Issue:
    published = shown_version(node.id, context)
    failed = "; ".join(gate_text(gate) for gate in facts.failed)
    stays = "nothing is published"
    if published is not None:
        stays = f"{'it' if published.build == version.build else published} stays published"
    return Issue(
        code="E042",
        what=f"{version} was trained and is kept, but fails {failed}",
        place=_place_of(node, facts.failed[0].text),
        fix=f"{stays}; `headwater show {version}` says more",
    )


def _place_of(node: Node, gate: str) -> Place:
    """Where a gate is written."""
    gates = cast("ModelDefinition", node.definition).learning.gates
    written = (each.place for each in gates if each.text == gate and each.place.path)
    return next(written, node.definition.place)
