"""Search: every word must be found, and what says more comes first."""

from __future__ import annotations

import time

from headwater.ids import NodeId
from headwater.views.searching import SearchIndex, index_of
from headwater.views.summaries import ColumnFact, NodeFacts


def node(kind: str, name: str, title: str = "", text: str = "", *columns: str) -> NodeFacts:
    return NodeFacts(
        node=NodeId(kind, name),
        title=title,
        description=text,
        owner="finance",
        tags=("money",),
        path="",
        time=None,
        key=(),
        columns=tuple(ColumnFact(name=c, type="BIGINT") for c in columns),
        parents=(),
        children=(),
        rules=(),
        rows=None,
    )


def shop() -> SearchIndex:
    facts = [
        node("table", "daily_sales", "Daily sales", "", "day", "amount"),
        node("table", "sales", "Sales", "One row a line.", "amount", "customer_id"),
        node("metric", "revenue", "Revenue", "Net amount of sales."),
    ]
    return index_of({each.node: each for each in facts})


def found(query: str) -> list[str]:
    hits = shop().find(query)
    return [f"{h.entry.node.name}.{h.entry.column}".rstrip(".") for h in hits]


def test_a_whole_name_comes_before_a_part_of_one() -> None:
    assert found("sales")[:3] == ["sales", "daily_sales", "revenue"]


def test_underscores_and_spaces_are_the_same() -> None:
    assert found("daily sales")[0] == found("daily_sales")[0] == "daily_sales"


def test_all_words_must_be_there() -> None:
    assert found("sales amount") == ["daily_sales.amount", "sales.amount", "revenue"]
    assert found("sales unheard_of") == []


def test_owners_and_tags_are_found() -> None:
    assert set(found("finance")) == set(found("money")) == {"sales", "daily_sales", "revenue"}


def test_nothing_is_found_by_nothing() -> None:
    assert found("") == found("  ") == found("_-–'\"") == []
    assert shop().nearest("salse") == "sales"


def test_ten_thousand_columns_are_searched_while_typing() -> None:
    columns = [f"column_{n}" for n in range(20)]
    facts = {NodeId("table", f"t{n}"): node("table", f"t{n}", "", "", *columns) for n in range(500)}
    index = index_of(facts)
    began = time.perf_counter()
    assert len(index.find("column_7", 8)) == 8
    assert time.perf_counter() - began < 0.5
