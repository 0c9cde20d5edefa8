"""What the online store holds, what a score says, and whether what was served is the batch's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from headwater.clock import local
from headwater.views.figures import count
from headwater.views.layout import Cell
from headwater.views.page import Page

if TYPE_CHECKING:
    from headwater.online.model import Freshness, OnlineTable
    from headwater.project.serving.materialise import Filled
    from headwater.project.serving.model import OnlineModel
    from headwater.project.serving.parity import Parity
    from headwater.project.serving.scored import Scored
    from headwater.project.serving.syncing import Kept

#: What is said of an answer that is not simply good.
STATUS: Final = {
    "ok": "",
    "stale": "from values older than the view's ttl",
    "last_known": "from memory: the store does not answer",
    "default": "by declared defaults",
    "unknown_entity": "refused: nothing is known of it",
    "too_old": "refused: its values are older than the view's ttl",
    "store_down": "refused: the store does not answer",
    "not_filled": "refused: the store is not filled yet; `headwater online sync`",
    "failed": "refused: a value is none that the model takes",
}


def print_filled(found: Sequence[Filled], zone: ZoneInfo, page: Page) -> None:
    """What a micro-batch did."""
    page.rows(
        (
            each.table.view,
            Cell(_entities(each.freshness), right=True),
            f"{count(each.written)} written",
            f"{count(each.removed)} removed" if each.removed else "",
            Cell(f"of {_moment(each.freshness.at, zone)}", "quiet"),
        )
        for each in found
    )


def print_kept(found: Sequence[Kept], now: datetime, zone: ZoneInfo, page: Page) -> None:
    """How fresh each view is."""
    for each in found:
        fresh = each.freshness
        name = each.view.table.view
        if fresh is None:
            page.line(Cell("✖ ", "bad"), f"{name} was never filled: `headwater online sync`")
            continue
        is_old = each.view.ttl is not None and now - fresh.at > each.view.ttl
        behind = f" · behind: #{each.release} is published" if each.is_behind else ""
        page.line(
            Cell("! ", "warning") if is_old or behind else Cell("✔ ", "good"),
            f"{name}  {_entities(fresh)} · of {_moment(fresh.at, zone)},"
            f" {_age(now - fresh.at)} ago{' (older than its ttl)' if is_old else ''}"
            f" · release #{fresh.release}{behind}",
        )


def print_dropped(found: Sequence[OnlineTable], page: Page) -> None:
    """What was forgotten."""
    page.line(f"forgot {count(len(found), 'table')}" if found else "forgot everything")


def print_scored(model: OnlineModel, found: Iterable[Scored], zone: ZoneInfo, page: Page) -> None:
    """Each entity's score, and why."""
    for each in found:
        named = zip(model.keys, each.keys, strict=True)
        entity = " ".join(f"{name} {value}" for (name, _), value in named)
        said = STATUS[each.status]
        score = "–" if each.score is None else f"{each.score:.4f}"
        tone = "bad" if each.score is None else "strong"
        page.line(
            f"{entity}  ", Cell(score, tone), f"  {model.name}@{each.version}",
            Cell(f"  {said}" if said else "", "warning"),
        )  # fmt: skip
        page.rows(
            (
                reason.feature,
                Cell(_value(reason.value), right=True),
                Cell(f"{reason.contribution:+.3f}", right=True),
                Cell("log-odds", "quiet"),
            )
            for reason in each.reasons
        )
        if each.missing:
            page.line(Cell(f"  without a value: {', '.join(each.missing)}", "quiet"))
        for moment in each.moments:
            when = _moment(moment.freshness.at, zone)
            page.line(Cell(f"  {moment.table.view} of {when}", "quiet"))


def print_parity(found: Parity, page: Page) -> None:
    """How much was compared, and what differs."""
    mark = Cell("✔ ", "good") if found.is_equal else Cell("✖ ", "bad")
    page.line(
        mark,
        f"{found.model}  {count(found.rows, 'answer')}, {count(found.values, 'value')} compared · ",
        Cell(f"{count(found.mismatched, 'mismatch', 'mismatches')}", "strong"),
    )
    for reason, rows in sorted(found.skipped.items()):
        page.line(Cell(f"  {count(rows)} not compared: {reason}", "quiet"))
    page.rows(
        (
            " ".join(f"{name} {value}" for name, value in each.keys.items()),
            f"{each.column}",
            f"served {_exact(each.served)}",
            f"batch {_exact(each.recomputed)}",
            Cell(f"@{each.version} · {each.request_id}", "quiet"),
        )
        for each in found.examples
    )


def scored_data(model: OnlineModel, found: Iterable[Scored]) -> list[dict[str, Any]]:
    """Scores as JSON."""
    names = [name for name, _ in model.keys]
    return [
        {
            **dict(zip(names, each.keys, strict=True)),
            "score": each.score,
            "version": each.version,
            "status": each.status,
            "reasons": [
                {"feature": r.feature, "value": r.value, "contribution": r.contribution}
                for r in each.reasons
            ],
            "missing": list(each.missing),
            "moments": {m.table.view: m.freshness.at.isoformat() for m in each.moments},
        }
        for each in found
    ]


def filled_data(found: Iterable[Filled]) -> list[dict[str, Any]]:
    """Micro-batches as JSON."""
    return [
        {
            "view": each.table.view,
            "digest": each.table.digest,
            "at": each.freshness.at.isoformat(),
            "entities": each.freshness.entities,
            "release": each.freshness.release,
            "written": each.written,
            "removed": each.removed,
        }
        for each in found
    ]


def kept_data(found: Iterable[Kept]) -> list[dict[str, Any]]:
    """Freshness as JSON."""
    return [
        {
            "view": each.view.table.view,
            "digest": each.view.table.digest,
            "at": each.freshness.at.isoformat() if each.freshness else None,
            "entities": each.freshness.entities if each.freshness else None,
            "release": each.freshness.release if each.freshness else None,
            "behind": each.is_behind,
        }
        for each in found
    ]


def parity_data(found: Parity) -> dict[str, Any]:
    """The comparison as JSON."""
    return {
        "model": found.model,
        "rows": found.rows,
        "values": found.values,
        "mismatched": found.mismatched,
        "skipped": dict(found.skipped),
        "examples": [
            {
                "request_id": each.request_id,
                "version": each.version,
                "keys": dict(each.keys),
                "column": each.column,
                "served": each.served,
                "recomputed": each.recomputed,
            }
            for each in found.examples
        ],
    }


def _entities(fresh: Freshness) -> str:
    return count(fresh.entities, "entity", "entities")


def _moment(at: datetime, zone: ZoneInfo) -> str:
    return local(at, zone).isoformat(" ", "seconds")


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    return f"{days} d" if days >= 2 else f"{hours} h" if hours >= 2 else f"{minutes} min"


def _exact(value: object) -> str:
    """As `_value`, with all digits where some would be lost: values may differ in the last one.

    >>> _exact(342.63), _exact(0.1 + 0.2)
    ('342.63', '0.30000000000000004')
    """
    short = _value(value)
    return repr(value) if isinstance(value, float) and float(short) != value else short


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.12g}"
    return "–" if value is None else str(value)
