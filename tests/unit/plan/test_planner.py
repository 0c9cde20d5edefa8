"""Plans over hand-made graphs and states: which intervals are stale, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from headwater.clock import Clock, Periods, count_days, day_interval, days_of
from headwater.definitions.model import Described
from headwater.errors import Place
from headwater.graph.graph import Graph
from headwater.graph.node import ColumnRecipe, ColumnRef, Input, Node, Recipe
from headwater.ids import ALL_TIME, DataInterval, IntervalMap, NodeId
from headwater.plan.planner import delivery_key, make_plan, plan_load, plan_node
from headwater.plan.should import expected_contents, input_key
from headwater.plan.state import NO_ROWS, Contents, Segment, State
from headwater.plan.steps import Arrivals, LedgerView, Load, Plan, Query, Remove, Request

CLOCK = Clock.at("2024-04-10", "Europe/London")
ZONE = CLOCK.zone
ORDERS = NodeId("source", "orders")
SALES, DAILY, RECENT = (NodeId("table", name) for name in ("sales", "daily", "recent"))
BALANCE, TOTALS = NodeId("table", "balance"), NodeId("table", "totals")


DESCRIBED = Described()


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """As much of a definition as plans look at."""

    id: NodeId
    place: Place = Place()
    files: tuple[str, ...] = ()
    described: Described = DESCRIBED
    chunk: timedelta | None = None


def span(first: int, last: int) -> DataInterval:
    """Days of March 2024, last day included."""
    return day_interval(date(2024, 3, first), date(2024, 3, last), ZONE)


def table(name: NodeId, *inputs: Input, time: str | None = "day", **given: object) -> Node:
    """A table of one column that reads `amount` of each input."""
    reads = frozenset(ColumnRef(i.name, "amount") for i in inputs if i.mode != "previous")
    column = ColumnRecipe(
        type="BIGINT", expression=str(given.pop("expression", "sum")), reads=reads
    )
    return Node(
        id=name,
        definition=Definition(id=name, **given),  # type: ignore[arg-type]
        fingerprint=str(name),
        inputs=inputs,
        schema=(("amount", "BIGINT"),),
        time=time,
        recipe=Recipe(
            rows="rows",
            row_reads=frozenset(ColumnRef(i.name, None) for i in inputs if i.mode != "previous"),
            columns={"amount": column},
        ),
    )


SOURCE = Node(
    id=ORDERS,
    definition=Definition(id=ORDERS),
    fingerprint="contract 1",
    schema=(("amount", "BIGINT"),),
    time="at",
)
FROM_ORDERS = Input(node=ORDERS, name="orders", mode="same_day")
FROM_SALES = Input(node=SALES, name="sales", mode="same_day")
WINDOW = Input(node=SALES, name="sales", mode="window", before=timedelta(days=3))
WHOLE = Input(node=SALES, name="sales")
GRAPH = Graph.of(
    [
        SOURCE,
        table(SALES, FROM_ORDERS),
        table(DAILY, FROM_SALES),
        table(RECENT, WINDOW),
        table(TOTALS, WHOLE, time=None),
        table(BALANCE, FROM_SALES, Input(node=BALANCE, name="previous", mode="previous")),
    ]
)


def source_state(days: Mapping[int, str]) -> State:
    """A source with one content key for each day of March."""
    entries = [
        (span(day, day), Segment("load", "contract 1", Contents(rows=key, columns={})))
        for day, key in days.items()
    ]
    return State(node=ORDERS, time="at", segments=IntervalMap.of(entries))


def up_to_date(graph: Graph, source: State) -> dict[NodeId, State]:
    """Every state as it should be."""
    states = {ORDERS: source}
    for node in graph.nodes.values():
        if node.recipe is not None:
            expected = expected_contents(node, states, ZONE)
            made = expected.map(lambda c: Segment("build", input_key(c), c))
            states[node.id] = State(node=node.id, time=node.time, segments=made)
    return states


def plan(
    source: State, states: Mapping[NodeId, State], graph: Graph = GRAPH, **request: object
) -> Plan:
    """The plan over released states, of which the source has moved on."""
    recipes = {n.id: n.recipe for n in GRAPH.nodes.values() if n.recipe is not None}
    view = LedgerView(states={**states, ORDERS: source}, recipes=recipes)
    return make_plan(graph, view, {}, CLOCK, Request(**request))  # type: ignore[arg-type]


def stale(made: Plan) -> dict[str, list[int]]:
    """The stale days of March by table; a table without time has day 0."""
    found: dict[str, list[int]] = {}
    for step in made.steps:
        if isinstance(step, Query):
            days = [0] if step.interval == ALL_TIME else days_of(step.interval, ZONE)
            numbers = [day if isinstance(day, int) else day.day for day in days]
            found.setdefault(step.node.name, []).extend(numbers)
    return found


BEFORE = {day: f"v{day}" for day in range(1, 11)}


def test_nothing_is_stale_after_a_run() -> None:
    source = source_state(BEFORE)
    assert plan(source, up_to_date(GRAPH, source)).steps == ()


def test_a_changed_day_reopens_what_reads_it() -> None:
    states = up_to_date(GRAPH, source_state(BEFORE))
    made = plan(source_state(BEFORE | {4: "late"}), states)
    assert stale(made) == {
        "sales": [4],
        "daily": [4],
        "recent": [4, 5, 6, 7],
        "totals": [0],
        "balance": [4, 5, 6, 7, 8, 9, 10],
    }


def test_the_reason_names_the_days_or_the_columns() -> None:
    states = up_to_date(GRAPH, source_state(BEFORE))
    moved = {**states, ORDERS: source_state(BEFORE | {4: "late"})}
    (step,), barred = plan_node(
        GRAPH.nodes[SALES], LedgerView(states=states), moved, CLOCK, Request()
    )
    assert (str(step.reason), barred) == ("late rows: in 2024-03-04", False)
    moved = up_to_date(GRAPH, moved[ORDERS])
    (step,), _ = plan_node(
        GRAPH.nodes[DAILY],
        LedgerView(states=states),
        moved | {DAILY: states[DAILY]},
        CLOCK,
        Request(),
    )
    assert str(step.reason) == "upstream changed: `sales.amount`"


def test_columns_that_headwater_names_are_no_reason() -> None:
    rollup, metric = NodeId("rollup", "sales_day"), NodeId("metric", "revenue")
    kept = table(rollup, FROM_SALES)
    read = table(metric, Input(node=rollup, name="rollup_sales_day"), time=None)
    graph = Graph.of([*GRAPH.nodes.values(), kept, read])
    states = up_to_date(graph, source_state(BEFORE))
    moved = up_to_date(graph, source_state(BEFORE | {4: "late"})) | {metric: states[metric]}
    (step,), _ = plan_node(read, LedgerView(states=states), moved, CLOCK, Request())
    assert str(step.reason) == "upstream changed: rollup.sales_day"
    edited = table(metric, *read.inputs, time=None, expression="max")
    view = LedgerView(states=states, recipes={metric: read.recipe})  # type: ignore[dict-item]
    (step,), _ = plan_node(edited, view, states, CLOCK, Request())
    assert str(step.reason) == "definition changed"


def test_a_new_day_is_a_new_interval() -> None:
    states = up_to_date(GRAPH, source_state(BEFORE))
    made = plan(source_state(BEFORE | {11: "new"}), states)
    assert stale(made)["recent"] == [11]
    assert stale(made)["balance"] == [11]
    assert str(made.steps[0].reason) == "new interval"


def test_a_first_day_before_all_others_starts_the_balance_anew() -> None:
    after = {day: key for day, key in BEFORE.items() if day > 1}
    states = up_to_date(GRAPH, source_state(after))
    made = plan(source_state(BEFORE), states)
    assert stale(made)["daily"] == [1]
    assert stale(made)["balance"] == list(range(1, 11))


def test_a_day_that_is_gone_is_removed() -> None:
    states = up_to_date(GRAPH, source_state(BEFORE))
    made = plan(source_state({day: key for day, key in BEFORE.items() if day < 10}), states)
    removed = {s.node.name: s.interval for s in made.steps if isinstance(s, Remove)}
    assert removed == dict.fromkeys(("sales", "daily", "recent", "balance"), span(10, 10))
    assert stale(made) == {"totals": [0]}


def test_a_node_that_says_when_it_begins_has_no_earlier_day() -> None:
    def graph(begins: date) -> Graph:
        late = replace(table(RECENT, WINDOW), begins=begins)
        return Graph.of([SOURCE, table(SALES, FROM_ORDERS), late])

    source = source_state(BEFORE)
    made = plan(source, {}, graph(date(2024, 3, 8)))
    assert stale(made)["recent"] == [8, 9, 10]
    assert stale(made)["sales"] == list(range(1, 11))
    assert "recent" not in stale(plan(source, {}, graph(date(2024, 3, 11))))
    earlier = plan(source, up_to_date(graph(date(2024, 3, 8)), source), graph(date(2024, 3, 7)))
    assert stale(earlier) == {"recent": [7]}


def test_a_day_that_is_known_to_have_no_rows_is_no_news_to_who_reads_everything() -> None:
    before = source_state({1: "v1", 2: NO_ROWS})
    after = source_state({1: "v1", 2: NO_ROWS, 3: NO_ROWS})
    whole = Graph.of([SOURCE, table(TOTALS, replace(FROM_ORDERS, mode="whole"), time=None)])
    assert plan(after, up_to_date(whole, before), whole).steps == ()
    assert stale(plan(source_state({1: "v1", 2: "v2"}), up_to_date(whole, before), whole)) == {
        "totals": [0]
    }


def test_a_gap_has_a_key_of_its_own() -> None:
    states = up_to_date(GRAPH, source_state(BEFORE))
    made = plan(source_state({day: key for day, key in BEFORE.items() if day != 5}), states)
    assert stale(made)["daily"] == [5]
    assert stale(made)["recent"] == [5, 6, 7, 8]


def test_only_the_readers_of_a_changed_definition_are_stale() -> None:
    source = source_state(BEFORE)
    states = up_to_date(GRAPH, source)
    changed = table(DAILY, FROM_SALES, expression="max")
    graph = Graph.of([changed if n.id == DAILY else n for n in GRAPH.nodes.values()])
    made = plan(source, states, graph)
    assert stale(made) == {"daily": list(range(1, 11))}
    assert str(made.steps[0].reason) == "definition changed: `amount`"


def test_equal_days_are_one_entry() -> None:
    same = source_state(dict.fromkeys(range(1, 31), "same"))
    assert len(same.segments) == 1
    states = up_to_date(GRAPH, same)
    assert len(states[DAILY].segments) == 1
    assert len(states[RECENT].segments) == 2, "the first three days do not see three days back"


def test_chunks_of_a_backfill() -> None:
    chunked = table(SALES, FROM_ORDERS, chunk=timedelta(days=4))
    graph = Graph.of([SOURCE, chunked])
    made = plan(source_state(BEFORE), {}, graph)
    assert [count_days(s.interval, ZONE) for s in made.steps if isinstance(s, Query)] == [4, 4, 2]
    assert all(not s.anew for s in made.steps if isinstance(s, Query))


def test_a_period_is_built_again_anew() -> None:
    source = source_state(BEFORE)
    states = up_to_date(GRAPH, source)
    made = plan(source, states, period=span(3, 4), selected=frozenset({DAILY}))
    assert stale(made) == {"daily": [3, 4]}
    assert [s.anew for s in made.steps if isinstance(s, Query)] == [True]


def test_a_sample_takes_the_newest_days_but_never_a_part_of_a_balance() -> None:
    source = source_state(BEFORE)
    assert stale(plan(source, {}, sample=timedelta(days=2)))["sales"] == [9, 10]
    states = {SALES: up_to_date(GRAPH, source)[SALES]}
    found = stale(plan(source, states, sample=timedelta(days=2)))
    assert found["daily"] == [9, 10]
    assert found["balance"] == list(range(1, 11))


def test_barred_keys_are_left_out_and_told() -> None:
    states = up_to_date(GRAPH, source_state(BEFORE))
    source = source_state(BEFORE | {4: "late"})
    wanted = expected_contents(GRAPH.nodes[SALES], {ORDERS: source}, ZONE).at(span(4, 4).start)
    assert wanted is not None
    view = LedgerView(
        states={**states, ORDERS: source}, barred=frozenset({(SALES, input_key(wanted))})
    )
    made = make_plan(GRAPH, view, {}, CLOCK, Request())
    assert made.steps == ()
    assert made.barred == (SALES,)


def test_loads() -> None:
    waiting = Arrivals(deliveries={"a.csv": "1", "b.csv": "2"})
    first = plan_load(SOURCE, LedgerView(), waiting, Request())
    assert isinstance(first, Load)
    assert (str(first.reason), first.deliveries) == ("new", ("a.csv", "b.csv"))
    state = source_state(BEFORE)
    known = LedgerView(states={ORDERS: state})
    assert plan_load(SOURCE, known, Arrivals(), Request()) is None
    assert plan_load(SOURCE, known, waiting, Request(load=False)) is None
    assert plan_load(SOURCE, LedgerView(), waiting, Request(load=False)) is not None
    barred = replace(known, barred=frozenset({(ORDERS, delivery_key("a.csv", "1"))}))
    assert plan_load(SOURCE, barred, waiting, Request()) == Load(
        node=ORDERS,
        reason=replace(first.reason, sort="new deliveries", detail="b.csv"),
        deliveries=("b.csv",),
    )
    contract = replace(SOURCE, fingerprint="contract 2")
    again = plan_load(contract, known, Arrivals(), Request())
    assert again is not None
    assert (str(again.reason), again.recheck, again.anew) == ("contract changed", True, False)
    asked = plan_load(SOURCE, known, Arrivals(), Request(full_refresh=frozenset({ORDERS})))
    assert asked is not None
    assert (str(asked.reason), asked.anew) == ("full refresh", True)
    gone = plan_load(SOURCE, known, Arrivals(gone=("c.parquet",)), Request())
    assert gone is not None
    assert str(gone.reason) == "deliveries gone: c.parquet"


WEEKLY = NodeId("table", "weekly")
FROM_WEEK = Input(node=ORDERS, name="orders", mode="period", periods=Periods("week"))
BY_WEEK = Graph.of([SOURCE, table(WEEKLY, FROM_WEEK)])


def test_a_changed_day_reopens_its_whole_period() -> None:
    states = up_to_date(BY_WEEK, source_state(BEFORE))
    hull = states[WEEKLY].segments.hull
    assert hull == day_interval(date(2024, 2, 26), date(2024, 3, 10), ZONE), "two whole weeks"
    assert plan(source_state(BEFORE), states, BY_WEEK).steps == ()
    made = plan(source_state(BEFORE | {4: "late"}), states, BY_WEEK)
    assert stale(made) == {"weekly": list(range(4, 11))}


def test_a_new_day_reopens_the_period_that_it_falls_into_or_begins_one() -> None:
    days = {day: f"v{day}" for day in range(1, 9)}
    states = up_to_date(BY_WEEK, source_state(days))
    made = plan(source_state(days | {9: "v9"}), states, BY_WEEK)
    assert stale(made) == {"weekly": list(range(4, 11))}
    made = plan(source_state(days | {9: "v9", 11: "v11"}), states, BY_WEEK)
    assert stale(made) == {"weekly": list(range(4, 18))}


def test_what_is_asked_for_is_widened_to_whole_periods() -> None:
    source = source_state(BEFORE)
    states = up_to_date(BY_WEEK, source)
    assert stale(plan(source, states, BY_WEEK, period=span(6, 6))) == {"weekly": list(range(4, 11))}
    assert stale(plan(source, {}, BY_WEEK, sample=timedelta(days=2))) == {
        "weekly": list(range(4, 11))
    }


def test_equal_days_make_equal_periods() -> None:
    same = source_state(dict.fromkeys(range(4, 25), "same"))
    assert len(up_to_date(BY_WEEK, same)[WEEKLY].segments) == 1
