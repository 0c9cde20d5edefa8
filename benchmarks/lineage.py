"""How exact lineage and fingerprints are, whether execution agrees, and how long binding takes.

python benchmarks/lineage.py [--pairs 10000] [--days 1000] [--tables 1000]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from measure import ROOT, Report

sys.path.insert(0, str(ROOT))

from tests.unit.sql.random_days import check_many as check_days
from tests.unit.sql.random_pairs import check_many as check_pairs
from tests.unit.sql.schemas import FUNCTIONS, MUTATIONS, mutations
from tests.unit.sql.test_pairs import CASES, columns_of, touched

from headwater.sql import (
    Binder,
    Column,
    Parsed,
    Query,
    QueryTemplate,
    Relation,
    TemplateCache,
    template_keys,
)

#: The last of the list changes a name alone.
CONSTANTS = list(mutations())[:-1]
#: Random queries share a seed by thousands, so that a larger run holds the smaller one.
CHUNK = 500
COLUMNS = {
    "id": "INTEGER",
    "country": "VARCHAR",
    "amount": "DECIMAL(18,4)",
    "sold_at": "TIMESTAMP",
    "note": "VARCHAR",
}


def count_pairs(binder: Binder) -> Counter[str]:
    """The written cases: exact, more than needed, or less (unsafe)."""
    found: Counter[str] = Counter()
    for case in CASES:
        changed, wanted = touched(binder, case)
        kind = "exact" if changed == wanted else "conservative" if wanted < changed else "unsafe"
        found[kind] += 1
    return found


def count_mutations(binder: Binder) -> int:
    """How many changed constants are told apart by the hashes of columns, whatever their names."""
    return sum(
        list(columns_of(binder, first, MUTATIONS, None).values())
        != list(columns_of(binder, second, MUTATIONS, None).values())
        for first, second in CONSTANTS
    )


def small_queries(amount: int) -> list[Query]:
    """Tables over tables of their own, as a project of many small ones has."""
    columns = tuple(Column(name=name, type=type_) for name, type_ in COLUMNS.items())
    return [
        Query(
            sql=(
                "select country, sold_at::date as day, sum(amount) as amount"
                f" from sales_{n} where note is not null group by country, day"
            ),
            relations={f"sales_{n}": Relation(name=f"sales_{n}", columns=columns, time="sold_at")},
            time="day",
        )
        for n in range(amount)
    ]


def time_binding(amount: int) -> dict[str, float]:
    """Seconds to bind one by one, all at once, and to find all in the cache."""
    queries = small_queries(amount)
    start = time.perf_counter()
    binder = Binder()
    for query in queries[: max(amount // 10, 1)]:
        binder.bind(query.sql, query.relations, time=query.time)
    one_s = (time.perf_counter() - start) / max(amount // 10, 1)
    start = time.perf_counter()
    templates = Binder().bind_many(queries)
    many_s = time.perf_counter() - start
    with tempfile.TemporaryDirectory() as folder, TemplateCache(Path(folder) / "t.db") as cache:
        for _ in range(2):  # the second time is the one that counts
            start = time.perf_counter()
            parsed = cache.parse_many([query.sql for query in queries])
            pairs = [(q, p) for q, p in zip(queries, parsed, strict=True) if isinstance(p, Parsed)]
            keys = template_keys(pairs)
            known = cache.get_many(keys)
            cached_s = time.perf_counter() - start
            if None in known:
                cache.put_many(
                    (key, found)
                    for key, found in zip(keys, templates, strict=True)
                    if isinstance(found, QueryTemplate)
                )
    return {"one_s": one_s, "many_s": many_s, "cached_s": cached_s}


def main() -> int:
    """Measure, and keep the table as `results/lineage.*`; exit code 1 if anything is unsafe."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=10_000, help="random pairs to execute")
    parser.add_argument("--days", type=int, default=1_000, help="random queries to run in parts")
    parser.add_argument("--tables", type=int, default=1_000, help="small tables to bind")
    asked = parser.parse_args()

    binder = Binder(FUNCTIONS)
    pairs = count_pairs(binder)
    told, constants = count_mutations(binder), len(CONSTANTS)
    outcomes = [check_pairs(seed, CHUNK) for seed in range(-(-asked.pairs // CHUNK))]
    executed, equal = (sum(o.pairs for o in outcomes), sum(o.equal_columns for o in outcomes))
    unsound = [text for outcome in outcomes for text in outcome.unsound]
    parts = [check_days(seed, CHUNK) for seed in range(-(-asked.days // CHUNK))]
    tried, aligned = (sum(part[0] for part in parts), sum(part[1] for part in parts))
    wrong = [text for part in parts for text in part[2]]
    took = time_binding(asked.tables)

    rows = (
        ("written pairs", f"{pairs.total()}"),
        ("… exact", f"{pairs['exact']} ({pairs['exact'] / pairs.total():.1%})"),
        ("… conservative, unsafe", f"{pairs['conservative']}, {pairs['unsafe']}"),
        ("changed constants told apart", f"{told} of {constants}"),
        ("random pairs executed", f"{executed:,}"),
        ("… columns of equal fingerprints", f"{equal:,}"),
        ("… whose data differ", f"{len(unsound)}"),
        ("random queries run in parts", f"{tried:,}"),
        ("… inputs proven aligned", f"{aligned:,}"),
        ("… whose result differs", f"{len(wrong)}"),
        ("one small query", f"{took['one_s'] * 1000:.1f} ms"),
        (f"{asked.tables:,} small tables at once", f"{took['many_s']:.2f} s"),
        (f"{asked.tables:,} small tables from the cache", f"{took['cached_s']:.3f} s"),
    )
    Report(
        name="lineage",
        title="Lineage and fingerprints",
        reading=(
            "A pair is exact if just the columns that a change touches change, conservative if "
            "more do, unsafe if fewer. Random pairs and queries are executed in DuckDB."
        ),
        columns=("", "found"),
        rows=rows,
        figures={
            "pairs": dict(pairs),
            "told_apart": told,
            "constants": constants,
            "executed": executed,
            "equal_columns": equal,
            "unsound": len(unsound),
            "run_in_parts": tried,
            "aligned": aligned,
            "wrong": len(wrong),
            "tables": asked.tables,
            **took,
        },
    ).write()
    for text in unsound + wrong:
        print(text, file=sys.stderr)
    return int(bool(pairs["unsafe"] or unsound or wrong))


if __name__ == "__main__":
    sys.exit(main())
