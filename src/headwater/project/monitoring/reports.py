"""The training reports of versions."""

from __future__ import annotations

from dataclasses import replace

from headwater.contracts.quoting import literal
from headwater.errors import HeadwaterError, Issue
from headwater.kinds.model.versions import read_facts
from headwater.learning.report import TrainingReport
from headwater.learning.report_json import from_json
from headwater.ledger import Version
from headwater.project.workspace import Workspace

_REPORT = "report.json"


def read_report(workspace: Workspace, version: Version) -> TrainingReport:
    """What its training found, with the gates by which it was judged last.

    Codes E033 (cannot be read), E075 (it has none), E742 (damaged).
    """
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
                return replace(from_json(bytes(content)), gates=read_facts(version).gates)
    raise HeadwaterError(
        Issue(code="E075", what=f"{version} has no training report", fix="train it again")
    )
