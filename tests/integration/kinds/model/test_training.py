"""Models trained for real: versions, gates, what is taken again, what stays published."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.integration.kinds.model.conftest import SCORED
from tests.integration.kinds.model.shop import MODEL, deliver
from tests.integration.run.small import Small

from headwater.contracts.quoting import literal
from headwater.errors import HeadwaterError
from headwater.ids import NodeId
from headwater.kinds.model.versions import read_facts
from headwater.project.recording import RunReport
from headwater.project.versions import FORCED, published_version
from headwater.run.context import NodeOutcome

CHURN, SCORES = NodeId("model", "churn"), NodeId("scores", "churn")
JUDGED = SCORED.replace("auc > 0.6", "auc > 0.99")
STRICT = JUDGED + "    seed: 1\n"


def outcome(report: RunReport, node: NodeId = CHURN) -> NodeOutcome:
    """What became of the model, or of another node."""
    return next(o for o in report.outcomes if o.node == node)


def became(report: RunReport) -> dict[str, str]:
    """What a run did to nodes of the model's file."""
    return {str(o.node): o.status for o in report.outcomes if o.node.name == "churn"}


def scores(small: Small, columns: str) -> list[tuple[Any, ...]]:
    """What is published of the scores."""
    with small.open() as project:
        state = project.view.states[SCORES]
        files = [str(project.workspace.lake.absolute(f.path)) for f in state.part("rows")]
        with project.workspace.engine.session() as session:
            listed = ", ".join(map(literal, files))
            return session.fetch(f"SELECT {columns} FROM read_parquet([{listed}])")


def shown(small: Small, env: str = "prod") -> str:
    """The version that is published."""
    with small.open(env) as project:
        return str(published_version(project.ledger, project.view, CHURN))


def numbers(small: Small) -> list[int]:
    """All versions, newest first."""
    with small.open() as project:
        return [version.number for version in project.ledger.versions(CHURN)]


def next_day(small: Small) -> None:
    """One more day of orders, which trains nothing: its labels are not known yet."""
    deliver(small, "more", [(90_001, "2024-06-30 12:00:00", "c001", "web", 20)])


def late_rows(small: Small) -> None:
    """Orders of a past December, by which some who seemed lost had bought."""
    rows: list[tuple[object, ...]] = [
        (91_000 + number, "2023-12-15 12:00:00", f"c{number:03}", "web", 20)
        for number in range(0, 240, 2)
    ]
    deliver(small, "late", rows)


def test_the_first_training_is_version_1(trained: Small) -> None:
    with trained.open() as project:
        (version,) = project.ledger.versions()
        facts = read_facts(version)
        assert (str(version), version.passed, facts.rows) == ("model.churn@1", True, 1480)
        assert version.environment == "prod"
        assert facts.columns["last_channel"] == "VARCHAR"
        assert facts.seed == 0
        assert "scikit-learn" in facts.environment
        rows = project.view.states[NodeId("training_set", "churn")].part("rows")
        assert {file.path for file in rows} < {file.path for file in version.files}
    found = scores(trained, "score, version, reasons, day")
    assert len(found) > 240
    assert all(0 < score < 1 and number == 1 and len(why) == 2 for score, number, why, _ in found)
    assert str(min(day for *_, day in found)) == "2024-06-01"


def test_a_second_run_does_nothing(trained: Small) -> None:
    with trained.open() as project:
        assert project.plan().steps == ()
    assert became(trained.run()) == {}


def test_words_about_a_model_do_not_train_it(trained: Small) -> None:
    trained.write("models/churn.yml", SCORED.replace("growth", "sales") + "    title: Churn\n")
    report = trained.run()
    assert became(report) == {}
    assert len(report.releases) == 1
    assert numbers(trained) == [1]


def test_training_again_gives_the_same_model(trained: Small) -> None:
    report = trained.run(full_refresh=frozenset({CHURN}))
    assert became(report) == {"model.churn": "identical"}
    assert numbers(trained) == [1]
    assert outcome(report).notes[0].endswith("   trained again, the same model")


def test_a_model_that_fails_is_kept_and_not_published(trained: Small) -> None:
    trained.write("models/churn.yml", STRICT)
    report = trained.run()
    found = outcome(report)
    assert found.status == "held"
    assert found.reason == "definition changed: `seed`, `gates`"
    (issue,) = found.issues
    assert issue.code == "E042"
    assert "model.churn@2 was trained and is kept, but fails auc > 0.99 (0.77" in issue.what
    assert "model.churn@1 stays published" in issue.fix
    assert issue.place.line == 6
    assert shown(trained) == "model.churn@1"
    assert numbers(trained) == [2, 1]
    # The scores go on with the version that is published.
    next_day(trained)
    began = time.perf_counter()
    report = trained.run()
    assert outcome(report).status == "held"
    assert outcome(report).issues == found.issues
    assert "not trained" in outcome(report).notes[0]
    assert outcome(report, SCORES).status == "built"
    assert numbers(trained) == [2, 1]
    assert time.perf_counter() - began < 10
    days = scores(trained, "max(day), max(version)")
    assert [(str(day), version) for day, version in days] == [("2024-06-30", 1)]


def judgement(small: Small, number: int) -> tuple[bool, list[str], float]:
    """Whether a version passed, by which gates, and what was known of it when it was trained."""
    with small.open() as project:
        version = project.ledger.version(CHURN, number)
        facts = read_facts(version)
        trained_with = read_facts(replace(version, judgement=""))
        return version.passed, [g.text for g in facts.gates], len(trained_with.gates)


def test_a_changed_gate_trains_nothing(trained: Small) -> None:
    trained.write("models/churn.yml", JUDGED)
    found = outcome(trained.run())
    assert (found.status, found.reason) == ("held", "definition changed: `gates`")
    assert "model.churn@1 was trained and is kept, but fails auc > 0.99 (0.77" in str(found.issues)
    assert "it stays published" in str(found.issues)
    assert "not trained" in found.notes[0]
    assert numbers(trained) == [1]
    assert judgement(trained, 1) == (False, ["auc > 0.99"], 1)
    assert outcome(trained.run()).status == "held"
    trained.write("models/churn.yml", JUDGED.replace("[auc > 0.99]", "[auc > 0.65, brier < 0.5]"))
    # The data are looked at by the released gates, and then the edited ones are released.
    before, found = [o for o in trained.run().outcomes if o.node == CHURN]
    assert (before.status, found.status) == ("held", "identical")
    assert judgement(trained, 1) == (True, ["auc > 0.65", "brier < 0.5"], 1)
    assert shown(trained) == "model.churn@1"
    with trained.open() as project:
        assert project.plan().steps == ()
        said = project.ledger.notes(sort="judgement", node=CHURN)
    assert [note.text for note in said] == ["model.churn@1"] * 2


def test_a_version_that_was_held_is_published_when_its_gates_are_loosened(trained: Small) -> None:
    trained.write("models/churn.yml", STRICT)
    trained.run()
    assert shown(trained) == "model.churn@1"
    trained.write("models/churn.yml", STRICT.replace("auc > 0.99", "auc > 0.7"))
    found = outcome(trained.run())
    assert "not trained" in found.notes[0]
    assert shown(trained) == "model.churn@2"
    assert numbers(trained) == [2, 1]
    assert judgement(trained, 2)[0]
    assert judgement(trained, 1) == (True, ["auc > 0.6"], 1)


def test_a_version_that_failed_is_published_only_by_force(trained: Small) -> None:
    trained.write("models/churn.yml", STRICT)
    trained.run()
    with trained.open() as project:
        with pytest.raises(HeadwaterError, match="E046"):
            project.promote_version("model.churn@2")
        with pytest.raises(HeadwaterError, match="E046"):
            project.promote_version("model.churn@2", force=True)
        with pytest.raises(HeadwaterError, match="E047"):
            project.promote_version("churn@1")
        with pytest.raises(HeadwaterError, match="E049"):
            project.promote_version("churn@3")
        release = project.promote_version("churn@2", "the board asked for it", force=True)
        assert release.sort == "promotion"
        (note,) = project.ledger.notes(sort=FORCED)
        assert "the board asked" in note.text
        assert project.plan().steps == ()
    assert shown(trained) == "model.churn@2"


def test_back_to_the_version_before_and_forward_again(trained: Small) -> None:
    trained.write("models/churn.yml", SCORED + "    seed: 1\n    calibration: none\n")
    assert became(trained.run()) == {"model.churn": "built"}
    assert shown(trained) == "model.churn@2"
    given = sorted(scores(trained, "customer, day, score, version"))
    with trained.open() as project:
        release = project.rollback(node="model.churn")
        assert (release.sort, release.reason) == ("rollback", "model.churn back to @1")
        assert project.plan().steps == ()
        with pytest.raises(HeadwaterError, match="E712"):
            project.rollback(node="model.churn")
    assert shown(trained) == "model.churn@1"
    assert sorted(scores(trained, "customer, day, score, version")) == given
    with trained.open() as project:
        project.promote_version("model.churn@2")
        project.promote_version("model.churn@1")
        assert project.rollback(node="model.churn").reason == "model.churn back to @2"
    assert shown(trained) == "model.churn@2"
    with trained.open() as project:
        project.rollback(to=1, node="model.churn")
    assert shown(trained) == "model.churn@1"
    # What is new again trains the next one.
    late_rows(trained)
    assert became(trained.run())["model.churn"] == "built"
    assert shown(trained) == "model.churn@3"


def test_a_model_is_tried_in_an_environment_and_promoted(trained: Small) -> None:
    trained.write("models/churn.yml", SCORED + "    calibration: none\n")
    trained.run(env="try")
    assert (shown(trained), shown(trained, "try")) == ("model.churn@1", "model.churn@2")
    with trained.open() as project:
        project.promote("try")
    assert shown(trained) == "model.churn@2"
    assert numbers(trained) == [2, 1]


def test_vacuum_keeps_every_version_and_its_training_set(trained: Small) -> None:
    with trained.open() as project:
        (version,) = project.ledger.versions()
    view = (trained.root / "features/customer.yml").read_text()
    trained.write("features/customer.yml", view.replace("sum(amount)", "max(amount)"))
    trained.run()
    late_rows(trained)
    trained.run(now="2024-07-20")
    with trained.open(now="2024-09-01") as project:
        report = project.vacuum(timedelta(0))
        assert report.deleted
        for file in version.files:
            assert project.workspace.lake.verify(file) is None
        assert not report.missing


def test_late_rows_train_anew_and_say_so(trained: Small) -> None:
    late_rows(trained)
    report = trained.run()
    found = outcome(report)
    assert found.reason == "upstream changed: training_set.churn"
    assert numbers(trained) == [2, 1]


def test_later_labels_do_not_train_where_the_split_is_stated(trained: Small) -> None:
    rows: list[tuple[object, ...]] = [(90_003, "2024-07-31 12:00:00", "c001", "web", 20)]
    deliver(trained, "july", rows)
    report = trained.run(now="2024-08-01")
    assert outcome(report, SCORES).status == "built"
    assert numbers(trained) == [1]


def test_a_random_split_is_marked(trained: Small) -> None:
    text = MODEL.replace(
        "{calibrate: 2023-10..2023-12, test: 2024-01..2024-03, origins: 1}",
        "{mode: random, origins: 1}",
    )
    trained.write("models/churn.yml", text)
    found = outcome(trained.run())
    assert "RANDOM SPLIT" in found.notes[0]
    with trained.open() as project:
        assert read_facts(project.ledger.versions()[0]).mark == "random split"


def test_what_the_gates_of_a_model_are_is_told_in_the_difference(trained: Small) -> None:
    trained.write("models/churn.yml", STRICT.replace("auc > 0.99", "auc > 0.7"))
    trained.run()
    with trained.open() as project:
        from headwater.views.versions import version_changes

        diff = project.diff()
        said = version_changes(project, diff)
        text = "".join(cell.text for cell in said[CHURN])
    assert "@1 → @2" in text
    assert "new gate auc > 0.7, no gate auc > 0.6 any more" in text
    assert replace(diff, nodes=()).is_empty
