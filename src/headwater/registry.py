"""The one list of kinds."""

from __future__ import annotations

from headwater.kinds.dashboard.kind import DASHBOARD
from headwater.kinds.feature_view.kind import FEATURE_VIEW
from headwater.kinds.kind import Kind
from headwater.kinds.label.kind import LABEL
from headwater.kinds.metric.kind import METRIC, ROLLUP
from headwater.kinds.model.kind import MODEL, SCORES, TRAINING_SET
from headwater.kinds.query.kind import QUERY
from headwater.kinds.report.kind import REPORT
from headwater.kinds.source.kind import SOURCE
from headwater.kinds.table.kind import TABLE

KINDS: tuple[Kind, ...] = (
    SOURCE,
    TABLE,
    METRIC,
    ROLLUP,
    QUERY,
    DASHBOARD,
    REPORT,
    FEATURE_VIEW,
    LABEL,
    TRAINING_SET,
    MODEL,
    SCORES,
)
BY_NAME = {kind.name: kind for kind in KINDS}
