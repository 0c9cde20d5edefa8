"""Number formats: every number has one text, and none of them is a surprise."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headwater.errors import HeadwaterError, Place
from headwater.semantics.asking import Number
from headwater.semantics.formats import (
    FORMATS,
    format_change,
    format_of,
    format_value,
    full_value,
    parse_format,
)
from headwater.semantics.metric import Metric

NUMBERS = st.one_of(
    st.none(),
    st.integers(),
    st.floats(),
    st.decimals(allow_nan=True, allow_infinity=True),
)


@given(value=NUMBERS, fmt=st.sampled_from(("", *FORMATS, "chf3")))
def test_every_number_has_a_text_without_nan_or_hyphen(value: Number | None, fmt: str) -> None:
    for text in (format_value(value, fmt), format_value(value, fmt, compact=True),
                 full_value(value, fmt), *parse_format(fmt).ticks([0.0, 1.5])):  # fmt: skip
        assert text
        assert "nan" not in text.casefold()
        assert "inf" not in text.casefold()
        assert not text.startswith("-")


@given(before=NUMBERS, after=NUMBERS, fmt=st.sampled_from(("", *FORMATS)))
def test_every_change_can_be_told(before: Number | None, after: Number | None, fmt: str) -> None:
    change = format_change(before, after, fmt, "higher")
    assert "nan" not in (change.absolute + change.relative + change.headline).casefold()
    assert (change.judged == "good") == (change.word == "up")
    assert (change.judged == "bad") == (change.word == "down")


@pytest.mark.parametrize(
    ("value", "fmt", "text", "compact", "full"),
    [
        (Decimal("1461756.42"), "gbp", "£1,461,756", "£1.46 M", "£1,461,756.42"),
        (-0.4, "gbp", "£0", "£0", "−£0.4"),
        (2653, "integer", "2,653", "2,653", "2,653"),
        (0.1734, "percent1", "17.3 %", "17.3 %", "17.34 %"),
        (1e18, "eur2", "€1.00×10¹⁸", "€1.00×10¹⁸", "€1.00×10¹⁸"),
        (0.00001234, "", "0.0000123", "0.0000123", "0.00001234"),
        (12.5, "", "12.50", "12.50", "12.5"),
        (999_950_000, "usd", "$999,950,000", "$1.00 B", "$999,950,000"),
        (266_400, "duration", "3 d 2 h", "3 d 2 h", "3 d 2 h"),
    ],
)
def test_texts(value: Number, fmt: str, text: str, compact: str, full: str) -> None:
    assert format_value(value, fmt) == text
    assert format_value(value, fmt, compact=True) == compact
    assert full_value(value, fmt) == full


def test_changes_from_nothing_to_nothing_and_around_zero() -> None:
    assert format_change(None, 5).word == "new"
    assert format_change(5, None).word == "gone"
    assert format_change(None, float("nan")).word == "unknown"
    assert format_change(None, 5).headline == ""
    assert format_change(0, 5, "integer").headline == "▲ 5"
    assert format_change(-5, 5, "integer").relative == ""
    assert format_change(5, 5, "gbp").headline == "unchanged"
    assert format_change(5, 5, "percent").absolute == "0.0 pt"
    assert format_change(1, 500, "gbp").relative == "▲ ×500"
    assert format_change(1_000_000, 1_000_001).relative == "▲ <0.1 %"


def test_an_unknown_format_names_the_nearest_at_its_place() -> None:
    metric = Metric(name="rate", format="percnt1", places={"format": Place("metrics/a.yml", 3, 5)})
    with pytest.raises(HeadwaterError) as raised:
        format_of(metric)
    issue = raised.value.issues[0]
    assert (issue.code, str(issue.place)) == ("E960", "metrics/a.yml:3:5")
    assert issue.fix == "did you mean `percent1`?"


@pytest.mark.parametrize("text", ["zzz", "gbp22", "integer2", "decimal", "12", "<b>"])
def test_unknown_formats(text: str) -> None:
    with pytest.raises(HeadwaterError):
        parse_format(text)
