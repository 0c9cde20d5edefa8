"""Dashboards composed: for each card its numbers, words, chart and state."""
