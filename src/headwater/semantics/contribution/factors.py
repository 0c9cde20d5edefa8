"""Formulas of other metrics: the change of a whole divided among its factors, exactly.

Each operation turns the changes of its parts into its own by weights, `Δv = Σ wᵢ·Δxᵢ`, so a nested
formula multiplies weights along its tree and still adds up. A sum has the weights ±1. A product has
those of LMDI-I (Ang, Energy Policy 33, 2005): `wᵢ = L(v₁,v₀) / L(xᵢ₁,xᵢ₀)`, `L` the logarithmic
mean, which treats all factors alike in whatever way the formula is bracketed. Logarithms need
numbers of one sign; where a factor is zero or changes sign, the weights are Shapley's: each
factor's step averaged over all orders in which the factors may move (Ang, Liu & Chew 2003).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import factorial, prod

from headwater.semantics.contribution.exact import log_mean, total

_ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Factor:
    """A metric of the formula, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number of the formula: it never moves."""

    value: Fraction


@dataclass(frozen=True, slots=True)
class Sum:
    """Parts that are added, each with its sign or another constant weight."""

    terms: tuple[tuple[Tree, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """What is multiplied, and what it is divided by."""

    times: tuple[Tree, ...]
    over: tuple[Tree, ...] = ()


Tree = Factor | Constant | Sum | Product
Moves = Mapping[str, tuple[Fraction, Fraction]]


def values(tree: Tree, moves: Moves) -> tuple[Fraction, Fraction] | None:
    """A formula's value before and after; None where it divides by zero."""
    if isinstance(tree, Factor):
        return moves[tree.name]
    if isinstance(tree, Constant):
        return tree.value, tree.value
    if isinstance(tree, Sum):
        parts = [values(term, moves) for term, _ in tree.terms]
        if any(part is None for part in parts):
            return None
        weights = [weight for _, weight in tree.terms]
        pairs = [part for part in parts if part is not None]
        before = total(w * pair[0] for w, pair in zip(weights, pairs, strict=True))
        after = total(w * pair[1] for w, pair in zip(weights, pairs, strict=True))
        return before, after
    factors = _factors(tree, moves)
    if factors is None:
        return None
    return prod((f[0] for f in factors), start=_ONE), prod((f[1] for f in factors), start=_ONE)


def divide(tree: Tree, moves: Moves) -> Mapping[str, Fraction] | None:
    """Each metric's part of the formula's change; the parts add up to it.

    A metric that stands twice has the sum of its parts. None where the formula has no value in
    one of the periods.

    >>> more = divide(Product((Factor("orders"), Factor("value"))),
    ...               {"orders": (Fraction(2), Fraction(3)), "value": (Fraction(5), Fraction(6))})
    >>> {name: round(float(part), 3) for name, part in more.items()}
    {'orders': 5.519, 'value': 2.481}
    """
    if values(tree, moves) is None:
        return None
    found: dict[str, Fraction] = {}
    _spread(tree, moves, _ONE, found)
    return found


def _spread(tree: Tree, moves: Moves, weight: Fraction, found: dict[str, Fraction]) -> None:
    if isinstance(tree, Factor):
        before, after = moves[tree.name]
        found[tree.name] = found.get(tree.name, Fraction(0)) + weight * (after - before)
    elif isinstance(tree, Sum):
        for term, own in tree.terms:
            _spread(term, moves, weight * own, found)
    elif isinstance(tree, Product):
        factors = _factors(tree, moves)
        assert factors is not None  # `values` of the whole was there
        parts = (*tree.times, *tree.over)
        for index, (part, own) in enumerate(zip(parts, _weights(factors), strict=True)):
            inner = own
            if index >= len(tree.times):  # a divisor: its reciprocal is the factor
                old, new = values(part, moves) or (_ONE, _ONE)
                inner = -own / (old * new)  # Δ(1/x) = −Δx / (x₀·x₁)
            _spread(part, moves, weight * inner, found)


def _factors(tree: Product, moves: Moves) -> list[tuple[Fraction, Fraction]] | None:
    """Before and after of each factor; a divisor is the reciprocal of what it is."""
    found = []
    for part in tree.times:
        pair = values(part, moves)
        if pair is None:
            return None
        found.append(pair)
    for part in tree.over:
        pair = values(part, moves)
        if pair is None or not all(pair):
            return None
        found.append((1 / pair[0], 1 / pair[1]))
    return found


def _weights(factors: Sequence[tuple[Fraction, Fraction]]) -> list[Fraction]:
    if all(before * after > 0 for before, after in factors):
        return _logarithmic(factors)
    return _shapley(factors)


def _logarithmic(factors: Sequence[tuple[Fraction, Fraction]]) -> list[Fraction]:
    """LMDI-I; the last weight closes what 60 digits of a logarithm leave open."""
    before = prod((f[0] for f in factors), start=_ONE)
    after = prod((f[1] for f in factors), start=_ONE)
    whole = _mean(before, after)
    weights = [whole / _mean(*factor) for factor in factors]
    moved = [index for index, (old, new) in enumerate(factors) if old != new]
    if moved:
        last = moved[-1]
        change = after - before
        others = total(weights[i] * (factors[i][1] - factors[i][0]) for i in moved[:-1])
        weights[last] = (change - others) / (factors[last][1] - factors[last][0])
    return weights


def _mean(a: Fraction, b: Fraction) -> Fraction:
    """The logarithmic mean of two numbers of one sign."""
    return log_mean(a, b) if a > 0 else -log_mean(-a, -b)


def _shapley(factors: Sequence[tuple[Fraction, Fraction]]) -> list[Fraction]:
    """The mean, over all orders, of what the other factors are when a factor's turn comes."""
    count = len(factors)
    weights = []
    for index in range(count):
        others = [factor for place, factor in enumerate(factors) if place != index]
        weight = Fraction(0)
        for moved in range(count):
            orders = Fraction(factorial(moved) * factorial(count - 1 - moved), factorial(count))
            for chosen in combinations(range(count - 1), moved):
                weight += orders * prod(
                    (other[1 if place in chosen else 0] for place, other in enumerate(others)),
                    start=_ONE,
                )
        weights.append(weight)
    return weights
