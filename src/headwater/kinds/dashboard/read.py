"""Dashboards from `dashboards/*.yml`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Protocol, cast, runtime_checkable

from headwater.definitions.fields import INVALID, take_described
from headwater.definitions.files import root_mapping
from headwater.definitions.loader import Files, ReadContext, Reading, name_of
from headwater.definitions.model import Definition
from headwater.definitions.yamltext import Located
from headwater.errors import Place, UsageError
from headwater.ids import NodeId
from headwater.kinds.dashboard.definition import Card, DashboardDefinition, Section
from headwater.semantics.catalog import Calendar
from headwater.semantics.metric import Metric
from headwater.semantics.periods import read_period

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles

_ENDINGS: Final = (".yml", ".yaml")
_ANY_DAY: Final = date(2020, 1, 1)  # whether a text is a period does not depend on the day


@runtime_checkable
class OfMetric(Protocol):
    """A definition that defines a metric, whatever kind it has."""

    @property
    def metric(self) -> Metric:
        """The metric."""

    @property
    def parts(self) -> Mapping[str, Metric]:
        """All metrics that it is made of."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables of its parts, and those they join."""

    @property
    def calendar(self) -> Calendar:
        """Where its weeks and fiscal years begin."""

    @property
    def functions(self) -> tuple[str, ...]:
        """The project's own SQL functions, which its parts may call."""


@dataclass(frozen=True, slots=True)
class DashboardReader:
    """Reads dashboards."""

    kind: str = "dashboard"
    is_relation: bool = False

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {"dashboards": _ENDINGS}

    def read(self, context: ReadContext) -> Reading:
        """All dashboards, and what is wrong with their files."""
        read = [
            context.parse((path,), read_dashboard, DashboardDefinition)
            for ending in _ENDINGS
            for path in context.paths("dashboards", ending)
        ]
        return Reading(
            definitions=tuple(
                resolved(found, context.definitions) for found, _ in read if found is not None
            ),
            issues=tuple(issue for _, issues in read for issue in issues),
        )

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.dashboard.keys import SCHEMAS

        return SCHEMAS


DASHBOARD_READER: Final = DashboardReader()


def read_dashboard(files: Files) -> DashboardDefinition | None:
    """The dashboard of one file; None where a mistake was noted."""
    from headwater.kinds.dashboard.keys import DASHBOARD

    name = name_of(files.path, files.path[files.path.rfind(".") :], files.issues)
    root = root_mapping(files, "give `rows:`")
    if root is None:
        return None
    before = len(files.issues)
    values = DASHBOARD.read(root, files.issues)
    if values is INVALID or name is None:
        return None
    _check_rows(root, files)
    _check_period(values, root, files)
    if len(files.issues) > before:
        return None
    keys = ("audience", "period", "grain", "compare", "filters")
    return DashboardDefinition(
        id=NodeId("dashboard", name),
        place=Place(files.path, 1),
        files=files.paths,
        described=take_described(values),
        sections=values.get("sections") or (Section(rows=values["rows"]),),
        places=dict(_places(root)),
        **{key: values[key] for key in keys if key in values},
    )


def _check_rows(root: Located, files: Files) -> None:
    """E116 without any card, E126 where cards stand in both ways."""
    rows, sections = root.get("rows"), root.get("sections")
    if rows is None and sections is None:
        fix = "add `rows:`, such as `- line: revenue`"
        files.wrong("E116", "missing key `rows`", root.place, fix)
    if rows is not None and sections is not None:
        fix = "move the rows into a section"
        files.wrong("E126", "`rows` and `sections` exclude each other", rows.place, fix)


def _check_period(values: Mapping[str, Any], root: Located, files: Files) -> None:
    """E807 for a period that nobody could mean."""
    located = root.get("period")
    if located is None or "period" not in values:
        return
    try:
        read_period(values["period"], _ANY_DAY)
    except UsageError as error:
        files.issues.extend(replace(issue, place=located.place) for issue in error.issues)


def _places(root: Located) -> Iterator[tuple[str, Place]]:
    for key, located in root.mapping.items():
        yield key, located.place
    filters = root.get("filters")
    for item in filters.items if filters is not None else ():
        yield f"filters.{item.value}", item.place


def resolved(
    dashboard: DashboardDefinition, known: Mapping[NodeId, Definition]
) -> DashboardDefinition:
    """With its tables of saved queries told from those of metrics, and its metrics' tables."""
    sections = tuple(
        replace(
            section,
            rows=tuple(tuple(_resolved(card, known) for card in row) for row in section.rows),
        )
        for section in dashboard.sections
    )
    found = replace(dashboard, sections=sections)
    tables: dict[str, None] = {}
    for name in found.metrics:
        definition = cast("object", known.get(NodeId("metric", name)))
        if isinstance(definition, OfMetric):
            tables.update(dict.fromkeys(definition.tables))
    return replace(found, tables=tuple(tables))


def _resolved(card: Card, known: Mapping[NodeId, Definition]) -> Card:
    """A table of one name is that of a saved query, unless there is only such a metric."""
    if card.chart != "table" or len(card.metrics) != 1:
        return card
    name = card.metrics[0]
    is_asked = card.by or card.grain is not None or card.compare
    if NodeId("query", name) in known:
        return replace(card, query=name, metrics=())
    if NodeId("metric", name) in known or is_asked:
        return card
    return replace(card, query=name, metrics=())
