"""New projects: a small one that runs at once, or a copy of an example. Nothing is overwritten."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from headwater.errors import Issue, Place, UsageError

GITIGNORE: Final = ".env\n.headwater/\n__pycache__/\n"
_SEED: Final = """\
day,city,temperature
2025-06-01,Oslo,17.5
2025-06-01,Lisbon,26.1
2025-06-02,Oslo,18.3
2025-06-02,Lisbon,27.4
"""
_TABLE: Final = """\
/*
description: One row for each city.
key: city
*/
select
  city,                                      -- As the seed names it.
  count(*)                       as days,    -- Days with a measurement.
  max(temperature)               as warmest  -- Highest temperature in °C.
from measurements
group by city
"""
_TEST: Final = """\
counts_days:
  given:
    measurements:
      - {day: 2025-06-01, city: Oslo, temperature: 17.5}
      - {day: 2025-06-02, city: Oslo, temperature: 18.3}
  expect: [{city: Oslo, days: 2, warmest: 18.3}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A new project: its folder, how many files it has, and those worth a look."""

    root: Path
    files: int
    listed: tuple[str, ...]


def write_project(folder: str) -> Started:
    """A project that runs at once: one seed, one table, one test. Code E812."""
    root = _empty(folder)
    files = {
        "headwater.yml": f"name: {_name(root)}\ntimezone: UTC\n",
        "seeds/measurements.csv": _SEED,
        "tables/cities.sql": _TABLE,
        "tables/cities.test.yml": _TEST,
    }
    for path, text in files.items():
        _write(root / path, text)
    (root / "sources").mkdir(exist_ok=True)
    made = [*files, *_finish(root)]
    return Started(root=root, files=len(made), listed=tuple(sorted(made)))


def copy_example(name: str, folder: str) -> Started:
    """A copy of an example that came with the package. Codes E811, E812."""
    from headwater.examples import example_path

    source = example_path(name)
    root = _empty(folder)
    skipped = shutil.ignore_patterns(".headwater", "__pycache__")
    shutil.copytree(source, root, ignore=skipped, dirs_exist_ok=True)
    _finish(root)
    every = [path for path in root.rglob("*") if path.is_file()]
    folders = sorted({path.relative_to(root).parts[0] for path in every})
    listed = tuple(f"{n}/" if (root / n).is_dir() else n for n in folders if not n.startswith("."))
    return Started(root=root, files=len(every), listed=listed)


def _finish(root: Path) -> list[str]:
    """What every project has for git and for editors, where it lacks it."""
    from headwater.definitions.schemas import vscode_settings
    from headwater.registry import KINDS

    settings = vscode_settings([kind.reader for kind in KINDS])
    extra = {
        ".gitignore": GITIGNORE,
        ".vscode/settings.json": json.dumps(settings, indent=2) + "\n",
    }
    missing = {path: text for path, text in extra.items() if not (root / path).exists()}
    for path, text in missing.items():
        _write(root / path, text)
    return list(missing)


def _empty(folder: str) -> Path:
    """The folder, made where it does not exist; one that holds anything is refused."""
    root = Path(folder).resolve()
    if root.is_file():
        raise UsageError(
            Issue(code="E812", what="there is a file of that name", place=Place(folder))
        )
    if root.is_dir():
        found = sorted(path.name for path in root.iterdir() if path.name != ".git")
        if found:
            listed = ", ".join(found[:3]) + (" …" if len(found) > 3 else "")
            raise UsageError(
                Issue(
                    code="E812",
                    what=f"the folder is not empty: {listed}",
                    place=Place(folder),
                    fix="choose a new one; nothing is ever overwritten",
                )
            )
    root.mkdir(parents=True, exist_ok=True)
    return root


def _name(root: Path) -> str:
    return re.sub(r"\W+", "_", root.name).strip("_").lower() or "project"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
