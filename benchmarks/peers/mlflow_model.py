"""An XGBoost model of 200 trees and 30 features as MLflow saves it.

    python mlflow_model.py FOLDER

`mlflow models serve -m FOLDER --env-manager local` answers.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import mlflow.xgboost
import numpy as np
import xgboost


def main(folder: Path) -> None:
    """Train on noise with a little in it, and save."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20_000, 30))
    labels = (rows[:, :5].sum(axis=1) + rng.normal(size=len(rows)) > 0).astype(int)
    model = xgboost.XGBClassifier(n_estimators=200, max_depth=6, n_jobs=1)
    model.fit(rows, labels)
    shutil.rmtree(folder, ignore_errors=True)
    mlflow.xgboost.save_model(model, str(folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
