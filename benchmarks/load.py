"""Ask a server the same way over kept connections, and say how long the answers took.

    python benchmarks/load.py PORT PATH BODIES.json CLIENTS REQUESTS

`BODIES.json` is a list of JSON bodies that are posted in turn. It prints JSON: `requests`,
`errors`, `p50_ms`, `p95_ms`, `p99_ms`, `seconds`. One asynchronous process, so that on two cores
one is left to the server.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path


class Connection(asyncio.Protocol):
    """One kept connection: a request, its whole answer, the next request."""

    def __init__(self) -> None:
        self._answer: asyncio.Future[int] | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Complete the answer once all of its body is there."""
        self._received += data
        head, mark, body = self._received.partition(b"\r\n\r\n")
        if not mark or self._answer is None:
            return
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 :].split(b"\r\n", 1)[0])
        if len(body) >= length:
            status = int(head.split(b" ", 2)[1])
            self._received = b""
            self._answer.set_result(status)

    def connection_lost(self, error: Exception | None) -> None:
        """A server that hangs up has not answered."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server hung up"))

    async def ask(self, request: bytes) -> int:
        """The status of the answer."""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


async def client(port: int, requests: list[bytes], first: int, count: int) -> list[float]:
    """The milliseconds of each answer; a negative one failed."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, "127.0.0.1", port)
    taken = []
    for number in range(first, first + count):
        began = time.perf_counter()
        status = await connection.ask(requests[number % len(requests)])
        spent = (time.perf_counter() - began) * 1e3
        taken.append(spent if status == 200 else -spent)
    return taken


async def crowd(port: int, path: str, bodies: list[object], clients: int, count: int) -> None:
    """All clients at once; prints the figures."""
    requests = []
    for body in bodies:
        text = json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json"
        requests.append(f"{head}\r\nContent-Length: {len(text)}\r\n\r\n".encode() + text)
    each = count // clients
    began = time.perf_counter()
    found = await asyncio.gather(*(client(port, requests, n * each, each) for n in range(clients)))
    seconds = time.perf_counter() - began
    taken = sorted(abs(ms) for one in found for ms in one)
    figures = {
        "requests": len(taken),
        "errors": sum(ms < 0 for one in found for ms in one),
        "p50_ms": taken[len(taken) // 2],
        "p95_ms": taken[len(taken) * 95 // 100],
        "p99_ms": taken[len(taken) * 99 // 100],
        "seconds": seconds,
    }
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    _, port_text, path_text, listed, clients_text, count_text = sys.argv
    asyncio.run(
        crowd(
            int(port_text),
            path_text,
            json.loads(Path(listed).read_text(encoding="utf-8")),
            int(clients_text),
            int(count_text),
        )
    )
