"""Sums and counts: a group contributes what it has more or less than before."""

from __future__ import annotations

from fractions import Fraction

from headwater.semantics.contribution.exact import total
from headwater.semantics.contribution.groups import Group, Parts, Values, sizes


def divide_sum(
    dimensions: tuple[str, ...], before: Values, after: Values, change: Fraction
) -> Parts:
    """`cᵢ = x₁ᵢ − x₀ᵢ`; a group that is missing has nothing. What `change` has beyond is `rest`.

    >>> before, after = {("UK",): Fraction(5)}, {("UK",): Fraction(8)}
    >>> parts = divide_sum(("country",), before, after, Fraction(3))
    >>> parts.groups[0].contribution, parts.rest
    (Fraction(3, 1), Fraction(0, 1))
    """
    share = sizes(before, after)
    groups = tuple(
        Group(
            key=key,
            before=before.get(key),
            after=after.get(key),
            contribution=after.get(key, Fraction(0)) - before.get(key, Fraction(0)),
            size=share[key],
        )
        for key in share
    )
    rest = change - total(group.contribution for group in groups)
    return Parts(dimensions=dimensions, change=change, groups=groups, rest=rest)
