"""Features computed again: from data that end earlier, and as of a day earlier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headwater.learning.columns import names, numbers
from headwater.learning.identity import entities_of, match
from headwater.learning.leaks import Limits
from headwater.learning.model import AS_OF, LABEL, InputColumn, LearningSpec
from headwater.learning.report import Leak
from headwater.learning.scorer import Scorer
from headwater.learning.values import is_category
from headwater.stats import ranking
from headwater.stats.intervals import Clusters, Estimate, Labels

#: Test rows that are scored again for each feature.
_MOST_ROWS: Final = 20_000
#: Sums are taken in another order; house rule for floats.
_RELATIVE: Final = 1e-9


def frozen_leaks(
    rows: pa.Table, frozen: pa.Table, cut: datetime | None, spec: LearningSpec
) -> Iterator[Leak]:
    """Features whose values change when what happened after `cut` is taken away."""
    if cut is not None:
        moments = frozen.column(AS_OF)
        frozen = frozen.filter(pc.less_equal(moments, pa.scalar(cut, moments.type)))
    leak = partial(Leak, check="freeze", limit=0.0)
    if not frozen.num_rows:
        return
    place = match(rows, frozen, _identity(spec, frozen))
    known = place >= 0
    rebuilt, kept = frozen.filter(pa.array(known)), rows.take(pa.array(place[known]))
    lost = int(np.count_nonzero(~known))
    compared, alarmed = rebuilt.num_rows, False
    if lost:
        alarmed = True
        text = f"{lost:,} of {frozen.num_rows:,} rows rebuilt from earlier data were not there"
        yield leak(feature="", alarm=True, measured=float(lost), text=text)
    for column in spec.columns:
        if column.name not in frozen.column_names:
            continue
        apart = _differ(kept.column(column.name), rebuilt.column(column.name), column)
        count = int(np.count_nonzero(apart))
        if count:
            alarmed = True
            text = (
                f"`{column.name}` differs in {count:,} of {compared:,} rows when later data are "
                f"taken away: {_example(kept, rebuilt, apart, column)}"
            )
            yield leak(feature=column.name, alarm=True, measured=float(count), text=text)
    if not alarmed:
        text = f"{compared:,} rows rebuilt from data cut off after them are identical"
        yield leak(feature="", alarm=False, measured=0.0, text=text)


def lagged_leaks(
    test: pa.Table, lagged: pa.Table, model: Scorer, spec: LearningSpec, limits: Limits
) -> Iterator[Leak]:
    """Whether the model loses its strength where features are a day older.

    What is learnt over weeks hardly changes in a day; what knows the day of the label does.
    """
    leak = partial(Leak, check="lagged", limit=limits.lagged_drop)
    place = match(test, lagged, _identity(spec, lagged))
    found = np.flatnonzero(place >= 0)
    if len(found) > _MOST_ROWS:
        chosen = np.random.default_rng(spec.seed).choice(len(found), _MOST_ROWS, replace=False)
        found = found[np.sort(chosen)]
    now, older = test.take(pa.array(place[found])), lagged.take(pa.array(found))
    labels = now.column(LABEL).to_numpy().astype(np.bool_)
    compare = _Comparison(labels, model, now, entities_of(now, spec.keys))
    drop = compare.drop(older, [column.name for column in spec.columns])
    if drop.value is None:
        return
    alarm = drop.low is not None and drop.low > limits.lagged_drop
    text = f"the AUC falls by {drop.value:.3f} on features of a day earlier"
    if not alarm:
        yield leak(feature="", alarm=False, measured=drop.value, text=text)
        return
    drops = [(compare.drop(older, [column.name]), column.name) for column in spec.columns]
    guilty = [(each, name) for each, name in drops if (each.low or 0.0) > limits.lagged_drop / 2]
    if not guilty:
        worst, name = max(drops, key=lambda each: each[0].value or 0.0)
        text += f", most of it by `{name}` ({worst.value:.3f})"
        yield leak(feature="", alarm=True, measured=drop.value, text=text)
    for each, name in guilty:
        own = f"{text}, by {each.value:.3f} where only `{name}` is a day older"
        yield leak(feature=name, alarm=True, measured=each.value, text=own)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """The AUC of rows as they are, beside that of the same rows with older features."""

    labels: Labels
    model: Scorer
    now: pa.Table
    entities: Clusters

    def drop(self, older: pa.Table, columns: Sequence[str]) -> Estimate:
        """By how much it falls where these columns are older."""
        given = self.now
        for name in columns:
            if name in older.column_names:
                values = older.column(name).cast(given.schema.field(name).type)
                given = given.set_column(given.column_names.index(name), name, values)
        first, second = (
            ranking.rank(self.labels, self.model.score_table(each)) for each in (self.now, given)
        )
        return ranking.auc_difference(first, second, self.entities)


def _identity(spec: LearningSpec, others: pa.Table) -> tuple[str, ...]:
    """What says which row a row is: also what came with it, as the offers of one day."""
    given = [column.name for column in spec.columns if not column.view]
    return (*spec.keys, AS_OF, *(name for name in given if name in others.column_names))


def _differ(
    one: pa.ChunkedArray, other: pa.ChunkedArray, column: InputColumn
) -> npt.NDArray[np.bool_]:
    if is_category(column):
        first, second = names(one), names(other)
        equal = pc.fill_null(pc.equal(first, second), False)
        both_missing = pc.and_(pc.is_null(first), pc.is_null(second))
        found: npt.NDArray[np.bool_] = ~pc.or_(equal, both_missing).to_numpy()
        return found
    return ~np.isclose(numbers(one), numbers(other), rtol=_RELATIVE, atol=1e-12, equal_nan=True)


def _example(
    kept: pa.Table, rebuilt: pa.Table, apart: npt.NDArray[np.bool_], column: InputColumn
) -> str:
    at = int(np.flatnonzero(apart)[0])
    moment = kept.column(AS_OF)[at].as_py()
    first, second = (each.column(column.name)[at].as_py() for each in (kept, rebuilt))
    return f"{first} and without them {second} at {moment:%Y-%m-%d %H:%M}"
