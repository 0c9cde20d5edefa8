"""Random search over declared values, each trial scored forward in time within the training part.

Every trial is reported, also those that lost: a figure is worth as much as the attempts behind it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np

from headwater.errors import HeadwaterError, Issue
from headwater.learning.labelled import Labelled
from headwater.learning.report import Trial
from headwater.learning.splitting import LEAST_CLASS, LEAST_ROWS, Fold, folds, random_folds
from headwater.learning.training import Recipe, train
from headwater.stats.calibration import log_losses
from headwater.stats.ranking import auc, rank

FOLDS = 3


def combinations(
    values: Mapping[str, Sequence[object]], trials: int, seed: int
) -> tuple[Mapping[str, object], ...]:
    """Different combinations of the values, drawn by the seed; all of them where that is fewer.

    >>> combinations({"max_depth": [3, 4], "eta": [0.1]}, 20, seed=0)
    ({'max_depth': 3, 'eta': 0.1}, {'max_depth': 4, 'eta': 0.1})
    """
    total = math.prod(len(each) for each in values.values())
    if total <= trials:
        drawn = range(total)
    else:
        chosen: set[int] = set()
        source = np.random.default_rng(seed)
        while len(chosen) < trials:
            chosen.add(int(source.integers(total)))
        drawn = sorted(chosen)  # type: ignore[assignment]
    return tuple(_combination(values, number) for number in drawn)


def _combination(values: Mapping[str, Sequence[object]], number: int) -> Mapping[str, object]:
    found = {}
    for name, choices in values.items():
        number, place = divmod(number, len(choices))
        found[name] = choices[place]
    return found


def search(
    data: Labelled,
    recipe: Recipe,
    candidates: Sequence[Mapping[str, object]],
    *,
    is_random: bool,
    pool: Executor,
) -> tuple[Trial, ...]:
    """Each candidate's mean log loss and AUC over the folds, in the order of the candidates."""
    parts = tuple(
        fold
        for fold in (
            random_folds(data.at, FOLDS, recipe.seed)
            if is_random
            else folds(data.at, recipe.embargo, FOLDS)
        )
        if is_enough(data.take(fold.train)) and fold.test.any()
    )
    if not parts:
        what = f"the {len(np.unique(data.at)):,} moments of the training part leave none to search"
        fix = (
            f"before a later moment, past the embargo, there have to be {LEAST_ROWS} rows and "
            f"{LEAST_CLASS} of each class; give more moments, or take `search` out"
        )
        raise HeadwaterError(Issue(code="E021", what=what, fix=fix))
    tried = pool.map(lambda candidate: _try(data, recipe, candidate, parts), candidates)
    return tuple(tried)


def best(trials: Sequence[Trial]) -> Trial:
    """The trial of least log loss; the first of equal ones."""
    return min(trials, key=lambda trial: trial.log_loss)


def is_enough(data: Labelled) -> bool:
    """Whether a fold has the rows that training needs."""
    return len(data.labels) >= LEAST_ROWS and data.fewest >= LEAST_CLASS


def _try(
    data: Labelled, recipe: Recipe, candidate: Mapping[str, object], parts: Sequence[Fold]
) -> Trial:
    tried = replace(recipe, parameters={**recipe.parameters, **candidate})
    losses, aucs = [], []
    for fold in parts:
        scorer, _ = train(data.take(fold.train), tried)
        test = data.take(fold.test)
        scores = scorer.score_table(test.rows)
        losses.append(float(log_losses(test.labels, scores).mean()))
        found = auc(rank(test.labels, scores)).value
        if found is not None:
            aucs.append(found)
    return Trial(
        parameters=candidate,
        log_loss=sum(losses) / len(losses),
        auc=sum(aucs) / len(aucs) if aucs else None,
    )
