"""Packs of metrics: facts, sentences whose numbers can be derived again, pages, delivery."""
