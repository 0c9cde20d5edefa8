"""Models read from their files, and every mistake at its place."""

from __future__ import annotations

from datetime import date, time, timedelta
from textwrap import dedent

import pytest

from headwater.definitions.loader import Loaded, load
from headwater.definitions.tree import Tree
from headwater.errors import Issue
from headwater.ids import NodeId
from headwater.kinds.model.definition import (
    ModelDefinition,
    ScoresDefinition,
    TrainingSetDefinition,
)
from headwater.kinds.model.drafts import Draft, read_file
from headwater.learning.gates import DEFAULT_GATES
from headwater.learning.model import Span
from headwater.registry import KINDS

VIEW = """
    entity: customers
    source: sales
    features:
      orders: count(*)
"""
LABEL = """
    entity: customers
    source: sales
    horizon: 90d
    expr: count(*) = 0
"""
CHURN = """
    label: churned
    features: [customer]
    algorithm: xgboost
    owner: growth
    split: {calibrate: 2011-01, test: 2011-05..2011-09}
    profit: {cost: 2, gain: 40, response: 0.1}
    gates: [auc > baseline.auc, calibration_error <= 0.03, leaks = 0]
    scores: {every: day, by: "07:00", online: true}
"""
MINIMUM = "label: churned\nfeatures: customer\n"


def loaded(model: str = CHURN, **others: str) -> Loaded:
    files = {
        "headwater.yml": "name: shop\ntimezone: Europe/London\n",
        "features/customer.yml": VIEW,
        "labels/churned.yml": LABEL,
        "models/churn.yml": model,
    }
    files |= {path.replace("__", "/") + ".yml": text for path, text in others.items()}
    tree = Tree.from_blobs({path: dedent(text).lstrip() for path, text in files.items()})
    return load(tree, [kind.reader for kind in KINDS])


def issues(model: str, **others: str) -> list[Issue]:
    return [issue for issue in loaded(model, **others).issues if issue.place.path[:7] == "models/"]


def test_all_of_a_file() -> None:
    found = loaded()
    assert found.issues == ()
    model = found.definitions[NodeId("model", "churn")]
    rows = found.definitions[NodeId("training_set", "churn")]
    scores = found.definitions[NodeId("scores", "churn")]
    assert isinstance(model, ModelDefinition)
    assert isinstance(rows, TrainingSetDefinition)
    assert isinstance(scores, ScoresDefinition)
    assert model.inputs.views == ("customer",)
    assert model.inputs.sources == ("sales",)
    assert model.inputs.entity == "customers"
    assert model.learning.split.calibrate == Span(date(2011, 1, 1), date(2011, 2, 1))
    assert model.learning.split.test == Span(date(2011, 5, 1), date(2011, 10, 1))
    assert model.learning.split.embargo == model.learning.horizon == timedelta(days=90)
    assert [gate.text for gate in model.learning.gates] == [gate.text for gate in DEFAULT_GATES]
    assert model.learning.gates[1].place.line == 7
    assert rows.until == scores.begins == date(2011, 10, 1)
    assert (scores.scores.by, scores.scores.every) == (time(7), "day")
    assert scores.described.owner == "growth"


def test_two_lines_are_enough() -> None:
    found = loaded(MINIMUM)
    assert found.issues == ()
    model = found.definitions[NodeId("model", "churn")]
    assert isinstance(model, ModelDefinition)
    assert model.learning.gates == DEFAULT_GATES
    assert model.learning.algorithm == "xgboost"
    assert NodeId("scores", "churn") not in found.definitions


@pytest.mark.parametrize(
    ("text", "code", "what", "fix"),
    [
        ("label: churnd\nfeatures: customer", "E035", "unknown label `churnd`", "`churned`"),
        ("label: churned\nfeatures: custmer", "E036", "unknown feature view `custmer`",
         "`customer`"),
        ("label: churned", "E116", "missing key `features`", "features:"),
        (MINIMUM + "target: x", "E114", "unknown key `target`", "did you mean `label`"),
        (MINIMUM + "hyperparameters: {}", "E114", "`hyperparameters`", "`parameters`"),
        (MINIMUM + "feature_service: x", "E114", "`feature_service`", "`features`"),
        (MINIMUM + "materialized: table", "E114", "`materialized`", "`tables/`"),
        (MINIMUM + "stage: production", "E114", "`stage`", "headwater promote"),
        (MINIMUM + "algorithm: xgbost", "E115", "`xgboost`", "did you mean `xgboost`"),
        (MINIMUM + "algorithm: sklearn", "E039", "go together", "estimator: sklearn."),
        (MINIMUM + "algorithm: xgboost\nestimator: a.B", "E039", "go together", ""),
        (MINIMUM + "gates: [acu > 0.7]", "E031", "`acu`", "did you mean `auc`"),
        (MINIMUM + "gates: [better]", "E030", "`better` is no condition", ""),
        (MINIMUM + "profit: {cost: 2, gain: 40, response: 10}", "E039", "from 0 to 1", "0.1"),
        (MINIMUM + "embargo: 30d", "E037", "shorter than the label's horizon of 90 days", ""),
        (MINIMUM + "split: {calibrate: 2011-06, test: 2011-01}", "E037",
         "`test` begins on 2011-01-01, before `calibrate` ends", "what came later"),
        (MINIMUM + "split: {test: 2011-01}", "E037", "not `calibrate`", "add `calibrate:"),
        (MINIMUM + "split: {calibrate: 2011-01, test: 2011-02}", "E037",
         "no row of `calibrate` is left", "begin `calibrate` earlier"),
        (MINIMUM + "split: {mode: random, calibrate: 2011-01, test: 2011-06}", "E037",
         "a random split has no spans", ""),
        (MINIMUM + "split: {test: previous month, calibrate: 2011-01}", "E115",
         "expected a span", "stays the same"),
        (MINIMUM + "split: {test_size: 0.2}", "E114", "`test_size`", "spans of time"),
        (MINIMUM + "scores: true", "E039", "`scores` has no first day", "from: 2011-10-01"),
        (MINIMUM + "scores: {by: 7 o'clock}", "E115", "a time of the day", "quotes"),
        ("label: churned\nfeatures: [customer, customer.orders]", "E038",
         "`customer.orders` is named twice", "in already"),
        ("label: churned\nfeatures: [churned.channel]", "E038", "no feature view is named", ""),
    ],
)  # fmt: skip
def test_mistakes(text: str, code: str, what: str, fix: str) -> None:
    (found,) = issues(text)
    assert found.code == code
    assert what in found.what
    assert fix in found.fix
    assert found.place.line


def test_label_and_view_of_different_entities() -> None:
    (found,) = issues(MINIMUM, features__customer=VIEW.replace("customers", "products"))
    assert found.code == "E036"
    assert "about `customers`, and view `customer` about `products`" in found.what
    assert found.place.line == 2


def test_what_is_broken_itself_is_told_once() -> None:
    assert issues(MINIMUM, labels__churned="horizon: soon") == []
    assert issues(MINIMUM, features__customer="entity: customers") == []


def test_sql_in_the_folder_of_models() -> None:
    tree = Tree.from_blobs({"headwater.yml": "name: shop\n", "models/orders.sql": "select 1"})
    (found,) = load(tree, [kind.reader for kind in KINDS]).issues
    assert found.code == "E120"
    assert "`models/` holds trained models" in found.fix


def test_scores_share_their_names_with_tables() -> None:
    found = issues(CHURN, labels__churn=LABEL)
    assert [issue.code for issue in found] == ["E121"]


def test_a_file_is_read_from_the_cache_as_from_disk() -> None:
    from headwater.definitions.codec import codec_of
    from headwater.definitions.loader import Files

    files = Files(("models/churn.yml",), {"models/churn.yml": dedent(CHURN).lstrip()}, {})
    draft = read_file(files)
    codec = codec_of(Draft)
    assert draft is not None
    assert codec.read(codec.write(draft)) == draft
