"""Everything that is to be said of a training, from its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from platform import python_version

import numpy as np
import pyarrow as pa

from headwater.learning import drift
from headwater.learning.columns import mistakes
from headwater.learning.evaluation import evaluate, figure, gain, ranked_of
from headwater.learning.explaining import explain
from headwater.learning.fitting import BacktestScores, Trained
from headwater.learning.gates import judge
from headwater.learning.groups import evaluate_groups
from headwater.learning.identity import entities_of
from headwater.learning.model import LABEL, LearningSpec
from headwater.learning.profit import best_threshold, campaign_of
from headwater.learning.report import (
    BacktestOrigin,
    Campaign,
    Leak,
    ReferenceBins,
    TrainingReport,
)
from headwater.learning.report_json import from_json, to_json
from headwater.learning.scorer import Scorer
from headwater.stats import calibration, ranking
from headwater.stats.intervals import Clusters, Floats, Labels

__all__ = ["from_json", "report_of", "to_json"]

#: What scores depend on besides the rows.
_LIBRARIES = ("numpy", "scikit-learn", "xgboost-cpu", "lightgbm", "skops", "shap", "duckdb")


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows of one split, scored."""

    rows: pa.Table
    labels: Labels
    scores: Floats
    entities: Clusters


def report_of(
    trained: Trained,
    rows: pa.Table,
    spec: LearningSpec,
    *,
    champion: Scorer | None = None,
    leaks: Sequence[Leak] = (),
) -> TrainingReport:
    """The report of a training on rows, its gates judged.

    All figures are of the test rows. `champion` is the version that is published now: it scores the
    same rows. `leaks` are what `audit.audit_rows` found.
    """
    test = _part(trained, rows, spec, "test")
    others = dict(trained.baselines)
    compared, warnings = _champion(champion, test.rows)
    if compared is not None:
        others["champion"] = compared
    evaluations = {
        name: evaluate(test.labels, scores, test.entities) for name, scores in others.items()
    }
    report = TrainingReport(
        algorithm=spec.algorithm,
        parameters=trained.parameters,
        seed=spec.seed,
        split_mode=spec.split.mode,
        parts=trained.parts,
        embargoed=int(np.count_nonzero(trained.splits == "")),
        test=evaluate(test.labels, test.scores, test.entities),
        champion=evaluations.pop("champion", None),
        baselines=evaluations,
        gains={
            name: gain(test.labels, test.scores, scores, test.entities)
            for name, scores in others.items()
        },
        calibration=trained.model.calibrator.method,
        uncalibrated=evaluate(
            test.labels, trained.uncalibrated.score_table(test.rows), test.entities
        ),
        groups=evaluate_groups(test.rows, test.labels, test.scores, spec.groups, test.entities),
        campaign=_campaign(trained, rows, spec, test),
        importance=explain(trained.model, test.rows, seed=spec.seed),
        explained_by="exact" if trained.model.estimator.is_exact else "sampled",
        leaks=tuple(leaks),
        audited=spec.leakage,
        search=trained.trials,
        backtest=tuple(_origin(each) for each in trained.backtest),
        reference=_reference(trained, rows, test.scores),
        environment=_environment(),
        warnings=(*trained.warnings, *warnings),
    )
    return replace(report, gates=judge(spec.gates, report))


def _part(trained: Trained, rows: pa.Table, spec: LearningSpec, name: str) -> _Part:
    part = rows.filter(pa.array(trained.splits == name))
    labels = part.column(LABEL).to_numpy().astype(np.bool_)
    return _Part(part, labels, trained.model.score_table(part), entities_of(part, spec.keys))


def _champion(champion: Scorer | None, rows: pa.Table) -> tuple[Floats | None, tuple[str, ...]]:
    """Its scores; none, and why, where it was trained on columns that there are no more."""
    if champion is None:
        return None, ()
    wrong = [issue.what for issue in mistakes(rows, champion.columns)]
    if wrong:
        return None, (f"not compared with the version published now: {'; '.join(wrong)}",)
    return champion.score_table(rows), ()


def _campaign(trained: Trained, rows: pa.Table, spec: LearningSpec, test: _Part) -> Campaign | None:
    """Where a profit is declared; its threshold is chosen on the calibration rows."""
    profit = spec.profit
    if profit is None:
        return None
    chosen_on = _part(trained, rows, spec, "calibrate")
    threshold = best_threshold(profit, chosen_on.labels, chosen_on.scores)
    return campaign_of(profit, threshold, test.labels, test.scores, test.entities)


def _origin(scored: BacktestScores) -> BacktestOrigin:
    ranked = ranked_of(scored.labels, scored.scores)
    return BacktestOrigin(
        origin=scored.origin,
        train_rows=scored.train_rows,
        test_rows=len(scored.labels),
        auc=figure(ranking.auc(ranked)),
        log_loss=figure(calibration.log_loss(ranked.labels, scored.scores)),
        calibration_error=figure(calibration.calibration_error(ranked)),
    )


def _reference(trained: Trained, rows: pa.Table, scores: Floats) -> tuple[ReferenceBins, ...]:
    """How features lay in the rows trained on, and scores in those tested on."""
    features = [column.name for column in trained.model.columns]
    train = rows.filter(pa.array(trained.splits == "train")).select(features)
    with drift.over(train) as session:
        found = drift.reference_bins(session, "rows", features)
    with drift.over(pa.table({"score": scores})) as session:
        return (*found, *drift.reference_bins(session, "rows", ["score"]))


def _environment() -> Mapping[str, str]:
    found = {"python": python_version()}
    for library in _LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found
