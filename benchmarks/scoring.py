"""Online scores over HTTP: lookup, 200 trees and 30 features; beside Feast's and MLflow's servers.

    python benchmarks/scoring.py [--requests 5000] [--customers 20000]

One server process at a time, asked with one connection, then with eight, by a process of its own.
CPU is that of the server while it is asked. Feast looks up ten features and has no model; MLflow
has the model and looks nothing up.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from measure import BUILD, Command, Report
from model_project import model_project
from pages import free_port
from peers.environments import environment, headwater_command, version
from projects import headwater

HERE = Path(__file__).parent
CLIENTS = (1, 8)


@contextmanager
def serving(command: Command, cwd: Path, port: int, path: str, body: object) -> Iterator[int]:
    """A server while it runs, from when it answers; its process id."""
    programs = f"{Path(command[0]).parent}{os.pathsep}{os.environ['PATH']}"
    with (BUILD / "serving.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=cwd, stdout=log, stderr=log, env={**os.environ, "PATH": programs}
        )
    try:
        while not answers(port, path, body):
            if process.poll() is not None:
                raise SystemExit((BUILD / "serving.log").read_text())
            time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def answers(port: int, path: str, body: object) -> bool:
    """Whether a server is there and content with a request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()


def cpu_s(pid: int) -> float:
    """User and system seconds of a process and of its descendants that live."""
    ticks = 0.0
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += float(fields[11]) + float(fields[12])
        children = Path(f"/proc/{each}/task/{each}/children").read_text().split()
        waiting += [int(child) for child in children]
    return ticks / os.sysconf("SC_CLK_TCK")


def asked(port: int, path: str, bodies: list[object], requests: int, pid: int) -> dict[str, float]:
    """The figures of one server: CPU a request, and how long answers took by number of clients."""
    listed = BUILD / "bodies.json"
    listed.write_text(json.dumps(bodies))
    found: dict[str, float] = {}
    for clients in (CLIENTS[0], *CLIENTS):  # the first warms up, and does not count
        before = cpu_s(pid)
        arguments = [str(port), path, str(listed), str(clients), str(requests)]
        done = subprocess.run(
            [sys.executable, HERE / "load.py", *arguments], check=True, stdout=subprocess.PIPE
        )
        spent = cpu_s(pid) - before
        figures: dict[str, float] = json.loads(done.stdout)
        if figures["errors"]:
            raise SystemExit(f"{figures['errors']} requests to {path} failed")
        found[f"cpu_ms_{clients}"] = spent * 1e3 / figures["requests"]
        found |= {f"{name}_{clients}": figures[name] for name in ("p50_ms", "p95_ms", "p99_ms")}
    return found


def headwater_case(requests: int, customers: int) -> dict[str, float]:
    """Ours: admission, lookup in SQLite, score, request log."""
    folder, port = model_project("scoring", customers * 100, customers), free_port()
    headwater(folder, "online", "sync")
    command: Command = [headwater_command(), "serve", "--port", str(port)]
    path = "/v1/models/churn/score"
    bodies: list[object] = [
        {"entities": [{"customer": n * 7919 % customers}]} for n in range(1, 1000)
    ]
    with serving(command, folder, port, path, bodies[0]) as pid:
        return asked(port, path, bodies, requests, pid)


def feast_case(requests: int, customers: int) -> dict[str, float]:
    """Feast: ten features of its SQLite online store, no model."""
    folder, port, programs = BUILD / "serving-feast", free_port(), environment("feast")
    program = HERE / "peers" / "feast_online.py"
    subprocess.run(
        [programs / "python", program, folder, str(customers)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    command: Command = [
        programs / "feast",
        "serve",
        "--port",
        str(port),
        "--no-access-log",
        "--max-requests",
        "1000000",
    ]
    path = "/get-online-features"
    names = [f"view:f{n}" for n in range(10)]
    bodies: list[object] = [
        {"features": names, "entities": {"customer": [n * 7919 % customers]}}
        for n in range(1, 1000)
    ]
    with serving(command, folder, port, path, bodies[0]) as pid:
        return asked(port, path, bodies, requests, pid)


def mlflow_case(requests: int) -> dict[str, float]:
    """MLflow: the model, its features in the request."""
    folder, port, programs = BUILD / "serving-mlflow", free_port(), environment("mlflow")
    program = HERE / "peers" / "mlflow_model.py"
    subprocess.run([programs / "python", program, folder], check=True, stdout=subprocess.DEVNULL)
    command: Command = [
        programs / "mlflow", "models", "serve", "-m", folder,
        "--env-manager", "local", "--port", str(port),
    ]  # fmt: skip
    path = "/invocations"
    bodies: list[object] = [
        {"dataframe_split": {"columns": list(range(30)), "data": [[n % 7 / 7] * 30]}}
        for n in range(100)
    ]
    with serving(command, BUILD, port, path, bodies[0]) as pid:
        return asked(port, path, bodies, requests, pid)


def row(name: str, figures: Mapping[str, float]) -> tuple[str, ...]:
    """One server's figures as cells."""
    answers = [
        " / ".join(f"{figures[f'{each}_{clients}']:.2f}" for each in ("p50_ms", "p95_ms", "p99_ms"))
        for clients in CLIENTS
    ]
    return (name, *(f"{figures[f'cpu_ms_{clients}']:.2f} ms" for clients in CLIENTS), *answers)


def main() -> None:
    """Measure, and keep the table as `results/scoring.*`."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--requests", type=int, default=5000)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--without-peers", action="store_true")
    given = parser.parse_args()

    found = {"Headwater": headwater_case(given.requests, given.customers)}
    if not given.without_peers:
        found["Feast, ten features, no model"] = feast_case(given.requests, given.customers)
        found["MLflow, no lookup"] = mlflow_case(given.requests)
    peers = [version(environment(peer), peer) for peer in ("feast", "mlflow")]
    Report(
        name="scoring",
        title="Scores over HTTP: 200 trees, 30 features",
        reading=(
            f"Each server is one process with its defaults, asked {given.requests:,} times over "
            "one connection, and as often over eight. CPU is the server's, a request, with one "
            "client and with eight; the answers' p50 / p95 / p99 in ms likewise. Ours checks the "
            "request, looks 30 features up in SQLite, scores, calibrates and logs. "
            f"{', '.join(peers)}."
        ),
        columns=("", "CPU, 1 client", "CPU, 8 clients", "ms, 1 client", "ms, 8 clients"),
        rows=tuple(row(name, figures) for name, figures in found.items()),
        figures=found,
    ).write()


if __name__ == "__main__":
    main()
