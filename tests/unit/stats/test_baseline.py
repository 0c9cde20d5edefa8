"""Bands hold what they promise, and unusual points are found."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.stats.baseline import Step, expect, unusual
from headwater.stats.student import student_quantile

START = date(2010, 1, 4)  # a Monday


def days(count: int) -> list[date]:
    return [START + timedelta(days=i) for i in range(count)]


def months(count: int) -> list[date]:
    return [date(2008 + i // 12, i % 12 + 1, 1) for i in range(count)]


def shop(seed: int, count: int) -> list[float]:
    """Weekdays above weekends, slow growth, normal noise of 10."""
    rng = random.Random(seed)
    return [
        100 + 40 * (d.weekday() < 5) + 0.1 * i + rng.gauss(0, 10) for i, d in enumerate(days(count))
    ]


@pytest.mark.parametrize(
    ("noise", "low", "high"),
    [
        (lambda rng: rng.gauss(0, 10), 0.985, 0.998),
        (lambda rng: 60 * rng.lognormvariate(0, 0.4), 0.975, 0.998),
        (lambda rng: rng.expovariate(0.1) * rng.choice((1, -1)), 0.96, 0.99),
    ],
)
def test_about_99_in_a_hundred_ordinary_days_lie_in_the_band(
    noise: Callable[[random.Random], float], low: float, high: float
) -> None:
    inside = told = 0
    for seed in range(8):
        rng = random.Random(seed)
        values = [100 + 40 * (d.weekday() < 5) + noise(rng) for d in days(500)]
        bands = expect(days(500), values, "day")
        known = [(v, b) for v, b in zip(values, bands, strict=True) if b is not None]
        told += len(known)
        inside += sum(not band.is_unusual(value) for value, band in known)
    assert low < inside / told < high


@pytest.mark.parametrize("by", [-80.0, 80.0])
def test_injected_outliers_are_found_and_leave_their_neighbours_alone(by: float) -> None:
    values = shop(7, 400)
    odd = {150, 151, 260, 333}
    for index in odd:
        values[index] += by
    found = set(unusual(values, expect(days(400), values, "day")))
    assert odd <= found
    assert len(found - odd) <= 6  # of 370: 1 % and chance


def test_a_new_level_is_told_and_then_followed() -> None:
    values = [v + (100 if i >= 200 else 0) for i, v in enumerate(shop(3, 300))]
    found = set(unusual(values, expect(days(300), values, "day")))
    assert {200, 201, 202} <= found
    assert len(found & set(range(210, 300))) <= 2


def test_weekdays_have_expectations_of_their_own() -> None:
    values = [100.0 if d.weekday() < 5 else 10.0 for d in days(100)]
    bands = expect(days(100), values, "day")
    assert [band.expected for band in bands[-7:] if band] == [
        *[100.0] * 3,
        10.0,
        10.0,
        100.0,
        100.0,
    ]
    assert all(band.low == band.expected == band.high for band in bands[-7:] if band)


def test_a_constant_series_calls_any_other_value_unusual_but_not_rounding() -> None:
    values = [0.1 + 0.2] * 99 + [0.3]
    bands = expect(days(100), values, "day")
    assert list(unusual(values, bands)) == []
    assert list(unusual([*values[:99], 0.4], bands)) == [99]
    zeros = [0.0] * 100
    assert list(unusual(zeros, expect(days(100), zeros, "day"))) == []


def test_counts_that_are_mostly_zero_have_a_band_with_some_width() -> None:
    rng = random.Random(1)
    values = [float(rng.random() < 0.2) for _ in range(300)]
    assert len(list(unusual(values, expect(days(300), values, "day")))) < 30
    assert (
        list(unusual([*values[:-1], 9.0], expect(days(300), [*values[:-1], 9.0], "day")))[-1] == 299
    )


def test_too_short_a_past_has_no_band() -> None:
    assert expect([], [], "day") == ()
    values = shop(1, 30)
    assert not any(expect(days(30), values, "day"))
    assert any(expect(days(60), shop(1, 60), "day"))
    assert not any(expect(months(6), [1.0] * 6, "month"))


def test_gaps_teach_nothing_and_closed_days_are_not_expected() -> None:
    values: list[float | None] = [*shop(2, 200)]
    values[100] = None
    values[101] = math.nan
    closed = {days(200)[150]}
    values[150] = 0.0
    bands = expect(days(200), values, "day", closed=closed)
    assert bands[100] is not None
    assert bands[150] is None
    without = [v for i, v in enumerate(values) if i not in (100, 101, 150)]
    kept = [d for i, d in enumerate(days(200)) if i not in (100, 101, 150)]
    assert expect(kept, without, "day")[-1] == bands[-1]


def test_a_year_ago_speaks_for_seasons() -> None:
    rng = random.Random(4)
    values = [
        100 + (80 if p.month == 12 else 0) + i + rng.gauss(0, 2) for i, p in enumerate(months(60))
    ]
    bands = expect(months(60), values, "month")
    december = bands[59]
    assert december is not None
    assert abs(december.expected - values[59]) < 10
    assert not december.is_unusual(values[59])


@given(st.integers(20, 199), st.floats(-1e6, 1e6))
def test_nothing_looks_ahead(cut: int, later: float) -> None:
    values = shop(5, 200)
    changed = values[:cut] + [later] * (200 - cut)
    before = expect(days(200), values, "day")
    after = expect(days(200), changed, "day")
    assert before[: cut + 1] == after[: cut + 1]


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True)), max_size=80))
def test_any_series_has_an_answer(values: list[float | None]) -> None:
    steps: tuple[tuple[Step, list[date]], ...] = (
        ("day", days(len(values))),
        ("month", months(len(values))),
    )
    for step, periods in steps:
        bands = expect(periods, values, step)
        assert len(bands) == len(values)
        assert all(
            b.low <= b.expected <= b.high for b in bands if b is not None and math.isfinite(b.high)
        )


def test_time_is_linear_and_short() -> None:
    def best(count: int) -> float:
        values, periods = shop(0, count), days(count)
        expect(periods, values, "day")
        took = []
        for _ in range(3):
            start = time.process_time()
            expect(periods, values, "day")
            took.append(time.process_time() - start)
        return min(took)

    short, long = best(1000), best(4000)
    assert short < 0.02  # 5 ms on an idle machine
    assert long < 8 * short


def test_students_quantiles_are_those_of_tables() -> None:
    assert student_quantile(0.975, 1) == pytest.approx(12.7062, abs=1e-4)
    assert student_quantile(0.95, 5) == pytest.approx(2.0150, abs=1e-4)
    assert student_quantile(0.025, 30) == pytest.approx(-2.0423, abs=1e-4)
    assert student_quantile(0.5, 3) == 0
