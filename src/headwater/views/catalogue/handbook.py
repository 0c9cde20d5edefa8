"""The handbook: what somebody needs who takes the project over tomorrow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from headwater.definitions.model import Settings
from headwater.ids import NodeId
from headwater.ledger import Release
from headwater.views.catalogue.markup import Html, join, tag
from headwater.views.figures import count, moment
from headwater.views.summaries import NodeFacts

_ROUTINE = (
    ("headwater plan", "what the next run would do, and why"),
    ("headwater run", "brings everything up to date; safe to repeat, and to stop at any moment"),
    ("headwater freshness", "what is late; its exit code is for the scheduler"),
    ("headwater quarantine", "rows that broke a rule and wait for a decision"),
    ("headwater run --env NAME", "builds an edited definition beside what everybody reads"),
    ("headwater release diff NAME", "which rows and totals that would move"),
    ("headwater promote NAME", "releases it"),
    ("headwater rollback", "takes the last release back, at once"),
    ("headwater trace NODE --at DATE", "from a day of a table to the files it came from"),
)


def handbook(
    settings: Settings,
    nodes: Mapping[NodeId, NodeFacts],
    releases: Sequence[Release],
    zone: ZoneInfo,
) -> Html:
    """People, routine, places, gaps and the latest releases."""
    return tag(
        "section",
        tag("h2", "Handbook"),
        tag("h3", "Who owns what"),
        _owners(settings, nodes),
        tag("h3", "The routine"),
        _table(("Command", "What it does"), [(tag("code", c), t) for c, t in _ROUTINE]),
        tag("h3", "Where things are"),
        _places(settings),
        tag("h3", "What is missing"),
        _gaps(nodes),
        tag("h3", "The latest releases"),
        _releases(releases, zone),
        id="handbook",
        class_="handbook",
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Html:
    titles = tag("tr", *(tag("th", word, scope="col") for word in head))
    body = (tag("tr", *(tag("td", cell) for cell in row)) for row in rows)
    table = tag("table", tag("thead", titles), tag("tbody", *body))
    return tag("div", table, class_="scroll", tabindex="0")


def _owners(settings: Settings, nodes: Mapping[NodeId, NodeFacts]) -> Html:
    owned: dict[str, list[NodeId]] = {}
    for node, facts in nodes.items():
        owned.setdefault(facts.owner or "nobody", []).append(node)
    rows = []
    for owner in sorted({*owned, *settings.teams}):
        team = settings.teams.get(owner)
        links = (tag("a", node.name, href=f"#{node}") for node in owned.get(owner, ()))
        rows.append((owner, ", ".join(team.members) if team else "", Html(", ".join(links))))
    return _table(("Owner", "People", "Owns"), rows)


def _places(settings: Settings) -> Html:
    profiles = settings.profiles or {}
    rows = [
        (name, profile.engine, profile.lake, profile.ledger) for name, profile in profiles.items()
    ]
    if "default" not in profiles:
        rows.insert(0, ("default", "duckdb", ".headwater/lake", ".headwater/ledger.db"))
    note = tag(
        "p",
        "The ledger is the record of every release: back it up. The lake holds the data files that "
        "it names. Secrets stand in the environment or in ",
        tag("code", ".env"),
        ".",
    )
    return join(_table(("Profile", "Engine", "Lake", "Ledger"), rows), note)


def _gaps(nodes: Mapping[NodeId, NodeFacts]) -> Html:
    facts = nodes.values()
    found = [
        ("without an owner", [f.node for f in facts if not f.owner]),
        ("without a description", [f.node for f in facts if not f.description]),
        ("without a key", [f.node for f in facts if not f.key and f.node.kind == "table"]),
        (
            "with columns that nobody described",
            [f.node for f in facts if any(not column.description for column in f.columns)],
        ),
    ]
    items = [
        tag(
            "li",
            f"{count(len(lacking), 'node')} {what}: ",
            Html(", ".join(tag("a", node.name, href=f"#{node}") for node in lacking)),
        )
        for what, lacking in found
        if lacking
    ]
    return tag("ul", *items) if items else tag("p", "Nothing: every node is owned and described.")


def _releases(releases: Sequence[Release], zone: ZoneInfo) -> Html:
    rows = [
        (f"#{r.number}", moment(r.created_at, zone), r.environment, r.sort, r.author, r.reason)
        for r in releases
    ]
    if not rows:
        return tag("p", "None yet.")
    return _table(("Release", "When", "Environment", "What", "By", "Why"), rows)
