"""Values of features → the numbers that algorithms see, the same for tables and for one row.

Numbers stay, booleans are 0 and 1, dates and times count days since 1970-01-01, a missing value is
NaN. Texts are categories learnt in training: the most frequent ones by name, all others as one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from headwater.errors import HeadwaterError, Issue, did_you_mean
from headwater.learning.model import InputColumn

Matrix = npt.NDArray[np.float64]
Value = float | str | None

#: The categories of a text that are told apart; the rest count as one.
CATEGORIES = 50
#: XGBoost keeps values as float32: beyond its range they would be infinite.
LARGEST = float(np.finfo(np.float32).max)
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How one input becomes numbers. Without `is_used` it stays in vectors and is passed over."""

    column: InputColumn
    is_used: bool = True
    categories: tuple[str, ...] = ()  # in order of frequency in training

    @property
    def is_category(self) -> bool:
        """Whether its values are names."""
        return self.column.is_category


class Encoder:
    """The encodings of all inputs in the order of vectors.

    With `one_hot` each category (and `others`) has a column of 0 and 1, as linear models need;
    otherwise a category is one column with its number. `owners` says for each column of the matrix
    which input it comes from.
    """

    def __init__(self, encodings: Sequence[Encoding], *, one_hot: bool) -> None:
        self.encodings = tuple(encodings)
        self.one_hot = one_hot
        widths = [self._width(encoding) for encoding in self.encodings]
        self.owners = tuple(i for i, width in enumerate(widths) for _ in range(width))
        self._rows = tuple(self._row_encoder(encoding) for encoding in self.encodings)
        self._codes = tuple(
            {name: code for code, name in enumerate(encoding.categories)}
            for encoding in self.encodings
        )

    def _width(self, encoding: Encoding) -> int:
        if not encoding.is_used:
            return 0
        return len(encoding.categories) + 1 if encoding.is_category and self.one_hot else 1

    def matrix(self, rows: pa.Table) -> Matrix:
        """Rows of a table as numbers."""
        raise NotImplementedError

    def row(self, vector: Sequence[Value]) -> list[float]:
        """One row as numbers."""
        raise NotImplementedError
