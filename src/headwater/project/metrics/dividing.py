"""The groups of a change: by each dimension, and by pairs of two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Final

from headwater.project.metrics.movement import MOST_GROUPS, NOTHING, Asking, Totals
from headwater.semantics.contribution import Parts, RatioParts, divide_ratio, divide_sum
from headwater.semantics.contribution.factors import Tree, values
from headwater.semantics.spans import Spans

#: Pairs of dimensions that are searched, and how many groups they may have together.
MOST_PAIRS: Final = 6
MOST_PAIR_GROUPS: Final = 2_000


def by_dimension(
    asking: Asking, spans: Spans, totals: tuple[Totals, Totals], by: tuple[str, ...]
) -> tuple[tuple[Parts, ...], tuple[str, ...]]:
    """The change by each dimension, and what a reader must know about those left out."""
    if asking.structure.because:
        return (), ()
    found, notes = [], []
    for dimension in by:
        parts = _division(asking, spans, totals, (dimension,))
        if parts is None:
            notes.append(f"`{dimension}` has more than {MOST_GROUPS:,} groups")
        else:
            found.append(parts)
    return tuple(found), tuple(notes)


def by_pair(
    asking: Asking, spans: Spans, totals: tuple[Totals, Totals], divided: Sequence[Parts]
) -> Iterator[Parts]:
    """The change by pairs of dimensions, as long as they have few groups.

    Of additive metrics alone: rollups of distinct counts have no pairs.
    """
    if asking.structure.additivity != "additive":
        return
    pairs = sorted(
        combinations(divided, 2), key=lambda pair: len(pair[0].groups) * len(pair[1].groups)
    )
    for one, other in pairs[:MOST_PAIRS]:
        if min(len(one.groups), len(other.groups)) < 2:
            continue
        if len(one.groups) * len(other.groups) <= MOST_PAIR_GROUPS:
            parts = _division(asking, spans, totals, (*one.dimensions, *other.dimensions))
            if parts is not None:
                yield parts


def _division(
    asking: Asking, spans: Spans, totals: tuple[Totals, Totals], by: tuple[str, ...]
) -> Parts | None:
    structure = asking.structure
    found = asking.groups(structure.atoms, spans, by)
    if found is None:
        return None
    old, new = found
    ratio = structure.ratio
    if ratio is None:
        before, after = (
            {k: _of(structure.tree, g) for k, g in each.items()} for each in (old, new)
        )
        whole = [_of(structure.tree, _filled(each)) for each in totals]
        return divide_sum(by, before, after, whole[1] - whole[0])
    earlier, later = ({k: _ratio(ratio, g) for k, g in each.items()} for each in (old, new))
    was, now = (_ratio(ratio, _filled(each)) for each in totals)
    return divide_ratio(by, earlier, later, was, now)


def _filled(totals: Totals) -> dict[str, Fraction]:
    return {name: value or NOTHING for name, value in totals.items()}


def _of(tree: Tree, group: Mapping[str, Fraction]) -> Fraction:
    """A linear formula over one group."""
    found = values(tree, {name: (value, value) for name, value in group.items()})
    assert found is not None  # it divides by constants alone
    return found[0]


def _ratio(ratio: tuple[Tree, Tree], group: Mapping[str, Fraction]) -> RatioParts:
    return RatioParts(_of(ratio[0], group), _of(ratio[1], group))
