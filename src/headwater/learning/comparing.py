"""What a model is compared with: simple models on the same rows, and itself at other times."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from headwater.errors import HeadwaterError, Issue, did_you_mean
from headwater.learning.algorithms.logistic import LogisticAlgorithm
from headwater.learning.algorithms.protocol import Flags, Numbers
from headwater.learning.encoding import Encoding
from headwater.learning.labelled import Labelled
from headwater.learning.model import CalibrationMethod, InputColumn, LearningSpec
from headwater.learning.search import is_enough
from headwater.learning.splitting import Fold, folds, holdout
from headwater.learning.training import Recipe, calibrate, train
from headwater.learning.values import family_of

#: Names of features that say how long ago something was.
_RECENCY = ("recency", "days_since")


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestScores:
    """Rows after `origin`, scored by a model that was trained on what was known before it."""

    origin: date
    train_rows: int
    labels: Flags
    scores: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The rows of each part."""

    train: Labelled
    calibrate: Labelled  # empty without calibration
    test: Labelled


def baselines(
    parts: Parts, recipe: Recipe, method: CalibrationMethod, recency: InputColumn | None
) -> Mapping[str, Numbers]:
    """Scores of the test rows: the share of positives, recency alone, and a logistic of all."""
    share = float(parts.train.labels.mean())
    found = {"majority": np.full(len(parts.test.labels), share)}
    logistic = replace(recipe, algorithm=LogisticAlgorithm(), parameters={})
    if recency is not None:
        found["recency"] = _scores(parts, replace(logistic, columns=(recency,)), method)
    found["logistic"] = _scores(parts, logistic, method)
    return found


def _scores(parts: Parts, recipe: Recipe, method: CalibrationMethod) -> Numbers:
    scorer, _ = train(parts.train, recipe)
    if method != "none":
        scorer = calibrate(scorer, parts.calibrate, method, seed=recipe.seed)
    return scorer.score_table(parts.test.rows)


def recency_column(
    spec: LearningSpec, encodings: tuple[Encoding, ...]
) -> tuple[InputColumn | None, tuple[str, ...]]:
    """The feature that tells how long ago something was, and a warning where there is none."""
    quantities = [
        encoding.column
        for encoding in encodings
        if family_of(encoding.column.type) == "number" and encoding.categories is None
    ]
    named = [column for column in quantities if column.name == spec.recency]
    if spec.recency and not named:
        what = f"`recency: {spec.recency}` is no feature with numbers"
        fix = did_you_mean(spec.recency, [column.name for column in quantities])
        raise HeadwaterError(Issue(code="E022", what=what, fix=fix))
    used = {encoding.column.name for encoding in encodings if encoding.is_used}
    likely = named or [
        column for column in quantities if any(word in column.name.lower() for word in _RECENCY)
    ]
    found = [column for column in likely if column.name in used]
    if found:
        return found[0], ()
    why = f"`{likely[0].name}` never varies" if likely else "no feature is named for it"
    return None, (f"there is no recency baseline: {why}; name one with `recency:`",)


def backtest(
    data: Labelled, recipe: Recipe, method: CalibrationMethod, origins: int, *, pool: Executor
) -> tuple[BacktestScores, ...]:
    """The same training at several origins, each on the rows that were known by then.

    Origins before which there were too few rows are left out.
    """
    parts = [fold for fold in folds(data.at, recipe.embargo, origins) if fold.test.any()]
    scored = pool.map(lambda fold: _score_fold(data, recipe, method, fold), parts)
    return tuple(each for each in scored if each is not None)


def _score_fold(
    data: Labelled, recipe: Recipe, method: CalibrationMethod, fold: Fold
) -> BacktestScores | None:
    known, test = data.take(fold.train), data.take(fold.test)
    if not is_enough(known):
        return None
    held = holdout(known.at, recipe.embargo) if method != "none" else None
    if held is not None and is_enough(known.take(held[0])) and known.take(held[1]).fewest:
        scorer, _ = train(known.take(held[0]), recipe)
        scorer = calibrate(scorer, known.take(held[1]), method, seed=recipe.seed)
    else:
        scorer, _ = train(known, recipe)
    return BacktestScores(
        origin=fold.origin.astype("datetime64[D]").astype(date),
        train_rows=len(known.labels),
        labels=test.labels,
        scores=scorer.score_table(test.rows),
    )
