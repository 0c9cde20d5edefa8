from __future__ import annotations
def find_alignment(derived, text, columns, time, schema):
    return {}, "none"
