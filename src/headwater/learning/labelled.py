"""Rows with their labels and moments, checked once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.errors import Issue, did_you_mean, raise_errors
from headwater.learning import columns as read
from headwater.learning.algorithms.protocol import Flags
from headwater.learning.model import AS_OF, LABEL, LearningSpec
from headwater.learning.splitting import LEAST_CLASS, LEAST_ROWS, Moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Rows of features, with what came of them."""

    rows: pa.Table
    labels: Flags
    at: Moments

    def take(self, chosen: Flags) -> Labelled:
        """Some of the rows."""
        rows = self.rows.filter(pa.array(chosen))
        return Labelled(rows=rows, labels=self.labels[chosen], at=self.at[chosen])

    @property
    def fewest(self) -> int:
        """How many rows the smaller class has."""
        positives = int(self.labels.sum())
        return min(positives, len(self.labels) - positives)


def read_labelled(rows: pa.Table, spec: LearningSpec) -> Labelled:
    """The rows as they are learnt from; raises with everything that is wrong with them."""
    raise_errors(_mistakes(rows, spec))
    raise_errors(_contents(rows))
    moments = rows.column(AS_OF).cast(pa.timestamp("us")).to_numpy()
    return Labelled(
        rows=rows,
        labels=rows.column(LABEL).to_numpy().astype(np.bool_),
        at=moments.astype("datetime64[us]"),
    )


def _mistakes(rows: pa.Table, spec: LearningSpec) -> Iterator[Issue]:
    """What is wrong with the columns."""
    if not spec.columns:
        yield Issue(code="E022", what="the model has no features", fix="name feature views")
    names = Counter(column.name for column in spec.columns)
    for name in (name for name, count in names.items() if count > 1):
        what = f"the model has {names[name]} features `{name}`"
        yield Issue(code="E022", what=what, fix="name each feature once")
    families = {AS_OF: ("time", "date"), LABEL: ("boolean",)}
    for name, allowed in families.items():
        if rows.column_names.count(name) != 1:
            what = f"the rows have {rows.column_names.count(name)} columns `{name}`"
            fix = did_you_mean(name, rows.column_names, "labels give `at` and `label`, once each")
            yield Issue(code="E022", what=what, fix=fix)
            continue
        found = rows.schema.field(name).type
        if read.family_of_arrow(found) not in allowed:
            what = f"the column `{name}` is {found}"
            yield Issue(code="E022", what=what, fix=f"it has to be a {allowed[0]}")
    for key in spec.keys:
        if key not in rows.column_names:
            fix = did_you_mean(key, rows.column_names)
            yield Issue(code="E022", what=f"the rows have no key column `{key}`", fix=fix)
    yield from read.mistakes(rows, spec.columns)


def _contents(rows: pa.Table) -> Iterator[Issue]:
    """What is wrong with labels and moments."""
    for name in (AS_OF, LABEL):
        nulls = rows.column(name).null_count
        if nulls:
            what = f"`{name}` is null in {nulls:,} of {rows.num_rows:,} rows"
            fix = "rows are learnt from once their outcome is known: leave these out"
            yield Issue(code="E020", what=what, fix=fix)
    positives = pc.sum(rows.column(LABEL)).as_py() or 0
    least = min(positives, rows.num_rows - positives)
    if rows.num_rows < LEAST_ROWS or least < LEAST_CLASS:
        negatives = rows.num_rows - rows.column(LABEL).null_count - positives
        yield Issue(
            code="E020",
            what=f"there are {rows.num_rows:,} rows with labels: {positives:,} positive, "
            f"{negatives:,} negative",
            fix=f"training needs at least {LEAST_ROWS} rows and {LEAST_CLASS} of each class",
        )
