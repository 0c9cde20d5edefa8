"""Which tables a metric may read: its own, those it references, and those that it names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from headwater.definitions.model import Definition


@dataclass(frozen=True, slots=True)
class Tables:
    """The tables and sources of a project, by name, each with the tables that it references."""

    references: Mapping[str, tuple[str, ...]]
    timeless: frozenset[str] = frozenset()
    owners: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, definitions: Iterable[Definition]) -> Self:
        """From the definitions of all relations."""
        found: dict[str, tuple[str, ...]] = {}
        timeless: set[str] = set()
        owners: dict[str, str] = {}
        for definition in definitions:
            references: Mapping[str, Any] = getattr(definition, "references", {})
            found[definition.id.name] = tuple(references.values())
            owners[definition.id.name] = definition.described.owner
            if getattr(definition, "time", None) is None:
                timeless.add(definition.id.name)
        return cls(found, frozenset(timeless), owners)

    def around(self, table: str, columns: Iterable[str]) -> tuple[str, ...]:
        """The table, all that can be reached through references, and those that columns name.

        More than is read, so that a dimension has one name wherever it is asked for.
        """
        found = [table]
        for name in found:
            found += [t for t in self.references.get(name, ()) if t not in found]
        named = (column.partition(".")[0] for column in columns if "." in column)
        found += [t for t in dict.fromkeys(named) if t in self.references and t not in found]
        return tuple(t for t in found if t == table or t in self.references)
