"""Recipes of nodes that SQL defines, from the template to which it was bound."""

from __future__ import annotations

from headwater.graph.node import ColumnRecipe, ColumnRef, Recipe
from headwater.ids import digest
from headwater.sql import QueryTemplate, Read


def recipe_of(template: QueryTemplate, rows: str) -> Recipe:
    """What the rows and the columns of a bound query are made of; `rows` is the hash of its shape.

    A node's own rows of the day before (`previous`) are no input of it.
    """
    return Recipe(
        rows=rows,
        row_reads=_refs(template.row_reads),
        columns={
            c.name: ColumnRecipe(
                type=c.type,
                expression=digest(c.expression, c.type),
                reads=_refs(c.reads),
                origin=ColumnRef(c.origin.relation, c.origin.column) if c.origin else None,
            )
            for c in template.columns
        },
    )


def fingerprint_of(recipe: Recipe) -> str:
    """A hash of the recipe: of the whole definition's meaning, upstream not counted."""
    columns = sorted(
        (name, c.type, c.expression, sorted(map(str, c.reads)))
        for name, c in recipe.columns.items()
    )
    return digest(recipe.rows, sorted(map(str, recipe.row_reads)), columns)


def _refs(reads: frozenset[Read]) -> frozenset[ColumnRef]:
    return frozenset(ColumnRef(r.relation, r.column) for r in reads if r.relation != "previous")
