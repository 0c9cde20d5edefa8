"""How a metric's numbers are written: from its definition, the same on every face."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.semantics.asking import Number
from headwater.semantics.metric import Metric

NO_VALUE: Final = "–"
MINUS: Final = "−"

_SYMBOLS: Final[Mapping[str, str]] = {"gbp": "£", "usd": "$", "eur": "€", "jpy": "¥"}
_ISO_4217: Final = (
    "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd btn bwp "
    "byn bzd cad cdf chf clp cny cop crc cup cve czk djf dkk dop dzd egp ern etb eur fjd fkp gbp "
    "gel ghs gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr iqd irr isk jmd jod jpy kes kgs khr "
    "kmf kpw krw kwd kyd kzt lak lbp lkr lrd lsl lyd mad mdl mga mkd mmk mnt mop mru mur mvr mwk "
    "mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar "
    "sbd scr sdg sek sgd shp sle sos srd ssp stn svc syp szl thb tjs tmt tnd top try ttd twd tzs "
    "uah ugx usd uyu uzs ves vnd vuv wst xaf xcd xof xpf yer zar zmw zwg"
)
_CURRENCIES: Final = frozenset(_ISO_4217.split())
#: What a message and an editor offer; any other currency and number of decimals work too.
FORMATS: Final = (
    "gbp", "gbp2", "usd", "usd2", "eur", "eur2", "percent", "percent1", "percent2", "integer",
    "decimal1", "decimal2", "decimal3", "duration",
)  # fmt: skip
_WRITTEN: Final = re.compile(r"([a-z]+)(\d?)")
_UNITS: Final = ((Decimal(10) ** 12, " T"), (Decimal(10) ** 9, " B"), (Decimal(10) ** 6, " M"),
                 (Decimal(10) ** 3, " k"))  # fmt: skip
_SUPERSCRIPT: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_GREATEST: Final = Decimal(10) ** 15  # from here on digits say less than a power of ten
_FARTHEST: Final = 1000  # powers of ten beyond which nothing is a number of a company
_LONGEST: Final = 6  # decimals of a full value, where a quotient has no end
_COMPACT_FROM: Final = 10_000  # below, the whole number is as short

Sort = Literal["number", "currency", "percent", "duration"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberFormat:
    """How numbers of one metric are written. `decimals` None: as many as the value needs."""

    sort: Sort = "number"
    decimals: int | None = None
    prefix: str = ""
    suffix: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether its values are shares, which change in points."""
        return self.sort == "percent"

    @property
    def is_duration(self) -> bool:
        """Whether its values are seconds."""
        return self.sort == "duration"

    def text(self, value: Number | None) -> str:
        """The value with the decimals of the format.

        >>> parse_format("gbp2").text(Decimal("-1461756.424"))
        '−£1,461,756.42'
        """
        found = _finite(value)
        if found is None:
            return NO_VALUE
        if self.is_duration:
            return _signed(_duration(abs(found)), found)
        scaled = self._scaled(found)
        return self._with_signs(scaled, self._decimals_for(scaled))

    def compact(self, value: Number | None) -> str:
        """The value in three digits and a unit, where it is long.

        >>> money = parse_format("gbp")
        >>> [money.compact(n) for n in (1461756, 999_999, 9_812, -32_131.53, 0.4)]
        ['£1.46 M', '£1.00 M', '£9,812', '−£32.1 k', '£0']
        """
        found = _finite(value)
        if found is None or self.is_duration:
            return self.text(value)
        scaled = self._scaled(found)
        if abs(scaled) < _COMPACT_FROM:
            return self.text(value)
        power, unit = _unit_of(scaled)
        return self._with_signs(scaled / power, _three_digits(scaled / power), unit)

    def full(self, value: Number | None) -> str:
        """The value with all its digits, as a hover shows it.

        >>> parse_format("gbp").full(Decimal("1461756.42")), parse_format("percent1").full(0.17341)
        ('£1,461,756.42', '17.341 %')
        """
        found = _finite(value)
        if found is None or self.is_duration:
            return self.text(value)
        scaled = self._scaled(found)
        exponent = scaled.normalize().as_tuple().exponent
        most = min(12, max(_LONGEST, 3 - scaled.adjusted()))
        own = min(-exponent, most) if isinstance(exponent, int) and exponent < 0 else 0
        return self._with_signs(scaled, max(own, self.decimals or 0))

    def ticks(self, values: Sequence[float]) -> tuple[str, ...]:
        """Texts for the ticks of an axis: one unit for all, and only the decimals they need.

        >>> parse_format("gbp2").ticks([0, 500_000, 1_000_000])
        ('£0', '£0.5 M', '£1.0 M')
        """
        found = [_finite(value) or Decimal(0) for value in values]
        if self.is_duration:
            return tuple(_signed(_duration(abs(each)), each) for each in found)
        scaled = [self._scaled(each) for each in found]
        greatest = max(map(abs, scaled), default=Decimal(0))
        power, unit = _unit_of(greatest) if greatest >= _COMPACT_FROM else (Decimal(1), "")
        decimals = max((_needed(each / power) for each in scaled), default=0)
        return tuple(
            self._with_signs(each / power, decimals if each else 0, unit if each else "")
            for each in scaled
        )

    def with_unit(self, unit: str) -> NumberFormat:
        """The same with a unit behind its numbers, if it has no sign of its own.

        >>> parse_format("integer").with_unit("parcels").text(1204)
        '1,204 parcels'
        """
        return replace(self, suffix=f" {unit}") if unit and self.sort == "number" else self

    def _scaled(self, value: Decimal) -> Decimal:
        return value * 100 if self.is_rate else value

    def _decimals_for(self, value: Decimal) -> int:
        if self.decimals is not None:
            return self.decimals
        size = abs(value)
        if value == value.to_integral_value():
            return 0
        return 2 if size >= 1 else min(9, 2 - size.adjusted())

    def _with_signs(self, value: Decimal, decimals: int, unit: str = "") -> str:
        size = abs(value)
        if size >= _GREATEST:
            digits, _, power = f"{size:.2e}".partition("e")
            number = f"{digits}×10{str(int(power)).translate(_SUPERSCRIPT)}"
            return _signed(f"{self.prefix}{number}{self.suffix}", value)
        rounded = size.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
        text = f"{self.prefix}{rounded:,f}{unit}{self.suffix}"
        return _signed(text, value) if rounded else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a value differs from an earlier one, in words and figures. Empty text: cannot be said."""

    absolute: str  # `+£391,422`, `+1.2 pt`
    relative: str  # `▲ 36.5 %`; empty for rates, and where the earlier value is not above zero
    word: Literal["up", "down", "unchanged", "new", "gone", "unknown"]
    judged: Literal["good", "bad", "neutral"]

    @property
    def headline(self) -> str:
        """The one figure to show: relative where that means something."""
        if self.word == "unchanged":
            return self.word
        arrow = {"up": "▲ ", "down": "▼ "}.get(self.word, "")
        return self.relative or f"{arrow}{self.absolute.lstrip('+' + MINUS)}"


def parse_format(text: str, place: Place = Place()) -> NumberFormat:
    """The format of a definition; empty text: by the value. Raises E960.

    >>> parse_format("chf2").text(12), parse_format("").text(0.1234567)
    ('CHF 12.00', '0.123')
    """
    if not text:
        return NumberFormat()
    match = _WRITTEN.fullmatch(text.strip().casefold())
    name, digits = match.groups() if match else ("", "")
    decimals = int(digits or 0)
    if name in _CURRENCIES:
        prefix = _SYMBOLS.get(name, f"{name.upper()} ")
        return NumberFormat(sort="currency", decimals=decimals, prefix=prefix)
    if name == "percent":
        return NumberFormat(sort="percent", decimals=decimals, suffix=" %")
    if name == "decimal" and digits:
        return NumberFormat(decimals=decimals)
    if name == "integer" and not digits:
        return NumberFormat(decimals=0)
    if name == "duration" and not digits:
        return NumberFormat(sort="duration", decimals=0)
    fix = did_you_mean(text, FORMATS, f"formats are: {', '.join(FORMATS)}")
    raise HeadwaterError(Issue(code="E960", what=f"unknown format `{text}`", place=place, fix=fix))


def format_of(metric: Metric) -> NumberFormat:
    """The format of a metric, with its unit. Raises E960."""
    return parse_format(metric.format, metric.place_of("format")).with_unit(metric.unit)


def format_value(
    value: Number | None, fmt: NumberFormat | str = "", *, compact: bool = False
) -> str:
    """A number as people read it.

    >>> format_value(1461756.42, "gbp"), format_value(1461756.42, "gbp", compact=True)
    ('£1,461,756', '£1.46 M')
    >>> format_value(None, "gbp"), format_value(float("nan")), format_value(11100, "duration")
    ('–', '–', '3 h 05 min')
    """
    chosen = parse_format(fmt) if isinstance(fmt, str) else fmt
    return chosen.compact(value) if compact else chosen.text(value)


def full_value(value: Number | None, fmt: NumberFormat | str = "") -> str:
    """A number with all its digits."""
    return (parse_format(fmt) if isinstance(fmt, str) else fmt).full(value)


def format_change(
    before: Number | None,
    after: Number | None,
    fmt: NumberFormat | str = "",
    better: Literal["higher", "lower", "neither"] = "neither",
) -> Change:
    """How `after` differs from `before`, judged by the direction that is good.

    >>> change = format_change(1_070_705, 1_461_756, "gbp", "higher")
    >>> change.absolute, change.relative, change.word, change.judged
    ('+£391,051', '▲ 36.5 %', 'up', 'good')
    >>> rate = format_change(0.171, 0.159, "percent1", "lower")
    >>> rate.absolute, rate.relative, rate.headline, rate.judged
    ('−1.2 pt', '', '▼ 1.2 pt', 'good')
    """
    chosen = parse_format(fmt) if isinstance(fmt, str) else fmt
    first, second = _finite(before), _finite(after)
    if first is None or second is None:
        word: Literal["new", "gone", "unknown"] = "unknown"
        if second is not None:
            word = "new"
        elif first is not None:
            word = "gone"
        return Change(absolute="", relative="", word=word, judged="neutral")
    moved = second - first
    if not moved:
        text = _in_points(moved, chosen) if chosen.is_rate else chosen.text(0)
        return Change(absolute=text, relative="", word="unchanged", judged="neutral")
    is_up = moved > 0
    judged: Literal["good", "bad", "neutral"] = "neutral"
    if better != "neither":
        judged = "good" if is_up == (better == "higher") else "bad"
    text = _in_points(moved, chosen) if chosen.is_rate else chosen.text(abs(moved))
    return Change(
        absolute=f"{'+' if is_up else MINUS}{text}",
        relative="" if chosen.is_rate or first <= 0 or second < 0 else _relative(first, second),
        word="up" if is_up else "down",
        judged=judged,
    )


def _in_points(moved: Decimal, fmt: NumberFormat) -> str:
    points = abs(moved) * 100
    decimals = max(1, fmt.decimals or 0)
    return NumberFormat(decimals=decimals, suffix=" pt").compact(points)


def _relative(before: Decimal, after: Decimal) -> str:
    share = abs(after / before - 1) * 100
    arrow = "▲" if after > before else "▼"
    if share >= 1000:  # 40-fold reads better than 3,900 %
        return f"{arrow} ×{NumberFormat(decimals=0).compact(after / before)}"
    if share < Decimal("0.05"):
        return f"{arrow} <0.1 %"
    return f"{arrow} {share:.1f} %"


def _finite(value: Number | None) -> Decimal | None:
    """The value as a decimal; None where it is none, not a number, or without end."""
    if value is None:
        return None
    # 15 digits are what a float can tell.
    found = Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)
    return found if found.is_finite() and abs(found.adjusted()) < _FARTHEST else None


def _signed(text: str, value: Decimal) -> str:
    return f"{MINUS}{text}" if value < 0 else text


def _unit_of(value: Decimal) -> tuple[Decimal, str]:
    """The power of ten to divide by, looking at the value as it will be rounded.

    >>> _unit_of(Decimal(999_999))[1], _unit_of(Decimal(999_400))[1]
    (' M', ' k')
    """
    size = abs(value)
    if size >= _GREATEST:
        return Decimal(1), ""
    for power, unit in _UNITS:
        if size >= power * Decimal("0.9995"):
            return power, unit
    return Decimal(1), ""


def _three_digits(value: Decimal) -> int:
    size = abs(value)
    if size < Decimal("9.995"):
        return 2
    return 1 if size < Decimal("99.95") else 0


def _needed(value: Decimal) -> int:
    if abs(value) >= _GREATEST:
        return 0
    exponent = round(value, 9).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _duration(seconds: Decimal) -> str:
    """A length of time in its two greatest units.

    >>> [_duration(Decimal(s)) for s in ("0.12", "42", "90", "11100", "266400")]
    ['120 ms', '42 s', '1 min 30 s', '3 h 05 min', '3 d 2 h']
    """
    if 0 < seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds.normalize():.10g} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(int(seconds.to_integral_value(ROUND_HALF_UP)), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    count = NumberFormat(decimals=0).compact(days)
    return f"{count} d {hours} h" if hours and days < 100 else f"{count} d"
