"""The user's function: imported from the project's folder, run, and blamed at its own line."""

from __future__ import annotations

import contextlib
import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from headwater.definitions.secrets import mask
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.kinds.source.readers.decoding import BrokenDeliveryError

if TYPE_CHECKING:
    import pyarrow as pa


class UserFunction:
    """`module:function` of a project; `place` is where the source names it."""

    def __init__(self, name: str, root: Path, place: Place) -> None:
        self._name = name
        self._root = root.resolve()
        self._place = place

    def items(self, since: Any) -> Iterator[Any]:
        """What it yields, one by one: mappings, Arrow tables, or whatever it should not.

        `since` goes to a parameter named `cursor` or `since`. An exception of the function is a
        `BrokenDeliveryError` with its issue (E532); a missing function raises `HeadwaterError`.
        """
        function = self._load()
        names = inspect.signature(function).parameters
        arguments = {name: since for name in ("cursor", "since") if name in names}
        try:
            produced = function(**arguments)
            if isinstance(produced, Mapping) or as_arrow(produced) is not None:
                produced = [produced]
            for item in produced:
                table = as_arrow(item)
                if table is not None:
                    yield table
                elif isinstance(item, list | tuple):
                    yield from item
                else:
                    yield item
        except Exception as error:  # the user's code may raise anything
            issue = self._failure(error)
            raise BrokenDeliveryError(issue.what, issue) from error

    def _load(self) -> Callable[..., Any]:
        module_name, _, function_name = self._name.partition(":")
        module = self._import(module_name)
        function = getattr(module, function_name, None)
        if callable(function):
            found: Callable[..., Any] = function
            return found
        known = [name for name, value in vars(module).items() if callable(value)]
        what = f"`{module_name}` has no function `{function_name}`"
        fix = did_you_mean(function_name, known, "define it at the top of the module")
        raise HeadwaterError(Issue(code="E531", what=what, place=self._place, fix=fix))

    def _import(self, name: str) -> ModuleType:
        with importing_from(self._root, name):
            try:
                return importlib.import_module(name)
            except ModuleNotFoundError as error:
                if error.name is None or not f"{name}.".startswith(f"{error.name}."):
                    raise HeadwaterError(self._failure(error)) from error
                what = f"there is no module `{name}`"
                fix = f"write {name.replace('.', '/')}.py in the project's folder"
                issue = Issue(code="E531", what=what, place=self._place, fix=fix)
                raise HeadwaterError(issue) from error
            except Exception as error:  # the user's module may raise anything
                raise HeadwaterError(self._failure(error)) from error

    def _failure(self, error: Exception) -> Issue:
        """What was raised, at the last line of the user's own code."""
        place = self._place
        for frame in traceback.extract_tb(error.__traceback__):
            place = self._inside(frame.filename, frame.lineno) or place
        if isinstance(error, SyntaxError) and error.filename:
            place = self._inside(error.filename, error.lineno) or place
        said = mask(f"{type(error).__name__}: {error}")
        what = f"`{self._name}` failed with {said}"
        fix = "nothing of this load was landed; correct it and run again"
        return Issue(code="E532", what=what, place=place, fix=fix)

    def _inside(self, filename: str, line: int | None) -> Place | None:
        path = Path(filename).resolve()
        if not path.is_relative_to(self._root):
            return None
        return Place(path.relative_to(self._root).as_posix(), line or 0)


def is_arrow(item: Any) -> bool:
    """Whether it is an Arrow table."""
    return hasattr(item, "num_rows") and hasattr(item, "schema")


def as_arrow(item: Any) -> pa.Table | None:
    """An Arrow table of what speaks Arrow (pyarrow, polars, pandas, DuckDB), else None."""
    if not hasattr(item, "__arrow_c_stream__") and not hasattr(item, "__arrow_c_array__"):
        return None
    import pyarrow as pa

    return pa.Table.from_batches([item]) if isinstance(item, pa.RecordBatch) else pa.table(item)


@contextlib.contextmanager
def importing_from(root: Path, module: str) -> Iterator[None]:
    """Modules of the project's folder go first, and are read anew: they may have been edited."""
    top = module.partition(".")[0]
    for name in [each for each in sys.modules if each == top or each.startswith(f"{top}.")]:
        own = sys.modules[name]
        file = getattr(own, "__file__", None)
        places = [file] if file else list(getattr(own, "__path__", []))
        # A module of the same name from another project is in the way as well.
        if not _is_installed(places):
            del sys.modules[name]
    importlib.invalidate_caches()
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):
            sys.path.remove(str(root))


def _is_installed(places: list[str]) -> bool:
    """Whether a module is of Python or of a package, not of a project."""
    return not places or any(Path(place).is_relative_to(sys.base_prefix) or
                             "site-packages" in Path(place).parts for place in places)  # fmt: skip
