"""An engine is closed while somebody still asks it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from tests.integration.run.small import Small, small_shop

from headwater.errors import HeadwaterError


def test_a_question_under_way_is_stopped(tmp_path: Path) -> None:
    small = small_shop(Small(tmp_path / "small"))
    project = small.open()
    begun, ended = threading.Event(), []

    def ask() -> None:
        with project.workspace.engine.session() as session:
            begun.set()
            try:
                session.fetch("SELECT count(*) FROM range(100000) a, range(1000000) b")
            except HeadwaterError as error:
                ended.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    begun.wait()
    time.sleep(0.2)
    project.close()
    asking.join(timeout=20)
    assert not asking.is_alive()
    assert ended
