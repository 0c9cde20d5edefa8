"""A process that publishes until it is killed: `publisher.py URL NODE COUNT`, or holds a lock.

It says each number on a line of its own once the release is out. `COUNT` 0 never ends;
`publisher.py URL lock` takes the run lock and waits.
"""

from __future__ import annotations

import sys
import time

from tests.unit.ledger.samples import build, definition, publication, table

from headwater.ledger import Conflict, Ledger


def publish(ledger: Ledger, names: list[str]) -> int:
    """Every named node in a version one above the head's number; tries again when too late."""
    while True:
        head = ledger.head("prod")
        expected = None if head is None else head.number
        version = (expected or 0) + 1
        made = [build(table(name), version) for name in names]
        records = {b.node: definition(b.node, version) for b in made}
        try:
            return ledger.publish(publication(made, expected=expected, definitions=records)).number
        except Conflict:
            continue


def main(url: str, name: str, count: int) -> None:
    with Ledger.open(url) as ledger:
        if name == "lock":
            with ledger.run_lock("prod", holder="the publisher") as held:
                print(held, flush=True)
                time.sleep(60)
        names = [f"t{n}" for n in range(40)] if name == "all" else [name]
        done = 0
        while count == 0 or done < count:
            print(publish(ledger, names), flush=True)
            done += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 0)
