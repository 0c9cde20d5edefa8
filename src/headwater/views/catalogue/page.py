"""The catalogue: what there is, what it means, who owns it, where it comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from zoneinfo import ZoneInfo

from headwater.definitions.model import Settings
from headwater.ids import NodeId
from headwater.ledger import Release
from headwater.views.catalogue.handbook import handbook
from headwater.views.catalogue.lineage import draw_lineage
from headwater.views.catalogue.markup import Html, join, prose, tag
from headwater.views.figures import count, moment, size, span
from headwater.views.summaries import ColumnFact, NodeFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that the page shows."""

    settings: Settings
    zone: ZoneInfo
    now: datetime
    environment: str
    release: Release | None
    nodes: Mapping[NodeId, NodeFacts]  # upstream first
    sources: Mapping[str, str]  # path → text of the files that define nodes
    releases: Sequence[Release] = ()


def render(catalogue: Catalogue, *, with_handbook: bool = False) -> str:
    """One HTML document without a reference to anything outside."""
    name = catalogue.settings.name
    assets = files("headwater.views.catalogue")
    style = assets.joinpath("catalogue.css").read_text(encoding="utf-8")
    script = assets.joinpath("catalogue.js").read_text(encoding="utf-8")
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", f"{name}: the catalogue"),
        tag("style", Html(style)),
    )
    main = tag(
        "main",
        _overview(catalogue),
        handbook(catalogue.settings, catalogue.nodes, catalogue.releases, catalogue.zone)
        if with_handbook
        else None,
        *(_node(catalogue, facts) for facts in catalogue.nodes.values()),
        _foot(catalogue),
        id="main",
    )
    skip = tag("a", "Skip to the content", href="#main", class_="skip")
    body = tag("body", skip, _sidebar(catalogue, with_handbook), main, tag("script", Html(script)))
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _sidebar(catalogue: Catalogue, with_handbook: bool) -> Html:
    kinds = dict.fromkeys(node.kind for node in catalogue.nodes)
    lists = [
        join(
            tag("h2", _several(kind)),
            tag(
                "ul",
                *(
                    tag("li", tag("a", node.name, href=f"#{node}"), data_find=_searched(facts))
                    for node, facts in sorted(catalogue.nodes.items())
                    if node.kind == kind
                ),
            ),
        )
        for kind in kinds
    ]
    return tag(
        "nav",
        tag("a", tag("strong", catalogue.settings.name), " catalogue", href="#main", class_="home"),
        tag("label", "Find a node, column or owner", for_="find"),
        tag("input", id="find", type="search", autocomplete="off", placeholder="Find…"),
        tag("p", "Nothing of that name.", id="none", hidden=True),
        tag("ul", tag("li", tag("a", "Handbook", href="#handbook"))) if with_handbook else None,
        *lists,
        aria_label="Nodes",
    )


def _several(kind: str) -> str:
    """What several nodes of a kind are called.

    >>> _several("table"), _several("query"), _several("feature_view"), _several("scores")
    ('Tables', 'Queries', 'Feature views', 'Scores')
    """
    words = kind.replace("_", " ").capitalize()
    if words.endswith("s"):
        return words
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"


def _searched(facts: NodeFacts) -> str:
    columns = (column.name for column in facts.columns)
    words = (str(facts.node), facts.title, facts.owner, *facts.tags, *columns)
    return " ".join(words).lower()


def _overview(catalogue: Catalogue) -> Html:
    nodes = catalogue.nodes.values()
    columns = [column for facts in nodes for column in facts.columns]
    documented = sum(bool(column.description) for column in columns)
    share = f"{documented / len(columns):.0%}" if columns else "–"
    release = catalogue.release
    shown = "Nothing is published yet"
    if release is not None:
        shown = f"{catalogue.environment} at release #{release.number}"
        shown += f", {moment(release.created_at, catalogue.zone)}"
    figures = (
        (count(len(nodes)), "nodes"),
        (count(sum(facts.rows or 0 for facts in nodes)), "rows published"),
        (count(len(columns)), "columns"),
        (share, "of them documented"),
        (count(len({facts.owner for facts in nodes if facts.owner})), "owners"),
    )
    return tag(
        "section",
        tag("p", shown, class_="quiet"),
        tag("h1", catalogue.settings.name),
        tag(
            "dl",
            *(tag("div", tag("dd", figure), tag("dt", word)) for figure, word in figures),
            class_="figures",
        ),
        draw_lineage({node: facts.parents for node, facts in catalogue.nodes.items()}),
        class_="overview",
    )


def _node(catalogue: Catalogue, facts: NodeFacts) -> Html:
    title = tag("p", facts.title, class_="title") if facts.title else None
    return tag(
        "article",
        tag(
            "header",
            tag("span", facts.node.kind.replace("_", " "), class_=f"kind {facts.node.kind}"),
            tag("h2", facts.node.name),
            title,
        ),
        tag("p", prose(facts.description)) if facts.description else _undescribed(),
        _attributes(catalogue, facts),
        _columns(facts.columns),
        _rules(facts.rules),
        _source(catalogue, facts),
        id=str(facts.node),
    )


def _undescribed() -> Html:
    return tag("p", "Not described yet.", class_="quiet")


def _attributes(catalogue: Catalogue, facts: NodeFacts) -> Html:
    published = "nothing yet"
    if facts.rows is not None:
        days = span(facts.intervals, catalogue.zone)
        stored = f"{count(facts.files, 'file')}, {size(facts.bytes)}"
        published = f"{count(facts.rows, 'row')} · {days} · {stored}"
    pairs: list[tuple[str, str]] = [
        ("Owner", facts.owner or "none"),
        ("Published", published),
        ("Key", ", ".join(facts.key)),
        ("Time", facts.time or ""),
        ("Reads", _links(facts.parents)),
        ("Read by", _links(facts.children)),
        ("Tags", ", ".join(facts.tags)),
        ("Defined in", tag("code", facts.path)),
    ]
    return tag("dl", *(join(tag("dt", w), tag("dd", t)) for w, t in pairs if t), class_="facts")


def _links(nodes: Sequence[NodeId]) -> Html:
    links = (tag("a", node.name, href=f"#{node}", class_=f"chip {node.kind}") for node in nodes)
    return Html(" ".join(links))


def _columns(columns: Sequence[ColumnFact]) -> Html:
    with_origin = any(column.origin for column in columns)
    head = tag(
        "tr",
        tag("th", "Column", scope="col"),
        tag("th", "Type", scope="col"),
        tag("th", "Meaning", scope="col"),
        tag("th", "Unchanged from", scope="col") if with_origin else None,
    )
    rows = (
        tag(
            "tr",
            tag("th", column.name, scope="row"),
            tag("td", column.type.lower(), class_="type"),
            tag("td", prose(column.description), _mask(column)),
            tag("td", _origin(column)) if with_origin else None,
        )
        for column in columns
    )
    table = tag("table", tag("thead", head), tag("tbody", *rows))
    return tag("div", table, class_="scroll", tabindex="0")


def _mask(column: ColumnFact) -> Html | None:
    if not column.masked:
        return None
    return tag("span", f"personal, shown as {column.masked}", class_="mask")


def _origin(column: ColumnFact) -> Html | None:
    if not column.origin:
        return None
    node, _, name = column.origin.rpartition(".")
    short = node.partition(".")[2]
    return tag("a", f"{short}.{name}", href=f"#{node}", class_="origin")


def _rules(rules: Sequence[str]) -> Html | None:
    if not rules:
        return None
    summary = tag("summary", count(len(rules), "rule"))
    return tag("details", summary, tag("ul", *(tag("li", rule) for rule in rules)))


def _source(catalogue: Catalogue, facts: NodeFacts) -> Html | None:
    text = catalogue.sources.get(facts.path)
    if not text:
        return None
    return tag("details", tag("summary", "Definition"), tag("pre", tag("code", text.rstrip())))


def _foot(catalogue: Catalogue) -> Html:
    at = moment(catalogue.now, catalogue.zone)
    return tag("footer", f"Written by headwater docs on {at} {catalogue.zone.key}.")
