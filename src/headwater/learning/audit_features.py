"""Features looked at one by one: is one alone too good, or does its absence tell the label?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headwater.learning.columns import names, numbers
from headwater.learning.leaks import Limits
from headwater.learning.model import InputColumn
from headwater.learning.report import Leak
from headwater.learning.values import is_category
from headwater.stats import ranking
from headwater.stats.intervals import (
    UNKNOWN,
    Clusters,
    Estimate,
    Floats,
    Labels,
    difference_of_shares,
    share_of,
    total_by,
)

_BINS: Final = 50
#: As if so many rows of the mean share of positives stood in each bin besides its own.
_PRIOR: Final = 10.0
_LEAST_TO_COMPARE: Final = 3


def single_features(
    rows: pa.Table,
    labels: Labels,
    entities: Clusters,
    columns: Sequence[InputColumn],
    limits: Limits,
) -> Iterator[Leak]:
    """Features that alone order rows as no honest one does: a copy of the label, or its effect.

    Also one below that, where it is far above all others of three or more.
    """
    leak = partial(Leak, check="single_feature")
    found = [(_alone(rows, labels, entities, column), column.name) for column in columns]
    ordered = sorted(found, key=lambda each: (-(each[0].value or 0.0), each[1]))
    second = ordered[1][0].value or 0.0 if len(ordered) >= _LEAST_TO_COMPARE else 1.0
    for at, (auc, name) in enumerate(ordered):
        value, limit, more = auc.value or 0.0, limits.single_auc, ""
        alarm = _reaches(auc, limit, limits.slack)
        if at == 0 and not alarm and value >= second + limits.apart_by:
            limit, more = limits.apart_auc, f", the next best feature {second:.3f}"
            alarm = _reaches(auc, limit, limits.slack)
        if alarm:
            text = f"`{name}` alone has an AUC of {value:.3f}{more}: does it know the label?"
        elif at == 0:
            text = f"the best single feature, `{name}`, has an AUC of {value:.3f}{more}"
        else:
            return
        yield leak(feature=name, alarm=alarm, measured=value, limit=limit, text=text)


def missingness(
    rows: pa.Table,
    labels: Labels,
    entities: Clusters,
    columns: Sequence[InputColumn],
    limits: Limits,
) -> Iterator[Leak]:
    """Features that are missing, or there, because of the label; else the one that tells most.

    One that is missing exactly where another feature, never missing itself, is low, high or of some
    names, as an average of no orders is, is told of without alarm.
    """
    found = [
        absence
        for column in columns
        if (absence := _absence(rows, labels, entities, column)) is not None
    ]
    telling = [each for each in found if each.tells(limits)]
    if not telling:
        best = max(found, key=lambda each: each.auc.value or 0.0, default=None)
        yield Leak(
            check="missingness",
            feature=best.feature if best else "",
            alarm=False,
            measured=best.auc.value if best else None,
            limit=limits.missing_auc,
            text=best.text if best else "no feature is missing anywhere",
        )
    for each in telling:
        by = _decided_by(each.missing, rows, columns)
        more = f"; it is missing exactly by `{by}`: is that known in time?" if by else ""
        is_auc = _reaches(each.auc, limits.missing_auc, limits.slack)
        yield Leak(
            check="missingness",
            feature=each.feature,
            alarm=not by,
            measured=each.auc.value if is_auc else each.gap,
            limit=limits.missing_auc if is_auc else limits.missing_gap,
            text=each.text + more,
        )


@dataclass(frozen=True, slots=True)
class _Absence:
    """What a feature's being missing says of the label."""

    feature: str
    missing: Labels
    auc: Estimate
    gap: float  # between the shares of positives with and without it, at least
    text: str

    def tells(self, limits: Limits) -> bool:
        """Whether it tells more than it should."""
        is_auc = _reaches(self.auc, limits.missing_auc, limits.slack)
        return is_auc or self.gap >= limits.missing_gap


def _absence(
    rows: pa.Table, labels: Labels, entities: Clusters, column: InputColumn
) -> _Absence | None:
    missing = _missing(rows.column(column.name), column)
    if not missing.any() or missing.all():
        return None
    with_it = Estimate(*share_of(labels, (~missing).astype(np.float64), entities))
    without = Estimate(*share_of(labels, missing.astype(np.float64), entities))
    gap = difference_of_shares(without, with_it)
    return _Absence(
        feature=column.name,
        missing=missing,
        auc=_either_way(labels, missing.astype(np.float64), entities),
        gap=max(0.0, gap.low or 0.0, -(gap.high or 0.0)),
        text=(
            f"{without.value:.0%} are positive where `{column.name}` is missing, "
            f"{with_it.value:.0%} where it is there"
        ),
    )


def _alone(rows: pa.Table, labels: Labels, entities: Clusters, column: InputColumn) -> Estimate:
    """The AUC of one feature, whichever of several ways to read it gives the highest."""
    values = rows.column(column.name)
    if is_category(column):
        codes = names(values).fill_null("").combine_chunks().dictionary_encode().indices.to_numpy()
        return ranking.auc(ranking.rank(labels, _rates(codes, labels, entities)), entities)
    found = numbers(values)
    known = np.isfinite(found)
    if not known.any():
        return UNKNOWN
    low, high = found[known].min() - 1, found[known].max() + 1
    edges = np.unique(np.quantile(found[known], np.linspace(0, 1, _BINS + 1)[1:-1]))
    bins = np.where(known, np.searchsorted(edges, found, side="right"), len(edges) + 1)
    tried = [
        _either_way(labels, np.where(known, found, low), entities),
        _either_way(labels, np.where(known, found, high), entities),
        ranking.auc(ranking.rank(labels, _rates(bins, labels, entities)), entities),
    ]
    return max(tried, key=lambda each: each.value or 0.0)


def _rates(codes: npt.NDArray[np.integer], labels: Labels, entities: Clusters) -> Floats:
    """The share of positives of each row's bin, learnt from the other half of the entities.

    So that a bin of one row does not tell its own label.
    """
    whose = np.arange(len(labels)) if entities is None else entities
    scores = np.empty(len(labels))
    count = int(codes.max()) + 1
    for half in (whose % 2 == 0, whose % 2 == 1):
        other = ~half
        base = float(labels[other].mean()) if other.any() else 0.5
        hits = total_by(codes[other], labels[other].astype(np.float64), count)
        size = total_by(codes[other], np.ones(int(other.sum())), count)
        scores[half] = ((hits + _PRIOR * base) / (size + _PRIOR))[codes[half]]
    return scores


def _either_way(labels: Labels, values: Floats, entities: Clusters) -> Estimate:
    """The AUC of values, or of their opposites where that is more."""
    value, low, high = ranking.auc(ranking.rank(labels, values), entities)
    if value is None or value >= 0.5:
        return Estimate(value, low, high)
    return Estimate(1 - value, None if high is None else 1 - high, None if low is None else 1 - low)


def _reaches(found: Estimate, limit: float, slack: float) -> bool:
    return found.low is not None and (found.value or 0.0) >= limit and found.low >= limit - slack


def _missing(values: pa.ChunkedArray, column: InputColumn) -> npt.NDArray[np.bool_]:
    if is_category(column):
        found: npt.NDArray[np.bool_] = pc.is_null(values).to_numpy()
        return found
    return np.isnan(numbers(values))


def _decided_by(
    missing: npt.NDArray[np.bool_], rows: pa.Table, columns: Sequence[InputColumn]
) -> str:
    """A feature that is never missing itself and whose value decides whether another is."""
    for column in columns:
        values = rows.column(column.name)
        if _missing(values, column).any():
            continue
        if is_category(column):
            texts = names(values)
            where = set(pc.unique(texts.filter(pa.array(missing))).to_pylist())
            if where.isdisjoint(pc.unique(texts.filter(pa.array(~missing))).to_pylist()):
                return column.name
            continue
        found = numbers(values)
        without, with_it = found[missing], found[~missing]
        if without.max() < with_it.min() or without.min() > with_it.max():
            return column.name
    return ""
