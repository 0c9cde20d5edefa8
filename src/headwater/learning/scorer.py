"""Everything that is needed to score, in one immutable value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from headwater.learning.algorithms.protocol import Algorithm, Estimator, Numbers
from headwater.learning.calibration import Calibrator
from headwater.learning.encoding import Encoder
from headwater.learning.model import InputColumn
from headwater.learning.values import Value

#: Rows that are encoded and scored at a time.
BATCH_ROWS = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorer:
    """Features → probability. Safe to use from many threads."""

    columns: tuple[InputColumn, ...]  # the order of vectors
    keys: tuple[str, ...]
    algorithm: Algorithm
    encoder: Encoder
    estimator: Estimator
    calibrator: Calibrator

    def score_table(self, rows: pa.Table) -> Numbers:
        """The probability of each row; memory does not grow with their number."""
        return self.calibrator.probabilities(self.margins(rows))

    def margins(self, rows: pa.Table) -> Numbers:
        """The log-odds of each row before calibration."""
        margins = np.empty(rows.num_rows, dtype=np.float64)
        for start in range(0, rows.num_rows, BATCH_ROWS):
            part = rows.slice(start, BATCH_ROWS)
            found = self.estimator.margins(self.encoder.matrix(part))
            margins[start : start + part.num_rows] = found
        return margins

    def score_vector(self, vector: Sequence[Value]) -> float:
        """The probability of one row, its values in the order of `columns`.

        It equals what `score_table` gives for the same values, to the last digit.
        """
        return self.calibrator.probability(self.estimator.margin(self.encoder.row(vector)))

    def contributions(self, rows: pa.Table) -> Numbers:
        """What each input adds to the log-odds (SHAP), and a last column with the base.

        Rows sum up to the log-odds of the score; under isotonic calibration to those before it.
        """
        parts = [
            self._contributions(self.encoder.matrix(rows.slice(start, BATCH_ROWS)))
            for start in range(0, rows.num_rows, BATCH_ROWS)
        ]
        return np.concatenate(parts) if parts else np.empty((0, len(self.columns) + 1))

    def reasons(self, vector: Sequence[Value], top: int) -> list[tuple[str, float]]:
        """The inputs that move this score most, with what each adds to the log-odds."""
        row = np.array([self.encoder.row(vector)], dtype=np.float64)
        added = self._contributions(row)[0, :-1]
        order = sorted(range(len(added)), key=lambda i: (-abs(added[i]), i))
        return [(self.columns[i].name, float(added[i])) for i in order[:top] if added[i]]

    def _contributions(self, matrix: Numbers) -> Numbers:
        """Of columns of the matrix → of inputs, as calibrated."""
        found = self.estimator.contributions(matrix) * self.calibrator.slope
        by_input = np.zeros((len(matrix), len(self.columns) + 1))
        for column, owner in enumerate(self.encoder.owners):
            by_input[:, owner] += found[:, column]
        by_input[:, -1] = found[:, -1] + self.calibrator.intercept
        return by_input
