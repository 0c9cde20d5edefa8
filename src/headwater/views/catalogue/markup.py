"""HTML as values: what is put in is escaped, unless it is HTML already."""

from __future__ import annotations

from html import escape

_VOID = frozenset(("br", "hr", "img", "input", "link", "meta"))


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(element: str, /, *children: str | None, **attributes: str | bool | None) -> Html:
    """One element. `class_` and `for_` lose their underscore; others get `-` for `_`.

    >>> tag("a", "R&D", href="#x", class_="owner", aria_hidden="true")
    '<a href="#x" class="owner" aria-hidden="true">R&amp;D</a>'
    """
    written = ""
    for key, value in attributes.items():
        word = key.rstrip("_").replace("_", "-")
        if value is True:
            written += f" {word}"
        elif value not in (None, False):
            written += f' {word}="{escape(str(value))}"'
    if element in _VOID:
        return Html(f"<{element}{written}>")
    return Html(f"<{element}{written}>{join(*children)}</{element}>")


def join(*children: str | None) -> Html:
    """Children one after the other, escaped where they are no HTML."""
    return Html("".join(c if isinstance(c, Html) else escape(c) for c in children if c))


def prose(text: str) -> Html:
    """Text in which backquotes mean code.

    >>> prose("`C…` is a return")
    '<code>C…</code> is a return'
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return Html(escape(text))
    return join(*(tag("code", part) if n % 2 else part for n, part in enumerate(parts)))
