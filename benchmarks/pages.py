"""A page of twelve charts over 730 days, in Chromium, beside the same by ECharts.

    python benchmarks/pages.py [--repeats 5]

What is sent, and how long until all charts are on the screen. Chromium is the machine's own
(`/usr/bin/chromium`, or `CHROMIUM`), driven by Playwright, with a new profile each time.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from measure import Report
from peers.environments import headwater_command
from projects import headwater, write_project

CHARTS, DAYS = 12, 730
_CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
_ROWS = """
copy (
  select
    date '2024-01-01' + day::integer as day,
    chart,
    (10000 + 40 * day + 2500 * sin(day * 0.9 + chart) + (day * 7919 + chart) % 1500)::bigint
      as amount
  from range({days}) as days(day), range({charts}) as charts(chart)
) to 'data/amounts.parquet'
"""
#: When the last of the charts is there and painted: the end of the second frame after it.
_PAINTED = """
new Promise(done => {
  const wait = () => document.querySelectorAll('figure:has(svg), .c svg').length >= COUNT
    ? requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))
    : requestAnimationFrame(wait);
  wait();
})
"""


def project() -> Path:
    """Twelve metrics of 730 days, and a dashboard of twelve lines, run."""
    names = [f"amount_{n}" for n in range(CHARTS)]
    metrics = "".join(
        f"  {name}: {{description: Amounts of {n}., expr: sum(amount), where: chart = {n}}}\n"
        for n, name in enumerate(names)
    )
    rows = "".join(
        "  - [" + ", ".join(f"{{line: {name}, grain: day}}" for name in names[n : n + 2]) + "]\n"
        for n in range(0, CHARTS, 2)
    )
    folder = write_project(
        "pages",
        {
            "headwater.yml": "name: bench\ntimezone: UTC\nnow: 2026-01-01\n"
            "teams: {data: {members: [ann]}}\n",
            "sources/amounts.yml": "tables_in: data/amounts.parquet\ntime: day\n",
            "metrics/amounts.yml": "table: amounts\nowner: data\nbetter: higher\nmetrics:\n"
            + metrics,
            "dashboards/twelve.yml": f"title: Twelve\nowner: data\nperiod: last {DAYS} days\n"
            f"rows:\n{rows}",
            "data/.keep": "",
        },
    )
    statement = _ROWS.format(days=DAYS + 1, charts=CHARTS)
    program = f"import duckdb; duckdb.execute({statement!r})"
    subprocess.run([sys.executable, "-c", program], cwd=folder, check=True)
    headwater(folder, "run")
    return folder


def free_port() -> int:
    """A port on which nothing listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def served(command: Sequence[str | Path], port: int, cwd: Path) -> Iterator[str]:
    """A server while it runs, from when it answers."""
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(address).read()
                break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait()


def visit(browser: Any, address: str, charts: int) -> dict[str, float]:
    """One visit with an empty cache: bytes over the wire, requests, milliseconds."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Performance.enable")
    taken: list[float] = []
    outside: list[str] = []
    session.on("Network.loadingFinished", lambda event: taken.append(event["encodedDataLength"]))
    page.on(
        "request",
        lambda r: (
            outside.append(r.url)
            if r.url.startswith("http") and "//127.0.0.1" not in r.url
            else None
        ),
    )
    page.goto(address, wait_until="commit")
    painted = page.evaluate(_PAINTED.replace("COUNT", str(charts)))
    page.wait_for_load_state("load")
    spent = {
        each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]
    }
    context.close()
    return {
        "kib": sum(taken) / 1024,
        "charts_ms": float(painted),
        "main_thread_ms": (
            spent["ScriptDuration"] + spent["LayoutDuration"] + spent["RecalcStyleDuration"]
        )
        * 1e3,
        "requests_outside": float(len(outside)),
    }


def middle(visits: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure."""
    return {name: statistics.median(visit[name] for visit in visits) for name in visits[0]}


def main() -> None:
    """Measure, and keep the table as `results/pages.*`."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()

    folder, port, other = project(), free_port(), free_port()
    serve: list[str | Path] = [headwater_command(), "serve", "--port", str(port), "--no-schedule"]
    peer: list[str | Path] = [
        sys.executable,
        Path(__file__).with_name("peers") / "echarts_page.py",
        str(other),
    ]
    found: dict[str, list[dict[str, float]]] = {"Headwater": [], "ECharts (SVG)": []}
    with (
        served(serve, port, folder) as own,
        served(peer, other, folder) as echarts,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_FLAGS)
        pages = {"Headwater": f"{own}dashboards/twelve", "ECharts (SVG)": echarts}
        for number in range(asked.repeats + 1):
            for name, address in pages.items():
                seen = visit(browser, address, CHARTS)
                if number:  # the first visit warms caches of files, and does not count
                    found[name].append(seen)
        browser.close()
    figures = {name: middle(visits) for name, visits in found.items()}
    Report(
        name="pages",
        title=f"A page of {CHARTS} charts over {DAYS} days",
        reading=(
            "Sent is what came over the wire, packed. Charts is from the beginning of the visit to "
            "the second frame after the last of the charts was there; the main thread is scripts, "
            "styles and layout. Medians of visits with empty caches; the server had shown the page "
            "before. ECharts' page holds the charts alone; ours navigation, hover, keyboard and "
            "data tables too."
        ),
        columns=("page", "sent", "charts", "main thread", "requests elsewhere"),
        rows=tuple(
            (
                name,
                f"{each['kib']:.0f} KiB",
                f"{each['charts_ms']:.0f} ms",
                f"{each['main_thread_ms']:.0f} ms",
                f"{each['requests_outside']:.0f}",
            )
            for name, each in figures.items()
        ),
        figures=figures,
    ).write()


if __name__ == "__main__":
    main()
