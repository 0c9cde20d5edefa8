"""The kind `dashboard`: a page of cards; a definition alone, which nothing has to build."""

from __future__ import annotations

from headwater.kinds.dashboard.bind import bind, mention, references
from headwater.kinds.dashboard.read import DASHBOARD_READER
from headwater.kinds.kind import (
    Kind,
    never_executed,
    no_promises,
    no_query,
    nothing_to_validate,
    plain_sql_issue,
)

DASHBOARD = Kind(
    name="dashboard",
    reader=DASHBOARD_READER,
    is_relation=False,
    references=references,
    mention=mention,
    query=no_query,
    sql_issue=plain_sql_issue,
    bind=bind,
    execute=never_executed,
    promises=no_promises,
    validate=nothing_to_validate,
)
