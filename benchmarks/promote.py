"""Promoting and taking back a version of a model while it is asked for scores.

    python benchmarks/promote.py [--clients 8] [--times 5]

A second version is trained and published; then it is taken back and promoted by turns, as commands
and as calls, while clients ask without pause. Every request has to be answered.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

from measure import BUILD, Command, Report, Usage, cells, median
from model_project import model_project
from pages import free_port
from peers.environments import headwater_command
from projects import headwater
from scoring import serving

HERE = Path(__file__).parent
PATH = "/v1/models/churn/score"
SECOND = "model.churn@2"
#: More than are answered until the last promotion.
REQUESTS = 60_000
CALLS = """
import json, sys, time
from headwater.project.facade import Project

project, taken = Project.open("."), {"rollback": [], "promote": []}
for _ in range(int(sys.argv[1])):
    for name, call in (
        ("rollback", lambda: project.rollback(node="model.churn")),
        ("promote", lambda: project.promote_version(sys.argv[2])),
    ):
        began = time.perf_counter()
        call()
        taken[name].append(time.perf_counter() - began)
json.dump(taken, sys.stdout)
"""


def two_versions(customers: int) -> Path:
    """The project with two versions of its model; the second is published."""
    folder = model_project("promote", customers * 100, customers)
    model = folder / "models" / "churn.yml"
    model.write_text(model.read_text().replace("max_depth: 6", "max_depth: 5"))
    headwater(folder, "run", "--apply", "--yes")
    headwater(folder, "online", "sync")
    return folder


def asking(port: int, customers: int, clients: int, requests: int) -> subprocess.Popen[bytes]:
    """Clients that ask so often."""
    listed = BUILD / "bodies.json"
    bodies = [{"entities": [{"customer": n * 7919 % customers}]} for n in range(1, 1000)]
    listed.write_text(json.dumps(bodies))
    arguments = [str(port), PATH, str(listed), str(clients), str(requests)]
    return subprocess.Popen([sys.executable, HERE / "load.py", *arguments], stdout=subprocess.PIPE)


def main() -> None:
    """Measure, and keep the table as `results/promote.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--customers", type=int, default=2_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--times", type=int, default=5)
    asked = parser.parse_args()

    folder, port = two_versions(asked.customers), free_port()
    command: Command = [headwater_command(), "serve", "--port", str(port), "--no-schedule"]
    commands: dict[str, list[Usage]] = {"rollback": [], "promote": []}
    answered = errors = 0
    with serving(command, folder, port, PATH, {"entities": [{"customer": 1}]}):
        began = time.perf_counter()
        load = asking(port, asked.customers, asked.clients, REQUESTS)
        for _ in range(asked.times):
            commands["rollback"].append(headwater(folder, "rollback", "model.churn"))
            commands["promote"].append(headwater(folder, "promote", SECOND))
        program: Command = [sys.executable, "-c", CALLS, str(asked.times), SECOND]
        done = subprocess.run(program, cwd=folder, check=True, stdout=subprocess.PIPE)
        calls: dict[str, list[float]] = json.loads(done.stdout)
        is_asked = load.poll() is None
        seconds = time.perf_counter() - began
        figures = json.loads(load.communicate()[0])
        answered, errors = figures["requests"], figures["errors"]
    if not is_asked:
        raise SystemExit("the clients had ended before the last promotion: let them ask more")
    rows = [(f"headwater {name}", *cells(median(each))) for name, each in commands.items()]
    rows += [
        (f"Project.{name}", f"{statistics.median(each):.2f} s", "", "")
        for name, each in calls.items()
    ]
    Report(
        name="promote",
        title="Promoting and taking back a version while it is asked",
        reading=(
            f"Medians of {asked.times}, while {asked.clients} clients ask without pause, all on "
            f"the same two cores. Of {answered:,} requests {errors} were not answered with a "
            f"score; {2 * 2 * asked.times} swaps fell into {seconds:.0f} s of them."
        ),
        columns=("", "wall", "CPU", "peak"),
        rows=tuple(rows),
        figures={
            "commands": {name: median(each) for name, each in commands.items()},
            "calls_s": calls,
            "requests": answered,
            "errors": errors,
        },
    ).write()


if __name__ == "__main__":
    main()
