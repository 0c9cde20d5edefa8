"""Text in a drawing: how wide it is, how it is shortened, and how it is kept from being markup."""

from __future__ import annotations

import unicodedata
from typing import Final, NewType
from xml.sax.saxutils import escape, quoteattr

#: Text that is SVG or HTML; everything else has to pass through `escaped` or `quoted`.
Markup = NewType("Markup", str)

FONT: Final = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
SIZE: Final = 12.0

#: Widths in parts of the font's size: those of DejaVu Sans, the widest of the usual system fonts,
#: so that no text is wider than estimated.
_WIDTHS: Final = {
    **dict.fromkeys("ijlI.,:;'|!` ", 0.34),
    **dict.fromkeys("frt()[]{}/\\-J", 0.42),
    **dict.fromkeys('acesvxyzkL?_–"*', 0.61),
    **dict.fromkeys("bdghnopqu£$€0123456789FPSTEYZ", 0.65),
    **dict.fromkeys("ABCDGHKNORUVXQ&", 0.79),
    **dict.fromkeys("▲▼●◇+−=<>#~^×", 0.84),
    **dict.fromkeys("mwMW%@…—", 1.0),
}
BOLD: Final = 1.1  # how much wider bold text is
_OTHER: Final = 1.05  # CJK, emoji


def clean(text: str) -> str:
    r"""Text of one line without signs that XML forbids or that turn the direction of others.

    >>> clean("a\x00b\nc\u202ed")
    'ab cd'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if sign.isspace() else sign
        for sign in text
        if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )


def escaped(text: str) -> Markup:
    """Text as content of an element."""
    return Markup(escape(clean(text)))


def quoted(text: str) -> Markup:
    """Text as the value of an attribute, with its quotes."""
    return Markup(quoteattr(clean(text)))


def width_of(text: str, size: float = SIZE, *, is_bold: bool = False) -> float:
    """About how wide a text is, and no less, in pixels.

    >>> width_of("") == 0, width_of("Mmm") > width_of("ill")
    (True, True)
    """
    parts = sum(_WIDTHS.get(sign, _OTHER if ord(sign) > 0x2FF else 0.79) for sign in text)
    return size * parts * (BOLD if is_bold else 1.0)


def fit(text: str, width: float, size: float = SIZE) -> str:
    """The text, cut with an ellipsis where it is wider than `width`; empty if nothing fits.

    >>> fit("United Kingdom", 200), fit("United Kingdom", 66), fit("United Kingdom", 3)
    ('United Kingdom', 'United…', '')
    """
    text = clean(text).strip()
    if len(text) <= 400 and width_of(text, size) <= width:
        return text
    room = width - width_of("…", size)
    kept = ""
    for sign in text:
        room -= width_of(sign, size)
        if room < 0:
            break
        kept += sign
    kept = kept.rstrip()
    return f"{kept}…" if kept else ""
