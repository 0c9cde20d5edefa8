from __future__ import annotations
def find_problems(derived, text, columns, volatile):
    return ()
def find_textual_problems(text, columns, volatile):
    return ()
