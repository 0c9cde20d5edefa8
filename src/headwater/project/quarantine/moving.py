"""Waiting rows moved: judged again after a fix, or dropped by somebody who says why."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from headwater.contracts.quoting import literal, quote
from headwater.engines.protocol import InputRelation, Session, Written
from headwater.errors import Issue, UsageError
from headwater.graph.node import Schema
from headwater.ids import ALL_TIME, NodeId
from headwater.ledger import Note, Publication, Release
from headwater.plan.state import DataFile, Part, State, schema_digest
from headwater.plan.steps import Request
from headwater.project.quarantine.model import Dropped, Replayed
from headwater.project.quarantine.promises import released_breaches
from headwater.project.quarantine.waiting import (
    WAITING,
    broke,
    columns_of,
    row_id,
    show_waiting,
    waiting_state,
)
from headwater.project.recording import exclusive, recorded
from headwater.project.release_view import ReleaseView, head_of
from headwater.run.context import Progress
from headwater.run.states import BROKEN

if TYPE_CHECKING:
    from headwater.project import Project

#: The sort of note by which dropped rows are remembered.
DROPPED = "rows dropped"
_CHOSEN, _OLD = "__headwater_chosen", "__headwater_old"
#: So many ids of dropped rows are written down; the hash stands for all.
_LISTED = 1_000


def replay(project: Project, node: NodeId, progress: Progress | None = None) -> Replayed:
    """Judge the waiting rows of a node again, and bring what reads it up to date.

    A run does so by itself where the contract has changed. By hand it helps where rows wait for
    something else: a key that another row has given up, a limit. The rows of a source are judged
    as they were delivered; a table is built anew. Code E715 nothing waits.
    """
    before = waiting_state(project, node)
    below = project.bound.graph.downstream([node])
    request = replace(
        project.request(),
        selected=frozenset((node, *below)),
        full_refresh=frozenset((node,)),
        load=False,
    )
    report = project.run(request, progress)
    after = project.view.states.get(node, State(node=node))
    return Replayed(node=node, before=_count(before), after=_count(after), report=report)


def drop(
    project: Project,
    node: NodeId,
    *,
    reason: str,
    rule: str | None = None,
    rows: Sequence[str] = (),
    everything: bool = False,
) -> Dropped:
    """Move waiting rows to the dropped ones: a release of its own, with a note of who and why.

    Chosen are the rows that broke `rule`, of these those whose ids begin with one of `rows`, or
    `everything`. Where rows go to quarantine in groups, they are dropped in groups. Dropped rows
    stay dropped when they are delivered or built again.

    Codes E710 unknown environment, E715 nothing waits, E716 nothing chosen, E717 no choice or no
    reason.
    """
    _check_choice(reason, rule, rows, everything)
    workspace, environment = project.workspace, project.environment
    request = Request(environment=environment, selected=frozenset((node,)), load=False)
    with exclusive(workspace, environment), recorded(workspace, request) as recording:
        project.forget()
        run = recording.report.run
        view = ReleaseView.of(workspace.ledger, head_of(workspace.ledger, environment))
        state = waiting_state(project, node)
        group = released_breaches(view, node).group
        with workspace.engine.session() as session:
            show_waiting(state, workspace.lake, session)
            _check_ids(state, rows, session)
            _choose(state, rule, rows, group, session)
            ids = [row[0] for row in session.fetch(f"SELECT id FROM {_CHOSEN} ORDER BY id")]
            count, content = _weigh(node, state, rule, session)
            moved = _Moving(project, state, session, run).move()
        note = Note(
            sort=DROPPED,
            text=reason,
            at=workspace.clock.now,
            author=workspace.author,
            node=node,
            data=json.dumps({"rows": count, "hash": content, "rule": rule, "ids": ids[:_LISTED]}),
        )
        release = _publish(project, view, moved, note, run)
        recording.report = replace(recording.report, releases=(release,))
    project.forget()
    return Dropped(node=node, rows=count, hash=content, reason=reason, release=release)


def _check_choice(reason: str, rule: str | None, rows: Sequence[str], everything: bool) -> None:
    if not reason.strip():
        what = "rows are dropped with a reason"
        raise UsageError(Issue(code="E717", what=what, fix='add `--reason "…"`'))
    if everything == bool(rule or rows):
        what = "say which rows: those of a rule, some by their ids, or all"
        fix = "`--rule NAME`, `--row ID` or `--all`; `headwater quarantine show` lists them"
        raise UsageError(Issue(code="E717", what=what, fix=fix))


def _choose(
    state: State,
    rule: str | None,
    rows: Sequence[str],
    group: tuple[str, ...],
    session: Session,
) -> None:
    """Fill `_CHOSEN` with the ids of the chosen rows, whole groups of them."""
    where = [broke(rule)] if rule is not None else []
    if rows:
        begins = (f"starts_with({row_id(state)}, {literal(text)})" for text in rows)
        where.append(f"({' OR '.join(begins)})")
    chosen = f"SELECT * FROM {WAITING} WHERE {' AND '.join(where) or 'TRUE'}"
    if group:
        same = " AND ".join(f"w.{quote(name)} = c.{quote(name)}" for name in group)
        chosen = f"{chosen} UNION ALL SELECT w.* FROM {WAITING} w SEMI JOIN ({chosen}) c ON {same}"
    session.fetch(
        f"CREATE OR REPLACE TEMP TABLE {_CHOSEN} AS "
        f"SELECT DISTINCT {row_id(state)} AS id FROM ({chosen})"
    )


def _check_ids(state: State, rows: Sequence[str], session: Session) -> None:
    """Each text begins the id of one row. Codes E716 of none, E717 of several."""
    known = [row[0] for row in session.fetch(f"SELECT DISTINCT {row_id(state)} FROM {WAITING}")]
    for text in rows:
        meant = sum(identity.startswith(text) for identity in known)
        if not meant:
            fix = "`headwater quarantine show` lists the rows with their ids"
            raise UsageError(Issue(code="E716", what=f"no waiting row is `{text}`", fix=fix))
        if meant > 1:
            what = f"`{text}` begins the ids of several rows"
            raise UsageError(Issue(code="E717", what=what, fix="give more of the id"))


def _weigh(node: NodeId, state: State, rule: str | None, session: Session) -> tuple[int, str]:
    """How many rows are chosen, and the hash of their ids. Code E716."""
    ids = f"SELECT {row_id(state)} AS id FROM {WAITING}"
    count, content = session.fetch(
        f"SELECT count(*), md5(string_agg(id, ',' ORDER BY id)) "
        f"FROM ({ids}) WHERE id IN (SELECT id FROM {_CHOSEN})"
    )[0]
    if not count:
        because = f" because of `{rule}`" if rule else " under such an id"
        what = f"no row of {node} waits{because}"
        fix = "`headwater quarantine show` lists rules and rows"
        raise UsageError(Issue(code="E716", what=what, fix=fix))
    return count, content


class _Moving:
    """Chosen rows written to the dropped part; quarantine files that held some written anew."""

    def __init__(self, project: Project, state: State, session: Session, run: str) -> None:
        self.project, self.state, self.session, self.run = project, state, session, run
        self.lake = project.workspace.lake
        own = BROKEN if state.node.kind == "table" else columns_of(state)[len(state.schema) :]
        self.schema: Schema = (*state.schema, *own)

    def move(self) -> State:
        """The state with the rows moved."""
        files: list[DataFile] = []
        for number, file in enumerate(self.state.files):
            moved = self._divide(file, number) if file.part == "quarantined" else None
            files += [file] if moved is None else moved
        ordered = sorted(files, key=lambda f: (f.part, f.interval, f.path))
        return replace(self.state, files=tuple(ordered))

    def _divide(self, file: DataFile, number: int) -> list[DataFile] | None:
        """One file as the rows that go on waiting and those dropped; None where all stay."""
        path = self.lake.absolute(file.path)
        shown = columns_of(self.state)
        self.session.bind_inputs(
            [InputRelation(name=_OLD, schema=shown, files=(path,), uniform=False)]
        )
        chosen = f"{row_id(self.state)} IN (SELECT id FROM {_CHOSEN})"
        if not self.session.fetch(f"SELECT count(*) FROM {_OLD} WHERE {chosen}")[0][0]:
            return None
        return [
            *self._write("quarantined", f"NOT ({chosen})", file, number),
            *self._write("dropped", chosen, file, number),
        ]

    def _write(self, part: Part, where: str, file: DataFile, number: int) -> list[DataFile]:
        def target(month: str | None, n: int) -> Path:
            build = f"{self.run}-{number}"
            return self.lake.absolute(self.lake.new_path(self.state.node, month, build, part, n))

        columns = ", ".join(quote(name) for name, _ in self.schema)
        written = self.session.write_query(
            f"SELECT {columns} FROM {_OLD} WHERE {where}",
            schema=self.schema,
            time=self.state.time if file.interval != ALL_TIME else None,
            keep=None,
            target=target,
        )
        return [self._as_file(one, part, file) for one in written if one.rows]

    def _as_file(self, written: Written, part: Part, file: DataFile) -> DataFile:
        return DataFile(
            path=self.lake.relative(written.path),
            interval=written.interval or ALL_TIME,
            rows=written.rows,
            bytes=written.bytes,
            build=file.build,
            schema=schema_digest(self.state.schema),
            part=part,
        )


def _publish(project: Project, view: ReleaseView, state: State, note: Note, run: str) -> Release:
    assert view.release is not None
    workspace = project.workspace
    known = {file.path for file in view.states[state.node].files}
    workspace.lake.sync([f.path for f in state.files if f.path not in known])
    release = workspace.ledger.publish(
        Publication(
            environment=project.environment,
            expected=view.release.number,
            base=view.release.number,
            at=workspace.clock.now,
            author=workspace.author,
            sort="data",
            reason=f"{json.loads(note.data)['rows']:,} rows of {state.node} dropped: {note.text}",
            run=run,
            states={state.node: state},
            notes=(note,),
        )
    )
    workspace.lake.write_epoch(workspace.ledger.epoch)
    return release


def _count(state: State) -> int:
    return sum(file.rows for file in state.part("quarantined"))
