"""A model in Python, run for real."""

from __future__ import annotations

import shutil
from pathlib import Path
from textwrap import dedent

import pytest
from tests.integration.kinds.model.shop import model_shop
from tests.integration.kinds.model.test_training import (
    CHURN,
    numbers,
    outcome,
    scores,
    shown,
)
from tests.integration.run.small import Small

from headwater.kinds.model.versions import read_facts

MODEL = """
    import headwater as hw
    from shared.parts import forest
    from sklearn.ensemble import VotingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler


    @hw.model(
        label="lapsed",
        features=["customer"],
        split={"calibrate": "2023-10..2023-12", "test": "2024-01..2024-03", "origins": 1},
        gates=["auc > 0.6"],
        scores={"from": "2024-06-29"},
    )
    def churn():
        linear = make_pipeline(SimpleImputer(), StandardScaler(), LogisticRegression())
        return VotingClassifier([("linear", linear), ("forest", forest(10))], voting="soft")
"""
PARTS = """
    from sklearn.ensemble import RandomForestClassifier


    def forest(trees):
        return RandomForestClassifier(trees, max_depth=3)
"""


def python_shop(small: Small, model: str = MODEL) -> Small:
    """The shop of models, its model in Python."""
    model_shop(small)
    (small.root / "models/churn.yml").unlink()
    small.write("models/churn.py", dedent(model))
    small.write("shared/parts.py", PARTS)
    return small


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Small:
    found = python_shop(Small(tmp_path_factory.mktemp("python") / "small"))
    report = found.run()
    assert not report.failed, [str(i) for o in report.outcomes for i in o.issues]
    return found


def copied(small: Small, folder: Path) -> Small:
    """The same shop, for one test."""
    found = Small.__new__(Small)
    found.root = folder / "small"
    shutil.copytree(small.root, found.root)
    return found


def test_it_is_trained_published_and_scores(small: Small) -> None:
    assert shown(small) == "model.churn@1"
    with small.open() as project:
        (version,) = project.ledger.versions(CHURN)
        facts = read_facts(version)
    assert facts.algorithm == "python"
    assert version.passed
    ((scored, least, most),) = scores(small, "count(*), min(score), max(score)")
    assert scored > 100
    assert 0 < least < most < 1


def test_training_again_gives_the_same_bytes(small: Small) -> None:
    report = small.run(full_refresh=frozenset({CHURN}))
    assert outcome(report).status == "identical"
    assert numbers(small) == [1]


def test_an_edited_function_trains_anew_and_an_edited_title_does_not(
    small: Small, tmp_path: Path
) -> None:
    other = copied(small, tmp_path)
    other.write("models/churn.py", dedent(MODEL).replace("gates=", 'title="Who lapses", gates='))
    assert not any(o.node == CHURN for o in other.run().outcomes)
    other.write("shared/parts.py", PARTS.replace("max_depth=3", "max_depth=2"))
    assert "definition changed: `source`" in outcome(other.run()).reason
    assert shown(other) == "model.churn@2"


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (
            "linear = make",
            "linear = makes",
            "E034 NameError: name 'makes_pipeline' is not defined · models/churn.py:1",
        ),
        ("forest(10)", "forest('many')", "E025 what the function returns refused"),
        ("    return Voting", "    1 / 0\n    return Voting", "E034 ZeroDivisionError"),
        ("from shared.parts", "from shared.part", "E109 the module `shared.part` is not inst"),
        ('forest(10))], voting="soft")', 'Own())], voting="soft")', "E024 `Own` is no class of"),
    ],
)
def test_what_the_function_does_wrong_is_told(
    old: str, new: str, expected: str, small: Small, tmp_path: Path
) -> None:
    own = "\n\nclass Own(LogisticRegression):\n    pass\n"
    other = copied(small, tmp_path)
    other.write("models/churn.py", dedent(MODEL).replace(old, new) + own)
    found = [str(issue) for issue in outcome(other.run()).issues]
    assert any(expected in each for each in found), found
