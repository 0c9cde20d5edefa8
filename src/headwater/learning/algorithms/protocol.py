"""What an algorithm and what it has learnt can do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from headwater.errors import HeadwaterError, Issue

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """What is learnt from: a matrix of encoded features, its labels, and what to stop early by.

    `watched` marks the later rows in time whose loss decides how many trees there are; the rows
    before them that may be learnt from meanwhile are `early`. Without them a fixed number is grown.
    """

    matrix: Numbers
    labels: Flags
    early: Flags | None = None
    watched: Flags | None = None


class Estimator(Protocol):
    """What was learnt. Immutable, safe from many threads; margins are log-odds."""

    @property
    def is_exact(self) -> bool:
        """Whether contributions are exact rather than sampled."""

    @property
    def grown(self) -> Mapping[str, object]:
        """Parameters that training found: how many trees there are."""

    def margins(self, matrix: Numbers) -> Numbers:
        """The log-odds of each row."""

    def margin(self, row: Sequence[float]) -> float:
        """The same number for one row, fast."""

    def contributions(self, matrix: Numbers) -> Numbers:
        """What each column of the matrix adds to the log-odds, and a last column with the base."""

    def dump(self) -> bytes:
        """The content of its file; equal for equal training."""


class Algorithm(Protocol):
    """How an estimator is learnt and read again."""

    @property
    def name(self) -> str:
        """As models' files name it."""

    @property
    def file(self) -> str:
        """The name of its file in an artifact."""

    @property
    def defaults(self) -> Mapping[str, object]:
        """The parameters where nothing is said."""

    @property
    def one_hot(self) -> bool:
        """Whether a category needs a column of its own."""

    def check(self, parameters: Mapping[str, object]) -> tuple[Issue, ...]:
        """What is wrong with the names of parameters."""

    def fit(self, examples: Examples, parameters: Mapping[str, object], seed: int) -> Estimator:
        """Learn; the same examples, parameters and seed give the same bytes."""

    def load(self, content: bytes, width: int) -> Estimator:
        """Read what `dump` wrote for matrices of `width` columns; raises `CannotLoadError`."""


class CannotLoadError(Exception):
    """A model's file is not what it says it is."""


def missing_extra(package: str) -> HeadwaterError:
    """The error for a machine without the packages of models."""
    what = f"this model needs the package {package}, which is not installed"
    return HeadwaterError(Issue(code="E026", what=what, fix="pip install 'headwater[ml]'"))
