"""Commands that the documentation shows can be typed: each exists, with its options."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*/README.md")])
ENDS = frozenset({"&&", "||", "|", ";", ">", ">>", "<"})


def typed() -> Iterator[Any]:
    """Every `$ headwater …` of a console block; what follows a pipe is the shell's."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.findall(r"^ *```console\n(.*?)^ *```", text, re.MULTILINE | re.DOTALL):
            whole = block.replace("\\\n", "")  # a line that goes on
            for line in re.findall(r"^ *\$ (.+)$", whole, re.MULTILINE):
                words: list[str] = []
                for word in [*shlex.split(line, comments=True), "&&"]:
                    if word not in ENDS:
                        words.append(word)
                        continue
                    if "headwater" in words[:2]:
                        after = tuple(words[words.index("headwater") + 1 :])
                        yield pytest.param(after, id=f"{page.relative_to(ROOT)}: {' '.join(after)}")
                    words = []


@pytest.mark.parametrize("words", list(dict.fromkeys(typed())))
def test_a_command_that_is_shown_can_be_typed(words: tuple[str, ...]) -> None:
    from typer.main import get_command

    from headwater.cli.app import app

    root: Any = get_command(app)
    node = root
    rest = list(words)
    while rest and rest[0] in getattr(node, "commands", {}):
        node = node.commands[rest.pop(0)]
    known = {name for parameter in node.params for name in parameter.opts}
    given = [word.partition("=")[0] for word in rest if re.match(r"--?[a-z]", word)]
    assert node is not root or words[0].startswith("-")
    assert [name for name in given if name not in known] == []
