"""Readers: from an origin to typed Parquet, one delivery at a time."""

from headwater.kinds.source.readers.opening import open_reader

__all__ = ["open_reader"]
