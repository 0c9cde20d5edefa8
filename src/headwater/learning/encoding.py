"""Values of features → the numbers that algorithms see, the same for tables and for one row.

Numbers stay, booleans are 0 and 1, dates and times count days since 1970-01-01, a missing value is
NaN. Texts are categories learnt in training: the most frequent ones by name, all others as one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from headwater.errors import HeadwaterError, Issue, raise_errors
from headwater.learning import columns as read
from headwater.learning.algorithms.protocol import Numbers
from headwater.learning.model import InputColumn
from headwater.learning.values import Value, family_of, is_category, name, number

#: The categories of a text that are told apart; the rest count as one.
CATEGORIES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How one input becomes numbers; one that is not used stays in vectors and is passed over."""

    column: InputColumn
    is_used: bool = True
    categories: tuple[str, ...] | None = None  # the most frequent first; None: a quantity


class Encoder:
    """The encodings of all inputs, in the order of vectors.

    With `one_hot` each category, and all others together, have a column of 0 and 1, as linear
    models need; otherwise one column has the number of the category. `owners` says for each column
    of the matrix which input it comes from.
    """

    def __init__(self, encodings: Sequence[Encoding], *, one_hot: bool) -> None:
        self.encodings = tuple(encodings)
        self.one_hot = one_hot
        owners: list[int] = []
        steps: list[tuple[int, Mapping[str, int] | None, int]] = []
        for i, encoding in enumerate(self.encodings):
            if not encoding.is_used:
                continue
            known = encoding.categories
            width = len(known) + 1 if known is not None and one_hot else 1
            codes = None if known is None else {name: code for code, name in enumerate(known)}
            owners += [i] * width
            steps.append((i, codes, width))
        self.owners = tuple(owners)
        self._steps = tuple(steps)

    def matrix(self, rows: pa.Table) -> Numbers:
        """Rows of a table as numbers; raises where a column is missing or of another type."""
        raise_errors(read.mistakes(rows, [encoding.column for encoding in self.encodings]))
        matrix = np.empty((rows.num_rows, len(self.owners)), dtype=np.float64)
        issues: list[Issue] = []
        at = 0
        for i, _, width in self._steps:
            encoding = self.encodings[i]
            values = rows.column(encoding.column.name)
            if encoding.categories is None:
                matrix[:, at] = read.numbers(values)
                issues.extend(read.infinite(encoding.column, matrix[:, at]))
            elif self.one_hot:
                coded = read.codes(values, encoding.categories)
                matrix[:, at : at + width] = coded[:, None] == np.arange(width)
            else:
                matrix[:, at] = read.codes(values, encoding.categories)
            at += width
        raise_errors(issues)
        return matrix

    def row(self, vector: Sequence[Value]) -> list[float]:
        """One row as numbers; raises where it has another length or a value of another type."""
        if len(vector) != len(self.encodings):
            what = f"the vector has {len(vector)} values; the model takes {len(self.encodings)}"
            fix = "give a value, or null, for each of its columns, in their order"
            raise HeadwaterError(Issue(code="E029", what=what, fix=fix))
        row: list[float] = []
        for i, codes, width in self._steps:
            value = vector[i]
            try:
                if codes is None:
                    row.append(number(value))
                    continue
                code = math.nan if value is None else codes.get(name(value), len(codes))
            except (TypeError, ValueError, OverflowError):
                raise _strange(self.encodings[i].column, value) from None
            if self.one_hot:
                row += [float(code == place) for place in range(width)]
            else:
                row.append(float(code))
        return row


def learn_encodings(
    rows: pa.Table, inputs: Sequence[InputColumn]
) -> tuple[tuple[Encoding, ...], tuple[str, ...]]:
    """The encodings of inputs by their values in the training rows, and warnings.

    What never varies is not used. Raises for types that no model can read, and infinite values.
    """
    raise_errors(read.mistakes(rows, inputs))
    encodings: list[Encoding] = []
    issues: list[Issue] = []
    warnings: list[str] = []
    for given in inputs:
        found = _mistake_of_type(given)
        if found:
            issues.append(found)
            continue
        column = replace(given, is_category=is_category(given))
        values = rows.column(column.name)
        categories = _frequent(values) if column.is_category else None
        if categories is None:
            issues.extend(read.infinite(column, read.numbers(values)))
        is_used = pc.count_distinct(values, mode="all").as_py() > 1
        encodings.append(Encoding(column=column, is_used=is_used, categories=categories))
        if not is_used:
            state = "has no value" if values.null_count == len(values) else "never varies"
            warnings.append(f"`{column.name}` {state} in the training rows, and is not used")
    raise_errors(issues)
    return tuple(encodings), tuple(warnings)


def _mistake_of_type(column: InputColumn) -> Issue | None:
    """Why an input cannot be learnt from, by its type."""
    family = family_of(column.type)
    if family == "other":
        fix = "features are numbers, booleans, dates, timestamps or texts"
    elif column.is_category and family not in ("text", "boolean") and not _is_whole(column):
        fix = "categories are texts, booleans or whole numbers: cast it to VARCHAR"
    else:
        return None
    what = f"a model cannot learn from `{column.name}` of type {column.type}"
    return Issue(code="E023", what=what, fix=fix)


def _is_whole(column: InputColumn) -> bool:
    return "INT" in column.type.upper()


def _frequent(values: pa.ChunkedArray) -> tuple[str, ...]:
    counted = pc.value_counts(read.names(values).drop_null()).to_pylist()
    counted.sort(key=lambda found: (-found["counts"], found["values"]))
    return tuple(found["values"] for found in counted[:CATEGORIES])


def _strange(column: InputColumn, value: object) -> HeadwaterError:
    what = f"`{column.name}` is {column.type}, and was given as {value!r:.60}"
    expected = "a text" if is_category(column) else "a finite number"
    return HeadwaterError(Issue(code="E029", what=what, fix=f"give {expected}, or null"))
