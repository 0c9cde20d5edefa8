"""How long Headwater takes to start, and how many modules it loads.

python benchmarks/startup.py [--repeats 15]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from functools import partial

from measure import ROOT, Command, Report, Usage, cells, interleave, measure
from peers.environments import environment, headwater_command

COUNT = "import sys; before = len(sys.modules); import {}; print(len(sys.modules) - before)"


def modules_loaded(name: str) -> int:
    """How many modules an import adds to those of a bare interpreter."""
    shown = subprocess.run(
        [sys.executable, "-c", COUNT.format(name)], capture_output=True, text=True, check=True
    )
    return int(shown.stdout)


def start(command: Command) -> dict[str, Usage]:
    """One start, as the only phase of its case."""
    return {"start": measure(command, cwd=ROOT)}


def main() -> None:
    """Measure, and keep the table as `results/startup.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=15)
    asked = parser.parse_args()

    commands: dict[str, Command] = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "import headwater": [sys.executable, "-c", "import headwater"],
        "headwater --help": [headwater_command(), "--help"],
        "headwater --version": [headwater_command(), "--version"],
        "dbt --help": [environment("dbt") / "dbt", "--help"],
        "sqlmesh --help": [environment("sqlmesh") / "sqlmesh", "--help"],
    }
    for command in commands.values():  # the first run of a program also compiles it
        start(command)
    found = interleave(
        {name: partial(start, command) for name, command in commands.items()},
        asked.repeats,
    )
    modules = modules_loaded("headwater")
    Report(
        name="startup",
        title="Starting",
        reading=(
            f"`import headwater` loads {modules} modules. "
            f"Medians of {asked.repeats} interleaved runs of whole processes."
        ),
        columns=("", "wall", "CPU", "peak"),
        rows=tuple((name, *cells(usages["start"])) for name, usages in found.items()),
        figures={"usage": found, "modules": modules},
    ).write()


if __name__ == "__main__":
    main()
