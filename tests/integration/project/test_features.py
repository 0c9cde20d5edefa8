"""Features asked for by hand: by Python and by the command line, of whomever and whenever."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.integration.kinds.label.shop import Shop
from typer.testing import CliRunner

import headwater as hw
from headwater.api.opened import OpenProject
from headwater.cli.app import app
from headwater.errors import HeadwaterError

ORDERS = [
    (1, "2024-01-05 09:00", "ann", 10),
    (2, "2024-01-20 09:00", "bob", 5),
    (3, "2024-02-10 10:00", "ann", 3),
    (4, "2024-04-15 10:00", "cid", 3),
]
MODEL = "label: churned\nfeatures: [customer]\nalgorithm: logistic\nowner: growth\n"
MARCH = datetime(2024, 3, 1)  # noqa: DTZ001  # local


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop that ran, with a model that was never run."""
    shop = Shop(tmp_path_factory.mktemp("shop"))
    shop.orders(ORDERS)
    shop.run(now="2024-04-16")
    shop.write("models/churn.yml", MODEL)
    return shop.root


@pytest.fixture
def shop(root: Path) -> Any:
    """The shop, open on the day after its last order."""
    with hw.open(root, now="2024-04-16") as opened:
        yield opened


def values(shop: OpenProject, entities: object = None, at: Any = None) -> list[tuple[Any, ...]]:
    """Who and how many orders, of rows in order."""
    table = shop.features("customer", entities, at).to_arrow()
    return list(
        zip(*(table.column(n).to_pylist() for n in ("customer", "orders_30d")), strict=True)
    )


@pytest.mark.parametrize(
    "at",
    [
        "2024-03-01",
        date(2024, 3, 1),
        MARCH,
        datetime(2024, 3, 1, tzinfo=UTC),
        "2024-03-01T01:00+01",
    ],
)
def test_keys_at_a_moment(shop: OpenProject, at: Any) -> None:
    found = shop.features("customer", ["bob", "zed", None, "ann", "ann"], at)
    assert found.columns == ("customer", "as_of", "orders_30d", "spend_30d", "recency")
    assert [row[:3] for row in found.fetchall()] == [
        *((who, MARCH, 0) for who in ("bob", "zed", None)),
        *[("ann", MARCH, 1)] * 2,
    ]


def test_all_entities_now(shop: OpenProject) -> None:
    assert values(shop) == [("ann", 0), ("bob", 0), ("cid", 1)]
    assert values(shop, "cid") == [("cid", 1)]
    assert values(shop, []) == []


def test_rows_with_moments_and_columns_of_their_own(shop: OpenProject) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    given = {"as_of": [date(2024, 2, 1), date(2024, 3, 1)], "customer": ["ann", "ann"], "n": [7, 8]}
    for table in (pa.table(given), pandas.DataFrame(given), polars.DataFrame(given)):
        found = shop.features("customer", table).to_arrow()
        assert found.column_names == [
            "customer",
            "as_of",
            "n",
            "orders_30d",
            "spend_30d",
            "recency",
        ]
        assert found.column("n").to_pylist() == [7, 8]
        assert found.column("recency").to_pylist() == [27, 20]
    rows = [
        {"customer": "ann", "as_of": "2024-02-01"},
        {"customer": "ann", "as_of": "2024-01-05 09:00"},
    ]
    assert values(shop, rows) == [("ann", 1), ("ann", 0)]
    instants = pa.table({"customer": ["ann"], "as_of": [datetime(2024, 1, 5, 9, 1, tzinfo=UTC)]})
    assert values(shop, instants) == [("ann", 1)]


@pytest.mark.parametrize(
    ("view", "entities", "at", "what"),
    [
        ("custmer", ["ann"], None, "unknown feature view `custmer` · did you mean `customer`?"),
        ("customer", [{"custmer": "ann"}], None, "no column `customer` · did you mean `custmer`?"),
        ("customer", [("ann", 1)], None, "('ann', 1) is no key: that is `customer`"),
        ("customer", ["ann"], "last week", "`last week` is no date or time"),
        ("customer", [{"customer": "ann", "as_of": "soon"}], None, "`soon` is no date or time"),
        (
            "customer",
            [{"customer": "ann", "as_of": "2024-01-01"}],
            "2024-01-01",
            "a moment for all",
        ),
        ("customer", [{"customer": "ann", "recency": 1}], None, "as a feature is called"),
        ("customer", ["ann", 1], None, "of several types"),
    ],
)
def test_what_cannot_be_asked(
    shop: OpenProject, view: str, entities: Any, at: str | None, what: str
) -> None:
    with pytest.raises(HeadwaterError) as caught:
        shop.features(view, entities, at)
    (issue,) = caught.value.issues
    assert issue.code == "E018"
    assert what in str(issue)


def test_rows_of_a_model_that_was_never_run(shop: OpenProject) -> None:
    rows = shop.training_set("churn")
    assert rows.columns[:4] == ("customer", "as_of", "day", "label")
    table = rows.to_arrow()
    assert [str(at)[:10] for at in table.column("as_of").to_pylist()] == [
        "2024-02-01", "2024-02-01", "2024-03-01",
    ]  # fmt: skip
    assert table.column("label").to_pylist() == [False, True, True]
    assert table.column("orders_30d").to_pylist() == [1, 1, 1]
    with pytest.raises(HeadwaterError, match="E019 unknown model `chrun` · did you mean `churn`"):
        shop.training_set("chrun")


def run(root: Path, *words: str) -> Any:
    """A command that is typed in the project."""
    return CliRunner().invoke(app, [*words, "--project", str(root), "--now", "2024-04-16"])


def test_by_the_command_line(root: Path, tmp_path: Path) -> None:
    asked = ["features", "customer", "--entity", "ann", "-e", "zed", "--at", "2024-03-01"]
    found = run(root, *asked, "--format", "json")
    rows = json.loads(found.stdout)
    assert [(row["customer"], row["orders_30d"]) for row in rows] == [("ann", 1), ("zed", 0)]
    given = tmp_path / "who.csv"
    given.write_text("customer,as_of\nann,2024-02-01\nann,2024-03-01\n")
    found = run(root, "features", "customer", "--entities", str(given), "-f", "csv")
    assert found.stdout.splitlines()[1].startswith("ann,2024-02-01")
    assert found.stdout.splitlines()[1].endswith(",27")
    out = tmp_path / "rows.parquet"
    assert run(root, "features", "churn", "--output", str(out)).exit_code == 0
    import pyarrow.parquet as pq

    assert pq.read_table(out).num_rows == 3


@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("customer", "-e", "ann", "--entities", "x.csv"), "both say whom"),
        (("customer", "--entities", "nowhere.csv"), "`nowhere.csv` cannot be read"),
        (("churn", "--at", "2024-01-01"), "`--at` is for feature views"),
    ],
)
def test_options_that_do_not_fit(root: Path, words: tuple[str, ...], what: str) -> None:
    found = run(root, "features", *words)
    assert found.exit_code == 2
    assert what in found.output
