"""Scores on request: from values kept online, with what is served written down."""
