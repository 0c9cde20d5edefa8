"""Headwater: one graph from the raw source to the decision, kept true."""

__version__ = "0.1.0"
