"""What is told of a node that was built in several steps."""

from __future__ import annotations

from dataclasses import dataclass

from headwater.definitions.model import Described
from headwater.errors import Issue, Place
from headwater.graph.node import Node
from headwater.ids import NodeId
from headwater.plan.state import RuleOutcome, State
from headwater.run.context import StepResult
from headwater.run.executing import notes_once, told_once

SALES = NodeId("table", "sales")
DESCRIBED = Described()
PLACE = Place("tables/sales.sql", 10, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """As much of a definition as is told."""

    id: NodeId
    place: Place
    files: tuple[str, ...] = ()
    described: Described = DESCRIBED


NODE = Node(id=SALES, definition=Definition(id=SALES, place=PLACE), fingerprint="")


def result(rule: str, rows: int, text: str) -> StepResult:
    outcome = RuleOutcome(rule=rule, severity="warning", passed=False, failed_rows=rows, text=text)
    issue = Issue(code="W724", what=f"table.sales: {text}", place=PLACE)
    return StepResult(state=State(node=SALES), outcomes=(outcome,), issues=(issue,))


def test_a_warning_of_several_steps_is_one_with_the_sum() -> None:
    results = [
        result("text is there", 4_000, "text is there: 4,000 rows"),
        result("text is there", 275, "text is there: 275 rows"),
        result("volume", 0, "volume is 0.4, below 0.5"),
        result("volume", 0, "volume is 0.3, below 0.5"),
    ]
    assert [issue.what for issue in told_once(NODE, results)] == [
        "table.sales: text is there: 4,275 rows",
        "table.sales: volume is 0.4, below 0.5",
        "table.sales: volume is 0.3, below 0.5",
    ]


def test_what_several_steps_count_is_one_note_with_the_sums() -> None:
    notes = ["1,000 of 2,000 rows true", "7 rows without key", "2 of 5 rows true", "@2 auc 0.76"]
    assert notes_once(notes) == ("1,002 of 2,005 rows true", "7 rows without key", "@2 auc 0.76")
    assert notes_once(["in 2010-04-29", "in 2010-04-29"]) == ("in 2010-04-29",)
