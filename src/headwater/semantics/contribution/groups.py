"""A change divided among groups, and what is left over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from headwater.semantics.contribution.exact import total

#: The values of the dimensions that make a group; None is the group of rows without a value.
Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What one group adds to a change.

    `rate` and `mix` are of ratios: its own rate moved, or its share of the whole did. They and
    `outside` (a numerator without a denominator) make up `contribution`.
    """

    key: Key
    before: Fraction | None
    after: Fraction | None
    contribution: Fraction
    size: Fraction  # its share of the whole in both periods, from 0 to 1
    rate: Fraction | None = None
    mix: Fraction | None = None
    outside: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """All groups of one division, and `rest`: the change that no group alone accounts for.

    `rest` is zero for sums. For a distinct count it is the overlap: entities counted in several
    groups. `change` is always the groups' contributions and `rest`.
    """

    dimensions: tuple[str, ...]
    change: Fraction
    groups: tuple[Group, ...]
    rest: Fraction = Fraction(0)

    @property
    def residual(self) -> Fraction:
        """What does not add up: zero."""
        return self.change - total(group.contribution for group in self.groups) - self.rest


@dataclass(frozen=True, slots=True)
class RatioParts:
    """Numerator and denominator, of one group in one period."""

    numerator: Fraction
    denominator: Fraction


Values = Mapping[Key, Fraction]


def sizes(before: Values, after: Values) -> Mapping[Key, Fraction]:
    """Each group's share of what both periods hold, by absolute value, so that it is never < 0."""
    keys = dict.fromkeys((*before, *after))
    nothing = Fraction(0)
    gross = {key: abs(before.get(key, nothing)) + abs(after.get(key, nothing)) for key in keys}
    whole = total(gross.values())
    return {key: part / whole if whole else nothing for key, part in gross.items()}
