"""Tables from `tables/*.sql` and `tables/*.py`, with the sidecars and tests beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from headwater.definitions.loader import Files, ReadContext, Reading
from headwater.errors import Issue, Place, did_you_mean
from headwater.kinds.table.definition import TableDefinition

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles

_YAML = (".yml", ".yaml")
_TESTS = (".test.yml", ".test.yaml")


@dataclass(frozen=True, slots=True)
class TableReader:
    """Reads tables in SQL and in Python."""

    kind: str = "table"
    is_relation: bool = True

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {"tables": (".sql", ".py", *_YAML)}

    def read(self, context: ReadContext) -> Reading:
        """All tables; a file beside a table that is not there is E120."""
        paths = context.tree.under("tables")
        present = frozenset(paths)
        queries: list[tuple[str, ...]] = []
        modules: list[tuple[str, ...]] = []
        beside: set[str] = set()
        for path in paths:
            if path.endswith(".sql"):
                group = _group(path, path[:-4], present)
                beside.update(group)
                queries.append(group)
            elif path.endswith(".py") and not path.rpartition("/")[2].startswith("_"):
                group = _group(path, path[:-3], present)
                beside.update(group)
                modules.append((*group, *_imports(path, context)))
        read = context.parse_all(queries, _read_tables, TableDefinition)
        read += context.parse_all(modules, _read_modules, TableDefinition)
        issues = [issue for _, found in read for issue in found]
        issues += [_orphan(p, present) for p in paths if p.endswith(_YAML) and p not in beside]
        return Reading(
            definitions=tuple(table for table, _ in read if table is not None),
            issues=tuple(issues),
        )

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.table.keys import SCHEMAS

        return SCHEMAS


TABLE_READER: Final = TableReader()


def _group(path: str, stem: str, present: frozenset[str]) -> tuple[str, ...]:
    """A table's file, and the files beside it that belong to it."""
    sidecars = _TESTS if path.endswith(".py") else (*_YAML, *_TESTS)
    others = [stem + suffix for suffix in sidecars if stem + suffix in present]
    return (path, *others)


def _imports(path: str, context: ReadContext) -> tuple[str, ...]:
    from headwater.definitions.modules import project_imports

    return project_imports(context.tree, path)


def _read_tables(each: Sequence[Files]) -> list[TableDefinition | None]:
    from headwater.kinds.table.sqlfile import read_tables

    return read_tables(each)


def _read_modules(each: Sequence[Files]) -> list[TableDefinition | None]:
    from headwater.kinds.table.python import read_python_table

    return [read_python_table(files) for files in each]


def _orphan(path: str, present: frozenset[str]) -> Issue:
    """A sidecar or test of a table that is not there."""
    suffix = next(s for s in (*_TESTS, *_YAML) if path.endswith(s))
    wanted = f"{path.removesuffix(suffix)}.sql"
    queries = [p for p in present if p.endswith(".sql")]
    otherwise = f"add `{wanted}`"
    if suffix in _YAML:
        otherwise += "; sources live in `sources/`, metrics in `metrics/`"
    what = f"there is no table `{wanted}` beside it"
    fix = did_you_mean(wanted, queries, otherwise=otherwise)
    return Issue(code="E120", what=what, place=Place(path), fix=fix)
