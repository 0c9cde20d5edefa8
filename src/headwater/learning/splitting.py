"""Rows into parts in time, so that nothing that is learnt from was still open when the next began.

A label of a moment is known at the end of its horizon. A row therefore counts in an earlier part
only if `at + embargo` is not after the beginning of the next part; other rows are in none.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from headwater.errors import Issue, raise_errors
from headwater.learning.algorithms.protocol import Flags
from headwater.learning.model import SPLITS, Span, SplitSpec

Moments = npt.NDArray[np.datetime64]  # microseconds
Parts = npt.NDArray[np.str_]

#: The share of the moments that the test has, and the calibration before it.
SHARE = 5
#: What training needs at least.
LEAST_ROWS, LEAST_CLASS = 50, 10


@dataclass(frozen=True, slots=True)
class Fold:
    """Rows to learn from, and later ones to see how well."""

    train: Flags
    test: Flags
    origin: np.datetime64  # the first moment of the later ones


def split(at: Moments, spec: SplitSpec, *, calibrates: bool, seed: int) -> Parts:
    """The part of each row: `train`, `calibrate`, `test`, or "" for none."""
    if spec.mode == "random":
        return _split_randomly(len(at), calibrates=calibrates, seed=seed)
    embargo = np.timedelta64(spec.embargo)
    train, calibrate, test = _days(spec.train), _days(spec.calibrate), _days(spec.test)
    _refuse_disorder(spec)
    parts = np.full(len(at), "", dtype="<U9")

    in_test = _within(at, test)
    if test is None:
        after = calibrate or train
        in_test &= at >= (after[1] if after else _NEVER)
        in_test &= at >= _begin_of_last(at[in_test], share_of=at)
    begin = test[0] if test else _first(at[in_test])
    parts[in_test] = "test"

    if calibrates:
        known = _within(at, calibrate) & _known(at, embargo, begin)
        if calibrate is None:
            known &= at >= (train[1] if train else _NEVER)
            known &= at >= _begin_of_last(at[known], share_of=at)
        parts[known] = "calibrate"
        begin = calibrate[0] if calibrate else _first(at[known], otherwise=begin)
    parts[_within(at, train) & _known(at, embargo, begin)] = "train"
    return parts


def refuse_thin_parts(parts: Parts, labels: Flags, embargo: timedelta, *, calibrates: bool) -> None:
    """Raise where a part is empty or has one class, or training has too few rows, with counts."""
    issues = []
    for name in SPLITS:
        if name == "calibrate" and not calibrates:
            continue
        inside = parts == name
        rows, positives = int(inside.sum()), int(labels[inside].sum())
        negatives = rows - positives
        least = LEAST_CLASS if name == "train" else 1
        if rows >= (LEAST_ROWS if name == "train" else 1) and min(positives, negatives) >= least:
            continue
        total = f"{len(parts):,} rows, {int(labels.sum()):,} of them positive, in all"
        outside = int((parts == "").sum())
        if outside:
            total += f"; {outside:,} in no part, for an embargo of {_text(embargo)} or the spans"
        what = f"the part {name} has {rows:,} rows: {positives:,} positive, {negatives:,} negative"
        fix = (
            f"training needs at least {LEAST_ROWS} rows and {LEAST_CLASS} of each class"
            if name == "train"
            else "each part needs rows of both classes"
        )
        fix += "; give more moments, or other spans under `split`"
        issues.append(Issue(code="E020", what=f"{what} ({total})", fix=fix))
    raise_errors(issues)


def holdout(at: Moments, embargo: timedelta) -> tuple[Flags, Flags] | None:
    """Earlier rows, and the last fifth of the moments to watch meanwhile; None: too few moments."""
    watched = at >= _begin_of_last(at, share_of=at)
    if watched.all():
        return None
    early = _known(at, np.timedelta64(embargo), _first(at[watched]))
    return (early, watched) if early.any() else None


def folds(at: Moments, embargo: timedelta, count: int) -> Iterator[Fold]:
    """Forward in time: the later half of the moments in `count` periods, each after its training.

    Periods before which nothing was known yet are left out.
    """
    moments = np.unique(at)
    for period in np.array_split(moments[len(moments) // 2 :], count):
        if not len(period):
            continue
        train = _known(at, np.timedelta64(embargo), period[0])
        if train.any():
            yield Fold(train, (at >= period[0]) & (at <= period[-1]), period[0])


def random_folds(at: Moments, count: int, seed: int) -> Iterator[Fold]:
    """Folds without regard to time, for a split that was asked to be random."""
    drawn = np.random.default_rng(seed).permutation(len(at)) % count
    for number in range(count):
        if (drawn == number).any() and (drawn != number).any():
            yield Fold(drawn != number, drawn == number, _first(at[drawn == number]))


def _known(at: Moments, embargo: np.timedelta64, begin: np.datetime64) -> Flags:
    """The rows before a moment whose outcome was known by then."""
    known: Flags = (at < begin) & (at + embargo <= begin)
    return known


_NEVER = np.datetime64("0001-01-01", "us")


def _begin_of_last(at: Moments, *, share_of: Moments) -> np.datetime64:
    """Where the last moments of `at` begin, as many as a fifth of all those of `share_of`."""
    moments = np.unique(at)
    count = max(len(np.unique(share_of)) // SHARE, 1)
    return moments[-min(count, len(moments))] if len(moments) else _NEVER


def _first(at: Moments, otherwise: np.datetime64 = _NEVER) -> np.datetime64:
    return at.min() if len(at) else otherwise


def _days(span: Span | None) -> tuple[np.datetime64, np.datetime64] | None:
    return (
        (np.datetime64(span.start, "us"), np.datetime64(span.end, "us"))
        if span is not None
        else None
    )


def _within(at: Moments, span: tuple[np.datetime64, np.datetime64] | None) -> Flags:
    if span is None:
        return np.ones(len(at), dtype=np.bool_)
    inside: Flags = (at >= span[0]) & (at < span[1])
    return inside


def _refuse_disorder(spec: SplitSpec) -> None:
    """Raise where the spans are not one after the other."""
    stated = [
        (name, span)
        for name, span in zip(SPLITS, (spec.train, spec.calibrate, spec.test), strict=True)
        if span is not None
    ]
    issues = [
        Issue(code="E021", what=f"`{name}` ends at {span.end}, before it begins", fix="swap them")
        for name, span in stated
        if span.end <= span.start
    ]
    for (name, span), (later, after) in itertools.pairwise(stated):
        if span.end > after.start:
            what = f"`{later}` begins at {after.start}, before `{name}` ends at {span.end}"
            fix = "parts follow each other: train, calibrate, test"
            issues.append(Issue(code="E021", what=what, fix=fix))
    raise_errors(issues)


def _split_randomly(count: int, *, calibrates: bool, seed: int) -> Parts:
    parts = np.full(count, "train", dtype="<U9")
    order = np.random.default_rng(seed).permutation(count)
    size = count // SHARE
    parts[order[:size]] = "test"
    if calibrates:
        parts[order[size : 2 * size]] = "calibrate"
    return parts


def _text(embargo: timedelta) -> str:
    hours = embargo.total_seconds() / 3600
    return f"{hours / 24:g} days" if hours % 24 == 0 else f"{hours:g} hours"
