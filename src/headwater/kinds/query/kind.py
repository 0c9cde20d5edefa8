"""The kind `query`: a saved SELECT with parameters, run when somebody asks."""

from __future__ import annotations

from headwater.kinds.kind import Kind, never_executed, no_promises, nothing_to_validate
from headwater.kinds.query.bind import bind, mention, query, references, sql_issue
from headwater.kinds.query.read import QUERY_READER

QUERY = Kind(
    name="query",
    reader=QUERY_READER,
    is_relation=False,
    references=references,
    mention=mention,
    query=query,
    sql_issue=sql_issue,
    bind=bind,
    execute=never_executed,
    promises=no_promises,
    validate=nothing_to_validate,
)
