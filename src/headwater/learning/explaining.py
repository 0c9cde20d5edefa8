"""What a model goes by: how much each feature moves scores, and which way.

Over a sample of rows, the same for the same seed.
"""

from __future__ import annotations

from datetime import date
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.learning.columns import family_of_arrow, names, numbers
from headwater.learning.model import InputColumn
from headwater.learning.report import Importance
from headwater.learning.scorer import Scorer
from headwater.learning.values import is_category

_ROWS_CONTRIBUTING: Final = 5_000
#: The same where contributions are sampled: that takes up to a second a row.
_ROWS_SAMPLED: Final = 50
_ROWS_DEPENDING: Final = 500
#: Values of a feature at which partial dependence is asked.
_GRID: Final = 20


def explain(scorer: Scorer, rows: pa.Table, *, seed: int) -> tuple[Importance, ...]:
    """All inputs by falling importance.

    Importance is the mean absolute contribution to the log-odds (SHAP, Lundberg & Lee 2017).
    Partial dependence is the mean score where every row is given one value of the feature (Friedman
    2001): quantiles of a number, its dates or times as ISO text, or the frequent categories.
    """
    if not rows.num_rows:
        return ()
    sampled = _sample(rows, _ROWS_CONTRIBUTING, seed)
    few = _sample(sampled, _ROWS_DEPENDING, seed)
    is_exact = scorer.estimator.is_exact
    contributing = sampled if is_exact else _sample(few, _ROWS_SAMPLED, seed)
    size = np.abs(scorer.contributions(contributing)[:, :-1]).mean(axis=0)
    found = [
        Importance(
            feature=column.name,
            contribution=float(size[at]),
            dependence=_dependence(scorer, few, sampled.column(column.name), column),
        )
        for at, column in enumerate(scorer.columns)
    ]
    return tuple(sorted(found, key=lambda each: (-each.contribution, each.feature)))


def _sample(rows: pa.Table, most: int, seed: int) -> pa.Table:
    if rows.num_rows <= most:
        return rows
    chosen = np.random.default_rng(seed).choice(rows.num_rows, most, replace=False)
    return rows.take(pa.array(np.sort(chosen)))


def _dependence(
    scorer: Scorer, rows: pa.Table, values: pa.ChunkedArray, column: InputColumn
) -> tuple[tuple[float | str, float], ...]:
    """Each value of the grid, with the mean score of all rows that are given it."""
    at = rows.column_names.index(column.name)
    grid = _grid(values, column)
    found = []
    for value in grid:
        given = rows.set_column(at, column.name, pa.repeat(value, rows.num_rows))
        found.append((_shown(value, column), float(scorer.score_table(given).mean())))
    return tuple(found)


def _grid(values: pa.ChunkedArray, column: InputColumn) -> list[pa.Scalar]:
    """Values that occur: quantiles from the least to the greatest, or the most frequent names."""
    known = values.drop_null()
    if is_category(column) or family_of_arrow(known.type) == "boolean":
        if pa.types.is_dictionary(known.type):
            known = names(known)
        counted = pc.value_counts(known)
        order = sorted(counted, key=lambda each: (-each["counts"].as_py(), each["values"].as_py()))
        return [each["values"] for each in order[:_GRID]]
    known = known.filter(pa.array(np.isfinite(numbers(known))))
    if not len(known):
        return []
    ordered = known.take(pc.sort_indices(known))
    places = np.linspace(0, len(ordered) - 1, _GRID).round().astype(np.int64)
    return list(pc.unique(ordered.take(pa.array(places))))


def _shown(value: pa.Scalar, column: InputColumn) -> float | str:
    found = value.as_py()
    if is_category(column):
        return str(found)
    return found.isoformat() if isinstance(found, date) else float(found)
