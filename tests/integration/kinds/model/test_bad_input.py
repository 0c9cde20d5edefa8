"""What a model cannot be trained on, or score by: each is answered; what is published stays."""

from __future__ import annotations

import shutil
import threading
import time
from datetime import date
from pathlib import Path

import pytest
from tests.integration.kinds.model.conftest import SCORED
from tests.integration.kinds.model.shop import LABEL, MODEL, VIEW, deliver, model_shop
from tests.integration.kinds.model.test_training import became, numbers, outcome, scores, shown
from tests.integration.run.small import Small

from headwater.ids import NodeId

CHURN, SCORES = NodeId("model", "churn"), NodeId("scores", "churn")


def next_day(small: Small) -> None:
    deliver(small, "more", [(90_001, "2024-06-30 12:00:00", "c001", "web", 20)])


@pytest.mark.parametrize(
    ("features", "what", "fix"),
    [
        ("[customer.order_30d]", "unknown feature `customer.order_30d`", "`orders_30d`"),
        ("[customer]\n    recency: recency_dys", "`recency` names `recency_dys`", "`recency_days`"),
        ("[customer]\n    groups: [chanel]", "`groups` names `chanel`", "last_channel"),
        ("[customer, lapsed.shade]", "unknown feature `lapsed.shade`", ""),
    ],
)
def test_features_that_there_are_not(tmp_path: Path, features: str, what: str, fix: str) -> None:
    small = model_shop(Small(tmp_path / "s"), MODEL.replace("[customer]", features), customers=3)
    with small.open() as project:
        (issue,) = [i for i in project.check() if i.is_error]
    assert issue.code == "E038"
    assert what in issue.what
    assert fix in issue.fix
    assert issue.place.line


def test_no_feature_is_called_as_the_score_is(tmp_path: Path) -> None:
    small = model_shop(Small(tmp_path / "s"), customers=3)
    small.write("features/customer.yml", VIEW.replace("last_channel:", "Score:"))
    with small.open() as project:
        (issue,) = [i for i in project.check() if i.is_error]
    assert issue.code == "E038"
    assert issue.what == "`Score` is a column of `scores` and of `customer`"
    assert (issue.place.path, issue.place.line) == ("models/churn.yml", 2)


def test_ten_rows_and_one_class_train_nothing(tmp_path: Path) -> None:
    small = model_shop(Small(tmp_path / "small"), customers=4)
    found = outcome(small.run())
    assert found.status == "failed"
    assert [issue.code for issue in found.issues] == ["E020"]
    assert found.issues[0].place.path == "models/churn.yml"
    with small.open() as project:
        assert CHURN not in project.view.states
        assert project.ledger.versions() == ()
    small.write("labels/lapsed.yml", LABEL.replace("count(*) = 0", "count(*) > 1000"))
    found = outcome(small.run())
    assert found.status == "failed"
    assert [issue.code for issue in found.issues] == ["E020"]


def test_a_feature_of_another_type_holds_scores_of_the_old_model(trained: Small) -> None:
    view = VIEW.replace("arg_max(channel, ordered_at)", "arg_max(length(channel), ordered_at)")
    assert view != VIEW
    trained.write("features/customer.yml", view)
    trained.write("models/churn.yml", SCORED.replace("auc > 0.6", "auc > 0.99"))
    before = scores(trained, "count(*), max(day)")
    assert became(trained.run())["model.churn"] == "held"
    next_day(trained)
    found = outcome(trained.run(), SCORES)
    assert found.status == "held"
    (issue,) = found.issues
    assert issue.code == "E045"
    assert "model.churn@1 was trained on other features than `customer` has now" in issue.what
    assert scores(trained, "count(*), max(day)") == before


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_files_of_a_model_that_are_not_what_was_written(trained: Small, damage: str) -> None:
    with trained.open() as project:
        state = project.view.states[CHURN]
        path = project.workspace.lake.absolute(state.files[0].path)
    content = path.read_bytes()
    path.chmod(0o644)
    half = len(content) // 2
    broken = (
        content[:half] if damage == "cut" else content[:half] + b"\0" * 64 + content[half + 64 :]
    )
    path.write_bytes(broken)
    before = scores(trained, "count(*), max(day)")
    next_day(trained)
    found = outcome(trained.run(), SCORES)
    assert found.status == "failed"
    assert found.issues[0].code in ("E044", "E027", "E742")
    assert "model.churn" in found.issues[0].what
    assert scores(trained, "count(*), max(day)") == before
    path.write_bytes(content)
    assert outcome(trained.run(), SCORES).status == "built"


def test_the_extra_is_missing(trained: Small, monkeypatch: pytest.MonkeyPatch) -> None:
    without = trained.root / "without"
    (without / "sklearn").mkdir(parents=True)
    text = "raise ModuleNotFoundError(\"No module named 'sklearn'\", name='sklearn')"
    (without / "sklearn/__init__.py").write_text(text)
    monkeypatch.syspath_prepend(str(without))
    trained.write("models/churn.yml", SCORED + "    seed: 3\n")
    found = outcome(trained.run())
    assert found.status == "failed"
    assert [issue.code for issue in found.issues] == ["E026"]
    assert "pip install 'headwater[ml]'" in found.issues[0].fix
    assert shown(trained) == "model.churn@1"


def test_a_training_is_stopped_at_once_and_leaves_nothing(
    trained: Small, monkeypatch: pytest.MonkeyPatch
) -> None:
    from headwater.kinds.model import training
    from headwater.run.context import RunContext

    contexts: list[RunContext] = []
    run = training._run

    def watched(node: NodeId, folder: Path, context: RunContext) -> tuple[int, str]:
        contexts.append(context)
        return run(node, folder, context)

    monkeypatch.setattr(training, "_run", watched)
    trained.write("models/churn.yml", SCORED + "    seed: 3\n")
    stopped: list[float] = []

    def stop() -> None:
        while not contexts:
            time.sleep(0.01)
        time.sleep(0.3)  # the process is on its way
        stopped.append(time.perf_counter())
        contexts[0].stop()

    thread = threading.Thread(target=stop)
    thread.start()
    found = outcome(trained.run())
    assert time.perf_counter() - stopped[0] < 5
    thread.join()
    assert [issue.code for issue in found.issues] == ["E705"]
    assert shown(trained) == "model.churn@1"
    assert numbers(trained) == [1]
    stage = next((trained.root / ".headwater/lake").glob("*stag*"), None)
    assert stage is None or not any(stage.iterdir())


def test_a_process_that_dies_is_told(
    trained: Small, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    (broken / "sklearn").mkdir(parents=True)
    (broken / "sklearn/__init__.py").write_text("import os\nos.kill(os.getpid(), 9)\n")
    monkeypatch.syspath_prepend(str(broken))
    trained.write("models/churn.yml", SCORED + "    seed: 3\n")
    found = outcome(trained.run())
    assert [issue.code for issue in found.issues] == ["E041"]
    assert "ended with signal 9" in found.issues[0].what
    assert shown(trained) == "model.churn@1"
    shutil.rmtree(broken)


def test_no_version_is_published(tmp_path: Path) -> None:
    text = SCORED.replace("auc > 0.6", "auc > 0.99")
    small = model_shop(Small(tmp_path / "small"), text)
    report = small.run()
    assert became(report) == {
        "training_set.churn": "built",
        "model.churn": "held",
        "scores.churn": "waiting",
    }
    assert "nothing is published" in outcome(report).issues[0].fix


@pytest.mark.parametrize(
    ("where", "what"),
    [("order_90d > 0", "order_90d"), ("orders_90d >", "syntax error"), ("sum(orders_90d) > 1", "")],
)
def test_a_condition_of_who_is_scored_that_is_none(tmp_path: Path, where: str, what: str) -> None:
    model = MODEL + f"    scores: {{where: '{where}'}}\n"
    small = model_shop(Small(tmp_path / "s"), model, customers=3)
    with small.open() as project:
        (issue,) = [i for i in project.check() if i.is_error]
    assert issue.code == "E039"
    assert what in issue.what
    assert issue.place.path == "models/churn.yml"


def test_a_date_in_the_future_makes_no_rows_of_it(trained: Small) -> None:
    """One wrong date must not say of everybody that they lapsed long before it."""
    nodes = (NodeId("feature_view", "customer"), NodeId("label", "lapsed"), SCORES)
    deliver(trained, "typo", [(90_001, "2031-09-01 12:00:00", "c001", "web", 20)])
    report = trained.run()
    assert not report.failed
    assert shown(trained) == "model.churn@1"
    for node in nodes:
        assert newest_day(trained, node) <= date(2024, 7, 1)  # today
    assert trained.run().outcomes == ()
    assert became(trained.run(now="2024-07-03"))["scores.churn"] == "built"
    assert newest_day(trained, SCORES) == date(2024, 7, 3)
    assert trained.run(now="2024-06-20").outcomes == ()  # a clock that was set back
    assert newest_day(trained, SCORES) == date(2024, 7, 3)


def newest_day(small: Small, node: NodeId) -> date:
    """The last day of which a node has rows."""
    with small.open() as project, project.workspace.engine.session() as session:
        lake = project.workspace.lake
        files = [str(lake.absolute(f.path)) for f in project.view.states[node].part("rows")]
        ((day,),) = session.fetch(f"SELECT max(day) FROM read_parquet({files})")
    assert isinstance(day, date)
    return day
