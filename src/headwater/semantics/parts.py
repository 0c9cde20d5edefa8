"""The parts of a query: terms that are computed together, because they read the same rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from headwater.semantics.cohorts import retained
from headwater.semantics.conversions import converted
from headwater.semantics.running import running
from headwater.semantics.scope import Frame, Scope
from headwater.semantics.sources import Source
from headwater.semantics.terms import Balance, Converted, Plain, Retained, Running, Term, leaf_of
from headwater.semantics.values import Names, balance, plain


@dataclass(frozen=True, slots=True)
class Batch:
    """Terms of one sort over one table by one time column."""

    table: str
    time: str
    terms: tuple[Term, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that its terms read."""
        found: list[str] = []
        for term in self.terms:
            leaf = leaf_of(term)
            found += leaf.columns if leaf else []
        return tuple(dict.fromkeys(found))


def batches(terms: Iterable[Term]) -> tuple[Batch, ...]:
    """Terms divided into batches, in order of first appearance."""
    grouped: dict[object, list[Term]] = {}
    for term in terms:
        grouped.setdefault(_sort(term), []).append(term)
    return tuple(Batch(*_place(found[0]), tuple(found)) for found in grouped.values())


def _place(term: Term) -> tuple[str, str]:
    leaf = leaf_of(term)
    if leaf is not None:
        return leaf.table, leaf.time
    assert isinstance(term, Retained)
    return term.table, term.time


def _sort(term: Term) -> object:
    """What terms must share to be computed together."""
    match term:
        case Plain():
            return (Plain, *_place(term))
        case Balance():
            return (Balance, *_place(term), term.day)
        case Running():
            return (Running, *_place(term), term.window, term.to_date, term.day)
        case Converted():
            return replace(term, is_converted=True)
        case _:
            return term


def build(
    scope: Scope, frame: Frame, batch: Batch, source: Source, names: Names
) -> list[tuple[str, tuple[Term, ...]]]:
    """The CTEs that hold the values of a batch by key, and which terms each one holds."""
    terms: Any = batch.terms
    match terms[0]:
        case Plain():
            return [(plain(scope, frame, source, terms, names), terms)]
        case Balance():
            return [(balance(scope, frame, source, terms, names), terms)]
        case Running():
            return list(running(scope, frame, source, terms, names))
        case Converted():
            return [(converted(scope, frame, terms, names), terms)]
        case _:
            return [(retained(scope, frame, terms[0], names), terms)]
