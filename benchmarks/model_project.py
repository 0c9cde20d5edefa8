"""A project with a model of 200 trees and 30 features, released and ready to score."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from projects import headwater, write_project

TREES, COLUMNS = 200, 10
#: Two years of visits; who bought much of late comes back.
_ROWS = """
copy (
  select
    (hash(n) % {customers})::bigint as customer,
    timestamp '2024-01-01' + to_seconds((hash(n, 1) % (731 * 86400))::bigint) as moment,
    {values}
  from range({events}) as events(n)
  where hash(n, 2) % 100 < 20 + hash(n % {customers}) % 80
) to 'data/visits.parquet'
"""
_FEATURES = """entity: customers
source: visits
windows: [30d, 90d, 365d]
every: quarter
features:
{sums}
online: {{ttl: 7d}}
"""
_LABEL = """entity: customers
source: visits
horizon: 30d
expr: count(*) = 0
observe:
  every: month
  where: customer.s0_365d > 0 and customer.s0_365d % {every} = 0
"""
_MODEL = f"""label: gone
features: [customer]
algorithm: xgboost
parameters: {{n_estimators: {TREES}, max_depth: 6, learning_rate: 0.05}}
split: {{calibrate: 2025-05, test: 2025-07..2025-08}}
gates: [auc > 0]
leakage: false
scores: {{every: month, from: 2025-12-01, online: true}}
owner: bench
"""


def model_project(name: str, events: int, customers: int, *select: str, every: int = 1) -> Path:
    """The project, run once: trained, published, scored; or only what is selected.

    The model learns from one of `every` so many rows, and scores all customers.
    """
    values = [f"(hash(n, {n + 3}) % 1000)::integer as v{n}" for n in range(COLUMNS)]
    sums = [f"  s{n}: sum(v{n})" for n in range(COLUMNS)]
    folder = write_project(
        name,
        {
            "headwater.yml": "name: bench\ntimezone: UTC\nnow: 2026-01-01\n",
            "sources/raw_visits.yml": "tables_in: data/visits.parquet\ntime: moment\n",
            "tables/visits.sql": "/*\ntime: moment\nreferences: {customer: customers}\n*/\n"
            "select * from raw_visits",
            "tables/customers.sql": "/*\nkey: customer\n*/\n"
            "select customer, count(*) as visits from visits group by customer",
            "features/customer.yml": _FEATURES.format(sums="\n".join(sums)),
            "labels/gone.yml": _LABEL.format(every=every),
            "models/churn.yml": _MODEL,
            "data/README.md": "Generated.\n",
        },
    )
    statement = _ROWS.format(events=events, customers=customers, values=", ".join(values))
    program = f"import duckdb; duckdb.connect().execute({statement!r})"
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    headwater(folder, "run", *select)
    return folder
