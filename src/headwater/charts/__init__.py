"""Definitions of charts → SVG, the same for pages, mail and PDF."""
