"""Saved queries from `queries/*.sql`, with the sidecars beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater.definitions.loader import Files, ReadContext, Reading
from headwater.errors import Issue, Place, did_you_mean
from headwater.kinds.query.definition import QueryDefinition

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles

_YAML = (".yml", ".yaml")


@dataclass(frozen=True, slots=True)
class QueryReader:
    """Reads saved queries."""

    kind: str = "query"
    is_relation: bool = False

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {"queries": (".sql", *_YAML)}

    def read(self, context: ReadContext) -> Reading:
        """All saved queries; a sidecar without its query is E120."""
        paths = context.tree.under("queries")
        queries = {path.removesuffix(".sql"): path for path in paths if path.endswith(".sql")}
        groups = [
            (path, *(stem + ending for ending in _YAML if stem + ending in paths))
            for stem, path in queries.items()
        ]
        read = context.parse_all(groups, _read_queries, QueryDefinition)
        issues = [issue for _, found in read for issue in found]
        issues += [
            _orphan(path, queries.values())
            for path in paths
            if path.endswith(_YAML) and path.rpartition(".")[0] not in queries
        ]
        return Reading(
            definitions=tuple(query for query, _ in read if query is not None),
            issues=tuple(issues),
        )

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.query.keys import SCHEMAS

        return SCHEMAS


QUERY_READER: Final = QueryReader()


def _read_queries(each: Sequence[Files]) -> list[QueryDefinition | None]:
    from headwater.kinds.query.sqlfile import read_queries

    return read_queries(each)


def _orphan(path: str, queries: Iterable[str]) -> Issue:
    """A sidecar of a query that is not there."""
    wanted = f"{path.rpartition('.')[0]}.sql"
    what = f"there is no query `{wanted}` beside it"
    fix = did_you_mean(wanted, queries, otherwise=f"add `{wanted}`")
    return Issue(code="E120", what=what, place=Place(path), fix=fix)
