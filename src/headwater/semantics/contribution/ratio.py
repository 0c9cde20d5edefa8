"""Ratios: each group's own rate moved, or the mix of groups did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from headwater.semantics.contribution.exact import total
from headwater.semantics.contribution.groups import Group, Key, Parts, RatioParts, sizes

Cells = Mapping[Key, RatioParts]
_ZERO = Fraction(0)
_NOTHING = RatioParts(_ZERO, _ZERO)
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class _Period:
    """One period's groups beside its whole."""

    cells: Cells
    whole: RatioParts

    @property
    def ratio(self) -> Fraction:
        return self.whole.numerator / self.whole.denominator

    def share(self, key: Key) -> Fraction:
        return self.cells.get(key, _NOTHING).denominator / self.whole.denominator

    def rate(self, key: Key) -> Fraction | None:
        cell = self.cells.get(key, _NOTHING)
        return cell.numerator / cell.denominator if cell.denominator else None

    def outside(self, key: Key) -> Fraction:
        cell = self.cells.get(key, _NOTHING)
        return _ZERO if cell.denominator else cell.numerator / self.whole.denominator


def divide_ratio(
    dimensions: tuple[str, ...],
    before: Cells,
    after: Cells,
    whole_before: RatioParts,
    whole_after: RatioParts,
) -> Parts | None:
    """Each group's part of a ratio's change, with `s = w/Σw` and `r = n/w` over groups.

    `rateᵢ = ½(s₀+s₁)(r₁−r₀)` and `mixᵢ = (s₁−s₀)[½(r₀+r₁) − ½(R₀+R₁)]`, which add up to `R₁ − R₀`.
    A group that is missing in one period has the other's rate, so that it is pure mix. A numerator
    over a denominator of zero is the group's `outside`. Where the groups do not add up to the
    whole, as distinct counts, the difference is treated as one more group and told as `rest`.
    None where a period has no ratio.
    """
    if not whole_before.denominator or not whole_after.denominator:
        return None
    old, new = _Period(before, whole_before), _Period(after, whole_after)
    middle = _HALF * (old.ratio + new.ratio)
    share = sizes(
        {key: cell.denominator for key, cell in before.items()},
        {key: cell.denominator for key, cell in after.items()},
    )
    groups = tuple(_group(key, old, new, middle, share[key]) for key in share)
    change = new.ratio - old.ratio
    rest = change - total(group.contribution for group in groups)
    return Parts(dimensions=dimensions, change=change, groups=groups, rest=rest)


def _group(key: Key, old: _Period, new: _Period, middle: Fraction, size: Fraction) -> Group:
    before, after = old.rate(key), new.rate(key)
    known = [rate for rate in (before, after) if rate is not None]
    first, last = (known[0], known[-1]) if known else (_ZERO, _ZERO)
    s0, s1 = old.share(key), new.share(key)
    rate = _HALF * (s0 + s1) * (last - first)
    mix = (s1 - s0) * (_HALF * (first + last) - middle) if known else _ZERO
    outside = new.outside(key) - old.outside(key)
    return Group(
        key=key,
        before=before,
        after=after,
        contribution=rate + mix + outside,
        size=size,
        rate=rate,
        mix=mix,
        outside=outside,
    )
