"""Models in Python, read without being run; every mistake at its place."""

from __future__ import annotations

from textwrap import dedent

import pytest
from tests.unit.kinds.model.test_read import LABEL, VIEW

import headwater as hw
from headwater.definitions.loader import Loaded, load
from headwater.definitions.tree import Tree
from headwater.ids import NodeId
from headwater.kinds.model.bind import meaning
from headwater.kinds.model.definition import ModelDefinition
from headwater.registry import KINDS

CHURN = '''
    """Who will not buy again."""
    import headwater as hw
    from shared.parts import forest

    @hw.model(
        label="churned",
        features=["customer"],
        owner="growth",
        seed=7,
        search={"max_depth": [2, 3]},
        split={"calibrate": "2011-01", "test": "2011-05..2011-09"},
        gates=["auc > baseline.auc", "leaks = 0"],
        scores={"every": "day", "by": "07:00"},
    )
    def churn():
        """By a forest."""
        return forest(100)
'''
PARTS = "def forest(trees):\n    return trees\n"


def loaded(text: str = CHURN, name: str = "churn.py", parts: str = PARTS) -> Loaded:
    files = {
        "headwater.yml": "name: shop\nteams: {growth: {members: [ada]}}\n",
        "features/customer.yml": VIEW,
        "labels/churned.yml": LABEL,
        "shared/parts.py": parts,
        f"models/{name}": text,
    }
    tree = Tree.from_blobs({path: dedent(text).lstrip() for path, text in files.items()})
    return load(tree, [kind.reader for kind in KINDS])


def model(text: str = CHURN, parts: str = PARTS) -> ModelDefinition:
    found = loaded(text, parts=parts)
    assert found.issues == ()
    definition = found.definitions[NodeId("model", "churn")]
    assert isinstance(definition, ModelDefinition)
    return definition


def test_all_of_a_file() -> None:
    found = model()
    assert found.learning.algorithm == "python"
    assert found.learning.function == "models/churn.py"
    assert found.learning.seed == 7
    assert found.learning.search == {"max_depth": (2, 3)}
    assert [gate.text for gate in found.learning.gates] == ["auc > baseline.auc", "leaks = 0"]
    assert found.learning.gates[1].place.line == 12
    assert found.described.description == "By a forest."
    assert found.described.owner == "growth"
    assert found.files == ("models/churn.py", "shared/parts.py")
    assert NodeId("scores", "churn") in loaded().definitions


def test_the_mark_is_no_part_of_the_function() -> None:
    before = model()
    gates = model(CHURN.replace('"leaks = 0"', '"leaks = 0", "auc > 0.7"'))
    body = model(CHURN.replace("forest(100)", "forest(200)"))
    parts = model(parts=PARTS.replace("return trees", "return trees + 1"))
    assert gates.learning.source == before.learning.source
    assert body.learning.source != before.learning.source
    assert parts.learning.source != before.learning.source
    assert len({each.text_digest for each in (before, gates, body, parts)}) == 4


def test_models_in_yaml_mean_what_they_meant() -> None:
    assert meaning(model().learning).keys() >= {"function", "source"}
    found = loaded("label: churned\nfeatures: customer\n", "churn.yml")
    definition = found.definitions[NodeId("model", "churn")]
    assert isinstance(definition, ModelDefinition)
    assert not meaning(definition.learning).keys() & {"function", "source"}


def test_a_module_beside_the_models_is_none() -> None:
    assert loaded("import sklearn\n", "_parts.py").issues == ()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed=7", "sed=7", "E114 unknown key `sed` · models/churn.py:9:5"),
        (
            "seed=7",
            'algorithm="xgboost"',
            "E114 unknown key `algorithm` · models/churn.py:9:5 · what learns is",
        ),
        (
            "seed=7",
            'model_type="x"',
            "E114 unknown key `model_type` · models/churn.py:9:5 · what learns is",
        ),
        ("seed=7", "seed=SEED", "E109 `SEED` is no literal · models/churn.py:9:10"),
        (
            "seed=7",
            "**more",
            "E109 `more` is no literal · models/churn.py:9:7 · write the keys out",
        ),
        ('label="churned"', 'label="chured"', "E035 unknown label `chured`"),
        ('label="churned",', "", "E116 missing key `label`"),
        ('"leaks = 0"', '"leek = 0"', "models/churn.py:12:34"),
        ('"growth"', '"groth"', "E220 unknown owner `groth` · models/churn.py:8:12"),
        ("def churn()", "def churned()", "E109 the file is called `churn`"),
        (
            "def churn()",
            "def churn(customers)",
            "E109 a parameter, `customers` · models/churn.py:15:11",
        ),
        ("def churn()", "def churn(*, depth=3)", "E109 a parameter, `depth`"),
        ("@hw.model", "@hw.table", "E109 the file defines no model"),
        ("return", "retrun", "E109 not valid Python"),
    ],
)
def test_mistakes_are_told_at_their_place(old: str, new: str, said: str) -> None:
    issues = loaded(CHURN.replace(old, new)).issues
    assert any(said in str(issue) for issue in issues), [str(issue) for issue in issues]


def test_one_name_is_one_model() -> None:
    found = loaded("label: churned\nfeatures: customer\n", "churn.yml")
    texts = {path: text for path, text in found.tree.files.items() if path != "models/churn.py"}
    tree = Tree.from_blobs({**texts, "models/churn.py": dedent(CHURN).lstrip()})
    issues = load(tree, [kind.reader for kind in KINDS]).issues
    assert {issue.code for issue in issues} == {"E121"}


def test_python_is_not_said_in_yaml() -> None:
    (issue,) = loaded("label: churned\nfeatures: customer\nalgorithm: python\n", "churn.yml").issues
    assert issue.code == "E115"


def test_the_mark_leaves_the_function_as_it_is() -> None:
    @hw.model(label="churned", features=["customer"])
    def churn() -> int:
        return 3

    assert churn() == 3
