"""Everything that is to be said of a training, from its rows."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from headwater.learning.fitting import Trained
from headwater.learning.model import LearningSpec
from headwater.learning.report import Leak, TrainingReport
from headwater.learning.report_json import from_json, to_json
from headwater.learning.scorer import Scorer

__all__ = ["from_json", "report_of", "to_json"]


def report_of(
    trained: Trained,
    rows: pa.Table,
    spec: LearningSpec,
    *,
    champion: Scorer | None = None,
    leaks: Sequence[Leak] = (),
) -> TrainingReport:
    """The report of a training on rows, its gates judged.

    `champion` is the version that is published now: it scores the same test rows. `leaks` are what
    `audit.audit_rows` found.
    """
    raise NotImplementedError
