"""Run the benchmarks one after the other, each in a process of its own: `make bench`.

python benchmarks/run.py [--full] [NAME …]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

#: Name → what `--full` adds to it.
BENCHMARKS: dict[str, tuple[str, ...]] = {
    "startup": (),
    "lineage": (),
    "chains": (),
    "many_tables": ("--full",),
    "backfill": (),
    "rules": (),
    "csv_to_table": ("--full",),
    "metrics": (),
    "agreement": (),
    "pages": (),
    "readers": (),
    "windows": (),
    "promote": (),
    "scoring": (),
    "batch_scores": (),
    "drift": (),
}


def main() -> int:
    """Run them; the exit code is 1 where one failed, after the others have run."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--full", action="store_true", help="the largest sizes, for an hour")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    asked = parser.parse_args()
    unknown = [name for name in asked.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")

    failed = []
    for name in asked.names or BENCHMARKS:
        program = Path(__file__).with_name(f"{name}.py")
        options = BENCHMARKS[name] if asked.full else ()
        if subprocess.run([sys.executable, program, *options], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
