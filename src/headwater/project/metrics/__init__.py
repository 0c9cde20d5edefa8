"""Metrics of a project: their published history, who approved them, what was restated and why."""
