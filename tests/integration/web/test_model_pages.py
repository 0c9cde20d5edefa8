"""Models in use: looked at by `headwater monitor`, and shown on their pages."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.integration.kinds.model.shop import MODEL, model_shop
from tests.integration.run.small import Small
from tests.integration.web.conftest import Served, Watch, serving, violations

from headwater.errors import UsageError
from headwater.ids import NodeId
from headwater.learning.model import InputColumn
from headwater.project.monitoring.looking import monitor
from headwater.project.monitoring.model import Monitoring
from headwater.project.monitoring.recording import history, newest, record
from headwater.project.serving.log import RequestLog
from headwater.project.serving.model import OnlineModel
from headwater.project.serving.scored import Scored, ServedRow, Status
from headwater.web.options import ServeOptions

TRAINED = (
    MODEL.replace("owner: growth", 'owner: growth\n    title: "Lapsing <b>customers</b>"')
    + "    scores: {every: month, from: 2023-12-31}\n"
    + "    profit: {cost: 2, gain: 40, response: 0.1}\n    groups: [last_channel]\n"
)
#: A second version: split at random, and never good enough.
HELD = re.sub(r"split: .*", "split: {mode: random, origins: 1}", TRAINED).replace("> 0.6", "> 0.99")
COLUMNS = (
    InputColumn(name="orders_30d", type="BIGINT"),
    InputColumn(name="orders_90d", type="BIGINT"),
    InputColumn(name="spend_30d", type="DECIMAL(38,2)"),
    InputColumn(name="spend_90d", type="DECIMAL(38,2)"),
    InputColumn(name="last_channel", type="VARCHAR", is_category=True),
    InputColumn(name="recency_days", type="BIGINT"),
)
PAGES = (
    "/",
    "/models",
    "/models/churn",
    "/models/churn@1",
    "/models/churn@2",
    "/models/churn/monitoring",
    "/features/customer",
    "/labels/lapsed",
    "/scores/churn",
    "/training-sets/churn",
    "/catalogue?q=churn",
    "/lineage",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A model with a version that is published and one that is held; answers of the last day."""
    small = model_shop(Small(tmp_path_factory.mktemp("models") / "small"), TRAINED, customers=120)
    report = small.run()
    assert not report.failed, [str(i) for o in report.outcomes for i in o.issues]
    small.write("models/churn.yml", HELD)
    small.run()
    answer(small)
    return small


def answer(small: Small) -> None:
    """600 answers within the last day, one in twelve refused; and some of long ago."""
    log = RequestLog(small.root / ".headwater" / "served")
    model = OnlineModel(
        name="churn",
        version=1,
        keys=(("customer", "VARCHAR"),),
        columns=COLUMNS,
        views=(),
        score_vector=lambda _: 0.5,
        explain=lambda _, __: (),
    )
    with small.open() as project:
        now = project.workspace.clock.now
    for n in range(700):
        at = now - (timedelta(minutes=n) if n < 600 else timedelta(days=3))
        refused = n % 12 == 0
        status: Status = "unknown_entity" if refused else "ok"
        spend = None if n % 3 else 50.0
        scored = Scored(
            keys=(f"c{n % 120:03}",),
            score=None if refused else 0.2 + (n % 60) / 100,
            version=1,
            status=status,
            vector=None if refused else (1.0, 3.0, spend, 90.0, "web", 500.0 + n),
        )
        row = ServedRow(request_id=str(n), at=at, role="champion", ms=0.5 + n / 1000, scored=scored)
        log.append(model, 1, [row])
    log.close()


@pytest.fixture(scope="module")
def looked(shop: Small) -> Monitoring:
    with shop.open() as project:
        return monitor(project, "churn")


@pytest.fixture(scope="module")
def pages(shop: Small, looked: Monitoring) -> Iterator[Served]:
    with shop.open() as project:
        earlier = monitor(project, "churn", timedelta(days=5))
        before = looked.at - timedelta(days=1)
        record(project.ledger, Monitoring(model="churn", at=before, start=before, published=1), "x")
        record(project.ledger, earlier, "schedule")
        record(project.ledger, looked, "schedule")
    with serving(ServeOptions(project=shop.root, schedule=False)) as served:
        yield served


def test_answers_of_the_span_are_counted(looked: Monitoring) -> None:
    (traffic,) = looked.traffic
    assert (traffic.version, traffic.role, traffic.answers) == (1, "champion", 600)
    assert traffic.statuses == {"ok": 550, "unknown_entity": 50}
    assert (traffic.refused, traffic.share("unknown_entity")) == (50, 50 / 600)
    assert traffic.p95_ms == pytest.approx(1.069, abs=0.002)
    assert traffic.incomplete == sum(n % 12 != 0 and n % 3 != 0 for n in range(600))
    assert looked.published == 1
    assert any("refused 8.3 %" in each.text for each in looked.findings)


def test_features_and_scores_are_compared_with_training(looked: Monitoring) -> None:
    (online,) = [each for each in looked.movements if each.origin == "online"]
    by_name = {each.column: each for each in online.columns}
    assert set(by_name) == {*(each.name for each in COLUMNS), "score"}
    recency = by_name["recency_days"]
    assert (recency.verdict, recency.rows) == ("alarm", 550)
    assert recency.most is not None
    name, before, now = recency.most
    assert name.startswith("above ")
    assert before < 0.2 < now == 1.0
    text = next(each.text for each in looked.findings if "`recency_days`" in each.text)
    assert re.search(r"PSI \d+\.\d\d\): above \d+ from \d+\.\d % to 100\.0 % of the rows", text)


def test_batch_scores_are_compared_too(looked: Monitoring) -> None:
    assert looked.batch is not None
    batch = [each for each in looked.movements if each.origin == "batch"]
    assert {c.column for each in batch for c in each.columns} == {
        *(each.name for each in COLUMNS),
        "score",
    }
    assert all(c.rows == looked.batch.rows for each in batch for c in each.columns)


def test_outcomes_are_those_of_the_same_moment(shop: Small, looked: Monitoring) -> None:
    scores = {(k, at): s for k, at, s in rows_of(shop, "scores.churn", "score")}
    labels = {(k, at): v for k, at, v in rows_of(shop, "label.lapsed", "label")}
    both = scores.keys() & labels.keys()
    (came,) = [each for each in looked.outcomes if each.origin == "batch"]
    assert (came.rows, came.positives) == (len(both), sum(labels[key] for key in both))
    assert came.rows > 50
    assert (came.first, came.last) == (min(at.date() for _, at in both), _newest(both))
    assert sum(each.rows for each in came.deciles) == came.rows


def rows_of(shop: Small, name: str, column: str) -> list[tuple[str, datetime, Any]]:
    """Customer, moment and one column of all published rows of a node."""
    with shop.open() as project:
        state = project.view.states[NodeId.parse(name)]
        files = [str(project.workspace.lake.absolute(f.path)) for f in state.part("rows")]
        with project.workspace.engine.session() as session:
            sql = f"SELECT customer, as_of, {column} FROM read_parquet({files})"
            return session.fetch(sql)


def _newest(keys: set[tuple[str, datetime]]) -> object:
    return max(at.date() for _, at in keys)


def test_a_model_that_is_not_there(shop: Small) -> None:
    with shop.open() as project, pytest.raises(UsageError) as raised:
        monitor(project, "chrun")
    (issue,) = raised.value.issues
    assert (issue.code, "churn" in issue.fix) == ("E076", True)


@pytest.mark.usefixtures("pages")
def test_the_last_look_of_a_day_counts(shop: Small, looked: Monitoring) -> None:
    with shop.open() as project:
        zone = project.workspace.zone
        assert newest(project.ledger, "churn") == looked
        days = history(project.ledger, "churn", zone)
        assert [each.at for each in days] == [looked.at - timedelta(days=1), looked.at]
        assert days[-1] == looked
        assert history(project.ledger, "churn", zone, days=1) == (looked,)
        assert newest(project.ledger, "nothing") is None


def test_the_command_prints_and_records(shop: Small, pages: Served) -> None:
    del pages
    command = [sys.executable, "-m", "headwater", "monitor", "--project", str(shop.root)]
    told = subprocess.run([*command, "churn"], capture_output=True, text=True, check=True).stdout
    assert "model.churn @1" in told
    assert "600 answers, 8.3 % refused" in told
    assert "▲ `recency_days`" in told
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True)
    (found,) = json.loads(done.stdout)
    assert found["traffic"][0]["answers"] == 600
    wrong = subprocess.run([*command, "chrun"], capture_output=True, text=True, check=False)
    assert (wrong.returncode, "E076" in wrong.stderr + wrong.stdout) == (2, True)
    with shop.open() as project:
        assert len(project.ledger.notes(sort="monitoring")) == 5


def test_the_card_says_what_is_so(pages: Served) -> None:
    with pages.client() as client:
        card = client.get("/models/churn").text
        held = client.get("/models/churn@2").text
        listed = client.get("/models").text
        missing = client.get("/models/churn@9")
        wrong = client.get("/models/churn@x")
    assert "<b>customers</b>" not in card
    assert "Lapsing &lt;b&gt;customers&lt;/b&gt;" in card
    assert "its AUC is" in card
    assert "Random split" not in card
    assert "Random split." in held
    assert "did not pass its gates" in held
    assert 'aria-label="Leakage audit' not in card
    assert "single feature" in card
    assert "headwater rollback model.churn" in card
    assert "held by its gates" in card  # among the versions
    assert "@1" in listed
    assert (missing.status_code, wrong.status_code) == (404, 404)


def test_the_page_of_its_use(pages: Served) -> None:
    with pages.client() as client:
        page = client.get("/models/churn/monitoring").text
        unknown = client.get("/models/chrun/monitoring")
        home = client.get("/").text
    assert "moved far" in page
    assert "8.3 %" in page
    assert "that came true, or not" in page
    assert 'href="/models/churn/monitoring"' in home
    assert "refused 8.3 %" in home
    assert (unknown.status_code, "churn" in unknown.text) == (404, True)


def test_pages_of_features_and_labels(pages: Served) -> None:
    with pages.client() as client:
        features = client.get("/features/customer").text
        label = client.get("/labels/lapsed").text
    assert "recency_days" in features
    assert "date_diff(&#39;day&#39;, max(ordered_at), :at)" in features
    assert features.count('class="chart"') == 6
    assert "count(*) = 0" in label
    assert "True of" in label


@pytest.mark.parametrize(("width", "colours"), [(1440, "light"), (390, "dark")])
def test_nobody_is_left_out(
    pages: Served, watch: Watch, axe: str, width: int, colours: str
) -> None:
    found: dict[str, list[str]] = {}
    size = {"width": width, "height": 900}
    with watch(pages, color_scheme=colours, viewport=size) as watched:
        for path in PAGES:
            page = watched.open(path)
            assert page.locator("h1").count() == 1, path
            found[path] = violations(page, axe)
            wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{path} is {wide} px too wide"
    assert {path: each for path, each in found.items() if each} == {}
    assert watched.errors == []
    assert watched.outside() == []
