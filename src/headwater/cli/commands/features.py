"""`headwater features`: what is known of entities, and the rows that models learn from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from headwater.cli.calls import Call
from headwater.errors import Issue, UsageError

if TYPE_CHECKING:
    from headwater.project import Project
    from headwater.project.features.shown import FeatureRows


def features(  # noqa: PLR0917  # the words of the command line
    call: Call,
    name: Annotated[
        str, typer.Argument(metavar="VIEW|MODEL", help="A feature view; or a model: its rows.")
    ],
    entity: Annotated[
        list[str] | None,
        typer.Option("--entity", "-e", metavar="KEY", help="Whom; several columns as `a,b`."),
    ] = None,
    entities: Annotated[
        str | None,
        typer.Option("--entities", metavar="FILE", help="Whom, and `at`: .csv or .parquet."),
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", metavar="TIME", help="The moment; now by default.")
    ] = None,
    now_known: Annotated[
        bool, typer.Option("--now-known", help="By what is known now, not what was known then.")
    ] = False,
    format: Annotated[
        Literal["table", "csv", "json", "parquet", "arrow"] | None,
        typer.Option("--format", "-f", help="How rows are written; by the name of --output."),
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", help="Rows of a printed table; 0 for all.", min=0)
    ] = 100,
) -> None:
    """Features of entities at a moment, or the rows that a model learns from."""
    from headwater.cli.rows import write_rows

    with call.open() as project:
        if _is_model(project, name):
            given = {"--entity": entity, "--entities": entities, "--at": at}
            found = _training_rows(project, name, given)
        else:
            found = _features(project, name, _asked(entity, entities), at, now_known)
        write_rows(found, call, format=format, output=output, limit=limit)


def _is_model(project: Project, name: str) -> bool:
    """Whether a model is meant: a view of the name comes first."""
    kind, dot, _ = name.partition(".")
    if dot:
        return kind in ("model", "training_set")
    kinds = {node.kind for node in (*project.bound.graph.nodes, *project.view.definitions)
             if node.name == name}  # fmt: skip
    return "model" in kinds and "feature_view" not in kinds


def _training_rows(project: Project, name: str, given: dict[str, Any]) -> FeatureRows:
    from headwater.project.features.training import training_set

    for option, value in given.items():
        if value:
            what = f"`{option}` is for feature views, and `{name}` is a model"
            fix = "its label says whose rows it has, and when"
            raise UsageError(Issue(code="E019", what=what, fix=fix))
    return training_set(project, name)


def _features(
    project: Project, name: str, asked: Any, at: str | None, now_known: bool
) -> FeatureRows:
    from headwater.project.features.reading import features_at

    return features_at(project, name, asked, at, as_known=not now_known)


def _asked(entity: list[str] | None, path: str | None) -> Any:
    """The entities of the options; None for all."""
    if entity and path:
        what = "`--entity` and `--entities` both say whom"
        raise UsageError(Issue(code="E018", what=what, fix="give one of the two"))
    if path is not None:
        return _read(path)
    return [tuple(key.split(",")) if "," in key else key for key in entity] if entity else None


def _read(path: str) -> Any:
    """A file of entities. Code E018."""
    import pyarrow as pa

    try:
        if path.endswith(".parquet"):
            import pyarrow.parquet as pq

            return pq.read_table(path)
        from pyarrow import csv

        return csv.read_csv(path)
    except (OSError, pa.ArrowInvalid) as error:
        what = f"`{path}` cannot be read: {error}"
        fix = "give a .csv with a header, or a .parquet file"
        raise UsageError(Issue(code="E018", what=what, fix=fix)) from None
