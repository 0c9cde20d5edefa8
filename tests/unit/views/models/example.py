"""A training report as a real training gives it, for the views that show one."""

from __future__ import annotations

from datetime import date

from headwater.learning.report import (
    BacktestOrigin,
    Campaign,
    Decile,
    Evaluation,
    Figure,
    GateResult,
    GroupEvaluation,
    Importance,
    Leak,
    ReferenceBins,
    SplitPart,
    TrainingReport,
    Trial,
)

FEATURES = (
    ("recency_days", 0.84),
    ("orders_90d", 0.41),
    ("spend_90d", 0.29),
    ("tenure_days", 0.22),
    ("breadth_90d", 0.17),
    ("country", 0.09),
    ("return_share_365d", 0.05),
    ("spend_trend", 0.04),
)


def evaluation(auc: float, shift: float = 0.0) -> Evaluation:
    """Figures around an AUC; `shift` moves the observed shares off the predicted."""
    figures = {
        "auc": Figure(auc, auc - 0.019, auc + 0.018),
        "pr_auc": Figure(auc - 0.05, auc - 0.08, auc - 0.02),
        "log_loss": Figure(1.27 - auc, 1.24 - auc, 1.3 - auc),
        "brier": Figure(0.35 - auc / 5, 0.34 - auc / 5, 0.36 - auc / 5),
        "lift": Figure(auc * 2.1, auc * 1.9, auc * 2.3),
        "calibration_error": Figure(0.021 + shift, 0.014 + shift, 0.031 + shift),
    }
    deciles = tuple(
        Decile(
            number=n + 1,
            rows=431,
            low=n / 10,
            high=n / 10 + 0.09,
            predicted=0.06 + n * 0.095,
            observed=min(0.99, 0.05 + n * 0.097 + shift * (1 if n % 2 else -1)),
            lift=(0.05 + n * 0.097) / 0.48,
        )
        for n in range(10)
    )
    return Evaluation(rows=4312, positives=2070, figures=figures, deciles=deciles)


def report(**changed: object) -> TrainingReport:
    """A good training; parts of it changed."""
    parts = {
        "algorithm": "xgboost",
        "parameters": {"max_depth": 4, "learning_rate": 0.05, "n_estimators": 240},
        "seed": 7,
        "split_mode": "time",
        "parts": (
            SplitPart(
                name="train", rows=18_240, positives=9_300, entities=3_912,
                first=date(2010, 1, 31), last=date(2010, 9, 30),
            ),
            SplitPart(
                name="calibrate", rows=3_120, positives=1_490, entities=2_701,
                first=date(2011, 1, 1), last=date(2011, 1, 31),
            ),
            SplitPart(
                name="test", rows=4_312, positives=2_070, entities=3_040,
                first=date(2011, 5, 1), last=date(2011, 9, 10),
            ),
        ),
        "embargoed": 5_100,
        "test": evaluation(0.792),
        "baselines": {
            "majority": Evaluation(
                rows=4312, positives=2070,
                figures={"auc": Figure(0.5), "log_loss": Figure(0.693), "brier": Figure(0.25)},
            ),
            "recency": evaluation(0.741, 0.02),
            "logistic": evaluation(0.778, 0.01),
        },
        "champion": evaluation(0.784, 0.004),
        "calibration": "platt",
        "uncalibrated": evaluation(0.792, 0.06),
        "groups": tuple(
            GroupEvaluation(
                column="country", group=name, rows=rows, positives=rows // 2,
                auc=Figure(auc, auc - 0.04, auc + 0.04), calibration_error=Figure(0.03),
                mean_score=0.49, share_positive=0.5,
            )
            for name, rows, auc in (
                ("United Kingdom", 3801, 0.791), ("Germany", 214, 0.80), ("France", 190, 0.755),
            )
        ),
        "campaign": Campaign(
            threshold=0.63, contacted=812, profit=1940.0, cost=1624.0, roi=1.19,
            curve=tuple((n / 20, 1940 - 9000 * (n / 20 - 0.188) ** 2) for n in range(21)),
        ),
        "importance": tuple(
            Importance(
                feature=name, contribution=size,
                dependence=(("United Kingdom", 0.48), ("Germany", 0.44), ("France", 0.51))
                if name == "country"
                else tuple(
                    (float(x), 0.2 + 0.6 * x / (x + 30 + 40 * size)) for x in range(0, 200, 8)
                ),
            )
            for name, size in FEATURES
        ),
        "explained_by": "exact",
        "leaks": (
            Leak(check="availability", feature="", alarm=False, measured=0, limit=0,
                 text="no value was loaded after the moment that it is used for"),
            Leak(check="freeze", feature="", alarm=False, measured=0, limit=0,
                 text="rebuilt from data cut at 2011-05-01: equal in all 4,312 rows"),
            Leak(check="single_feature", feature="recency_days", alarm=False, measured=0.741,
                 limit=0.95, text="no feature alone comes near the truth"),
            Leak(check="entity_overlap", feature="", alarm=False, measured=0.71, limit=None,
                 text="71 % of the entities of the test were also trained on, at earlier moments"),
        ),
        "gates": (
            GateResult(text="auc > baseline.auc", passed=True, left=0.792, right=0.741),
            GateResult(text="calibration_error <= 0.03", passed=True, left=0.021, right=0.03),
            GateResult(text="leaks = 0", passed=True, left=0, right=0),
        ),
        "search": tuple(
            Trial(
                parameters={"max_depth": depth, "learning_rate": rate},
                log_loss=0.48 + depth / 400 + rate / 9, auc=0.79 - depth / 500,
            )
            for depth in (4, 3, 6) for rate in (0.05, 0.1)
        ),
        "backtest": tuple(
            BacktestOrigin(
                origin=date(2010, month, 1), train_rows=2000 * month, test_rows=2100,
                auc=Figure(0.77 + month / 600, 0.75 + month / 600, 0.79 + month / 600),
                log_loss=Figure(0.5), calibration_error=Figure(0.03),
            )
            for month in (4, 7, 10)
        ),
        "reference": (
            ReferenceBins(
                column="recency_days", edges=(5, 14, 28, 45, 63, 90, 120, 180, 270),
                shares=(0.1,) * 10 + (0.0,), rows=18_240,
            ),
            ReferenceBins(
                column="country", categories=("United Kingdom", "Germany"),
                shares=(0.9, 0.06, 0.04, 0.0), rows=18_240,
            ),
        ),
        "environment": {"headwater": "0.4.0", "xgboost": "3.2.0"},
        "warnings": ("`country` has 3 values with fewer than 200 test rows",),
    }  # fmt: skip
    return TrainingReport(**{**parts, **changed})  # type: ignore[arg-type]
