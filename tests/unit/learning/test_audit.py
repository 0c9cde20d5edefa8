"""The audit: planted leaks of each sort are caught, and honest rows raise no alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from headwater.learning.audit import Availability, Evidence, audit_rows
from headwater.learning.fitting import Trained, fit
from headwater.learning.model import InputColumn, LearningSpec, SplitSpec
from headwater.learning.report import Leak

COLUMNS = (
    InputColumn(name="recency", type="DOUBLE", view="customer"),
    InputColumn(name="orders", type="BIGINT", view="customer"),
    InputColumn(name="mean_spend", type="DOUBLE", view="customer"),
    InputColumn(name="country", type="VARCHAR", is_category=True, view="customer"),
)
SPEC = LearningSpec(
    algorithm="logistic",
    keys=("customer",),
    columns=COLUMNS,
    horizon=timedelta(days=30),
    split=SplitSpec(embargo=timedelta(days=30), origins=1),
)
CUSTOMERS, MONTHS = 150, 15


def honest(seed: int, strength: float = 2.0) -> pa.Table:
    """Rows whose features tell much of the label, as far as can be known.

    `mean_spend` is missing where there were no orders, which is honest and tells of the label too.
    """
    random = np.random.default_rng(seed)
    size = CUSTOMERS * MONTHS
    latent = random.normal(size=size)
    orders = random.poisson(np.exp(0.6 - strength / 2 * latent))
    months = np.datetime64("2010-01", "M") + np.arange(MONTHS)
    return pa.table(
        {
            "customer": np.tile(np.arange(CUSTOMERS), MONTHS),
            "as_of": pa.array(np.repeat(months.astype("datetime64[us]"), CUSTOMERS)),
            "label": random.random(size) < 1 / (1 + np.exp(-strength * latent)),
            "recency": np.exp(3 + latent + random.normal(size=size) / 2),
            "orders": orders,
            "mean_spend": pa.array(random.gamma(3, 10, size), mask=orders == 0),
            "country": random.choice(["GB", "DE", "FR"], size),
        }
    )


def with_column(rows: pa.Table, name: str, values: object) -> pa.Table:
    at = rows.column_names.index(name) if name in rows.column_names else rows.num_columns
    if name in rows.column_names:
        return rows.set_column(at, name, pa.array(values))
    return rows.append_column(name, pa.array(values))


def labels_of(rows: pa.Table) -> np.ndarray:
    found: np.ndarray = rows.column("label").to_numpy().astype(bool)
    return found


def spec_with(*columns: InputColumn) -> LearningSpec:
    return replace(SPEC, columns=(*COLUMNS, *columns))


@cache
def trained_on(seed: int) -> tuple[pa.Table, Trained]:
    rows = honest(seed)
    return rows, fit(rows, SPEC, threads=1)


def alarms(leaks: Sequence[Leak]) -> set[tuple[str, str]]:
    return {(leak.check, leak.feature) for leak in leaks if leak.alarm}


def audit(rows: pa.Table, spec: LearningSpec = SPEC, **evidence: object) -> set[tuple[str, str]]:
    trained = fit(rows, spec, threads=1)
    return alarms(audit_rows(rows, trained, spec, Evidence(**evidence)))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(1, 9))
def test_honest_rows_raise_no_alarm(seed: int) -> None:
    rows, trained = trained_on(seed)
    older = with_column(rows, "recency", pc.subtract(rows.column("recency"), 1.0).combine_chunks())
    evidence = Evidence(
        lagged=older,
        frozen=rows.slice(0, 900),
        cut=datetime(2010, 7, 1),  # noqa: DTZ001
        availability=(Availability(source="sales", corrections=10, merged=1),),
    )
    leaks = audit_rows(rows, trained, SPEC, evidence)
    assert alarms(leaks) == set()
    assert {leak.check for leak in leaks} == {
        "single_feature",
        "missingness",
        "lagged",
        "freeze",
        "availability",
        "entity_overlap",
    }


# --- one feature that knows


def test_a_copy_of_the_label() -> None:
    rows = honest(1)
    noisy = labels_of(rows) ^ (np.random.default_rng(0).random(rows.num_rows) < 0.02)
    rows = with_column(rows, "days_until_order", np.where(noisy, 91.0, 12.0))
    leak = InputColumn(name="days_until_order", type="DOUBLE", view="customer")
    assert ("single_feature", "days_until_order") in audit(rows, spec_with(leak))


def test_a_label_that_hides_in_the_middle_of_a_number() -> None:
    """Neither low nor high values tell it: only bins do."""
    rows = honest(2)
    random = np.random.default_rng(0)
    size = rows.num_rows
    inside, outside = random.normal(0, 0.5, size), random.choice([-1, 1], size) * 4.0
    rows = with_column(rows, "balance", np.where(labels_of(rows), inside, outside))
    leak = InputColumn(name="balance", type="DOUBLE", view="customer")
    assert audit(rows, spec_with(leak)) == {("single_feature", "balance")}


def test_a_label_in_a_text() -> None:
    rows = honest(3)
    random = np.random.default_rng(0)
    codes = np.where(labels_of(rows), 0, 5) + random.integers(0, 5, rows.num_rows)
    rows = with_column(rows, "status", [f"s{code}" for code in codes])
    leak = InputColumn(name="status", type="VARCHAR", is_category=True, view="customer")
    assert audit(rows, spec_with(leak)) == {("single_feature", "status")}


def test_a_text_of_many_values_knows_nothing() -> None:
    """Each name stands in one row: learnt from the same rows it would tell everything."""
    rows = honest(3)
    rows = with_column(rows, "comment", [f"c{at}" for at in range(rows.num_rows)])
    column = InputColumn(name="comment", type="VARCHAR", is_category=True, view="customer")
    assert audit(rows, spec_with(column)) == set()


def test_a_feature_far_above_all_others() -> None:
    """An AUC of 0.93 where the others reach 0.7."""
    rows = honest(4, strength=0.7)
    random = np.random.default_rng(0)
    values = labels_of(rows) * 2.1 + random.normal(size=rows.num_rows)
    rows = with_column(rows, "contacts", values)
    leak = InputColumn(name="contacts", type="DOUBLE", view="customer")
    trained = fit(rows, spec_with(leak), threads=1)
    found = audit_rows(rows, trained, spec_with(leak))
    assert alarms(found) == {("single_feature", "contacts")}
    assert found[0].measured is not None
    assert 0.90 < found[0].measured < 0.95
    assert "the next best feature" in found[0].text


def test_few_rows_prove_nothing() -> None:
    rows = honest(5).slice(0, 12)
    labels = np.arange(12) % 2 == 0
    rows = with_column(with_column(rows, "label", labels), "recency", labels * 50.0)
    _, trained = trained_on(1)
    few = replace(trained, splits=np.array(["train"] * 12))
    assert alarms(audit_rows(rows, few, SPEC)) == set()


# --- what is missing


def test_a_feature_that_is_missing_by_the_label() -> None:
    rows = honest(1)
    random = np.random.default_rng(0)
    mask = labels_of(rows) ^ (random.random(rows.num_rows) < 0.1)
    rows = with_column(rows, "rating", pa.array(random.normal(size=rows.num_rows), mask=mask))
    leak = InputColumn(name="rating", type="DOUBLE", view="customer")
    assert ("missingness", "rating") in audit(rows, spec_with(leak))


def test_a_feature_that_is_rarely_there_and_then_tells() -> None:
    """There in one row of 25, all positive: its AUC is 0.54, the gap 0.5."""
    rows = honest(2)
    random = np.random.default_rng(0)
    mask = ~(labels_of(rows) & (random.random(rows.num_rows) < 0.08))
    rows = with_column(
        rows, "label", labels_of(rows) & (random.random(rows.num_rows) < 0.6) | ~mask
    )
    rows = with_column(rows, "reason", pa.array(["moved"] * rows.num_rows, mask=mask))
    leak = InputColumn(name="reason", type="VARCHAR", is_category=True, view="customer")
    assert ("missingness", "reason") in audit(rows, spec_with(leak))


def test_what_is_missing_by_another_feature_is_told_without_alarm() -> None:
    rows = honest(1, strength=4.0)
    leaks = audit_rows(rows, fit(rows, SPEC, threads=1), SPEC)
    (found,) = [leak for leak in leaks if leak.check == "missingness"]
    assert not found.alarm
    assert found.feature == "mean_spend"
    assert "exactly by `orders`" in found.text


# --- computed again


def test_a_feature_that_reads_the_day_itself() -> None:
    """A day earlier it knows nothing, and the model loses its strength."""
    rows = honest(1)
    random = np.random.default_rng(0)
    size = rows.num_rows
    today = labels_of(rows) * 1.5 + random.normal(size=size)
    rows = with_column(rows, "calls", today)
    older = with_column(rows, "calls", random.normal(size=size)).take(random.permutation(size))
    leak = InputColumn(name="calls", type="DOUBLE", view="customer")
    spec = spec_with(leak)
    assert audit(rows, spec, lagged=older) == {("lagged", "calls")}
    # a sample in any order is enough; features that are not in it are taken as they are
    sample = older.select(["customer", "as_of", "calls"]).slice(0, 1_500)
    assert audit(rows, spec, lagged=sample) == {("lagged", "calls")}


def test_features_that_leak_together() -> None:
    """Each alone a day older costs little; all of them much."""
    rows = honest(2, strength=0.5)
    random = np.random.default_rng(0)
    size = rows.num_rows
    names = [f"f{at}" for at in range(30)]
    older = rows
    for name in names:
        rows = with_column(rows, name, labels_of(rows) * 0.3 + random.normal(size=size))
        older = with_column(older, name, random.normal(size=size))
    spec = spec_with(*(InputColumn(name=name, type="DOUBLE", view="c") for name in names))
    found = [
        leak
        for leak in audit_rows(rows, fit(rows, spec, threads=1), spec, Evidence(lagged=older))
        if leak.alarm
    ]
    assert {leak.check for leak in found} == {"lagged"}


def test_a_feature_that_changes_without_later_data() -> None:
    rows, trained = trained_on(1)
    values = rows.column("orders").to_numpy().copy()
    values[[3, 5, 8]] += 1
    frozen = with_column(rows, "orders", values).take(np.arange(600)[::-1])
    cut = datetime(2010, 4, 1)  # noqa: DTZ001
    found = audit_rows(rows, trained, SPEC, Evidence(frozen=frozen, cut=cut))
    assert alarms(found) == {("freeze", "orders")}
    assert found[0].measured == 3
    assert "3 of 600 rows" in found[0].text


def test_texts_missing_values_and_rows_that_differ() -> None:
    rows, trained = trained_on(1)
    countries = rows.column("country").to_pylist()
    countries[1] = None
    spend = rows.column("mean_spend").to_pylist()
    at = next(i for i, value in enumerate(spend) if i > 1 and value is not None)
    spend[at] = None
    frozen = with_column(with_column(rows, "country", countries), "mean_spend", spend)
    frozen = with_column(
        frozen,
        "customer",
        [9_999, *rows.column("customer").to_pylist()[1:]],
    )
    found = audit_rows(rows, trained, SPEC, Evidence(frozen=frozen))
    assert alarms(found) == {("freeze", ""), ("freeze", "country"), ("freeze", "mean_spend")}
    counts = {leak.feature: leak.measured for leak in found if leak.alarm}
    assert counts == {"": 1, "country": 1, "mean_spend": 1}


def test_sums_in_another_order_are_identical() -> None:
    rows, trained = trained_on(1)
    again = rows.column("recency").to_numpy() * (1 + 1e-13)
    found = audit_rows(rows, trained, SPEC, Evidence(frozen=with_column(rows, "recency", again)))
    assert alarms(found) == set()


def test_two_rows_of_one_moment_are_told_apart_by_what_came_with_them() -> None:
    """Two offers to a customer at once: in another order they are the same rows."""
    rows, _ = trained_on(1)
    twice = pa.concat_tables([rows, rows])
    channel = ["mail"] * rows.num_rows + ["post"] * rows.num_rows
    twice = with_column(twice, "channel", channel)
    spec = replace(
        SPEC,
        columns=(*COLUMNS, InputColumn(name="channel", type="VARCHAR", is_category=True)),
    )
    trained = fit(twice, spec, threads=1)
    frozen = twice.take(np.random.default_rng(1).permutation(twice.num_rows))
    assert alarms(audit_rows(twice, trained, spec, Evidence(frozen=frozen))) == set()


# --- entities and load times


def test_entities_on_both_sides_of_a_random_split() -> None:
    rows = honest(1)
    spec = replace(SPEC, split=SplitSpec(mode="random", origins=1))
    assert ("entity_overlap", "") in audit(rows, spec)
    once = with_column(rows, "customer", np.arange(rows.num_rows))
    assert audit(once, spec) == set()


@pytest.mark.parametrize(
    ("source", "alarm"),
    [
        (Availability(source="sales"), False),
        (Availability(source="sales", corrections=10, merged=5), False),
        (Availability(source="sales", corrections=10, merged=3, missing_files=3), True),
        (Availability(source="sales", is_told=False), True),
        (Availability(source="sales", is_used=False), True),
    ],
)
def test_load_times(source: Availability, alarm: bool) -> None:
    rows, trained = trained_on(1)
    found = audit_rows(rows, trained, SPEC, Evidence(availability=(source,)))
    (leak,) = [leak for leak in found if leak.check == "availability"]
    assert leak.alarm is alarm
    assert "sales" in leak.text


def test_switched_off_or_of_one_class() -> None:
    rows, trained = trained_on(1)
    assert audit_rows(rows, trained, replace(SPEC, leakage=False)) == ()
    same = with_column(rows, "label", np.ones(rows.num_rows, bool))
    found = audit_rows(same, trained, SPEC, Evidence(lagged=same))
    assert {leak.check for leak in found} == {"entity_overlap"}
