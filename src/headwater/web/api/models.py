"""What programs send and get; nothing here reaches further in than the routes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from headwater.web.api.encoding import RowFormat

_LONGEST = 4_000
_MOST = 50
Word = Annotated[str, Field(min_length=1, max_length=200)]
Condition = Annotated[str, Field(min_length=1, max_length=_LONGEST)]
Words = Annotated[list[Word], Field(max_length=_MOST)]


#: Of a parameter; its definition says of which type.
Value = str | int | float | bool | None


class Strict(BaseModel):
    """What is sent has no keys that we do not know."""

    model_config = ConfigDict(extra="forbid")


class MetricQuestion(Strict):
    """A question to metrics, in the vocabulary of `headwater query`."""

    metric: Annotated[Words, Field(min_length=1, description="Names of metrics.")]
    by: Annotated[Words, Field(description="Dimensions: a row for each value.")] = []
    grain: Annotated[
        Word | None, Field(description="hour, day, week, month, quarter, year, fiscal_quarter, …")
    ] = None
    where: Annotated[
        list[Condition],
        Field(max_length=_MOST, description="Conditions that all hold: `country != 'France'`."),
    ] = []
    period: Annotated[
        str, Field(max_length=200, description="`2011-11`, `2011-01..2011-11`, `last 90 days`.")
    ] = ""
    compare: Annotated[Words, Field(description="`previous`, `year_ago`.")] = []
    order: Annotated[Words, Field(description="Columns, `-` in front from the highest.")] = []
    limit: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    format: RowFormat = "json"


class SqlQuestion(Strict):
    """One SELECT over what is published."""

    sql: Annotated[str, Field(min_length=1, max_length=100_000)]
    parameters: Annotated[
        dict[str, Value],
        Field(max_length=_MOST, description="Values of `:name`; bound, never put into the text."),
    ] = {}
    limit: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    format: RowFormat = "json"


class QueryQuestion(Strict):
    """A saved query with its parameters."""

    parameters: Annotated[dict[str, Value], Field(max_length=_MOST)] = {}
    limit: Annotated[int | None, Field(ge=1, le=1_000_000)] = None
    format: RowFormat = "json"


class Problem(BaseModel):
    """One mistake: what is wrong, where, and how to mend it."""

    code: str
    severity: str
    what: str
    path: str
    line: int
    column: int
    fix: str


class Problems(BaseModel):
    """All mistakes of a request at once."""

    issues: list[Problem]


class Column(BaseModel):
    """A column of rows, with its type in DuckDB."""

    name: str
    type: str


class AnswerColumn(Column):
    """A column of an answer: what it holds, and of which metric."""

    sort: str
    metric: str
    comparison: str | None


class Rows(BaseModel):
    """Rows as objects: decimals keep every digit, dates and times are ISO, NaN is null."""

    release: int | None
    columns: list[Column]
    truncated: bool
    rows: list[dict[str, Any]]


class MetricAnswer(BaseModel):
    """The answer to a question to metrics."""

    release: int | None
    path: str
    first: date | None
    last: date | None
    data_from: datetime | None
    data_until: datetime | None
    notes: list[str]
    sql: str
    columns: list[AnswerColumn]
    truncated: bool
    rows: list[dict[str, Any]]


class MetricFacts(BaseModel):
    """A metric: what it means, who answers for it, how it stands."""

    name: str
    title: str
    description: str
    owner: str
    better: str
    format: str
    unit: str
    table: str
    expr: str
    where: str
    dimensions: list[str]
    playbook: str
    target: dict[str, Any]
    approved_by: str
    approved_at: datetime | None
    meaning: str
    data_until: datetime | None
    stale_because: str
    restated: int
    restated_at: datetime | None
    path: str
    line: int


class ReleaseFacts(BaseModel):
    """A release."""

    number: int
    environment: str
    parent: int | None
    created_at: datetime
    author: str
    sort: str
    reason: str
    run: str | None


class CurrentRelease(BaseModel):
    """The release on show; `release` is null where nothing is published."""

    environment: str
    release: ReleaseFacts | None
    data_until: datetime | None


class ChangeFacts(BaseModel):
    """An entry of the ledger that somebody may be asked about."""

    at: datetime
    sort: str
    release: int | None
    environment: str
    author: str
    node: str
    text: str


class GraphNode(BaseModel):
    """A node, and the nodes that it reads."""

    node: str
    kind: str
    name: str
    title: str
    description: str
    owner: str
    path: str
    rows: int | None
    reads: list[str]
