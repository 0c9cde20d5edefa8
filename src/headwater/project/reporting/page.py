"""A pack as one HTML file: nothing is fetched, nothing runs, and no text becomes markup."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from typing import Final
from zoneinfo import ZoneInfo

from headwater.charts.figure import figure
from headwater.charts.marks import tag
from headwater.charts.model import Chart, Heatmap
from headwater.charts.render import svg
from headwater.charts.text import Markup, escaped
from headwater.charts.theme import custom_properties
from headwater.clock import local
from headwater.project.reporting.deriving import sql_of
from headwater.project.reporting.facts import Compared
from headwater.project.reporting.figures import Figure, Sentence
from headwater.project.reporting.pack import Block, Pack
from headwater.semantics.spans import day_words, span_words, until_words
from headwater.semantics.wording import number_of, within

_CHART_WIDTH: Final = 480.0
_WIDE_CHART: Final = 944.0
#: Nothing is loaded from anywhere; the style sheet stands inside.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_NOT_BROKEN: Final = "\N{NO-BREAK SPACE}"


def pack_html(pack: Pack, zone: ZoneInfo) -> str:
    """The whole page."""
    head = tag(
        "head",
        Markup('<meta charset="utf-8"/>'),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("title", escaped(f"{pack.title}, {pack.subtitle}")),
        tag("style", style()),
    )
    body = tag("body", _header(pack, zone), tag("main", pack_body(pack)))
    return f'<!doctype html>\n<html lang="{pack.language}">\n{head}\n{body}\n</html>\n'


def pack_body(pack: Pack) -> Markup:
    """What stands below the title: numbers, what to do, each metric, and how all was derived."""
    counter = iter(range(len(pack.figures)))
    return Markup("".join(_sections(pack, counter)))


def style() -> Markup:
    """The style sheet, with the colours of charts."""
    own = files("headwater.project.reporting").joinpath("pack.css").read_text(encoding="utf-8")
    return Markup(f"{own}:root {{\n{custom_properties()}\n}}\n")


def about(pack: Pack, zone: ZoneInfo) -> tuple[str, ...]:
    """For whom it is, from whom, of which release and data, and when it was made."""
    described = pack.report.described
    made = local(pack.made_at, zone)
    told = [
        f"For {within(pack.report.audience)}" if pack.report.audience else "",
        f"from {described.owner}" if described.owner else "",
        f"release #{pack.release}" if pack.release is not None else "",
        f"made on {day_words(made.date())}, {made:%H:%M}",
    ]
    if pack.data_until is not None:
        told.insert(3, f"data until {until_words(pack.data_until, zone)}")
    return tuple(word for word in told if word)


def _header(pack: Pack, zone: ZoneInfo) -> Markup:
    return tag(
        "header",
        tag("p", escaped(pack.project), class_="soft"),
        tag("h1", escaped(pack.title)),
        tag("p", escaped(pack.subtitle), class_="when"),
        tag("p", escaped(" · ".join(about(pack, zone))), class_="about soft small"),
    )


def _sections(pack: Pack, counter: Iterator[int]) -> Iterator[Markup]:
    glance = [
        part
        for word, titles in pack.summary
        for part in (tag("dt", escaped(word)), tag("dd", escaped(", ".join(titles))))
    ]
    numbers = (tag("h2", Markup("The numbers"), class_="unseen"), _numbers(pack))
    yield tag("section", *((tag("dl", *glance, class_="glance"),) if glance else ()), *numbers)
    acting = [block for block in pack.blocks if block.action is not None]
    if acting:
        items = [_action(block, block.action) for block in acting if block.action is not None]
        yield tag("section", tag("h2", Markup("What to do")), tag("ul", *items, class_="actions"))
    for block in pack.blocks:
        yield _metric(block, counter)
    yield _proof(pack)


def _action(block: Block, said: Sentence) -> Markup:
    owner = block.facts.metric.owner
    who = tag("span", escaped(f" · {owner}"), class_="soft") if owner else Markup("")
    text = escaped("".join(part if isinstance(part, str) else part.text for part in said))
    return tag("li", tag("strong", escaped(block.title)), who, tag("p", text))


# --- the table of all numbers


def _numbers(pack: Pack) -> Markup:
    bases = bases_of(pack)
    heads = heads_of(pack)
    cells = [
        tag("th", escaped(head), scope="col", class_="wide" if index > 2 else None)
        for index, head in enumerate(heads)
    ]
    rows = [_row(block, len(bases)) for block in pack.blocks]
    return tag(
        "table",
        tag("thead", tag("tr", *cells)),
        tag("tbody", *rows),
        class_="numbers",
    )


def heads_of(pack: Pack) -> tuple[str, ...]:
    """What stands above the table of all numbers."""
    bases = (f"vs {base}" for base in bases_of(pack))
    return ("Metric", span_words(pack.period), *bases, "Trend")


def bases_of(pack: Pack) -> tuple[str, ...]:
    """The periods compared with, as most metrics have them."""
    most = max((b.facts.compared for b in pack.blocks), key=len, default=())
    return tuple(_base(each) for each in most)


def _row(block: Block, bases: int) -> Markup:
    changes = [_change(each) for each in block.facts.compared]
    changes += [tag("span", escaped("–"), class_="soft")] * (bases - len(changes))
    spark = svg(block.spark, width=112, height=28) if block.spark is not None else Markup("")
    return tag(
        "tr",
        tag("th", tag("a", escaped(block.title), href=f"#{_anchor(block)}"), scope="row"),
        tag("td", escaped(value_text(block)), class_="value"),
        *(
            tag("td", change, class_="wide" if index else None)
            for index, change in enumerate(changes)
        ),
        tag("td", spark, class_="trend wide"),
    )


def value_text(block: Block) -> str:
    """The metric's value in the period, as the table shows it."""
    facts = block.facts
    if facts.cohorts is not None:
        newest = facts.cohorts.newest
        return facts.numbers_format.text(newest.value if newest is not None else None)
    text = facts.numbers_format.text(number_of(facts.value))
    return f"{text} so far" if facts.open_until is not None else text


def change_words(compared: Compared) -> tuple[str, str, str]:
    """A change: figure with its arrow, how it is judged, and the same in a word."""
    change = compared.change
    text = change.headline or "–"
    said = {"good": "better", "bad": "worse"}.get(change.judged, "")
    return text, change.judged, said


def _change(compared: Compared) -> Markup:
    text, judged, said = change_words(compared)
    unseen = tag("span", escaped(f" ({said})"), class_="unseen") if said else Markup("")
    return tag("span", escaped(text.replace(" ", _NOT_BROKEN)), unseen, class_=judged)


# --- one metric


def _anchor(block: Block) -> str:
    return f"metric-{block.facts.metric.name}"


def _metric(block: Block, counter: Iterator[int]) -> Markup:
    facts = block.facts
    changes = [
        tag("span", _change(each), tag("span", escaped(f" vs {_base(each)}"), class_="soft"))
        for each in facts.compared
    ]
    said = [tag("p", _sentence(sentence, counter)) for sentence in block.sentences]
    charts = [_chart(chart) for chart in block.charts]
    return tag(
        "section",
        tag(
            "div",
            tag("h2", escaped(block.title)),
            tag("span", escaped(value_text(block)), class_="value"),
            *changes,
            class_="head",
        ),
        tag("p", escaped(facts.metric.description), class_="what"),
        tag("div", *said, class_="said"),
        *((tag("div", *charts, class_="charts"),) if charts else ()),
        class_="metric",
        id=_anchor(block),
    )


def _base(compared: Compared) -> str:
    return span_words(compared.why.spans.base)


def _chart(chart: Chart) -> Markup:
    """Cohorts take the whole width: their numbers stand in the cells."""
    is_wide = isinstance(chart, Heatmap)
    drawn = figure(chart, width=_WIDE_CHART if is_wide else _CHART_WIDTH)
    return tag("div", tag("h3", escaped(chart.title)), drawn, class_="all" if is_wide else None)


def _sentence(sentence: Sentence, counter: Iterator[int]) -> Markup:
    """Each number leads to how it is derived."""
    parts = []
    for part in sentence:
        if isinstance(part, Figure):
            text = escaped(part.text.replace(" ", _NOT_BROKEN))
            parts.append(tag("a", text, href=f"#n{next(counter)}", class_="n"))
        else:
            parts.append(escaped(part))
    return Markup("".join(parts))


# --- how it was derived


def _proof(pack: Pack) -> Markup:
    rows = [
        tag(
            "tr",
            tag("td", escaped(str(index + 1))),
            tag("td", escaped(figure.text)),
            tag("td", tag("code", escaped(json.dumps(figure.source, ensure_ascii=False)))),
            id=f"n{index}",
        )
        for index, figure in enumerate(pack.figures)
    ]
    heads = [tag("th", escaped(head), scope="col") for head in ("", "Number", "Derived from")]
    return tag(
        "section",
        tag("h2", Markup("How each number is derived")),
        tag(
            "details",
            tag("summary", escaped(f"{len(rows):,} numbers")),
            tag(
                "table",
                tag("thead", tag("tr", *heads)),
                tag("tbody", *rows),
                class_="derived",
            ),
        ),
        *_sql(pack.blocks),
        class_="metric proof",
    )


def _sql(blocks: Iterable[Block]) -> Iterator[Markup]:
    for block in blocks:
        asked = [pair for each in block.facts.compared for pair in sql_of(each.why)]
        if asked:
            parts = [
                part
                for what, sql in asked
                for part in (tag("p", escaped(what), class_="soft small"), tag("pre", _lines(sql)))
            ]
            yield tag(
                "details", tag("summary", escaped(f"SQL of {block.title}")), *parts, class_="sql"
            )


def _lines(sql: str) -> Markup:
    return Markup("\n".join(_indented(line) for line in sql.split("\n")))


def _indented(line: str) -> str:
    bare = line.lstrip(" ")
    return " " * (len(line) - len(bare)) + escaped(bare)
