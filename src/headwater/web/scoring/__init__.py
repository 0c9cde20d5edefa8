"""Scores on request: who may ask, what is answered, challengers, figures for Prometheus."""
