"""The example projects that come with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from headwater.errors import Issue, UsageError, did_you_mean

#: Code → meaning, as the reference of error codes prints it.
CODES: Final = {"E811": "There is no example of that name."}

_HERE = Path(__file__).resolve().parent
#: A checkout has them at its root; an installed wheel carries them inside the package.
_HOMES = (_HERE.parents[1] / "examples", _HERE / "_examples")


def example_names() -> tuple[str, ...]:
    """The examples that `headwater init --example` knows."""
    return tuple(sorted(_examples()))


def example_path(name: str) -> Path:
    """The folder of one example, to be copied and not written to; raises `UsageError` (E811)."""
    examples = _examples()
    if name in examples:
        return examples[name]
    listed = ", ".join(sorted(examples)) or "none is installed"
    fix = did_you_mean(name, examples, otherwise=f"there are: {listed}")
    raise UsageError(Issue(code="E811", what=f"unknown example `{name}`", fix=fix))


def _examples() -> dict[str, Path]:
    marked = (path for home in _HOMES for path in home.glob("*/headwater.yml"))
    return {path.parent.name: path.parent for path in marked}
