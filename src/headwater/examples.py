"""The example projects that come with the package."""

from __future__ import annotations

from pathlib import Path

from headwater.errors import Issue, UsageError, did_you_mean

_HERE = Path(__file__).resolve().parent
#: An installed wheel carries them inside the package; a checkout has them at its root.
_HOMES = (_HERE / "_examples", _HERE.parents[1] / "examples")


def example_names() -> tuple[str, ...]:
    """The examples that `headwater init --example` knows."""
    found = {path.parent.name for home in _HOMES for path in home.glob("*/headwater.yml")}
    return tuple(sorted(found))


def example_path(name: str) -> Path:
    """The folder of one example, to be copied and not written to; raises `UsageError` (E801)."""
    for home in _HOMES:
        if (home / name / "headwater.yml").is_file():
            return home / name
    known = example_names()
    listed = ", ".join(known) or "none is installed"
    raise UsageError(
        Issue(
            code="E801",
            what=f"unknown example `{name}`",
            fix=did_you_mean(name, known, otherwise=f"there are: {listed}"),
        )
    )
