"""Large projects: a thousand tables with nothing to do; check and plan of ten thousand.

    python benchmarks/many_tables.py [--tables 1000] [--large 10000] [--repeats 3] [--full]

`--full` also builds the ten thousand tables before the one-line change, so that the plan compares
them with a release; without it, the plan of an unbuilt project is measured, and says so.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from measure import Report, Usage, add, cells, interleave
from peers.chains import chained_tables, folder_of, write_headwater
from projects import headwater


def built_project(count: int) -> Path:
    """A project of `count` chained tables, all of them published."""
    folder = fresh_project(count)
    headwater(folder, "run")
    return folder


def fresh_project(count: int) -> Path:
    """A project of `count` chained tables, never run."""
    folder = folder_of("many", count)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_headwater(folder, chained_tables(count))
    return folder


def find_nothing_to_do(folder: Path) -> dict[str, Usage]:
    """Run and plan where everything is built."""
    return {"run": headwater(folder, "run"), "plan": headwater(folder, "plan")}


def change_one_line(folder: Path) -> dict[str, Usage]:
    """Check and plan without a cache, then after one table in the middle of a chain has changed."""
    shutil.rmtree(folder / ".headwater" / "cache", ignore_errors=True)
    cold = _check_and_plan(folder)
    changed = min((folder / "tables").glob("*_5.sql"))
    text = changed.read_text()
    changed.write_text(text.replace("value", "value + 1 as value", 1))
    try:
        after = _check_and_plan(folder)
    finally:
        changed.write_text(text)
    return {"cold": cold, "one line changed": after}


def _check_and_plan(folder: Path) -> Usage:
    return add([headwater(folder, "check"), headwater(folder, "plan")])


def main() -> None:
    """Measure, and keep the table as `results/many_tables.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, default=1_000)
    parser.add_argument("--large", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="build the large project first")
    asked = parser.parse_args()

    small = built_project(asked.tables)
    large = built_project(asked.large) if asked.full else fresh_project(asked.large)
    found = interleave(
        {
            f"{asked.tables:,} tables, nothing to do": lambda: find_nothing_to_do(small),
            f"{asked.large:,} tables, check + plan": lambda: change_one_line(large),
        },
        asked.repeats,
    )
    state = "published before" if asked.full else "not built before"
    Report(
        name="many_tables",
        title="Large projects",
        reading=(
            f"The larger project was {state}; cold is without its cache. "
            f"Medians of {asked.repeats} interleaved runs of whole processes."
        ),
        columns=("", "wall", "CPU", "peak"),
        rows=tuple(
            (f"{name}: {phase}", *cells(usage))
            for name, usages in found.items()
            for phase, usage in usages.items()
        ),
        figures={"usage": found, "large_project": state},
    ).write()


if __name__ == "__main__":
    main()
