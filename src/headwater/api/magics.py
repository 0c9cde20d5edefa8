"""`%load_ext headwater` in a notebook: `%%sql name << select …`, `%plan`, `%why revenue`."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core.magic import Magics, cell_magic, line_magic, magics_class

from headwater.api.opened import OpenProject
from headwater.api.result import Result
from headwater.api.shown import Shown
from headwater.errors import HeadwaterError

if TYPE_CHECKING:
    from headwater.plan.steps import Plan
    from headwater.project.metrics.movement import Why

Answer = TypeVar("Answer")

_TARGET = re.compile(r"\s*(?P<name>[A-Za-z_]\w*)\s*<<\s*")


@magics_class
class HeadwaterMagics(Magics):
    """Works on an open project among the notebook's variables, else on the current folder."""

    _opened: OpenProject | None = None

    @cell_magic
    def sql(self, line: str, cell: str) -> Result | None:
        """Run a SELECT; with `name <<` the result goes into a variable and is not shown."""
        target = _TARGET.match(line)
        text = f"{line[target.end() :] if target else line}\n{cell}"
        found = guarded(lambda: self._project().sql(text))
        if target is None or found is None:
            return found
        self._variables()[target["name"]] = found
        return None

    @line_magic
    def plan(self, line: str) -> Shown[Plan] | None:
        """What a run would do, of the selected nodes or all."""
        return guarded(lambda: self._project().plan(line.split()))

    @line_magic
    def why(self, line: str) -> Shown[Why] | None:
        """Why a metric moved: `%why revenue`, `%why revenue 2011-11`."""
        metric, _, period = line.strip().partition(" ")
        return guarded(lambda: self._project().why(metric, period.strip() or "previous month"))

    def _variables(self) -> dict[str, Any]:
        assert self.shell is not None
        variables: dict[str, Any] = self.shell.user_ns
        return variables

    def _project(self) -> OpenProject:
        for value in self._variables().values():
            if isinstance(value, OpenProject):
                return value
        if self._opened is None:
            self._opened = OpenProject.open()
        return self._opened


def guarded(ask: Callable[[], Answer]) -> Answer | None:
    """The answer; issues are shown without a traceback."""
    try:
        return ask()
    except HeadwaterError as error:
        for issue in error.issues:
            sys.stderr.write(f"{issue}\n")
        return None
