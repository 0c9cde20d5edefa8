"""Trivial tables in chains of ten: what each tool does around the SQL.

    python benchmarks/chains.py [--tables 100] [--repeats 5] [--tools bare,headwater,dbt,sqlmesh]

Cold is a fresh project folder with warm file caches. For "nothing to do" each tool gets its own
best command: `headwater run`, `dbt build --select state:modified`, `sqlmesh run`.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from measure import Report, Usage, cells, interleave, measure
from peers.chains import TOOLS, Tool, folder_of


def run_twice(tool: Tool, folder: Path, tables: int) -> dict[str, Usage]:
    """Build a fresh project, then build it again."""
    project = tool.project(folder, tables)
    cold = measure(tool.cold, cwd=project, env=tool.env)
    tool.between(project)
    return {"cold": cold, "nothing to do": measure(tool.again, cwd=project, env=tool.env)}


def main() -> None:
    """Measure the named tools, and keep the table as `results/chains.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--tools", default=",".join(TOOLS))
    asked = parser.parse_args()

    tools = {name: TOOLS[name]() for name in asked.tools.split(",")}
    for name, tool in tools.items():  # the first run of a program also compiles it
        run_twice(tool, folder_of(name, 10), 10)
    found = interleave(
        {
            name: partial(run_twice, tool, folder_of(name, asked.tables), asked.tables)
            for name, tool in tools.items()
        },
        asked.repeats,
    )

    first = next(iter(tools))
    rows = [
        (f"{phase}: {tools[name].name}", *cells(usages[phase], found[first][phase]))
        for phase in ("cold", "nothing to do")
        for name, usages in found.items()
    ]
    versions = "; ".join(", ".join(tool.versions) for tool in tools.values())
    Report(
        name="chains" if asked.tables == 100 else f"chains-{asked.tables}",
        title=f"{asked.tables} trivial tables, in chains of ten",
        reading=f"Medians of {asked.repeats} interleaved runs of whole processes. {versions}.",
        columns=("", "wall", "CPU", "peak", f"CPU beside {tools[first].name}"),
        rows=tuple(rows),
        figures={"tables": asked.tables, "versions": versions, "usage": found},
    ).write()


if __name__ == "__main__":
    main()
