"""The few groups that say most about a change.

Every group would take part in a change by its size if nothing particular had happened. What it adds
beyond that is its *excess*: `cᵢ − sizeᵢ·Δ`. An explanation is a set of groups of one dimension, or
of one pair of dimensions, so that groups never overlap. Its gain is the excess as a share of all
movement, less a price for each group and for the second dimension; the largest gain wins.

This is Adtributor's explanatory power and succinctness (Bhagwan et al., NSDI 2014, section 3). Its
surprise, a divergence of two distributions, has no meaning for negative contributions, which
returns and credits have; the excess takes its place. As there, a group must move with the change
and make up a tenth of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from headwater.semantics.contribution.exact import total
from headwater.semantics.contribution.groups import Group, Parts

#: At most so many groups are read in one breath.
MOST_GROUPS = 3
#: A group that makes up less of the movement is not worth its words.
LEAST_POWER = Fraction(1, 10)
#: What each group, and a second dimension, must bring in.
PRICE_OF_GROUP = Fraction(1, 20)
PRICE_OF_DIMENSION = Fraction(1, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Groups of one division that say more about the change than their size."""

    dimensions: tuple[str, ...]
    groups: tuple[Group, ...]  # that which explains most first
    contribution: Fraction  # of all these groups
    power: Fraction  # the contribution as a share of the change
    gain: Fraction


def explain(divisions: Iterable[Parts]) -> Explanation | None:
    """The best explanation among all divisions; None where the change is spread evenly."""
    found = [best for parts in divisions if (best := _best(parts)) is not None]
    return max(found, key=lambda explanation: explanation.gain, default=None)


def _best(parts: Parts) -> Explanation | None:
    change = parts.change
    if not change or len(parts.groups) < 2:
        return None
    # A group without a denominator is one half of the ratio: that explains nothing.
    moving = [g for g in parts.groups if g.contribution * change > 0 and not g.outside]
    with_it = abs(total(group.contribution for group in moving))
    # Where rises and falls all but cancel, shares of the small remainder would be thousands.
    measure = max(abs(change), with_it / 2)
    sign = 1 if change > 0 else -1
    ranked: list[tuple[Fraction, Group]] = []
    for group in moving:
        excess = (sign * group.contribution - group.size * abs(change)) / measure
        if abs(group.contribution) >= LEAST_POWER * measure and excess > PRICE_OF_GROUP:
            ranked.append((excess - PRICE_OF_GROUP, group))
    ranked.sort(key=lambda each: -each[0])
    chosen = ranked[:MOST_GROUPS]
    gain = total(excess for excess, _ in chosen)
    gain -= PRICE_OF_DIMENSION * (len(parts.dimensions) - 1)
    if not chosen or gain <= 0:
        return None
    contribution = total(group.contribution for _, group in chosen)
    return Explanation(
        dimensions=parts.dimensions,
        groups=tuple(group for _, group in chosen),
        contribution=contribution,
        power=contribution / change,
        gain=gain,
    )
