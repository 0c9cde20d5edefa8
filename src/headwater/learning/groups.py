"""Figures by group: countries, kinds of customers, fifths of a number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headwater.learning.columns import family_of_arrow, names, numbers
from headwater.learning.evaluation import figure, ranked_of
from headwater.learning.report import GroupEvaluation
from headwater.stats import calibration, ranking
from headwater.stats.intervals import Clusters, Floats, Labels

#: Names that are told apart; the rarer ones are one group, and so are missing values.
MOST: Final = 20
#: A number with more values than this is divided into fifths.
_FEW: Final = 12
_FIFTHS: Final = 5
OTHERS, MISSING = "others", "missing"


def evaluate_groups(
    rows: pa.Table,
    labels: Labels,
    scores: Floats,
    columns: Sequence[str],
    entities: Clusters = None,
) -> tuple[GroupEvaluation, ...]:
    """The figures of each group of each column."""
    return tuple(
        _evaluate(column, group, mask, labels, scores, entities)
        for column in columns
        for group, mask in groups_of(rows.column(column))
    )


def groups_of(values: pa.ChunkedArray) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """Groups with the rows in them: spans in order, or names by falling count."""
    is_quantity = family_of_arrow(values.type) in {"number", "date", "time"}
    if is_quantity and pc.count_distinct(values).as_py() > _FEW:
        column, order = _fifths(values)
    else:
        column = np.array(names(values).to_pylist(), dtype=object)
        counts = Counter(column.tolist())
        counts.pop(None, None)
        order = sorted(counts, key=lambda name: (-counts[name], name))
    for name in order[:MOST]:
        yield name, column == name
    for name, mask in ((OTHERS, np.isin(column, order[MOST:])), (MISSING, column == None)):  # noqa: E711
        if mask.any():
            yield name, mask


def _fifths(values: pa.ChunkedArray) -> tuple[npt.NDArray[np.object_], list[str]]:
    """Each number or time as a span of about equal counts, named by its bounds; and the spans."""
    found = numbers(values)
    known = np.sort(found[np.isfinite(found)])
    places = np.linspace(0, len(known) - 1, _FIFTHS + 1).round().astype(np.int64)
    edges = np.unique(known[places])
    # bounds are shown as the column has them: a date is no number of days
    spans = [f"{_shown(values, found, a)} – {_shown(values, found, b)}" for a, b in pairwise(edges)]
    at = np.clip(np.searchsorted(edges, found), 1, len(spans)) - 1
    column = np.array(spans, dtype=object)[at]
    column[~np.isfinite(found)] = None
    return column, list(dict.fromkeys(spans))  # two may read alike


def _shown(values: pa.ChunkedArray, found: Floats, bound: float) -> str:
    value: object = values[int(np.flatnonzero(found == bound)[0])].as_py()
    if isinstance(value, (int, float, Decimal)):
        return f"{bound:,.0f}" if abs(bound) >= 1_000 else f"{bound:.4g}"
    return str(value)


def _evaluate(
    column: str,
    group: str,
    mask: npt.NDArray[np.bool_],
    labels: Labels,
    scores: Floats,
    entities: Clusters,
) -> GroupEvaluation:
    ranked = ranked_of(labels[mask], scores[mask])
    clusters = None if entities is None else np.unique(entities[mask], return_inverse=True)[1]
    return GroupEvaluation(
        column=column,
        group=group,
        rows=len(ranked.labels),
        positives=ranked.counts[0],
        auc=figure(ranking.auc(ranked, clusters)),
        calibration_error=figure(calibration.calibration_error(ranked, clusters)),
        mean_score=float(scores[mask].mean()),
        share_positive=float(labels[mask].mean()),
    )
