"""Every code that the room gives is explained, and every explained one is given."""

from __future__ import annotations

import re
from pathlib import Path

import headwater.contracts
from headwater.contracts.codes import CODES


def test_codes_are_those_in_the_source() -> None:
    folder = Path(headwater.contracts.__path__[0])
    given = {
        code
        for file in folder.glob("*.py")
        if file.name != "codes.py"
        for code in re.findall(r'"([EW]6\d\d)"', file.read_text("utf-8"))
    }
    assert given == set(CODES)
