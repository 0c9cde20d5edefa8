"""Scores by key: micro-batches into the online store, scoring, the log of it, its parity."""
