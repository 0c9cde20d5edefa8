"""What holds for scores: a batch that breaks it is held, and the last good scores stay."""

from __future__ import annotations

from typing import Final

from headwater.contracts.conditions import Expression
from headwater.contracts.definition import RowRule
from headwater.graph.node import Node
from headwater.run.context import Promises

_RULE: Final = RowRule(
    name="score is a probability",
    condition=Expression(sql='"score" BETWEEN 0 AND 1'),
    columns=("score",),
)
_THERE: Final = RowRule(
    name="score is not null", condition=Expression(sql='"score" IS NOT NULL'), columns=("score",)
)


def score_promises(node: Node) -> Promises:
    """Every entity once a day, with a probability."""
    return Promises(rules=(_THERE, _RULE), key=node.key, hold=True)
