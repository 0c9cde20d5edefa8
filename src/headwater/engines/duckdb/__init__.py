"""The DuckDB engine."""

from headwater.engines.duckdb.engine import DuckDBEngine
from headwater.engines.duckdb.session import DuckDBSession

__all__ = ["DuckDBEngine", "DuckDBSession"]
