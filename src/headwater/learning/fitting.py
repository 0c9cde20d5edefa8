"""Rows with labels → a calibrated model, and what it has to be compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa

from headwater.errors import Issue, raise_errors
from headwater.learning.algorithms.choosing import algorithm_of
from headwater.learning.algorithms.protocol import Algorithm, Numbers, missing_extra
from headwater.learning.calibration import ISOTONIC_ROWS
from headwater.learning.comparing import (
    BacktestScores,
    Parts,
    backtest,
    baselines,
    recency_column,
)
from headwater.learning.labelled import Labelled, read_labelled
from headwater.learning.model import SPLITS, LearningSpec
from headwater.learning.report import SplitPart, Trial
from headwater.learning.scorer import Scorer
from headwater.learning.search import best, combinations, search
from headwater.learning.splitting import Parts as PartNames
from headwater.learning.splitting import refuse_thin_parts, split
from headwater.learning.training import Recipe, calibrate, train

__all__ = ["BacktestScores", "Trained", "fit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """All that a training found.

    `splits` says for each row `train`, `calibrate`, `test` or "" (embargoed, or beyond the spans).
    Baselines (`majority`, `recency` where there is one, `logistic`) are scores of the test rows,
    in their order.
    """

    model: Scorer
    uncalibrated: Scorer
    splits: PartNames
    parts: tuple[SplitPart, ...]
    baselines: Mapping[str, Numbers]
    trials: tuple[Trial, ...]
    backtest: tuple[BacktestScores, ...]
    parameters: Mapping[str, object]  # all that were used, with the defaults
    recency: str  # the feature of that baseline; empty: there is none
    warnings: tuple[str, ...]


def fit(
    rows: pa.Table,
    spec: LearningSpec,
    *,
    threads: int = 2,
    make: Callable[[], Any] | None = None,
) -> Trained:
    """Train, calibrate, compare and backtest; the same rows and spec give the same bytes.

    `threads` trainings run side by side, each on one thread. `make` is the function of `python`.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ModuleNotFoundError:
        raise missing_extra("scikit-learn") from None
    algorithm = algorithm_of(spec.algorithm, spec.estimator, make)
    raise_errors(_mistakes(spec, algorithm))
    data = read_labelled(rows, spec)
    # sums over several threads would differ in the last digits
    with threadpool_limits(limits=1), ThreadPoolExecutor(max(threads, 1)) as pool:
        return _fit(data, spec, algorithm, pool)


def _fit(
    data: Labelled, spec: LearningSpec, algorithm: Algorithm, pool: ThreadPoolExecutor
) -> Trained:
    embargo = max(spec.split.embargo, spec.horizon)
    calibrates, is_random = spec.calibration != "none", spec.split.mode == "random"
    split_spec = replace(spec.split, embargo=embargo)
    splits = split(data.at, split_spec, calibrates=calibrates, seed=spec.seed)
    refuse_thin_parts(splits, data.labels, embargo, calibrates=calibrates)
    parts = Parts(**{name: data.take(splits == name) for name in SPLITS})
    recipe = Recipe(
        algorithm=algorithm,
        columns=spec.columns,
        keys=spec.keys,
        parameters=spec.parameters,
        embargo=embargo,
        seed=spec.seed,
    )
    trials: tuple[Trial, ...] = ()
    if spec.search:
        candidates = combinations(spec.search, spec.trials, spec.seed)
        trials = search(parts.train, recipe, candidates, is_random=is_random, pool=pool)
        recipe = replace(recipe, parameters={**spec.parameters, **best(trials).parameters})
    uncalibrated, warnings = train(parts.train, recipe)
    recency, no_recency = recency_column(spec, uncalibrated.encoder.encodings)
    model = uncalibrated
    if calibrates:
        model = calibrate(uncalibrated, parts.calibrate, spec.calibration, seed=spec.seed)
    return Trained(
        model=model,
        uncalibrated=uncalibrated,
        splits=splits,
        parts=tuple(
            _described(name, part, spec)
            for name in SPLITS
            if len((part := getattr(parts, name)).labels)
        ),
        baselines=baselines(parts, recipe, spec.calibration, recency),
        trials=trials,
        backtest=backtest(data, recipe, spec.calibration, spec.split.origins, pool=pool),
        parameters={
            **algorithm.defaults,
            **recipe.parameters,
            **uncalibrated.estimator.grown,
        },
        recency=recency.name if recency else "",
        warnings=(*warnings, *no_recency, *_doubts(model, parts)),
    )


def _mistakes(spec: LearningSpec, algorithm: Algorithm) -> Iterator[Issue]:
    yield from algorithm.check({**spec.parameters, **spec.search})
    for name, values in spec.search.items():
        if not values:
            what = f"`search` gives no values for `{name}`"
            yield Issue(code="E025", what=what, fix="give some, or take it out")
        if name in spec.parameters:
            what = f"`{name}` is in `parameters` and in `search`"
            yield Issue(code="E025", what=what, fix="keep one of them")
    if spec.search and spec.trials < 1:
        what = f"`trials` is {spec.trials}"
        yield Issue(code="E025", what=what, fix="try at least one")


def _described(name: str, part: Labelled, spec: LearningSpec) -> SplitPart:
    moments = part.at.astype("datetime64[D]")
    keys = part.rows.select(list(spec.keys))
    entities = keys.group_by(list(spec.keys)).aggregate([]).num_rows if spec.keys else 0
    return SplitPart(
        name=name,
        rows=len(moments),
        positives=int(part.labels.sum()),
        entities=entities,
        first=moments.min().astype(date),
        last=moments.max().astype(date),
    )


def _doubts(model: Scorer, parts: Parts) -> Iterator[str]:
    """What a reader of the model should know of its calibration."""
    rows = len(parts.calibrate.labels)
    if model.calibrator.method == "platt" and model.calibrator.slope <= 0:
        yield "the order of scores is reversed in the calibration rows: nothing was learnt"
    if model.calibrator.method == "isotonic" and rows < ISOTONIC_ROWS:
        yield f"isotonic calibration on {rows:,} rows; platt is safer below {ISOTONIC_ROWS:,}"
