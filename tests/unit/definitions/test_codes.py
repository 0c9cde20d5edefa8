"""Every code that reading notes is explained, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import headwater
from headwater.definitions.codes import CODES

HOME = Path(headwater.__file__).parent
READERS = (
    *(HOME / "definitions").glob("*.py"),
    *(
        HOME / "kinds" / kind / name
        for kind in ("source", "table")
        for name in ("keys.py", "read.py")
    ),
    HOME / "kinds/table/sqlfile.py",
    HOME / "kinds/table/python.py",
)


def test_every_code_is_explained_and_used() -> None:
    texts = [path.read_text() for path in READERS if path.name != "codes.py"]
    used = {code for text in texts for code in re.findall(r'"([EW]\d{3})"', text)}
    assert used == set(CODES)


def test_an_explanation_is_a_sentence() -> None:
    assert all(text.endswith(".") and text[0].isupper() for text in CODES.values())
