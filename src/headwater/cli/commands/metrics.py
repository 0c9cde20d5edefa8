"""`query`: metrics, asked in the one vocabulary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from headwater.cli.calls import Call
from headwater.semantics.asking import Answer, MetricQuery

if TYPE_CHECKING:
    from headwater.project import Project

Listed = list[str] | None
By = Annotated[
    Listed, typer.Option("--by", "-b", metavar="COLUMN", help="A dimension; repeat it, or commas.")
]
Grain = Annotated[
    str | None, typer.Option("--grain", "-g", help="A row for each hour, day, … fiscal_year.")
]
Where = Annotated[
    Listed, typer.Option("--where", "-w", metavar="CONDITION", help="Rows that count; repeat it.")
]
Days = Annotated[
    str,
    typer.Option(
        "--period", metavar="PERIOD", help="2011-11, 2011-11-01..2011-11-09, last 30 days."
    ),
]
Compare = Annotated[
    Listed,
    typer.Option("--compare", "-c", metavar="WITH", help="previous or year_ago; repeat it."),
]
Order = Annotated[
    Listed,
    typer.Option("--order", metavar="COLUMN", help="Sort by it; `-revenue` from the highest."),
]
AskedPath = Literal["auto", "published", "rollup", "raw"]
Format = Literal["table", "csv", "json", "parquet", "arrow"]


def query(
    call: Call,
    metrics: Annotated[list[str], typer.Argument(metavar="METRIC...", help="Which metrics.")],
    *,
    by: By = None,
    grain: Grain = None,
    where: Where = None,
    period: Days = "",
    compare: Compare = None,
    order: Order = None,
    limit: Annotated[
        int | None, typer.Option("--limit", help="At most so many rows.", min=1)
    ] = None,
    path: Annotated[
        AskedPath,
        typer.Option("--path", help="Where the numbers are computed from; they are the same."),
    ] = "auto",
    sql: Annotated[bool, typer.Option("--sql", help="Show the SQL instead.")] = False,
    format: Annotated[
        Format | None,
        typer.Option("--format", "-f", help="How rows are written; by the name of --output."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
    ] = None,
) -> None:
    """Ask metrics by dimensions and periods."""
    question = MetricQuery(
        metrics=_split(metrics),
        by=_split(by),
        grain=grain,  # type: ignore[arg-type]  # what is none is refused with the nearest
        where=tuple(where or ()),
        period=period,
        compare=_split(compare),  # type: ignore[arg-type]
        order=_split(order),
        limit=limit,
    )
    with call.open() as project:
        if sql:
            _show_sql(project, question, path, call)
        else:
            answer = project.metrics.query(question, path=path)
            _show(answer, project, call, format, output)


def _show(
    answer: Answer, project: Project, call: Call, format: Format | None, output: str | None
) -> None:
    """The rows for people, or in a format, or in a file."""
    from headwater.views.answers import answer_data, print_answer

    if output is not None or (format not in (None, "table") and not call.json):
        from headwater.cli.rows import write_rows
        from headwater.project.metrics.arrow import AnswerRows

        write_rows(AnswerRows(answer), call, format=format, output=output, limit=0)
    elif call.json:
        call.screen.data(answer_data(answer))
    else:
        catalog = project.metrics.catalog
        print_answer(answer, catalog.metrics, catalog.calendar, call.screen)


def _split(texts: list[str] | None) -> tuple[str, ...]:
    """Repeated options, each with commas or without."""
    return tuple(part.strip() for text in texts or () for part in text.split(",") if part.strip())


def _show_sql(project: Project, question: MetricQuery, path: str, call: Call) -> None:
    """The SQL with its values, so that it can be run as it is: over tables, unless told."""
    from headwater.views.answers import audited_sql

    reader = project.metrics
    compiled = reader.compile(question, "rollup" if path == "rollup" else "raw")
    taken = reader.compile(question).path if path == "auto" else path
    if call.json:
        call.screen.data({"sql": compiled.sql, "parameters": dict(compiled.parameters)})
    else:
        call.screen.line(audited_sql(compiled, taken))
