"""Answers without personal values: who it is becomes a pseudonym, and groups stay apart."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from hashlib import blake2b

from headwater.errors import HeadwaterError
from headwater.semantics.asking import Answer
from headwater.semantics.catalog import Catalog
from headwater.semantics.joins import reach

MASK = "•••"


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """The columns whose values are not shown, as (table, column) in lower case.

    A pseudonym holds as long as the `secret` does, which is never written anywhere.
    """

    columns: frozenset[tuple[str, str]]
    secret: bytes

    def pseudonym(self, value: object) -> str | None:
        """What stands for a value; null stays null.

        >>> Personal(columns=frozenset(), secret=b"x").pseudonym("ann@example.org")
        '••• b97f6a2e'
        """
        if value is None:
            return None
        return f"{MASK} {blake2b(repr(value).encode(), key=self.secret, digest_size=4).hexdigest()}"

    def hides(self, catalog: Catalog, tables: Iterable[str], dimension: str) -> bool:
        """Whether a dimension of metrics over these tables is one of the columns."""
        for table in tables:
            try:
                found = reach(catalog, table, dimension)
            except HeadwaterError:
                continue
            owner = found.path[-1].table if found.path else table
            if (owner.casefold(), found.column[0].casefold()) in self.columns:
                return True
        return False

    def without(self, answer: Answer, hidden: frozenset[str]) -> Answer:
        """The answer with pseudonyms in the columns of some of its dimensions."""
        dimensions = [at for at, c in enumerate(answer.columns) if c.sort == "dimension"]
        places = {
            at for at, name in zip(dimensions, answer.query.by, strict=True) if name in hidden
        }
        if not places:
            return answer
        return replace(
            answer,
            columns=tuple(
                replace(column, type="VARCHAR") if at in places else column
                for at, column in enumerate(answer.columns)
            ),
            rows=tuple(
                tuple(self.pseudonym(v) if at in places else v for at, v in enumerate(row))
                for row in answer.rows
            ),
        )
