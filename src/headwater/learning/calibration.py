"""Log-odds → probabilities, fitted on rows later than those of training.

Platt's method is a logistic of the log-odds. Isotonic regression takes any rising shape, and needs
many rows. Both are plain numbers, stored as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headwater.learning.algorithms.protocol import Flags, Numbers
from headwater.learning.model import CalibrationMethod
from headwater.stats.calibration import log_losses

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


def fit_calibrator(
    margins: Numbers, labels: Flags, method: CalibrationMethod, *, seed: int
) -> Calibrator:
    """The calibration of these rows.

    `auto` is Platt's, and isotonic where there are rows enough and it has the lower log loss on
    rows that it has not seen.
    """
    if method == "none":
        return Calibrator()
    if method == "isotonic":
        return _isotonic(margins, labels)
    platt = _platt(margins, labels)
    positives = int(labels.sum())
    is_enough = min(positives, len(labels) - positives) >= ISOTONIC_CLASS
    if method == "platt" or len(labels) < ISOTONIC_ROWS or not is_enough:
        return platt
    losses = _unseen_losses(margins, labels, seed)
    return _isotonic(margins, labels) if losses[1] < losses[0] else platt


def _unseen_losses(margins: Numbers, labels: Flags, seed: int, folds: int = 5) -> tuple[float, ...]:
    """The mean log loss of both methods, each row scored by a fit without its fifth."""
    drawn = np.random.default_rng(seed).permutation(len(labels)) % folds
    losses = np.zeros((2, len(labels)))
    for fold in range(folds):
        out = drawn == fold
        for row, fit in enumerate((_platt, _isotonic)):
            scores = fit(margins[~out], labels[~out]).probabilities(margins[out])
            losses[row, out] = log_losses(labels[out], scores)
    return tuple(losses.mean(axis=1).tolist())


def _platt(margins: Numbers, labels: Flags) -> Calibrator:
    """A logistic of the log-odds by Newton's method, to Platt's targets a little inside of 0 and 1.

    Lin, Lin, Weng: A note on Platt's probabilistic outputs for support vector machines (2007).
    """
    positives = int(labels.sum())
    negatives = len(labels) - positives
    targets = np.where(labels, (positives + 1) / (positives + 2), 1 / (negatives + 2))
    mean = float(targets.mean())
    start = float(np.log(mean / (1 - mean)))
    if np.ptp(margins) == 0:  # the model tells nobody apart
        return Calibrator(method="platt", slope=1.0, intercept=start - float(margins[0]))
    design = np.column_stack([margins, np.ones(len(margins))])
    found = np.array([0.0, start])
    loss = _platt_loss(design, targets, found)
    for _ in range(100):
        shares = 1 / (1 + np.exp(-np.clip(design @ found, -_EDGE, _EDGE)))
        slopes = design.T @ (shares - targets)
        bends = (design * (shares * (1 - shares) + 1e-12)[:, None]).T @ design
        step = np.linalg.solve(bends + 1e-12 * np.eye(2), slopes)
        reach = 1.0
        while reach > 1e-8 and _platt_loss(design, targets, found - reach * step) > loss:
            reach /= 2
        found = found - reach * step
        before, loss = loss, _platt_loss(design, targets, found)
        if before - loss <= 1e-12 * abs(before):
            break
    return Calibrator(method="platt", slope=float(found[0]), intercept=float(found[1]))


def _platt_loss(design: Numbers, targets: Numbers, found: Numbers) -> float:
    logits = design @ found
    return float((np.logaddexp(0, logits) - targets * logits).sum())


def _isotonic(margins: Numbers, labels: Flags) -> Calibrator:
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(out_of_bounds="clip").fit(margins, labels.astype(np.float64))
    edge = 1 / (len(labels) + 2)  # never quite 0 or 1: of so many rows nothing is certain
    return Calibrator(
        method="isotonic",
        knots=tuple(fitted.X_thresholds_.tolist()),
        chances=tuple(np.clip(fitted.y_thresholds_, edge, 1 - edge).tolist()),
    )
