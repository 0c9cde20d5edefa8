"""Log-odds → probabilities, fitted on rows later than those of training.

Platt's method is a logistic of the log-odds. Isotonic regression takes any rising shape, and needs
many rows. Both are plain numbers, stored as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headwater.learning.algorithms.protocol import Numbers

#: From so many calibration rows, and so many of each class, isotonic regression is tried.
ISOTONIC_ROWS, ISOTONIC_CLASS = 1_000, 200
_EDGE = 700.0  # exp overflows a little beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """One fitted calibration; the default is the plain sigmoid of the log-odds."""

    method: Literal["none", "platt", "isotonic"] = "none"
    slope: float = 1.0
    intercept: float = 0.0
    knots: tuple[float, ...] = ()  # isotonic: rising log-odds …
    chances: tuple[float, ...] = ()  # … and the probability at each, linear in between

    def probabilities(self, margins: Numbers) -> Numbers:
        """The probability for each margin.

        >>> Calibrator(method="platt", slope=2.0).probabilities(np.array([0.0, 1e9])).round(3)
        array([0.5, 1. ])
        """
        if self.method == "isotonic":
            found: Numbers = np.interp(margins, self.knots, self.chances)
            return found
        logits = np.clip(self.slope * margins + self.intercept, -_EDGE, _EDGE)
        shares: Numbers = 1.0 / (1.0 + np.exp(-logits))
        return shares

    def probability(self, margin: float) -> float:
        """The same number for one margin."""
        if self.method == "isotonic":
            return float(np.interp(margin, self.knots, self.chances))
        logit = min(max(self.slope * margin + self.intercept, -_EDGE), _EDGE)
        # numpy's exp differs from that of the math module in the last digit
        return 1.0 / (1.0 + float(np.exp(-logit)))
