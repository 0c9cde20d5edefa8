"""The glossary: every metric and every documented column, from A to Z."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from fastapi import APIRouter, Request, Response

from headwater.ids import NodeId
from headwater.views.summaries import NodeFacts
from headwater.web.pages import render, snapshot_of

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word: a metric, or a column with the tables in which it means this."""

    name: str
    meaning: str
    metric: NodeId | None = None
    owner: str = ""
    tables: tuple[NodeId, ...] = ()


@router.get("/glossary")
def glossary(request: Request) -> Response:
    """All terms by their first letter."""
    terms = sorted(
        terms_of(snapshot_of(request).facts), key=lambda t: (t.name.casefold(), t.meaning)
    )
    letters = [(letter, list(found)) for letter, found in groupby(terms, key=_letter)]
    return render(request, "glossary.html", title="Glossary", letters=letters, count=len(terms))


def terms_of(facts: Mapping[NodeId, NodeFacts]) -> list[Term]:
    """Metrics, and columns: those with the same name and meaning are one term."""
    terms = [
        Term(
            name=each.title or each.node.name,
            meaning=each.description,
            metric=each.node,
            owner=each.owner,
        )
        for each in facts.values()
        if each.node.kind == "metric"
    ]
    columns: dict[tuple[str, str], list[NodeId]] = {}
    for each in facts.values():
        if each.node.kind in ("table", "source"):
            for column in each.columns:
                if column.description:
                    columns.setdefault((column.name, column.description), []).append(each.node)
    for (name, meaning), nodes in columns.items():
        terms.append(Term(name=name, meaning=meaning, tables=tuple(nodes)))
    return terms


def _letter(term: Term) -> str:
    first = term.name[:1].upper()
    return first if first.isalpha() else "#"
