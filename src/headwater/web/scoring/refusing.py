"""Refusals: what is wrong with a request, as data."""

from __future__ import annotations

import json
from collections.abc import Mapping

from headwater.errors import Issue
from headwater.views.summaries import issue_data

#: How soon it is worth asking again where the store is down or not filled yet.
RETRY_AFTER_S = 5

_NO_HEADERS: Mapping[str, str] = {}


class Refusal(Exception):
    """A request that is answered with issues, and with this status."""

    def __init__(
        self, status: int, *issues: Issue, headers: Mapping[str, str] = _NO_HEADERS
    ) -> None:
        super().__init__("\n".join(map(str, issues)))
        self.status = status
        self.issues = issues
        self.headers = headers

    @classmethod
    def of(cls, status: int, code: str, what: str, fix: str, **headers: str) -> Refusal:
        """One issue; headers by names with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, Issue(code=code, what=what, fix=fix), headers=named)

    @property
    def body(self) -> bytes:
        """As `/v1` tells mistakes."""
        return json.dumps({"issues": [issue_data(issue) for issue in self.issues]}).encode()
