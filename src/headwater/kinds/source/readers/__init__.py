"""Readers: from an origin to typed Parquet, one delivery at a time."""
