"""Measure whole processes, and write down what was found together with the machine it was found on.

A figure here is the median over interleaved runs (a, b, c, a, b, c, …), so that a slow minute of
the machine falls on every tool alike. CPU seconds are user + system of a process and its children.
"""

from __future__ import annotations

import json
import os
import platform
import shlex
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "benchmarks"
RESULTS = Path(__file__).resolve().parent / "results"

Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a process took: seconds by the clock, seconds of CPU, megabytes at its peak."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measure(command: Command, cwd: Path, env: Mapping[str, str] | None = None) -> Usage:
    """Run a command to its end; one that fails raises `RuntimeError` with what it printed.

    A child begins with the peak memory of its parent, so a driver stays small: it imports neither
    duckdb nor headwater, and leaves data to processes of their own.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            printed = output.read().decode(errors="replace")[-4000:]
            shown = shlex.join(str(part) for part in command)
            raise RuntimeError(f"`{shown}` in {cwd} ended with {process.returncode}:\n{printed}")
    cpu_s = used.ru_utime + used.ru_stime
    return Usage(wall_s=wall_s, cpu_s=cpu_s, peak_mb=used.ru_maxrss / 1024)


def add(usages: Iterable[Usage]) -> Usage:
    """Processes one after the other, as one: times add up, the highest peak counts."""
    listed = list(usages)
    return Usage(
        wall_s=sum(usage.wall_s for usage in listed),
        cpu_s=sum(usage.cpu_s for usage in listed),
        peak_mb=max(usage.peak_mb for usage in listed),
    )


def median(usages: Sequence[Usage]) -> Usage:
    """The median of each figure by itself."""
    return Usage(
        wall_s=statistics.median(usage.wall_s for usage in usages),
        cpu_s=statistics.median(usage.cpu_s for usage in usages),
        peak_mb=statistics.median(usage.peak_mb for usage in usages),
    )


def interleave(
    cases: Mapping[str, Callable[[], Mapping[str, Usage]]], repeats: int
) -> dict[str, dict[str, Usage]]:
    """Run every case once in each of `repeats` rounds; medians by case and by its phases."""
    rounds: dict[str, dict[str, list[Usage]]] = {name: {} for name in cases}
    for number in range(repeats):
        for name, run in cases.items():
            print(f"round {number + 1} of {repeats}: {name}", flush=True)
            for phase, usage in run().items():
                rounds[name].setdefault(phase, []).append(usage)
    return {
        name: {phase: median(usages) for phase, usages in phases.items()}
        for name, phases in rounds.items()
    }


def machine() -> dict[str, str | int | float]:
    """The machine, and how busy it already is."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "cpu": _cpu_model(),
        "cores": os.cpu_count() or 1,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 2),
    }


def _cpu_model() -> str:
    listed = Path("/proc/cpuinfo")
    if listed.is_file():
        for line in listed.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A table of figures with the sentence that says how to read it."""

    name: str
    title: str
    reading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    figures: Mapping[str, object]

    def write(self) -> None:
        """Print the table, and keep it in `benchmarks/results` as Markdown and JSON."""
        about = machine()
        RESULTS.mkdir(exist_ok=True)
        table = markdown_table(self.columns, self.rows)
        described = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in about.items())
        text = f"# {self.title}\n\n{table}\n\n{self.reading}\n\nMeasured: {described}.\n"
        (RESULTS / f"{self.name}.md").write_text(text, encoding="utf-8")
        kept = {"machine": about, "figures": self.figures}
        (RESULTS / f"{self.name}.json").write_text(
            json.dumps(kept, indent=2, default=_plain) + "\n", encoding="utf-8"
        )
        print(f"\n{text}", flush=True)


def _plain(value: object) -> object:
    if isinstance(value, Usage):
        return {name: round(figure, 3) for name, figure in asdict(value).items()}
    raise TypeError(f"{type(value).__name__} is not kept in a result")


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table aligned in plain text too: the first column to the left, figures to the right."""
    widths = [max(len(row[i]) for row in (columns, *rows)) for i in range(len(columns))]

    def line(cells: Sequence[str]) -> str:
        first = cells[0].ljust(widths[0])
        others = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
        return f"| {' | '.join([first, *others])} |"

    ruler = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([line(columns), line(ruler), *(line(row) for row in rows)])


def cells(usage: Usage, beside: Usage | None = None) -> tuple[str, ...]:
    """A usage as the cells wall, CPU, peak and, where given, its ratio to another one's CPU."""
    shown = (f"{usage.wall_s:.2f} s", f"{usage.cpu_s:.2f} s", f"{usage.peak_mb:.0f} MB")
    return shown if beside is None else (*shown, f"{usage.cpu_s / beside.cpu_s:.1f}×")
