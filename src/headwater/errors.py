"""Issues: every mistake has a code, a place, what is wrong and how to mend it.

Rooms collect issues and go on; the faces raise once, at the boundary. Codes are grouped:
E1xx files and keys, E2xx references and SQL, E3xx meaning (time, keys, joins), E4xx determinism,
E5xx sources and loads, E6xx contracts, E7xx runs and releases, E8xx environment and usage;
a `W` in front instead of the `E` makes it a warning.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: a path relative to the project, a line and a column, both from 1."""

    path: str = ""
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        parts = [self.path] + [str(n) for n in (self.line, self.column if self.line else 0) if n]
        return ":".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One mistake (`E…`) or warning (`W…`), as a user reads it.

    >>> print(Issue(code="E201", what="unknown table `order`", place=Place("metrics/aov.yml", 4),
    ...             fix="did you mean `orders`?"))
    E201 unknown table `order` · metrics/aov.yml:4 · did you mean `orders`?
    """

    code: str
    what: str
    place: Place = Place()
    fix: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it stops the work; a warning does not."""
        return self.code.startswith("E")

    def __str__(self) -> str:
        head = f"{self.code} {self.what}"
        return " · ".join(part for part in (head, str(self.place), self.fix) if part)


class HeadwaterError(Exception):
    """One or more issues that stop the work; the command line prints them without a traceback."""

    exit_code = 1

    def __init__(self, *issues: Issue) -> None:
        super().__init__("\n".join(map(str, issues)))
        self.issues: tuple[Issue, ...] = issues


class UsageError(HeadwaterError):
    """The command or call was made wrongly (exit code 2)."""

    exit_code = 2


def raise_errors(issues: Iterable[Issue]) -> None:
    """Raise all issues at once if any of them is an error."""
    found = tuple(issues)
    if any(issue.is_error for issue in found):
        raise HeadwaterError(*found)


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """A fix that names the nearest known word, or `otherwise`.

    >>> did_you_mean("time_colum", ["time", "key", "time_column"])
    'did you mean `time_column`?'
    """
    near = nearest(word, known)
    return f"did you mean `{near[0]}`?" if near else otherwise


def nearest(word: str, known: Iterable[str], limit: int = 1) -> Sequence[str]:
    """The known words most like `word`, best first."""
    by_folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=limit, cutoff=0.6)
    return [by_folded[name] for name in close]
