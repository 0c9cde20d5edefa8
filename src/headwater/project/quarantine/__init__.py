"""Rows that wait because they broke a rule: list, show, judge again, drop with a reason."""

from headwater.project.quarantine.listing import list_quarantine
from headwater.project.quarantine.model import (
    CounterEntry,
    Dropped,
    NodeQuarantine,
    QuarantineView,
    Replayed,
    RuleGroup,
    SplitGroup,
    Stake,
    WaitingRow,
    WaitingRule,
)
from headwater.project.quarantine.moving import drop, replay
from headwater.project.quarantine.showing import show_quarantine

__all__ = [
    "CounterEntry",
    "Dropped",
    "NodeQuarantine",
    "QuarantineView",
    "Replayed",
    "RuleGroup",
    "SplitGroup",
    "Stake",
    "WaitingRow",
    "WaitingRule",
    "drop",
    "list_quarantine",
    "replay",
    "show_quarantine",
]
