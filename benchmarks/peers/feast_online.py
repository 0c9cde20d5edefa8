"""A Feast repository with ten features of customers in its SQLite online store.

    python feast_online.py FOLDER CUSTOMERS

writes the repository and fills the store; `feast serve` in it answers.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.types import Float64
from feast.value_type import ValueType

FEATURES = [f"f{number}" for number in range(10)]
_CONFIG = """
project: bench
provider: local
registry: registry.db
online_store: {type: sqlite, path: online.db}
entity_key_serialization_version: 3
"""


def main(folder: Path, customers: int) -> None:
    """Register one feature view, and materialise it."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "feature_store.yaml").write_text(_CONFIG, encoding="utf-8")
    moment = datetime.now(UTC) - timedelta(hours=1)
    values = np.random.default_rng(0).normal(size=(customers, len(FEATURES)))
    rows = pd.DataFrame(values, columns=FEATURES)
    rows.insert(0, "customer", np.arange(customers))
    rows.insert(1, "moment", moment)
    rows.to_parquet(folder / "rows.parquet")
    store = FeatureStore(repo_path=str(folder))
    customer = Entity(name="customer", join_keys=["customer"], value_type=ValueType.INT64)
    view = FeatureView(
        name="view",
        entities=[customer],
        ttl=timedelta(days=7),
        schema=[Field(name=name, dtype=Float64) for name in FEATURES],
        source=FileSource(path=str(folder / "rows.parquet"), timestamp_field="moment"),
    )
    store.apply([customer, view])
    store.materialize(moment - timedelta(days=1), datetime.now(UTC))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
