"""The point-in-time join of Feast with its DuckDB offline store, in Feast's environment.

    python feast_as_of.py DATA RESULT

reads the files of `window_data.py` and writes the training set as Parquet.
"""

from __future__ import annotations

import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from feast import Entity, FeatureStore, FeatureView, Field, FileSource
from feast.repo_config import RepoConfig
from feast.types import Float64
from feast.value_type import ValueType

FEATURES = [f"f{number}" for number in range(10)]


def main(data: Path, result: Path) -> None:
    """Register one feature view, and ask for the features of all probes."""
    with tempfile.TemporaryDirectory() as folder:
        store = FeatureStore(
            config=RepoConfig(
                project="bench",
                provider="local",
                registry=f"{folder}/registry.db",
                offline_store={"type": "duckdb"},
                online_store=None,
                entity_key_serialization_version=3,
            )
        )
        customer = Entity(name="customer", join_keys=["customer"], value_type=ValueType.INT64)
        view = FeatureView(
            name="view",
            entities=[customer],
            ttl=timedelta(days=3650),
            schema=[Field(name=name, dtype=Float64) for name in FEATURES],
            source=FileSource(path=f"{data}/events.parquet", timestamp_field="moment"),
        )
        store.apply([customer, view])
        asked = pd.read_parquet(f"{data}/probes.parquet").rename(columns={"at": "event_timestamp"})
        asked["event_timestamp"] = asked["event_timestamp"].dt.tz_localize("UTC")
        found = store.get_historical_features(asked, [f"view:{name}" for name in FEATURES])
        pq.write_table(found.to_arrow(), result)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
