"""The third part of the tutorial says what its commands print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headwater.api.opened import OpenProject
from headwater.cli.app import app

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("shop")]

PAGE = Path(__file__).resolve().parents[3] / "docs" / "tutorial" / "models.md"
#: Commands that change nothing which is published, and need no server.
READING = ("sql", "features", "show model.churn", "show scores.churn", "online sync", "score")


def shown() -> list[tuple[str, list[str]]]:
    """Each of the page's reading commands with the lines under it."""
    text = PAGE.read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    found = [
        command.splitlines()
        for block in blocks
        for command in re.split(r"^\$ headwater ", block, flags=re.MULTILINE)[1:]
    ]
    return [(first, rest) for first, *rest in found if first.startswith(READING)]


def without_releases(text: str) -> str:
    return re.sub(r"release #\d+", "release #", text)


def differing(command: str, lines: list[str], folder: Path) -> list[str]:
    """The lines of the page that the command does not print; `…` stands for what is cut."""
    words = [*shlex.split(command), "--project", str(folder)]
    printed = [without_releases(line) for line in CliRunner().invoke(app, words).output.split("\n")]
    wanted = [without_releases(line) for line in lines]
    return [
        line
        for line in wanted
        if line not in printed and not any(p.startswith(line.rstrip("…")) for p in printed)
    ]


def test_the_page_shows_what_is_printed(run_shop: OpenProject) -> None:
    commands = shown()
    assert len(commands) == 10
    folder = run_shop.project.workspace.root
    wrong = {command: differing(command, lines, folder) for command, lines in commands}
    assert {command: lines for command, lines in wrong.items() if lines} == {}
