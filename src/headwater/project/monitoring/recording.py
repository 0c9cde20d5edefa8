"""Monitoring in the ledger: a note for each look at a model; the last of a day counts."""

from __future__ import annotations

import json
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from headwater.clock import local
from headwater.definitions.codec import codec_of
from headwater.ids import NodeId
from headwater.ledger import Ledger, Note
from headwater.project.monitoring.model import Monitoring

MONITORING: Final = "monitoring"
_FORMAT: Final = 1
#: So many notes are read for so many days: monitored hourly, a day has 24.
_NOTES_A_DAY: Final = 24


def record(ledger: Ledger, found: Monitoring, author: str) -> None:
    """Keep what was found."""
    data = {"format": _FORMAT, "monitoring": codec_of(Monitoring).write(found)}
    count = len(found.findings)
    text = f"{count} finding{'s' * (count != 1)}" if count else "nothing to look at"
    ledger.add_notes(
        [
            Note(
                sort=MONITORING,
                text=f"model.{found.model}: {text}",
                at=found.at,
                author=author,
                node=NodeId("model", found.model),
                data=json.dumps(data, ensure_ascii=False, separators=(",", ":")),
            )
        ]
    )


def history(ledger: Ledger, model: str, zone: ZoneInfo, days: int = 30) -> tuple[Monitoring, ...]:
    """The last of each day, oldest first."""
    node = NodeId("model", model)
    notes = ledger.notes(sort=MONITORING, node=node, newest=days * _NOTES_A_DAY)
    by_day: dict[date, Monitoring] = {}
    for note in notes:
        found = _read(note)
        if found is not None:
            by_day[local(found.at, zone).date()] = found
    return tuple(by_day[day] for day in sorted(by_day)[-days:])


def newest(ledger: Ledger, model: str) -> Monitoring | None:
    """What was found last."""
    notes = ledger.notes(sort=MONITORING, node=NodeId("model", model), newest=1)
    return _read(notes[-1]) if notes else None


def _read(note: Note) -> Monitoring | None:
    """What a note says; None for one of another version of Headwater."""
    data = json.loads(note.data)
    if data.get("format") != _FORMAT:
        return None
    found: Monitoring = codec_of(Monitoring).read(data["monitoring"])
    return found
