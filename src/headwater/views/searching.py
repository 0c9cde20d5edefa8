"""Search over everything that has a name: nodes, their columns, owners and tags; ranked.

Every word of a query must be found in an entry. A word counts for more the more it says: a whole
name more than the beginning of one, a name more than a description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from headwater.errors import nearest
from headwater.ids import NodeId
from headwater.views.summaries import NodeFacts

_WORDS = re.compile(r"[^\W_]+")
_MOST_WORDS = 8
_PART_OF_NAME = 16
#: What people look for first, where two entries match alike.
_KINDS = {
    "metric": 9, "dashboard": 8, "model": 7, "report": 6, "query": 5, "feature_view": 4, "label": 4,
    "scores": 3, "table": 2, "source": 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that can be found: a node, or a column of it."""

    node: NodeId
    column: str = ""
    title: str = ""
    text: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    everything: str = ""  # all of it in lower case
    wholes: tuple[str, ...] = ()  # name and title in lower case
    names: tuple[str, ...] = ()  # those, and each of their words

    @property
    def name(self) -> str:
        """What it is called."""
        return self.column or self.node.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An entry that a query found."""

    entry: Entry
    score: int


@dataclass(frozen=True, slots=True)
class SearchIndex:
    """All entries of a release."""

    entries: tuple[Entry, ...]

    def find(self, query: str, limit: int = 50, kinds: Sequence[str] = ()) -> tuple[Hit, ...]:
        """The best entries first; none for an empty query."""
        words = _words(query)[:_MOST_WORDS]
        whole = " ".join(words)
        if not words:
            return ()
        hits = [
            Hit(entry=entry, score=score)
            for entry in self.entries
            if not kinds or (entry.node.kind in kinds and not entry.column)
            if all(word in entry.everything for word in words)
            if (score := _score(entry, words, whole))
        ]
        hits.sort(key=lambda hit: (-hit.score, hit.entry.name, str(hit.entry.node)))
        return tuple(hits[:limit])

    def nearest(self, query: str) -> str:
        """A word that might have been meant, for a query that finds nothing; or ""."""
        known = {word for entry in self.entries for word in (entry.name, *entry.tags)}
        return next(iter(nearest(query.strip(), known)), "")


def index_of(facts: Mapping[NodeId, NodeFacts]) -> SearchIndex:
    """Everything of these nodes that can be found."""
    return SearchIndex(tuple(entry for each in facts.values() for entry in _entries(each)))


def _entries(facts: NodeFacts) -> Iterable[Entry]:
    own = (facts.node.name, facts.title)
    yield Entry(
        node=facts.node,
        title=facts.title,
        text=facts.description,
        owner=facts.owner,
        tags=facts.tags,
        everything=_lower(*own, facts.description, facts.owner, facts.node.kind, *facts.tags),
        wholes=_wholes(own),
        names=_names(own),
    )
    if facts.node.kind == "metric":
        return  # the columns of its history are the same for all, and nobody's words
    for column in facts.columns:
        yield Entry(
            node=facts.node,
            column=column.name,
            text=column.description,
            everything=_lower(column.name, column.description, facts.node.name),
            wholes=_wholes((column.name,)),
            names=_names((column.name,)),
        )


def _score(entry: Entry, words: Sequence[str], whole: str) -> int:
    """How well the words fit; a column comes after every node that is called so."""
    fits = [_fit(entry, word) for word in words]
    score = sum(fits)
    if whole in entry.wholes:
        score += 60
    if entry.column:
        return score
    return score + (60 if min(fits) >= _PART_OF_NAME else 20) + _KINDS.get(entry.node.kind, 0)


def _fit(entry: Entry, word: str) -> int:
    if word in entry.names:
        return 40
    if any(name.startswith(word) for name in entry.names):
        return 28
    if any(word in name for name in entry.names):
        return _PART_OF_NAME
    if word == entry.owner.casefold() or word in map(str.casefold, entry.tags):
        return 14
    return 4


def _wholes(texts: Sequence[str]) -> tuple[str, ...]:
    """Each name as it is written and as words.

    >>> _wholes(["order_value"])
    ('order_value', 'order value')
    """
    both = ((text.casefold(), " ".join(_words(text))) for text in texts if text)
    return tuple(dict.fromkeys(name for pair in both for name in pair))


def _names(texts: Sequence[str]) -> tuple[str, ...]:
    words = (word for text in texts for word in _words(text))
    return tuple(dict.fromkeys((*_wholes(texts), *words)))


def _words(text: str) -> list[str]:
    return _WORDS.findall(text.casefold())


def _lower(*texts: str) -> str:
    return " ".join(texts).casefold()
