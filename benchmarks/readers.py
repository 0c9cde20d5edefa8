"""Fifty readers at once on the shop's pages, while a run builds everything anew and releases it.

    python benchmarks/readers.py [--readers 50] [--seconds 30] [--pause-s 0.5]

Each reader asks for a page, reads it for a moment (`--pause-s`), and asks for the next. Pages are
the dashboards and metrics with the filters that people set.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from measure import BUILD, Report
from pages import free_port, served
from peers.environments import headwater_command

PAGES = (
    "/",
    "/dashboards/trading",
    "/dashboards/trading?period=last+30+days",
    "/dashboards/trading?country=France",
    "/dashboards/customers",
    "/dashboards/data_health",
    "/metrics",
    "/metrics/revenue",
    "/metrics/orders?grain=week",
    "/metrics/average_order_value",
    "/tables/sales",
    "/catalogue?q=revenue",
)


async def fetch(port: int, path: str) -> tuple[int, float]:
    """Status and milliseconds of one page over a connection of its own, as a first visit has."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    asked = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n"
    writer.write(f"{asked}Accept-Encoding: gzip\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1]), (time.perf_counter() - began) * 1e3


async def read(port: int, first: int, until: float, pause_s: float) -> list[tuple[int, float]]:
    """One reader, from page to page."""
    found = []
    turn = first
    await asyncio.sleep(pause_s * (first % 10) / 10)
    while time.perf_counter() < until:
        found.append(await fetch(port, PAGES[turn % len(PAGES)]))
        turn += 1
        await asyncio.sleep(pause_s)
    return found


async def crowd(port: int, readers: int, seconds: float, pause_s: float) -> list[tuple[int, float]]:
    """All readers at once."""
    until = time.perf_counter() + seconds
    each = await asyncio.gather(*(read(port, n, until, pause_s) for n in range(readers)))
    return [visit for visits in each for visit in visits]


def crowded(port: int, asked: argparse.Namespace) -> dict[str, float]:
    """The crowd in a process of its own; its figures."""
    numbers = [port, asked.readers, asked.seconds, asked.pause_s]
    command = [sys.executable, __file__, "--crowd", *map(str, numbers)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def figures(visits: list[tuple[int, float]]) -> dict[str, float]:
    """How many, how many of them failed, and how long they took."""
    taken = sorted(ms for _, ms in visits)
    return {
        "pages": float(len(visits)),
        "errors": float(sum(status != 200 for status, _ in visits)),
        "p50_ms": taken[len(taken) // 2],
        "p95_ms": taken[len(taken) * 95 // 100],
        "max_ms": taken[-1],
    }


def shop() -> Path:
    """The shop, run once."""
    folder = BUILD / "readers"
    shutil.rmtree(folder, ignore_errors=True)
    for command in (["init", str(folder), "--example", "shop"], ["run", "--project", str(folder)]):
        subprocess.run([headwater_command(), *command], check=True, stdout=subprocess.DEVNULL)
    return folder


def main() -> None:
    """Measure, and keep the table as `results/readers.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--pause-s", type=float, default=0.5)
    parser.add_argument("--crowd", nargs=4, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.crowd:
        port, readers, seconds, pause_s = asked.crowd
        visits = asyncio.run(crowd(int(port), int(readers), float(seconds), float(pause_s)))
        json.dump(figures(visits), sys.stdout)
        return

    folder, port = shop(), free_port()
    serve: list[str | Path] = [
        headwater_command(), "serve", "--project", str(folder), "--port", str(port),
        "--no-schedule",
    ]  # fmt: skip
    run: list[str | Path] = [
        headwater_command(),
        "run",
        "--project",
        str(folder),
        "--full-refresh",
        "+metric.*",
    ]
    with served(serve, port, folder):
        quiet = crowded(port, asked)
        with subprocess.Popen(run, stdout=subprocess.DEVNULL) as running:
            busy = crowded(port, asked)
            took = running.wait()
    if took:
        raise SystemExit("the run failed")
    found = {"nothing else": quiet, "a run meanwhile": busy}
    Report(
        name="readers",
        title=f"{asked.readers} readers at once on the shop's pages",
        reading=(
            f"Each reader asks for the next of {len(PAGES)} pages {asked.pause_s:g} s after it has "
            f"the last one, for {asked.seconds:g} s, over connections of their own. The run builds "
            "all tables, rollups and metrics anew on the same two cores, and releases them."
        ),
        columns=("beside them", "pages", "errors", "median", "p95", "slowest"),
        rows=tuple(
            (
                name,
                f"{each['pages']:.0f}",
                f"{each['errors']:.0f}",
                *(f"{each[figure]:.0f} ms" for figure in ("p50_ms", "p95_ms", "max_ms")),
            )
            for name, each in found.items()
        ),
        figures=found,
    ).write()


if __name__ == "__main__":
    main()
