"""Point-in-time joins and exact trailing windows, beside a bare ASOF JOIN and Feast.

    python benchmarks/windows.py [--scale 1.0] [--repeats 3]

Three sizes: the latest row of ten million events for a million probes, ten features; windows of 7,
30 and 90 days of a hundred million events for a million probes, one a key; and of ten million
events with ten probes a key. Results are kept at the full scale only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from measure import BUILD, Command, Report, Usage, cells, interleave, markdown_table, measure
from peers.environments import environment, version
from projects import dataset

HERE = Path(__file__).parent
MILLION = 1_000_000
AS_OF, SPARSE, DENSE = "point in time", "windows, one probe a key", "windows, ten probes a key"
COLUMNS = ("", "wall", "CPU", "peak", "rows lost", "wrong of 300")


def measured(case: str, tool: str, data: Path, command: Command) -> tuple[Usage, dict[str, int]]:
    """One join, and what a check says of its result."""
    result = BUILD / f"windows-{case}-{tool}.parquet".replace(" ", "-").replace(",", "")
    result.unlink(missing_ok=True)
    usage = measure([*command, data, result], cwd=BUILD)
    program = HERE / "window_joins.py"
    checked = subprocess.run(
        [sys.executable, program, "check", data, result], check=True, stdout=subprocess.PIPE
    )
    return usage, json.loads(checked.stdout)


def main() -> None:
    """Measure, and keep the table as `results/windows.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without-feast", action="store_true")
    asked = parser.parse_args()

    def size(count: int) -> int:
        return int(count * asked.scale)

    million = size(MILLION)
    dense = dataset("window_data.py", "windows", size(10 * MILLION), million, size(MILLION // 10))
    sparse = dataset("window_data.py", "windows", size(100 * MILLION), million, million)
    ours: Command = [sys.executable, HERE / "window_joins.py"]
    commands: dict[tuple[str, str], tuple[Path, Command]] = {
        (AS_OF, "Headwater"): (dense, [*ours, "as_of"]),
        (AS_OF, "bare ASOF JOIN"): (dense, [sys.executable, HERE / "peers" / "bare_as_of.py"]),
        (SPARSE, "Headwater"): (sparse, [*ours, "windows"]),
        (DENSE, "Headwater"): (dense, [*ours, "windows"]),
    }
    if not asked.without_feast:
        program = HERE / "peers" / "feast_as_of.py"
        commands[AS_OF, "Feast"] = dense, [environment("feast") / "python", program]

    checks: dict[str, dict[str, int]] = {}

    def runs(key: tuple[str, str]) -> Callable[[], Mapping[str, Usage]]:
        def run() -> Mapping[str, Usage]:
            usage, checks[": ".join(key)] = measured(*key, *commands[key])
            return {"join": usage}

        return run

    names = [": ".join(key) for key in commands]
    found = interleave({": ".join(key): runs(key) for key in commands}, asked.repeats)
    rows = tuple(
        (
            name,
            *cells(found[name]["join"]),
            f"{million - checks[name]['rows']:,}",
            str(checks[name]["wrong"]),
        )
        for name in names
    )
    if asked.scale != 1:
        print(markdown_table(COLUMNS, rows))
        return
    feast = "" if asked.without_feast else f" {version(environment('feast'), 'feast')}."
    Report(
        name="windows",
        title="Point-in-time joins and exact windows of 7, 30 and 90 days for a million probes",
        reading=(
            "Point in time: the latest of 10 million events with ten features. Windows: count and "
            "sum of 100 million events, one probe a key, and of 10 million, ten probes a key; "
            "nothing is snapped to days. Each process reads Parquet and writes Parquet; ours has "
            "the engine's memory limit at 1 GB. 300 rows of each result are compared with a plain "
            f"join.{feast}"
        ),
        columns=COLUMNS,
        rows=rows,
        figures={name: {"usage": found[name]["join"], **checks[name]} for name in names},
    ).write()


if __name__ == "__main__":
    main()
