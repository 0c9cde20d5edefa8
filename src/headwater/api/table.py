"""One published table in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from headwater.api.result import Result
from headwater.errors import HeadwaterError, Issue, did_you_mean
from headwater.project.reading import published_tables, read_session

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from headwater.plan.state import State
    from headwater.project import Project


class TableHandle:
    """A table as the environment publishes it; nothing is read until it is asked for."""

    def __init__(self, project: Project, name: str, state: State) -> None:
        self._project = project
        self.name = name
        self._state = state

    @classmethod
    def find(cls, project: Project, name: str) -> Self:
        """By its name or id. Code E201."""
        short = name.partition(".")[2] or name
        found = published_tables(project.view, [short])
        if short not in found:
            known = [node.name for node in project.view.states]
            fix = did_you_mean(short, known, "`headwater ls` lists all")
            raise HeadwaterError(Issue(code="E201", what=f"unknown table `{name}`", fix=fix))
        return cls(project, short, found[short].state)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(name for name, _ in self._state.schema)

    @property
    def schema(self) -> tuple[tuple[str, str], ...]:
        """Names and DuckDB types."""
        return self._state.schema

    def __len__(self) -> int:
        return self._state.row_count

    def result(self) -> Result:
        """All rows."""
        return self._read("")

    def head(self, rows: int = 20) -> Result:
        """Some rows, as they lie."""
        return self._read(f"limit {int(rows)}")

    def sample(self, rows: int, seed: int = 1) -> Result:
        """Rows drawn at random, the same ones for the same seed."""
        return self._read(f"using sample reservoir({int(rows)} rows) repeatable ({int(seed)})")

    def to_arrow(self) -> pa.Table:
        """All rows as an Arrow table."""
        return self.result().to_arrow()

    def df(self) -> pd.DataFrame:
        """All rows as a pandas frame."""
        return self.result().df()

    def to_polars(self) -> pl.DataFrame:
        """All rows as a Polars frame."""
        return self.result().to_polars()

    def _read(self, rest: str) -> Result:
        from headwater.contracts.quoting import quote

        project = self._project
        text = f"select * from {quote(self.name)} {rest}"
        with read_session(project.workspace, project.view, text) as reading:
            return Result(reading.relation.to_arrow_table(), reading.types)

    def __repr__(self) -> str:
        return f"{self._state.node}: {len(self):,} rows, columns {', '.join(self.columns)}"

    def _repr_html_(self) -> str:
        return self.head()._repr_html_()
