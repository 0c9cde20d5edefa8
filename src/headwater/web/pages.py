"""From data to a page: templates that escape everything, and what all pages share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from headwater.charts.calendar import period_text
from headwater.clock import local
from headwater.ids import NodeId
from headwater.semantics.spans import until_words
from headwater.semantics.wording import dimension_words
from headwater.views.figures import count, lasting, seconds, size, span
from headwater.views.models.figures import number_words
from headwater.views.summaries import NodeFacts
from headwater.views.values import is_number, value_text
from headwater.web.context import Site, Snapshot
from headwater.web.forms import FORM_TOKEN, token_of
from headwater.web.metric_page import period_words
from headwater.web.navigation import NAVIGATION, Entry, node_url
from headwater.web.static import asset_url


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What every template knows: `page`."""

    path: str
    query: str
    snapshot: Snapshot
    environment: str
    navigation: Sequence[tuple[str, Sequence[Entry]]]
    crumbs: Sequence[tuple[str, str]]
    form_token: str
    problem: str  # why a newer release cannot be shown

    def is_here(self, url: str) -> bool:
        """Whether an entry of the navigation leads to this page or to one above it."""
        return self.path == url or (url != "/" and self.path.startswith(f"{url}/"))


def site_of(request: Request) -> Site:
    """The project being served."""
    site: Site = request.app.state.site
    return site


def snapshot_of(request: Request) -> Snapshot:
    """What this request is answered from, the same however long it takes."""
    if not hasattr(request.state, "snapshot"):
        request.state.snapshot = site_of(request).snapshot
    snapshot: Snapshot = request.state.snapshot
    return snapshot


def render(
    request: Request,
    template: str,
    *,
    status: int = 200,
    cached: bool = True,
    crumbs: Sequence[tuple[str, str]] = (),
    **data: object,
) -> HTMLResponse:
    """A page of a template; `title` must be among the data.

    `crumbs` are (words, address) from the top down to the page above this one. `cached`: the page
    depends on nothing but its address and the snapshot, so that all readers may share it.
    """
    site = site_of(request)
    snapshot = snapshot_of(request)
    if snapshot.mark.running and request.url.path.startswith("/runs"):
        cached = False  # events of a run under way come without a new snapshot
    page = Page(
        path=request.url.path,
        query=request.url.query,
        snapshot=snapshot,
        environment=site.environment,
        navigation=_navigation(request),
        crumbs=crumbs,
        form_token=FORM_TOKEN if cached else token_of(request),
        problem=site.problem.issues[0].what if site.problem is not None else "",
    )
    text = templates().get_template(template).render(page=page, **data)
    request.state.keep = cached and status == 200
    response = HTMLResponse(text, status_code=status)
    response.headers["cache-control"] = "private, no-cache" if cached else "no-store"
    return response


def _navigation(request: Request) -> Sequence[tuple[str, Sequence[Entry]]]:
    """The entries whose pages exist."""
    there = request.app.state.addresses
    sections = ((title, [e for e in entries if e.url in there]) for title, entries in NAVIGATION)
    return [(title, entries) for title, entries in sections if entries]


@cache
def templates() -> Environment:
    """The templates; whatever is put in is escaped unless it is `Markup` already."""
    environment = Environment(
        loader=PackageLoader("headwater.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "count": count,
        "moment": clock_time,
        "day": day,
        "last_day": last_day,
        "period": period_text,
        "days": period_words,
        "figure": number_words,
        "seconds": seconds,
        "lasting": lasting,
        "size": size,
        "span": span,
        "prose": prose,
        "sentence": sentence,
        "called": called,
        "dimension": dimension_words,
        "value": value_text,
        "is_number": is_number,
        "url": node_url,
        "part": lambda text: quote(str(text), safe=""),
        "query": _query,
    }
    environment.globals |= {"asset": asset_url}
    return environment


def prose(text: str) -> Markup:
    """Text in which backquotes mean code, and an empty line a paragraph's end is not kept.

    >>> prose("`<b>` is a tag")
    Markup('<code>&lt;b&gt;</code> is a tag')
    """
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part)
        for n, part in enumerate(parts)
    )


def called(node: NodeId, facts: Mapping[NodeId, NodeFacts]) -> str:
    """What people call a node; one that is gone goes by its name."""
    return facts[node].called if node in facts else node.name


def sentence(text: str) -> str:
    """Words as a sentence of their own.

    >>> sentence("did you mean `revenue`?"), sentence("`go` is no grain"), sentence("")
    ('Did you mean `revenue`?', '`go` is no grain.', '')
    """
    told = text[:1].upper() + text[1:]
    return told if not told or told.endswith((".", "?", "!", "…")) else f"{told}."


def day(when: date) -> str:
    """A day as people say it.

    >>> day(date(2011, 12, 9))
    '9 Dec 2011'
    """
    return f"{when.day} {when:%b %Y}"


def clock_time(instant: datetime, zone: ZoneInfo) -> str:
    """A moment as people say it: `9 Dec 2011, 12:50`."""
    at = local(instant, zone)
    return f"{day(at)}, {at:%H:%M}"


def last_day(end: datetime, zone: ZoneInfo) -> str:
    """Where data end."""
    return until_words(end, zone)


def _query(values: Mapping[str, object], **changed: object) -> str:
    """A query string of these values, some changed; None and "" are left out.

    >>> _query({"by": "country", "page": 2}, page=None)
    '?by=country'
    """
    merged = {k: v for k, v in {**values, **changed}.items() if v not in (None, "")}
    return "?" + urlencode(merged, doseq=True) if merged else "?"
