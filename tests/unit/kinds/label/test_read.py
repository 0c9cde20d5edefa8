"""Labels read from files: what they say, and every mistake with its place and what to do."""

from __future__ import annotations

from datetime import timedelta
from textwrap import dedent

import pytest

from headwater.definitions.loader import Loaded, load
from headwater.definitions.tree import Tree
from headwater.features.labels import LabelSpec
from headwater.ids import NodeId
from headwater.kinds.feature_view.read import FEATURE_VIEW_READER
from headwater.kinds.label.definition import LabelDefinition
from headwater.kinds.label.read import LABEL_READER

VIEW = "entity: customers\nsource: sales\nfeatures: {orders: count(*)}\n"
LEAST = "entity: customers\nsource: sales\nhorizon: 90d\nexpr: count(*) = 0\n"


def read(text: str, **more: str) -> Loaded:
    """A project of one label and one view."""
    files = {
        "headwater.yml": "name: page\n",
        "features/customer.yml": VIEW,
        "labels/churned.yml": dedent(text),
        **more,
    }
    return load(Tree.from_blobs(files), [FEATURE_VIEW_READER, LABEL_READER])


def label(text: str) -> LabelDefinition:
    """The label, where nothing is wrong."""
    loaded = read(text)
    assert list(map(str, loaded.issues)) == []
    found = loaded.definitions[NodeId("label", "churned")]
    assert isinstance(found, LabelDefinition)
    return found


def told(text: str) -> list[str]:
    """Code, place, what and fix of all that is wrong."""
    loaded = read(text)
    assert NodeId("label", "churned") not in loaded.definitions
    return [str(issue) for issue in loaded.issues]


def test_the_least_that_a_label_says() -> None:
    spec = label(LEAST).spec
    assert (spec.horizon, spec.observe.every, spec.observe.where) == (timedelta(90), "month", "")


def test_a_label_names_the_views_that_choose_its_rows() -> None:
    found = label(LEAST + "observe: {every: week, where: customer.orders > 0 and 1 = 1}\n")
    assert [view.name for view in found.views] == ["customer"]
    assert found.spec.observe.every == "week"


@pytest.mark.parametrize(
    ("horizon", "days"), [("90d", 90), ("12w", 84), ("24h", 1), ("36h", 2), ("25h", 2), ("1h", 1)]
)
def test_the_last_day_of_a_horizon(horizon: str, days: int) -> None:
    assert label(LEAST.replace("90d", horizon)).spec.day_after == days


def test_a_horizon_is_of_hours_days_or_weeks() -> None:
    hints = {"6mo": "write `180d`", "90": "write `90d` for days", "1y": "write `365d`", "0d": ""}
    for text, hint in hints.items():
        (issue,) = told(LEAST.replace("90d", text))
        assert issue.startswith("E115")
        assert hint in issue


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("target", "did you mean `expr`?"),
        ("entity_df", "observe: {table: …}"),
        ("cutoff_time", "observe: {table: …, at: …}"),
        ("prediction_window", "did you mean `horizon`?"),
        ("latency", "`latency` is of feature views"),
        ("known_at", "`known_at` is of feature views"),
        ("label", "display names are `title`"),
        ("horizn", "did you mean `horizon`?"),
    ],
)
def test_words_of_elsewhere(key: str, hint: str) -> None:
    (issue,) = told(LEAST + f"{key}: 1\n")
    assert issue.startswith(f"E114 unknown key `{key}`")
    assert hint in issue


@pytest.mark.parametrize(
    ("expr", "what"),
    [
        ("true", "says nothing of the rows of the horizon"),
        ("count(*) = 0 and :at > '2011-01-01'", "`:at` in the `expr` of a label"),
        ("count(*) = :n", "`:n` in the `expr` of a label"),
    ],
)
def test_an_outcome_that_is_none(expr: str, what: str) -> None:
    (issue,) = told(LEAST.replace("count(*) = 0", f'"{expr}"'))
    assert issue.startswith("E015")
    assert what in issue
    assert "labels/churned.yml:4:7" in issue


@pytest.mark.parametrize("expr", ["median(amount) > 1", "count(* = 0", "sum(max(amount)) > 0"])
def test_an_outcome_that_cannot_be_read(expr: str) -> None:
    (issue,) = told(LEAST.replace("count(*) = 0", expr))
    assert issue[:4] in ("E001", "E003")
    assert "labels/churned.yml:4" in issue


@pytest.mark.parametrize(
    ("observe", "what", "fix"),
    [
        ("{every: month, table: offers}", "has `every` and `table`", "keep one"),
        ("{at: sent_at}", "has `at` and no `table`", "add `table:`"),
        ("{where: orders > 0}", "names `orders`", "as in `customer.orders`"),
        ("{where: custmer.orders > 0}", "view `custmer`, which there is not", "`customer`"),
        ("{where: 'customer.orders >'}", "`where`: ", ""),
        ("{where: count(*) > 0}", "stands in a condition on rows", "name columns alone"),
    ],
)
def test_rows_that_cannot_be(observe: str, what: str, fix: str) -> None:
    (issue,) = told(LEAST + f"observe: {observe}\n")
    assert issue.startswith("E016")
    assert what in issue
    assert fix in issue


def test_a_view_that_is_broken_is_told_once() -> None:
    files = {"features/customer.yml": "entity: customers\n"}
    loaded = read(LEAST + "observe: {where: customer.orders > 0}\n", **files)
    assert {issue.place.path for issue in loaded.issues} == {"features/customer.yml"}
    assert NodeId("label", "churned") not in loaded.definitions


def test_labels_share_the_names_of_tables_and_views() -> None:
    loaded = read(LEAST, **{"features/churned.yml": VIEW})
    assert [issue.code for issue in loaded.issues] == ["E121"]


def test_a_label_is_a_feature_at_the_end_of_its_horizon() -> None:
    spec: LabelSpec = label(LEAST + "where: amount > 0\n").spec
    view = spec.as_view
    assert [feature.expr for feature in view.features] == ["count(*) = 0"]
    assert view.windows[0].window.length == spec.horizon
    assert view.where == "amount > 0"
