"""A pack as a mail: text, HTML that mail programs show, and the whole pack attached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from zoneinfo import ZoneInfo

from headwater.charts.marks import tag
from headwater.charts.text import Markup, clean, escaped
from headwater.project.reporting.figures import plain_text
from headwater.project.reporting.pack import Block, Pack
from headwater.project.reporting.page import about, bases_of, change_words, heads_of, value_text

#: Mail programs know neither style sheets nor custom properties.
_BODY: Final = "font:14px/1.55 system-ui,-apple-system,'Segoe UI',Roboto,Arial,sans-serif"
_CELL: Final = "padding:6px 0 6px 16px;border-top:1px solid #e7e9ee;text-align:right"
_FIRST: Final = "padding:6px 0;border-top:1px solid #e7e9ee;text-align:left;font-weight:600"
_COLOURS: Final = {"good": "#16764c", "bad": "#c22f37", "neutral": "inherit"}
_TYPES: Final[Mapping[str, tuple[str, str]]] = {
    "pdf": ("application", "pdf"),
    "html": ("text", "html"),
    "json": ("application", "json"),
}


def pack_letter(
    pack: Pack,
    zone: ZoneInfo,
    sender: str,
    receivers: Sequence[str],
    attached: Mapping[str, bytes],
) -> EmailMessage:
    """The message; the same pack to the same people has the same id."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(receivers)
    message["Subject"] = clean(f"{pack.title}, {pack.subtitle}")
    message["Date"] = format_datetime(pack.made_at.astimezone(zone))
    message["Message-ID"] = f"<{pack.digest}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office replies
    message.set_content("\n".join(text_lines(pack, zone)))
    message.add_alternative(letter_html(pack, zone), subtype="html")
    for name, content in attached.items():
        main, sub = _TYPES[name.rpartition(".")[2]]
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message


def text_lines(pack: Pack, zone: ZoneInfo) -> Iterator[str]:
    """The pack as plain text."""
    yield from (clean(pack.title), clean(pack.subtitle), clean(" · ".join(about(pack, zone))), "")
    for word, titles in pack.summary:
        yield f"{word}: {clean(', '.join(titles))}"
    for block in pack.blocks:
        yield from ("", clean(block.title).upper())
        yield from (clean(plain_text(sentence)) for sentence in block.sentences)
        if block.action is not None:
            yield f"What to do: {clean(plain_text(block.action))}"


def letter_html(pack: Pack, zone: ZoneInfo) -> str:
    """The numbers and the sentences; charts are in what is attached."""
    heads = [
        tag("th", escaped(head), style=_CELL if index else _FIRST)
        for index, head in enumerate(heads_of(pack)[:-1])
    ]
    bases = len(bases_of(pack))
    rows = [_row(block, bases) for block in pack.blocks]
    table = tag(
        "table",
        tag("tr", *heads),
        *rows,
        style="border-collapse:collapse;margin:16px 0",
        cellspacing="0",
    )
    body = tag(
        "body",
        tag("h1", escaped(pack.title), style="font-size:22px;margin:0"),
        tag("p", escaped(pack.subtitle), style="font-size:16px;margin:0"),
        tag("p", escaped(" · ".join(about(pack, zone))), style="font-size:12px"),
        table,
        *(part for block in pack.blocks for part in _block(block)),
        style=_BODY,
    )
    return f'<!doctype html>\n<html lang="{pack.language}">{body}</html>\n'


def _row(block: Block, bases: int) -> Markup:
    changes = [change_words(each) for each in block.facts.compared]
    cells = [
        tag("td", escaped(text), style=f"{_CELL};color:{_COLOURS[judged]}")
        for text, judged, _ in changes
    ]
    cells += [tag("td", escaped("–"), style=_CELL)] * (bases - len(cells))
    return tag(
        "tr",
        tag("td", escaped(block.title), style=_FIRST),
        tag("td", escaped(value_text(block)), style=_CELL),
        *cells,
    )


def _block(block: Block) -> Iterator[Markup]:
    yield tag("h2", escaped(block.title), style="font-size:16px;margin:20px 0 4px")
    for sentence in block.sentences:
        yield tag("p", escaped(plain_text(sentence)), style="margin:0 0 4px")
    if block.action is not None:
        said = plain_text(block.action)
        yield tag("p", tag("strong", Markup("What to do: ")), escaped(said), style="margin:0")
