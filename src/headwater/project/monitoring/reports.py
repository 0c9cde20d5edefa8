"""The training reports of versions, and which version is published."""

from __future__ import annotations

from headwater.contracts.quoting import literal
from headwater.errors import HeadwaterError, Issue
from headwater.ids import NodeId
from headwater.learning.report import TrainingReport
from headwater.learning.report_json import from_json
from headwater.ledger import Ledger, Version
from headwater.project.release_view import ReleaseView
from headwater.project.workspace import Workspace

_REPORT = "report.json"


def published_version(ledger: Ledger, view: ReleaseView, node: NodeId) -> Version | None:
    """The version of a model that a release shows; None where none is published."""
    state = view.states.get(node)
    builds = {file.build for file in state.part("rows")} if state is not None else set()
    found = (ledger.version_of(build) for build in builds)
    return next((version for version in found if version is not None), None)


def read_report(workspace: Workspace, version: Version) -> TrainingReport:
    """What its training found. Codes E033 (cannot be read), E075 (it has none), E742 (damaged)."""
    paths = [
        str(workspace.lake.absolute(file.path))
        for file in version.files
        if file.build == version.build and file.part == "rows"
    ]
    if paths:
        listed = ", ".join(map(literal, paths))
        sql = f"SELECT content FROM read_parquet([{listed}]) WHERE file = {literal(_REPORT)}"
        with workspace.engine.session() as session:
            for (content,) in session.fetch(sql):
                return from_json(bytes(content))
    raise HeadwaterError(
        Issue(code="E075", what=f"{version} has no training report", fix="train it again")
    )
