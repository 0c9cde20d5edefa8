"""What MLflow loads of a version: the very model of Headwater, calibrated.

The file is kept as text beside the model's own files ("models from code"): nothing is pickled.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext


class HeadwaterScores(PythonModel):
    """Rows with the model's features → the probability of each."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read and verify the files of the model."""
        from headwater.learning.artifact import unpack

        folder = Path(context.artifacts["model"])
        self.scorer = unpack({path.name: path.read_bytes() for path in folder.iterdir()})

    def predict(
        self,
        context: PythonModelContext,
        model_input: pd.DataFrame,  # as types, not as text: MLflow looks at them
        params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """Probabilities, equal to those that Headwater gives."""
        del context, params
        return self.scorer.score_table(pa.Table.from_pandas(model_input, preserve_index=False))


set_model(HeadwaterScores())
