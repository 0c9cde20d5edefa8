"""Bins and PSI by SQL against the same computed plainly with numpy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.learning.drift import Drift, over, psi, reference_bins
from headwater.learning.report import ReferenceBins

NUMBERS = st.one_of(
    st.none(),
    st.sampled_from([0.0, -0.0, 1.0, math.inf, -math.inf, math.nan]),
    st.floats(allow_nan=False, width=32),
)
TEXTS = st.one_of(st.none(), st.sampled_from(["a", "b", "", "O'Neill", "nan", "é\n"]))


def bins_of(rows: pa.Table) -> tuple[ReferenceBins, ...]:
    with over(rows) as session:
        return reference_bins(session, "rows", rows.column_names)


def drift_from(rows: pa.Table, reference: Sequence[ReferenceBins]) -> tuple[Drift, ...]:
    with over(rows) as session:
        return psi(session, "rows", reference)


def table(**columns: Sequence[object]) -> pa.Table:
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def plain_counts(values: Sequence[float | None], edges: Sequence[float]) -> list[int]:
    """Bins `(lower, upper]`, then missing."""
    known = np.array([v for v in values if v is not None and not math.isnan(v)], dtype=float)
    places = np.searchsorted(np.array(edges), known, side="left")
    counts = np.bincount(places, minlength=len(edges) + 1)
    return [*map(int, counts), len(values) - len(known)]


def plain_psi(before: Sequence[int], after: Sequence[int]) -> float:
    expected = np.maximum(np.array(before) / sum(before), max(1e-4, 0.5 / sum(before)))
    actual = np.maximum(np.array(after) / sum(after), max(1e-4, 0.5 / sum(after)))
    return float(np.sum((actual - expected) * np.log(actual / expected)))


@settings(max_examples=20, deadline=None)
@given(st.lists(NUMBERS, min_size=1, max_size=60), st.lists(NUMBERS, min_size=1, max_size=60))
def test_numbers_as_numpy_counts_them(
    before: list[float | None], after: list[float | None]
) -> None:
    schema = pa.schema([("x", pa.float64())])
    (bins,) = bins_of(pa.table({"x": before}, schema=schema))
    assert all(map(math.isfinite, bins.edges))
    assert list(bins.edges) == sorted(set(bins.edges))
    (found,) = drift_from(pa.table({"x": after}, schema=schema), (bins,))
    if not bins.edges:  # nothing finite to bound
        return
    was, now = plain_counts(before, bins.edges), plain_counts(after, bins.edges)
    assert bins.shares == pytest.approx([n / len(before) for n in was])
    assert found.shares == pytest.approx([n / len(after) for n in now])
    assert found.psi == pytest.approx(plain_psi(was, now), abs=1e-12)


@settings(max_examples=15, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=40), st.lists(TEXTS, min_size=1, max_size=40))
def test_texts_as_python_counts_them(before: list[str | None], after: list[str | None]) -> None:
    schema = pa.schema([("x", pa.string())])
    (bins,) = bins_of(pa.table({"x": before}, schema=schema))
    (found,) = drift_from(pa.table({"x": after}, schema=schema), (bins,))
    assert set(bins.categories) == {text for text in before if text is not None}

    def counts(values: list[str | None]) -> list[int]:
        each = [values.count(category) for category in bins.categories]
        missing = values.count(None)
        return [*each, len(values) - missing - sum(each), missing]

    assert found.shares == pytest.approx([n / len(after) for n in counts(after)])
    assert found.psi == pytest.approx(plain_psi(counts(before), counts(after)), abs=1e-12)


def test_the_same_rows_have_not_moved() -> None:
    rng = np.random.default_rng(1)
    rows = pa.table({"x": rng.normal(size=5000), "n": rng.integers(0, 3, 5000)})
    assert [each.psi for each in drift_from(rows, bins_of(rows))] == pytest.approx([0, 0])


def test_ten_bins_of_equal_shares() -> None:
    (bins,) = bins_of(table(x=[float(n) for n in range(1000)]))
    assert len(bins.edges) == 9
    assert bins.shares == pytest.approx([0.1] * 10 + [0], abs=0.002)


def test_a_constant_has_a_bin_of_its_own() -> None:
    (bins,) = bins_of(table(x=[7.0] * 100))
    assert bins.edges == (math.nextafter(7.0, -math.inf), 7.0)
    assert bins.shares == (0.0, 1.0, 0.0, 0.0)
    for other in (6.0, 8.0, None):
        (found,) = drift_from(table(x=[other] * 100 + [7.0]), (bins,))
        assert found.verdict == "alarm"


def test_a_frequent_value_is_told_from_what_is_below_it() -> None:
    (bins,) = bins_of(table(x=[0.0] * 95 + [-1.0] * 5))
    (found,) = drift_from(table(x=[0.0] * 5 + [-1.0] * 95), (bins,))
    assert found.verdict == "alarm"


def test_all_missing_before_and_something_now() -> None:
    rows = pa.table({"x": pa.nulls(50, pa.float64()), "t": pa.nulls(50, pa.string())})
    bins = bins_of(rows)
    assert [each.shares for each in bins] == [(0.0, 1.0), (0.0, 1.0)]
    now = table(x=[1.0] * 50, t=["new"] * 50)
    assert [each.verdict for each in drift_from(now, bins)] == ["alarm", "alarm"]
    assert [each.psi for each in drift_from(rows, bins)] == [0.0, 0.0]


def test_a_new_category_is_among_the_others() -> None:
    (bins,) = bins_of(table(t=["a", "b"] * 200))
    (found,) = drift_from(table(t=["a", "b", "c", "c"] * 100), (bins,))
    assert found.shares == (0.25, 0.25, 0.5, 0.0)
    assert found.verdict == "alarm"


def test_no_rows_on_a_side_is_not_known() -> None:
    nothing, something = table(x=[1.0])[:0], table(x=[1.0, 2.0])
    for before, after in ((nothing, something), (something, nothing)):
        (found,) = drift_from(after, bins_of(before))
        assert (found.psi, found.verdict) == (None, "unknown")


def test_few_rows_do_not_alarm() -> None:
    rng = np.random.default_rng(2)
    bins = bins_of(pa.table({"x": rng.normal(size=10_000)}))
    found = [drift_from(pa.table({"x": rng.normal(size=20)}), bins)[0] for _ in range(20)]
    assert any(each.psi is not None and each.psi > 0.25 for each in found)
    assert sum(each.verdict in ("warning", "alarm") for each in found) <= 2
    (moved,) = drift_from(pa.table({"x": rng.normal(size=20) + 3}), bins)
    assert moved.verdict == "alarm"


def test_numbers_that_became_text_count_as_missing() -> None:
    bins = bins_of(table(x=[1.0, 2.0, 3.0] * 100))
    (found,) = drift_from(table(x=["1.0", "two", "three"] * 100), bins)
    assert found.shares[-1] == pytest.approx(2 / 3)


def test_texts_that_became_numbers_are_compared_as_text() -> None:
    bins = bins_of(table(x=["1", "2"] * 100))
    (found,) = drift_from(table(x=[1, 2] * 100), bins)
    assert found.psi == pytest.approx(0)


def test_times_and_truth_values() -> None:
    rows = pa.table(
        {
            "at": pa.array(range(0, 10**9, 10**7), pa.timestamp("s")),
            "d": pa.array(range(100), pa.date32()),
            "b": [True, False] * 50,
        }
    )
    found = drift_from(rows, bins_of(rows))
    assert [each.psi for each in found] == pytest.approx([0, 0, 0])


def test_columns_that_are_gone_are_left_out_and_names_are_quoted() -> None:
    name = 'a "b" -- c'
    bins = bins_of(table(**{name: [1.0, 2.0], "gone": [1.0, 2.0]}))
    (found,) = drift_from(table(**{name: [1.0, 2.0]}), bins)
    assert found.column == name
