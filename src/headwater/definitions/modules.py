"""Python modules of a project: what they import from it, and the functions in them."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from headwater.definitions.tree import Tree
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean
from headwater.ids import digest


def syntax_of(text: str) -> ast.Module:
    """The module's syntax tree; raises `SyntaxError` for whatever Python cannot read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python's advice on a user's escapes is not ours to print
        try:
            return ast.parse(text)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError(str(error) or "nested too deep") from error


def module_path(tree: Tree, name: str) -> str | None:
    """The file of the project that `import name` finds.

    >>> module_path(Tree.from_blobs({"loaders/invoices.py": ""}), "loaders.invoices")
    'loaders/invoices.py'
    """
    base = name.replace(".", "/")
    return next((p for p in (f"{base}.py", f"{base}/__init__.py") if p in tree), None)


def names_in(text: str) -> frozenset[str] | None:
    """What a module defines at its top; None where that cannot be seen without running it."""
    try:
        body = syntax_of(text).body
    except SyntaxError:
        return None
    found: set[str] = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.Assign):
            found.update(t.id for t in node.targets if isinstance(t, ast.Name))
        elif not isinstance(node, ast.Expr):
            return None
    return None if "*" in found else frozenset(found)


def project_imports(tree: Tree, path: str) -> tuple[str, ...]:
    """The project's own modules that a module imports, directly or through others, in order."""
    found: dict[str, None] = {}
    waiting = [path]
    while waiting:
        for name in _imported(tree.files[waiting.pop()]):
            candidate = module_path(tree, name)
            if candidate is not None and candidate != path and candidate not in found:
                found[candidate] = None
                waiting.append(candidate)
    return tuple(sorted(found))


def _imported(text: str) -> Iterator[str]:
    """Every module that the text names, with the packages above it."""
    try:
        module = syntax_of(text)
    except SyntaxError:
        return
    for node in ast.walk(module):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            parts = name.split(".")
            for length in range(1, len(parts) + 1):
                yield ".".join(parts[:length])


def load_callable(root: str | os.PathLike[str], path: str, name: str) -> Callable[..., Any]:
    """The function `name` of the module at `path` below the folder `root`, by running the module.

    The module may import others of the project while it is loaded. It is loaded anew each time, so
    that two trees in one process never share a module. Raises `HeadwaterError` (E109) where the
    module or the function is missing, or an import in it fails; whatever else the module raises is
    its own.
    """
    folder = Path(root).resolve()
    file = folder / path
    spec = importlib.util.spec_from_file_location(f"_headwater_{digest(str(file))}", file)
    if spec is None or spec.loader is None or not file.is_file():
        raise HeadwaterError(Issue(code="E109", what="there is no such module", place=Place(path)))
    module = importlib.util.module_from_spec(spec)
    with _importing(folder):
        sys.modules[module.__name__] = module
        try:
            spec.loader.exec_module(module)
        except ModuleNotFoundError as error:
            what = f"the module `{error.name}` is not installed"
            fix = f"pip install {error.name}"
            issue = Issue(code="E109", what=what, place=Place(path), fix=fix)
            raise HeadwaterError(issue) from error
        except SyntaxError as error:
            where = Place(path, error.lineno or 0, error.offset or 0)
            issue = Issue(code="E109", what=f"not valid Python: {error.msg}", place=where)
            raise HeadwaterError(issue) from error
    function = getattr(module, name, None)
    if not callable(function):
        known = [key for key, value in vars(module).items() if callable(value)]
        what = f"there is no function `{name}`"
        fix = did_you_mean(name, known)
        raise HeadwaterError(Issue(code="E109", what=what, place=Place(path), fix=fix))
    return function  # type: ignore[no-any-return]


@contextlib.contextmanager
def _importing(folder: Path) -> Iterator[None]:
    """Let imports find the modules of `folder`, and forget them afterwards."""
    before = set(sys.modules)
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        for name in set(sys.modules) - before:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(folder) and ".venv" not in Path(file).parts:
                del sys.modules[name]
