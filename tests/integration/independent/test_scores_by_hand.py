"""Scores are what XGBoost says of features in plain Python, calibrated: float for float.

And they stay what they were: a new version and a version taken back score new days alone.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost
from tests.integration.kinds.model.shop import MODEL, deliver, model_shop, orders
from tests.integration.run.small import Small
from typer.testing import CliRunner

import headwater as hw
from headwater.cli.app import app

SCORED = (
    MODEL.replace("logistic", "xgboost").replace("auc > 0.6", "auc > 0.1")
    + "    leakage: false\n"
    + "    scores: {every: day, from: 2024-06-28, reasons: 2, online: true}\n"
)
CUSTOMERS = 100
Scores = dict[tuple[str, date], tuple[float, int, list[str]]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Small, list[Scores]]:
    """A shop from the first version over a second one back to the first; scores after each run."""
    small = model_shop(Small(tmp_path_factory.mktemp("by_hand") / "small"), SCORED, CUSTOMERS)
    told = []

    def morning(day: int) -> None:
        deliver(small, f"d{day}", [new_order(day - 1)])
        report = small.run(now=f"2024-07-{day:02d}")
        assert not report.failed, [str(i) for o in report.outcomes for i in o.issues]
        told.append(scores(small))

    morning(2)
    small.write("models/churn.yml", SCORED + "    parameters: {max_depth: 2}\n")
    morning(3)  # the day is scored by the first version, then the second one is trained
    morning(4)
    with small.open(now="2024-07-04T09:00") as project:
        project.rollback(node="model.churn")
    told.append(scores(small))
    morning(5)
    return small, told


def new_order(day: int) -> tuple[object, ...]:
    return (90_000 + day, f"2024-07-{day:02d} 00:00:00", "c001", "web", 20)


def scores(small: Small) -> Scores:
    """All scores that are published."""
    with hw.open(small.root, now="2024-07-05") as shop:
        rows = shop.sql("select customer, day, score, version, reasons from churn").to_arrow()
    return {
        (row["customer"], row["day"]): (row["score"], row["version"], row["reasons"])
        for row in rows.to_pylist()
    }


def versions(small: Small) -> list[Mapping[str, bytes]]:
    """The files of each version, the first one first."""
    found: list[Mapping[str, bytes]] = []
    with small.open() as project, project.workspace.engine.session() as session:
        for version in sorted(project.ledger.versions(), key=lambda each: each.number):
            (path,) = (f.path for f in version.files if Path(f.path).parts[-3] == "model")
            place = project.workspace.lake.absolute(path)
            rows = session.fetch(
                "SELECT file, content FROM read_parquet($path)", {"path": str(place)}
            )
            found.append(dict(rows))
    return found


def features(events: list[tuple[datetime, str, int]], at: datetime) -> dict[str, Any]:
    """What the view's file says, of one customer's orders."""
    seen = sorted(event for event in events if event[0] < at)
    found: dict[str, Any] = {
        "last_channel": seen[-1][1],
        "recency_days": (at.date() - seen[-1][0].date()).days,
    }
    for days in (30, 90):
        amounts = [a for when, _, a in seen if when >= at - timedelta(days=days)]
        found[f"orders_{days}d"] = len(amounts)
        found[f"spend_{days}d"] = float(sum(amounts)) if amounts else math.nan
    return found


def scored(files: Mapping[str, bytes], vectors: list[dict[str, Any]]) -> tuple[Any, Any, list[str]]:
    """The probability of each, what each feature adds to its log-odds, and their names."""
    inputs = [each for each in json.loads(files["columns.json"])["inputs"] if each["is_used"]]
    matrix = np.array(
        [
            [
                vector[each["name"]]
                if each["categories"] is None
                else each["categories"].index(vector[each["name"]])
                for each in inputs
            ]
            for vector in vectors
        ],
        dtype=np.float32,
    )
    booster = xgboost.Booster(model_file=bytearray(files["model.ubj"]))
    rows = xgboost.DMatrix(matrix)
    margins = booster.predict(rows, output_margin=True).astype(np.float64)
    platt = json.loads(files["calibrator.json"])
    assert platt["method"] == "platt"
    added = platt["slope"] * booster.predict(rows, pred_contribs=True)[:, :-1].astype(np.float64)
    chances = 1 / (1 + np.exp(-(platt["slope"] * margins + platt["intercept"])))
    return chances, added, [each["name"] for each in inputs]


def test_scores_are_those_of_the_library(lived: tuple[Small, list[Scores]]) -> None:
    small, told = lived
    events: dict[str, list[tuple[datetime, str, int]]] = {}
    for row in [*orders(CUSTOMERS), *(new_order(day) for day in range(1, 5))]:
        _, when, customer, channel, amount = row
        event = (datetime.fromisoformat(str(when)), str(channel), int(str(amount)))
        events.setdefault(str(customer), []).append(event)
    days = sorted({day for _, day in told[-1]})
    assert days == [date(2024, 6, 28) + timedelta(days=n) for n in range(7)]
    assert set(told[-1]) == {(customer, day) for customer in events for day in days}
    by_version = versions(small)
    assert len(by_version) == 2
    assert by_version[0]["model.ubj"] != by_version[1]["model.ubj"]
    for number, files in enumerate(by_version, 1):
        asked = [key for key, (_, version, _) in told[-1].items() if version == number]
        assert asked
        moments = [datetime.combine(day + timedelta(days=1), time()) for _, day in asked]
        vectors = [features(events[who], at) for (who, _), at in zip(asked, moments, strict=True)]
        chances, added, names = scored(files, vectors)
        assert [told[-1][key][0] for key in asked] == chances.tolist()
        for key, parts in zip(asked, added, strict=True):
            first = max(range(len(names)), key=lambda n: abs(parts[n]))
            assert told[-1][key][2][0].split()[0] == names[first]


def test_versions_score_new_days_alone(lived: tuple[Small, list[Scores]]) -> None:
    _, told = lived
    for before, after in itertools.pairwise(told):
        assert before.items() <= after.items()
    assert told[2] == told[3]
    of_day = {day: version for (_, day), (_, version, _) in told[-1].items()}
    assert [of_day[day] for day in sorted(of_day)] == [1, 1, 1, 1, 1, 2, 1]


def test_online_scores_are_those_of_the_batch(lived: tuple[Small, list[Scores]]) -> None:
    small, told = lived
    batch = {
        who: score for (who, day), (score, _, _) in told[-1].items() if day == date(2024, 7, 4)
    }
    chosen = sorted(batch)[:40]

    def typed(*words: str) -> str:
        done = CliRunner().invoke(
            app, [*words, "--project", str(small.root), "--now", "2024-07-05"]
        )
        assert done.exit_code == 0, done.output
        return done.output

    typed("online", "sync")
    asked = [word for who in chosen for word in ("-e", who)]
    answers = json.loads(typed("score", "churn", *asked, "--json"))
    assert [each["version"] for each in answers] == [1] * len(chosen)
    assert [each["score"] for each in answers] == [batch[who] for who in chosen]
