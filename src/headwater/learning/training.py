"""One training: rows → a scorer; and its calibration on later rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from headwater.errors import HeadwaterError, Issue
from headwater.learning.algorithms.protocol import Algorithm, Examples
from headwater.learning.calibration import Calibrator, fit_calibrator
from headwater.learning.encoding import Encoder, learn_encodings
from headwater.learning.labelled import Labelled
from headwater.learning.model import CalibrationMethod, InputColumn
from headwater.learning.scorer import Scorer
from headwater.learning.splitting import LEAST_CLASS, holdout


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What is learnt, and from which inputs."""

    algorithm: Algorithm
    columns: Sequence[InputColumn]
    keys: tuple[str, ...]
    parameters: Mapping[str, object]
    embargo: timedelta
    seed: int


def train(data: Labelled, recipe: Recipe) -> tuple[Scorer, tuple[str, ...]]:
    """A scorer that is not calibrated, and warnings; categories are those of these rows alone."""
    encodings, warnings = learn_encodings(data.rows, recipe.columns)
    encoder = Encoder(encodings, one_hot=recipe.algorithm.one_hot)
    if not encoder.owners:
        what = f"none of the {len(encodings)} features varies in the {len(data.labels):,} rows"
        fix = "a model learns from differences: give other features, or more rows"
        raise HeadwaterError(Issue(code="E023", what=what, fix=fix))
    examples = _examples(data, encoder, recipe.embargo)
    estimator = recipe.algorithm.fit(examples, recipe.parameters, recipe.seed)
    scorer = Scorer(
        columns=tuple(encoding.column for encoding in encodings),
        keys=recipe.keys,
        algorithm=recipe.algorithm,
        encoder=encoder,
        estimator=estimator,
        calibrator=Calibrator(),
    )
    return scorer, warnings


def calibrate(scorer: Scorer, data: Labelled, method: CalibrationMethod, *, seed: int) -> Scorer:
    """The same scorer with probabilities as these rows have them."""
    margins = scorer.margins(data.rows)
    calibrator = fit_calibrator(margins, data.labels, method, seed=seed)
    return replace(scorer, calibrator=calibrator)


def _examples(data: Labelled, encoder: Encoder, embargo: timedelta) -> Examples:
    """The rows as numbers, with those to stop early by, where both parts of them are not thin."""
    matrix = encoder.matrix(data.rows)
    held = holdout(data.at, embargo)
    if held is None or any(data.take(part).fewest < LEAST_CLASS for part in held):
        return Examples(matrix=matrix, labels=data.labels)
    return Examples(matrix=matrix, labels=data.labels, early=held[0], watched=held[1])
