"""Contracts and rules as frozen values.

A *row rule* is true for every good row; rows that break one of severity `error` go to quarantine. A
*dataset rule* judges one number of a whole interval or table, and holds the node. `mustBe: 0` of
`nullValues`, `missingValues`, `invalidValues` and `duplicateValues` in rows is a row rule, because
then each row shows by itself whether it is good; with any other operator or unit they are dataset
rules, as are `rowCount`, `sql`, aggregates, volume and latency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from headwater.contracts.conditions import Condition, Unique, meaning
from headwater.contracts.operators import Threshold
from headwater.errors import Place
from headwater.ids import digest


class Severity(StrEnum):
    """What a broken rule does: `error` quarantines or holds, `warning` only tells."""

    ERROR = "error"
    WARNING = "warning"


class Metric(StrEnum):
    """What number a dataset rule judges."""

    ROW_COUNT = "rowCount"
    NULL_VALUES = "nullValues"
    MISSING_VALUES = "missingValues"
    INVALID_VALUES = "invalidValues"
    DUPLICATE_VALUES = "duplicateValues"
    SQL = "sql"
    AGGREGATE = "expr"
    LATENCY = "latency"
    VOLUME = "volume"


class Unit(StrEnum):
    """Whether a metric counts rows or their share in percent."""

    ROWS = "rows"
    PERCENT = "percent"


class Mode(StrEnum):
    """Which changes of a contract are compatible, by Confluent's names."""

    BACKWARD = "BACKWARD"
    BACKWARD_TRANSITIVE = "BACKWARD_TRANSITIVE"
    FORWARD = "FORWARD"
    FORWARD_TRANSITIVE = "FORWARD_TRANSITIVE"
    FULL = "FULL"
    FULL_TRANSITIVE = "FULL_TRANSITIVE"
    NONE = "NONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowRule:
    """A condition of each row; `name` is unique in its contract and shown to users."""

    name: str
    condition: Condition
    columns: tuple[str, ...]
    severity: Severity = Severity.ERROR
    description: str = ""
    place: Place = field(default=Place(), compare=False)

    @property
    def meaning(self) -> tuple[str, ...]:
        """What is enforced, without name, words and place."""
        return (self.severity, *meaning(self.condition))


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRule:
    """A limit of one number of the built interval (or of the whole table, for latency).

    `condition` says which rows a missing or invalid value is about; `sql` holds the query of `sql`
    and the aggregate of `expr`; `window` the past that `volume` compares with.
    """

    name: str
    metric: Metric
    threshold: Threshold
    unit: Unit = Unit.ROWS
    columns: tuple[str, ...] = ()
    condition: Condition | None = None
    sql: str = ""
    window: timedelta | None = None
    severity: Severity = Severity.ERROR
    description: str = ""
    place: Place = field(default=Place(), compare=False)

    @property
    def of_whole_table(self) -> bool:
        """Whether it judges all that is published, not the interval just built."""
        return self.metric is Metric.LATENCY

    @property
    def holds(self) -> bool:
        """Whether breaking it holds the node; late data are not made earlier by holding them."""
        return self.severity is Severity.ERROR and self.metric is not Metric.LATENCY

    @property
    def meaning(self) -> tuple[str, ...]:
        """What is enforced, without name, words and place."""
        condition = meaning(self.condition) if self.condition else ()
        limit = (self.threshold.operator, *map(repr, self.threshold.bounds))
        own = (self.severity, self.metric, self.unit, repr(self.columns), self.sql)
        return (*own, repr(self.window), *limit, *condition)


Rule = RowRule | DatasetRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractColumn:
    """One promised column. `type` is DuckDB's, or None where the contract leaves it open."""

    name: str
    physical_name: str
    type: str | None = None
    logical_type: str | None = None
    format: str | None = None
    required: bool = False
    unique: bool = False
    primary_key_position: int | None = None
    title: str = ""
    description: str = ""
    classification: str = ""
    examples: tuple[object, ...] = ()
    place: Place = field(default=Place(), compare=False)

    @property
    def is_personal(self) -> bool:
        """Whether its values are shown to nobody on pages and over HTTP."""
        return self.classification.casefold() == "personal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What a producer promises about one schema object of a document.

    `text_fingerprint` changes with every word of the document except its version; the fingerprints
    of rows and dataset change only with what is enforced.
    """

    id: str
    name: str
    version: str
    columns: tuple[ContractColumn, ...]
    row_rules: tuple[RowRule, ...] = ()
    dataset_rules: tuple[DatasetRule, ...] = ()
    status: str = ""
    physical_name: str = ""
    description: str = ""
    owners: tuple[str, ...] = ()
    compatibility: Mode = Mode.BACKWARD
    latency: timedelta | None = None
    latency_column: str | None = None
    path: str = ""
    text_fingerprint: str = ""
    place: Place = field(default=Place(), compare=False)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Row rules, then dataset rules."""
        return (*self.row_rules, *self.dataset_rules)

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key's columns in order; empty where none is declared."""
        keyed = [c for c in self.columns if c.primary_key_position is not None]
        return tuple(c.name for c in sorted(keyed, key=lambda c: c.primary_key_position or 0))

    @property
    def unique_keys(self) -> tuple[tuple[str, ...], ...]:
        """Every set of columns that an error rule keeps unique."""
        return tuple(
            rule.condition.columns
            for rule in self.row_rules
            if isinstance(rule.condition, Unique) and rule.severity is Severity.ERROR
        )

    def column(self, name: str) -> ContractColumn | None:
        """The column of that name, in any case."""
        folded = name.casefold()
        return next((c for c in self.columns if c.name.casefold() == folded), None)

    @property
    def row_fingerprint(self) -> str:
        """Hash of what decides the published rows: columns, types, row rules of severity error."""
        columns = sorted(
            (c.name, c.physical_name, c.type or "", c.format or "") for c in self.columns
        )
        rules = sorted(r.meaning for r in self.row_rules if r.severity is Severity.ERROR)
        return digest("rows", tuple(columns), tuple(rules))

    @property
    def dataset_fingerprint(self) -> str:
        """Hash of what only judges: dataset rules, and row rules of severity warning."""
        warnings = sorted(r.meaning for r in self.row_rules if r.severity is Severity.WARNING)
        return digest(
            "dataset", tuple(warnings), tuple(sorted(r.meaning for r in self.dataset_rules))
        )

    @property
    def fingerprint(self) -> str:
        """Hash of everything that is enforced."""
        return digest(self.row_fingerprint, self.dataset_fingerprint)
