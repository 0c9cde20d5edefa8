"""What rules are evaluated over: relations of the engine, by the SQL that stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from headwater.contracts.quoting import quote

#: The column of what could not be cast: MAP of column → delivered text; NULL where all could.
UNCAST: Final = "_uncast"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """What stands after FROM, and how its rows are told apart.

    `order` names the columns by which the first of several equal keys is kept; without any, whole
    rows are compared. `typed` says that its columns have the contract's types already, and `uncast`
    that it has the column `_uncast` of what could not be cast (see `casting.typed_relation`).
    """

    sql: str
    order: tuple[str, ...] = ()
    typed: bool = False
    uncast: bool = False

    @classmethod
    def named(
        cls, *names: str, order: tuple[str, ...] = (), typed: bool = False, uncast: bool = False
    ) -> Relation:
        """A table or view by its name, with its schema and catalog before it where needed."""
        return cls(sql=".".join(map(quote, names)), order=order, typed=typed, uncast=uncast)

    @classmethod
    def query(
        cls, sql: str, order: tuple[str, ...] = (), typed: bool = False, uncast: bool = False
    ) -> Relation:
        """The rows of a query."""
        return cls(sql=f"({sql})", order=order, typed=typed, uncast=uncast)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What rules need to see beside the relation that they judge.

    `existing` holds the published rows that stay: a key found there is taken. `targets` holds the
    other tables, by name, for references; a reference whose table is missing here is not evaluated.
    """

    existing: Relation | None = None
    targets: Mapping[str, Relation] = field(default_factory=dict)


#: Nothing beside the relation itself.
ALONE: Final = Surroundings()
