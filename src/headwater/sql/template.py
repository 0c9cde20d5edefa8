"""What a query means, symbolically in its upstreams: shape, columns, reads, findings."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headwater.ids import digest
from headwater.sql.problems import SqlProblem
from headwater.sql.relations import Read

AlignmentKind = Literal["aligned", "crosses", "timeless"]
TimeOrigin = Literal["unchanged", "day", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnTemplate:
    """An output column.

    `expression` is a hash in which upstreams stand by name; `reads` what the values depend on
    beyond the rows; `origin` the upstream column that is passed through unchanged.
    """

    name: str
    type: str
    expression: str
    reads: frozenset[Read]
    origin: Read | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Whether a day of output needs only the same day of one upstream.

    `aligned`: it does, also for any shorter span of time if `exact_time`. `crosses`: it needs
    other days, and `reason` with its position says why. `timeless`: the upstream has no time.
    """

    kind: AlignmentKind
    exact_time: bool = False
    reason: str = ""
    line: int = 0
    column: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryTemplate:
    """The meaning of one SELECT over upstreams of known schemas.

    `rows` is the hash of its shape, `row_reads` what the set of rows depends on; `relations` are
    the upstreams by name, in the order of the plan. `time_origin` says whether the output's time
    is an aligned upstream's time unchanged, or another time of the same day.
    """

    columns: tuple[ColumnTemplate, ...]
    rows: str
    row_reads: frozenset[Read]
    relations: tuple[str, ...]
    alignment: Mapping[str, Alignment]
    problems: tuple[SqlProblem, ...] = ()
    time_origin: TimeOrigin = "none"

    def to_json(self) -> str:
        """Compact JSON; reads are written once and referred to by number."""
        reads = sorted(
            self.row_reads.union(*[column.reads for column in self.columns]), key=Read.sort_key
        )
        number = {read: index for index, read in enumerate(reads)}
        data = [
            [[read.relation, read.column] for read in reads],
            [
                [
                    c.name,
                    c.type,
                    c.expression,
                    sorted(number[read] for read in c.reads),
                    None if c.origin is None else [c.origin.relation, c.origin.column],
                ]
                for c in self.columns
            ],
            self.rows,
            sorted(number[read] for read in self.row_reads),
            self.relations,
            {
                name: [a.kind, a.exact_time, a.reason, a.line, a.column]
                for name, a in self.alignment.items()
            },
            [[p.code, p.what, p.fix, p.line, p.column] for p in self.problems],
            self.time_origin,
        ]
        return json.dumps(data, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> QueryTemplate:
        """The template that `to_json` wrote."""
        listed, columns, rows, row_reads, relations, alignment, problems, origin = json.loads(text)
        reads = [Read(relation, column) for relation, column in listed]
        return cls(
            columns=tuple([_column(column, reads) for column in columns]),
            rows=rows,
            row_reads=frozenset([reads[i] for i in row_reads]),
            relations=tuple(relations),
            alignment={
                name: Alignment(
                    kind=kind, exact_time=exact, reason=reason, line=line, column=column
                )
                for name, (kind, exact, reason, line, column) in alignment.items()
            },
            problems=tuple(
                [
                    SqlProblem(code=code, what=what, fix=fix, line=line, column=column)
                    for code, what, fix, line, column in problems
                ]
            ),
            time_origin=origin,
        )

    @property
    def is_placed(self) -> bool:
        """Whether it holds positions, which a reformatted text would move."""
        return any(problem.line for problem in self.problems) or any(
            alignment.line for alignment in self.alignment.values()
        )


def _column(data: list[Any], reads: list[Read]) -> ColumnTemplate:
    name, type_, expression, numbers, origin = data
    return ColumnTemplate(
        name=name,
        type=type_,
        expression=expression,
        reads=frozenset([reads[i] for i in numbers]),
        origin=None if origin is None else Read(*origin),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprints:
    """Final hashes: of the rows, and of each column over those rows."""

    rows: str
    columns: Mapping[str, str]


def fingerprint(template: QueryTemplate, keys: Callable[[Read], str]) -> Fingerprints:
    """The hashes of a query whose upstreams have these keys.

    A changed key of an upstream column changes exactly the columns that read it; every column's
    hash includes the rows.
    """
    rows = digest(template.rows, _keyed(template.row_reads, keys))
    columns = {
        column.name: digest(rows, column.expression, column.type, _keyed(column.reads, keys))
        for column in template.columns
    }
    return Fingerprints(rows=rows, columns=columns)


def _keyed(
    reads: frozenset[Read], keys: Callable[[Read], str]
) -> list[tuple[str, str | None, str]]:
    return [
        (read.relation.casefold(), read.column and read.column.casefold(), keys(read))
        for read in sorted(reads, key=Read.sort_key)
    ]
