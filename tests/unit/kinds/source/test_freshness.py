"""Age without closed days, against the limits."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from headwater.clock import Clock
from headwater.kinds.source.definition import Freshness
from headwater.kinds.source.freshness import FreshnessResult, judge_freshness

LIMITS = Freshness(warn_after=timedelta(days=2), error_after=timedelta(days=4))
NEWEST = datetime(2011, 12, 9, 12, 50, tzinfo=UTC)  # a Friday


def _judge(now: str, **more: object) -> FreshnessResult:
    given = {"newest": NEWEST, "complete_through": None, "freshness": LIMITS, **more}
    return judge_freshness(clock=Clock.at(now, "Europe/London"), **given)  # type: ignore[arg-type]


def test_the_limits() -> None:
    assert _judge("2011-12-10 00:00").status == "pass"
    assert _judge("2011-12-11 12:50").status == "pass"
    assert _judge("2011-12-11 12:51").status == "warn"
    assert _judge("2011-12-13 12:51").status == "error"
    assert _judge("2011-12-10 00:00").due == NEWEST + timedelta(days=4)
    assert _judge("2011-12-10 00:50").text == "newest row 2011-12-09 12:50, 12 h ago"


def test_closed_days_do_not_age() -> None:
    weekend = {"closed_weekdays": (5, 6)}
    result = _judge("2011-12-13 12:51", **weekend)
    assert result.status == "warn"
    assert result.age == timedelta(days=2, minutes=1)
    assert result.due == datetime(2011, 12, 15, 12, 50, tzinfo=UTC)
    assert _judge("2011-12-12 12:00", closed=[date(2011, 12, 10)], **weekend).text.endswith(
        "(2 closed days left out)"
    )


def test_a_complete_day_without_rows_is_fresh() -> None:
    result = _judge("2011-12-15 09:00", complete_through=date(2011, 12, 14))
    assert (result.status, result.age) == ("pass", timedelta(hours=9))
    assert result.text == "complete through 2011-12-14, 9 h ago"


def test_no_rows() -> None:
    assert _judge("2011-12-15 09:00", newest=None).status == "error"
    assert _judge("2011-12-15 09:00", newest=None, freshness=Freshness()).status == "pass"


def test_without_limits_there_is_only_an_age() -> None:
    result = _judge("2012-01-15 09:00", freshness=Freshness())
    assert (result.status, result.due) == ("pass", None)


def test_a_source_that_is_always_closed_never_ages() -> None:
    assert _judge("2012-12-13 12:51", closed_weekdays=tuple(range(7))).status == "pass"
