"""Drift of 50 columns: a million live rows against a million rows trained on.

python benchmarks/drift.py [--repeats 5]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from measure import BUILD, Report, Usage, cells, interleave, measure
from projects import dataset

ROWS = 1_000_000
MOVED = "x1"


def main() -> None:
    """Measure, and keep the table as `results/drift.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    data, output = dataset("drift_data.py", "drift", ROWS), BUILD / "drift.json"
    program = Path(__file__).with_name("drift_psi.py")

    def run() -> Mapping[str, Usage]:
        return {"psi": measure([sys.executable, program, data, output], cwd=BUILD)}

    usage = interleave({"Headwater": run}, asked.repeats)["Headwater"]["psi"]
    found: dict[str, float] = json.loads(output.read_text())
    moved, others = found.pop(MOVED), max(found.values())
    Report(
        name="drift",
        title="PSI of 50 columns, a million rows against a million",
        reading=(
            "The whole process: bins of the rows trained on are made, and the live rows counted "
            "into them; Parquet is read, with the engine's memory limit at 400 MB. One column is "
            "moved on purpose: it has the first index, and none of the 49 others more than the "
            f"second. Medians of {asked.repeats} runs."
        ),
        columns=("", "wall", "CPU", "peak", "moved column", "others at most"),
        rows=(("Headwater", *cells(usage), f"{moved:.3f}", f"{others:.4f}"),),
        figures={"usage": usage, "moved": moved, "others": others},
    ).write()


if __name__ == "__main__":
    main()
