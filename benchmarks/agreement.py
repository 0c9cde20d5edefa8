"""Do MetricFlow and Headwater give the same numbers? An independent check of every type of metric.

    python benchmarks/agreement.py [--seeds 4]

The same definitions (`agreeing/*.yml`, in the words of dbt) over the same random rows, asked the
same questions; every row is compared: decimals and counts exactly, floats to 1e-9. Headwater
answers from the rows and by its quickest path, which must agree as well. A difference that is not
one of `REASONS` makes the exit code 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from agreement_cases import (
    CONVERSIONS,
    METRICS,
    RUNNING,
    Question,
    Rows,
    answer,
    project,
    questions,
)
from measure import BUILD, Report
from peers.environments import environment, version
from projects import dataset

#: Why an answer may differ, and who is right.
REASONS = {
    "nothing": "Where nothing counts, MetricFlow leaves out the row or has no value; Headwater "
    "has the row where the table has rows, a count of nothing is 0, and so is its share.",
    "cut": "MetricFlow widens the days asked for to whole weeks, and says so nowhere in the "
    "answer; Headwater counts the days asked for, and marks the week as not complete.",
    "window": "Of a rolling value by week or month MetricFlow takes the last day *that has a "
    "row in its window*; Headwater the last day, on which the window is empty.",
    "refused": "MetricFlow does not answer a rolling value without a grain; Headwater gives that "
    "of the last day.",
    "bounded": "With a period, MetricFlow forgets the base events after it, and gives their "
    "conversions to earlier ones: the same month has another number than without a period. "
    "Headwater's month is the same.",
    "conversion": "MetricFlow counts every conversion of a base event, so that a rate may exceed "
    "1, and divides also by events of nobody; Headwater counts the base events that convert. "
    "Only with the seeds whose events can do that.",
}


@dataclass
class Tally:
    """What was found."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, question: Question, verdict: str, shown: str = "") -> None:
        """One row."""
        self.counts[question["metric"], verdict] += 1
        if verdict != "equal":
            asked = {key: value for key, value in question.items() if value}
            self.examples.setdefault(verdict, f"{asked} {shown}")

    def of(self, verdict: str, metric: str = "") -> int:
        """How many rows got a verdict."""
        return sum(
            count for (name, found), count in self.counts.items()
            if found == verdict and metric in ("", name)
        )  # fmt: skip


def compare(seed: int, tally: Tally) -> None:
    """All answers over the rows of one seed."""
    print(f"seed {seed}", flush=True)
    data = dataset("agreement_data.py", "agreement", seed)
    opened = project(seed, data)
    asked = list(questions())
    theirs = peer_answers(data, asked)
    whole = {
        _series(question, question["grain"]): rows
        for question, rows in zip(asked, theirs, strict=True)
        if rows is not None and not question["first"]
    }
    for question, peer in zip(asked, theirs, strict=True):
        own = answer(opened, question, "raw")
        quick = answer(opened, question, "auto")
        if own.keys() != quick.keys() or not all(equal(own[key], quick[key]) for key in own):
            tally.note(question, "paths")
        if peer is None:
            tally.note(question, "refused")
            continue
        for key in {**own, **peer}:
            sides = own.get(key), peer.get(key)
            is_same = key in own and key in peer and equal(*sides)
            verdict = "equal" if is_same else reason(question, key, *sides, whole, seed)
            tally.note(question, verdict, f"{key}: Headwater {sides[0]}, MetricFlow {sides[1]}")


def _series(question: Question, grain: str | None) -> tuple[object, ...]:
    """What a question asks over all days, by a grain."""
    return (question["metric"], grain, *question["by"], *question["where"])


def reason(
    question: Question,
    key: tuple[object, ...],
    own: Any,
    peer: Any,
    whole: Mapping[tuple[object, ...], Rows],
    seed: int,
) -> str:
    """Which of `REASONS` a difference has; `unexplained` if none. `whole`: MetricFlow's answers."""
    if not own and peer is None:
        return "nothing"
    grain, metric = question["grain"], question["metric"]
    if grain == "week" and question["last"] and _last_day(str(key[0]), grain) > question["last"]:
        return "cut"
    if grain in ("week", "month") and metric in RUNNING and not own:
        last = _last_day(str(key[0]), grain)
        if (last, *key[1:]) not in whole[_series(question, "day")]:
            return "window"
    if metric in CONVERSIONS and question["first"]:
        unbounded = whole[_series(question, grain)].get(key)
        if equal(own, unbounded) or (not own and unbounded is None):
            return "bounded"
    if metric in CONVERSIONS and seed % 2 == 0:
        return "conversion"
    return "unexplained"


def _last_day(first: str, grain: str) -> str:
    day = date.fromisoformat(first)
    end = day + timedelta(days=7 if grain == "week" else 31)
    return str((end if grain == "week" else end.replace(day=1)) - timedelta(days=1))


def peer_answers(data: Path, asked: Sequence[Question]) -> list[Rows | None]:
    """MetricFlow's rows by their keys; None where it refuses the question."""
    file = BUILD / "agreement-questions.json"
    file.write_text(json.dumps(asked), encoding="utf-8")
    program = Path(__file__).with_name("peers") / "metricflow_agreement.py"
    command = [environment("metricflow") / "python", program, METRICS, data, file]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return [_rows(found) for found in json.loads(done.stdout)]


def _rows(found: Mapping[str, Any]) -> Rows | None:
    if "refused" in found:
        return None
    return {tuple(row[:-1]): _number(row[-1]) for row in found["rows"]}


def _number(value: Any) -> object:
    return Decimal(value["decimal"]) if isinstance(value, dict) else value


def equal(one: Any, other: Any) -> bool:
    """Exactly, or to 1e-9 where one is a float."""
    if one is None or other is None:
        return one is other
    if isinstance(one, float) or isinstance(other, float):
        return abs(float(one) - float(other)) <= 1e-9 * max(1.0, abs(float(one)))
    return bool(Decimal(one) == Decimal(other))


def main() -> int:
    """Compare, and keep the table as `results/agreement.*`."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=4)
    asked = parser.parse_args()

    tally = Tally()
    for seed in range(1, asked.seeds + 1):
        compare(seed, tally)
    metrics = list(dict.fromkeys(question["metric"] for question in questions()))
    verdicts = ("equal", *REASONS, "paths", "unexplained")
    told = "\n".join(
        f"- **{word}** ({tally.of(word):,}): {text} For example {tally.examples[word]}."
        for word, text in REASONS.items()
        if word in tally.examples
    )
    wrong = tally.of("unexplained") + tally.of("paths")
    Report(
        name="agreement",
        title=f"The same numbers as MetricFlow, {asked.seeds} random data sets",
        reading=(
            f"Rows of answers, compared one by one: {tally.of('equal'):,} are equal, "
            f"{tally.of('unexplained'):,} differ without a known reason, and "
            f"{tally.of('paths'):,} answers of Headwater differ between rows and rollups. "
            f"{version(environment('metricflow'), 'metricflow')}. The reasons:\n\n{told}"
        ),
        columns=("metric", *verdicts),
        rows=tuple(
            (metric, *(f"{tally.of(verdict, metric):,}" for verdict in verdicts))
            for metric in metrics
        ),
        figures={"rows": {verdict: tally.of(verdict) for verdict in verdicts},
                 "examples": tally.examples},
    ).write()  # fmt: skip
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
