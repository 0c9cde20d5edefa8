"""The result of a query: Arrow, pandas, Polars, rows; a table in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater.errors import Issue, UsageError
from headwater.views.figures import count
from headwater.views.layout import Cell, align
from headwater.views.values import is_number, value_text

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_SHOWN_ROWS = 20


class Result:
    """Rows that a query gave, held as an Arrow table."""

    def __init__(self, table: pa.Table, types: tuple[str, ...]) -> None:
        self._table = table
        self._types = types

    @property
    def columns(self) -> tuple[str, ...]:
        """Names, in order."""
        return tuple(self._table.column_names)

    @property
    def types(self) -> tuple[str, ...]:
        """The columns' types as DuckDB names them."""
        return self._types

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def to_arrow(self) -> pa.Table:
        """An Arrow table."""
        return self._table

    def df(self) -> pd.DataFrame:
        """A pandas frame. Code E816 where pandas is not installed."""
        _require("pandas")
        return self._table.to_pandas()

    def to_polars(self) -> pl.DataFrame:
        """A Polars frame. Code E816 where Polars is not installed."""
        _require("polars")
        import polars as pl

        frame = pl.from_arrow(self._table)
        assert isinstance(frame, pl.DataFrame)
        return frame

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Python values, a tuple a row."""
        columns = [column.to_pylist() for column in self._table.columns]
        return list(zip(*columns, strict=True))

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Arrow's stream of batches, for every library that reads it."""
        return self._table.__arrow_c_stream__(requested_schema)

    def __repr__(self) -> str:
        numeric = [is_number(kind) for kind in self._types]
        head = [Cell(name, right=right) for name, right in zip(self.columns, numeric, strict=True)]
        body = [
            [Cell(value, right=right) for value, right in zip(row, numeric, strict=True)]
            for row in self._head()
        ]
        lines = [
            "".join(part.text for part in line) for line in align([head, *body], indent=0, gap=2)
        ]
        return "\n".join([*(line.rstrip() for line in lines), self._note()])

    def _repr_html_(self) -> str:
        from headwater.api.html import rows_html

        numeric = [is_number(kind) for kind in self._types]
        return rows_html(self.columns, numeric, self._head(), self._note())

    def _head(self) -> list[list[str]]:
        columns = [column.to_pylist() for column in self._table.slice(0, _SHOWN_ROWS).columns]
        names = self.columns
        return [
            [value_text(value, name) for name, value in zip(names, row, strict=True)]
            for row in zip(*columns, strict=True)
        ]

    def _note(self) -> str:
        rows = count(len(self), "row")
        return rows if len(self) <= _SHOWN_ROWS else f"{rows}, the first {_SHOWN_ROWS} shown"


def _require(module: str) -> None:
    import importlib.util

    if importlib.util.find_spec(module) is None:
        what = f"the package `{module}` is not installed"
        raise UsageError(Issue(code="E816", what=what, fix=f"pip install {module}"))
